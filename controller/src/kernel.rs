//! Where every plan will be held against the safety kernel.
use crate::metrics::Metrics;
use planner::*;
pub(crate) fn check(_: &Observed, p: Plan, _: Now, _: &Metrics) -> Plan {
    p
}
