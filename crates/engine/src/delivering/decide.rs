//! One round: everything that is due is looked at once, judged together, and then each for itself.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};
use rollbook_core::account::{Account, State};
use rollbook_core::approval::{self, Approval, Case, Humans, Permit, Refusal};
use rollbook_core::change::{Basis, Change, Expects, Op, Route, Stage};
use rollbook_core::explain;
use rollbook_core::graph::Graph;
use rollbook_core::guard::{self, Kind, Stop};
use rollbook_core::id::{AccountKey, AccountRef, ChangeId, InstanceName, PlanId};
use rollbook_core::plan::{self, Plan, Wish};
use rollbook_core::reach::Reach;

use super::batch::Round;
use super::carry::{Carried, Wait};
use super::draft::{Board, Draft, Wanted};
use super::follow::Progress;
use super::going::Runs;
use super::scope::{self, Scope};
use super::view::View;
use crate::engine::Engine;
use crate::error::Result;
use crate::planning;
use crate::store::RunRow;
use crate::store::scim::{DeliveryState, IntentRow};

/// How many wishes one round takes at most: as many as one bulk request can make, so that all of
/// those are judged at once.
const ROUND_MAX: usize = 1000;

/// How many plans that wait are written at once: many, because each transaction is a flush to disk,
/// and not so many that pushes would have to wait for them.
const WAITS_TOGETHER: usize = 32;

/// How long a wish waits behind another change before it is looked at again.
const BEHIND: SignedDuration = SignedDuration::from_secs(2);

/// How long a wish that waits is left alone at first, and at most. It is looked at at once when
/// somebody approves its plan.
const WAITS: SignedDuration = SignedDuration::from_secs(60);
const WAITS_MAX: SignedDuration = SignedDuration::from_mins(15);

/// What one round leads to.
#[derive(Debug, Default)]
pub(super) struct Decided {
    pub(super) begun: Vec<Begun>,
    pub(super) looks: Vec<Look>,
    /// How many wishes were due.
    pub(super) due: usize,
    /// What is only to be noted. All of it is one transaction.
    notes: Vec<Note>,
}

/// That wishes are so far, and when they are looked at again.
#[derive(Debug)]
pub(super) struct Note {
    pub(super) rows: Vec<IntentRow>,
    pub(super) progress: Progress,
    pub(super) due_at: Option<Timestamp>,
}

/// A run that began.
#[derive(Debug)]
pub(super) struct Begun {
    pub(super) run: RunRow,
    pub(super) plan: Plan,
    pub(super) permit: Permit,
}

/// Wishes that are fulfilled as far as is known, which a look must show.
#[derive(Debug)]
pub(super) struct Look {
    pub(super) rows: Vec<IntentRow>,
    /// The account as known; `None`: there is none.
    pub(super) known: Option<Account>,
    /// What is looked for. It is never carried out.
    pub(super) change: Change,
}

/// What is kept from one round to the next.
#[derive(Debug, Default)]
pub(super) struct Memory {
    view: View,
    /// How many approvals a waiting wish had when it was judged last.
    agreed: BTreeMap<(String, String, String), u64>,
}

/// Where a scope is to be settled.
struct Bench<'a> {
    engine: &'a Engine,
    board: &'a Board<'a>,
    reach: &'a BTreeMap<InstanceName, Reach>,
    round: &'a Round,
}

impl Engine {
    /// Decides what is due.
    pub(super) fn decide_round(&self, memory: &mut Memory, runs: &Mutex<Runs>) -> Result<Decided> {
        let now = self.now();
        if let Err(error) = self.take_up(runs) {
            // What providers push is delivered all the same.
            tracing::error!(%error, "a run that is open could not be taken up");
        }
        let rows = self.due_rows(memory, now)?;
        if rows.is_empty() {
            return Ok(Decided::default());
        }
        let due = rows.len();
        let graph = memory.view.graph(self)?;
        let plans: BTreeSet<&str> = rows.iter().filter_map(|row| row.plan.as_deref()).collect();
        let busy = Runs::give_way(runs, self, &plans)?;
        let board = Board::new(&graph, &self.config, &busy, now, self.today());
        let drafts = self.drafts(&board, rows)?;
        let reach = self.reach()?;
        let history = self.store.read(|book| self.history(book, now))?;
        let round = Round::judge(&drafts, &board, &reach, &history);
        let bench = Bench { engine: self, board: &board, reach: &reach, round: &round };
        let mut decided = Decided { due, ..Decided::default() };
        let mut waits = Vec::new();
        for draft in drafts {
            let rows = draft.scope.rows.clone();
            let settled =
                catch_unwind(AssertUnwindSafe(|| bench.settle(draft, &mut decided, &mut waits)));
            match settled {
                Ok(settled) => settled?,
                Err(_) => self.poisoned(rows)?,
            }
            if waits.len() >= WAITS_TOGETHER {
                self.let_wait(std::mem::take(&mut waits))?;
            }
        }
        self.let_wait(waits)?;
        self.put_notes(std::mem::take(&mut decided.notes))?;
        Ok(decided)
    }

