//! Puts every file of `apps/` into the catalog, so that adding an app is adding a file.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let variable = |name| env::var_os(name).map(PathBuf::from).unwrap_or_default();
    let apps = variable("CARGO_MANIFEST_DIR").join("../../apps");
    println!("cargo::rerun-if-changed={}", apps.display());
    let entries = fs::read_dir(&apps)?.map(|entry| entry.map(|entry| entry.path()));
    let mut paths: Vec<PathBuf> = entries.collect::<io::Result<_>>()?;
    paths.retain(|path| path.extension().is_some_and(|end| end == "toml"));
    paths.sort();
    fs::write(variable("OUT_DIR").join("embedded.rs"), list(&paths))
}

/// The id and the text of each file, as a constant in Rust.
fn list(paths: &[PathBuf]) -> String {
    let mut text = "pub(crate) const FILES: &[(&str, &str)] = &[\n".to_owned();
    for path in paths {
        let id = path.file_stem().unwrap_or_default().to_string_lossy();
        // Writing to a text cannot fail.
        let _ = writeln!(text, "    ({id:?}, include_str!({:?})),", absolute(path));
    }
    text + "];\n"
}

fn absolute(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}
