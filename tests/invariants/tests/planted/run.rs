//! A history that is written down change by change.

use std::sync::Arc;

use invariants::{
    Actor, Amount, BlueGreen, Canary, CanaryStep, Change, Changed, Judge, Kind, Mark, Millis, Pair,
    Pod, ReplicaSet, Request, Rollout, Service, Spec, Status, Strategy, Template, Text, Uid, Verb,
};

/// The controller.
pub(crate) const US: Actor = Actor::Controller(0);
/// A person.
pub(crate) const USER: Actor = Actor::User;
/// The cluster.
pub(crate) const CLUSTER: Actor = Actor::Environment;

/// 2026-01-01T00:00:00Z.
pub(crate) const START: Millis = 1_767_225_600_000;

/// The uid of the Rollout `web`.
pub(crate) const WEB: Uid = Uid(1);

/// A world that is told of one change after the other.
pub(crate) struct Run {
    pub(crate) judge: Judge,
    pub(crate) now: Millis,
    /// The version of the Rollout that is before us; `None` for the newest.
    pub(crate) decided_on: Option<u64>,
    revision: u64,
    next_uid: u64,
    /// The last version of every object, also of those that are gone.
    web: Option<Arc<Rollout>>,
}

/// The template of a revision that is called by one of these names.
pub(crate) fn template(hash: &str) -> Template {
    Template(hash.bytes().fold(7, |sum, byte| sum * 31 + u64::from(byte)))
}

pub(crate) fn text(text: &str) -> Text {
    Text::from(text)
}

impl Run {
    fn new(replicas: i64, strategy: Strategy, status: Status) -> Self {
        let mut run = Self {
            judge: Judge::default(),
            now: START,
            decided_on: None,
            revision: 0,
            next_uid: 100,
            web: None,
        };
        let rollout = Rollout {
            uid: WEB,
            namespace: text("shop"),
            name: text("web"),
            version: 0,
            generation: 1,
            deleting: false,
            spec: Arc::new(Spec {
                replicas,
                paused: false,
                template: template("new"),
                progress_deadline_seconds: 600,
                progress_deadline_abort: false,
                strategy,
            }),
            status: Arc::new(Status {
                observed_generation: Some(1),
                current: text("new"),
                stable: text("old"),
                ..status
            }),
            foreign: 5,
        };
        run.mark(&Mark::Calm).put_rollout(USER, Some(rollout));
        run
    }

    /// Ten pods; `old` is stable, `new` is current; step 0 of
    /// `setWeight: 10, pause: {}, pause: 5m, setWeight: 50`.
    pub(crate) fn canary() -> Self {
        let canary = Canary {
            steps: vec![
                CanaryStep::SetWeight(10),
                CanaryStep::Pause,
                CanaryStep::PauseFor(300_000),
                CanaryStep::SetWeight(50),
            ],
            surge: Some(Amount::Percent(25)),
            ..Canary::default()
        };
        let status = Status {
            steps_hash: text("steps"),
            step: Some(0),
            ..Status::default()
        };
        let mut run = Self::new(10, Strategy::Canary(canary), status);
        run.whole_set("old", 9).whole_set("new", 1);
        run
    }

    /// Three pods; users are on `old`, `new` is the preview; nobody has promoted it.
    pub(crate) fn blue_green() -> Self {
        let blue_green = BlueGreen {
            active_service: text("active"),
            preview_service: text("preview"),
            waits_for_promotion: true,
            ..BlueGreen::default()
        };
        let mut run = Self::new(3, Strategy::BlueGreen(blue_green), Status::default());
        run.whole_set("old", 3)
            .whole_set("new", 3)
            .new_service("active", "old")
            .new_service("preview", "new");
        run
    }

    pub(crate) fn after(&mut self, seconds: i64) -> &mut Self {
        self.now += seconds * 1000;
        self
    }

    fn tell(&mut self, actor: Actor, what: Changed) -> &mut Self {
        self.judge.see(&Change {
            at: self.now,
            revision: self.revision,
            actor,
            decided_on: self.decided_on,
            seen: None,
            what,
        });
        self
    }

    fn next_revision(&mut self) -> u64 {
        self.revision += 1;
        self.revision
    }

    fn fresh_uid(&mut self) -> Uid {
        self.next_uid += 1;
        Uid(self.next_uid)
    }

    fn put_rollout(&mut self, actor: Actor, after: Option<Rollout>) -> &mut Self {
        let version = self.next_revision();
        let after = after.map(|after| Arc::new(Rollout { version, ..after }));
        let before = std::mem::replace(&mut self.web, after.clone());
        self.tell(actor, Changed::Rollout(Pair { before, after }))
    }

