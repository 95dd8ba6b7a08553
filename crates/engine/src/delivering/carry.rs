//! From a plan to its run, and from the end of a run back to its wishes. Each in one transaction, with
//! everything that somebody may ask about it later.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use rollbook_core::approval::Permit;
use rollbook_core::explain;
use rollbook_core::graph::Graph;
use rollbook_core::guard::{PastEffect, Stop};
use rollbook_core::id::{AccountKey, InstanceName, PlanId, RunId};
use rollbook_core::plan::Plan;

use super::decide::{Begun, Note, behind, waits};
use super::follow::{Progress, is_of};
use super::scope::{ACCOUNT, Scope, group_of, is_child};
use super::settle::{self, Moved};
use crate::applying::RunReport;
use crate::crash;
use crate::engine::Engine;
use crate::error::Result;
use crate::store::scim::{DeliveryState, IntentRow};
use crate::store::{RunRow, Writing};
use crate::{ChangeReport, Stand};

/// How often a wish is planned anew after its change ended badly.
const TRIES_MAX: i64 = 5;

/// How long a wish that failed is left alone.
const AFTER_FAILURE: SignedDuration = SignedDuration::from_hours(1);

/// A plan for a scope.
pub(super) struct Carried<'a> {
    pub(super) scope: Scope,
    /// The account that is meant.
    pub(super) account: Option<AccountKey>,
    pub(super) plan: Plan,
    /// Whether the plan is not stored yet.
    pub(super) is_new: bool,
    pub(super) graph: &'a Graph,
    /// Plans that do a part of what is wanted already.
    pub(super) on_its_way: BTreeMap<InstanceName, PlanId>,
}

/// A plan that waits, and what for.
pub(super) struct Wait<'a> {
    pub(super) carried: Carried<'a>,
    pub(super) reason: &'static str,
    /// The same as a sentence.
    pub(super) why: String,
    /// When it is looked at again.
    pub(super) due_at: Option<Timestamp>,
}

impl Carried<'_> {
    fn store_plan(&self, engine: &Engine, book: &Writing<'_>) -> Result<()> {
        match self.is_new {
            true => engine.put_new_plan(book, &self.plan, self.graph),
            false => Ok(()),
        }
    }

    /// The wishes that the plan carries out, and those that it does not: a right for an account that
    /// is still to be made.
    fn rows(
        &self,
        engine: &Engine,
        book: &Writing<'_>,
    ) -> Result<(Vec<IntentRow>, Vec<IntentRow>)> {
        let (mut own, mut behind) = (Vec::new(), Vec::new());
        for row in self.scope.rows.clone() {
            let group = match group_of(&row) {
                Some(group) => book.reading().resource_row(&row.endpoint, group)?,
                None => None,
            };
            let external_id = group.as_ref().and_then(|group| group.external_id.as_deref());
            let mut changes = self.plan.changes().iter();
            let is_in = changes.any(|change| is_of(&row, change, &engine.config, external_id));
            if !is_in && row.aspect != ACCOUNT {
                behind.push(row);
                continue;
            }
            let account = match row.aspect == ACCOUNT {
                true => self.account.as_ref().map(ToString::to_string).or(row.account.clone()),
                false => None,
            };
            own.push(IntentRow { plan: Some(self.plan.id().to_string()), account, ..row });
        }
        Ok((own, behind))
    }

    /// How far a wish for all instances is at each of them. `of` says it of those that the plan
    /// changes.
    fn children(
        &self,
        engine: &Engine,
        of: impl Fn(&InstanceName) -> Progress,
    ) -> Vec<(IntentRow, Progress)> {
        let root = self.scope.rows.iter().find(|row| row.aspect == ACCOUNT);
        let Some(root) = root.filter(|_| self.scope.is_everywhere()) else { return Vec::new() };
        let mut places: BTreeMap<&InstanceName, (Option<&PlanId>, Progress)> = BTreeMap::new();
        for left in self.plan.left_alone() {
            let Some(instance) = left.subject.instance() else { continue };
            let because = explain::left_alone(left);
            let progress = Progress::new(DeliveryState::Waiting, "task", because);
            places.entry(instance).or_insert((None, progress));
        }
        let id = self.plan.id();
        for change in self.plan.changes() {
            let left = places.remove(&change.instance);
            let here = of(&change.instance);
            let progress =
                super::follow::least(left.map(|(_, left)| left).into_iter().chain([here]));
            places.insert(&change.instance, (Some(&id), progress));
        }
        for (instance, plan) in &self.on_its_way {
            let accepted = Progress::new(DeliveryState::Accepted, "", "");
            places.entry(instance).or_insert((Some(plan), accepted));
        }
        let known = |name: &InstanceName| engine.config.instances.iter().any(|i| i.name == *name);
        let row = |(instance, (plan, progress)): (&InstanceName, (Option<&PlanId>, Progress))| {
            let row = IntentRow {
                instance: instance.to_string(),
                due_at: None,
                plan: plan.map(ToString::to_string),
                account: None,
                ..root.clone()
            };
            (row, progress)
        };
        places.into_iter().filter(|(instance, _)| known(instance)).map(row).collect()
    }
}

