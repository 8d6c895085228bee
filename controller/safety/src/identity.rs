//! Whose objects are written, and on which view: S16–S19, S22.

use crate::{Move, Owner, Rule, Violation, World};

pub(crate) fn check(world: &World, next: &Move) -> Result<(), Violation> {
    let broken = |rule: Rule, seen: &str, needed: &str| {
        Err(Violation {
            rule,
            object: next.object(),
            seen: seen.to_owned(),
            needed: needed.to_owned(),
        })
    };
    if world.deleting {
        return broken(
            Rule::Deletion,
            "the Rollout is being deleted",
            "no further write",
        );
    }
    if let Some((object, seen, wrote)) = world.outdated() {
        let seen = format!("{object} at version {seen}");
        let needed = format!("version {wrote}, which our own last write gave, or later");
        return broken(Rule::View, &seen, &needed);
    }
    let set = |name: &str| world.sets.get(name);
    let service = |name: &str| world.services.get(name);
    let seen = match next {
        Move::Promote { .. } => return Ok(()),
        Move::Create {
            owner, revision, ..
        } => {
            if *owner != Owner::Us {
                return broken(
                    Rule::Ownership,
                    "another or no controller",
                    "this Rollout as its controller",
                );
            }
            if world.of(revision).next().is_some() {
                let seen = format!("a second ReplicaSet of version {revision}");
                return broken(Rule::Once, &seen, "one ReplicaSet for each version");
            }
            return Ok(());
        }
        Move::Change {
            set: name,
            version,
            adopts,
            ..
        } => set(name).map(|set| {
            let may_adopt = *adopts && set.owner == Owner::Nobody && set.selected;
            let owner = if may_adopt { Owner::Us } else { set.owner };
            (owner, &set.version, version)
        }),
        Move::Delete {
            set: name,
            uid,
            version,
        } => set(name).map(|set| {
            let is_it = !uid.is_empty() && *uid == set.uid;
            let owner = if is_it { set.owner } else { Owner::Other };
            (owner, &set.version, version)
        }),
        Move::Release {
            service: name,
            version,
        } => service(name).map(|service| (service.owner, &service.version, version)),
        Move::Point {
            service: name,
            version,
            ..
        } => service(name).map(|service| {
            // A Service that nobody switches may be taken: the user has named it.
            let is_free = service.owner == Owner::Nobody;
            let owner = if is_free { Owner::Us } else { service.owner };
            (owner, &service.version, version)
        }),
    };
    let Some((owner, version, decided)) = seen else {
        return broken(
            Rule::Ownership,
            "not observed",
            "an object that was observed",
        );
    };
    if owner != Owner::Us {
        return broken(
            Rule::Ownership,
            "another or no controller",
            "an object of this Rollout",
        );
    }
    if decided.is_empty() || decided != version {
        let seen = format!("decided on version {decided:?}");
        let needed = format!("the version that was observed, {version:?}");
        return broken(Rule::Version, &seen, &needed);
    }
    Ok(())
}
