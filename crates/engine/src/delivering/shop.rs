//! Who does what now: one round of deciding at a time, a lane for each instance, and the upkeep
//! between. Only this file starts anything; what is started answers with a [`Done`].

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use rollbook_core::account::Account;
use rollbook_core::id::{ChangeId, InstanceName, RunId};
use rollbook_core::step::{Next, Seen, next};
use tokio::task::JoinSet;

use super::clockwork::Clockwork;
use super::decide::{Decided, Look, Memory, behind};
use super::follow::Progress;
use super::going::{Errand, Place, Runs, lock};
use super::suspects::{Suspects, TRIES_MAX};
use super::tidy::{Chore, Upkeep};
use crate::applying::Leave;
use crate::channels::Open;
use crate::crash;
use crate::engine::Engine;
use crate::error::{Error, Kind, Result};
use crate::rereading::Reread;
use crate::scheduling::Claim;
use crate::store::scim::DeliveryState;

/// How many changes of one instance are on their way at once. Its channel paces their requests.
const LANE_WIDTH: usize = 4;

/// How long the channel of an instance is kept open: a new token is used after that.
const CHANNEL_KEPT: SignedDuration = SignedDuration::from_mins(5);

/// How long after a round that found nothing to do the next one begins.
const BETWEEN_ROUNDS: SignedDuration = SignedDuration::from_millis(100);

/// How long something is left alone after the database or the set-up failed us.
const AFTER_TROUBLE: SignedDuration = SignedDuration::from_secs(10);

/// How often it is looked whether a person has done what they were asked for, or whether a run that
/// stops hold back may go on.
const PATIENCE: SignedDuration = SignedDuration::from_secs(30);

/// How often it is looked whether a run that somebody paused may go on.
const ON_HOLD: SignedDuration = SignedDuration::from_secs(1);

/// How often the configuration is read again. What was read twice is taken.
const REREAD_EVERY: SignedDuration = SignedDuration::from_secs(1);

/// How far ahead [`Engine::deliver_due`] waits for what is due.
const MOMENT: SignedDuration = SignedDuration::from_secs(10);

/// What ended.
enum Done {
    Decided(Result<Decided>),
    Drove {
        instance: InstanceName,
        run: RunId,
        change: ChangeId,
        place: Place,
        broke: Option<String>,
    },
    Looked {
        instance: InstanceName,
    },
    Renewed {
        run: RunId,
        leave: Result<Leave>,
    },
    Ended {
        run: RunId,
        result: Result<()>,
    },
    Kept {
        chore: Chore,
        result: Result<()>,
    },
    Reread(Result<Reread>),
    Followed(Result<()>),
    Claimed(Result<Option<Claim>>),
    Controlled(Claim, Result<()>),
}

/// The way to one instance.
#[derive(Debug, Default)]
struct Lane {
    channel: Option<(Timestamp, Arc<Open>)>,
    out: usize,
    /// Whether the instance is being read whole. Nothing is changed meanwhile: what a reading that
    /// began before a change says of it would be believed.
    is_reading: bool,
    looks: Vec<Look>,
}

/// Everything that delivery has in hand.
pub(super) struct Shop {
    engine: Arc<Engine>,
    runs: Arc<Mutex<Runs>>,
    memory: Arc<Mutex<Memory>>,
    lanes: BTreeMap<InstanceName, Lane>,
    tasks: JoinSet<Done>,
    is_deciding: bool,
    decided_nothing: bool,
    /// When the next round may begin.
    round_at: Timestamp,
    upkeep: Upkeep,
    clockwork: Clockwork,
    suspects: Suspects,
    /// When the configuration is read again; `None`: it is being read, or never is.
    reread_at: Option<Timestamp>,
}

impl Shop {
    /// Takes up the runs that are open. `upkeep`: whether instances are read and findings renewed
    /// from time to time.
    pub(super) fn open(engine: Arc<Engine>, upkeep: bool) -> Result<Self> {
        engine.check_not_older()?;
        engine.keep_checkpoints_outside()?;
        let runs = Arc::default();
        engine.take_up(&runs)?;
        engine.follow_rules()?;
        if upkeep {
            engine.cut_off_controls()?;
        }
        let suspects = Suspects::open(&engine, &runs)?;
        let now = engine.now();
        let reread_at = upkeep.then_some(now);
        let (upkeep, round_at) = (Upkeep::new(&engine, upkeep), now);
        Ok(Self {
            reread_at,
            engine,
            runs,
            memory: Arc::default(),
            lanes: BTreeMap::new(),
            tasks: JoinSet::new(),
            is_deciding: false,
            decided_nothing: false,
            round_at,
            upkeep,
            clockwork: Clockwork::new(now),
            suspects,
        })
    }

