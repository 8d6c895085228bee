//! The part of a program that a difference needs.

use super::pair::{Difference, Pair};
use super::program::Program;

/// Drops requests, and fields of bodies, as long as the servers still differ.
///
/// # Errors
/// When one of them does not answer at all.
pub async fn shrink(
    pair: &Pair,
    program: &Program,
    difference: Difference,
) -> anyhow::Result<(Program, Difference)> {
    let (mut best, mut difference) = (program.clone(), difference);
    // What comes after the difference matters to watches alone.
    let first = program.0.iter().take(difference.index + 1).cloned();
    let first = Program(first.collect());
    if let Some(still) = pair.differ(&first).await? {
        (best, difference) = (first, still);
    }
    let mut size = best.0.len() / 2;
    while size > 0 {
        let mut at = 0;
        while at < best.0.len() {
            let mut smaller = best.clone();
            smaller.0.drain(at..(at + size).min(best.0.len()));
            match pair.differ(&smaller).await? {
                Some(still) => (best, difference) = (smaller, still),
                None => at += size,
            }
        }
        size /= 2;
    }
    Ok((best, difference))
}
