//! From an item of an app's list to what the product knows: an account. Pure.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rollbook_catalog::rest::{AccountShape, Pointer};
use rollbook_core::account::{Account, Email, State};
use rollbook_core::id::{AccountKey, InstanceName};
use serde_json::Value;

use crate::channel::membership::add_grant;

/// A number of seconds larger than this is one of milliseconds.
const MILLISECONDS_MIN: i64 = 100_000_000_000;

/// An account as read, and how sure its state is.
#[derive(Clone, Debug, PartialEq)]
pub struct Read {
    /// The account.
    pub account: Account,
    /// What says its state.
    pub told: Told,
}

/// What says the state of an account, the surest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Told {
    /// Nothing that is understood; it is taken for active, because it must be feared open.
    Nothing,
    /// What the app file says of items of which no rule speaks.
    Otherwise,
    /// A rule that holds, or the list that it is in.
    Rule,
}

/// Reads an item. `listed` is the state of everything in its list, where the file says one; addresses
/// in `domains` belong to the employer and count as verified. `None` when the item has no key.
pub fn account(
    instance: &InstanceName,
    shape: &AccountShape,
    listed: Option<State>,
    item: &Value,
    domains: &[String],
) -> Option<Read> {
    let text = |at: &Option<Pointer>| at.as_ref().and_then(|at| at.text(item)).unwrap_or_default();
    let texts = |at: &Option<Pointer>| at.as_ref().map(|at| at.texts(item)).unwrap_or_default();
    let (state, told) = state(shape, listed, item);
    let emails = emails(texts(&shape.email), domains);
    let first_address = || emails.first().map(|email| email.address.clone());
    let login = shape.login.as_ref().and_then(|at| at.text(item)).or_else(first_address);
    let names = shape.display_name.iter().filter_map(|at| at.text(item));
    let mut grants = Vec::new();
    for group in texts(&shape.groups) {
        add_grant(&mut grants, &group, "");
    }
    let account = Account {
        instance: instance.clone(),
        key: key(shape, item)?,
        login: login.unwrap_or_default(),
        display_name: names.collect::<Vec<_>>().join(" "),
        given_name: text(&shape.given_name),
        family_name: text(&shape.family_name),
        worker_number: text(&shape.worker_number),
        external_id: text(&shape.external_id),
        state,
        type_hint: hint(shape, item).to_owned(),
        created: moment(&text(&shape.created)).map(day),
        roles: texts(&shape.roles),
        grants,
        seat: text(&shape.seat),
        last_seen: moment(&text(&shape.last_seen)),
        emails,
        ..Account::default()
    };
    Some(Read { account, told })
}

/// The key of an item: any text or number but the empty one.
pub fn key(shape: &AccountShape, item: &Value) -> Option<AccountKey> {
    shape.key.text(item).filter(|key| !key.trim().is_empty()).map(AccountKey::new)
}

fn state(shape: &AccountShape, listed: Option<State>, item: &Value) -> (State, Told) {
    if let Some(state) = listed {
        return (state, Told::Rule);
    }
    let by_rule = AccountShape { otherwise: None, ..shape.clone() }.state_of(item);
    match (by_rule, shape.otherwise) {
        (Some(state), _) => (state, Told::Rule),
        (None, Some(state)) => (state, Told::Otherwise),
        (None, None) => (State::Active, Told::Nothing),
    }
}

fn emails(addresses: Vec<String>, domains: &[String]) -> Vec<Email> {
    let owned = |address: &str| {
        address
            .rsplit_once('@')
            .is_some_and(|(_, at)| domains.iter().any(|domain| domain.eq_ignore_ascii_case(at)))
    };
    let mut emails: Vec<Email> = Vec::new();
    for address in addresses {
        if !emails.iter().any(|email| email.address == address) {
            emails.push(Email { verified: owned(&address), address });
        }
    }
    emails
}

fn hint(shape: &AccountShape, item: &Value) -> &'static str {
    let any = |conditions: &[rollbook_catalog::rest::Condition]| {
        conditions.iter().any(|condition| condition.holds(item))
    };
    match (any(&shape.machine), any(&shape.admin)) {
        (true, _) => "service",
        (false, true) => "admin",
        (false, false) => "",
    }
}

/// A moment as RFC 3339, a date, or seconds or milliseconds since 1970. Zero is never.
fn moment(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(number) = text.parse::<f64>() {
        let number = number as i64;
        return match number {
            ..=0 => None,
            MILLISECONDS_MIN.. => Timestamp::from_millisecond(number).ok(),
            _ => Timestamp::from_second(number).ok(),
        };
    }
    let of_day = || Some(text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp());
    let in_utc = || {
        Some(text.parse::<jiff::civil::DateTime>().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp())
    };
    text.parse().ok().or_else(in_utc).or_else(of_day)
}

fn day(moment: Timestamp) -> Date {
    moment.to_zoned(TimeZone::UTC).date()
}
