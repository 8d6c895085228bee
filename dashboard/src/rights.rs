//! What the dashboard may do in a cluster, and why: the source of the RBAC that is installed for it.
//!
//! It reads, and asks who a viewer is and what they may see. There is no right here to change
//! anything, and none is ever to come: what people do, they do with rights of their own.

pub use crds::rights::{Place, Right};

/// Verbs of what is watched: nothing is asked for one by one.
const WATCH: &[&str] = &["list", "watch"];

/// Everything that the dashboard may do.
///
/// Source: `safety.md` §9, "no write verb at all; read verbs for the shared watch, and
/// TokenReview/SubjectAccessReview create".
pub const RIGHTS: &[Right] = &[
    read(
        "argoproj.io",
        "rollouts",
        "What is shown; one watch for all viewers.",
    ),
    read(
        "apps",
        "replicasets",
        "The revisions of a Rollout; one watch for all viewers.",
    ),
    read(
        "",
        "pods",
        "Those of a Rollout whose page is open, and why they are not ready.",
    ),
    read(
        "",
        "services",
        "Which revision the Services of a Rollout select, while its page is open.",
    ),
    read(
        "",
        "events",
        "What happened to a Rollout whose page is open.",
    ),
    read(
        "argoproj.io",
        "analysisruns",
        "What was measured for a Rollout whose page is open.",
    ),
    read(
        "argoproj.io",
        "experiments",
        "What was tried for a Rollout whose page is open.",
    ),
    review(
        "authentication.k8s.io",
        "tokenreviews",
        "Who somebody is that sent a token. Nothing is stored by it.",
    ),
    review(
        "authorization.k8s.io",
        "subjectaccessreviews",
        "Whether a viewer may see what is asked for. Nothing is stored by it.",
    ),
];

const fn read(group: &'static str, resource: &'static str, why: &'static str) -> Right {
    Right {
        group,
        resource,
        verbs: WATCH,
        place: Place::Watched,
        why,
    }
}

const fn review(group: &'static str, resource: &'static str, why: &'static str) -> Right {
    Right {
        group,
        resource,
        verbs: &["create"],
        place: Place::Cluster,
        why,
    }
}
