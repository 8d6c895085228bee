//! What may differ, and why.

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
