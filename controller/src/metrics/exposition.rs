//! The text that Prometheus reads.
//!
//! A collector of our own, since several existing names are counters without `_total`, which the
//! library would add; those are shown with the type `unknown`, under the name that people know.

use std::fmt::Error;
use std::sync::Arc;
use std::time::Duration;

use crds::Rollout;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

use super::{LINGER, Metrics, OfRollout, State, Times};
use crate::cache::Key;

/// Content type of [`Exposition::text`].
pub(crate) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Makes the text.
#[derive(Debug)]
pub(crate) struct Exposition(Registry);

impl Exposition {
    pub(crate) const CONTENT_TYPE: &'static str = CONTENT_TYPE;

    pub(crate) fn of(metrics: Arc<Metrics>) -> Self {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(All(metrics)));
        Self(registry)
    }

    /// All metrics as they are now.
    pub(crate) fn text(&self) -> Result<String, Error> {
        let mut text = String::new();
        text::encode(&mut text, &self.0)?;
        Ok(text)
    }
}

#[derive(Debug)]
struct All(Arc<Metrics>);

impl Collector for All {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), Error> {
        let mut state = self.0.lock();
        let is_left = |it: &OfRollout| it.gone_since.is_none_or(|since| since.elapsed() < LINGER);
        state.of_rollout.retain(|_, it| is_left(it));
        state_gauges(&state, &mut encoder)?;
        of_rollouts(&state, &mut encoder)?;
        of_process(&state, &mut encoder)
    }
}

type Labels<'a> = Vec<(&'a str, &'a str)>;

fn of<'a>(key: &'a Key) -> Labels<'a> {
    vec![
        ("namespace", key.namespace.as_str()),
        ("name", key.name.as_str()),
    ]
}

fn gauge(metric: &mut MetricEncoder<'_>, labels: &Labels<'_>, value: i64) -> Result<(), Error> {
    metric.encode_family(labels)?.encode_gauge(&value)
}

fn counter(metric: &mut MetricEncoder<'_>, labels: &Labels<'_>, value: u64) -> Result<(), Error> {
    let none: Option<&prometheus_client::metrics::exemplar::Exemplar<Vec<(String, String)>, u64>> =
        None;
    if labels.is_empty() {
        return metric.encode_counter(&value, none);
    }
    metric.encode_family(labels)?.encode_counter(&value, none)
}

/// A counter whose name does not end with `_total`.
fn bare_counter(
    metric: &mut MetricEncoder<'_>,
    labels: &Labels<'_>,
    value: u64,
) -> Result<(), Error> {
    gauge(metric, labels, i64::try_from(value).unwrap_or(i64::MAX))
}

fn state_gauges(state: &State, encoder: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
    let help = "Information about a Rollout";
    let mut metric = encoder.encode_descriptor("rollout_info", help, None, MetricType::Gauge)?;
    for (key, rollout) in &state.rollouts {
        let mut labels = of(key);
        labels.push(("strategy", strategy(rollout)));
        labels.push(("traffic_router", traffic_router(rollout)));
        labels.push(("phase", phase(rollout)));
        gauge(&mut metric, &labels, 1)?;
    }

    type Count = fn(&Rollout) -> i64;
    let counts: [(&str, &str, Count); 4] = [
        ("rollout_info_replicas_desired", "Pods wanted", |rollout| {
            crds::defaults::replicas(&rollout.spec)
        }),
        (
            "rollout_info_replicas_available",
            "Available pods",
            |rollout| status(rollout, |status| status.available_replicas),
        ),
        (
            "rollout_info_replicas_unavailable",
            "Pods that are not available",
            |rollout| {
                status(rollout, |status| status.replicas)
                    - status(rollout, |status| status.available_replicas)
            },
        ),
        (
            "rollout_info_replicas_updated",
            "Pods of the newest version",
            |rollout| status(rollout, |status| status.updated_replicas),
        ),
    ];
    for (name, help, count) in counts {
        let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for (key, rollout) in &state.rollouts {
            gauge(&mut metric, &of(key), count(rollout))?;
        }
    }

    let help = "Deprecated, use rollout_info: 1 for the present phase";
    let mut metric = encoder.encode_descriptor("rollout_phase", help, None, MetricType::Gauge)?;
    for (key, rollout) in &state.rollouts {
        let present = phase(rollout);
        for name in [
            "Completed",
            "Progressing",
            "Paused",
            "Timeout",
            "Error",
            "Abort",
        ] {
            let mut labels = of(key);
            labels.push(("strategy", strategy(rollout)));
            labels.push(("phase", name));
            gauge(&mut metric, &labels, i64::from(name == present))?;
        }
    }

    let help = "Rollouts that wait for something, by what they wait on";
    let mut metric =
        encoder.encode_descriptor("rollouts_waiting", help, None, MetricType::Gauge)?;
    let reasons = planner::waiting::REASONS.iter();
    for reason in reasons {
        let count = state.waiting.values().filter(|it| *it == reason).count();
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        gauge(&mut metric, &vec![("reason", *reason)], count)?;
    }
    Ok(())
}

