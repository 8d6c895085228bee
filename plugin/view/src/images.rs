//! Which images run, and as what.

use schemars::JsonSchema;
use serde::Serialize;

use crate::replica_set::ReplicaSetView;

/// An image that runs in some ReplicaSet with pods.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ImageView {
    /// The image.
    pub image: String,
    /// The roles of the ReplicaSets that run it.
    pub tags: Vec<String>,
}

/// The order of roles of one ReplicaSet in the image list, which is not that of its own row.
const ORDER: [&str; 6] = ["canary", "stable", "active", "preview", "ping", "pong"];

/// Images of the ReplicaSets that have pods, sorted, each once.
///
/// An image that several ReplicaSets run has all their roles, then in alphabetical order.
///
/// Source: `compat/cli.md` §5 "Images".
pub(crate) fn images<'a>(replica_sets: impl Iterator<Item = &'a ReplicaSetView>) -> Vec<ImageView> {
    let mut images: Vec<ImageView> = Vec::new();
    for replica_set in replica_sets.filter(|set| set.replicas > 0) {
        let tags: Vec<String> = ORDER
            .into_iter()
            .filter(|tag| replica_set.is(tag))
            .map(str::to_owned)
            .collect();
        for image in &replica_set.images {
            match images.iter_mut().find(|seen| seen.image == *image) {
                None => images.push(ImageView {
                    image: image.clone(),
                    tags: tags.clone(),
                }),
                Some(seen) => {
                    seen.tags.extend(tags.iter().cloned());
                    seen.tags.sort();
                    seen.tags.dedup();
                }
            }
        }
    }
    images.sort_by(|a, b| a.image.cmp(&b.image));
    images
}
