//! Several nodes on one book take turns at acting.
//!
//! Whoever has the lease plans, acts and reads; the others wait, and serve people and identity
//! providers meanwhile. The lease is judged by the database's clock. Everything that its holder writes
//! is written only while it holds ([`Store::fenced`](crate::store::Store)), and nothing is sent once
//! its holder, by its own count and without asking anybody, can no longer be sure of it: a node that
//! is cut off from the database, or was stopped for a while, stops acting before the next one begins.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use rollbook_core::lease::{Turn, sure_for};

use crate::engine::Engine;
use crate::error::{Error, Kind, Result};
use crate::store::{Fence, Keeper, NodeFacts, NodeRow, Store};

/// The lease, as its holder counts it.
#[derive(Debug)]
pub(crate) struct Grip {
    fence: Fence,
    length: SignedDuration,
    /// Before it was asked for the last time. `None`: it is lost.
    asked: Mutex<Option<Asked>>,
}

/// A moment, by a clock that nobody sets and by one that runs while the machine sleeps.
#[derive(Clone, Copy, Debug)]
struct Asked {
    steady: Instant,
    wall: Timestamp,
}

impl Asked {
    fn now() -> Self {
        Self { steady: Instant::now(), wall: Timestamp::now() }
    }

    /// How long ago it was, by whichever clock says more.
    fn elapsed(self) -> Duration {
        let wall = Duration::try_from(Timestamp::now().duration_since(self.wall));
        self.steady.elapsed().max(wall.unwrap_or(Duration::ZERO))
    }
}

impl Grip {
    fn new(fence: Fence, length: SignedDuration, asked: Asked) -> Self {
        Self { fence, length, asked: Mutex::new(Some(asked)) }
    }

    fn asked(&self) -> MutexGuard<'_, Option<Asked>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lose(&self) {
        *self.asked() = None;
    }

    /// For how long it is certain still. `None`: no longer.
    fn left(&self) -> Option<Duration> {
        let elapsed = (*self.asked())?.elapsed();
        let sure = Duration::try_from(sure_for(self.length)).unwrap_or_default();
        sure.checked_sub(elapsed).filter(|left| !left.is_zero())
    }

    /// Waits until it is no longer certain. It is judged anew each time that the task goes on, so that
    /// beside it, in a `select!` in which it comes first, nothing goes on without it.
    pub(crate) async fn lost(&self) {
        let mut sleep = pin!(tokio::time::sleep(Duration::ZERO));
        poll_fn(|context| {
            loop {
                let Some(left) = self.left() else { return Poll::Ready(()) };
                if sleep.as_mut().poll(context).is_pending() {
                    return Poll::Pending;
                }
                sleep.as_mut().reset(tokio::time::Instant::now() + left);
            }
        })
        .await;
    }

    /// What is said to whatever was under way when it was lost.
    pub(crate) fn refusal(&self) -> Error {
        let node = &self.fence.node;
        Error::new(
            Kind::Uncertain,
            format!("The node {node} lost its turn in the middle of a change."),
        )
        .hint("The node that has the turn looks whether it was done.")
    }
}

/// This process among the nodes of a workspace.
#[derive(Debug)]
pub(crate) struct Node {
    store: Arc<Store>,
    name: String,
    incarnation: String,
    length: SignedDuration,
    facts: NodeFacts,
    keeper: Mutex<Keeper>,
}

/// The nodes of a workspace.
#[derive(Clone, Debug)]
pub struct Nodes {
    /// All that were ever there, by name.
    pub all: Vec<NodeRow>,
    /// The one that acts, if any does.
    pub acting: Option<String>,
    /// Now, by the database's clock.
    pub now: Timestamp,
}

impl Engine {
    /// The same workspace, worked in under this name beside other nodes.
    #[must_use]
    pub fn as_node(mut self, name: &str) -> Self {
        self.node = Some(name.to_owned());
        self
    }

    /// The nodes that share the workspace. Empty where one process at a time works in it.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn nodes(&self) -> Result<Nodes> {
        self.store.read(|book| {
            let now = book.moment(self.now())?;
            let lease = book.lease()?.filter(|lease| lease.until > now);
            Ok(Nodes { all: book.nodes()?, acting: lease.map(|lease| lease.node), now })
        })
    }

    /// This process as one of several nodes. `None`: it is the only one that acts.
    pub(crate) fn node(&self) -> Result<Option<Node>> {
        let Some(keeper) = self.store.keeper()? else { return Ok(None) };
        let incarnation = uuid::Uuid::now_v7().simple().to_string();
        let version = env!("CARGO_PKG_VERSION").to_owned();
        Ok(Some(Node {
            store: Arc::clone(&self.store),
            name: self.node.clone().unwrap_or_else(name_of_process),
            incarnation,
            length: SignedDuration::from_secs(self.config.serve.lease_s.into()),
            facts: NodeFacts { version },
            keeper: Mutex::new(keeper),
        }))
    }

    /// The same workspace for the time of a turn: what it writes is fenced.
    /// Its clock is set to the database's anew.
    ///
    /// # Errors
    /// When the database refuses.
    pub(crate) fn in_turn(&self, grip: &Arc<Grip>) -> Result<Self> {
        let now = self.store.read(|book| book.server_now())?;
        let clock = now.map_or(self.clock, |now| self.clock.set_to(now));
        let store = Arc::new(self.store.fenced(grip.fence.clone()));
        Ok(Self { store, clock, grip: Some(Arc::clone(grip)), ..self.clone() })
    }
}

