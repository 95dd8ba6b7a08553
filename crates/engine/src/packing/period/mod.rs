//! The pack of a period: everything that an auditor asks for of all people and apps at once.
//!
//! Each file ends with a statement of what it covers: from when, out of which snapshots, how many rows
//! the source itself counts, and what explains the difference. What the book cannot say is a file that
//! says so. The same book gives the same bytes: what is only read or handed out moves nothing.

mod access;
mod book;
mod control;
mod framework;
mod leaver;
mod ocsf;
mod own;
mod page;
mod people;
mod statement;

use std::collections::BTreeSet;
use std::path::Path;

use jiff::ToSpan as _;
use jiff::civil::Date;
use rollbook_core::event::Draft;
use serde_json::json;

use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::evidence::{self, DataFile, Manifest, Pack};
use crate::reconcile::named;

use book::Seen;
use statement::Sheet;

/// The period that a pack is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// Its first day, in the workspace's zone.
    pub from: Date,
    /// Its last day.
    pub to: Date,
}

impl Period {
    /// The day after its last one.
    fn until(self) -> Date {
        self.to.checked_add(1.day()).unwrap_or(Date::MAX)
    }
}

impl Engine {
    /// Writes the pack of a period into the new folder `folder` and says what it holds.
    ///
    /// # Errors
    /// When the period ends before it begins or is still to come, the chain is broken, or the folder
    /// exists or cannot be written.
    pub fn pack_period(&self, period: Period, folder: &Path, by: &str) -> Result<Manifest> {
        let by = named(by)?;
        self.check_period(period)?;
        let seen = Seen::gather(self, period)?;
        let files = files(&seen, by)?;
        // Reading evidence is itself an event, and the chain in the pack shows it.
        let rows: Vec<_> = files.iter().map(|file| json!([file.name, file.rows])).collect();
        self.store.write(|book| {
            book.record(Draft {
                kind: "pack_made".to_owned(),
                actor: by.to_owned(),
                on_behalf_of: String::new(),
                subject: "workspace".to_owned(),
                concerns: BTreeSet::new(),
                at: self.now(),
                body: json!({"from": period.from, "to": period.to, "files": rows}),
            })
        })?;
        self.checkpoint()?;
        let (chain_id, events, bodies, checkpoints) = self.store.read(|book| {
            Ok((book.chain_id()?, book.events()?, book.bodies()?, book.checkpoints()?))
        })?;
        let pack = Pack {
            chain_id: &chain_id,
            events: &events,
            bodies: &bodies,
            checkpoints: &checkpoints,
            outside: &self.outside()?,
            about: &BTreeSet::new(),
            files: &files,
            population: seen.population(),
            as_of: seen.as_of,
            made_by: by,
        };
        Ok(evidence::write_folder(folder, &pack, &self.key)?.manifest)
    }

    fn check_period(&self, period: Period) -> Result<()> {
        if period.to < period.from {
            return Err(Error::input(format!(
                "The period would end on {}, before it begins on {}.",
                period.to, period.from
            ))
            .hint("Name the first day with --from and the last one with --to."));
        }
        match period.from > self.today() {
            false => Ok(()),
            true => Err(Error::input(format!("{} is still to come.", period.from))
                .hint("A pack tells of what happened; name a day that has begun.")),
        }
    }
}

/// Every file of the pack but the chain.
fn files(seen: &Seen<'_>, by: &str) -> Result<Vec<DataFile>> {
    let sheets = sheets(seen);
    let mut files = Vec::new();
    for sheet in &sheets {
        files.extend(sheet.files(seen, by)?);
    }
    files.push(ocsf::file(seen));
    for (name, text) in [
        ("verify_pack.py", include_str!("../../../../../examples/verify_pack.py")),
        ("evidence.md", include_str!("../../../../../docs/evidence.md")),
    ] {
        let bytes = text.as_bytes().to_vec();
        files.push(DataFile { name: name.to_owned(), rows: 1, bytes });
    }
    let html = page::render(seen, &sheets, by).into_bytes();
    files.push(DataFile { name: "index.html".to_owned(), rows: 1, bytes: html });
    Ok(files)
}

/// The tables in the order of the page.
fn sheets(seen: &Seen<'_>) -> Vec<Sheet> {
    vec![
        access::apps_in_scope(seen),
        access::accounts_asof(seen),
        people::joiners(seen),
        leaver::leavers(seen),
        people::movers(seen),
        people::leaver_vs_active(seen),
        people::recently_disabled(seen),
        own::access_review(),
        access::privileged(seen),
        access::orphans_shared_service(seen),
        access::inactive(seen),
        own::sod(seen),
        control::approvals(seen),
        control::effects(seen),
        control::exceptions(seen),
        control::config_changes(seen),
        control::control_runs(seen),
        own::own_access(seen),
        own::notifications(seen),
    ]
}
