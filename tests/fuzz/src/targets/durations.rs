//! Durations in Go's notation, and the length of a pause.

use crds::durations::{GoDuration, PauseLength, pause_length};
use crds::rollout::step::Pause;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

/// Reads the text as a duration and as the length of a pause.
///
/// # Panics
/// When a length does not survive being written, loses its sign, or is out of its range.
pub fn run(data: &[u8]) -> String {
    let text = String::from_utf8_lossy(data).into_owned();
    let read = GoDuration::parse(&text);
    if let Ok(length) = read {
        let written = format!("{}ns", length.nanoseconds());
        assert_eq!(
            GoDuration::parse(&written),
            Ok(length),
            "{text:?} as {written}"
        );
        assert_eq!(length.seconds(), length.nanoseconds() / 1_000_000_000);
        if !text.starts_with(['-', '+']) {
            let negative = GoDuration::parse(&format!("-{text}")).map(GoDuration::nanoseconds);
            assert_eq!(negative, Ok(-length.nanoseconds()), "-{text}");
        }
    }
    let pause = Pause {
        duration: Some(IntOrString::String(text.clone())),
    };
    let pause = pause_length(&pause);
    if let Ok(PauseLength::Seconds(seconds)) = pause {
        assert!(
            (0..=i64::from(i32::MAX)).contains(&seconds),
            "{text:?} is {seconds} s"
        );
        if let Ok(read) = read {
            // Digits alone are seconds for a pause, and only zero is a duration.
            assert_eq!(read.seconds(), seconds, "{text:?}");
        }
    }
    let words = |debug: String| {
        debug
            .split(['(', ' '])
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    let kind = match &read {
        Ok(length) => format!("digits {}", length.nanoseconds().to_string().len()),
        Err(error) => words(format!("{error:?}")),
    };
    format!(
        "{kind} {}",
        pause.map_or_else(
            |error| words(format!("{error:?}")),
            |it| words(format!("{it:?}"))
        )
    )
}
