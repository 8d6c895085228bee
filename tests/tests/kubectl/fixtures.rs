//! The CRDs and manifests that the kubectl tests use.

use serde_json::Value;
use std::path::Path;

/// The CRDs as they ship.
pub(crate) fn crds() -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crds/manifests");
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().ends_with("-crd.yaml"))
        .collect();
    files.sort();
    files
        .iter()
        .map(|file| serde_saphyr::from_str(&std::fs::read_to_string(file).unwrap()).unwrap())
        .collect()
}

/// A Rollout that nobody acts on: no controller runs in these tests.
pub(crate) const ROLLOUT: &str = r#"
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: shop}
spec:
  replicas: 5
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: main, image: "web:v1"}]}
  strategy:
    canary:
      steps:
      - setWeight: 20
      - pause: {duration: 5m}
"#;

/// A ReplicaSet whose three pods become ready at once.
pub(crate) const REPLICA_SET: &str = r#"
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata:
      labels: {app: web}
      annotations: {sim.rollouts.dev/ready-after: "0s"}
    spec: {containers: [{name: main, image: "web:v1", ports: [{containerPort: 8080}]}]}
"#;

/// A Service in front of the pods of both.
pub(crate) const SERVICE: &str = r#"
apiVersion: v1
kind: Service
metadata: {name: front}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
"#;
