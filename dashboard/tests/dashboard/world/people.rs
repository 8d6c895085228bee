//! Who may log in and what they may see, as an API server would say.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use kube::client::Body;
use serde_json::{Value, json};

/// Tokens and rights; a right is a user, a resource and a namespace, `*` for all of them.
#[derive(Default)]
pub struct People {
    tokens: Mutex<BTreeMap<String, String>>,
    rights: Mutex<BTreeSet<(String, String, String)>>,
    is_away: Mutex<bool>,
    asked: AtomicUsize,
}

/// What a page shows.
pub const ALL: [&str; 7] = [
    "rollouts",
    "replicasets",
    "pods",
    "services",
    "events",
    "analysisruns",
    "experiments",
];

impl People {
    /// Somebody whose token is their name with `-token`.
    pub fn know(&self, name: &str) {
        let mut tokens = self.tokens.lock().unwrap();
        tokens.insert(format!("{name}-token"), name.to_owned());
    }

    pub fn forget(&self, name: &str) {
        self.tokens.lock().unwrap().remove(&format!("{name}-token"));
    }

    pub fn allow(&self, name: &str, resources: &[&str], namespace: &str) {
        let mut rights = self.rights.lock().unwrap();
        for resource in resources {
            let right = (name, *resource, namespace);
            rights.insert((right.0.into(), right.1.into(), right.2.into()));
        }
    }

    pub fn forbid(&self, name: &str, namespace: &str) {
        let mut rights = self.rights.lock().unwrap();
        rights.retain(|(who, _, place)| who != name || place != namespace);
    }

    /// From now on the API server does not answer such questions, or does again.
    pub fn set_away(&self, is_away: bool) {
        *self.is_away.lock().unwrap() = is_away;
    }

    /// Questions that were asked.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    pub async fn review(&self, request: Request<Body>) -> Response<Body> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let bytes = request.into_body().collect().await.unwrap().to_bytes();
        let mut review: Value = serde_json::from_slice(&bytes).unwrap();
        let is_away = *self.is_away.lock().unwrap();
        let (code, answer) = if is_away {
            let status = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure",
                "reason": "ServiceUnavailable", "code": 503, "message": "etcd is gone"});
            (StatusCode::SERVICE_UNAVAILABLE, status)
        } else {
            review["status"] = match review["kind"].as_str() {
                Some("TokenReview") => self.token(&review["spec"]),
                _ => self.right(&review["spec"]),
            };
            (StatusCode::CREATED, review)
        };
        let mut response = Response::new(Body::from(answer.to_string().into_bytes()));
        *response.status_mut() = code;
        response
    }

    fn token(&self, spec: &Value) -> Value {
        let tokens = self.tokens.lock().unwrap();
        match tokens.get(spec["token"].as_str().unwrap()) {
            Some(name) => json!({"authenticated": true,
                "user": {"username": name, "uid": format!("uid-{name}"), "groups": ["people"],
                         "extra": {"scopes": ["read"]}}}),
            None => json!({"authenticated": false, "error": "unknown token"}),
        }
    }

    fn right(&self, spec: &Value) -> Value {
        // What a token was reviewed to has to come along.
        let name = spec["user"].as_str().unwrap();
        if self.tokens.lock().unwrap().values().any(|it| it == name) {
            assert_eq!(spec["groups"], json!(["people"]));
            assert_eq!(spec["uid"], format!("uid-{name}"));
            assert_eq!(spec["extra"]["scopes"], json!(["read"]));
        }
        let asked = &spec["resourceAttributes"];
        assert_eq!(asked["verb"], "list");
        let resource = asked["resource"].as_str().unwrap();
        let group = match resource {
            "replicasets" => "apps",
            "pods" | "services" | "events" => "",
            _ => "argoproj.io",
        };
        assert_eq!(asked["group"], group);
        let place = asked["namespace"].as_str().unwrap_or("*");
        let rights = self.rights.lock().unwrap();
        let is_allowed = [place, "*"].iter().any(|place| {
            rights.contains(&(name.to_owned(), resource.to_owned(), (*place).to_owned()))
        });
        json!({"allowed": is_allowed})
    }
}
