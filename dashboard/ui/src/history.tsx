// Traffic and pods of each revision as a picture over time.

import type { Page, Sample } from "./model";
import { clock, now } from "./time";

const [WIDTH, HEIGHT] = [600, 90];

export function History({ page }: { page: Page }) {
  const samples = page.history;
  const start = samples[0];
  if (!start) return null;
  const begin = Date.parse(start.at);
  const end = Math.max(now.value, begin + 1000);
  const x = (at: number) => ((at - begin) / (end - begin)) * WIDTH;
  const most = Math.max(1, page.replicas.desired, ...samples.map(total));
  const revisions = [...new Set(samples.flatMap((one) => one.pods.map(([revision]) => revision)))].sort(
    (a, b) => a - b,
  );
  const bands = samples.map((one, index) => ({
    one,
    from: x(Date.parse(one.at)),
    to: x(index + 1 < samples.length ? Date.parse(samples[index + 1]?.at ?? "") : end),
  }));
  const line = bands
    .filter(({ one }) => one.weight !== undefined)
    .map(({ one, from, to }) => {
      const y = HEIGHT * (1 - (one.weight ?? 0) / 100);
      return `${from},${y} ${to},${y}`;
    })
    .join(" ");
  return (
    <section aria-labelledby="history">
      <h2 id="history">
        Pods{line ? " and traffic" : ""} <small>since {clock(start.at)}</small>
      </h2>
      <svg
        class="history"
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Available pods: ${words(samples.at(-1))}`}
      >
        {bands.map(({ one, from, to }, index) => {
          let below = 0;
          return [...one.pods].reverse().map(([revision, pods]) => {
            const height = (pods / most) * HEIGHT;
            below += height;
            return (
              <rect
                key={`${index}/${revision}`}
                class={colour(revisions, revision)}
                x={from}
                y={HEIGHT - below}
                width={Math.max(0, to - from)}
                height={height}
              />
            );
          });
        })}
        {line && <polyline class="weight" points={line} />}
      </svg>
      <p class="legend">
        {revisions.slice(-6).map((revision) => (
          <span key={revision}>
            <i class={colour(revisions, revision)} /> revision {revision}
          </span>
        ))}
        {line && (
          <span>
            <i class="weight" /> traffic to the new one, {page.actualWeight} %
          </span>
        )}
      </p>
    </section>
  );
}

const total = (one: Sample) => one.pods.reduce((sum, [, pods]) => sum + pods, 0);

const colour = (revisions: number[], revision: number) => `band${revisions.indexOf(revision) % 4}`;

function words(sample: Sample | undefined): string {
  const pods = sample?.pods.map(([revision, pods]) => `revision ${revision}: ${pods}`);
  return pods?.length ? pods.join(", ") : "none";
}
