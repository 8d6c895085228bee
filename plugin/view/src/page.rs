//! Everything about one Rollout on one page.

use crds::Rollout;
use crds::names;
use crds::rollout::status::Condition;
use crds::{Time, reading};
use serde::Serialize;
use serde_json::Value;

use crate::objects::{Objects, is_owned_by, label, number, text};
use crate::replica_set::revision;
use crate::rollout_view::RolloutView;

/// Events that a page shows; older ones are left out.
const EVENTS: usize = 50;

/// A [`RolloutView`] with its conditions, Services and Events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PageView {
    /// What `get rollout -o json` prints.
    #[serde(flatten)]
    pub rollout: RolloutView,
    /// The conditions of its status, in their order.
    pub conditions: Vec<ConditionView>,
    /// The Services that its strategy names.
    pub services: Vec<ServiceView>,
    /// Events about it, newest first, at most 50.
    pub events: Vec<EventView>,
}

/// A condition of the status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
    /// Derives the page of `objects.rollout` at `now`; `services` and `events` are those of its
    /// namespace, as the API server answers them.
    #[must_use]
    pub fn new(objects: Objects<'_>, services: &[Value], events: &[Value], now: Time) -> Self {
        let rollout = objects.rollout;
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
            events: newest_first(rollout, events),
            rollout: RolloutView::new(objects, now),
        }
    }
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
