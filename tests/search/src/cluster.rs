//! The cluster around the store: ReplicaSet controller, kubelet, trouble with pods.

use planner::ReplicaSetFailure;

use crate::store::{By, Pod, Set, Store};

/// The ReplicaSet controller makes or removes pods of one ReplicaSet, all at once.
///
/// Pods that are not ready go first, then the youngest.
pub fn act_on(store: &mut Store, id: u32, refuses: bool) {
    let Some(set) = store.set(id) else { return };
    let wanted = usize::try_from(set.object.replicas).unwrap_or(0);
    let (there, deleting) = (set.pods.len(), set.object.deleting);
    if deleting {
        return;
    }
    let mut pods = set.pods.clone();
    pods.extend((there..wanted).take_while(|_| !refuses).map(|_| Pod {
        id: store.next_id(),
        ready: None,
    }));
    while pods.len() > wanted {
        let first_to_go =
            (0..pods.len()).max_by_key(|index| (pods[*index].ready.is_none(), pods[*index].id));
        if let Some(index) = first_to_go {
            pods.remove(index);
        }
    }
    if let Some(set) = store.set_mut(id) {
        set.refused = refuses && there < wanted;
        set.acted_on = set.object.generation;
    }
    store.put_pods(id, pods);
}

/// The ReplicaSet controller writes the status of one ReplicaSet.
pub fn report(store: &mut Store, id: u32) {
    let (now, second) = (store.now, store.second());
    let Some(set) = store.set(id) else { return };
    let (all, ready, available) = counts(set, now);
    let (acted_on, refused) = (set.acted_on, set.refused);
    store.edit_set(By::Cluster, id, |object| {
        object.current_replicas = all;
        object.ready_replicas = ready;
        object.available_replicas = available;
        object.observed_generation = object.observed_generation.max(acted_on);
        object.failure = match (refused, object.failure.take()) {
            (false, _) => None,
            (true, Some(old)) => Some(old),
            (true, None) => Some(ReplicaSetFailure {
                reason: "FailedCreate".to_owned(),
                message: "exceeded quota".to_owned(),
                since: second,
            }),
        };
    });
}

/// Pods in all, ready, available.
#[must_use]
pub fn counts(set: &Set, now: i64) -> (i32, i32, i32) {
    let count = |counts: &dyn Fn(&Pod) -> bool| {
        i32::try_from(set.pods.iter().filter(|pod| counts(pod)).count()).unwrap_or(i32::MAX)
    };
    let needed = i64::from(set.object.min_ready_seconds) * 1000;
    let is_available = |pod: &Pod| pod.ready.is_some_and(|since| now >= since + needed);
    (
        count(&|_| true),
        count(&|pod| pod.ready.is_some()),
        count(&is_available),
    )
}

/// A pod gets ready, when it can.
pub fn make_ready(store: &mut Store, pod: u32) {
    let now = store.now;
    change_pods(store, pod, |set, pods| {
        for pod in pods.iter_mut().filter(|it| it.id == pod && set.works()) {
            pod.ready = pod.ready.or(Some(now));
        }
    });
}

/// A pod stops being ready.
pub fn make_unready(store: &mut Store, pod: u32) {
    change_pods(store, pod, |_, pods| {
        for pod in pods.iter_mut().filter(|it| it.id == pod) {
            pod.ready = None;
        }
    });
}

/// A pod is gone.
pub fn evict(store: &mut Store, pod: u32) {
    change_pods(store, pod, |_, pods| pods.retain(|it| it.id != pod));
}

fn change_pods(store: &mut Store, pod: u32, change: impl FnOnce(&Set, &mut Vec<Pod>)) {
    let mut sets = store.sets.iter();
    let Some(set) = sets.find(|set| set.pods.iter().any(|it| it.id == pod)) else {
        return;
    };
    let (id, mut pods) = (set.id, set.pods.clone());
    change(set, &mut pods);
    store.put_pods(id, pods);
}

/// Everything that the cluster can do without time passing.
pub fn settle(store: &mut Store) {
    let ids: Vec<u32> = store.sets.iter().map(|set| set.id).collect();
    for id in ids {
        act_on(store, id, false);
        let pods = store.set(id).map_or_else(Vec::new, |set| set.pods.clone());
        for pod in pods {
            make_ready(store, pod.id);
        }
        report(store, id);
    }
}