    /// The wishes that are due, and those that wait and somebody has agreed to since.
    fn due_rows(&self, memory: &mut Memory, now: Timestamp) -> Result<Vec<IntentRow>> {
        let (mut rows, approved) = self
            .store
            .read(|book| Ok((book.due_intents(now, ROUND_MAX)?, book.approved_intents()?)))?;
        let agreed: BTreeMap<_, _> = approved
            .into_iter()
            .map(|(row, count)| {
                let key = (row.resource.clone(), row.instance.clone(), row.aspect.clone());
                let is_new = memory.agreed.get(&key) != Some(&count);
                // A child is carried out with its root.
                if is_new && !scope::is_child(&row) && !rows.contains(&row) {
                    rows.push(row);
                }
                (key, count)
            })
            .collect();
        memory.agreed = agreed;
        Ok(rows)
    }

    fn drafts(&self, board: &Board<'_>, rows: Vec<IntentRow>) -> Result<Vec<Draft>> {
        let mut places: BTreeMap<(String, String), Vec<IntentRow>> = BTreeMap::new();
        for row in rows {
            places.entry((row.resource.clone(), row.instance.clone())).or_default().push(row);
        }
        let mut claimed = BTreeMap::new();
        let mut drafts = Vec::new();
        for rows in places.into_values() {
            let draft = catch_unwind(AssertUnwindSafe(|| {
                self.store.read(|book| {
                    let scope = Scope::read(book, &self.config, rows.clone())?;
                    scope.map(|scope| board.draft(book, scope, &mut claimed)).transpose()
                })
            }));
            match draft {
                Ok(draft) => drafts.extend(draft?),
                Err(_) => self.poisoned(rows)?,
            }
        }
        Ok(drafts)
    }

    /// The plan that a scope waits with, if it was not run yet.
    fn waiting_plan(&self, scope: &Scope) -> Result<Option<Plan>> {
        let ids: BTreeSet<_> = scope.rows.iter().filter_map(|row| row.plan.as_deref()).collect();
        let (Some(id), 1) = (ids.first(), ids.len()) else { return Ok(None) };
        let id = PlanId::new(*id);
        self.store.read(|book| match book.run_of(&id)? {
            Some(_) => Ok(None),
            None => book.plan(&id),
        })
    }

    /// Puts wishes aside that make us stumble, so that the others go on.
    fn poisoned(&self, rows: Vec<IntentRow>) -> Result<()> {
        let why = "Rollbook stumbled over this resource, which is a fault of Rollbook's. It is tried \
                   again; please report it.";
        let progress = Progress::new(DeliveryState::Failed, "bug", why);
        let due = self.now().checked_add(WAITS_MAX).ok();
        self.put_rows(rows, &progress, due)
    }
}

impl<'a> Bench<'a> {
    fn settle(&self, draft: Draft, decided: &mut Decided, waits: &mut Vec<Wait<'a>>) -> Result<()> {
        let Draft { scope, meant, wanted } = draft;
        match wanted {
            Wanted::Unsure(why) => decided.notes.push(self.wait(scope.rows, "unsure", why)),
            Wanted::NoRule => {
                let why = "No rule in rollbook.toml says which entitlement this group gives.";
                decided.notes.push(self.wait(scope.rows, "no_rule", why.to_owned()));
            }
            Wanted::Shut => {
                let why = "The account is closed. The right is given when it is open again.";
                decided.notes.push(self.wait(scope.rows, "closed", why.to_owned()));
            }
            Wanted::Behind => {
                let why = "Another change of the same account is on its way and must end first.";
                let due_at = behind(self.board.now);
                let progress = Progress::new(DeliveryState::Accepted, "", why);
                decided.notes.push(Note { rows: scope.rows, progress, due_at });
            }
            Wanted::Wishes(wishes) if wishes.is_empty() => {
                self.nothing_to_do(scope, meant.account, decided)?;
            }
            Wanted::Wishes(wishes) => match self.never_read(&scope) {
                Some(why) => decided.notes.push(self.wait(scope.rows, "stop", why)),
                None => self.propose(scope, meant.account, &wishes, decided, waits)?,
            },
        }
        Ok(())
    }

