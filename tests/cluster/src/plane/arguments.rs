//! The command lines of a plane's programs, which run in its folder.

use serde_json::json;

use super::Ports;

pub(super) const AUDIT_LOG: &str = "audit.log";

/// Without waiting for the disk: nothing here has to survive a power cut.
pub(super) fn etcd(ports: Ports) -> Vec<String> {
    let clients = format!("http://127.0.0.1:{}", ports.etcd);
    let peers = format!("http://127.0.0.1:{}", ports.etcd_peers);
    vec![
        "--data-dir=etcd".to_owned(),
        format!("--listen-client-urls={clients}"),
        format!("--advertise-client-urls={clients}"),
        format!("--listen-peer-urls={peers}"),
        format!("--initial-advertise-peer-urls={peers}"),
        format!("--initial-cluster=default={peers}"),
        "--unsafe-no-fsync".to_owned(),
        "--log-level=warn".to_owned(),
    ]
}

/// As clusters are set up: RBAC, ServiceAccount tokens, audit log. Owner references are held to the
/// rights of who writes them, as some distributions do.
pub(super) fn api_server(ports: Ports) -> Vec<String> {
    let mut arguments = one_api_server(ports.etcd, ports.api_server);
    arguments.extend([
        format!("--audit-log-path={AUDIT_LOG}"),
        "--audit-policy-file=audit-policy.json".to_owned(),
        "--audit-log-maxsize=10000".to_owned(),
    ]);
    arguments
}

/// One that writes no log.
pub(super) fn quiet_api_server(ports: Ports) -> Vec<String> {
    one_api_server(ports.etcd, ports.api_server)
}

/// A second API server, which writes no log.
pub(super) fn observer(ports: Ports) -> Vec<String> {
    one_api_server(ports.etcd, ports.observer)
}

fn one_api_server(etcd: u16, port: u16) -> Vec<String> {
    let mut arguments = vec![
        format!("--etcd-servers=http://127.0.0.1:{etcd}"),
        format!("--secure-port={port}"),
    ];
    let fixed = [
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        // Endpoints may not be on loopback; nobody looks for this one.
        "--endpoint-reconciler-type=none",
        "--cert-dir=api-server",
        "--token-auth-file=tokens.csv",
        "--authorization-mode=RBAC",
        "--enable-admission-plugins=OwnerReferencesPermissionEnforcement",
        "--service-account-issuer=https://kubernetes.default.svc",
        "--service-account-key-file=service-accounts.pub",
        "--service-account-signing-key-file=service-accounts.pem",
        "--service-cluster-ip-range=10.96.0.0/16",
        "--profiling=false",
    ];
    arguments.extend(fixed.map(str::to_owned));
    arguments
}

/// The controllers whose work Rollouts see: ReplicaSets become pods, what has no owner goes, pods are
/// evicted and scaled.
pub(super) fn controller_manager() -> Vec<String> {
    const CONTROLLERS: [&str; 18] = [
        "clusterrole-aggregation-controller",
        "deployment-controller",
        "disruption-controller",
        "endpoints-controller",
        "endpointslice-controller",
        "garbage-collector-controller",
        "horizontal-pod-autoscaler-controller",
        "job-controller",
        "namespace-controller",
        "node-lifecycle-controller",
        "pod-garbage-collector-controller",
        "replicaset-controller",
        "replicationcontroller-controller",
        "resourcequota-controller",
        "root-ca-certificate-publisher-controller",
        "serviceaccount-controller",
        "statefulset-controller",
        "taint-eviction-controller",
    ];
    let mut arguments = vec![format!("--controllers={}", CONTROLLERS.join(","))];
    let fixed = [
        "--kubeconfig=system-kube-controller-manager.kubeconfig",
        "--root-ca-file=api-server/apiserver.crt",
        "--service-account-private-key-file=service-accounts.pem",
        "--use-service-account-credentials=true",
        "--leader-elect=false",
        "--secure-port=0",
        "--kube-api-qps=200",
        "--kube-api-burst=400",
        "--profiling=false",
    ];
    arguments.extend(fixed.map(str::to_owned));
    arguments
}

pub(super) fn scheduler() -> Vec<String> {
    let fixed = [
        "--kubeconfig=system-kube-scheduler.kubeconfig",
        "--leader-elect=false",
        "--secure-port=0",
        "--kube-api-qps=200",
        "--kube-api-burst=400",
        "--profiling=false",
    ];
    fixed.map(str::to_owned).to_vec()
}

pub(super) fn kwok() -> Vec<String> {
    let fixed = [
        "--kubeconfig=kwok.kubeconfig",
        "--config=stages.json",
        "--manage-all-nodes=true",
        "--cidr=10.244.0.0/16",
        "--node-lease-duration-seconds=40",
    ];
    fixed.map(str::to_owned).to_vec()
}

/// Everything that people and controllers under test ask for; of writes to what checkers read, also
/// what was sent and what came of it. Not what the plane's own programs look at.
pub(super) fn audit_policy() -> String {
    const WRITES: [&str; 5] = ["create", "update", "patch", "delete", "deletecollection"];
    let plane = [
        "system:apiserver",
        "system:kube-controller-manager",
        "system:kube-scheduler",
        "kwok",
    ];
    let policy = json!({
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived"],
        "omitManagedFields": true,
        "rules": [
            {"level": "None", "users": plane},
            {"level": "None", "userGroups": ["system:serviceaccounts:kube-system"]},
            {"level": "RequestResponse", "verbs": WRITES, "resources": [
                {"group": "argoproj.io"},
                {"group": "apps"},
                {"group": "", "resources": ["services", "pods", "pods/eviction"]},
            ]},
            {"level": "Metadata"},
        ],
    });
    format!("{policy:#}\n")
}
