//! A typed world around the planner: writes are applied at once, pods are available at once or
//! never. Small and exact; the full cluster is in `sim`.

use std::collections::BTreeMap;
use std::sync::Arc;

use crds::{Rollout, RolloutStatus, Time, names};
use planner::{
    Now, Observed, Owner, Plan, ReplicaSet, Service, ServiceState, Settings, TemplateCheck,
    TemplateOutcome, Write, plan,
};
use serde_json::{Value, json};

/// One rollout and its surroundings.
pub(crate) struct World {
    pub(crate) rollout: Rollout,
    pub(crate) sets: Vec<ReplicaSet>,
    pub(crate) templates: BTreeMap<String, Value>,
    pub(crate) services: BTreeMap<String, Service>,
    pub(crate) check: Option<Arc<TemplateCheck>>,
    pub(crate) now: i64,
    pub(crate) events: Vec<String>,
    /// Every change of a size: name of the version (`v1`, …), then the size.
    pub(crate) sizes: Vec<String>,
    /// Status writes so far.
    pub(crate) status_writes: usize,
    /// Versions whose pods never become available.
    pub(crate) broken: Vec<String>,
    /// A write that was refused.
    pub(crate) failure: Option<planner::WriteFailure>,
    version: u64,
}

/// Makes another version of a ReplicaSet of which there is one already.
pub(crate) fn becomes(rs: &mut ReplicaSet, version: &str) {
    rs.name = format!("web-{version}");
    rs.uid = version.to_owned();
    rs.hash = version.to_owned();
    let label = names::POD_TEMPLATE_HASH.to_owned();
    rs.labels.insert(label, version.to_owned());
}

