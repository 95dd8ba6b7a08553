//! Runs: executing an approved plan, one change at a time, and looking again.
//!
//! Nothing is decided here. What to do next about a change is [`step::next`]'s word over what was
//! recorded; each record is written, with its event, before the next thing is done. A process that
//! dies at any point leaves a run that [`Engine::resume`] goes on with.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rollbook_core::approval::{self, Permit};
use rollbook_core::canonical;
use rollbook_core::change::Change;
use rollbook_core::event::Draft;
use rollbook_core::explain;
use rollbook_core::guard::PastEffect;
use rollbook_core::id::{InstanceName, PlanId, RunId};
use rollbook_core::plan::Plan;
use rollbook_core::step::{self, Ending, Next, Recorded, Seen};
use serde_json::json;

use crate::channels::Open;
use crate::crash;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::planning::Proposal;
use crate::progress::Progress;
use crate::reconcile::named;
use crate::store::{RunRow, Writing};

/// How long a run waits for a vendor before it leaves a change for [`Engine::resume`].
const PATIENCE: SignedDuration = SignedDuration::from_mins(6);

/// A run and where each of its changes stands.
#[derive(Clone, Debug)]
pub struct RunReport {
    /// The run.
    pub run: RunRow,
    /// Its plan.
    pub plan: Plan,
    /// Its changes in the order of the plan.
    pub changes: Vec<ChangeReport>,
}

/// Where one change of a run stands.
#[derive(Clone, Debug)]
pub struct ChangeReport {
    /// The change.
    pub change: Change,
    /// What was recorded about it, oldest first.
    pub recorded: Vec<Recorded>,
    /// Where it stands.
    pub stand: Stand,
}

/// Where a change stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stand {
    /// It is over.
    Ended(Ending),
    /// A stop holds it back, so that it was never begun.
    Held,
    /// Somebody has a task.
    Waiting,
    /// It goes on at this moment; `rollbook run resume` goes on with it.
    Later(Timestamp),
}

impl Stand {
    /// The word for programs and tables.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Ended(ending) => ending.word(),
            Self::Held => "held",
            Self::Waiting => "waiting",
            Self::Later(_) => "later",
        }
    }
}

impl RunReport {
    /// Whether every change is confirmed by a second look.
    pub fn is_confirmed(&self) -> bool {
        self.changes.iter().all(|c| matches!(c.stand, Stand::Ended(Ending::Confirmed { .. })))
    }
}

impl Engine {
    /// Runs a plan: checks stops and approvals again, acts, looks again.
    ///
    /// # Errors
    /// When stops hold all of it back, when too few people agreed, when it was run already. Then
    /// nothing was done. What happens to a single change is no error but part of the report.
    pub async fn apply(&self, id: &PlanId, by: &str, progress: &dyn Progress) -> Result<RunReport> {
        named(by)?;
        let proposal = self.proposal(id)?;
        if proposal.run.is_some() {
            return Err(Error::refused(format!("The plan {id} was run already.")).hint(
                "`rollbook run show` tells how it went; `rollbook run resume` goes on with it.",
            ));
        }
        let permit = self.permit(&proposal)?;
        let run = self.begin_run(&proposal.plan, &permit, by)?;
        self.drive_all(&run, &proposal.plan, Some(&permit), progress).await
    }

