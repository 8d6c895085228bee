//! An in-memory Kubernetes cluster: API server, ReplicaSet controller, kubelet, endpoints, garbage collector.

pub mod field_error;

pub use field_error::{FieldError, FieldReason};
