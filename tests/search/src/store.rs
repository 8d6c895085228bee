//! What the API server keeps: one Rollout, its ReplicaSets with their pods, two Services.
//!
//! Every change gets a new revision and is noted, with who made it. Objects are shared: a view of
//! a controller holds the same ones.

use std::collections::BTreeMap;
use std::sync::Arc;

use crds::rollout::PodTemplate;
use crds::{Rollout, Time, names};
use planner::{Owner, ReplicaSet, Service};
use serde_json::{Value, json};

use crate::event::Kind;

/// Who makes a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// A controller, by number.
    Controller(usize),
    /// A person or a tool of theirs.
    User,
    /// The cluster itself.
    Cluster,
}

/// An object of the API server.
#[derive(Debug, Clone)]
pub enum Object {
    /// A Rollout.
    Rollout(Arc<Rollout>),
    /// A ReplicaSet.
    Set(Arc<ReplicaSet>),
    /// A Service.
    Service(Arc<Service>),
    /// A pod, and the uid of its ReplicaSet.
    Pod(Pod, Arc<str>),
}

/// A change of one object.
#[derive(Debug, Clone)]
pub struct Commit {
    /// Who made it.
    pub by: By,
    /// What kind of object.
    pub kind: Kind,
    /// Its name.
    pub name: Arc<str>,
    /// The revision it made.
    pub revision: u64,
    /// The version of the Rollout that a controller decided it on.
    pub decided_on: Option<u64>,
    /// The revision up to which that controller had seen everything.
    pub seen: Option<u64>,
    /// The object before; `None` when it was created.
    pub before: Option<Object>,
    /// The object after; `None` when it was removed.
    pub after: Option<Object>,
}

impl std::fmt::Display for Commit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}: {:?} {} ", self.by, self.kind, self.name)?;
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        match &self.after {
            None => write!(f, "is gone"),
            Some(Object::Rollout(rollout)) => {
                let status = rollout.status.clone().unwrap_or_default();
                write!(
                    f,
                    "replicas {:?}, {} {}; current {} stable {} step {:?}{}{}{} pauses {}",
                    rollout.spec.replicas,
                    text(&status.phase),
                    text(&status.message),
                    text(&status.current_pod_hash),
                    text(&status.stable_rs),
                    status.current_step_index,
                    if status.abort { " abort" } else { "" },
                    if status.promote_full { " full" } else { "" },
                    if status.controller_pause {
                        " controllerPause"
                    } else {
                        ""
                    },
                    status.pause_conditions.len(),
                )
            }
            Some(Object::Set(set)) => write!(
                f,
                "{:?} replicas {}, {} pods, {} available, generation {}/{} {:?} {:?}",
                set.images,
                set.replicas,
                set.current_replicas,
                set.available_replicas,
                set.observed_generation,
                set.generation,
                set.owner,
                set.annotations.get(names::SCALE_DOWN_DEADLINE),
            ),
            Some(Object::Service(service)) => write!(f, "selects {:?}", service.selector),
            Some(Object::Pod(pod, set)) => write!(f, "{} of {set} ready {:?}", pod.id, pod.ready),
        }
    }
}

/// A pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pod {
    /// Pods in the order in which they came to be.
    pub id: u32,
    /// Since when it is ready, in milliseconds since 1970.
    pub ready: Option<i64>,
}

/// A ReplicaSet, and what the cluster makes of it.
#[derive(Debug, Clone)]
pub struct Set {
    /// ReplicaSets in the order in which they came to be.
    pub id: u32,
    /// The object.
    pub object: Arc<ReplicaSet>,
    /// Its pod template.
    pub template: Arc<Value>,
    /// Its pods.
    pub pods: Vec<Pod>,
    /// The generation that the ReplicaSet controller acted on last.
    pub acted_on: i64,
    /// Whether it could not make its pods.
    pub refused: bool,
}

impl Set {
    /// Whether its pods can get ready at all.
    #[must_use]
    pub fn works(&self) -> bool {
        !self
            .object
            .images
            .iter()
            .any(|image| version_of(image) > LAST_GOOD)
    }
}

/// The last version whose pods get ready.
pub const LAST_GOOD: u8 = 8;
/// The version whose template the API server refuses.
pub const REFUSED: u8 = 7;

/// The number in `v3`.
#[must_use]
pub fn version_of(image: &str) -> u8 {
    image.trim_start_matches('v').parse().unwrap_or_default()
}

