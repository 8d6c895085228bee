//! How many pods: S1 and S2.

use crate::NOTHING;
use crate::run::{Run, US};

#[test]
fn s2_finds_a_write_that_asks_for_too_many_pods() {
    // 10 pods, 3 may come on top: 9 old and 4 new.
    assert_eq!(Run::canary().size(US, "new", 4).broken(), NOTHING);
    assert_eq!(Run::canary().size(US, "new", 5).broken(), ["S2"]);
}

#[test]
fn s2_finds_a_blue_green_version_with_more_pods_than_wanted() {
    assert_eq!(Run::blue_green().size(US, "new", 4).broken(), ["S2"]);
    let older = |replicas| {
        let mut run = Run::blue_green();
        run.whole_set("older", 1).size(US, "older", replicas);
        run.broken()
    };
    assert_eq!(older(3), NOTHING);
    assert_eq!(older(4), ["S2"]);
}
