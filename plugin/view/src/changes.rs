//! What changed between two revisions.
//!
//! Values that may be secret are never shown, whoever looks: of an environment, a command or a
//! volume it is told *that* it changed.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::objects::{items, text};

/// Characters of a value that are shown; the rest is cut.
const SHOWN: usize = 120;

/// Fields of a container whose values are shown.
const OF_CONTAINER: [&str; 4] = ["image", "imagePullPolicy", "resources", "ports"];
/// Fields of a pod whose values are shown.
const OF_POD: [&str; 6] = [
    "nodeSelector",
    "priorityClassName",
    "restartPolicy",
    "runtimeClassName",
    "serviceAccountName",
    "terminationGracePeriodSeconds",
];

/// The fields of a pod template by their path: as much of it as comparing needs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outline(BTreeMap<String, Piece>);

/// A field's value: as it is shown, or a digest of it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Shown(String),
    Hidden(u64),
}

/// A field that differs between two revisions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ChangeView {
    /// Where, e.g. `containers[app].image`.
    pub field: String,
    /// What it was; absent when it was not there, or when it is not shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// What it is; likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// `added`, `removed` or `changed`.
    pub what: &'static str,
}

impl Outline {
    /// The outline of the pod template of a ReplicaSet.
    #[must_use]
    pub fn of(replica_set: &Value) -> Self {
        let mut outline = Self::default();
        let Some(template) = replica_set.pointer("/spec/template") else {
            return outline;
        };
        for kind in ["labels", "annotations"] {
            for (name, value) in fields(template.pointer(&format!("/metadata/{kind}"))) {
                // It names the revision itself.
                if name != crds::names::POD_TEMPLATE_HASH {
                    outline.note(format!("{kind}[{name}]"), value, true);
                }
            }
        }
        let spec = template.pointer("/spec");
        for (name, value) in fields(spec) {
            match name.as_str() {
                "containers" | "initContainers" => {
                    for container in items(template, &format!("/spec/{name}")) {
                        outline.container(name, container);
                    }
                }
                _ => outline.note(name.clone(), value, OF_POD.contains(&name.as_str())),
            }
        }
        outline
    }

    fn container(&mut self, list: &str, container: &Value) {
        let place = format!("{list}[{}]", text(container, "/name"));
        for (name, value) in fields(Some(container)) {
            match name.as_str() {
                "name" => {}
                "env" => {
                    for variable in items(container, "/env") {
                        let field = format!("{place}.env[{}]", text(variable, "/name"));
                        self.note(field, variable, false);
                    }
                }
                _ => {
                    let is_shown = OF_CONTAINER.contains(&name.as_str());
                    self.note(format!("{place}.{name}"), value, is_shown);
                }
            }
        }
    }

    fn note(&mut self, field: String, value: &Value, is_shown: bool) {
        let text = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let piece = if is_shown {
            Piece::Shown(text.chars().take(SHOWN).collect())
        } else {
            let mut hasher = DefaultHasher::new();
            text.hash(&mut hasher);
            Piece::Hidden(hasher.finish())
        };
        self.0.insert(field, piece);
    }

    /// What is different here from an earlier revision, by field.
    #[must_use]
    pub fn changes_since(&self, earlier: &Self) -> Vec<ChangeView> {
        let mut changes = Vec::new();
        for (field, now) in &self.0 {
            let before = earlier.0.get(field);
            if before != Some(now) {
                changes.push(change(field, before, Some(now)));
            }
        }
        for (field, before) in &earlier.0 {
            if !self.0.contains_key(field) {
                changes.push(change(field, Some(before), None));
            }
        }
        changes.sort_by(|a, b| a.field.cmp(&b.field));
        changes
    }
}

fn change(field: &str, before: Option<&Piece>, now: Option<&Piece>) -> ChangeView {
    let shown = |piece: Option<&Piece>| match piece {
        Some(Piece::Shown(text)) => Some(text.clone()),
        Some(Piece::Hidden(_)) | None => None,
    };
    ChangeView {
        field: field.to_owned(),
        from: shown(before),
        to: shown(now),
        what: match (before, now) {
            (None, _) => "added",
            (_, None) => "removed",
            _ => "changed",
        },
    }
}

fn fields(object: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    object.and_then(Value::as_object).into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn replica_set(image: &str, password: &str, volume: &str) -> Value {
        json!({"spec": {"template": {
            "metadata": {"labels": {"app": "web", "rollouts-pod-template-hash": image}},
            "spec": {
                "containers": [{"name": "app", "image": image, "command": [password], "env": [
                    {"name": "PASSWORD", "value": password}, {"name": "MODE", "value": "fast"}]}],
                "volumes": [{"name": "v", "secret": {"secretName": volume}}],
            },
        }}})
    }

    #[test]
    fn images_are_compared_and_secrets_only_told_to_differ() {
        let before = Outline::of(&replica_set("shop:v1", "hunter2", "old-secret"));
        let after = Outline::of(&replica_set("shop:v2", "hunter3", "new-secret"));
        let changes = after.changes_since(&before);
        let told: Vec<(&str, Option<&str>, Option<&str>)> = changes
            .iter()
            .map(|one| (one.field.as_str(), one.from.as_deref(), one.to.as_deref()))
            .collect();
        assert_eq!(
            told,
            [
                ("containers[app].command", None, None),
                ("containers[app].env[PASSWORD]", None, None),
                ("containers[app].image", Some("shop:v1"), Some("shop:v2")),
                ("volumes", None, None),
            ]
        );
        let all = format!("{before:?}{after:?}{}", json!(changes));
        assert!(!all.contains("hunter") && !all.contains("secret"), "{all}");
        assert_eq!(after.changes_since(&after), []);
    }

    #[test]
    fn what_came_and_what_went_is_told() {
        let with = json!({"spec": {"template": {"spec": {"containers": [
            {"name": "app", "image": "a", "resources": {"limits": {"memory": "64Mi"}}}]}}}});
        let without = json!({"spec": {"template": {"spec": {"containers": [
            {"name": "app", "image": "a"}]}}}});
        let (with, without) = (Outline::of(&with), Outline::of(&without));
        let told = |changes: Vec<ChangeView>| {
            let first = changes
                .into_iter()
                .next()
                .map(|one| (one.what, one.from, one.to));
            first.unwrap_or_default()
        };
        let limits = Some(r#"{"limits":{"memory":"64Mi"}}"#.to_owned());
        assert_eq!(
            told(with.changes_since(&without)),
            ("added", None, limits.clone())
        );
        assert_eq!(
            told(without.changes_since(&with)),
            ("removed", limits, None)
        );
    }
}
