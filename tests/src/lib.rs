//! Scenarios, invariants, conformance, properties and tidiness.
