//! Analysis runs and experiments of a Rollout.
//!
//! Nothing of a provider is shown (queries, addresses, headers): measured values and verdicts are.
//!
//! Source: `compat/analysis.md` §1 and §3, `compat/experiments.md`, `compat/cli.md` §2.

use crds::Time;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::icons;
use crate::objects::{created, is_owned_by, items, label, number, text};
use crate::replica_set::revision;

/// Measurements of a metric that are shown, the newest.
const MEASUREMENTS: usize = 20;
/// Characters of a measured value that are shown; the rest is cut.
const VALUE: usize = 200;

/// An analysis run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AnalysisRunView {
    /// Its name.
    pub name: String,
    /// When it was created.
    pub created: Option<Time>,
    /// The revision that it judges; 0 when it has none.
    pub revision: i64,
    /// What it was made for: `Step`, `Background`, `PrePromotion`, `PostPromotion`, `Experiment`;
    /// empty when nothing says so.
    pub purpose: String,
    /// The step that it was made for, counted from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<i64>,
    /// `Pending`, `Running`, `Successful`, `Failed`, `Error` or `Inconclusive`.
    pub status: String,
    /// The sign of `status`.
    pub icon: &'static str,
    /// Why; may be empty.
    pub message: String,
    /// Its metrics, in their order.
    pub metrics: Vec<MetricView>,
}

/// A metric of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MetricView {
    /// Its name.
    pub name: String,
    /// As of the run.
    pub status: String,
    /// Why; may be empty.
    pub message: String,
    /// Whether it decides nothing.
    pub dry_run: bool,
    /// What a good measurement is, as its author wrote it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub success_condition: String,
    /// What a bad measurement is.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub failure_condition: String,
    /// Measurements by their verdict.
    pub successful: i64,
    /// Bad ones.
    pub failed: i64,
    /// Neither good nor bad.
    pub inconclusive: i64,
    /// Those that could not be made.
    pub error: i64,
    /// The newest measurements, oldest first, at most 20.
    pub measurements: Vec<MeasurementView>,
}

/// A measurement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MeasurementView {
    /// Its verdict.
    pub status: String,
    /// What was measured, as the provider tells it, at most 200 characters.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub value: String,
    /// Why; may be empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// When it ended, or began while it is under way.
    pub at: Option<Time>,
}

/// An experiment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ExperimentView {
    /// Its name.
    pub name: String,
    /// When it was created.
    pub created: Option<Time>,
    /// The revision that it was made for; 0 when it has none.
    pub revision: i64,
    /// As of an analysis run.
    pub status: String,
    /// The sign of `status`.
    pub icon: &'static str,
    /// Why; may be empty.
    pub message: String,
    /// The versions that run beside each other.
    pub templates: Vec<TemplateView>,
    /// Its analysis runs.
    pub analyses: Vec<AnalysisRunView>,
}

/// A version of an experiment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TemplateView {
    /// Its name.
    pub name: String,
    /// `Progressing`, `Running`, `Successful`, `Failed` or `Error`; empty before that.
    pub status: String,
    /// Why; may be empty.
    pub message: String,
    /// Pods it has.
    pub replicas: i64,
    /// Of them available.
    pub available: i64,
}

/// The runs that belong to the owner with this uid: newest revision first, then oldest first.
pub(crate) fn analysis_runs(all: &[Value], owner: &str) -> Vec<AnalysisRunView> {
    let own = all.iter().filter(|run| is_owned_by(run, owner));
    let mut views: Vec<AnalysisRunView> = own.map(analysis_run).collect();
    views.sort_by(|a, b| (b.revision, a.created, &b.name).cmp(&(a.revision, b.created, &a.name)));
    views
}

/// The experiments that belong to the Rollout with this uid, with their runs, in the same order.
pub(crate) fn experiments(all: &[Value], runs: &[Value], owner: &str) -> Vec<ExperimentView> {
    let own = all.iter().filter(|one| is_owned_by(one, owner));
    let mut views: Vec<ExperimentView> = own.map(|one| experiment(one, runs)).collect();
    views.sort_by(|a, b| (b.revision, a.created, &a.name).cmp(&(a.revision, b.created, &b.name)));
    views
}

fn experiment(object: &Value, runs: &[Value]) -> ExperimentView {
    let status = phase(object);
    ExperimentView {
        name: text(object, "/metadata/name").to_owned(),
        created: created(object),
        revision: revision(object),
        icon: icons::of_status(&status),
        status,
        message: text(object, "/status/message").to_owned(),
        templates: items(object, "/status/templateStatuses")
            .iter()
            .map(|one| TemplateView {
                name: text(one, "/name").to_owned(),
                status: text(one, "/status").to_owned(),
                message: text(one, "/message").to_owned(),
                replicas: number(one, "/replicas"),
                available: number(one, "/availableReplicas"),
            })
            .collect(),
        analyses: analysis_runs(runs, text(object, "/metadata/uid")),
    }
}

fn analysis_run(object: &Value) -> AnalysisRunView {
    let status = phase(object);
    let is_of_experiment = items(object, "/metadata/ownerReferences")
        .iter()
        .any(|owner| text(owner, "/kind") == "Experiment");
    let purpose = match label(object, "rollout-type") {
        Some(purpose) => purpose,
        None if is_of_experiment => "Experiment",
        None => "",
    };
    let specs = items(object, "/spec/metrics");
    AnalysisRunView {
        name: text(object, "/metadata/name").to_owned(),
        created: created(object),
        revision: revision(object),
        purpose: purpose.to_owned(),
        step: label(object, "step-index").and_then(|step| step.parse().ok()),
        icon: icons::of_status(&status),
        status,
        message: text(object, "/status/message").to_owned(),
        metrics: items(object, "/status/metricResults")
            .iter()
            .map(|result| metric(result, specs))
            .collect(),
    }
}

fn metric(result: &Value, specs: &[Value]) -> MetricView {
    let name = text(result, "/name");
    let spec = specs.iter().find(|spec| text(spec, "/name") == name);
    let condition = |place| spec.map_or("", |spec| text(spec, place)).to_owned();
    let all = items(result, "/measurements");
    let newest = all.get(all.len().saturating_sub(MEASUREMENTS)..);
    MetricView {
        name: name.to_owned(),
        status: text(result, "/phase").to_owned(),
        message: text(result, "/message").to_owned(),
        dry_run: result.pointer("/dryRun").and_then(Value::as_bool) == Some(true),
        success_condition: condition("/successCondition"),
        failure_condition: condition("/failureCondition"),
        successful: number(result, "/successful"),
        failed: number(result, "/failed"),
        inconclusive: number(result, "/inconclusive"),
        error: number(result, "/error"),
        measurements: newest
            .unwrap_or_default()
            .iter()
            .map(|one| MeasurementView {
                status: text(one, "/phase").to_owned(),
                value: text(one, "/value").chars().take(VALUE).collect(),
                message: text(one, "/message").to_owned(),
                at: ["/finishedAt", "/startedAt"]
                    .iter()
                    .find_map(|place| Time::parse(text(one, place)).ok()),
            })
            .collect(),
    }
}

/// The phase in the status; an object that nobody has worked on yet is `Pending`.
fn phase(object: &Value) -> String {
    match text(object, "/status/phase") {
        "" => "Pending".to_owned(),
        phase => phase.to_owned(),
    }
}
