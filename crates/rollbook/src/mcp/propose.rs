//! The tools that propose: a plan as the command line makes it, or a word about a link. The requester
//! is the person in whose name the assistant asks, who therefore cannot be the one who agrees.

use rollbook_core::change::Op;
use rollbook_core::finding::Finding;
use rollbook_core::graph::Graph;
use rollbook_core::link::LinkVerdict;
use rollbook_core::plan::Wish;
use rollbook_engine::asking::{self, FindingFilter, Page};
use rollbook_engine::{Error, Proposal, Result};
use serde_json::json;

use super::arguments::{Does, ProposeLink, ProposeOffboarding, ProposePlan, Wanted};
use super::desk::Turn;
use super::reply::Reply;
use crate::pick;

/// How many changes of a new plan are shown at once; `plan_status` shows the rest.
const SHOWN: usize = 25;

pub(super) fn offboarding(turn: &Turn, with: &ProposeOffboarding) -> Result<Reply> {
    turn.engine.check_plans_of(&turn.who)?;
    let graph = turn.engine.graph()?;
    let person = asking::person(&graph, &with.person)?;
    let heir = with.heir.as_ref().map(|heir| asking::person(&graph, heir)).transpose()?;
    made(turn, &turn.engine.plan_offboard(&person, heir.as_ref(), &turn.who)?)
}

pub(super) fn plan(turn: &Turn, with: &ProposePlan) -> Result<Reply> {
    turn.engine.check_plans_of(&turn.who)?;
    let reason = said(&with.reason)?;
    let proposal = match (with.findings.as_slice(), with.changes.as_slice()) {
        ([], []) => {
            return Err(Error::input("Neither a finding nor a change is named.")
                .hint("Name ids of findings, or changes of accounts."));
        }
        (ids, []) => turn.engine.plan_findings(&findings(turn, ids)?, &turn.who)?,
        ([], changes) => {
            let graph = turn.engine.graph()?;
            let wishes = changes.iter().map(|wanted| wish(turn, &graph, wanted, reason));
            turn.engine.plan_wishes(&wishes.collect::<Result<Vec<_>>>()?, &turn.who)?
        }
        _ => {
            return Err(Error::input("A plan settles findings or changes accounts, not both.")
                .hint("Propose two plans."));
        }
    };
    made(turn, &proposal)
}

pub(super) fn link(turn: &Turn, with: &ProposeLink) -> Result<Reply> {
    let graph = turn.engine.graph()?;
    let account = pick::account(&turn.engine, &graph, &with.account)?;
    let record = pick::record(&graph, &with.person)?;
    let (word, verdict) = match with.is_theirs {
        true => ("confirm", LinkVerdict::Confirm { account: account.clone(), record }),
        false => ("reject", LinkVerdict::Reject { account: account.clone(), record }),
    };
    turn.engine.propose_link(verdict, &turn.who, &with.reason)?;
    let decide = [
        "`rollbook links proposed` lists what is proposed.".to_owned(),
        format!("A person decides with `rollbook links {word} ACCOUNT RECORD --by NAME`."),
    ];
    let answer = turn.engine.explain_link(&account.to_string(), &Page::default())?;
    let first = "It is written down as a proposal. Nothing is linked or unlinked by it, and nothing \
                 from here can do that: a person decides.";
    Ok(Reply::of(answer)?.saying(first).with("decide", json!(decide)))
}

/// What is answered about a plan that was just made.
fn made(turn: &Turn, proposal: &Proposal) -> Result<Reply> {
    let (plan, id) = (&proposal.plan, proposal.plan.id());
    let page = Page { limit: Some(SHOWN), cursor: None };
    let answer = turn.engine.plan_status(&id, &page)?;
    let first = match plan.is_empty() {
        true => format!(
            "The plan {id} was made and changes nothing; `untrusted.about.left_alone` says why."
        ),
        false => format!(
            "The plan {id} was made. Nothing was done, and nothing from here can do it: people \
             approve its digest, and not the one for whom you ask."
        ),
    };
    let decide = [
        format!("`rollbook plan show {id}` shows it to whoever decides."),
        format!("`rollbook approve {id} --by NAME` agrees to it; nothing is run by that alone."),
    ];
    let reply = Reply::of(answer)?.saying(&first);
    let reply = reply.with("plan", json!(id)).with("digest", json!(plan.digest()));
    Ok(reply.with("decide", json!(decide)))
}

fn findings(turn: &Turn, ids: &[String]) -> Result<Vec<Finding>> {
    let open = turn.engine.chosen_findings(&FindingFilter::default())?;
    let find = |id: &String| {
        let found = open.iter().find(|tracked| tracked.finding.id.as_str() == id);
        found.map(|tracked| tracked.finding.clone()).ok_or_else(|| {
            Error::input(format!("No finding {id} is open."))
                .hint("`findings` lists those that are.")
        })
    };
    ids.iter().map(find).collect()
}

fn wish(turn: &Turn, graph: &Graph, wanted: &Wanted, reason: &str) -> Result<Wish> {
    let account = pick::account(&turn.engine, graph, &wanted.account)?;
    let entitlement = || {
        let text = wanted.entitlement.as_deref().ok_or_else(|| {
            Error::input("It is not said which role or group.").hint("Name it as `entitlement`.")
        })?;
        pick::entitlement(graph, &account, text)
    };
    let op = match wanted.does {
        Does::Suspend => Op::Suspend,
        Does::Reactivate => Op::Reactivate,
        Does::Remove => Op::Remove,
        Does::Grant => Op::Grant { entitlement: entitlement()? },
        Does::Revoke => Op::Revoke { entitlement: entitlement()? },
    };
    let heir = wanted.heir.as_ref().map(|heir| asking::person(graph, heir)).transpose()?;
    Ok(Wish { heir, ..Wish::by_person(turn.who.as_str(), account, op, reason) })
}

/// A reason that says something.
fn said(reason: &str) -> Result<&str> {
    match reason.trim() {
        "" => Err(Error::input("It is not said why.")
            .hint("Give a reason: whoever approves will read it.")),
        reason => Ok(reason),
    }
}
