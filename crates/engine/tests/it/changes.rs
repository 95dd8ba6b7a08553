//! Changes as a plan would hold them, for the tests of channels.

use std::collections::BTreeMap;

use rollbook_core::account::{Account, State};
use rollbook_core::change::{Basis, Change, Expects, Op, Profile, Route, Stage};
use rollbook_core::id::AccountKey;
use rollbook_core::step::{Outcome, Seen, Verdict, judge};
use rollbook_engine::channel::Channel;

/// A change to the account with `key`, seen with `login` and `state` when the plan was made.
pub(crate) fn change(op: Op, key: &str, login: &str, state: State) -> Change {
    let stage = match op {
        Op::Suspend => Stage::Cut,
        Op::Revoke { .. } => Stage::Tidy,
        Op::Remove => Stage::Remove,
        _ => Stage::Give,
    };
    Change {
        id: Default::default(),
        instance: "acme".into(),
        account: Some(AccountKey::new(key)),
        identity: None,
        label: login.into(),
        op,
        expects: Expects { login: login.into(), state: Some(state) },
        route: Route { channel: "scim".into(), basis: Basis::Probed },
        stage,
        reversible: true,
        because: "a test asks for it".into(),
        heir: None,
        harms: Default::default(),
    }
    .identified()
}

/// A change that makes an account for `login`.
pub(crate) fn create(login: &str, external_id: &str) -> Change {
    let profile = Profile {
        login: login.into(),
        display_name: "Ana de Vries".into(),
        given_name: "Ana".into(),
        family_name: "de Vries".into(),
        email: login.into(),
        external_id: external_id.into(),
        worker_number: "00123".into(),
    };
    let change = change(Op::Create { profile }, "", login, State::Active);
    let expects = Expects { login: login.into(), state: None };
    Change { account: None, expects, ..change }.identified()
}

/// An update of the given attributes.
pub(crate) fn update(key: &str, login: &str, set: &[(&str, &str)]) -> Change {
    let set: BTreeMap<_, _> = set.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
    change(Op::Update { set }, key, login, State::Active)
}

/// The account that a look finds.
pub(crate) async fn seen(channel: &impl Channel, change: &Change) -> Account {
    match channel.look(change).await {
        Seen::Present { account } => *account,
        other => panic!("{} is not to be seen: {other:?}", change.label),
    }
}

/// Applies the change and looks: it must be done and confirmed. The key it was done to.
pub(crate) async fn check_done(channel: &impl Channel, change: &Change) -> String {
    let key = match channel.apply(change).await {
        Outcome::Done { account, receipt } => {
            assert!(!receipt.request.is_empty() && receipt.request_digest.len() == 64);
            account.as_str().to_owned()
        }
        other => panic!("{} {}: {other:?}", change.op.verb(), change.label),
    };
    let verdict = judge(change, &channel.look(change).await);
    assert_eq!(verdict, Verdict::Confirmed, "{} {}", change.op.verb(), change.label);
    key
}
