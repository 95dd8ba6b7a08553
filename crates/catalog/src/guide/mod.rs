//! Guides: what is known about one app, in the order in which somebody who has to work with it asks.
//!
//! A [`Guide`] is a value: sections made of a few kinds of block, every statement with its grade and
//! source. Terminals, web pages and documents show the same value in their own way.

mod calls;
mod connect;
mod console;
mod instance;
mod opening;
mod source;
mod text;

use rollbook_core::change::Basis;
use serde::Serialize;
use serde::ser::{SerializeStruct as _, Serializer};

use self::source::Sources;
use crate::app::{App, Fact, Need, Remark};
use crate::tried::Tried;

/// All that is known about one app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Guide {
    /// The app's id.
    pub id: String,
    /// The name people use.
    pub name: String,
    /// What kind of product it is.
    pub category: String,
    /// Where its maker presents it; may be empty.
    pub website: String,
    /// The sections, in the order in which they are read. None is empty.
    pub sections: Vec<Section>,
    /// Who says so, by the number that grades refer to, from 1.
    pub sources: Vec<String>,
}

/// One question and its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Section {
    /// A word that stays, for links.
    pub anchor: &'static str,
    /// The heading.
    pub title: &'static str,
    /// The answer.
    pub blocks: Vec<Block>,
}

/// A piece of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Block {
    /// A paragraph.
    Text {
        /// Its sentences.
        text: String,
    },
    /// A heading inside a section.
    Heading {
        /// Its words.
        text: String,
    },
    /// Statements, each with its grade.
    List {
        /// What is so.
        statements: Vec<Statement>,
    },
    /// What to do, one thing after the other.
    Steps {
        /// The steps.
        statements: Vec<Statement>,
    },
    /// Rows of equal length under a head.
    Table {
        /// The head of each column; the grade of a row stands below the last.
        head: Vec<&'static str>,
        /// The rows.
        rows: Vec<Row>,
    },
    /// Something to copy, word for word.
    Code {
        /// What it is written in: `http` or `toml`.
        language: &'static str,
        /// It.
        text: String,
    },
}

impl Block {
    fn text(text: impl Into<String>) -> Self {
        Self::Text { text: text.into() }
    }

    fn http(text: impl Into<String>) -> Self {
        Self::Code { language: "http", text: text.into() }
    }

    fn heading(text: &str) -> Self {
        Self::Heading { text: text.to_owned() }
    }
}

/// One row of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// One text for each column.
    pub cells: Vec<String>,
    /// How well it is known.
    pub grade: Grade,
}

/// Something that is so, and how well that is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Statement {
    /// What is so.
    pub text: String,
    /// How well it is known.
    pub grade: Grade,
}

/// How well something is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grade {
    /// Somebody looked, perhaps in the source with this number, and found nothing.
    Unknown(Option<usize>),
    /// From memory.
    Recalled,
    /// The source with this number says so.
    Documented(usize),
    /// It was tried, as the source with this number says.
    Probed(usize),
}

impl Grade {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unknown(_) => "unknown",
            Self::Recalled => "recalled",
            Self::Documented(_) => "documented",
            Self::Probed(_) => "probed",
        }
    }

    /// The number of its source, from 1.
    pub fn source(self) -> Option<usize> {
        match self {
            Self::Unknown(number) => number,
            Self::Recalled => None,
            Self::Documented(number) | Self::Probed(number) => Some(number),
        }
    }
}

impl Serialize for Grade {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut grade = serializer.serialize_struct("Grade", 2)?;
        grade.serialize_field("word", self.word())?;
        grade.serialize_field("source", &self.source())?;
        grade.end()
    }
}

impl Guide {
    /// The guide to `app`.
    pub fn of(app: &App) -> Self {
        Self::written(app, Vec::new(), None, Sources::default())
    }

    /// The guide to `app` as it is in one instance: what probes found out there stands beside what
    /// its file says, and where both cannot be right that comes first.
    pub fn with_probed(app: &App, tried: &Tried) -> Self {
        let mut sources = Sources::default();
        let opening = instance::opening(app, tried, &mut sources);
        Self::written(&tried.app(app), opening, Some(tried), sources)
    }

