//! `/healthz`, `/livez` and `/readyz`.
//!
//! `/healthz` says `ok` as long as the process runs, which is what existing probes expect
//! (`compat/controller.md` §1). `/livez` and `/readyz` have named checks; `?verbose` lists them.

use std::fmt::Write as _;
use std::sync::Arc;

use http::StatusCode;
use tokio::sync::watch;

use crate::http_server::{Page, Pages, TEXT};
use crate::metrics::{Exposition, Metrics};
use crate::reconcile::Progress;

/// The pages of the health server.
pub(crate) fn pages(progress: watch::Receiver<Progress>) -> Pages {
    Arc::new(move |path, query| {
        // The loop has ended when nobody can tell any more how it gets on.
        let runs = progress.has_changed().is_ok();
        let Progress { synced, leads } = *progress.borrow();
        let live = [("loop", runs)];
        let ready = [("loop", runs), ("caches-synced", synced)];
        // A controller that stands by is ready too: this is only told.
        let leading = if leads { "leading" } else { "standing by" };
        let verbose = query
            .split('&')
            .any(|it| it == "verbose" || it.starts_with("verbose="));
        match path {
            "/healthz" => Some((StatusCode::OK, TEXT, "ok".to_owned())),
            "/livez" => Some(page("livez", &live, leading, verbose)),
            "/readyz" => Some(page("readyz", &ready, leading, verbose)),
            _ => None,
        }
    })
}

fn page(name: &str, checks: &[(&str, bool)], leading: &str, verbose: bool) -> Page {
    let passes = checks.iter().all(|(_, passes)| *passes);
    let status = if passes {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    if passes && !verbose {
        return (status, TEXT, "ok".to_owned());
    }
    let mut text = String::new();
    for (check, passes) in checks {
        let (sign, word) = if *passes {
            ('+', "ok")
        } else {
            ('-', "failed")
        };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "[{sign}]{check} {word}");
    }
    let word = if passes { "passed" } else { "failed" };
    let _ = writeln!(text, "{leading}\n{name} check {word}");
    (status, TEXT, text)
}

/// The page of the metrics server.
pub(crate) fn metrics(metrics: Arc<Metrics>) -> Pages {
    let exposition = Exposition::of(metrics);
    Arc::new(move |path, _| {
        if path != "/metrics" {
            return None;
        }
        Some(match exposition.text() {
            Ok(text) => (StatusCode::OK, Exposition::CONTENT_TYPE, text),
            Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, TEXT, error.to_string()),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(progress: Progress, path: &str, query: &str) -> (u16, String) {
        let (_sender, receiver) = watch::channel(progress);
        let (status, _, text) = pages(receiver)(path, query).unwrap();
        (status.as_u16(), text)
    }

    #[test]
    fn a_controller_is_ready_once_it_has_seen_everything() {
        let (synced, leads) = (false, false);
        assert_eq!(get(Progress { synced, leads }, "/healthz", "").0, 200);
        assert_eq!(get(Progress { synced, leads }, "/livez", "").0, 200);
        let (status, text) = get(Progress { synced, leads }, "/readyz", "");
        assert_eq!(status, 503);
        assert!(text.contains("[-]caches-synced failed"), "{text}");
        let synced = true;
        assert_eq!(
            get(Progress { synced, leads }, "/readyz", ""),
            (200, "ok".to_owned())
        );
        let (_, text) = get(Progress { synced, leads }, "/readyz", "verbose");
        assert_eq!(
            text,
            "[+]loop ok\n[+]caches-synced ok\nstanding by\nreadyz check passed\n"
        );
    }
}
