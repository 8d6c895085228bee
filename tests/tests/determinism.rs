//! The whole stack is a function of its seed: the same scenario gives the same requests and the
//! same transcript every time.

use std::path::Path;

use tests::scenario::disturbance::Disturbance;
use tests::scenario::parse::read;
use tests::scenario::run::run;

#[test]
fn the_same_scenario_gives_the_same_transcript_every_time() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    for name in ["canary_new_image_midway", "two_rollouts"] {
        let scenario = read(&folder.join(format!("{name}.scn"))).unwrap();
        let first = run(&scenario, Disturbance::Steady).unwrap();
        for _ in 0..5 {
            let again = run(&scenario, Disturbance::Steady).unwrap();
            assert_eq!(again.transcript, first.transcript, "{name}");
            let pairs = again.requests.iter().zip(&first.requests);
            for (number, (again, first)) in pairs.enumerate() {
                assert_eq!(again, first, "{name}, request {number}");
            }
            assert_eq!(again.requests.len(), first.requests.len(), "{name}");
        }
    }
}
