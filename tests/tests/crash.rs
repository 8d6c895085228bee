//! A controller that dies right after each of its writes, before it sees the answer, comes to the
//! same end as one that lives.

use std::path::Path;

use tests::scenario::lab::Mode;
use tests::scenario::parse::read;
use tests::scenario::run::run;

fn ends_the_same(name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let scenario = read(&folder.join(format!("{name}.scn"))).unwrap();
    let steady = run(&scenario, Mode::Steady).unwrap();
    let crashing = run(&scenario, Mode::CrashAfterEveryWrite).unwrap();
    assert_eq!(crashing.failure, None);
    assert_eq!(crashing.violations, []);
    assert_eq!(crashing.end_state, steady.end_state);
    assert!(crashing.writes > 10, "only {} writes", crashing.writes);
}

#[test]
fn a_canary_with_an_abort_and_a_retry_survives_a_crash_after_every_write() {
    ends_the_same("canary_abort_at_every_step");
}

#[test]
fn a_canary_with_a_new_image_in_the_middle_survives_a_crash_after_every_write() {
    ends_the_same("canary_new_image_midway");
}

#[test]
fn blue_green_survives_a_crash_after_every_write() {
    ends_the_same("blue_green_example");
}

#[test]
fn blue_green_with_a_small_preview_survives_a_crash_after_every_write() {
    ends_the_same("blue_green_preview_replica_count");
}
