//! Delivery where several nodes share the book: wait for the turn, deliver as long as it lasts, stop
//! at once when it is lost.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{JoinSet, spawn_blocking};

use super::TICK;
use super::shop::Shop;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::turns::{Grip, Node, is_twin};

/// How often a turn is renewed while it lasts.
const RENEWED_IN_FIVE: u32 = 2;

/// Why a turn is over.
enum Over {
    /// The process was asked to end.
    Asked,
    /// The turn was lost, or could not be begun.
    Lost,
    /// Another process goes by this node's name.
    Twin(Error),
}

impl Engine {
    /// Delivers whenever it is this node's turn, until `stop` comes.
    pub(super) async fn deliver_by_turns(
        self: &Arc<Self>,
        node: Node,
        stop: impl Future<Output = ()>,
    ) -> Result<()> {
        let node = Arc::new(node);
        let mut stop = pin!(stop);
        if !self.go_by_name(&node, stop.as_mut()).await? {
            return Ok(());
        }
        tracing::info!(node = %node.name(), "waiting for the turn");
        let ended = loop {
            match asked(&node).await {
                Ok(Some(grip)) => {
                    match self.take_turn(&node, Arc::new(grip), stop.as_mut()).await {
                        Over::Asked => break Ok(()),
                        Over::Twin(error) => break Err(error),
                        Over::Lost => {}
                    }
                }
                Ok(None) => {}
                Err(error) if is_twin(&error) => return Err(error),
                Err(error) => tracing::warn!(%error, "nobody can be asked for the turn"),
            }
            if self.pauses(&node, stop.as_mut()).await {
                break Ok(());
            }
        };
        let leaving = spawn_blocking(move || node.leave());
        leaving.await.map_err(|e| Error::bug("Leaving ended before its time.").because(e))?;
        ended
    }

    /// Takes the node's name, once no other process can go by it. `false`: it was asked to end first.
    async fn go_by_name(
        &self,
        node: &Arc<Node>,
        mut stop: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<bool> {
        let mut first_seen_at = None;
        loop {
            let entering = Arc::clone(node);
            match flat(spawn_blocking(move || entering.enter(first_seen_at)).await) {
                Ok(None) => return Ok(true),
                Ok(seen_at) => first_seen_at = seen_at,
                Err(error) if is_twin(&error) => return Err(error),
                Err(error) => tracing::warn!(%error, "the node could not take its name"),
            }
            if self.pauses(node, stop.as_mut()).await {
                return Ok(false);
            }
        }
    }

    /// Lets a while pass in which another node acts, and follows the configuration. `true`: it was
    /// asked to end.
    async fn pauses(&self, node: &Node, stop: Pin<&mut impl Future<Output = ()>>) -> bool {
        let is_asked = tokio::select! {
            () = stop => true,
            () = tokio::time::sleep(node.pause().min(Duration::from_secs(1))) => false,
        };
        if !is_asked {
            let engine = self.clone();
            if let Err(error) = flat(spawn_blocking(move || engine.reread()).await) {
                tracing::error!(%error, "rollbook.toml cannot be used; the last good one is");
            }
        }
        is_asked
    }

    /// Delivers as long as the turn lasts.
    async fn take_turn(
        self: &Arc<Self>,
        node: &Arc<Node>,
        grip: Arc<Grip>,
        mut stop: Pin<&mut impl Future<Output = ()>>,
    ) -> Over {
        // Before anything else, and beside it: to take up what is open may take longer than a turn.
        let mut renewing = JoinSet::new();
        renewing.spawn(renew(Arc::clone(node), Arc::clone(&grip)));
        let engine = self.newest().in_turn(&grip).map(Arc::new);
        let mut shop = match engine.and_then(|engine| Shop::open(engine, true)) {
            Ok(shop) => shop,
            Err(error) => {
                tracing::error!(%error, "the turn could not be begun");
                release(node, &grip).await;
                return Over::Lost;
            }
        };
        tracing::info!(node = %node.name(), "it is this node's turn");
        let mut ticks = tokio::time::interval(TICK);
        loop {
            tokio::select! {
                biased;
                () = grip.lost() => return lost(node, shop),
                Some(twin) = renewing.join_next() => {
                    shop.abandon();
                    return Over::Twin(twin.unwrap_or_else(ended_early));
                }
                () = stop.as_mut() => break,
                () = shop.one_done() => {}
                _ = ticks.tick() => {}
            }
            shop.hand_out();
        }
        tokio::select! {
            biased;
            () = grip.lost() => tracing::warn!("the turn was lost while it was brought to its end"),
            _ = renewing.join_next() => {}
            () = shop.close() => {}
        }
        release(node, &grip).await;
        Over::Asked
    }
}

fn lost(node: &Node, shop: Shop) -> Over {
    let node = node.name();
    tracing::warn!(%node, "the turn was lost; another node goes on with what was under way");
    shop.abandon();
    Over::Lost
}

async fn asked(node: &Arc<Node>) -> Result<Option<Grip>> {
    let node = Arc::clone(node);
    flat(spawn_blocking(move || node.ask()).await)
}

async fn release(node: &Arc<Node>, grip: &Arc<Grip>) {
    let (node, grip) = (Arc::clone(node), Arc::clone(grip));
    if let Err(error) = spawn_blocking(move || node.release(&grip)).await {
        tracing::warn!(%error, "the turn ends by itself");
    }
}

/// Renews the turn again and again; ends only when another process goes by the node's name.
async fn renew(node: Arc<Node>, grip: Arc<Grip>) -> Error {
    loop {
        tokio::time::sleep(node.pause() * RENEWED_IN_FIVE).await;
        let (asking, kept) = (Arc::clone(&node), Arc::clone(&grip));
        if let Err(error) = flat(spawn_blocking(move || asking.renew(&kept)).await) {
            return error;
        }
    }
}

fn flat<T>(joined: std::result::Result<Result<T>, tokio::task::JoinError>) -> Result<T> {
    joined.unwrap_or_else(|error| Err(ended_early(error)))
}

fn ended_early(error: tokio::task::JoinError) -> Error {
    Error::bug("A part of taking turns ended before its time.").because(error)
}
