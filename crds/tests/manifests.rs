//! The CustomResourceDefinitions: up to date, acceptable to an API server, and as users know them.
//!
//! Source: `compat/api.md` §1.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test says what it expects by failing"
)]

#[path = "manifests/required.rs"]
mod required;
#[path = "manifests/structural.rs"]
mod structural;

use std::collections::BTreeMap;

use std::sync::LazyLock;

use crds::manifests::files;
use serde_json::{Value, json};

static DEFINITIONS: LazyLock<Vec<Value>> = LazyLock::new(crds::manifests::definitions);

fn definitions() -> Vec<Value> {
    DEFINITIONS.clone()
}

fn definition(kind: &str) -> Value {
    let mut all = definitions().into_iter();
    all.find(|crd| crd["spec"]["names"]["kind"] == kind)
        .unwrap()
}

fn version(kind: &str) -> Value {
    definition(kind)["spec"]["versions"][0].clone()
}

fn schema(kind: &str) -> Value {
    version(kind)["schema"]["openAPIV3Schema"].clone()
}

/// The schema at a path such as `spec.template.spec.containers[].env`.
fn at<'a>(schema: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(schema, |node, part| {
        let name = part.trim_end_matches("[]");
        let node = &node["properties"][name];
        assert!(node.is_object(), "{path}: no {name}");
        if part.ends_with("[]") {
            &node["items"]
        } else {
            node
        }
    })
}

/// Every node of a schema with its path.
fn walk(schema: &Value, path: &str, visit: &mut impl FnMut(&str, &Value)) {
    visit(path, schema);
    for (name, child) in schema["properties"].as_object().into_iter().flatten() {
        walk(
            child,
            format!("{path}.{name}").trim_start_matches('.'),
            visit,
        );
    }
    for key in ["items", "additionalProperties"] {
        if let Some(child) = schema.get(key) {
            walk(child, &format!("{path}[]"), visit);
        }
    }
}

#[test]
fn the_committed_manifests_are_what_the_types_generate() {
    for file in files() {
        let path = format!("{}/manifests/{}", env!("CARGO_MANIFEST_DIR"), file.name);
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            committed == file.text,
            "{path} is out of date; run: cargo run -p crds --bin crds-generate"
        );
    }
}

#[test]
fn the_yaml_says_the_same_as_the_json() {
    let written: BTreeMap<String, Value> = files()
        .iter()
        .map(|file| serde_saphyr::from_str(&file.text).unwrap())
        .filter(|crd: &Value| crd["kind"] == "CustomResourceDefinition")
        .map(|crd| (crd["metadata"]["name"].as_str().unwrap().to_owned(), crd))
        .collect();
    assert_eq!(written.len(), 5);
    for crd in definitions() {
        assert_eq!(written[crd["metadata"]["name"].as_str().unwrap()], crd);
    }
}

#[test]
fn every_schema_is_structural() {
    for crd in definitions() {
        let schema = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
        assert_eq!(structural::problems(schema), Vec::<String>::new());
    }
}

#[test]
fn the_check_for_structure_finds_what_is_wrong() {
    for broken in [
        json!({}),
        json!({"type": "string", "nullable": true}),
        json!({"type": "object", "$ref": "#/x"}),
        json!({"type": "array"}),
        json!({"type": "object", "properties": {}, "additionalProperties": {"type": "string"}}),
        json!({"type": "object", "required": ["a"]}),
        json!({"type": "string", "default": 1}),
        json!({"type": "string", "anyOf": []}),
        json!({"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["a"],
            "items": {"type": "object", "properties": {"a": {"type": "string"}}}}),
        json!({"type": "object", "properties": {"a": {"type": "text"}}}),
    ] {
        assert_ne!(
            structural::problems(&broken),
            Vec::<String>::new(),
            "{broken}"
        );
    }
}

#[test]
fn every_definition_fits_into_an_annotation() {
    // `kubectl apply` stores the whole object in an annotation of at most 262,144 bytes.
    for crd in definitions() {
        let size = crd.to_string().len();
        assert!(
            size < 200_000,
            "{} has {size} bytes",
            crd["metadata"]["name"]
        );
    }
}

