//! How each place of an object is owned.

use serde_json::Value;

use super::step;
use crate::api_schema::{resolve, schemas};
use crate::resources::Resource;
use crate::schema::{Kind, ListType, Node};

/// A place of an object, as its schema knows it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place<'a> {
    /// Of a built-in kind: a node of its OpenAPI schema.
    BuiltIn(&'a Value),
    /// The whole of a custom resource.
    Custom(&'a Node),
    /// Below it. Whether a place above takes fields that no schema knows.
    Below(&'a Node, bool),
    /// No schema says anything: maps are owned key by key, all else as one.
    Free,
    /// Owned as one, whatever is in it.
    Whole,
}

/// What a place is made of.
#[derive(Debug, Clone)]
pub(super) enum Form<'a> {
    /// One thing with one owner.
    Leaf,
    /// Fields, or keys, with owners of their own.
    Map,
    /// Members told apart by keys, which may have defaults.
    Keyed(Vec<(&'a str, Option<&'a Value>)>, Place<'a>),
    /// Scalars, each with an owner of its own.
    Set,
}

impl Form<'_> {
    /// Whether another is of the same sort.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }

    /// The step to a member of a list.
    ///
    /// # Errors
    /// A sentence, when a list may not have such a member.
    pub(super) fn step(&self, item: &Value) -> Result<String, String> {
        match self {
            Self::Keyed(keys, _) => step::keyed(item, keys),
            _ => step::member(item),
        }
    }

    /// The place of a list's members.
    pub(super) fn item(&self) -> Place<'_> {
        match self {
            Self::Keyed(_, item) => *item,
            _ => Place::Whole,
        }
    }
}

const OBJECT_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

impl<'a> Place<'a> {
    /// The whole of an object.
    pub(crate) fn of(resource: &'a Resource) -> Self {
        match &resource.custom {
            Some(custom) => Self::Custom(custom.schema.root()),
            None => crate::api_schema::name_of(&resource.gvk)
                .and_then(|name| schemas().get(&name))
                .map_or(Self::Free, Self::BuiltIn),
        }
    }

    /// What it is made of, when it holds `value`.
    pub(super) fn form(self, value: Option<&Value>) -> Form<'a> {
        match self {
            Self::Whole => Form::Leaf,
            Self::Free => match value {
                Some(Value::Object(_) | Value::Null) | None => Form::Map,
                Some(_) => Form::Leaf,
            },
            Self::BuiltIn(node) => built_in(node, value),
            Self::Custom(_) => Form::Map,
            Self::Below(node, is_free) => custom(node, is_free, value),
        }
    }

    /// The place of a field or key; `None` where there may not be such a field.
    pub(super) fn field(self, name: &str) -> Option<Self> {
        match self {
            Self::Free => Some(Self::Free),
            Self::Whole => None,
            Self::BuiltIn(node) => {
                let (_, node) = resolve(node);
                let properties = node.get("properties");
                if let Some(found) = properties.and_then(|fields| fields.get(name)) {
                    return Some(Self::BuiltIn(found));
                }
                match node.get("additionalProperties") {
                    Some(values) if values.is_object() => Some(Self::BuiltIn(values)),
                    Some(Value::Bool(true)) => Some(Self::Free),
                    Some(_) => None,
                    None => properties.is_none().then_some(Self::Free),
                }
            }
            Self::Custom(_) if name == "metadata" => schemas().get(OBJECT_META).map(Self::BuiltIn),
            Self::Custom(node) => Self::Below(node, false).field(name),
            Self::Below(node, is_free) => {
                let is_free = is_free || node.preserve_unknown;
                if let Some(found) = node.properties.get(name) {
                    return Some(Self::Below(found, is_free));
                }
                if let Some(values) = &node.additional {
                    return Some(Self::Below(values, is_free));
                }
                (is_free || node.properties.is_empty()).then_some(Self::Free)
            }
        }
    }

    /// Whether the schema names this field; keys of maps are not named.
    pub(super) fn names(self, name: &str) -> bool {
        match self {
            Self::Free | Self::Whole => false,
            Self::BuiltIn(node) => {
                let properties = resolve(node).1.get("properties");
                properties.is_some_and(|fields| fields.get(name).is_some())
            }
            Self::Custom(node) | Self::Below(node, _) => node.properties.contains_key(name),
        }
    }

    /// The place that a step of a set leads to.
    pub(super) fn after(self, step: &str) -> Self {
        match step::as_field(step) {
            Some(name) => self.field(name).unwrap_or(Self::Whole),
            None => match self.form(Some(&Value::Array(Vec::new()))) {
                Form::Keyed(_, item) => item,
                _ => Self::Whole,
            },
        }
    }

    /// The place of a list's members, whoever owns them.
    pub(super) fn items(self) -> Option<Self> {
        match self {
            Self::BuiltIn(node) => resolve(node).1.get("items").map(Self::BuiltIn),
            Self::Below(node, is_free) => {
                let is_free = is_free || node.preserve_unknown;
                node.items
                    .as_deref()
                    .map(|items| Self::Below(items, is_free))
            }
            Self::Custom(_) | Self::Free | Self::Whole => None,
        }
    }

    /// Whether it has fields or keys, whoever owns them.
    pub(super) fn is_map(self) -> bool {
        match self {
            Self::BuiltIn(node) => {
                resolve(node).1.get("type").and_then(Value::as_str) == Some("object")
            }
            Self::Below(node, _) => node.kind == Some(Kind::Object),
            Self::Custom(_) => true,
            Self::Free | Self::Whole => false,
        }
    }

    /// What a scalar here has to be: `string`, `numeric`, `boolean`; `None` for any.
    pub(super) fn scalar(self) -> Option<&'static str> {
        let name = match self {
            Self::BuiltIn(node) => {
                let (name, node) = resolve(node);
                if name.is_some_and(|name| name.ends_with(".Quantity")) {
                    return None;
                }
                node.get("type").and_then(Value::as_str)?
            }
            Self::Below(node, _) if !node.int_or_string => node.kind?.as_str(),
            _ => return None,
        };
        match name {
            "string" => Some("string"),
            "integer" | "number" => Some("numeric"),
            "boolean" => Some("boolean"),
            _ => None,
        }
    }
}

