//! The runs that are on their way, and where each of their changes is in this process.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use rollbook_core::change::Change;
use rollbook_core::id::{ChangeId, InstanceName, RunId};
use rollbook_core::plan::Plan;

use super::draft::Busy;
use super::follow::is_untouched;
use crate::applying::Leave;
use crate::engine::Engine;
use crate::error::Result;
use crate::store::RunRow;

/// One run.
#[derive(Debug)]
pub(super) struct Going {
    pub(super) run: RunRow,
    pub(super) plan: Arc<Plan>,
    pub(super) leave: Arc<Leave>,
    places: BTreeMap<ChangeId, Place>,
    /// How often in a row a change broke what carried it out.
    broke: BTreeMap<ChangeId, u32>,
    /// Whether a newer wish took the place of a part of it.
    pub(super) is_withdrawn: bool,
    /// Whether its end is being recorded.
    is_ending: bool,
}

/// Where one change is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// It goes on at this moment.
    Due(Timestamp),
    /// It is on its way.
    Out,
    /// Nothing more happens to it in this run.
    Over,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Runs(BTreeMap<RunId, Going>);

/// One change that can go on.
#[derive(Debug)]
pub(super) struct Errand {
    pub(super) run: RunRow,
    pub(super) change: Change,
    pub(super) leave: Arc<Leave>,
}

impl Errand {
    /// A change about which something is to be recorded, and nothing sent.
    pub(super) fn of(run: RunRow, change: Change) -> Self {
        Self { run, change, leave: Arc::new(Leave::Later) }
    }
}

/// The runs, also where a thread panicked that had them: a place says no more than what is in the
/// database.
pub(super) fn lock(runs: &Mutex<Runs>) -> MutexGuard<'_, Runs> {
    runs.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Engine {
    /// Takes up every run that is open and not in hand yet: those of a process that ended, and those
    /// that a person began since.
    pub(super) fn take_up(&self, runs: &Mutex<Runs>) -> Result<()> {
        let mut open = self.store.read(|book| book.open_runs())?;
        open.retain(|run| !lock(runs).0.contains_key(&run.id));
        let graph = if open.is_empty() { None } else { Some(self.graph()?) };
        for run in open {
            let plan = self.store.read(|book| book.plan(&run.plan))?;
            let (Some(plan), Some(graph)) = (plan, &graph) else { continue };
            let proposal = self.judge(plan, graph)?;
            let leave = self.leave_to_go_on(&run, &proposal)?;
            lock(runs).add(run, proposal.plan, leave);
        }
        Ok(())
    }
}

impl Runs {
    pub(super) fn add(&mut self, run: RunRow, plan: Plan, leave: Leave) {
        let begin = Place::Due(run.began_at);
        let places = plan.changes().iter().map(|change| (change.id.clone(), begin)).collect();
        let going = Going {
            run: run.clone(),
            plan: Arc::new(plan),
            leave: Arc::new(leave),
            places,
            broke: BTreeMap::new(),
            is_withdrawn: false,
            is_ending: false,
        };
        self.0.insert(run.id, going);
    }

    /// Up to `free` changes of one instance that can go on, and marks them as on their way. A change
    /// waits for those of earlier stages of its run in the same instance.
    pub(super) fn take(&mut self, at: &InstanceName, free: usize, now: Timestamp) -> Vec<Errand> {
        let mut errands = Vec::new();
        for going in self.0.values_mut() {
            let plan = Arc::clone(&going.plan);
            let here = || plan.changes().iter().filter(|change| change.instance == *at);
            let open = |change: &&Change| going.places.get(&change.id) != Some(&Place::Over);
            let Some(stage) = here().filter(open).map(|change| change.stage).min() else {
                continue;
            };
            for change in here().filter(|change| change.stage == stage) {
                let place = going.places.get_mut(&change.id);
                if let Some(place) = place
                    && matches!(place, Place::Due(due) if *due <= now)
                    && errands.len() < free
                {
                    *place = Place::Out;
                    let (run, leave) = (going.run.clone(), Arc::clone(&going.leave));
                    errands.push(Errand { run, change: change.clone(), leave });
                }
            }
        }
        errands
    }

