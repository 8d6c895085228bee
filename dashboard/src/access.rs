//! Asks the API server who somebody is and what they may read, and remembers the answers for five
//! seconds.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use k8s_openapi::api::authentication::v1::{TokenReview, TokenReviewSpec};
use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SubjectAccessReview, SubjectAccessReviewSpec,
};
use kube::Client;
use kube::api::{Api, PostParams};
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::kind::Kind;
use crate::login::{Credentials, Person, Token};
use crate::refused::Refused;

/// How long an answer counts. A stream asks as often, so what is taken away from somebody is theirs
/// for ten seconds at most, in pages that are open too.
pub(crate) const FRESH: Duration = Duration::from_secs(5);
/// Questions on their way at once.
const AT_ONCE: usize = 16;
/// Answers that are remembered; beyond it old ones are forgotten early.
const REMEMBERED: usize = 16 * 1024;

/// Somebody who looks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Who {
    /// Whoever sits at this machine.
    Anybody,
    Person(Arc<Person>),
}

/// A question about a right: of whom, to list what, where (`None`: in all namespaces).
type Asked = (Arc<Person>, Kind, Option<String>);

pub(crate) struct Access {
    client: Client,
    at_once: Semaphore,
    /// By the digest of the token; `None` for one that is not good.
    people: Memory<[u8; 32], Option<Arc<Person>>>,
    rights: Memory<Asked, bool>,
}

impl Access {
    pub(crate) fn new(client: Client) -> Self {
        Self {
            client,
            at_once: Semaphore::new(AT_ONCE),
            people: Memory::default(),
            rights: Memory::default(),
        }
    }

    /// Who has sent these credentials, or the refusal of somebody who is not known.
    pub(crate) async fn who(&self, credentials: &Credentials) -> Result<Who, Refused> {
        let person = match credentials {
            Credentials::None => return Ok(Who::Anybody),
            Credentials::Person(person) => Some(person.clone()),
            Credentials::Token(token) => self.owner(token).await?,
        };
        person.map(Who::Person).ok_or_else(|| {
            Refused::unknown("this token is not good, or not any more; get another one")
        })
    }

    async fn owner(&self, token: &Token) -> Result<Option<Arc<Person>>, Refused> {
        let digest: [u8; 32] = Sha256::digest(token.reveal()).into();
        if let Some(known) = self.people.recall(&digest) {
            return Ok(known);
        }
        let _turn = self.at_once.acquire().await;
        let review = TokenReview {
            spec: TokenReviewSpec {
                token: token.reveal().to_owned(),
                ..TokenReviewSpec::default()
            },
            ..TokenReview::default()
        };
        let reviews: Api<TokenReview> = Api::all(self.client.clone());
        let reviewed = reviews.create(&PostParams::default(), &review).await;
        let reviewed = reviewed.map_err(|error| unanswered("who you are", &error))?;
        let user = reviewed
            .status
            .filter(|status| status.authenticated == Some(true))
            .and_then(|status| status.user);
        let person = user.map(|user| {
            Arc::new(Person {
                name: user.username.unwrap_or_default(),
                uid: user.uid,
                groups: user.groups.unwrap_or_default(),
                extra: user.extra.unwrap_or_default(),
            })
        });
        // A user without a name would be asked about as nobody.
        let person = person.filter(|person| !person.name.is_empty());
        self.people.keep(digest, person.clone());
        Ok(person)
    }

    /// Whether somebody may list this kind; in all namespaces where none is named.
    pub(crate) async fn may(
        &self,
        person: &Arc<Person>,
        kind: Kind,
        namespace: Option<&str>,
    ) -> Result<bool, Refused> {
        let asked = (person.clone(), kind, namespace.map(str::to_owned));
        if let Some(known) = self.rights.recall(&asked) {
            return Ok(known);
        }
        let _turn = self.at_once.acquire().await;
        // Somebody else may have asked the same meanwhile.
        if let Some(known) = self.rights.recall(&asked) {
            return Ok(known);
        }
        let review = SubjectAccessReview {
            spec: SubjectAccessReviewSpec {
                user: Some(person.name.clone()),
                uid: person.uid.clone(),
                groups: Some(person.groups.clone()),
                extra: Some(person.extra.clone()),
                resource_attributes: Some(ResourceAttributes {
                    group: Some(kind.group().to_owned()),
                    resource: Some(kind.plural().to_owned()),
                    verb: Some("list".to_owned()),
                    namespace: namespace.map(str::to_owned),
                    ..ResourceAttributes::default()
                }),
                ..SubjectAccessReviewSpec::default()
            },
            ..SubjectAccessReview::default()
        };
        let reviews: Api<SubjectAccessReview> = Api::all(self.client.clone());
        let reviewed = reviews.create(&PostParams::default(), &review).await;
        let reviewed = reviewed.map_err(|error| unanswered("what you may see", &error))?;
        let may = reviewed.status.is_some_and(|status| status.allowed);
        self.rights.keep(asked, may);
        Ok(may)
    }
}

/// The refusal while the API server does not answer: nobody sees anything then.
fn unanswered(what: &str, error: &kube::Error) -> Refused {
    tracing::warn!(%error, "dashboard: the API server does not say {what}");
    Refused::unavailable(format!("the API server does not say {what}: {error}"))
}

/// Answers with the moment they were given.
struct Memory<K, V>(Mutex<BTreeMap<K, (Instant, V)>>);

impl<K, V> Default for Memory<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Ord, V: Clone> Memory<K, V> {
    fn recall(&self, key: &K) -> Option<V> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, value) = all.get(key)?;
        (at.elapsed() < FRESH).then(|| value.clone())
    }

    fn keep(&self, key: K, value: V) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= REMEMBERED {
            all.retain(|_, (at, _)| at.elapsed() < FRESH);
        }
        // All of them new: somebody tries many tokens.
        if all.len() >= REMEMBERED {
            all.clear();
        }
        all.insert(key, (Instant::now(), value));
    }
}