    /// Starts everything that can start now.
    pub(super) fn hand_out(&mut self) {
        let now = self.engine.now();
        if !self.is_deciding && self.round_at <= now {
            self.is_deciding = true;
            let (engine, runs) = (Arc::clone(&self.engine), Arc::clone(&self.runs));
            let memory = Arc::clone(&self.memory);
            self.aside(Done::Decided, move || {
                let mut memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
                engine.decide_round(&mut memory, &runs)
            });
        }
        let instances = lock(&self.runs).instances();
        for instance in instances {
            self.lanes.entry(instance).or_default();
        }
        let names: Vec<_> = self.lanes.keys().cloned().collect();
        for name in names {
            self.hand_out_in(&name, now);
        }
        let over = lock(&self.runs).over();
        for (run, is_withdrawn) in over {
            let (engine, id) = (Arc::clone(&self.engine), run.clone());
            let done = move |result| Done::Ended { run, result };
            self.aside(done, move || engine.end_delivery(&id, is_withdrawn));
        }
        self.keep_up(now);
        self.keep_schedules(now);
        if self.reread_at.is_some_and(|at| at <= now) {
            self.reread_at = None;
            let engine = Arc::clone(&self.engine);
            self.aside(Done::Reread, move || engine.reread());
        }
    }

    /// Starts what can start in one instance.
    fn hand_out_in(&mut self, name: &InstanceName, now: Timestamp) {
        let Some(lane) = self.lanes.get_mut(name).filter(|lane| !lane.is_reading) else { return };
        let free = LANE_WIDTH.saturating_sub(lane.out);
        let looks: Vec<_> = lane.looks.drain(..lane.looks.len().min(free)).collect();
        let errands = lock(&self.runs).take(name, free - looks.len(), now);
        let errands = self.one_suspect(errands, now);
        if errands.is_empty() && looks.is_empty() {
            return;
        }
        let channel = match self.channel(name, now) {
            Ok(channel) => channel,
            Err(error) => return self.unreachable(name, &error, errands, looks),
        };
        if let Some(lane) = self.lanes.get_mut(name) {
            lane.out += errands.len() + looks.len();
        }
        for errand in errands {
            self.drive(name, errand, Arc::clone(&channel));
        }
        for look in looks {
            self.look(name, look, Arc::clone(&channel));
        }
    }

    /// Keeps back suspected changes while one of them is on its way.
    fn one_suspect(&mut self, errands: Vec<Errand>, now: Timestamp) -> Vec<Errand> {
        let mut go = Vec::new();
        for errand in errands {
            if self.suspects.holds(&errand) && !self.suspects.let_go() {
                lock(&self.runs).put(&errand.run.id, &errand.change.id, Place::Due(now));
            } else {
                go.push(errand);
            }
        }
        go
    }

    fn channel(&mut self, name: &InstanceName, now: Timestamp) -> Result<Arc<Open>> {
        let lane = self.lanes.entry(name.clone()).or_default();
        if let Some((opened, channel)) = &lane.channel
            && now.duration_since(*opened) < CHANNEL_KEPT
        {
            return Ok(Arc::clone(channel));
        }
        self.engine.keep_pace(name);
        let channel = Arc::new(self.engine.channel_of(name)?);
        lane.channel = Some((now, Arc::clone(&channel)));
        Ok(channel)
    }

    /// The instance cannot be reached as it is set up: what was to be done there is tried later.
    fn unreachable(
        &mut self,
        name: &InstanceName,
        error: &Error,
        errands: Vec<Errand>,
        looks: Vec<Look>,
    ) {
        tracing::warn!(instance = %name, %error, "an instance cannot be reached");
        let later = after_trouble(self.engine.now());
        for errand in errands {
            lock(&self.runs).put(&errand.run.id, &errand.change.id, Place::Due(later));
            self.suspects.is_back(&errand.run.id, &errand.change.id, false);
        }
        let why = format!("{name} cannot be reached: {error}");
        let progress = Progress::new(DeliveryState::Accepted, "", why);
        for look in looks {
            if let Err(error) = self.engine.put_rows(look.rows, &progress, Some(later)) {
                tracing::error!(instance = %name, %error, "a wish could not be put off");
            }
        }
    }

