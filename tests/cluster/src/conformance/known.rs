//! What may differ, and why.
//!
//! This is the whole list: what is not in it is a bug of the embedded cluster.

use super::canon::Seen;
use super::program::Request;

/// One known difference.
pub struct Known {
    /// What differs, in a sentence.
    pub what: &'static str,
    /// Why it stays so.
    pub why: &'static str,
    /// Takes it out of both answers to a request, where it is there; real first.
    pub(super) forgive: fn(&Request, &mut Seen, &mut Seen),
}

/// All of them.
pub const KNOWN: &[Known] = &[];

/// What no program asks for, and why.
pub const NOT_DRAWN: &[(&str, &str)] = &[
    (
        "pods whose ServiceAccount mounts a token",
        "nothing runs in the pods of the embedded cluster, and each would carry a volume for it",
    ),
    (
        "empty lists in the metadata of a custom resource that is applied",
        "the real server stores them, shows nothing of them, and counts up the resourceVersion for it",
    ),
    (
        "server-side apply of a scale",
        "the embedded cluster answers 501; no client of ours or of its users does it",
    ),
];

/// Takes out of both answers what is known to differ.
pub(super) fn forgive(request: &Request, real: &Seen, embedded: &Seen) -> (Seen, Seen) {
    let (mut real, mut embedded) = (real.clone(), embedded.clone());
    for known in KNOWN {
        if real == embedded {
            break;
        }
        (known.forgive)(request, &mut real, &mut embedded);
    }
    (real, embedded)
}