fn of_rollouts(state: &State, encoder: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
    let help = "Seconds that a pass over a Rollout took";
    let kind = MetricType::Histogram;
    let mut metric = encoder.encode_descriptor("rollout_reconcile", help, None, kind)?;
    for (key, it) in &state.of_rollout {
        histogram(&mut metric.encode_family(&of(key))?, &it.reconcile)?;
    }
    let help = "Passes over a Rollout that failed";
    let kind = MetricType::Unknown;
    let mut metric = encoder.encode_descriptor("rollout_reconcile_error", help, None, kind)?;
    for (key, it) in &state.of_rollout {
        bare_counter(&mut metric, &of(key), it.errors)?;
    }
    let help = "Kubernetes Events told about a Rollout";
    let mut metric =
        encoder.encode_descriptor("rollout_events", help, None, MetricType::Counter)?;
    for (key, it) in &state.of_rollout {
        for ((kind, reason), count) in &it.events {
            let mut labels = of(key);
            labels.push(("type", *kind));
            labels.push(("reason", *reason));
            counter(&mut metric, &labels, *count)?;
        }
    }
    Ok(())
}

fn of_process(state: &State, encoder: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
    let mut requests = std::collections::BTreeMap::<_, u64>::new();
    for ((kind, code), count) in &state.counters.requests {
        let code = if *code == 0 {
            "error".to_owned()
        } else {
            code.to_string()
        };
        let labels = (&kind.resource, &kind.namespace, kind.verb, code);
        *requests.entry(labels).or_default() += count;
    }
    let (name, help) = (
        "controller_clientset_k8s_request",
        "Requests to the API server",
    );
    let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
    for ((resource, namespace, verb, code), count) in &requests {
        let labels = vec![
            ("kind", resource.as_str()),
            ("namespace", namespace.as_str()),
            ("name", "N/A"),
            ("verb", *verb),
            ("status_code", code.as_str()),
        ];
        counter(&mut metric, &labels, *count)?;
    }

    let help = "Plans that were held because they broke a safety rule";
    let mut metric =
        encoder.encode_descriptor("rollouts_safety_holds", help, None, MetricType::Counter)?;
    for rule in safety::Rule::ALL.map(safety::Rule::id) {
        let count = state.counters.holds.get(rule).copied().unwrap_or(0);
        counter(&mut metric, &vec![("rule", rule)], count)?;
    }
    let totals = [
        (
            "rollouts_reconciles",
            "Rollouts looked at",
            state.counters.reconciles,
        ),
        ("rollouts_plans", "Plans made", state.counters.plans),
    ];
    for (name, help, value) in totals {
        let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
        counter(&mut metric, &Labels::new(), value)?;
    }
    let name = "workqueue_depth";
    let help = "Rollouts that wait to be looked at";
    let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    let queued = i64::try_from(state.queued).unwrap_or(i64::MAX);
    gauge(&mut metric, &vec![("name", "Rollouts")], queued)?;

    let version = vec![("version", env!("CARGO_PKG_VERSION"))];
    let help = "Running controller";
    let name = "argo_rollouts_controller_info";
    let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    gauge(&mut metric, &version, 1)?;
    let mut metric = encoder.encode_descriptor("build_info", help, None, MetricType::Gauge)?;
    let mut labels = version;
    labels.push(("goversion", ""));
    labels.push(("goarch", std::env::consts::ARCH));
    labels.push(("commit", ""));
    gauge(&mut metric, &labels, 1)
}

fn histogram(metric: &mut MetricEncoder<'_>, times: &Times) -> Result<(), Error> {
    let bounds = Times::BOUNDS
        .iter()
        .map(|bound| Duration::from_millis(*bound).as_secs_f64());
    let buckets: Vec<(f64, u64)> = bounds
        .chain([f64::MAX])
        .zip(times.buckets.iter().copied())
        .collect();
    let count = times.buckets.iter().sum();
    metric.encode_histogram::<Vec<(String, String)>>(
        times.total.as_secs_f64(),
        count,
        &buckets,
        None,
    )
}

fn status(rollout: &Rollout, of: fn(&crds::RolloutStatus) -> Option<i32>) -> i64 {
    rollout.status.as_ref().and_then(of).map_or(0, i64::from)
}

fn strategy(rollout: &Rollout) -> &'static str {
    let strategy = &rollout.spec.strategy;
    match (&strategy.blue_green, &strategy.canary) {
        (Some(_), _) => "blueGreen",
        (None, Some(_)) => "canary",
        (None, None) => "none",
    }
}