impl Engine {
    /// Writes that wishes are so far.
    pub(super) fn put_rows(
        &self,
        rows: Vec<IntentRow>,
        progress: &Progress,
        due_at: Option<Timestamp>,
    ) -> Result<()> {
        self.put_notes(vec![Note { rows, progress: progress.clone(), due_at }])
    }

    /// The same of many, in one transaction.
    pub(super) fn put_notes(&self, notes: Vec<Note>) -> Result<()> {
        if notes.is_empty() {
            return Ok(());
        }
        let now = self.now();
        self.store.write(|book| {
            let mut moved = Moved::default();
            for Note { rows, progress, due_at } in notes {
                for row in rows {
                    moved.note(settle::put(book, row, progress.clone(), due_at, now)?);
                }
            }
            settle::publish(book, &moved, now)
        })?;
        crash::point("delivery_noted");
        Ok(())
    }

    /// Begins the run of a plan: the plan, the run, what it may do to the guard's window, and the
    /// wishes, all or nothing. Nothing is begun where a newer wish lies there by now.
    pub(super) fn begin(
        &self,
        carried: &Carried<'_>,
        permit: Permit,
        stops: &[Stop],
    ) -> Result<Option<Begun>> {
        let (now, plan) = (self.now(), &carried.plan);
        let standing = permit.standing().map(|one| one.name.clone()).unwrap_or_default();
        let run = self.store.write(|book| {
            if has_newer(book, &carried.scope.rows)? {
                return Ok(None);
            }
            carried.store_plan(self, book)?;
            let run = self.open_run(book, plan, &permit, "rollbook", now)?;
            // Counted before it is sent, so that what is judged next knows of it.
            for change in plan.changes().iter().filter(|c| permit.allowed().contains(&c.id)) {
                let (standing, requester) = (standing.clone(), plan.requester().to_owned());
                let effect = PastEffect { standing, requester, ..PastEffect::of(change, now) };
                book.put_effect(&change.instance, change, &effect)?;
            }
            let (own, late) = carried.rows(self, book)?;
            let accepted = Progress::new(DeliveryState::Accepted, "", "");
            let mut moved = Moved::default();
            let children = carried.children(self, |instance| {
                let mut here = plan.changes().iter().filter(|c| c.instance == *instance);
                match here.all(|change| permit.held().contains(&change.id)) {
                    true => Progress::new(DeliveryState::Waiting, "stop", said(stops, instance)),
                    false => accepted.clone(),
                }
            });
            for (row, progress) in children {
                moved.note(settle::put(book, row, progress, None, now)?);
            }
            for row in own {
                moved.note(settle::put(book, row, accepted.clone(), None, now)?);
            }
            for row in late {
                moved.note(settle::put(book, row, accepted.clone(), behind(now), now)?);
            }
            settle::publish(book, &moved, now)?;
            Ok(Some(run))
        })?;
        crash::point("delivery_begun");
        Ok(run.map(|run| Begun { run, plan: plan.clone(), permit }))
    }

    /// Lets the wishes of plans wait, all in one transaction. Each plan is a proposal that people can
    /// approve.
    pub(super) fn let_wait(&self, waits: Vec<Wait<'_>>) -> Result<()> {
        if waits.is_empty() {
            return Ok(());
        }
        let now = self.now();
        self.store.write(|book| {
            let mut moved = Moved::default();
            for wait in &waits {
                self.put_wait(book, wait, &mut moved, now)?;
            }
            settle::publish(book, &moved, now)
        })?;
        crash::point("delivery_waits");
        Ok(())
    }

    fn put_wait(
        &self,
        book: &Writing<'_>,
        wait: &Wait<'_>,
        moved: &mut Moved,
        now: Timestamp,
    ) -> Result<()> {
        let Wait { carried, reason, why, due_at } = wait;
        if has_newer(book, &carried.scope.rows)? {
            return Ok(());
        }
        carried.store_plan(self, book)?;
        let waiting = Progress::new(DeliveryState::Waiting, reason, why.as_str());
        let (own, late) = carried.rows(self, book)?;
        for (row, progress) in carried.children(self, |_| waiting.clone()) {
            moved.note(settle::put(book, row, progress, None, now)?);
        }
        for row in own.into_iter().chain(late) {
            let row = IntentRow { tries: row.tries + 1, ..row };
            moved.note(settle::put(book, row, waiting.clone(), *due_at, now)?);
        }
        Ok(())
    }

