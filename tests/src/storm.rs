//! A storm over the shipped controller: who acts and what breaks is drawn by seed (`safety.md` §7,
//! swarm), then everything is calm, and the Rollout must arrive (L1) and be quiet (L3, L7).
//!
//! - [`draw`]: a seed → which actors and faults there are, and the list of deeds.
//! - [`play`]: carries the deeds out, heals, and judges: the invariants at every revision, the
//!   [`ghost`] client, no plan held by the kernel, arrival, quiet.
//! - [`shrink`]: a failure → the fewest deeds that still give it.

pub mod deed;
pub mod draw;
pub mod ghost;
pub mod manifests;
pub mod play;
pub mod shrink;
