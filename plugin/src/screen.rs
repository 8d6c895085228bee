//! A terminal that shows one frame after another without flicker.
//!
//! Only lines that changed are written again; the frame is cut to the terminal; the screen that
//! was there before comes back at the end, whatever way the command ends.

use std::io::{self, Write};

const ENTER: &str = "\u{1b}[?1049h\u{1b}[?25l\u{1b}[2J";
const LEAVE: &str = "\u{1b}[?25h\u{1b}[?1049l";
const BEGIN_UPDATE: &str = "\u{1b}[?2026h";
const END_UPDATE: &str = "\u{1b}[?2026l";

/// The terminal of this process, showing frames.
pub(crate) struct Screen {
    shown: Vec<String>,
    size: (u16, u16),
}

impl Screen {
    /// Puts the present contents aside.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn enter() -> io::Result<Self> {
        write_out(ENTER)?;
        Ok(Self {
            shown: Vec::new(),
            size: (0, 0),
        })
    }

    /// Shows `text`, whose lines may hold colours.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn show(&mut self, text: &str) -> io::Result<()> {
        let size = crossterm::terminal::size().unwrap_or((80, 24));
        let mut out = String::from(BEGIN_UPDATE);
        if size != self.size {
            // Lines wrap differently after a resize.
            out.push_str("\u{1b}[2J");
            self.shown.clear();
            self.size = size;
        }
        let frame = frame(text, size);
        out.push_str(&difference(&self.shown, &frame));
        out.push_str(END_UPDATE);
        self.shown = frame;
        write_out(&out)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _gone = write_out(LEAVE);
    }
}

fn write_out(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// The lines of `text` that fit, each cut to the width.
fn frame(text: &str, (columns, rows): (u16, u16)) -> Vec<String> {
    text.lines()
        .take(usize::from(rows))
        .map(|line| cut(line, usize::from(columns)))
        .collect()
}

/// `line` up to `columns` visible characters, with all its escape sequences.
fn cut(line: &str, columns: usize) -> String {
    let mut out = String::new();
    let mut visible = 0;
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        if character == '\u{1b}' {
            out.push(character);
            for escape in characters.by_ref() {
                out.push(escape);
                if escape.is_ascii_alphabetic() {
                    break;
                }
            }
        } else if visible < columns {
            visible += 1;
            out.push(character);
        }
    }
    out
}

/// What turns a screen that shows `before` into one that shows `after`.
fn difference(before: &[String], after: &[String]) -> String {
    let mut out = String::new();
    for (row, line) in after.iter().enumerate() {
        if before.get(row) != Some(line) {
            out.push_str(&format!("\u{1b}[{};1H{line}\u{1b}[K", row + 1));
        }
    }
    if before.len() > after.len() {
        out.push_str(&format!("\u{1b}[{};1H\u{1b}[J", after.len() + 1));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lines_that_changed_are_written() {
        let lines = |text: &str| frame(text, (80, 24));
        let same = difference(&lines("a\nb"), &lines("a\nb"));
        assert_eq!(same, "");
        let one = difference(&lines("a\nb\nc"), &lines("a\nx\nc"));
        assert_eq!(one, "\u{1b}[2;1Hx\u{1b}[K");
        let shorter = difference(&lines("a\nb\nc"), &lines("a"));
        assert_eq!(shorter, "\u{1b}[2;1H\u{1b}[J");
    }

    #[test]
    fn a_frame_fits_the_terminal_and_ends_its_colours() {
        let seen = frame("\u{1b}[31mabcdef\u{1b}[0m\nb\nc", (3, 2));
        assert_eq!(seen, ["\u{1b}[31mabc\u{1b}[0m", "b"]);
    }
}
