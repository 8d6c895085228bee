//! The objects of one kind, as a watch tells them.

use std::collections::BTreeMap;

use kube::core::DynamicObject;
use kube::runtime::watcher::{self, Event};

/// Namespace and name.
pub(crate) type Key = (String, String);

/// The objects of one kind; of each what `T` keeps.
pub(crate) struct Watched<T> {
    objects: BTreeMap<Key, T>,
    /// Objects of a list that is still being received.
    incoming: BTreeMap<Key, T>,
    is_complete: bool,
    trouble: Option<String>,
}

impl<T> Default for Watched<T> {
    fn default() -> Self {
        Self {
            objects: BTreeMap::new(),
            incoming: BTreeMap::new(),
            is_complete: false,
            trouble: None,
        }
    }
}

impl<T> Watched<T> {
    pub(crate) const fn objects(&self) -> &BTreeMap<Key, T> {
        &self.objects
    }

    /// Whether all of them were seen once.
    pub(crate) const fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// Why they are not up to date.
    pub(crate) fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// Takes in what the watch tells; `take` says what is kept of an object.
    ///
    /// Returns what was touched, each with what was kept of it before.
    pub(crate) fn apply(
        &mut self,
        event: Result<Event<DynamicObject>, watcher::Error>,
        take: impl Fn(DynamicObject) -> Option<(Key, T)>,
    ) -> Vec<(Key, Option<T>)> {
        let event = match event {
            Ok(event) => event,
            Err(error) => {
                self.trouble = Some(words(&error));
                return Vec::new();
            }
        };
        match event {
            Event::Init => {
                self.incoming.clear();
                Vec::new()
            }
            Event::InitApply(object) => {
                self.incoming.extend(take(object));
                Vec::new()
            }
            Event::InitDone => {
                self.trouble = None;
                self.is_complete = true;
                let seen = std::mem::take(&mut self.incoming);
                let mut before = std::mem::replace(&mut self.objects, seen);
                let there = self.objects.keys();
                let mut touched: Vec<_> =
                    there.map(|key| (key.clone(), before.remove(key))).collect();
                touched.extend(before.into_iter().map(|(key, gone)| (key, Some(gone))));
                touched
            }
            Event::Apply(object) => {
                self.trouble = None;
                let Some((key, kept)) = take(object) else {
                    return Vec::new();
                };
                let before = self.objects.insert(key.clone(), kept);
                vec![(key, before)]
            }
            Event::Delete(object) => {
                let Some((key, _)) = take(object) else {
                    return Vec::new();
                };
                let before = self.objects.remove(&key);
                vec![(key, before)]
            }
        }
    }

    /// Notes that the cluster does not have this kind: there are none, and that is no trouble.
    pub(crate) fn note_absent(&mut self) {
        *self = Self {
            is_complete: true,
            ..Self::default()
        };
    }
}

/// Whether the cluster does not have the kind that was asked for.
pub(crate) fn is_absent(error: &watcher::Error) -> bool {
    let error = match error {
        watcher::Error::InitialListFailed(error) | watcher::Error::WatchStartFailed(error) => error,
        _ => return false,
    };
    matches!(error, kube::Error::Api(status) if status.code == 404)
}

/// An error of a watch with its cause, once each.
fn words(error: &watcher::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let words = cause.to_string();
        if !text.contains(&words) {
            text = format!("{text}: {words}");
        }
        source = cause.source();
    }
    text
}
