//! A seed → a program. Names, labels and values are few, so that requests meet.

mod bodies;
mod patches;
mod scales;

use serde_json::{Value, json};
use tests::storm::draw::Dice;

use super::program::{Program, Request};
use bodies::KINDS;

const NAMES: [&str; 3] = ["a", "b", "c"];
const MANAGERS: [&str; 4] = ["kubectl", "one", "two", "three"];

/// The program of a seed.
#[must_use]
pub fn draw(seed: u64) -> Program {
    let mut draw = Draw {
        dice: Dice::new(seed),
        requests: Vec::new(),
        plural: "",
    };
    // Most programs are about one kind, so that there is something to change.
    let kinds: Vec<&str> = (0..=draw.dice.roll(2))
        .map(|_| draw.dice.pick(&KINDS))
        .collect();
    let count = 4 + draw.dice.roll(16);
    for _ in 0..count {
        draw.plural = draw.dice.pick(&kinds);
        draw.request();
    }
    Program(draw.requests)
}

struct Draw {
    dice: Dice,
    requests: Vec<Request>,
    plural: &'static str,
}

impl Draw {
    fn request(&mut self) {
        let is_first = self.made().is_none();
        match self.dice.roll(if is_first { 6 } else { 40 }) {
            0..4 => self.create(),
            4..7 => self.apply(),
            7..9 => self.get(),
            9..12 => self.list(),
            12..15 => self.watch(),
            15..20 => self.put(),
            20..23 => self.patch("merge"),
            23..26 => self.patch("strategic"),
            26..29 => self.patch("json"),
            29..32 => self.status(),
            32..34 => self.scale(),
            34..37 => self.delete(),
            37 => self.delete_collection(),
            38 => self.managers(),
            _ => self.odd(),
        }
    }

    fn push(&mut self, method: &str, mut path: String, body: Value) {
        // See `known::NOT_DRAWN`; a body may be made of what an earlier one has made.
        let has_ports = |body: &Value| body.to_string().contains("NodePort");
        let earlier = self.requests.iter().any(|it| has_ports(&it.body));
        if self.plural == "services" && (earlier || has_ports(&body)) {
            path = path.replace("dryRun=All", "");
        }
        // Its answer would have a revision from before the program began.
        if body["metadata"]["resourceVersion"] == "1" {
            path = path.replace("dryRun=All", "");
        }
        let number = self.requests.len() + 1;
        self.requests.push(Request {
            number,
            method: method.to_owned(),
            path,
            body,
        });
    }

    /// One time in so many.
    fn rarely(&mut self, sides: usize) -> bool {
        self.dice.roll(sides) == 0
    }