/// The version of the image in a template of [`template`].
#[must_use]
pub fn version_in(template: &PodTemplate) -> u8 {
    let image = template.text().split_once("\"image\":\"");
    let image = image.and_then(|(_, rest)| rest.split('"').next());
    version_of(image.unwrap_or_default())
}

/// A pod template with this version of the image.
#[must_use]
pub fn template(version: u8) -> Arc<Value> {
    Arc::new(json!({
        "metadata": {"labels": {"app": "shop-web"}},
        "spec": {"containers": [{"name": "main", "image": format!("v{version}")}]},
    }))
}

/// A Service as it is in Git.
#[must_use]
pub fn plain_service(name: &str, uid: &str) -> Service {
    Service {
        name: name.to_owned(),
        uid: uid.to_owned(),
        resource_version: String::new(),
        selector: BTreeMap::from([("app".to_owned(), "shop-web".to_owned())]),
        managed_by: None,
    }
}

/// All objects, and what changed since somebody last asked.
#[derive(Debug, Clone)]
pub struct Store {
    /// The Rollout, until it is deleted.
    pub rollout: Option<Arc<Rollout>>,
    /// Its ReplicaSets, in the order in which they came to be.
    pub sets: Vec<Set>,
    /// Services by name.
    pub services: BTreeMap<String, Arc<Service>>,
    /// Time, in milliseconds since 1970.
    pub now: i64,
    /// Changes that nobody has taken yet.
    pub commits: Vec<Commit>,
    /// The newest revision.
    pub revision: u64,
    next_id: u32,
}

impl Store {
    /// A store with this Rollout and its Services.
    #[must_use]
    pub fn new(rollout: Rollout, services: &[&str], now: i64) -> Self {
        let mut store = Self {
            rollout: None,
            sets: Vec::new(),
            services: BTreeMap::new(),
            now,
            commits: Vec::new(),
            revision: 1,
            next_id: 0,
        };
        for name in services {
            let uid = store.next_uid(name);
            store.put_service(By::User, plain_service(name, &uid));
        }
        store.put_rollout(By::User, rollout);
        store
    }

    /// The next number for a ReplicaSet or pod.
    pub fn next_id(&mut self) -> u32 {
        self.next_id += 1;
        self.next_id
    }

    /// A uid that nothing has had.
    pub fn next_uid(&mut self, name: &str) -> String {
        format!("{name}-{}", self.next_id())
    }

    /// The ReplicaSet of this number.
    #[must_use]
    pub fn set(&self, id: u32) -> Option<&Set> {
        self.sets.iter().find(|set| set.id == id)
    }

    /// The ReplicaSet of this number, to do something to its pods.
    pub fn set_mut(&mut self, id: u32) -> Option<&mut Set> {
        self.sets.iter_mut().find(|set| set.id == id)
    }

    /// Replaces the pods of a ReplicaSet.
    pub fn put_pods(&mut self, id: u32, pods: Vec<Pod>) {
        let Some(set) = self.sets.iter_mut().find(|set| set.id == id) else {
            return;
        };
        let owner: Arc<str> = set.object.uid.as_str().into();
        let old = std::mem::replace(&mut set.pods, pods);
        let new = set.pods.clone();
        for pod in &old {
            if !new.iter().any(|it| it.id == pod.id) {
                self.commit_pod(&owner, Some(pod), None);
            }
        }
        for pod in &new {
            let before = old.iter().find(|it| it.id == pod.id);
            if before != Some(pod) {
                self.commit_pod(&owner, before, Some(pod));
            }
        }
    }

    fn commit_pod(&mut self, owner: &Arc<str>, before: Option<&Pod>, after: Option<&Pod>) {
        self.revision += 1;
        let object = |pod: &Pod| Object::Pod(pod.clone(), owner.clone());
        let (before, after) = (before.map(object), after.map(object));
        self.commit(By::Cluster, Kind::Pod, "", before, after);
    }

    fn commit(
        &mut self,
        by: By,
        kind: Kind,
        name: &str,
        before: Option<Object>,
        after: Option<Object>,
    ) {
        self.commits.push(Commit {
            by,
            kind,
            name: name.into(),
            revision: self.revision,
            decided_on: None,
            seen: None,
            before,
            after,
        });
    }

    /// Writes the Rollout, with a new version. A change of `spec` is a new generation.
    pub fn put_rollout(&mut self, by: By, mut rollout: Rollout) {
        self.revision += 1;
        rollout.metadata.resource_version = Some(self.revision.to_string());
        let rollout = Arc::new(rollout);
        let before = self.rollout.replace(rollout.clone());
        let name = rollout.metadata.name.clone().unwrap_or_default();
        self.commit(
            by,
            Kind::Rollout,
            &name,
            before.map(Object::Rollout),
            Some(Object::Rollout(rollout)),
        );
    }

