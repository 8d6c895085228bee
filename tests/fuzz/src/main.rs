//! Tries a fuzz target on ever new changes of its corpus, and keeps what leads to something new.
//!
//! `cargo run -p fuzz --release -- TARGET [--minutes N] [--seed N]`
//!
//! What fails is written to `found/TARGET/`, with the words of the failure; fix it and move the
//! file to the corpus, under a name that says what it is about. New behaviours are written to
//! `found/TARGET/` too when `--keep` is given.

use std::collections::BTreeSet;
use std::panic::catch_unwind;
use std::path::Path;
use std::time::{Duration, Instant};

use fuzz::mutate::{Dice, mutated};
use fuzz::targets::{TARGETS, Target};

/// An input that takes longer than this hangs, as far as a controller is concerned.
const SLOWEST: Duration = Duration::from_secs(10);

struct Options {
    target: Target,
    minutes: u64,
    seed: u64,
    keep: bool,
}

fn options() -> Option<Options> {
    let mut words = std::env::args().skip(1);
    let name = words.next()?;
    let target = TARGETS.into_iter().find(|target| target.name == name)?;
    let mut options = Options {
        target,
        minutes: 1,
        seed: 1,
        keep: false,
    };
    while let Some(word) = words.next() {
        match word.as_str() {
            "--minutes" => options.minutes = words.next()?.parse().ok()?,
            "--seed" => options.seed = words.next()?.parse().ok()?,
            "--keep" => options.keep = true,
            _ => return None,
        }
    }
    Some(options)
}

fn main() -> std::process::ExitCode {
    let Some(options) = options() else {
        let names = TARGETS.map(|target| target.name).join(", ");
        eprintln!("usage: TARGET [--minutes N] [--seed N] [--keep]; targets: {names}");
        return std::process::ExitCode::from(2);
    };
    let failures = search(&options);
    std::process::ExitCode::from(u8::from(failures > 0))
}

/// Tries inputs until the time is over; tells how many ways to fail were found.
fn search(options: &Options) -> usize {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found = here.join("found").join(options.target.name);
    let mut inputs = Vec::new();
    for file in std::fs::read_dir(here.join("corpus").join(options.target.name))
        .into_iter()
        .flatten()
        .flatten()
    {
        inputs.push((
            file.file_name(),
            std::fs::read(file.path()).unwrap_or_default(),
        ));
    }
    inputs.sort();
    let mut inputs: Vec<Vec<u8>> = inputs.into_iter().map(|(_, bytes)| bytes).collect();
    let committed = inputs.len();
    let mut seen = BTreeSet::new();
    let mut failures: BTreeSet<String> = BTreeSet::new();
    let mut dice = Dice::new(options.seed);
    let end = Instant::now() + Duration::from_secs(60 * options.minutes);
    let mut tries = 0_usize;
    while Instant::now() < end {
        let input = if tries < committed {
            inputs[tries].clone()
        } else {
            let (one, other) = (dice.below(inputs.len()), dice.below(inputs.len()));
            mutated(&inputs[one], &inputs[other], &mut dice)
        };
        tries += 1;
        let begin = Instant::now();
        let result = catch_unwind(|| (options.target.run)(&input));
        let slow = begin.elapsed() > SLOWEST;
        match result {
            Ok(behaviour) if !slow => {
                let name = file_name(&behaviour);
                if seen.insert(behaviour) && tries > committed {
                    if options.keep {
                        write(&found, &name, &input);
                    }
                    inputs.push(input);
                }
            }
            Ok(behaviour) => {
                if failures.insert(format!("slow: {behaviour}")) {
                    eprintln!("slow, {:?}: {behaviour}", begin.elapsed());
                    write(&found, &format!("slow-{}", failures.len()), &input);
                }
            }
            Err(words) => {
                let words = words.downcast_ref::<String>().map_or("", String::as_str);
                // The same failure of other inputs is the same finding.
                let kind: String = words
                    .chars()
                    .filter(|letter| letter.is_alphabetic())
                    .take(40)
                    .collect();
                if failures.insert(kind) {
                    write(&found, &format!("failure-{}", failures.len()), &input);
                }
            }
        }
    }
    println!(
        "{}: {tries} inputs, {} behaviours, {} kept, {} ways to fail",
        options.target.name,
        seen.len(),
        inputs.len() - committed,
        failures.len()
    );
    failures.len()
}

/// A behaviour as the name of a file.
fn file_name(behaviour: &str) -> String {
    let plain = |letter: char| {
        if letter.is_ascii_alphanumeric() || "+.?".contains(letter) {
            letter
        } else {
            '-'
        }
    };
    let name: String = behaviour.chars().map(plain).take(80).collect();
    format!("is_{name}")
}

fn write(folder: &Path, name: &str, input: &[u8]) {
    let written =
        std::fs::create_dir_all(folder).and_then(|()| std::fs::write(folder.join(name), input));
    match written {
        Ok(()) => eprintln!("written: {}", folder.join(name).display()),
        Err(error) => eprintln!("cannot write {name}: {error}"),
    }
}
