//! The rights of our programs as rules of RBAC, in the words of the chart.

use std::fmt::Write as _;

use controller::rights::LEASE;
use crds::rights::{Place, Right};

const HEADER: &str = "{{/* Generated from controller/src/rights.rs and dashboard/src/rights.rs; do not edit. After a change there: cargo run -p chart */}}\n";

/// `templates/_rights.tpl`: a template for each kind of place in which a program has rights.
pub(crate) fn templates() -> String {
    let controller = controller::rights::RIGHTS;
    let dashboard = dashboard::rights::RIGHTS;
    [
        HEADER.to_owned(),
        template("watched", controller, &[Place::Watched]),
        template("own", controller, &[Place::Own, Place::OwnLease]),
        template("dashboard.watched", dashboard, &[Place::Watched]),
        template("dashboard.cluster", dashboard, &[Place::Cluster]),
    ]
    .concat()
}

fn template(name: &str, rights: &[Right], places: &[Place]) -> String {
    let rights = rights.iter().filter(|it| places.contains(&it.place));
    let rules: String = rights.map(rule).collect();
    format!("{{{{- define \"rollouts.rights.{name}\" -}}}}\n{rules}{{{{- end -}}}}\n")
}

fn rule(right: &Right) -> String {
    let names = match right.place {
        Place::Watched | Place::Own | Place::Cluster => String::new(),
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

/// The table of a program's rights in docs/install.md.
pub(crate) fn table(rights: &[Right]) -> String {
    let mut text = "| on | it may | why |\n|---|---|---|\n".to_owned();
    for Right {
        group,
        resource,
        verbs,
        why,
        ..
    } in rights
    {
        let dot = if group.is_empty() { "" } else { "." };
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "| `{resource}{dot}{group}` | {} | {why} |",
            verbs.join(", ")
        );
    }
    text
}
