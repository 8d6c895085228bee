//! What a cluster's own rules refuse: a quota on pods, and verbs that are denied.

use std::collections::BTreeMap;

use super::call::Call;
use crate::error::ApiError;
use crate::fault::RequestInfo;
use crate::object::text;
use crate::resources::{GroupResource, Resource};

/// A rule of the cluster that refuses requests, as a validating webhook does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// Requests on this resource and its subresources.
    pub resource: GroupResource,
    /// `create`, `update`, `patch`, `delete`; empty for every writing verb.
    pub verb: String,
    /// Why, as the user is told.
    pub why: String,
}

/// The rules in force.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    /// Most pods a namespace may have.
    pub(crate) pods: BTreeMap<String, usize>,
    pub(crate) denials: Vec<Denial>,
}

impl Rules {
    /// The refusal of a request, if a rule denies it.
    ///
    /// Source: the text is the API server's for a webhook whose answer has no code.
    pub(crate) fn denied(&self, request: &RequestInfo) -> Option<ApiError> {
        let denial = self.denials.iter().find(|it| {
            request.is_write()
                && request.resource.as_ref() == Some(&it.resource)
                && (it.verb.is_empty() || it.verb == request.verb)
        })?;
        let message = format!(
            "admission webhook \"rules.sim.rollouts.dev\" denied the request: {}",
            denial.why
        );
        Some(ApiError::new(403, "Forbidden", message))
    }
}

impl Call<'_> {
    /// Refuses a pod above the quota of its namespace; pods count until they are gone or finished.
    pub(super) fn check_quota(
        &self,
        resource: &Resource,
        namespace: &str,
        name: &str,
    ) -> Result<(), ApiError> {
        let is_pod = resource.id.group.is_empty() && resource.id.resource == "pods";
        let Some(limit) = self.state.rules.pods.get(namespace).filter(|_| is_pod) else {
            return Ok(());
        };
        let used = self
            .state
            .store
            .list(&resource.id, Some(namespace))
            .filter(|pod| !matches!(text(pod, "/status/phase"), "Succeeded" | "Failed"))
            .count();
        if used < *limit {
            return Ok(());
        }
        let why = format!(
            "exceeded quota: pods, requested: pods=1, used: pods={used}, limited: pods={limit}"
        );
        Err(ApiError::forbidden(&resource.id, name, &why))
    }
}
