//! Ages as kubectl shows them.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

/// A duration in one or two units, coarser the longer it is: `5s`, `9m30s`, `3h5m`, `2d`.
pub fn human(duration: TimeDelta) -> String {
    let seconds = duration.num_seconds();
    let (minutes, hours) = (duration.num_minutes(), duration.num_hours());
    let days = duration.num_days();
    let two = |first: i64, unit: &str, rest: i64, small: &str| {
        if rest == 0 {
            format!("{first}{unit}")
        } else {
            format!("{first}{unit}{rest}{small}")
        }
    };
    let part = |whole: i64, of: i64| whole.checked_rem(of).unwrap_or_default();
    let years = days.checked_div(365).unwrap_or_default();
    match () {
        () if seconds < -1 => "<invalid>".to_owned(),
        () if seconds < 0 => "0s".to_owned(),
        () if seconds < 120 => format!("{seconds}s"),
        () if minutes < 10 => two(minutes, "m", part(seconds, 60), "s"),
        () if minutes < 180 => format!("{minutes}m"),
        () if hours < 8 => two(hours, "h", part(minutes, 60), "m"),
        () if hours < 48 => format!("{hours}h"),
        () if days < 8 => two(days, "d", part(hours, 24), "h"),
        () if days < 2 * 365 => format!("{days}d"),
        () if days < 8 * 365 => two(years, "y", part(days, 365), "d"),
        () => format!("{years}y"),
    }
}

/// Time since a stamp in an object; `<unknown>` where there is none.
pub(super) fn since(stamp: Option<&Value>, now: DateTime<Utc>) -> String {
    let text = stamp.and_then(Value::as_str).unwrap_or_default();
    match DateTime::parse_from_rfc3339(text) {
        Ok(time) => human(now.signed_duration_since(time)),
        Err(_) => "<unknown>".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longer_durations_are_shown_coarser() {
        const M: i64 = 60;
        const H: i64 = 60 * M;
        const D: i64 = 24 * H;
        let table = [
            (-5, "<invalid>"),
            (-1, "0s"),
            (0, "0s"),
            (119, "119s"),
            (2 * M, "2m"),
            (9 * M + 30, "9m30s"),
            (10 * M + 30, "10m"),
            (179 * M, "179m"),
            (3 * H + 5 * M, "3h5m"),
            (8 * H + 5 * M, "8h"),
            (47 * H, "47h"),
            (2 * D + 3 * H, "2d3h"),
            (8 * D + 3 * H, "8d"),
            (729 * D, "729d"),
            (731 * D, "2y1d"),
            (9 * 365 * D + D, "9y"),
        ];
        for (seconds, expected) in table {
            assert_eq!(human(TimeDelta::seconds(seconds)), expected);
        }
    }
}
