//! Structured logs on standard error, as text or as JSON.

use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt};

use crate::flags::Flags;

/// Starts logging as the flags ask for.
pub(crate) fn start(flags: &Flags) {
    let level = match flags.loglevel.to_lowercase().as_str() {
        "trace" => LevelFilter::TRACE,
        "debug" => LevelFilter::DEBUG,
        "warn" | "warning" => LevelFilter::WARN,
        "error" | "fatal" | "panic" => LevelFilter::ERROR,
        _ => LevelFilter::INFO,
    };
    let layer = fmt::layer().with_writer(std::io::stderr);
    // Any other format is text, as users know it.
    let layer = if flags.logformat == "json" {
        layer.json().flatten_event(true).boxed()
    } else {
        layer.with_ansi(false).boxed()
    };
    tracing_subscriber::registry()
        .with(layer.with_filter(level))
        .init();
}