    /// All changes of all runs.
    pub(super) fn changes(&self) -> BTreeSet<(RunId, ChangeId)> {
        let all = self.0.values();
        all.flat_map(|going| going.places.keys().map(|id| (going.run.id.clone(), id.clone())))
            .collect()
    }

    /// Counts that a change broke what carried it out, or that it did not. How often it did in a row.
    pub(super) fn broke(&mut self, run: &RunId, change: &ChangeId, it_did: bool) -> u32 {
        let Some(going) = self.0.get_mut(run) else { return 0 };
        match it_did {
            true => {
                let count = going.broke.entry(change.clone()).or_default();
                *count += 1;
                *count
            }
            false => {
                going.broke.remove(change);
                0
            }
        }
    }

    /// Puts a change where it is now.
    pub(super) fn put(&mut self, run: &RunId, change: &ChangeId, place: Place) {
        if let Some(going) = self.0.get_mut(run) {
            going.places.insert(change.clone(), place);
        }
    }

    pub(super) fn renew(&mut self, run: &RunId, leave: Leave) {
        if let Some(going) = self.0.get_mut(run) {
            going.leave = Arc::new(leave);
        }
    }

    /// The runs whose end is not being recorded.
    pub(super) fn open(&self) -> Vec<RunId> {
        self.0.values().filter(|going| !going.is_ending).map(|g| g.run.id.clone()).collect()
    }

    pub(super) fn get(&self, run: &RunId) -> Option<&Going> {
        self.0.get(run)
    }

    /// The runs of which every change is over, each once.
    pub(super) fn over(&mut self) -> Vec<(RunId, bool)> {
        let is_over = |going: &&mut Going| {
            !going.is_ending && going.places.values().all(|place| *place == Place::Over)
        };
        let over = self.0.values_mut().filter(is_over);
        over.map(|going| {
            going.is_ending = true;
            (going.run.id.clone(), going.is_withdrawn)
        })
        .collect()
    }

    pub(super) fn ended(&mut self, run: &RunId, well: bool) {
        if well {
            self.0.remove(run);
        } else if let Some(going) = self.0.get_mut(run) {
            going.is_ending = false;
        }
    }

    /// The instances that open runs change.
    pub(super) fn instances(&self) -> BTreeSet<InstanceName> {
        let changes = self.0.values().flat_map(|going| going.plan.changes());
        changes.map(|change| change.instance.clone()).collect()
    }

    /// When the next change goes on, if none is on its way.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        let due = |place: &Place| match place {
            Place::Due(due) => Some(*due),
            Place::Out => Some(Timestamp::MIN),
            Place::Over => None,
        };
        self.0.values().flat_map(|going| going.places.values()).filter_map(due).min()
    }

    /// Whether a run has no change left that anything happens to, and only its end is to come.
    pub(super) fn is_any_over(&self) -> bool {
        let is_over = |going: &Going| going.places.values().all(|place| *place == Place::Over);
        self.0.values().any(is_over)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Lets runs of these plans give way to newer wishes: their changes that surely had no effect
    /// are over. Says which changes stay on their way, of all runs.
    pub(super) fn give_way(
        runs: &Mutex<Self>,
        engine: &Engine,
        plans: &BTreeSet<&str>,
    ) -> Result<Vec<Busy>> {
        let mut runs = lock(runs);
        let mut busy = Vec::new();
        for going in runs.0.values_mut() {
            let (plan, is_old) = (Arc::clone(&going.plan), plans.contains(going.run.plan.as_str()));
            for change in plan.changes() {
                let Some(place) = going.places.get_mut(&change.id) else { continue };
                if is_old && matches!(place, Place::Due(_)) {
                    let steps =
                        engine.store.read(|book| book.steps_of(&going.run.id, &change.id))?;
                    if is_untouched(&steps) {
                        *place = Place::Over;
                        going.is_withdrawn = true;
                    }
                }
                if *place != Place::Over {
                    busy.push(Busy {
                        plan: going.run.plan.clone(),
                        instance: change.instance.clone(),
                        account: change.account.clone(),
                        verb: change.op.word(),
                    });
                }
            }
        }
        Ok(busy)
    }
}
