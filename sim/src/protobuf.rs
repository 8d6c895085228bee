//! Bodies in Kubernetes' protobuf form, which `kubectl create namespace` and the like send.
//!
//! Only what those commands can say is known ([`messages`]); a message or field that is not in the
//! table is refused, never dropped. Answers are JSON, which every client takes.

mod messages;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use messages::{ENVELOPE, Field, Form, body_of};

/// What the bytes of every such body begin with.
const MAGIC: &[u8] = b"k8s\0";

/// The object that a body holds.
///
/// # Errors
/// What is not known here, to follow "… is not modelled": a message, a field, broken bytes.
pub fn decode(body: &[u8]) -> Result<Value, String> {
    let bytes = body
        .strip_prefix(MAGIC)
        .ok_or("a protobuf body without the Kubernetes prefix")?;
    let envelope = message(bytes, ENVELOPE, "Unknown")?;
    let text = |pointer: &str| {
        let place = envelope.get("typeMeta").and_then(|meta| meta.get(pointer));
        place.and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let (api_version, kind) = (text("apiVersion"), text("kind"));
    let fields = body_of(&api_version, &kind)
        .ok_or_else(|| format!("the protobuf form of {api_version} {kind}; send JSON or YAML, e.g. with kubectl apply -f"))?;
    let raw = envelope
        .get("raw")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let raw = STANDARD.decode(raw).map_err(|_| BROKEN.to_owned())?;
    let mut object = message(&raw, fields, &kind)?;
    object.insert("apiVersion".into(), api_version.into());
    object.insert("kind".into(), kind.into());
    Ok(Value::Object(object))
}

const BROKEN: &str = "a protobuf body that ends too early";

/// Reads one message by its table.
fn message(bytes: &[u8], fields: &[Field], of: &str) -> Result<Map<String, Value>, String> {
    let mut map = Map::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let key = varint(&mut rest)?;
        let (number, wire) = (key >> 3, key & 7);
        let unknown = || {
            format!(
                "field {number} of {of} in a protobuf body; send JSON or YAML, e.g. with kubectl apply -f"
            )
        };
        let field = fields
            .iter()
            .find(|f| f.number == number)
            .ok_or_else(unknown)?;
        let value = match wire {
            0 => Wire::Number(varint(&mut rest)?),
            2 => Wire::Bytes(take(&mut rest)?),
            _ => return Err(unknown()),
        };
        read(field, value, of, &mut map)?;
    }
    Ok(map)
}

enum Wire<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// Puts one field into the object. Empty texts, zeros and false mean absence where Go has no
/// pointer, as in JSON.
fn read(
    field: &Field,
    value: Wire<'_>,
    of: &str,
    map: &mut Map<String, Value>,
) -> Result<(), String> {
    let name = field.name;
    let value = match (field.form, value) {
        (Form::Skip, _) => return Ok(()),
        (Form::Text, Wire::Bytes([])) => return Ok(()),
        (Form::Text, Wire::Bytes(bytes)) => text(bytes).into(),
        (Form::Texts, Wire::Bytes(bytes)) => {
            push(map, name, text(bytes).into());
            return Ok(());
        }
        (Form::Bytes, Wire::Bytes(bytes)) => STANDARD.encode(bytes).into(),
        (Form::Flag, Wire::Number(0)) | (Form::Int, Wire::Number(0)) => return Ok(()),
        (Form::Flag | Form::MaybeFlag, Wire::Number(n)) => (n != 0).into(),
        // Negative numbers are written as their two's complement in 64 bits.
        (Form::Int | Form::MaybeInt, Wire::Number(n)) => n.cast_signed().into(),
        (Form::TextMap, Wire::Bytes(bytes)) => {
            entry(map, name, bytes, |bytes| text(bytes).into())?;
            return Ok(());
        }
        (Form::BytesMap, Wire::Bytes(bytes)) => {
            entry(map, name, bytes, |bytes| STANDARD.encode(bytes).into())?;
            return Ok(());
        }
        (Form::One(fields), Wire::Bytes(bytes)) => message(bytes, fields, name)?.into(),
        (Form::Many(fields), Wire::Bytes(bytes)) => {
            push(map, name, message(bytes, fields, name)?.into());
            return Ok(());
        }
        (Form::IntOrText, Wire::Bytes(bytes)) => {
            let either = message(bytes, messages::INT_OR_TEXT, name)?;
            let key = if either.contains_key("type") {
                "strVal"
            } else {
                "intVal"
            };
            match either.get(key) {
                Some(value) => value.clone(),
                None => return Ok(()),
            }
        }
        (_, Wire::Number(_) | Wire::Bytes(_)) => {
            return Err(format!("the type of {of}.{name} in a protobuf body"));
        }
    };
    map.insert(name.to_owned(), value);
    Ok(())
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn push(map: &mut Map<String, Value>, name: &str, value: Value) {
    let list = map.entry(name).or_insert_with(|| Value::Array(Vec::new()));
    if let Some(list) = list.as_array_mut() {
        list.push(value);
    }
}

/// One entry of a map: a message of key and value.
fn entry(
    map: &mut Map<String, Value>,
    name: &str,
    bytes: &[u8],
    value_of: impl Fn(&[u8]) -> Value,
) -> Result<(), String> {
    let (mut key, mut value): (&[u8], &[u8]) = (&[], &[]);
    let mut rest = bytes;
    while !rest.is_empty() {
        let place = varint(&mut rest)?;
        let content = take(&mut rest)?;
        match place {
            0x0a => key = content,
            0x12 => value = content,
            _ => return Err(BROKEN.to_owned()),
        }
    }
    let inner = map.entry(name).or_insert_with(|| Value::Object(Map::new()));
    if let Some(inner) = inner.as_object_mut() {
        inner.insert(text(key), value_of(value));
    }
    Ok(())
}

fn varint(rest: &mut &[u8]) -> Result<u64, String> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (first, after) = rest.split_first().ok_or(BROKEN)?;
        *rest = after;
        number |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(BROKEN.to_owned())
}

