//! What a rollout waits on: one thing, named, with numbers.

use crds::{Time, rollout::status::WaitingOnStatus};

/// Why nothing more happens now.
///
/// Waiting is not an error. Each variant is one reason in `status.waitingOn`, in the plugin and
/// in the metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WaitingOn {
    /// The spec is invalid or asks for something this version does not have.
    InvalidSpec {
        /// True path of the field, e.g. `spec.strategy.canary.steps[1].setWeight`.
        field: String,
        /// What is wrong.
        problem: String,
        /// What to write instead.
        fix: String,
    },
    /// The API server has not yet said what it makes of the pod template.
    TemplateCheck,
    /// The API server refused a write.
    WriteRefused {
        /// What was written, e.g. `ReplicaSet/web-7c9d8`.
        object: String,
        /// The server's words.
        message: String,
        /// Since when.
        since: Time,
    },
    /// The ReplicaSet controller has not yet seen our last change.
    ReplicaSetController {
        /// The ReplicaSet.
        replica_set: String,
    },
    /// Pods of a ReplicaSet are not available yet.
    Pods {
        /// The ReplicaSet.
        replica_set: String,
        /// Available pods.
        available: i64,
        /// Pods needed.
        needed: i64,
        /// Why the ReplicaSet cannot make them, in the API server's words.
        failure: Option<String>,
        /// Since when nothing has got better.
        since: Option<Time>,
        /// Whether that is longer than the progress deadline.
        overdue: bool,
    },
    /// Pods of a ReplicaSet that shrinks are still there.
    OldPods {
        /// The ReplicaSet.
        replica_set: String,
        /// Its pods.
        seen: i64,
        /// Pods it should have.
        needed: i64,
    },
    /// A timed pause, or the seconds before a blue-green switch.
    PauseEnd {
        /// When it began.
        since: Time,
        /// When it ends.
        until: Time,
    },
    /// A person must promote.
    Promotion {
        /// Since when.
        since: Time,
    },
    /// `spec.paused` is set.
    UserPause,
    /// The update was aborted; a person must retry or roll out something else.
    Retry {
        /// Since when.
        since: Option<Time>,
    },
    /// An old ReplicaSet stays for its scale-down delay.
    ScaleDownDelay {
        /// The ReplicaSet.
        replica_set: String,
        /// Until when.
        until: Time,
    },
}

/// Every reason, for documentation and metrics: the closed set of [`WaitingOn::reason`], and
/// [`SAFETY_HOLD`].
pub const REASONS: [&str; 12] = [
    "InvalidSpec",
    "TemplateCheck",
    "WriteRefused",
    "ReplicaSetController",
    "Pods",
    "OldPods",
    "PauseEnd",
    "Promotion",
    "UserPause",
    "Retry",
    "ScaleDownDelay",
    SAFETY_HOLD,
];

/// The reason of a plan that the safety kernel holds; no plan of the planner has it.
pub const SAFETY_HOLD: &str = "SafetyHold";

