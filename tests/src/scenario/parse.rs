//! The text of a scenario, read.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};
use serde_json::Value;

use super::condition::Condition;
use crate::reading;

/// One scenario.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Name of its file without the ending.
    pub name: String,
    /// Its file.
    pub path: PathBuf,
    /// The sentence it shows to be true.
    pub claim: String,
    /// The rules it rests on, e.g. `canary.md §5.2`.
    pub covers: Vec<String>,
    /// What happens, in order.
    pub lines: Vec<Line>,
}

/// One command and where it stands.
#[derive(Debug, Clone)]
pub struct Line {
    /// From 1.
    pub number: usize,
    /// As written, without comment and block.
    pub text: String,
    /// What it means.
    pub command: Command,
}

/// What a line of a scenario asks for.
#[derive(Debug, Clone)]
pub enum Command {
    /// `apply FILE`, with an indented block merged over its Rollout; or `apply` with the objects
    /// themselves in the block.
    Apply(Vec<Value>),
    /// Something the user does to the present Rollout.
    Act(Act),
    /// `use NAME`: the Rollout that the following lines are about.
    Use(String),
    /// `until CONDITIONS [within DURATION]`: waits; 15 minutes when not said otherwise.
    Until(Vec<Condition>, Duration),
    /// `stay DURATION CONDITIONS`: they hold at every revision, and the controller writes nothing.
    Stay(Duration, Vec<Condition>),
    /// `hold DURATION CONDITIONS`: they hold at every revision, whatever is written.
    Hold(Duration, Vec<Condition>),
    /// `expect CONDITIONS`: they hold now.
    Expect(Vec<Condition>),
    /// `advance DURATION`.
    Advance(Duration),
    /// `restart controller`: it dies and another one starts.
    RestartController,
    /// `stop controller`: there is none from now on.
    StopController,
    /// `start controller`.
    StartController,
}

/// Something the user does; the requests are those of `compat/cli.md` §3 or of `kubectl`.
#[derive(Debug, Clone)]
pub enum Act {
    /// `set image IMAGE`: of the first container.
    SetImage(String),
    /// `scale N`: through the scale subresource, as an autoscaler does.
    Scale(i64),
    /// `promote`.
    Promote,
    /// `promote --full`.
    PromoteFull,
    /// `abort`.
    Abort,
    /// `retry`.
    Retry,
    /// `pause`: `spec.paused`.
    Pause,
    /// `undo [--to-revision N]`.
    Undo(Option<i64>),
    /// `patch [status]` and a block: a merge patch of the Rollout.
    Patch {
        /// Whether it goes to the status subresource.
        status: bool,
        /// The patch.
        body: Value,
    },
    /// `patch RESOURCE NAME` and a block: a merge patch of another object.
    PatchOther {
        /// Plural resource.
        resource: String,
        /// Its name; `new` and `stable` mean those ReplicaSets.
        name: String,
        /// The patch.
        body: Value,
    },
    /// `delete rollout`.
    DeleteRollout,
    /// `delete RESOURCE NAME`.
    DeleteOther {
        /// Plural resource.
        resource: String,
        /// Its name; `new` and `stable` mean those ReplicaSets.
        name: String,
    },
}

/// Reads every scenario of a folder, by name.
///
/// # Errors
/// When a file cannot be read or has a line that means nothing.
pub fn read_all(folder: &Path) -> Result<Vec<Scenario>> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<std::io::Result<_>>()?;
    paths.retain(|path| path.extension().is_some_and(|it| it == "scn"));
    paths.sort();
    paths.iter().map(|path| read(path)).collect()
}

/// Reads one scenario.
///
/// # Errors
/// When the file cannot be read or has a line that means nothing.
pub fn read(path: &Path) -> Result<Scenario> {
    let text = std::fs::read_to_string(path)?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    parse(&name, path, &text).with_context(|| format!("in {}", path.display()))
}

fn parse(name: &str, path: &Path, text: &str) -> Result<Scenario> {
    let mut scenario = Scenario {
        name: name.to_owned(),
        path: path.to_owned(),
        claim: String::new(),
        covers: Vec::new(),
        lines: Vec::new(),
    };
    let mut rest = text.lines().enumerate().peekable();
    while let Some((index, raw)) = rest.next() {
        let number = index + 1;
        if number == 1 {
            scenario.claim = raw.trim_start_matches('#').trim().to_owned();
            ensure!(
                raw.starts_with("# ") && scenario.claim.ends_with('.'),
                "the first line is the claim: a comment that is a sentence"
            );
            continue;
        }
        let line = without_comment(raw).trim_end().to_owned();
        if line.is_empty() {
            continue;
        }
        let mut block = String::new();
        while let Some((_, next)) = rest.next_if(|(_, next)| next.starts_with("  ")) {
            block.push_str(next.strip_prefix("  ").unwrap_or(next));
            block.push('\n');
        }
        if let Some(rules) = line.strip_prefix("covers ") {
            scenario
                .covers
                .extend(rules.split(',').map(|rule| rule.trim().to_owned()));
            continue;
        }
        let fixtures = path
            .parent()
            .and_then(Path::parent)
            .unwrap_or(Path::new("."))
            .join("fixtures");
        let command =
            command(&line, &block, &fixtures).with_context(|| format!("line {number}: {line}"))?;
        scenario.lines.push(Line {
            number,
            text: line,
            command,
        });
    }
    ensure!(!scenario.covers.is_empty(), "no line says what it covers");
    Ok(scenario)
}

