//! A real control plane for tests.
//!
//! - [`Plane`]: etcd, kube-apiserver, kube-controller-manager, kube-scheduler and KWOK on loopback,
//!   each on ports that the system chose; gone with the process that started it, however that ends.
//! - [`Cluster`]: a plane, or the cluster that `KUBECONFIG_TEST` names, with our CRDs and the shipped
//!   `rollouts-controller`, which has no more rights than `deploy/` gives it.
//! - [`World`]: one namespace of it, for one test: what people do with a stock kubectl and the plugin,
//!   what the API server went through, and what must have held at every revision.
//!
//! Nobody's own KUBECONFIG is ever read.

mod ask;
mod audit;
mod cluster;
pub mod conformance;
mod fault_proxy;
mod guard;
mod hurry;
mod kubeconfig;
mod plane;
mod programs;
mod record;
pub mod scenario;
mod stages;
pub mod suite;
mod watch_log;
mod world;

pub use ask::{Answer, ask};
pub use audit::{Access, Asked, Audit};
pub use cluster::Cluster;
pub use fault_proxy::{Fault, FaultProxy};
pub use guard::{Guard, Process};
pub use plane::Plane;
pub use programs::{kubectl, shipped};
pub use watch_log::{WatchLog, since_1970};
pub use world::World;
