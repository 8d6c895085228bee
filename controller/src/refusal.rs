//! Why a write did not succeed: a closed set, so that each is dealt with on purpose.

use std::time::Duration;

/// Why the API server, or the way to it, did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// The object changed since it was seen (409): look again.
    #[error("the object changed meanwhile")]
    Conflict,
    /// The name is taken (409).
    #[error("an object of this name exists already")]
    AlreadyExists,
    /// It is gone (404): look again.
    #[error("not found")]
    NotFound,
    /// The object is not acceptable (400, 422).
    #[error("{message}")]
    Invalid {
        /// Path of the first offending field.
        field: Option<String>,
        /// The server's words.
        message: String,
    },
    /// Not allowed, by whatever rule (other 4xx; 500, which also says that a webhook failed).
    #[error("{0}")]
    Denied(String),
    /// The server is overloaded or cannot be reached (429, 502 to 504): try again later.
    #[error("{message}")]
    Unavailable {
        /// The server's words.
        message: String,
        /// How long it asks us to wait at least.
        retry_after: Duration,
    },
    /// No answer: it may or may not have happened. Look again before anything else.
    #[error("no answer from the API server")]
    Unknown,
    /// Somebody else may be leading: nothing was sent.
    #[error("not the leader any more")]
    NotLeading,
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

impl Refusal {
    /// What an error of the client means.
    pub(crate) fn of(error: kube::Error) -> Self {
        let kube::Error::Api(status) = error else {
            return match error {
                kube::Error::SerdeError(error) => Self::Other(error.to_string()),
                _ => Self::Unknown,
            };
        };
        let message = status.message.clone();
        match status.code {
            404 => Self::NotFound,
            409 if status.reason == "AlreadyExists" => Self::AlreadyExists,
            409 => Self::Conflict,
            400 | 422 => {
                let cause = status
                    .details
                    .as_ref()
                    .and_then(|details| details.causes.first());
                let field = cause
                    .map(|cause| cause.field.clone())
                    .filter(|field| !field.is_empty());
                let field = field.or_else(|| unknown_field(&message));
                let message = cause
                    .map(|cause| cause.message.clone())
                    .filter(|it| !it.is_empty())
                    .unwrap_or(message);
                Self::Invalid { field, message }
            }
            429 | 502..=504 => {
                let seconds = status
                    .details
                    .as_ref()
                    .map_or(0, |it| it.retry_after_seconds);
                let retry_after = Duration::from_secs(u64::from(seconds));
                Self::Unavailable {
                    message,
                    retry_after,
                }
            }
            400..=500 => Self::Denied(message),
            _ => Self::Other(message),
        }
    }

    /// Whether this is the API server's considered answer, which people should see; otherwise it
    /// may go better next time.
    pub(crate) const fn is_answer(&self) -> bool {
        match self {
            Self::Invalid { .. } | Self::Denied(_) | Self::Other(_) => true,
            Self::Conflict
            | Self::AlreadyExists
            | Self::NotFound
            | Self::Unavailable { .. }
            | Self::Unknown
            | Self::NotLeading => false,
        }
    }

    /// How long the server asks us to wait at least.
    pub(crate) const fn retry_after(&self) -> Duration {
        match self {
            Self::Unavailable { retry_after, .. } => *retry_after,
            Self::Conflict
            | Self::AlreadyExists
            | Self::NotFound
            | Self::Invalid { .. }
            | Self::Denied(_)
            | Self::Unknown
            | Self::NotLeading
            | Self::Other(_) => Duration::ZERO,
        }
    }

    /// Whether the view was old, or it is not known what happened: the object has to be read
    /// again before anything else is decided.
    pub(crate) const fn asks_to_look_again(&self) -> bool {
        matches!(
            self,
            Self::Conflict | Self::NotFound | Self::AlreadyExists | Self::Unknown
        )
    }
}

/// The path in a strict decoding error, e.g. `unknown field "spec.template.spec.foo"`.
fn unknown_field(message: &str) -> Option<String> {
    let (_, rest) = message.split_once("field \"")?;
    let (path, _) = rest.split_once('"')?;
    Some(path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_field_is_named() {
        let message = "strict decoding error: unknown field \"spec.template.spec.contaners\"";
        assert_eq!(
            unknown_field(message).as_deref(),
            Some("spec.template.spec.contaners")
        );
    }
}
