//! `get rollout`: once, or as it changes.

use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, MissedTickBehavior, interval};
use view::text::{Detail, change_line, rollout_text};
use view::{Objects, RolloutView};

use super::only;
use crate::args::{Format, GetRollout};
use crate::failure::Failure;
use crate::name::Name;
use crate::output::Output;
use crate::screen::Screen;
use crate::session::{Session, decode};
use crate::watching::{Kind, Scope, Watching};

/// Between two frames at least this long.
const FRAME: Duration = Duration::from_millis(200);
/// Ages are drawn anew at least this often.
const AGES: Duration = Duration::from_secs(1);

/// `get rollout R`.
pub(super) async fn rollout(
    session: &Session,
    args: &GetRollout,
    output: &mut Output,
) -> Result<(), Failure> {
    let name = only(&args.names, session.name, &["get", "rollout"])?;
    if args.watch {
        return watch(session, args, name, output).await;
    }
    let view = read(session, name).await?;
    output.print(&format_view(session, &view, args.output, output)?)?;
    Ok(())
}

/// The view of a Rollout as it is now.
pub(crate) async fn read(session: &Session, name: &str) -> Result<RolloutView, Failure> {
    let rollout = session.rollout(name).await?;
    let replica_sets = session.list(&session.replica_sets_path()).await?;
    let pods = session.list(&session.pods_path()).await?;
    let objects = Objects {
        rollout: &rollout,
        replica_sets: &replica_sets,
        pods: &pods,
    };
    Ok(RolloutView::new(objects, session.clock.now()))
}

fn format_view(
    session: &Session,
    view: &RolloutView,
    format: Option<Format>,
    output: &Output,
) -> Result<String, Failure> {
    let text = |detail| rollout_text(view, detail, output.style());
    Ok(match format {
        Some(Format::Name) => format!("rollout.argoproj.io/{}\n", view.name),
        Some(Format::Wide) => text(Detail::Wide),
        Some(format) => document(view, format)?,
        None if session.name == Name::ArgoRollouts => text(Detail::Compat),
        None => text(Detail::Full),
    })
}

/// `value` as one JSON or YAML document.
pub(crate) fn document<T: serde::Serialize>(value: &T, format: Format) -> Result<String, Failure> {
    match format {
        Format::Yaml => {
            // By way of JSON, so that both forms have the same fields.
            let json = serde_json::to_value(value)?;
            serde_saphyr::to_string(&json).map_err(|error| Failure::error(error.to_string()))
        }
        Format::Json | Format::Name | Format::Wide => {
            Ok(format!("{}\n", serde_json::to_string_pretty(value)?))
        }
    }
}

/// The view of the only watched Rollout; `None` when it is gone.
fn watched_view(session: &Session, watching: &Watching) -> Result<Option<RolloutView>, Failure> {
    let Some(json) = watching.all(Kind::Rollout).next() else {
        return Ok(None);
    };
    let name = json.pointer("/metadata/name").and_then(Value::as_str);
    // Says what cannot be read, which the views below leave out.
    decode(json, name.unwrap_or_default())?;
    Ok(watching.views(session.clock.now()).into_iter().next())
}

/// Watches for everything that the view of one Rollout is made of.
fn scopes(name: &str) -> [Scope; 3] {
    let scope = |kind, name| Scope {
        kind,
        name,
        everywhere: false,
    };
    [
        scope(Kind::Rollout, Some(name.to_owned())),
        scope(Kind::ReplicaSet, None),
        scope(Kind::Pod, None),
    ]
}

