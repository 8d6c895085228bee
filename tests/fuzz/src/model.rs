//! What the API server and the ReplicaSet controller do with the writes of a plan: small and exact.

use std::collections::BTreeMap;
use std::sync::Arc;

use crds::{Time, names};
use planner::{
    Now, Observed, Owner, Plan, ReplicaSet, ReplicaSetChange, ServiceState, TakenName,
    TemplateCheck, TemplateOutcome, Write,
};
use serde_json::Value;

/// Why a write was not carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The object is not there, or is another one of the same name.
    Gone,
    /// It was changed since it was seen.
    Conflict,
    /// Its name is taken.
    Taken,
}

/// One Rollout and what is around it, changed by writes.
#[derive(Debug, Clone)]
pub struct Model {
    /// What a controller without any lag sees.
    pub observed: Observed,
    /// Pod templates of the ReplicaSets, by uid.
    pub templates: BTreeMap<String, Value>,
    /// Milliseconds since 1970.
    pub now: i64,
    version: u64,
}

impl Model {
    /// A world as it was seen, at this moment.
    #[must_use]
    pub const fn new(observed: Observed, templates: BTreeMap<String, Value>, now: i64) -> Self {
        Self {
            observed,
            templates,
            now,
            version: 1000,
        }
    }

    /// The plan for this moment.
    #[must_use]
    pub fn plan(&self) -> Plan {
        planner::plan(&self.observed, Now::from_unix_millis(self.now))
    }

    /// Carries a plan out that was made on `seen`, up to the first write that is refused.
    ///
    /// # Errors
    /// Why that one was refused, and how many were carried out before it.
    pub fn execute(&mut self, plan: &Plan, seen: &Observed) -> Result<(), (usize, Refused)> {
        let mut version = rollout_version(seen).to_owned();
        for (done, action) in plan.actions.iter().enumerate() {
            self.write(&action.write, &mut version, seen)
                .map_err(|refused| (done, refused))?;
        }
        Ok(())
    }

    /// Carries one write out. `version` is the Rollout's after the last write of the same plan.
    ///
    /// # Errors
    /// Why it was refused; then nothing has changed.
    pub fn write(
        &mut self,
        write: &Write,
        version: &mut String,
        seen: &Observed,
    ) -> Result<(), Refused> {
        match write {
            Write::CheckTemplate { digest, object } => {
                let outcome = TemplateOutcome::Accepted {
                    defaulted: object["spec"]["template"].clone(),
                    live: self.templates.clone(),
                };
                let check = TemplateCheck {
                    digest: digest.clone(),
                    outcome,
                };
                self.observed.template_check = Some(Arc::new(check));
            }
            Write::CreateReplicaSet { object } => self.create(object)?,
            Write::PatchReplicaSet {
                name,
                resource_version,
                change,
                ..
            } => {
                let next = self.next_version();
                let set = self.set(name, resource_version)?;
                set.resource_version = next;
                patch_set(set, change);
            }
            Write::DeleteReplicaSet {
                name,
                uid,
                resource_version,
            } => {
                let set = self.set(name, resource_version)?;
                if set.uid != *uid {
                    return Err(Refused::Gone);
                }
                self.observed.replica_sets.retain(|set| set.uid != *uid);
                self.templates.remove(uid);
            }
            Write::PatchService {
                name,
                resource_version,
                hash,
                managed_by,
                ..
            } => {
                let next = self.next_version();
                let Some(ServiceState::Found(service)) = self.observed.services.get_mut(name)
                else {
                    return Err(Refused::Gone);
                };
                if service.resource_version != *resource_version {
                    return Err(Refused::Conflict);
                }
                let service = Arc::make_mut(service);
                service.resource_version = next;
                service
                    .selector
                    .insert(names::POD_TEMPLATE_HASH.to_owned(), hash.clone());
                service.managed_by = managed_by.clone().or(service.managed_by.take());
            }
            Write::ReleaseService {
                name,
                resource_version,
                ..
            } => {
                let Some(ServiceState::Found(service)) = self.observed.services.get(name) else {
                    return Err(Refused::Gone);
                };
                if service.resource_version != *resource_version {
                    return Err(Refused::Conflict);
                }
                // Neither named nor marked, it is not observed any more.
                self.observed.services.remove(name);
            }
            Write::PatchRollout { annotations } => {
                let rollout = self.rollout(version)?;
                rollout
                    .metadata
                    .annotations
                    .get_or_insert_default()
                    .extend(annotations.clone());
            }
            Write::WriteStatus { status } => {
                // The executor sends the difference to what it saw: without one it sends nothing.
                if seen.rollout.status.as_ref() != Some(status) {
                    self.rollout(version)?.status = Some(*status.clone());
                }
            }
        }
        Ok(())
    }

