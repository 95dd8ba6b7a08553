//! A browser in a console, through the channel alone.

use std::collections::BTreeMap;
use std::time::Duration;

use rollbook_catalog::Catalog;
use rollbook_core::account::State;
use rollbook_core::change::{Basis, Change, Expects, Op, Route, Stage};
use rollbook_core::id::ChangeId;
use rollbook_core::snapshot::Coverage;
use rollbook_core::step::{Outcome, Seen};
use rollbook_engine::channel::Channel;
use rollbook_engine::channel::browser::{BrowserChannel, BrowserSettings};
use rollbook_engine::secret::Secret;
use rollbook_testkit::console::{Brand, Console, Setup};

fn app_of(brand: Brand) -> &'static str {
    match brand {
        Brand::Uxpin => "uxpin",
        Brand::Mosaic => "mosaic",
        Brand::Stitch => "stitch",
        Brand::Stonly => "stonly",
    }
}

fn settings(console: &Console) -> BrowserSettings {
    let robot = console.robot();
    let app = Catalog::embedded().app(app_of(console.brand())).expect("it is in apps/");
    BrowserSettings {
        instance: "console".into(),
        app: app.browser.clone().expect("it has steps"),
        settings: BTreeMap::new(),
        base_url: Some(console.url().to_owned()),
        origins: Vec::new(),
        user: robot.login,
        password: Secret::new(robot.password),
        totp: robot.totp.map(Secret::new),
        session: None,
        allow_private: true,
        verified_domains: vec!["example.com".to_owned()],
        deadline: Duration::from_secs(6),
        webdriver: None,
        shape: Vec::new(),
        known: Vec::new(),
    }
}

async fn console(brand: Brand, members: usize) -> Console {
    let console = Console::start_with(brand, Setup { page_size: 10, ..Setup::default() }).await;
    let console = console.expect("a port is free");
    let role = brand.roles()[0];
    for at in 0..members {
        console.seed(&format!("Person {at}"), &format!("person{at}@example.com"), role);
    }
    console
}

/// The change that takes `address` away as `op` says, as a plan would have it.
fn change(channel_sees: &[rollbook_core::account::Account], address: &str, op: Op) -> Change {
    let account = channel_sees.iter().find(|it| it.login == address).expect("it is in the list");
    Change {
        id: ChangeId::default(),
        instance: "console".into(),
        account: Some(account.key.clone()),
        identity: None,
        label: address.to_owned(),
        op,
        expects: Expects { login: address.to_owned(), state: Some(State::Active) },
        route: Route { channel: "browser".to_owned(), basis: Basis::Probed },
        stage: Stage::Remove,
        reversible: false,
        because: "She left.".to_owned(),
        heir: None,
        harms: Default::default(),
    }
}

async fn takes_one_away(brand: Brand, op: Op) {
    let console = console(brand, 23).await;
    let ana = console.seed("Ana Diaz", "ana@example.com", brand.roles()[0]);
    let before = console.members();
    let channel = BrowserChannel::new(settings(&console)).expect("it can be used");
    let seen = channel.observe().await.expect("the list can be read");
    let report = channel.report().await;
    assert_eq!(seen.coverage, Coverage::Complete, "{:#?}", report.steps);
    assert_eq!((seen.accounts.len(), seen.reported), (25, Some(25)));
    let change = change(&seen.accounts, "ana@example.com", op);
    let outcome = channel.apply(&change).await;
    let report = channel.report().await;
    assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?} {:#?}", report.steps);
    if let Ok(folder) = std::env::var("ROLLBOOK_TEST_PICTURES") {
        for (at, exhibit) in report.exhibits.iter().enumerate() {
            let name = format!("{folder}/{}-{at}.png", app_of(brand));
            std::fs::write(name, &exhibit.bytes).expect("it can be written");
        }
    }
    let looked = channel.look(&change).await;
    let closed = match &looked {
        Seen::Absent => true,
        Seen::Present { account } => !account.state.is_open(),
        Seen::Unobservable { .. } => false,
    };
    assert!(closed, "{looked:?}");
    let effects = console.ledger().effects();
    assert_eq!(effects.len(), 1, "{effects:?}");
    assert_eq!(effects[0].subject, ana.to_string());
    let others = |members: Vec<rollbook_testkit::console::Member>| {
        members.into_iter().filter(|it| it.id != ana).collect::<Vec<_>>()
    };
    assert_eq!(others(console.members()), others(before));
    assert!(report.exhibits.len() >= 2, "{report:?}");
}

#[tokio::test]
async fn a_member_of_uxpin_is_removed_and_nobody_else() {
    takes_one_away(Brand::Uxpin, Op::Remove).await;
}

#[tokio::test]
async fn a_member_of_mosaic_is_deactivated_and_nobody_else() {
    takes_one_away(Brand::Mosaic, Op::Suspend).await;
}

#[tokio::test]
async fn a_member_of_stitch_is_removed_and_nobody_else() {
    takes_one_away(Brand::Stitch, Op::Remove).await;
}

#[tokio::test]
async fn a_member_of_stonly_is_removed_and_nobody_else() {
    takes_one_away(Brand::Stonly, Op::Remove).await;
}