    pub(crate) fn web(&self) -> &Rollout {
        self.web.as_deref().unwrap()
    }

    /// Changes the Rollout as a whole.
    pub(crate) fn rollout(&mut self, actor: Actor, edit: impl FnOnce(&mut Rollout)) -> &mut Self {
        let mut after = self.web().clone();
        edit(&mut after);
        self.put_rollout(actor, Some(after))
    }

    /// Removes the Rollout.
    pub(crate) fn no_rollout(&mut self, actor: Actor) -> &mut Self {
        self.put_rollout(actor, None)
    }

    /// Changes the spec, and with it the generation.
    pub(crate) fn spec(&mut self, actor: Actor, edit: impl FnOnce(&mut Spec)) -> &mut Self {
        self.rollout(actor, |rollout| {
            edit(Arc::make_mut(&mut rollout.spec));
            rollout.generation += 1;
        })
    }

    /// Changes the status.
    pub(crate) fn status(&mut self, actor: Actor, edit: impl FnOnce(&mut Status)) -> &mut Self {
        self.rollout(actor, |rollout| edit(Arc::make_mut(&mut rollout.status)))
    }

    /// Changes the options of blue-green.
    pub(crate) fn options(&mut self, edit: impl FnOnce(&mut BlueGreen)) -> &mut Self {
        self.spec(USER, |spec| {
            if let Strategy::BlueGreen(options) = &mut spec.strategy {
                edit(options);
            }
        })
    }

    fn find_set(&self, name: &str) -> Arc<ReplicaSet> {
        let sets = [Some(WEB), None, Some(Uid(2))];
        let world = self.judge.world();
        let mut sets = sets.into_iter().flat_map(|it| world.sets_of(it));
        Arc::clone(sets.find(|set| &*set.name == name).unwrap())
    }

    /// A ReplicaSet of `web` called like its revision, with nothing in it.
    pub(crate) fn bare_set(&mut self, hash: &str, replicas: i64) -> ReplicaSet {
        ReplicaSet {
            uid: self.fresh_uid(),
            namespace: text("shop"),
            name: text(hash),
            version: 0,
            owner: Some(WEB),
            hash: text(hash),
            template: template(hash),
            replicas,
            min_ready_seconds: 0,
            generation: 1,
            observed_generation: 1,
            pods: 0,
            ready: 0,
            available: 0,
            deadline: None,
            deleting: false,
            foreign: 5,
        }
    }

    pub(crate) fn create_set(&mut self, actor: Actor, set: ReplicaSet) -> &mut Self {
        let version = self.next_revision();
        let after = Some(Arc::new(ReplicaSet { version, ..set }));
        let before = None;
        self.tell(actor, Changed::ReplicaSet(Pair { before, after }))
    }

    /// Makes a ReplicaSet have so many pods, all available.
    pub(crate) fn whole_set(&mut self, hash: &str, replicas: i64) -> &mut Self {
        let world = self.judge.world();
        if world.set_of(self.web(), hash).is_none() {
            let set = self.bare_set(hash, 0);
            self.create_set(CLUSTER, set);
        }
        let set = self.find_set(hash);
        for _ in set.pods..replicas {
            self.new_pod(&set.name);
        }
        self.set(CLUSTER, hash, |set| {
            set.observed_generation = set.generation + i64::from(set.replicas != replicas);
            set.replicas = replicas;
            set.pods = replicas;
            set.ready = replicas;
            set.available = replicas;
        })
    }

    /// Changes a ReplicaSet, by name.
    pub(crate) fn set(
        &mut self,
        actor: Actor,
        name: &str,
        edit: impl FnOnce(&mut ReplicaSet),
    ) -> &mut Self {
        let before = self.find_set(name);
        let mut after = ReplicaSet::clone(&before);
        edit(&mut after);
        after.version = self.next_revision();
        if after.replicas != before.replicas {
            after.generation += 1;
        }
        let (before, after) = (Some(before), Some(Arc::new(after)));
        self.tell(actor, Changed::ReplicaSet(Pair { before, after }))
    }

    pub(crate) fn size(&mut self, actor: Actor, name: &str, replicas: i64) -> &mut Self {
        self.set(actor, name, |set| set.replicas = replicas)
    }

    pub(crate) fn no_set(&mut self, actor: Actor, name: &str) -> &mut Self {
        let before = Some(self.find_set(name));
        self.next_revision();
        let after = None;
        self.tell(actor, Changed::ReplicaSet(Pair { before, after }))
    }

