//! What is compared of an answer: everything but what a server makes up.
//!
//! Uids and resourceVersions are numbered as they first appear in a program, times are all the same
//! time, addresses are all the same address.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::target::Answer;

/// What is compared of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// Of the answer.
    pub code: u16,
    /// The body, or the events of a watch.
    pub body: Value,
}

/// Answers of one server, as they are compared.
pub(super) fn seen(answers: &[Answer], namespace: &str) -> Vec<Seen> {
    let mut names = Names {
        namespace,
        uids: BTreeMap::new(),
        versions: BTreeMap::new(),
    };
    let mut all = Vec::new();
    for answer in answers {
        let body = match answer.body["kind"].as_str() {
            Some("Status") => names.status(&answer.body),
            _ => names.object(&answer.body),
        };
        all.push(Seen {
            code: answer.code,
            body,
        });
    }
    // Streams are read after all answers, so that both servers number alike.
    for (answer, seen) in answers.iter().zip(&mut all) {
        if !answer.events.is_empty() {
            seen.body = answer
                .events
                .iter()
                .map(|event| names.event(event))
                .collect();
        }
    }
    all
}

struct Names<'a> {
    namespace: &'a str,
    uids: BTreeMap<String, usize>,
    versions: BTreeMap<String, usize>,
}

