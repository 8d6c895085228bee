//! Every interleaving of the small scopes, with every change.
//!
//! How many states each has is committed in `states.txt`: fewer of them mean that something is not
//! tried any more. `BLESS=1` writes the counts anew. The large scopes are for
//! `cargo run -p search --release -- exhaustive`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;

use search::exhaustive::{Explored, Scope, explore, scopes};

/// Percent of the states that were counted last which there must be at least.
const LEAST: u64 = 95;

#[test]
fn nothing_is_found_in_any_interleaving() {
    let begin = std::time::Instant::now();
    let small: Vec<Scope> = scopes().into_iter().filter(|it| !it.is_large).collect();
    let counted = counted();
    let mut wrong = Vec::new();
    let mut total = 0;
    let mut text = String::new();
    for (name, explored) in explore_all(&small) {
        let states = explored.states;
        total += states;
        text.push_str(&format!("{states:>7} {name}\n"));
        if let Some((found, events)) = explored.found {
            let (id, what, events) = (found.id, found.what, events.len());
            wrong.push(format!("{name}: {id} after {events} events: {what}"));
        }
        match counted.get(name) {
            None => wrong.push(format!("{name}: not in states.txt")),
            Some(before) if states * 100 < before * LEAST => {
                wrong.push(format!(
                    "{name}: {states} states, {before} when last counted"
                ));
            }
            Some(_) => {}
        }
    }
    let seconds = begin.elapsed().as_secs_f64();
    print!("{text}");
    println!("exhaustive: {total} states in {seconds:.1} s");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(file(), &text).unwrap();
        wrong.retain(|it| !it.contains("when last counted") && !it.contains("not in states.txt"));
    } else if counted.len() != small.len() {
        wrong.push("states.txt names scopes that are gone (BLESS=1 writes it anew)".to_owned());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn explore_all(scopes: &[Scope]) -> BTreeMap<&'static str, Explored> {
    let left = Mutex::new(scopes.iter());
    let done = Mutex::new(BTreeMap::new());
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let next = left.lock().unwrap().next();
                    let Some(next) = next else { return };
                    let explored = explore(next);
                    done.lock().unwrap().insert(next.name, explored);
                }
            });
        }
    });
    done.into_inner().unwrap()
}

fn file() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("states.txt")
}

/// States of each scope when they were last counted.
fn counted() -> BTreeMap<String, u64> {
    let text = std::fs::read_to_string(file()).unwrap_or_default();
    let lines = text.lines().filter_map(|line| {
        let (states, name) = line.trim().split_once(' ')?;
        Some((name.to_owned(), states.parse().ok()?))
    });
    lines.collect()
}
