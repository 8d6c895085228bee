//! Many programs, several at the same time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::pair::{Difference, Pair};
use super::program::Program;
use super::{draw, shrink};

/// What came of it.
#[derive(Debug, Default)]
pub struct Found {
    /// How many ran.
    pub programs: usize,
    /// How many requests they had.
    pub requests: usize,
    /// Seed, what is left of the program, and the difference.
    pub differences: Vec<(u64, Program, Difference)>,
}

/// Runs the programs of so many seeds; ends early once `most` of them differ.
///
/// # Errors
/// When a server does not answer at all.
pub async fn check(
    pair: &Pair,
    seed: u64,
    programs: usize,
    workers: usize,
    most: usize,
) -> anyhow::Result<Found> {
    let next = AtomicUsize::new(0);
    let found = Mutex::new(Found::default());
    let one = async || -> anyhow::Result<()> {
        loop {
            let index = next.fetch_add(1, Ordering::SeqCst);
            let has_all = || lock(&found).differences.len() >= most;
            if index >= programs || has_all() {
                return Ok(());
            }
            let seed = seed.wrapping_add(u64::try_from(index)?);
            let program = draw(seed);
            let difference = pair.differ(&program).await?;
            {
                let mut found = lock(&found);
                found.programs += 1;
                found.requests += program.0.len();
            }
            if let Some(difference) = difference {
                let (program, difference) = shrink(pair, &program, difference).await?;
                lock(&found).differences.push((seed, program, difference));
            }
        }
    };
    futures::future::try_join_all((0..workers).map(|_| one())).await?;
    Ok(found.into_inner().unwrap_or_else(PoisonError::into_inner))
}

fn lock(found: &Mutex<Found>) -> std::sync::MutexGuard<'_, Found> {
    found.lock().unwrap_or_else(PoisonError::into_inner)
}
