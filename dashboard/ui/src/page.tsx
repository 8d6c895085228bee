// Everything about one rollout.

import { Analysis, Experiments } from "./analysis";
import { History } from "./history";
import { first, keyOf, type Page as PageModel, type Missing, type Waiting } from "./model";
import { Age, Command, Hidden, Sign, Status, Until } from "./parts";
import { Revisions } from "./revisions";
import { Steps } from "./steps";
import { freshness, page } from "./store";
import { address, follow, place } from "./url";

export function Page({ of }: { of: string }) {
  const told = page.value;
  const back = (
    <a class="back" href={address(undefined, place.value.query)} onClick={(e: MouseEvent) => follow(e, undefined)}>
      ← All rollouts <kbd>Esc</kbd>
    </a>
  );
  if (!told) {
    return (
      <>
        {back}
        <h1>{of}</h1>
        <p>{freshness.value.live ? "Reading…" : freshness.value.text}</p>
      </>
    );
  }
  if ("missing" in told) return <Absent back={back} told={told} />;
  return (
    <>
      {back}
      <header class="title">
        <h1>
          {told.name} <span class="namespace">{told.namespace}</span>
        </h1>
        <Status word={told.status} />
        {told.message && <span class="message">{told.message}</span>}
      </header>
      <Links told={told} />
      <Facts told={told} />
      <WaitsOn waiting={told.waitingOn} />
      <Steps page={told} />
      <History page={told} />
      <Services told={told} />
      <Analysis told={told} />
      <Experiments told={told} />
      <Revisions told={told} />
      <Conditions told={told} />
      <Events told={told} />
      <More told={told} />
    </>
  );
}

function Absent({ back, told }: { back: preact.JSX.Element; told: Missing }) {
  return (
    <>
      {back}
      <h1>
        {told.namespace}/{told.name}
      </h1>
      <p class="empty">It cannot be shown: {told.missing}.</p>
    </>
  );
}

function Facts({ told }: { told: PageModel }) {
  const { desired, current, updated, ready, available } = told.replicas;
  return (
    <dl class="facts">
      <div>
        <dt>Strategy</dt>
        <dd>{told.strategy || "none"}</dd>
      </div>
      {told.step && (
        <div>
          <dt>Step</dt>
          <dd>{told.step}</dd>
        </div>
      )}
      {told.actualWeight !== undefined && (
        <div>
          <dt>Weight</dt>
          <dd>
            {told.actualWeight} %
            {told.setWeight !== undefined && told.setWeight !== told.actualWeight && ` of ${told.setWeight} % wanted`}
          </dd>
        </div>
      )}
      <div>
        <dt>Pods</dt>
        <dd>
          {ready} ready of {desired}
          <small>
            {" "}
            {current} there, {updated} new, {available} available
          </small>
        </dd>
      </div>
      <div>
        <dt>Age</dt>
        <dd>
          <Age of={told.created} />
        </dd>
      </div>
    </dl>
  );
}

/** Links that people put on the rollout, and its manifest for other tools. */
function Links({ told }: { told: PageModel }) {
  const [namespace, name] = [told.namespace, told.name].map(encodeURIComponent);
  // A link cannot carry a token.
  const manifest = first.login !== "token" && `/api/v1/namespaces/${namespace}/rollouts/${name}/manifest`;
  if (!manifest && told.links.length === 0) return null;
  return (
    <nav class="links" aria-label={`Links of ${keyOf(told)}`}>
      {told.links.map((link) => (
        <a key={link.url} href={link.url} target="_blank" rel="noopener noreferrer">
          {link.title} ↗
        </a>
      ))}
      {manifest && <a href={manifest}>Manifest</a>}
    </nav>
  );
}

function WaitsOn({ waiting }: { waiting: Waiting | undefined }) {
  if (!waiting) {
    return (
      <section class="waiting none" aria-label="What it waits on">
        <Sign of="good" /> It waits on nothing.
      </section>
    );
  }
  const rows: [string, preact.ComponentChildren][] = [
    ["Object", waiting.object],
    ["Seen", waiting.seen],
    ["Needed", waiting.needed],
    ["Since", waiting.since && <><Age of={waiting.since} /> ago</>],
    ["Until", waiting.until && <Until time={waiting.until} />],
    ["Released by", !waiting.until && waiting.release],
    ["Fix", waiting.fix !== waiting.command && waiting.fix],
    ["Command", waiting.command && <Command text={waiting.command} />],
  ];
  return (
    <section class="waiting" aria-labelledby="waiting">
      <h2 id="waiting">
        <Sign of="waits" /> Waits on {waiting.reason}
      </h2>
      <dl>
        {rows
          .filter(([, value]) => value)
          .map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
      </dl>
    </section>
  );
}

function Services({ told }: { told: PageModel }) {
  if (told.services.length === 0) return null;
  const hidden = told.unseen.find((one) => one.kind === "Service");
  return (
    <section aria-labelledby="services">
      <h2 id="services">Services</h2>
      <ul class="services">
        {told.services.map((service) => (
          <li key={service.role}>
            <span class={`tag ${service.role}`}>{service.role}</span> <b>{service.name}</b>{" "}
            {service.replicaSet ? (
              <>
                → revision {service.revision} <small>{service.replicaSet}</small>
              </>
            ) : service.found ? (
              "→ no single revision"
            ) : (
              <small>{hidden ? `cannot be seen: ${hidden.why}` : "is not there"}</small>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Conditions({ told }: { told: PageModel }) {
  return (
    <section aria-labelledby="conditions">
      <h2 id="conditions">Conditions</h2>
      <table>
        <thead>
          <tr>
            <th scope="col">Type</th>
            <th scope="col">Status</th>
            <th scope="col">Reason</th>
            <th scope="col">For</th>
            <th scope="col">Message</th>
          </tr>
        </thead>
        <tbody>
          {told.conditions.map((one) => (
            <tr key={one.type}>
              <th scope="row" data-label="Type">
                {one.type}
              </th>
              <td data-label="Status">{one.status}</td>
              <td data-label="Reason">{one.reason}</td>
              <td data-label="For">
                <Age of={one.since} />
              </td>
              <td data-label="Message">{one.message}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Events({ told }: { told: PageModel }) {
  const hidden = told.unseen.some((one) => one.kind === "Event");
  return (
    <section aria-labelledby="events">
      <h2 id="events">Events</h2>
      <Hidden kind="Event" words="Events are" told={told} />
      {!hidden && told.events.length === 0 && <p class="empty">None that the cluster still keeps.</p>}
      {told.events.length > 0 && (
        <table>
          <thead>
            <tr>
              <th scope="col">Age</th>
              <th scope="col">Reason</th>
              <th scope="col">Message</th>
            </tr>
          </thead>
          <tbody>
            {told.events.map((event, index) => (
              <tr key={index}>
                <td data-label="Age">
                  <Age of={event.last} />
                  {event.count > 1 && <small> ×{event.count}</small>}
                </td>
                <td data-label="Reason">
                  {event.type === "Warning" && <Sign of="warns" />}
                  {event.type === "Warning" && <span class="unseen">Warning: </span>}
                  {event.reason}
                </td>
                <td data-label="Message">{event.message}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function More({ told }: { told: PageModel }) {
  const where = `${told.name} -n ${told.namespace}`;
  return (
    <section aria-labelledby="more">
      <h2 id="more">In a terminal</h2>
      <p>
        <Command text={`kubectl rollouts get rollout ${where} --watch`} />
      </p>
      <p>
        <Command text={`kubectl get rollout ${where} -o yaml`} />
      </p>
    </section>
  );
}
