//! `set image`: the object with another image.
//!
//! Source: `compat/cli.md` §3.3.

use serde_json::Value;

/// Why an image cannot be set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImageError {
    /// No container has this name.
    NoContainer(String),
}

impl std::fmt::Display for ImageError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self::NoContainer(name) = self;
        write!(f, "unable to find container named \"{name}\"")
    }
}

/// Sets the image of every container named `container` in the pod template of `object`, a Rollout
/// or Deployment; `*` names all. Init and ephemeral containers count.
///
/// # Errors
/// When there is none.
pub fn set_image(object: &mut Value, container: &str, image: &str) -> Result<(), ImageError> {
    let mut found = false;
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        let pointer = format!("/spec/template/spec/{list}");
        let Some(Value::Array(containers)) = object.pointer_mut(&pointer) else {
            continue;
        };
        for one in containers {
            let named = one.get("name").and_then(Value::as_str) == Some(container);
            if let (true, Some(fields)) = (named || container == "*", one.as_object_mut()) {
                fields.insert("image".to_owned(), Value::from(image));
                found = true;
            }
        }
    }
    if found {
        Ok(())
    } else {
        Err(ImageError::NoContainer(container.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_image_goes_to_the_named_containers_of_every_list() {
        let template = |a: &str, b: &str, init: &str| {
            json!({"odd": 1, "spec": {"template": {"spec": {
                "initContainers": [{"name": "b", "image": init}],
                "containers": [{"name": "a", "image": a}, {"name": "b", "image": b}]}}}})
        };
        for (container, expected) in [
            ("a", template("n:2", "b:1", "i:1")),
            ("b", template("a:1", "n:2", "n:2")),
            ("*", template("n:2", "n:2", "n:2")),
        ] {
            let mut object = template("a:1", "b:1", "i:1");
            set_image(&mut object, container, "n:2").unwrap();
            assert_eq!(object, expected, "{container}");
        }
        let missing = set_image(&mut template("a:1", "b:1", "i:1"), "c", "n:2").unwrap_err();
        assert_eq!(missing.to_string(), "unable to find container named \"c\"");
    }
}
