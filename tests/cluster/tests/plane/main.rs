//! The shipped controller on a real control plane, with the rights that it is installed with.

mod adoption;
mod blue_green;
mod canary;
mod conformance;
mod deletion;
mod install;
mod left;
mod pods;
mod policy;
mod rights;
