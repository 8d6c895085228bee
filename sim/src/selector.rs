//! Label and field selectors of list, watch and delete requests.
//!
//! Field selectors know only the fields that the real server indexes for a kind; any other field
//! is refused with its words, never treated as "matches nothing".

mod field;
mod label;

pub use field::FieldSelector;
pub use label::LabelSelector;
