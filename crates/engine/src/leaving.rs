//! Leavers: in which phase everybody is, what people said about them, and the plan of what is due.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rollbook_core::canonical;
use rollbook_core::event::{Concern, Draft};
use rollbook_core::finding::{Subject, Tracked};
use rollbook_core::graph::Graph;
use rollbook_core::id::{AccountRef, IdentityId};
use rollbook_core::leaving::{self, Exception, Input, Leaver, Mark, MarkKind, Zones};

use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::planning::Proposal;
use crate::reconcile::named;
use crate::store::Reading;

impl Engine {
    /// In which phase everybody is who goes, has gone or is away, whoever must be dealt with first in
    /// front, as of the moment at which the book is looked at.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn leavers(&self) -> Result<Vec<Leaver>> {
        self.leavers_at(&self.graph()?, self.looked_at())
    }

    /// The same at another moment.
    pub(crate) fn leavers_at(&self, graph: &Graph, now: Timestamp) -> Result<Vec<Leaver>> {
        let (marks, findings) = self.store.read(|book| Ok((marks(book)?, book.findings()?)))?;
        Ok(leaving::leavers(&Input {
            graph,
            policy: &self.config.policy,
            zones: &self.zones(),
            marks: &marks,
            exceptions: &exceptions(&findings),
            now,
            today: self.config.workspace.day_of(now),
        }))
    }

    /// Plans whatever is due of leavers and a plan can do: of all of them, or of one.
    ///
    /// # Errors
    /// When nobody says who asks, or the database refuses.
    pub fn plan_leavers(&self, only: Option<&IdentityId>, by: &str) -> Result<Proposal> {
        let graph = self.graph()?;
        let mut leavers = self.leavers_at(&graph, self.now())?;
        leavers.retain(|leaver| only.is_none_or(|only| leaver.identity == *only));
        let wishes = leaving::wishes(&leavers, &graph, &self.config.policy);
        self.propose(&graph, &wishes, by)
    }

    /// Keeps what a named person says about somebody, in the place of what was said of that kind.
    ///
    /// # Errors
    /// When nobody says who says so or why, it would hold on no day, or the person is not known.
    pub fn mark_leaver(
        &self,
        identity: &IdentityId,
        kind: MarkKind,
        until: Option<Date>,
        by: &str,
        reason: &str,
    ) -> Result<Mark> {
        let by = named(by)?;
        if reason.trim().is_empty() {
            return Err(Error::input("Such a word about somebody is kept only with a reason.")
                .hint("Add `--reason \"…\"`: an auditor will read it."));
        }
        if until.is_some_and(|until| until <= self.today()) {
            return Err(Error::input("It would hold on no day.")
                .hint("Name a day after today with `--until`; on that day it ends."));
        }
        if self.graph()?.identity(identity).is_none() {
            return Err(Error::input(format!("Nobody has the id {identity}.")));
        }
        let mark = Mark {
            identity: identity.clone(),
            kind,
            from: self.now(),
            until,
            by: by.to_owned(),
            reason: reason.to_owned(),
        };
        self.store.write(|book| {
            book.put_word(kind.word(), identity.as_str(), &mark)?;
            book.record(said("leaver_marked", &mark, by, mark.from))
        })?;
        self.checkpoint()?;
        Ok(mark)
    }

    /// Ends what was said about somebody.
    ///
    /// # Errors
    /// When nothing of that kind was said of them, or nobody says who ends it.
    pub fn end_mark(&self, identity: &IdentityId, kind: MarkKind, by: &str) -> Result<()> {
        let by = named(by)?;
        self.store.write(|book| {
            let known = marks(&book.reading())?;
            let mark = known.into_iter().find(|one| one.identity == *identity && one.kind == kind);
            let mark = mark.ok_or_else(|| {
                Error::input(format!("Nothing of the kind {} holds for {identity}.", kind.word()))
                    .hint("`rollbook lifecycle show` says what holds.")
            })?;
            book.drop_word(kind.word(), identity.as_str())?;
            book.record(said("leaver_mark_ended", &mark, by, self.now()))
        })?;
        self.checkpoint().map(drop)
    }

    /// Of whom nothing may be removed or handed over at `now`.
    pub(crate) fn on_hold(
        &self,
        book: &Reading<'_>,
        now: Timestamp,
    ) -> Result<BTreeSet<IdentityId>> {
        let today = self.config.workspace.day_of(now);
        let holds: Vec<Mark> = book.words(MarkKind::LegalHold.word())?;
        Ok(holds.into_iter().filter(|m| m.holds(now, today)).map(|m| m.identity).collect())
    }

    /// Where whose day ends.
    pub(crate) fn zones(&self) -> Zones {
        let places = self.config.policy.leaver.zones.iter();
        let places =
            places.filter_map(|(place, zone)| Some((place.clone(), TimeZone::get(zone).ok()?)));
        Zones::new(self.config.workspace.zone(), places)
    }
}

fn marks(book: &Reading<'_>) -> Result<Vec<Mark>> {
    let mut marks = Vec::new();
    for kind in MarkKind::ALL {
        marks.extend(book.words::<Mark>(kind.word())?);
    }
    Ok(marks)
}

fn said(kind: &str, mark: &Mark, by: &str, at: Timestamp) -> Draft {
    Draft {
        kind: kind.to_owned(),
        actor: by.to_owned(),
        on_behalf_of: String::new(),
        subject: mark.identity.to_string(),
        concerns: BTreeSet::from([Concern::person(&mark.identity)]),
        at,
        body: canonical::value_of(mark),
    }
}

/// Accounts that somebody answers for: a finding about them was put off by a named person until a day.
fn exceptions(findings: &[Tracked]) -> BTreeMap<AccountRef, Exception> {
    let put_off = findings.iter().filter_map(|one| {
        let Subject::Account { account } = &one.finding.subject else { return None };
        let put_off = one.standing.put_off.as_ref()?;
        let exception = Exception {
            owner: put_off.by.clone(),
            until: put_off.until,
            reason: put_off.reason.clone(),
        };
        Some((account.clone(), exception))
    });
    let mut exceptions = BTreeMap::new();
    for (account, exception) in put_off {
        let known: &mut Exception = exceptions.entry(account).or_insert_with(|| exception.clone());
        if known.until < exception.until {
            *known = exception;
        }
    }
    exceptions
}
