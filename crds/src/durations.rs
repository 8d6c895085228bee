//! Durations as users write them: Go's notation, and the length of a pause step.
//!
//! Source: `compat/api.md` §2.3. The notation is Go's `time.ParseDuration`: a sign, then numbers
//! with a unit (`h`, `m`, `s`, `ms`, `us`, `µs`, `ns`), such as `90s`, `1h30m` or `1.5h`.

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::rollout::step::Pause;

/// A length of time in nanoseconds, as Go reads it; it may be negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct GoDuration(i64);

impl GoDuration {
    /// Reads Go's notation; `0` needs no unit.
    ///
    /// # Errors
    /// When the text is empty, lacks a unit, has an unknown one, or does not fit into 292 years.
    pub fn parse(text: &str) -> Result<Self, DurationError> {
        parse_nanoseconds(text).map(Self)
    }

    /// The length in nanoseconds.
    #[must_use]
    pub const fn nanoseconds(self) -> i64 {
        self.0
    }

    /// Whole seconds, cut towards zero.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0 / 1_000_000_000
    }
}

/// Why a duration could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// The text is not in Go's notation.
    #[error("\"{0}\" is not a duration; write seconds as a number, or for example 30s, 5m, 1h")]
    Notation(String),
    /// The text ends after a number.
    #[error("\"{0}\" has a number without a unit; the units are h, m, s, ms, us, ns")]
    MissingUnit(String),
    /// The unit is not one of Go's.
    #[error("\"{0}\" has the unknown unit \"{1}\"; the units are h, m, s, ms, us, ns")]
    UnknownUnit(String, String),
    /// The value is below zero or too large.
    #[error("\"{0}\" is out of range; use 0 to 2147483647 seconds")]
    Range(String),
}

/// How long a pause step lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PauseLength {
    /// Until a person promotes.
    UntilPromoted,
    /// This many seconds; 0 still pauses, and ends with the first second that has passed.
    Seconds(i64),
}

/// How long a pause step lasts, in whole seconds.
///
/// - No duration: until a person promotes.
/// - An integer, or text that reads as a 32-bit integer: seconds.
/// - Other text: Go's notation, cut to whole seconds.
///
/// # Errors
/// When the text is not a duration, or the value is negative or above 2147483647 seconds.
/// Trying again cannot help; validation refuses such a Rollout.
pub fn pause_length(pause: &Pause) -> Result<PauseLength, DurationError> {
    let Some(duration) = &pause.duration else {
        return Ok(PauseLength::UntilPromoted);
    };
    let (seconds, written) = match duration {
        IntOrString::Int(seconds) => (i64::from(*seconds), seconds.to_string()),
        IntOrString::String(text) => {
            let seconds = match text.parse::<i32>() {
                Ok(seconds) => i64::from(seconds),
                Err(_) => GoDuration::parse(text)?.seconds(),
            };
            (seconds, text.clone())
        }
    };
    if (0..=i64::from(i32::MAX)).contains(&seconds) {
        Ok(PauseLength::Seconds(seconds))
    } else {
        Err(DurationError::Range(written))
    }
}

/// 2^63 nanoseconds: the length of the longest negative duration.
const LONGEST: u128 = 1 << 63;

fn parse_nanoseconds(text: &str) -> Result<i64, DurationError> {
    let notation = || DurationError::Notation(text.to_owned());
    let range = || DurationError::Range(text.to_owned());
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(notation());
    }
    let mut total: u128 = 0;
    while !rest.is_empty() {
        let (whole, after_whole) = split_digits(rest);
        let (fraction, after_fraction) = match after_whole.strip_prefix('.') {
            Some(after_dot) => split_digits(after_dot),
            None => ("", after_whole),
        };
        if whole.is_empty() && fraction.is_empty() {
            return Err(notation());
        }
        let unit_end = after_fraction
            .find(|c: char| c == '.' || c.is_ascii_digit())
            .unwrap_or(after_fraction.len());
        let (unit, next) = after_fraction.split_at(unit_end);
        if unit.is_empty() {
            return Err(DurationError::MissingUnit(text.to_owned()));
        }
        let nanoseconds = unit_nanoseconds(unit)
            .ok_or_else(|| DurationError::UnknownUnit(text.to_owned(), unit.to_owned()))?;
        let whole: u64 = match whole {
            "" => 0,
            digits => digits.parse().map_err(|_| range())?,
        };
        total += u128::from(whole) * u128::from(nanoseconds);
        total += u128::from(fraction_part(fraction, nanoseconds));
        if total > LONGEST {
            return Err(range());
        }
        rest = next;
    }
    let total = i128::try_from(total).map_err(|_| range())?;
    i64::try_from(if negative { -total } else { total }).map_err(|_| range())
}

