//! The traffic-safety kernel: rules every plan is held against.