    fn written(
        app: &App,
        instance: Vec<Block>,
        tried: Option<&Tried>,
        mut sources: Sources,
    ) -> Self {
        let sections = [
            ("instance", "This instance", instance),
            ("summary", "In short", opening::summary(app)),
            ("reach", "What Rollbook can do here", opening::reach(app, tried, &mut sources)),
            ("facts", "Quick reference", opening::quick(app, &mut sources)),
            ("authentication", "Authentication", opening::authentication(app, &mut sources)),
            ("connect", "Connect it", connect::connect(app, &mut sources)),
            ("attributes", "Attributes of an account", attributes(app, &mut sources)),
            ("scim", "SCIM", opening::scim(app, &mut sources)),
            ("probed", "What probes found out", instance::answers(tried, &mut sources)),
            ("requests", "Requests of the REST API", calls::requests(app, &mut sources)),
            ("scenarios", "Common scenarios", calls::scenarios(app, &mut sources)),
            ("console", "What the browser does", console::steps(app, &mut sources)),
            ("limits", "Paging and rate limits", opening::limits(app, &mut sources)),
            (
                "webhooks",
                "Webhooks",
                facts(app, &["webhooks.available", "webhooks.events"], &mut sources),
            ),
            ("limitations", "Limitations", remarks(app.limitations.iter(), &mut sources)),
            ("traps", "Traps", remarks(app.traps.iter().map(|trap| &trap.remark), &mut sources)),
        ];
        let sections = sections.into_iter().filter(|(.., blocks)| !blocks.is_empty());
        Self {
            id: app.id.clone(),
            name: app.name.clone(),
            category: app.category.clone(),
            website: app.website.clone(),
            sections: sections
                .map(|(anchor, title, blocks)| Section { anchor, title, blocks })
                .collect(),
            sources: sources.into_list(),
        }
    }
}

/// A table of the facts with these keys, in the order of [`crate::KEYS`]; where several sources say
/// something, each has its row.
fn facts(app: &App, keys: &[&str], sources: &mut Sources) -> Vec<Block> {
    let about = app.facts.iter().filter(|fact| keys.contains(&fact.key.name));
    let rows: Vec<Row> = about.map(|fact| fact_row(fact, sources)).collect();
    if rows.is_empty() {
        return Vec::new();
    }
    vec![Block::Table { head: vec!["Of", "What", "", "Known"], rows }]
}

fn fact_row(fact: &Fact, sources: &mut Sources) -> Row {
    Row {
        cells: vec![
            group(fact.key.name).to_owned(),
            capital(&fact.key.meaning.replace('`', "")),
            fact.value.to_string(),
        ],
        grade: sources.grade_of(fact),
    }
}

/// What the first half of a fact's key stands for.
fn group(key: &str) -> &'static str {
    match key.split('.').next() {
        Some("sso") => "Sign-on",
        Some("scim") => "SCIM",
        Some("rest") => "REST API",
        Some("webhooks") => "Webhooks",
        Some("ui") => "Console",
        _ => "Accounts",
    }
}

/// The text with a capital at its beginning.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn attributes(app: &App, sources: &mut Sources) -> Vec<Block> {
    let need = |need: Need| match need {
        Need::Required => "required",
        Need::Optional => "optional",
        Need::Absent => "must not be sent",
    };
    let rows: Vec<Row> = app
        .fields
        .iter()
        .map(|field| Row {
            cells: vec![
                field.name.clone(),
                field.kind.clone(),
                need(field.on_create).to_owned(),
                need(field.on_update).to_owned(),
                field.note.clone(),
            ],
            grade: sources.grade(field.basis, field.source.as_deref()),
        })
        .collect();
    if rows.is_empty() {
        return Vec::new();
    }
    let head = vec!["Attribute", "Type", "On create", "On update", "Remark", "Known"];
    vec![Block::Table { head, rows }]
}

fn remarks<'a>(remarks: impl Iterator<Item = &'a Remark>, sources: &mut Sources) -> Vec<Block> {
    let basis = |remark: &Remark| match remark.source {
        Some(_) => Basis::Documented,
        None => Basis::Recalled,
    };
    let list: Vec<Statement> = remarks
        .map(|remark| Statement {
            text: remark.text.clone(),
            grade: sources.grade(basis(remark), remark.source.as_deref()),
        })
        .collect();
    if list.is_empty() { Vec::new() } else { vec![Block::List { statements: list }] }
}