fn split_digits(text: &str) -> (&str, &str) {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    text.split_at(end)
}

fn unit_nanoseconds(unit: &str) -> Option<u64> {
    match unit {
        "ns" => Some(1),
        // Both the micro sign and the Greek letter are in use.
        "us" | "\u{b5}s" | "\u{3bc}s" => Some(1_000),
        "ms" => Some(1_000_000),
        "s" => Some(1_000_000_000),
        "m" => Some(60_000_000_000),
        "h" => Some(3_600_000_000_000),
        _ => None,
    }
}

/// The part behind the point in nanoseconds, with Go's own rounding: it multiplies in floating
/// point, so that e.g. `0.3333333333333333333h` is 20 minutes and not a nanosecond less.
#[expect(
    clippy::float_arithmetic,
    clippy::as_conversions,
    reason = "the result must be Go's to the last nanosecond"
)]
fn fraction_part(digits: &str, unit: u64) -> u64 {
    let mut value: u64 = 0;
    let mut scale = 1.0_f64;
    for digit in digits.bytes() {
        let longer = value
            .checked_mul(10)
            .and_then(|value| value.checked_add(u64::from(digit - b'0')));
        // Digits that no longer fit into 63 bits do not count.
        match longer.filter(|longer| u128::from(*longer) <= LONGEST) {
            Some(longer) => value = longer,
            None => break,
        }
        scale *= 10.0;
    }
    (value as f64 * (unit as f64 / scale)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_go_reads_them() {
        for (text, nanoseconds) in [
            ("0", 0),
            ("+0", 0),
            ("5s", 5_000_000_000),
            ("-5s", -5_000_000_000),
            ("1h15m30.918273645s", 4_530_918_273_645),
            ("1.5h", 5_400_000_000_000),
            (".5s", 500_000_000),
            ("5.s", 5_000_000_000),
            ("10m5s", 605_000_000_000),
            ("52763797000ns", 52_763_797_000),
            ("12\u{b5}s", 12_000),
            ("12\u{3bc}s", 12_000),
            ("3ms", 3_000_000),
            ("9223372036854775807ns", i64::MAX),
            ("-9223372036854775807ns", -i64::MAX),
            ("0.3333333333333333333h", 1_200_000_000_000),
            ("0.100000000000000000000h", 360_000_000_000),
            ("-.5s", -500_000_000),
            ("2562047h47m16.854775807s", i64::MAX),
            ("-9223372036854775808ns", i64::MIN),
        ] {
            assert_eq!(
                GoDuration::parse(text).map(GoDuration::nanoseconds),
                Ok(nanoseconds),
                "{text}"
            );
        }
    }

    #[test]
    fn text_that_go_refuses_is_refused() {
        for text in [
            "",
            "3",
            "-",
            "s",
            ".",
            "-.",
            ".s",
            "+.s",
            "1d",
            "1 h",
            "\u{85}",
            "3000000h",
            "9223372036854775808ns",
            "--1s",
            "1h-2m",
            "1e3s",
            "\u{b5}s",
            "2562047h47m16.854775808s",
            "100000000000000000000ns",
        ] {
            assert!(GoDuration::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_pause_is_seconds_or_a_go_duration() {
        let text = |text: &str| Some(IntOrString::String(text.to_owned()));
        for (duration, length) in [
            (None, Some(PauseLength::UntilPromoted)),
            (Some(IntOrString::Int(30)), Some(PauseLength::Seconds(30))),
            (Some(IntOrString::Int(0)), Some(PauseLength::Seconds(0))),
            (Some(IntOrString::Int(-1)), None),
            (text("30"), Some(PauseLength::Seconds(30))),
            (text("+30"), Some(PauseLength::Seconds(30))),
            (text("30s"), Some(PauseLength::Seconds(30))),
            (text("5m"), Some(PauseLength::Seconds(300))),
            (text("1h"), Some(PauseLength::Seconds(3600))),
            (text("1.9s"), Some(PauseLength::Seconds(1))),
            (text("-30"), None),
            (text("-30s"), None),
            (text("10f"), None),
            (text("99999999999"), None),
            (text("2000000h"), None),
            (text(""), None),
        ] {
            let pause = Pause { duration };
            assert_eq!(pause_length(&pause).ok(), length, "{pause:?}");
        }
    }
}
