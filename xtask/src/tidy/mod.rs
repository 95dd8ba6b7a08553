//! `tidy`: rules of this repository that no compiler knows.
//!
//! Every rule is a pure function from text to complaints, so its tests are text as well. This file
//! is the only one that reads the disk.

mod documents;
mod layers;
mod licences;
mod rust;
mod sizes;
mod suites;
mod words;

use std::fmt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use rust::Rust;

/// One thing that is not as it must be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Complaint {
    file: String,
    line: usize,
    message: String,
}

impl Complaint {
    /// `message` says what is wrong and what to do; lines count from 1.
    fn new(file: impl Into<String>, line: usize, message: impl Into<String>) -> Self {
        Self { file: file.into(), line, message: message.into() }
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.message)
    }
}

/// A text file of the repository.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    /// Its path from the root, with `/`.
    path: String,
    text: String,
}

impl Text {
    #[cfg(test)]
    fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }
}

/// Checks everything under `root`.
pub(crate) fn run(root: &Path) -> Result<()> {
    let texts = texts(root)?;
    let rust: Vec<Rust> = texts
        .iter()
        .filter(|t| t.path.ends_with(".rs"))
        .map(|t| Rust::read(&t.path, &t.text))
        .collect();
    let manifests: Vec<_> = texts.iter().filter(|t| t.path.ends_with("Cargo.toml")).collect();
    let find = |path: &str| texts.iter().find(|text| text.path == path);
    let ratchet = find(sizes::RATCHET).map_or("", |file| file.text.as_str());

    let mut complaints = layers::check(&manifests, &rust);
    complaints.extend(sizes::check(&rust, &texts, ratchet));
    complaints.extend(suites::check(&texts));
    complaints.extend(words::check(&rust, &texts));
    complaints.extend(documents::check(&texts, &|path| root.join(path).exists()));
    if let Some(makefile) = find("Makefile") {
        complaints.extend(documents::makefile(makefile));
    }
    let deny =
        find("deny.toml").context("There is no deny.toml; the licences cannot be checked.")?;
    complaints.extend(licences::check(deny, &metadata(root)?)?);

    complaints.sort();
    complaints.dedup();
    for complaint in &complaints {
        crate::say(&complaint.to_string());
    }
    if !complaints.is_empty() {
        bail!("tidy: {} complaints in {} files", complaints.len(), texts.len());
    }
    crate::say(&format!("tidy: {} files, nothing to complain about", texts.len()));
    Ok(())
}

/// Every text file that is in the repository or about to be, in order of their paths.
fn texts(root: &Path) -> Result<Vec<Text>> {
    let mut git = Command::new("git");
    // Somebody else may own the folder, as in a container; listing names is harmless all the same.
    git.args(["-c", "safe.directory=*"]);
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).current_dir(root);
    let output = git.output().context("git could not be started; tidy asks it for the files.")?;
    if !output.status.success() {
        bail!("git ls-files failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    let mut paths: Vec<_> =
        String::from_utf8_lossy(&output.stdout).split_terminator('\0').map(str::to_owned).collect();
    paths.sort();
    paths.dedup();
    let read = |path: String| {
        let text = std::fs::read_to_string(root.join(&path)).ok()?;
        Some(Text { path, text })
    };
    Ok(paths.into_iter().filter_map(read).collect())
}

/// What cargo knows about every package of the tree.
fn metadata(root: &Path) -> Result<String> {
    let mut cargo = crate::cargo();
    cargo.args(["metadata", "--format-version", "1", "--locked"]).current_dir(root);
    let output = cargo.output().context("cargo metadata could not be started.")?;
    if !output.status.success() {
        bail!("cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    String::from_utf8(output.stdout).context("cargo metadata answered something that is not text.")
}
