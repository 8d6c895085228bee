//! Lists: selectors, pages, resourceVersion.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::call::Call;
use super::request::Query;
use crate::error::ApiError;
use crate::field_error::FieldError;
use crate::object;
use crate::resources::Resource;
use crate::selector::{FieldSelector, LabelSelector};
use crate::store::Held;

/// Which objects of a collection are wanted.
#[derive(Debug, Clone)]
pub(crate) struct Selection {
    /// `None` for all namespaces and for cluster-scoped kinds.
    pub(crate) namespace: Option<String>,
    /// Of a watch on one object; empty otherwise.
    name: String,
    labels: LabelSelector,
    fields: FieldSelector,
}

impl Selection {
    pub(crate) fn read(
        resource: &Resource,
        (namespace, name): (&str, &str),
        query: &Query,
    ) -> Result<Self, ApiError> {
        let labels = LabelSelector::parse(query.get("labelSelector").unwrap_or(""))
            .map_err(|why| ApiError::bad_request(format!("unable to parse requirement: {why}")))?;
        if !query.flag("watch") {
            check_matching(query)?;
        }
        let fields = FieldSelector::parse(&resource.gvk, query.get("fieldSelector").unwrap_or(""))
            .map_err(ApiError::bad_request)?;
        Ok(Self {
            namespace: (!namespace.is_empty()).then(|| namespace.to_owned()),
            name: name.to_owned(),
            labels,
            fields,
        })
    }

    pub(crate) fn matches(&self, object: &Value) -> bool {
        let here = |ns: &String| ns == object::namespace(object);
        self.namespace.as_ref().is_none_or(here)
            && (self.name.is_empty() || self.name == object::name(object))
            && self.labels.matches(object)
            && self.fields.matches(object)
    }
}

/// A page of a list.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) items: Vec<Held>,
    /// `metadata` of the list.
    pub(crate) metadata: Value,
}

/// Where the next page begins: the revision that all pages show, and the last object of this one.
struct Continue {
    revision: u64,
    namespace: String,
    name: String,
}

impl Call<'_> {
    /// The objects of a collection.
    pub(crate) fn list(
        &self,
        resource: &Resource,
        selection: &Selection,
        query: &Query,
    ) -> Result<Page, ApiError> {
        let current = self.state.store.revision();
        let limit = query.number("limit")?.unwrap_or(0);
        let version = query.number("resourceVersion")?;
        let start = query.get("continue").map(read_continue).transpose()?;
        if start.is_some() && version.is_some_and(|v| v != 0) {
            return Err(ApiError::bad_request(
                "specifying resource version is not allowed when using continue",
            ));
        }
        if let Some(wanted) = version
            && wanted > current
        {
            return Err(ApiError::version_too_large(wanted, current));
        }
        let exact = query.get("resourceVersionMatch") == Some("Exact");
        let revision = match (&start, version) {
            (Some(start), _) => start.revision,
            (None, Some(version)) if exact => version,
            (None, _) => current,
        };
        let namespace = selection.namespace.as_deref();
        let all: Vec<Held> = if revision == current {
            self.state
                .store
                .list_held(&resource.id, namespace)
                .cloned()
                .collect()
        } else {
            let gone = || {
                if start.is_some() {
                    ApiError::expired(
                        "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.",
                    )
                } else {
                    ApiError::expired("The resourceVersion for the provided list is too old.")
                }
            };
            self.state
                .store
                .list_at(&resource.id, namespace, revision)
                .ok_or_else(gone)?
        };
        let last = all.last().map(|held| held.object.clone());
        let mut items: Vec<Held> = all
            .into_iter()
            .filter(|held| {
                let at = (object::namespace(&held.object), object::name(&held.object));
                start
                    .as_ref()
                    .is_none_or(|s| at > (&*s.namespace, &*s.name))
            })
            .filter(|held| selection.matches(&held.object))
            .collect();
        let mut metadata = json!({"resourceVersion": revision.to_string()});
        if resource.custom.is_some() {
            object::as_map(&mut metadata).insert("continue".into(), "".into());
        }
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let remaining = items.len().saturating_sub(limit);
        if limit > 0 && items.len() >= limit {
            items.truncate(limit);
        }
        // Whether there is more is told without a look at it, but for a single name.
        let is_full = limit > 0 && items.len() == limit;
        let at = |object: &Value| {
            (
                object::namespace(object).to_owned(),
                object::name(object).to_owned(),
            )
        };
        if is_full
            && !selection.fields.is_one_name()
            && let (Some(shown), Some(last)) = (items.last(), last)
            && at(&shown.object) < at(&last)
        {
            let token = write_continue(revision, &shown.object);
            let map = object::as_map(&mut metadata);
            map.insert("continue".into(), token.into());
            if query.get("labelSelector").is_none() && query.get("fieldSelector").is_none() {
                map.insert("remainingItemCount".into(), remaining.into());
            }
        }
        Ok(Page { items, metadata })
    }
}

/// How a resourceVersion is to be matched, where that can be said.
///
/// # Errors
/// 422.
fn check_matching(query: &Query) -> Result<(), ApiError> {
    let Some(matching) = query.get("resourceVersionMatch") else {
        return Ok(());
    };
    let field = "resourceVersionMatch";
    let mut errors = Vec::new();
    let version = query.get("resourceVersion");
    if version.is_none() {
        let detail = "resourceVersionMatch is forbidden unless resourceVersion is provided";
        errors.push(FieldError::forbidden(field, detail));
    }
    if query.get("continue").is_some() {
        let detail = "resourceVersionMatch is forbidden when continue is provided";
        errors.push(FieldError::forbidden(field, detail));
    }
    if !matches!(matching, "Exact" | "NotOlderThan") {
        let known = ["Exact", "NotOlderThan"];
        errors.push(FieldError::not_supported(field, &matching.into(), &known));
    }
    if matching == "Exact" && version == Some("0") {
        let detail = "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"";
        errors.push(FieldError::forbidden(field, detail));
    }
    if errors.is_empty() {
        return Ok(());
    }
    Err(ApiError::invalid("meta.k8s.io", "ListOptions", "", &errors))
}

fn write_continue(revision: u64, last: &Value) -> String {
    let token = json!({
        "v": "meta.k8s.io/v1",
        "rv": revision,
        "start": format!("{}/{}", object::namespace(last), object::name(last)),
    });
    URL_SAFE_NO_PAD.encode(token.to_string())
}

fn read_continue(token: &str) -> Result<Continue, ApiError> {
    let read = || {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let token: Value = serde_json::from_slice(&bytes).ok()?;
        let (namespace, name) = object::text(&token, "/start").split_once('/')?;
        Some(Continue {
            revision: token.get("rv")?.as_u64()?,
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        })
    };
    read().ok_or_else(|| ApiError::bad_request("continue key is not valid"))
}
