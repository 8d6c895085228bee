//! The messages known, by field number.
//!
//! Source: the `generated.proto` files of the Kubernetes API modules, v0.36.

/// How a field is written.
#[derive(Debug, Clone, Copy)]
pub(super) enum Form {
    /// Set by the server; what a client says does not count.
    Skip,
    Text,
    Texts,
    /// Base64 in JSON.
    Bytes,
    /// False means absent.
    Flag,
    /// A pointer in Go: false is a value.
    MaybeFlag,
    /// Zero means absent.
    Int,
    /// A pointer in Go: zero is a value.
    MaybeInt,
    TextMap,
    BytesMap,
    IntOrText,
    One(&'static [Field]),
    Many(&'static [Field]),
}

/// One field of a message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    pub(super) number: u64,
    pub(super) name: &'static str,
    pub(super) form: Form,
}

const fn f(number: u64, name: &'static str, form: Form) -> Field {
    Field { number, name, form }
}

use Form::{
    BytesMap, Flag, Int, IntOrText, Many, MaybeFlag, MaybeInt, One, Skip, Text, TextMap, Texts,
};

/// The message around every object.
pub(super) const ENVELOPE: &[Field] = &[
    f(
        1,
        "typeMeta",
        One(&[f(1, "apiVersion", Text), f(2, "kind", Text)]),
    ),
    f(2, "raw", Form::Bytes),
    f(3, "contentEncoding", Text),
    f(4, "contentType", Text),
];

/// A number, or a text when `type` is not 0.
pub(super) const INT_OR_TEXT: &[Field] = &[
    f(1, "type", Int),
    f(2, "intVal", MaybeInt),
    f(3, "strVal", Text),
];

/// The fields of a kind; `None` for one that is not known.
pub(super) fn body_of(api_version: &str, kind: &str) -> Option<&'static [Field]> {
    Some(match (api_version, kind) {
        (_, "DeleteOptions") => DELETE_OPTIONS,
        ("v1", "Namespace") => NAMESPACE,
        ("v1", "ConfigMap") => CONFIG_MAP,
        ("v1", "Secret") => SECRET,
        ("v1", "ServiceAccount") => SERVICE_ACCOUNT,
        ("v1", "Service") => SERVICE,
        ("apps/v1", "Deployment") => DEPLOYMENT,
        ("policy/v1", "Eviction") => EVICTION,
        _ => return None,
    })
}

const METADATA: Field = f(
    1,
    "metadata",
    One(&[
        f(1, "name", Text),
        f(2, "generateName", Text),
        f(3, "namespace", Text),
        f(4, "selfLink", Skip),
        f(5, "uid", Text),
        f(6, "resourceVersion", Text),
        f(7, "generation", Skip),
        f(8, "creationTimestamp", Skip),
        f(9, "deletionTimestamp", Skip),
        f(10, "deletionGracePeriodSeconds", Skip),
        f(11, "labels", TextMap),
        f(12, "annotations", TextMap),
        f(13, "ownerReferences", Many(OWNER)),
        f(14, "finalizers", Texts),
        f(17, "managedFields", Skip),
    ]),
);

const OWNER: &[Field] = &[
    f(1, "kind", Text),
    f(3, "name", Text),
    f(4, "uid", Text),
    f(5, "apiVersion", Text),
    f(6, "controller", MaybeFlag),
    f(7, "blockOwnerDeletion", MaybeFlag),
];

const DELETE_OPTIONS: &[Field] = &[
    f(1, "gracePeriodSeconds", MaybeInt),
    f(
        2,
        "preconditions",
        One(&[f(1, "uid", Text), f(2, "resourceVersion", Text)]),
    ),
    f(3, "orphanDependents", MaybeFlag),
    f(4, "propagationPolicy", Text),
    f(5, "dryRun", Texts),
];

const EVICTION: &[Field] = &[METADATA, f(2, "deleteOptions", One(DELETE_OPTIONS))];

const NAMESPACE: &[Field] = &[
    METADATA,
    f(2, "spec", One(&[f(1, "finalizers", Texts)])),
    f(3, "status", Skip),
];

const CONFIG_MAP: &[Field] = &[
    METADATA,
    f(2, "data", TextMap),
    f(3, "binaryData", BytesMap),
    f(4, "immutable", MaybeFlag),
];

