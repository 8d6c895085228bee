use super::*;
use serde_json::json;

fn pod(current: Value, patch: Value) -> Value {
    merge(&Gvk::new("", "v1", "Pod"), &current, &patch).unwrap()
}

fn names(object: &Value, pointer: &str) -> Vec<String> {
    let list = object.pointer(pointer).unwrap().as_array().unwrap();
    list.iter()
        .map(|c| c["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn containers_merge_by_name_and_null_deletes() {
    let result = pod(
        json!({"spec": {"containers": [{"name": "a", "image": "a:1", "tty": true}, {"name": "b", "image": "b:1"}]}}),
        json!({"spec": {"containers": [{"name": "a", "image": "a:2", "tty": null}]}}),
    );
    assert_eq!(
        result,
        json!({"spec": {"containers": [{"name": "a", "image": "a:2"}, {"name": "b", "image": "b:1"}]}})
    );
}

#[test]
fn an_added_container_comes_first_unless_an_order_is_given() {
    let current = json!({"spec": {"containers": [{"name": "a"}]}});
    let added = pod(
        current.clone(),
        json!({"spec": {"containers": [{"name": "b"}]}}),
    );
    assert_eq!(names(&added, "/spec/containers"), ["b", "a"]);
    let ordered = pod(
        current,
        json!({"spec": {"$setElementOrder/containers": [{"name": "a"}, {"name": "b"}], "containers": [{"name": "b"}]}}),
    );
    assert_eq!(names(&ordered, "/spec/containers"), ["a", "b"]);
}

#[test]
fn an_order_alone_reorders() {
    let result = pod(
        json!({"spec": {"containers": [{"name": "a"}, {"name": "b"}]}}),
        json!({"spec": {"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}]}}),
    );
    assert_eq!(names(&result, "/spec/containers"), ["b", "a"]);
}

#[test]
fn directives_delete_and_replace() {
    let current = json!({"metadata": {"labels": {"x": "1"}}, "spec": {"containers": [{"name": "a"}, {"name": "b"}]}});
    let deleted = pod(
        current.clone(),
        json!({"spec": {"containers": [{"name": "a", "$patch": "delete"}]}}),
    );
    assert_eq!(names(&deleted, "/spec/containers"), ["b"]);
    let replaced = pod(
        current,
        json!({"metadata": {"labels": {"$patch": "replace", "y": "2"}}, "spec": {"containers": [{"$patch": "replace"}, {"name": "c"}]}}),
    );
    assert_eq!(replaced["metadata"]["labels"], json!({"y": "2"}));
    assert_eq!(names(&replaced, "/spec/containers"), ["c"]);
}

#[test]
fn finalizers_are_united_and_can_be_taken_out_by_name() {
    let current = json!({"metadata": {"finalizers": ["a", "b"]}});
    let added = pod(
        current.clone(),
        json!({"metadata": {"finalizers": ["c"], "$setElementOrder/finalizers": ["a", "b", "c"]}}),
    );
    assert_eq!(added["metadata"]["finalizers"], json!(["a", "b", "c"]));
    let removed = pod(
        current,
        json!({"metadata": {"$deleteFromPrimitiveList/finalizers": ["a"]}}),
    );
    assert_eq!(removed["metadata"]["finalizers"], json!(["b"]));
}

#[test]
fn retained_keys_drop_the_other_volume_source() {
    let result = pod(
        json!({"spec": {"volumes": [{"name": "v", "emptyDir": {}}]}}),
        json!({"spec": {"volumes": [{"name": "v", "$retainKeys": ["name", "configMap"], "configMap": {"name": "c"}}]}}),
    );
    assert_eq!(
        result["spec"]["volumes"],
        json!([{"name": "v", "configMap": {"name": "c"}}])
    );
}

#[test]
fn a_service_selector_merges_and_its_ports_merge_by_port() {
    let service = Gvk::new("", "v1", "Service");
    let result = merge(
        &service,
        &json!({"spec": {"selector": {"app": "web", "hash": "1"}, "ports": [{"port": 80, "targetPort": 8080}]}}),
        &json!({"spec": {"selector": {"hash": "2"}, "ports": [{"port": 80, "targetPort": 9090}]}}),
    )
    .unwrap();
    assert_eq!(
        result,
        json!({"spec": {"selector": {"app": "web", "hash": "2"}, "ports": [{"port": 80, "targetPort": 9090}]}})
    );
}

#[test]
fn lists_without_a_key_are_replaced_and_new_maps_hold_no_nulls() {
    let result = pod(
        json!({"spec": {"tolerations": [{"key": "a"}]}}),
        json!({"spec": {"tolerations": [{"key": "b"}], "securityContext": {"runAsUser": null, "fsGroup": 1}}}),
    );
    assert_eq!(
        result,
        json!({"spec": {"tolerations": [{"key": "b"}], "securityContext": {"fsGroup": 1}}})
    );
}

#[test]
fn a_member_without_its_key_is_refused() {
    let error = merge(
        &Gvk::new("", "v1", "Pod"),
        &json!({}),
        &json!({"spec": {"containers": [{"image": "x"}]}}),
    );
    assert!(error.unwrap_err().contains("declared merge key: name"));
}
