//! A Rollout that cannot be planned for: what is wrong, said in its status; nothing else is
//! written, so that what runs goes on running. Only an abort is not held up by it.
//!
//! Source: `compat/api.md` §7.

use crds::{defaults, names};

use crate::conditions::{Setter, find, is, kind};
use crate::finish::seal;
use crate::revisions::Found;
use crate::situation::{Draft, Situation};
use crate::{Plan, ServiceState, WaitingOn, abort};

/// One thing that is wrong with a Rollout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// The condition's message, in the words existing clients know.
    message: String,
    /// True path of the field.
    field: String,
    /// What is wrong.
    problem: String,
    /// What to do.
    fix: String,
}

/// The first thing that is wrong: the spec itself, what this version does not support, the
/// Services it names, the pod template.
pub(crate) fn problem(situation: &Situation<'_>) -> Option<Problem> {
    spec_problem(situation)
        .or_else(|| service_problem(situation))
        .or_else(|| template_problem(situation))
}

/// Says what is wrong in the status, and does nothing else than what an abort asks for.
pub(crate) fn plan(situation: &Situation<'_>, problem: Problem) -> Plan {
    let mut draft = Draft::of(situation);
    abort::give_way(situation, &mut draft);
    let mut set = Setter {
        list: &mut draft.status.conditions,
        now: situation.now.second(),
    };
    // The setter keeps a condition whose message alone changed; a new problem is a new condition.
    if find(set.list, kind::INVALID_SPEC).is_none_or(|old| old.message != problem.message) {
        set.remove(kind::INVALID_SPEC);
        set.set(
            kind::INVALID_SPEC,
            is::TRUE,
            kind::INVALID_SPEC,
            &problem.message,
        );
    }
    let Problem {
        message: _,
        field,
        problem,
        fix,
    } = problem;
    draft.waiting_on = Some(WaitingOn::InvalidSpec {
        field,
        problem,
        fix,
    });
    seal(situation, draft)
}

fn spec_problem(situation: &Situation<'_>) -> Option<Problem> {
    let error = crds::validation::first_error(situation.rollout)?;
    let problem = error.message();
    let problem = problem
        .strip_prefix(&format!("{}: ", error.path))
        .unwrap_or(&problem);
    Some(Problem {
        message: error.compat_message(situation.name()),
        problem: problem.to_owned(),
        field: error.path,
        fix: error.fix,
    })
}

/// A Service that is missing, belongs to another Rollout, or selects other pods.
fn service_problem(situation: &Situation<'_>) -> Option<Problem> {
    let strategy = situation.spec.strategy.blue_green.as_ref()?;
    let active = Some((strategy.active_service.as_str(), "activeService"));
    let preview = defaults::preview_service(strategy).map(|name| (name, "previewService"));
    let named: Vec<(&str, &str)> = [active, preview].into_iter().flatten().collect();
    let missing = named
        .iter()
        .find(|(name, _)| !matches!(service(situation, name), Some(ServiceState::Found(_))));
    if let Some((name, field)) = missing {
        let namespace = situation
            .rollout
            .metadata
            .namespace
            .as_deref()
            .unwrap_or_default();
        return Some(service_field(
            situation,
            field,
            name,
            &format!("service \"{name}\" not found"),
            format!("create Service {name} in namespace {namespace}, or name another one"),
        ));
    }
    named.iter().find_map(|(name, field)| {
        let (detail, fix) = foreign(situation, name)?;
        Some(service_field(situation, field, name, &detail, fix))
    })
}

fn service<'a>(situation: &Situation<'a>, name: &str) -> Option<&'a ServiceState> {
    situation.observed.services.get(name)
}

/// What makes an existing Service unfit, and what to do about it.
fn foreign(situation: &Situation<'_>, name: &str) -> Option<(String, String)> {
    let Some(ServiceState::Found(service)) = service(situation, name) else {
        return None;
    };
    let template = &situation.spec.template;
    let mut keys = service
        .selector
        .iter()
        .filter(|(key, _)| key.as_str() != names::POD_TEMPLATE_HASH);
    if let Some((key, value)) =
        keys.find(|(key, value)| template.label(key) != Some(value.as_str()))
    {
        return Some((
            format!("Service \"{name}\" has unmatch label \"{key}\" in rollout"),
            format!(
                "give the pod template the label {key}={value}, or remove {key} from the Service's selector"
            ),
        ));
    }
    let manager = service
        .managed_by
        .as_deref()
        .filter(|manager| *manager != situation.name())?;
    Some((
        format!("Service \"{name}\" is managed by another Rollout"),
        format!("use a Service of its own for this Rollout; {name} belongs to Rollout {manager}"),
    ))
}

fn service_field(
    situation: &Situation<'_>,
    field: &str,
    name: &str,
    detail: &str,
    fix: String,
) -> Problem {
    let path = format!("spec.strategy.blueGreen.{field}");
    Problem {
        message: format!(
            "The Rollout \"{}\" is invalid: {path}: Invalid value: \"{name}\": {detail}",
            situation.name()
        ),
        field: path,
        problem: detail.to_owned(),
        fix,
    }
}

/// The API server refuses the pod template.
fn template_problem(situation: &Situation<'_>) -> Option<Problem> {
    let Found::Refused { field, message } = situation.revisions.new else {
        return None;
    };
    let field = field
        .filter(|field| field.starts_with("spec.template"))
        .unwrap_or("spec.template");
    Some(Problem {
        message: format!(
            "The Rollout \"{}\" is invalid: {field}: {message}",
            situation.name()
        ),
        field: field.to_owned(),
        problem: message.to_owned(),
        fix: "change the field to what the API server accepts in a ReplicaSet".to_owned(),
    })
}
