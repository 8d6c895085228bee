//! The dashboard in a cluster: what docs/install.md tells people to type, and what they see then.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use chart::files::root;
use serde_json::{Value, json};

use crate::bed::Bed;
use crate::kubelet::NEVER_READY;
use crate::tools::Tools;
use crate::viewer::{Stream, Viewer, names};

/// As long as what the dashboard was told about somebody counts, and some time to be told again.
const NOTICED: Duration = Duration::from_secs(13);
/// Longest wait for a change to be shown; a second is promised, on a machine that is idle.
const SHOWN: Duration = Duration::from_secs(15);
const ACCOUNT: &str = "system:serviceaccount:argo-rollouts:argo-rollouts-dashboard";
const SEEN_IN_SHOP: [&str; 1] = ["shop/myapp"];
const ALL: [&str; 3] = ["default/myapp", "default/myapp-bluegreen", "shop/myapp"];

/// The shell's lines of the section about the dashboard, block by block.
fn documented() -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(root().join("docs/install.md")).unwrap();
    let (_, section) = text
        .split_once("\n## The dashboard in the cluster\n")
        .unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let blocks = section.split("```sh\n").skip(1);
    blocks
        .map(|block| block.split_once("```").unwrap().0)
        .map(|block| block.lines().map(str::to_owned).collect())
        .collect()
}

/// Types a block; the tokens that are printed, by their account.
fn typed(tools: &Tools, block: &[String]) -> BTreeMap<String, String> {
    let mut tokens = BTreeMap::new();
    for line in block {
        let (program, rest) = line.split_once(' ').unwrap();
        let said = match program {
            "helm" => tools.helm(rest),
            "kubectl" => tools.kubectl(rest),
            _ => panic!("nobody runs {line}"),
        };
        if let Some(rest) = rest.strip_prefix("create token ") {
            let account = rest.split(' ').next().unwrap();
            tokens.insert(account.to_owned(), said.trim().to_owned());
        }
    }
    tokens
}

pub(crate) fn available(tools: &Tools, namespace: &str, name: &str) -> Result<(), String> {
    let path = "jsonpath={.status.observedGeneration}/{.metadata.generation}/{.status.replicas}/{.status.availableReplicas}";
    let words = ["get", "deployment", name, "-n", namespace, "-o", path];
    let seen = tools
        .try_kubectl(&words)
        .map_err(|error| error.to_string())?;
    let counts: Vec<&str> = seen.split('/').collect();
    if counts[0] == counts[1] && counts[2] == "1" && counts[3] == "1" {
        return Ok(());
    }
    Err(seen)
}

fn healthy(tools: &Tools, rollouts: &[&str]) -> Result<(), String> {
    for rollout in rollouts {
        let (namespace, name) = rollout.split_once('/').unwrap();
        let line = format!("get rollout {name} -n {namespace} -o jsonpath={{.status.phase}}");
        let phase = tools.kubectl(&line);
        if phase != "Healthy" {
            return Err(format!("{rollout} is {phase}"));
        }
    }
    Ok(())
}

fn all(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|it| (*it).to_owned()).collect()
}

#[test]
fn everybody_sees_in_the_dashboard_what_they_may_see_in_the_cluster() {
    let Some(mut bed) = Bed::start() else { return };
    let blocks = documented();
    let [upgrade, _plain, viewer, wall, auditor, forward, take_away] = blocks.as_slice() else {
        panic!("{blocks:?}");
    };
    bed.tools.helm(&format!(
        "install argo-rollouts charts/rollouts --namespace argo-rollouts --create-namespace --set=controller.replicas=1 {NEVER_READY}"
    ));
    bed.tools.kubectl("create namespace shop");
    bed.tools.kubectl("apply -n shop -f examples/canary.yaml");
    bed.tools.kubectl("apply -n default -f examples");
    bed.until("all to be healthy", |tools| healthy(tools, &ALL));
    typed(&bed.tools, upgrade);
    bed.until("the dashboard", |tools| {
        available(tools, "argo-rollouts", "argo-rollouts-dashboard")
    });
    let mut tokens = BTreeMap::new();
    for block in [viewer, wall, auditor] {
        tokens.extend(typed(&bed.tools, block));
    }
    let port = bed.kubelet.dashboard("argo-rollouts");
    let somebody = |account: &str| Viewer::new(port, Some(&tokens[account]));
    let (viewer, wall, auditor) = (somebody("viewer"), somebody("wall"), somebody("auditor"));

    nothing_is_told_without_a_login(port, forward);
    nothing_can_be_written(&wall);
    it_has_the_names_that_it_is_reached_by(&wall);
    assert_eq!(viewer.list(), Ok(all(&SEEN_IN_SHOP)));
    assert_eq!(auditor.list(), Ok(all(&SEEN_IN_SHOP)));
    assert_eq!(wall.list(), Ok(all(&ALL)));
    pages_tell_what_their_viewer_may_not_see(&mut bed, &viewer, &wall, &auditor);
    let streams = changes_are_told_to_those_who_may_see_them(&bed.tools, &viewer, &wall);
    what_is_taken_away_is_gone(&bed.tools, take_away, &viewer, &streams);
    what_is_given_is_there(&bed.tools, &viewer);
    assert_eq!(wall.list(), Ok(all(&ALL)));

    bed.tools.kubectl("delete serviceaccount viewer -n shop");
    within(NOTICED, || (viewer.list() == Err(401)).then_some(())).unwrap();
    it_did_nothing_but_what_it_may(&bed.tools);
}

