//! Objects of every kind, and what may be wrong with them.

use serde_json::{Value, json};

use super::Draw;

/// What programs are about.
pub(super) const KINDS: [&str; 8] = [
    "configmaps",
    "services",
    "replicasets",
    "pods",
    "leases",
    "events",
    "rollouts",
    "analysistemplates",
];

fn type_of(plural: &str) -> (&'static str, &'static str) {
    match plural {
        "configmaps" => ("v1", "ConfigMap"),
        "services" => ("v1", "Service"),
        "replicasets" => ("apps/v1", "ReplicaSet"),
        "pods" => ("v1", "Pod"),
        "leases" => ("coordination.k8s.io/v1", "Lease"),
        "events" => ("v1", "Event"),
        "rollouts" => ("argoproj.io/v1alpha1", "Rollout"),
        _ => ("argoproj.io/v1alpha1", "AnalysisTemplate"),
    }
}

impl Draw {
    /// A whole object, valid most of the time.
    pub(super) fn body(&mut self, name: &str) -> Value {
        let mut body = self.bare(name);
        self.labels(&mut body);
        let rest = self.content();
        tests::scenario::parse::merge(&mut body, &rest);
        body
    }

    /// A part of an object, as somebody applies who cares for that only.
    pub(super) fn part(&mut self, name: &str) -> Value {
        let mut body = self.bare(name);
        if self.rarely(2) {
            self.labels(&mut body);
        }
        if self.rarely(2) {
            let change = self.change();
            tests::scenario::parse::merge(&mut body, &change);
        }
        body
    }

    fn bare(&mut self, name: &str) -> Value {
        let (version, kind) = type_of(self.plural);
        json!({"apiVersion": version, "kind": kind, "metadata": {"name": name}})
    }

    fn labels(&mut self, body: &mut Value) {
        let metadata = &mut body["metadata"];
        if self.dice.roll(3) > 0 {
            metadata["labels"]["app"] = self.dice.pick(&["x", "y"]).into();
        }
        if self.rarely(3) {
            metadata["labels"]["tier"] = self.dice.pick(&["web", "db"]).into();
        }
        if self.rarely(4) {
            metadata["annotations"]["note"] = self.dice.pick(&["1", "2"]).into();
        }
        if self.rarely(6) {
            metadata["finalizers"] = self.dice.pick(&[
                json!(["example.com/one"]),
                json!(["example.com/one", "example.com/two"]),
            ]);
        }
        if self.rarely(6) {
            metadata["ownerReferences"] = self.owners();
        }
    }

    pub(super) fn owners(&mut self) -> Value {
        let made = self.made().unwrap_or(0);
        let (version, kind) = type_of(self.plural);
        let owner = |name: &str, uid: String| json!({"apiVersion": version, "kind": kind, "name": name, "uid": uid});
        let first = owner("a", format!("$uid{made}"));
        let mut other = owner("b", "11111111-2222-3333-4444-555555555555".into());
        other["controller"] = true.into();
        match self.dice.roll(4) {
            0 => json!([first]),
            1 => json!([other]),
            2 => json!([first, other]),
            _ => json!([]),
        }
    }

    fn content(&mut self) -> Value {
        match self.plural {
            "configmaps" => match self.dice.roll(4) {
                0 => json!({}),
                1 => json!({"data": {"k": "1"}}),
                2 => json!({"data": {"k": "1", "l": "2"}, "binaryData": {"b": "YQ=="}}),
                _ => json!({"data": {"k": "2"}, "immutable": self.rarely(2)}),
            },
            "services" => self.service(),
            "replicasets" => {
                let app = self.dice.pick(&["x", "y"]);
                let replicas = self.dice.number(3);
                json!({"spec": {
                    "replicas": replicas,
                    "selector": {"matchLabels": {"app": app}},
                    "template": self.template(app),
                }})
            }
            "pods" => {
                let app = self.dice.pick(&["x", "y"]);
                let mut template = self.template(app);
                json!({"spec": template["spec"].take()})
            }
            "leases" => {
                let seconds = self.dice.pick(&[json!(15), json!(30)]);
                json!({"spec": {"holderIdentity": self.dice.pick(&["me", "you"]), "leaseDurationSeconds": seconds,
                    "renewTime": "2026-01-01T00:00:00.000000Z"}})
            }
            "events" => json!({
                "involvedObject": {"kind": "Rollout", "name": self.dice.pick(&["a", "b"]), "namespace": "$namespace"},
                "reason": self.dice.pick(&["Told", "Scaled"]), "message": "told", "type": "Normal",
                "count": 1, "firstTimestamp": "2026-01-01T00:00:00Z", "lastTimestamp": "2026-01-01T00:00:00Z",
            }),
            "rollouts" => {
                let app = self.dice.pick(&["x", "y"]);
                json!({"spec": {
                    "replicas": self.dice.number(3),
                    "selector": {"matchLabels": {"app": app}},
                    "template": self.template(app),
                    "strategy": self.strategy(),
                }})
            }
            _ => json!({"spec": {
                "args": [{"name": "service"}],
                "metrics": [{
                    "name": self.dice.pick(&["rate", "errors"]), "interval": "5m", "successCondition": "result[0] >= 0.95",
                    "provider": {"prometheus": {"address": "http://prometheus", "query": "up"}},
                }],
            }}),
        }
    }