const SECRET: &[Field] = &[
    METADATA,
    f(2, "data", BytesMap),
    f(3, "type", Text),
    f(4, "stringData", TextMap),
    f(5, "immutable", MaybeFlag),
];

const SERVICE_ACCOUNT: &[Field] = &[
    METADATA,
    f(3, "imagePullSecrets", Many(&[f(1, "name", Text)])),
    f(4, "automountServiceAccountToken", MaybeFlag),
];

const SERVICE: &[Field] = &[
    METADATA,
    f(
        2,
        "spec",
        One(&[
            f(1, "ports", Many(SERVICE_PORT)),
            f(2, "selector", TextMap),
            f(3, "clusterIP", Text),
            f(4, "type", Text),
            f(5, "externalIPs", Texts),
            f(7, "sessionAffinity", Text),
            f(8, "loadBalancerIP", Text),
            f(9, "loadBalancerSourceRanges", Texts),
            f(10, "externalName", Text),
            f(11, "externalTrafficPolicy", Text),
            f(12, "healthCheckNodePort", Int),
            f(13, "publishNotReadyAddresses", Flag),
            f(17, "ipFamilyPolicy", Text),
            f(18, "clusterIPs", Texts),
            f(19, "ipFamilies", Texts),
            f(20, "allocateLoadBalancerNodePorts", MaybeFlag),
            f(21, "loadBalancerClass", Text),
            f(22, "internalTrafficPolicy", Text),
            f(23, "trafficDistribution", Text),
        ]),
    ),
    f(3, "status", Skip),
];

const SERVICE_PORT: &[Field] = &[
    f(1, "name", Text),
    f(2, "protocol", Text),
    f(3, "port", Int),
    f(4, "targetPort", IntOrText),
    f(5, "nodePort", Int),
    f(6, "appProtocol", Text),
];

const DEPLOYMENT: &[Field] = &[
    METADATA,
    f(
        2,
        "spec",
        One(&[
            f(1, "replicas", MaybeInt),
            f(2, "selector", One(&[f(1, "matchLabels", TextMap)])),
            f(3, "template", One(&[METADATA, f(2, "spec", One(POD_SPEC))])),
            f(4, "strategy", One(&[f(1, "type", Text)])),
            f(5, "minReadySeconds", Int),
            f(6, "revisionHistoryLimit", MaybeInt),
            f(7, "paused", Flag),
            f(9, "progressDeadlineSeconds", MaybeInt),
        ]),
    ),
    f(3, "status", Skip),
];

/// What `kubectl create deployment` says of pods.
const POD_SPEC: &[Field] = &[
    f(2, "containers", Many(CONTAINER)),
    f(3, "restartPolicy", Text),
    f(4, "terminationGracePeriodSeconds", MaybeInt),
    f(6, "dnsPolicy", Text),
    f(7, "nodeSelector", TextMap),
    f(8, "serviceAccountName", Text),
    f(9, "serviceAccount", Text),
    f(10, "nodeName", Text),
    f(11, "hostNetwork", Flag),
    f(12, "hostPID", Flag),
    f(13, "hostIPC", Flag),
    f(16, "hostname", Text),
    f(17, "subdomain", Text),
    f(19, "schedulerName", Text),
    f(24, "priorityClassName", Text),
];

const CONTAINER: &[Field] = &[
    f(1, "name", Text),
    f(2, "image", Text),
    f(3, "command", Texts),
    f(4, "args", Texts),
    f(5, "workingDir", Text),
    f(
        6,
        "ports",
        Many(&[
            f(1, "name", Text),
            f(2, "hostPort", Int),
            f(3, "containerPort", Int),
            f(4, "protocol", Text),
            f(5, "hostIP", Text),
        ]),
    ),
    f(7, "env", Many(&[f(1, "name", Text), f(2, "value", Text)])),
    f(8, "resources", One(&[])),
    f(13, "terminationMessagePath", Text),
    f(14, "imagePullPolicy", Text),
    f(16, "stdin", Flag),
    f(17, "stdinOnce", Flag),
    f(18, "tty", Flag),
    f(20, "terminationMessagePolicy", Text),
];
