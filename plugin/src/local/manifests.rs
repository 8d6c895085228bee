//! Manifests into the embedded cluster, and the writes of the demo.

use serde_json::Value;

use crate::failure::{Failure, words};
use crate::output::Output;
use crate::requests::{self, Body, PromoteMode, Target, Write};
use crate::session::{Session, decode};

/// Creates the objects of a file with one or more YAML documents; changes those that are there.
///
/// # Errors
/// With the file and the object that cannot be read or is refused.
pub(super) async fn apply(
    session: &Session,
    file: &str,
    text: &str,
    output: &mut Output,
) -> Result<(), Failure> {
    let documents: Vec<Value> = serde_saphyr::from_multiple(text)
        .map_err(|error| Failure::error(format!("{file}: {error}")))?;
    for object in documents.into_iter().flat_map(flatten) {
        let place = Place::of(session, &object)
            .await
            .map_err(|error| named(file, &error))?;
        let refused = |error: kube::Error| {
            Failure::error(format!(
                "{file}: {} \"{}\": {}",
                place.kind,
                place.name,
                words(&error)
            ))
        };
        let done = match session.create(&place.collection, &object).await {
            Ok(_created) => "created",
            Err(kube::Error::Api(status)) if status.reason == "AlreadyExists" => {
                let path = format!("{}/{}", place.collection, place.name);
                let change = Write::merge(&path, Target::Main, object);
                session.write(&change).await.map_err(refused)?;
                "configured"
            }
            Err(error) => return Err(refused(error)),
        };
        output.print(&format!("{}/{} {done}\n", place.plural, place.name))?;
    }
    Ok(())
}

fn named(file: &str, problem: &str) -> Failure {
    Failure::error(format!("{file}: {problem}"))
}

/// The members of a `List`, or the object; nothing for an empty document.
fn flatten(document: Value) -> Vec<Value> {
    match document {
        Value::Null => Vec::new(),
        Value::Object(mut fields) if fields.get("kind") == Some(&Value::from("List")) => {
            match fields.remove("items") {
                Some(Value::Array(items)) => items,
                _ => Vec::new(),
            }
        }
        object => vec![object],
    }
}

/// Where an object goes.
struct Place {
    kind: String,
    name: String,
    plural: String,
    collection: String,
}

impl Place {
    async fn of(session: &Session, object: &Value) -> Result<Self, String> {
        let text = |pointer| object.pointer(pointer).and_then(Value::as_str);
        let (Some(version), Some(kind), Some(name)) =
            (text("/apiVersion"), text("/kind"), text("/metadata/name"))
        else {
            return Err("an object needs apiVersion, kind and metadata.name".to_owned());
        };
        let root = if version.contains('/') {
            format!("/apis/{version}")
        } else {
            format!("/api/{version}")
        };
        let unknown = || format!("the cluster has no kind {kind} of {version}");
        let served = session.get(&root).await.map_err(|_none| unknown())?;
        let resources = served.get("resources").and_then(Value::as_array);
        let resource = resources
            .into_iter()
            .flatten()
            .find(|one| {
                let named = |key, value| one.get(key).and_then(Value::as_str) == Some(value);
                let plural = one.get("name").and_then(Value::as_str).unwrap_or_default();
                named("kind", kind) && !plural.contains('/')
            })
            .ok_or_else(unknown)?;
        let plural = resource
            .get("name")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let namespaced = resource.get("namespaced") == Some(&Value::Bool(true));
        let namespace = text("/metadata/namespace").unwrap_or(&session.namespace);
        Ok(Self {
            kind: kind.to_owned(),
            name: name.to_owned(),
            plural: plural.to_owned(),
            collection: if namespaced {
                format!("{root}/namespaces/{namespace}/{plural}")
            } else {
                format!("{root}/{plural}")
            },
        })
    }
}

/// What `set image NAME *=IMAGE` does.
pub(super) async fn set_image(session: &Session, name: &str, image: &str) -> Result<(), Failure> {
    let path = session.rollout_path(name);
    let mut object = session.get(&path).await?;
    requests::set_image(&mut object, "*", image)
        .map_err(|error| Failure::Error(error.to_string()))?;
    let body = Body::Replace(object);
    session.write(&Write { path, body }).await?;
    Ok(())
}

/// What `promote NAME` does.
pub(super) async fn promote(session: &Session, name: &str) -> Result<(), Failure> {
    let path = session.rollout_path(name);
    let rollout = decode(&session.get(&path).await?, name)?;
    let patches = requests::promote(&rollout, PromoteMode::Once).map_err(Failure::Error)?;
    for (target, patch) in [
        (Target::Status, patches.status),
        (Target::Main, patches.spec),
    ] {
        if let Some(patch) = patch {
            session.write(&Write::merge(&path, target, patch)).await?;
        }
    }
    Ok(())
}
