use super::*;
use serde_json::json;

fn replica_set() -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "web-1", "namespace": "shop"},
        "spec": {
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "c", "image": "web:v1", "ports": [{"containerPort": 8080}]}]},
            },
        },
    })
}

fn words(object: &Value, old: Option<&Value>) -> Vec<String> {
    let gvk = Gvk::of(object).unwrap();
    let mut object = object.clone();
    default(&gvk, &mut object);
    let errors = validate(&gvk, &object, old);
    errors.iter().map(ToString::to_string).collect()
}

/// The replica set with the value at a pointer replaced.
fn with(pointer: &str, value: Value) -> Value {
    let mut object = replica_set();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = object.pointer_mut(parent).unwrap();
    match parent {
        Value::Array(list) => list[name.parse::<usize>().unwrap()] = value,
        parent => parent[name] = value,
    }
    object
}

#[test]
fn a_pod_template_is_stored_with_the_defaults_of_the_api_server() {
    let mut object = replica_set();
    default(&Gvk::new("apps", "v1", "ReplicaSet"), &mut object);
    assert_eq!(object["spec"]["replicas"], 1);
    assert_eq!(
        object["spec"]["template"],
        json!({
            "metadata": {"labels": {"app": "web"}},
            "spec": {
                "containers": [{
                    "name": "c", "image": "web:v1", "imagePullPolicy": "IfNotPresent", "resources": {},
                    "ports": [{"containerPort": 8080, "protocol": "TCP"}],
                    "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
                }],
                "dnsPolicy": "ClusterFirst", "restartPolicy": "Always", "schedulerName": "default-scheduler",
                "securityContext": {}, "terminationGracePeriodSeconds": 30,
            },
        })
    );
}

#[test]
fn defaulting_twice_changes_nothing_more() {
    let gvk = Gvk::new("apps", "v1", "ReplicaSet");
    let mut once = replica_set();
    default(&gvk, &mut once);
    let mut twice = once.clone();
    default(&gvk, &mut twice);
    assert_eq!(once, twice);
}

#[test]
fn the_pull_policy_follows_the_tag() {
    for (image, policy) in [
        ("web", "Always"),
        ("web:latest", "Always"),
        ("web:v2", "IfNotPresent"),
        ("registry:5000/web", "Always"),
        ("registry:5000/web:v2", "IfNotPresent"),
        ("web@sha256:00", "IfNotPresent"),
    ] {
        let mut pod = json!({"spec": {"containers": [{"name": "c", "image": image}]}});
        default(&Gvk::new("", "v1", "Pod"), &mut pod);
        assert_eq!(
            pod["spec"]["containers"][0]["imagePullPolicy"], policy,
            "{image}"
        );
    }
}

#[test]
fn a_service_gets_its_type_and_target_ports() {
    let mut service = json!({"metadata": {"name": "web"}, "spec": {"ports": [{"port": 80}]}});
    default(&Gvk::new("", "v1", "Service"), &mut service);
    assert_eq!(
        service["spec"],
        json!({
            "type": "ClusterIP", "sessionAffinity": "None", "internalTrafficPolicy": "Cluster",
            "ports": [{"port": 80, "targetPort": 80, "protocol": "TCP"}],
        })
    );
}

#[test]
fn plain_texts_of_a_secret_are_stored_encoded() {
    let mut secret =
        json!({"stringData": {"word": "hidden"}, "data": {"word": "eA==", "other": "eA=="}});
    default(&Gvk::new("", "v1", "Secret"), &mut secret);
    assert_eq!(
        secret,
        json!({"type": "Opaque", "data": {"word": "aGlkZGVu", "other": "eA=="}})
    );
}

#[test]
fn a_misspelt_field_is_named_by_its_path() {
    let gvk = Gvk::new("apps", "v1", "ReplicaSet");
    let mut object = with("/spec/template/spec/containers/0/imag", json!("x"));
    object["spec"]["replica"] = json!(1);
    assert_eq!(
        unknown_fields(&gvk, &object),
        ["spec.replica", "spec.template.spec.containers[0].imag"]
    );
    assert!(unknown_fields(&gvk, &replica_set()).is_empty());
}

