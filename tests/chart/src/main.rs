//! Writes the generated files of `charts/` and `deploy/`: `cargo run -p chart`, from anywhere.

use chart::files::{self, File};

fn main() -> anyhow::Result<()> {
    write(files::of_the_chart()?)?;
    write(files::of_the_plain_install()?)
}

fn write(files: Vec<File>) -> anyhow::Result<()> {
    for file in files {
        let path = files::root().join(&file.path);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(path, file.text)?;
    }
    Ok(())
}
