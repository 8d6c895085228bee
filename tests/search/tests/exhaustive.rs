//! Every interleaving of the small scopes, with every change.
//!
//! How many states each has is committed in `states.txt`: a drop of more than 5 % fails. `BLESS=1`
//! writes the counts anew. The large scopes are for `cargo run -p search -- exhaustive`, which
//! holds them against the same file.

use std::collections::BTreeMap;
use std::sync::Mutex;

use search::counted;
use search::exhaustive::{Explored, Scope, explore, scopes};

#[test]
fn nothing_is_found_in_any_interleaving() {
    let begin = std::time::Instant::now();
    let all = scopes();
    let small: Vec<Scope> = all.iter().filter(|it| !it.is_large).cloned().collect();
    let explored = explore_all(&small);
    let seconds = begin.elapsed().as_secs_f64();
    let total: u64 = explored.values().map(|it| it.states).sum();
    println!("exhaustive: {total} states in {seconds:.1} s");
    let mut counts = counted::read().unwrap();
    if std::env::var_os("BLESS").is_some() {
        counts.retain(|name, _| all.iter().any(|it| it.name == name));
        counts.extend(
            explored
                .iter()
                .map(|(name, it)| ((*name).to_owned(), it.states)),
        );
        counted::write(&counts).unwrap();
    }
    let mut wrong = Vec::new();
    for (name, explored) in explored {
        println!("{:>7} {name}", explored.states);
        wrong.extend(counted::wrong(&counts, name, explored.states));
        if let Some((found, events)) = explored.found {
            let (id, what, events) = (found.id, found.what, events.len());
            wrong.push(format!("{name}: {id} after {events} events: {what}"));
        }
    }
    if counts.keys().ne(all_names(&all).iter()) {
        wrong.push("states.txt lacks a scope, or names one that is gone".to_owned());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn all_names(scopes: &[Scope]) -> Vec<String> {
    let mut names: Vec<String> = scopes.iter().map(|it| it.name.to_owned()).collect();
    names.sort_unstable();
    names
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

/// The argument for it is in `search::exhaustive`; here every order is tried, where they are few enough.
#[test]
fn refusals_taken_at_once_lead_to_every_state_of_the_cluster() {
    let names = [
        "blue-green of 1, two controllers",
        "canary of 2: half, pause; a fault",
    ];
    for scope in scopes().iter().filter(|it| names.contains(&it.name)) {
        let reduced = explore(scope);
        let mut whole = scope.clone();
        whole.is_reduced = false;
        let whole = explore(&whole);
        println!(
            "{}: {} states, {} in every order",
            scope.name, reduced.states, whole.states
        );
        assert!(whole.states > reduced.states);
        assert!(whole.stores == reduced.stores, "{}", scope.name);
    }
}
