//! What the files of a period are made from, read once.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use rollbook_core::approval::Approval;
use rollbook_core::event::{Body, ChainId, Event};
use rollbook_core::finding::Tracked;
use rollbook_core::graph::Graph;
use rollbook_core::id::{IdentityId, InstanceName, PlanId};
use rollbook_core::leaving::{Happening, Leaver, What, happened};
use rollbook_core::plan::Plan;
use rollbook_core::task::Task;
use serde_json::{Value, json};

use super::Period;
use crate::applying::{ChangeReport, RunReport};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::evidence::WITH_PICTURES;
use crate::packing::row::coverage;
use crate::store::SnapshotHead;

/// Events that say only that something was read or handed out; they change nothing that a pack says.
const READING: [&str; 3] = ["pack_made", "evidence_read", "list_exported"];

/// A plan with who agreed to it.
pub(super) struct Agreed {
    pub(super) plan: Plan,
    pub(super) approvals: Vec<Approval>,
}

/// Everything that the files are made from.
pub(super) struct Seen<'a> {
    pub(super) engine: &'a Engine,
    pub(super) period: Period,
    /// The first moment of the period and the first one after it.
    pub(super) begin: Timestamp,
    pub(super) end: Timestamp,
    /// When the book last changed: the moment up to which the pack speaks.
    pub(super) as_of: Timestamp,
    pub(super) chain_id: ChainId,
    /// The event that changed it.
    pub(super) head: Event,
    pub(super) events: Vec<(Event, Body)>,
    pub(super) graph: Graph,
    pub(super) happened: Vec<Happening>,
    pub(super) leavers: Vec<Leaver>,
    pub(super) findings: Vec<Tracked>,
    pub(super) tasks: Vec<Task>,
    /// The runs in scope: of the period, or about somebody to whom something happened in it.
    pub(super) runs: Vec<RunReport>,
    pub(super) plans: BTreeMap<PlanId, Agreed>,
    pub(super) snapshots: BTreeMap<InstanceName, SnapshotHead>,
    /// By run: the permit under which it began, as recorded.
    permits: BTreeMap<String, Value>,
    /// By change: the digests of the pictures that a browser took of it.
    pictures: BTreeMap<String, Vec<String>>,
}

impl<'a> Seen<'a> {
    pub(super) fn gather(engine: &'a Engine, period: Period) -> Result<Self> {
        let graph = engine.graph()?;
        let zone = engine.config.workspace.zone();
        let start = |day: Date| {
            let zoned = day.to_zoned(zone.clone());
            zoned.map(|zoned| zoned.timestamp()).unwrap_or(Timestamp::MAX)
        };
        let (begin, end) = (start(period.from), start(period.until()));
        let (chain_id, events, bodies, findings) = engine.store.read(|book| {
            Ok((book.chain_id()?, book.events()?, book.bodies()?, book.findings()?))
        })?;
        let moved = |event: &&Event| !READING.contains(&event.kind.as_str());
        let head = events.iter().rev().find(moved).cloned().ok_or_else(|| {
            Error::refused("Nothing was ever recorded here, so there is nothing to prove.")
                .hint("Read sources and apps first with `rollbook sync`.")
        })?;
        let as_of = head.at;
        let happened = happened(&graph, period.from, period.until());
        let leavers = engine.leavers_at(&graph, as_of)?;
        let (mut permits, mut pictures) = (BTreeMap::new(), BTreeMap::<_, Vec<String>>::new());
        for (event, body) in events.iter().zip(&bodies) {
            if event.kind == "run_begun" {
                permits.insert(event.subject.clone(), body.content["permit"].clone());
            }
            if event.kind == WITH_PICTURES {
                let exhibits = body.content["exhibits"].as_array().into_iter().flatten();
                let digests = exhibits.filter_map(|one| one["digest"].as_str().map(str::to_owned));
                pictures.entry(event.subject.clone()).or_default().extend(digests);
            }
        }
        let mut seen = Self {
            engine,
            period,
            begin,
            end,
            as_of,
            chain_id,
            head,
            events: events.into_iter().zip(bodies).collect(),
            graph,
            happened,
            leavers,
            findings,
            tasks: engine.tasks()?,
            runs: Vec::new(),
            plans: BTreeMap::new(),
            snapshots: engine.snapshot_heads()?,
            permits,
            pictures,
        };
        seen.add_runs()?;
        seen.add_plans()?;
        Ok(seen)
    }

    fn add_runs(&mut self) -> Result<()> {
        let concerned: BTreeSet<&IdentityId> = self.happened.iter().map(|h| &h.identity).collect();
        let mut runs = Vec::new();
        for run in self.engine.runs()?.into_iter().rev() {
            let report = self.engine.run(&run.id)?;
            let is_theirs = |one: &ChangeReport| {
                one.change.identity.as_ref().is_some_and(|id| concerned.contains(id))
            };
            let ended = report.run.ended_at.unwrap_or(Timestamp::MAX);
            if (report.run.began_at < self.end && ended >= self.begin)
                || report.changes.iter().any(is_theirs)
            {
                runs.push(report);
            }
        }
        self.runs = runs;
        Ok(())
    }

