//! Runs: what may be sent of an approved plan, when a run is over, and how each change stands. The
//! changes themselves are driven in `driving.rs`.
//!
//! Nothing is decided here. What to do next about a change is [`step::next`]'s word over what was
//! recorded; each record is written, with its event, before the next thing is done. A process that
//! dies at any point leaves a run that [`Engine::resume`] goes on with.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rollbook_core::approval::{self, Approval, Case, Permit};
use rollbook_core::canonical;
use rollbook_core::change::Change;
use rollbook_core::event::Draft;
use rollbook_core::explain;
use rollbook_core::guard::{self, Stop};
use rollbook_core::id::{PlanId, RunId};
use rollbook_core::plan::Plan;
use rollbook_core::step::{self, Ending, Next, Recorded};
use serde_json::json;

use crate::concern;
use crate::crash;
use crate::engine::Engine;
use crate::error::{Error, Kind, Result};
use crate::planning::Proposal;
use crate::progress::Progress;
use crate::reconcile::named;
use crate::store::{Hold, RunRow, Writing};

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
    /// Why nothing is sent for it, as sentences for people, where it is [`Stand::Held`].
    pub held_because: Option<String>,
}

/// Where a change stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stand {
    /// It is over.
    Ended(Ending),
    /// It may not be sent, now or for good; [`ChangeReport::held_because`] says why.
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
    /// When stops hold all of it back, when too few people agreed, when it was run already, when
    /// the database is not the one that the checkpoints outside speak of. Then nothing was done.
    /// What happens to a single change is no error but part of the report.
    pub async fn apply(&self, id: &PlanId, by: &str, progress: &dyn Progress) -> Result<RunReport> {
        let by = named(by)?;
        let (plan, permit) = self.cleared(id, by)?;
        let run = self.begin_run(&plan, &permit, by)?;
        let leave = Leave::Given(Box::new(permit));
        let report = self.drive_all(&run, &plan, &leave, progress).await?;
        self.send_notices().await?;
        Ok(report)
    }

    /// Begins the run of a plan, and leaves it to the process that delivers ([`Engine::deliver`]).
    ///
    /// # Errors
    /// As [`Engine::apply`].
    pub fn begin_apply(&self, id: &PlanId, by: &str) -> Result<RunRow> {
        let by = named(by)?;
        let (plan, permit) = self.cleared(id, by)?;
        self.begin_run(&plan, &permit, by)
    }

    /// A plan that may run now, with its permit.
    fn cleared(&self, id: &PlanId, by: &str) -> Result<(Plan, Permit)> {
        self.check_not_older()?;
        let proposal = self.proposal_before(id, by)?;
        if proposal.run.is_some() {
            return Err(Error::refused(format!("The plan {id} was run already.")).hint(
                "`rollbook run show` tells how it went; `rollbook run resume` goes on with it.",
            ));
        }
        self.check_recorded(&proposal)?;
        let permit = self.permit(&proposal, by)?;
        Ok((proposal.plan, permit))
    }

    /// Goes on with every run that has not ended: looks at what is in doubt, acts on what is still
    /// permitted, checks whether what somebody was asked to do is done.
    ///
    /// # Errors
    /// When the database refuses, or is not the one that the checkpoints outside speak of.
    pub async fn resume(&self, progress: &dyn Progress) -> Result<Vec<RunReport>> {
        self.check_not_older()?;
        self.keep_checkpoints_outside()?;
        let open: Vec<_> = self.runs()?.into_iter().filter(|run| run.ended_at.is_none()).collect();
        let mut reports = Vec::new();
        for run in open {
            let proposal = self.proposal(&run.plan)?;
            let leave = self.leave_to_go_on(&run, &proposal)?;
            reports.push(self.drive_all(&run, &proposal.plan, &leave, progress).await?);
        }
        self.tend()?;
        self.send_notices().await?;
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
        let run = self.store.read(|book| book.run(id))?.ok_or_else(|| {
            Error::input(format!("There is no run {id}.")).hint("`rollbook run list` lists them.")
        })?;
        let plan = self
            .store
            .read(|book| book.plan(&run.plan))?
            .ok_or_else(|| Error::bug(format!("The run {id} has no plan in the database.")))?;
        self.report(run, plan)
    }

    fn permit(&self, proposal: &Proposal, by: &str) -> Result<Permit> {
        let case = Case { executor: Some(by), ..self.case(proposal) };
        approval::permit(&case).map_err(|refusal| {
            Error::refused(explain::refusal(&refusal))
                .hint(format!("`rollbook plan show {}` shows all of it.", proposal.plan.id()))
        })
    }

    /// What a run that was begun before may still do. What was sent is brought to its end in any
    /// case; new acts need a permit of now.
    pub(crate) fn leave_to_go_on(&self, run: &RunRow, proposal: &Proposal) -> Result<Leave> {
        self.check_recorded(proposal)?;
        let plan = &proposal.plan;
        let stops = self.stops_of_others(run, proposal)?;
        let (policy, now) = (&self.config.policy, self.now());
        let (history, begun) = self.store.read(|book| {
            Ok((self.history(book, now)?, book.recorded(run.id.as_str(), "run_begun")?))
        })?;
        // Only a run that began under a standing approval goes on under one.
        let stood = begun.iter().any(|(_, body)| !body.content["permit"]["standing"].is_null());
        let standing = approval::standing(plan, policy, &history, now, self.today());
        let covered = standing.ok().filter(|_| stood);
        let permit = |stops: &[Stop]| {
            let case = Case { stops, ..self.case(proposal) };
            match &covered {
                Some(covered) => approval::permit_covered(&case, covered),
                None => approval::permit(&case),
            }
        };
        if let Ok(permit) = permit(&stops) {
            return Ok(Leave::Given(Box::new(permit)));
        }
        // A plan that was run cannot be approved again: what its approvals do not carry any more
        // will never be sent. What stops alone hold back may come yet.
        Ok(match permit(&[]) {
            Ok(_) => Leave::Later,
            Err(_) => Leave::Spent,
        })
    }

    /// The stops of a plan without those that its own run caused: an account that the run suspended
    /// is not as it was when the plan was made, and its rights are to be revoked all the same.
    fn stops_of_others(&self, run: &RunRow, proposal: &Proposal) -> Result<Vec<Stop>> {
        let begun = self.store.read(|book| book.steps(&run.id))?;
        let begun: BTreeSet<_> = begun.into_iter().map(|step| step.change).collect();
        let changes = proposal.plan.changes();
        let touched: BTreeSet<_> = changes
            .iter()
            .filter(|change| begun.contains(&change.id))
            .filter_map(Change::account_ref)
            .collect();
        let own = |stop: &&Stop| {
            let guard::Blocks::Change { change: id } = &stop.blocks else { return false };
            let account = proposal.plan.change(id).and_then(Change::account_ref);
            stop.kind == guard::Kind::StaleBasis
                && account.is_some_and(|account| touched.contains(&account))
        };
        Ok(proposal.stops.iter().filter(|stop| !own(stop)).cloned().collect())
    }

    /// Whether each approval is the one that the audit chain tells of. A row put into the database
    /// by hand is nobody's agreement.
    fn check_recorded(&self, proposal: &Proposal) -> Result<()> {
        let plan = proposal.plan.id();
        let recorded = self.store.read(|book| book.recorded(plan.as_str(), "plan_approved"))?;
        let is_recorded = |approval: &&Approval| {
            let value = canonical::value_of(*approval);
            recorded.iter().any(|(event, body)| body.content == value && event.seals(body))
        };
        match proposal.approvals.iter().find(|approval| !is_recorded(approval)) {
            None => Ok(()),
            Some(forged) => Err(Error::new(
                Kind::Contradicted,
                format!(
                    "An approval of {plan} by {} lies in the database, and the audit chain does \
                     not know it. The database was changed, so nothing was done.",
                    forged.by
                ),
            )
            .hint("Keep a copy of the workspace, and run `rollbook verify`.")),
        }
    }

    fn begin_run(&self, plan: &Plan, permit: &Permit, by: &str) -> Result<RunRow> {
        let now = self.now();
        let run = self.store.write(|book| self.open_run(book, plan, permit, by, now))?;
        crash::point("run_opened");
        Ok(run)
    }

    /// Begins the run of a plan inside a transaction, with its event.
    pub(crate) fn open_run(
        &self,
        book: &Writing<'_>,
        plan: &Plan,
        permit: &Permit,
        by: &str,
        now: Timestamp,
    ) -> Result<RunRow> {
        let run = RunRow {
            id: RunId::new(format!("run_{}", uuid::Uuid::now_v7().simple())),
            plan: plan.id(),
            began_at: now,
            ended_at: None,
            hold: None,
        };
        book.begin_run(&run)?;
        book.record(Draft {
            kind: "run_begun".to_owned(),
            actor: by.to_owned(),
            on_behalf_of: plan.requester().to_owned(),
            subject: run.id.to_string(),
            concerns: concern::of_recorded_plan(&book.reading(), &run.plan)?,
            at: now,
            body: json!({"plan": run.plan, "permit": canonical::value_of(permit)}),
        })?;
        Ok(run)
    }

    async fn drive_all(
        &self,
        run: &RunRow,
        plan: &Plan,
        leave: &Leave,
        progress: &dyn Progress,
    ) -> Result<RunReport> {
        let mut channels = BTreeMap::new();
        progress.begin("Changing and looking again", Some(plan.changes().len() as u64));
        for change in plan.changes() {
            if !channels.contains_key(&change.instance) {
                let channel = self.channel_of(&change.instance);
                if let Err(error) = &channel {
                    progress.say(&format!("{} cannot be reached: {error}", change.instance));
                }
                channels.insert(change.instance.clone(), channel.ok());
            }
        }
        for (_, stage) in plan.stages() {
            self.drive_stage(run, stage, &channels, leave, progress).await?;
        }
        channels.keys().for_each(|instance| self.keep_pace(instance));
        progress.end();
        self.reconcile()?;
        self.close_run(self.report(run.clone(), plan.clone())?, leave)
    }

    fn report(&self, run: RunRow, plan: Plan) -> Result<RunReport> {
        let now = self.now();
        let mut recorded: BTreeMap<_, Vec<Recorded>> = BTreeMap::new();
        for row in self.store.read(|book| book.steps(&run.id))? {
            recorded.entry(row.change).or_default().push(row.recorded);
        }
        let changes = plan.changes().iter().map(|change| {
            let change = self.carried_out(&run, change)?;
            let recorded = recorded.remove(&change.id).unwrap_or_default();
            let stand = match step::next(&recorded, self.settles_within_s(&change), now) {
                Next::End(ending) => Stand::Ended(ending),
                Next::Wait => Stand::Waiting,
                Next::Act | Next::LookFirst => Stand::Held,
                Next::Verify { not_before } => Stand::Later(not_before),
                Next::RetryAt(at) => Stand::Later(at),
            };
            Ok(ChangeReport { change, recorded, stand, held_because: None })
        });
        let changes = changes.collect::<Result<_>>()?;
        let mut report = RunReport { run, plan, changes };
        if report.changes.iter().any(|one| one.stand == Stand::Held) {
            self.say_why_held(&mut report)?;
        }
        Ok(report)
    }

    /// Says of each change that is held what holds it as things are now.
    fn say_why_held(&self, report: &mut RunReport) -> Result<()> {
        let proposal = self.judge(report.plan.clone(), &self.graph()?)?;
        let stops = self.stops_of_others(&report.run, &proposal)?;
        let hold = report.run.hold.as_ref().map(Hold::sentence);
        for one in report.changes.iter_mut().filter(|one| one.stand == Stand::Held) {
            let holding = stops.iter().filter(|stop| stop.blocks.holds(&one.change));
            let mut why: Vec<_> = holding.map(|stop| stop.sentence.clone()).collect();
            why.extend(hold.iter().cloned());
            if let Some(due) = self.not_before(&one.change, self.now())? {
                let at = &one.change.instance;
                why.push(format!("{at} is not changed before {due:.0}."));
            }
            if let Err(error) = self.channel_of(&one.change.instance) {
                why.push(format!("{} cannot be reached: {error}", one.change.instance));
            }
            if why.is_empty() {
                why.push(match report.run.ended_at {
                    Some(_) => "It was held back while the run went on. Plan it again.".to_owned(),
                    None => "It has not been sent yet.".to_owned(),
                });
            }
            one.held_because = Some(why.join(" "));
        }
        Ok(())
    }

    /// Records that a run ended, and where each of its changes stands.
    pub(crate) fn record_run_end(
        &self,
        book: &Writing<'_>,
        report: &RunReport,
        now: Timestamp,
    ) -> Result<()> {
        let stands: BTreeMap<_, _> =
            report.changes.iter().map(|c| (c.change.id.as_str(), c.stand.word())).collect();
        let held: BTreeMap<_, _> =
            report.changes.iter().map(|c| (c.change.id.as_str(), &c.held_because)).collect();
        let held: BTreeMap<_, _> = held.into_iter().filter(|(_, why)| why.is_some()).collect();
        let body = json!({"changes": stands, "held": held});
        book.record(Draft {
            kind: "run_ended".to_owned(),
            actor: "rollbook".to_owned(),
            on_behalf_of: report.plan.requester().to_owned(),
            subject: report.run.id.to_string(),
            concerns: concern::of_recorded_plan(&book.reading(), &report.run.plan)?,
            at: now,
            body,
        })
    }

    /// Ends a run of which every change has ended or is held back for good, and signs the chain.
    fn close_run(&self, mut report: RunReport, leave: &Leave) -> Result<RunReport> {
        let now = self.now();
        let is_over = |one: &ChangeReport| match one.stand {
            Stand::Ended(_) => true,
            Stand::Held => leave.holds_for_good(&one.change),
            Stand::Waiting | Stand::Later(_) => false,
        };
        let over = report.run.ended_at.is_none() && report.changes.iter().all(is_over);
        self.store.write(|book| {
            if over {
                book.end_run(&report.run.id, now)?;
                self.record_run_end(book, &report, now)?;
                report.run.ended_at = Some(now);
            }
            book.sign(self.sealing(), now)
        })?;
        crash::point("run_closed");
        self.keep_checkpoints_outside()?;
        crash::point("checkpoint_outside");
        Ok(report)
    }
}

