//! A row of the list: what the plugin's view says, without what only a page shows.

use crds::{Rollout, Time};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use view::{Counts, ImageView, Objects, RolloutView, WaitingView};

/// A Rollout in the list. Its fields are those of [`RolloutView`].
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Row {
    namespace: String,
    name: String,
    created: Option<Time>,
    status: String,
    message: String,
    icon: &'static str,
    strategy: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    set_weight: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actual_weight: Option<i64>,
    images: Vec<ImageView>,
    replicas: Counts,
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting_on: Option<WaitingView>,
}

/// How the traffic and the pods were at some moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Sample {
    pub(crate) at: Time,
    /// The share of the traffic of the newest version; canary only.
    #[serde(skip_serializing_if = "Option::is_none")]
    weight: Option<i64>,
    /// Available pods of each revision that has pods, newest first.
    pods: Vec<(i64, i64)>,
}

impl Sample {
    /// Whether it tells the same as an earlier one.
    pub(crate) fn is_like(&self, earlier: &Self) -> bool {
        (self.weight, &self.pods) == (earlier.weight, &earlier.pods)
    }

    fn of(view: &RolloutView) -> Self {
        Self {
            at: view.now,
            weight: view.actual_weight,
            pods: view
                .revisions
                .iter()
                .map(|one| {
                    (
                        one.revision,
                        one.replica_sets.iter().map(|set| set.available).sum(),
                    )
                })
                .filter(|(_, available)| *available > 0)
                .collect(),
        }
    }
}

/// The row and the sample of a Rollout with its ReplicaSets.
pub(crate) fn row(rollout: &Value, replica_sets: &[Value], now: Time) -> (Row, Option<Sample>) {
    let decoded = match decode(rollout) {
        Ok(decoded) => decoded,
        Err(why) => return (unreadable(rollout, why), None),
    };
    let objects = Objects {
        rollout: &decoded,
        replica_sets,
        pods: &[],
    };
    let view = RolloutView::new(objects, now);
    let sample = Sample::of(&view);
    let row = Row {
        namespace: view.namespace,
        name: view.name,
        created: view.created,
        status: view.status,
        message: view.message,
        icon: view.icon,
        strategy: view.strategy,
        step: view.step,
        set_weight: view.set_weight,
        actual_weight: view.actual_weight,
        images: view.images,
        replicas: view.replicas,
        waiting_on: view.waiting_on,
    };
    (row, Some(sample))
}

/// A Rollout out of its JSON.
///
/// # Errors
/// With the place that cannot be read, in words for people.
pub(crate) fn decode(rollout: &Value) -> Result<Rollout, String> {
    <Rollout as serde::Deserialize>::deserialize(rollout)
        .map_err(|error| format!("this rollout cannot be read: {error}"))
}

/// A Rollout that cannot be read still has a place in the list.
fn unreadable(rollout: &Value, why: String) -> Row {
    let text = |place| {
        let text = rollout.pointer(place).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    Row {
        namespace: text("/metadata/namespace"),
        name: text("/metadata/name"),
        created: Time::parse(&text("/metadata/creationTimestamp")).ok(),
        status: "Unknown".to_owned(),
        message: why,
        icon: view::icons::of_status("Unknown"),
        strategy: "",
        step: None,
        set_weight: None,
        actual_weight: None,
        images: Vec::new(),
        replicas: Counts::default(),
        waiting_on: None,
    }
}
