//! Several viewers in a cluster: each sees what they may read, and nobody else anything.
use std::time::Duration;

use dashboard::Login;
use http::HeaderName;
use serde_json::{Value, json};

use crate::world::people::ALL;
use crate::world::{Setting, World, start_on};

fn canary() -> Value {
    json!({"canary": {"steps": [{"setWeight": 34}, {"pause": {}}]}})
}

fn with(token: &str) -> String {
    format!("Authorization: Bearer {token}\r\n")
}

/// Two namespaces with a rollout each; ada may read one of them, bob the other, carol all.
async fn two_teams() -> World {
    let world = World::with_tokens().await;
    world.namespace("office").await;
    world.rollout_in("shop", "web", canary()).await;
    world.rollout_in("office", "desk", canary()).await;
    for (name, place) in [("ada", "shop"), ("bob", "office"), ("carol", "*")] {
        world.people.know(name);
        world.people.allow(name, &ALL, place);
    }
    world.people.know("nobody");
    until_listed(&world, "carol-token", &["office/desk", "shop/web"]).await;
    world
}

/// The names in an answer or event with rollouts.
fn names(told: &Value) -> Vec<String> {
    let rollouts = told["rollouts"].as_array().unwrap().iter();
    let name = |row: &Value| {
        let text = |field: &str| row[field].as_str().unwrap().to_owned();
        format!("{}/{}", text("namespace"), text("name"))
    };
    rollouts.map(name).collect()
}

