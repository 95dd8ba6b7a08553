//! In which phase a leaver is, and what is due.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};

use super::duty::{self, Duty, DutyStand, State};
use super::hanging::{self, Hanging, needs_owner};
use super::zone::hour_of;
use super::{Input, Mark, MarkKind};
use crate::account::{self, Account};
use crate::graph::Graph;
use crate::id::{AccountRef, IdentityId, InstanceName};
use crate::identity::{Identity, Kind};
use crate::worker::WorkerRecord;

/// Somebody who goes, has gone, or is away for a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leaver {
    /// Who.
    pub identity: IdentityId,
    /// As people know them.
    pub name: String,
    /// Their last day by their records. `None`: the source states none, and a person said so.
    pub last_day: Option<Date>,
    /// The moment from which nobody may get in as them.
    pub cutoff: Timestamp,
    /// The zone in which that hour was meant, by its IANA name.
    pub zone: String,
    /// How far it is.
    pub phase: Phase,
    /// Every account that is, or may be, theirs.
    pub accounts: Vec<AccountStand>,
    /// What needs a new owner.
    pub hanging: Vec<Hanging>,
    /// What is to be done, in the order in which it falls due.
    pub duties: Vec<DutyStand>,
    /// What people said about them that holds now.
    pub marks: Vec<Mark>,
}

/// How far it is with a leaver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Away for a time; they come back.
    OnLeave,
    /// Still here, and it is time to name who takes over.
    Notice,
    /// They are gone and something of theirs still lets somebody in, or may.
    Cutoff,
    /// Nobody gets in; what they owned is handed over.
    Handover,
    /// What they held is given up: seats, and accounts that nobody needs.
    Release,
    /// All is settled; later looks make sure that nothing came back.
    Sweep,
    /// Settled, and both looks have been taken.
    Closed,
}

impl Phase {
    /// All of them, in their order.
    pub const ALL: [Self; 7] = [
        Self::OnLeave,
        Self::Notice,
        Self::Cutoff,
        Self::Handover,
        Self::Release,
        Self::Sweep,
        Self::Closed,
    ];

    /// The word as stored and shown.
    pub fn word(self) -> &'static str {
        match self {
            Self::OnLeave => "on_leave",
            Self::Notice => "notice",
            Self::Cutoff => "cutoff",
            Self::Handover => "handover",
            Self::Release => "release",
            Self::Sweep => "sweep",
            Self::Closed => "closed",
        }
    }
}

/// One account of a leaver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountStand {
    /// Which.
    pub account: AccountRef,
    /// The name to sign in with.
    pub login: String,
    /// Whether it lets anybody in.
    pub state: account::State,
    /// The seat that is billed for it, or empty.
    pub seat: String,
    /// How it stands.
    pub stand: Stand,
}

/// How an account of a leaver stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "stand")]
pub enum Stand {
    /// A whole view taken after the cutoff shows that it lets nobody in.
    Closed {
        /// When that was seen.
        seen_at: Timestamp,
    },
    /// It lets somebody in, or was never seen closed, and somebody answers for that.
    Excepted {
        /// Who answers, and until when.
        exception: Exception,
    },
    /// It lets somebody in.
    Open,
    /// It is believed to be closed and was not seen so since the cutoff.
    Unproven {
        /// Why not, as a sentence.
        why: String,
    },
    /// It may be theirs; a person must say.
    MayBeTheirs,
}

impl Stand {
    /// Whether nothing is left to do about the account for now.
    pub fn is_settled(&self) -> bool {
        matches!(self, Self::Closed { .. } | Self::Excepted { .. })
    }

    /// The word as stored and shown.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Closed { .. } => "closed",
            Self::Excepted { .. } => "excepted",
            Self::Open => "open",
            Self::Unproven { .. } => "unproven",
            Self::MayBeTheirs => "may_be_theirs",
        }
    }
}

