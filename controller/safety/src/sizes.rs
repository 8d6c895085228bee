//! How many pods there are: S1, S2, S4.

use crate::{Move, Rule, Set, Strategy, Violation, World};

pub(crate) fn check(before: &World, after: &World, next: &Move) -> Result<(), Violation> {
    match next {
        Move::Create { set, .. } | Move::Change { set, .. } => {
            floor(before, after, next)?;
            ceiling(before, after, set, next)?;
            stable(before, after, set, next)
        }
        Move::Delete { set, .. } => {
            floor(before, after, next)?;
            stable(before, after, set, next)
        }
        Move::Point { .. } | Move::Release { .. } | Move::Promote { .. } => Ok(()),
    }
}

/// S1: pods that may be missing are a budget; what others broke is no excuse to break more.
fn floor(before: &World, after: &World, next: &Move) -> Result<(), Violation> {
    let Strategy::Canary { unavailable, .. } = after.strategy else {
        return Ok(());
    };
    let sum = |world: &World| world.own().map(Set::reliable).sum::<i64>();
    let (had, left) = (sum(before), sum(after));
    let floor = after.replicas - unavailable;
    if left < had && left < floor {
        return Err(Violation {
            rule: Rule::Floor,
            object: next.object(),
            seen: format!("{left} available pods would be left of {had}"),
            needed: format!("{floor} available pods"),
        });
    }
    Ok(())
}

/// S2: no more pods than the user allowed.
fn ceiling(before: &World, after: &World, name: &str, next: &Move) -> Result<(), Violation> {
    let spec = |world: &World| world.sets.get(name).map_or(0, |set| set.spec);
    if spec(after) <= spec(before) {
        return Ok(());
    }
    let (pods, ceiling) = match after.strategy {
        Strategy::Canary { surge, .. } => (
            after.own().map(|set| set.spec).sum(),
            after.replicas + surge,
        ),
        // Stable and one new version at full size; delayed ones are on top of that, and none is
        // larger than one version may be. Only a preview may have a size of its own.
        Strategy::BlueGreen { preview } => {
            let revision = after.sets.get(name).map(|set| &set.revision);
            let is_stable = revision.is_some() && revision == after.stable.as_ref();
            let preview = preview.filter(|_| !is_stable).unwrap_or(0);
            (spec(after), after.replicas.max(preview))
        }
    };
    if pods > ceiling {
        return Err(Violation {
            rule: Rule::Ceiling,
            object: next.object(),
            seen: format!("{pods} pods would be wanted"),
            needed: format!("{ceiling} pods at most"),
        });
    }
    Ok(())
}

/// S4: the way back of a blue-green rollout stays whole.
fn stable(before: &World, after: &World, name: &str, next: &Move) -> Result<(), Violation> {
    let (Strategy::BlueGreen { .. }, Some(stable)) = (after.strategy, &before.stable) else {
        return Ok(());
    };
    let Some(set) = before.sets.get(name).filter(|set| set.revision == *stable) else {
        return Ok(());
    };
    let left = after.sets.get(name).map_or(0, |set| set.spec);
    if set.is_ours() && left < set.spec && left < after.replicas {
        return Err(Violation {
            rule: Rule::StableKeepsPods,
            object: next.object(),
            seen: format!("{left} pods of the stable version would be left"),
            needed: format!("{} pods", after.replicas),
        });
    }
    Ok(())
}
