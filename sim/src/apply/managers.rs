//! Who owns what, and what a write changes about it.

use serde_json::Value;
use std::sync::Arc;

use super::compare::compare;
use super::fields::fields;
use super::merge::merge;
use super::place::Place;
use super::prune::prune;
use super::reset::stripped;
use super::set::FieldSet;

/// Everybody who owns fields of one object, as `metadata.managedFields` has them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Managers(pub(super) Vec<Manager>);

/// One entry of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Manager {
    pub(super) who: Who,
    /// Of the last change; absent where the real server forgets it.
    pub(super) time: Option<String>,
    pub(super) fields: Arc<FieldSet>,
}

/// Who writes, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Who {
    pub(crate) name: String,
    /// By server-side apply.
    pub(crate) applies: bool,
    pub(crate) api_version: String,
    /// `status`, `scale`, or empty.
    pub(crate) subresource: String,
}

impl Who {
    /// Who applies is one whatever version they apply.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.name == other.name
            && self.applies == other.applies
            && self.subresource == other.subresource
            && (self.applies || self.api_version == other.api_version)
    }
}

/// Fields that others own and that an apply would change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Conflict {
    pub(super) who: Who,
    pub(super) fields: FieldSet,
}

/// What applying leads to.
#[derive(Debug)]
pub(crate) struct Applied {
    /// The new object; `None` where the live one has it all already.
    pub(crate) object: Option<Value>,
    pub(crate) managers: Managers,
}

/// How an object is written to: what its places are, and what this way in does not change.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Way<'a> {
    pub(crate) place: Place<'a>,
    pub(crate) ignored: &'a FieldSet,
    /// For the entry's time.
    pub(crate) now: &'a str,
}

/// More entries of updates than these are put together, oldest first.
const MOST_UPDATES: usize = 10;
const ANCIENT: &str = "ancient-changes";
/// Owns what was there before the first apply.
const BEFORE: &str = "before-first-apply";

impl Managers {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether they are the same, in the same order, but for times.
    pub(crate) fn own_as(&self, other: &Self) -> bool {
        let owned = |it: &Manager| (it.who.clone(), it.fields.clone());
        self.0.iter().map(owned).eq(other.0.iter().map(owned))
    }

    /// After an object has been created or updated. An object that nobody owns anything of stays
    /// so, until somebody applies.
    pub(crate) fn updated(&self, way: Way<'_>, old: &Value, new: &Value, who: &Who) -> Self {
        let difference = compare(way.place, old, new).except(way.ignored);
        let gained = difference.gained();
        let mut after = self.once();
        after.forget_others(&who.api_version);
        if gained.is_empty() && difference.removed.is_empty() {
            return after;
        }
        after.lose(&gained);
        after.lose(&difference.removed);
        after.gain(who, stripped(&gained), Some(way.now.to_owned()));
        after.cap();
        after.sort();
        after
    }

    /// Of entries of one manager the last.
    pub(super) fn once(&self) -> Self {
        let mut once: Vec<Manager> = Vec::new();
        for manager in &self.0 {
            once.retain(|it| it.who != manager.who);
            once.push(manager.clone());
        }
        Self(once)
    }

