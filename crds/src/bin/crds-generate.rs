//! Writes the files that come from this crate: the CRDs and the page of unsupported fields.
//!
//! Run from anywhere in the checkout: `cargo run -p crds --bin crds-generate`. Tests compare the
//! committed files with what this would write.

use std::path::Path;
use std::{fs, io};

fn main() -> io::Result<()> {
    let crate_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    let docs = crate_dir.join("../docs");
    fs::create_dir_all(&docs)?;
    fs::write(docs.join("unsupported.md"), crds::unsupported::page())?;
    let manifests = crate_dir.join("manifests");
    fs::create_dir_all(&manifests)?;
    for file in crds::manifests::files() {
        fs::write(manifests.join(file.name), file.text)?;
    }
    Ok(())
}
