//! Numbers of pods as an integer or a percentage.

use crds::percent::{Amount, max_surge, max_unavailable, restart_max_unavailable};
use crds::rollout::CanaryStrategy;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

/// Reads `REPLICAS SURGE UNAVAILABLE`: what is a number in JSON is an integer, all else is text.
///
/// # Panics
/// When a sum of pods is negative, or an update could not move, or rounding down gives more than
/// rounding up.
pub fn run(data: &[u8]) -> String {
    let text = String::from_utf8_lossy(data);
    let mut words = text.splitn(3, ' ');
    let replicas: i32 = words.next().and_then(|it| it.parse().ok()).unwrap_or(10);
    let replicas = i64::from(replicas.max(0));
    let field = |word: &str| match word.parse::<i32>() {
        Ok(number) => IntOrString::Int(number),
        Err(_) => IntOrString::String(word.to_owned()),
    };
    let canary = CanaryStrategy {
        max_surge: words.next().map(field),
        max_unavailable: words.next().map(field),
        ..CanaryStrategy::default()
    };
    let (surge, unavailable) = (
        max_surge(&canary, replicas),
        max_unavailable(&canary, replicas),
    );
    assert!(surge >= 0, "{text}: surge {surge}");
    assert!(
        (0..=replicas).contains(&unavailable),
        "{text}: unavailable {unavailable}"
    );
    assert!(
        replicas == 0 || surge + unavailable > 0,
        "{text}: nothing could move"
    );
    let restart = restart_max_unavailable(canary.max_unavailable.as_ref(), replicas);
    assert!(
        (0..=replicas).contains(&restart),
        "{text}: restart {restart}"
    );
    let fields = [&canary.max_surge, &canary.max_unavailable];
    for field in fields.into_iter().flatten() {
        if let Some(amount) = Amount::read(field) {
            let (down, up) = (
                amount.of_rounded_down(replicas),
                amount.of_rounded_up(replicas),
            );
            assert!(down <= up && up - down <= 1, "{text}: {down} to {up}");
        }
    }
    let kind = |field: &Option<IntOrString>| match field.as_ref().map(Amount::read) {
        None => "absent",
        Some(None) => "unreadable",
        Some(Some(Amount::Pods(_))) => "pods",
        Some(Some(Amount::Percent(percent))) if percent < 0 => "negative",
        Some(Some(Amount::Percent(percent))) if percent > 100 => "above all",
        Some(Some(Amount::Percent(_))) => "percent",
    };
    format!(
        "{} {} {} {}",
        kind(&canary.max_surge),
        kind(&canary.max_unavailable),
        surge.min(2),
        unavailable.min(2)
    )
}
