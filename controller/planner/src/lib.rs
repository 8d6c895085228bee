//! What to do next for one rollout: a pure function.