    fn service(&mut self) -> Value {
        let port = self.dice.pick(&[80, 81]);
        let mut ports = vec![json!({"name": "http", "port": port})];
        if self.rarely(3) {
            ports.push(
                json!({"name": "more", "port": 443, "targetPort": "https", "protocol": "TCP"}),
            );
        }
        let mut spec = json!({"selector": {"app": "x"}, "ports": ports});
        match self.dice.roll(8) {
            0 => spec["type"] = "NodePort".into(),
            1 => spec["clusterIP"] = "None".into(),
            2 => spec["sessionAffinity"] = "ClientIP".into(),
            3 => spec = json!({"type": "ExternalName", "externalName": "example.com"}),
            _ => {}
        }
        json!({"spec": spec})
    }

    pub(super) fn template(&mut self, app: &str) -> Value {
        json!({
            "metadata": {"labels": {"app": app}},
            "spec": {"containers": self.containers()},
        })
    }

    pub(super) fn containers(&mut self) -> Value {
        let mut main =
            json!({"name": "main", "image": self.dice.pick(&["shop:v1", "shop:v2", "shop"])});
        match self.dice.roll(6) {
            0 => main["env"] = json!([{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]),
            1 => {
                main["ports"] =
                    json!([{"containerPort": 80}, {"containerPort": 81, "protocol": "UDP"}])
            }
            2 => main["resources"] = json!({"limits": {"cpu": "100m", "memory": "64Mi"}}),
            3 => main["readinessProbe"] = json!({"httpGet": {"path": "/", "port": 80}}),
            _ => {}
        }
        if self.rarely(5) {
            return json!([main, {"name": "side", "image": "side:v1", "args": ["a", "b"]}]);
        }
        json!([main])
    }

    pub(super) fn strategy(&mut self) -> Value {
        match self.dice.roll(4) {
            0 => json!({"canary": {}}),
            1 => {
                json!({"canary": {"steps": [{"setWeight": 20}, {"pause": {}}], "maxSurge": "25%"}})
            }
            2 => {
                json!({"canary": {"steps": [{"setWeight": 50}, {"pause": {"duration": "1m"}}], "maxUnavailable": 1}})
            }
            _ => json!({"blueGreen": {"activeService": "active", "previewService": "preview"}}),
        }
    }

    /// Makes something of an object wrong.
    pub(super) fn spoil(&mut self, body: &mut Value) {
        match self.dice.roll(10) {
            0 => body["metadata"]["labels"] = json!({"a b": "c"}),
            1 => body["metadata"]["name"] = "Not_A_Name".into(),
            2 => body["spec"]["none"] = 1.into(),
            3 => body["spec"]["replicas"] = (-1).into(),
            4 => body["spec"]["replicas"] = "three".into(),
            5 => body["metadata"]["annotations"] = json!({"no good!": "x"}),
            6 => body["metadata"]["namespace"] = "elsewhere".into(),
            7 => body["kind"] = "Other".into(),
            8 => body["metadata"]["uid"] = "11111111-2222-3333-4444-555555555555".into(),
            _ => body["metadata"]["resourceVersion"] = "1".into(),
        }
    }
}
