//! How conflicts are told.

use super::managers::{Conflict, Who};
use crate::error::ApiError;

/// The refusal of an apply; says who owns what.
pub(crate) fn refusal(conflicts: &[Conflict]) -> ApiError {
    let mut conflicts: Vec<&Conflict> = conflicts.iter().collect();
    // In the order of what `managedFields` says of them, as text.
    conflicts.sort_by_key(|it| {
        let who = &it.who;
        let sub = &who.subresource;
        (
            &who.name,
            !who.applies,
            &who.api_version,
            sub.is_empty(),
            sub,
        )
    });
    let rows: Vec<(String, Vec<String>)> = conflicts
        .iter()
        .map(|it| (named(&it.who), it.fields.shown()))
        .collect();
    let count: usize = rows.iter().map(|(_, fields)| fields.len()).sum();
    let message = match rows.as_slice() {
        [(who, fields)] if count == 1 => {
            format!(
                "Apply failed with 1 conflict: conflict with {who}: {}",
                fields.concat()
            )
        }
        rows => {
            let all: Vec<String> = rows
                .iter()
                .map(|(who, fields)| {
                    let fields: String =
                        fields.iter().map(|field| format!("\n- {field}")).collect();
                    format!("conflicts with {who}:{fields}")
                })
                .collect();
            format!("Apply failed with {count} conflicts: {}", all.join("\n"))
        }
    };
    let mut error = ApiError::new(409, "Conflict", message);
    for (who, fields) in &rows {
        for field in fields {
            error = error.with_cause(
                "FieldManagerConflict",
                &format!("conflict with {who}"),
                field,
            );
        }
    }
    error
}

fn named(who: &Who) -> String {
    let mut text = format!("{:?}", who.name);
    if !who.subresource.is_empty() {
        text += &format!(" with subresource {:?}", who.subresource);
    }
    if !who.applies {
        text += &format!(" using {}", who.api_version);
    }
    text
}
