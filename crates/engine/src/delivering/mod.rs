//! Delivery: what identity providers pushed is carried out, as far as plan, stops and approvals let
//! it, and what became of it can be read.
//!
//! A push leaves a wish (`intent`) behind, which is a key and no decision. Here it is looked at what
//! the resource says *now*, which account that means and what differs; that becomes a plan like
//! every other one, asked for by `idp:NAME`. A standing approval of the policy, or people, make the
//! permit. Each instance goes at its own pace. Nothing here reaches an app but through a run, except
//! to look.
//!
//! ```text
//! wish due -> decide -> nothing to do: look -> verified
//!                    -> not sure, no rule, stop, no approval: waiting, looked at again later
//!                    -> permit: run -> applied -> verified | failed
//! ```
//!
//! Everything that was decided is in the database before anything is sent: a process that dies goes
//! on with its runs and its wishes where it was.

mod batch;
mod carry;
mod clockwork;
mod decide;
mod draft;
mod follow;
mod going;
mod pushes;
mod rules;
mod scope;
mod settle;
mod shop;
mod suspects;
mod tidy;
mod turn;
mod view;

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use crate::engine::Engine;
use crate::error::Result;
pub(crate) use scope::pushed;
pub(crate) use settle::give_up_all;
use shop::Shop;

/// How often it is looked whether anything is due.
const TICK: Duration = Duration::from_millis(50);

impl Engine {
    /// Delivers what identity providers push until `stop` comes; then begins nothing more, waits
    /// until what was sent is recorded, and returns. Goes on with every run that was open, also one
    /// that a person began.
    ///
    /// # Errors
    /// When the database is not the one that the checkpoints outside speak of, or refuses at the
    /// start. What goes wrong later is logged, recorded with what it is about, and tried again.
    ///
    /// Where several nodes share the book, it waits for its turn first, and again when it lost it.
    pub async fn deliver(self: &Arc<Self>, stop: impl Future<Output = ()>) -> Result<()> {
        if let Some(node) = self.node()? {
            return self.deliver_by_turns(node, stop).await;
        }
        let mut shop = Shop::open(Arc::clone(self), true)?;
        let mut stop = pin!(stop);
        let mut ticks = tokio::time::interval(TICK);
        loop {
            tokio::select! {
                () = &mut stop => break,
                () = shop.one_done() => {}
                _ = ticks.tick() => {}
            }
            shop.hand_out();
        }
        shop.close().await;
        Ok(())
    }

    /// Delivers what can be delivered now, and returns when nothing is under way and nothing is due
    /// within the next moments. What waits for people stays waiting.
    ///
    /// # Errors
    /// As [`Engine::deliver`].
    pub async fn deliver_due(self: &Arc<Self>) -> Result<()> {
        let mut shop = Shop::open(Arc::clone(self), false)?;
        shop.hand_out();
        while !shop.is_quiet() {
            tokio::select! {
                () = shop.one_done() => {}
                () = tokio::time::sleep(TICK) => {}
            }
            shop.hand_out();
        }
        shop.close().await;
        Ok(())
    }
}