    /// An instance that was never read can carry no plan, so none is made.
    fn never_read(&self, scope: &Scope) -> Option<String> {
        let name = InstanceName::new(scope.place.as_str());
        let view = self.board.graph.views().get(&name)?;
        view.taken_at.is_none().then(|| {
            format!("{name} was never read, so nothing can be changed there yet. It is read soon.")
        })
    }

    /// Lets wishes wait, longer each time.
    fn wait(&self, mut rows: Vec<IntentRow>, reason: &'static str, why: String) -> Note {
        let due_at = waits(&rows, self.board.now);
        for row in &mut rows {
            row.tries += 1;
        }
        Note { rows, progress: Progress::new(DeliveryState::Waiting, reason, why), due_at }
    }

    fn nothing_to_do(
        &self,
        mut scope: Scope,
        account: Option<AccountKey>,
        decided: &mut Decided,
    ) -> Result<()> {
        let on_its_way = self.board.on_its_way(&scope);
        if !on_its_way.is_empty() {
            return self.engine.carry_on(&scope, &on_its_way);
        }
        for row in &mut scope.rows {
            // A plan that waited was for an older wish, and so is whoever agreed to it.
            row.plan = None;
        }
        let was_seen = scope.rows.iter().all(|row| row.state == DeliveryState::Verified);
        if was_seen || scope.is_everywhere() {
            let why = match was_seen {
                true => scope.rows[0].because.clone(),
                false => "It is so already, as far as the instances were read.".to_owned(),
            };
            let progress = Progress::new(DeliveryState::Verified, "", why);
            decided.notes.push(Note { rows: scope.rows, progress, due_at: None });
            return Ok(());
        }
        decided.looks.push(look(self.board.graph, scope, account));
        Ok(())
    }

    /// Makes the plan, or takes the one that waits, and begins its run if it may run now.
    fn propose(
        &self,
        scope: Scope,
        account: Option<AccountKey>,
        wishes: &[Wish],
        decided: &mut Decided,
        waits: &mut Vec<Wait<'a>>,
    ) -> Result<()> {
        let Board { graph, config, now, .. } = *self.board;
        let requester = approval::requester(&scope.push.idp);
        let made = plan::plan(graph, wishes, self.reach, &config.policy, &requester, now);
        if made.is_empty() {
            let left: Vec<_> = made.left_alone().iter().map(explain::left_alone).collect();
            decided.notes.push(self.wait(scope.rows, "task", left.join(" ")));
            return Ok(());
        }
        let waiting = self.engine.waiting_plan(&scope)?;
        let waiting = waiting.filter(|waiting| is_same(waiting, &made, graph));
        let is_new = waiting.is_none();
        let plan = waiting.unwrap_or(made);
        let mut stops = self.round.stops_of(&plan);
        let (history, approvals) = self
            .engine
            .store
            .read(|book| Ok((self.engine.history(book, now)?, book.approvals(&plan.id())?)))?;
        stops.extend(guard::stops(&plan, graph, &config.policy, &history, now));
        stops.sort();
        stops.dedup();
        let on_its_way = self.board.on_its_way(&scope);
        let permit = self.permit(&scope, &plan, &stops, &approvals, &history);
        let carried = Carried { scope, account, plan, is_new, graph, on_its_way };
        match permit {
            Ok(permit) => {
                decided.begun.extend(self.engine.begin(&carried, permit, &stops)?);
                Ok(())
            }
            Err((reason, why)) => {
                let due_at = match reason {
                    "approval" => now.checked_add(WAITS_MAX).ok(),
                    _ => self::waits(&carried.scope.rows, now),
                };
                waits.push(Wait { carried, reason, why, due_at });
                Ok(())
            }
        }
    }