async fn listed(world: &World, token: &str) -> Vec<String> {
    let answer = world.ask("GET", "/api/v1/rollouts", &with(token)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    names(&answer.json())
}

async fn until_listed(world: &World, token: &str, expected: &[&str]) {
    let mut last = Vec::new();
    for _ in 0..100 {
        last = listed(world, token).await;
        if last == expected {
            return;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    panic!("{token} sees {last:?} instead of {expected:?}");
}

#[tokio::test(start_paused = true)]
async fn nobody_is_shown_anything_without_a_good_token() {
    let world = two_teams().await;
    for path in [
        "/api/v1/rollouts",
        "/api/v1/namespaces/shop/rollouts/web",
        "/api/v1/namespaces/shop/rollouts/web/manifest",
        "/api/v1/stream",
        "/api/v1/stream?rollout=shop/web",
        "/api/v1/schema",
        "/api/v1/anything",
    ] {
        for headers in [
            String::new(),
            with("wrong"),
            "Authorization: Basic ada-token\r\n".to_owned(),
            "Cookie: token=ada-token\r\nX-Remote-User: carol\r\n".to_owned(),
        ] {
            let answer = world.ask("GET", path, &headers).await;
            assert_eq!(answer.status, 401, "{path} {headers}");
            assert_eq!(answer.header("www-authenticate"), Some("bearer"));
            assert!(answer.json()["error"].is_string(), "{}", answer.body);
            assert!(!answer.body.contains("shop:v1"), "{}", answer.body);
        }
    }
    // The page is there, and empty, whoever asks.
    for path in ["/", "/rollouts/shop/web"] {
        let answer = world.ask("GET", path, &with("ada-token")).await;
        assert_eq!(answer.status, 200);
        assert!(answer.body.contains(r#"{"login":"token"}"#), "{path}");
        assert!(!answer.body.contains("shop:v1"), "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn two_viewers_see_what_each_may_read() {
    let world = two_teams().await;
    for (token, expected) in [
        ("ada-token", vec!["shop/web"]),
        ("bob-token", vec!["office/desk"]),
        ("carol-token", vec!["office/desk", "shop/web"]),
        ("nobody-token", vec![]),
    ] {
        assert_eq!(listed(&world, token).await, expected, "{token}");
        let mut events = world.stream("", &with(token)).await;
        let (_, told) = events.next("rollouts").await;
        assert_eq!(names(&told), expected, "{token}");
        for (namespace, name) in [("shop", "web"), ("office", "desk")] {
            let may = expected.contains(&format!("{namespace}/{name}").as_str());
            let path = format!("/api/v1/namespaces/{namespace}/rollouts/{name}");
            for path in [path.clone(), path + "/manifest"] {
                let answer = world.ask("GET", &path, &with(token)).await;
                let status = if may { 200 } else { 403 };
                assert_eq!(answer.status, status, "{token} {path}");
            }
            // Whether it is there is not told either.
            let path = format!("/api/v1/namespaces/{namespace}/rollouts/none");
            let answer = world.ask("GET", &path, &with(token)).await;
            assert_eq!(answer.status, if may { 404 } else { 403 }, "{token}");
            let query = format!("?rollout={namespace}/{name}");
            let (_, page) = world.stream(&query, &with(token)).await.next("page").await;
            assert_eq!(page["status"].is_string(), may, "{token}: {page}");
            assert_eq!(page["missing"].is_string(), !may, "{token}: {page}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_is_told_to_those_who_may_see_it() {
    let world = two_teams().await;
    let mut ada = world.stream("", &with("ada-token")).await;
    let mut bob = world.stream("", &with("bob-token")).await;
    ada.next("rollouts").await;
    bob.next("rollouts").await;
    world.set_image("web", "shop:v2").await;
    let (_, told) = ada.next("rollouts").await;
    assert_eq!(names(&told), ["shop/web"]);
    world.delete("web").await;
    loop {
        let (_, told) = ada.next("rollouts").await;
        if told["gone"] == json!(["shop/web"]) {
            break;
        }
    }
    // A namespace that is new to the dashboard is asked about before anything of it is told.
    world.namespace("lab").await;
    world.people.allow("bob", &ALL, "lab");
    world.rollout_in("lab", "test", canary()).await;
    loop {
        let (_, told) = bob.next("rollouts").await;
        assert!(!told.to_string().contains("web"), "{told}");
        if names(&told).contains(&"lab/test".to_owned()) {
            break;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_not_allowed_of_a_page_is_named() {
    let world = two_teams().await;
    world.people.know("dora");
    world.people.allow("dora", &["rollouts", "events"], "shop");
    let path = "/api/v1/namespaces/shop/rollouts/web";
    let until = async |token: &str| {
        loop {
            let page = world.ask("GET", path, &with(token)).await.json();
            if page["status"] == "Healthy" {
                return page;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    let page = until("ada-token").await;
    assert_eq!(page["unseen"], json!([]));
    let sets = &page["revisions"][0]["replicaSets"];
    assert_eq!(sets[0]["pods"].as_array().unwrap().len(), 3);
    let hidden = sets[0]["name"].as_str().unwrap();

    let page = until("dora-token").await;
    let unseen: Vec<(&str, &str)> = page["unseen"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["kind"].as_str().unwrap(), one["why"].as_str().unwrap()))
        .collect();
    let may_not = |kind, plural| (kind, format!("you may not list {plural} in shop"));
    let expected = [
        may_not("ReplicaSet", "replicasets"),
        may_not("Pod", "pods"),
        may_not("Service", "services"),
        may_not("AnalysisRun", "analysisruns"),
        may_not("Experiment", "experiments"),
    ];
    let expected: Vec<_> = expected
        .iter()
        .map(|(kind, why)| (*kind, why.as_str()))
        .collect();
    assert_eq!(unseen, expected);
    assert_eq!(page["revisions"], json!([]));
    assert_eq!(page["history"], json!([]));
    assert!(!page["revisions"].to_string().contains(hidden));
    assert!(!page["events"].as_array().unwrap().is_empty());
    let list = world
        .ask("GET", "/api/v1/rollouts", &with("dora-token"))
        .await
        .json();
    assert_eq!(list["rollouts"][0]["status"], "Healthy");
    assert_eq!(list["rollouts"][0]["images"], json!([]));
}

#[tokio::test(start_paused = true)]
async fn a_right_that_is_taken_away_counts_within_ten_seconds() {
    let world = two_teams().await;
    world.people.allow("ada", &ALL, "office");
    let mut events = world
        .stream("?rollout=office/desk", &with("ada-token"))
        .await;
    let (_, told) = events.next("rollouts").await;
    assert_eq!(names(&told), ["office/desk", "shop/web"]);
    let (_, page) = events.next("page").await;
    assert_eq!(page["name"], "desk");

    let start = tokio::time::Instant::now();
    world.people.forbid("ada", "office");
    loop {
        let (_, told) = events.next("rollouts").await;
        if told["all"] == true {
            assert_eq!(names(&told), ["shop/web"]);
            break;
        }
    }
    loop {
        let (_, page) = events.next("page").await;
        if page["missing"].is_string() {
            break;
        }
    }
    assert_eq!(listed(&world, "ada-token").await, ["shop/web"]);
    // Changes that come together are told together, a moment later.
    assert!(
        start.elapsed() < Duration::from_millis(10_200),
        "{:?}",
        start.elapsed()
    );

    // A token that is not good any more ends the stream.
    let start = tokio::time::Instant::now();
    world.people.forget("ada");
    while events.next_if_any("beat").await.is_some() {}
    assert!(
        start.elapsed() < Duration::from_millis(10_200),
        "{:?}",
        start.elapsed()
    );
    let answer = world
        .ask("GET", "/api/v1/rollouts", &with("ada-token"))
        .await;
    assert_eq!(answer.status, 401);
}

#[tokio::test(start_paused = true)]
async fn who_is_away_while_rights_change_is_told_everything_anew() {
    let world = two_teams().await;
    world.people.allow("ada", &ALL, "office");
    let mut events = world.stream("", &with("ada-token")).await;
    let (id, told) = events.next("rollouts").await;
    assert_eq!(names(&told), ["office/desk", "shop/web"]);
    drop(events);
    world.people.forbid("ada", "office");
    tokio::time::sleep(Duration::from_secs(11)).await;
    let resume = with("ada-token") + &format!("Last-Event-ID: {id}\r\n");
    let (_, told) = world.stream("", &resume).await.next("rollouts").await;
    assert_eq!(
        (names(&told), &told["all"]),
        (vec!["shop/web".to_owned()], &json!(true))
    );
}

#[tokio::test(start_paused = true)]
async fn answers_are_remembered_for_a_while() {
    let world = two_teams().await;
    tokio::time::sleep(Duration::from_secs(11)).await;
    let before = world.people.asked();
    for _ in 0..20 {
        listed(&world, "ada-token").await;
        listed(&world, "carol-token").await;
    }
    // Two tokens; carol is asked about twice, ada twice for all and twice for each namespace.
    assert_eq!(world.people.asked() - before, 2 + 2 + 2 + 4);
}

#[tokio::test(start_paused = true)]
async fn while_the_api_server_does_not_answer_nobody_sees_anything() {
    let world = two_teams().await;
    let mut events = world.stream("", &with("carol-token")).await;
    events.next("rollouts").await;
    world.people.set_away(true);
    tokio::time::sleep(Duration::from_secs(11)).await;
    let answer = world
        .ask("GET", "/api/v1/rollouts", &with("carol-token"))
        .await;
    assert_eq!(answer.status, 503);
    assert!(answer.body.contains("etcd is gone"), "{}", answer.body);
    while events.next_if_any("beat").await.is_some() {}
    world.people.set_away(false);
    until_listed(&world, "carol-token", &["office/desk", "shop/web"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_proxy_says_who_looks() {
    let header = HeaderName::from_static;
    let world = World::with(Setting {
        login: Login::Proxy {
            user: header("x-remote-user"),
            groups: header("x-remote-group"),
        },
        hosts: vec!["rollouts.example".to_owned()],
        ..Setting::default()
    })
    .await;
    world.namespace("office").await;
    world.rollout_in("shop", "web", canary()).await;
    world.rollout_in("office", "desk", canary()).await;
    world.people.allow("ada", &ALL, "shop");
    let by = "Host: rollouts.example\r\nX-Remote-User: ada\r\nX-Remote-Group: dev\r\n";
    let list = loop {
        let answer = world.ask("GET", "/api/v1/rollouts", by).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let list = answer.json();
        if !names(&list).is_empty() {
            break list;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    };
    assert_eq!(names(&list), ["shop/web"]);
    // The document brings along what ada may see, and nothing else.
    let document = world.ask("GET", "/", by).await.body;
    assert!(document.contains(r#""name":"web""#), "{document}");
    assert!(!document.contains(r#""name":"desk""#), "{document}");
    let document = world.ask("GET", "/rollouts/office/desk", by).await.body;
    assert!(!document.contains(r#""name":"desk""#), "{document}");

    let unnamed = world
        .ask("GET", "/api/v1/rollouts", "X-Remote-Group: dev\r\n")
        .await;
    assert_eq!(unnamed.status, 401);
    assert!(unnamed.body.contains("x-remote-user"), "{}", unnamed.body);
    let stranger = "Host: evil.example\r\nX-Remote-User: ada\r\n";
    assert_eq!(world.ask("GET", "/", stranger).await.status, 403);
}

#[tokio::test(start_paused = true)]
async fn probes_need_no_name_and_tell_nothing() {
    let world = two_teams().await;
    for path in ["/healthz", "/readyz"] {
        let answer = world.ask("GET", path, "Host: 10.2.3.4:3100\r\n").await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "ok"), "{path}");
        assert_eq!(world.ask("POST", path, "").await.status, 405);
    }
    let blind = World::hiding("/rollouts").await;
    assert_eq!(blind.get("/healthz").await.status, 200);
    assert_eq!(blind.get("/readyz").await.status, 503);
}

#[tokio::test]
async fn it_does_not_listen_where_it_would_not_be_safe() {
    let header = HeaderName::from_static;
    let proxy = Login::Proxy {
        user: header("x-remote-user"),
        groups: header("x-remote-group"),
    };
    for (login, word) in [(Login::None, "--login token"), (proxy, "proxy")] {
        let error = start_on("0.0.0.0:0", login).await.unwrap_err();
        assert!(error.to_string().contains(word), "{error}");
        assert!(
            error.to_string().contains("not a loopback address"),
            "{error}"
        );
    }
    let open = start_on("0.0.0.0:0", Login::Token).await.unwrap();
    assert!(
        open.url().starts_with("http://127.0.0.1:"),
        "{}",
        open.url()
    );
}
