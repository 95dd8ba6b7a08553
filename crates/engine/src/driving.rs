//! Drives the changes of a run: acts, looks, and records each thing before the next is done.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rollbook_core::canonical;
use rollbook_core::change::{Change, Op};
use rollbook_core::event::{Concern, Draft};
use rollbook_core::explain;
use rollbook_core::guard::PastEffect;
use rollbook_core::id::InstanceName;
use rollbook_core::step::{self, Found, Next, Outcome, Recorded, Seen, Verdict};
use serde_json::json;

use crate::applying::Leave;
use crate::channel::browser::Report;
use crate::channels::{Open, is_for_people};
use crate::crash;
use crate::engine::Engine;
use crate::error::Result;
use crate::progress::Progress;
use crate::store::{RunRow, Writing, named_in};

/// How long a stage of a run waits for vendors before it leaves changes for [`Engine::resume`].
const PATIENCE: SignedDuration = SignedDuration::from_mins(6);

impl Engine {
    /// Brings the changes of one stage as far as they go now, each at once; then waits for those
    /// that must be looked at later, all of them together.
    pub(crate) async fn drive_stage(
        &self,
        run: &RunRow,
        stage: &[Change],
        channels: &BTreeMap<InstanceName, Option<Open>>,
        leave: &Leave,
        progress: &dyn Progress,
    ) -> Result<()> {
        let mut waiting = Vec::new();
        for change in stage {
            progress.say(&explain::change(change));
            if let Some(Some(channel)) = channels.get(&change.instance)
                && let Some(due) = self.drive(run, change, channel, leave).await?
            {
                waiting.push((due, change, channel));
            }
            progress.advance(1);
        }
        let deadline = self.now().checked_add(PATIENCE).unwrap_or(Timestamp::MAX);
        while let Some(next) = waiting.iter().map(|(due, ..)| *due).min().filter(|d| *d < deadline)
        {
            if let Ok(left) = Duration::try_from(next.duration_since(self.now())) {
                tokio::time::sleep(left).await;
            }
            let mut later = Vec::new();
            for (due, change, channel) in waiting {
                let due = match due <= self.now() {
                    true => self.drive(run, change, channel, leave).await?,
                    false => Some(due),
                };
                later.extend(due.map(|due| (due, change, channel)));
            }
            waiting = later;
        }
        Ok(())
    }

    /// How long the change's instance may take to show it; an instance that the configuration no
    /// longer names gets all the time there is.
    /// Where nothing looks, nothing settles either.
    pub(crate) fn settles_within_s(&self, change: &Change) -> u32 {
        match self.instance(&change.instance) {
            Ok(instance) if !instance.is_read() => 0,
            Ok(instance) => instance.settles_within_s,
            Err(_) => step::SETTLES_WITHIN_S,
        }
    }

    pub(crate) fn channel_of(&self, instance: &InstanceName) -> Result<Open> {
        self.open_channel(self.instance(instance)?)
    }

    /// Brings one change as far as it goes now, and says when it can go on, if it can.
    pub(crate) async fn drive(
        &self,
        run: &RunRow,
        change: &Change,
        channel: &Open,
        leave: &Leave,
    ) -> Result<Option<Timestamp>> {
        loop {
            let recorded = self.store.read(|book| book.steps_of(&run.id, &change.id))?;
            let change = &self.carried_out(run, change)?;
            let now = self.now();
            if self.give_to_people(run, change, channel, leave, &recorded).await? {
                continue;
            }
            let next = step::next(&recorded, self.settles_within_s(change), now);
            // What was looked at and held back is looked at again when it can be sent.
            let is_next_to_act = matches!(next, Next::Act) || was_clear(&recorded);
            if is_next_to_act && (!leave.allows(change, now) || self.is_on_hold(run)?) {
                return Ok(None);
            }
            if is_next_to_act && let Some(due) = self.not_before(change, now)? {
                return Ok(Some(due));
            }
            match next {
                Next::Act if !self.act(run, change, channel, leave).await? => return Ok(Some(now)),
                Next::Act => {}
                Next::LookFirst => self.look_first(run, change, channel, &recorded).await?,
                Next::Verify { not_before } if not_before > now => return Ok(Some(not_before)),
                Next::Verify { .. } => self.look_again(run, change, channel, &recorded).await?,
                Next::RetryAt(at) => return Ok(Some(at)),
                Next::Wait if !self.was_done(run, change, channel, &recorded).await? => {
                    return Ok(None);
                }
                Next::Wait => {}
                Next::End(_) => return Ok(None),
            }
        }
    }

