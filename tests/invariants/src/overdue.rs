//! What is owed some time after it became due, and only while the world is calm.

use std::collections::BTreeMap;

use crate::history::Mark;
use crate::vocabulary::{Millis, Uid};

/// Remembers since when something has been as it should not stay.
#[derive(Debug, Clone, Default)]
pub(crate) struct Overdue {
    calm_since: Option<Millis>,
    since: BTreeMap<Uid, Millis>,
}

impl Overdue {
    /// Takes note of whether faults are on.
    pub(crate) fn mark(&mut self, mark: &Mark, now: Millis) {
        match mark {
            Mark::Calm => self.calm_since = Some(now),
            Mark::Storm => self.calm_since = None,
            Mark::Restart(_) | Mark::Pass { .. } => {}
        }
    }

    /// Takes note of whether it is so now.
    pub(crate) fn note(&mut self, uid: Uid, is_so: bool, now: Millis) {
        if is_so {
            self.since.entry(uid).or_insert(now);
        } else if !self.since.is_empty() {
            self.since.remove(&uid);
        }
    }

    /// It is so, but something has moved: the time begins anew.
    pub(crate) fn renew(&mut self, uid: Uid, now: Millis) {
        if let Some(since) = self.since.get_mut(&uid) {
            *since = now;
        }
    }

    /// For how long it has been so in a calm world; `None` when it is not so.
    pub(crate) fn lasted(&self, uid: Uid, now: Millis) -> Option<Millis> {
        let calm = self.calm_since?;
        Some(now - *self.since.get(&uid)?.max(&calm))
    }

    /// All that it is so for, and for longer than `patience` in a calm world.
    pub(crate) fn longer_than(
        &self,
        patience: Millis,
        now: Millis,
    ) -> impl Iterator<Item = Uid> + '_ {
        let all = self.since.keys().copied();
        all.filter(move |uid| self.lasted(*uid, now).is_some_and(|it| it > patience))
    }
}