/// The last one that is set, in this order; others count as none (`compat/metrics.md` §1).
fn traffic_router(rollout: &Rollout) -> &'static str {
    let canary = rollout.spec.strategy.canary.as_ref();
    let Some(routing) = canary.and_then(|canary| canary.traffic_routing.as_ref()) else {
        return "";
    };
    let set = [
        ("ALB", routing.alb.is_some()),
        ("Ambassador", routing.ambassador.is_some()),
        ("Istio", routing.istio.is_some()),
        ("Nginx", routing.nginx.is_some()),
        ("SMI", routing.smi.is_some()),
        ("AppMesh", routing.app_mesh.is_some()),
    ];
    let last = set.iter().rev().find(|(_, is_set)| *is_set);
    last.map_or("", |(name, _)| name)
}

/// The phase of the metrics: not `status.phase`, but what the Progressing condition says.
fn phase(rollout: &Rollout) -> &'static str {
    let conditions = rollout.status.iter().flat_map(|status| &status.conditions);
    let mut phase = "Progressing";
    for condition in conditions {
        match (condition.kind.as_str(), condition.reason.as_str()) {
            ("InvalidSpec", _) => return "InvalidSpec",
            ("Progressing", "NewReplicaSetAvailable") => phase = "Completed",
            ("Progressing", "RolloutPaused") => phase = "Paused",
            ("Progressing", "ReplicaSetCreateError") => phase = "Error",
            ("Progressing", "ProgressDeadlineExceeded") => phase = "Timeout",
            ("Progressing", "RolloutAborted") => phase = "Abort",
            _ => {}
        }
    }
    phase
}

#[cfg(test)]
mod tests {
    use planner::{Event, EventKind};
    use serde_json::json;

    use super::*;
    use crate::metrics::RequestKind;

    fn text(metrics: &Arc<Metrics>) -> String {
        Exposition::of(metrics.clone()).text().unwrap()
    }

    fn busy() -> Arc<Metrics> {
        let metrics = Arc::new(Metrics::default());
        let key = Key::new("shop", "web");
        let rollout = json!({
            "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout",
            "metadata": {"name": "web", "namespace": "shop"},
            "spec": {"replicas": 5, "strategy": {"canary": {}}},
            "status": {"replicas": 6, "availableReplicas": 4, "updatedReplicas": 2, "conditions": [
                {"type": "Progressing", "status": "Unknown", "reason": "RolloutPaused", "message": "",
                 "lastUpdateTime": "2026-01-01T00:00:00Z", "lastTransitionTime": "2026-01-01T00:00:00Z"}]},
        });
        metrics.seen(&key, &Arc::new(serde_json::from_value(rollout).unwrap()));
        metrics.took(&key, Duration::from_millis(20));
        metrics.failed(&key);
        metrics.held("S1");
        let (kind, reason, message) = (EventKind::Warning, "RolloutAborted", String::new());
        metrics.event(
            &key,
            &Event {
                kind,
                reason,
                message,
            },
        );
        let request = RequestKind {
            verb: "Patch",
            resource: "rollouts".to_owned(),
            subresource: "status".to_owned(),
            namespace: "shop".to_owned(),
            dry_run: false,
        };
        metrics.request(request, 200);
        metrics
    }

    #[test]
    fn existing_dashboards_find_their_names() {
        let text = text(&busy());
        for line in [
            r#"rollout_info{namespace="shop",name="web",strategy="canary",traffic_router="",phase="Paused"} 1"#,
            r#"rollout_info_replicas_desired{namespace="shop",name="web"} 5"#,
            r#"rollout_info_replicas_available{namespace="shop",name="web"} 4"#,
            r#"rollout_info_replicas_unavailable{namespace="shop",name="web"} 2"#,
            r#"rollout_info_replicas_updated{namespace="shop",name="web"} 2"#,
            r#"rollout_phase{namespace="shop",name="web",strategy="canary",phase="Paused"} 1"#,
            r#"rollout_phase{namespace="shop",name="web",strategy="canary",phase="Completed"} 0"#,
            r#"rollout_reconcile_bucket{le="0.15",namespace="shop",name="web"} 1"#,
            r#"rollout_reconcile_count{namespace="shop",name="web"} 1"#,
            r#"rollout_reconcile_error{namespace="shop",name="web"} 1"#,
            r#"rollout_events_total{namespace="shop",name="web",type="Warning",reason="RolloutAborted"} 1"#,
            r#"controller_clientset_k8s_request_total{kind="rollouts",namespace="shop",name="N/A",verb="Patch",status_code="200"} 1"#,
            r#"rollouts_safety_holds_total{rule="S1"} 1"#,
            r#"rollouts_safety_holds_total{rule="S9"} 0"#,
        ] {
            assert!(
                text.lines().any(|it| it == line),
                "{line} is not in\n{text}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn numbers_of_a_rollout_that_is_gone_are_shown_a_little_longer() {
        let metrics = busy();
        metrics.deleted(&Key::new("shop", "web"));
        assert!(!text(&metrics).contains("rollout_info{"));
        assert!(text(&metrics).contains("rollout_events_total{"));
        tokio::time::advance(LINGER).await;
        assert!(!text(&metrics).contains("rollout_events_total{"));
    }
}