    fn drive(&mut self, name: &InstanceName, errand: Errand, channel: Arc<Open>) {
        let (engine, instance) = (Arc::clone(&self.engine), name.clone());
        let (run, change) = (errand.run.id.clone(), errand.change.id.clone());
        let is_suspect = self.suspects.holds(&errand);
        let going = async move {
            let _moving = engine.lanes.moving(&errand.change.instance).await;
            if is_suspect && !engine.mark_suspect(&errand)? {
                return Ok(Place::Over);
            }
            let place = engine.go_on(&errand, &channel).await;
            if is_suspect {
                engine.clear_suspect(&errand)?;
            }
            place
        };
        self.beside(going, move |result, now| {
            let mut broke = None;
            let place = result.unwrap_or_else(|error| {
                tracing::error!(run = %run, %change, %error, "a change could not go on");
                broke = (error.kind == Kind::Bug).then(|| error.to_string());
                Place::Due(after_trouble(now))
            });
            Done::Drove { instance, run, change, place, broke }
        });
    }

    fn look(&mut self, name: &InstanceName, look: Look, channel: Arc<Open>) {
        let (engine, instance) = (Arc::clone(&self.engine), name.clone());
        self.beside(
            async move {
                let seen = channel.look(&look.change).await;
                crash::point("delivery_looked");
                engine.was_looked_at(look, &seen)
            },
            move |result, _| {
                if let Err(error) = result {
                    tracing::error!(%instance, %error, "a look could not be recorded");
                }
                Done::Looked { instance }
            },
        );
    }

    fn keep_up(&mut self, now: Timestamp) {
        let is_free = |lanes: &BTreeMap<InstanceName, Lane>, name: &InstanceName| {
            lanes.get(name).is_none_or(|lane| lane.out == 0)
        };
        let (lanes, may_read) = (&self.lanes, self.clockwork.is_still());
        let is_free = |name: &InstanceName| is_free(lanes, name);
        let Some(chore) = self.upkeep.next(&self.engine, now, may_read, is_free) else { return };
        if let Chore::Read(name) = &chore {
            self.lanes.entry(name.clone()).or_default().is_reading = true;
        }
        let engine = Arc::clone(&self.engine);
        let doing = chore.clone();
        self.beside(async move { doing.done_by(&engine).await }, move |result, _| Done::Kept {
            chore,
            result,
        });
    }

    /// Looks whether a schedule has something to run, one thing at a time.
    fn keep_schedules(&mut self, now: Timestamp) {
        if self.upkeep.is_still() && self.clockwork.look(now) {
            let engine = Arc::clone(&self.engine);
            self.aside(Done::Claimed, move || engine.claim_control());
        }
    }

    fn claimed(&mut self, result: Result<Option<Claim>>) {
        let claim = result.unwrap_or_else(|error| {
            tracing::error!(%error, "what is to run by itself could not be looked up");
            None
        });
        let Some(claim) = claim else { return self.clockwork.is_over(self.engine.now()) };
        let (noted, running) = (claim.clone(), Clockwork::run(Arc::clone(&self.engine), claim));
        self.clockwork.runs(running.1);
        self.tasks.spawn(async move { Done::Controlled(noted, flat(running.0.await)) });
    }

    /// Waits until one thing ended, and takes note of it.
    pub(super) async fn one_done(&mut self) {
        match self.tasks.join_next().await {
            Some(Ok(done)) => self.note(done),
            Some(Err(error)) => tracing::error!(%error, "a task of the delivery was lost"),
            // Nothing is on its way: the caller's other branch ends the wait.
            None => std::future::pending().await,
        }
    }

    fn note(&mut self, done: Done) {
        match done {
            Done::Decided(result) => self.decided(result),
            Done::Drove { instance, run, change, place, broke } => {
                self.back_in(&instance);
                self.suspects.is_back(&run, &change, broke.is_none());
                let place = self.set_aside(&run, &change, broke).unwrap_or(place);
                lock(&self.runs).put(&run, &change, place);
                self.renew(&run, &change, place);
            }
            Done::Looked { instance } => self.back_in(&instance),
            Done::Renewed { run, leave } => match leave {
                Ok(leave) => lock(&self.runs).renew(&run, leave),
                Err(error) => tracing::error!(%run, %error, "a run could not be judged anew"),
            },
            Done::Ended { run, result } => {
                if let Err(error) = &result {
                    tracing::error!(%run, %error, "the end of a run could not be recorded");
                }
                lock(&self.runs).ended(&run, result.is_ok());
                self.upkeep.run_ended();
            }
            Done::Kept { chore, result } => {
                if let Err(error) = &result {
                    tracing::warn!(?chore, %error, "upkeep failed and is tried again later");
                }
                if let Chore::Read(name) = &chore {
                    self.lanes.entry(name.clone()).or_default().is_reading = false;
                }
                self.upkeep.done(&self.engine, &chore, self.engine.now());
            }
            Done::Reread(result) => self.reread(result),
            Done::Claimed(result) => self.claimed(result),
            Done::Controlled(claim, result) => {
                if let Err(error) = result {
                    let schedule = &claim.schedule.name;
                    tracing::error!(%schedule, %error, "how it ended could not be recorded");
                }
                self.clockwork.is_over(self.engine.now());
            }
            Done::Followed(result) => {
                if let Err(error) = result {
                    tracing::error!(%error, "the new configuration could not be followed at once");
                }
            }
        }
    }

