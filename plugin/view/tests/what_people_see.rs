//! Objects in, text out: the layouts that scripts and eyes rely on.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests, outside the functions that clippy knows as tests"
)]

use crds::{Rollout, Time};
use serde_json::{Value, json};
use view::explain::explain_text;
use view::text::{Detail, ListOptions, ListRow, Style, change_line, rollout_text, rows_text};
use view::{Objects, RolloutView};

const PLAIN: Style = Style {
    colour: false,
    ascii: false,
};

fn now() -> Time {
    Time::parse("2026-03-08T12:00:00Z").unwrap()
}

fn owner(kind: &str, uid: &str) -> Value {
    json!([{"kind": kind, "uid": uid, "name": "any"}])
}

fn replica_set(name: &str, revision: &str, hash: &str, size: [i64; 3], image: &str) -> Value {
    let [wanted, there, available] = size;
    json!({
        "metadata": {
            "name": name, "namespace": "shop", "uid": format!("uid-{name}"), "generation": 2,
            "creationTimestamp": "2026-03-07T10:00:00Z",
            "labels": {"rollouts-pod-template-hash": hash},
            "annotations": {"rollout.argoproj.io/revision": revision},
            "ownerReferences": owner("Rollout", "uid-cart"),
        },
        "spec": {"replicas": wanted, "template": {"spec": {"containers": [{"image": image}]}}},
        "status": {"observedGeneration": 2, "replicas": there, "availableReplicas": available},
    })
}

fn pod(name: &str, replica_set: &str, state: Value, restarts: i64) -> Value {
    let ready = state.get("running").is_some();
    json!({
        "metadata": {
            "name": name, "namespace": "shop", "uid": format!("uid-{name}"),
            "creationTimestamp": "2026-03-08T11:58:00Z",
            "ownerReferences": owner("ReplicaSet", &format!("uid-{replica_set}")),
        },
        "spec": {"containers": [{"name": "web"}], "nodeName": "node-7"},
        "status": {
            "phase": "Running", "podIP": "10.0.0.9",
            "containerStatuses": [{"name": "web", "ready": ready, "restartCount": restarts,
                                   "state": state}],
        },
    })
}

fn running() -> Value {
    json!({"running": {}})
}

fn canary() -> Rollout {
    serde_json::from_value(json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout",
        "metadata": {"name": "cart", "namespace": "shop", "uid": "uid-cart", "generation": 4,
                     "creationTimestamp": "2026-03-01T11:00:00Z"},
        "spec": {
            "replicas": 3, "selector": {"matchLabels": {"app": "web"}},
            "template": {},
            "strategy": {"canary": {"steps": [
                {"setWeight": 33}, {"pause": {"duration": "5m"}}, {"setWeight": 66}, {"pause": {}}]}},
        },
        "status": {
            "observedGeneration": "4", "phase": "Paused", "message": "CanaryPauseStep",
            "currentStepIndex": 1, "stableRS": "aaa", "currentPodHash": "bbb",
            "replicas": 4, "updatedReplicas": 2, "readyReplicas": 3, "availableReplicas": 3,
            "controllerPause": true,
            "pauseConditions": [{"reason": "CanaryPauseStep", "startTime": "2026-03-08T11:58:30Z"}],
            "waitingOn": {
                "reason": "PauseEnd", "object": "Rollout/cart", "seen": "paused",
                "since": "2026-03-08T11:58:30Z", "release": "time: 2026-03-08T12:03:30Z",
                "fix": "kubectl rollouts promote cart, to go on at once"},
        },
    }))
    .unwrap()
}

fn canary_view() -> RolloutView {
    let rollout = canary();
    let mut orphan = replica_set("other-1", "9", "ccc", [1, 1, 1], "other:v1");
    orphan["metadata"]["ownerReferences"] = owner("Rollout", "uid-other");
    let replica_sets = [
        orphan,
        replica_set("cart-000", "1", "zzz", [0, 0, 0], "cart:v0"),
        replica_set("cart-aaa", "2", "aaa", [2, 2, 2], "cart:v1"),
        replica_set("cart-bbb", "3", "bbb", [2, 2, 1], "cart:v2"),
    ];
    let pods = [
        pod(
            "cart-bbb-2",
            "cart-bbb",
            json!({"waiting": {"reason": "CrashLoopBackOff"}}),
            3,
        ),
        pod("cart-bbb-1", "cart-bbb", running(), 0),
        pod("cart-aaa-2", "cart-aaa", running(), 0),
        pod("cart-aaa-1", "cart-aaa", running(), 0),
        pod("other-1-1", "other-1", running(), 0),
    ];
    RolloutView::new(
        Objects {
            rollout: &rollout,
            replica_sets: &replica_sets,
            pods: &pods,
        },
        now(),
    )
}

