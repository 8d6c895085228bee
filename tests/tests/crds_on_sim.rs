//! The shipped CRDs and the embedded cluster fit together.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests, where a failure is a failed test"
)]

use serde_json::Value;
use sim::schema::Structural;
use std::path::Path;

fn crds() -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crds/manifests");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().ends_with("-crd.yaml"))
        .collect();
    files.sort();
    let read = |file| std::fs::read_to_string(file).unwrap();
    files
        .iter()
        .map(|file| serde_saphyr::from_str(&read(file)).unwrap())
        .collect()
}

fn rollout_schema() -> Structural {
    let crds = crds();
    let crd = crds
        .iter()
        .find(|crd| crd["spec"]["names"]["kind"] == "Rollout")
        .unwrap();
    Structural::from_crd_version(&crd["spec"]["versions"][0]).unwrap()
}

#[test]
fn everything_our_crds_say_can_be_enforced() {
    let crds = crds();
    assert_eq!(crds.len(), 5);
    for crd in crds {
        let served = sim::resources::from_crd(&crd);
        assert!(served.is_ok(), "{}: {served:?}", crd["metadata"]["name"]);
    }
}

#[test]
fn a_misspelt_field_deep_in_the_pod_template_is_named() {
    let mut object: Value = serde_saphyr::from_str(
        r"
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: shop}
spec:
  replicas: 5
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: main
        image: web:v1
        ports: [{containerPort: 8080, protocl: TCP}]
        resources: {limits: {cpu: 500m, example.com/gpu: 1}}
  strategy:
    canary:
      maxSurge: 25%
      steps: [{setWeight: 20}, {pause: {duration: 5m}}, {pause: {durations: 5}}, {pause: {}}]
",
    )
    .unwrap();
    let schema = rollout_schema();
    let unknown = schema.prune(&mut object);
    assert_eq!(
        unknown,
        [
            "spec.strategy.canary.steps[2].pause.durations",
            "spec.template.spec.containers[0].ports[0].protocl",
        ]
    );
    schema.default(&mut object);
    let errors = schema.validate(&object, None);
    assert!(errors.is_empty(), "{errors:?}");
}

#[test]
fn the_selector_of_a_rollout_never_changes() {
    let object = |app: &str| {
        serde_json::json!({"spec": {
            "selector": {"matchLabels": {"app": app}},
            "template": {"spec": {"containers": [{"name": "main"}]}},
        }})
    };
    let errors = rollout_schema().validate(&object("b"), Some(&object("a")));
    let words: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(
        words,
        ["spec.selector: Invalid value: .spec.selector is immutable"]
    );
}
