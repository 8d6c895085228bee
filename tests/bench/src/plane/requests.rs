//! What the controller asked of the API server.

use std::collections::BTreeMap;

use cluster::{Asked, Cluster};

/// How many of each kind, of these requests of everybody.
pub(super) fn counted<'a>(all: impl Iterator<Item = &'a Asked>) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    let mut writes = 0;
    let mut refused = 0;
    for asked in all.filter(|it| it.user == Cluster::controller_user()) {
        let (verb, resource) = (asked.access.verb.as_str(), &asked.access.resource);
        // Leases are renewed by the clock, whatever there is to do.
        if resource == "leases" {
            continue;
        }
        let is_rehearsal = asked.uri.contains("dryRun");
        let rehearse = if is_rehearsal { ", rehearsed" } else { "" };
        *counts
            .entry(format!("{verb} {resource}{rehearse}"))
            .or_insert(0) += 1;
        let is_read = ["get", "list", "watch"].contains(&verb);
        if !is_read && !is_rehearsal && resource != "events" {
            writes += 1;
            refused += u64::from(asked.code >= 300);
        }
    }
    counts.insert("writes in all, without Events".to_owned(), writes);
    counts.insert("writes refused".to_owned(), refused);
    counts
}
