//! The kinds of objects that are read.

use kube::api::ApiResource;
use kube::core::GroupVersionKind;

/// A kind of object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    Rollout,
    ReplicaSet,
    Pod,
    Service,
    Event,
    AnalysisRun,
    Experiment,
}

impl Kind {
    /// What one watch reads for all viewers.
    pub(crate) const SHARED: [Self; 2] = [Self::Rollout, Self::ReplicaSet];

    /// What is read for a page while somebody looks at it; of ReplicaSets what changed in them.
    pub(crate) const OF_PAGE: [Self; 6] = [
        Self::ReplicaSet,
        Self::Pod,
        Self::Service,
        Self::Event,
        Self::AnalysisRun,
        Self::Experiment,
    ];

    /// What people call it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Rollout => "Rollout",
            Self::ReplicaSet => "ReplicaSet",
            Self::Pod => "Pod",
            Self::Service => "Service",
            Self::Event => "Event",
            Self::AnalysisRun => "AnalysisRun",
            Self::Experiment => "Experiment",
        }
    }

    /// What RBAC calls it.
    pub(crate) const fn plural(self) -> &'static str {
        match self {
            Self::Rollout => "rollouts",
            Self::ReplicaSet => "replicasets",
            Self::Pod => "pods",
            Self::Service => "services",
            Self::Event => "events",
            Self::AnalysisRun => "analysisruns",
            Self::Experiment => "experiments",
        }
    }

    /// Its API group; empty for the core group.
    pub(crate) const fn group(self) -> &'static str {
        match self {
            Self::Rollout | Self::AnalysisRun | Self::Experiment => crds::names::GROUP,
            Self::ReplicaSet => "apps",
            Self::Pod | Self::Service | Self::Event => "",
        }
    }

    pub(crate) fn resource(self) -> ApiResource {
        let version = match self.group() {
            crds::names::GROUP => crds::names::VERSION,
            _ => "v1",
        };
        ApiResource::from_gvk(&GroupVersionKind::gvk(self.group(), version, self.name()))
    }
}
