//! Erasing a person: what the book recorded about them is emptied, and that it was is recorded.
//!
//! What identity providers pushed about them goes too: the Users, live or deleted, with all that was
//! wished of them. Their ids stay, and mean nobody from then on.
//!
//! Never erased is what sources and apps still deliver (it is theirs to take out), what the events
//! of the chain say (ids, times, digests, who acted), and what tells of somebody else as well.

mod pushed;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use rollbook_core::canonical::fold;
use rollbook_core::event::{Body, Concern, Draft, ERASED, Event};
use rollbook_core::finding::Since;
use rollbook_core::graph::Graph;
use rollbook_core::id::{AccountRef, IdentityId, PlanId, RecordRef};
use rollbook_core::link::Decision;
use serde_json::json;

use crate::asking;
use crate::concern;
use crate::config::Config;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::reconcile::named;
use crate::store::Reading;
use crate::store::scim::ResourceRow;

/// What an erasure takes out, and what stays.
#[derive(Clone, Debug)]
pub struct Erasure {
    /// Who.
    pub person: IdentityId,
    /// Their name, or their id where nobody delivers a name any more.
    pub name: String,
    /// The events of which the bodies are emptied, in order.
    pub emptied: Vec<u64>,
    /// The events of which the bodies stay, because they tell of somebody else too who was not
    /// erased.
    pub kept: Vec<u64>,
    /// The plans that are forgotten, each with its approvals and its run.
    pub plans: Vec<PlanId>,
    /// The worker records (`hr/00123`) and accounts (`wiki/u1`) that are still delivered, and that
    /// the book goes on to know until they are not.
    pub delivered: Vec<String>,
    /// The Users that identity providers pushed about them (`wiki/0193…`) and that are emptied. The
    /// provider has to take them out too, or it pushes them anew.
    pub pushed: Vec<String>,
    users: Vec<ResourceRow>,
    /// The person and the accounts that are or were theirs.
    ids: BTreeSet<Concern>,
    /// Those of them of whom an event tells, and the person in any case.
    recorded: BTreeSet<Concern>,
}

impl Engine {
    /// The person that `text` means, also one whom no source names any more: then by the id or the
    /// worker number under which they were known.
    ///
    /// # Errors
    /// When it means nobody, or several people.
    pub fn somebody(&self, text: &str) -> Result<IdentityId> {
        let found = asking::person(&self.graph()?, text);
        let Err(unknown) = found else { return found };
        let (known, events) = self.store.read(|book| Ok((book.known()?, book.events()?)))?;
        let called =
            |record: &RecordRef| record.number.as_str() == text || record.to_string() == text;
        let mut once: BTreeSet<_> =
            known.iter().filter(|(record, _)| called(record)).map(|(_, id)| id).collect();
        let id = IdentityId::new(text);
        let concern = Concern::person(&id);
        if events.iter().any(|event| event.concerns.contains(&concern)) {
            once.insert(&id);
        }
        match once.pop_first() {
            Some(id) if once.is_empty() => Ok(id.clone()),
            _ => Err(unknown.hint(
                "Somebody whom no source names any more is known by worker number or `per_…` id.",
            )),
        }
    }

    /// What erasing a person would take out, without doing it.
    ///
    /// # Errors
    /// When they still work here, have or may have an open account, are still pushed as active, or a
    /// plan about them is not finished; then nothing of it may be erased, and the error says all of
    /// that.
    pub fn erasure(&self, person: &IdentityId) -> Result<Erasure> {
        let graph = self.graph()?;
        let name = graph.identity(person).map_or_else(|| person.to_string(), |p| p.name.clone());
        let why = [self.is_here(&graph, person), open_accounts(&graph, person)].concat();
        let erasure =
            self.store.read(|book| collect(book, &self.config, &graph, person, name.clone()))?;
        let wanted = pushed::still_wanted(&erasure.users);
        let held = self.store.read(|book| self.on_hold(book, self.now()))?.contains(person);
        let held = held.then(|| "A legal hold is on them.".to_owned());
        let why = [why, wanted, self.unfinished(person)?, held.into_iter().collect()].concat();
        if !why.is_empty() {
            let said = format!("{name} cannot be erased now. {}", why.join(" "));
            return Err(Error::refused(said).hint(
                "`rollbook offboard` closes what is open; erase once that is over and proven.",
            ));
        }
        Ok(erasure)
    }

