//! How long functions and files may be.

use super::rust::Rust;
use super::{Complaint, Text};

const FUNCTION_LINES_MAX: usize = 70;
const FILE_LINES_MAX: usize = 800;

/// Functions that are longer for now: `path name lines` on each line. It only ever shrinks.
pub(crate) const RATCHET: &str = "xtask/ratchet.txt";

/// Checks the length of every function and of every file that holds code.
pub(crate) fn check(rust: &[Rust], texts: &[Text], ratchet: &str) -> Vec<Complaint> {
    let mut complaints = functions(rust, ratchet);
    let ends = [".rs", ".py", ".sql", ".sh", ".js", ".mjs", ".html", ".css"];
    for file in texts.iter().filter(|text| ends.iter().any(|end| text.path.ends_with(end))) {
        let lines = file.text.lines().count();
        if lines > FILE_LINES_MAX {
            let message = format!(
                "The file has {lines} lines, at most {FILE_LINES_MAX} are allowed. Split it by noun."
            );
            complaints.push(Complaint::new(&file.path, lines, message));
        }
    }
    complaints
}

fn functions(rust: &[Rust], ratchet: &str) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let mut used = vec![false; ratchet.lines().count()];
    for file in rust {
        for function in file.functions().into_iter().filter(|f| f.lines > FUNCTION_LINES_MAX) {
            let key = format!("{} {} ", file.path, function.name);
            let entry = ratchet.lines().position(|line| line.starts_with(&key));
            let allowed =
                entry.and_then(|at| ratchet.lines().nth(at)?.rsplit(' ').next()?.parse().ok());
            if let Some(at) = entry {
                used[at] = true;
            }
            let max = allowed.unwrap_or(FUNCTION_LINES_MAX);
            if function.lines > max {
                let message = format!(
                    "`{}` has {} lines, at most {max} are allowed. Keep the control flow and move \
                     decisions into functions of their own.",
                    function.name, function.lines
                );
                complaints.push(Complaint::new(&file.path, function.line, message));
            }
        }
    }
    let stale = (1..).zip(ratchet.lines().zip(used));
    for (number, (line, used)) in stale {
        if !used && !line.is_empty() && !line.starts_with('#') {
            let message = "The function is short enough now. Delete this line.";
            complaints.push(Complaint::new(RATCHET, number, message));
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    fn long(lines: usize) -> Rust {
        Rust::read("a.rs", &format!("fn long() {{\n{}}}\n", "    step();\n".repeat(lines - 2)))
    }

    #[test]
    fn the_seventy_first_line_of_a_function_is_one_too_many() {
        assert_eq!(functions(&[long(70)], ""), []);
        let complaints = functions(&[long(71)], "");
        assert_eq!(complaints.len(), 1);
        assert!(complaints[0].to_string().starts_with("a.rs:1: `long` has 71 lines"));
    }

    #[test]
    fn the_ratchet_lets_a_function_be_as_long_as_it_was_and_no_longer() {
        assert_eq!(functions(&[long(80)], "a.rs long 80"), []);
        assert_eq!(functions(&[long(81)], "a.rs long 80").len(), 1);
    }

    #[test]
    fn a_ratchet_line_that_is_no_longer_needed_must_go() {
        let complaints = functions(&[long(70)], "# why\na.rs long 80");
        assert_eq!(complaints.len(), 1);
        assert_eq!((complaints[0].file.as_str(), complaints[0].line), (RATCHET, 2));
    }

    #[test]
    fn a_file_of_more_than_eight_hundred_lines_is_found() {
        let file = |lines| [Text::new("a.sql", &"select 1;\n".repeat(lines))];
        assert_eq!(check(&[], &file(800), ""), []);
        assert_eq!(check(&[], &file(801), "").len(), 1);
    }
}
