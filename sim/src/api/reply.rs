//! Answers: the shape in which objects are wanted, and how they are written.

use chrono::{DateTime, Utc};
use http::{HeaderValue, Response, StatusCode, header};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::{Value, json};
use std::sync::Arc;

use super::body::Body;
use super::read::Page;
use super::request::{Query, Shape};
use super::watch::Watch;
use crate::clock::http_date;
use crate::error::ApiError;
use crate::object;
use crate::resources::Resource;
use crate::store::Held;
use crate::table::{Columns, Include};

/// The answer to a request.
pub(crate) enum Reply {
    /// Status, media type, body.
    Whole(u16, &'static str, String),
    Watch(Box<Watch>),
}

const JSON: &str = "application/json";

impl Reply {
    pub(crate) fn json(code: u16, value: &Value) -> Self {
        Self::Whole(code, JSON, value.to_string())
    }

    /// JSON that is written already.
    pub(crate) fn written(text: String) -> Self {
        Self::Whole(200, JSON, text)
    }

    pub(crate) fn text(code: u16, text: String) -> Self {
        Self::Whole(code, "text/plain; charset=utf-8", text)
    }

    pub(crate) fn of_type(code: u16, media: &'static str, text: String) -> Self {
        Self::Whole(code, media, text)
    }

    pub(crate) fn error(error: &ApiError) -> Self {
        Self::json(error.code, &error.to_status())
    }

    pub(crate) fn code(&self) -> u16 {
        match self {
            Self::Whole(code, _, _) => *code,
            Self::Watch(_) => 200,
        }
    }

    /// The HTTP response. `warnings` become `Warning: 299` headers.
    pub(crate) fn into_response(
        self,
        now: DateTime<Utc>,
        warnings: &[String],
        retry_after: Option<u32>,
    ) -> Response<Body> {
        let code = StatusCode::from_u16(self.code()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let (media, body) = match self {
            Self::Whole(_, media, text) => (media, Body::whole(text)),
            Self::Watch(watch) => (JSON, Body::lines(watch.into_stream())),
        };
        let mut response = Response::new(body);
        *response.status_mut() = code;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
        headers.insert(
            header::CACHE_CONTROL,
            HeaderValue::from_static("no-cache, private"),
        );
        if let Ok(date) = HeaderValue::from_str(&http_date(now)) {
            headers.insert(header::DATE, date);
        }
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        for warning in warnings {
            let quoted = warning.replace('\\', "\\\\").replace('"', "\\\"");
            if let Ok(value) = HeaderValue::from_str(&format!("299 - \"{quoted}\"")) {
                headers.append(header::WARNING, value);
            }
        }
        response
    }
}

/// Writes objects of one kind in the shape that a request wants.
#[derive(Debug)]
pub(crate) struct Shaper {
    resource: Arc<Resource>,
    form: Form,
}

#[derive(Debug)]
enum Form {
    Whole,
    Metadata,
    Table {
        columns: Box<Columns>,
        include: Include,
        /// Whether the next Table says what its columns are: in a watch only the first does.
        headers: bool,
    },
}

impl Shaper {
    pub(crate) fn new(
        resource: Arc<Resource>,
        shape: Shape,
        query: &Query,
    ) -> Result<Self, ApiError> {
        let form = match shape {
            Shape::Whole => Form::Whole,
            Shape::Metadata => Form::Metadata,
            Shape::Table => {
                let columns = match &resource.custom {
                    Some(custom) => Columns::custom(&custom.version).map_err(ApiError::internal)?,
                    None => Columns::built_in(&resource.gvk),
                };
                let include = query.get("includeObject").unwrap_or("");
                Form::Table {
                    columns: Box::new(columns),
                    include: Include::parse(include).ok_or_else(|| {
                        ApiError::bad_request(format!(
                            "includeObject: Unsupported value: {include:?}: supported values: \"\", \"Metadata\", \"None\", \"Object\""
                        ))
                    })?,
                    headers: true,
                }
            }
        };
        Ok(Self { resource, form })
    }

    /// One object, at a time of the cluster's clock.
    pub(crate) fn one(&self, held: &Held, now: DateTime<Utc>) -> Value {
        match &self.form {
            Form::Whole => whole(held),
            Form::Metadata => partial(&whole(held)),
            Form::Table {
                columns,
                include,
                headers,
            } => {
                let metadata = json!({"resourceVersion": object::version(&held.object)});
                let rows = std::iter::once(held.object.as_ref());
                let mut table = columns.table(rows, metadata, *include, *headers, now);
                with_managers(&mut table, std::slice::from_ref(held));
                table
            }
        }
    }

