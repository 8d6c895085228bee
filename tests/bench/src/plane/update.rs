//! All Rollouts of a fleet updated at once, and then some one after the other.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use cluster::{Asked, Cluster};
use crds::Time;
use serde_json::Value;

use super::fleet::{Fleet, PAUSE, Strategy, concerned};
use super::pods::NewPods;
use super::process::Watched;
use super::requests;
use super::times::Times;

/// Until Events are written, counters of pods are noted, and delayed pods are gone.
const SETTLED: Duration = Duration::from_secs(45);
/// Updated one after the other.
const SINGLE: usize = 50;
/// Between two of these.
const APART: Duration = Duration::from_millis(300);

/// What an update has cost.
pub(super) struct Measured {
    /// How many requests of each kind.
    pub(super) requests: BTreeMap<String, u64>,
    /// Name and number; `None` where this machine, or this strategy, cannot tell.
    pub(super) numbers: Vec<(String, Option<u64>)>,
}

pub(super) fn measure(fleet: &Fleet) -> Result<Measured> {
    std::thread::sleep(SETTLED);
    let process = Watched::controller(&fleet.cluster).context("no controller")?;
    let at_rest = process.resident();
    let worked = process.worked();
    process.forget_peak();
    let pods = NewPods::watch(fleet)?;
    let begun = Instant::now();
    let before = fleet.audit()?.all().count();
    fleet.for_all(|name| fleet.set_image(name, "v2"))?;
    fleet.until_all_healthy()?;
    let healthy = begun.elapsed();
    std::thread::sleep(SETTLED);
    let worked = process.worked().zip(worked).map(|(now, then)| now - then);
    let peak = process.peak();

    let audit = fleet.audit()?;
    let asked: Vec<&Asked> = audit.all().skip(before).collect();
    let images = images(&asked);
    let first = pods.first();
    let first = images.iter().filter_map(|(name, at)| {
        let seen = first.get(*name)?;
        Some(seen.saturating_sub(*at))
    });
    let many = u32::try_from(fleet.names.len().max(1))?;
    let millis = |time: Duration| u64::try_from(time.as_millis()).ok();
    let mut numbers = vec![
        (
            "seconds until all are healthy".to_owned(),
            Some(healthy.as_secs()),
        ),
        (
            "milliseconds of processor of the controller, a Rollout".to_owned(),
            worked.and_then(|worked| millis(worked / many)),
        ),
        ("kilobytes resident, at rest before".to_owned(), at_rest),
        ("kilobytes resident, at most".to_owned(), peak),
    ];
    numbers.extend(reactions(&asked, &images).rows("image to first request"));
    numbers.extend(first.collect::<Times>().rows("image to first new pod"));
    let pauses = match fleet.strategy {
        Strategy::Canary => after_pauses(&asked),
        Strategy::BlueGreen => Times::default(),
    };
    numbers.extend(pauses.rows("end of pause to next size"));
    let requests = requests::counted(asked.iter().copied());
    numbers.extend(one_by_one(fleet)?.rows("image to first request, one at a time"));
    Ok(Measured { requests, numbers })
}

/// Updates some one after the other; how soon the controller asked for something.
fn one_by_one(fleet: &Fleet) -> Result<Times> {
    let before = fleet.audit()?.all().count();
    for name in fleet.names.iter().take(SINGLE) {
        fleet.update(name, "v3")?;
        std::thread::sleep(APART);
    }
    fleet.until_all_healthy()?;
    std::thread::sleep(SETTLED);
    let audit = fleet.audit()?;
    let asked: Vec<&Asked> = audit.all().skip(before).collect();
    Ok(reactions(&asked, &images(&asked)))
}

/// When a user gave each Rollout another image.
fn images<'a>(asked: &[&'a Asked]) -> BTreeMap<&'a str, Duration> {
    let patches = asked
        .iter()
        .filter(|it| it.user == "user" && it.access.verb == "patch");
    patches
        .filter_map(|it| Some((concerned(it)?, it.at)))
        .collect()
}

