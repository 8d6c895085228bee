//! The rights of the controller as rules of RBAC, in the words of the chart.

use std::fmt::Write as _;

use controller::rights::{LEASE, Place, RIGHTS, Right};

const HEADER: &str = "{{/* Generated from controller/src/rights.rs; do not edit. After a change there: cargo run -p chart */}}\n";

/// `templates/_rights.tpl`: one template for what is watched, one for the controller's own namespace.
pub(crate) fn templates() -> String {
    let (watched, own): (Vec<_>, Vec<_>) = RIGHTS
        .iter()
        .partition(|right| right.place == Place::Watched);
    let mut text = HEADER.to_owned();
    for (name, rights) in [("watched", watched), ("own", own)] {
        let rules: String = rights.into_iter().map(rule).collect();
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "{{{{- define \"rollouts.rights.{name}\" -}}}}\n{rules}{{{{- end -}}}}\n"
        );
    }
    text
}

fn rule(right: &Right) -> String {
    let names = match right.place {
        Place::Watched | Place::Own => String::new(),
        Place::OwnLease => {
            format!("  resourceNames: ['{LEASE}{{{{ include \"rollouts.leaseSuffix\" . }}}}']\n")
        }
    };
    format!(
        "{why}- apiGroups: [{group:?}]\n  resources: [{resource}]\n{names}  verbs: [{verbs}]\n",
        why = comment(right.why),
        group = right.group,
        resource = right.resource,
        verbs = right.verbs.join(", "),
    )
}

/// Comment lines of at most 100 characters.
fn comment(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.len() + word.len() < 98 => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(format!(" {word}")),
        }
    }
    lines.iter().map(|line| format!("#{line}\n")).collect()
}
