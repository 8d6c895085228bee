//! The signs that stand before names and states, their colours, and what replaces them where a
//! font lacks them.
//!
//! Source: `compat/cli.md` §2 "Icons", §5 "Colour".

/// The sign of a status word of a Rollout, ReplicaSet, AnalysisRun or Experiment; a space for a
/// word without one.
#[must_use]
pub fn of_status(status: &str) -> &'static str {
    match status {
        "Progressing" | "Running" => "◌",
        "Pending" => "◷",
        "Error" | "InvalidSpec" => "⚠",
        "Unknown" | "Inconclusive" => "?",
        "Healthy" | "Successful" => "✔",
        "Degraded" | "Failed" | "ReplicaFailure" => "✖",
        "Paused" => "॥",
        "ScaledDown" => "•",
        _ => " ",
    }
}

/// The sign of a pod's reason; a space for an unknown one.
#[must_use]
pub fn of_pod(reason: &str) -> &'static str {
    if reason.starts_with("Init:") {
        return "◌";
    }
    if reason.starts_with("Signal:") || reason.starts_with("ExitCode:") {
        return "✖";
    }
    if reason.ends_with("Error") || reason.starts_with("Err") {
        return "⚠";
    }
    match reason {
        "Pending" | "Terminating" | "ContainerCreating" => "◌",
        "Running" | "Completed" => "✔",
        "Failed" | "InvalidImageName" | "CrashLoopBackOff" => "✖",
        "ImagePullBackOff" | "RegistryUnavailable" => "⚠",
        "Unknown" => "?",
        _ => " ",
    }
}

/// The ANSI colour number of a sign or of a tag; 0 for none.
#[must_use]
pub fn colour(word: &str) -> u8 {
    match word {
        "⚠" | "✖" => 31,
        "✔" | "stable" | "active" => 32,
        "◷" | "?" | "canary" => 33,
        "◌" | "preview" | "ping" | "pong" | "Pending" | "Running" => 94,
        _ => 0,
    }
}

/// Every sign with the plain character that replaces it under `--ascii`.
///
/// The table is one-to-one among signs that can stand in the same place.
const PLAIN: [(char, &str); 18] = [
    ('◌', "~"),
    ('◷', "@"),
    ('⚠', "!"),
    ('✔', "+"),
    ('✖', "x"),
    ('॥', "="),
    ('•', "."),
    ('⟳', "R"),
    ('⧉', "S"),
    ('□', "P"),
    ('⊞', "J"),
    ('Σ', "E"),
    ('α', "A"),
    ('→', ">"),
    ('├', "|"),
    ('└', "`"),
    ('│', "|"),
    ('─', "-"),
];

/// `text` with every sign of ours replaced by a plain character of the same width.
#[must_use]
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match PLAIN.iter().find(|(sign, _)| *sign == character) {
            Some((_, replacement)) => out.push_str(replacement),
            None => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pod_reason_has_the_sign_of_the_first_rule_that_fits() {
        for (reason, sign) in [
            ("Init:0/2", "◌"),
            ("Init:Error", "◌"),
            ("Signal:9", "✖"),
            ("ExitCode:1", "✖"),
            ("CreateContainerConfigError", "⚠"),
            ("Error", "⚠"),
            ("ErrImagePull", "⚠"),
            ("Pending", "◌"),
            ("Terminating", "◌"),
            ("ContainerCreating", "◌"),
            ("Running", "✔"),
            ("Completed", "✔"),
            ("Failed", "✖"),
            ("InvalidImageName", "✖"),
            ("CrashLoopBackOff", "✖"),
            ("ImagePullBackOff", "⚠"),
            ("RegistryUnavailable", "⚠"),
            ("Unknown", "?"),
            ("Evicted", " "),
        ] {
            assert_eq!(of_pod(reason), sign, "{reason}");
        }
    }

    #[test]
    fn plain_text_keeps_its_width_and_loses_every_sign() {
        for status in [
            "Progressing",
            "Pending",
            "Error",
            "Healthy",
            "Degraded",
            "Paused",
            "ScaledDown",
        ] {
            let replaced = plain(of_status(status));
            assert!(
                replaced.is_ascii() && replaced.len() == 1,
                "{status}: {replaced}"
            );
        }
        assert_eq!(plain("│  └──⧉ web"), "|  `--S web");
    }
}