    /// Asks people for a change whose browser may not press any more, unless it was pressed and only
    /// has to be seen. Whether they were asked.
    async fn give_to_people(
        &self,
        run: &RunRow,
        change: &Change,
        channel: &Open,
        leave: &Leave,
        recorded: &[Recorded],
    ) -> Result<bool> {
        let now = self.now();
        let next = step::next(recorded, self.settles_within_s(change), now);
        let is_due = matches!(next, Next::Act | Next::LookFirst | Next::RetryAt(_));
        if !is_due || is_for_people(change) || !leave.allows(change, now) {
            return Ok(false);
        }
        let Some(asked) = self.in_place_of_browser(change)? else { return Ok(false) };
        let outcome = channel.apply(&asked).await;
        let was_sent = recorded.iter().any(|one| matches!(one, Recorded::Intended { .. }));
        self.store.write(|book| {
            let may_ask = match was_sent {
                true => book.reading().run(&run.id)?.is_some_and(|row| row.hold.is_none()),
                false => self.put_intent(book, run, &asked, leave)?,
            };
            if may_ask {
                self.put_outcome(book, run, &asked, outcome, &Report::default())?;
            }
            Ok(may_ask)
        })
    }

    /// When a change may be sent that may not be sent now, because its instance is changed at other
    /// hours only, or because one was sent there a moment ago.
    pub(crate) fn not_before(&self, change: &Change, now: Timestamp) -> Result<Option<Timestamp>> {
        let Ok(instance) = self.instance(&change.instance) else { return Ok(None) };
        let opens = instance.opens(change.op.word(), &self.config.workspace, now);
        let spaced = match instance.spacing_s {
            0 => None,
            _ => self.store.read(|book| book.last_sent(&change.instance))?,
        };
        Ok(Some(self.spaced(change, spaced).max(opens)).filter(|due| *due > now))
    }

    /// When the next change may be sent to the instance of `change`, after one at `last`.
    fn spaced(&self, change: &Change, last: Option<Timestamp>) -> Timestamp {
        let spacing_s = self.instance(&change.instance).map_or(0, |one| one.spacing_s);
        let spacing = SignedDuration::from_secs(spacing_s.into());
        // A moment that is still to come was written by a wrong clock.
        let last = last.filter(|last| *last <= self.now());
        last.and_then(|last| last.checked_add(spacing).ok()).unwrap_or(Timestamp::MIN)
    }

    /// Sends a change. `false`: in the last moment somebody held the run, or another change was sent
    /// to the instance, and nothing was sent.
    async fn act(
        &self,
        run: &RunRow,
        change: &Change,
        channel: &Open,
        leave: &Leave,
    ) -> Result<bool> {
        crash::point("before_intent");
        if is_for_people(change) {
            // To ask somebody is to write it down, so it happens whole or not at all.
            let outcome = channel.apply(change).await;
            let is_sent = self.store.write(|book| {
                let is_sent = self.put_intent(book, run, change, leave)?;
                if is_sent {
                    self.put_outcome(book, run, change, outcome, &Report::default())?;
                }
                Ok(is_sent)
            })?;
            crash::point("outcome_recorded");
            return Ok(is_sent);
        }
        if !self.store.write(|book| self.put_intent(book, run, change, leave))? {
            return Ok(false);
        }
        crash::point("intent_recorded");
        let outcome = match &self.grip {
            None => channel.apply(change).await,
            Some(grip) => tokio::select! {
                biased;
                () = grip.lost() => return Err(grip.refusal()),
                outcome = channel.apply(change) => outcome,
            },
        };
        crash::point("effect_done");
        let mut report = channel.report().await;
        let unpressed = match &outcome {
            Outcome::Refused { why } | Outcome::Failed { why, .. } if report.drift.is_some() => why,
            _ => "",
        };
        let asked = Some(change).filter(|_| !unpressed.is_empty());
        let (asked, outcome) = match asked.and_then(|change| self.by_people(change)) {
            Some(asked) => {
                report.say(unpressed);
                let outcome = channel.apply(&asked).await;
                (asked, outcome)
            }
            None => (change.clone(), outcome),
        };
        self.store.write(|book| self.put_outcome(book, run, &asked, outcome, &report))?;
        crash::point("outcome_recorded");
        Ok(true)
    }

