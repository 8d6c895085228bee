//! Links that people put on a Rollout for other tools: dashboards, tickets, the app itself.

use crds::Rollout;
use schemars::JsonSchema;
use serde::Serialize;

/// Annotations that are links begin with this; what follows is the title.
const PREFIX: &str = "link.argocd.argoproj.io/";

/// A link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LinkView {
    /// What it leads to.
    pub title: String,
    /// An address that begins with `https://` or `http://`.
    pub url: String,
}

/// The links of a Rollout, by title. Anything but http and https is left out: an address may run
/// code in the page that shows it.
///
/// The value is an address, or a title, a bar and an address.
///
/// Source: Argo CD, "External URL links" (`docs/user-guide/external-url.md`).
pub(crate) fn links(rollout: &Rollout) -> Vec<LinkView> {
    let annotations = rollout.metadata.annotations.iter().flatten();
    let mut links: Vec<LinkView> = annotations
        .filter_map(|(name, value)| {
            let name = name.strip_prefix(PREFIX)?;
            let (title, url) = match value.split_once('|') {
                Some((title, url)) if !title.is_empty() => (title, url),
                _ => (name, value.as_str()),
            };
            let is_safe = ["https://", "http://"]
                .iter()
                .any(|scheme| url.starts_with(scheme));
            is_safe.then(|| LinkView {
                title: title.to_owned(),
                url: url.to_owned(),
            })
        })
        .collect();
    links.sort_by(|a, b| (&a.title, &a.url).cmp(&(&b.title, &b.url)));
    links
}
