//! What a plan puts at stake: the more it is, the more a last look at the live objects is worth.
//!
//! A write carries the version of the object it changes. What it counts on besides (pods that are
//! available elsewhere, a Service that selects something else, a step that nobody turned back) goes
//! by the view, and a view may lack what no event ever told.
//!
//! Source: `safety.md` F4, S20.

use crds::RolloutStatus;

use crate::{Observed, Plan, Write};

/// What is lost when a plan is carried out although others changed what it counts on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stake {
    /// Nothing: it only tells.
    Nothing,
    /// Order: more pods than allowed, a step too early. It takes another controller at work.
    Order,
    /// What users have: their pods, what a Service selects, a running ReplicaSet that was to be
    /// adopted, the update itself.
    Users,
}

impl Plan {
    /// The highest stake of its writes.
    #[must_use]
    pub fn stake(&self, observed: &Observed) -> Stake {
        let stakes = self.actions.iter().map(|it| it.write.stake(observed));
        stakes.max().unwrap_or(Stake::Nothing)
    }
}

impl Write {
    fn stake(&self, observed: &Observed) -> Stake {
        match self {
            Self::PatchReplicaSet { name, change, .. } => {
                let before = observed.replica_sets.iter().find(|set| set.name == *name);
                let before = before.map_or(0, |set| set.replicas);
                if change.replicas.is_some_and(|after| after < before) {
                    Stake::Users
                } else {
                    Stake::Order
                }
            }
            Self::CreateReplicaSet { .. }
            | Self::DeleteReplicaSet { .. }
            | Self::PatchService { .. }
            | Self::ReleaseService { .. } => Stake::Users,
            Self::PatchRollout { .. } => Stake::Order,
            Self::WriteStatus { status } => match &observed.rollout.status {
                Some(before) => of_status(before, status),
                None => of_status(&RolloutStatus::default(), status),
            },
            Self::CheckTemplate { .. } => Stake::Nothing,
        }
    }
}

fn of_status(before: &RolloutStatus, after: &RolloutStatus) -> Stake {
    if after.abort && !before.abort {
        return Stake::Users;
    }
    let decides = before.stable_rs != after.stable_rs
        || before.current_pod_hash != after.current_pod_hash
        || before.current_step_index != after.current_step_index
        || before.pause_conditions != after.pause_conditions
        || before.abort != after.abort
        || before.promote_full != after.promote_full
        || before.blue_green != after.blue_green;
    if decides {
        Stake::Order
    } else {
        Stake::Nothing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(change: impl Fn(&mut RolloutStatus)) -> Stake {
        let before = RolloutStatus {
            current_step_index: Some(1),
            abort: true,
            ..RolloutStatus::default()
        };
        let mut after = before.clone();
        change(&mut after);
        of_status(&before, &after)
    }

    #[test]
    fn a_status_that_only_tells_needs_no_look() {
        assert_eq!(status(|it| it.ready_replicas = Some(3)), Stake::Nothing);
        assert_eq!(
            status(|it| it.message = Some("more".into())),
            Stake::Nothing
        );
    }

    #[test]
    fn a_status_that_decides_is_about_order() {
        assert_eq!(status(|it| it.current_step_index = Some(2)), Stake::Order);
        assert_eq!(status(|it| it.stable_rs = Some("new".into())), Stake::Order);
        assert_eq!(status(|it| it.abort = false), Stake::Order);
    }

    #[test]
    fn an_update_that_is_given_up_is_about_users() {
        let (running, mut given_up) = (RolloutStatus::default(), RolloutStatus::default());
        given_up.abort = true;
        assert_eq!(of_status(&running, &given_up), Stake::Users);
        assert_eq!(of_status(&given_up, &given_up), Stake::Nothing);
    }
}