#[test]
fn the_kinds_have_the_names_and_subresources_that_users_know() {
    for (kind, plural, short_name, scope, subresources) in [
        ("AnalysisRun", "analysisruns", "ar", "Namespaced", json!({})),
        (
            "AnalysisTemplate",
            "analysistemplates",
            "at",
            "Namespaced",
            json!({}),
        ),
        (
            "ClusterAnalysisTemplate",
            "clusteranalysistemplates",
            "cat",
            "Cluster",
            json!({}),
        ),
        ("Experiment", "experiments", "exp", "Namespaced", json!({})),
        (
            "Rollout",
            "rollouts",
            "ro",
            "Namespaced",
            json!({"status": {}, "scale": {
            "specReplicasPath": ".spec.replicas",
            "statusReplicasPath": ".status.HPAReplicas",
            "labelSelectorPath": ".status.selector"}}),
        ),
    ] {
        let spec = definition(kind)["spec"].clone();
        assert_eq!(spec["group"], "argoproj.io");
        assert_eq!(spec["names"]["plural"], plural);
        assert_eq!(spec["names"]["shortNames"], json!([short_name]));
        assert_eq!(spec["scope"], scope);
        let version = version(kind);
        assert_eq!(version["name"], "v1alpha1");
        assert_eq!(version["subresources"], subresources, "{kind}");
        assert_eq!(schema(kind)["required"], json!(["spec"]), "{kind}");
    }
}

#[test]
fn the_columns_of_today_come_first_and_ours_are_wide() {
    let narrow = |kind: &str| -> Vec<String> {
        let version = version(kind);
        let columns = version["additionalPrinterColumns"].as_array().unwrap();
        let shown = columns
            .iter()
            .filter(|column| column.get("priority").is_none());
        shown
            .map(|it| format!("{} {} {}", it["name"], it["jsonPath"], it["type"]).replace('"', ""))
            .collect()
    };
    let age = "Age .metadata.creationTimestamp date";
    assert_eq!(
        narrow("Rollout"),
        [
            "Desired .spec.replicas integer",
            "Current .status.replicas integer",
            "Up-to-date .status.updatedReplicas integer",
            "Available .status.availableReplicas integer",
            age,
        ]
    );
    assert_eq!(narrow("Experiment"), ["Status .status.phase string", age]);
    assert_eq!(narrow("AnalysisRun"), ["Status .status.phase string", age]);
    assert_eq!(narrow("AnalysisTemplate"), [age]);
    assert_eq!(narrow("ClusterAnalysisTemplate"), [age]);
    let columns = version("Rollout")["additionalPrinterColumns"].clone();
    assert!(
        columns.as_array().unwrap()[5..]
            .iter()
            .all(|column| column["priority"] == 1)
    );
}

#[test]
fn server_side_apply_merges_the_same_lists_as_today() {
    let mut found = Vec::new();
    walk(
        at(&schema("Rollout"), "spec.template.spec"),
        "",
        &mut |path, node| {
            if let Some(keys) = node.get("x-kubernetes-list-map-keys") {
                found.push(format!("{path} {keys}").replace('"', ""));
            }
        },
    );
    found.sort();
    let mut wanted = vec![
        "hostAliases [ip]".to_owned(),
        "imagePullSecrets [name]".to_owned(),
        "resourceClaims [name]".to_owned(),
        "resources.claims [name]".to_owned(),
        "schedulingGates [name]".to_owned(),
        "topologySpreadConstraints [topologyKey,whenUnsatisfiable]".to_owned(),
    ];
    for containers in ["containers", "ephemeralContainers", "initContainers"] {
        wanted.push(format!("{containers} [name]"));
        for (list, keys) in [
            ("env", "name"),
            ("ports", "containerPort,protocol"),
            ("resources.claims", "name"),
            ("volumeDevices", "devicePath"),
            ("volumeMounts", "mountPath"),
        ] {
            wanted.push(format!("{containers}[].{list} [{keys}]"));
        }
    }
    wanted.sort();
    assert_eq!(found, wanted);
    assert_eq!(found.len(), 24);
}

#[test]
fn unknown_fields_are_kept_only_where_they_are_today() {
    let kept = |kind: &str| {
        let mut paths = Vec::new();
        walk(&schema(kind), "", &mut |path, node| {
            if node.get("x-kubernetes-preserve-unknown-fields").is_some() {
                paths.push(path.to_owned());
            }
        });
        paths
    };
    let pod = |prefix: &str| -> Vec<String> {
        let mut paths = Vec::new();
        for containers in ["containers", "ephemeralContainers", "initContainers"] {
            for amounts in ["limits", "requests"] {
                paths.push(format!("{prefix}.spec.{containers}[].resources.{amounts}"));
            }
        }
        paths.push(format!("{prefix}.spec.volumes[]"));
        paths
    };
    let mut rollout = vec![
        "spec.strategy.canary.steps[].plugin.config".to_owned(),
        "spec.strategy.canary.trafficRouting.plugins".to_owned(),
        "status.canary.stepPluginStatuses[].status".to_owned(),
    ];
    rollout.extend(pod("spec.template"));
    let mut found = kept("Rollout");
    rollout.sort();
    found.sort();
    assert_eq!(found, rollout);
    let mut metrics = pod("spec.metrics[].provider.job.spec.template");
    for field in ["job.metadata", "plugin", "web.jsonBody"] {
        metrics.push(format!("spec.metrics[].provider.{field}"));
    }
    metrics.sort();
    for kind in ["AnalysisRun", "AnalysisTemplate", "ClusterAnalysisTemplate"] {
        let mut found = kept(kind);
        found.sort();
        assert_eq!(found, metrics, "{kind}");
    }
    assert_eq!(kept("Experiment"), pod("spec.templates[].template"));
}

