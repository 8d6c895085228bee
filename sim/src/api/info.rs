//! What fault hooks are told about a request.

use super::request::{Request, Target};
use crate::cluster::Server;
use crate::fault::{Phase, RequestInfo};
use crate::resources::GroupResource;

/// What hooks are told about a request that has not been carried out yet.
pub(super) fn of(server: &Server, request: &Request) -> RequestInfo {
    let target = Target::parse(&request.path).filter(|t| {
        let state = server.lock();
        let served = state.registry.at_path(&t.group, &t.version, &t.plural);
        served.is_some()
    });
    let collection = target.as_ref().is_none_or(|t| t.name.is_empty());
    let verb = match request.method.as_str() {
        "GET" if request.query.flag("watch") => "watch",
        "GET" if collection && target.is_some() => "list",
        "GET" | "HEAD" => "get",
        "POST" => "create",
        "PUT" => "update",
        "PATCH" => "patch",
        "DELETE" if collection => "deletecollection",
        "DELETE" => "delete",
        other => other,
    };
    RequestInfo {
        phase: Phase::Before,
        verb: verb.to_owned(),
        resource: target
            .as_ref()
            .map(|t| GroupResource::new(&t.group, &t.plural)),
        subresource: target
            .as_ref()
            .map_or_else(String::new, |t| t.subresource.clone()),
        namespace: target
            .as_ref()
            .map_or_else(String::new, |t| t.namespace.clone()),
        name: target.map_or_else(String::new, |t| t.name),
        path: request.path.clone(),
        writer: request.writer(),
        body: request.body.clone(),
    }
}