#[test]
fn the_tree_of_a_canary_has_the_layout_that_scripts_know() {
    let text = rollout_text(&canary_view(), Detail::Compat, PLAIN);
    let expected = "\
Name:            cart
Namespace:       shop
Status:          ॥ Paused
Message:         CanaryPauseStep
Strategy:        Canary
  Step:          1/4
  SetWeight:     33
  ActualWeight:  33
Images:          cart:v1 (stable)
                 cart:v2 (canary)
Replicas:
  Desired:       3
  Current:       4
  Updated:       2
  Ready:         3
  Available:     3

NAME                   KIND        STATUS              AGE   INFO
⟳ cart                 Rollout     ॥ Paused            7d1h
├──# revision:3
│  └──⧉ cart-bbb       ReplicaSet  ◌ Progressing       26h   canary
│     ├──□ cart-bbb-1  Pod         ✔ Running           2m    ready:1/1
│     └──□ cart-bbb-2  Pod         ✖ CrashLoopBackOff  2m    ready:0/1,restarts:3
├──# revision:2
│  └──⧉ cart-aaa       ReplicaSet  ✔ Healthy           26h   stable
│     ├──□ cart-aaa-1  Pod         ✔ Running           2m    ready:1/1
│     └──□ cart-aaa-2  Pod         ✔ Running           2m    ready:1/1
└──# revision:1
   └──⧉ cart-000       ReplicaSet  • ScaledDown        26h
";
    assert_eq!(text, expected, "\n{text}");
}

#[test]
fn under_our_own_name_the_header_says_what_it_waits_on_and_which_steps_there_are() {
    let text = rollout_text(&canary_view(), Detail::Full, PLAIN);
    let expected = "\
Name:            cart
Namespace:       shop
Status:          ॥ Paused
Message:         CanaryPauseStep
Waiting on:      PauseEnd of Rollout/cart, 3m30s left
  Released by:   kubectl rollouts promote cart -n shop
Strategy:        Canary
  Step:          1/4
  SetWeight:     33
  ActualWeight:  33
  Steps:         ✔ setWeight: 33
                 ◌ pause: 5m (3m30s left)
                   setWeight: 66
                   pause
Images:          cart:v1 (stable)
";
    assert!(text.starts_with(expected), "\n{text}");
}

#[test]
fn wide_output_names_images_addresses_and_nodes() {
    let text = rollout_text(&canary_view(), Detail::Wide, PLAIN);
    assert!(text.contains("canary,image:cart:v2\n"), "\n{text}");
    assert!(
        text.contains("ready:1/1,ip:10.0.0.9,node:node-7\n"),
        "\n{text}"
    );
}

#[test]
fn colours_wrap_signs_tags_and_the_names_of_tagged_replica_sets() {
    let style = Style {
        colour: true,
        ascii: false,
    };
    let text = rollout_text(&canary_view(), Detail::Compat, style);
    for part in [
        "Status:          \u{1b}[0m॥\u{1b}[0m Paused\n",
        "cart:v2 (\u{1b}[33mcanary\u{1b}[0m)\n",
        "└──⧉ \u{1b}[33mcart-bbb\u{1b}[0m       ReplicaSet  \u{1b}[94m◌\u{1b}[0m Progressing",
        "⧉ \u{1b}[32mcart-aaa\u{1b}[0m",
        "\u{1b}[31m✖\u{1b}[0m CrashLoopBackOff",
        "⧉ cart-000 ",
    ] {
        assert!(text.contains(part), "{part:?} in\n{text:?}");
    }
    let bare: String = strip(&text);
    assert_eq!(bare, rollout_text(&canary_view(), Detail::Compat, PLAIN));
}

fn strip(text: &str) -> String {
    let mut out = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character == '\u{1b}' {
            characters.by_ref().find(|c| *c == 'm');
        } else {
            out.push(character);
        }
    }
    out
}

#[test]
fn ascii_output_has_the_same_shape_without_any_sign() {
    let style = Style {
        colour: false,
        ascii: true,
    };
    let text = rollout_text(&canary_view(), Detail::Full, style);
    assert!(text.is_ascii(), "{text}");
    assert!(text.contains("|  `--S cart-bbb"), "{text}");
}

