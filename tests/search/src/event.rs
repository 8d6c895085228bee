//! What can happen in the world: one small thing at a time.
//!
//! A run is its options and a list of these. Whatever the list, it can be replayed: what makes no
//! sense at its moment (a pod that is not there) does nothing. So a list can be shrunk by leaving
//! things out, and a failure outlives changes of the way lists are drawn.

use serde::{Deserialize, Serialize};

/// One thing that happens. Controllers are named by number, ReplicaSets and pods by the order in
/// which they came to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Event {
    /// A controller that is not at work looks at its view and plans.
    Plan(usize),
    /// A controller carries out the next write of its plan.
    Write(usize, Fate),
    /// A controller's watch of this kind shows the next change.
    Deliver(usize, Kind),
    /// A controller lists everything again.
    Relist(usize),
    /// A controller's process dies and another one starts, with a list as it is now.
    Restart(usize),
    /// The same, but the list is as old as the view of the one that died.
    RestartOnOldView(usize),
    /// The ReplicaSet controller makes or removes the pods of a ReplicaSet.
    Pods(u32),
    /// The ReplicaSet controller writes the status of a ReplicaSet.
    Report(u32),
    /// A pod becomes ready, unless its image is broken.
    Ready(u32),
    /// The cluster takes the readiness of a pod away.
    Unready(u32),
    /// The cluster loses a pod.
    Evict(u32),
    /// The cluster does everything that it can do without time passing.
    Settle,
    /// Whether the API server refuses new pods.
    RefusePods(bool),
    /// Milliseconds pass.
    Wait(i64),
    /// Somebody does something.
    Act(Act),
}

/// What becomes of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Fate {
    /// It arrives, and so does the answer.
    Answered,
    /// It arrives, and the answer is lost.
    AnswerLost,
    /// It does not arrive, and nobody says so.
    Lost,
    /// The API server is too busy to look at it.
    Busy,
    /// An admission webhook denies it.
    Denied,
    /// The process dies before it is sent.
    CrashBefore,
    /// The process dies after it was carried out.
    CrashAfter,
}

/// Kind of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// Rollouts.
    Rollout,
    /// ReplicaSets.
    Set,
    /// Services.
    Service,
    /// Pods: those nobody but the cluster watches here.
    Pod,
}

impl Kind {
    /// Those that controllers watch.
    pub const WATCHED: [Self; 3] = [Self::Rollout, Self::Set, Self::Service];
}

/// What people and their tools do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Act {
    /// A new image: `v1`, `v2`, …; an image above `v8` never gets ready, and `v7` is refused.
    SetImage(u8),
    /// Another number of replicas, by a person or an autoscaler.
    Scale(i32),
    /// `promote`.
    Promote,
    /// `promote --full`.
    PromoteFull,
    /// `abort`.
    Abort,
    /// `retry rollout`.
    Retry,
    /// `pause` or its end.
    SetPaused(bool),
    /// `undo`: the template of the revision before.
    Undo,
    /// Another strategy: one of a few, by number.
    SetStrategy(usize),
    /// An edit that is none of the update's business.
    HarmlessEdit,
    /// Git's Service is applied again, without our selector key.
    ApplyService(Role),
    /// Somebody deletes a Service.
    DeleteService(Role),
    /// Somebody creates the Service again.
    CreateService(Role),
    /// Somebody scales a ReplicaSet by hand.
    ScaleSet(u32, i32),
    /// Somebody deletes a ReplicaSet.
    DeleteSet(u32),
    /// Somebody removes an annotation or label of a ReplicaSet.
    StripSet(u32, Mark),
    /// Somebody changes the revision label of a ReplicaSet, or removes it.
    Relabel(u32, Option<String>),
    /// Somebody takes a ReplicaSet away from its Rollout.
    OrphanSet(u32),
    /// Somebody empties `status`.
    WipeStatus,
    /// The Rollout is deleted.
    Delete,
}

impl Act {
    /// Whether a person means it for the rollout itself, rather than a tool or a mishap.
    #[must_use]
    pub fn is_mishap(&self) -> bool {
        matches!(
            self,
            Self::ApplyService(_)
                | Self::DeleteService(_)
                | Self::CreateService(_)
                | Self::ScaleSet(..)
                | Self::DeleteSet(_)
                | Self::StripSet(..)
                | Self::Relabel(..)
                | Self::OrphanSet(_)
                | Self::WipeStatus
        )
    }
}

/// Which Service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Role {
    /// The one that users reach.
    Active,
    /// The one for tests.
    Preview,
}

impl Role {
    /// Name of the Service.
    #[must_use]
    pub const fn service(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Preview => "preview",
        }
    }
}

/// What somebody removes from a ReplicaSet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Mark {
    /// When it may be scaled down.
    Deadline,
    /// The number of its revision.
    Revision,
    /// The digest of the template it was made for.
    Digest,
    /// How many replicas the Rollout wants.
    Desired,
}

impl Mark {
    /// The annotation.
    #[must_use]
    pub const fn annotation(self) -> &'static str {
        match self {
            Self::Deadline => crds::names::SCALE_DOWN_DEADLINE,
            Self::Revision => crds::names::REVISION,
            Self::Digest => crds::names::TEMPLATE_DIGEST,
            Self::Desired => crds::names::DESIRED_REPLICAS,
        }
    }
}
