//! Fields that a JSON body has twice. Parsers keep the last one and say nothing; the API server
//! names them, because one of the two is a mistake.

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;

/// Paths of the fields that occur twice: `spec.replicas`, each once, in the order of the body.
///
/// A body that is no JSON gives nothing; the parser that reads it says what is wrong.
pub fn duplicate_fields(body: &[u8]) -> Vec<String> {
    let found = RefCell::new(Vec::new());
    let place = Place {
        path: String::new(),
        found: &found,
    };
    let mut reader = serde_json::Deserializer::from_slice(body);
    match place.deserialize(&mut reader) {
        Ok(()) => found.into_inner(),
        Err(_) => Vec::new(),
    }
}

struct Place<'a> {
    path: String,
    found: &'a RefCell<Vec<String>>,
}

impl<'de> DeserializeSeed<'de> for Place<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Place<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = BTreeSet::new();
        while let Some(key) = map.next_key::<String>()? {
            let path = if self.path.is_empty() {
                key.clone()
            } else {
                format!("{}.{key}", self.path)
            };
            if !seen.insert(key) {
                let mut found = self.found.borrow_mut();
                if !found.contains(&path) {
                    found.push(path.clone());
                }
            }
            map.next_value_seed(Place {
                path,
                found: self.found,
            })?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let mut index = 0_usize;
        loop {
            let member = Place {
                path: format!("{}[{index}]", self.path),
                found: self.found,
            };
            if list.next_element_seed(member)?.is_none() {
                return Ok(());
            }
            index = index.saturating_add(1);
        }
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        IgnoredAny.visit_some(deserializer).map(|_| ())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_occurs_twice_is_named_once_by_its_path() {
        let body = br#"{"a": 1, "b": {"c": 1, "c": null, "c": 2}, "l": [{}, {"x": true, "x": "y"}], "a": 1.5}"#;
        assert_eq!(duplicate_fields(body), ["b.c", "l[1].x", "a"]);
        assert!(duplicate_fields(br#"{"a": {"c": 1}, "b": {"c": 1}}"#).is_empty());
        assert!(duplicate_fields(b"not json").is_empty());
    }
}