    /// After a configuration has been applied.
    ///
    /// # Errors
    /// The conflicts, unless `force` takes the fields over.
    pub(crate) fn applied(
        &self,
        way: Way<'_>,
        (blank, live): (&Value, &Value),
        config: &Value,
        who: &Who,
        force: bool,
    ) -> Result<Applied, Vec<Conflict>> {
        let mut managers = self.once();
        if managers.is_empty() {
            let before = Who {
                name: BEFORE.into(),
                applies: false,
                ..who.clone()
            };
            managers = managers.updated(way, blank, live, &before);
        }
        managers.forget_others(&who.api_version);
        let known = managers.0.iter().position(|it| it.who.is(who));
        let (last, time) = match known.map(|at| managers.0.remove(at)) {
            Some(known) => (known.fields, known.time),
            None => (Arc::default(), None),
        };
        let own = fields(way.place, config).without_below(way.ignored);
        let mut object = merge(way.place, live, config);
        if !last.is_empty() {
            let mut owned = own.clone();
            managers.0.iter().for_each(|it| owned.add(&it.fields));
            object = prune(way.place, object, &last, &owned);
        }
        let difference = compare(way.place, live, &object).except(way.ignored);
        let gained = difference.gained();
        let conflicts = managers.0.iter().map(|it| Conflict {
            who: it.who.clone(),
            fields: it.fields.common(&gained),
        });
        let conflicts: Vec<_> = conflicts.filter(|it| !it.fields.is_empty()).collect();
        if !force && !conflicts.is_empty() {
            return Err(conflicts);
        }
        managers.lose(&gained);
        managers.lose(&difference.removed);
        let is_same = object == *live;
        let time = if is_same {
            time
        } else {
            Some(way.now.to_owned())
        };
        let own = stripped(&own);
        if !own.is_empty() {
            managers.0.push(Manager {
                who: who.clone(),
                time,
                fields: Arc::new(own),
            });
        }
        managers.sort();
        Ok(Applied {
            object: (!is_same).then_some(object),
            managers,
        })
    }

    /// Who has written in a version that is not served owns nothing.
    fn forget_others(&mut self, version: &str) {
        self.0.retain(|it| it.who.api_version == version);
    }

    /// Takes fields from everybody; who has nothing left is gone.
    fn lose(&mut self, gone: &FieldSet) {
        if gone.is_empty() {
            return;
        }
        for manager in &mut self.0 {
            if !manager.fields.common(gone).is_empty() {
                manager.fields = Arc::new(manager.fields.without(gone));
            }
        }
        self.0.retain(|it| !it.fields.is_empty());
    }

    fn gain(&mut self, who: &Who, fields: FieldSet, time: Option<String>) {
        if fields.is_empty() {
            return;
        }
        match self.0.iter_mut().find(|it| it.who.is(who)) {
            Some(known) => {
                Arc::make_mut(&mut known.fields).add(&fields);
                known.time = time;
            }
            None => self.0.push(Manager {
                who: who.clone(),
                time,
                fields: Arc::new(fields),
            }),
        }
    }

    /// Puts the oldest updates of a version together while there are too many.
    fn cap(&mut self) {
        let updates = |all: &Self| all.0.iter().filter(|it| !it.who.applies).count();
        if updates(self) <= MOST_UPDATES {
            return;
        }
        let mut oldest: Vec<Manager> = self
            .0
            .iter()
            .filter(|it| !it.who.applies)
            .cloned()
            .collect();
        oldest.sort_by(|a, b| (&a.time, &a.who.name).cmp(&(&b.time, &b.who.name)));
        let mut firsts: Vec<Who> = Vec::new();
        for manager in oldest {
            if updates(self) <= MOST_UPDATES {
                return;
            }
            let version = &manager.who.api_version;
            let Some(first) = firsts
                .iter()
                .find(|who| who.api_version == *version)
                .cloned()
            else {
                firsts.push(manager.who);
                continue;
            };
            let bucket = Who {
                name: ANCIENT.into(),
                subresource: String::new(),
                ..manager.who.clone()
            };
            if !self.0.iter().any(|it| it.who == bucket)
                && let Some(first) = self.0.iter_mut().find(|it| it.who == first)
            {
                first.who = bucket.clone();
            }
            self.0.retain(|it| it.who != manager.who);
            if let Some(bucket) = self.0.iter_mut().find(|it| it.who == bucket) {
                Arc::make_mut(&mut bucket.fields).add(&manager.fields);
                bucket.time = manager.time;
            }
        }
    }

    pub(super) fn sort(&mut self) {
        self.0.sort_by(|a, b| {
            let key = |it: &Manager| {
                let who = it.who.clone();
                (
                    !who.applies,
                    it.time.clone(),
                    who.name,
                    who.api_version,
                    who.subresource,
                )
            };
            key(a).cmp(&key(b))
        });
    }
}
