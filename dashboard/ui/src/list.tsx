// The list of all rollouts.

import { computed, signal } from "@preact/signals";
import { memo } from "preact/compat";
import { useEffect, useRef } from "preact/hooks";
import { keyOf, type Row } from "./model";
import { Age, Bar, Sign, Status, Until, meaning } from "./parts";
import { rows } from "./store";
import { filter, follow, address, place, type Query, type SortBy } from "./url";

const PHASES = ["Degraded", "Paused", "Progressing", "Healthy", "Unknown"];

/** Rows that are drawn; more come as one scrolls. */
const STRIDE = 100;
const limit = signal(STRIDE);

const COLUMNS: [SortBy | undefined, string][] = [
  ["status", "Phase"],
  ["name", "Rollout"],
  ["strategy", "Strategy"],
  ["step", "Step"],
  ["weight", "Weight"],
  ["pods", "Pods"],
  [undefined, "Images"],
  ["age", "Age"],
  [undefined, "Waits on"],
];

const rank = (row: Row) => PHASES.indexOf(row.status);
const share = (step: string | undefined) => {
  const [done = 0, all = 1] = (step ?? "0/1").split("/").map(Number);
  return done / all;
};

const KEYS: Record<SortBy, (row: Row) => string | number> = {
  urgency: rank,
  status: rank,
  name: (row) => row.name,
  strategy: (row) => row.strategy,
  step: (row) => share(row.step),
  weight: (row) => row.actualWeight ?? -1,
  pods: (row) => row.replicas.desired,
  age: (row) => -Date.parse(row.created ?? ""),
};

function order(a: string | number, b: string | number): number {
  return typeof a === "string" ? a.localeCompare(String(b)) : a - Number(b);
}

export function select(all: Iterable<Row>, query: Query): Row[] {
  const words = query.q.toLowerCase().split(/\s+/).filter(Boolean);
  const key = KEYS[query.sort] ?? rank;
  const sign = query.down ? -1 : 1;
  return [...all]
    .filter(
      (row) =>
        (!query.phase || row.status === query.phase) &&
        (!query.ns || row.namespace === query.ns) &&
        (!query.strategy || row.strategy === query.strategy) &&
        words.every((word) =>
          `${keyOf(row)} ${row.status} ${row.message} ${row.waitingOn?.reason ?? ""} ${row.images
            .map((one) => one.image)
            .join(" ")}`
            .toLowerCase()
            .includes(word),
        ),
    )
    .sort((a, b) => sign * order(key(a), key(b)) || order(keyOf(a), keyOf(b)));
}

const all = computed(() => [...(rows.value?.values() ?? [])]);
const found = computed(() => select(all.value, place.value.query));
const namespaces = computed(() => [...new Set(all.value.map((row) => row.namespace))].sort());

export function List() {
  if (!rows.value) return <p>Reading the cluster…</p>;
  return (
    <>
      <Phases />
      <Filters />
      {all.value.length === 0 ? (
        <p class="empty">
          There are no rollouts yet. Apply one: <code>kubectl apply -f rollout.yaml</code>
        </p>
      ) : (
        <Table />
      )}
    </>
  );
}

/** How many rollouts are in each phase; each is a filter. */
function Phases() {
  const chosen = place.value.query.phase;
  return (
    <div class="phases" role="group" aria-label="Filter by phase">
      {PHASES.map((phase) => [phase, all.value.filter((row) => row.status === phase).length] as const)
        .filter(([phase, count]) => count > 0 || phase === chosen)
        .map(([phase, count]) => (
          <button
            type="button"
            key={phase}
            class={`phase ${meaning(phase)}`}
            aria-pressed={phase === chosen}
            onClick={() => filter({ phase: phase === chosen ? "" : phase })}
          >
            <Sign of={meaning(phase)} /> <b>{count}</b> {phase}
          </button>
        ))}
    </div>
  );
}

