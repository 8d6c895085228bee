//! The commands.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, FromArgMatches};

use crate::args::{Cli, DryRun, GetKind, ListKind, RetryKind, SetKind, Verb};
use crate::connection::connect;
use crate::failure::Failure;
use crate::name::Name;
use crate::output::Output;
use crate::session::Session;

mod dashboard;
mod explain;
mod get;
mod list;
mod promote;
mod set_image;
mod simple;
mod status;
mod undo;
mod version;

pub(crate) use dashboard::start as start_dashboard;
pub(crate) use get::{interrupted, read};

/// Runs the command line of this process; its exit status.
#[must_use]
pub fn run(mut line: Vec<OsString>) -> u8 {
    let program = line.first().cloned().unwrap_or_default();
    let name = Name::of(&program);
    if Name::is_completion(&program) {
        line.insert(1, "__complete".into());
    }
    let cli = match parse(name, line) {
        Ok(cli) => cli,
        Err(Stop::Help(text)) => {
            // `| head` may have enough of it.
            let _closed = std::io::Write::write_all(&mut std::io::stdout(), text.as_bytes());
            return 0;
        }
        Err(Stop::Failed(failure)) => {
            eprint!("{}", failure.text());
            return failure.exit(name);
        }
    };
    let mut output = Output::of_process(name, &cli.dress);
    log(&cli);
    if let Verb::Local(args) = &cli.verb {
        // It has a runtime of its own, with a clock of its own.
        return ended(name, crate::local::local(args, &mut output), &mut output);
    }
    let result = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::from)
        .and_then(|runtime| runtime.block_on(execute(name, cli, &mut output)));
    ended(name, result, &mut output)
}

fn ended(name: Name, result: Result<(), Failure>, output: &mut Output) -> u8 {
    match result {
        Ok(()) => 0,
        Err(failure) => {
            output.remark(&failure.text());
            failure.exit(name)
        }
    }
}

/// Requests and their answers on the error stream, where asked for.
fn log(cli: &Cli) {
    let verbose = cli.connection.kloglevel.unwrap_or(0) >= 6;
    let level = match (verbose, cli.connection.loglevel.as_deref()) {
        (true, _) | (_, Some("debug")) => tracing::Level::DEBUG,
        _ => return,
    };
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(std::io::stderr)
        .init();
}

enum Stop {
    Help(String),
    Failed(Failure),
}

/// The definition of the command line under `name`.
pub(crate) fn command(name: Name) -> clap::Command {
    let command = Cli::command().name(name.binary()).bin_name(name.typed());
    match name {
        Name::Rollouts => command,
        Name::ArgoRollouts => command
            .mut_subcommand("local", |verb| verb.hide(true))
            .mut_subcommand("explain", |verb| verb.hide(true)),
    }
}

fn parse(name: Name, line: Vec<OsString>) -> Result<Cli, Stop> {
    let parsed = command(name)
        .try_get_matches_from(line)
        .and_then(|matches| Cli::from_arg_matches(&matches));
    match parsed {
        Ok(cli) => Ok(cli),
        Err(error) => Err(stop(name, &error)),
    }
}

fn stop(name: Name, error: &clap::Error) -> Stop {
    let rendered = named(name, &error.render().to_string());
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        _ => String::new(),
    };
    match (error.kind(), name) {
        (ErrorKind::DisplayHelp | ErrorKind::DisplayVersion, _) => Stop::Help(rendered),
        (ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand, _) => {
            Stop::Failed(Failure::Usage(rendered))
        }
        (ErrorKind::UnknownArgument, Name::ArgoRollouts) => {
            let flag = context(ContextKind::InvalidArg);
            Stop::Failed(match (flag.strip_prefix("--"), flag.strip_prefix('-')) {
                (Some(_), _) => Failure::Error(format!("unknown flag: {flag}")),
                (None, Some(letter)) => {
                    Failure::Error(format!("unknown shorthand flag: '{letter}' in {flag}"))
                }
                (None, None) => Failure::Usage(rendered),
            })
        }
        (ErrorKind::InvalidSubcommand, Name::ArgoRollouts) => {
            let word = context(ContextKind::InvalidSubcommand);
            Stop::Failed(Failure::Error(format!(
                "unknown command \"{word}\" for \"{}\"",
                name.binary()
            )))
        }
        (ErrorKind::MissingRequiredArgument, Name::ArgoRollouts) => {
            Stop::Failed(Failure::Usage(rendered))
        }
        _ => {
            let text = rendered
                .strip_prefix("error: ")
                .map_or_else(|| rendered.clone(), |rest| format!("Error: {rest}"));
            Stop::Failed(Failure::Usage(text))
        }
    }
}