    /// Whether somebody holds a run.
    pub(crate) fn is_on_hold(&self, run: &RunRow) -> Result<bool> {
        let row = self.store.read(|book| book.run(&run.id))?;
        Ok(row.is_none_or(|row| row.hold.is_some()))
    }

    /// Records that a change is about to be sent, unless somebody holds its run: in one transaction,
    /// so that what is said about a run holds from the moment that it is said.
    fn put_intent(
        &self,
        book: &Writing<'_>,
        run: &RunRow,
        change: &Change,
        leave: &Leave,
    ) -> Result<bool> {
        if book.reading().run(&run.id)?.is_none_or(|row| row.hold.is_some()) {
            return Ok(false);
        }
        let at = self.now();
        if self.instance(&change.instance).is_ok_and(|one| one.spacing_s > 0) {
            if self.spaced(change, book.reading().last_sent(&change.instance)?) > at {
                return Ok(false);
            }
            book.note_sent(&change.instance, at)?;
        }
        let standing = leave.standing().to_owned();
        let requester = leave.requester().to_owned();
        let effect = PastEffect { standing, requester, ..PastEffect::of(change, at) };
        book.put_effect(&change.instance, change, &effect)?;
        self.add_step(book, run, change, at, &Recorded::Intended { at })?;
        book.record(draft("change_intended", run, change, at, canonical::value_of(change)))?;
        Ok(true)
    }

    /// Records what came back, and with it the task of whoever must act.
    fn put_outcome(
        &self,
        book: &Writing<'_>,
        run: &RunRow,
        change: &Change,
        outcome: Outcome,
        report: &Report,
    ) -> Result<()> {
        let at = self.now();
        let mut body = canonical::value_of(&outcome);
        if !report.steps.is_empty() || !report.exhibits.is_empty() {
            body["steps"] = json!(report.steps);
            body["exhibits"] = named_in(&report.exhibits);
        }
        self.assign(book, run, change, at, &outcome)?;
        self.add_step(book, run, change, at, &Recorded::Acted { at, outcome })?;
        book.put_exhibits(change.id.as_str(), &report.exhibits)?;
        self.note_recipe(book, &change.instance, report, at)?;
        book.record(draft("change_answered", run, change, at, body))
    }

    async fn look_first(
        &self,
        run: &RunRow,
        change: &Change,
        channel: &Open,
        recorded: &[Recorded],
    ) -> Result<()> {
        let seen = channel.look(change).await;
        crash::point("look_done");
        // What was seen of a page that shows nobody any more is told now: no act follows.
        let report = match &seen {
            Seen::Unobservable { .. } => channel.report().await,
            Seen::Present { .. } | Seen::Absent => Report::default(),
        };
        let keeps_ids = self.keeps_external_ids(change)?;
        let (at, found) = (self.now(), step::found_after(change, &seen, recorded, keeps_ids));
        let body =
            json!({"found": canonical::value_of(&found), "seen": canonical::value_of(&seen)});
        self.store.write(|book| {
            remember(book, change, &seen)?;
            self.note_recipe(book, &change.instance, &report, at)?;
            self.add_step(book, run, change, at, &Recorded::Looked { at, found })?;
            book.record(draft("change_looked", run, change, at, body))
        })
    }

    /// Whether an account of the change's instance was ever seen with an external id. Only a create
    /// asks for it.
    fn keeps_external_ids(&self, change: &Change) -> Result<bool> {
        match change.op {
            Op::Create { .. } => self.store.read(|book| book.has_external_ids(&change.instance)),
            _ => Ok(true),
        }
    }

