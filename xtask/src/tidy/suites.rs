//! Test suites: a file of a suite that the suite's `main.rs` does not name would never run.

use super::{Complaint, Text};

/// Checks every suite of integration tests.
pub(super) fn check(texts: &[Text]) -> Vec<Complaint> {
    texts.iter().filter_map(|text| forgotten(text, texts)).collect()
}

fn forgotten(text: &Text, texts: &[Text]) -> Option<Complaint> {
    let (folder, file) = text.path.rsplit_once('/')?;
    let name = file.strip_suffix(".rs")?;
    if !folder.ends_with("tests/it") || name == "main" {
        return None;
    }
    let main = texts.iter().find(|text| text.path == format!("{folder}/main.rs"));
    let named = format!("mod {name};");
    let is_named = main.is_some_and(|main| main.text.lines().any(|line| line.trim() == named));
    (!is_named).then(|| {
        let message =
            format!("{folder}/main.rs does not say `{named}`, so it never runs. Name it.");
        Complaint::new(&text.path, 1, message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_file_that_main_forgets_is_named() {
        let texts = [
            Text::new("crates/core/tests/it/main.rs", "mod plan;\n// mod guard;\n"),
            Text::new("crates/core/tests/it/plan.rs", ""),
            Text::new("crates/core/tests/it/guard.rs", ""),
            Text::new("crates/core/tests/it/guard.txt", ""),
            Text::new("crates/core/src/guard.rs", ""),
        ];
        let complaints: Vec<_> = check(&texts).iter().map(ToString::to_string).collect();
        assert_eq!(
            complaints,
            ["crates/core/tests/it/guard.rs:1: crates/core/tests/it/main.rs does not say \
              `mod guard;`, so it never runs. Name it."]
        );
    }
}
