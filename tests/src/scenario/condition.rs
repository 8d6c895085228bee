//! What can be waited for and expected.
//!
//! | condition | holds when |
//! |---|---|
//! | `phase = P` | a client would show phase P (unseen spec changes and resumes count as Progressing) |
//! | `message "…"`, `message ~ "…"` | the message is that, or contains it |
//! | `step I of N` | steps done and steps in all |
//! | `pods new=1 stable=3 old=0` | sizes wanted and pods there, per revision; stable is 0 when it is the new one |
//! | `available new=1 …` | available pods |
//! | `waiting on R`, `waiting for nothing` | reason of `status.waitingOn` |
//! | `waiting object\|seen\|needed\|release\|fix ~ "…"` | a field of it contains the text |
//! | `service S selects new\|stable\|rN\|nothing` | the revision in its selector |
//! | `condition T = S [REASON]`, `no condition T` | conditions of the status |
//! | `revision N` | revision of the Rollout |
//! | `sets N` | number of its ReplicaSets |
//! | `image new\|stable\|rN = I` | image of that revision |
//! | `status F = V`, `status F = absent` | a field of the status, dots between names |
//! | `event R ["…"]`, `no event R` | an Event with that reason (and text) was sent |
//! | `events R R …` | the reasons of all Events so far, in order |
//! | `gone` | the Rollout is not there, nor any ReplicaSet or pod |
//! | `not CONDITION` | it does not hold |

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::history::World;
use crate::reading::{
    HASH, REVISION, annotation, hash, number, phase_and_message, replica_set_of, replica_sets,
    replicas, selected_hash, text,
};

/// One condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// As written.
    pub text: String,
    words: Vec<String>,
}

/// What conditions are judged by.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// All objects.
    pub world: &'a World,
    /// Name of the Rollout, in namespace `default`.
    pub rollout: &'a str,
    /// Reason and message of its Events so far.
    pub events: &'a [(String, String)],
}

impl Condition {
    /// Conditions with commas between them; a comma in quotes does not count.
    ///
    /// # Errors
    /// When there is none, or one is not known.
    pub fn parse_all(text: &str) -> Result<Vec<Self>> {
        let mut parts = vec![String::new()];
        let mut quoted = false;
        for c in text.chars() {
            quoted ^= c == '"';
            if c == ',' && !quoted {
                parts.push(String::new());
            } else if let Some(part) = parts.last_mut() {
                part.push(c);
            }
        }
        parts.iter().map(|part| Self::parse(part.trim())).collect()
    }

    fn parse(text: &str) -> Result<Self> {
        let mut words: Vec<String> = Vec::new();
        for (index, part) in text.split('"').enumerate() {
            if index % 2 == 1 {
                words.push(part.to_owned());
            } else {
                words.extend(part.split_whitespace().map(str::to_owned));
            }
        }
        let known = [
            "phase",
            "message",
            "step",
            "pods",
            "available",
            "waiting",
            "service",
            "condition",
            "no",
            "revision",
            "sets",
            "image",
            "status",
            "event",
            "events",
            "gone",
            "not",
        ];
        let first = words.first().context("an empty condition")?;
        if !known.contains(&first.as_str()) {
            bail!("no such condition: {text}");
        }
        Ok(Self {
            text: text.to_owned(),
            words,
        })
    }

    /// Whether it holds; else what is there instead.
    ///
    /// # Errors
    /// What is there instead.
    pub fn holds(&self, scene: &Scene<'_>) -> Result<(), String> {
        let words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        judge(&words, scene)
    }
}

fn judge(words: &[&str], scene: &Scene<'_>) -> Result<(), String> {
    let rollout = scene.world.get("rollouts", "default", scene.rollout);
    match words {
        ["not", rest @ ..] => {
            return match judge(rest, scene) {
                Ok(()) => Err("it holds".to_owned()),
                Err(_) => Ok(()),
            };
        }
        ["gone"] => return gone(rollout, scene.world),
        ["events", expected @ ..] => {
            let seen: Vec<&str> = scene.events.iter().map(|it| it.0.as_str()).collect();
            return same(&seen.join(" "), &expected.join(" "));
        }
        ["event", reason, part @ ..] => {
            let found = scene
                .events
                .iter()
                .any(|(r, m)| r == reason && part.iter().all(|part| m.contains(part)));
            return found
                .then_some(())
                .ok_or_else(|| format!("events are {:?}", scene.events));
        }
        ["no", "event", reason] => {
            let found = scene.events.iter().find(|(r, _)| r == reason);
            return found.map_or(Ok(()), |(_, message)| Err(format!("it says: {message}")));
        }
        ["service", name, "selects", which] => {
            let service = scene
                .world
                .get("services", "default", name)
                .ok_or_else(|| "there is no such service".to_owned())?;
            let wanted = rollout.map_or("", |rollout| revision_hash(scene.world, rollout, which));
            let seen = selected_hash(service);
            let fine = if *which == "nothing" {
                seen.is_empty()
            } else {
                !wanted.is_empty() && seen == wanted
            };
            return fine
                .then_some(())
                .ok_or_else(|| format!("it selects '{seen}', {which} is '{wanted}'"));
        }
        _ => {}
    }
    let rollout = rollout.ok_or_else(|| "there is no such rollout".to_owned())?;
    of_rollout(words, scene.world, rollout)
}