/// Somebody answers for an account that is not closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exception {
    /// Who.
    pub owner: String,
    /// From this day on no more (half-open).
    pub until: Date,
    /// Why, in their words.
    pub reason: String,
}

/// Everybody who goes within the notice period, has gone, leaves at once or is away, whoever must be
/// dealt with first in front: by phase, then by cutoff, then by id.
pub fn leavers(input: &Input<'_>) -> Vec<Leaver> {
    let people = input.graph.identities().iter().filter(|one| one.kind == Kind::Person);
    let mut found: Vec<Leaver> = people.filter_map(|identity| leaver(input, identity)).collect();
    found.sort_by(|a, b| {
        (a.phase != Phase::Cutoff, a.phase, a.cutoff, &a.identity).cmp(&(
            b.phase != Phase::Cutoff,
            b.phase,
            b.cutoff,
            &b.identity,
        ))
    });
    found
}

/// When somebody goes.
pub(super) struct Going {
    last_day: Option<Date>,
    pub(super) cutoff: Timestamp,
    zone: String,
    pub(super) is_for_a_time: bool,
}

fn leaver(input: &Input<'_>, identity: &Identity) -> Option<Leaver> {
    let marks: Vec<Mark> = input
        .marks
        .iter()
        .filter(|mark| mark.identity == identity.id && mark.holds(input.now, input.today))
        .cloned()
        .collect();
    let going = going(input, identity, &marks)?;
    let notice = days(input.policy.leaver.notice_days);
    if going.cutoff.checked_sub(notice).unwrap_or(Timestamp::MIN) > input.now {
        return None;
    }
    let accounts = accounts(input, identity, going.cutoff);
    let hanging = match going.is_for_a_time {
        true => Vec::new(),
        false => hanging::of(input.graph, input.policy, identity),
    };
    let is_held = marks.iter().any(|mark| mark.kind == MarkKind::LegalHold);
    let duties = duty::duties(input, &going, &accounts, &hanging, is_held);
    let phase = phase(input, &going, &accounts, &hanging, &duties);
    Some(Leaver {
        identity: identity.id.clone(),
        name: identity.name.clone(),
        last_day: going.last_day,
        cutoff: going.cutoff,
        zone: going.zone,
        phase,
        accounts,
        hanging,
        duties,
        marks,
    })
}

/// When somebody goes: at once where a person said so, away for a time, or by their records. Whoever has
/// a record that goes on, or one that is still to begin, does not leave.
fn going(input: &Input<'_>, identity: &Identity, marks: &[Mark]) -> Option<Going> {
    let records: Vec<&WorkerRecord> = input.graph.records_of(&identity.id).collect();
    let ends: Option<Date> = records
        .iter()
        .map(|record| record.ends)
        .collect::<Option<Vec<_>>>()
        .and_then(|ends| ends.into_iter().max());
    let last = ends.and_then(|gone| gone.checked_sub(1.day()).ok());
    let latest = records.iter().max_by_key(|record| record.ends.unwrap_or(Date::MAX));
    let zone = latest.map_or(input.zones.workspace(), |record| input.zones.of(record));
    let by_mark = |kind: MarkKind, is_for_a_time: bool| {
        let mark = marks.iter().filter(|mark| mark.kind == kind).min_by_key(|mark| mark.from)?;
        Some(Going {
            last_day: last,
            cutoff: mark.from,
            zone: zone.iana_name().unwrap_or("UTC").to_owned(),
            is_for_a_time,
        })
    };
    if let Some(at_once) = by_mark(MarkKind::Immediate, false) {
        return Some(at_once);
    }
    let by_records = last.and_then(|last| {
        let cutoff = hour_of(last, input.policy.leaver.cutoff_h, zone)?;
        let zone = zone.iana_name().unwrap_or("UTC").to_owned();
        Some(Going { last_day: Some(last), cutoff, zone, is_for_a_time: false })
    });
    let is_gone = by_records.as_ref().is_some_and(|going| going.cutoff <= input.now);
    match is_gone {
        true => by_records,
        false => by_mark(MarkKind::Leave, true).or(by_records),
    }
}

