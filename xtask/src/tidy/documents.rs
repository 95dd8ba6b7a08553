//! Documents that name what is not there, and the size of the Makefile.

use super::{Complaint, Text};

const RECIPES_MAX: usize = 15;

/// Folders at the root of the repository. A path in backticks that begins with one must exist.
const ROOTS: &[&str] = &[
    "crates", "xtask", "apps", "docs", "examples", "scripts", "tests", "bench", "fuzz", ".ci",
    ".cargo", ".config",
];

/// Checks links and paths of every Markdown file, and the paths that comments in Rust name. `exists`
/// answers for a path from the root.
pub(crate) fn check(texts: &[Text], exists: &dyn Fn(&str) -> bool) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for text in texts {
        if text.path.ends_with(".md") {
            complaints.extend(links(text, texts, exists));
            complaints.extend(paths(text, exists));
        } else if text.path.ends_with(".rs") {
            complaints.extend(paths(&comments(text), exists));
        }
    }
    complaints
}

/// The comments of a Rust file as a document with the same line numbers.
fn comments(file: &Text) -> Text {
    let lines = file.text.lines().map(str::trim_start);
    let lines = lines.map(|line| line.strip_prefix("//").unwrap_or(""));
    let lines: Vec<_> = lines.map(|line| line.trim_start_matches(['/', '!', ' '])).collect();
    Text { path: file.path.clone(), text: lines.join("\n") }
}

/// The lines of `text` that are prose, with their numbers: nothing inside a fence.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    (1..).zip(text.lines()).filter(move |(_, line)| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        !fenced && !fence
    })
}

fn links(document: &Text, texts: &[Text], exists: &dyn Fn(&str) -> bool) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for (number, line) in prose(&document.text) {
        for target in line.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if target.contains(':') {
                continue;
            }
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let path =
                if file.is_empty() { document.path.clone() } else { beside(&document.path, file) };
            let linked = texts.iter().find(|text| text.path == path);
            let heading =
                anchor.is_empty() || linked.is_some_and(|text| has_heading(&text.text, anchor));
            let problem = match (exists(&path), heading) {
                (false, _) => format!("The link leads to {path}, which is not there."),
                (true, false) => {
                    format!("The link leads to a heading `{anchor}` that {path} does not have.")
                }
                (true, true) => continue,
            };
            let message = format!("{problem} Correct the link or add what it promises.");
            complaints.push(Complaint::new(&document.path, number, message));
        }
    }
    complaints
}

/// The path from the root of `target` as seen from the document at `from`.
fn beside(from: &str, target: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

fn has_heading(text: &str, anchor: &str) -> bool {
    let headings = prose(text).filter(|(_, line)| line.starts_with('#'));
    headings.map(|(_, line)| line.trim_start_matches('#').trim()).any(|line| slug(line) == anchor)
}

/// The anchor that a heading gets where the repository is shown.
fn slug(heading: &str) -> String {
    let kept = heading.to_lowercase();
    let kept = kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn paths(document: &Text, exists: &dyn Fn(&str) -> bool) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for (number, line) in prose(&document.text) {
        for token in line.split('`').skip(1).step_by(2).filter(|token| is_path(token)) {
            if !exists(token.trim_end_matches('/')) {
                let message =
                    format!("`{token}` is not there. Correct the path or add what it promises.");
                complaints.push(Complaint::new(&document.path, number, message));
            }
        }
    }
    complaints
}

fn is_path(token: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
    let root = token.split('/').next().unwrap_or("");
    token.contains('/') && token.chars().all(plain) && ROOTS.contains(&root)
}

/// At most fifteen recipes, each of one line: anything longer is Rust in xtask.
pub(crate) fn makefile(file: &Text) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let mut recipes = 0;
    let mut body = 0;
    for (number, line) in (1..).zip(file.text.lines()) {
        if line.starts_with('\t') {
            body += 1;
            if body > 1 || line.ends_with('\\') {
                let message = "The recipe has more than one line. Move it to xtask or scripts.";
                complaints.push(Complaint::new(&file.path, number, message));
            }
            continue;
        }
        let target = line.split(':').next().unwrap_or("");
        let is_recipe = line.contains(':') && !line.starts_with(['.', '#']) && !line.contains(":=");
        if is_recipe && !target.contains('=') {
            recipes += 1;
            body = 0;
        }
        if is_recipe && recipes == RECIPES_MAX + 1 {
            let message = format!("There are more than {RECIPES_MAX} recipes. Drop or merge some.");
            complaints.push(Complaint::new(&file.path, number, message));
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(complaints: &[Complaint]) -> Vec<(usize, &str)> {
        let first = |c: &Complaint| c.message.find(". ").map_or(c.message.len(), |at| at + 1);
        complaints.iter().map(|c| (c.line, &c.message[..first(c)])).collect()
    }

    #[test]
    fn a_link_that_leads_nowhere_is_found() {
        let text = "[a](../README.md) [b](gone.md)\n[c](https://x.example/y) [d](#no-such-part)\n# Part\n[e](#part)";
        let texts = [Text::new("docs/a.md", text), Text::new("README.md", "")];
        let exists = |path: &str| path == "README.md" || path == "docs/a.md";
        assert_eq!(
            said(&links(&texts[0], &texts, &exists)),
            [
                (1, "The link leads to docs/gone.md, which is not there."),
                (2, "The link leads to a heading `no-such-part` that docs/a.md does not have."),
            ]
        );
    }

    #[test]
    fn a_folder_that_a_document_names_must_exist() {
        let text = "In `crates/core/` and `crates/gone`.\n```\n`crates/fenced`\n```\n`and/or` `GET /Users`";
        let complaints = paths(&Text::new("ARCHITECTURE.md", text), &|path| path == "crates/core");
        assert_eq!(said(&complaints), [(1, "`crates/gone` is not there.")]);
    }

    #[test]
    fn a_file_that_a_comment_names_must_exist() {
        let text =
            "let a = \"`docs/in-code.md`\";\n//! See `docs/gone.md`.\n/// See `docs/here.md`.";
        let complaints = check(&[Text::new("a.rs", text)], &|path| path == "docs/here.md");
        assert_eq!(said(&complaints), [(2, "`docs/gone.md` is not there.")]);
    }

    #[test]
    fn a_recipe_of_two_lines_is_one_too_many() {
        let file =
            Text::new("Makefile", ".PHONY: a b\nX := 1\na:\n\techo a\nb: a\n\techo b\n\techo c\n");
        assert_eq!(said(&makefile(&file)), [(7, "The recipe has more than one line.")]);
    }

    #[test]
    fn a_sixteenth_recipe_is_one_too_many() {
        let recipes =
            |count: usize| (0..count).map(|n| format!("r{n}:\n\techo\n")).collect::<String>();
        assert_eq!(makefile(&Text::new("Makefile", &recipes(15))), []);
        assert_eq!(makefile(&Text::new("Makefile", &recipes(16))).len(), 1);
    }
}