/// A comment begins with `#` at the beginning or after a space, outside quotes.
fn without_comment(line: &str) -> &str {
    let mut quoted = false;
    let mut before = ' ';
    for (at, c) in line.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '#' if !quoted && before == ' ' => return &line[..at],
            _ => {}
        }
        before = c;
    }
    line
}

fn command(line: &str, block: &str, fixtures: &Path) -> Result<Command> {
    let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
    let rest = rest.trim();
    let joined = || {
        let more: Vec<&str> = block.split_whitespace().collect();
        format!("{rest} {}", more.join(" ")).trim().to_owned()
    };
    let body = || -> Result<Value> {
        serde_saphyr::from_str(block).map_err(|error| anyhow!("the block: {error}"))
    };
    Ok(match verb {
        "apply" => Command::Apply(objects(rest, block, fixtures)?),
        "use" => Command::Use(rest.to_owned()),
        "until" => {
            let text = joined();
            let (conditions, within) = match text.rsplit_once(" within ") {
                Some((conditions, within)) => (conditions.to_owned(), duration(within)?),
                None => (text, Duration::from_secs(900)),
            };
            Command::Until(Condition::parse_all(&conditions)?, within)
        }
        "stay" | "hold" => {
            let text = joined();
            let (time, conditions) = text.split_once(' ').unwrap_or((&text, ""));
            let (time, conditions) = (duration(time)?, Condition::parse_all(conditions)?);
            if verb == "stay" {
                Command::Stay(time, conditions)
            } else {
                Command::Hold(time, conditions)
            }
        }
        "expect" => Command::Expect(Condition::parse_all(&joined())?),
        "advance" => Command::Advance(duration(rest)?),
        "restart" if rest == "controller" => Command::RestartController,
        "stop" if rest == "controller" => Command::StopController,
        "start" if rest == "controller" => Command::StartController,
        _ => Command::Act(act(verb, rest, body)?),
    })
}

fn act(verb: &str, rest: &str, body: impl Fn() -> Result<Value>) -> Result<Act> {
    let words: Vec<&str> = rest.split_whitespace().collect();
    Ok(match (verb, words.as_slice()) {
        ("set", ["image", image]) => Act::SetImage((*image).to_owned()),
        ("scale", [replicas]) => Act::Scale(replicas.parse()?),
        ("promote", []) => Act::Promote,
        ("promote", ["--full"]) => Act::PromoteFull,
        ("abort", []) => Act::Abort,
        ("retry", []) => Act::Retry,
        ("pause", []) => Act::Pause,
        ("undo", []) => Act::Undo(None),
        ("undo", ["--to-revision", revision]) => Act::Undo(Some(revision.parse()?)),
        ("patch", []) => Act::Patch {
            status: false,
            body: body()?,
        },
        ("patch", ["status"]) => Act::Patch {
            status: true,
            body: body()?,
        },
        ("patch", [resource, name]) => Act::PatchOther {
            resource: (*resource).to_owned(),
            name: (*name).to_owned(),
            body: body()?,
        },
        ("delete", ["rollout"]) => Act::DeleteRollout,
        ("delete", [resource, name]) => Act::DeleteOther {
            resource: (*resource).to_owned(),
            name: (*name).to_owned(),
        },
        _ => bail!("no such command"),
    })
}

/// The objects of an `apply`: those of the file with the block merged over the Rollout, or those
/// of the block.
fn objects(file: &str, block: &str, fixtures: &Path) -> Result<Vec<Value>> {
    let documents = |text: &str| -> Result<Vec<Value>> {
        serde_saphyr::from_multiple(text).map_err(|error| anyhow!("{error}"))
    };
    if file.is_empty() {
        return documents(block);
    }
    let path = if let Some(example) = file.strip_prefix("examples/") {
        fixtures.join("../../examples").join(example)
    } else {
        fixtures.join(file)
    };
    let text = std::fs::read_to_string(&path).with_context(|| format!("{}", path.display()))?;
    let mut objects = documents(&text)?;
    if !block.trim().is_empty() {
        let overlay: Value =
            serde_saphyr::from_str(block).map_err(|error| anyhow!("the block: {error}"))?;
        for object in &mut objects {
            if reading::text(object, "/kind") == "Rollout" {
                merge(object, &overlay);
            }
        }
    }
    Ok(objects)
}

/// RFC 7386.
pub fn merge(target: &mut Value, patch: &Value) {
    let Some(patch) = patch.as_object() else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    let Some(target) = target.as_object_mut() else {
        return;
    };
    for (key, value) in patch {
        if value.is_null() {
            target.remove(key);
        } else {
            merge(target.entry(key.clone()).or_insert(Value::Null), value);
        }
    }
}

fn duration(text: &str) -> Result<Duration> {
    let seconds = reading::seconds(&Value::from(text.trim()))
        .with_context(|| format!("`{text}` is no duration"))?;
    Ok(Duration::from_secs(u64::try_from(seconds)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_ends_a_line_but_not_a_quoted_text() {
        assert_eq!(without_comment("promote # now"), "promote ");
        assert_eq!(
            without_comment("expect message \"a # b\""),
            "expect message \"a # b\""
        );
    }

    #[test]
    fn a_line_that_means_nothing_is_an_error_that_says_where() {
        let error = parse(
            "x",
            Path::new("x.scn"),
            "# A claim.\ncovers canary.md §1\npromote everything\n",
        )
        .unwrap_err();
        assert!(format!("{error:#}").contains("line 3: promote everything"));
    }
}
