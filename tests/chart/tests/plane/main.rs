//! The chart on a real control plane, with the real program in the simulated pods.

mod arguments;
mod bed;
mod kubelet;
mod life;
mod tools;