fn built_in<'a>(node: &'a Value, value: Option<&Value>) -> Form<'a> {
    let (name, resolved) = resolve(node);
    let is_atomic = |node: &Value| {
        let kind = node.get("x-kubernetes-map-type").and_then(Value::as_str);
        kind == Some("atomic")
    };
    if is_atomic(node) || is_atomic(resolved) {
        return Form::Leaf;
    }
    match resolved.get("type").and_then(Value::as_str) {
        Some("object") if name.is_some_and(is_json) => Place::Free.form(value),
        Some("object") => Form::Map,
        Some("array") => {
            let items = resolved.get("items").map_or(Place::Free, Place::BuiltIn);
            let kind = node.get("x-kubernetes-list-type").and_then(Value::as_str);
            match kind {
                Some("set") => Form::Set,
                Some("map") => {
                    let keys = node.get("x-kubernetes-list-map-keys");
                    let keys = keys.and_then(Value::as_array).into_iter().flatten();
                    let keys = keys.filter_map(Value::as_str);
                    Form::Keyed(keys.map(|key| (key, key_default(key))).collect(), items)
                }
                _ => Form::Leaf,
            }
        }
        None if name.is_some_and(is_json) => Place::Free.form(value),
        _ => Form::Leaf,
    }
}

fn is_json(name: &str) -> bool {
    [".JSON", ".RawExtension", ".FieldsV1"]
        .iter()
        .any(|end| name.ends_with(end))
}

/// What stands for a key that a member of a built-in list leaves out.
fn key_default(key: &str) -> Option<&'static Value> {
    static DEFAULTS: std::sync::OnceLock<[Value; 3]> = std::sync::OnceLock::new();
    let [protocol, number, text] =
        DEFAULTS.get_or_init(|| [Value::from("TCP"), Value::from(0), Value::from("")]);
    Some(match key {
        "protocol" => protocol,
        "containerPort" | "port" => number,
        _ => text,
    })
}

fn custom<'a>(node: &'a Node, is_free: bool, value: Option<&Value>) -> Form<'a> {
    if node.int_or_string || node.atomic_map {
        return Form::Leaf;
    }
    match node.kind {
        Some(Kind::Object) => Form::Map,
        Some(Kind::Array) => {
            let items = node.items.as_deref();
            match (&node.list_type, items) {
                (Some(ListType::Set), _) => Form::Set,
                (Some(ListType::Map(keys)), Some(items)) => {
                    let keys = keys.iter().map(|key| {
                        let field = items.properties.get(key);
                        (key.as_str(), field.and_then(|field| field.default.as_ref()))
                    });
                    let is_free = is_free || node.preserve_unknown;
                    Form::Keyed(keys.collect(), Place::Below(items, is_free))
                }
                _ => Form::Leaf,
            }
        }
        Some(_) => Form::Leaf,
        None => Place::Free.form(value),
    }
}
