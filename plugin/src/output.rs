//! Where text goes, and how it is dressed.

use std::io::{self, IsTerminal, Write};

use view::text::Style;

use crate::args::{ColourChoice, Dress};
use crate::name::Name;

/// The two streams of a command.
pub struct Output {
    stdout: Box<dyn Write + Send>,
    stderr: Box<dyn Write + Send>,
    terminal: bool,
    style: Style,
}

impl Output {
    /// The streams of this process.
    #[must_use]
    pub fn of_process(name: Name, dress: &Dress) -> Self {
        let terminal = io::stdout().is_terminal();
        Self {
            stdout: Box::new(io::stdout()),
            stderr: Box::new(io::stderr()),
            terminal,
            style: Style {
                colour: colour(name, dress, terminal, |name| std::env::var(name).ok()),
                ascii: dress.ascii,
            },
        }
    }

    /// Streams of a test: no terminal, no colours.
    #[must_use]
    pub fn to(stdout: Box<dyn Write + Send>, stderr: Box<dyn Write + Send>) -> Self {
        Self {
            stdout,
            stderr,
            terminal: false,
            style: Style::default(),
        }
    }

    /// Whether a person looks at the output as it comes.
    #[must_use]
    pub const fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// Colours and signs.
    #[must_use]
    pub const fn style(&self) -> Style {
        self.style
    }

    /// Writes a result.
    ///
    /// # Errors
    /// When the stream is closed.
    pub fn print(&mut self, text: &str) -> io::Result<()> {
        self.stdout.write_all(text.as_bytes())?;
        self.stdout.flush()
    }

    /// Writes a remark for people; a closed stream is no reason to fail.
    pub fn remark(&mut self, text: &str) {
        let _written = self.stderr.write_all(text.as_bytes());
        let _flushed = self.stderr.flush();
    }
}

/// Whether to colour.
///
/// As `kubectl-argo-rollouts` always, but with `--no-color` or on a dumb terminal. As ourselves
/// the flags decide first, then `NO_COLOR`, then `CLICOLOR_FORCE`, then whether it is a terminal.
fn colour(
    name: Name,
    dress: &Dress,
    terminal: bool,
    variable: impl Fn(&str) -> Option<String>,
) -> bool {
    let set = |name| variable(name).is_some_and(|value| !value.is_empty());
    let dumb = variable("TERM").as_deref() == Some("dumb");
    match dress.color {
        _ if dress.no_color => false,
        Some(ColourChoice::Never) => false,
        Some(ColourChoice::Always) => true,
        _ if dumb => false,
        None if name == Name::ArgoRollouts => true,
        _ if set("NO_COLOR") => false,
        _ if variable("CLICOLOR_FORCE").is_some_and(|value| value != "0") => true,
        Some(ColourChoice::Auto) | None => terminal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_come_before_variables_and_these_before_the_terminal() {
        let dress = |no_color, color| Dress {
            no_color,
            color,
            ascii: false,
        };
        let never = Some(ColourChoice::Never);
        let always = Some(ColourChoice::Always);
        let auto = Some(ColourChoice::Auto);
        let own = Name::Rollouts;
        let argo = Name::ArgoRollouts;
        for (name, dress, terminal, variables, expected) in [
            (own, dress(false, None), true, "", true),
            (own, dress(false, None), false, "", false),
            (own, dress(true, None), true, "", false),
            (own, dress(false, never), true, "CLICOLOR_FORCE", false),
            (own, dress(false, always), false, "NO_COLOR", true),
            (own, dress(false, auto), true, "NO_COLOR", false),
            (own, dress(false, None), false, "CLICOLOR_FORCE", true),
            (argo, dress(false, None), false, "", true),
            (argo, dress(true, None), true, "", false),
            (argo, dress(false, None), false, "TERM", false),
        ] {
            let variable = |name: &str| {
                let value = if name == "TERM" { "dumb" } else { "1" };
                (name == variables).then(|| value.to_owned())
            };
            let seen = colour(name, &dress, terminal, variable);
            assert_eq!(seen, expected, "{name:?} {dress:?} {terminal} {variables}");
        }
    }
}
