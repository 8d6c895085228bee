use super::*;
use serde_json::json;

fn widgets() -> Structural {
    Structural::from_crd_version(&json!({"schema": {"openAPIV3Schema": {
        "type": "object",
        "required": ["spec"],
        "properties": {
            "spec": {
                "type": "object",
                "required": ["size"],
                "properties": {
                    "size": {"type": "integer", "minimum": 1, "maximum": 9},
                    "colour": {"type": "string", "enum": ["red", "blue"], "default": "red"},
                    "note": {"type": "string", "nullable": true, "maxLength": 4},
                    "surge": {"x-kubernetes-int-or-string": true},
                    "anything": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
                    "at": {"type": "string", "format": "date-time"},
                    "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                    "selector": {
                        "type": "object",
                        "properties": {"app": {"type": "string"}},
                        "x-kubernetes-validations": [{"rule": "self == oldSelf", "message": "selector is immutable"}]
                    },
                    "ports": {
                        "type": "array",
                        "x-kubernetes-list-type": "map",
                        "x-kubernetes-list-map-keys": ["port"],
                        "items": {
                            "type": "object",
                            "properties": {"port": {"type": "integer"}, "protocol": {"type": "string", "default": "TCP"}}
                        }
                    }
                }
            }
        }
    }}}))
    .unwrap()
}

fn words(object: Value, old: Option<Value>) -> Vec<String> {
    let errors = widgets().validate(&object, old.as_ref());
    errors.iter().map(ToString::to_string).collect()
}

#[test]
fn unknown_fields_are_removed_and_named_by_path() {
    let mut object = json!({
        "apiVersion": "v1", "kind": "Widget", "metadata": {"name": "w", "labels": {"a": "b"}, "lables": {}},
        "spec": {"size": 1, "sise": 2, "anything": {"goes": {"here": 1}}, "labels": {"any": "key"},
                 "ports": [{"port": 1}, {"port": 2, "prot": "UDP"}]},
        "extra": true,
    });
    let unknown = widgets().prune(&mut object);
    assert_eq!(
        unknown,
        [
            "metadata.lables",
            "extra",
            "spec.ports[1].prot",
            "spec.sise"
        ]
    );
    assert_eq!(object["spec"]["anything"]["goes"]["here"], 1);
    assert_eq!(object["metadata"]["labels"]["a"], "b");
    assert!(object["spec"].get("sise").is_none());
}

#[test]
fn defaults_fill_what_is_absent_or_null_also_inside_lists() {
    let mut object = json!({"spec": {"size": 1, "colour": null, "ports": [{"port": 1}, {"port": 2, "protocol": "UDP"}]}});
    widgets().default(&mut object);
    assert_eq!(
        object,
        json!({"spec": {"size": 1, "colour": "red", "ports": [{"port": 1, "protocol": "TCP"}, {"port": 2, "protocol": "UDP"}]}})
    );
}

#[test]
fn each_kind_of_mistake_has_the_words_of_the_api_server() {
    let table = [
        (json!({}), "spec: Required value"),
        (json!({"spec": {}}), "spec.size: Required value"),
        (
            json!({"spec": {"size": "1"}}),
            r#"spec.size: Invalid value: "string": spec.size in body must be of type integer: "string""#,
        ),
        (
            json!({"spec": {"size": 0}}),
            "spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1",
        ),
        (
            json!({"spec": {"size": 10}}),
            "spec.size: Invalid value: 10: spec.size in body should be less than or equal to 9",
        ),
        (
            json!({"spec": {"size": 1, "colour": "green"}}),
            r#"spec.colour: Unsupported value: "green": supported values: "red", "blue""#,
        ),
        (
            json!({"spec": {"size": 1, "note": "12345"}}),
            "spec.note: Too long: may not be more than 4 bytes",
        ),
        (
            json!({"spec": {"size": 1, "surge": true}}),
            r#"spec.surge: Invalid value: "boolean": spec.surge in body must be of type integer,string: "boolean""#,
        ),
        (
            json!({"spec": {"size": 1, "at": "soon"}}),
            r#"spec.at: Invalid value: "soon": spec.at in body must be of type date-time: "soon""#,
        ),
        (
            json!({"spec": {"size": 1, "labels": {"a": 1}}}),
            r#"spec.labels.a: Invalid value: "integer": spec.labels.a in body must be of type string: "integer""#,
        ),
        (
            json!({"spec": {"size": 1, "ports": [{"port": 1}, {"port": 1}]}}),
            r#"spec.ports[1]: Duplicate value: {"port":1}"#,
        ),
    ];
    for (object, expected) in table {
        assert_eq!(words(object.clone(), None), [expected], "{object}");
    }
}

#[test]
fn a_nullable_field_may_be_null_and_another_may_not() {
    assert!(words(json!({"spec": {"size": 1, "note": null}}), None).is_empty());
    assert_eq!(
        words(json!({"spec": {"size": null}}), None),
        [r#"spec.size: Invalid value: "null": spec.size in body must be of type integer: "null""#]
    );
}

#[test]
fn an_immutable_field_may_be_added_and_not_changed() {
    let with = |app: &str| json!({"spec": {"size": 1, "selector": {"app": app}}});
    assert!(words(with("a"), Some(json!({"spec": {"size": 1}}))).is_empty());
    assert!(words(with("a"), Some(with("a"))).is_empty());
    assert_eq!(
        words(with("b"), Some(with("a"))),
        ["spec.selector: Invalid value: selector is immutable"]
    );
}

#[test]
fn an_old_mistake_does_not_stop_another_change() {
    let old = json!({"spec": {"size": 99}});
    assert!(words(json!({"spec": {"size": 99, "note": "x"}}), Some(old)).is_empty());
}

#[test]
fn a_schema_that_cannot_be_enforced_is_refused_with_its_path() {
    let with = |property: Value| {
        Structural::from_crd_version(&json!({"schema": {"openAPIV3Schema": {"type": "object", "properties": {"a": property}}}}))
            .unwrap_err()
    };
    assert_eq!(
        with(json!({"type": "string", "x-kubernetes-validations": [{"rule": "self.size() > 3"}]})),
        "schema.openAPIV3Schema.properties[a].x-kubernetes-validations[0].rule: only the rule `self == oldSelf` can be evaluated here, not `self.size() > 3`"
    );
    assert!(with(json!({"$ref": "#/x"})).contains("properties[a].$ref"));
    assert!(with(json!({"type": "thing"})).contains("properties[a].type"));
}