#[test]
fn a_blue_green_tree_shows_active_preview_and_the_delay_before_scale_down() {
    let rollout: Rollout = serde_json::from_value(json!({
        "metadata": {"name": "cart", "namespace": "shop", "uid": "uid-cart", "generation": 1,
                     "creationTimestamp": "2026-03-08T11:00:00Z"},
        "spec": {"replicas": 1, "strategy": {"blueGreen": {"activeService": "a"}}},
        "status": {
            "observedGeneration": "1", "phase": "Progressing",
            "message": "active service cutover pending", "currentPodHash": "ccc",
            "stableRS": "bbb", "replicas": 3, "updatedReplicas": 1, "readyReplicas": 3,
            "availableReplicas": 3,
            "blueGreen": {"activeSelector": "bbb", "previewSelector": "ccc"},
        },
    }))
    .unwrap();
    let deadline = |name: &str, revision: &str, hash: &str, at: &str| {
        let mut set = replica_set(name, revision, hash, [1, 1, 1], "cart:v1");
        set["metadata"]["annotations"]["scale-down-deadline"] = json!(at);
        set
    };
    let replica_sets = [
        deadline("cart-aaa", "1", "aaa", "2026-03-08T12:00:30Z"),
        deadline("cart-000", "1", "zzz", "2026-03-08T11:00:30Z"),
        replica_set("cart-bbb", "2", "bbb", [1, 1, 1], "cart:v1"),
        replica_set("cart-ccc", "3", "ccc", [1, 1, 1], "cart:v3"),
    ];
    let view = RolloutView::new(
        Objects {
            rollout: &rollout,
            replica_sets: &replica_sets,
            pods: &[],
        },
        now(),
    );
    let text = rollout_text(&view, Detail::Compat, PLAIN);
    let expected = "\
Name:            cart
Namespace:       shop
Status:          ◌ Progressing
Message:         active service cutover pending
Strategy:        BlueGreen
Images:          cart:v1 (active, stable)
                 cart:v3 (preview)
Replicas:
  Desired:       1
  Current:       3
  Updated:       1
  Ready:         3
  Available:     3

NAME              KIND        STATUS         AGE  INFO
⟳ cart            Rollout     ◌ Progressing  60m
├──# revision:3
│  └──⧉ cart-ccc  ReplicaSet  ✔ Healthy      26h  preview
├──# revision:2
│  └──⧉ cart-bbb  ReplicaSet  ✔ Healthy      26h  stable,active
└──# revision:1
   ├──⧉ cart-000  ReplicaSet  ✔ Healthy      26h  delay:passed
   └──⧉ cart-aaa  ReplicaSet  ✔ Healthy      26h  delay:30s
";
    assert_eq!(text, expected, "\n{text}");
}

#[test]
fn explain_names_the_one_thing_and_the_command_that_releases_it() {
    let text = explain_text(&canary_view(), PLAIN);
    let expected = "\
॥ cart is Paused: CanaryPauseStep
Waiting on:   PauseEnd
  Object:     Rollout/cart
  Seen:       paused
  Since:      2026-03-08T11:58:30Z (90s ago)
  Until:      2026-03-08T12:03:30Z (3m30s left)
  Step:       2 of 4, pause: 5m
Released by:  time: 2026-03-08T12:03:30Z
  Command:    kubectl rollouts promote cart -n shop
Trouble:      pod cart-bbb-2: CrashLoopBackOff, ready 0/1
";
    assert_eq!(text, expected, "\n{text}");
}

#[test]
fn an_invalid_field_shows_its_path_and_its_fix_and_no_step_is_done() {
    let mut json = serde_json::to_value(canary()).unwrap();
    json["status"] = json!({
        "observedGeneration": "4", "phase": "Degraded", "message": "InvalidSpec: bad",
        "waitingOn": {"reason": "InvalidSpec", "object": "spec.strategy.canary.steps[0].setWeight",
                      "seen": "120", "fix": "use 0 to 100", "release": "a valid spec"},
    });
    let rollout = serde_json::from_value(json).unwrap();
    let objects = Objects {
        rollout: &rollout,
        replica_sets: &[],
        pods: &[],
    };
    let view = RolloutView::new(objects, now());
    let text = rollout_text(&view, Detail::Full, PLAIN);
    let expected = "\
Waiting on:      InvalidSpec of spec.strategy.canary.steps[0].setWeight
  Fix:           use 0 to 100
  Released by:   kubectl edit rollout cart -n shop
Strategy:        Canary
  Step:
  SetWeight:     100
  ActualWeight:  100
  Steps:           setWeight: 33
";
    assert!(text.contains(expected), "\n{text}");
    let explained = explain_text(&view, PLAIN);
    assert!(
        explained.contains("  Fix:        use 0 to 100\n"),
        "\n{explained}"
    );
}