    /// Goes by the newest configuration from now on, and judges anew what waits under the old one.
    fn reread(&mut self, result: Result<Reread>) {
        self.reread_at = self.engine.now().checked_add(REREAD_EVERY).ok();
        match result {
            Ok(Reread::Same) => return,
            Ok(Reread::Taken) => tracing::info!("rollbook.toml was changed and is followed"),
            Err(error) => {
                return tracing::error!(%error, "rollbook.toml cannot be used; the last good one is");
            }
        }
        self.engine = Arc::new(self.engine.newest());
        self.memory = Arc::default();
        self.upkeep.policy_changed();
        for lane in self.lanes.values_mut() {
            lane.channel = None;
        }
        let open = lock(&self.runs).open();
        for run in open {
            self.judge_anew(run);
        }
        let engine = Arc::clone(&self.engine);
        self.aside(Done::Followed, move || {
            engine.follow_rules()?;
            engine.wake_waiting()
        });
    }

    fn decided(&mut self, result: Result<Decided>) {
        self.is_deciding = false;
        let decided = result.unwrap_or_else(|error| {
            tracing::error!(%error, "nothing could be decided; it is tried again");
            Decided::default()
        });
        self.decided_nothing = decided.begun.is_empty() && decided.looks.is_empty();
        if self.decided_nothing {
            // A long round makes a long pause: pushes are to be taken in beside it.
            let due = i64::try_from(decided.due).unwrap_or(i64::MAX);
            let pause = BETWEEN_ROUNDS.max(SignedDuration::from_millis(due));
            let now = self.engine.now();
            self.round_at = now.checked_add(pause).unwrap_or(now);
        }
        for begun in decided.begun {
            let leave = Leave::Given(Box::new(begun.permit));
            lock(&self.runs).add(begun.run, begun.plan, leave);
        }
        for look in decided.looks {
            self.lanes.entry(look.change.instance.clone()).or_default().looks.push(look);
        }
    }

    /// Sets a change aside that broke what carried it out again and again. Where it is then.
    fn set_aside(
        &mut self,
        run: &RunId,
        change: &ChangeId,
        broke: Option<String>,
    ) -> Option<Place> {
        let times = lock(&self.runs).broke(run, change, broke.is_some());
        let said = broke.filter(|_| times >= TRIES_MAX)?;
        let why = format!("What carried it out broke {times} times: {said}");
        if let Err(error) = self.engine.set_aside(run, change, &why) {
            tracing::error!(%run, %change, %error, "a change could not be set aside");
            return None;
        }
        Some(Place::Over)
    }

    fn back_in(&mut self, instance: &InstanceName) {
        if let Some(lane) = self.lanes.get_mut(instance) {
            lane.out = lane.out.saturating_sub(1);
        }
    }

    /// A change that is held back by stops may go on when they are gone: the run is judged anew
    /// before it is tried again.
    fn renew(&mut self, run: &RunId, change: &ChangeId, place: Place) {
        let due = matches!(place, Place::Due(_));
        let waits = lock(&self.runs).get(run).is_some_and(|going| {
            matches!(*going.leave, Leave::Later) && going.plan.change(change).is_some()
        });
        if due && waits {
            self.judge_anew(run.clone());
        }
    }

    fn judge_anew(&mut self, run: RunId) {
        let (engine, id) = (Arc::clone(&self.engine), run.clone());
        self.aside(move |leave| Done::Renewed { run, leave }, move || engine.leave_of(&id));
    }

    /// Whether nothing is on its way and nothing is due within the next moment.
    pub(super) fn is_quiet(&self) -> bool {
        let soon = self.engine.now().checked_add(MOMENT).unwrap_or(Timestamp::MAX);
        let runs = lock(&self.runs);
        let nothing_out = self.lanes.values().all(|lane| lane.out == 0 && lane.looks.is_empty());
        let nothing_due = runs.next_due().is_none_or(|due| due > soon);
        let is_settled = runs.is_empty() || !runs.is_any_over();
        drop(runs);
        let next_wish = self.engine.store.read(|book| book.due_intents(soon, 1));
        let no_wish = next_wish.is_ok_and(|due| due.is_empty());
        self.decided_nothing && nothing_out && nothing_due && is_settled && no_wish
    }