    /// The permit of a plan as things are now, or why there is none.
    fn permit(
        &self,
        scope: &Scope,
        plan: &Plan,
        stops: &[Stop],
        approvals: &[Approval],
        history: &guard::History,
    ) -> Result<Permit, (&'static str, String)> {
        let Board { config, graph, now, today, .. } = *self.board;
        let policy = &config.policy;
        // Nobody needs to be known where nobody agreed; and most pushes need nobody to.
        let humans = match approvals {
            [] => Humans::default(),
            _ => Humans::of(graph, planning::names(plan, policy, approvals)),
        };
        let humans = &humans;
        let case = Case { plan, stops, approvals, humans, policy, executor: None, now, today };
        // What was held back as a part of a mass change is for a person to let through.
        let was_held = scope.rows.iter().any(|row| row.reason == "too_many");
        let standing = match was_held {
            true => Err(Vec::new()),
            false => approval::standing(plan, policy, history, now, today),
        };
        let given = match &standing {
            Ok(covered) => approval::permit_covered(&case, covered),
            Err(_) => approval::permit(&case),
        };
        given.map_err(|refusal| {
            let too_many = stops.iter().any(|stop| stop.kind == Kind::TooMany);
            let reason = match refusal {
                Refusal::Stopped { .. } if too_many => "too_many",
                Refusal::Stopped { .. } => "stop",
                _ if was_held => "too_many",
                _ => "approval",
            };
            let not = standing.err().unwrap_or_default();
            (reason, why_no_permit(plan, &refusal, &not, was_held))
        })
    }
}

fn why_no_permit(
    plan: &Plan,
    refusal: &Refusal,
    not: &[approval::NotCovered],
    was_held: bool,
) -> String {
    let id = plan.id();
    match refusal {
        Refusal::Stopped { stops } => {
            let sentences: BTreeSet<_> = stops.iter().map(|stop| stop.sentence.as_str()).collect();
            let said = sentences.into_iter().collect::<Vec<_>>().join(" ");
            format!("{said} The plan {id} waits for that, and then for a named person.")
        }
        Refusal::NotEnough { .. } if was_held => format!(
            "It was held back as a part of a mass change. The plan {id} waits for a named person \
             to approve it."
        ),
        Refusal::Empty | Refusal::NotEnough { .. } => {
            let because: Vec<_> = not.iter().map(explain::not_covered).collect();
            format!("The plan {id} waits for a named person to approve it. {}", because.join(" "))
                .trim_end()
                .to_owned()
        }
    }
}

/// When wishes behind another one are looked at again.
pub(super) fn behind(now: Timestamp) -> Option<Timestamp> {
    now.checked_add(BEHIND).ok()
}

/// When wishes that wait are looked at again.
pub(super) fn waits(rows: &[IntentRow], now: Timestamp) -> Option<Timestamp> {
    let tries = rows.iter().map(|row| row.tries).max().unwrap_or(0).clamp(0, 4);
    let doubled = WAITS.checked_mul(1 << tries).unwrap_or(WAITS_MAX);
    now.checked_add(doubled.min(WAITS_MAX)).ok()
}

/// Whether a plan that waits still says what would be planned now, from facts that are still so.
fn is_same(waiting: &Plan, made: &Plan, graph: &Graph) -> bool {
    let ids = |plan: &Plan| plan.changes().iter().map(|c| c.id.clone()).collect::<Vec<ChangeId>>();
    let still = |change: &Change| {
        waiting.basis().facts.get(&change.id) == Some(&plan::facts(graph, change))
    };
    ids(waiting) == ids(made) && waiting.changes().iter().all(still)
}

/// What to look for so that it is seen that nothing is to be done.
fn look(graph: &Graph, scope: Scope, account: Option<AccountKey>) -> Look {
    let instance = InstanceName::new(scope.place.as_str());
    let known = account.and_then(|key| {
        let at = AccountRef { instance: instance.clone(), key };
        graph.account(&at).map(|(account, _)| account.clone())
    });
    let op = match &known {
        Some(_) => Op::Suspend,
        None => Op::Create { profile: scope.push.profile() },
    };
    let expects = known.as_ref().map_or_else(Expects::default, |account| Expects {
        login: account.login.clone(),
        state: Some(account.state),
    });
    let change = Change {
        id: ChangeId::default(),
        instance,
        account: known.as_ref().map(|account| account.key.clone()),
        identity: None,
        label: scope.push.login.clone(),
        op,
        expects,
        route: Route { channel: String::new(), basis: Basis::Probed },
        stage: Stage::Cut,
        reversible: true,
        because: String::new(),
        heir: None,
        harms: BTreeSet::new(),
    };
    Look { rows: scope.rows, known, change }
}

impl Look {
    /// Whether what was seen is what is known.
    pub(super) fn is_as_known(&self, seen: Option<&Account>) -> bool {
        let lasting = |account: &Account| Account { last_seen: None, ..account.clone() };
        match (&self.known, seen) {
            (None, None) => true,
            (Some(known), None) => known.state == State::Gone,
            (Some(known), Some(seen)) => lasting(known) == lasting(seen),
            (None, Some(_)) => false,
        }
    }
}
