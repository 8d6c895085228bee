//! Who owns the wanted replicas of an object, as its scale sees it.
//!
//! A scale has owners only while it is written: they are made of the object's before, and become the
//! object's after.

use std::sync::Arc;

use super::managers::{Manager, Managers, Who};
use super::set::FieldSet;

/// The version of every scale.
const VERSION: &str = "autoscaling/v1";
/// Where a scale has the wanted replicas.
const REPLICAS: &str = "spec.replicas";

impl Managers {
    /// The owners of an object's scale; `path` is where an object of this version has its replicas.
    pub(crate) fn of_scale(&self, version: &str, path: &str) -> Self {
        let path = FieldSet::of(&[path]);
        let owners = self
            .once()
            .0
            .into_iter()
            .filter(|it| it.who.api_version == version && !it.fields.common(&path).is_empty());
        let owners = owners.map(|it| Manager {
            who: Who {
                api_version: VERSION.into(),
                ..it.who
            },
            time: it.time,
            fields: Arc::new(FieldSet::of(&[REPLICAS])),
        });
        Self(owners.collect())
    }

    /// The owners of an object whose scale has these owners now.
    ///
    /// The real server loses times on the way. An updater is told by the version, too, which is
    /// another one in a scale: one who stays the owner becomes a second one of the same name, until
    /// the next write.
    pub(crate) fn with_scale(&self, scale: &Self, version: &str, path: &str) -> Self {
        let (path, in_scale) = (FieldSet::of(&[path]), FieldSet::of(&[REPLICAS]));
        let (known, mut owners) = (self.once(), scale.0.clone());
        let mut after = Vec::new();
        for mut manager in known.0.iter().cloned() {
            if manager.who.api_version != version {
                continue;
            }
            if manager.fields.common(&path).is_empty() {
                after.push(manager);
            } else if let Some(at) = owners.iter().position(|it| it.who.is(&manager.who)) {
                owners.remove(at);
                after.push(manager);
            } else {
                manager.fields = Arc::new(manager.fields.without(&path));
                after.extend((!manager.fields.is_empty()).then_some(manager));
            }
        }
        for owner in owners {
            if owner.fields.common(&in_scale).is_empty() {
                continue;
            }
            let before = known.0.iter().find(|it| it.who.is(&owner.who));
            let time = before.and_then(|it| it.time.clone());
            after.retain(|it| !it.who.is(&owner.who));
            after.push(Manager {
                who: Who {
                    api_version: version.into(),
                    ..owner.who
                },
                time,
                fields: Arc::new(path.clone()),
            });
        }
        let mut after = Self(after);
        after.sort();
        after
    }
}
