//! Proposals about links: somebody who may not decide says whose an account may be, and why. Nothing
//! changes by it; a person decides with [`Engine::decide`], and then the proposal is over.

use jiff::{SignedDuration, Timestamp};
use rollbook_core::canonical::value_of;
use rollbook_core::event::Draft;
use rollbook_core::id::AccountRef;
use rollbook_core::link::{Decision, LinkVerdict};
use serde::{Deserialize, Serialize};

use crate::concern;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::reconcile::named;

/// The kind of the event that holds a proposal about a link.
pub const LINK_PROPOSED: &str = "link_proposed";
/// Proposals are found by their kind and the workspace: there is one list of them.
const SUBJECT: &str = "workspace";
/// The longest reason, in characters.
const REASON_MAX: usize = 500;
/// How many proposals may wait for a decision; a list that nobody reads to its end decides nothing.
const OPEN_MAX: usize = 1_000;

/// How many plans somebody may ask for within an hour through a program. A person reads each of them.
const PLANS_PER_HOUR_MAX: usize = 60;

/// A proposal about a link that nobody has decided yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkProposal {
    /// What is proposed, in the form in which a person would decide it.
    pub verdict: LinkVerdict,
    /// Who proposes it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why, in their words.
    pub reason: String,
}

impl LinkProposal {
    /// The account that it is about.
    pub fn account(&self) -> Option<&AccountRef> {
        account_of(&self.verdict)
    }
}

impl Engine {
    /// Proposes that an account is, or is not, somebody's. Nothing is linked or unlinked by it. What
    /// is proposed already is not written down again.
    ///
    /// # Errors
    /// When nobody says who proposes it or why, when the verdict is not about one account, when too
    /// many proposals wait, or when the database refuses.
    pub fn propose_link(
        &self,
        verdict: LinkVerdict,
        by: &str,
        reason: &str,
    ) -> Result<LinkProposal> {
        let (by, reason) = (named(by)?, reason.trim());
        if reason.is_empty() || reason.chars().count() > REASON_MAX {
            return Err(Error::input(
                "A link is proposed with a reason of at most 500 characters.",
            )
            .hint("Say what makes it likely: whoever decides will read it."));
        }
        if !matches!(verdict, LinkVerdict::Confirm { .. } | LinkVerdict::Reject { .. }) {
            return Err(Error::input("Only whose an account is can be proposed."));
        }
        let open = self.link_proposals()?;
        if let Some(same) = open.iter().find(|open| open.verdict == verdict) {
            return Ok(same.clone());
        }
        if open.len() >= OPEN_MAX {
            return Err(Error::refused(format!("{OPEN_MAX} proposals wait for a decision."))
                .hint("`rollbook links proposed` lists them; let somebody decide them first."));
        }
        let (by, reason) = (by.to_owned(), reason.to_owned());
        let proposal = LinkProposal { verdict, by, at: self.now(), reason };
        let (actor, on_behalf_of) = self.actor_for(&proposal.by);
        self.store.write(|book| {
            book.record(Draft {
                kind: LINK_PROPOSED.to_owned(),
                actor,
                on_behalf_of,
                subject: SUBJECT.to_owned(),
                concerns: concern::of_verdict(&proposal.verdict, &book.reading().known()?),
                at: proposal.at,
                body: value_of(&proposal),
            })
        })?;
        Ok(proposal)
    }

    /// Whether `by` may ask for one more plan through a program now.
    ///
    /// # Errors
    /// When they asked for sixty within the last hour, or when the database refuses.
    pub fn check_plans_of(&self, by: &str) -> Result<()> {
        let hour = SignedDuration::from_hours(1);
        let since = self.now().checked_sub(hour).unwrap_or(Timestamp::MIN);
        let plans = self.plans()?;
        let lately = plans.iter().filter(|plan| plan.made_at() > since && plan.requester() == by);
        if lately.count() < PLANS_PER_HOUR_MAX {
            return Ok(());
        }
        Err(Error::refused(format!(
            "{PLANS_PER_HOUR_MAX} plans were asked for in this name within an hour."
        ))
        .hint("Let people decide those first, or put more into one plan."))
    }

    /// The proposals about accounts on which nobody has decided since, oldest first. What was erased
    /// is none.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn link_proposals(&self) -> Result<Vec<LinkProposal>> {
        let (recorded, decisions) = self
            .store
            .read(|book| Ok((book.recorded(SUBJECT, LINK_PROPOSED)?, book.decisions()?)))?;
        let read = recorded.into_iter().filter_map(|(_, body)| {
            let read = |content| {
                serde_json::from_value(content).map_err(|e| {
                    Error::bug("A proposal about a link cannot be read again.").because(e)
                })
            };
            (!body.is_erased()).then(|| read(body.content))
        });
        let mut open: Vec<LinkProposal> = read.collect::<Result<_>>()?;
        open.retain(|proposal| !is_decided(proposal, &decisions));
        Ok(open)
    }
}

fn is_decided(proposal: &LinkProposal, decisions: &[Decision]) -> bool {
    decisions.iter().any(|decision| {
        decision.at >= proposal.at && account_of(&decision.verdict) == proposal.account()
    })
}

fn account_of(verdict: &LinkVerdict) -> Option<&AccountRef> {
    match verdict {
        LinkVerdict::Confirm { account, .. }
        | LinkVerdict::Reject { account, .. }
        | LinkVerdict::Type { account, .. } => Some(account),
        LinkVerdict::Same { .. } | LinkVerdict::Apart { .. } => None,
    }
}
