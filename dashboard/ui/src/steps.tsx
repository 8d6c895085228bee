// The canary steps as a timeline.

import type { Page, Start, Step } from "./model";
import { Until } from "./parts";
import { clock, length } from "./time";

export function Steps({ page }: { page: Page }) {
  if (page.steps.length === 0) return null;
  const done = page.steps.filter((step) => step.state === "past").length;
  return (
    <section aria-labelledby="steps">
      <h2 id="steps">
        Steps <small>{done} of {page.steps.length} done</small>
      </h2>
      <ol class="steps">
        {page.steps.map((step) => (
          <li key={step.index} class={step.state} aria-current={step.state === "now" ? "step" : undefined}>
            <span class="text">{step.text}</span>
            <small>{when(step)}</small>
          </li>
        ))}
      </ol>
    </section>
  );
}

function when(step: Step) {
  if (step.state === "past") return "done";
  if (step.state === "now") {
    if (step.until) return <Until time={step.until} />;
    return step.since ? "until somebody promotes" : "now";
  }
  return step.start ? begins(step.start) : "to come";
}

function begins(start: Start) {
  if (start === "promoted") return "after promote";
  if ("at" in start) return `from ${clock(start.at)}`;
  return start.after > 0 ? `${length(start.after * 1000)} of pauses later` : "next";
}