/// Their own accounts and those that may be theirs. Accounts that a machine or several people use hang on
/// them and are not closed with them.
fn accounts(input: &Input<'_>, identity: &Identity, cutoff: Timestamp) -> Vec<AccountStand> {
    let graph = input.graph;
    let own = graph.accounts_of(&identity.id).filter(|(_, link)| !needs_owner(link.kind));
    let own = own.map(|(account, _)| (account, stand(input, account, cutoff)));
    let maybe = graph.suggested_to(&identity.id).filter(|(account, _)| account.state.is_open());
    let maybe = maybe.map(|(account, _)| {
        let excepted = exception(input, account);
        (account, excepted.unwrap_or(Stand::MayBeTheirs))
    });
    let mut all: Vec<AccountStand> = own
        .chain(maybe)
        .map(|(account, stand)| AccountStand {
            account: account.account_ref(),
            login: account.login.clone(),
            state: account.state,
            seat: account.seat.clone(),
            stand,
        })
        .collect();
    all.sort_by(|a, b| a.account.cmp(&b.account));
    all
}

fn stand(input: &Input<'_>, account: &Account, cutoff: Timestamp) -> Stand {
    let seen = seen_since(input.graph, &account.instance, cutoff);
    match (account.state.is_open(), seen) {
        (true, _) => exception(input, account).unwrap_or(Stand::Open),
        (false, Ok(seen_at)) => Stand::Closed { seen_at },
        (false, Err(why)) => exception(input, account).unwrap_or(Stand::Unproven { why }),
    }
}

fn exception(input: &Input<'_>, account: &Account) -> Option<Stand> {
    let exception = input.exceptions.get(&account.account_ref())?;
    (input.today < exception.until).then(|| Stand::Excepted { exception: exception.clone() })
}

/// When an instance was last seen whole, if that was after `moment`.
pub(super) fn seen_since(
    graph: &Graph,
    instance: &InstanceName,
    moment: Timestamp,
) -> Result<Timestamp, String> {
    let view = graph.views().get(instance);
    let taken_at = view.and_then(|view| view.taken_at);
    match (view, taken_at) {
        (Some(view), _) if !view.is_read => {
            Err(format!("Nothing reads {instance}; somebody must look there."))
        }
        (Some(view), Some(at)) if view.coverage.is_complete() && at >= moment => Ok(at),
        (Some(view), Some(at)) if view.coverage.is_complete() => {
            Err(format!("{instance} was last read at {at}, which is before that."))
        }
        (Some(_), Some(_)) => Err(format!("{instance} was not seen whole.")),
        _ => Err(format!("{instance} was never read.")),
    }
}

fn phase(
    input: &Input<'_>,
    going: &Going,
    accounts: &[AccountStand],
    hanging: &[Hanging],
    duties: &[DutyStand],
) -> Phase {
    if going.is_for_a_time {
        return Phase::OnLeave;
    }
    if input.now < going.cutoff {
        return Phase::Notice;
    }
    if accounts.iter().any(|one| !one.stand.is_settled()) {
        return Phase::Cutoff;
    }
    let handed = days(input.policy.leaver.handover_days);
    let ends = going.cutoff.checked_add(handed).unwrap_or(Timestamp::MAX);
    if !hanging.is_empty() || input.now < ends {
        return Phase::Handover;
    }
    let is_done =
        |duty: Duty| duties.iter().any(|one| one.duty == duty && one.state == State::Done);
    match (is_done(Duty::ReleaseSeats), is_done(Duty::LookNextDay) && is_done(Duty::LookNextMonth))
    {
        (false, _) => Phase::Release,
        (true, false) => Phase::Sweep,
        (true, true) => Phase::Closed,
    }
}

pub(super) fn days(days: u32) -> SignedDuration {
    SignedDuration::from_hours(i64::from(days) * 24)
}
