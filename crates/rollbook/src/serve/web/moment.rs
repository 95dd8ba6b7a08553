//! The book at one moment, shared by all requests until somebody writes.
//!
//! The graph is built once for each basis; findings, plans and runs once for each end of the chain. A
//! request holds one [`Moment`] from beginning to end, so that the numbers of a page agree.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use jiff::Timestamp;
use jiff::civil::Date;
use rollbook_catalog::matrix::Line;
use rollbook_core::approval::{self, Approval, Needed};
use rollbook_core::event::{Body, Event};
use rollbook_core::finding::Tracked;
use rollbook_core::graph::Graph;
use rollbook_core::id::{AccountRef, IdentityId};
use rollbook_core::identity::Identity;
use rollbook_core::lifecycle::{Movement, movements};
use rollbook_core::link::LinkState;
use rollbook_core::plan::Plan;
use rollbook_core::task::Task;
use rollbook_engine::config::Config;
use rollbook_engine::store::Basis;
use rollbook_engine::{Engine, Result, RunReport};

/// What is known at one moment.
#[derive(Clone)]
pub(crate) struct Moment {
    /// To ask for more, and to act.
    pub(crate) engine: Engine,
    /// Who works here and who can get in where.
    pub(crate) graph: Arc<Graph>,
    /// Findings, plans and runs.
    pub(crate) known: Arc<Known>,
    /// When the request was made.
    pub(crate) now: Timestamp,
    /// The day of that in the workspace's zone.
    pub(crate) today: Date,
    moves: Arc<OnceLock<Vec<Move>>>,
}

/// What happens to somebody on a day.
pub(crate) struct Move {
    pub(crate) person: IdentityId,
    pub(crate) movement: Movement,
}

/// What changes with every record of the chain.
pub(crate) struct Known {
    /// How many events there are.
    pub(crate) size: u64,
    /// All findings, in the order of the book: open ones first, the worst first.
    pub(crate) findings: Vec<Tracked>,
    /// All plans, the newest first, and how far each is.
    pub(crate) plans: Vec<Shelved>,
    /// All runs, the newest first.
    pub(crate) runs: Vec<RunReport>,
    /// All tasks, the newest first.
    pub(crate) tasks: Vec<Task>,
    by_person: BTreeMap<IdentityId, Vec<usize>>,
    by_account: BTreeMap<AccountRef, Vec<usize>>,
    events: OnceLock<Vec<(Event, Option<Body>)>>,
    matrix: OnceLock<Vec<Line>>,
}

/// A plan with what people said about it.
pub(crate) struct Shelved {
    pub(crate) plan: Plan,
    pub(crate) needed: Needed,
    pub(crate) approvals: Vec<Approval>,
    pub(crate) is_run: bool,
}

/// How far a plan is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// It changes nothing.
    Empty,
    /// Somebody must agree to it.
    Waits,
    /// Enough people agreed.
    Approved,
    /// It was run.
    Ran,
}

impl Stage {
    /// The word for programs and for people.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Empty => "nothing to do",
            Self::Waits => "waits for approval",
            Self::Approved => "approved",
            Self::Ran => "was run",
        }
    }
}

impl Shelved {
    /// How many approvals count at `now`.
    pub(crate) fn agreed(&self, now: Timestamp) -> usize {
        self.approvals.iter().filter(|approval| now < approval.expires).count()
    }

    /// How far it is.
    pub(crate) fn stage(&self, now: Timestamp) -> Stage {
        if self.is_run {
            Stage::Ran
        } else if self.plan.is_empty() {
            Stage::Empty
        } else if self.agreed(now) >= self.needed.people as usize {
            Stage::Approved
        } else {
            Stage::Waits
        }
    }
}

/// The moments that were built last.
#[derive(Default)]
pub(crate) struct Moments {
    graph: Mutex<Option<Built<Basis, Graph>>>,
    known: Mutex<Option<Built<u64, Known>>>,
}

/// What was built, and what it was built of.
struct Built<K, T> {
    of: K,
    config: Arc<Config>,
    value: Arc<T>,
}

impl<K: PartialEq, T> Built<K, T> {
    /// What was built, if it was built of the same.
    fn still(&self, of: &K, config: &Arc<Config>) -> Option<Arc<T>> {
        (self.of == *of && Arc::ptr_eq(&self.config, config)).then(|| Arc::clone(&self.value))
    }
}

impl Moments {
    /// The book as it is now.
    ///
    /// # Errors
    /// When the database refuses.
    pub(crate) fn now(&self, engine: &Engine) -> Result<Moment> {
        let engine = engine.newest();
        let (basis, size) = engine
            .store()
            .read(|book| Ok((book.basis()?, book.last_event()?.map_or(0, |event| event.seq))))?;
        let graph = self.graph(&engine, basis)?;
        let known = self.known(&engine, size)?;
        let (now, today) = (engine.now(), engine.today());
        Ok(Moment { engine, graph, known, now, today, moves: Arc::default() })
    }

    fn graph(&self, engine: &Engine, basis: Basis) -> Result<Arc<Graph>> {
        // Held while it is built, so that requests that come together build it once.
        let mut held = self.graph.lock().unwrap_or_else(PoisonError::into_inner);
        let config = engine.newest_config();
        if let Some(graph) = held.as_ref().and_then(|built| built.still(&basis, &config)) {
            return Ok(graph);
        }
        let graph = Arc::new(engine.graph()?);
        *held = Some(Built { of: basis, config, value: Arc::clone(&graph) });
        Ok(graph)
    }