    /// Goes on with every run that has not ended: looks at what is in doubt, acts on what is still
    /// permitted, checks whether what somebody was asked to do is done.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn resume(&self, progress: &dyn Progress) -> Result<Vec<RunReport>> {
        self.keep_checkpoints_outside()?;
        let open: Vec<_> = self.runs()?.into_iter().filter(|run| run.ended_at.is_none()).collect();
        let mut reports = Vec::new();
        for run in open {
            let proposal = self.proposal(&run.plan)?;
            // What was begun is brought to its end in any case; new acts need a permit of now.
            let permit = self.permit(&proposal).ok();
            reports.push(self.drive_all(&run, &proposal.plan, permit.as_ref(), progress).await?);
        }
        Ok(reports)
    }

    /// All runs, newest first.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn runs(&self) -> Result<Vec<RunRow>> {
        self.store.read(|book| book.runs())
    }

    /// How a run stands, without doing anything.
    ///
    /// # Errors
    /// When there is no such run, or the database refuses.
    pub fn run(&self, id: &RunId) -> Result<RunReport> {
        let run = self.runs()?.into_iter().find(|run| run.id == *id).ok_or_else(|| {
            Error::input(format!("There is no run {id}.")).hint("`rollbook run list` lists them.")
        })?;
        let plan = self
            .store
            .read(|book| book.plan(&run.plan))?
            .ok_or_else(|| Error::bug(format!("The run {id} has no plan in the database.")))?;
        self.report(run, plan)
    }

    fn permit(&self, proposal: &Proposal) -> Result<Permit> {
        let Proposal { plan, stops, approvals, .. } = proposal;
        approval::permit(plan, stops, approvals, &self.config.policy, self.now()).map_err(
            |refusal| {
                Error::refused(explain::refusal(&refusal))
                    .hint(format!("`rollbook plan show {}` shows all of it.", plan.id()))
            },
        )
    }

    fn begin_run(&self, plan: &Plan, permit: &Permit, by: &str) -> Result<RunRow> {
        let now = self.now();
        let run = RunRow {
            id: RunId::new(format!("run_{}", uuid::Uuid::now_v7().simple())),
            plan: plan.id(),
            began_at: now,
            ended_at: None,
        };
        self.store.write(|book| {
            book.begin_run(&run)?;
            book.record(Draft {
                kind: "run_begun".to_owned(),
                actor: by.to_owned(),
                on_behalf_of: plan.requester().to_owned(),
                subject: run.id.to_string(),
                at: now,
                body: json!({"plan": run.plan, "permit": canonical::value_of(permit)}),
            })
        })?;
        crash::point("run_opened");
        Ok(run)
    }

    async fn drive_all(
        &self,
        run: &RunRow,
        plan: &Plan,
        permit: Option<&Permit>,
        progress: &dyn Progress,
    ) -> Result<RunReport> {
        let mut channels = BTreeMap::new();
        progress.begin("Changing and looking again", Some(plan.changes().len() as u64));
        for change in plan.changes() {
            progress.say(&explain::change(change));
            if !channels.contains_key(&change.instance) {
                channels.insert(change.instance.clone(), self.channel_of(&change.instance));
            }
            if let Some(Ok(channel)) = channels.get(&change.instance) {
                self.drive(run, change, channel, permit).await?;
            } else if let Some(Err(error)) = channels.get(&change.instance) {
                progress.say(&format!("{} cannot be reached: {error}", change.instance));
            }
            progress.advance(1);
        }
        progress.end();
        self.reconcile()?;
        self.close_run(self.report(run.clone(), plan.clone())?, permit)
    }

    /// How long the change's instance may take to show it; an instance that the configuration no
    /// longer names gets all the time there is.
    fn settles_within_s(&self, change: &Change) -> u32 {
        self.instance(&change.instance).map_or(step::SETTLES_WITHIN_S, |i| i.settles_within_s)
    }

    fn channel_of(&self, instance: &InstanceName) -> Result<Open> {
        self.open_channel(self.instance(instance)?)
    }

    /// Brings one change as far as it goes now.
    async fn drive(
        &self,
        run: &RunRow,
        change: &Change,
        channel: &Open,
        permit: Option<&Permit>,
    ) -> Result<()> {
        let began = self.now();
        loop {
            let recorded = self.store.read(|book| book.steps_of(&run.id, &change.id))?;
            let now = self.now();
            match step::next(&recorded, self.settles_within_s(change), now) {
                Next::Act if permit.is_none_or(|p| !p.allows(change, now)) => return Ok(()),
                Next::Act => self.act(run, change, channel).await?,
                Next::LookFirst => self.look_first(run, change, channel).await?,
                Next::Verify { not_before } if !self.wait(not_before, began).await => return Ok(()),
                Next::Verify { .. } => self.look_again(run, change, channel).await?,
                Next::RetryAt(at) if !self.wait(at, began).await => return Ok(()),
                Next::RetryAt(_) => {}
                Next::Wait if !self.was_done(run, change, channel).await? => return Ok(()),
                Next::Wait => {}
                Next::End(_) => return Ok(()),
            }
        }
    }

    /// Waits until `moment`; `false` when that is too long for a run that began waiting at `began`.
    async fn wait(&self, moment: Timestamp, began: Timestamp) -> bool {
        if moment.duration_since(began) > PATIENCE {
            return false;
        }
        let left = moment.duration_since(self.now());
        if let Ok(left) = Duration::try_from(left) {
            tokio::time::sleep(left).await;
        }
        true
    }

    async fn act(&self, run: &RunRow, change: &Change, channel: &Open) -> Result<()> {
        crash::point("before_intent");
        let at = self.now();
        self.store.write(|book| {
            book.put_effect(&change.instance, change, &PastEffect::of(change, at))?;
            book.add_step(&run.id, &change.id, at, &Recorded::Intended { at })?;
            book.record(draft("change_intended", run, change, at, canonical::value_of(change)))
        })?;
        crash::point("intent_recorded");
        let outcome = channel.apply(change).await;
        crash::point("effect_done");
        let at = self.now();
        let body = canonical::value_of(&outcome);
        self.store.write(|book| {
            book.add_step(&run.id, &change.id, at, &Recorded::Acted { at, outcome })?;
            book.record(draft("change_answered", run, change, at, body))
        })?;
        crash::point("outcome_recorded");
        Ok(())
    }

    async fn look_first(&self, run: &RunRow, change: &Change, channel: &Open) -> Result<()> {
        let seen = channel.look(change).await;
        crash::point("look_done");
        let (at, found) = (self.now(), step::found(change, &seen));
        let body =
            json!({"found": canonical::value_of(&found), "seen": canonical::value_of(&seen)});
        self.store.write(|book| {
            remember(book, change, &seen)?;
            book.add_step(&run.id, &change.id, at, &Recorded::Looked { at, found })?;
            book.record(draft("change_looked", run, change, at, body))
        })
    }

    async fn look_again(&self, run: &RunRow, change: &Change, channel: &Open) -> Result<()> {
        let seen = channel.look(change).await;
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
            book.add_step(&run.id, &change.id, at, &recorded)?;
            book.record(draft("change_verified", run, change, at, body))
        })?;
        crash::point("verdict_recorded");
        Ok(())
    }

    /// Whether what somebody was asked to do shows. Only then is the task taken as done; what does
    /// not show yet stays their task.
    async fn was_done(&self, run: &RunRow, change: &Change, channel: &Open) -> Result<bool> {
        let seen = channel.look(change).await;
        if !step::already_so(change, &seen) {
            return Ok(false);
        }
        let at = self.now();
        let body = json!({"seen": canonical::value_of(&seen)});
        self.store.write(|book| {
            book.add_step(&run.id, &change.id, at, &Recorded::Proven { at })?;
            book.record(draft("task_proven", run, change, at, body))
        })?;
        Ok(true)
    }

    fn report(&self, run: RunRow, plan: Plan) -> Result<RunReport> {
        let now = self.now();
        let mut recorded: BTreeMap<_, Vec<Recorded>> = BTreeMap::new();
        for row in self.store.read(|book| book.steps(&run.id))? {
            recorded.entry(row.change).or_default().push(row.recorded);
        }
        let changes = plan.changes().iter().map(|change| {
            let recorded = recorded.remove(&change.id).unwrap_or_default();
            let stand = match step::next(&recorded, self.settles_within_s(change), now) {
                Next::End(ending) => Stand::Ended(ending),
                Next::Wait => Stand::Waiting,
                Next::Act | Next::LookFirst => Stand::Held,
                Next::Verify { not_before } => Stand::Later(not_before),
                Next::RetryAt(at) => Stand::Later(at),
            };
            ChangeReport { change: change.clone(), recorded, stand }
        });
        let changes = changes.collect();
        Ok(RunReport { run, plan, changes })
    }

    /// Ends a run of which every change has ended or is held back, and signs the chain.
    fn close_run(&self, mut report: RunReport, permit: Option<&Permit>) -> Result<RunReport> {
        let now = self.now();
        let is_over = |one: &ChangeReport| match one.stand {
            Stand::Ended(_) => true,
            // Held for good only while a permit exists and leaves it out; without one it may come.
            Stand::Held => permit.is_some_and(|p| p.held().contains(&one.change.id)),
            Stand::Waiting | Stand::Later(_) => false,
        };
        let over = report.run.ended_at.is_none() && report.changes.iter().all(is_over);
        let summary: BTreeMap<_, _> =
            report.changes.iter().map(|c| (c.change.id.as_str(), c.stand.word())).collect();
        self.store.write(|book| {
            if over {
                book.end_run(&report.run.id, now)?;
                report.run.ended_at = Some(now);
                book.record(Draft {
                    kind: "run_ended".to_owned(),
                    actor: "rollbook".to_owned(),
                    on_behalf_of: report.plan.requester().to_owned(),
                    subject: report.run.id.to_string(),
                    at: now,
                    body: json!({"changes": summary}),
                })?;
            }
            book.sign(self.sealing(), now)
        })?;
        crash::point("run_closed");
        self.keep_checkpoints_outside()?;
        crash::point("checkpoint_outside");
        Ok(report)
    }
}

/// Brings what is known of an account up to what a look saw.
fn remember(book: &Writing<'_>, change: &Change, seen: &Seen) -> Result<()> {
    match (seen, &change.account) {
        (Seen::Present { account }, _) => book.put_seen(account),
        (Seen::Absent, Some(key)) => book.put_absent(&change.instance, key.as_str()),
        (Seen::Absent, None) | (Seen::Unobservable { .. }, _) => Ok(()),
    }
}

fn draft(
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
        at,
        body,
    }
}
