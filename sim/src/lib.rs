//! An in-memory Kubernetes cluster: API server, ReplicaSet controller, kubelet, endpoints, garbage collector.
//!
//! - [`Cluster`] is the whole of it; [`Cluster::service`] is its API server as a `tower::Service`,
//!   for `kube::Client` in tests on virtual time, and behind a loopback listener for kubectl.
//! - Nothing here reads the wall clock or an unseeded random number: the same requests at the same
//!   virtual times give the same objects, names and uids included.
//! - What is not modelled is answered with 501, never with a guess.
//!
//! It uses no other crate of this workspace: the world shares no code with what is tested in it.

mod actors;
mod api;
mod apply;
mod clock;
mod cluster;
mod fault;
mod object;
mod rng;
mod store;

pub mod api_schema;
pub mod builtin;
pub mod discovery;
pub mod duplicates;
pub mod error;
pub mod field_error;
pub mod gvk;
pub mod http_server;
pub mod kubeconfig;
pub mod openapi;
pub mod pods;
pub mod protobuf;
pub mod resources;
pub mod schema;
pub mod selector;
pub mod strategic;
pub mod table;

pub use actors::{Actors, ActorsHandle};
pub use api::{Api, Body, Denial};
pub use cluster::{Cluster, CommitStream, Options};
pub use error::ApiError;
pub use fault::{Intercept, Phase, RequestInfo};
pub use field_error::{FieldError, FieldReason};
pub use gvk::Gvk;
pub use http_server::Server;
pub use kubeconfig::kubeconfig;
pub use resources::{GroupResource, Registry, Resource};
pub use store::Commit;
