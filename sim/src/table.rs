//! Tables: what `kubectl get` shows, printed by the server as the real one does.
//!
//! All columns are always given; kubectl hides those with a priority above 0 unless `-o wide`.
//!
//! Source: `pkg/printers/internalversion/printers.go` of v1.36 for built-ins,
//! `additionalPrinterColumns` for custom resources.

mod age;
mod builtin;
mod event;
mod network;
mod path;
mod pod;
mod workload;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::Gvk;
use path::Path;

pub use age::human;

/// How much of each object a row carries; `includeObject` of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Include {
    /// Nothing besides the cells.
    None,
    /// `metadata` as a PartialObjectMetadata: what the server does when not asked.
    #[default]
    Metadata,
    /// All of it.
    Object,
}

impl Include {
    /// Reads the query parameter; `None` for a value that does not exist.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "" | "Metadata" => Some(Self::Metadata),
            "None" => Some(Self::None),
            "Object" => Some(Self::Object),
            _ => None,
        }
    }
}

/// The columns of one kind, made once.
#[derive(Debug, Clone)]
pub struct Columns {
    definitions: Vec<Value>,
    cells: Cells,
}

#[derive(Debug, Clone)]
enum Cells {
    BuiltIn(builtin::Print),
    Custom(Vec<(Path, String)>),
}

impl Columns {
    /// The columns of a built-in kind; kinds without columns of their own have name and age.
    pub fn built_in(gvk: &Gvk) -> Self {
        let (definitions, print) = builtin::of(gvk);
        Self {
            definitions,
            cells: Cells::BuiltIn(print),
        }
    }

    /// The columns of one entry of `spec.versions` of a CustomResourceDefinition.
    ///
    /// # Errors
    /// A sentence naming the column whose path is not a simple JSON path.
    pub fn custom(version: &Value) -> Result<Self, String> {
        let default =
            json!([{"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}]);
        let columns = version
            .get("additionalPrinterColumns")
            .filter(|list| list.as_array().is_some_and(|list| !list.is_empty()))
            .unwrap_or(&default);
        let mut definitions = vec![name_column()];
        let mut cells = Vec::new();
        for column in columns.as_array().into_iter().flatten() {
            let text = |name: &str| {
                let value = column.get(name).and_then(Value::as_str);
                value.unwrap_or_default().to_owned()
            };
            let (name, kind, json_path) = (text("name"), text("type"), text("jsonPath"));
            let path = Path::parse(&json_path).ok_or_else(|| {
                format!("additionalPrinterColumns: the jsonPath {json_path:?} of column {name:?} is not modelled here")
            })?;
            let mut description = text("description");
            if description.is_empty() {
                description =
                    format!("Custom resource definition column (in JSONPath format): {json_path}");
            }
            definitions.push(json!({
                "name": name, "type": kind, "format": text("format"), "description": description,
                "priority": column.get("priority").and_then(Value::as_i64).unwrap_or(0),
            }));
            cells.push((path, kind));
        }
        Ok(Self {
            definitions,
            cells: Cells::Custom(cells),
        })
    }

    /// The Table of some objects.
    ///
    /// `metadata` is the list's own (resourceVersion, continue, …); `now` is the cluster's time,
    /// for ages; `headers` is false in all events of a watch but the first.
    pub fn table<'a>(
        &self,
        objects: impl IntoIterator<Item = &'a Value>,
        metadata: Value,
        include: Include,
        headers: bool,
        now: DateTime<Utc>,
    ) -> Value {
        let rows: Vec<Value> = objects
            .into_iter()
            .map(|object| self.row(object, include, now))
            .collect();
        let definitions = if headers {
            json!(self.definitions)
        } else {
            Value::Null
        };
        json!({
            "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
            "columnDefinitions": definitions, "rows": rows,
        })
    }

    fn row(&self, object: &Value, include: Include, now: DateTime<Utc>) -> Value {
        let cells = match &self.cells {
            Cells::BuiltIn(print) => print(object, now),
            Cells::Custom(columns) => {
                let mut cells = vec![builtin::name(object)];
                cells.extend(
                    columns
                        .iter()
                        .map(|(path, kind)| cell(path.find(object), kind, now)),
                );
                cells
            }
        };
        let shown = match include {
            Include::None => return json!({"cells": cells}),
            Include::Object => object.clone(),
            Include::Metadata => json!({
                "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1",
                "metadata": object.get("metadata"),
            }),
        };
        json!({"cells": cells, "object": shown})
    }
}

/// One cell of a custom resource: the value when it fits the column's type, else nothing.
fn cell(value: Option<&Value>, kind: &str, now: DateTime<Utc>) -> Value {
    let Some(value) = value else {
        return Value::Null;
    };
    match (kind, value) {
        ("string", Value::String(_))
        | ("number", Value::Number(_))
        | ("boolean", Value::Bool(_)) => value.clone(),
        ("string", Value::Null) => Value::from("<nil>"),
        ("string", other) => Value::from(other.to_string()),
        ("integer", Value::Number(n)) => n.as_i64().map_or(Value::Null, Value::from),
        ("date", Value::String(text)) => match DateTime::parse_from_rfc3339(text) {
            Ok(time) => Value::from(human(now.signed_duration_since(time))),
            Err(_) => Value::from("<invalid>"),
        },
        _ => Value::Null,
    }
}

fn name_column() -> Value {
    column(
        "Name",
        "string",
        "name",
        0,
        "Name must be unique within a namespace.",
    )
}

fn column(name: &str, kind: &str, format: &str, priority: u8, description: &str) -> Value {
    json!({
        "name": name, "type": kind, "format": format, "description": description, "priority": priority,
    })
}

#[cfg(test)]
mod tests;
