//! Duties: what is to be done about a leaver, from when on, and how it is known to be done.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Input;
use super::hanging::Hanging;
use super::leaver::{AccountStand, Going, Stand, days, seen_since};
use crate::account;
use crate::explain::counted;
use crate::graph::Graph;

/// How one duty about a leaver stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DutyStand {
    /// What.
    pub duty: Duty,
    /// From when on it is due.
    pub due: Timestamp,
    /// Whether it is done.
    pub state: State,
    /// What is missing, or how it is known to be done, as a sentence.
    pub because: String,
}

/// Whether something is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Its time has not come.
    Later,
    /// It is to be done.
    Due,
    /// A legal hold forbids it for now.
    Held,
    /// It is done.
    Done,
}

impl State {
    /// The word as stored and shown.
    pub fn word(self) -> &'static str {
        match self {
            Self::Later => "later",
            Self::Due => "due",
            Self::Held => "held",
            Self::Done => "done",
        }
    }
}

/// What is to be done about a leaver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Duty {
    /// Machine accounts, secrets and approvals get somebody who stays.
    HandOver,
    /// Every account lets nobody in.
    CutAccess,
    /// A whole look, 24 hours after the cutoff.
    LookNextDay,
    /// Seats are given up.
    ReleaseSeats,
    /// A whole look, 30 days after the cutoff.
    LookNextMonth,
}

impl Duty {
    /// The word as stored and shown.
    pub fn word(self) -> &'static str {
        match self {
            Self::HandOver => "hand_over",
            Self::CutAccess => "cut_access",
            Self::LookNextDay => "look_next_day",
            Self::ReleaseSeats => "release_seats",
            Self::LookNextMonth => "look_next_month",
        }
    }
}

/// What is to be done about somebody who goes as `going` says, in the order in which it falls due.
pub(super) fn duties(
    input: &Input<'_>,
    going: &Going,
    accounts: &[AccountStand],
    hanging: &[Hanging],
    is_held: bool,
) -> Vec<DutyStand> {
    let rule = &input.policy.leaver;
    let after = |span: SignedDuration| going.cutoff.checked_add(span).unwrap_or(Timestamp::MAX);
    let cut = open_said(accounts);
    let mut duties = vec![stand_of(input, Duty::CutAccess, going.cutoff, cut)];
    if going.is_for_a_time {
        return duties;
    }
    let noticed = going.cutoff.checked_sub(days(rule.notice_days)).unwrap_or(Timestamp::MIN);
    let hangs = match hanging.len() {
        0 => Ok("Nothing hangs on them.".to_owned()),
        many => Err(format!("{} without a new owner.", counted(many, "thing"))),
    };
    duties.push(stand_of(input, Duty::HandOver, noticed, hangs));
    let mut release =
        stand_of(input, Duty::ReleaseSeats, after(days(rule.handover_days)), seats_said(accounts));
    if is_held && release.state == State::Due {
        release.state = State::Held;
        release.because = "A legal hold forbids it until it is ended.".to_owned();
    }
    duties.push(release);
    for (duty, wait) in [(Duty::LookNextDay, days(1)), (Duty::LookNextMonth, days(30))] {
        let due = after(wait);
        duties.push(stand_of(input, duty, due, looked_said(input.graph, accounts, due)));
    }
    duties.sort_by_key(|one| (one.due, one.duty));
    duties
}

/// `said`: how it is known to be done, or what is missing.
fn stand_of(
    input: &Input<'_>,
    duty: Duty,
    due: Timestamp,
    said: Result<String, String>,
) -> DutyStand {
    let state = match &said {
        Ok(_) if input.now >= due => State::Done,
        // Done beforehand may come undone: only what must never be undone counts before its time.
        Ok(_) if duty == Duty::HandOver => State::Done,
        Err(_) if input.now >= due => State::Due,
        _ => State::Later,
    };
    DutyStand { duty, due, state, because: said.unwrap_or_else(|missing| missing) }
}

fn open_said(accounts: &[AccountStand]) -> Result<String, String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for account in accounts {
        *counts.entry(account.stand.word()).or_default() += 1;
    }
    let of = |word: &str| counts.get(word).copied().unwrap_or(0);
    let unsettled = of("open") + of("unproven") + of("may_be_theirs");
    match unsettled {
        0 => Ok(format!(
            "Of {}, {} seen closed and {} excepted.",
            counted(accounts.len(), "account"),
            of("closed"),
            of("excepted")
        )),
        _ => Err(format!(
            "Of {}, {} open, {} not seen closed since, {} may be theirs.",
            counted(accounts.len(), "account"),
            of("open"),
            of("unproven"),
            of("may_be_theirs")
        )),
    }
}

fn seats_said(accounts: &[AccountStand]) -> Result<String, String> {
    let held = accounts.iter().filter(|one| {
        !one.seat.is_empty()
            && one.state != account::State::Gone
            && !matches!(one.stand, Stand::Excepted { .. } | Stand::MayBeTheirs)
    });
    match held.count() {
        0 => Ok("No account of theirs holds a seat.".to_owned()),
        many => Err(format!("{} still held.", counted(many, "seat"))),
    }
}

fn looked_said(graph: &Graph, accounts: &[AccountStand], due: Timestamp) -> Result<String, String> {
    let open = accounts.iter().any(|one| matches!(one.stand, Stand::Open | Stand::MayBeTheirs));
    if open {
        return Err("An account lets somebody in, or may.".to_owned());
    }
    // Also where they had nothing: what comes back may come back anywhere.
    for (instance, _) in graph.views().iter().filter(|(_, view)| view.is_read) {
        seen_since(graph, instance, due)?;
    }
    Ok("Every instance that can be read was seen whole since.".to_owned())
}
