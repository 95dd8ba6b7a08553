//! `apps`: what the files of `apps/` must hold, and the page made of them.

use std::path::Path;

use anyhow::{Context, Result, bail};
use rollbook_catalog::{Catalog, lint, matrix};

use crate::say;

/// Where the page is.
const PAGE: &str = "docs/apps.md";

/// Checks every app file under `root` and writes the page anew.
pub(crate) fn write(root: &Path) -> Result<()> {
    let catalog = checked(root)?;
    let page = root.join(PAGE);
    std::fs::write(&page, matrix::page(&catalog))
        .with_context(|| format!("{} could not be written", page.display()))?;
    say(&format!("apps: {} files, nothing to complain about; {PAGE} is written", count(&catalog)));
    Ok(())
}

/// Checks every app file under `root`, and that the page says what they say.
pub(crate) fn check(root: &Path) -> Result<()> {
    let catalog = checked(root)?;
    let page = std::fs::read_to_string(root.join(PAGE)).unwrap_or_default();
    if page != matrix::page(&catalog) {
        bail!(
            "{PAGE} does not say what the files in apps/ say. Run `cargo xtask apps` and commit it."
        );
    }
    say(&format!("apps: {} files, nothing to complain about", count(&catalog)));
    Ok(())
}

fn checked(root: &Path) -> Result<Catalog> {
    let catalog = Catalog::load(&root.join("apps"))?;
    let faults = catalog.apps().flat_map(|app| {
        lint::faults(app).into_iter().map(|fault| format!("apps/{}.toml: {fault}", app.id))
    });
    let faults: Vec<String> = faults.collect();
    if !faults.is_empty() {
        bail!("{}", faults.join("\n"));
    }
    Ok(catalog)
}

fn count(catalog: &Catalog) -> usize {
    catalog.apps().count()
}
