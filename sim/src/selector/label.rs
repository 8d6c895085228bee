//! The text form of label selectors: `app=web,tier in (a, b),!canary,size>3`.

use crate::object::At as _;
use serde_json::Value;

/// A parsed label selector; the empty one matches everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LabelSelector {
    requirements: Vec<Requirement>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Requirement {
    key: String,
    test: Test,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Test {
    Exists,
    Absent,
    In(Vec<String>),
    /// Also true where the label is absent.
    NotIn(Vec<String>),
    Above(i64),
    Below(i64),
}

impl LabelSelector {
    /// Reads the text form.
    ///
    /// # Errors
    /// What is wrong, in a sentence that fits after `unable to parse requirement: `.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut requirements = Vec::new();
        for part in split(text) {
            let part = part.trim();
            if !part.is_empty() {
                requirements.push(requirement(part)?);
            } else if !text.trim().is_empty() {
                return Err("found ',', expected: identifier after ','".into());
            }
        }
        Ok(Self { requirements })
    }

    /// The selector of a `matchLabels` map, as a Service's `spec.selector`.
    pub fn from_labels(labels: &Value) -> Self {
        let requirements = labels
            .as_object()
            .into_iter()
            .flatten()
            .map(|(key, value)| Requirement {
                key: key.clone(),
                test: Test::In(vec![value.as_str().unwrap_or_default().to_owned()]),
            })
            .collect();
        Self { requirements }
    }

    /// The selector of an object with `matchLabels` and `matchExpressions`.
    ///
    /// # Errors
    /// An operator that is none of In, NotIn, Exists, DoesNotExist.
    pub fn from_object(selector: &Value) -> Result<Self, String> {
        let labels = selector.get("matchLabels").unwrap_or(&Value::Null);
        let mut all = Self::from_labels(labels);
        let expressions = selector.get("matchExpressions").and_then(Value::as_array);
        for expression in expressions.into_iter().flatten() {
            let text = |name: &str| expression.get(name).and_then(Value::as_str);
            let values = || -> Vec<String> {
                let values = expression.get("values").and_then(Value::as_array);
                let texts = values.into_iter().flatten().filter_map(Value::as_str);
                texts.map(str::to_owned).collect()
            };
            let test = match text("operator").unwrap_or_default() {
                "In" => Test::In(values()),
                "NotIn" => Test::NotIn(values()),
                "Exists" => Test::Exists,
                "DoesNotExist" => Test::Absent,
                other => return Err(format!("{other:?} is not a valid label selector operator")),
            };
            let key = text("key").unwrap_or_default().to_owned();
            all.requirements.push(Requirement { key, test });
        }
        Ok(all)
    }

    /// Whether it selects everything.
    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }

    /// Whether it selects an object by its `metadata.labels`.
    pub fn matches(&self, object: &Value) -> bool {
        let labels = object.at("/metadata/labels").unwrap_or(&Value::Null);
        self.matches_labels(labels)
    }

    /// Whether it selects a map of labels.
    pub fn matches_labels(&self, labels: &Value) -> bool {
        self.requirements.iter().all(|r| {
            let seen = labels.get(&r.key).and_then(Value::as_str);
            match &r.test {
                Test::Exists => seen.is_some(),
                Test::Absent => seen.is_none(),
                Test::In(values) => seen.is_some_and(|s| values.iter().any(|v| v == s)),
                Test::NotIn(values) => seen.is_none_or(|s| values.iter().all(|v| v != s)),
                Test::Above(n) => number(seen).is_some_and(|seen| seen > *n),
                Test::Below(n) => number(seen).is_some_and(|seen| seen < *n),
            }
        })
    }
}

fn number(text: Option<&str>) -> Option<i64> {
    text?.parse().ok()
}

/// Splits at commas that are not inside parentheses.
fn split(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut depth = 0_u32;
    let mut start = 0;
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth = depth.saturating_add(1),
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(text.get(start..at).unwrap_or_default());
                start = at.saturating_add(1);
            }
            _ => {}
        }
    }
    parts.push(text.get(start..).unwrap_or_default());
    parts
}

fn requirement(part: &str) -> Result<Requirement, String> {
    let of = |key: &str, test: Test| -> Result<Requirement, String> {
        let key = key.trim();
        if key.is_empty() || key.contains(|c: char| c.is_whitespace() || "=!<>(),".contains(c)) {
            return Err(format!(
                "<nil>: Invalid value: {key:?}: name part must consist of alphanumeric characters, '-', '_' or '.'"
            ));
        }
        Ok(Requirement {
            key: key.to_owned(),
            test,
        })
    };
    if let Some(list) = part.strip_suffix(')') {
        let (head, values) = list
            .split_once('(')
            .ok_or_else(|| format!("found ')' without '(' in {part:?}"))?;
        let values = values.split(',').map(|v| v.trim().to_owned()).collect();
        let mut words = head.split_whitespace();
        return match (words.next(), words.next(), words.next()) {
            (Some(key), Some("in"), None) => of(key, Test::In(values)),
            (Some(key), Some("notin"), None) => of(key, Test::NotIn(values)),
            _ => Err(format!(
                "found {head:?}, expected: a key and one of 'in', 'notin'"
            )),
        };
    }
    if let Some((key, value)) = part.split_once("!=") {
        return of(key, Test::NotIn(vec![value.trim().to_owned()]));
    }
    if let Some((key, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
        return of(key, Test::In(vec![value.trim().to_owned()]));
    }
    if let Some((key, value)) = part.split_once('>') {
        return of(key, Test::Above(whole(value)?));
    }
    if let Some((key, value)) = part.split_once('<') {
        return of(key, Test::Below(whole(value)?));
    }
    if let Some(key) = part.strip_prefix('!') {
        return of(key, Test::Absent);
    }
    of(part, Test::Exists)
}

fn whole(text: &str) -> Result<i64, String> {
    let text = text.trim();
    text.parse()
        .map_err(|_| format!("values[0]: Invalid value: {text:?}: for 'Gt', 'Lt' operators, the value must be an integer"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_form_selects_what_it_says() {
        let object = json!({"metadata": {"labels": {"app": "web", "tier": "front", "size": "4"}}});
        let table = [
            ("", true),
            ("app=web", true),
            ("app==web", true),
            ("app=api", false),
            ("app!=api", true),
            ("other!=api", true),
            ("app", true),
            ("!app", false),
            ("!other", true),
            ("tier in (back, front)", true),
            ("tier notin (back,front)", false),
            ("other notin (x)", true),
            ("app=web,tier=back", false),
            ("app in (web,api),tier=front", true),
            ("size>3", true),
            ("size<4", false),
        ];
        for (text, expected) in table {
            let selector = LabelSelector::parse(text).unwrap();
            assert_eq!(selector.matches(&object), expected, "{text}");
        }
    }

    #[test]
    fn text_that_is_no_selector_is_refused() {
        for text in ["a,,b", "a b", "tier on (x)", "size>big", "=x", "a)"] {
            assert!(LabelSelector::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn expressions_of_an_object_count_as_well() {
        let selector = LabelSelector::from_object(&json!({
            "matchLabels": {"app": "web"},
            "matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["back"]}],
        }))
        .unwrap();
        assert!(selector.matches_labels(&json!({"app": "web"})));
        assert!(!selector.matches_labels(&json!({"app": "web", "tier": "back"})));
        assert!(
            LabelSelector::from_object(
                &json!({"matchExpressions": [{"key": "a", "operator": "Near"}]})
            )
            .is_err()
        );
    }
}
