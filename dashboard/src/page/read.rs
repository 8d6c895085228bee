//! What was read for a page.

use std::collections::BTreeMap;

use kube::api::DynamicObject;
use kube::runtime::watcher::{self, Event};
use serde_json::Value;
use view::Outline;

use crate::kind::Kind;
use crate::state::{owners, taken, whole};
use crate::watched::{Watched, is_absent};

/// What is kept of an object while its page is open.
pub(super) struct OfPage {
    pub(super) json: Value,
    /// Of a ReplicaSet: its pod template, as far as comparing needs.
    outline: Option<Outline>,
}

/// What was read for a page.
#[derive(Default)]
pub(super) struct Read(BTreeMap<Kind, Watched<OfPage>>);

impl Read {
    /// Whether every kind was read, or could not be.
    pub(super) fn is_settled(&self) -> bool {
        let is_settled = |all: &Watched<OfPage>| all.is_complete() || all.trouble().is_some();
        Kind::OF_PAGE
            .iter()
            .all(|kind| self.0.get(kind).is_some_and(is_settled))
    }

    /// All objects of a kind.
    pub(super) fn all(&self, kind: Kind) -> Vec<Value> {
        let all = self.0.get(&kind).into_iter();
        let all = all.flat_map(|all| all.objects().values());
        all.map(|kept| kept.json.clone()).collect()
    }

    /// The outlines of the ReplicaSets of an owner, by revision.
    pub(super) fn outlines(&self, owner: &str) -> BTreeMap<i64, Outline> {
        let all = self.0.get(&Kind::ReplicaSet).into_iter();
        let all = all.flat_map(|all| all.objects().values());
        all.filter(|kept| owners(&kept.json).any(|it| it == owner))
            .filter_map(|kept| {
                let place = format!(
                    "/metadata/annotations/{}",
                    crds::names::REVISION.replace('/', "~1")
                );
                let revision = kept.json.pointer(&place)?.as_str()?.parse().ok()?;
                Some((revision, kept.outline.clone()?))
            })
            .collect()
    }

    /// Why a kind is not there as a whole.
    pub(super) fn trouble(&self, kind: Kind) -> Option<&str> {
        match self.0.get(&kind) {
            Some(all) if all.trouble().is_some() => all.trouble(),
            Some(all) if all.is_complete() => None,
            _ => Some("being read"),
        }
    }

    /// Takes in what a watch tells.
    pub(super) fn apply(
        &mut self,
        kind: Kind,
        event: Result<Event<DynamicObject>, watcher::Error>,
    ) {
        let watched = self.0.entry(kind).or_default();
        // Clusters need not have these kinds.
        let may_lack = matches!(kind, Kind::AnalysisRun | Kind::Experiment);
        if may_lack && event.as_ref().is_err_and(is_absent) {
            watched.note_absent();
            return;
        }
        watched.apply(event, |object| {
            if kind != Kind::ReplicaSet {
                let (key, json) = taken(object)?;
                let outline = None;
                return Some((key, OfPage { json, outline }));
            }
            let (key, mut json) = whole(object)?;
            let outline = Some(Outline::of(&json));
            // The shared watch has the rest.
            if let Some(fields) = json.as_object_mut() {
                fields.retain(|name, _| name == "metadata");
            }
            Some((key, OfPage { json, outline }))
        });
    }
}
