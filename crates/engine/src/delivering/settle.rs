//! Writing down how far wishes are: the row, the event, and what the resource shows.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rollbook_core::approval::requester;
use rollbook_core::event::{Concern, Draft};
use serde::Serialize;
use serde_json::json;

use super::follow::{Progress, least, weight};
use super::scope::{ACCOUNT, aspect_of, group_of};
use crate::error::{Error, Result};
use crate::push::EVERYWHERE;
use crate::store::Writing;
use crate::store::scim::{DeliveryState, IntentRow};

/// The resources and groups whose delivery must be shown anew.
#[derive(Debug, Default)]
pub(super) struct Moved {
    resources: BTreeSet<(String, String)>,
    groups: BTreeSet<(String, String)>,
}

impl Moved {
    pub(super) fn note(&mut self, row: Option<IntentRow>) {
        let Some(row) = row else { return };
        if let Some(group) = group_of(&row) {
            self.groups.insert((row.endpoint.clone(), group.to_owned()));
        }
        self.resources.insert((row.endpoint, row.resource));
    }
}

/// Writes a wish that is now as far as `progress`, and is looked at again at `due_at`. Gives it back
/// where that is news, and `None` where it was so already or a newer wish lies there. News is an
/// event.
pub(super) fn put(
    book: &Writing<'_>,
    row: IntentRow,
    progress: Progress,
    due_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<Option<IntentRow>> {
    let is_news = row.state != progress.state || row.because != progress.because;
    let row = IntentRow {
        state: progress.state,
        because: progress.because,
        reason: progress.reason.to_owned(),
        state_at: if is_news { now } else { row.state_at },
        due_at,
        ..row
    };
    if !book.put_intent(&row)? {
        return Ok(None);
    }
    if is_news {
        record(book, &row, now)?;
    }
    Ok(is_news.then_some(row))
}

/// Gives up every wish that is still to be carried out, as after an old backup was put back, and says how
/// many: what an identity provider wants now, it pushes again.
pub(crate) fn give_up_all(book: &Writing<'_>, now: Timestamp) -> Result<usize> {
    let rows = book.reading().due_intents(Timestamp::MAX, usize::MAX)?;
    let (count, mut moved) = (rows.len(), Moved::default());
    for row in rows {
        let because = "The book was put back to an earlier moment. What is wanted now must be \
                       pushed again.";
        let given_up = Progress::new(DeliveryState::Failed, "restored", because);
        moved.note(put(book, row, given_up, None, now)?);
    }
    publish(book, &moved, now)?;
    Ok(count)
}

/// Records that a wish came as far as its row says.
fn record(book: &Writing<'_>, row: &IntentRow, now: Timestamp) -> Result<()> {
    book.record(Draft {
        kind: format!("delivery_{}", row.state.as_str()),
        actor: "rollbook".to_owned(),
        on_behalf_of: requester(&row.by),
        subject: format!("{}/{}", row.endpoint, row.resource),
        concerns: BTreeSet::from([Concern::stored(row.resource.as_str())]),
        at: now,
        body: json!({
            "instance": row.instance, "aspect": row.aspect, "revision": row.revision,
            "because": row.because, "reason": row.reason, "plan": row.plan,
        }),
    })
}

/// What a resource shows of its delivery.
#[derive(Serialize)]
struct Shown {
    state: DeliveryState,
    #[serde(skip_serializing_if = "String::is_empty")]
    because: String,
    at: Timestamp,
    revision: i64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    instances: Vec<ShownInstance>,
}

/// The same at one instance.
#[derive(Serialize)]
struct ShownInstance {
    value: String,
    state: DeliveryState,
    #[serde(skip_serializing_if = "String::is_empty")]
    because: String,
    at: Timestamp,
}

/// Shows how far the resources are, and the groups of wishes about memberships.
pub(super) fn publish(book: &Writing<'_>, moved: &Moved, now: Timestamp) -> Result<()> {
    for (endpoint, id) in &moved.resources {
        let Some(resource) = book.reading().resource_row(endpoint, id)? else { continue };
        let rows = current(book.reading().intents_of(endpoint, id)?);
        let Some(shown) = shown(&rows, resource.revision) else { continue };
        book.put_delivery_state(endpoint, id, &text(&shown)?, resource.revision)?;
    }
    for (endpoint, id) in &moved.groups {
        let Some(group) = book.reading().resource_row(endpoint, id)? else { continue };
        let states = book.reading().states_of(&aspect_of(id))?;
        let Some((state, because)) = of_members(&states) else { continue };
        let shown =
            Shown { state, because, at: now, revision: group.revision, instances: Vec::new() };
        book.put_delivery_state(endpoint, id, &text(&shown)?, group.revision)?;
    }
    Ok(())
}

/// Without what is left of older wishes about instances that the newest one is not about.
fn current(rows: Vec<IntentRow>) -> Vec<IntentRow> {
    let root = rows.iter().find(|row| row.instance == EVERYWHERE && row.aspect == ACCOUNT);
    let newest = root.map(|root| root.revision);
    let is_current = |row: &IntentRow| {
        newest.is_none_or(|newest| row.aspect != ACCOUNT || row.revision >= newest)
    };
    rows.into_iter().filter(is_current).collect()
}

fn shown(rows: &[IntentRow], revision: i64) -> Option<Shown> {
    let worst = rows.iter().min_by_key(|row| weight(row.state))?;
    let at = rows.iter().map(|row| row.state_at).max()?;
    let mut places: BTreeMap<&str, Vec<&IntentRow>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.instance != EVERYWHERE) {
        places.entry(&row.instance).or_default().push(row);
    }
    let instances = places.into_iter().map(|(name, rows)| {
        let own = rows.iter().map(|row| Progress::new(row.state, "", row.because.as_str()));
        let Progress { state, because, .. } = least(own);
        let at = rows.iter().map(|row| row.state_at).max().unwrap_or(at);
        ShownInstance { value: name.to_owned(), state, because, at }
    });
    let because = worst.because.clone();
    Some(Shown { state: worst.state, because, at, revision, instances: instances.collect() })
}

/// A group is as far as the membership that is least far.
fn of_members(states: &[(DeliveryState, u64)]) -> Option<(DeliveryState, String)> {
    let (state, _) = states.iter().min_by_key(|(state, _)| weight(*state))?;
    let count = |of: DeliveryState| {
        let of = states.iter().filter(|(state, _)| *state == of);
        of.map(|(_, count)| count).sum::<u64>()
    };
    let all: u64 = states.iter().map(|(_, count)| count).sum();
    let because = match state {
        DeliveryState::Verified => String::new(),
        state => format!(
            "{} of {all} memberships that were ever changed are {}; each User says more.",
            count(*state),
            state.as_str()
        ),
    };
    Some((*state, because))
}

fn text(shown: &Shown) -> Result<String> {
    serde_json::to_string(shown)
        .map_err(|e| Error::bug("A delivery could not be written as JSON.").because(e))
}
