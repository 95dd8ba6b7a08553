//! One app, one channel: what is tried, and what must come of it.

pub(crate) mod rest;
pub(crate) mod scim;

use std::collections::BTreeSet;

use rollbook_core::account::{Account, State};
use rollbook_core::change::{Change, Op, Verb};
use rollbook_core::snapshot::Coverage;
use rollbook_core::step::{Outcome, Verdict, judge};
use rollbook_engine::channel::{Channel, Observation};
use rollbook_testkit::Ledger;

use crate::changes::change;

/// What the file says that may come of a change beside its being done and seen.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Allowed {
    /// What is called removing only suspends, and a look says so.
    pub(super) only_suspends: bool,
    /// Nothing shows the right that was given or taken.
    pub(super) unseen: bool,
}

/// Does `change` and looks: it must be done, have exactly one effect, and be seen. Gives the key.
pub(super) async fn tried(
    channel: &impl Channel,
    ledger: &Ledger,
    change: &Change,
    allowed: Allowed,
) -> Result<String, String> {
    let verb = change.op.verb();
    let before = ledger.effects().len();
    let outcome = channel.apply(change).await;
    let effects = ledger.effects().split_off(before);
    let what: Vec<String> = effects.iter().map(|e| format!("{} {}", e.subject, e.what)).collect();
    let key = match outcome {
        Outcome::Done { account, .. } => account.as_str().to_owned(),
        other => return Err(format!("{verb} came to {other:?}; effects: {what:?}")),
    };
    // Some vendors change the group and not the account.
    let subject = match &change.op {
        Op::Grant { entitlement } | Op::Revoke { entitlement } => [&key, entitlement],
        _ => [&key, &key],
    };
    if effects.len() != 1 || !subject.contains(&&effects[0].subject) {
        return Err(format!("{verb} of {key} had these effects: {what:?}"));
    }
    let seen = channel.look(change).await;
    match judge(change, &seen) {
        Verdict::Confirmed => Ok(key),
        Verdict::Contradicted { .. } if allowed.only_suspends => Ok(key),
        Verdict::Unobservable { .. } if allowed.unseen => Ok(key),
        other => Err(format!("{verb} was done ({what:?}) and seen as {other:?}")),
    }
}

/// Reads everything, which must prove whole.
pub(super) async fn whole(channel: &impl Channel) -> Result<Observation, String> {
    let seen =
        channel.observe().await.map_err(|error| format!("nothing could be read: {error:?}"))?;
    match &seen.coverage {
        Coverage::Complete => Ok(seen),
        Coverage::Partial { why } => Err(format!("the list is partial: {why}")),
    }
}

/// An account as the vendor has it, to hold what was read against.
#[derive(Debug)]
pub(super) struct Expected {
    pub(super) key: String,
    pub(super) email: String,
    pub(super) state: State,
    /// `None`: nothing shows them.
    pub(super) groups: Option<BTreeSet<String>>,
}

/// What differs between what was read and what is there; the first few of each kind.
pub(super) fn differences(seen: &Observation, expected: &[Expected]) -> Vec<String> {
    let mut wrong = Vec::new();
    for expected in expected {
        let Some(account) = seen.accounts.iter().find(|it| it.key.as_str() == expected.key) else {
            wrong.push(format!("{} ({:?}) was not read", expected.key, expected.state));
            continue;
        };
        if account.state != expected.state {
            let (key, was) = (&expected.key, expected.state);
            wrong.push(format!("{key} is {was:?} and was read as {:?}", account.state));
        }
        let has_address = account.emails.iter().any(|email| email.address == expected.email);
        if !account.emails.is_empty() && !expected.email.is_empty() && !has_address {
            wrong.push(format!("{} has the address {}", expected.key, expected.email));
        }
        let groups: BTreeSet<String> =
            account.grants.iter().map(|grant| grant.entitlement.clone()).collect();
        if expected.groups.as_ref().is_some_and(|expected| *expected != groups) {
            wrong.push(format!(
                "{} is in {:?} and was read in {groups:?}",
                expected.key, expected.groups
            ));
        }
    }
    let known = |account: &&Account| expected.iter().any(|it| it.key == account.key.as_str());
    let strange = seen.accounts.iter().filter(|it| it.state != State::Gone && !known(it));
    wrong.extend(strange.map(|account| format!("{} was read and is not there", account.key)));
    let count = wrong.len();
    wrong.truncate(4);
    wrong.push(format!("{count} differences in {} accounts", expected.len()));
    if count == 0 { Vec::new() } else { wrong }
}

/// Accounts to try things on, each taken once.
pub(super) struct Pool(Vec<Account>);

impl Pool {
    pub(super) fn of(seen: &Observation) -> Self {
        Self(seen.accounts.clone())
    }

    /// An account in a state.
    pub(super) fn take(&mut self, state: State) -> Result<Account, String> {
        self.take_if(&|account| account.state == state)
            .ok_or_else(|| format!("no account is left that is {}", state.word()))
    }

    pub(super) fn take_if(&mut self, fits: &dyn Fn(&Account) -> bool) -> Option<Account> {
        let at = self.0.iter().rposition(fits)?;
        Some(self.0.remove(at))
    }
}

/// A change to an account as it was read.
pub(super) fn on(account: &Account, op: Op) -> Change {
    change(op, account.key.as_str(), &account.login, account.state)
}

/// The order in which operations are tried: what is given comes before what is taken away.
pub(super) const ORDER: [Verb; 7] = [
    Verb::Create,
    Verb::Update,
    Verb::Grant,
    Verb::Revoke,
    Verb::Suspend,
    Verb::Reactivate,
    Verb::Remove,
];
