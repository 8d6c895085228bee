//! Changes of objects, in each form that a patch has.

use serde_json::{Value, json};

use super::Draw;

impl Draw {
    /// A part of an object with other values.
    pub(super) fn change(&mut self) -> Value {
        if self.rarely(3) {
            return self.metadata_change();
        }
        if matches!(self.plural, "replicasets" | "rollouts") && self.rarely(2) {
            let replicas = self.dice.number(4);
            return json!({"spec": {"replicas": replicas}});
        }
        match self.plural {
            "configmaps" => self.dice.pick(&[
                json!({"data": {"k": "2"}}),
                json!({"data": {"l": "3"}}),
                json!({"data": {"k": "1", "m": "4"}}),
                json!({"binaryData": {"b": "Yg=="}}),
                json!({"immutable": true}),
            ]),
            "services" => self.dice.pick(&[
                json!({"spec": {"selector": {"app": "y"}}}),
                json!({"spec": {"selector": {"hash": "1"}}}),
                json!({"spec": {"ports": [{"name": "http", "port": 80, "targetPort": 8080}]}}),
                json!({"spec": {"ports": [{"name": "more", "port": 443}, {"name": "http", "port": 80}]}}),
                json!({"spec": {"type": "NodePort"}}),
                json!({"spec": {"sessionAffinity": "ClientIP"}}),
                json!({"spec": {"publishNotReadyAddresses": true}}),
            ]),
            "replicasets" => {
                let containers = self.containers();
                self.dice.pick(&[
                    json!({"spec": {"template": {"spec": {"containers": containers}}}}),
                    json!({"spec": {"minReadySeconds": 3}}),
                    json!({"spec": {"template": {"metadata": {"annotations": {"t": "1"}}}}}),
                    json!({"spec": {"selector": {"matchLabels": {"app": "x"}}}}),
                ])
            }
            "pods" => self.dice.pick(&[
                json!({"spec": {"containers": [{"name": "main", "image": "shop:v3"}]}}),
                json!({"spec": {"activeDeadlineSeconds": 60}}),
                json!({"spec": {"nodeName": "node-0"}}),
                json!({"spec": {"tolerations": [{"key": "a", "operator": "Exists"}]}}),
            ]),
            "leases" => self.dice.pick(&[
                json!({"spec": {"holderIdentity": "you"}}),
                json!({"spec": {"leaseTransitions": 2}}),
                json!({"spec": {"leaseDurationSeconds": 0}}),
                json!({"spec": {"renewTime": "2026-01-01T00:00:01.000000Z"}}),
            ]),
            "events" => self.dice.pick(&[
                json!({"count": 2, "lastTimestamp": "2026-01-01T00:01:00Z"}),
                json!({"message": "told again"}),
                json!({"series": {"count": 2, "lastObservedTime": "2026-01-01T00:01:00.000000Z"}}),
                json!({"reportingComponent": "rollouts-controller"}),
            ]),
            "rollouts" => {
                let (strategy, containers) = (self.strategy(), self.containers());
                self.dice.pick(&[
                    json!({"spec": {"strategy": strategy}}),
                    json!({"spec": {"template": {"spec": {"containers": containers}}}}),
                    json!({"spec": {"paused": true}}),
                    json!({"spec": {"revisionHistoryLimit": 3, "progressDeadlineSeconds": 60}}),
                ])
            }
            _ => self.dice.pick(&[
                json!({"spec": {"args": [{"name": "service"}, {"name": "other", "value": "1"}]}}),
                json!({"spec": {"metrics": [{"name": "rate", "provider": {"web": {"url": "http://x", "jsonPath": "{$.a}"}}}]}}),
                json!({"spec": {"measurementRetention": [{"metricName": "rate", "limit": 3}]}}),
            ]),
        }
    }

