//! Services whose selector a rollout switches.
//!
//! Source: `compat/bluegreen.md` §2; `compat/traffic.md` §1 for those that are given back.

use std::collections::BTreeSet;
use std::sync::Arc;

use crds::rollout::BlueGreenStrategy;
use crds::rollout::status::BlueGreenStatus;
use crds::{RolloutSpec, defaults, names};

use crate::situation::{Draft, Situation};
use crate::{Action, ReplicaSet, Service, ServiceState, Write, events};

/// The two Services of a blue-green rollout.
#[derive(Debug)]
pub(crate) struct Services<'a> {
    active: Pointer<'a>,
    preview: Option<Pointer<'a>>,
}

/// A Service, and what it selects.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pointer<'a> {
    service: Option<&'a Service>,
    pub(crate) selected: Selected<'a>,
}

/// Which revision a Service selects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Selected<'a> {
    /// One, by its label.
    Revision(&'a str),
    /// None in particular.
    Nothing,
}

impl<'a> Services<'a> {
    pub(crate) fn of(situation: &Situation<'a>, strategy: &BlueGreenStrategy) -> Self {
        let pointer = |name: &str| Pointer::to(find(situation, name));
        Self {
            active: pointer(&strategy.active_service),
            preview: defaults::preview_service(strategy).map(pointer),
        }
    }

    pub(crate) const fn active(&self) -> Pointer<'a> {
        self.active
    }

    /// Notes what the Services select. An active one whose selector was removed or points at nothing of
    /// ours leaves what was committed last, until it is put back.
    pub(crate) fn note(&self, situation: &Situation<'_>, status: &mut BlueGreenStatus) {
        let ours = |label: &str| situation.revisions.all.iter().any(|rs| rs.hash == label);
        if let Selected::Revision(label) = self.active.selected
            && ours(label)
        {
            status.active_selector = Some(label.to_owned());
        }
        status.preview_selector = match self.preview.map(|preview| preview.selected) {
            Some(Selected::Revision(label)) => Some(label.to_owned()),
            Some(Selected::Nothing) | None => None,
        };
    }

    /// Whether the Services select what was noted last.
    pub(crate) fn are_as_noted(&self, situation: &Situation<'_>, noted: &BlueGreenStatus) -> bool {
        let mut now = noted.clone();
        self.note(situation, &mut now);
        now == *noted
    }

    /// Labels of the revisions that are selected.
    pub(crate) fn selected_labels(&self) -> Vec<&'a str> {
        let pointers = [Some(self.active), self.preview].into_iter().flatten();
        pointers
            .filter_map(|pointer| match pointer.selected {
                Selected::Revision(label) => Some(label),
                Selected::Nothing => None,
            })
            .collect()
    }

    /// The preview shows the newest version, ready or not, unless a user holds the rollout.
    pub(crate) fn point_preview(
        &self,
        situation: &Situation<'_>,
        draft: &mut Draft<'_>,
        new: &ReplicaSet,
    ) {
        if let Some(preview) = self.preview.filter(|_| !situation.spec.paused) {
            draft.last.extend(preview.point_at(situation, new));
        }
    }
}

impl<'a> Pointer<'a> {
    fn to(service: Option<&'a Service>) -> Self {
        let label = service.and_then(|service| service.selector.get(names::POD_TEMPLATE_HASH));
        let selected = label
            .filter(|label| !label.is_empty())
            .map_or(Selected::Nothing, |label| Selected::Revision(label));
        Self { service, selected }
    }

    pub(crate) fn selects(self, label: &str) -> bool {
        self.selected == Selected::Revision(label)
    }

    /// The write that points the Service at `target` and marks it as ours; `None` when both are so
    /// already.
    pub(crate) fn point_at(self, situation: &Situation<'_>, target: &ReplicaSet) -> Option<Action> {
        let is_foreign = |service: &&Service| {
            let manager = service.managed_by.as_deref().unwrap_or_default();
            !manager.is_empty() && manager != situation.name()
        };
        let service = self.service.filter(|service| !is_foreign(service))?;
        // A selector that asks for an empty label finds nobody (safety.md S9).
        if target.hash.is_empty() {
            return None;
        }
        let is_marked = service.managed_by.as_deref() == Some(situation.name());
        if self.selects(&target.hash) && is_marked {
            return None;
        }
        let from = match self.selected {
            Selected::Revision(label) => label,
            Selected::Nothing => "",
        };
        let write = Write::PatchService {
            name: service.name.clone(),
            uid: service.uid.clone(),
            resource_version: service.resource_version.clone(),
            hash: target.hash.clone(),
            managed_by: (!is_marked).then(|| situation.name().to_owned()),
        };
        let event =
            (from != target.hash).then(|| events::switched(&service.name, from, &target.hash));
        Some(Action {
            write,
            events: event.into_iter().collect(),
        })
    }
}

/// Names of the Services that a strategy names, each once.
#[must_use]
pub fn services_named(spec: &RolloutSpec) -> BTreeSet<&str> {
    let strategy = &spec.strategy;
    let blue_green = strategy.blue_green.as_ref();
    let canary = strategy.canary.as_ref();
    let named = [
        blue_green.map(|it| it.active_service.as_str()),
        blue_green.and_then(defaults::preview_service),
        canary.and_then(|it| it.canary_service.as_deref()),
        canary.and_then(|it| it.stable_service.as_deref()),
    ];
    named
        .into_iter()
        .flatten()
        .filter(|name| !name.is_empty())
        .collect()
}

/// Gives back the Services that carry our mark and that the spec names no more: they select all
/// pods again, and another Rollout may have them.
pub(crate) fn give_back(situation: &Situation<'_>) -> Vec<Action> {
    let named = services_named(situation.spec);
    let is_left = |service: &Service| {
        service.managed_by.as_deref() == Some(situation.name())
            && !named.contains(service.name.as_str())
    };
    let mut actions = Vec::new();
    for state in situation.observed.services.values() {
        match state {
            ServiceState::Found(service) if is_left(service) => actions.push(Action {
                write: Write::ReleaseService {
                    name: service.name.clone(),
                    uid: service.uid.clone(),
                    resource_version: service.resource_version.clone(),
                },
                events: Vec::new(),
            }),
            ServiceState::Found(_) | ServiceState::NotFound => {}
        }
    }
    actions
}

fn find<'a>(situation: &Situation<'a>, name: &str) -> Option<&'a Service> {
    match situation.observed.services.get(name) {
        Some(ServiceState::Found(service)) => Some(Arc::as_ref(service)),
        Some(ServiceState::NotFound) | None => None,
    }
}