    /// Erases a person: empties what was recorded about them alone, forgets the plans about them
    /// alone, and records that it was done. It cannot be undone.
    ///
    /// # Errors
    /// As [`Engine::erasure`]; when nothing is recorded about them; when no reason is given, or it
    /// names them, for it stays.
    pub fn erase(&self, person: &IdentityId, reason: &str, by: &str) -> Result<Erasure> {
        let by = named(by)?;
        self.check_not_older()?;
        let erasure = self.erasure(person)?;
        if erasure.emptied.is_empty() && erasure.users.is_empty() {
            return Err(Error::input(format!(
                "Nothing is recorded about {} alone, so there is nothing to erase.",
                erasure.name
            ))
            .hint("What sources and apps deliver goes when they deliver it no more."));
        }
        let graph = self.graph()?;
        self.check_reason(&graph, &erasure, reason)?;
        self.store.write(|book| {
            for user in &erasure.users {
                book.erase_user(user, self.now())?;
            }
            let bodies = book.reading().bodies()?;
            for body in bodies.iter().filter(|body| erasure.emptied.contains(&body.seq)) {
                if let Some(event) = book.reading().event(body.seq)? {
                    book.forget_exhibits(&event.subject, body)?;
                }
                book.empty_body(body)?;
            }
            for plan in &erasure.plans {
                book.forget_plan(plan, self.guarded_since())?;
            }
            let known = book.reading().known()?;
            book.keep_decisions(|decision| {
                let told = concern::of_verdict(&decision.verdict, &known);
                !told.is_subset(&erasure.ids) || matters(decision, &graph)
            })?;
            book.forget_known(person)?;
            book.drop_words_about(person.as_str())?;
            let mut findings = book.reading().findings()?;
            findings.retain(|one| {
                let told = concern::of_finding(&one.finding, &graph);
                one.standing.change != Since::Gone
                    || told.is_empty()
                    || !told.is_subset(&erasure.ids)
            });
            book.put_findings(&findings)?;
            erasure.recorded.iter().try_for_each(|id| {
                book.record(Draft {
                    kind: ERASED.to_owned(),
                    actor: by.to_owned(),
                    on_behalf_of: String::new(),
                    subject: id.as_str().to_owned(),
                    concerns: BTreeSet::new(),
                    at: self.now(),
                    body: json!({"reason": reason, "with": person, "emptied": erasure.emptied}),
                })
            })
        })?;
        self.checkpoint()?;
        self.store.shred()?;
        Ok(erasure)
    }

    /// The records by which somebody works here today, each as a sentence. The true day counts,
    /// whatever day the book is looked at.
    fn is_here(&self, graph: &Graph, person: &IdentityId) -> Vec<String> {
        let today = self.config.workspace.day_of(self.now());
        let holding = graph.records_of(person).filter(|record| !record.ended_by(today));
        let said = holding.map(|record| match record.ends {
            Some(ends) => format!(
                "They work here by the record {} until {}.",
                record.record_ref(),
                ends.yesterday().unwrap_or(ends)
            ),
            None => {
                format!("They work here by the record {}, which has no end.", record.record_ref())
            }
        });
        said.collect()
    }

    /// The plans about somebody that are approved or begun and not over, each as a sentence.
    fn unfinished(&self, person: &IdentityId) -> Result<Vec<String>> {
        let now = self.now();
        let mut said = Vec::new();
        for plan in self.plans()? {
            let id = plan.id();
            let (approvals, run, told) = self.store.read(|book| {
                let told = concern::of_recorded_plan(book, &id)?;
                Ok((book.approvals(&id)?, book.run_of(&id)?, told))
            })?;
            if !told.contains(&Concern::person(person)) {
                continue;
            }
            match run {
                Some(run) if run.ended_at.is_none() => said.push(format!(
                    "The run {} of the plan {id} has not ended; `rollbook run resume` goes on with it.",
                    run.id
                )),
                None if approvals.iter().any(|approval| approval.expires > now) => {
                    said.push(format!("The plan {id} is approved and was not run yet."));
                }
                Some(_) | None => {}
            }
        }
        Ok(said)
    }

    /// The moment since which the guard counts effects.
    fn guarded_since(&self) -> Timestamp {
        let window =
            SignedDuration::from_hours(self.config.policy.limits.longest_window_h().into());
        self.now().checked_sub(window).unwrap_or(Timestamp::MIN)
    }

    fn check_reason(&self, graph: &Graph, erasure: &Erasure, reason: &str) -> Result<()> {
        let person = &erasure.person;
        if reason.trim().is_empty() {
            return Err(Error::input("A person is erased only with a reason.")
                .hint("Add `--reason \"…\"`: an auditor will read it."));
        }
        let said = fold(reason);
        let names = graph.identity(person).map(|one| one.name.as_str());
        let logins = graph.accounts_of(person).map(|(account, _)| account.login.as_str());
        let emails =
            graph.records_of(person).flat_map(|r| r.work_emails.iter().map(String::as_str));
        let users = erasure.users.iter().map(|user| user.name.as_str());
        let mut called = names.into_iter().chain(logins).chain(emails).chain(users).map(fold);
        match called.find(|name| !name.is_empty() && said.contains(name.as_str())) {
            None => Ok(()),
            Some(name) => Err(Error::input(format!(
                "The reason names them (`{name}`), and it stays in the audit chain for good."
            ))
            .hint("Name a ticket or a date instead.")),
        }
    }
}

