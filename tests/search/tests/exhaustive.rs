//! Every interleaving at small scope, and that the scope does not shrink unnoticed.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;

use search::exhaustive::{explore, scopes};

/// States of each scope as last counted; `BLESS=1` writes them anew.
const COUNTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/exhaustive.json");

/// Scopes with more states than this are left to `cargo run -p search --release -- exhaustive`,
/// unless `SEARCH=full` asks for them.
const IN_THE_GATE: u64 = 60_000;

#[test]
fn every_interleaving_at_small_scope_keeps_every_promise() {
    let text = std::fs::read_to_string(Path::new(COUNTS)).unwrap_or_default();
    let mut counts: BTreeMap<String, u64> = serde_json::from_str(&text).unwrap_or_default();
    let bless = std::env::var_os("BLESS").is_some();
    let full = bless || std::env::var("SEARCH").is_ok_and(|it| it == "full");
    let chosen: Vec<_> = scopes()
        .into_iter()
        .filter(|scope| full || counts.get(scope.name).is_none_or(|it| *it <= IN_THE_GATE))
        .collect();
    assert!(chosen.len() > 3, "some scopes are small enough");
    let left = Mutex::new(chosen.iter());
    let done = Mutex::new(Vec::new());
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let next = left.lock().unwrap().next();
                    let Some(next) = next else { return };
                    let explored = explore(next);
                    done.lock().unwrap().push((next.name, explored));
                }
            });
        }
    });
    let mut wrong = Vec::new();
    for (name, explored) in done.into_inner().unwrap() {
        println!(
            "{name}: {} states, {} transitions, {} ends",
            explored.states, explored.transitions, explored.ends
        );
        if let Some((found, events)) = explored.found {
            wrong.push(format!(
                "{name}: {} {} after {events:?}",
                found.id, found.what
            ));
        }
        if bless {
            counts.insert(name.to_owned(), explored.states);
            continue;
        }
        let counted = counts.get(name).copied().unwrap_or(0);
        if explored.states * 100 < counted * 95 || counted == 0 {
            wrong.push(format!(
                "{name}: {} states, {counted} before",
                explored.states
            ));
        }
    }
    if bless {
        let text = serde_json::to_string_pretty(&counts).unwrap();
        std::fs::write(COUNTS, text + "\n").unwrap();
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
