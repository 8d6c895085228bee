//! What is counted.
use crate::cache::Key;
use planner::*;
use std::time::Duration;
#[derive(Debug, Default)]
pub(crate) struct Metrics;
impl Metrics {
    pub(crate) fn event(&self, _: &crds::Rollout, _: &Event) {}
    pub(crate) fn queued(&self, _: usize) {}
    pub(crate) fn planned(&self, _: &Key, _: Duration, _: &Plan) {}
    pub(crate) fn failed(&self, _: &Key) {}
    pub(crate) fn deleted(&self, _: &Key) {}
    pub(crate) fn request(&self, _: &http::Method, _: &http::Uri) {}
    pub(crate) fn answered(&self, _: (), _: Option<http::StatusCode>) {}
}