    /// Changes the Rollout, if it is there and the change is one.
    pub fn edit_rollout(&mut self, by: By, change: impl FnOnce(&mut Rollout)) {
        let Some(old) = self.rollout.clone() else {
            return;
        };
        let mut new = Rollout::clone(&old);
        change(&mut new);
        if new.spec != old.spec {
            new.metadata.generation = old.metadata.generation.map(|it| it + 1);
        }
        if new != *old {
            self.put_rollout(by, new);
        }
    }

    /// Removes the Rollout, and with it what belongs to it: the garbage collector is quick here.
    pub fn delete_rollout(&mut self, by: By) {
        let Some(old) = self.rollout.take() else {
            return;
        };
        self.revision += 1;
        let name = old.metadata.name.clone().unwrap_or_default();
        self.commit(by, Kind::Rollout, &name, Some(Object::Rollout(old)), None);
        let owned = self.sets.iter().filter(|set| set.object.owner == Owner::Us);
        let owned: Vec<u32> = owned.map(|set| set.id).collect();
        for id in owned {
            self.delete_set(By::Cluster, id);
        }
    }

    /// Creates a ReplicaSet without pods.
    pub fn create_set(&mut self, by: By, mut object: ReplicaSet, template: Arc<Value>) -> u32 {
        self.revision += 1;
        object.resource_version = self.revision.to_string();
        let (id, object) = (self.next_id(), Arc::new(object));
        let name = object.name.clone();
        self.sets.push(Set {
            id,
            object: object.clone(),
            template,
            pods: Vec::new(),
            acted_on: 0,
            refused: false,
        });
        self.commit(by, Kind::Set, &name, None, Some(Object::Set(object)));
        id
    }

    /// Changes a ReplicaSet, if it is there and the change is one.
    pub fn edit_set(&mut self, by: By, id: u32, change: impl FnOnce(&mut ReplicaSet)) {
        let Some(set) = self.sets.iter_mut().find(|set| set.id == id) else {
            return;
        };
        let old = set.object.clone();
        let mut new = ReplicaSet::clone(&old);
        change(&mut new);
        if new == *old {
            return;
        }
        if (new.replicas, new.min_ready_seconds) != (old.replicas, old.min_ready_seconds) {
            new.generation += 1;
        }
        self.revision += 1;
        new.resource_version = self.revision.to_string();
        let new = Arc::new(new);
        set.object = new.clone();
        let name = new.name.clone();
        self.commit(
            by,
            Kind::Set,
            &name,
            Some(Object::Set(old)),
            Some(Object::Set(new)),
        );
    }

    /// Removes a ReplicaSet and its pods.
    pub fn delete_set(&mut self, by: By, id: u32) {
        let Some(index) = self.sets.iter().position(|set| set.id == id) else {
            return;
        };
        self.put_pods(id, Vec::new());
        let old = self.sets.remove(index).object;
        self.revision += 1;
        let name = old.name.clone();
        self.commit(by, Kind::Set, &name, Some(Object::Set(old)), None);
    }

    /// Writes a Service, unless nothing changes.
    pub fn put_service(&mut self, by: By, mut service: Service) {
        let before = self.services.get(&service.name).cloned();
        if let Some(before) = &before {
            service
                .resource_version
                .clone_from(&before.resource_version);
            if **before == service {
                return;
            }
        }
        self.revision += 1;
        service.resource_version = self.revision.to_string();
        let service = Arc::new(service);
        self.services.insert(service.name.clone(), service.clone());
        self.commit(
            by,
            Kind::Service,
            &service.name,
            before.map(Object::Service),
            Some(Object::Service(service.clone())),
        );
    }

    /// Removes a Service.
    pub fn delete_service(&mut self, by: By, name: &str) {
        if let Some(old) = self.services.remove(name) {
            self.revision += 1;
            self.commit(by, Kind::Service, name, Some(Object::Service(old)), None);
        }
    }

    /// The whole second that it is.
    #[must_use]
    pub fn second(&self) -> Time {
        Time::from_unix(self.now.div_euclid(1000))
    }

    /// The revision label that a Service selects; empty without one.
    #[must_use]
    pub fn selected(&self, service: &str) -> &str {
        self.services
            .get(service)
            .and_then(|it| it.selector.get(names::POD_TEMPLATE_HASH))
            .map_or("", String::as_str)
    }
}
