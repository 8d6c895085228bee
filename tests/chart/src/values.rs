//! `values.yaml` of the chart: its keys, what they mean, and the schema of what may be written.

use std::fmt::Write as _;

use anyhow::{Context as _, ensure};
use serde_json::{Map, Value, json};

/// A value that users may give.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Where it is, such as `controller.image.tag`.
    pub path: String,
    /// What it means, from the comment before it.
    pub meaning: String,
    /// What it is when users say nothing.
    pub default: Value,
    /// What is said about it beyond the type of its default.
    schema: Map<String, Value>,
}

/// The values of a chart, in their order: all keys that have a comment beginning with `--`. What is
/// below such a key belongs to its default.
///
/// # Errors
/// When it is not as values are written here; names the line.
pub fn entries(text: &str) -> anyhow::Result<Vec<Entry>> {
    let all: Value = serde_saphyr::from_str(text).context("values.yaml")?;
    let mut entries = Vec::new();
    let (mut path, mut meaning, mut schema) = (Vec::new(), None, Map::new());
    // How far the lines are indented that belong to the last default.
    let mut within = usize::MAX;
    for (number, line) in text.lines().enumerate() {
        let words = line.trim_start();
        let indent = line.len() - words.len();
        if words.is_empty() || indent > within {
            continue;
        }
        if let Some(words) = words.strip_prefix("# -- ") {
            meaning = Some(words.to_owned());
            within = usize::MAX;
        } else if let Some(json) = words.strip_prefix("# @schema ") {
            schema = serde_json::from_str(json).with_context(|| format!("line {}", number + 1))?;
        } else if !words.starts_with('#') {
            let (key, _) = words
                .split_once(':')
                .with_context(|| format!("line {}: no key", number + 1))?;
            path.truncate(indent / 2);
            path.push(key);
            within = usize::MAX;
            let pointer = format!("/{}", path.join("/"));
            let default = all.pointer(&pointer).cloned().unwrap_or_default();
            let Some(meaning) = meaning.take() else {
                let is_folder = default.as_object().is_some_and(|it| !it.is_empty());
                ensure!(is_folder, "line {}: {key} is not described", number + 1);
                continue;
            };
            within = indent;
            entries.push(Entry {
                path: path.join("."),
                meaning,
                default,
                schema: std::mem::take(&mut schema),
            });
        }
    }
    Ok(entries)
}

/// `values.schema.json`.
///
/// It refuses no key: Helm holds values against it before it renders, and could then only say that a
/// key is not allowed. A template refuses them, and says which one was probably meant.
pub(crate) fn schema(entries: &[Entry]) -> Value {
    let mut root = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$comment": "Generated from values.yaml; do not edit. After a change there: cargo run -p chart",
        "type": "object",
        "properties": {},
    });
    for entry in entries {
        let (folders, name) = match entry.path.rsplit_once('.') {
            Some((folders, name)) => (folders.split('.').collect(), name),
            None => (Vec::new(), entry.path.as_str()),
        };
        let mut place = &mut root;
        for folder in folders {
            place = &mut place["properties"][folder];
            if place.is_null() {
                *place = json!({"type": "object", "properties": {}});
            }
        }
        place["properties"][name] = entry.schema();
    }
    root
}

impl Entry {
    fn schema(&self) -> Value {
        let kind = match &self.default {
            Value::Null => Value::Null,
            Value::Bool(_) => json!("boolean"),
            Value::Number(_) => json!("integer"),
            Value::String(_) => json!("string"),
            Value::Array(_) => json!("array"),
            Value::Object(_) => json!("object"),
        };
        let mut schema = Map::new();
        schema.insert("description".to_owned(), json!(self.meaning));
        schema.insert("default".to_owned(), self.default.clone());
        schema.insert("type".to_owned(), kind);
        schema.extend(self.schema.clone());
        Value::Object(schema)
    }
}

/// The template that lists the paths of all values, for the one that refuses others; before those in
/// a folder, the folder with a `.` behind it.
pub(crate) fn known(entries: &[Entry]) -> String {
    let mut paths: Vec<&str> = Vec::new();
    for Entry { path, .. } in entries {
        let folders = path.match_indices('.').map(|(end, _)| &path[..=end]);
        for path in folders.chain([path.as_str()]) {
            if !paths.contains(&path) {
                paths.push(path);
            }
        }
    }
    format!(
        "{{{{/* Generated from values.yaml; do not edit. After a change there: cargo run -p chart */}}}}\n\
         {{{{- define \"rollouts.known\" -}}}}\n{}\n{{{{- end -}}}}\n",
        paths.join("\n")
    )
}

/// The table in the chart's README.
pub(crate) fn table(entries: &[Entry]) -> String {
    let mut text = "| key | default | what it is |\n|---|---|---|\n".to_owned();
    for Entry {
        path,
        meaning,
        default,
        ..
    } in entries
    {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "| `{path}` | `{default}` | {meaning} |");
    }
    text
}
