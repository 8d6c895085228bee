//! Columns aligned by what is seen, not by bytes.

use unicode_width::UnicodeWidthChar;

/// Rows with columns as wide as their widest cell and two spaces between; no spaces at the end of
/// a line. Escape sequences take no room.
#[must_use]
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| width(cell)).max().unwrap_or(0)
        })
        .collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, wanted) in row.iter().zip(&widths) {
            line.push_str(cell);
            let missing = wanted.saturating_sub(width(cell));
            line.push_str(&" ".repeat(missing + 2));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Columns of a terminal that `text` takes.
#[must_use]
pub(crate) fn width(text: &str) -> usize {
    let mut total = 0;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character == '\u{1b}' {
            // `ESC [ … letter`
            characters.by_ref().find(char::is_ascii_alphabetic);
        } else {
            total += character.width().unwrap_or(0);
        }
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_whatever_colours_and_signs_are_in_them() {
        let row = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect();
        let text = table(&[
            row(&["NAME", "B", ""]),
            row(&["\u{1b}[31m✖\u{1b}[0m x", "bb", "c"]),
            row(&["└──⧉ long", "", ""]),
        ]);
        assert_eq!(
            text,
            "NAME       B\n\u{1b}[31m✖\u{1b}[0m x        bb  c\n└──⧉ long\n"
        );
    }
}