/// Whether a decision still decides something: about a record or an account that is delivered.
fn matters(decision: &Decision, graph: &Graph) -> bool {
    use rollbook_core::link::LinkVerdict::{Apart, Confirm, Reject, Same, Type};
    match &decision.verdict {
        Confirm { account, .. } | Reject { account, .. } | Type { account, .. } => {
            graph.account(account).is_some()
        }
        Same { left, right } | Apart { left, right } => {
            graph.identity_of(left).is_some() || graph.identity_of(right).is_some()
        }
    }
}

/// The accounts that are or may be somebody's and let in, each as a sentence.
fn open_accounts(graph: &Graph, person: &IdentityId) -> Vec<String> {
    let theirs = graph.accounts_of(person).filter(|(account, _)| account.state.is_open());
    let theirs = theirs.map(|(account, _)| {
        format!(
            "The account {} in {} is {}.",
            account.login,
            account.instance,
            account.state.word()
        )
    });
    let perhaps = graph.suggested_to(person).filter(|(account, _)| account.state.is_open());
    let perhaps = perhaps.map(|(account, _)| {
        format!(
            "The account {} in {} is {} and may be theirs, which a human must decide.",
            account.login,
            account.instance,
            account.state.word()
        )
    });
    theirs.chain(perhaps).collect()
}

/// What erasing would take out of the book.
fn collect(
    book: &Reading<'_>,
    config: &Config,
    graph: &Graph,
    person: &IdentityId,
    name: String,
) -> Result<Erasure> {
    let (events, bodies) = (book.events()?, book.bodies()?);
    let known = book.known()?;
    let accounts = accounts_ever(book, graph, person)?;
    let mut ids: BTreeSet<_> = accounts.iter().map(Concern::account).collect();
    let called = pushed::Known::of(book, graph, person, accounts)?;
    let users = pushed::of_person(book, config, graph, person, &called)?;
    ids.extend(pushed::concerns(book, &users)?);
    let is_told = |id: &Concern| events.iter().any(|event| event.concerns.contains(id));
    let mut recorded: BTreeSet<_> = ids.iter().filter(|id| is_told(id)).cloned().collect();
    recorded.insert(Concern::person(person));
    ids.insert(Concern::person(person));
    let before = erased_before(&events);
    let goes = |event: &Event| {
        let gone = |id| ids.contains(id) || before.get(id.as_str()).is_some_and(|s| *s > event.seq);
        event.concerns.iter().all(gone)
    };
    let pairs = events.iter().zip(&bodies);
    let told: Vec<_> = pairs.filter(|(event, body)| is_theirs(event, body, &ids)).collect();
    let (emptied, kept): (Vec<_>, Vec<_>) = told.into_iter().partition(|(event, _)| goes(event));
    let plans = emptied.iter().filter(|(event, _)| event.kind == "plan_made");
    let records = known.iter().filter(|(_, id)| *id == person).map(|(record, _)| record);
    let records = records.filter(|record| graph.identity_of(record).is_some());
    let accounts = graph.accounts_of(person).map(|(account, _)| account.account_ref().to_string());
    Ok(Erasure {
        person: person.clone(),
        name,
        plans: plans.map(|(event, _)| PlanId::new(&event.subject)).collect(),
        emptied: emptied.iter().map(|(event, _)| event.seq).collect(),
        kept: kept.iter().map(|(event, _)| event.seq).collect(),
        delivered: records.map(ToString::to_string).chain(accounts).collect(),
        pushed: users.iter().map(|user| format!("{}/{}", user.endpoint, user.id)).collect(),
        users,
        ids,
        recorded,
    })
}

/// Whether the body is there and tells of one of `ids`.
fn is_theirs(event: &Event, body: &Body, ids: &BTreeSet<Concern>) -> bool {
    !body.is_erased() && event.concerns.iter().any(|id| ids.contains(id))
}

/// Who was erased, and by which event last.
fn erased_before(events: &[Event]) -> BTreeMap<&str, u64> {
    let erasing = events.iter().filter(|event| event.kind == ERASED);
    erasing.map(|event| (event.subject.as_str(), event.seq)).collect()
}

/// The accounts that are somebody's, or that a plan changed as theirs and that are nobody else's
/// since.
fn accounts_ever(
    book: &Reading<'_>,
    graph: &Graph,
    person: &IdentityId,
) -> Result<BTreeSet<AccountRef>> {
    let plans = book.plans()?;
    let changes = plans.iter().flat_map(|plan| plan.changes());
    let changed = changes.filter(|change| change.identity.as_ref() == Some(person));
    let changed = changed.filter_map(|change| change.account_ref());
    let is_others = |account: &AccountRef| {
        let owner = graph.account(account).and_then(|(_, link)| link.owner());
        owner.is_some_and(|owner| owner != person)
    };
    let owned = graph.accounts_of(person).map(|(account, _)| account.account_ref());
    Ok(changed.filter(|account| !is_others(account)).chain(owned).collect())
}