#[test]
fn explain_works_on_a_status_without_waiting_on() {
    let healthy = |status: &mut Value| status["phase"] = json!("Healthy");
    let aborted = |status: &mut Value| {
        status["phase"] = json!("Degraded");
        status["abort"] = json!(true);
        status["abortedAt"] = json!("2026-03-08T11:50:00Z");
    };
    let unseen = |status: &mut Value| status["observedGeneration"] = json!("3");
    let invalid = |status: &mut Value| {
        status["phase"] = json!("Degraded");
        status["conditions"] = json!([{"type": "InvalidSpec", "status": "True",
            "reason": "InvalidSpec", "message": "bad", "lastUpdateTime": "2026-03-08T11:50:00Z",
            "lastTransitionTime": "2026-03-08T11:50:00Z"}]);
    };
    type Change<'a> = &'a dyn Fn(&mut Value);
    type Waits<'a> = Option<(&'a str, Option<&'a str>)>;
    let changes: [(Change<'_>, Waits<'_>); 5] = [
        (&healthy, None),
        (
            &aborted,
            Some(("Retry", Some("kubectl rollouts retry rollout cart -n shop"))),
        ),
        (&unseen, Some(("Controller", None))),
        (
            &invalid,
            Some(("InvalidSpec", Some("kubectl edit rollout cart -n shop"))),
        ),
        (
            &|_| {},
            Some(("PauseEnd", Some("kubectl rollouts promote cart -n shop"))),
        ),
    ];
    for (change, expected) in changes {
        let mut json = serde_json::to_value(canary()).unwrap();
        json["status"].as_object_mut().unwrap().remove("waitingOn");
        change(&mut json["status"]);
        let rollout = serde_json::from_value(json).unwrap();
        let objects = Objects {
            rollout: &rollout,
            replica_sets: &[],
            pods: &[],
        };
        let view = RolloutView::new(objects, now());
        let seen = view.waiting_on.as_ref();
        let seen = seen.map(|seen| (seen.reason.as_str(), seen.command.as_deref()));
        assert_eq!(seen, expected);
    }
}

#[test]
fn a_list_has_a_row_for_every_rollout_also_for_one_that_cannot_be_read() {
    let rows = [
        ListRow::new(&canary()),
        ListRow::unreadable("shop", "odd", "replicas is a text"),
    ];
    let usual = rows_text(&rows, true, ListOptions::default(), now());
    assert_eq!(
        usual,
        "\
NAME  STRATEGY  STATUS   STEP  SET-WEIGHT  READY  DESIRED  UP-TO-DATE  AVAILABLE
cart  Canary    Paused   1/4   33          3/4    3        2           3
odd   unknown   Unknown  -     -           0/0    0        0           0
"
    );
    let all = ListOptions {
        namespaces: true,
        timestamps: true,
        wide: true,
    };
    let wide = rows_text(&rows, false, all, now());
    let cells: Vec<&str> = wide.lines().next().unwrap().split_whitespace().collect();
    assert_eq!(cells[..3], ["2026-03-08T12:00:00Z", "shop", "cart"]);
    assert_eq!(cells[cells.len() - 1], "CanaryPauseStep");
}

#[test]
fn a_change_fits_one_line() {
    assert_eq!(
        change_line(&canary_view(), PLAIN),
        "cart: ॥ Paused (CanaryPauseStep), step 1/4, weight 33, \
         revision 3 canary 1/2, revision 2 stable 2/2"
    );
}

#[test]
fn the_json_form_has_the_documented_fields() {
    let json = serde_json::to_value(canary_view()).unwrap();
    assert_eq!(json["status"], "Paused");
    assert_eq!(json["steps"][1]["state"], "now");
    assert_eq!(json["steps"][1]["until"], "2026-03-08T12:03:30Z");
    assert_eq!(
        json["revisions"][0]["replicaSets"][0]["pods"][1]["ready"],
        "0/1"
    );
    assert_eq!(
        json["waitingOn"]["command"],
        "kubectl rollouts promote cart -n shop"
    );
    assert_eq!(json["now"], "2026-03-08T12:00:00Z");
}