    /// Lets wishes be carried out by runs that are on their way and do what is wanted.
    pub(super) fn carry_on(
        &self,
        scope: &Scope,
        plans: &BTreeMap<InstanceName, PlanId>,
    ) -> Result<()> {
        let now = self.now();
        self.store.write(|book| {
            if has_newer(book, &scope.rows)? {
                return Ok(());
            }
            let accepted = Progress::new(DeliveryState::Accepted, "", "");
            for row in &scope.rows {
                let row = IntentRow { due_at: None, ..row.clone() };
                settle::put(book, row, accepted.clone(), None, now)?;
            }
            for (instance, plan) in plans {
                let root = scope.rows.iter().find(|row| row.aspect == ACCOUNT);
                if let Some(root) = root.filter(|_| scope.is_everywhere()) {
                    let row = IntentRow {
                        instance: instance.to_string(),
                        plan: Some(plan.to_string()),
                        account: None,
                        ..root.clone()
                    };
                    settle::put(book, row, accepted.clone(), None, now)?;
                }
                if let Some(run) = book.reading().run_of(plan)? {
                    self.follow(book, &run)?;
                }
            }
            Ok(())
        })
    }

    /// Ends a run of which nothing will be sent any more, and says of each of its wishes whether it
    /// is over or comes again. `withdrawn`: a newer wish took the place of a part of it.
    pub(super) fn end_delivery(&self, id: &RunId, withdrawn: bool) -> Result<()> {
        let report = self.run(id)?;
        let now = self.now();
        self.store.write(|book| {
            self.record_end(book, &report, now)?;
            let mut moved = Moved::default();
            for row in book.reading().intents_of_plan(report.plan.id().as_str())? {
                if row.due_at.is_some() {
                    continue;
                }
                let (row, progress, due_at) = self.after(row, &report, withdrawn, now);
                let due_at = due_at.filter(|_| !is_child(&row));
                moved.note(settle::put(book, row, progress, due_at, now)?);
            }
            settle::publish(book, &moved, now)
        })?;
        crash::point("delivery_ended");
        Ok(())
    }

    /// What becomes of a wish when its run has ended.
    fn after(
        &self,
        row: IntentRow,
        report: &RunReport,
        withdrawn: bool,
        now: Timestamp,
    ) -> (IntentRow, Progress, Option<Timestamp>) {
        let as_it_is = Progress {
            state: row.state,
            because: row.because.clone(),
            reason: reason_of(&row.reason),
        };
        let here = |one: &&ChangeReport| {
            row.instance == crate::push::EVERYWHERE || one.change.instance.as_str() == row.instance
        };
        let held = report.changes.iter().filter(here).find(|c| !matches!(c.stand, Stand::Ended(_)));
        if withdrawn && held.is_some() {
            return (row, Progress::new(DeliveryState::Accepted, "", ""), Some(now));
        }
        if let Some(held) = held {
            let why = held.held_because.clone().unwrap_or_default();
            let due = waits(std::slice::from_ref(&row), now);
            return (row, Progress::new(DeliveryState::Waiting, "stop", why), due);
        }
        if row.reason == "cancelled" {
            // A person decided it; only a newer wish begins anew.
            return (row, as_it_is, None);
        }
        if row.state == DeliveryState::Failed {
            let tries = row.tries + 1;
            let again = tries < TRIES_MAX;
            let row = IntentRow { tries, ..row };
            if row.reason == "refused" && again {
                let why = "It was not as the plan expected, so it is planned anew.";
                return (row, Progress::new(DeliveryState::Accepted, "", why), behind(now));
            }
            let due = now.checked_add(AFTER_FAILURE).ok().filter(|_| again);
            return (row, as_it_is, due);
        }
        // What could not be wished before there was an account, or before a person settled
        // something, may come now.
        let creates = |one: &ChangeReport| one.change.account.is_none();
        let is_more = !report.plan.left_alone().is_empty() || report.changes.iter().any(creates);
        (row, as_it_is, is_more.then_some(now))
    }
}

fn reason_of(word: &str) -> &'static str {
    let words = ["approval", "stop", "too_many", "task", "unsure", "no_rule", "closed", "bug"];
    let endings = ["refused", "failed", "contradicted", "unproven", "cancelled"];
    words.into_iter().chain(endings).find(|known| *known == word).unwrap_or_default()
}

/// Whether a newer wish was pushed since these were read.
fn has_newer(book: &Writing<'_>, rows: &[IntentRow]) -> Result<bool> {
    for row in rows {
        let stored = book.reading().intent(&row.resource, &row.instance, &row.aspect)?;
        if stored.is_none_or(|stored| stored.revision != row.revision) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What holds everything in one instance.
fn said(stops: &[Stop], instance: &InstanceName) -> String {
    use rollbook_core::guard::Blocks;
    let here = stops.iter().filter(|stop| match &stop.blocks {
        Blocks::Instance { instance: held } => held == instance,
        Blocks::Plan | Blocks::Change { .. } => true,
    });
    here.map(|stop| stop.sentence.as_str()).collect::<Vec<_>>().join(" ")
}

impl Engine {
    /// Records the end of a run.
    fn record_end(&self, book: &Writing<'_>, report: &RunReport, now: Timestamp) -> Result<()> {
        let run: &RunRow = &report.run;
        if run.ended_at.is_some() {
            return Ok(());
        }
        book.end_run(&run.id, now)?;
        self.record_run_end(book, report, now)
    }
}
