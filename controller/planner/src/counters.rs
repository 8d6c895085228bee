//! What is counted in the status: pods, and the selector that finds them.
//!
//! Source: `compat/canary.md` §4, `compat/bluegreen.md` §6.

use crds::RolloutStatus;
use crds::label_selector::Selector;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use crate::ReplicaSet;
use crate::situation::Situation;

/// Counts pods: of all ReplicaSets, or of `counted` where an autoscaler should look at that one.
pub(crate) fn count(
    situation: &Situation<'_>,
    status: &mut RolloutStatus,
    counted: Option<&ReplicaSet>,
) {
    let all = &situation.revisions.all;
    let sum =
        |of: fn(&ReplicaSet) -> i32| all.iter().fold(0_i32, |sum, rs| sum.saturating_add(of(rs)));
    status.replicas = Some(sum(|rs| rs.current_replicas));
    status.updated_replicas = Some(situation.new_rs().map_or(0, |new| new.current_replicas));
    let selector = situation.spec.selector.as_ref();
    match counted {
        Some(rs) => {
            status.ready_replicas = Some(rs.ready_replicas);
            status.available_replicas = Some(rs.available_replicas);
            status.hpa_replicas = Some(rs.current_replicas);
            status.selector = selector.map(|selector| format_selector(selector, Some(&rs.hash)));
        }
        None => {
            status.ready_replicas = Some(sum(|rs| rs.ready_replicas));
            status.available_replicas = Some(sum(|rs| rs.available_replicas));
            status.hpa_replicas = status.replicas;
            status.selector = selector.map(|selector| format_selector(selector, None));
        }
    }
}

/// A label selector as text, as `/scale` shows it; with the revision label where one is given.
fn format_selector(selector: &LabelSelector, revision: Option<&str>) -> String {
    let mut selector = selector.clone();
    if let Some(revision) = revision {
        let labels = selector.match_labels.get_or_insert_default();
        labels.insert(
            crds::names::POD_TEMPLATE_HASH.to_owned(),
            revision.to_owned(),
        );
    }
    Selector::new(&selector).map_or_else(String::new, |selector| selector.to_string())
}
