//! Field selectors: `metadata.name=web,status.phase!=Running`.

use serde_json::Value;

use crate::Gvk;
use crate::object::At as _;

/// A parsed field selector; the empty one matches everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldSelector {
    terms: Vec<Term>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Term {
    field: String,
    wanted: String,
    equal: bool,
}

/// Fields besides `metadata.name` and `metadata.namespace` that a kind can be selected by.
const FIELDS: &[(&str, &str, &[&str])] = &[
    (
        "",
        "Pod",
        &[
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.podIPs",
            "status.nominatedNodeName",
        ],
    ),
    (
        "",
        "Event",
        &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
        ],
    ),
    ("", "Secret", &["type"]),
    ("", "Namespace", &["status.phase"]),
    ("", "Node", &["spec.unschedulable"]),
    ("", "Service", &["spec.clusterIP", "spec.type"]),
    ("apps", "ReplicaSet", &["status.replicas"]),
];

impl FieldSelector {
    /// Whether it is the name of one object.
    pub fn is_one_name(&self) -> bool {
        self.terms
            .iter()
            .any(|term| term.equal && term.field == "metadata.name")
    }

    /// Reads the text form for one kind.
    ///
    /// # Errors
    /// The sentence of a 400 answer: a term without an operator, or a field that the kind cannot
    /// be selected by.
    pub fn parse(gvk: &Gvk, text: &str) -> Result<Self, String> {
        let mut terms = Vec::new();
        for part in text.split(',').filter(|part| !part.is_empty()) {
            let (field, wanted, equal) = if let Some((field, wanted)) = part.split_once("!=") {
                (field, wanted, false)
            } else if let Some((field, wanted)) =
                part.split_once("==").or_else(|| part.split_once('='))
            {
                (field, wanted, true)
            } else {
                return Err(format!(
                    "invalid selector: '{text}'; can't understand '{part}'"
                ));
            };
            if !known(gvk, field) {
                return Err(format!("field label not supported: {field}"));
            }
            terms.push(Term {
                field: field.to_owned(),
                wanted: wanted.to_owned(),
                equal,
            });
        }
        Ok(Self { terms })
    }

    /// Whether it selects everything.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether it selects an object. An absent field counts as the empty text, as on the server.
    pub fn matches(&self, object: &Value) -> bool {
        self.terms
            .iter()
            .all(|term| (read(object, &term.field) == term.wanted) == term.equal)
    }
}

fn known(gvk: &Gvk, field: &str) -> bool {
    matches!(field, "metadata.name" | "metadata.namespace")
        || FIELDS.iter().any(|(group, kind, fields)| {
            *group == gvk.group && *kind == gvk.kind && fields.contains(&field)
        })
}

fn read(object: &Value, field: &str) -> String {
    // An Event's source is matched by its component.
    if field == "source" {
        let place = object.at("/source/component");
        let place = place.or_else(|| object.get("reportingComponent"));
        return place.and_then(Value::as_str).unwrap_or_default().to_owned();
    }
    let mut place = object;
    for name in field.split('.') {
        match place.get(name) {
            Some(inner) => place = inner,
            None if matches!(field, "spec.hostNetwork" | "spec.unschedulable") => {
                return "false".to_owned();
            }
            None if field == "status.replicas" => return "0".to_owned(),
            None => return String::new(),
        }
    }
    match place {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_are_compared_as_texts_and_absent_ones_are_empty() {
        let pod = Gvk::new("", "v1", "Pod");
        let object =
            json!({"metadata": {"name": "p", "namespace": "shop"}, "status": {"phase": "Running"}});
        let table = [
            ("metadata.name=p", true),
            ("metadata.name==q", false),
            ("metadata.name=p,metadata.namespace!=shop", false),
            ("status.phase!=Pending", true),
            ("spec.nodeName=", true),
            ("spec.hostNetwork=false", true),
        ];
        for (text, expected) in table {
            let selector = FieldSelector::parse(&pod, text).unwrap();
            assert_eq!(selector.matches(&object), expected, "{text}");
        }
    }

    #[test]
    fn a_field_that_is_not_indexed_is_refused() {
        let rollout = Gvk::new("argoproj.io", "v1alpha1", "Rollout");
        let error = FieldSelector::parse(&rollout, "spec.replicas=1").unwrap_err();
        assert_eq!(error, "field label not supported: spec.replicas");
        assert!(FieldSelector::parse(&rollout, "metadata.name").is_err());
    }

    #[test]
    fn events_are_found_by_what_they_are_about() {
        let event = Gvk::new("", "v1", "Event");
        let object =
            json!({"involvedObject": {"kind": "Rollout", "name": "web"}, "reason": "Paused"});
        let text = "involvedObject.name=web,involvedObject.kind=Rollout,reason=Paused";
        assert!(FieldSelector::parse(&event, text).unwrap().matches(&object));
    }
}
