//! What a request says: its path, query and headers.

use bytes::Bytes;
use http::HeaderMap;
use std::collections::BTreeMap;

use super::call::FieldValidation;
use crate::error::ApiError;
use crate::field_error::FieldError;

/// A request with its body read.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: http::Method,
    pub(crate) path: String,
    pub(crate) query: Query,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|v| v.to_str().ok())
            .unwrap_or("")
    }

    /// Media type of the body, without parameters, lower case.
    pub(crate) fn content_type(&self) -> String {
        let whole = self.header("content-type");
        let media = whole.split(';').next().unwrap_or("");
        media.trim().to_ascii_lowercase()
    }

    /// Who writes: the field manager, else the user agent's first word.
    pub(crate) fn writer(&self) -> String {
        let agent = self.header("user-agent").split('/').next().unwrap_or("");
        self.query.get("fieldManager").unwrap_or(agent).to_owned()
    }

    /// The body as JSON; JSON patches are lists, so any value is fine. Empty bodies are null.
    pub(crate) fn json(&self) -> Result<serde_json::Value, ApiError> {
        if self.body.is_empty() {
            return Ok(serde_json::Value::Null);
        }
        match self.content_type().as_str() {
            "application/yaml" => {
                let text = String::from_utf8_lossy(&self.body);
                serde_saphyr::from_str(&text).map_err(|e| ApiError::bad_request(e.to_string()))
            }
            "application/vnd.kubernetes.protobuf" => {
                crate::protobuf::decode(&self.body).map_err(ApiError::not_modelled)
            }
            "application/cbor" => Err(ApiError::unsupported_media_type(&[
                "application/json",
                "application/yaml",
                "application/vnd.kubernetes.protobuf",
            ])),
            _ => serde_json::from_slice(&self.body)
                .map_err(|e| ApiError::bad_request(format!("invalid JSON in the body: {e}"))),
        }
    }
}

/// Where a path of the resource API leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) plural: String,
    /// Empty for cluster-scoped resources and for all namespaces.
    pub(crate) namespace: String,
    /// Empty for a collection.
    pub(crate) name: String,
    pub(crate) subresource: String,
}

impl Target {
    /// Reads a path; `None` when it is none of the resource API.
    pub(crate) fn parse(path: &str) -> Option<Self> {
        let parts: Vec<String> = path
            .split('/')
            .filter(|p| !p.is_empty())
            .map(decode)
            .collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let (group, version, rest) = match parts.as_slice() {
            ["api", version, rest @ ..] => ("", *version, rest),
            ["apis", group, version, rest @ ..] => (*group, *version, rest),
            _ => return None,
        };
        let core = group.is_empty();
        let (namespace, plural, name, subresource) = match rest {
            [plural] => ("", *plural, "", ""),
            ["namespaces", name] if core => ("", "namespaces", *name, ""),
            ["namespaces", name, sub @ ("status" | "finalize")] if core => {
                ("", "namespaces", *name, *sub)
            }
            ["namespaces", ns, plural] => (*ns, *plural, "", ""),
            ["namespaces", ns, plural, name] => (*ns, *plural, *name, ""),
            ["namespaces", ns, plural, name, sub] => (*ns, *plural, *name, *sub),
            [plural, name] => ("", *plural, *name, ""),
            [plural, name, sub] => ("", *plural, *name, *sub),
            _ => return None,
        };
        Some(Self {
            group: group.into(),
            version: version.into(),
            plural: plural.into(),
            namespace: namespace.into(),
            name: name.into(),
            subresource: subresource.into(),
        })
    }
}

/// The query of a request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query(BTreeMap<String, String>);

impl Query {
    pub(crate) fn parse(text: &str) -> Self {
        let pairs = text.split('&').filter(|p| !p.is_empty()).map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (
                decode(&key.replace('+', " ")),
                decode(&value.replace('+', " ")),
            )
        });
        Self(pairs.collect())
    }

    /// A parameter that is given and not empty.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.0
            .get(key)
            .map(String::as_str)
            .filter(|v| !v.is_empty())
    }

    pub(crate) fn flag(&self, key: &str) -> bool {
        matches!(self.get(key), Some("true" | "1"))
    }

    pub(crate) fn number(&self, key: &str) -> Result<Option<u64>, ApiError> {
        self.get(key)
            .map(|text| {
                text.parse().map_err(|_| {
                    ApiError::bad_request(format!(
                        "{key}: Invalid value: {text:?}: must be a number"
                    ))
                })
            })
            .transpose()
    }

    /// `options` is the kind of the verb's options, for a refusal.
    pub(crate) fn dry_run(&self, options: &str) -> Result<bool, ApiError> {
        match self.get("dryRun") {
            None => Ok(false),
            Some("All") => Ok(true),
            Some(other) => Err(not_supported(options, "dryRun", other, &["All"])),
        }
    }

    /// As [`Self::dry_run`].
    pub(crate) fn field_validation(&self, options: &str) -> Result<FieldValidation, ApiError> {
        match self.get("fieldValidation") {
            None | Some("Warn") => Ok(FieldValidation::Warn),
            Some("Strict") => Ok(FieldValidation::Strict),
            Some("Ignore") => Ok(FieldValidation::Ignore),
            Some(other) => {
                let known = ["", "Ignore", "Strict", "Warn"];
                Err(not_supported(options, "fieldValidation", other, &known))
            }
        }
    }
}

fn not_supported(options: &str, field: &str, value: &str, known: &[&str]) -> ApiError {
    let error = FieldError::not_supported(field, &value.into(), known);
    ApiError::invalid("meta.k8s.io", options, "", &[error])
}

/// In which shape objects are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// As they are.
    Whole,
    /// Rows and columns.
    Table,
    /// `PartialObjectMetadata`.
    Metadata,
}

impl Shape {
    /// The first media type of `Accept` that can be given.
    pub(crate) fn of(accept: &str) -> Result<Self, ApiError> {
        if accept.trim().is_empty() {
            return Ok(Self::Whole);
        }
        for choice in accept.split(',') {
            let mut parts = choice.split(';').map(str::trim);
            let media = parts.next().unwrap_or("");
            if !matches!(media, "application/json" | "application/*" | "*/*") {
                continue;
            }
            let form = parts.find_map(|p| p.strip_prefix("as="));
            match form {
                None => return Ok(Self::Whole),
                Some("Table") => return Ok(Self::Table),
                Some("PartialObjectMetadata" | "PartialObjectMetadataList") => {
                    return Ok(Self::Metadata);
                }
                Some(_) => {}
            }
        }
        Err(ApiError::not_acceptable())
    }
}

/// Undoes percent-encoding; what is not valid stays as it is.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte == b'%'
            && let Some((hex, after)) = tail.split_at_checked(2)
            && let Some(value) = std::str::from_utf8(hex)
                .ok()
                .and_then(|h| u8::from_str_radix(h, 16).ok())
        {
            bytes.push(value);
            rest = after;
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
