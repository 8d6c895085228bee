//! Structural schemas of custom resources: pruning, defaulting and validation of objects.
//!
//! A CRD version is parsed once into a tree of [`Node`]s; what the tree cannot express (a CEL rule
//! other than `self == oldSelf`, a `$ref`, an unknown format of keyword) is refused when the CRD is
//! installed, so that nothing in a schema is silently not enforced.
//! Descriptions are not kept here; the OpenAPI documents take them from the CRD itself.

mod default;
mod parse;
mod prune;
mod rules;
mod validate;

use serde_json::Value;
use std::collections::BTreeMap;

use crate::field_error::FieldError;

/// The schema of one version of a custom resource.
#[derive(Debug, Clone)]
pub struct Structural {
    root: Node,
}

impl Structural {
    /// The schema of one entry of `spec.versions` of a CustomResourceDefinition.
    ///
    /// # Errors
    /// A sentence with the path, when there is no `schema.openAPIV3Schema`, or it says something
    /// that cannot be enforced here.
    pub fn from_crd_version(version: &Value) -> Result<Self, String> {
        let schema = version
            .pointer("/schema/openAPIV3Schema")
            .ok_or("schema.openAPIV3Schema: Required value: schemas are required")?;
        let mut root = parse::node(schema, "schema.openAPIV3Schema")?;
        if root.kind != Some(Kind::Object) {
            return Err(
                "schema.openAPIV3Schema.type: must be object at the root of the schema".into(),
            );
        }
        // The server owns these three whatever the schema says.
        for name in ["apiVersion", "kind"] {
            root.properties.insert(name.into(), Node::of(Kind::String));
        }
        let mut metadata = Node::of(Kind::Object);
        metadata.preserve_unknown = true;
        root.properties.insert("metadata".into(), metadata);
        Ok(Self { root })
    }

    /// The schema of the whole object.
    pub(crate) fn root(&self) -> &Node {
        &self.root
    }

    /// Removes the fields that the schema does not know, and says which: `spec.strategi`,
    /// `spec.steps[1].setWeigth`. Those of `metadata` come first.
    pub fn prune(&self, object: &mut Value) -> Vec<String> {
        let mut unknown = crate::builtin::prune_metadata(object);
        prune::prune(&self.root, object, "", &mut unknown);
        unknown
    }

    /// Fills in the defaults of absent fields, and of null ones that are not nullable.
    pub fn default(&self, object: &mut Value) {
        default::default(&self.root, object);
    }

    /// What is wrong with an object after pruning and defaulting, in the API server's words.
    ///
    /// With `old`, transition rules are checked, and a mistake that the old object has at the same
    /// place with the same value is let through (ratcheting), as the API server does.
    pub fn validate(&self, object: &Value, old: Option<&Value>) -> Vec<FieldError> {
        let mut errors = Vec::new();
        validate::validate(&self.root, object, old, "", &mut errors);
        // Rules run on objects that are well-formed otherwise, as on the real server.
        if errors.is_empty()
            && let Some(old) = old
        {
            rules::transitions(&self.root, object, old, "", &mut errors);
        }
        errors
    }
}

/// JSON types of a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Object,
    Array,
    String,
    Integer,
    Number,
    Boolean,
}

impl Kind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Object => "object",
            Self::Array => "array",
            Self::String => "string",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
        }
    }
}

/// How the members of a list are told apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ListType {
    Atomic,
    Set,
    Map(Vec<String>),
}

/// One place in a schema.
#[derive(Debug, Clone, Default)]
pub(crate) struct Node {
    pub(crate) kind: Option<Kind>,
    nullable: bool,
    pub(crate) int_or_string: bool,
    pub(crate) preserve_unknown: bool,
    embedded_resource: bool,
    pub(crate) properties: BTreeMap<String, Node>,
    /// Schema of the values of a map; `None` where the keys are fixed.
    pub(crate) additional: Option<Box<Node>>,
    pub(crate) items: Option<Box<Node>>,
    pub(crate) list_type: Option<ListType>,
    /// Whether a map has one owner as a whole.
    pub(crate) atomic_map: bool,
    pub(crate) default: Option<Value>,
    checks: Checks,
    /// Messages of `self == oldSelf` rules; an empty text stands for the server's own.
    immutable: Vec<String>,
}

impl Node {
    fn of(kind: Kind) -> Self {
        Self {
            kind: Some(kind),
            ..Self::default()
        }
    }
}

/// The value checks of one place.
#[derive(Debug, Clone, Default)]
struct Checks {
    required: Vec<String>,
    allowed: Option<Vec<Value>>,
    minimum: Option<Bound>,
    maximum: Option<Bound>,
    multiple_of: Option<i64>,
    min_length: Option<u64>,
    max_length: Option<u64>,
    pattern: Option<regex::Regex>,
    format: Option<String>,
    min_items: Option<u64>,
    max_items: Option<u64>,
    unique_items: bool,
    min_properties: Option<u64>,
    max_properties: Option<u64>,
    all_of: Vec<Node>,
    any_of: Vec<Node>,
    one_of: Vec<Node>,
    not: Option<Box<Node>>,
}

/// A limit of a number.
#[derive(Debug, Clone)]
struct Bound {
    value: f64,
    /// As written, for messages.
    text: String,
    exclusive: bool,
}

/// `parent.name`, or `name` at the root.
fn child(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

#[cfg(test)]
mod tests;
