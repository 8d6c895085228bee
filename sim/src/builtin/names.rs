//! Rules of names, in the words of the API server. Each gives the sentences of what is wrong.

use regex::Regex;
use std::sync::OnceLock;

/// A text form: its pattern without anchors, what it says, examples.
struct Form {
    regex: OnceLock<Option<Regex>>,
    pattern: &'static str,
    words: &'static str,
    examples: &'static [&'static str],
}

impl Form {
    const fn new(
        pattern: &'static str,
        words: &'static str,
        examples: &'static [&'static str],
    ) -> Self {
        Self {
            regex: OnceLock::new(),
            pattern,
            words,
            examples,
        }
    }

    fn fits(&self, text: &str) -> bool {
        let regex = self
            .regex
            .get_or_init(|| Regex::new(&format!("^(?:{})$", self.pattern)).ok());
        // A pattern of this file that did not compile would let nothing through.
        regex.as_ref().is_some_and(|regex| regex.is_match(text))
    }

    fn check(&self, text: &str, wrong: &mut Vec<String>) {
        if self.fits(text) {
            return;
        }
        let examples: Vec<String> = self.examples.iter().map(|e| format!("'{e}', ")).collect();
        wrong.push(format!(
            "{} (e.g. {}regex used for validation is '{}')",
            self.words,
            examples.join(" or "),
            self.pattern
        ));
    }
}

static DNS_LABEL: Form = Form::new(
    "[a-z0-9]([-a-z0-9]*[a-z0-9])?",
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
    &["my-name", "123-abc"],
);
static DNS_SUBDOMAIN: Form = Form::new(
    r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*",
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
    &["example.com"],
);
static DNS_1035: Form = Form::new(
    "[a-z]([-a-z0-9]*[a-z0-9])?",
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
    &["my-name", "abc-123"],
);
static QUALIFIED: Form = Form::new(
    "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]",
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
    &["MyName", "my.name", "123-abc"],
);
static LABEL_VALUE: Form = Form::new(
    "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?",
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
    &["MyValue", "my_value", "12345"],
);
static CONFIG_KEY: Form = Form::new(
    "[-._a-zA-Z0-9]+",
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
    &["key.name", "KEY_NAME", "key-name"],
);

/// What a name that is part of a path may not be.
pub(super) fn segment(name: &str) -> Vec<String> {
    if matches!(name, "." | "..") {
        return vec![format!("may not be '{name}'")];
    }
    let found = ["/", "%"].into_iter().filter(|part| name.contains(part));
    found
        .map(|part| format!("may not contain '{part}'"))
        .collect()
}

/// What is wrong with a name such as a namespace's or a container's.
pub fn dns_label(text: &str) -> Vec<String> {
    let mut wrong = too_long(text, 63);
    if text.contains('.') && DNS_SUBDOMAIN.fits(text) {
        wrong.push("must not contain dots".into());
    } else {
        DNS_LABEL.check(text, &mut wrong);
    }
    wrong
}

/// What is wrong with a name of most objects.
pub fn dns_subdomain(text: &str) -> Vec<String> {
    let mut wrong = too_long(text, 253);
    DNS_SUBDOMAIN.check(text, &mut wrong);
    wrong
}

/// What is wrong with the name of a Service.
pub(super) fn dns_1035(text: &str) -> Vec<String> {
    let mut wrong = too_long(text, 63);
    DNS_1035.check(text, &mut wrong);
    wrong
}

/// What is wrong with a label key, an annotation key or a finalizer.
pub(super) fn qualified(text: &str) -> Vec<String> {
    let (prefix, name) = match text.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, text),
    };
    let mut wrong = Vec::new();
    match prefix {
        Some("") => wrong.push("prefix part must be non-empty".to_owned()),
        Some(prefix) => {
            wrong.extend(
                dns_subdomain(prefix)
                    .iter()
                    .map(|w| format!("prefix part {w}")),
            );
        }
        None => {}
    }
    if name.is_empty() {
        wrong.push("name part must be non-empty".into());
    } else if name.len() > 63 {
        wrong.push("name part must be no more than 63 bytes".into());
    }
    QUALIFIED.check(name, &mut wrong);
    wrong
}

/// What is wrong with the value of a label.
pub(super) fn label_value(text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    if text.len() > 63 {
        wrong.push("must be no more than 63 bytes".to_owned());
    }
    LABEL_VALUE.check(text, &mut wrong);
    wrong
}

/// What is wrong with a key of a ConfigMap or Secret.
pub(super) fn config_key(text: &str) -> Vec<String> {
    let mut wrong = too_long(text, 253);
    CONFIG_KEY.check(text, &mut wrong);
    wrong
}

/// What is wrong with the name of an environment variable.
pub(super) fn variable(text: &str) -> Vec<String> {
    let printable = text.chars().all(|c| c != '=' && (' '..='~').contains(&c));
    if text.is_empty() {
        vec!["environment variable name must be non-empty".into()]
    } else if !printable {
        vec!["a valid environment variable name must consist only of printable ASCII characters other than '='".into()]
    } else {
        Vec::new()
    }
}

/// What is wrong with the name of a port.
pub(super) fn port_name(text: &str) -> Vec<String> {
    let mut wrong = too_long(text, 15);
    let ok = |c: char| c == '-' || c.is_ascii_digit() || c.is_ascii_lowercase();
    if !text.chars().all(ok) {
        wrong.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)".into());
    }
    if !text.chars().any(|c| c.is_ascii_lowercase()) {
        wrong.push("must contain at least one letter (a-z)".into());
    }
    if text.contains("--") {
        wrong.push("must not contain consecutive hyphens".into());
    }
    if text.starts_with('-') || text.ends_with('-') {
        wrong.push("must not begin or end with a hyphen".into());
    }
    wrong
}

fn too_long(text: &str, max: usize) -> Vec<String> {
    if text.len() > max {
        vec![format!("must be no more than {max} characters")]
    } else {
        Vec::new()
    }
}
