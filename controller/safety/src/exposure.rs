//! Who receives traffic: S3, S5, S6, S9, S13.

use crate::{Move, Role, Rule, Set, Strategy, Violation, World};

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
        Move::Release { service, .. } => release(before, service, next),
        Move::Promote { revision, newest } => promote(observed, revision, *newest, next),
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
    if service.role == Role::Preview || stays {
        return Ok(());
    }
    let selects = service.selects.as_deref().unwrap_or_default();
    let is_lost = before.of(selects).next().is_none();
    let stable = observed.stable.as_deref();
    let is_stable = stable == Some(to);
    // Whoever is on a version goes back to stable at any time; where no version is selected, users
    // are on all pods, and not even an abort takes them from there to a stable without any.
    if is_stable && !is_lost {
        return Ok(());
    }
    let has_stable = stable.is_some_and(|stable| before.of(stable).next().is_some());
    if observed.aborted && has_stable && !is_stable {
        let seen = "aborted, and it would select another version than stable".to_owned();
        return broken(Rule::Abort, seen, "the stable version".to_owned());
    }
    // Users would be sent to nobody while others could answer.
    let answering = |others: bool| {
        let sets = observed.own().filter(|set| (set.revision != to) == others);
        sets.map(Set::answering).sum::<i64>()
    };
    if observed.replicas > 0 && answering(false) == 0 && answering(true) > 0 {
        let seen = format!(
            "no available pod, and {} in other versions",
            answering(true)
        );
        return broken(Rule::Capacity, seen, "an available pod".to_owned());
    }
    if is_stable {
        return Ok(());
    }
    // A selector that somebody removed, or pointed at nothing of ours, goes back to where users
    // were last sent on purpose, however that version is doing.
    if is_lost && observed.last_active.as_deref() == Some(to) {
        return Ok(());
    }
    if observed.paused {
        let seen = "spec.paused is true, and it would select another version".to_owned();
        return broken(Rule::Switch, seen, "spec.paused being false".to_owned());
    }
    let available = observed.reliable(to);
    if available < observed.replicas {
        let seen = format!("{available} available pods in the version it would select");
        let needed = format!("{} available pods", observed.replicas);
        return broken(Rule::Switch, seen, needed);
    }
    Ok(())
}

/// S9: a Service that users or testers are sent through always selects one version.
fn release(before: &World, name: &str, next: &Move) -> Result<(), Violation> {
    let service = before.services.get(name);
    if service.is_none_or(|service| service.role == Role::Left) {
        return Ok(());
    }
    Err(Violation {
        rule: Rule::Switch,
        object: next.object(),
        seen: "it would select all versions".to_owned(),
        needed: "a Service that the spec does not name".to_owned(),
    })
}

/// S3: what is called stable can carry all users, and a mark that was wiped is no first deployment.
fn promote(observed: &World, revision: &str, newest: bool, next: &Move) -> Result<(), Violation> {
    let Some(stable) = &observed.stable else {
        let is_another = |set: &&Set| set.revision != revision && !set.revision.is_empty();
        let others: i64 = observed.own().filter(is_another).map(|set| set.spec).sum();
        let switches = matches!(observed.strategy, Strategy::BlueGreen { .. });
        let is_switched = switches && is_selected(observed, observed, revision, &[Role::Active]);
        if !newest || others == 0 || is_switched {
            return Ok(());
        }
        return Err(Violation {
            rule: Rule::StableMark,
            object: next.object(),
            seen: format!("no version is marked as stable, and others have {others} pods"),
            needed: "the mark on the version that serves".to_owned(),
        });
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