    fn known(&self, engine: &Engine, size: u64) -> Result<Arc<Known>> {
        let mut held = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let config = engine.newest_config();
        if let Some(known) = held.as_ref().and_then(|built| built.still(&size, &config)) {
            return Ok(known);
        }
        let known = Arc::new(Known::read(engine, size)?);
        *held = Some(Built { of: size, config, value: Arc::clone(&known) });
        Ok(known)
    }
}

impl Known {
    fn read(engine: &Engine, size: u64) -> Result<Self> {
        let (findings, plans, runs) = (engine.findings()?, engine.plans()?, engine.runs()?);
        let tasks = engine.tasks()?;
        let policy = &engine.config().policy;
        let shelved = |plan: Plan| {
            let id = plan.id();
            let approvals = engine.store().read(|book| book.approvals(&id))?;
            let needed = approval::needed(&plan, policy);
            let is_run = runs.iter().any(|run| run.plan == id);
            Ok(Shelved { plan, needed, approvals, is_run })
        };
        let plans = plans.into_iter().map(shelved).collect::<Result<_>>()?;
        let runs = runs.iter().map(|run| engine.run(&run.id)).collect::<Result<_>>()?;
        let (mut by_person, mut by_account) = (BTreeMap::new(), BTreeMap::new());
        for (at, Tracked { finding, .. }) in findings.iter().enumerate() {
            if let Some(person) = &finding.identity {
                by_person.entry(person.clone()).or_insert_with(Vec::new).push(at);
            }
            if let Some(account) = finding.subject.account() {
                by_account.entry(account.clone()).or_insert_with(Vec::new).push(at);
            }
        }
        let (events, matrix) = (OnceLock::new(), OnceLock::new());
        Ok(Self { size, findings, plans, runs, tasks, by_person, by_account, events, matrix })
    }

    /// The findings that concern somebody.
    pub(crate) fn findings_of(&self, id: &IdentityId) -> impl Iterator<Item = &Tracked> {
        self.by_person.get(id).into_iter().flatten().map(|&at| &self.findings[at])
    }

    /// The findings about an account.
    pub(crate) fn findings_about(&self, account: &AccountRef) -> impl Iterator<Item = &Tracked> {
        self.by_account.get(account).into_iter().flatten().map(|&at| &self.findings[at])
    }
}

impl Moment {
    /// The findings that somebody should look at today.
    pub(crate) fn open_findings(&self) -> impl Iterator<Item = &Tracked> {
        self.known.findings.iter().filter(|one| one.standing.is_open(self.today))
    }

    /// The links that wait for a person's word.
    pub(crate) fn undecided(&self) -> usize {
        let links = self.graph.links().iter();
        links.filter(|link| matches!(link.state, LinkState::Suggested { .. })).count()
    }

    /// The plans that wait for somebody's agreement.
    pub(crate) fn waiting_plans(&self) -> usize {
        let plans = self.known.plans.iter();
        plans.filter(|shelved| shelved.stage(self.now) == Stage::Waits).count()
    }

    /// The tasks that wait for somebody.
    pub(crate) fn open_tasks(&self) -> impl Iterator<Item = &Task> {
        self.known.tasks.iter().filter(|task| !task.state().is_over())
    }

    /// Who joins, moves and leaves when, by the dated records of the sources.
    pub(crate) fn moves(&self) -> &[Move] {
        self.moves.get_or_init(|| {
            let of = |identity: &Identity| {
                let person = identity.id.clone();
                let found = movements(self.graph.records_of(&identity.id));
                found.into_iter().map(move |movement| Move { person: person.clone(), movement })
            };
            self.graph.identities().iter().flat_map(of).collect()
        })
    }

    /// All records of the chain with their bodies, oldest first. [`Moment::read_events`] must have
    /// read them; nothing before.
    pub(crate) fn events(&self) -> &[(Event, Option<Body>)] {
        self.known.events.get().map_or(&[], Vec::as_slice)
    }

    /// Reads the chain, once for each of its ends, for a page that shows it.
    ///
    /// # Errors
    /// When the database refuses.
    pub(crate) fn read_events(&self) -> Result<()> {
        if self.known.events.get().is_some() {
            return Ok(());
        }
        let (events, bodies) =
            self.engine.store().read(|book| Ok((book.events()?, book.bodies()?)))?;
        let mut bodies = bodies.into_iter().peekable();
        let paired = events.into_iter().map(|event| {
            let body = bodies.next_if(|body| body.seq == event.seq);
            (event, body)
        });
        self.known.events.get_or_init(|| paired.collect());
        Ok(())
    }

    /// The catalog, a line for each app.
    pub(crate) fn matrix(&self) -> &[Line] {
        let catalog = &self.engine.config().catalog;
        self.known.matrix.get_or_init(|| catalog.apps().map(Line::of).collect())
    }

    /// The name that people know an identity by, or its id.
    pub(crate) fn name<'a>(&'a self, id: &'a IdentityId) -> &'a str {
        crate::pick::name(&self.graph, id)
    }

    /// An account as `instance/login`.
    pub(crate) fn label(&self, account: &AccountRef) -> String {
        crate::pick::label(&self.graph, account)
    }
}