/// What a page is made of is for everybody; what it shows is not.
fn nothing_is_told_without_a_login(port: u16, forward: &[String]) {
    assert!(forward[0].contains("port-forward service/argo-rollouts-dashboard 3100"));
    let nobody = Viewer::new(port, None);
    let (status, page) = nobody.get("/");
    assert_eq!(status, 200);
    assert!(page.contains("<html") && !page.contains("myapp"), "{page}");
    let stranger = Viewer::new(port, Some("not.a.token"));
    for path in [
        "/api/v1/rollouts",
        "/api/v1/namespaces/shop/rollouts/myapp",
        "/api/v1/stream?rollout=shop/myapp",
    ] {
        for who in [&nobody, &stranger] {
            let (status, body) = who.get(path);
            assert_eq!(status, 401, "{path}: {body}");
            assert!(!body.contains("10/10"), "{body}");
        }
    }
}

fn nothing_can_be_written(viewer: &Viewer) {
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        let path = "/api/v1/namespaces/shop/rollouts/myapp";
        let (status, _) = viewer.ask_at("localhost:3100", method, path);
        assert_eq!(status, 405, "{method}");
    }
}

fn it_has_the_names_that_it_is_reached_by(viewer: &Viewer) {
    for (host, expected) in [
        ("localhost:3100", 200),
        ("argo-rollouts-dashboard.argo-rollouts.svc:3100", 200),
        ("rollouts.example", 403),
        ("10.244.0.9:3100", 403),
    ] {
        let (status, _) = viewer.ask_at(host, "GET", "/api/v1/rollouts");
        assert_eq!(status, expected, "{host}");
    }
}

