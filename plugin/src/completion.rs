//! Completing words: scripts for shells, and answers for kubectl.

use std::time::Duration;

use serde_json::Value;

use crate::args::{CompletionTarget, ConnectionFlags};
use crate::connection::connect;
use crate::name::Name;
use crate::session::Session;
use crate::verbs::command;

/// A completion that takes longer is of no use to a person who types.
const PATIENCE: Duration = Duration::from_millis(500);

/// No file names instead of nothing, in the notation of kubectl's plugins.
const NO_FILES: &str = ":4\n";

/// The script for a shell, or the file that kubectl calls.
pub(crate) fn script(name: Name, target: CompletionTarget) -> String {
    let Some(shell) = target.shell() else {
        let binary = name.binary();
        return format!("#!/bin/sh\nexec {binary} __complete \"$@\"\n");
    };
    let mut script = Vec::new();
    let mut command = command(name);
    clap_complete::generate(shell, &mut command, name.binary(), &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// A session by the connection flags among the words to be completed.
pub(crate) async fn session(
    name: Name,
    before: &ConnectionFlags,
    words: &[String],
) -> Option<Session> {
    let mut flags = before.clone();
    let namespace = value_of(words, "--namespace").or_else(|| value_of(words, "-n"));
    if namespace.is_some() {
        flags.namespace = namespace;
    }
    if let Some(value) = value_of(words, "--context") {
        flags.context = Some(value);
    }
    if let Some(value) = value_of(words, "--kubeconfig") {
        flags.kubeconfig = Some(value);
    }
    connect(&flags, name).await.ok()
}

fn value_of(words: &[String], flag: &str) -> Option<String> {
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if word == flag {
            return words.next().cloned();
        }
        if let Some(value) = word
            .strip_prefix(flag)
            .and_then(|rest| rest.strip_prefix('='))
        {
            return Some(value.to_owned());
        }
    }
    None
}

/// The answer for kubectl: a line `word<TAB>description` for each, then a directive. The last of
/// `words` is the one being typed.
pub(crate) async fn complete(name: Name, session: Option<&Session>, words: &[String]) -> String {
    let (typed, before) = match words.split_last() {
        Some((typed, before)) => (typed.as_str(), before),
        None => ("", words),
    };
    let found = tokio::time::timeout(PATIENCE, candidates(name, session, before, typed)).await;
    let mut text = String::new();
    for (word, about) in found.unwrap_or_default() {
        if word.starts_with(typed) {
            text.push_str(&word);
            if !about.is_empty() {
                text.push('\t');
                text.push_str(&about);
            }
            text.push('\n');
        }
    }
    text.push_str(NO_FILES);
    text
}

async fn candidates(
    name: Name,
    session: Option<&Session>,
    before: &[String],
    typed: &str,
) -> Vec<(String, String)> {
    let mut definition = command(name);
    definition.build();
    if let (Some(session), [.., flag]) = (session, before)
        && flag == "--to-revision"
    {
        let rollout = place(&definition, before).1.into_iter().next();
        return revisions(session, rollout.as_deref().unwrap_or_default()).await;
    }
    if typed.starts_with('-') {
        let place = place(&definition, before).0;
        let flags = place.get_arguments().filter(|flag| !flag.is_hide_set());
        return flags
            .filter_map(|flag| {
                let about = flag.get_help().map(ToString::to_string).unwrap_or_default();
                Some((format!("--{}", flag.get_long()?), about))
            })
            .collect();
    }
    let (place, rest) = place(&definition, before);
    let verbs: Vec<(String, String)> = place
        .get_subcommands()
        .filter(|verb| !verb.is_hide_set() && verb.get_name() != "help")
        .map(|verb| {
            let about = verb
                .get_about()
                .map(ToString::to_string)
                .unwrap_or_default();
            (verb.get_name().to_owned(), about)
        })
        .collect();
    if !verbs.is_empty() {
        return verbs;
    }
    let Some(session) = session else {
        return Vec::new();
    };
    match (place.get_name(), rest.as_slice()) {
        ("image", [rollout]) => containers(session, rollout).await,
        (_, []) | ("abort" | "pause", _) => rollouts(session, &rest).await,
        _ => Vec::new(),
    }
}

/// The verb that `words` lead to, and the words after it that are no flags.
fn place<'a>(root: &'a clap::Command, words: &[String]) -> (&'a clap::Command, Vec<String>) {
    let mut place = root;
    let mut rest = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if word.starts_with('-') {
            let takes_value = [
                "-n",
                "--namespace",
                "--context",
                "--kubeconfig",
                "-s",
                "--server",
            ];
            if takes_value.contains(&word.as_str()) {
                words.next();
            }
        } else if let Some(verb) = place.find_subcommand(word) {
            place = verb;
        } else {
            rest.push(word.clone());
        }
    }
    (place, rest)
}

async fn rollouts(session: &Session, but: &[String]) -> Vec<(String, String)> {
    let path = format!(
        "/apis/argoproj.io/v1alpha1/namespaces/{}/rollouts",
        session.namespace
    );
    let found = session.list(&path).await.unwrap_or_default();
    found
        .iter()
        .filter_map(|rollout| {
            let name = rollout.pointer("/metadata/name")?.as_str()?.to_owned();
            // The description would be in the way of programs that expect bare names.
            (!but.contains(&name)).then(|| (name, String::new()))
        })
        .collect()
}

async fn revisions(session: &Session, rollout: &str) -> Vec<(String, String)> {
    let Ok(view) = crate::verbs::read(session, rollout).await else {
        return Vec::new();
    };
    view.replica_sets()
        .map(|set| (set.revision.to_string(), set.images.join(", ")))
        .collect()
}

async fn containers(session: &Session, rollout: &str) -> Vec<(String, String)> {
    let path = session.rollout_path(rollout);
    let found = session.get(&path).await.unwrap_or_default();
    let list = found
        .pointer("/spec/template/spec/containers")
        .and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(|container| {
            let name = container.get("name")?.as_str()?;
            let image = container.get("image").and_then(Value::as_str);
            Some((format!("{name}="), image.unwrap_or_default().to_owned()))
        })
        .collect()
}
