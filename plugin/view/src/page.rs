//! Everything about one Rollout on one page.

use std::collections::BTreeMap;

use crds::Rollout;
use crds::names;
use crds::rollout::status::Condition;
use crds::{Time, reading};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::analysis::{AnalysisRunView, ExperimentView, analysis_runs, experiments};
use crate::changes::{ChangeView, Outline};
use crate::links::{LinkView, links};
use crate::objects::{Objects, is_owned_by, label, number, text};
use crate::replica_set::revision;
use crate::rollout_view::RolloutView;

/// Events that a page shows; older ones are left out.
const EVENTS: usize = 50;

/// What a page is derived from; all lists are those of the namespace, in any order, as the API
/// server answers them.
#[derive(Debug, Clone, Copy)]
pub struct PageObjects<'a> {
    /// The Rollout, its ReplicaSets and their pods.
    pub objects: Objects<'a>,
    /// Services.
    pub services: &'a [Value],
    /// Events.
    pub events: &'a [Value],
    /// Analysis runs.
    pub analysis_runs: &'a [Value],
    /// Experiments.
    pub experiments: &'a [Value],
    /// Outlines of pod templates, by the number of the revision.
    pub outlines: &'a BTreeMap<i64, Outline>,
}

/// A [`RolloutView`] with its conditions, Services, analyses and Events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PageView {
    /// What `get rollout -o json` prints.
    #[serde(flatten)]
    pub rollout: RolloutView,
    /// The conditions of its status, in their order.
    pub conditions: Vec<ConditionView>,
    /// The Services that its strategy names.
    pub services: Vec<ServiceView>,
    /// What each revision changed, newest first; the oldest has nothing to be compared with.
    pub changes: Vec<RevisionChanges>,
    /// Its analysis runs.
    pub analysis_runs: Vec<AnalysisRunView>,
    /// Its experiments.
    pub experiments: Vec<ExperimentView>,
    /// Links that people put on it.
    pub links: Vec<LinkView>,
    /// Events about it, newest first, at most 50.
    pub events: Vec<EventView>,
}

/// What a revision changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RevisionChanges {
    /// Its number.
    pub revision: i64,
    /// The revision before it, of those that are still there.
    pub since: i64,
    /// The fields of the pod template that differ.
    pub changes: Vec<ChangeView>,
}

/// A condition of the status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ConditionView {
    /// What it is about.
    #[serde(rename = "type")]
    pub kind: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// Why, in one word.
    pub reason: String,
    /// Why, in a sentence.
    pub message: String,
    /// Since when `status` is what it is.
    pub since: Time,
}

/// A Service of the strategy, and where it sends its users.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServiceView {
    /// `active`, `preview`, `stable` or `canary`.
    pub role: &'static str,
    /// Its name.
    pub name: String,
    /// Whether it is there, as far as can be seen.
    pub found: bool,
    /// The ReplicaSet that it selects; absent while it selects pods of all of them, or of none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replica_set: Option<String>,
    /// The revision of that ReplicaSet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<i64>,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct EventView {
    /// `Normal` or `Warning`.
    #[serde(rename = "type")]
    pub kind: String,
    /// One word.
    pub reason: String,
    /// A sentence.
    pub message: String,
    /// How often it happened.
    pub count: i64,
    /// When it last happened.
    pub last: Option<Time>,
}

impl PageView {
    /// Derives the page at `now`.
    #[must_use]
    pub fn new(page: PageObjects<'_>, now: Time) -> Self {
        let PageObjects {
            objects,
            services,
            events,
            analysis_runs: runs,
            experiments: tried,
            outlines,
        } = page;
        let rollout = objects.rollout;
        let uid = rollout.metadata.uid.as_deref().unwrap_or_default();
        let conditions = rollout
            .status
            .iter()
            .flat_map(|status| &status.conditions)
            .map(condition)
            .collect();
        Self {
            conditions,
            services: named_services(rollout)
                .into_iter()
                .map(|(role, name)| service(role, name, objects, services))
                .collect(),
            changes: changes(outlines),
            analysis_runs: analysis_runs(runs, uid),
            experiments: experiments(tried, runs, uid),
            links: links(rollout),
            events: newest_first(rollout, events),
            rollout: RolloutView::new(objects, now),
        }
    }
}

