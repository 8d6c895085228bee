// What is known of the cluster, and how fresh that is.

import { computed, effect, signal } from "@preact/signals";
import { forget, headers, isLocked } from "./login";
import { first, keyOf, type Missing, type Page, type Row } from "./model";
import { listen, type Message } from "./stream";
import { now, setTime } from "./time";
import { place } from "./url";

export const rows = signal<ReadonlyMap<string, Row> | undefined>(undefined);
export const page = signal<Page | Missing | undefined>(undefined);
/** What the server cannot read. */
export const trouble = signal<string[]>([]);
const broken = signal("");
const heard = signal(performance.now());

/** How fresh what is shown is. */
export const freshness = computed(() => {
  void now.value;
  const silence = Math.round((performance.now() - heard.value) / 1000);
  if (broken.value) return { live: false, text: `Not live for ${silence} s: ${broken.value}. Trying again…` };
  if (silence > 10) return { live: false, text: `Nothing heard for ${silence} s` };
  if (trouble.value.length) return { live: false, text: `The cluster cannot be read: ${trouble.value.join("; ")}` };
  return rows.value || page.value ? { live: true, text: "Live" } : { live: true, text: "Connecting…" };
});

let lastId = "";
const shown = computed(() => place.value.page);

// What came with the document is there before anything else is asked for.
if (first.list) {
  setTime(first.list.now);
  lastId = first.list.id;
  rows.value = new Map(first.list.rollouts.map((row) => [keyOf(row), row]));
}
if (first.page && keyOf(first.page) === shown.value) {
  if ("now" in first.page) setTime(first.page.now);
  page.value = first.page;
}

function hear({ event, id, data }: Message) {
  const told = JSON.parse(data);
  if (told.now) setTime(told.now);
  broken.value = "";
  heard.value = performance.now();
  if (id) lastId = id;
  if (event === "beat") trouble.value = told.trouble;
  if (event === "page") page.value = told;
  if (event === "rollouts") {
    const next = new Map(told.all ? [] : rows.peek());
    for (const row of told.rollouts as Row[]) next.set(keyOf(row), row);
    for (const gone of told.gone as string[]) next.delete(gone);
    rows.value = next;
  }
}

effect(() => {
  const key = shown.value;
  const last = page.peek();
  if (last && keyOf(last) !== key) page.value = undefined;
  if (isLocked.value) {
    // Nothing of what one person saw is left for the next.
    rows.value = undefined;
    page.value = undefined;
    lastId = "";
    broken.value = "";
    return;
  }
  const stream = listen(key ? `/api/v1/stream?rollout=${encodeURIComponent(key)}` : "/api/v1/stream", {
    headers: () => ({ ...headers(), ...(lastId && { "Last-Event-ID": lastId }) }),
    hear,
    broken: (why) => (broken.value = why),
    unknown: (why) => (first.login === "token" ? forget(why) : (broken.value = why)),
  });
  return () => stream.close();
});
