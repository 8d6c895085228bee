//! What all viewers share.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crds::Time;

use kube::Client;
use tokio::sync::watch;

use crate::access::{Access, Who};
use crate::page::{OpenPage, selector};
use crate::refused::Refused;
use crate::sight::{Scene, Sight};
use crate::state::State;
use crate::viewers::Viewers;
use crate::watched::Key;
use crate::{Clock, Login, Options};

/// What all viewers share: the state, and the pages that somebody looks at.
pub(crate) struct Shared {
    pub(crate) client: Client,
    pub(crate) namespace: Option<String>,
    pub(crate) login: Login,
    pub(crate) hosts: Vec<String>,
    pub(crate) access: Access,
    pub(crate) viewers: Viewers,
    clock: Clock,
    state: Mutex<State>,
    changed: watch::Sender<()>,
    pages: Mutex<BTreeMap<Key, Weak<OpenPage>>>,
}

impl Shared {
    pub(crate) fn new(client: Client, options: Options) -> Self {
        Self {
            access: Access::new(client.clone()),
            client,
            namespace: options.namespace,
            login: options.login,
            hosts: options.hosts,
            viewers: Viewers::default(),
            clock: options.clock,
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

    /// What somebody sees of the list, and of a page.
    ///
    /// # Errors
    /// The refusal while the API server does not answer.
    pub(crate) async fn sight(
        &self,
        who: &Who,
        namespaces: &BTreeSet<String>,
        page: Option<&Key>,
    ) -> Result<Sight, Refused> {
        let scene = Scene {
            namespaces,
            page: page.map(|(namespace, _)| namespace.as_str()),
            only: self.namespace.as_deref(),
        };
        Sight::of(who, scene, &self.access).await
    }

    /// The page of a Rollout: the one that is open already, or a new one.
    pub(crate) fn open(&self, key: &Key) -> Arc<OpenPage> {
        let wanted = selector(self.state().rollout(key).as_ref());
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        pages.retain(|_, page| page.strong_count() > 0);
        let open = pages.get(key).and_then(Weak::upgrade);
        if let Some(page) = open.filter(|page| page.selector() == wanted) {
            return page;
        }
        let page = OpenPage::open(&self.client, key, wanted);
        pages.insert(key.clone(), Arc::downgrade(&page));
        page
    }
}