async fn watch(
    session: &Session,
    args: &GetRollout,
    name: &str,
    output: &mut Output,
) -> Result<(), Failure> {
    // A name that is not there is an error, not something to wait for.
    session.rollout_json(name).await?;
    let mut watching = Watching::new(session, &scopes(name));
    let mut ticks = interval(FRAME);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let deadline = deadline(args.timeout_seconds);
    let mut frames = Frames::new(args, output)?;
    let mut clock = ClockKeeper::default();
    let mut changed = false;
    let mut drawn = Instant::now();
    let mut end = std::pin::pin!(interrupted());
    loop {
        tokio::select! {
            () = watching.changed() => changed = true,
            _ = ticks.tick() => {
                clock.keep(session).await;
                let due = changed || (frames.shows_ages() && drawn.elapsed() >= AGES);
                if due && watching.is_complete() {
                    let Some(view) = watched_view(session, &watching)? else {
                        return Err(gone(name));
                    };
                    frames.show(session, &view, output)?;
                    (changed, drawn) = (false, Instant::now());
                }
                if let Some(trouble) = watching.take_trouble() {
                    frames.trouble(&trouble, output);
                }
            }
            () = sleep_until(deadline) => break,
            () = &mut end => break,
        }
    }
    frames.finish(output)
}

fn gone(name: &str) -> Failure {
    Failure::error(format!("rollout.argoproj.io \"{name}\" not found"))
}

/// The moment `seconds` from now; never for 0.
fn deadline(seconds: u64) -> Option<Instant> {
    (seconds > 0).then(|| Instant::now() + Duration::from_secs(seconds))
}

/// Waits for the deadline; for ever without one.
pub(crate) async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

/// Waits until the user or the system asks us to end.
pub(crate) async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let (Ok(mut interrupt), Ok(mut terminate)) = (
            signal(SignalKind::interrupt()),
            signal(SignalKind::terminate()),
        ) {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Asks the server for its time now and then, where its clock runs faster than ours.
#[derive(Default)]
struct ClockKeeper {
    asked: Option<Instant>,
    answers: u32,
}

impl ClockKeeper {
    async fn keep(&mut self, session: &Session) {
        // The first few answers tell how fast it runs; an ordinary clock is then left alone.
        let due = match self.asked {
            None => true,
            Some(asked) => asked.elapsed() >= AGES,
        };
        if due && (self.answers < 4 || session.clock.runs_ahead()) {
            self.asked = Some(Instant::now());
            self.answers = self.answers.saturating_add(1);
            // The answer's headers set the clock; without one it goes on as it did.
            drop(session.get("/version").await);
        }
    }
}

/// Where frames go.
enum Frames {
    /// A terminal: the last frame, and the terminal's screen.
    Screen {
        screen: Screen,
        last: String,
        format: Option<Format>,
    },
    /// A pipe: the last text printed.
    Lines {
        last: String,
        format: Option<Format>,
    },
}

impl Frames {
    fn new(args: &GetRollout, output: &Output) -> Result<Self, Failure> {
        let format = args.output;
        let last = String::new();
        let drawn = matches!(format, None | Some(Format::Wide));
        Ok(if output.is_terminal() && drawn {
            Self::Screen {
                screen: Screen::enter()?,
                last,
                format,
            }
        } else {
            Self::Lines { last, format }
        })
    }

    const fn shows_ages(&self) -> bool {
        matches!(self, Self::Screen { .. })
    }

    fn show(
        &mut self,
        session: &Session,
        view: &RolloutView,
        output: &mut Output,
    ) -> Result<(), Failure> {
        match self {
            Self::Screen {
                screen,
                last,
                format,
            } => {
                *last = format_view(session, view, *format, output)?;
                screen.show(last)?;
            }
            Self::Lines { last, format } => {
                let line = change_line(view, output.style());
                if line == *last {
                    return Ok(());
                }
                let text = match format {
                    None if session.name == Name::Rollouts => format!("{line}\n"),
                    Some(Format::Json) => format!("{}\n", serde_json::to_string(view)?),
                    Some(Format::Yaml) => format!("---\n{}", document(view, Format::Yaml)?),
                    format => format_view(session, view, *format, output)?,
                };
                *last = line;
                output.print(&text)?;
            }
        }
        Ok(())
    }

    fn trouble(&self, trouble: &str, output: &mut Output) {
        // On a screen it would be overwritten; the ages that go on show that we still try.
        if let Self::Lines { .. } = self {
            output.remark(&format!("warning: {trouble}\n"));
        }
    }

    /// Leaves the last frame behind.
    fn finish(self, output: &mut Output) -> Result<(), Failure> {
        if let Self::Screen { screen, last, .. } = self {
            drop(screen);
            output.print(&last)?;
        }
        Ok(())
    }
}