/// What a node is called that was given no name: machine and process.
fn name_of_process() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = host.trim();
    let host = if host.is_empty() { "node" } else { host };
    format!("{host}-{}", std::process::id())
}

impl Node {
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// How long it waits between two looks at the lease.
    pub(crate) fn pause(&self) -> Duration {
        Duration::try_from(self.length / 5).unwrap_or(Duration::from_secs(1))
    }

    /// Does `work` over the connection for the lease, opened anew where it was lost.
    fn keep<T>(&self, work: impl FnOnce(&Keeper) -> Result<T>) -> Result<T> {
        let mut keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner);
        if keeper.is_lost()
            && let Some(opened) = self.store.keeper()?
        {
            *keeper = opened;
        }
        work(&keeper)
    }

    /// Goes by its name, unless another process may still go by it; then it hands back when that one
    /// was first seen, for the next try.
    ///
    /// # Errors
    /// When another process goes by the name ([`Kind::Input`]), or the database refuses.
    pub(crate) fn enter(&self, first_seen_at: Option<Timestamp>) -> Result<Option<Timestamp>> {
        let me = (self.name.as_str(), self.incarnation.as_str());
        self.keep(|keeper| keeper.enter(me, first_seen_at, self.length, &self.facts))
    }

    /// Says that it is there, and asks for the turn.
    ///
    /// # Errors
    /// As [`Node::enter`].
    pub(crate) fn ask(&self) -> Result<Option<Grip>> {
        let asked = Asked::now();
        let me = (self.name.as_str(), self.incarnation.as_str());
        let turn = self.keep(|keeper| {
            keeper.beat(me.0, me.1)?;
            keeper.ask(me, self.length)
        })?;
        Ok(match turn {
            Turn::Theirs(_) => None,
            Turn::Ours(lease) => {
                let fence = Fence { node: self.name.clone(), token: lease.token };
                Some(Grip::new(fence, self.length, asked))
            }
        })
    }

    /// Keeps the turn, as long as it can be kept.
    pub(crate) fn renew(&self, grip: &Grip) -> Result<()> {
        match self.ask() {
            Ok(Some(again)) if again.fence == grip.fence => {
                *grip.asked() = *again.asked();
                Ok(())
            }
            Ok(_) => {
                grip.lose();
                Ok(())
            }
            Err(error) if is_twin(&error) => {
                grip.lose();
                Err(error)
            }
            // It may be back before the turn is over.
            Err(error) => {
                tracing::warn!(%error, "the turn could not be kept; it is tried again");
                Ok(())
            }
        }
    }

    /// Lets go of the turn.
    pub(crate) fn release(&self, grip: &Grip) {
        grip.lose();
        if let Err(error) = self.keep(|keeper| keeper.release(grip.fence.token)) {
            tracing::warn!(%error, "the turn ends by itself");
        }
    }

    /// Lets go of the name.
    pub(crate) fn leave(&self) {
        if let Err(error) = self.keep(|keeper| keeper.leave(&self.name, &self.incarnation)) {
            tracing::warn!(%error, "the name is free when its time is over");
        }
    }
}

/// Whether two processes have one name.
pub(crate) fn is_twin(error: &Error) -> bool {
    error.kind == Kind::Input
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grip(seconds: i64) -> Grip {
        let fence = Fence { node: "a".to_owned(), token: 1 };
        Grip::new(fence, SignedDuration::from_secs(seconds), Asked::now())
    }

    #[tokio::test]
    async fn what_runs_beside_a_grip_goes_no_further_when_it_is_lost() {
        let grip = grip(60);
        let mut went_on = 0;
        let work = async {
            loop {
                went_on += 1;
                if went_on == 3 {
                    grip.lose();
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::select! { biased; () = grip.lost() => {}, () = work => {} }
        assert_eq!(went_on, 3);
    }

    #[tokio::test]
    async fn a_grip_that_nobody_renews_ends_by_itself_and_early() {
        let grip = grip(1);
        let begun = Instant::now();
        grip.lost().await;
        assert!(begun.elapsed() < Duration::from_secs(1) || grip.left().is_none());
        assert!(begun.elapsed() >= Duration::from_millis(790));
    }

    #[test]
    fn a_machine_that_slept_has_lost_it_though_its_steady_clock_stood_still() {
        let grip = grip(60);
        let wall = Timestamp::now() - SignedDuration::from_mins(2);
        *grip.asked() = Some(Asked { wall, ..Asked::now() });
        assert_eq!(grip.left(), None);
    }
}