    /// The plans of the runs, those made in the period, and those that somebody agreed to in it.
    fn add_plans(&mut self) -> Result<()> {
        let run: BTreeSet<PlanId> = self.runs.iter().map(|report| report.plan.id()).collect();
        for plan in self.engine.plans()? {
            let id = plan.id();
            let approvals = self.engine.store.read(|book| book.approvals(&id))?;
            let is_agreed = approvals.iter().any(|approval| self.within(approval.at));
            if run.contains(&id) || self.within(plan.made_at()) || is_agreed {
                self.plans.insert(id, Agreed { plan, approvals });
            }
        }
        Ok(())
    }

    /// Whether a moment is in the period.
    pub(super) fn within(&self, at: Timestamp) -> bool {
        (self.begin..self.end).contains(&at)
    }

    /// The events of a kind in the period, with their bodies.
    pub(super) fn events_of<'s>(
        &'s self,
        kinds: &'s [&str],
    ) -> impl Iterator<Item = &'s (Event, Body)> {
        let wanted = |(event, _): &&(Event, Body)| kinds.contains(&event.kind.as_str());
        self.events.iter().filter(wanted).filter(|(event, _)| self.within(event.at))
    }

    /// The changes of the runs in scope, each with its run.
    pub(super) fn changes(&self) -> impl Iterator<Item = (&RunReport, &ChangeReport)> {
        self.runs.iter().flat_map(|run| run.changes.iter().map(move |change| (run, change)))
    }

    /// The changes about somebody.
    pub(super) fn changes_of<'s>(
        &'s self,
        identity: &'s IdentityId,
    ) -> impl Iterator<Item = (&'s RunReport, &'s ChangeReport)> {
        self.changes().filter(move |(_, one)| one.change.identity.as_ref() == Some(identity))
    }

    /// The name of somebody.
    pub(super) fn name_of(&self, identity: &IdentityId) -> String {
        self.graph.identity(identity).map_or_else(|| identity.to_string(), |one| one.name.clone())
    }

    /// Who left in the period.
    pub(super) fn left(&self) -> impl Iterator<Item = &Happening> {
        self.happened.iter().filter(|one| one.what == What::Left)
    }

    /// Who agreed to a plan, when, and by which standing approval if by none of them.
    pub(super) fn agreement(&self, run: &RunReport) -> (Vec<String>, Option<Timestamp>, String) {
        let agreed = self.plans.get(&run.plan.id());
        let approvals = agreed.map(|agreed| agreed.approvals.as_slice()).unwrap_or_default();
        let by = approvals.iter().map(|approval| approval.by.clone()).collect();
        let standing = self.permit_of(run).map(|permit| permit["standing"].clone());
        let standing = standing.as_ref().and_then(|s| s["name"].as_str()).unwrap_or_default();
        let last = approvals.iter().map(|approval| approval.at).max();
        (by, last, standing.to_owned())
    }

    /// The permit under which a run began, as recorded.
    pub(super) fn permit_of(&self, run: &RunReport) -> Option<&Value> {
        self.permits.get(run.run.id.as_str())
    }

    /// The digests of the pictures that a browser took of a change.
    pub(super) fn pictures_of(&self, one: &ChangeReport) -> &[String] {
        self.pictures.get(one.change.id.as_str()).map_or(&[], Vec::as_slice)
    }

    /// The snapshots that the pack rests on, with how whole they are.
    pub(super) fn snapshots_said(&self) -> Value {
        let said = self.snapshots.iter().map(|(name, head)| {
            json!({
                "instance": name, "snapshot": head.id, "taken_at": head.taken_at,
                "coverage": coverage(&head.coverage),
            })
        });
        Value::Array(said.collect())
    }

    /// What the manifest says of the pack's population.
    pub(super) fn population(&self) -> Value {
        let instances = self.snapshots.iter().map(|(name, head)| {
            json!({
                "place": name, "counted": head.count, "reported": head.reported,
                "coverage": coverage(&head.coverage), "snapshot": head.id,
            })
        });
        json!({
            "from": self.period.from, "to": self.period.to,
            "people": self.graph.identities().len(), "records": self.graph.records().len(),
            "left": self.left().count(), "instances": instances.collect::<Vec<_>>(),
        })
    }
}

impl Engine {
    /// The newest snapshot of every instance that was ever read.
    fn snapshot_heads(&self) -> Result<BTreeMap<InstanceName, SnapshotHead>> {
        let mut heads = BTreeMap::new();
        for instance in &self.config.instances {
            let head = self.store.read(|book| book.newest_snapshot(&instance.name))?;
            heads.extend(head.map(|head| (instance.name.clone(), head)));
        }
        Ok(heads)
    }
}
