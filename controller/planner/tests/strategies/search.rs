//! Random worlds: pods come late, counts lag behind, users do what they like at any moment.
//!
//! After every single write the floor and the ceiling hold, and an abort ends only by a user's act;
//! in the end, when nobody disturbs any more, the rollout is Healthy.

use planner::Write;
use serde_json::{Value, json};

use crate::world::World;

/// A small generator of numbers: the same seed gives the same world.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: i64) -> i64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        i64::try_from(self.0 >> 33).unwrap() % sides
    }

    fn one_of<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        let index = self.roll(i64::try_from(list.len()).unwrap());
        &list[usize::try_from(index).unwrap()]
    }
}

fn strategy(dice: &mut Dice) -> Value {
    if dice.roll(3) == 0 {
        let mut strategy = json!({"activeService": "active"});
        if dice.roll(2) == 0 {
            strategy["previewService"] = json!("preview");
        }
        match dice.roll(4) {
            0 => strategy["autoPromotionEnabled"] = json!(false),
            1 => strategy["autoPromotionSeconds"] = json!(20),
            _ => {}
        }
        if dice.roll(3) == 0 {
            strategy["previewReplicaCount"] = json!(1);
        }
        if dice.roll(3) == 0 {
            strategy["scaleDownDelaySeconds"] = json!(dice.roll(2) * 7);
        }
        return json!({"blueGreen": strategy});
    }
    let steps: Vec<Value> = (0..dice.roll(6))
        .map(|_| match dice.roll(4) {
            0 => json!({"pause": {}}),
            1 => json!({"pause": {"duration": "30s"}}),
            _ => json!({"setWeight": dice.one_of(&[0, 10, 25, 50, 75, 90, 100])}),
        })
        .collect();
    let (surge, unavailable) = *dice.one_of(&[(1, 0), (0, 1), (2, 2), (3, 0)]);
    json!({"canary": {"steps": steps, "maxSurge": surge, "maxUnavailable": unavailable}})
}

/// Pods that may not be missing, and pods that may be there at most, for a canary.
fn bounds(world: &World) -> Option<(i64, i64)> {
    let spec = &world.rollout.spec;
    let canary = spec.strategy.canary.as_ref()?;
    let replicas = crds::defaults::replicas(spec);
    let floor = replicas - crds::percent::max_unavailable(canary, replicas);
    Some((floor, replicas + crds::percent::max_surge(canary, replicas)))
}

struct Search {
    world: World,
    /// Whether a user did something, since the last abort, that may end it.
    user_acted: bool,
    dice: Dice,
    log: Vec<String>,
}

impl Search {
    fn new(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let replicas = i32::try_from(dice.roll(6)).unwrap();
        let strategy = strategy(&mut dice);
        let log = vec![format!("seed {seed}: {replicas} pods, {strategy}")];
        Self {
            world: World::new(replicas, strategy),
            user_acted: false,
            dice,
            log,
        }
    }

    fn fail(&self, why: &str) -> ! {
        panic!("{why}\n{}", self.log.join("\n"))
    }

    /// Makes a plan and carries out a prefix of it, checking after every write.
    fn controller(&mut self) -> bool {
        let plan = self.world.plan();
        let last = self.dice.roll(20) == 0;
        let count = if last { 1 } else { plan.actions.len() };
        for action in plan.actions.iter().take(count) {
            let (available, pods) = self.sums();
            self.log.push(format!("  write {}", brief(&action.write)));
            let aborted = self.world.status().abort && self.world.status().aborted_at.is_some();
            let stable = self.world.status().stable_rs.clone();
            self.world.apply(&action.write);
            let status = self.world.status();
            // A first deployment has nothing to go back to, and what is stable cannot be aborted.
            let is_stable = status.stable_rs == status.current_pod_hash;
            let ended = aborted && !status.abort && !is_stable;
            let promoted = stable.is_some() && status.stable_rs != stable;
            if (ended || (aborted && promoted)) && !self.user_acted {
                self.fail("S13: an abort ended without a user's act");
            }
            if status.abort && !aborted {
                self.user_acted = false;
            }
            let Some((floor, ceiling)) = bounds(&self.world) else {
                continue;
            };
            let (available_after, pods_after) = self.sums();
            if available_after < available && available_after < floor {
                self.fail("S1: a write took available pods below the floor");
            }
            if pods_after > pods && pods_after > ceiling {
                self.fail("S2: a write took pods above the ceiling");
            }
        }
        !plan.actions.is_empty()
    }