/// Help texts under the name that the user typed.
fn named(name: Name, text: &str) -> String {
    match name {
        Name::Rollouts => text.to_owned(),
        Name::ArgoRollouts => text.replace(Name::Rollouts.typed(), name.typed()),
    }
}

/// The usage text of a verb, for a line with too few or too many words.
pub(crate) fn usage(name: Name, path: &[&str]) -> Failure {
    let mut command = command(name);
    command.build();
    let mut place = &command;
    for word in path {
        place = place.find_subcommand(word).unwrap_or(place);
    }
    let help = place.clone().render_help().to_string();
    Failure::Usage(named(name, &help))
}

/// The one name that a verb takes.
pub(crate) fn only<'a>(names: &'a [String], name: Name, path: &[&str]) -> Result<&'a str, Failure> {
    match names {
        [one] => Ok(one),
        _ => Err(usage(name, path)),
    }
}

fn unsupported(name: Name, what: &str) -> Failure {
    Failure::Error(format!(
        "\"{} {what}\" is not supported by this version",
        name.typed()
    ))
}

async fn execute(name: Name, cli: Cli, output: &mut Output) -> Result<(), Failure> {
    match &cli.verb {
        Verb::Version(version) => {
            output.print(&version::text(name, version.short))?;
            return Ok(());
        }
        Verb::Completion(completion) => {
            output.print(&crate::completion::script(name, completion.target))?;
            return Ok(());
        }
        Verb::Complete(rest) => {
            let session = crate::completion::session(name, &cli.connection, &rest.words).await;
            let text = crate::completion::complete(name, session.as_ref(), &rest.words).await;
            output.print(&text)?;
            return Ok(());
        }
        Verb::Get(_)
        | Verb::List(_)
        | Verb::Status(_)
        | Verb::Explain(_)
        | Verb::Promote(_)
        | Verb::Abort(_)
        | Verb::Retry(_)
        | Verb::Pause(_)
        | Verb::Set(_)
        | Verb::Undo(_)
        | Verb::Local(_)
        | Verb::Create(_)
        | Verb::Lint(_)
        | Verb::Restart(_)
        | Verb::Terminate(_)
        | Verb::Dashboard(_)
        | Verb::Notifications(_) => {}
    }
    check(name, &cli.verb)?;
    let session = connect(&cli.connection, name).await?;
    if let Verb::Dashboard(args) = &cli.verb {
        // All namespaces, unless one is asked for by name.
        let namespace = cli.connection.namespace.as_deref();
        return dashboard::dashboard(&session, namespace, args, output).await;
    }
    dispatch(&session, &cli.verb, output).await
}

