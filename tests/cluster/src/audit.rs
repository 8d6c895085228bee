//! What the API server was asked, by whom, and what it answered: its audit log.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use serde_json::Value;
use tests::reading::text;

/// The file that an API server writes, of which nothing is read twice.
#[derive(Debug)]
pub(crate) struct AuditLog {
    path: PathBuf,
    read: Mutex<Read>,
}

#[derive(Debug, Default)]
struct Read {
    bytes: u64,
    asked: Vec<Arc<Asked>>,
}

/// The audit log so far.
#[derive(Debug, Clone, Default)]
pub struct Audit(Vec<Arc<Asked>>);

/// One answered request.
#[derive(Debug, Clone)]
pub struct Asked {
    /// When it came, since 1970.
    pub at: Duration,
    /// The audit id, which who sends a request may choose.
    pub id: String,
    /// Who asked.
    pub user: String,
    /// What for.
    pub access: Access,
    /// Empty where there is none.
    pub namespace: String,
    /// Of the object; empty where there is none.
    pub name: String,
    /// Path and query.
    pub uri: String,
    /// The status of the answer.
    pub code: u16,
    /// What was sent, of writes that checkers read.
    pub sent: Value,
    /// The version of the object that the answer has.
    pub stored: Option<u64>,
}

/// What a right is about: verb, API group, resource with its subresource.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Access {
    /// As RBAC calls it, e.g. `patch`.
    pub verb: String,
    /// Empty for the core group.
    pub group: String,
    /// E.g. `rollouts/status`; a path such as `/version` where it is no resource.
    pub resource: String,
}

impl std::fmt::Display for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            verb,
            group,
            resource,
        } = self;
        write!(f, "{verb} {resource}")?;
        if group.is_empty() {
            Ok(())
        } else {
            write!(f, ".{group}")
        }
    }
}

impl AuditLog {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self {
            path,
            read: Mutex::default(),
        }
    }

    pub(crate) fn so_far(&self) -> anyhow::Result<Audit> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(read.bytes))?;
        let mut more = Vec::new();
        file.read_to_end(&mut more)?;
        // The last line may be half written.
        let complete = more.iter().rposition(|byte| *byte == b'\n');
        let complete = &more[..complete.map_or(0, |end| end + 1)];
        for line in complete.split_inclusive(|byte| *byte == b'\n') {
            // An API server that is killed may leave half a line, which the next one goes on with.
            let events = serde_json::Deserializer::from_slice(line).into_iter::<Value>();
            let events = events.map_while(Result::ok);
            read.asked.extend(events.map(|it| Arc::new(Asked::of(&it))));
        }
        read.bytes += u64::try_from(complete.len())?;
        Ok(Audit(read.asked.clone()))
    }
}

impl Audit {
    /// Everything that was answered, in the order of the answers.
    pub fn all(&self) -> impl Iterator<Item = &Asked> {
        self.0.iter().map(|it| &**it)
    }

    /// What somebody asked for, each once, in the order of the words.
    #[must_use]
    pub fn used_by(&self, user: &str) -> Vec<Access> {
        let mut used: Vec<Access> = self.by(user).map(|it| it.access.clone()).collect();
        used.sort();
        used.dedup();
        used
    }

    /// What somebody was refused, but for the time in `starting`: an API server that starts does not
    /// know yet who may do what.
    #[must_use]
    pub(crate) fn refused(&self, user: &str, starting: &[Range<Duration>]) -> Vec<String> {
        let refused = self.by(user).filter(|it| [401, 403].contains(&it.code));
        let refused = refused.filter(|it| !starting.iter().any(|time| time.contains(&it.at)));
        refused
            .map(|it| format!("{} {}: {}", it.access, it.uri, it.code))
            .collect()
    }

    /// How many writes somebody did in a namespace, Events and rehearsals not counted.
    pub(crate) fn writes_of(&self, user: &str, namespace: &str) -> usize {
        let writes = ["create", "update", "patch", "delete"];
        self.by(user)
            .filter(|it| it.namespace == namespace && it.code < 300)
            .filter(|it| writes.contains(&it.access.verb.as_str()))
            .filter(|it| it.access.resource != "events" && !it.uri.contains("dryRun"))
            .count()
    }

    /// What somebody asked for.
    pub fn by<'a>(&'a self, user: &'a str) -> impl Iterator<Item = &'a Asked> {
        self.all().filter(move |it| it.user == user)
    }
}

impl Asked {
    fn of(event: &Value) -> Self {
        let at = |pointer: &str| text(event, pointer).to_owned();
        let resource = match (at("/objectRef/resource"), at("/objectRef/subresource")) {
            (none, _) if none.is_empty() => {
                let uri = at("/requestURI");
                uri.split('?').next().unwrap_or_default().to_owned()
            }
            (resource, none) if none.is_empty() => resource,
            (resource, sub) => format!("{resource}/{sub}"),
        };
        let name = match at("/objectRef/name") {
            none if none.is_empty() => at("/responseObject/metadata/name"),
            name => name,
        };
        let code = event.pointer("/responseStatus/code");
        let code = code.and_then(Value::as_u64).unwrap_or(0);
        let received = event.get("requestReceivedTimestamp").cloned();
        let received = serde_json::from_value::<MicroTime>(received.unwrap_or_default());
        let received = received.map_or(0, |time| time.0.as_microsecond());
        Self {
            at: Duration::from_micros(u64::try_from(received).unwrap_or(0)),
            id: at("/auditID"),
            user: at("/user/username"),
            access: Access {
                verb: at("/verb"),
                group: at("/objectRef/apiGroup"),
                resource,
            },
            namespace: at("/objectRef/namespace"),
            name,
            uri: at("/requestURI"),
            code: u16::try_from(code).unwrap_or(0),
            sent: event.get("requestObject").cloned().unwrap_or_default(),
            stored: text(event, "/responseObject/metadata/resourceVersion")
                .parse()
                .ok(),
        }
    }
}