impl WaitingOn {
    /// One word from a closed set.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::InvalidSpec { .. } => "InvalidSpec",
            Self::TemplateCheck => "TemplateCheck",
            Self::WriteRefused { .. } => "WriteRefused",
            Self::ReplicaSetController { .. } => "ReplicaSetController",
            Self::Pods { .. } => "Pods",
            Self::OldPods { .. } => "OldPods",
            Self::PauseEnd { .. } => "PauseEnd",
            Self::Promotion { .. } => "Promotion",
            Self::UserPause => "UserPause",
            Self::Retry { .. } => "Retry",
            Self::ScaleDownDelay { .. } => "ScaleDownDelay",
        }
    }

    /// The form that is stored in `status.waitingOn`. `rollout` is the Rollout's name.
    #[must_use]
    pub fn status(&self, rollout: &str) -> WaitingOnStatus {
        let words = self.words(rollout);
        WaitingOnStatus {
            reason: self.reason().to_owned(),
            object: Some(words.object),
            seen: words.seen,
            needed: words.needed,
            since: words.since,
            release: Some(words.release),
            fix: words.fix,
        }
    }

    fn words(&self, rollout: &str) -> Words {
        let replica_set = |name: &str| format!("ReplicaSet/{name}");
        let rollout_object = || format!("Rollout/{rollout}");
        match self {
            Self::InvalidSpec {
                field,
                problem,
                fix,
            } => Words {
                object: field.clone(),
                seen: Some(problem.clone()),
                fix: Some(fix.clone()),
                ..Words::released_by("a valid spec")
            },
            Self::TemplateCheck => Words {
                object: "spec.template".to_owned(),
                needed: Some("the API server's answer to a dry-run create".to_owned()),
                ..Words::released_by("the API server")
            },
            Self::WriteRefused {
                object,
                message,
                since,
            } => Words {
                object: object.clone(),
                seen: Some(message.clone()),
                since: Some(*since),
                fix: Some("remove what makes the API server refuse the write".to_owned()),
                ..Words::released_by("the write being accepted; it is tried again by itself")
            },
            Self::ReplicaSetController { replica_set: name } => Words {
                object: replica_set(name),
                seen: Some("an older generation observed".to_owned()),
                needed: Some("the current generation observed".to_owned()),
                ..Words::released_by("the ReplicaSet controller of Kubernetes")
            },
            Self::Pods {
                replica_set: name,
                available,
                needed,
                failure,
                since,
                overdue,
            } => Words {
                object: replica_set(name),
                seen: Some(match failure {
                    Some(failure) => format!("{available} available pods: {failure}"),
                    None => format!("{available} available pods"),
                }),
                needed: Some(format!("{needed} available pods")),
                since: *since,
                fix: match (failure, overdue) {
                    (Some(_), _) => {
                        Some("remove what keeps the ReplicaSet from making pods".to_owned())
                    }
                    (None, true) => Some(format!(
                        "kubectl rollouts abort {rollout}, or another image"
                    )),
                    (None, false) => None,
                },
                ..Words::released_by("pods becoming available")
            },
            Self::OldPods {
                replica_set: name,
                seen,
                needed,
            } => Words {
                object: replica_set(name),
                seen: Some(format!("{seen} pods")),
                needed: Some(format!("{needed} pods")),
                ..Words::released_by("pods going away")
            },
            Self::PauseEnd { since, until } => Words {
                object: rollout_object(),
                seen: Some("paused".to_owned()),
                since: Some(*since),
                fix: Some(format!(
                    "kubectl rollouts promote {rollout}, to go on at once"
                )),
                ..Words::released_by(&format!("time: {until}"))
            },
            Self::Promotion { since } => Words {
                object: rollout_object(),
                seen: Some("paused".to_owned()),
                needed: Some("a promotion".to_owned()),
                since: Some(*since),
                fix: Some(format!("kubectl rollouts promote {rollout}")),
                ..Words::released_by("a person")
            },
            Self::UserPause => Words {
                object: "spec.paused".to_owned(),
                seen: Some("true".to_owned()),
                needed: Some("false".to_owned()),
                fix: Some(format!("kubectl rollouts promote {rollout}")),
                ..Words::released_by("a person")
            },
            Self::Retry { since } => Words {
                object: rollout_object(),
                seen: Some("aborted".to_owned()),
                needed: Some("a retry, or another template".to_owned()),
                since: *since,
                fix: Some(format!("kubectl rollouts retry rollout {rollout}")),
                ..Words::released_by("a person")
            },
            Self::ScaleDownDelay {
                replica_set: name,
                until,
            } => Words {
                object: replica_set(name),
                seen: Some("kept for a fast way back".to_owned()),
                ..Words::released_by(&format!("time: {until}"))
            },
        }
    }
}

/// The parts of a `status.waitingOn`.
struct Words {
    object: String,
    seen: Option<String>,
    needed: Option<String>,
    since: Option<Time>,
    release: String,
    fix: Option<String>,
}

impl Words {
    fn released_by(release: &str) -> Self {
        Self {
            object: String::new(),
            seen: None,
            needed: None,
            since: None,
            release: release.to_owned(),
            fix: None,
        }
    }
}