fn take<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], String> {
    let length = usize::try_from(varint(rest)?).map_err(|_| BROKEN.to_owned())?;
    let (content, after) = rest.split_at_checked(length).ok_or(BROKEN)?;
    *rest = after;
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A field with a short content.
    fn field(number: u8, content: &[u8]) -> Vec<u8> {
        let length = u8::try_from(content.len()).unwrap();
        [&[number << 3 | 2, length], content].concat()
    }

    fn body(api_version: &str, kind: &str, raw: &[u8]) -> Vec<u8> {
        let meta = [field(1, api_version.as_bytes()), field(2, kind.as_bytes())].concat();
        [
            MAGIC.to_vec(),
            field(1, &meta),
            field(2, raw),
            field(3, b""),
            field(4, b""),
        ]
        .concat()
    }

    #[test]
    fn an_object_is_read_as_its_json_would_be() {
        let label = [field(1, b"app"), field(2, b"web")].concat();
        let metadata = [
            field(1, b"c"),
            field(2, b""),
            field(8, b""),
            field(11, &label),
        ]
        .concat();
        let data = [field(1, b"key"), field(2, b"value")].concat();
        let raw = [field(1, &metadata), field(2, &data)].concat();
        assert_eq!(
            decode(&body("v1", "ConfigMap", &raw)).unwrap(),
            json!({
                "apiVersion": "v1", "kind": "ConfigMap",
                "metadata": {"name": "c", "labels": {"app": "web"}}, "data": {"key": "value"},
            })
        );
    }

    #[test]
    fn numbers_keep_a_zero_only_where_it_says_something() {
        // replicas 0 (a pointer in Go), minReadySeconds 0 (none).
        let raw = field(2, &[1 << 3, 0, 5 << 3, 0]);
        let object = decode(&body("apps/v1", "Deployment", &raw)).unwrap();
        assert_eq!(object["spec"], json!({"replicas": 0}));
    }

    #[test]
    fn what_is_not_in_the_table_is_refused() {
        let unknown = decode(&body("v1", "ConfigMap", &field(15, b"x"))).unwrap_err();
        assert!(unknown.starts_with("field 15 of ConfigMap"), "{unknown}");
        let kind = decode(&body("batch/v1", "Job", b"")).unwrap_err();
        assert!(kind.contains("batch/v1 Job"), "{kind}");
        assert!(decode(b"{}").is_err());
        let whole = body("v1", "ConfigMap", &field(1, &field(1, b"name")));
        for end in 0..whole.len() {
            let _ = decode(&whole[..end]);
        }
        assert_eq!(decode(&whole[..whole.len() - 5]), Err(BROKEN.to_owned()));
    }
}
