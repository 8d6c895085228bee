//! The dashboard over a cluster with the real controller, asked over a socket.
use serde_json::{Value, json};

use crate::world::World;

fn canary() -> Value {
    json!({"canary": {"steps": [{"setWeight": 34}, {"pause": {}}, {"setWeight": 67},
                                {"pause": {"duration": "60s"}}]}})
}

/// Containers that are ready, of each pod.
fn pods(page: &Value) -> Vec<&str> {
    let sets = page["revisions"].as_array().unwrap().iter();
    sets.flat_map(|revision| revision["replicaSets"][0]["pods"].as_array().unwrap())
        .map(|pod| pod["ready"].as_str().unwrap())
        .collect()
}

fn revisions(page: &Value) -> Vec<(i64, i64, Vec<&str>)> {
    let sets = page["revisions"].as_array().unwrap().iter();
    sets.map(|revision| {
        let set = &revision["replicaSets"][0];
        let tags = set["tags"].as_array().unwrap().iter();
        (
            revision["revision"].as_i64().unwrap(),
            set["available"].as_i64().unwrap(),
            tags.map(|tag| tag.as_str().unwrap()).collect(),
        )
    })
    .collect()
}

#[tokio::test(start_paused = true)]
async fn list_and_page_tell_a_canary_from_start_to_end() {
    let world = World::new().await;
    world.rollout("web", canary()).await;
    let healthy = |page: &Value| page["status"] == "Healthy";
    let page = world.until("web", "healthy", healthy).await;
    assert_eq!(revisions(&page), [(1, 3, vec!["stable"])]);

    world.set_image("web", "shop:v2").await;
    let page = world
        .until("web", "waits with its pods", |page| {
            // A pod that goes is still there for a while.
            page["waitingOn"]["reason"] == "Promotion" && pods(page) == ["1/1"; 3]
        })
        .await;
    assert_eq!(
        revisions(&page),
        [(2, 1, vec!["canary"]), (1, 2, vec!["stable"])]
    );
    assert_eq!(
        page["waitingOn"]["command"],
        "kubectl rollouts promote web -n shop"
    );
    let steps = page["steps"].as_array().unwrap().iter();
    let steps: Vec<(&str, &Value)> = steps
        .map(|step| (step["state"].as_str().unwrap(), &step["start"]))
        .collect();
    let (none, promoted) = (Value::Null, json!("promoted"));
    assert_eq!(
        steps,
        [
            ("past", &none),
            ("now", &none),
            ("next", &promoted),
            ("next", &promoted)
        ]
    );
    let reasons: Vec<&str> = page["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["reason"].as_str().unwrap())
        .collect();
    assert!(reasons.contains(&"RolloutPaused"), "{reasons:?}");
    assert!(page["conditions"].as_array().unwrap().len() > 3);
    assert_eq!(page["unseen"], json!([]));

    let list = world.get("/api/v1/rollouts").await.json();
    let row = &list["rollouts"][0];
    for field in [
        "namespace",
        "name",
        "status",
        "step",
        "actualWeight",
        "waitingOn",
        "replicas",
    ] {
        assert_eq!(row[field], page[field], "{field}");
    }

    world.promote("web").await;
    let page = world
        .until("web", "at the second pause", |page| page["step"] == "3/4")
        .await;
    let until = page["steps"][3]["until"].as_str();
    assert!(page["status"] != "Paused" || until.is_some(), "{page:#}");
    let page = world
        .until("web", "at its end", |page| {
            healthy(page) && page["step"] == "4/4"
        })
        .await;
    assert_eq!(page["images"][0]["image"], "shop:v2");
    let weights = page["history"].as_array().unwrap().iter();
    let weights: Vec<i64> = weights.map(|one| one["weight"].as_i64().unwrap()).collect();
    assert!(
        weights.contains(&33) && weights.ends_with(&[100]),
        "{weights:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn the_page_tells_which_revision_each_service_of_a_blue_green_rollout_selects() {
    let world = World::new().await;
    world.service("front", "web").await;
    world.service("back", "web").await;
    let strategy = json!({"blueGreen": {"activeService": "front", "previewService": "back",
                                        "autoPromotionEnabled": false}});
    world.rollout("web", strategy).await;
    let selected = |page: &Value| -> Vec<(String, Option<i64>)> {
        let services = page["services"].as_array().unwrap().iter();
        services
            .map(|one| {
                (
                    one["role"].as_str().unwrap().to_owned(),
                    one["revision"].as_i64(),
                )
            })
            .collect()
    };
    let both = |active, preview| {
        vec![
            ("active".to_owned(), Some(active)),
            ("preview".to_owned(), Some(preview)),
        ]
    };
    world
        .until("web", "healthy", |page| {
            page["status"] == "Healthy" && selected(page) == both(1, 1)
        })
        .await;
    world.set_image("web", "shop:v2").await;
    world
        .until("web", "waits for a promotion", |page| {
            page["waitingOn"]["reason"] == "Promotion" && selected(page) == both(1, 2)
        })
        .await;
    world.promote("web").await;
    world
        .until("web", "switched", |page| {
            page["status"] == "Healthy" && selected(page) == both(2, 2)
        })
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_stream_tells_changes_and_goes_on_where_a_viewer_was() {
    let world = World::new().await;
    world.rollout("a", canary()).await;
    world.rollout("b", canary()).await;
    for name in ["a", "b"] {
        world
            .until(name, "healthy", |page| page["status"] == "Healthy")
            .await;
    }
    let mut events = world.stream("?rollout=shop/a", "").await;
    assert_eq!(events.next("beat").await.1["trouble"], json!([]));
    let (mut id, all) = events.next("rollouts").await;
    assert_eq!(all["all"], true);
    assert_eq!(all["rollouts"].as_array().unwrap().len(), 2);
    assert_eq!(events.next("page").await.1["name"], "a");

    world.set_image("a", "shop:v2").await;
    loop {
        let (at, change) = events.next("rollouts").await;
        assert_eq!(change["all"], false);
        assert_eq!(change["rollouts"].as_array().unwrap().len(), 1);
        assert_eq!(change["rollouts"][0]["name"], "a");
        id = if at.is_empty() { id } else { at };
        if change["rollouts"][0]["status"] == "Paused" {
            break;
        }
    }
    drop(events);

    world.delete("b").await;
    world.set_image("a", "shop:v3").await;
    world
        .until("a", "at revision 3", |page| {
            page["revisions"][0]["revision"] == 3
        })
        .await;
    let resume = format!("Last-Event-ID: {id}\r\n");
    let (_, missed) = world.stream("", &resume).await.next("rollouts").await;
    assert_eq!(missed["all"], false);
    assert_eq!(missed["gone"], json!(["shop/b"]));
    assert_eq!(missed["rollouts"][0]["name"], "a");
    // What no run of this server gave leads to everything.
    for id in ["1-1", "x", "-", "99999999999999999999-0"] {
        let resume = format!("Last-Event-ID: {id}\r\n");
        let (_, all) = world.stream("", &resume).await.next("rollouts").await;
        assert_eq!(all["all"], true, "{id}");
    }
}

#[tokio::test(start_paused = true)]
async fn watches_that_end_are_taken_up_again() {
    let world = World::new().await;
    world.rollout("web", canary()).await;
    world
        .until("web", "healthy", |page| page["status"] == "Healthy")
        .await;
    world.stop_watches();
    world.set_image("web", "shop:v2").await;
    world
        .until("web", "paused", |page| page["status"] == "Paused")
        .await;
}

#[tokio::test(start_paused = true)]
async fn every_answer_keeps_strangers_out_and_nothing_can_be_written() {
    let world = World::new().await;
    world.rollout("web", canary()).await;
    world
        .until("web", "there", |page| page["name"] == "web")
        .await;
    let paths = [
        "/",
        "/rollouts/shop/web",
        "/icon.svg",
        "/api/v1/rollouts",
        "/api/v1/namespaces/shop/rollouts/web",
        "/api/v1/namespaces/shop/rollouts/web/manifest",
        "/api/v1/schema",
    ];
    for path in paths {
        let answer = world.get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        let policy = answer.header("content-security-policy").unwrap();
        for part in [
            "default-src 'none'",
            "script-src 'sha256-",
            "style-src 'sha256-",
            "connect-src 'self';",
            "require-trusted-types-for 'script'",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(
            answer.header("x-content-type-options"),
            Some("nosniff"),
            "{path}"
        );
        assert!(
            answer.header("access-control-allow-origin").is_none(),
            "{path}"
        );

        // The page itself brings along what is so at the moment.
        if let Some(tag) = answer.header("etag") {
            let tag = format!("If-None-Match: {tag}\r\n");
            assert_eq!(world.ask("GET", path, &tag).await.status, 304, "{path}");
        } else {
            assert!(answer.body.contains("</html>"), "{path}");
        }
        let head = world.ask("HEAD", path, "").await;
        assert_eq!((head.status, head.body.as_str()), (200, ""), "{path}");

        for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            let answer = world.ask(method, path, "").await;
            assert_eq!(answer.status, 405, "{method} {path}");
            assert_eq!(answer.header("allow"), Some("get, head"), "{method} {path}");
        }
        for stranger in [
            "Host: evil.example\r\n",
            "Origin: http://evil.example\r\n",
            "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\n",
        ] {
            let answer = world.ask("GET", path, stranger).await;
            assert_eq!(answer.status, 403, "{stranger} {path}");
            assert!(!answer.body.contains("shop:v1"), "{stranger} {path}");
        }
    }
    for path in [
        "/etc/passwd",
        "/../Cargo.toml",
        "/api/v1/secrets",
        "/api/v1/namespaces/shop",
    ] {
        assert_eq!(world.get(path).await.status, 404, "{path}");
    }
    let gone = world.get("/api/v1/namespaces/shop/rollouts/none").await;
    assert_eq!(gone.status, 404);
    let wrong = world.get("/api/v1/stream?rollout=web").await;
    assert_eq!(wrong.status, 400);
    assert!(wrong.body.contains("NAMESPACE/NAME"), "{}", wrong.body);
}

#[tokio::test(start_paused = true)]
async fn environments_are_never_told() {
    let world = World::new().await;
    world.rollout("web", canary()).await;
    let page = world
        .until("web", "healthy", |page| page["status"] == "Healthy")
        .await;
    let list = world.get("/api/v1/rollouts").await.body;
    assert!(list.contains("shop:v1"), "{list}");
    for text in [page.to_string(), list] {
        assert!(
            !text.contains("hunter2") && !text.contains("PASSWORD"),
            "{text}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_says_what_its_viewer_may_not_see() {
    let world = World::hiding("/pods").await;
    world.rollout("web", canary()).await;
    let page = world
        .until("web", "healthy", |page| page["status"] == "Healthy")
        .await;
    assert_eq!(page["unseen"][0]["kind"], "Pod");
    let why = page["unseen"][0]["why"].as_str().unwrap();
    assert!(why.contains("you may not"), "{why}");
    assert_eq!(page["revisions"][0]["replicaSets"][0]["available"], 3);
}

#[tokio::test(start_paused = true)]
async fn a_list_that_may_not_be_read_is_no_empty_list() {
    let world = World::hiding("/rollouts").await;
    let answer = world.get("/api/v1/rollouts").await;
    assert_eq!(answer.status, 503);
    assert!(answer.body.contains("rollouts: "), "{}", answer.body);
    assert!(answer.body.contains("you may not"), "{}", answer.body);
    let (_, beat) = world.stream("", "").await.next("beat").await;
    assert!(
        beat["trouble"].to_string().contains("you may not"),
        "{beat}"
    );
}

#[tokio::test(start_paused = true)]
async fn it_listens_on_both_loopback_addresses() {
    let world = World::new().await;
    let Ok(_there_is_ipv6) = std::net::TcpListener::bind("[::1]:0") else {
        return;
    };
    let answer = world.over_ipv6("/healthz").await;
    assert_eq!(answer.status, 200);
    // By that name too.
    let answer = world.over_ipv6("/api/v1/schema").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[tokio::test(start_paused = true)]
async fn who_connects_and_asks_nothing_is_sent_away() {
    let world = World::new().await;
    let start = tokio::time::Instant::now();
    world.until_hung_up().await;
    assert!(
        start.elapsed() < std::time::Duration::from_secs(60),
        "{:?}",
        start.elapsed()
    );
}