function Filters() {
  const { query } = place.value;
  return (
    <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
      <label>
        <span>
          Search <kbd>/</kbd>
        </span>
        <input
          id="search"
          type="search"
          value={query.q}
          placeholder="name, image, reason"
          onInput={(event) => filter({ q: event.currentTarget.value })}
        />
      </label>
      <label>
        Namespace
        <select value={query.ns} onChange={(event) => filter({ ns: event.currentTarget.value })}>
          <option value="">all</option>
          {[...new Set([...namespaces.value, ...(query.ns ? [query.ns] : [])])].map((ns) => (
            <option key={ns}>{ns}</option>
          ))}
        </select>
      </label>
      <label>
        Strategy
        <select
          value={query.strategy}
          onChange={(event) => filter({ strategy: event.currentTarget.value })}
        >
          <option value="">all</option>
          <option>Canary</option>
          <option>BlueGreen</option>
        </select>
      </label>
      <span class="count" role="status">
        {found.value.length} of {all.value.length}
      </span>
    </form>
  );
}

function Table() {
  const { query } = place.value;
  const sortBy = (key: SortBy) => filter({ sort: key, down: query.sort === key && !query.down });
  return (
    <>
      <table class="list">
        <caption class="unseen">Rollouts</caption>
        <thead>
          <tr>
            {COLUMNS.map(([key, name]) => (
              <th
                scope="col"
                key={name}
                aria-sort={key && key === query.sort ? (query.down ? "descending" : "ascending") : undefined}
              >
                {key ? (
                  <button type="button" onClick={() => sortBy(key)}>
                    {name}
                    <span aria-hidden="true">{key === query.sort ? (query.down ? " ↓" : " ↑") : ""}</span>
                  </button>
                ) : (
                  name
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {found.value.slice(0, limit.value).map((row) => (
            <Line key={keyOf(row)} row={row} />
          ))}
        </tbody>
      </table>
      {found.value.length === 0 && (
        <p class="empty">
          Nothing matches.{" "}
          <button type="button" onClick={() => filter({ q: "", phase: "", ns: "", strategy: "" })}>
            Show all
          </button>
        </p>
      )}
      {found.value.length > limit.value && <More />}
    </>
  );
}

/** Draws more rows when it comes into sight. */
function More() {
  const place = useRef<HTMLButtonElement>(null);
  const more = () => (limit.value += STRIDE);
  useEffect(() => {
    const seen = new IntersectionObserver((entries) => entries.some((e) => e.isIntersecting) && more());
    if (place.current) seen.observe(place.current);
    return () => seen.disconnect();
  }, [limit.value]);
  return (
    <button type="button" ref={place} onClick={more}>
      Show more
    </button>
  );
}

const Line = memo(function Line({ row }: { row: Row }) {
  const key = keyOf(row);
  const weight = row.actualWeight;
  const waiting = row.waitingOn;
  return (
    <tr>
      <td data-label="Phase" title={row.message}>
        <Status word={row.status} />
      </td>
      <th scope="row" data-label="Rollout">
        <a
          class="row"
          href={address(key, place.peek().query)}
          onClick={(event: MouseEvent) => follow(event, key)}
        >
          {row.name}
        </a>
        <span class="namespace">{row.namespace}</span>
      </th>
      <td data-label="Strategy">{row.strategy || "–"}</td>
      <td data-label="Step" class={row.step ? "" : "nothing"}>
        {row.step ?? "–"}
      </td>
      <td data-label="Weight" class={weight === undefined ? "nothing" : ""}>
        {weight === undefined ? "–" : <Bar share={weight} label={`${weight} %`} />}
      </td>
      <td data-label="Pods">
        {row.replicas.ready}/{row.replicas.desired}
        {row.replicas.updated > 0 && row.replicas.updated !== row.replicas.desired && (
          <small> {row.replicas.updated} new</small>
        )}
      </td>
      <td data-label="Images" class="images">
        {row.images.map((one) => (
          <div key={one.image}>
            {one.image} <small>{one.tags.join(", ")}</small>
          </div>
        ))}
      </td>
      <td data-label="Age">
        <Age of={row.created} />
      </td>
      <td data-label="Waits on" class={waiting ? "" : "nothing"}>
        {waiting ? (
          <>
            {waiting.reason}{" "}
            {waiting.until ? (
              <small>
                <Until time={waiting.until} />
              </small>
            ) : (
              waiting.needed && (
                <small>
                  {waiting.seen}, needs {waiting.needed}
                </small>
              )
            )}
          </>
        ) : (
          "–"
        )}
      </td>
    </tr>
  );
});
