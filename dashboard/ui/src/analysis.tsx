// Analysis runs and experiments of a rollout.

import type { AnalysisRun, Experiment, Measurement, Metric, Page } from "./model";
import { Age, Hidden, Sign, Status, meaning } from "./parts";
import { clock } from "./time";

export function Analysis({ told }: { told: Page }) {
  const hidden = told.unseen.some((one) => one.kind === "AnalysisRun");
  if (told.analysisRuns.length === 0 && !hidden) return null;
  return (
    <section aria-labelledby="analysis">
      <h2 id="analysis">Analysis</h2>
      <Hidden kind="AnalysisRun" words="Analysis runs are" told={told} />
      {told.analysisRuns.map((run) => (
        <Run key={run.name} run={run} />
      ))}
    </section>
  );
}

export function Experiments({ told }: { told: Page }) {
  const hidden = told.unseen.some((one) => one.kind === "Experiment");
  if (told.experiments.length === 0 && !hidden) return null;
  return (
    <section aria-labelledby="experiments">
      <h2 id="experiments">Experiments</h2>
      <Hidden kind="Experiment" words="Experiments are" told={told} />
      {told.experiments.map((experiment) => (
        <Trial key={experiment.name} experiment={experiment} />
      ))}
    </section>
  );
}

function Trial({ experiment }: { experiment: Experiment }) {
  return (
    <article class="revision">
      <Head of={experiment} what="" />
      <ul class="services">
        {experiment.templates.map((one) => (
          <li key={one.name}>
            <Status word={one.status || "Pending"} /> {one.name}{" "}
            <small>
              {one.available}/{one.replicas} pods available {one.message}
            </small>
          </li>
        ))}
      </ul>
      {experiment.analyses.map((run) => (
        <Run key={run.name} run={run} />
      ))}
    </article>
  );
}

const PURPOSES: Record<string, string> = {
  Background: "in the background",
  PrePromotion: "before the switch",
  PostPromotion: "after the switch",
  Experiment: "of the experiment",
};

function purpose({ purpose, step }: AnalysisRun): string {
  // Steps are counted from 1 for people.
  return purpose === "Step" && step !== undefined ? `of step ${step + 1}` : (PURPOSES[purpose] ?? "");
}

function Run({ run }: { run: AnalysisRun }) {
  return (
    <article class="revision">
      <Head of={run} what={purpose(run)} />
      {run.metrics.length === 0 && <p class="quiet">Nothing was measured yet.</p>}
      {run.metrics.map((metric) => (
        <MetricView key={metric.name} metric={metric} />
      ))}
    </article>
  );
}

function Head({ of, what }: { of: AnalysisRun | Experiment; what: string }) {
  return (
    <h3>
      <Status word={of.status} /> {of.name}{" "}
      <small>
        {what} {of.revision > 0 && `revision ${of.revision}, `}
        <Age of={of.created} /> ago {of.message && `· ${of.message}`}
      </small>
    </h3>
  );
}

function MetricView({ metric }: { metric: Metric }) {
  const { successful, failed, inconclusive, error } = metric;
  const counts = [
    [successful, "good"],
    [failed, "bad"],
    [inconclusive, "inconclusive"],
    [error, "could not be measured"],
  ] as const;
  const last = metric.measurements.at(-1);
  return (
    <div class="metric">
      <p>
        <Status word={metric.status} /> <b>{metric.name}</b>{" "}
        {metric.dryRun && <span class="tag">dry run</span>}{" "}
        <small>
          {counts
            .filter(([count]) => count > 0)
            .map(([count, word]) => `${count} ${word}`)
            .join(", ")}
        </small>
      </p>
      {metric.message && <p class="message">{metric.message}</p>}
      <dl class="facts">
        {metric.successCondition && (
          <div>
            <dt>Good when</dt>
            <dd>
              <code>{metric.successCondition}</code>
            </dd>
          </div>
        )}
        {metric.failureCondition && (
          <div>
            <dt>Bad when</dt>
            <dd>
              <code>{metric.failureCondition}</code>
            </dd>
          </div>
        )}
        {last?.value && (
          <div>
            <dt>Last value</dt>
            <dd>
              <code>{last.value}</code>
            </dd>
          </div>
        )}
      </dl>
      <ol class="measurements" aria-label={`Measurements of ${metric.name}`}>
        {metric.measurements.map((one, index) => (
          <Dot key={index} of={one} />
        ))}
      </ol>
    </div>
  );
}

function Dot({ of }: { of: Measurement }) {
  const words = [of.status, of.value, of.message, of.at && clock(of.at)].filter(Boolean).join(" · ");
  return (
    <li class={meaning(of.status)} title={words}>
      <Sign of={meaning(of.status)} />
      <span class="unseen">{words}</span>
    </li>
  );
}
