//! An in-memory Kubernetes cluster: API server, ReplicaSet controller, kubelet, endpoints, garbage collector.
