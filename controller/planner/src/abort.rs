//! What an abort asks for before all else, whatever else is planned or wrong: users back on stable.
//!
//! Source: safety.md S13, S14, `docs/decisions/0001`.

use crds::rollout::status::ObservedGeneration;

use crate::conditions::{self, kind};
use crate::situation::{Draft, Situation};
use crate::{Action, Plan, Write, blue_green, canary, finish, is_refused};

/// Begins a plan with the switch back to stable, where an abort is in force and users are elsewhere.
pub(crate) fn put_first(situation: &Situation<'_>, plan: &mut Plan) {
    let Some(switch) = switch_back(situation) else {
        return;
    };
    // A plan stops at the write that fails, and what was refused has to be said.
    let says_so = |action: &Action| matches!(action.write, Write::WriteStatus { .. });
    let only_says_so = !plan.actions.is_empty() && plan.actions.iter().all(says_so);
    if !(only_says_so && is_refused(situation, &switch)) {
        // One write for one Service: the second would carry a version that the first has ended.
        let object = switch.write.object();
        plan.actions
            .retain(|action| action.write.object() != object);
        plan.actions.insert(0, switch);
    }
}

fn switch_back(situation: &Situation<'_>) -> Option<Action> {
    let strategy = situation.spec.strategy.blue_green.as_ref()?;
    let stable = situation.stable_to_serve()?;
    let switch = is_in_force(situation)
        .then(|| blue_green::switch_back(situation, strategy, stable))
        .flatten()?;
    // Beside another strategy that is written too, the name alone does not say whose Service it is.
    let is_certain = situation.spec.strategy.canary.is_none() || !marks(&switch);
    is_certain.then_some(switch)
}

/// Whether a switch takes a Service that does not carry our mark yet.
const fn marks(switch: &Action) -> bool {
    matches!(&switch.write, Write::PatchService { managed_by, .. } if managed_by.is_some())
}

/// Whether an abort holds, judged by the version it was asked for.
fn is_in_force(situation: &Situation<'_>) -> bool {
    let aborted = situation.old.current_pod_hash.as_deref();
    situation.is_aborted(aborted.is_some() && aborted == situation.stable_label())
}

/// Whether an abort holds for a ReplicaSet that is made again: the spec has not changed since it was
/// aborted. The label of one that was adopted and deleted does not tell, it is another's.
pub(crate) fn outlives_its_version(situation: &Situation<'_>) -> bool {
    let old = situation.old;
    let observed = old.observed_generation.as_ref();
    let observed = observed.and_then(ObservedGeneration::number);
    // An invalid spec is observed too, but whatever template it has is not begun.
    let is_begun = conditions::find(&old.conditions, kind::INVALID_SPEC).is_none();
    is_in_force(situation) && is_begun && observed == Some(situation.generation())
}

/// The sizes of an abort where nothing else can be planned, since the spec is invalid: stable grows,
/// what was aborted goes, as far as what is known allows.
pub(crate) fn give_way<'a>(situation: &Situation<'a>, draft: &mut Draft<'a>) {
    if !is_in_force(situation) {
        return;
    }
    finish::settle_pauses(situation, draft);
    draft.status.current_step_index = draft.status.current_step_index.map(|_| 0);
    // Without a number nothing can be sized, and without a stable ReplicaSet there is no way back.
    if situation.spec.replicas.is_some_and(|it| it < 0) || situation.revisions.stable.is_none() {
        return;
    }
    let strategy = &situation.spec.strategy;
    match (&strategy.canary, &strategy.blue_green) {
        (Some(canary), None) => canary::give_way(situation, draft, canary),
        (None, Some(blue_green)) => blue_green::give_way(situation, draft, blue_green),
        (Some(_), Some(_)) | (None, None) => {}
    }
}
