//! Who receives traffic: S3, S6, S9, S13 and the order of switches.

use crate::{Move, Role, Rule, Violation, World};

/// `observed` is what was seen; `before` is that with the moves before `next` made.
pub(crate) fn check(observed: &World, before: &World, next: &Move) -> Result<(), Violation> {
    match next {
        Move::Create { .. } => Ok(()),
        Move::Change {
            set,
            replicas: Some(replicas),
            ..
        } => shrink(observed, before, set, *replicas, next),
        Move::Change { replicas: None, .. } => Ok(()),
        Move::Delete { set, .. } => delete(observed, before, set, next),
        Move::Point { service, to, .. } => point(observed, before, service, to, next),
        Move::Promote { revision } => promote(observed, revision, next),
    }
}

/// Whether a Service of this role sends requests to a revision, as seen or as about to be: a switch
/// that is not made yet takes nobody away, and endpoints follow late.
fn is_selected(observed: &World, before: &World, revision: &str, roles: &[Role]) -> bool {
    let mut services = observed.services.values().chain(before.services.values());
    services.any(|it| roles.contains(&it.role) && it.selects.as_deref() == Some(revision))
}

/// S6: what users are sent to keeps the pods that they need.
fn shrink(
    observed: &World,
    before: &World,
    name: &str,
    to: i64,
    next: &Move,
) -> Result<(), Violation> {
    let Some(set) = before.sets.get(name) else {
        return Ok(());
    };
    let receives = is_selected(observed, before, &set.revision, &[Role::Active]);
    if receives && to < set.spec && to < before.replicas {
        return Err(Violation {
            rule: Rule::Referenced,
            object: next.object(),
            seen: format!("{to} pods would be left while a Service selects it"),
            needed: format!("{} pods", before.replicas),
        });
    }
    Ok(())
}

/// S6: only what has no pods, and what nothing refers to, is deleted.
fn delete(observed: &World, before: &World, name: &str, next: &Move) -> Result<(), Violation> {
    let Some(set) = before.sets.get(name) else {
        return Ok(());
    };
    let broken = |seen: &str, needed: &str| {
        Err(Violation {
            rule: Rule::Referenced,
            object: next.object(),
            seen: seen.to_owned(),
            needed: needed.to_owned(),
        })
    };
    if is_selected(
        observed,
        before,
        &set.revision,
        &[Role::Active, Role::Preview],
    ) {
        return broken("a Service selects it", "no Service that selects it");
    }
    if observed.stable.as_ref() == Some(&set.revision) {
        return broken("it is the stable version", "another version");
    }
    if set.spec > 0 || set.pods > 0 || !set.current {
        return broken("it has pods, or may have some", "no pods");
    }
    Ok(())
}

/// S9 and S13: users are sent to stable at any time, and elsewhere only where there is enough.
fn point(
    observed: &World,
    before: &World,
    name: &str,
    to: &str,
    next: &Move,
) -> Result<(), Violation> {
    let Some(service) = before.services.get(name) else {
        return Ok(());
    };
    let broken = |rule: Rule, seen: String, needed: String| {
        Err(Violation {
            rule,
            object: next.object(),
            seen,
            needed,
        })
    };
    if before.of(to).next().is_none() {
        let seen = format!("it would select {to:?}, which no ReplicaSet of this Rollout has");
        return broken(Rule::Switch, seen, "an existing version".to_owned());
    }
    let stays = service.selects.as_deref() == Some(to);
    if service.role == Role::Preview || stays || observed.stable.as_deref() == Some(to) {
        return Ok(());
    }
    if observed.aborted && observed.stable.is_some() {
        let seen = "aborted, and it would select another version than stable".to_owned();
        return broken(Rule::Abort, seen, "the stable version".to_owned());
    }
    // A selector that somebody removed, or pointed at nothing of ours, goes back to where users
    // were last sent on purpose, however that version is doing.
    let selects = service.selects.as_deref().unwrap_or_default();
    let is_lost = before.of(selects).next().is_none();
    if is_lost && observed.last_active.as_deref() == Some(to) {
        return Ok(());
    }
    let available = observed.reliable(to);
    if available < observed.replicas {
        let seen = format!("{available} available pods in the version it would select");
        let needed = format!("{} available pods", observed.replicas);
        return broken(Rule::Switch, seen, needed);
    }
    Ok(())
}

/// S3: what is called stable can carry all users.
fn promote(observed: &World, revision: &str, next: &Move) -> Result<(), Violation> {
    let Some(stable) = &observed.stable else {
        return Ok(());
    };
    let available = observed.reliable(revision);
    if stable == revision || available >= observed.promotion_needs {
        return Ok(());
    }
    Err(Violation {
        rule: Rule::StableMark,
        object: next.object(),
        seen: format!("{available} available pods in the version that would be stable"),
        needed: format!("{} available pods", observed.promotion_needs),
    })
}

/// Of two switches in one plan the one back to stable goes first: a crash between them must leave
/// fewer users on the new version, not more.
pub(crate) fn check_order(world: &World, moves: &[Move], index: usize) -> Result<(), Violation> {
    let to_stable = |next: &Move| match next {
        Move::Point { service, to, .. } => {
            let service = world.services.get(service)?;
            (service.role == Role::Active).then(|| world.stable.as_deref() == Some(to))
        }
        Move::Create { .. } | Move::Change { .. } | Move::Delete { .. } | Move::Promote { .. } => {
            None
        }
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
