//! A fleet at rest writes nothing.

use bench::fleet::{DAY, converged, rest};
use bench::world::on_virtual_time;

/// Rollouts of the fleet.
const ROLLOUTS: usize = 1_000;

#[test]
fn a_fleet_at_rest_writes_nothing_for_a_day() {
    let spent = on_virtual_time(async {
        let world = converged(ROLLOUTS).await?;
        Ok(rest(&world, DAY).await)
    })
    .unwrap();
    println!("{spent:?}");
    // Every resync looks at every one of them: ten minutes apart, so some 144 times.
    let resyncs = spent.cost.reconciles / ROLLOUTS as u64;
    assert!(resyncs >= 140, "{resyncs} resyncs");
    assert_eq!(spent.cost.writes(), 0, "{spent:?}");
    assert_eq!(spent.cost.events, 0, "{spent:?}");
}
