//! Which kinds the cluster serves: the built-in ones, and those of installed CRDs.
//!
//! A kind that a real cluster always has and that is not here is answered with 501; any other
//! unknown kind with the 404 of a server that has no such API.

mod builtin;
mod custom;

use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::Gvk;
use crate::schema::Structural;

pub(crate) use builtin::has_other_subresource;
pub use builtin::is_known_elsewhere;
pub use custom::from_crd;

/// Group and plural of a resource. Shown as `replicasets.apps`, or `pods` in the core group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupResource {
    /// Empty for the core group.
    pub group: String,
    /// The plural, lower case.
    pub resource: String,
}

impl GroupResource {
    /// A resource by its group and plural.
    pub fn new(group: impl Into<String>, resource: impl Into<String>) -> Self {
        Self {
            group: group.into(),
            resource: resource.into(),
        }
    }
}

impl fmt::Display for GroupResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.group.is_empty() {
            f.write_str(&self.resource)
        } else {
            write!(f, "{}.{}", self.resource, self.group)
        }
    }
}

/// Where the scale subresource of a kind reads and writes, as JSON pointers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScalePaths {
    /// `/spec/replicas`.
    pub spec: String,
    /// `/status/replicas`.
    pub status: String,
    /// Pointer to the selector as text (custom resources), or to a label selector object
    /// (built-ins); `None` when the kind has none.
    pub selector: Option<String>,
}

/// When `metadata.generation` of a kind goes up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Generation {
    /// The kind has no generation.
    Never,
    /// With every change of `spec`.
    Spec,
    /// With every change of `spec` or of the annotations (Deployments).
    SpecOrAnnotations,
    /// With every change outside `metadata`, and outside `status` where that is a subresource.
    AllButMetadata,
}

/// What makes a kind a custom one.
#[derive(Debug)]
pub struct Custom {
    /// The CustomResourceDefinition.
    pub crd: Value,
    /// The served entry of its `spec.versions`.
    pub version: Value,
    /// That entry's schema.
    pub schema: Structural,
}

/// One served kind.
#[derive(Debug, Clone)]
pub struct Resource {
    /// Group and plural.
    pub id: GroupResource,
    /// Group, version, kind.
    pub gvk: Gvk,
    /// The singular, lower case.
    pub singular: String,
    /// `PodList`.
    pub list_kind: String,
    /// Whether objects live in a namespace.
    pub namespaced: bool,
    /// `po`, `ro`.
    pub short_names: Vec<String>,
    /// `all`.
    pub categories: Vec<String>,
    /// Whether it has a status subresource.
    pub status: bool,
    /// Its scale subresource.
    pub scale: Option<ScalePaths>,
    /// When its generation goes up.
    pub generation: Generation,
    /// `None` for built-in kinds.
    pub custom: Option<Arc<Custom>>,
}

/// The verbs of every served resource, as discovery lists them.
pub const VERBS: [&str; 8] = [
    "create",
    "delete",
    "deletecollection",
    "get",
    "list",
    "patch",
    "update",
    "watch",
];

/// All served kinds, ordered by group and plural.
#[derive(Debug, Clone)]
pub struct Registry {
    resources: BTreeMap<GroupResource, Arc<Resource>>,
}

impl Registry {
    /// The built-in kinds.
    pub fn builtin() -> Self {
        let resources = builtin::all()
            .into_iter()
            .map(|r| (r.id.clone(), Arc::new(r)))
            .collect();
        Self { resources }
    }

    /// All kinds, ordered by group (core first) and plural.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Resource>> {
        self.resources.values()
    }

    /// The kind at a path of the API.
    pub fn at_path(&self, group: &str, version: &str, plural: &str) -> Option<&Arc<Resource>> {
        self.get(&GroupResource::new(group, plural))
            .filter(|r| r.gvk.version == version)
    }

    /// The kind of a resource.
    pub fn get(&self, id: &GroupResource) -> Option<&Arc<Resource>> {
        self.resources.get(id)
    }

    /// The kind that an object or owner reference names.
    pub fn of_kind(&self, api_version: &str, kind: &str) -> Option<&Arc<Resource>> {
        self.resources
            .values()
            .find(|r| r.gvk.kind == kind && r.gvk.api_version() == api_version)
    }

    /// Whether anything is served under a group and version.
    pub fn has_group_version(&self, group: &str, version: &str) -> bool {
        self.resources
            .values()
            .any(|r| r.gvk.group == group && r.gvk.version == version)
    }

    pub(crate) fn insert(&mut self, resource: Resource) {
        self.resources
            .insert(resource.id.clone(), Arc::new(resource));
    }

    pub(crate) fn remove(&mut self, id: &GroupResource) {
        self.resources.remove(id);
    }
}
