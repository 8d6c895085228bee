//! What a plan as a whole begins with: S14, and the order of switches.

use crate::{Move, Owner, Role, Rule, Service, Set, Strategy, Violation, World};

/// S14: an abort sends users back to stable before anything else is written, as long as stable has a
/// pod that answers, and the API server accepts the write.
///
/// Users on another version go back on old counts too: any pod of stable is better than what was
/// aborted. Users on the pods of all versions are on stable's already, and others beside; old counts
/// may be of pods that a smaller size has taken since, and then the switch would leave them none.
pub(crate) fn check_plan(world: &World, moves: &[Move]) -> Result<(), Violation> {
    let (Strategy::BlueGreen { .. }, Some(stable)) = (world.strategy, &world.stable) else {
        return Ok(());
    };
    if !world.aborted || world.deleting {
        return Ok(());
    }
    let answering: i64 = world.of(stable).map(Set::answering).sum();
    let reliable = world.reliable(stable);
    let is_elsewhere = |service: &Service| {
        service.role == Role::Active
            && service.owner != Owner::Other
            && !service.refused
            && match &service.selects {
                Some(revision) => revision != stable && answering > 0,
                None => reliable > 0,
            }
    };
    let mut services = world.services.iter();
    let Some((name, service)) = services.find(|(_, service)| is_elsewhere(service)) else {
        return Ok(());
    };
    let goes_back = |next: &Move| {
        let Move::Point { service, to, .. } = next else {
            return false;
        };
        service == name && to == stable
    };
    if moves.first().is_some_and(goes_back) {
        return Ok(());
    }
    let selects = service.selects.as_deref().unwrap_or("all versions");
    Err(Violation {
        rule: Rule::Return,
        object: format!("Service/{name}"),
        seen: format!("aborted, and it selects {selects}"),
        needed: format!("the switch back to {stable}, before any other write"),
    })
}

/// Of two switches in one plan the one back to stable goes first: a crash between them must leave
/// fewer users on the new version, not more.
pub(crate) fn check_move(world: &World, moves: &[Move], index: usize) -> Result<(), Violation> {
    let to_stable = |next: &Move| match next {
        Move::Point { service, to, .. } => {
            let service = world.services.get(service)?;
            (service.role == Role::Active).then(|| world.stable.as_deref() == Some(to))
        }
        Move::Create { .. }
        | Move::Change { .. }
        | Move::Delete { .. }
        | Move::Release { .. }
        | Move::Promote { .. } => None,
    };
    let Some(next) = moves
        .get(index)
        .filter(|next| to_stable(next) == Some(true))
    else {
        return Ok(());
    };
    let earlier = moves.iter().take(index);
    if earlier
        .into_iter()
        .any(|earlier| to_stable(earlier) == Some(false))
    {
        return Err(Violation {
            rule: Rule::Order,
            object: next.object(),
            seen: "users would be sent to another version first".to_owned(),
            needed: "the switch back to stable first".to_owned(),
        });
    }
    Ok(())
}