/// What a run may send.
#[derive(Debug)]
pub(crate) enum Leave {
    /// What the permit allows.
    Given(Box<Permit>),
    /// Nothing now, because of stops that may pass.
    Later,
    /// Nothing any more: too few approvals still hold, and a plan that was run gets no new ones.
    Spent,
}

impl Leave {
    pub(crate) fn allows(&self, change: &Change, now: Timestamp) -> bool {
        match self {
            Self::Given(permit) => permit.allows(change, now),
            Self::Later | Self::Spent => false,
        }
    }

    /// The name of the standing approval that it rests on; empty: on none.
    pub(crate) fn standing(&self) -> &str {
        match self {
            Self::Given(permit) => permit.standing().map_or("", |standing| &standing.name),
            Self::Later | Self::Spent => "",
        }
    }

    /// Who asked for the plan; empty: nothing may be sent.
    pub(crate) fn requester(&self) -> &str {
        match self {
            Self::Given(permit) => permit.requester(),
            Self::Later | Self::Spent => "",
        }
    }

    /// Whether a change that is held back now will never be sent in this run.
    pub(crate) fn holds_for_good(&self, change: &Change) -> bool {
        match self {
            Self::Given(permit) => permit.held().contains(&change.id),
            Self::Later => false,
            Self::Spent => true,
        }
    }
}