    async fn look_again(
        &self,
        run: &RunRow,
        change: &Change,
        channel: &Open,
        recorded: &[Recorded],
    ) -> Result<()> {
        let seen = look_at_done(channel, change, recorded).await;
        let seen = self.vouched(run, change, seen)?;
        crash::point("look_done");
        let (at, verdict) = (self.now(), step::judge(change, &seen));
        let retry_at = match &seen {
            Seen::Unobservable { retry_at, .. } => *retry_at,
            Seen::Present { .. } | Seen::Absent => None,
        };
        let body =
            json!({"verdict": canonical::value_of(&verdict), "seen": canonical::value_of(&seen)});
        self.store.write(|book| {
            remember(book, change, &seen)?;
            let recorded = Recorded::Verified { at, verdict, retry_at };
            self.add_step(book, run, change, at, &recorded)?;
            book.record(draft("change_verified", run, change, at, body))
        })?;
        crash::point("verdict_recorded");
        Ok(())
    }

    /// Records one thing about a change, and with it how far the wishes are that it fulfils.
    pub(crate) fn add_step(
        &self,
        book: &Writing<'_>,
        run: &RunRow,
        change: &Change,
        at: Timestamp,
        recorded: &Recorded,
    ) -> Result<()> {
        book.add_step(&run.id, &change.id, at, recorded)?;
        self.follow(book, run)
    }

    /// Whether what somebody was asked to do shows, or they said no. Only then is the task over; what
    /// does not show yet stays their task.
    async fn was_done(
        &self,
        run: &RunRow,
        change: &Change,
        channel: &Open,
        recorded: &[Recorded],
    ) -> Result<bool> {
        if is_for_people(change)
            && let Some(task) = self.task_for(run, change)?
        {
            return self.follow_task(run, change, channel, &task).await;
        }
        let seen = look_at_done(channel, change, recorded).await;
        let at = self.now();
        if step::judge(change, &seen) != Verdict::Confirmed {
            let Some(outcome) = channel.refused(change).await else { return Ok(false) };
            let body = canonical::value_of(&outcome);
            self.store.write(|book| {
                self.add_step(book, run, change, at, &Recorded::Acted { at, outcome })?;
                self.close_task(book, run, change, "Whoever had the request refused it.")?;
                book.record(draft("change_answered", run, change, at, body))
            })?;
            return Ok(true);
        }
        let body = json!({"seen": canonical::value_of(&seen)});
        self.store.write(|book| {
            self.add_step(book, run, change, at, &Recorded::Proven { at })?;
            self.close_task(book, run, change, "It shows where the instance is read.")?;
            book.record(draft("task_proven", run, change, at, body))
        })?;
        Ok(true)
    }
}

/// Whether the last that is known of a change is that it could be sent.
fn was_clear(recorded: &[Recorded]) -> bool {
    let sent = recorded.iter().any(|one| matches!(one, Recorded::Intended { .. }));
    !sent && matches!(recorded.last(), Some(Recorded::Looked { found: Found::Fits, .. }))
}

/// Looks at what was done. What was read before a person was asked tells nothing of what they did.
async fn look_at_done(channel: &Open, change: &Change, recorded: &[Recorded]) -> Seen {
    let asked_at = recorded.iter().rev().find_map(|one| match one {
        Recorded::Intended { at } => Some(*at),
        _ => None,
    });
    match asked_at.filter(|_| is_for_people(change)) {
        Some(asked_at) => channel.look_after(change, asked_at).await,
        None => channel.look(change).await,
    }
}

/// Brings what is known of an account up to what a look saw.
pub(crate) fn remember(book: &Writing<'_>, change: &Change, seen: &Seen) -> Result<()> {
    match (seen, &change.account) {
        (Seen::Present { account }, _) => book.put_seen(account),
        (Seen::Absent, Some(key)) => book.put_absent(&change.instance, key.as_str()),
        (Seen::Absent, None) | (Seen::Unobservable { .. }, _) => Ok(()),
    }
}

/// The event of something that was recorded about a change.
pub(crate) fn draft(
    kind: &str,
    run: &RunRow,
    change: &Change,
    at: Timestamp,
    body: serde_json::Value,
) -> Draft {
    Draft {
        kind: kind.to_owned(),
        actor: "rollbook".to_owned(),
        on_behalf_of: run.id.to_string(),
        subject: change.id.to_string(),
        concerns: BTreeSet::from([Concern::of_change(change)]),
        at,
        body,
    }
}
