//! What the server says about itself: health, version, discovery, OpenAPI.

use super::call::Call;
use super::reply::Reply;
use super::request::Request;
use crate::error::ApiError;
use crate::resources::is_known_elsewhere;
use crate::{discovery, openapi};

/// The answer to a path that is no resource; `None` for one that may be a resource.
pub(super) fn answer(call: &Call<'_>, request: &Request) -> Result<Option<Reply>, ApiError> {
    let path = request.path.trim_matches('/');
    let parts: Vec<&str> = path.split('/').collect();
    let registry = &call.state.registry;
    let aggregated = discovery::wants_aggregated(request.header("accept"));
    let found = match parts.as_slice() {
        ["healthz" | "livez" | "readyz"] => {
            return only_get(request, Reply::text(200, "ok".into()));
        }
        ["api"] | ["apis"] if aggregated => {
            let all = discovery::aggregated(registry, parts == ["api"]);
            let reply = Reply::of_type(200, discovery::AGGREGATED, all.to_string());
            return only_get(request, reply);
        }
        ["version"] => Some(discovery::version()),
        ["api"] => Some(discovery::core_versions()),
        ["apis"] => Some(discovery::groups(registry)),
        ["api", version] => discovery::resources(registry, "", version),
        ["apis", group] => discovery::group(registry, group),
        ["apis", group, version] => discovery::resources(registry, group, version),
        ["openapi", "v3"] => Some(openapi::index(registry)),
        ["openapi", "v3", "api", version] => openapi::document(registry, "", version),
        ["openapi", "v3", "apis", group, version] => openapi::document(registry, group, version),
        ["openapi", "v2"] => return Err(ApiError::not_modelled("/openapi/v2")),
        _ => return Ok(None),
    };
    match (found, parts.as_slice()) {
        (Some(found), _) => only_get(request, Reply::json(200, &found)),
        (None, ["apis", group, ..]) if is_known_elsewhere(group, "") => {
            Err(ApiError::not_modelled(format!("the API group {group}")))
        }
        (None, _) => Err(ApiError::unknown_path()),
    }
}

fn only_get(request: &Request, reply: Reply) -> Result<Option<Reply>, ApiError> {
    if request.method == http::Method::GET {
        return Ok(Some(reply));
    }
    Err(ApiError::new(
        405,
        "MethodNotAllowed",
        "the server does not allow this method on the requested resource",
    ))
}
