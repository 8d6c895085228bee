//! `spec.selector`: which labels it matches, its text form, and what is wrong with it.
//!
//! The rules and texts are those of Kubernetes' own label selectors.

use std::collections::BTreeMap;
use std::fmt;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

pub(crate) mod syntax;

/// A label selector that can be evaluated.
///
/// `Display` gives the text that `status.selector` and `kubectl -l` use, keys in order, such as
/// `app=web,tier in (a,b),!legacy`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selector {
    requirements: Vec<Requirement>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Requirement {
    key: String,
    test: Test,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Test {
    Equals(String),
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    DoesNotExist,
}

impl Selector {
    /// Reads a selector; `None` when Kubernetes would not accept it (a wrong operator, a key or
    /// value that is no label, `In` without values). Validation says which part is wrong.
    #[must_use]
    pub fn new(selector: &LabelSelector) -> Option<Self> {
        let mut requirements = Vec::new();
        for (key, value) in selector.match_labels.iter().flatten() {
            if syntax::name_problem(key).is_some() || syntax::value_problem(value).is_some() {
                return None;
            }
            requirements.push(Requirement {
                key: key.clone(),
                test: Test::Equals(value.clone()),
            });
        }
        for expression in selector.match_expressions.iter().flatten() {
            let mut values = expression.values.clone().unwrap_or_default();
            values.sort();
            if syntax::name_problem(&expression.key).is_some()
                || values
                    .iter()
                    .any(|value| syntax::value_problem(value).is_some())
            {
                return None;
            }
            let test = match (expression.operator.as_str(), values.is_empty()) {
                ("In", false) => Test::In(values),
                ("NotIn", false) => Test::NotIn(values),
                ("Exists", true) => Test::Exists,
                ("DoesNotExist", true) => Test::DoesNotExist,
                _ => return None,
            };
            requirements.push(Requirement {
                key: expression.key.clone(),
                test,
            });
        }
        requirements.sort();
        Some(Self { requirements })
    }

    /// Whether it has no requirement and so matches everything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }

    /// Whether these labels meet every requirement.
    #[must_use]
    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        self.requirements.iter().all(|requirement| {
            let value = labels.get(&requirement.key);
            match &requirement.test {
                Test::Equals(wanted) => value == Some(wanted),
                Test::In(wanted) => value.is_some_and(|value| wanted.contains(value)),
                Test::NotIn(unwanted) => value.is_none_or(|value| !unwanted.contains(value)),
                Test::Exists => value.is_some(),
                Test::DoesNotExist => value.is_none(),
            }
        })
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Requirement { key, test }) in self.requirements.iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            match test {
                Test::Equals(value) => write!(f, "{key}={value}")?,
                Test::In(values) => write!(f, "{key} in ({})", values.join(","))?,
                Test::NotIn(values) => write!(f, "{key} notin ({})", values.join(","))?,
                Test::Exists => f.write_str(key)?,
                Test::DoesNotExist => write!(f, "!{key}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn selector(json: Value) -> Option<Selector> {
        Selector::new(&serde_json::from_value(json).unwrap())
    }

    fn labels(json: Value) -> BTreeMap<String, String> {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn a_selector_matches_labels_that_meet_all_its_requirements() {
        let expression = |operator: &str, values: Value| json!({"matchExpressions": [{"key": "tier", "operator": operator, "values": values}]});
        for (json, with, matches) in [
            (json!({}), json!({}), true),
            (
                json!({"matchLabels": {"app": "web"}}),
                json!({"app": "web", "x": "y"}),
                true,
            ),
            (
                json!({"matchLabels": {"app": "web"}}),
                json!({"app": "api"}),
                false,
            ),
            (json!({"matchLabels": {"app": "web"}}), json!({}), false),
            (
                expression("In", json!(["a", "b"])),
                json!({"tier": "b"}),
                true,
            ),
            (expression("In", json!(["a", "b"])), json!({}), false),
            (
                expression("NotIn", json!(["a"])),
                json!({"tier": "b"}),
                true,
            ),
            (expression("NotIn", json!(["a"])), json!({}), true),
            (
                expression("NotIn", json!(["a"])),
                json!({"tier": "a"}),
                false,
            ),
            (expression("Exists", json!([])), json!({"tier": ""}), true),
            (
                expression("DoesNotExist", json!([])),
                json!({"tier": ""}),
                false,
            ),
        ] {
            let text = json.to_string();
            assert_eq!(
                selector(json).unwrap().matches(&labels(with)),
                matches,
                "{text}"
            );
        }
    }

    #[test]
    fn the_text_form_is_sorted_by_key() {
        let text = selector(json!({
            "matchLabels": {"tier": "b", "app": "web"},
            "matchExpressions": [
                {"key": "zone", "operator": "In", "values": ["y", "x"]},
                {"key": "b", "operator": "DoesNotExist"},
            ],
        }))
        .unwrap()
        .to_string();
        assert_eq!(text, "app=web,!b,tier=b,zone in (x,y)");
    }

    #[test]
    fn a_selector_that_kubernetes_refuses_cannot_be_evaluated() {
        for json in [
            json!({"matchLabels": {"app!": "web"}}),
            json!({"matchLabels": {"app": "we b"}}),
            json!({"matchExpressions": [{"key": "a", "operator": "Like"}]}),
            json!({"matchExpressions": [{"key": "a", "operator": "In"}]}),
            json!({"matchExpressions": [{"key": "a", "operator": "Exists", "values": ["b"]}]}),
        ] {
            assert_eq!(selector(json.clone()), None, "{json}");
        }
    }
}
