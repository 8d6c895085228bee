//! ReplicaSets that are neither new nor stable, and stay for a while as a fast way back.

use crds::{defaults, names};

use super::update::Update;
use crate::revisions::Deadline;
use crate::situation::Draft;
use crate::{Now, ReplicaSet, WaitingOn};

impl<'a> Update<'_, 'a> {
    /// Old ReplicaSets keep all their pods for the scale-down delay, then go.
    pub(super) fn shrink_others(&self, draft: &mut Draft<'a>) {
        let delay = defaults::blue_green_scale_down_delay_seconds(self.strategy);
        let limit = defaults::scale_down_delay_revision_limit(self.situation.spec);
        let mut delayed = 0_i64;
        // What was selected when status was last written is about to be selected again.
        let committed = &self.situation.old.blue_green;
        let mut serving = self.services.selected_labels();
        serving.extend(committed.active_selector.as_deref());
        serving.extend(committed.preview_selector.as_deref());
        for rs in self.situation.revisions.others() {
            if serving.contains(&rs.hash.as_str()) {
                draft.remove_annotation(rs, names::SCALE_DOWN_DEADLINE);
                continue;
            }
            if rs.spec() == 0 {
                continue;
            }
            let room = limit.is_none_or(|limit| delayed < limit);
            match rs.scale_down_deadline() {
                Deadline::None if room && delay > 0 => {
                    delayed += 1;
                    let deadline = self.situation.now.next_second().plus_seconds(delay);
                    draft.annotate(rs, names::SCALE_DOWN_DEADLINE, deadline.to_string());
                    self.keep(draft, rs, deadline);
                }
                Deadline::At(deadline) if room && !self.situation.now.is_after(deadline) => {
                    delayed += 1;
                    draft.resize(rs, self.situation.replicas);
                    self.keep(draft, rs, deadline);
                }
                // Without a delay the way back is given up at once, but not before the new version
                // can serve; a delay that is over has said how long that is waited for.
                Deadline::None if !self.is_serving() => {}
                Deadline::None | Deadline::At(_) | Deadline::Unreadable => {
                    draft.resize(rs, 0);
                }
            }
        }
    }

    pub(super) fn keep(&self, draft: &mut Draft<'a>, rs: &ReplicaSet, until: crds::Time) {
        draft.wake(Now::just_after(until));
        if draft.waiting_on.is_none() {
            draft.waiting_on = Some(WaitingOn::ScaleDownDelay {
                replica_set: rs.name.clone(),
                until,
            });
        }
    }
}
