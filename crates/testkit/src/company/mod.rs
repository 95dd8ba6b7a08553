//! A company of about 120 people with ten years of history, made from a seed: what the demo runs
//! on, and tests that want something like life.
//!
//! It has what makes the work hard: joiners, movers, leavers, people who came back, namesakes, name
//! particles, second surnames, accents, nicknames, contractors, service and shared accounts; and
//! what a first look should find: two leavers whose accounts live on, an account that nobody owns,
//! a person with two accounts in one app. [`Company::leaver`] left a few days ago and still has
//! everything.
//!
//! ```
//! use rollbook_testkit::company::Company;
//!
//! let company = Company::generate(7, "2026-11-21".parse()?);
//! assert_eq!(company, Company::generate(7, "2026-11-21".parse()?));
//! assert!(company.workers_csv().starts_with("number,kind,given_name,used_name,particle,"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod accounts;
mod names;
mod people;
mod random;

use jiff::civil::Date;
use serde_json::Value;

use crate::csv_app::Row;
use random::Random;

/// The domain of the company's own addresses.
pub const DOMAIN: &str = "haldenroos.example";

/// The columns of the workers' file. `last_day` is the last day on which the worker is here, empty
/// while it is open; a mover has two rows with one number, a person who came back has two numbers.
pub const WORKER_COLUMNS: [&str; 15] = [
    "number",
    "kind",
    "given_name",
    "used_name",
    "particle",
    "family_name",
    "second_surname",
    "start",
    "last_day",
    "email",
    "unit",
    "job_title",
    "location",
    "manager",
    "supplier",
];

/// The company on one day.
#[derive(Clone, Debug, PartialEq)]
pub struct Company {
    /// The day on which everything below is true.
    pub today: Date,
    /// Everybody who has ever worked here, in the order of joining.
    pub people: Vec<Person>,
    scim_users: Vec<Value>,
    scim_groups: Vec<Value>,
    csv_rows: Vec<Row>,
}

/// Somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// As the workers' file has it.
    pub name: Name,
    /// The address at work.
    pub email: String,
    /// One per employment and position, oldest first; never empty.
    pub records: Vec<Record>,
    /// Why this person is worth looking at.
    pub story: Story,
    /// The ids of their accounts in the SCIM app.
    pub scim_ids: Vec<String>,
    /// The keys of their accounts in the CSV app.
    pub csv_keys: Vec<String>,
}

/// The parts of a name; empty where there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Name {
    /// All given names.
    pub given: String,
    /// The name used day to day, if it is another one.
    pub used: String,
    /// `van den`, `de la`.
    pub particle: String,
    /// Family name without the particle.
    pub family: String,
    /// Second surname.
    pub second: String,
}

/// One row of the workers' file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Worker number.
    pub number: String,
    /// `employment` or `contract`.
    pub kind: &'static str,
    /// First day.
    pub start: Date,
    /// Last day, if it is known.
    pub last_day: Option<Date>,
    /// Organisational unit.
    pub unit: &'static str,
    /// Job title.
    pub job_title: &'static str,
    /// Town.
    pub location: &'static str,
    /// The manager's worker number, or empty.
    pub manager: String,
    /// The firm that supplies a contractor, or empty.
    pub supplier: &'static str,
}

/// Why a person is worth looking at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Story {
    /// Works here, or has left in good order.
    #[default]
    Plain,
    /// Leads a unit.
    Head,
    /// Left a few days ago and still has everything.
    Leaver,
    /// Left long ago, and an account lives on.
    LivesOn,
    /// Left and came back under a new number.
    CameBack,
    /// Changed the unit.
    Mover,
    /// Comes from another firm.
    Contractor,
    /// Left, and all accounts were closed.
    LeftInOrder,
    /// Has the name of somebody else.
    Namesake,
    /// Has two accounts in the CSV app.
    TwoAccounts,
}

impl Company {
    /// The company that `seed` stands for, as of `today`.
    pub fn generate(seed: u64, today: Date) -> Self {
        let mut random = Random::new(seed);
        let mut people = people::make(&mut random, today);
        let accounts = accounts::make(&mut random, today, &mut people);
        Self {
            today,
            people,
            scim_users: accounts.users,
            scim_groups: accounts.groups,
            csv_rows: accounts.rows,
        }
    }

    /// The person to offboard: left a few days ago, and has accounts in both apps and is in a
    /// group.
    pub fn leaver(&self) -> &Person {
        let found = self.people.iter().find(|person| person.story == Story::Leaver);
        found.expect("every company has one")
    }

    /// The workers' file, with the columns [`WORKER_COLUMNS`].
    pub fn workers_csv(&self) -> String {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let into_memory = "writing into memory does not fail";
        writer.write_record(WORKER_COLUMNS).expect(into_memory);
        for person in &self.people {
            for record in &person.records {
                writer.write_record(cells(person, record)).expect(into_memory);
            }
        }
        let bytes = writer.into_inner().expect(into_memory);
        String::from_utf8(bytes).expect("only text was written")
    }

    /// The accounts of the SCIM app, to seed a vendor with.
    pub fn scim_users(&self) -> &[Value] {
        &self.scim_users
    }

    /// The groups of the SCIM app.
    pub fn scim_groups(&self) -> &[Value] {
        &self.scim_groups
    }

    /// The accounts of the CSV app.
    pub fn csv_rows(&self) -> &[Row] {
        &self.csv_rows
    }
}

impl Person {
    /// The last record: what they are or were.
    pub fn latest(&self) -> &Record {
        self.records.last().expect("nobody is without a record")
    }

    /// Whether they work here on `day`.
    pub fn is_here_on(&self, day: Date) -> bool {
        self.records.iter().any(|it| it.start <= day && it.last_day.is_none_or(|last| day <= last))
    }
}

impl Name {
    fn new(given: &str, used: &str, particle: &str, family: &str, second: &str) -> Self {
        Self {
            given: given.to_owned(),
            used: used.to_owned(),
            particle: particle.to_owned(),
            family: family.to_owned(),
            second: second.to_owned(),
        }
    }

    /// The name that others call them by.
    pub fn called(&self) -> &str {
        if self.used.is_empty() { &self.given } else { &self.used }
    }

    /// Particle and family name.
    pub fn whole_family(&self) -> String {
        format!("{} {}", self.particle, self.family).trim().to_owned()
    }

    /// The whole name as shown.
    pub fn shown(&self) -> String {
        format!("{} {}", self.called(), self.whole_family())
    }
}

fn cells(person: &Person, record: &Record) -> [String; 15] {
    let name = &person.name;
    let text = str::to_owned;
    [
        record.number.clone(),
        text(record.kind),
        name.given.clone(),
        name.used.clone(),
        name.particle.clone(),
        name.family.clone(),
        name.second.clone(),
        record.start.to_string(),
        record.last_day.map(|day| day.to_string()).unwrap_or_default(),
        person.email.clone(),
        text(record.unit),
        text(record.job_title),
        text(record.location),
        record.manager.clone(),
        text(record.supplier),
    ]
}
