//! The API server's word on what the controller may do: exactly what is installed for it.

use controller::rights::{LEASE, Place, RIGHTS, Right};
use sim::{ApiError, Intercept, Phase, RequestInfo};

/// Refuses a request of the controller that none of its rights covers, as RBAC does.
#[must_use]
pub fn hold(request: &RequestInfo) -> Option<Intercept> {
    hold_to(RIGHTS.iter().copied(), request)
}

/// As [`hold`], with these rights.
#[must_use]
pub fn hold_to(
    mut rights: impl Iterator<Item = Right>,
    request: &RequestInfo,
) -> Option<Intercept> {
    let is_ours = request.writer == "rollouts-controller" && request.phase == Phase::Before;
    let resource = request.resource.as_ref().filter(|_| is_ours)?;
    let named = match request.subresource.as_str() {
        "" => resource.resource.clone(),
        subresource => format!("{}/{subresource}", resource.resource),
    };
    let covers = |right: Right| {
        right.group == resource.group
            && right.resource == named
            && right.verbs.contains(&request.verb.as_str())
            && match right.place {
                Place::Watched | Place::Own | Place::Cluster => true,
                Place::OwnLease => request.name.starts_with(LEASE),
            }
    };
    if rights.any(covers) {
        return None;
    }
    let why = format!(
        "User \"rollouts-controller\" cannot {} resource \"{named}\" in API group \"{}\" in the namespace \"{}\"",
        request.verb, resource.group, request.namespace
    );
    let message = format!("{named} \"{}\" is forbidden: {why}", request.name);
    Some(Intercept::Answer(ApiError::new(403, "Forbidden", message)))
}