/// Refuses what needs no cluster to be refused.
fn check(name: Name, verb: &Verb) -> Result<(), Failure> {
    let missing = |what| Err(unsupported(name, what));
    let one = |names: &[String], path: &[&str]| only(names, name, path).map(drop);
    let some = |names: &[String], path: &[&str]| match names {
        [] => Err(usage(name, path)),
        [..] => Ok(()),
    };
    match verb {
        Verb::Create(_) => missing("create"),
        Verb::Lint(_) => missing("lint"),
        Verb::Terminate(_) => missing("terminate"),
        Verb::Notifications(_) => missing("notifications"),
        Verb::Restart(_) => Err(Failure::error(
            "restart is not supported by this version: the controller does not act on \
             spec.restartAt, so nothing was sent",
        )),
        Verb::Get(get) => match &get.kind {
            GetKind::Experiment(_) => missing("get experiment"),
            GetKind::Rollout(args) => one(&args.names, &["get", "rollout"]),
        },
        Verb::List(list) => match &list.kind {
            ListKind::Experiments(_) => missing("list experiments"),
            ListKind::Rollouts(_) => Ok(()),
        },
        Verb::Retry(retry) => match &retry.kind {
            RetryKind::Experiment(_) => missing("retry experiment"),
            RetryKind::Rollout(args) => some(&args.names, &["retry", "rollout"]),
        },
        Verb::Set(set) => match &set.kind {
            SetKind::Image(args) => set_image::words(name, args).map(drop),
        },
        Verb::Status(args) => one(&args.names, &["status"]),
        Verb::Promote(args) => {
            one(&args.names, &["promote"])?;
            promote::mode(args).map(drop)
        }
        Verb::Undo(args) => one(&args.names, &["undo"]),
        Verb::Explain(args) => some(&args.names, &["explain"]),
        Verb::Abort(args) => some(&args.names, &["abort"]),
        Verb::Pause(args) => some(&args.names, &["pause"]),
        Verb::Dashboard(_)
        | Verb::Local(_)
        | Verb::Version(_)
        | Verb::Completion(_)
        | Verb::Complete(_) => Ok(()),
    }
}

/// Runs a verb that needs a cluster over `session`.
///
/// # Errors
/// What the user is told after `Error: `, or the usage text.
pub async fn dispatch(session: &Session, verb: &Verb, output: &mut Output) -> Result<(), Failure> {
    check(session.name, verb)?;
    match verb {
        Verb::Get(get) => match &get.kind {
            GetKind::Rollout(args) => get::rollout(session, args, output).await,
            GetKind::Experiment(_) => Err(unsupported(session.name, "get experiment")),
        },
        Verb::List(list) => match &list.kind {
            ListKind::Rollouts(args) => list::rollouts(session, args, output).await,
            ListKind::Experiments(_) => Err(unsupported(session.name, "list experiments")),
        },
        Verb::Status(args) => status::status(session, args, output).await,
        Verb::Explain(args) => explain::explain(session, args, output).await,
        Verb::Promote(args) => promote::promote(session, args, output).await,
        Verb::Abort(args) => simple::abort(session, args, output).await,
        Verb::Retry(retry) => match &retry.kind {
            RetryKind::Rollout(args) => simple::retry(session, args, output).await,
            RetryKind::Experiment(_) => Err(unsupported(session.name, "retry experiment")),
        },
        Verb::Pause(args) => simple::pause(session, args, output).await,
        Verb::Set(set) => match &set.kind {
            SetKind::Image(args) => set_image::set_image(session, args, output).await,
        },
        Verb::Undo(args) => undo::undo(session, args, output).await,
        Verb::Version(_) | Verb::Completion(_) | Verb::Complete(_) | Verb::Local(_) => {
            Err(Failure::error("this command needs no cluster"))
        }
        Verb::Dashboard(args) => {
            let namespace = Some(session.namespace.as_str());
            dashboard::dashboard(session, namespace, args, output).await
        }
        Verb::Create(_)
        | Verb::Lint(_)
        | Verb::Restart(_)
        | Verb::Terminate(_)
        | Verb::Notifications(_) => Err(unsupported(session.name, "this command")),
    }
}

/// A write as `--dry-run` wants it: sent, sent without being kept, or only shown.
///
/// The answer is `None` when nothing was sent.
pub(crate) async fn write(
    session: &Session,
    write: crate::requests::Write,
    dry_run: DryRun,
    output: &mut Output,
) -> Result<Option<serde_json::Value>, kube::Error> {
    match dry_run {
        DryRun::None => session.write(&write).await.map(Some),
        DryRun::Server => session.write(&write.dry_run()).await.map(Some),
        DryRun::Client => {
            output.remark(&format!("{}\n", write.describe()));
            Ok(None)
        }
    }
}

/// What stands behind a message when nothing was kept.
pub(crate) const fn dry_suffix(dry_run: DryRun) -> &'static str {
    match dry_run {
        DryRun::None => "",
        DryRun::Client => " (client dry run)",
        DryRun::Server => " (server dry run)",
    }
}
