//! Scan: what is wrong right now by safe keys alone, straight from the files, with nothing stored.
//!
//! Worker records go into a compact roll, accounts are streamed past it, several instances at a
//! time; see [`rollbook_core::scan`]. It is for estates that are too large to hold in memory, and
//! for a first look before there is a book. Instances that are not read from files are left out.

mod batch;
mod sheet;

use std::collections::BTreeMap;
use std::num::NonZero;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use jiff::civil::Date;
use rollbook_core::id::InstanceName;
use rollbook_core::scan::{
    Bits, Counts, Enrolment, Entry, Full, Human, Place, Presences, Roll, Sweep,
};

use crate::channel::file;
use crate::clock::Clock;
use crate::config::{Config, FileConfig, InstanceConfig};
use crate::error::{Error, Result};
use crate::progress::Progress;
use crate::source;

use batch::Batch;
pub use sheet::Form;
use sheet::{Line, Owner, Sheets};

/// How often progress is told, in accounts.
const TOLD_EVERY: u64 = 100_000;

/// How to scan.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// The day by which people come and go.
    pub today: Date,
    /// How many instances are read at a time.
    pub threads: NonZero<usize>,
    /// The folder for the findings themselves, which is made, and how they are written there.
    pub out: Option<(&'a Path, Form)>,
}

/// What a scan saw.
#[derive(Debug)]
pub struct Scan {
    /// The day.
    pub today: Date,
    /// Worker records that were read.
    pub records: u64,
    /// Humans by source and number.
    pub humans: u64,
    /// The instances, in the order of the configuration.
    pub instances: Vec<Swept>,
    /// The rights of the policy, in its order.
    pub rights: Vec<Lacking>,
}

/// What became of one instance.
#[derive(Debug)]
pub struct Swept {
    /// Which.
    pub instance: InstanceName,
    /// The counts, or why there are none. `None`: it is not read from a file.
    pub read: Option<Result<Counts>>,
    /// Why the view may not be whole; nothing is missing there then.
    pub doubts: Vec<String>,
}

impl Swept {
    /// Whether everything was seen that the instance holds.
    pub fn is_whole(&self) -> bool {
        matches!(self.read, Some(Ok(_))) && self.doubts.is_empty()
    }
}

/// Who has not what the policy gives by birthright.
#[derive(Debug)]
pub struct Lacking {
    /// The instance of the right; `*`: any.
    pub instance: InstanceName,
    /// How many humans, or the instances that would have had to be seen wholly.
    pub missing: std::result::Result<u64, Vec<InstanceName>>,
}

/// What a thread brings back of one instance.
struct Taken {
    counts: Counts,
    there: Bits,
    doubts: Vec<String>,
}

/// Scans the sources and the file instances of the workspace folder `dir`.
///
/// # Errors
/// If a source cannot be read, or the findings cannot be written; then nothing is left in the folder
/// for them. What goes wrong with one instance is in its line.
pub fn scan(
    dir: &Path,
    config: &Config,
    options: Options<'_>,
    progress: &dyn Progress,
) -> Result<Scan> {
    let sheets = options.out.map(|(folder, form)| Sheets::new(folder, form)).transpose()?;
    let roll = enrol(dir, config, options.today, progress)?;
    let mut presences: BTreeMap<&[String], Presences> = BTreeMap::new();
    for instance in &config.instances {
        presences.entry(&instance.covers).or_insert_with(|| roll.presences(&instance.covers));
    }
    let scanning =
        Scanning { dir, config, roll: &roll, presences, sheets: sheets.as_ref(), progress };
    progress.begin("Reading accounts", None);
    let taken = scanning.sweep_all(options.threads);
    progress.end();
    let mut there = BTreeMap::new();
    let mut instances = Vec::new();
    for (one, taken) in config.instances.iter().zip(taken) {
        let (read, doubts) = match taken {
            None => (None, Vec::new()),
            Some(Err(error)) => (Some(Err(error)), Vec::new()),
            Some(Ok(taken)) => {
                there.insert(one.name.clone(), taken.there);
                (Some(Ok(taken.counts)), taken.doubts)
            }
        };
        instances.push(Swept { instance: one.name.clone(), read, doubts });
    }
    let rights = scanning.lacking(&instances, &there)?;
    if let Some(sheets) = sheets {
        sheets.finish()?;
    }
    let (records, humans) = (roll.records(), roll.humans());
    Ok(Scan { today: options.today, records, humans, instances, rights })
}

/// Reads all sources.
fn enrol(dir: &Path, config: &Config, today: Date, progress: &dyn Progress) -> Result<Roll> {
    let places = config.instances.iter().map(place).collect();
    let mut enrolment = Enrolment::new(&config.policy.birthright, places, today);
    for (at, one) in (0_u16..).zip(&config.sources) {
        progress.begin(&format!("Reading {}", one.name), None);
        let mut count = 0;
        source::stream(one, dir, &mut |row| {
            let entry = Entry {
                source: at,
                number: row.number,
                kind: row.kind,
                unit: row.unit(),
                starts: row.starts,
                ends: row.ends,
            };
            let human = enrolment.record(entry).map_err(full)?;
            for address in row.work_emails() {
                enrolment.work_email(human, address).map_err(full)?;
            }
            for login in row.logins() {
                enrolment.login(human, login).map_err(full)?;
            }
            count += 1;
            if count % TOLD_EVERY == 0 {
                progress.advance(TOLD_EVERY);
            }
            Ok(())
        })?;
        progress.end();
    }
    Ok(enrolment.finish())
}