    /// Available pods as far as they will stay, and pods asked for.
    fn sums(&self) -> (i64, i64) {
        self.world
            .sets
            .iter()
            .fold((0, 0), |(available, pods), rs| {
                (
                    available + i64::from(rs.available_replicas.min(rs.replicas)),
                    pods + i64::from(rs.replicas),
                )
            })
    }

    fn cluster(&mut self) {
        for rs in &mut self.world.sets {
            if self.dice.roll(3) == 0 {
                continue;
            }
            rs.observed_generation = rs.generation;
            rs.current_replicas = rs.replicas;
            rs.available_replicas = rs.available_replicas.min(rs.replicas);
            if rs.available_replicas < rs.replicas && self.dice.roll(2) == 0 {
                rs.available_replicas += 1;
            } else if rs.available_replicas > 0 && self.dice.roll(40) == 0 {
                rs.available_replicas -= 1;
            }
            rs.ready_replicas = rs.available_replicas;
        }
    }

    fn user(&mut self) {
        let act = self.dice.roll(10);
        let version = format!("v{}", 1 + self.dice.roll(4));
        let replicas = i32::try_from(self.dice.roll(6)).unwrap();
        match act {
            0 => self.world.set_image(&version),
            1 => self.world.status().abort = true,
            2 => self.world.status().abort = false,
            3 => self.world.status().pause_conditions.clear(),
            4 => self.world.status().promote_full = true,
            5 => self.world.edit(|spec| spec.paused = !spec.paused),
            6 => self.world.edit(|spec| spec.replicas = Some(replicas)),
            7 => {
                self.world
                    .services
                    .get_mut("active")
                    .unwrap()
                    .selector
                    .remove(crds::names::POD_TEMPLATE_HASH);
            }
            8 => {
                let index = self.dice.roll(4);
                let index = usize::try_from(index).unwrap();
                if index < self.world.sets.len() {
                    self.world.sets.remove(index);
                }
            }
            _ => self.world.now += 1000 * self.dice.roll(100),
        }
        self.user_acted |= matches!(act, 0 | 2 | 4);
        self.log.push(format!("user {act} {version} {replicas}"));
    }

    /// Nobody disturbs, pods come: abort is retried, pauses are promoted.
    fn calm(&mut self) {
        self.log.push("calm".to_owned());
        self.world.edit(|spec| spec.paused = false);
        for _ in 0..200 {
            self.world.replica_set_controller();
            if self.controller() {
                continue;
            }
            let status = self.world.status();
            if status.abort {
                status.abort = false;
            } else if !status.pause_conditions.is_empty() {
                status.pause_conditions.clear();
            } else {
                match self.world.plan().wake_at {
                    Some(at) => self.world.now = self.world.now.max(at.unix_millis()),
                    None => break,
                }
            }
        }
        if self.world.phase() != "Healthy" {
            let (phase, status) = (self.world.phase(), self.world.status().clone());
            self.fail(&format!("L1: ends {phase}\n{status:#?}"));
        }
        let stable = self.world.status().stable_rs.clone();
        let left = self
            .world
            .sets
            .iter()
            .any(|rs| rs.replicas > 0 && Some(&rs.hash) != stable.as_ref());
        if left {
            self.fail("L1: old pods are left");
        }
    }
}

fn brief(write: &Write) -> String {
    match write {
        Write::PatchReplicaSet { name, change, .. } => {
            format!(
                "{name} replicas {:?} {:?}",
                change.replicas, change.annotations
            )
        }
        Write::PatchService { name, hash, .. } => format!("Service {name} selects {hash}"),
        Write::ReleaseService { name, .. } => format!("Service {name} is given back"),
        Write::WriteStatus { status } => format!(
            "status {:?} {:?} step {:?} stable {:?} abort {} full {} pauses {} {:?}",
            status.phase,
            status.message,
            status.current_step_index,
            status.stable_rs,
            status.abort,
            status.promote_full,
            status.pause_conditions.len(),
            status.waiting_on.as_ref().map(|it| &it.reason),
        ),
        Write::CreateReplicaSet { object } => format!("create {}", object["metadata"]["name"]),
        Write::CheckTemplate { .. } => "check template".to_owned(),
        Write::DeleteReplicaSet { name, .. } => format!("delete {name}"),
        Write::PatchRollout { annotations } => format!("rollout {annotations:?}"),
    }
}

#[test]
fn floor_and_ceiling_hold_and_all_ends_well_in_random_worlds() {
    for seed in 0..1_000 {
        let mut search = Search::new(seed);
        for _ in 0..120 {
            match search.dice.roll(10) {
                0 => search.user(),
                1..=5 => search.cluster(),
                _ => {
                    search.controller();
                }
            }
            search.world.now += 500;
        }
        search.calm();
    }
}
