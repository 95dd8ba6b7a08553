//! Why is this account taken to be theirs?

use jiff::Timestamp;
use rollbook_core::id::{AccountRef, RecordRef};
use rollbook_core::link::{Candidate, Decision, LinkState, LinkVerdict};
use serde::Serialize;

use super::answer::Answer;
use super::holding::{self, Holding, Owner};
use super::page::Page;
use super::{by_name, named, seen};
use crate::engine::Engine;
use crate::error::Result;

/// How many decisions of people about one account are shown, the newest first.
const DECISIONS_MAX: usize = 10;

/// The account and its link.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AboutLink {
    /// The account.
    #[serde(flatten)]
    pub holding: Holding,
    /// The rule that decided.
    pub rule: String,
    /// Why, as a sentence.
    pub because: String,
    /// What people decided about it, the newest first.
    pub decisions: Vec<DecisionSeen>,
}

/// What a person decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DecisionSeen {
    /// `confirm`, `reject` or `type`.
    pub verdict: &'static str,
    /// The record that it names.
    #[serde(serialize_with = "by_name::maybe")]
    pub record: Option<RecordRef>,
    /// Who decided.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why, in their words.
    pub reason: String,
}

/// Somebody whose the account is or may be.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CandidateSeen {
    /// Who.
    #[serde(flatten)]
    pub person: Owner,
    /// The record of theirs that fits best.
    #[serde(serialize_with = "by_name::maybe")]
    pub record: Option<RecordRef>,
    /// How sure, 0 to 1.
    pub score: f64,
    /// The evidence for and against, strongest first.
    pub because: String,
}

impl Engine {
    /// Whose an account is or may be, by which rule, how sure that is, and what people said about it.
    /// `account`: `instance/key` or `instance/login`.
    ///
    /// # Errors
    /// When there is no such account, the page cannot be, or the database refuses.
    pub fn explain_link(
        &self,
        account: &str,
        page: &Page,
    ) -> Result<Answer<AboutLink, CandidateSeen>> {
        let engine = self.newest();
        let (graph, today) = (engine.graph()?, engine.today());
        let at = named::account(&graph, account)?;
        let both = graph.account(&at).expect("it was found in this graph just now");
        let found = holding::by_account(&engine.findings()?, today);
        let views = engine.seen_instances(&graph, Some(std::slice::from_ref(&at.instance)))?;
        let link = both.1;
        let about = AboutLink {
            holding: Holding::of(&graph, both, &found, today),
            rule: link.rule.clone(),
            because: link.because.clone(),
            decisions: engine.decisions_about(&at)?,
        };
        let candidates: Vec<&Candidate> = match &link.state {
            LinkState::Auto { owner } | LinkState::Confirmed { owner } => vec![owner],
            LinkState::Suggested { candidates } => candidates.iter().collect(),
            LinkState::None => Vec::new(),
        };
        let key = at.to_string();
        let cut = page.cut(&["explain_link", &key], candidates, |one| one.identity.to_string())?;
        let rows = cut.rows.into_iter().map(|one| CandidateSeen {
            person: Owner::of(&graph, &one.identity, today),
            record: one.record.clone(),
            score: one.score,
            because: one.because.clone(),
        });
        Ok(Answer {
            as_of: engine.looked_at(),
            said: vec![seen::sentence(&views), stands(&link.state).to_owned()],
            views,
            rows: rows.collect(),
            about,
            total: cut.total,
            next: cut.next,
        })
    }

    fn decisions_about(&self, account: &AccountRef) -> Result<Vec<DecisionSeen>> {
        let decisions = self.store.read(|book| book.decisions())?;
        let about = decisions.into_iter().rev().filter_map(|decision| decided(decision, account));
        Ok(about.take(DECISIONS_MAX).collect())
    }
}

fn decided(decision: Decision, account: &AccountRef) -> Option<DecisionSeen> {
    let Decision { verdict, by, at, reason } = decision;
    let (verdict, of, record) = match verdict {
        LinkVerdict::Confirm { account, record } => ("confirm", account, Some(record)),
        LinkVerdict::Reject { account, record } => ("reject", account, Some(record)),
        LinkVerdict::Type { account, owner, .. } => ("type", account, owner),
        LinkVerdict::Same { .. } | LinkVerdict::Apart { .. } => return None,
    };
    (of == *account).then_some(DecisionSeen { verdict, record, by, at, reason })
}

fn stands(state: &LinkState) -> &'static str {
    match state {
        LinkState::Auto { .. } => "The account was linked by a rule that is safe without a person.",
        LinkState::Confirmed { .. } => "A person said whose the account is.",
        LinkState::Suggested { .. } => {
            "It is not sure whose the account is: a person must say, and until then nothing is done \
             with it as anybody's."
        }
        LinkState::None => "Nobody is known whose the account may be.",
    }
}
