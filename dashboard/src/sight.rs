//! What somebody may see.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::{FutureExt, StreamExt, TryFutureExt, TryStreamExt, stream};

use crate::access::{Access, Who};
use crate::kind::Kind;
use crate::login::Person;
use crate::refused::Refused;

/// Namespaces that are asked about at once.
const AT_ONCE: usize = 16;

/// What somebody may see: kinds everywhere, and further kinds in some namespaces.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(crate) struct Sight {
    everywhere: BTreeSet<Kind>,
    /// An entry for each namespace that was asked about.
    namespaces: BTreeMap<String, BTreeSet<Kind>>,
}

/// Where somebody looks.
pub(crate) struct Scene<'a> {
    /// Namespaces with Rollouts.
    pub(crate) namespaces: &'a BTreeSet<String>,
    /// The namespace of the page they have opened.
    pub(crate) page: Option<&'a str>,
    /// Whether the dashboard shows this namespace only.
    pub(crate) only: Option<&'a str>,
}

impl Sight {
    /// Of somebody who sees whatever is read.
    pub(crate) fn unlimited() -> Self {
        Self {
            everywhere: Kind::SHARED.into_iter().chain(Kind::OF_PAGE).collect(),
            namespaces: BTreeMap::new(),
        }
    }

    pub(crate) fn sees(&self, kind: Kind, namespace: &str) -> bool {
        self.everywhere.contains(&kind)
            || self
                .namespaces
                .get(namespace)
                .is_some_and(|kinds| kinds.contains(&kind))
    }

    /// Whether nothing has to be asked for these namespaces.
    pub(crate) fn covers(&self, namespaces: &BTreeSet<String>) -> bool {
        Kind::SHARED
            .iter()
            .all(|kind| self.everywhere.contains(kind))
            || namespaces
                .iter()
                .all(|namespace| self.namespaces.contains_key(namespace))
    }

    /// What `who` sees of `scene`.
    ///
    /// Somebody who may list Rollouts in every namespace costs two questions, others two for each
    /// namespace; an open page costs five more.
    ///
    /// # Errors
    /// The refusal while the API server does not answer.
    pub(crate) async fn of(who: &Who, scene: Scene<'_>, access: &Access) -> Result<Self, Refused> {
        let person = match who {
            Who::Anybody => return Ok(Self::unlimited()),
            Who::Person(person) => person,
        };
        let mut sight = Self::default();
        if scene.only.is_none() {
            let kinds = Kind::SHARED.into_iter();
            let of_page = Kind::OF_PAGE.into_iter().filter(|_| scene.page.is_some());
            let kinds: BTreeSet<Kind> = kinds.chain(of_page).collect();
            sight.everywhere = allowed(access, person, None, kinds).await?;
        }
        let everywhere = &sight.everywhere;
        let mut places: BTreeSet<&str> = BTreeSet::new();
        if !Kind::SHARED.iter().all(|kind| everywhere.contains(kind)) {
            places.extend(scene.namespaces.iter().map(String::as_str));
        }
        places.extend(scene.page);
        places.retain(|place| scene.only.is_none_or(|only| only == *place));
        let mut asked = Vec::new();
        for place in places {
            let kinds = Kind::SHARED.into_iter();
            let of_page = Kind::OF_PAGE.into_iter();
            let kinds = kinds.chain(of_page.filter(|_| scene.page == Some(place)));
            let kinds = kinds.filter(|kind| !everywhere.contains(kind)).collect();
            let answer = allowed(access, person, Some(place), kinds);
            asked.push(
                answer
                    .map_ok(move |kinds| (place.to_owned(), kinds))
                    .boxed(),
            );
        }
        let namespaces = stream::iter(asked).buffer_unordered(AT_ONCE);
        sight.namespaces = namespaces.try_collect().await?;
        Ok(sight)
    }
}

async fn allowed(
    access: &Access,
    person: &Arc<Person>,
    namespace: Option<&str>,
    kinds: BTreeSet<Kind>,
) -> Result<BTreeSet<Kind>, Refused> {
    let mut asked = Vec::new();
    for kind in &kinds {
        asked.push(access.may(person, *kind, namespace).boxed());
    }
    let answers = futures::future::try_join_all(asked).await?;
    let answers = kinds.into_iter().zip(answers);
    Ok(answers
        .filter(|(_, may)| *may)
        .map(|(kind, _)| kind)
        .collect())
}