    fn metadata_change(&mut self) -> Value {
        let owners = self.owners();
        self.dice.pick(&[
            json!({"metadata": {"labels": {"app": "x"}}}),
            json!({"metadata": {"labels": {"app": "y", "tier": "db"}}}),
            json!({"metadata": {"annotations": {"note": "3"}}}),
            json!({"metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"}}}),
            json!({"metadata": {"finalizers": ["example.com/two"]}}),
            json!({"metadata": {"finalizers": []}}),
            json!({"metadata": {"ownerReferences": owners}}),
        ])
    }

    pub(super) fn merge_patch(&mut self) -> Value {
        if self.dice.roll(3) > 0 {
            return self.change();
        }
        self.dice.pick(&[
            json!({}),
            json!({"metadata": {"labels": null}}),
            json!({"metadata": {"labels": {"app": null}}}),
            json!({"metadata": {"annotations": null, "finalizers": null}}),
            json!({"metadata": {"finalizers": null}}),
            json!({"metadata": {"name": "other"}}),
            json!({"metadata": {"deletionTimestamp": null, "generation": 7}}),
            json!({"spec": null}),
            json!({"data": null}),
            json!({"spec": {"selector": null}}),
            json!({"spec": {"template": {"metadata": null}}}),
            json!({"kind": "Other"}),
            json!([1]),
        ])
    }

    pub(super) fn strategic_patch(&mut self) -> Value {
        if self.rarely(2) {
            return self.change();
        }
        let pod = match self.plural {
            "pods" => |spec: Value| json!({"spec": spec}),
            _ => |spec: Value| json!({"spec": {"template": {"spec": spec}}}),
        };
        self.dice.pick(&[
            pod(json!({"containers": [{"name": "side", "image": "side:v2"}]})),
            pod(json!({"containers": [{"name": "main", "env": [{"name": "A", "value": "9"}]}]})),
            pod(json!({"containers": [{"name": "side", "$patch": "delete"}]})),
            pod(json!({"containers": [{"$patch": "replace"}, {"name": "main", "image": "shop:v4"}]})),
            pod(json!({"$setElementOrder/containers": [{"name": "side"}, {"name": "main"}]})),
            json!({"metadata": {"labels": {"$patch": "replace", "app": "x"}}}),
            json!({"metadata": {"$deleteFromPrimitiveList/finalizers": ["example.com/one"]}}),
            json!({"metadata": {"finalizers": ["example.com/three"]}}),
            json!({"metadata": {"labels": {"tier": null}}}),
            json!({"spec": {"ports": [{"port": 80, "targetPort": 90}]}}),
            json!({"spec": {"ports": [{"port": 443, "$patch": "delete"}]}}),
            json!({"data": {"$patch": "replace", "z": "1"}}),
            json!({"data": {"k": null}}),
            json!({"$none": 1}),
        ])
    }

    pub(super) fn json_patch(&mut self) -> Value {
        let made = self.made().unwrap_or(0);
        let replicas = self.dice.number(4);
        self.dice.pick(&[
            json!([{"op": "add", "path": "/metadata/labels/app", "value": "y"}]),
            json!([{"op": "add", "path": "/metadata/labels", "value": {"app": "x"}}]),
            json!([{"op": "remove", "path": "/metadata/labels"}]),
            json!([{"op": "remove", "path": "/metadata/labels/app"}]),
            json!([{"op": "replace", "path": "/metadata/labels/app", "value": "x"}]),
            json!([{"op": "test", "path": "/metadata/uid", "value": format!("$uid{made}")}, {"op": "add", "path": "/metadata/annotations", "value": {"note": "5"}}]),
            json!([{"op": "test", "path": "/metadata/resourceVersion", "value": format!("$rv{made}")}, {"op": "add", "path": "/metadata/annotations", "value": {"note": "6"}}]),
            json!([{"op": "replace", "path": "/spec/replicas", "value": replicas}]),
            json!([{"op": "test", "path": "/spec/replicas", "value": replicas}]),
            json!([{"op": "add", "path": "/spec/template/spec/containers/-", "value": {"name": "side", "image": "side:v1"}}]),
            json!([{"op": "remove", "path": "/spec/template/spec/containers/1"}]),
            json!([{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "shop:v5"}]),
            json!([{"op": "replace", "path": "/spec/selector/app", "value": "y"}]),
            json!([{"op": "remove", "path": "/spec/selector"}]),
            json!([{"op": "copy", "from": "/data/k", "path": "/data/copy"}]),
            json!([{"op": "move", "from": "/data/k", "path": "/data/moved"}]),
            json!([{"op": "remove", "path": "/metadata/finalizers"}]),
            json!([{"op": "remove", "path": "/metadata/ownerReferences/0"}]),
            json!([{"op": "replace", "path": "/metadata/managedFields", "value": [{}]}]),
            json!([{"op": "add", "path": "/none/at/all", "value": 1}]),
            json!([{"op": "shift", "path": "/spec"}]),
            json!({"op": "remove"}),
            json!([]),
        ])
    }

    /// A status, as the controller of the kind writes it.
    pub(super) fn status_change(&mut self) -> Value {
        let change = match self.plural {
            "replicasets" => self.dice.pick(&[
                json!({"status": {"replicas": 2, "readyReplicas": 1, "observedGeneration": 1}}),
                json!({"status": {"replicas": 0}}),
                json!({"status": {"replicas": 1, "conditions": [{"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate"}]}}),
                json!({"status": {"replicas": -1}}),
            ]),
            "pods" => self.dice.pick(&[
                json!({"status": {"phase": "Running", "podIP": "10.0.0.1", "podIPs": [{"ip": "10.0.0.1"}]}}),
                json!({"status": {"conditions": [{"type": "Ready", "status": "True"}]}}),
                json!({"status": {"phase": "Failed", "reason": "Evicted"}}),
            ]),
            "services" => self.dice.pick(&[
                json!({"status": {"loadBalancer": {"ingress": [{"ip": "10.0.0.9"}]}}}),
                json!({"status": {"conditions": [{"type": "Ready", "status": "True", "reason": "Up", "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z"}]}}),
            ]),
            "rollouts" => self.dice.pick(&[
                json!({"status": {"phase": "Paused", "replicas": 3, "currentStepIndex": 1}}),
                json!({"status": {"conditions": [{"type": "Progressing", "status": "True", "reason": "Up", "message": "m", "lastUpdateTime": "2026-01-01T00:00:00Z", "lastTransitionTime": "2026-01-01T00:00:00Z"}]}}),
                json!({"status": {"pauseConditions": [{"reason": "CanaryPauseStep", "startTime": "2026-01-01T00:00:00Z"}], "controllerPause": true}}),
                json!({"status": {"pauseConditions": null, "abort": true}}),
                json!({"status": {"replicas": "none"}}),
                json!({"status": {"fase": "x"}}),
            ]),
            _ => json!({"status": {"any": 1}}),
        };
        let mut change = change;
        match self.dice.roll(6) {
            0 => change["metadata"] = json!({"labels": {"app": "y"}}),
            1 => change["spec"] = json!({"replicas": 9}),
            _ => {}
        }
        change
    }
}
