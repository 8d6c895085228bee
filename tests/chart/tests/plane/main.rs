//! The chart on a real control plane, with the real programs in the simulated pods.

mod arguments;
mod bed;
mod dashboard;
mod kubelet;
mod life;
mod rights;
mod tools;
mod viewer;