    /// One object of a watch.
    pub(crate) fn event(&mut self, held: &Held, now: DateTime<Utc>) -> Value {
        let shown = self.one(held, now);
        if let Form::Table { headers, .. } = &mut self.form {
            *headers = false;
        }
        shown
    }

    /// The object of a bookmark: only a kind and a revision.
    pub(crate) fn bookmark(&self, revision: u64) -> Value {
        let gvk = &self.resource.gvk;
        json!({
            "kind": gvk.kind,
            "apiVersion": gvk.api_version(),
            "metadata": {"resourceVersion": revision.to_string(), "creationTimestamp": null},
        })
    }

    /// A list.
    pub(crate) fn list(&self, page: &Page, now: DateTime<Utc>) -> Result<String, ApiError> {
        let gvk = &self.resource.gvk;
        match &self.form {
            Form::Table {
                columns, include, ..
            } => {
                let rows = page.items.iter().map(|held| held.object.as_ref());
                let metadata = page.metadata.clone();
                let mut table = columns.table(rows, metadata, *include, true, now);
                with_managers(&mut table, &page.items);
                Ok(table.to_string())
            }
            Form::Whole => serde_json::to_string(&List {
                kind: &self.resource.list_kind,
                api_version: gvk.api_version(),
                page,
                bare: self.resource.custom.is_none(),
            })
            .map_err(ApiError::internal),
            Form::Metadata => {
                let items: Vec<Value> = page.items.iter().map(|o| partial(&whole(o))).collect();
                Ok(json!({
                    "kind": "PartialObjectMetadataList",
                    "apiVersion": "meta.k8s.io/v1",
                    "metadata": page.metadata,
                    "items": items,
                })
                .to_string())
            }
        }
    }
}

/// An object with the owners of its fields, as everybody gets it.
fn whole(held: &Held) -> Value {
    let mut object = Value::clone(&held.object);
    add_managers(&mut object, held);
    object
}

fn add_managers(object: &mut Value, held: &Held) {
    if !held.managers.is_empty() {
        let managers = crate::apply::written(&held.managers);
        object::metadata(object).insert("managedFields".into(), managers);
    }
}

/// The objects of a Table have them too.
fn with_managers(table: &mut Value, rows: &[Held]) {
    let shown = table.get_mut("rows").and_then(Value::as_array_mut);
    for (row, held) in shown.into_iter().flatten().zip(rows) {
        if let Some(object) = row.get_mut("object").filter(|object| object.is_object()) {
            add_managers(object, held);
        }
    }
}

fn partial(object: &Value) -> Value {
    json!({
        "kind": "PartialObjectMetadata",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": object.get("metadata"),
    })
}

/// The Status of something done.
pub(crate) fn success(resource: &Resource, last: &Value) -> Value {
    let id = &resource.id;
    let mut details = json!({
        "name": object::name(last),
        "kind": id.resource,
        "uid": object::uid(last),
    });
    if !id.group.is_empty() {
        object::as_map(&mut details).insert("group".into(), id.group.clone().into());
    }
    json!({
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": details,
    })
}

/// A list written without copying its items. Items of built-in kinds come without `apiVersion`
/// and `kind`, as from the real server.
struct List<'a> {
    kind: &'a str,
    api_version: String,
    page: &'a Page,
    bare: bool,
}

impl Serialize for List<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(4))?;
        map.serialize_entry("kind", self.kind)?;
        map.serialize_entry("apiVersion", &self.api_version)?;
        map.serialize_entry("metadata", &self.page.metadata)?;
        map.serialize_entry("items", &Items(&self.page.items, self.bare))?;
        map.end()
    }
}

struct Items<'a>(&'a [Held], bool);

impl Serialize for Items<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        for item in self.0 {
            list.serialize_element(&Item(item, self.1))?;
        }
        list.end()
    }
}

/// One item, and whether it comes without its kind.
struct Item<'a>(&'a Held, bool);

impl Serialize for Item<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields = self.0.object.as_object().into_iter().flatten();
        let mut map = serializer.serialize_map(None)?;
        for (key, value) in fields {
            match key.as_str() {
                "apiVersion" | "kind" if self.1 => {}
                "metadata" => map.serialize_entry(key, &Metadata(value, self.0))?,
                _ => map.serialize_entry(key, value)?,
            }
        }
        map.end()
    }
}

struct Metadata<'a>(&'a Value, &'a Held);

impl Serialize for Metadata<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (key, value) in self.0.as_object().into_iter().flatten() {
            map.serialize_entry(key, value)?;
        }
        if !self.1.managers.is_empty() {
            map.serialize_entry("managedFields", &crate::apply::written(&self.1.managers))?;
        }
        map.end()
    }
}
