use super::*;

fn now() -> DateTime<Utc> {
    DateTime::parse_from_rfc3339("2026-01-01T01:00:00Z")
        .unwrap()
        .to_utc()
}

fn cells(columns: &Columns, object: &Value) -> Vec<Value> {
    let table = columns.table([object], json!({}), Include::None, true, now());
    table["rows"][0]["cells"].as_array().unwrap().clone()
}

fn shown(columns: &Columns, object: &Value) -> Vec<String> {
    let table = columns.table([object], json!({}), Include::None, true, now());
    let definitions = table["columnDefinitions"].as_array().unwrap();
    let cells = table["rows"][0]["cells"].as_array().unwrap();
    assert_eq!(definitions.len(), cells.len());
    definitions
        .iter()
        .zip(cells)
        .filter(|(definition, _)| definition["priority"] == 0)
        .map(|(_, cell)| {
            cell.as_str()
                .map_or_else(|| cell.to_string(), str::to_owned)
        })
        .collect()
}

fn pod(status: Value) -> Value {
    json!({
        "metadata": {"name": "p", "creationTimestamp": "2026-01-01T00:59:30Z"},
        "spec": {"containers": [{"name": "c"}, {"name": "d"}], "nodeName": "node-1"},
        "status": status,
    })
}

#[test]
fn a_pod_says_what_holds_it_up() {
    let columns = Columns::built_in(&Gvk::new("", "v1", "Pod"));
    let table = [
        (json!({"phase": "Pending"}), "p 0/2 Pending 0 30s"),
        (
            json!({"phase": "Running", "containerStatuses": [
                {"name": "c", "ready": true, "restartCount": 0, "state": {"running": {}}},
                {"name": "d", "ready": false, "restartCount": 3, "state": {"waiting": {"reason": "CrashLoopBackOff"}},
                 "lastState": {"terminated": {"finishedAt": "2026-01-01T00:58:00Z"}}},
            ]}),
            "p 1/2 CrashLoopBackOff 3 (2m ago) 30s",
        ),
        (
            json!({"phase": "Pending", "initContainerStatuses": [{"restartCount": 0, "state": {"running": {}}}]}),
            "p 0/2 Init:0/0 0 30s",
        ),
        (
            json!({"phase": "Succeeded", "containerStatuses": [{"restartCount": 0, "state": {"terminated": {"exitCode": 0, "reason": "Completed"}}}]}),
            "p 0/2 Completed 0 30s",
        ),
    ];
    for (status, expected) in table {
        assert_eq!(shown(&columns, &pod(status)).join(" "), expected);
    }
    let mut going = pod(json!({"phase": "Running"}));
    going["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:59:59Z");
    assert_eq!(shown(&columns, &going)[2], "Terminating");
}

#[test]
fn a_replica_set_shows_numbers_and_its_template() {
    let columns = Columns::built_in(&Gvk::new("apps", "v1", "ReplicaSet"));
    let object = json!({
        "metadata": {"name": "web-1", "creationTimestamp": "2026-01-01T00:00:00Z"},
        "spec": {"replicas": 3, "selector": {"matchLabels": {"b": "2", "a": "1"}},
                 "template": {"spec": {"containers": [{"name": "x", "image": "i:1"}, {"name": "y", "image": "j:2"}]}}},
        "status": {"replicas": 2},
    });
    assert_eq!(
        cells(&columns, &object),
        [
            json!("web-1"),
            json!(3),
            json!(2),
            json!(0),
            json!("60m"),
            json!("x,y"),
            json!("i:1,j:2"),
            json!("a=1,b=2"),
        ]
    );
}

#[test]
fn a_service_shows_its_ports() {
    let columns = Columns::built_in(&Gvk::new("", "v1", "Service"));
    let object = json!({
        "metadata": {"name": "web", "creationTimestamp": "2026-01-01T00:00:00Z"},
        "spec": {"type": "ClusterIP", "clusterIP": "10.96.0.7", "ports": [{"port": 80, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}]},
    });
    assert_eq!(
        shown(&columns, &object).join(" "),
        "web ClusterIP 10.96.0.7 <none> 80/TCP,53/UDP 60m"
    );
}

#[test]
fn custom_columns_show_values_of_their_type_only() {
    let version = json!({"additionalPrinterColumns": [
        {"name": "Desired", "type": "integer", "jsonPath": ".spec.replicas"},
        {"name": "Status", "type": "string", "jsonPath": ".status.phase"},
        {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
    ]});
    let columns = Columns::custom(&version).unwrap();
    let object = json!({"metadata": {"name": "r", "creationTimestamp": "2026-01-01T00:55:30Z"}, "spec": {"replicas": 5}});
    assert_eq!(
        cells(&columns, &object),
        [json!("r"), json!(5), Value::Null, json!("4m30s")]
    );
    let default = Columns::custom(&json!({})).unwrap();
    assert_eq!(cells(&default, &object), [json!("r"), json!("4m30s")]);
    assert!(Columns::custom(&json!({"additionalPrinterColumns": [{"name": "X", "type": "string", "jsonPath": ".a[*]"}]})).is_err());
}

#[test]
fn rows_carry_as_much_of_the_object_as_was_asked_for() {
    let columns = Columns::built_in(&Gvk::new("", "v1", "ConfigMap"));
    let object = json!({"metadata": {"name": "c"}, "data": {"a": "1"}});
    let row =
        |include| columns.table([&object], json!({}), include, false, now())["rows"][0].clone();
    assert!(row(Include::None).get("object").is_none());
    assert_eq!(
        row(Include::Metadata)["object"]["kind"],
        "PartialObjectMetadata"
    );
    assert_eq!(row(Include::Object)["object"], object);
    let later = columns.table([&object], json!({}), Include::None, false, now());
    assert!(later["columnDefinitions"].is_null());
}
