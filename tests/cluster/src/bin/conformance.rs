//! Generated programs against the embedded cluster and a real API server; the number that did not
//! differ.
//!
//! ```text
//! cargo run -p cluster --bin conformance -- --programs 10000 --seed 1
//! cargo run -p cluster --bin conformance -- --file PROGRAM
//! ```

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, bail};
use cluster::conformance::{KNOWN, NOT_DRAWN, Pair, Program, check};

/// At the same time.
const WORKERS: usize = 12;

struct Options {
    programs: usize,
    seed: u64,
    file: Option<PathBuf>,
    most: usize,
}

fn main() -> anyhow::Result<ExitCode> {
    let options = options()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let begun = Instant::now();
        let pair = Pair::start().await?;
        println!("a real API server, ready after {:.1?}", begun.elapsed());
        if let Some(file) = options.file {
            let text = std::fs::read_to_string(&file).context(file.display().to_string())?;
            let program = Program::parse(&text)?;
            let (real, embedded) = pair.run(&program).await?;
            for ((request, real), embedded) in program.0.iter().zip(real).zip(embedded) {
                println!("\n{request}\n  real     {} {}", real.code, real.body);
                println!("  embedded {} {}", embedded.code, embedded.body);
            }
            return Ok(match pair.differ(&program).await? {
                None => ExitCode::SUCCESS,
                Some(difference) => {
                    println!("\nDIFFERENT: {difference}");
                    ExitCode::FAILURE
                }
            });
        }
        let begun = Instant::now();
        let found = check(&pair, options.seed, options.programs, WORKERS, options.most).await?;
        for (seed, program, difference) in &found.differences {
            println!("\n# seed {seed}\n{program}DIFFERENT: {difference}");
        }
        for known in KNOWN {
            println!("\nmay differ: {}: {}", known.what, known.why);
        }
        for (what, why) in NOT_DRAWN {
            println!("not asked for: {what}: {why}");
        }
        let rate = found.programs as f64 / begun.elapsed().as_secs_f64();
        println!(
            "\n{} programs ({} requests) from seed {}: {} differed; {:.0?}, {rate:.0} a second",
            found.programs,
            found.requests,
            options.seed,
            found.differences.len(),
            begun.elapsed()
        );
        Ok(if found.differences.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    })
}

fn options() -> anyhow::Result<Options> {
    let mut options = Options {
        programs: 1_000,
        seed: 1,
        file: None,
        most: 10,
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || {
            words
                .next()
                .with_context(|| format!("{word} wants a value"))
        };
        match word.as_str() {
            "--programs" => options.programs = value()?.parse()?,
            "--seed" => options.seed = value()?.parse()?,
            "--most" => options.most = value()?.parse()?,
            "--file" => options.file = Some(value()?.into()),
            other => bail!("{other}: known are --programs, --seed, --most, --file"),
        }
    }
    Ok(options)
}
