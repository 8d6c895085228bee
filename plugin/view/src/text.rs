//! Text renderings: lines for a terminal or a pipe.

mod line;
mod list;
mod table;
mod tree;

pub use line::change_line;
pub use list::{ListOptions, ListRow, rows_text};
pub use tree::{Detail, rollout_text};

use crate::icons;

/// How text is dressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Style {
    /// ANSI colours.
    pub colour: bool,
    /// Plain characters instead of signs.
    pub ascii: bool,
}

impl Style {
    /// `text` in the colour of `word`, for example of a sign or a tag.
    ///
    /// Also a word without a colour is wrapped, so that all cells of a column are equally longer
    /// than they look for programs that count the escapes.
    #[must_use]
    pub fn paint(self, text: &str, word: &str) -> String {
        if self.colour {
            format!("\u{1b}[{}m{text}\u{1b}[0m", icons::colour(word))
        } else {
            text.to_owned()
        }
    }

    /// The finished text with its signs replaced where asked for.
    #[must_use]
    pub fn finish(self, text: String) -> String {
        if self.ascii {
            icons::plain(&text)
        } else {
            text
        }
    }
}
