//! Storms by seed (`safety.md` §7): no promise is broken while people, tools, the cluster and the way
//! to it do what they like, and once they stop the Rollout arrives and is quiet.
//!
//! A failure is shrunk and says how to play it again. More: `cargo run -p tests --release --bin
//! storm -- --minutes 10`.

use tests::storm::draw::Storm;
use tests::storm::play::play;
use tests::storm::shrink::{command, shrink};

fn hold(seeds: std::ops::Range<u64>) {
    for seed in seeds {
        let storm = Storm::of(seed);
        if let Some(broken) = play(&storm).unwrap().broken {
            let (least, broken) = shrink(&storm, &broken, 60).unwrap();
            panic!(
                "{}: {}\n{least}  {}",
                broken.id,
                broken.what,
                command(&least)
            );
        }
    }
}

#[test]
fn no_storm_breaks_a_promise() {
    hold(0..12);
}

#[test]
fn no_other_storm_breaks_a_promise() {
    hold(1_000..1_012);
}

#[test]
fn a_storm_is_a_function_of_its_seed() {
    let (first, again) = (play(&Storm::of(3)).unwrap(), play(&Storm::of(3)).unwrap());
    assert_eq!(first.history.commits.len(), again.history.commits.len());
    assert_eq!(first.history.end, again.history.end);
}