fn of_rollout(words: &[&str], world: &World, rollout: &Value) -> Result<(), String> {
    let (phase, message) = phase_and_message(rollout);
    match words {
        ["phase", "=", expected] => {
            if phase == *expected {
                Ok(())
            } else {
                Err(format!("it is {phase}: {message}"))
            }
        }
        ["message", expected] => same(message, expected),
        ["message", "~", part] => contains(message, part),
        ["step", index, "of", total] => {
            let seen = rollout
                .pointer("/status/currentStepIndex")
                .and_then(Value::as_i64)
                .map_or("none".to_owned(), |index| index.to_string());
            let steps = crate::reading::steps(rollout).len();
            same(
                &format!("{seen} of {steps}"),
                &format!("{index} of {total}"),
            )
        }
        ["pods", sizes @ ..] => sizes_are(world, rollout, sizes, &|set| {
            let (wanted, there) = (replicas(set), number(set, "/status/replicas"));
            if wanted == there {
                Ok(wanted)
            } else {
                Err(format!("{there} of {wanted}"))
            }
        }),
        ["available", sizes @ ..] => sizes_are(world, rollout, sizes, &|set| {
            Ok(number(set, "/status/availableReplicas"))
        }),
        ["waiting", "for", "nothing"] => same(text(rollout, "/status/waitingOn/reason"), ""),
        ["waiting", "on", reason] => same(text(rollout, "/status/waitingOn/reason"), reason),
        ["waiting", field, "~", part] => {
            contains(text(rollout, &format!("/status/waitingOn/{field}")), part)
        }
        ["condition", kind, "=", status] => same(&condition(rollout, kind).0, status),
        ["condition", kind, "=", status, reason] => {
            let (seen, because) = condition(rollout, kind);
            same(&format!("{seen} {because}"), &format!("{status} {reason}"))
        }
        ["no", "condition", kind] => same(&condition(rollout, kind).0, ""),
        ["revision", expected] => same(annotation(rollout, REVISION), expected),
        ["sets", expected] => same(&replica_sets(world, rollout).len().to_string(), expected),
        ["image", which, "=", expected] => {
            let set = replica_set_of(world, rollout, revision_hash(world, rollout, which));
            let image = set.map_or("", |set| {
                text(set, "/spec/template/spec/containers/0/image")
            });
            same(image, expected)
        }
        ["status", field, "=", expected] => {
            let path = format!("/status/{}", field.replace('.', "/"));
            let seen = match rollout.pointer(&path) {
                None | Some(Value::Null) => "absent".to_owned(),
                Some(Value::String(text)) => text.clone(),
                Some(other) => other.to_string(),
            };
            same(&seen, expected)
        }
        _ => Err("no such condition".to_owned()),
    }
}

fn same(seen: &str, expected: &str) -> Result<(), String> {
    (seen == expected)
        .then_some(())
        .ok_or_else(|| format!("it is '{seen}'"))
}

fn contains(seen: &str, part: &str) -> Result<(), String> {
    seen.contains(part)
        .then_some(())
        .ok_or_else(|| format!("it is '{seen}'"))
}

/// Status and reason of a condition, empty when there is none.
fn condition(rollout: &Value, kind: &str) -> (String, String) {
    rollout
        .pointer("/status/conditions")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .find(|condition| text(condition, "/type") == kind)
        .map(|it| {
            (
                text(it, "/status").to_owned(),
                text(it, "/reason").to_owned(),
            )
        })
        .unwrap_or_default()
}

/// The hash of `new`, `stable` or `r<revision>`.
#[must_use]
pub fn revision_hash<'a>(world: &'a World, rollout: &'a Value, which: &str) -> &'a str {
    match which {
        "new" => text(rollout, "/status/currentPodHash"),
        "stable" => text(rollout, "/status/stableRS"),
        revision => replica_sets(world, rollout)
            .into_iter()
            .find(|set| revision.strip_prefix('r') == Some(annotation(set, REVISION)))
            .map_or("", hash),
    }
}

fn sizes_are(
    world: &World,
    rollout: &Value,
    sizes: &[&str],
    of: &dyn Fn(&Value) -> Result<i64, String>,
) -> Result<(), String> {
    let (new, stable) = (
        text(rollout, "/status/currentPodHash"),
        text(rollout, "/status/stableRS"),
    );
    for size in sizes {
        let (role, wanted) = size.split_once('=').unwrap_or((size, "?"));
        let mut sum = 0;
        for set in replica_sets(world, rollout) {
            let its_role = match hash(set) {
                it if it == new => "new",
                it if it == stable => "stable",
                _ => "old",
            };
            if its_role == role {
                sum += of(set).map_err(|seen| format!("{role} has {seen}"))?;
            }
        }
        if sum.to_string() != wanted {
            return Err(format!("{role}={sum}"));
        }
    }
    Ok(())
}

fn gone(rollout: Option<&Value>, world: &World) -> Result<(), String> {
    if rollout.is_some() {
        return Err("the rollout is there".to_owned());
    }
    let sets = world.list("replicasets").count();
    let pods = world
        .list("pods")
        .filter(|pod| {
            pod.pointer("/metadata/labels")
                .is_some_and(|it| it.get(HASH).is_some())
        })
        .count();
    same(&format!("{sets} sets, {pods} pods"), "0 sets, 0 pods")
}
