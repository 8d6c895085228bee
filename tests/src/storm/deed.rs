//! What one of the storm's actors does at one moment.

use serde_json::{Value, json};

use super::draw::Dice;
use super::manifests::{ACTIVE, PREVIEW, blue_green, canary, steps};
use crate::reading::{DEADLINE, HASH, REVISION};
use crate::scenario::parse::Act;

/// Whose deeds there are in a storm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Actor {
    /// People with the plugin and an editor.
    Users,
    /// Writes through the scale subresource every 15 s.
    Autoscaler,
    /// Applies the manifests as they are in git: Services without our selector key.
    GitOps,
    /// Edits and deletes what belongs to the Rollout.
    Monkey,
    /// Breaks pods and nodes, fills quotas, forbids.
    Cluster,
    /// Kills controllers, delays and ends watches, forgets history, takes the API away.
    Faults,
}

/// All of them.
pub const ACTORS: [Actor; 6] = [
    Actor::Users,
    Actor::Autoscaler,
    Actor::GitOps,
    Actor::Monkey,
    Actor::Cluster,
    Actor::Faults,
];

/// Something that is done.
#[derive(Debug, Clone)]
pub enum Deed {
    /// A request as a person or tool sends it.
    Act(Act),
    /// A merge patch of the n-th object of a resource, counted round.
    Edit(&'static str, usize, Value),
    /// The n-th object of a resource is deleted.
    Delete(&'static str, usize),
    /// The n-th pod is evicted.
    Evict(usize),
    /// The manifests in git are applied.
    Apply,
    /// The namespace may have so many pods.
    Quota(Option<usize>),
    /// Creating or patching a resource is refused; nothing is, without one.
    Deny(Option<&'static str>),
    /// The controller dies and another one starts.
    Restart,
    /// Watches of a resource lag by so many seconds.
    Lag(&'static str, u64),
    /// All watches end; the history is forgotten, too, when told so.
    EndWatches(bool),
    /// No request of the controller gets through for so many seconds.
    Outage(u64),
}

/// A deed of this actor. `gentle` means that nobody breaks a pod or takes pods away.
pub fn draw(actor: Actor, gentle: bool, dice: &mut Dice) -> Deed {
    match actor {
        Actor::Users => users(gentle, dice),
        Actor::Autoscaler => Deed::Act(Act::Scale(2 + dice.number(5))),
        Actor::GitOps => Deed::Apply,
        Actor::Monkey => monkey(dice),
        Actor::Cluster => cluster(dice),
        Actor::Faults => faults(dice),
    }
}

fn users(gentle: bool, dice: &mut Dice) -> Deed {
    let patch = |body: Value| Act::Patch {
        status: false,
        body,
    };
    Deed::Act(match dice.roll(24) {
        0..=5 => Act::SetImage(image(gentle, dice)),
        6..=9 => Act::Promote,
        10 => Act::PromoteFull,
        11 | 12 => Act::Abort,
        13 | 14 => Act::Retry,
        15 => Act::Pause,
        16 => patch(json!({"spec": {"paused": false}})),
        17 => Act::Undo(None),
        18 if gentle => Act::Scale(2 + dice.number(5)),
        18 => Act::Scale(dice.number(7)),
        19 => patch(json!({"spec": {"strategy": {"canary": {"steps": steps(dice)}}}})),
        20 => patch(json!({"spec": {"strategy": switched(dice)}})),
        21 => patch(json!({"spec": {"minReadySeconds": dice.roll(6)}})),
        22 => patch(json!({"spec": {"revisionHistoryLimit": dice.roll(4)}})),
        _ if gentle => Act::Promote,
        _ => Act::DeleteRollout,
    })
}

fn image(gentle: bool, dice: &mut Dice) -> String {
    // A pull error breaks no pod that served; the others may.
    let broken = ["v5-bad", "v6-flap", "v7-crash"];
    match dice.roll(8) {
        0 if gentle => "shop:v5-bad".to_owned(),
        0 | 1 if !gentle => format!("shop:{}", dice.pick(&broken)),
        _ => format!("shop:v{}", 1 + dice.roll(3)),
    }
}

/// The other strategy; the present one goes.
fn switched(dice: &mut Dice) -> Value {
    if dice.roll(2) == 0 {
        let mut strategy = canary(dice);
        strategy["blueGreen"] = Value::Null;
        strategy
    } else {
        let mut strategy = blue_green(dice);
        strategy["canary"] = Value::Null;
        strategy
    }
}

fn monkey(dice: &mut Dice) -> Deed {
    let which = dice.roll(8);
    let set = |body: Value| Deed::Edit("replicasets", which, body);
    let annotation = |key: &str, value: Value| json!({"metadata": {"annotations": {key: value}}});
    match dice.roll(13) {
        0 => set(json!({"spec": {"replicas": dice.roll(7)}})),
        1 => set(json!({"metadata": {"labels": {HASH: null}}})),
        2 => set(json!({"metadata": {"labels": {HASH: "6f6f6f6f6f"}}})),
        3 => set(annotation(DEADLINE, json!("2026-01-01T00:00:00Z"))),
        4 => set(annotation(DEADLINE, Value::Null)),
        5 => set(annotation(REVISION, dice.pick(&[json!("99"), Value::Null]))),
        6 => set(json!({"metadata": {"ownerReferences": []}})),
        7 => Deed::Delete("replicasets", which),
        8 => Deed::Delete("services", which),
        9 => Deed::Delete("pods", which),
        10 => Deed::Act(Act::Patch {
            status: true,
            body: json!({"status": null}),
        }),
        11 => Deed::Edit(
            "services",
            which,
            json!({"spec": {"selector": {HASH: dice.pick(&[Value::Null, json!("nothing")])}}}),
        ),
        _ => Deed::Edit(
            "pods",
            which,
            json!({"metadata": {"labels": {HASH: "none"}}}),
        ),
    }
}

fn cluster(dice: &mut Dice) -> Deed {
    let which = dice.roll(8);
    let behaves = |behavior: &str| {
        let body = json!({"metadata": {"annotations": {sim::pods::BEHAVIOR: behavior}}});
        Deed::Edit("pods", which, body)
    };
    let down = |value: Value| json!({"metadata": {"annotations": {sim::pods::DOWN: value}}});
    match dice.roll(12) {
        0 => behaves("never-ready"),
        1 => behaves("crash"),
        2 => behaves("flap"),
        3 => behaves("ready"),
        4 => Deed::Evict(which),
        5 => Deed::Delete("pods", which),
        6 | 7 => Deed::Edit("nodes", which, down(json!("true"))),
        8 => Deed::Edit("nodes", which, down(Value::Null)),
        9 => Deed::Quota(Some(dice.roll(9))),
        10 => Deed::Deny(Some(dice.pick(&["pods", "replicasets", "services"]))),
        _ if dice.roll(2) == 0 => Deed::Quota(None),
        _ => Deed::Deny(None),
    }
}

fn faults(dice: &mut Dice) -> Deed {
    let resource = dice.pick(&["replicasets", "rollouts", "services"]);
    match dice.roll(8) {
        0..=2 => Deed::Restart,
        3 => Deed::Lag(resource, dice.pick(&[1, 7, 40])),
        4 => Deed::Lag(resource, 0),
        5 => Deed::EndWatches(false),
        6 => Deed::EndWatches(true),
        _ => Deed::Outage(dice.pick(&[3, 30, 200])),
    }
}

/// The Services that a storm begins with.
pub const SERVICES: [&str; 2] = [ACTIVE, PREVIEW];