impl Names<'_> {
    fn event(&mut self, event: &Value) -> Value {
        let object = match event["object"]["kind"].as_str() {
            Some("Status") => self.status(&event["object"]),
            _ => self.object(&event["object"]),
        };
        json!({"type": event["type"], "object": object})
    }

    /// Of a refusal the words of some; where the fields stand that are wrong, in any order.
    fn status(&mut self, status: &Value) -> Value {
        let causes = status.pointer("/details/causes").and_then(Value::as_array);
        let fields = causes
            .into_iter()
            .flatten()
            .filter_map(|cause| cause["field"].as_str());
        // The real one tells some things twice, and some without a field.
        let fields: BTreeSet<&str> = fields.filter(|field| *field != "<nil>").collect();
        let reason = status["reason"].as_str().unwrap_or_default();
        let mut shown = json!({"status": status["status"], "reason": reason, "fields": fields});
        let details = &status["details"];
        for key in ["name", "kind", "group"] {
            if let Some(value) = details.get(key) {
                shown[key] = value.clone();
            }
        }
        if let Some(uid) = details["uid"].as_str() {
            shown["uid"] = self.uid(uid);
        }
        if matches!(
            reason,
            "NotFound" | "AlreadyExists" | "Conflict" | "Gone" | "Expired"
        ) {
            shown["message"] = self.words(status["message"].as_str().unwrap_or_default());
        }
        shown
    }

    /// Words without what is made up.
    fn words(&self, text: &str) -> Value {
        let text = text.replace(self.namespace, "NAMESPACE");
        let names = |word: &str| match (self.uids.get(word), self.versions.get(word)) {
            (Some(number), _) if word.len() == 36 => format!("UID{number}"),
            (_, Some(number)) => format!("VERSION{number}"),
            // A resourceVersion that no answer had.
            _ if word.len() > 2 && word.bytes().all(|byte| byte.is_ascii_digit()) => {
                "NUMBER".to_owned()
            }
            _ => word.to_owned(),
        };
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let mut named = String::new();
        for part in text.split_inclusive(|c| !is_word(c)) {
            let word = part.trim_end_matches(|c| !is_word(c));
            let is_number = word.bytes().all(|byte| byte.is_ascii_digit());
            let is_record = named.ends_with("in record (") && is_number;
            let known = names(word);
            named += if is_record && known == word {
                "NUMBER"
            } else {
                &known
            };
            named += &part[word.len()..];
        }
        let text = named;
        let words = text.split(' ').map(|word| {
            let (word, end) = match word.strip_suffix(':') {
                Some(word) => (word, ":"),
                None => (word, ""),
            };
            let first = word.split('\n').next().unwrap_or_default();
            let time = first.trim_end_matches(':');
            format!(
                "{}{end}",
                if is_time(time) {
                    word.replace(time, "TIME")
                } else {
                    word.to_owned()
                }
            )
        });
        words.collect::<Vec<_>>().join(" ").into()
    }

    fn uid(&mut self, uid: &str) -> Value {
        let next = self.uids.len();
        let number = *self.uids.entry(uid.to_owned()).or_insert(next);
        format!("UID{number}").into()
    }

    fn version(&mut self, version: &str) -> Value {
        if matches!(version, "" | "0") {
            return version.into();
        }
        let next = self.versions.len();
        let number = *self.versions.entry(version.to_owned()).or_insert(next);
        format!("VERSION{number}").into()
    }

    fn object(&mut self, object: &Value) -> Value {
        let mut shown = self.value("", object);
        // Of a list, the version is that of the whole store; that others write, too, is no difference.
        if shown.get("items").is_some()
            && let Some(metadata) = shown.get_mut("metadata").and_then(Value::as_object_mut)
        {
            metadata.insert("resourceVersion".into(), "LIST".into());
            if metadata.get("continue").is_some_and(|token| token != "") {
                metadata.insert("continue".into(), "CONTINUE".into());
            }
        }
        shown
    }

    fn value(&mut self, key: &str, value: &Value) -> Value {
        match value {
            Value::Object(fields) => {
                let is_list = fields.contains_key("items") && fields.contains_key("metadata");
                // Owned fields name uids, which are numbered where they stand.
                let (last, first): (Vec<_>, Vec<_>) =
                    fields.iter().partition(|(key, _)| *key == "managedFields");
                let shown = first.into_iter().chain(last).map(|(key, value)| {
                    // Not numbered: see above.
                    if is_list && key == "metadata" {
                        return (key.clone(), value.clone());
                    }
                    (self.key(key), self.value(key, value))
                });
                Value::Object(shown.collect::<Map<_, _>>())
            }
            Value::Array(items) if key == "managedFields" => self.managers(items),
            Value::Array(items) => {
                let key = if key == "clusterIPs" { "clusterIP" } else { "" };
                items.iter().map(|item| self.value(key, item)).collect()
            }
            Value::String(text) => match key {
                "uid" => self.uid(text),
                "resourceVersion" => self.version(text),
                "clusterIP" if text != "None" && !text.is_empty() => "ADDRESS".into(),
                _ if is_time(text) => "TIME".into(),
                _ => self.text(text).into(),
            },
            Value::Number(number) if key == "nodePort" && number.as_i64() != Some(0) => {
                "PORT".into()
            }
            other => other.clone(),
        }
    }

    /// A text may quote a whole object.
    fn text(&self, text: &str) -> String {
        let mut text = text.replace(self.namespace, "NAMESPACE");
        for (uid, number) in self.uids.iter().filter(|(uid, _)| uid.len() == 36) {
            text = text.replace(uid.as_str(), &format!("UID{number}"));
        }
        let version = |version: &str| format!(r#""resourceVersion":"{version}""#);
        for (known, number) in &self.versions {
            text = text.replace(&version(known), &version(&format!("VERSION{number}")));
        }
        text
    }

    /// A key of owned fields may name a uid: `k:{"uid":"..."}`.
    fn key(&self, key: &str) -> String {
        let uid = key
            .strip_prefix(r#"k:{"uid":""#)
            .and_then(|rest| rest.strip_suffix(r#""}"#));
        match uid {
            Some(uid) => match self.uids.get(uid) {
                Some(number) => format!(r#"k:{{"uid":"UID{number}"}}"#),
                None => r#"k:{"uid":"UNKNOWN"}"#.to_owned(),
            },
            None => key.to_owned(),
        }
    }

    /// Their order is by time first, and a second is long.
    fn managers(&mut self, items: &[Value]) -> Value {
        let mut shown: Vec<Value> = items.iter().map(|item| self.value("", item)).collect();
        shown.sort_by_key(|entry| {
            ["operation", "manager", "apiVersion", "subresource"].map(|key| entry[key].to_string())
        });
        shown.into()
    }
}

/// `2026-01-01T00:00:00Z`, with or without a fraction.
fn is_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let is = |at: usize, wanted: u8| bytes.get(at) == Some(&wanted);
    (20..=30).contains(&text.len())
        && [0, 1, 2, 3, 5, 6, 8, 9, 11, 12].into_iter().all(digit)
        && is(4, b'-')
        && is(7, b'-')
        && is(10, b'T')
        && text.ends_with('Z')
}
