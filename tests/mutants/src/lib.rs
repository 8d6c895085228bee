//! Plants small, plausible wrongs in a copy of the tree, switches them on one at a time, and sees
//! what notices.
//!
//! Each wrong is a file in `mutants/`; its name says what is wrong. Nothing of the checkout itself
//! is ever changed but `REPORT.md`. One that nothing notices is *alive*: a check is missing.

pub mod choice;
pub mod evidence;
pub mod killer;
pub mod mutant;
pub mod plant;
mod programs;
pub mod report;
pub mod tree;
