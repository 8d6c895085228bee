//! How a command fails: what is printed, and the exit status.

use crate::name::Name;

/// Why a command did not do what it was asked to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// Printed after `Error: `; exit status 1.
    Error(String),
    /// The line cannot be understood; the usage text is printed as it is.
    Usage(String),
    /// Everything was said; exit status 1.
    Silent,
}

impl Failure {
    /// A failure with a text.
    pub fn error(text: impl Into<String>) -> Self {
        Self::Error(text.into())
    }

    /// What goes to the error stream, ending with a line break unless empty.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Error(text) => format!("Error: {text}\n"),
            Self::Usage(text) => format!("{}\n", text.trim_end()),
            Self::Silent => String::new(),
        }
    }

    /// The exit status under this name.
    #[must_use]
    pub const fn exit(&self, name: Name) -> u8 {
        match self {
            Self::Error(_) | Self::Silent => 1,
            Self::Usage(_) => name.usage_exit(),
        }
    }
}

impl From<kube::Error> for Failure {
    fn from(error: kube::Error) -> Self {
        Self::Error(words(&error))
    }
}

impl From<std::io::Error> for Failure {
    /// A reader that went away (`| head`) is no error worth a word.
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            Self::Silent
        } else {
            Self::Error(error.to_string())
        }
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::Error(error.to_string())
    }
}

/// The API server's own words, without what the client puts around them; or why it cannot be
/// reached.
#[must_use]
pub(crate) fn words(error: &kube::Error) -> String {
    let outside = match error {
        kube::Error::Api(status) => return status.message.clone(),
        kube::Error::Service(_) | kube::Error::HyperError(_) => "cannot reach the API server",
        _ => "",
    };
    let mut parts: Vec<String> = Vec::new();
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(link) = cause {
        let text = link.to_string();
        // Some links repeat what is behind them; the last one says it once.
        parts.retain(|part| !part.contains(&text));
        parts.push(text);
        cause = link.source();
    }
    if !outside.is_empty() {
        parts.retain(|part| !part.starts_with("ServiceError") && !part.starts_with("HyperError"));
        parts.insert(0, outside.to_owned());
    }
    parts.join(": ")
}

/// Whether the API server said that the object, or the kind, is not there.
#[must_use]
pub(crate) fn is_not_found(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == 404)
}

/// Whether the API server said that the object has changed meanwhile.
#[must_use]
pub(crate) fn is_conflict(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == 409 && status.reason == "Conflict")
}
