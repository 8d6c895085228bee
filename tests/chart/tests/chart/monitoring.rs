//! Alerts are about metrics that there are.

use chart::files::root;

use crate::{helm, only};

/// The names of metrics in an expression.
fn metrics(expression: &str) -> impl Iterator<Item = &str> {
    let is_of_a_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let words = expression.split(move |letter| !is_of_a_name(letter));
    words.filter(|word| word.starts_with("rollout") || word.starts_with("argo_rollouts"))
}

#[test]
fn every_alert_asks_for_metrics_and_phases_that_the_controller_shows() {
    let Some(helm) = helm() else { return };
    let rule = "--set=controller.metrics.prometheusRule.enabled=true";
    let objects = helm.objects(&[rule]).unwrap();
    let shown = root().join("controller/src/metrics/exposition.rs");
    let shown = std::fs::read_to_string(shown).unwrap();
    let is_shown = |name: &str| shown.contains(&format!("\"{name}\""));
    let groups = &only(&objects, "PrometheusRule")["spec"]["groups"];
    let rules = groups[0]["rules"].as_array().unwrap();
    assert_eq!(rules.len(), 4);
    for rule in rules {
        let expression = rule["expr"].as_str().unwrap();
        let mut names = metrics(expression).peekable();
        assert!(names.peek().is_some(), "{expression}");
        for name in names {
            let counter = name.strip_suffix("_total").unwrap_or(name);
            assert!(is_shown(counter), "nothing shows {name}");
        }
        let phases = expression.split("phase=~\"").nth(1);
        let phases = phases.and_then(|rest| rest.split('"').next());
        for phase in phases.iter().flat_map(|it| it.split('|')) {
            assert!(is_shown(phase), "there is no phase {phase}");
        }
        // Filled in by Prometheus, not by Helm.
        let summary = rule["annotations"]["summary"].as_str().unwrap();
        let labelled = expression.contains(" by (");
        assert_eq!(summary.contains("{{ $labels."), labelled, "{summary}");
    }
}
