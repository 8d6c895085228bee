//! Whose objects are written, and on which view: S17, S19, S22.

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
    let (owner, observed, decided) = match next {
        Move::Create { owner, .. } => {
            return match owner {
                Owner::Us => Ok(()),
                Owner::Nobody | Owner::Other => broken(
                    Rule::Ownership,
                    "another or no controller",
                    "this Rollout as its controller",
                ),
            };
        }
        Move::Promote { .. } => return Ok(()),
        Move::Change {
            set,
            version,
            adopts,
            ..
        } => match world.sets.get(set) {
            Some(set) if *adopts && set.owner == Owner::Nobody && set.selected => {
                (Owner::Us, &set.version, version)
            }
            Some(set) => (set.owner, &set.version, version),
            None => {
                return broken(
                    Rule::Ownership,
                    "not observed",
                    "an object that was observed",
                );
            }
        },
        Move::Delete { set, version } => match world.sets.get(set) {
            Some(set) => (set.owner, &set.version, version),
            None => {
                return broken(
                    Rule::Ownership,
                    "not observed",
                    "an object that was observed",
                );
            }
        },
        Move::Point {
            service, version, ..
        } => match world.services.get(service) {
            // A Service that nobody switches may be taken: the user has named it.
            Some(service) if service.owner == Owner::Nobody => {
                (Owner::Us, &service.version, version)
            }
            Some(service) => (service.owner, &service.version, version),
            None => {
                return broken(
                    Rule::Ownership,
                    "not observed",
                    "an object that was observed",
                );
            }
        },
    };
    if owner != Owner::Us {
        return broken(
            Rule::Ownership,
            "another or no controller",
            "an object of this Rollout",
        );
    }
    if decided.is_empty() || decided != observed {
        let seen = format!("decided on version {decided:?}");
        let needed = format!("the version that was observed, {observed:?}");
        return broken(Rule::Version, &seen, &needed);
    }
    Ok(())
}