#[test]
fn a_value_of_the_wrong_type_is_refused_with_the_words_of_the_decoder() {
    let gvk = Gvk::new("apps", "v1", "ReplicaSet");
    let table = [
        (
            with("/spec/replicas", json!("3")),
            "json: cannot unmarshal string into Go struct field ReplicaSetSpec.spec.replicas of type int32",
        ),
        (
            with("/spec/template/spec/containers", json!({})),
            "json: cannot unmarshal object into Go struct field PodSpec.spec.template.spec.containers of type []v1.Container",
        ),
        (
            with(
                "/spec/template/spec/containers/0/resources",
                json!({"limits": {"cpu": "lots"}}),
            ),
            quantity::MALFORMED,
        ),
    ];
    for (object, expected) in table {
        assert_eq!(type_error(&gvk, &object).as_deref(), Some(expected));
    }
    assert_eq!(type_error(&gvk, &replica_set()), None);
}

#[test]
fn each_kind_of_mistake_has_the_words_of_the_api_server() {
    let table = [
        (
            with("/spec/template/metadata/labels", json!({"app": "api"})),
            "spec.template.metadata.labels: Invalid value: {\"app\":\"api\"}: `selector` does not match template `labels`",
        ),
        (
            with("/spec/replicas", json!(-1)),
            "spec.replicas: Invalid value: -1: must be greater than or equal to 0",
        ),
        (
            with("/spec/template/spec/restartPolicy", json!("Never")),
            r#"spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always""#,
        ),
        (
            with("/spec/template/spec/containers", json!([])),
            "spec.template.spec.containers: Required value",
        ),
        (
            with("/spec/template/spec/containers/0/image", json!("")),
            "spec.template.spec.containers[0].image: Required value",
        ),
        (
            with(
                "/spec/template/spec/containers/0/ports",
                json!([{"containerPort": 70000}]),
            ),
            "spec.template.spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive",
        ),
        (
            with(
                "/spec/template/spec/containers/0/volumeMounts",
                json!([{"name": "v", "mountPath": "/x"}]),
            ),
            r#"spec.template.spec.containers[0].volumeMounts[0].name: Not found: "v""#,
        ),
        (
            with(
                "/spec/template/spec/containers/0/resources",
                json!({"limits": {"cpu": "1"}, "requests": {"cpu": "1500m"}}),
            ),
            r#"spec.template.spec.containers[0].resources.requests: Invalid value: "1500m": must be less than or equal to cpu limit of 1"#,
        ),
        (
            with("/metadata/name", json!("Web")),
            "metadata.name: Invalid value: \"Web\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
        ),
    ];
    for (object, expected) in table {
        assert_eq!(words(&object, None), [expected]);
    }
    assert!(words(&replica_set(), None).is_empty());
}

#[test]
fn the_selector_of_a_replica_set_never_changes() {
    let mut new = with("/spec/selector", json!({"matchLabels": {"app": "api"}}));
    new["spec"]["template"]["metadata"]["labels"]["app"] = json!("api");
    assert_eq!(
        words(&new, Some(&replica_set())),
        [r#"spec.selector: Invalid value: {"matchLabels":{"app":"api"}}: field is immutable"#]
    );
}

#[test]
fn a_running_pod_changes_its_image_and_not_its_command() {
    let gvk = Gvk::new("", "v1", "Pod");
    let pod = |image: &str, command: &str| {
        let mut pod = json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"},
            "spec": {"containers": [{"name": "c", "image": image, "command": [command]}]},
        });
        default(&gvk, &mut pod);
        pod
    };
    // Only what a client sends again: defaults that depend on the tag stay as stored.
    assert!(validate(&gvk, &pod("a:2", "x"), Some(&pod("a:1", "x"))).is_empty());
    let errors = validate(&gvk, &pod("a:1", "y"), Some(&pod("a:1", "x")));
    assert!(
        errors[0]
            .to_string()
            .starts_with("spec: Forbidden: pod updates may not change")
    );
    // An apply that gives up the image leaves none.
    let errors = validate(&gvk, &pod("", "x"), Some(&pod("a:1", "x")));
    assert_eq!(
        errors[0].to_string(),
        "spec.containers[0].image: Required value"
    );
}

#[test]
fn no_finalizer_is_added_while_an_object_goes() {
    let gvk = Gvk::new("", "v1", "ConfigMap");
    let of = |finalizers: Value| json!({"metadata": {"name": "c", "deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": finalizers}});
    let errors = validate(&gvk, &of(json!(["a/b", "c/d"])), Some(&of(json!(["a/b"]))));
    assert_eq!(
        errors[0].to_string(),
        r#"metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"c/d"}"#
    );
}
