//! What probes found out about an instance, as the book holds it.

use jiff::Timestamp;
use rollbook_catalog::App;
use rollbook_catalog::probed::{Contradiction, contradictions};
use rollbook_catalog::tried::{Answer, Tried};
use rollbook_core::graph;
use rollbook_core::id::InstanceName;
use rollbook_core::step::Receipt;
use rollbook_scim::probe::questions;
use serde::{Deserialize, Serialize};

use crate::config::InstanceConfig;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::store::Reading;

/// The kind of the event that holds what a probe found.
pub(crate) const PROBED: &str = "instance_probed";

/// One thing that a probe found out about an instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbedFact {
    /// The question's name, e.g. `list.count`.
    pub question: String,
    /// How it stands to the RFC, as a word.
    pub verdict: String,
    /// What the server does, as one word or number.
    pub value: String,
    /// The same as a sentence.
    pub says: String,
    /// Digests of what was sent and what came back.
    pub receipts: Vec<Receipt>,
}

/// Something that an earlier probe found out and the last one left unknown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlierFact {
    /// When.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub fact: ProbedFact,
}

/// What the last probe of an instance found, and what earlier ones did.
#[derive(Clone, Debug, PartialEq)]
pub struct Probed {
    /// When.
    pub at: Timestamp,
    /// Who asked for it.
    pub by: String,
    /// What was found out; what stayed unknown is not in it.
    pub facts: Vec<ProbedFact>,
    /// What only earlier probes found out: one that asks less makes nothing unknown again.
    pub earlier: Vec<EarlierFact>,
    /// Where the app's file says otherwise.
    pub contradictions: Vec<Contradiction>,
}

/// The body of the event. It holds all that is known, so that the newest one says it all.
#[derive(Serialize, Deserialize)]
pub(crate) struct Body {
    /// Which server was asked; empty where that was not kept.
    #[serde(default)]
    base_url: String,
    facts: Vec<ProbedFact>,
    #[serde(default)]
    earlier: Vec<EarlierFact>,
}

impl Body {
    /// What is known after a probe of `instance` found `facts`.
    pub(crate) fn after(
        before: Option<Probed>,
        facts: Vec<ProbedFact>,
        instance: &InstanceConfig,
    ) -> Self {
        let is_asked_again =
            |old: &EarlierFact| facts.iter().any(|it| it.question == old.fact.question);
        let mut earlier: Vec<EarlierFact> = before.into_iter().flat_map(Probed::dated).collect();
        earlier.retain(|old| !is_asked_again(old));
        Self { base_url: base_url(instance).to_owned(), facts, earlier }
    }
}

impl Probed {
    /// All that is known, each with when it was found out.
    fn dated(self) -> impl Iterator<Item = EarlierFact> {
        let at = self.at;
        self.facts.into_iter().map(move |fact| EarlierFact { at, fact }).chain(self.earlier)
    }
}

impl Engine {
    /// What probes of an instance found; `None`: it was never probed as it is set up now.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn probed(&self, name: &InstanceName) -> Result<Option<Probed>> {
        let instance = self.instance(name)?;
        self.store.read(|book| self.probed_in(book, instance))
    }

    /// What probes of an instance found out, for its guide; empty: nothing yet.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn tried(&self, name: &InstanceName) -> Result<Tried> {
        let instance = self.instance(name)?;
        self.store.read(|book| self.tried_in(book, instance))
    }

    /// What is known of an instance's app: its own file, or that of any app on its channel.
    ///
    /// # Errors
    /// When there is no such instance.
    pub fn app_of(&self, name: &InstanceName) -> Result<&App> {
        let instance = self.instance(name)?;
        self.profile(instance).ok_or_else(|| {
            Error::input(format!("Nothing is known of the app of the instance {name}."))
                .hint("Name it in rollbook.toml with `app = \"…\"`; `rollbook apps` lists them.")
        })
    }

    pub(crate) fn probed_in(
        &self,
        book: &Reading<'_>,
        instance: &InstanceConfig,
    ) -> Result<Option<Probed>> {
        let Some((event, body)) = book.newest_recorded(instance.name.as_str(), PROBED)? else {
            return Ok(None);
        };
        let body: Body = serde_json::from_value(body.content)
            .map_err(|e| Error::bug("What a probe found cannot be read again.").because(e))?;
        // Another server, perhaps a trial one, says nothing about this one.
        if instance.scim.is_none() || ![base_url(instance), ""].contains(&body.base_url.as_str()) {
            return Ok(None);
        }
        let Body { facts, earlier, .. } = body;
        let mut probed =
            Probed { at: event.at, by: event.actor, facts, earlier, contradictions: Vec::new() };
        if let Some(app) = self.config.catalog.app(&instance.app) {
            probed.contradictions = contradictions(app, &self.as_tried(&probed, instance));
        }
        Ok(Some(probed))
    }

    /// As [`Engine::tried`], within a reading.
    pub(crate) fn tried_in(&self, book: &Reading<'_>, instance: &InstanceConfig) -> Result<Tried> {
        let probed = self.probed_in(book, instance)?;
        let nothing = || Tried { instance: instance.name.to_string(), answers: Vec::new() };
        Ok(probed.map_or_else(nothing, |probed| self.as_tried(&probed, instance)))
    }

    /// Where an instance does otherwise than its app's file says.
    pub(crate) fn contradictions_in(
        &self,
        book: &Reading<'_>,
        instance: &InstanceConfig,
    ) -> Result<Vec<graph::Contradiction>> {
        let probed = self.probed_in(book, instance)?;
        let told = probed.into_iter().flat_map(|probed| probed.contradictions);
        let drifted = self.drifted(book, instance)?;
        Ok(told
            .map(|it| graph::Contradiction {
                fact: it.key.to_owned(),
                stated: it.stated,
                source: it.source.unwrap_or_else(|| "recalled".to_owned()),
                seen: it.seen,
                probed_on: it.on,
                is_about_closing: it.is_about_closing,
            })
            .chain(drifted)
            .collect())
    }

    fn as_tried(&self, probed: &Probed, instance: &InstanceConfig) -> Tried {
        let known: Vec<EarlierFact> = probed.clone().dated().collect();
        let answer = |question: &rollbook_scim::probe::Question| {
            let EarlierFact { at, fact } =
                known.iter().find(|it| it.fact.question == question.key)?;
            Some(Answer {
                question: fact.question.clone(),
                asks: question.asks.to_owned(),
                value: fact.value.clone(),
                says: fact.says.clone(),
                on: self.config.workspace.day_of(*at),
            })
        };
        Tried {
            instance: instance.name.to_string(),
            answers: questions().filter_map(answer).collect(),
        }
    }
}

fn base_url(instance: &InstanceConfig) -> &str {
    instance.scim.as_ref().map_or("", |scim| scim.base_url.trim_end_matches('/'))
}
