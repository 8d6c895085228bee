//! `docs/unsupported.md`, written from the table.

use std::fmt::Write as _;

use super::{ACCEPTED, UNSUPPORTED};

/// The text of `docs/unsupported.md`.
#[must_use]
pub fn page() -> String {
    let mut page = String::from(
        "# Fields not supported by this version\n\
         \n\
         This page is generated from `crds/src/unsupported/table.rs`; run \
         `cargo run -p crds --bin crds-generate` after a change there.\n\
         \n\
         A Rollout that sets one of these fields becomes `Degraded` with the condition \
         `InvalidSpec`, which names the field.\n\
         Nothing is created, scaled or switched for it; what runs keeps running.\n\
         Remove the field, or keep the Rollout on a controller that honours it.\n\
         \n\
         | field | why, and what to do instead |\n\
         |---|---|\n",
    );
    for row in UNSUPPORTED {
        // Writing to a String cannot fail.
        let _ = writeln!(page, "| `{}` | {} |", row.path, row.why);
    }
    page.push_str(
        "\n## Accepted without effect\n\
         \n\
         These fields change nothing where no traffic router and no analysis is at work, so they \
         are accepted as they are.\n\
         \n\
         | field | why it changes nothing |\n\
         |---|---|\n",
    );
    for row in ACCEPTED {
        let _ = writeln!(page, "| `{}` | {} |", row.path, row.why);
    }
    page
}
