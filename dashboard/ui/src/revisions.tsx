// The revisions of a rollout: what changed, ReplicaSets, pods.

import type { Page, ReplicaSet } from "./model";
import { Age, Hidden, Status, Until } from "./parts";

export function Revisions({ told }: { told: Page }) {
  const hidden = told.unseen.some((one) => one.kind === "ReplicaSet");
  return (
    <section aria-labelledby="revisions">
      <h2 id="revisions">Revisions</h2>
      <Hidden kind="ReplicaSet" words="ReplicaSets are" told={told} />
      <Hidden kind="Pod" words="Pods are" told={told} />
      {told.revisions.length === 0 && !hidden && <p class="empty">There is no ReplicaSet yet.</p>}
      {told.revisions.map((revision) => (
        <article key={revision.revision} class="revision">
          <h3>Revision {revision.revision}</h3>
          {revision.replicaSets.map((set) => (
            <ReplicaSetView key={set.name} set={set} />
          ))}
          <Changes told={told} revision={revision.revision} />
        </article>
      ))}
    </section>
  );
}

/** What a revision changed, compared with the one before it. */
function Changes({ told, revision }: { told: Page; revision: number }) {
  const found = told.changes.find((one) => one.revision === revision);
  if (!found) return null;
  const { since, changes } = found;
  if (changes.length === 0) return <p class="quiet">The same as revision {since}.</p>;
  return (
    <details class="changes" open={changes.length <= 4}>
      <summary>
        {changes.length === 1 ? "1 change" : `${changes.length} changes`} since revision {since}
      </summary>
      <ul>
        {changes.map((one) => (
          <li key={one.field}>
            <code>{one.field}</code>{" "}
            {one.from === undefined && one.to === undefined ? (
              <small>{one.what}</small>
            ) : (
              <>
                {one.from !== undefined && <del>{one.from}</del>}
                {one.from !== undefined && one.to !== undefined && " → "}
                {one.to !== undefined && <ins>{one.to}</ins>}
              </>
            )}
          </li>
        ))}
      </ul>
    </details>
  );
}

function ReplicaSetView({ set }: { set: ReplicaSet }) {
  return (
    <div class="set">
      <p>
        <Status word={set.status} />{" "}
        {set.tags.map((tag) => (
          <span key={tag} class={`tag ${tag}`}>
            {tag}
          </span>
        ))}{" "}
        <b>
          {set.available}/{set.replicas}
        </b>{" "}
        pods available <small>{set.name}</small>{" "}
        <small>
          <Age of={set.created} /> old
        </small>
        {set.scaleDownDeadline && (
          <small>
            {" "}
            · pods go: <Until time={set.scaleDownDeadline} />
          </small>
        )}
      </p>
      <p class="images">
        {set.images.map((image, index) => (
          <span key={`${index}${image}`}>{image}</span>
        ))}
      </p>
      {set.pods.length > 0 && (
        <table class="pods">
          <caption class="unseen">Pods of {set.name}</caption>
          <thead>
            <tr>
              <th scope="col">Pod</th>
              <th scope="col">Status</th>
              <th scope="col">Ready</th>
              <th scope="col">Restarts</th>
              <th scope="col">Age</th>
              <th scope="col">Node</th>
            </tr>
          </thead>
          <tbody>
            {set.pods.map((pod) => (
              <tr key={pod.name}>
                <th scope="row" data-label="Pod">
                  {pod.name}
                </th>
                <td data-label="Status">
                  <Status word={pod.status} />
                </td>
                <td data-label="Ready">{pod.ready}</td>
                <td data-label="Restarts">{pod.restarts}</td>
                <td data-label="Age">
                  <Age of={pod.created} />
                </td>
                <td data-label="Node">{pod.node || "–"}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}