    /// The ReplicaSet controller has done all it was asked for.
    pub(crate) fn settle(&mut self, name: &str) -> &mut Self {
        let set = self.find_set(name);
        let (there, wanted) = (self.judge.world().pods_of(set.uid).len(), set.replicas);
        let there = i64::try_from(there).unwrap();
        for _ in there..wanted {
            self.new_pod(name);
        }
        for _ in wanted..there {
            self.lose_pod(CLUSTER, name);
        }
        self.set(CLUSTER, name, |set| {
            set.observed_generation = set.generation;
            set.pods = wanted;
            set.ready = wanted;
            set.available = wanted;
        })
    }

    pub(crate) fn new_pod(&mut self, set: &str) -> &mut Self {
        let set = Some(self.find_set(set).uid);
        let ready_since = Some(self.now);
        self.next_revision();
        let pod = Pod {
            uid: self.fresh_uid(),
            set,
            ready_since,
            terminating: false,
        };
        let (before, after) = (None, Some(Arc::new(pod)));
        self.tell(CLUSTER, Changed::Pod(Pair { before, after }))
    }

    /// The first pod of a ReplicaSet is gone.
    pub(crate) fn lose_pod(&mut self, actor: Actor, set: &str) -> &mut Self {
        self.first_pod(actor, set, |_| None)
    }

    /// The first pod of a ReplicaSet is not Ready any more.
    pub(crate) fn break_pod(&mut self, set: &str) -> &mut Self {
        self.first_pod(CLUSTER, set, |pod| {
            let ready_since = None;
            Some(Pod { ready_since, ..pod })
        })
    }

    /// Changes the first available pod, or the first, when none is.
    fn first_pod(
        &mut self,
        actor: Actor,
        set: &str,
        change: impl FnOnce(Pod) -> Option<Pod>,
    ) -> &mut Self {
        let pods = self.judge.world().pods_of(self.find_set(set).uid);
        let mut ready = pods.iter().filter(|pod| pod.ready_since.is_some());
        let before = Arc::clone(ready.next().or(pods.first()).unwrap());
        self.next_revision();
        let after = change(Pod::clone(&before)).map(Arc::new);
        let before = Some(before);
        self.tell(actor, Changed::Pod(Pair { before, after }))
    }

    pub(crate) fn new_service(&mut self, name: &str, selects: &str) -> &mut Self {
        let service = Service {
            uid: self.fresh_uid(),
            namespace: text("shop"),
            name: text(name),
            version: self.next_revision(),
            selects: text(selects),
            managed_by: text(""),
            foreign: 5,
        };
        let (before, after) = (None, Some(Arc::new(service)));
        self.tell(USER, Changed::Service(Pair { before, after }))
    }

    pub(crate) fn service(
        &mut self,
        actor: Actor,
        name: &str,
        edit: impl FnOnce(&mut Service),
    ) -> &mut Self {
        let mut services = self.judge.world().services().iter();
        let before = Arc::clone(services.find(|it| &*it.name == name).unwrap());
        let mut after = Service::clone(&before);
        edit(&mut after);
        after.version = self.next_revision();
        let (before, after) = (Some(before), Some(Arc::new(after)));
        self.tell(actor, Changed::Service(Pair { before, after }))
    }

    pub(crate) fn point(&mut self, actor: Actor, service: &str, hash: &str) -> &mut Self {
        self.service(actor, service, |service| service.selects = text(hash))
    }

    pub(crate) fn other(&mut self, actor: Actor, resource: &str) -> &mut Self {
        self.next_revision();
        let (resource, name) = (text(resource), text("other"));
        self.tell(actor, Changed::Other { resource, name })
    }

    /// A change of an object by us, answered with 200 and decided on its newest version.
    pub(crate) fn write(&self, kind: Kind, name: &str) -> Request {
        Request {
            at: self.now,
            actor: US,
            verb: Verb::Change,
            kind,
            namespace: text("shop"),
            name: text(name),
            subresource: text(""),
            on_version: Some(self.revision),
            on_uid: false,
            tests: false,
            answer: Some(200),
            stored: Some(self.revision),
        }
    }

    pub(crate) fn request(&mut self, request: Request) -> &mut Self {
        self.judge.see_request(&request);
        self
    }

    pub(crate) fn mark(&mut self, mark: &Mark) -> &mut Self {
        self.judge.mark(mark, self.now);
        self
    }

    /// The ids of what does not hold by now, in the order found, each once.
    pub(crate) fn broken(&mut self) -> Vec<&'static str> {
        self.judge.end(self.now);
        let mut ids: Vec<_> = self.judge.found().iter().map(|it| it.id).collect();
        ids.dedup();
        ids
    }
}