impl World {
    /// A Rollout `web` with this strategy, image `v1`, nothing deployed yet.
    pub(crate) fn new(replicas: i32, strategy: Value) -> Self {
        let rollout = serde_json::from_value(json!({
            "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout",
            "metadata": {"name": "web", "namespace": "shop", "uid": "r1", "generation": 1, "resourceVersion": "1"},
            "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": "shop-web"}}, "strategy": strategy,
                "template": template("v1")},
        }))
        .unwrap();
        let service = |name: &str| Service {
            name: name.to_owned(),
            uid: name.to_owned(),
            resource_version: "1".to_owned(),
            selector: BTreeMap::from([("app".to_owned(), "shop-web".to_owned())]),
            managed_by: None,
        };
        let services = ["active", "preview"]
            .map(|name| (name.to_owned(), service(name)))
            .into();
        Self {
            rollout,
            sets: Vec::new(),
            templates: BTreeMap::new(),
            services,
            check: None,
            now: 1_000_000_000,
            events: Vec::new(),
            sizes: Vec::new(),
            status_writes: 0,
            broken: Vec::new(),
            failure: None,
            version: 1,
        }
    }

    pub(crate) fn status(&mut self) -> &mut RolloutStatus {
        self.rollout.status.get_or_insert_default()
    }

    pub(crate) fn edit(&mut self, change: impl FnOnce(&mut crds::RolloutSpec)) {
        change(&mut self.rollout.spec);
        *self.rollout.metadata.generation.as_mut().unwrap() += 1;
    }

    pub(crate) fn set_image(&mut self, version: &str) {
        self.edit(|spec| spec.template = template(version).into());
    }

    pub(crate) fn observed(&self) -> Observed {
        let found = |service: &Service| ServiceState::Found(Arc::new(service.clone()));
        Observed {
            rollout: Arc::new(self.rollout.clone()),
            replica_sets: self.sets.iter().cloned().map(Arc::new).collect(),
            services: self
                .services
                .iter()
                .map(|(name, service)| (name.clone(), found(service)))
                .collect(),
            template_check: self.check.clone(),
            taken_name: None,
            failure: self.failure.clone(),
            settings: Settings::default(),
        }
    }

    pub(crate) fn plan(&self) -> Plan {
        plan(&self.observed(), Now::from_unix_millis(self.now))
    }

    /// Plans and writes until nothing moves any more at this moment.
    pub(crate) fn settle(&mut self) -> Plan {
        for _ in 0..100 {
            let plan = self.plan();
            if plan.actions.is_empty() {
                return plan;
            }
            assert_eq!(
                plan,
                self.plan(),
                "the same observation gives the same plan"
            );
            for action in &plan.actions {
                self.apply(&action.write);
                self.events
                    .extend(action.events.iter().map(|event| event.reason.to_owned()));
            }
            self.replica_set_controller();
        }
        panic!("never comes to rest: {:#?}", self.plan());
    }

    /// Plans once and writes nothing but the status.
    pub(crate) fn only_status(&mut self) {
        for action in self.plan().actions {
            if matches!(action.write, Write::WriteStatus { .. }) {
                self.apply(&action.write);
            }
        }
    }

    /// Lets time pass, planning whenever the planner wants to be woken.
    pub(crate) fn advance(&mut self, seconds: i64) -> Plan {
        let end = self.now + seconds * 1000;
        loop {
            let plan = self.settle();
            match plan.wake_at.map(Now::unix_millis) {
                Some(at) if at <= end => {
                    assert!(at > self.now, "wake_at is in the future");
                    self.now = at;
                }
                _ => {
                    self.now = end;
                    return self.settle();
                }
            }
        }
    }

    pub(crate) fn set_of(&self, version: &str) -> &ReplicaSet {
        self.sets.iter().find(|rs| rs.images == [version]).unwrap()
    }

    pub(crate) fn pods(&self, version: &str) -> i32 {
        self.sets
            .iter()
            .find(|rs| rs.images == [version])
            .map_or(0, |rs| rs.replicas)
    }

    pub(crate) fn phase(&mut self) -> String {
        let status = self.status();
        let message = status.message.clone().unwrap_or_default();
        format!("{} {message}", status.phase.clone().unwrap_or_default())
            .trim_end()
            .to_owned()
    }

    pub(crate) fn waiting_on(&mut self) -> String {
        self.status()
            .waiting_on
            .as_ref()
            .map(|it| it.reason.clone())
            .unwrap_or_default()
    }

    fn next_version(&mut self) -> String {
        self.version += 1;
        self.version.to_string()
    }

    pub(crate) fn apply(&mut self, write: &Write) {
        match write {
            Write::CheckTemplate { digest, object } => {
                let defaulted = object["spec"]["template"].clone();
                let outcome = TemplateOutcome::Accepted {
                    defaulted,
                    live: self.templates.clone(),
                };
                self.check = Some(Arc::new(TemplateCheck {
                    digest: digest.clone(),
                    outcome,
                }));
            }
            Write::CreateReplicaSet { object } => self.create(object),
            Write::PatchReplicaSet { uid, change, .. } => {
                let version = self.next_version();
                let rs = self.sets.iter_mut().find(|rs| rs.uid == *uid).unwrap();
                rs.resource_version = version;
                if let Some(replicas) = change.replicas {
                    rs.replicas = replicas;
                    rs.generation += 1;
                    self.sizes.push(format!("{} {replicas}", rs.images[0]));
                }
                for (key, value) in &change.annotations {
                    match value {
                        Some(value) => rs.annotations.insert(key.clone(), value.clone()),
                        None => rs.annotations.remove(key),
                    };
                }
                if change.adopts {
                    rs.owner = Owner::Us;
                }
                if let Some(label) = &change.label {
                    let key = names::POD_TEMPLATE_HASH.to_owned();
                    rs.labels.insert(key, label.clone());
                }
            }
            Write::DeleteReplicaSet { uid, .. } => self.sets.retain(|rs| rs.uid != *uid),
            Write::PatchService {
                name,
                hash,
                managed_by,
                ..
            } => {
                let service = self.services.get_mut(name).unwrap();
                service
                    .selector
                    .insert(names::POD_TEMPLATE_HASH.to_owned(), hash.clone());
                service.managed_by = managed_by.clone().or(service.managed_by.take());
            }
            Write::ReleaseService { name, .. } => {
                let service = self.services.get_mut(name).unwrap();
                service.selector.remove(names::POD_TEMPLATE_HASH);
                service.managed_by = None;
            }
            Write::PatchRollout { annotations } => {
                self.rollout
                    .metadata
                    .annotations
                    .get_or_insert_default()
                    .extend(annotations.clone());
            }
            Write::WriteStatus { status } => {
                assert_ne!(
                    Some(status.as_ref()),
                    self.rollout.status.as_ref(),
                    "a status write changes something"
                );
                self.rollout.status = Some(*status.clone());
                self.status_writes += 1;
            }
        }
    }

    fn create(&mut self, object: &Value) {
        let strings = |value: &Value| -> BTreeMap<String, String> {
            serde_json::from_value(value.clone()).unwrap()
        };
        let labels = strings(&object["metadata"]["labels"]);
        let uid = format!("uid-{}", self.next_version());
        self.templates
            .insert(uid.clone(), object["spec"]["template"].clone());
        self.now += 1000;
        self.sets.push(ReplicaSet {
            name: object["metadata"]["name"].as_str().unwrap().to_owned(),
            uid,
            resource_version: "1".to_owned(),
            generation: 1,
            created: Time::from_unix(self.now / 1000),
            deleting: false,
            owner: Owner::Us,
            hash: labels[names::POD_TEMPLATE_HASH].clone(),
            labels,
            annotations: strings(&object["metadata"]["annotations"]),
            replicas: 0,
            min_ready_seconds: 0,
            current_replicas: 0,
            ready_replicas: 0,
            available_replicas: 0,
            observed_generation: 1,
            failure: None,
            images: vec![
                object["spec"]["template"]["spec"]["containers"][0]["image"]
                    .as_str()
                    .unwrap()
                    .to_owned(),
            ],
        });
    }

    pub(crate) fn replica_set_controller(&mut self) {
        for rs in &mut self.sets {
            let works = !self.broken.contains(&rs.images[0]);
            rs.observed_generation = rs.generation;
            rs.current_replicas = rs.replicas;
            rs.ready_replicas = if works { rs.replicas } else { 0 };
            rs.available_replicas = rs.ready_replicas;
        }
    }
}

fn template(version: &str) -> Value {
    json!({"metadata": {"labels": {"app": "shop-web"}}, "spec": {"containers": [{"name": "main", "image": version}]}})
}
