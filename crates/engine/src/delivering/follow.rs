//! How far a wish is, from what was recorded about the changes that carry it out. Written in the same
//! transaction as each record of a run, so that what an identity provider reads is never ahead of the
//! truth and never behind it.

use jiff::Timestamp;
use rollbook_core::change::{Change, Op};
use rollbook_core::explain;
use rollbook_core::step::{self, Ending, Next, Outcome, Recorded};

use super::scope::group_of;
use super::settle::{self, Moved};
use crate::config::Config;
use crate::engine::Engine;
use crate::error::Result;
use crate::push::EVERYWHERE;
use crate::store::scim::{DeliveryState, IntentRow};
use crate::store::{RunRow, Writing};

/// How far one change is, and why no further.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Progress {
    pub(super) state: DeliveryState,
    pub(super) because: String,
    /// The reason as a word.
    pub(super) reason: &'static str,
}

impl Progress {
    pub(super) fn new(
        state: DeliveryState,
        reason: &'static str,
        because: impl Into<String>,
    ) -> Self {
        Self { state, because: because.into(), reason }
    }
}

/// What is least far comes first: a failure hides nothing, and one that waits is not done.
pub(super) fn weight(state: DeliveryState) -> u8 {
    match state {
        DeliveryState::Failed => 0,
        DeliveryState::Waiting => 1,
        DeliveryState::Accepted => 2,
        DeliveryState::Applied => 3,
        DeliveryState::Verified => 4,
    }
}

/// The least far of several; of none: it is so already.
pub(super) fn least(all: impl IntoIterator<Item = Progress>) -> Progress {
    let so_already = || Progress::new(DeliveryState::Verified, "", "It was so already.");
    all.into_iter().min_by_key(|one| weight(one.state)).unwrap_or_else(so_already)
}

/// How far a change is of which this was recorded.
pub(super) fn progress(
    change: &Change,
    recorded: &[Recorded],
    settles_within_s: u32,
    now: Timestamp,
) -> Progress {
    use DeliveryState::{Accepted, Applied, Failed, Verified, Waiting};
    match step::next(recorded, settles_within_s, now) {
        Next::End(Ending::Confirmed { acted: true }) => Progress::new(Verified, "", ""),
        Next::End(Ending::Confirmed { acted: false }) => {
            Progress::new(Verified, "", "It was so already.")
        }
        Next::End(ending) => Progress::new(Failed, ending.word(), explain::ending(change, &ending)),
        Next::Wait => Progress::new(Waiting, "task", task(recorded)),
        Next::Verify { .. } => Progress::new(Applied, "", ""),
        Next::Act | Next::LookFirst | Next::RetryAt(_) => {
            Progress::new(Accepted, "", why_not_yet(recorded))
        }
    }
}

/// What somebody was asked to do.
fn task(recorded: &[Recorded]) -> String {
    let last = recorded.iter().rev().find_map(|one| match one {
        Recorded::Acted { outcome: Outcome::Waiting { task }, .. } => Some(task.as_str()),
        _ => None,
    });
    format!("A person was asked to do it. {}", last.unwrap_or_default()).trim_end().to_owned()
}

/// Why a change that is on its way is not there yet.
fn why_not_yet(recorded: &[Recorded]) -> String {
    let acts = |one: &&Recorded| matches!(one, Recorded::Intended { .. } | Recorded::Acted { .. });
    match recorded.iter().rev().find(acts) {
        None => String::new(),
        Some(Recorded::Acted { outcome: Outcome::Failed { why, .. }, .. }) => {
            format!("It failed and is tried again: {why}")
        }
        Some(_) => "It was sent, and it is not known yet whether it was done; that is looked at \
                    before anything is sent again."
            .to_owned(),
    }
}

/// Whether nothing of a change can have had an effect: nothing was sent, or the app surely refused
/// all of it. Such a change can be dropped for a newer wish.
pub(super) fn is_untouched(recorded: &[Recorded]) -> bool {
    let acts = |one: &&Recorded| matches!(one, Recorded::Intended { .. } | Recorded::Acted { .. });
    match recorded.iter().rev().find(acts) {
        None | Some(Recorded::Acted { outcome: Outcome::Failed { .. }, .. }) => true,
        Some(_) => false,
    }
}

/// Whether a change is a part of what a wish wants.
pub(super) fn is_of(
    row: &IntentRow,
    change: &Change,
    config: &Config,
    group: Option<&str>,
) -> bool {
    if row.instance != EVERYWHERE && row.instance != change.instance.as_str() {
        return false;
    }
    let Some(id) = group_of(row) else { return true };
    let (Op::Grant { entitlement } | Op::Revoke { entitlement }) = &change.op else { return false };
    let instance = config.instances.iter().find(|one| one.name == change.instance);
    instance.and_then(|one| one.entitlement_of(id, group)) == Some(entitlement)
}

impl Engine {
    /// Brings the wishes that the plan of `run` carries out up to what is recorded now. A wish that
    /// is due again was pushed anew; what happens to its older form is not told of it.
    pub(crate) fn follow(&self, book: &Writing<'_>, run: &RunRow) -> Result<()> {
        let reading = book.reading();
        let rows = reading.intents_of_plan(run.plan.as_str())?;
        let rows: Vec<_> = rows.into_iter().filter(|row| row.due_at.is_none()).collect();
        if rows.is_empty() {
            return Ok(());
        }
        let Some(plan) = reading.plan(&run.plan)? else { return Ok(()) };
        let now = self.now();
        let mut recorded: std::collections::BTreeMap<_, Vec<Recorded>> = Default::default();
        for step in reading.steps(&run.id)? {
            recorded.entry(step.change).or_default().push(step.recorded);
        }
        let mut moved = Moved::default();
        for mut row in rows {
            let group = match group_of(&row) {
                Some(group) => reading.resource_row(&row.endpoint, group)?,
                None => None,
            };
            let external_id = group.as_ref().and_then(|group| group.external_id.as_deref());
            let own = plan.changes().iter().filter(|c| is_of(&row, c, &self.config, external_id));
            let own = own.map(|change| {
                let recorded = recorded.get(&change.id).map(Vec::as_slice).unwrap_or_default();
                progress(change, recorded, self.settles_within_s(change), now)
            });
            let progress = least(own);
            made(&mut row, plan.changes(), &recorded);
            moved.note(settle::put(book, row, progress, None, now)?);
        }
        settle::publish(book, &moved, now)
    }
}

/// Notes the key of an account that was made.
fn made(
    row: &mut IntentRow,
    changes: &[Change],
    recorded: &std::collections::BTreeMap<rollbook_core::id::ChangeId, Vec<Recorded>>,
) {
    let here = changes.iter().filter(|c| c.instance.as_str() == row.instance);
    for change in here.filter(|change| matches!(change.op, Op::Create { .. })) {
        let mut keys = recorded.get(&change.id).into_iter().flatten().filter_map(|one| match one {
            Recorded::Acted {
                outcome: Outcome::Done { account, .. } | Outcome::AlreadyDone { account },
                ..
            } => Some(account.to_string()),
            _ => None,
        });
        row.account = keys.next_back().or(row.account.take());
    }
}
