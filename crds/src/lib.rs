//! API types of argoproj.io/v1alpha1: fields, defaults, validation, names.
