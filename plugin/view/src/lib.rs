//! Objects to the tree people see; no client, no clock.