fn full(Full: Full) -> Error {
    Error::input("There are more worker records than a scan can count, which is some billions.")
        .hint("Split the workspace.")
}

fn place(instance: &InstanceConfig) -> Place {
    Place { instance: instance.name.clone(), covers: instance.covers.clone() }
}

struct Scanning<'a> {
    dir: &'a Path,
    config: &'a Config,
    roll: &'a Roll,
    presences: BTreeMap<&'a [String], Presences>,
    sheets: Option<&'a Sheets>,
    progress: &'a dyn Progress,
}

impl Scanning<'_> {
    /// All instances, the largest first, so that no thread is left alone with one at the end. In the
    /// order of the configuration; `None`: not read from a file.
    fn sweep_all(&self, threads: NonZero<usize>) -> Vec<Option<Result<Taken>>> {
        let instances = &self.config.instances;
        let mut work: Vec<(usize, &InstanceConfig, &FileConfig)> = Vec::new();
        for (at, instance) in instances.iter().enumerate() {
            work.extend(instance.file.as_ref().map(|file| (at, instance, file)));
        }
        work.sort_by_key(|(_, _, file)| {
            let about = std::fs::metadata(self.dir.join(&file.path));
            std::cmp::Reverse(about.map_or(0, |about| about.len()))
        });
        let next = AtomicUsize::new(0);
        let run = || {
            let next = || work.get(next.fetch_add(1, Ordering::Relaxed));
            let done = std::iter::from_fn(next);
            done.map(|(at, instance, file)| (*at, self.sweep(instance, file))).collect::<Vec<_>>()
        };
        let mut taken: Vec<_> = instances.iter().map(|_| None).collect();
        thread::scope(|scope| {
            let threads: Vec<_> = (1..threads.get()).map(|_| scope.spawn(run)).collect();
            let mine = run();
            let others = threads.into_iter().flat_map(|one| one.join().expect("it cannot panic"));
            for (at, one) in mine.into_iter().chain(others) {
                taken[at] = Some(one);
            }
        });
        taken
    }

    fn sweep(&self, instance: &InstanceConfig, config: &FileConfig) -> Result<Taken> {
        let zone = self.config.workspace.zone();
        let mut sweep = Sweep::new(self.roll, &self.presences[instance.covers.as_slice()]);
        let name = instance.name.as_str();
        let mut sheet =
            self.sheets.map(|sheets| sheets.open(&format!("accounts-{name}"))).transpose()?;
        let mut batch = Batch::default();
        let mut judge = |batch: &Batch| {
            sweep.take_all(batch.accounts(), |account, found| {
                let Some(sheet) = &mut sheet else { return Ok(()) };
                let line = Line::of_account(name, &account.key, &account.login, found);
                sheet.write(&line, found.owner.map(|owner| self.owner(owner)))
            })
        };
        let mut count = 0;
        let export = file::stream(config, self.dir, &mut |row| {
            batch.push(row, &instance.employer_domains, &zone)?;
            if batch.is_full() {
                judge(&batch)?;
                batch.clear();
            }
            count += 1;
            if count % TOLD_EVERY == 0 {
                self.progress.advance(TOLD_EVERY);
            }
            Ok(())
        })?;
        judge(&batch)?;
        if let Some(sheet) = sheet {
            sheet.close()?;
        }
        let doubts = export.doubts(config, instance.stale_after_h, Clock::System.now()).collect();
        let (counts, there) = sweep.finish();
        Ok(Taken { counts, there, doubts })
    }

    /// Who lacks what. Where an instance that may hold the account was not seen wholly, nothing is
    /// missing.
    fn lacking(
        &self,
        instances: &[Swept],
        there: &BTreeMap<InstanceName, Bits>,
    ) -> Result<Vec<Lacking>> {
        let mut anywhere = Bits::default();
        there.values().for_each(|bits| anywhere.add(bits));
        let mut sheet = self.sheets.map(|sheets| sheets.open("missing")).transpose()?;
        let mut lacking = Vec::new();
        for (at, right) in self.config.policy.birthright.iter().enumerate() {
            let unseen = self.config.instances.iter().zip(instances);
            let unseen =
                unseen.filter(|(one, swept)| place(one).may_satisfy(right) && !swept.is_whole());
            let unseen: Vec<_> = unseen.map(|(one, _)| one.name.clone()).collect();
            let instance = right.instance.clone();
            if !unseen.is_empty() {
                lacking.push(Lacking { instance, missing: Err(unseen) });
                continue;
            }
            let mut count = 0;
            for human in self.roll.missing(at, there.get(&instance).unwrap_or(&anywhere)) {
                count += 1;
                if let Some(sheet) = &mut sheet {
                    sheet.write(&Line::of_missing(instance.as_str()), Some(self.owner(human)))?;
                }
            }
            lacking.push(Lacking { instance, missing: Ok(count) });
        }
        if let Some(sheet) = sheet {
            sheet.close()?;
        }
        Ok(lacking)
    }

    fn owner(&self, human: Human) -> Owner<'_> {
        let (source, worker) = self.roll.number(human);
        let source = self.config.sources[usize::from(source)].name.as_str();
        Owner { source, worker, last_day: self.roll.last_day(human) }
    }
}