    fn name(&mut self) -> &'static str {
        // The first name is taken most often.
        if self.rarely(2) {
            self.dice.pick(&NAMES)
        } else {
            NAMES[0]
        }
    }

    /// A request that may have made or shown an object of the kind at hand.
    fn made(&mut self) -> Option<usize> {
        let prefix = format!("{}/", self.plural);
        let all: Vec<usize> = self
            .requests
            .iter()
            .filter(|it| {
                let is_whole = it.path.matches('/').count() < 2;
                it.plural() == self.plural
                    && (it.method == "POST" || it.path.starts_with(&prefix) && is_whole)
                    && it.method != "DELETE"
                    && it.method != "WATCH"
            })
            .map(|it| it.number)
            .collect();
        match all.as_slice() {
            [] => None,
            // The newest most often.
            [.., newest] if self.dice.roll(3) > 0 => Some(*newest),
            all => Some(self.dice.pick(all)),
        }
    }

    fn one(&mut self) -> String {
        let name = self.name();
        format!("{}/{name}", self.plural)
    }

    /// The options of a write.
    fn options(&mut self, path: String, applies: bool) -> String {
        let mut query: Vec<String> = Vec::new();
        if applies && !self.rarely(30) || !applies && self.rarely(3) {
            query.push(format!("fieldManager={}", self.dice.pick(&MANAGERS)));
        }
        if applies && self.rarely(3) {
            query.push("force=true".into());
        }
        if self.rarely(8) {
            query.push("dryRun=All".into());
        }
        if self.rarely(4) {
            query.push(format!(
                "fieldValidation={}",
                self.dice.pick(&["Strict", "Ignore", "Warn"])
            ));
        }
        if query.is_empty() {
            path
        } else {
            format!("{path}?{}", query.join("&"))
        }
    }

    fn create(&mut self) {
        let name = self.name();
        let mut body = self.body(name);
        if self.rarely(12) {
            self.spoil(&mut body);
        }
        let path = self.options(self.plural.to_owned(), false);
        self.push("POST", path, body);
    }

    fn apply(&mut self) {
        let name = self.name();
        let mut body = if self.rarely(2) {
            self.body(name)
        } else {
            self.part(name)
        };
        if self.rarely(12) {
            self.spoil(&mut body);
        }
        if self.rarely(15)
            && let Some(made) = self.made()
        {
            body["metadata"]["resourceVersion"] = format!("$rv{made}").into();
        }
        if matches!(self.plural, "rollouts" | "analysistemplates")
            && let Some(metadata) = body["metadata"].as_object_mut()
        {
            // See `known::NOT_DRAWN`.
            metadata.retain(|_, value| value.as_array().is_none_or(|list| !list.is_empty()));
        }
        let mut path = format!("{}/{name}", self.plural);
        if self.plural != "services" && self.rarely(8) {
            path += "/status";
        }
        let path = self.options(path, true);
        let kind = if self.rarely(40) {
            "PATCH:apply-json"
        } else {
            "PATCH:apply"
        };
        self.push(kind, path, body);
    }

    fn get(&mut self) {
        let mut path = self.one();
        if self.rarely(4) {
            path += self.dice.pick(&["/status", "/scale", "/none"]);
        }
        self.push("GET", path, Value::Null);
    }

    fn selectors(&mut self) -> Vec<String> {
        let mut query = Vec::new();
        if self.rarely(2) {
            let labels = [
                "app%3Dx",
                "app%21%3Dx",
                "app",
                "%21app",
                "app%20in%20(x,y)",
                "app%20notin%20(x)",
                "app%3Dx,tier%3Dweb",
                "tier",
                "app%3D%3Dy",
                "a%20b",
                "app%3D",
            ];
            query.push(format!("labelSelector={}", self.dice.pick(&labels)));
        }
        if self.rarely(4) {
            let fields = [
                "metadata.name%3Da",
                "metadata.name%21%3Da",
                "metadata.name%3Db,metadata.namespace%3D$namespace",
                "status.phase%3DPending",
                "spec.nodeName%3D",
                "involvedObject.name%3Da",
                "reason%3DTold",
                "spec.replicas%3D1",
                "type%3DNormal",
            ];
            query.push(format!("fieldSelector={}", self.dice.pick(&fields)));
        }
        query
    }

    fn list(&mut self) {
        let mut query = self.selectors();
        let lists: Vec<usize> = self
            .requests
            .iter()
            .filter(|it| {
                it.method == "GET" && it.path.contains("limit=") && it.plural() == self.plural
            })
            .map(|it| it.number)
            .collect();
        match self.dice.roll(4) {
            0 => query.push(format!("limit={}", 1 + self.dice.roll(2))),
            1 if !lists.is_empty() => {
                let list = self.dice.pick(&lists);
                query = vec!["limit=1".into(), format!("continue=$continue{list}")];
            }
            2 => {
                if let Some(made) = self.made() {
                    query.push(format!("resourceVersion=$rv{made}"));
                    let matching = self.dice.pick(&[
                        "",
                        "&resourceVersionMatch=Exact",
                        "&resourceVersionMatch=NotOlderThan",
                    ]);
                    if !matching.is_empty() {
                        query.push(matching.trim_start_matches('&').to_owned());
                    }
                }
            }
            _ => {}
        }
        let mark = if query.is_empty() { "" } else { "?" };
        let path = format!("{}{mark}{}", self.plural, query.join("&"));
        self.push("GET", path, Value::Null);
    }

    fn watch(&mut self) {
        let mut query = self.selectors();
        if let Some(made) = self.made()
            && !self.rarely(6)
        {
            query.push(format!("resourceVersion=$rv{made}"));
        }
        let mark = if query.is_empty() { "" } else { "?" };
        let path = format!("{}{mark}{}", self.plural, query.join("&"));
        self.push("WATCH", path, Value::Null);
    }

    fn put(&mut self) {
        let name = self.name();
        let mut body = match self.made() {
            Some(made) if !self.rarely(4) => {
                let mut body = json!({"$of": made});
                tests::scenario::parse::merge(&mut body, &self.change());
                if self.rarely(4) {
                    body["metadata"]["resourceVersion"] = Value::Null;
                }
                body
            }
            _ => self.body(name),
        };
        if self.rarely(12) {
            self.spoil(&mut body);
        }
        let path = self.options(format!("{}/{name}", self.plural), false);
        self.push("PUT", path, body);
    }

    fn patch(&mut self, kind: &str) {
        let mut body = match kind {
            "merge" => self.merge_patch(),
            "strategic" => self.strategic_patch(),
            _ => self.json_patch(),
        };
        if kind == "merge" && body.is_object() && self.rarely(12) {
            self.spoil(&mut body);
        }
        if body.is_object()
            && self.rarely(8)
            && kind != "json"
            && let Some(made) = self.made()
        {
            body["metadata"]["resourceVersion"] = format!("$rv{made}").into();
        }
        let path = self.one();
        let path = self.options(path, false);
        self.push(&format!("PATCH:{kind}"), path, body);
    }

    fn status(&mut self) {
        let body = self.status_change();
        let path = self.one() + "/status";
        let path = self.options(path, false);
        match self.made() {
            Some(made) if self.rarely(3) => {
                let mut whole = json!({"$of": made});
                tests::scenario::parse::merge(&mut whole, &body);
                self.push("PUT", path, whole);
            }
            _ => {
                let kind = self.dice.pick(&["PATCH:merge", "PATCH:strategic"]);
                self.push(kind, path, body);
            }
        }
    }

    fn delete_options(&mut self) -> Value {
        let mut body = json!({});
        if self.rarely(3) {
            let policy = self.dice.pick(&["Background", "Foreground", "Orphan"]);
            body["propagationPolicy"] = policy.into();
        }
        if self.rarely(4) {
            body["gracePeriodSeconds"] = self.dice.pick(&[json!(0), json!(5)]);
        }
        if self.rarely(5)
            && let Some(made) = self.made()
        {
            let (key, value) = self
                .dice
                .pick(&[("uid", "$uid"), ("resourceVersion", "$rv")]);
            body["preconditions"] = json!({key: format!("{value}{made}")});
        }
        if self.rarely(10) {
            body["dryRun"] = json!(["All"]);
        }
        if body == json!({}) { Value::Null } else { body }
    }

    fn delete(&mut self) {
        let body = self.delete_options();
        let path = self.one();
        self.push("DELETE", path, body);
    }

    fn delete_collection(&mut self) {
        let query = self.selectors();
        let mark = if query.is_empty() { "" } else { "?" };
        let path = format!("{}{mark}{}", self.plural, query.join("&"));
        self.push("DELETE", path, Value::Null);
    }

    /// `managedFields` of somebody's own.
    fn managers(&mut self) {
        let sent = self.dice.pick(&[
            json!([]),
            json!([{}]),
            json!([{"manager": "own", "operation": "Apply", "apiVersion": "v1", "fieldsType": "FieldsV1",
                    "fieldsV1": {"f:metadata": {"f:labels": {"f:app": {}}}}}]),
            json!([{"manager": "own", "operation": "Other"}]),
        ]);
        let path = self.one();
        let path = self.options(path, false);
        self.push(
            "PATCH:merge",
            path,
            json!({"metadata": {"managedFields": sent}}),
        );
    }

    fn odd(&mut self) {
        let path = self.one();
        let plural = self.plural.to_owned();
        match self.dice.roll(6) {
            0 => self.push("PATCH:text", path, json!({})),
            1 => self.push("POST", path, json!({})),
            2 => self.push("PUT", plural, json!({})),
            3 => self.push("GET", format!("{plural}?limit=x"), Value::Null),
            4 => self.push("GET", format!("{plural}?resourceVersion=x"), Value::Null),
            _ => self.push("POST", format!("{plural}?dryRun=Some"), json!({})),
        }
    }
}
