//! Changes of the wanted replicas through a scale.

use serde_json::{Value, json};

use super::Draw;

impl Draw {
    pub(super) fn scale(&mut self) {
        let path = self.one() + "/scale";
        let replicas = self.dice.pick(&[json!(0), json!(1), json!(3), json!(-1)]);
        if self.rarely(3) {
            return self.push("GET", path, Value::Null);
        }
        if self.rarely(3) {
            return self.apply_scale(path, replicas);
        }
        let path = self.options(path, false);
        let body = json!({"spec": {"replicas": replicas}});
        if self.rarely(3) {
            let name = path.split(['/', '?']).nth(1).unwrap_or_default();
            let body = json!({
                "apiVersion": "autoscaling/v1", "kind": "Scale",
                "metadata": {"name": name, "namespace": "$namespace"}, "spec": {"replicas": replicas},
            });
            return self.push("PUT", path, body);
        }
        let kind = self.dice.pick(&["PATCH:merge", "PATCH:strategic"]);
        self.push(kind, path, body);
    }

    fn apply_scale(&mut self, path: String, replicas: Value) {
        let name = path.split('/').nth(1).unwrap_or_default().to_owned();
        let mut body = json!({
            "apiVersion": "autoscaling/v1", "kind": "Scale",
            "metadata": {"name": name}, "spec": {"replicas": replicas},
        });
        match self.dice.roll(16) {
            0 => body["spec"] = json!({}),
            1 => body["spec"]["replicas"] = "three".into(),
            2 => body["spec"]["more"] = 1.into(),
            3 => body["status"] = json!({"replicas": 9}),
            4 => body["metadata"]["name"] = "other".into(),
            5 => body["metadata"]["labels"] = json!({"app": "x"}),
            6 => body["kind"] = "ReplicaSet".into(),
            7 => {
                let made = self.made().unwrap_or(0);
                body["metadata"]["resourceVersion"] = format!("$rv{made}").into();
            }
            _ => {}
        }
        let path = self.options(path, true);
        self.push("PATCH:apply", path, body);
    }
}
