//! One thing that a probe finds out: what it asks, where that is written, what an answer means.

use super::ask::Ask;
use super::known::Known;
use super::reply::Heard;
use super::verdict::Verdict;

/// What must be there before a question can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: it only reads.
    Nothing,
    /// A sandbox account, because it writes to it.
    User,
    /// A sandbox group too.
    Group,
}

/// The next request, from what is known and what was heard so far; `None`: everything was asked.
pub type Next = fn(&Known, &[Heard]) -> Result<Option<Ask>, String>;
/// What the answers prove, or why nothing is known, as a sentence.
pub type Judge = fn(&Known, &[Heard]) -> Result<Verdict, String>;
/// What later questions rest on.
pub type Learn = fn(&mut Known, &[Heard]);

/// A member of the closed list of questions.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    /// Its name for programs, e.g. `list.count`. It never changes its meaning.
    pub key: &'static str,
    /// Where the RFC speaks of it.
    pub rfc: &'static str,
    /// What it asks.
    pub asks: &'static str,
    /// What goes wrong for a client where the answer is not the RFC's.
    pub matters: &'static str,
    /// What it needs.
    pub needs: Needs,
    /// Its requests.
    pub next: Next,
    judge: Judge,
    learn: Learn,
}

impl Question {
    /// A question that only reads.
    pub(super) const fn new(
        key: &'static str,
        rfc: &'static str,
        next: Next,
        judge: Judge,
    ) -> Self {
        Self { key, rfc, asks: "", matters: "", needs: Needs::Nothing, next, judge, learn: nothing }
    }

    pub(super) const fn asks(mut self, asks: &'static str) -> Self {
        self.asks = asks;
        self
    }

    pub(super) const fn matters(mut self, matters: &'static str) -> Self {
        self.matters = matters;
        self
    }

    pub(super) const fn needs(mut self, needs: Needs) -> Self {
        self.needs = needs;
        self
    }

    pub(super) const fn learns(mut self, learn: Learn) -> Self {
        self.learn = learn;
        self
    }

    /// What the answers prove; `known` then holds what later questions rest on.
    pub fn conclude(&self, known: &mut Known, heard: &[Heard]) -> Verdict {
        let verdict = (self.judge)(known, heard).unwrap_or_else(Verdict::unknown);
        (self.learn)(known, heard);
        known.found.insert(self.key, verdict.value.clone());
        verdict
    }
}

fn nothing(_: &mut Known, _: &[Heard]) {}

/// The next of requests that are known beforehand.
pub(super) fn each(heard: &[Heard], asks: Vec<Ask>) -> Result<Option<Ask>, String> {
    Ok(asks.into_iter().nth(heard.len()))
}
