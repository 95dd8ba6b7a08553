//! What is due of leavers, as wishes that a plan is made from.

use super::duty::{Duty, State};
use super::leaver::{Leaver, Phase, Stand};
use crate::change::Op;
use crate::finding::Subject;
use crate::graph::Graph;
use crate::plan::{self, Asked, Want, Wish};
use crate::policy::Policy;

/// The wishes for everything that is due of `leavers` and that a plan can do: access is cut, and after
/// the time for handing over what holds a seat is removed. What only people can do, such as naming who
/// answers for a machine, is no wish. Somebody who is away for a time is suspended and nothing else.
pub fn wishes(leavers: &[Leaver], graph: &Graph, policy: &Policy) -> Vec<Wish> {
    leavers.iter().flat_map(|leaver| of(leaver, graph, policy)).collect()
}

fn of(leaver: &Leaver, graph: &Graph, policy: &Policy) -> Vec<Wish> {
    let is_due =
        |duty: Duty| leaver.duties.iter().any(|one| one.duty == duty && one.state == State::Due);
    let mut wishes = Vec::new();
    if is_due(Duty::CutAccess) {
        wishes.extend(match leaver.phase {
            Phase::OnLeave => suspended(leaver),
            _ => closed(leaver, graph, policy),
        });
    }
    if is_due(Duty::ReleaseSeats) {
        wishes.extend(released(leaver));
    }
    wishes
}

/// As [`plan::offboard`] has it, without what somebody answers for until a day.
fn closed(leaver: &Leaver, graph: &Graph, policy: &Policy) -> Vec<Wish> {
    let excepted = |wish: &Wish| {
        let Subject::Account { account } = &wish.subject else { return false };
        let stand = leaver.accounts.iter().find(|one| one.account == *account);
        stand.is_some_and(|one| matches!(one.stand, Stand::Excepted { .. }))
    };
    let mut wishes = plan::offboard(graph, &leaver.identity, None, policy);
    wishes.retain(|wish| !excepted(wish));
    wishes
}

fn suspended(leaver: &Leaver) -> Vec<Wish> {
    let open = leaver.accounts.iter().filter(|one| one.stand == Stand::Open);
    open.map(|one| wish(leaver, one.account.clone(), Op::Suspend, "is away for a time")).collect()
}

fn released(leaver: &Leaver) -> Vec<Wish> {
    let held = leaver
        .accounts
        .iter()
        .filter(|one| !one.seat.is_empty() && matches!(one.stand, Stand::Closed { .. }));
    held.map(|one| wish(leaver, one.account.clone(), Op::Remove, "left, and the seat is billed"))
        .collect()
}

fn wish(leaver: &Leaver, account: crate::id::AccountRef, op: Op, why: &str) -> Wish {
    Wish {
        subject: Subject::Account { account },
        want: Want::Act { op },
        asked: Asked::Offboard { identity: leaver.identity.clone() },
        because: format!("{} {why}.", leaver.name),
        heir: None,
    }
}
