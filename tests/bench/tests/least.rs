//! The rules that the least is computed by are those of `compat/canary.md` §5.2.

use bench::least::{Set, Step, bounds, canary, next, target};

/// stable/new per weight of the head line.
const TARGETS: &[(i64, i64, &str)] = &[
    (1, 0, "1/0 1/0 1/0 1/0 1/0 0/1 0/1 0/1 0/1 0/1 0/1"),
    (2, 0, "2/0 1/1 1/1 1/1 1/1 1/1 1/1 2/0 1/1 1/1 0/2"),
    (3, 0, "3/0 2/1 2/1 2/1 2/1 1/2 1/2 1/2 1/2 1/2 0/3"),
    (4, 0, "4/0 3/1 3/1 3/1 3/1 2/2 1/3 1/3 1/3 1/3 0/4"),
    (5, 0, "5/0 4/1 4/1 4/1 3/2 2/3 2/3 1/4 5/0 1/4 0/5"),
    (7, 0, "7/0 6/1 6/1 5/2 5/2 3/4 2/5 2/5 1/6 1/6 0/7"),
    (10, 0, "10/0 9/1 9/1 7/3 7/3 5/5 3/7 2/8 1/9 1/9 0/10"),
    (1, 1, "1/0 1/1 1/1 1/1 1/1 1/1 1/1 1/1 1/1 1/1 0/1"),
    (2, 1, "2/0 2/1 2/1 2/1 2/1 1/1 1/2 1/2 1/2 1/2 0/2"),
    (3, 1, "3/0 3/1 3/1 3/1 2/1 2/2 1/2 1/3 1/3 1/3 0/3"),
    (4, 1, "4/0 4/1 4/1 3/1 3/2 2/2 2/3 1/3 1/4 1/4 0/4"),
    (5, 1, "5/0 5/1 5/1 4/1 4/2 3/3 2/4 1/4 1/5 1/5 0/5"),
    (7, 1, "7/0 7/1 7/1 6/2 5/2 4/4 3/5 2/6 1/7 1/7 0/7"),
    (10, 1, "10/0 10/1 9/1 8/3 7/3 5/5 4/7 3/8 1/9 1/10 0/10"),
];
const WEIGHTS: [i64; 11] = [0, 1, 10, 25, 33, 50, 66, 75, 90, 99, 100];

#[test]
fn a_weight_stands_for_the_pods_of_the_table() {
    for (pods, surge, row) in TARGETS {
        for (weight, wanted) in WEIGHTS.iter().zip(row.split(' ')) {
            let (stable, new) = target(*pods, *weight, *surge);
            let seen = format!("{stable}/{new}");
            assert_eq!(seen, wanted, "{pods} pods, weight {weight}, surge {surge}");
        }
    }
}

/// Pods, weight, surge, unavailable; stable, new and old as wanted/available; stable, new after.
const VECTORS: &str = "
10 20  25% 25% 10/10 0/0 0/0 8 2
10 20  2   0   10/10 0/0 0/0 10 2
10 20  0   2   10/10 0/0 0/0 8 0
10 20  0   2   8/8   0/0 0/0 8 2
10 50  1   1   10/10 0/0 0/0 9 1
10 50  1   1   8/8   3/2 0/0 7 3
10 0   1   1   5/5   5/5 0/0 6 4
10 0   3   0   5/5   5/5 0/0 8 5
10 0   3   0   8/6   5/0 0/0 8 4
10 100 3   0   5/5   5/5 0/0 5 8
10 100 3   0   7/8   6/3 0/0 7 6
10 100 0   3   5/0   5/5 0/0 2 5
10 100 3   3   5/5   5/0 0/0 5 8
10 30  0   5   10/10 0/0 0/0 7 0
1  5   1   0   1/1   0/0 0/0 1 1
1  50  0   1   1/1   0/0 0/0 0 0
1  100 1   0   1/1   1/1 0/0 0 1
10 20  25% 25% 8/8   0/0 4/4 8 1
10 20  25% 25% 9/9   0/0 4/4 9 0
10 20  0   0%  10/10 0/0 0/0 9 0
0  50  1   1   3/3   1/1 0/0 1 0
5  40  1   1   10/10 4/4 0/0 4 2
20 40  25% 25% 10/10 4/4 0/0 12 8
";

#[test]
fn the_next_sizes_are_those_of_the_vectors() {
    for line in VECTORS.trim().lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let number = |index: usize| words[index].parse::<i64>().unwrap();
        let set = |index: usize| {
            let (spec, available) = words[index].split_once('/').unwrap();
            Set {
                spec: spec.parse().unwrap(),
                available: available.parse().unwrap(),
            }
        };
        let bounds = bounds(number(0), words[2], words[3]).unwrap();
        let seen = next(bounds, number(1), set(4), set(5), set(6));
        assert_eq!(seen, (number(7), number(8)), "{line}");
    }
}

#[test]
fn an_update_without_steps_goes_as_fast_as_the_bounds_allow() {
    let least = canary(bounds(1, "25%", "25%").unwrap(), &[]);
    // One pod: a new one, then the old one goes.
    assert_eq!((least.resizes, least.passes), (2, 2));
    let least = canary(bounds(10, "100%", "0").unwrap(), &[]);
    assert_eq!((least.resizes, least.passes), (2, 2));
}

#[test]
fn a_pause_needs_a_pass_and_no_resize() {
    let bounds = bounds(10, "25%", "25%").unwrap();
    let plain = canary(bounds, &[Step::Weight(20)]);
    let paused = canary(bounds, &[Step::Weight(20), Step::Pause]);
    assert_eq!(paused.resizes, plain.resizes);
    assert_eq!(paused.passes, plain.passes + 1);
}

#[test]
fn a_step_that_no_split_can_show_needs_no_resize() {
    // Two pods, weight 75, no surge: nothing new at all, and the step is done at once.
    let bounds = bounds(2, "0", "1").unwrap();
    let with = canary(bounds, &[Step::Weight(75)]);
    let without = canary(bounds, &[]);
    assert_eq!(with, without);
}

#[test]
fn the_example_goes_by_nine_resizes() {
    // 10/0, 9/1, 7/3, 5/5, 3/10, 0/10: two sets change four times, one at the end.
    let steps = [
        Step::Weight(10),
        Step::Pause,
        Step::Weight(30),
        Step::Pause,
        Step::Weight(50),
        Step::Pause,
        Step::Weight(100),
    ];
    let least = canary(bounds(10, "25%", "25%").unwrap(), &steps);
    // One pass for the template, three for pauses that begin, three for pauses that end, one for
    // the last pods.
    assert_eq!((least.resizes, least.passes), (9, 8));
}
