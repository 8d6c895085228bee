//! Scenarios: text files in `tests/scenarios/` that say what a user does and sees.
//!
//! ```text
//! # A canary stops at a pause without an end, and goes on when promoted.
//! covers canary.md §6
//! apply canary.yaml
//!   spec: {replicas: 4, strategy: {canary: {steps: [{setWeight: 25}, {pause: {}}]}}}
//! until phase = Healthy
//! set image app:v2
//! until phase = Paused
//! expect pods new=1 stable=3, step 1 of 2, waiting on Promotion
//! stay 10m phase = Paused                # ten virtual minutes; nothing may move
//! promote
//! until phase = Healthy
//! ```
//!
//! The first line is the claim: a sentence that is true of the product and that no other scenario
//! makes. `covers` names the rule it rests on. Indented lines belong to the command above them.
//! All commands are in [`parse`], all conditions in [`condition`].

pub mod condition;
pub mod disturbance;
pub mod end_state;
pub mod fault;
pub mod lab;
pub mod parse;
pub mod run;
pub mod transcript;
pub mod user;
pub mod wire;
