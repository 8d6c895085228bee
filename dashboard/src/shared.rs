//! What all viewers share.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crds::Time;
use kube::Client;
use tokio::sync::{Semaphore, watch};

use crate::Clock;
use crate::page::OpenPage;
use crate::state::{Key, State};

/// Streams at once; a browser tab needs one.
pub(crate) const STREAMS: usize = 128;

/// What all viewers share: the state, and the pages that somebody looks at.
pub(crate) struct Shared {
    pub(crate) client: Client,
    pub(crate) namespace: Option<String>,
    pub(crate) streams: Arc<Semaphore>,
    clock: Clock,
    state: Mutex<State>,
    changed: watch::Sender<()>,
    pages: Mutex<BTreeMap<Key, Weak<OpenPage>>>,
}

impl Shared {
    pub(crate) fn new(client: Client, namespace: Option<String>, clock: Clock) -> Self {
        Self {
            client,
            namespace,
            streams: Arc::new(Semaphore::new(STREAMS)),
            clock,
            state: Mutex::new(State::new()),
            changed: watch::Sender::new(()),
            pages: Mutex::default(),
        }
    }

    /// The time of the cluster.
    pub(crate) fn now(&self) -> Time {
        (self.clock)()
    }

    /// The state, to be read.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state and wakes everybody who looks at it.
    pub(crate) fn update(&self, change: impl FnOnce(&mut State, Time)) {
        change(&mut self.state(), self.now());
        self.changed.send_replace(());
    }

    /// Wakes when the state changes.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// The page of a Rollout: the one that is open already, or a new one.
    pub(crate) fn open(&self, key: &Key) -> Arc<OpenPage> {
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        pages.retain(|_, page| page.strong_count() > 0);
        if let Some(page) = pages.get(key).and_then(Weak::upgrade) {
            return page;
        }
        let page = OpenPage::open(&self.client, key);
        pages.insert(key.clone(), Arc::downgrade(&page));
        page
    }
}