    /// The ReplicaSet controller sees every change and has all its pods at once.
    pub fn catch_up(&mut self) {
        let version = self.next_version();
        self.observed.replica_sets.retain(|set| !set.deleting);
        for set in &mut self.observed.replica_sets {
            let pods = set.replicas.max(0);
            let changed = ReplicaSet {
                observed_generation: set.generation,
                current_replicas: pods,
                ready_replicas: pods,
                available_replicas: pods,
                failure: None,
                ..ReplicaSet::clone(set)
            };
            if changed != **set {
                *set = Arc::new(ReplicaSet {
                    resource_version: version.clone(),
                    ..changed
                });
            }
        }
    }

    /// A resourceVersion that no object has had: for changes by others.
    #[must_use]
    pub fn next_version(&mut self) -> String {
        self.version += 1;
        self.version.to_string()
    }

    fn rollout(&mut self, version: &mut String) -> Result<&mut crds::Rollout, Refused> {
        if rollout_version(&self.observed) != version {
            return Err(Refused::Conflict);
        }
        let next = self.next_version();
        version.clone_from(&next);
        let rollout = Arc::make_mut(&mut self.observed.rollout);
        rollout.metadata.resource_version = Some(next);
        Ok(rollout)
    }

    fn set(&mut self, name: &str, version: &str) -> Result<&mut ReplicaSet, Refused> {
        let mut sets = self.observed.replica_sets.iter_mut();
        let set = sets.find(|set| set.name == name).ok_or(Refused::Gone)?;
        if set.resource_version != version {
            return Err(Refused::Conflict);
        }
        Ok(Arc::make_mut(set))
    }

    fn create(&mut self, object: &Value) -> Result<(), Refused> {
        let name = object["metadata"]["name"].as_str().unwrap().to_owned();
        let same = self
            .observed
            .replica_sets
            .iter()
            .find(|set| set.name == name);
        if let Some(same) = same {
            if same.owner != Owner::Us {
                self.observed.taken_name = Some(TakenName { name });
            }
            return Err(Refused::Taken);
        }
        let strings = |value: &Value| -> BTreeMap<String, String> {
            serde_json::from_value(value.clone()).unwrap_or_default()
        };
        let labels = strings(&object["metadata"]["labels"]);
        let resource_version = self.next_version();
        let uid = format!("made-{resource_version}");
        let number = |pointer: &str, default: i64| {
            let number = object
                .pointer(pointer)
                .and_then(Value::as_i64)
                .unwrap_or(default);
            i32::try_from(number).unwrap()
        };
        self.templates
            .insert(uid.clone(), object["spec"]["template"].clone());
        self.observed.replica_sets.push(Arc::new(ReplicaSet {
            name,
            uid,
            resource_version,
            generation: 1,
            created: Time::from_unix(self.now.div_euclid(1000)),
            deleting: false,
            owner: Owner::Us,
            hash: labels[names::POD_TEMPLATE_HASH].clone(),
            labels,
            annotations: strings(&object["metadata"]["annotations"]),
            replicas: number("/spec/replicas", 1),
            min_ready_seconds: number("/spec/minReadySeconds", 0),
            current_replicas: 0,
            ready_replicas: 0,
            available_replicas: 0,
            observed_generation: 1,
            failure: None,
            images: Vec::new(),
        }));
        Ok(())
    }
}

fn rollout_version(observed: &Observed) -> &str {
    observed
        .rollout
        .metadata
        .resource_version
        .as_deref()
        .unwrap_or_default()
}

fn patch_set(set: &mut ReplicaSet, change: &ReplicaSetChange) {
    let ReplicaSetChange {
        replicas,
        min_ready_seconds,
        annotations,
        adopts,
        label,
    } = change;
    if replicas.is_some() || min_ready_seconds.is_some() {
        set.generation = set.generation.saturating_add(1);
    }
    set.replicas = replicas.unwrap_or(set.replicas);
    set.min_ready_seconds = min_ready_seconds.unwrap_or(set.min_ready_seconds);
    for (key, value) in annotations {
        match value {
            Some(value) => set.annotations.insert(key.clone(), value.clone()),
            None => set.annotations.remove(key),
        };
    }
    if *adopts {
        set.owner = Owner::Us;
    }
    if let Some(label) = label {
        set.labels
            .insert(names::POD_TEMPLATE_HASH.to_owned(), label.clone());
    }
}
