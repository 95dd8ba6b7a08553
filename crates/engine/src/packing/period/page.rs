//! The page of the pack that people read first: what it covers, how that was checked, and which file
//! answers which question of which framework.

use minijinja::Environment;
use minijinja::value::Serde;
use serde::Serialize;

use super::book::Seen;
use super::framework::{MAP, Serves};
use super::statement::{Check, Sheet};
use crate::packing::row::coverage;

/// What the template sees.
#[derive(Serialize)]
struct View<'a> {
    company: &'a str,
    from: String,
    to: String,
    as_of: String,
    made_by: &'a str,
    version: &'static str,
    size: u64,
    head: &'a str,
    differing: usize,
    files: Vec<Shown<'a>>,
    instances: Vec<Instance>,
}

#[derive(Serialize)]
struct Shown<'a> {
    name: &'static str,
    holds: &'static str,
    soc2: &'static str,
    iso27001: &'static str,
    sox: &'static str,
    rows: Option<usize>,
    query: &'a str,
    checks: Vec<CheckShown<'a>>,
    notes: &'a [String],
}

#[derive(Serialize)]
struct CheckShown<'a> {
    differs: bool,
    #[serde(flatten)]
    check: &'a Check,
}

#[derive(Serialize)]
struct Instance {
    name: String,
    snapshot: String,
    taken_at: String,
    coverage: String,
    counted: u64,
    reported: Option<u64>,
}

/// The page as HTML. All text is escaped by the template engine.
pub(super) fn render(seen: &Seen<'_>, sheets: &[Sheet], by: &str) -> String {
    let mut environment = Environment::new();
    environment
        .add_template("period.html", include_str!("page.html"))
        .expect("the template is part of the program and is rendered by its tests");
    let template = environment.get_template("period.html").expect("it was added above");
    let checks = sheets.iter().flat_map(|sheet| &sheet.checks);
    let instances = seen.snapshots.iter().map(|(name, head)| Instance {
        name: name.to_string(),
        snapshot: head.id.to_string(),
        taken_at: head.taken_at.to_string(),
        coverage: coverage(&head.coverage),
        counted: head.count,
        reported: head.reported,
    });
    let view = View {
        company: &seen.engine.config.workspace.name,
        from: seen.period.from.to_string(),
        to: seen.period.to.to_string(),
        as_of: seen.as_of.to_zoned(seen.engine.config.workspace.zone()).to_string(),
        made_by: by,
        version: env!("CARGO_PKG_VERSION"),
        size: seen.head.seq,
        head: &seen.head.digest,
        differing: checks.filter(|check| check.differs()).count(),
        files: MAP.iter().map(|serves| shown(serves, sheets)).collect(),
        instances: instances.collect(),
    };
    template.render(Serde(&view)).expect("the template uses only what is given here")
}

fn shown<'a>(serves: &Serves, sheets: &'a [Sheet]) -> Shown<'a> {
    let sheet = sheets.iter().find(|sheet| sheet.table.name == serves.file);
    let checks = sheet.map(|sheet| sheet.checks.as_slice()).unwrap_or_default();
    Shown {
        name: serves.file,
        holds: serves.holds,
        soc2: serves.soc2,
        iso27001: serves.iso27001,
        sox: serves.sox,
        rows: sheet.map(|sheet| sheet.table.rows.len()),
        query: sheet.map_or("", |sheet| &sheet.query),
        checks: checks.iter().map(|c| CheckShown { differs: c.differs(), check: c }).collect(),
        notes: sheet.map(|sheet| sheet.notes.as_slice()).unwrap_or_default(),
    }
}