/// How long after its image the controller first asked for something that concerns a Rollout.
fn reactions(asked: &[&Asked], images: &BTreeMap<&str, Duration>) -> Times {
    shortest(of_the_controller(asked).filter_map(|asked| {
        let name = concerned(asked)?;
        let since = asked.at.checked_sub(*images.get(name)?)?;
        Some((name, since))
    }))
}

/// How long after the end of each pause the next size was asked for.
fn after_pauses(asked: &[&Asked]) -> Times {
    let mut ends = BTreeMap::new();
    for asked in of_the_controller(asked) {
        let start = asked.sent.pointer("/status/pauseConditions/0/startTime");
        let start = start.and_then(|it| serde_json::from_value::<Time>(it.clone()).ok());
        let start = start.and_then(|it| u64::try_from(it.unix()).ok());
        if let Some((name, start)) = concerned(asked).zip(start) {
            ends.insert(name, Duration::from_secs(start + PAUSE));
        }
    }
    let sizes = of_the_controller(asked).filter(|asked| {
        let size = asked.sent.pointer("/spec/replicas");
        asked.access.resource == "replicasets" && size.is_some_and(Value::is_u64)
    });
    shortest(sizes.filter_map(|asked| {
        let name = concerned(asked)?;
        let late = asked.at.checked_sub(*ends.get(name)?)?;
        Some((name, late))
    }))
}

/// Of each Rollout the shortest time.
fn shortest<'a>(all: impl Iterator<Item = (&'a str, Duration)>) -> Times {
    let mut shortest: BTreeMap<&str, Duration> = BTreeMap::new();
    for (name, time) in all {
        let least = shortest.entry(name).or_insert(time);
        *least = time.min(*least);
    }
    shortest.into_values().collect()
}

fn of_the_controller<'a>(asked: &[&'a Asked]) -> impl Iterator<Item = &'a Asked> {
    let user = Cluster::controller_user();
    asked.iter().copied().filter(move |it| it.user == user)
}

#[cfg(test)]
mod tests {
    use cluster::Access;
    use serde_json::json;

    use super::*;

    fn asked(at: u64, user: &str, what: (&str, &str, &str), sent: Value) -> Asked {
        let (verb, resource, name) = what;
        Asked {
            at: Duration::from_millis(at),
            id: String::new(),
            user: user.to_owned(),
            access: Access {
                verb: verb.to_owned(),
                group: String::new(),
                resource: resource.to_owned(),
            },
            namespace: "default".to_owned(),
            name: name.to_owned(),
            uri: String::new(),
            code: 200,
            sent,
            stored: None,
        }
    }

    #[test]
    fn a_reaction_is_the_first_request_after_the_image_and_a_size_the_first_after_the_pause() {
        let controller = Cluster::controller_user();
        let of = |at, what, sent| asked(at, &controller, what, sent);
        let size = |replicas: u64| json!({"spec": {"replicas": replicas}});
        let paused =
            json!({"status": {"pauseConditions": [{"startTime": "1970-01-01T00:00:10Z"}]}});
        let set = ("patch", "replicasets", "web-0001-abc");
        let all = [
            // About the update before.
            of(5_000, set, size(5)),
            asked(
                6_000,
                "user",
                ("patch", "rollouts", "web-0001"),
                Value::Null,
            ),
            of(
                6_030,
                ("create", "replicasets", "web-0001-abc"),
                Value::Null,
            ),
            of(6_100, set, size(1)),
            of(10_000, ("patch", "rollouts/status", "web-0001"), paused),
            of(12_000, set, json!({"metadata": {}})),
            of(10_300 + PAUSE * 1_000, set, size(3)),
            of(11_000 + PAUSE * 1_000, set, size(5)),
        ];
        let all: Vec<&Asked> = all.iter().collect();
        let reactions = reactions(&all, &images(&all));
        assert_eq!(reactions.percent(100), Some(30));
        assert_eq!(after_pauses(&all).percent(100), Some(300));
    }
}
