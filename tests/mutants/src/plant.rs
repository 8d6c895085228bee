//! Puts all mutants into the code at once, each behind a switch, so that one build is enough.
//!
//! A function with mutants gets one body for each and its own: the number in the environment
//! variable [`SWITCH`] says which of them runs. Without it the code is what it was.

use anyhow::{Context as _, ensure};

use crate::mutant::Mutant;

/// The environment variable with the number of the mutant that is switched on.
pub const SWITCH: &str = "PLANTED_MUTANT";

/// The function that asks for the switch; it is added to the root of every crate with mutants.
pub const ASK: &str = r#"
/// Whether the mutant of this number is switched on.
pub(crate) fn planted(number: usize) -> bool {
    static ON: std::sync::LazyLock<Option<usize>> = std::sync::LazyLock::new(|| {
        std::env::var("PLANTED_MUTANT").ok()?.parse().ok()
    });
    *ON == Some(number)
}
"#;

/// The body of a function, by lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Body {
    /// The line with `fn`.
    head: usize,
    /// The first line of the body.
    first: usize,
    /// The line with the brace that ends it.
    end: usize,
}

/// The text of a file with all these mutants, given with their numbers, behind the switch.
///
/// # Errors
/// When one does not apply exactly once, or is not within one function.
pub fn plant(text: &str, mutants: &[(usize, &Mutant)]) -> anyhow::Result<String> {
    let lines: Vec<&str> = text.lines().collect();
    let mut bodies: Vec<(Body, usize, &Mutant)> = Vec::new();
    for (number, mutant) in mutants {
        let (from, to) = mutant.place(text)?;
        let line_of = |at: usize| {
            text.get(..at)
                .map_or(0, |before| before.matches('\n').count())
        };
        let body = function_around(&lines, line_of(from), line_of(to))
            .with_context(|| format!("mutant {} is in no function", mutant.name))?;
        bodies.push((body, *number, mutant));
    }
    bodies.sort_by_key(|(body, number, _)| (*body, *number));
    let mut planted = String::new();
    let mut at = 0;
    let mut rest = bodies.as_slice();
    while let Some((body, ..)) = rest.first() {
        ensure!(at <= body.head, "mutants are in a function within another");
        let here = rest.partition_point(|(other, ..)| other == body);
        let (these, later) = rest.split_at(here);
        push(&mut planted, lines.get(at..body.head));
        let head = lines
            .get(body.head..body.first)
            .unwrap_or_default()
            .join("\n");
        planted.push_str(&head.replacen("const fn ", "fn ", 1));
        planted.push('\n');
        let original = lines
            .get(body.first..body.end)
            .unwrap_or_default()
            .join("\n");
        for (_, number, mutant) in these {
            let wrong = mutant.apply(&original)?;
            let switch = format!("if crate::planted({number}) /* {} */", mutant.name);
            planted.push_str(&format!("{switch} {{\n{wrong}\n}} else "));
        }
        planted.push_str(&format!("{{\n{original}\n}}\n"));
        at = body.end;
        rest = later;
    }
    push(&mut planted, lines.get(at..));
    Ok(planted)
}

fn push(text: &mut String, lines: Option<&[&str]>) {
    for line in lines.unwrap_or_default() {
        text.push_str(line);
        text.push('\n');
    }
}

/// The innermost function whose body has these lines. Code is formatted: a function ends with a
/// brace that is indented like its beginning.
fn function_around(lines: &[&str], first: usize, last: usize) -> Option<Body> {
    (0..=first).rev().find_map(|head| {
        let line = lines.get(head)?;
        if !begins_function(line.trim_start()) {
            return None;
        }
        let indent = line.len() - line.trim_start().len();
        let brace = format!("{}}}", " ".repeat(indent));
        let body = lines.iter().skip(head).position(|it| it.ends_with('{'))? + head + 1;
        let end = lines.iter().skip(body).position(|it| *it == brace)? + body;
        (body <= first && last < end).then_some(Body {
            head,
            first: body,
            end,
        })
    })
}

fn begins_function(line: &str) -> bool {
    let mut rest = line;
    for word in ["pub(crate) ", "pub(super) ", "pub ", "const ", "async "] {
        rest = rest.strip_prefix(word).unwrap_or(rest);
    }
    rest.starts_with("fn ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "use a;\n\nimpl B {\n    pub(crate) const fn c(\n        d: i64,\n    ) -> i64 {\n        \
        d + 1\n    }\n}\n\nfn e() {\n    f();\n}\n";

    fn mutant(find: &str, replace: &str) -> Mutant {
        let text = format!(
            "file: a.rs\ntier: planner\nwhy: haste\n--- find\n{find}\n--- replace\n{replace}\n"
        );
        Mutant::parse("m", &text).unwrap()
    }

    #[test]
    fn a_function_gets_a_body_for_each_mutant_and_keeps_its_own() {
        let (less, more) = (mutant("d + 1", "d"), mutant("d + 1", "d + 2"));
        let planted = plant(TEXT, &[(7, &less), (8, &more)]).unwrap();
        assert_eq!(
            planted,
            "use a;\n\nimpl B {\n    pub(crate) fn c(\n        d: i64,\n    ) -> i64 {\n\
             if crate::planted(7) /* m */ {\n        d\n} else if crate::planted(8) /* m */ {\n        d + 2\n} else {\n        \
             d + 1\n}\n    }\n}\n\nfn e() {\n    f();\n}\n"
        );
    }

    #[test]
    fn what_is_in_no_function_cannot_be_planted() {
        let error = plant(TEXT, &[(1, &mutant("use a;", ""))]).unwrap_err();
        assert!(error.to_string().contains("in no function"), "{error}");
    }
}