    /// Begins nothing more, and waits until what was begun is recorded.
    pub(super) async fn close(mut self) {
        self.clockwork.stop();
        while let Some(done) = self.tasks.join_next().await {
            if let Ok(done) = done {
                self.note(done);
            }
        }
        if let Err(error) = self.engine.checkpoint() {
            tracing::error!(%error, "the end of the chain could not be signed");
        }
        if let Err(error) = self.engine.store.write(|book| book.put_delivering(None)) {
            tracing::error!(%error, "the end of the delivery could not be recorded");
        }
    }

    /// Lets go of everything at once: somebody else goes on with it.
    pub(super) fn abandon(mut self) {
        self.clockwork.stop();
    }

    /// Runs `work` on a thread that may wait for the database.
    fn aside<T: Send + 'static>(
        &mut self,
        done: impl FnOnce(Result<T>) -> Done + Send + 'static,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) {
        self.tasks.spawn(async move { done(flat(tokio::task::spawn_blocking(work).await)) });
    }

    /// Runs `work` beside everything else. A panic in it is an error like any other.
    fn beside<T: Send + 'static>(
        &mut self,
        work: impl Future<Output = Result<T>> + Send + 'static,
        done: impl FnOnce(Result<T>, Timestamp) -> Done + Send + 'static,
    ) {
        let engine = Arc::clone(&self.engine);
        self.tasks.spawn(async move { done(flat(tokio::spawn(work).await), engine.now()) });
    }
}

fn flat<T>(joined: Result<Result<T>, tokio::task::JoinError>) -> Result<T> {
    joined.unwrap_or_else(|error| {
        Err(Error::bug("A part of the delivery ended before its time.").because(error))
    })
}

fn after_trouble(now: Timestamp) -> Timestamp {
    now.checked_add(AFTER_TROUBLE).unwrap_or(Timestamp::MAX)
}

impl Engine {
    /// Brings a change as far as it goes now, and says where it is then.
    async fn go_on(&self, errand: &Errand, channel: &Open) -> Result<Place> {
        let Errand { run, change, leave } = errand;
        if let Some(due) = self.drive(run, change, channel, leave).await? {
            return Ok(Place::Due(due));
        }
        let now = self.now();
        let recorded = self.store.read(|book| book.steps_of(&run.id, &change.id))?;
        let later = || now.checked_add(PATIENCE).unwrap_or(Timestamp::MAX);
        Ok(match next(&recorded, self.settles_within_s(change), now) {
            Next::Wait => Place::Due(later()),
            Next::Act | Next::LookFirst if matches!(**leave, Leave::Later) => Place::Due(later()),
            Next::Act | Next::LookFirst if self.is_on_hold(run)? => {
                Place::Due(now.checked_add(ON_HOLD).unwrap_or(now))
            }
            _ => Place::Over,
        })
    }

    /// What an open run may do as things are now.
    fn leave_of(&self, id: &RunId) -> Result<Leave> {
        let run = self.store.read(|book| book.run(id))?;
        let run = run.ok_or_else(|| Error::bug(format!("The run {id} is not in the database.")))?;
        let proposal = self.proposal(&run.plan)?;
        self.leave_to_go_on(&run, &proposal)
    }

    /// Settles wishes of which nothing was to be done, by what was seen.
    fn was_looked_at(&self, look: Look, seen: &Seen) -> Result<()> {
        let now = self.now();
        let account: Option<&Account> = match seen {
            Seen::Present { account } => Some(account),
            Seen::Absent => None,
            Seen::Unobservable { why, retry_at } => {
                let why = format!("It could not be looked at: {why}");
                let due = retry_at.unwrap_or_else(|| after_trouble(now));
                let progress = Progress::new(DeliveryState::Accepted, "", why);
                return self.put_rows(look.rows, &progress, Some(due));
            }
        };
        if look.is_as_known(account) {
            let why = match account {
                Some(_) => "It was so already.",
                None => "There is no account, as is wanted.",
            };
            let progress = Progress::new(DeliveryState::Verified, "", why);
            return self.put_rows(look.rows, &progress, None);
        }
        self.store.write(|book| match (account, &look.known) {
            (Some(account), _) => book.put_seen(account),
            (None, Some(known)) => book.put_absent(&known.instance, known.key.as_str()),
            (None, None) => Ok(()),
        })?;
        let progress = Progress::new(DeliveryState::Accepted, "", "It is not as it was last read.");
        self.put_rows(look.rows, &progress, behind(now))
    }
}
