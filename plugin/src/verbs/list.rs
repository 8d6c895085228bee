//! `list rollouts`: once, or a row for each change.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{MissedTickBehavior, interval};
use view::text::{ListOptions, ListRow, rows_text};

use super::get::{document, interrupted};
use crate::args::{Format, ListRollouts};
use crate::failure::Failure;
use crate::output::Output;
use crate::session::{Session, decode};
use crate::watching::{Kind, Scope, Watching};

/// Rows are collected this long, so that those of one change line up.
const FLUSH: Duration = Duration::from_millis(500);

/// `list rollouts`.
pub(super) async fn rollouts(
    session: &Session,
    args: &ListRollouts,
    output: &mut Output,
) -> Result<(), Failure> {
    let mut path = if args.all_namespaces {
        "/apis/argoproj.io/v1alpha1/rollouts".to_owned()
    } else {
        format!(
            "/apis/argoproj.io/v1alpha1/namespaces/{}/rollouts",
            session.namespace
        )
    };
    if let Some(name) = &args.name {
        path.push_str(&format!("?fieldSelector=metadata.name%3D{name}"));
    }
    let mut rows: Vec<ListRow> = session.list(&path).await?.iter().map(row).collect();
    rows.sort_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
    let columns = ListOptions {
        namespaces: args.all_namespaces,
        timestamps: args.timestamps,
        wide: args.output == Some(Format::Wide),
    };
    match args.output {
        Some(format @ (Format::Json | Format::Yaml)) => {
            output.print(&document(&json!({"items": rows}), format)?)?;
            return Ok(());
        }
        Some(Format::Name) => {
            for row in &rows {
                output.print(&format!("rollout.argoproj.io/{}\n", row.name))?;
            }
            return Ok(());
        }
        Some(Format::Wide) | None => {}
    }
    if rows.is_empty() && !args.watch {
        output.remark("No resources found.\n");
        return Ok(());
    }
    let now = session.clock.now();
    output.print(&rows_text(&rows, true, columns, now))?;
    if args.watch {
        watch(session, args, rows, columns, output).await?;
    }
    Ok(())
}

fn row(json: &Value) -> ListRow {
    let text = |pointer| {
        json.pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let (namespace, name) = (text("/metadata/namespace"), text("/metadata/name"));
    match decode(json, name) {
        Ok(rollout) => ListRow::new(&rollout),
        Err(failure) => ListRow::unreadable(namespace, name, failure.text().trim()),
    }
}

async fn watch(
    session: &Session,
    args: &ListRollouts,
    rows: Vec<ListRow>,
    columns: ListOptions,
    output: &mut Output,
) -> Result<(), Failure> {
    let scope = Scope {
        kind: Kind::Rollout,
        name: args.name.clone(),
        everywhere: args.all_namespaces,
    };
    let key = |row: &ListRow| (row.namespace.clone(), row.name.clone());
    // The message is no column but of `-o wide`: a row that reads the same is not repeated.
    let seen_as = |mut row: ListRow| {
        if !columns.wide {
            row.message.clear();
        }
        row
    };
    let mut shown: BTreeMap<(String, String), ListRow> = rows
        .into_iter()
        .map(|row| (key(&row), seen_as(row)))
        .collect();
    let mut watching = Watching::new(session, &[scope]);
    let mut ticks = interval(FLUSH);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut end = std::pin::pin!(interrupted());
    let mut pending: Vec<ListRow> = Vec::new();
    loop {
        tokio::select! {
            () = watching.changed() => {
                for json in watching.all(Kind::Rollout) {
                    let row = seen_as(row(json));
                    if shown.get(&key(&row)) != Some(&row) {
                        shown.insert(key(&row), row.clone());
                        pending.push(row);
                    }
                }
            }
            _ = ticks.tick() => {
                if !pending.is_empty() {
                    let now = session.clock.now();
                    output.print(&rows_text(&pending, false, columns, now))?;
                    pending.clear();
                }
            }
            () = &mut end => return Ok(()),
        }
    }
}
