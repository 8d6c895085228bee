//! The simple JSON paths of printer columns.
//!
//! Known: `.a.b`, `.a['b']`, `.a[0]`, `.a\.b`, and `.list[?(@.key=="value")].field`.

use serde_json::Value;

/// A parsed path; it finds at most one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Path {
    steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Name(String),
    Index(usize),
    /// The first member whose field has this text.
    Where(String, String),
}

impl Path {
    /// Reads a path; `None` for a form that is not known here.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut steps = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            if let Some(after) = rest.strip_prefix("[?(@.") {
                let (condition, after) = after.split_once(")]")?;
                let (field, value) = condition.split_once("==")?;
                let value = value.trim();
                let value = value
                    .strip_prefix('"')
                    .and_then(|v| v.strip_suffix('"'))
                    .or_else(|| value.strip_prefix('\'').and_then(|v| v.strip_suffix('\'')))?;
                steps.push(Step::Where(field.trim().to_owned(), value.to_owned()));
                rest = after;
            } else if let Some(after) = rest.strip_prefix('[') {
                let (inside, after) = after.split_once(']')?;
                let quoted = inside
                    .strip_prefix('\'')
                    .and_then(|inside| inside.strip_suffix('\''))
                    .or_else(|| inside.strip_prefix('"').and_then(|i| i.strip_suffix('"')));
                steps.push(match quoted {
                    Some(name) => Step::Name(name.to_owned()),
                    None => Step::Index(inside.parse().ok()?),
                });
                rest = after;
            } else {
                let after = rest.strip_prefix('.')?;
                let (name, after) = name(after);
                // A path of one dot is the object itself.
                if name.is_empty() || name.contains('*') {
                    return None;
                }
                steps.push(Step::Name(name));
                rest = after;
            }
        }
        Some(Self { steps })
    }

    /// The value at the path.
    pub(super) fn find<'a>(&self, object: &'a Value) -> Option<&'a Value> {
        self.steps
            .iter()
            .try_fold(object, |value, step| match step {
                Step::Name(name) => value.get(name),
                Step::Index(index) => value.get(index),
                Step::Where(field, wanted) => value
                    .as_array()?
                    .iter()
                    .find(|member| member.get(field).and_then(Value::as_str) == Some(wanted)),
            })
    }
}

/// A name up to the next dot or bracket that is not escaped, and the rest.
fn name(text: &str) -> (String, &str) {
    let mut name = String::new();
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            '\\' if !escaped => {
                escaped = true;
                continue;
            }
            '.' | '[' if !escaped => return (name, text.get(at..).unwrap_or_default()),
            c => name.push(c),
        }
        escaped = false;
    }
    (name, "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_form_finds_its_value() {
        let object = json!({
            "spec": {"replicas": 3},
            "metadata": {"annotations": {"a.b/c": "x"}},
            "status": {"list": [1, 2], "conditions": [{"type": "A", "status": "False"}, {"type": "B", "status": "True"}]},
        });
        let table = [
            (".spec.replicas", Some(json!(3))),
            (".metadata.annotations['a.b/c']", Some(json!("x"))),
            (r".metadata.annotations.a\.b/c", Some(json!("x"))),
            (".status.list[1]", Some(json!(2))),
            (
                r#".status.conditions[?(@.type=="B")].status"#,
                Some(json!("True")),
            ),
            (".status.conditions[?(@.type=='C')].status", None),
            (".spec.nothing.here", None),
        ];
        for (text, expected) in table {
            let path = Path::parse(text).unwrap();
            assert_eq!(path.find(&object), expected.as_ref(), "{text}");
        }
    }

    #[test]
    fn forms_that_are_not_known_are_refused() {
        for text in ["spec", ".a[*]", ".a..b", ".a[?(@.n>3)]", ".*"] {
            assert_eq!(Path::parse(text), None, "{text}");
        }
    }
}