fn changes(outlines: &BTreeMap<i64, Outline>) -> Vec<RevisionChanges> {
    let newer = outlines.iter().skip(1);
    let pairs = outlines.iter().zip(newer);
    let changes = pairs.map(|((since, before), (revision, now))| RevisionChanges {
        revision: *revision,
        since: *since,
        changes: now.changes_since(before),
    });
    let mut changes: Vec<_> = changes.collect();
    changes.reverse();
    changes
}

fn condition(condition: &Condition) -> ConditionView {
    ConditionView {
        kind: condition.kind.clone(),
        status: condition.status.clone(),
        reason: condition.reason.clone(),
        message: condition.message.clone(),
        since: condition.last_transition_time,
    }
}

/// The Services that the strategy names, with what they are for.
fn named_services(rollout: &Rollout) -> Vec<(&'static str, &str)> {
    let strategy = &rollout.spec.strategy;
    let blue_green = strategy.blue_green.as_ref();
    let canary = strategy
        .canary
        .as_ref()
        .filter(|_| reading::strategy_name(&rollout.spec) == "Canary");
    let named = [
        ("active", blue_green.map(|s| s.active_service.as_str())),
        (
            "preview",
            blue_green.and_then(|s| s.preview_service.as_deref()),
        ),
        ("stable", canary.and_then(|s| s.stable_service.as_deref())),
        ("canary", canary.and_then(|s| s.canary_service.as_deref())),
    ];
    named
        .into_iter()
        .filter_map(|(role, name)| Some((role, name?)))
        .filter(|(_, name)| !name.is_empty())
        .collect()
}

fn service(
    role: &'static str,
    name: &str,
    objects: Objects<'_>,
    services: &[Value],
) -> ServiceView {
    let namespace = objects.rollout.metadata.namespace.as_deref();
    let uid = objects.rollout.metadata.uid.as_deref().unwrap_or_default();
    let found = services.iter().find(|service| {
        text(service, "/metadata/name") == name
            && Some(text(service, "/metadata/namespace")) == namespace
    });
    let hash = found
        .and_then(|service| {
            service
                .pointer("/spec/selector")?
                .get(names::POD_TEMPLATE_HASH)
        })
        .and_then(Value::as_str);
    let selected = hash.and_then(|hash| {
        objects
            .replica_sets
            .iter()
            .find(|set| is_owned_by(set, uid) && label(set, names::POD_TEMPLATE_HASH) == Some(hash))
    });
    ServiceView {
        role,
        name: name.to_owned(),
        found: found.is_some(),
        replica_set: selected.map(|set| text(set, "/metadata/name").to_owned()),
        revision: selected.map(revision),
    }
}

fn newest_first(rollout: &Rollout, events: &[Value]) -> Vec<EventView> {
    let name = rollout.metadata.name.as_deref().unwrap_or_default();
    let mut views: Vec<EventView> = events
        .iter()
        .filter(|event| {
            text(event, "/involvedObject/kind") == "Rollout"
                && text(event, "/involvedObject/name") == name
        })
        .map(|event| EventView {
            kind: text(event, "/type").to_owned(),
            reason: text(event, "/reason").to_owned(),
            message: text(event, "/message").to_owned(),
            count: number(event, "/count")
                .max(number(event, "/series/count"))
                .max(1),
            last: moment(event),
        })
        .collect();
    views.sort_by(|a, b| (b.last, &a.reason, &a.message).cmp(&(a.last, &b.reason, &b.message)));
    views.truncate(EVENTS);
    views
}

/// When it last happened: newer writers of Events fill other fields than older ones.
fn moment(event: &Value) -> Option<Time> {
    [
        "/series/lastObservedTime",
        "/lastTimestamp",
        "/eventTime",
        "/metadata/creationTimestamp",
    ]
    .iter()
    .find_map(|place| Time::parse(text(event, place)).ok())
}
