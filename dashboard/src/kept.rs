//! An object as it is kept between two looks at it: its text, since a tree of values is many times
//! as large, and what it is found and compared by.

use serde_json::Value;

use crate::state::{owners, text, uid};

/// An object of the shared watch.
pub(crate) struct Kept {
    json: Box<str>,
    version: Box<str>,
    uid: Box<str>,
    owners: Box<[Box<str>]>,
}

impl Kept {
    pub(crate) fn new(object: &Value) -> Self {
        Self {
            json: object.to_string().into(),
            version: text(object, "/metadata/resourceVersion").into(),
            uid: uid(object).into(),
            owners: owners(object).map(Box::from).collect(),
        }
    }

    /// The object.
    pub(crate) fn read(&self) -> Value {
        // It was written by us.
        serde_json::from_str(&self.json).unwrap_or_default()
    }

    pub(crate) fn uid(&self) -> &str {
        &self.uid
    }

    pub(crate) fn owners(&self) -> impl Iterator<Item = &str> {
        self.owners.iter().map(AsRef::as_ref)
    }

    /// Whether both are the same version of an object, or neither is there.
    pub(crate) fn is_same(one: Option<&Self>, other: Option<&Self>) -> bool {
        one.map(|it| &it.version) == other.map(|it| &it.version)
    }
}
