//! What is wrong?

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::Timestamp;
use rollbook_core::explain::counted;
use rollbook_core::finding::{Evidence, Finding, Kind, Severity, Since, Tracked};
use rollbook_core::id::{FindingId, IdentityId};
use serde::Serialize;

use super::answer::Answer;
use super::page::Page;
use super::{named, seen};
use crate::engine::Engine;
use crate::error::{Error, Result};

/// How many facts under one finding are shown.
const EVIDENCE_MAX: usize = 10;

/// Which findings are asked for. Nothing said: all that are open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FindingFilter {
    /// Only this one, by its id.
    pub id: Option<String>,
    /// Only of this kind, by its word, e.g. `leftover`.
    pub kind: Option<String>,
    /// Only this bad or worse: `low`, `medium`, `high`, `critical`.
    pub severity: Option<String>,
    /// Only in this instance, or in the instances of this app.
    pub app: Option<String>,
    /// Only about this person.
    pub person: Option<String>,
    /// Also what was put off and what is gone.
    pub all: bool,
}

/// How many there are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AboutFindings {
    /// Of each kind that there is.
    pub by_kind: BTreeMap<&'static str, usize>,
    /// Of each severity that there is.
    pub by_severity: BTreeMap<&'static str, usize>,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FindingSeen {
    /// Its id.
    pub id: FindingId,
    /// What kind of trouble.
    pub kind: &'static str,
    /// How bad.
    pub severity: Severity,
    /// What it is about, by ids.
    pub subject: String,
    /// Who is concerned, where known.
    pub identity: Option<IdentityId>,
    /// One sentence that a manager understands.
    pub because: String,
    /// When it was first seen.
    pub first_seen: Timestamp,
    /// What became of it since the last look.
    pub since: Since,
    /// Why it is only believed to be still there.
    pub unseen: Option<String>,
    /// Until when it can wait, where somebody said so.
    pub put_off_until: Option<String>,
    /// The facts it rests on, the first ten.
    pub evidence: Vec<Evidence>,
}

impl Engine {
    /// The findings that pass the filter, worst first, and of those first what lets somebody in who
    /// has left.
    ///
    /// # Errors
    /// When the filter names what is not known, the page cannot be, or the database refuses.
    pub fn findings_that(
        &self,
        filter: &FindingFilter,
        page: &Page,
    ) -> Result<Answer<AboutFindings, FindingSeen>> {
        let engine = self.newest();
        let graph = engine.graph()?;
        let mut views = engine.seen_sources()?;
        views.extend(engine.seen_instances(&graph, None)?);
        let chosen = engine.chosen_findings(filter)?;
        let about = AboutFindings {
            by_kind: count(&chosen, |finding| finding.kind.word()),
            by_severity: count(&chosen, |finding| finding.severity.word()),
        };
        let by_kind: Vec<_> =
            about.by_kind.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        let counts = format!("{}: {}.", counted(chosen.len(), "finding"), by_kind.join(", "));
        let counts = if chosen.is_empty() { "No finding fits.".to_owned() } else { counts };
        let question = format!("{filter:?}");
        let cut =
            page.cut(&["findings", &question], chosen, |tracked| tracked.finding.id.to_string())?;
        Ok(Answer {
            as_of: engine.looked_at(),
            said: vec![seen::sentence(&views), counts],
            views,
            about,
            total: cut.total,
            rows: cut.rows.into_iter().map(FindingSeen::from).collect(),
            next: cut.next,
        })
    }

    /// All findings that pass the filter, in the order of [`Engine::findings_that`].
    ///
    /// # Errors
    /// When the filter names what is not known, or the database refuses.
    pub fn chosen_findings(&self, filter: &FindingFilter) -> Result<Vec<Tracked>> {
        let kind = filter.kind.as_deref().map(kind_of).transpose()?;
        let at_least = filter.severity.as_deref().map(severity_of).transpose()?;
        let instances = filter.app.as_deref().map(|app| self.instances_of(app)).transpose()?;
        let person = match &filter.person {
            Some(person) => Some(named::person(&self.graph()?, person)?),
            None => None,
        };
        let today = self.today();
        let mut chosen = self.findings()?;
        chosen.retain(|Tracked { finding, standing }| {
            filter.id.as_ref().is_none_or(|id| finding.id.as_str() == id)
                && (filter.all || standing.is_open(today))
                && kind.is_none_or(|kind| finding.kind == kind)
                && at_least.is_none_or(|least| finding.severity >= least)
                && instances.as_ref().is_none_or(|all| {
                    finding.subject.instance().is_some_and(|instance| all.contains(instance))
                })
                && person.as_ref().is_none_or(|id| finding.identity.as_ref() == Some(id))
        });
        chosen.sort_by(|a, b| order(&a.finding).cmp(&order(&b.finding)));
        Ok(chosen)
    }
}

impl From<Tracked> for FindingSeen {
    fn from(Tracked { finding, standing }: Tracked) -> Self {
        let Finding { id, kind, subject, identity, severity, because, mut evidence } = finding;
        evidence.truncate(EVIDENCE_MAX);
        Self {
            id,
            kind: kind.word(),
            severity,
            subject: subject.to_string(),
            identity,
            because,
            first_seen: standing.first_seen,
            since: standing.change,
            unseen: standing.unseen,
            put_off_until: standing.put_off.map(|put_off| put_off.until.to_string()),
            evidence,
        }
    }
}

fn order(finding: &Finding) -> impl Ord + '_ {
    let is_leftover = finding.kind == Kind::Leftover;
    (Reverse(finding.severity), Reverse(is_leftover), finding.kind, &finding.subject)
}

fn count(
    chosen: &[Tracked],
    word: impl Fn(&Finding) -> &'static str,
) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for tracked in chosen {
        *counts.entry(word(&tracked.finding)).or_default() += 1;
    }
    counts
}

fn kind_of(word: &str) -> Result<Kind> {
    Kind::ALL.into_iter().find(|kind| kind.word() == word).ok_or_else(|| {
        let all = Kind::ALL.map(Kind::word).join(", ");
        Error::input("There is no such kind of finding.").hint(format!("The kinds are {all}."))
    })
}

fn severity_of(word: &str) -> Result<Severity> {
    let all = [Severity::Low, Severity::Medium, Severity::High, Severity::Critical];
    all.into_iter().find(|severity| severity.word() == word).ok_or_else(|| {
        Error::input("There is no such severity.")
            .hint("They are low, medium, high and critical; what is worse comes along.")
    })
}