#[test]
fn nothing_has_a_default_but_replicas_status_and_the_keys_of_lists() {
    let mut defaults = Vec::new();
    for kind in [
        "AnalysisRun",
        "AnalysisTemplate",
        "ClusterAnalysisTemplate",
        "Experiment",
        "Rollout",
    ] {
        walk(&schema(kind), "", &mut |path, node| {
            if let Some(default) = node.get("default")
                && !path.contains("job.spec.template.")
            {
                defaults.push(format!("{kind} {path} {default}"));
            }
        });
    }
    let pod = |prefix: &str| {
        let mut defaults = Vec::new();
        for containers in ["containers", "ephemeralContainers"] {
            defaults.push(format!(r#"{prefix}.{containers}[].ports[].protocol "TCP""#));
        }
        defaults.push(format!(r#"{prefix}.imagePullSecrets[].name """#));
        defaults.push(format!(
            r#"{prefix}.initContainers[].ports[].protocol "TCP""#
        ));
        defaults
    };
    let mut wanted = pod("Experiment spec.templates[].template.spec");
    wanted.push("Rollout spec.replicas 1".to_owned());
    wanted.extend(pod("Rollout spec.template.spec"));
    wanted.push(r#"Rollout status {"observedGeneration":"-1"}"#.to_owned());
    assert_eq!(defaults, wanted);
}

#[test]
fn integers_or_texts_are_accepted_where_users_write_either() {
    let rollout = schema("Rollout");
    for path in [
        "spec.strategy.canary.maxSurge",
        "spec.strategy.canary.maxUnavailable",
        "spec.strategy.blueGreen.maxUnavailable",
        "spec.strategy.canary.steps[].pause.duration",
        "status.observedGeneration",
    ] {
        assert_eq!(
            at(&rollout, path)["x-kubernetes-int-or-string"],
            true,
            "{path}"
        );
    }
    let template = schema("AnalysisTemplate");
    for path in [
        "count",
        "failureLimit",
        "inconclusiveLimit",
        "consecutiveErrorLimit",
        "consecutiveSuccessLimit",
        "provider.cloudWatch.metricDataQueries[].period",
        "provider.cloudWatch.metricDataQueries[].metricStat.period",
    ] {
        let path = format!("spec.metrics[].{path}");
        assert_eq!(
            at(&template, &path)["x-kubernetes-int-or-string"],
            true,
            "{path}"
        );
    }
}

#[test]
fn the_selector_may_not_change() {
    let rollout = schema("Rollout");
    let mut rules = Vec::new();
    walk(&rollout, "", &mut |path, node| {
        if let Some(validations) = node.get("x-kubernetes-validations") {
            rules.push((path.to_owned(), validations.clone()));
        }
    });
    let rule = json!([{"rule": "self == oldSelf", "message": ".spec.selector is immutable"}]);
    assert_eq!(rules, [("spec.selector".to_owned(), rule)]);
}

#[test]
fn a_pod_templates_metadata_has_labels_and_annotations_only() {
    let rollout = schema("Rollout");
    let metadata = at(&rollout, "spec.template.metadata");
    let names: Vec<_> = metadata["properties"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["annotations", "labels"]);
    assert_eq!(
        metadata["properties"]["labels"]["additionalProperties"]["type"],
        "string"
    );
}

#[test]
fn every_field_of_ours_is_described_and_the_pods_are_not() {
    for kind in [
        "AnalysisRun",
        "AnalysisTemplate",
        "ClusterAnalysisTemplate",
        "Experiment",
        "Rollout",
    ] {
        let schema = schema(kind);
        walk(&schema, "", &mut |path, node| {
            // Members of lists and maps are described by their list; metadata by Kubernetes.
            let is_member = path.ends_with("[]") || path.is_empty() || path == "metadata";
            let in_pods = path.contains("template.") || path.contains("job.spec.");
            if in_pods {
                assert!(node.get("description").is_none(), "{kind} {path}");
            } else if !is_member {
                let text = node["description"].as_str().unwrap_or_default();
                assert!(text.len() > 3, "{kind} {path} has no description");
            }
        });
    }
}

#[test]
fn required_fields_are_those_of_today() {
    for (kind, path, fields) in required::REQUIRED {
        let schema = schema(kind);
        assert_eq!(
            at(&schema, path)["required"],
            json!(fields),
            "{kind} {path}"
        );
    }
}
