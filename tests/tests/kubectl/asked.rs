//! What each verb asks the server, as a list that is kept.

use std::fmt::Write;
use std::path::Path;

use crate::fixtures::{REPLICA_SET, ROLLOUT};
use crate::world::World;

/// Calls in order; those with `-f -` get the Rollout.
const CALLS: &[&str] = &[
    "version",
    "api-resources",
    "explain rollout.spec.strategy",
    "apply -f -",
    "apply -f -",
    "get rollout shop",
    "get rollouts -A",
    "get rollout shop -o yaml",
    "describe rollout shop",
    "describe rs web",
    "patch rollout shop --type=merge -p '{\"spec\":{\"replicas\":2}}'",
    "patch rs web -p '{\"spec\":{\"minReadySeconds\":1}}'",
    "label rollout shop tier=front",
    "annotate rollout shop team=shop",
    "scale rollout shop --replicas=3",
    "wait --for=jsonpath={.spec.replicas}=3 rollout/shop",
    "get events",
    "delete rollout shop",
];

#[test]
fn each_verb_asks_what_is_listed() {
    let Some(world) = World::start() else { return };
    world.apply(REPLICA_SET);
    world.ok("wait --for=jsonpath={.status.readyReplicas}=3 rs/web --timeout=30s");
    let mut list = String::from(
        "# What kubectl asks the server. Rewrite with: UPDATE=1 cargo test -p tests --test kubectl asked\n",
    );
    for call in CALLS {
        let input = if call.ends_with("-f -") { ROLLOUT } else { "" };
        let run = world.kubectl_with(call, input);
        assert!(run.ok, "kubectl {call}\n{}{}", run.out, run.err);
        write!(list, "\n$ kubectl {call}\n").unwrap();
        for line in run.asked {
            writeln!(list, "{line}").unwrap();
        }
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kubectl/asked.txt");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&file, &list).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    let differs = list
        .lines()
        .zip(kept.lines())
        .find(|(now, kept)| now != kept);
    assert!(
        list == kept,
        "tests/tests/kubectl/asked.txt differs, first in: {differs:#?}"
    );
}
