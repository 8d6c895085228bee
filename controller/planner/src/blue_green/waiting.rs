//! What a blue-green rollout waits on.

use super::update::Update;
use crate::deadline::stalled;
use crate::situation::Draft;
use crate::{ReplicaSet, WaitingOn};

impl Update<'_, '_> {
    pub(super) fn waiting_on(&self, draft: &Draft<'_>) -> Option<WaitingOn> {
        let (since, overdue) = stalled(self.situation);
        let short = |rs: &ReplicaSet, needed: i64| {
            (rs.available() < needed).then(|| WaitingOn::Pods {
                replica_set: rs.name.clone(),
                available: rs.available(),
                needed,
                failure: rs.failure.as_ref().map(|failure| failure.message.clone()),
                since,
                overdue,
            })
        };
        let stable = self
            .stable
            .and_then(|stable| short(stable, self.situation.replicas));
        if self.aborted {
            return stable.or(Some(WaitingOn::Retry {
                since: self.situation.old.aborted_at,
            }));
        }
        if self.situation.spec.paused {
            return Some(WaitingOn::UserPause);
        }
        if let Some(pause) = Self::pause_condition(draft) {
            return Some(match self.pause_end(pause.start_time) {
                Some(until) => WaitingOn::PauseEnd {
                    since: pause.start_time,
                    until,
                },
                None => WaitingOn::Promotion {
                    since: pause.start_time,
                },
            });
        }
        let lagging = self
            .situation
            .revisions
            .all
            .iter()
            .find(|rs| !rs.is_current());
        lagging
            .map(|rs| WaitingOn::ReplicaSetController {
                replica_set: rs.name.clone(),
            })
            .or_else(|| short(self.new, self.wanted))
            .or(stable)
            .or_else(|| draft.waiting_on.clone())
    }
}