/// The kinds that a page says are not seen, with why.
fn unseen(page: &Value) -> BTreeMap<String, String> {
    let all = page["unseen"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    all.map(|it| (text(&it["kind"]), text(&it["why"])))
        .collect()
}

fn pods(page: &Value) -> usize {
    let revisions = page["revisions"].as_array().unwrap().iter();
    let sets = revisions.flat_map(|it| it["replicaSets"].as_array().unwrap());
    let pods = sets.map(|it| it["pods"].as_array().unwrap());
    pods.map(Vec::len).sum()
}

fn pages_tell_what_their_viewer_may_not_see(
    bed: &mut Bed,
    viewer: &Viewer,
    wall: &Viewer,
    auditor: &Viewer,
) {
    for who in [viewer, wall] {
        let page = bed.until("a whole page", |_| {
            let page = who.page("shop", "myapp");
            let is_whole = unseen(&page).is_empty();
            is_whole.then(|| page.clone()).ok_or(page.to_string())
        });
        assert_eq!(pods(&page), 10, "{page}");
    }
    let (status, body) = viewer.get("/api/v1/namespaces/default/rollouts/myapp");
    assert_eq!(status, 403, "{body}");
    // As for one that is there: nobody learns of names.
    let (status, _) = viewer.get("/api/v1/namespaces/default/rollouts/none");
    assert_eq!(status, 403);
    let page = auditor.page("shop", "myapp");
    let hidden = unseen(&page);
    let kinds: Vec<&str> = hidden.keys().map(String::as_str).collect();
    assert_eq!(
        kinds,
        ["AnalysisRun", "Event", "Experiment", "Pod", "Service"]
    );
    assert!(hidden.values().all(|why| !why.is_empty()), "{hidden:?}");
    assert_eq!(pods(&page), 0, "{page}");
    assert_eq!(page["events"], json!([]), "{page}");
}

fn set_image(tools: &Tools, namespace: &str, name: &str) {
    let image = r#"[{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"myuser/myapp:v3"}]"#;
    tools.kubectl(&format!(
        "patch rollout {name} -n {namespace} --type=json -p {image}"
    ));
}

fn changes_are_told_to_those_who_may_see_them(
    tools: &Tools,
    viewer: &Viewer,
    wall: &Viewer,
) -> [Stream; 2] {
    let streams = [
        viewer.stream("?rollout=shop/myapp"),
        wall.stream("?rollout=default/myapp"),
    ];
    for (stream, expected) in streams.iter().zip([&SEEN_IN_SHOP[..], &ALL]) {
        let first = stream.next("rollouts", SHOWN, |_| true).unwrap();
        assert_eq!(first["all"], true);
        assert_eq!(names(&first), all(expected));
    }
    let told_of = |stream: &Stream, name: &str| {
        stream.next("rollouts", SHOWN, |event| names(event).contains(name))
    };
    set_image(tools, "default", "myapp-bluegreen");
    told_of(&streams[1], "default/myapp-bluegreen").expect("nobody told the wall");
    set_image(tools, "shop", "myapp");
    told_of(&streams[1], "shop/myapp").expect("nobody told the wall");
    told_of(&streams[0], "shop/myapp").expect("nobody told the viewer");
    let told = streams[0].so_far();
    assert!(told.is_subset(&all(&SEEN_IN_SHOP)), "{told:?}");
    streams
}

fn what_is_taken_away_is_gone(
    tools: &Tools,
    take_away: &[String],
    viewer: &Viewer,
    streams: &[Stream; 2],
) {
    typed(tools, take_away);
    let begun = Instant::now();
    within(NOTICED, || {
        (viewer.list() == Ok(BTreeSet::new())).then_some(())
    })
    .unwrap();
    eprintln!(
        "a request notices a right that is gone after {:?}",
        begun.elapsed()
    );
    let path = "/api/v1/namespaces/shop/rollouts/myapp";
    assert_eq!(viewer.get(path).0, 403);
    let left = NOTICED.saturating_sub(begun.elapsed());
    let is_empty = |event: &Value| event["all"] == true && names(event).is_empty();
    let told = streams[0].next("rollouts", left, is_empty);
    eprintln!("a stream does after {:?}", begun.elapsed());
    told.expect("the stream goes on");
    // Nothing of the page comes any more, whatever happens to the Rollout.
    tools.kubectl("annotate rollout myapp -n shop changed=again");
    let tells = |event: &Value| event.to_string().contains("myuser/myapp");
    assert_eq!(streams[0].next("page", Duration::from_secs(3), tells), None);
    assert_eq!(streams[0].so_far(), BTreeSet::new());
}

fn what_is_given_is_there(tools: &Tools, viewer: &Viewer) {
    tools.kubectl(
        "create rolebinding viewer --clusterrole=view --serviceaccount=shop:viewer -n default",
    );
    let expected = all(&["default/myapp", "default/myapp-bluegreen"]);
    within(NOTICED, || {
        (viewer.list() == Ok(expected.clone())).then_some(())
    })
    .unwrap();
}

fn it_did_nothing_but_what_it_may(tools: &Tools) {
    let rights = dashboard::rights::RIGHTS.iter();
    let may: BTreeSet<String> = rights
        .flat_map(|right| {
            let verbs = right.verbs.iter();
            verbs.map(|verb| format!("{verb} {}/{}", right.group, right.resource))
        })
        .collect();
    assert_eq!(tools.asked_by(ACCOUNT), may);
    let refused = tools.refused();
    let refused: Vec<&String> = refused
        .iter()
        .filter(|it| it.contains("dashboard"))
        .collect();
    assert_eq!(refused, [""; 0]);
}

/// Looks until something is found, or so long.
pub(crate) fn within<T>(patience: Duration, look: impl Fn() -> Option<T>) -> Option<T> {
    let end = Instant::now() + patience;
    loop {
        let found = look();
        if found.is_some() || Instant::now() > end {
            return found;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}
