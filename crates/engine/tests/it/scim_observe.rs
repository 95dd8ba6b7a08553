//! Reading a SCIM vendor whose answers deviate or fail.

use std::time::Duration;

use rollbook_core::account::State;
use rollbook_core::snapshot::Coverage;
use rollbook_engine::channel::scim::{ScimChannel, ScimQuirks, ScimSettings};
use rollbook_engine::channel::{Channel, Observation};
use rollbook_engine::error::{Error, Kind};
use rollbook_engine::secret::Secret;
use rollbook_testkit::scim_vendor::Filters;
use rollbook_testkit::{Fault, Profile, ScimVendor, Twist};
use serde_json::json;

/// Settings for a vendor of the kit: small pages, short waits.
pub(crate) fn settings(vendor: &ScimVendor) -> ScimSettings {
    ScimSettings {
        allow_private: true,
        page_size: 3,
        requests_per_second_max: Some(1000),
        backoff: Duration::from_millis(1),
        patience: Duration::from_secs(2),
        deadline: Duration::from_secs(5),
        ..ScimSettings::new("acme".into(), vendor.url(), Secret::new(vendor.token()))
    }
}

/// A channel to a vendor of the kit.
pub(crate) fn channel(vendor: &ScimVendor) -> ScimChannel {
    ScimChannel::new(settings(vendor)).unwrap()
}

/// Eight people, one of them suspended, and a group with two of them.
async fn vendor(profile: Profile) -> ScimVendor {
    let vendor = ScimVendor::start(profile).await.unwrap();
    for at in 1..=8 {
        vendor.seed_user(json!({
            "id": format!("{at}"), "userName": format!("u{at}@acme.example"), "active": at != 4,
            "emails": [{"value": format!("u{at}@acme.example"), "type": "work", "primary": true}],
        }));
    }
    vendor.seed_group(json!({
        "id": "100", "displayName": "Sales", "members": [{"value": "1"}, {"value": "2"}],
    }));
    vendor
}

async fn check_whole(vendor: &ScimVendor) {
    let seen = channel(vendor).observe().await.unwrap();
    assert_eq!(seen.coverage, Coverage::Complete);
    check_all_there(&seen);
    assert_eq!(vendor.unfired(), [""; 0]);
}

fn check_all_there(seen: &Observation) {
    let logins: Vec<_> = seen.accounts.iter().map(|a| a.login.clone()).collect();
    assert_eq!(logins, (1..=8).map(|at| format!("u{at}@acme.example")).collect::<Vec<_>>());
    let suspended: Vec<_> = seen.accounts.iter().filter(|a| a.state == State::Suspended).collect();
    assert_eq!(suspended.len(), 1);
    assert_eq!(suspended[0].key.as_str(), "4");
    let granted = seen.accounts.iter().filter(|a| a.grants.iter().any(|g| g.entitlement == "100"));
    assert_eq!(granted.map(|a| a.key.as_str()).collect::<Vec<_>>(), ["1", "2"]);
    assert!(seen.accounts.iter().all(|a| a.emails.iter().all(|e| e.address.contains('@'))));
}

/// The reason why what was read is partial.
async fn check_partial(vendor: &ScimVendor) -> String {
    let seen = channel(vendor).observe().await.unwrap();
    assert_eq!(vendor.unfired(), [""; 0]);
    match seen.coverage {
        Coverage::Partial { why } => why,
        Coverage::Complete => panic!("it passes for whole: {seen:?}"),
    }
}

async fn check_error(vendor: &ScimVendor) -> Error {
    let error = channel(vendor).observe().await.unwrap_err();
    assert_eq!(vendor.unfired(), [""; 0]);
    error
}

fn on_users(twist: Twist) -> Fault {
    Fault::on("GET", "/Users", twist)
}

fn status(status: u16, retry_after: Option<&str>) -> Twist {
    Twist::Status { status, retry_after: retry_after.map(str::to_owned), body: None }
}

#[tokio::test]
async fn vendors_of_every_kind_are_read_whole() {
    let full = Profile::full();
    for profile in [
        Profile { page_max: 2, ..full.clone() },
        Profile { page_max: 1, page_default: 1, ..full.clone() },
        Profile { discovery: false, ..full.clone() },
        Profile { integer_ids: true, ..full.clone() },
        Profile { groups_on_users: false, ..full.clone() },
        Profile { filters: Filters::Ignored, ..full.clone() },
        Profile::mindtickle(),
        full,
    ] {
        check_whole(&vendor(profile).await).await;
    }
}

#[tokio::test]
async fn a_vendor_without_groups_is_whole_without_them() {
    let vendor = vendor(Profile { groups: false, ..Profile::full() }).await;
    let seen = channel(&vendor).observe().await.unwrap();
    assert_eq!((seen.coverage, seen.groups.len(), seen.accounts.len()), (Coverage::Complete, 0, 8));
}

/// Three hundred people, all of them in one group and one of them in another.
async fn crowd(profile: Profile) -> ScimVendor {
    let vendor = ScimVendor::start(Profile { groups_on_users: false, ..profile }).await.unwrap();
    let ids: Vec<_> = (1..=301).map(|at| at.to_string()).collect();
    for id in &ids {
        vendor.seed_user(json!({"id": id, "userName": format!("u{id}@acme.example")}));
    }
    let members: Vec<_> = ids.iter().map(|id| json!({"value": id})).collect();
    vendor.seed_group(json!({"id": "all", "displayName": "All", "members": members}));
    vendor.seed_group(json!({"id": "few", "displayName": "Few", "members": [{"value": "7"}]}));
    vendor
}

async fn members_of_all(vendor: &ScimVendor, quirks: ScimQuirks) -> (usize, usize, Coverage) {
    let settings = ScimSettings { page_size: 1000, quirks, ..settings(vendor) };
    let seen = ScimChannel::new(settings).unwrap().observe().await.unwrap();
    let held = seen.accounts.iter().filter(|a| a.grants.iter().any(|g| g.entitlement == "all"));
    (seen.groups[0].members.len(), held.count(), seen.coverage)
}

#[tokio::test]
async fn a_group_that_a_list_cuts_off_is_read_by_itself() {
    for max in [10, 100] {
        let vendor = crowd(Profile { members_in_lists_max: Some(max), ..Profile::full() }).await;
        let seen = members_of_all(&vendor, ScimQuirks::default()).await;
        assert_eq!(seen, (301, 301, Coverage::Complete));
    }
}

#[tokio::test]
async fn a_group_that_is_cut_off_everywhere_is_partial_unless_the_accounts_tell() {
    let profile = Profile { members_max: Some(100), ..Profile::full() };
    let vendor = crowd(profile.clone()).await;
    let (shown, _, coverage) = members_of_all(&vendor, ScimQuirks::default()).await;
    let Coverage::Partial { why } = coverage else { panic!("it passes for whole") };
    insta::assert_snapshot!(why, @"The group All shows 100 members, which looks like a limit, and nothing proves that these are all. If the vendor always shows all of them, set `members_whole = true`.");
    let sworn = ScimQuirks { members_whole: true, ..ScimQuirks::default() };
    assert_eq!(members_of_all(&vendor, sworn).await, (shown, shown, Coverage::Complete));

    let telling = vendor_with(profile, 301).await;
    let seen = members_of_all(&telling, ScimQuirks::default()).await;
    assert_eq!(seen, (301, 301, Coverage::Complete));
}

/// The same crowd at a vendor where every user lists its groups.
async fn vendor_with(profile: Profile, count: usize) -> ScimVendor {
    let vendor = ScimVendor::start(Profile { groups_on_users: true, ..profile }).await.unwrap();
    let ids: Vec<_> = (1..=count).map(|at| at.to_string()).collect();
    for id in &ids {
        vendor.seed_user(json!({"id": id, "userName": format!("u{id}@acme.example")}));
    }
    let members: Vec<_> = ids.iter().map(|id| json!({"value": id})).collect();
    vendor.seed_group(json!({"id": "all", "displayName": "All", "members": members}));
    vendor
}

#[tokio::test]
async fn every_request_takes_a_turn() {
    let vendor = vendor(Profile::full()).await;
    let channel = channel(&vendor);
    channel.observe().await.unwrap();
    let asked = vendor.asked().len();
    assert!(asked > 5, "{asked}");
    assert_eq!(channel.pace().taken(), asked as u64);
}

#[tokio::test]
async fn types_that_are_wrong_are_read_right() {
    let vendor = vendor(Profile::full()).await;
    vendor.fault(on_users(Twist::WrongTypes));
    check_whole(&vendor).await;
}

#[tokio::test]
async fn pages_that_overlap_once_are_settled_by_a_second_reading() {
    let vendor = vendor(Profile::full()).await;
    vendor.fault(on_users(Twist::Overlap { by: 1 }).skip(1).times(1));
    check_whole(&vendor).await;
}

#[tokio::test]
async fn the_first_page_for_ever_is_partial_and_ends() {
    for twist in [Twist::RepeatPage, Twist::StartIndexIgnored] {
        let vendor = vendor(Profile::full()).await;
        vendor.fault(on_users(twist));
        let why = check_partial(&vendor).await;
        assert!(why.contains("says that there are 8 entries and delivered 3"), "{why}");
        assert!(vendor.asked().len() < 20, "{:?}", vendor.asked());
    }
}

#[tokio::test]
async fn totals_that_lie_are_told() {
    for (total, why) in [
        (json!(1_000_000_000), "there are 1000000000 entries and delivered 8"),
        (json!(5), "there are 5 entries and delivered 8"),
        (json!(-1), "does not say how many"),
        (json!(null), "does not say how many"),
    ] {
        let vendor = vendor(Profile::full()).await;
        vendor.fault(on_users(Twist::TotalResults { is: total }));
        let told = check_partial(&vendor).await;
        assert!(told.contains(why), "{told}");
    }
    let as_text = vendor(Profile::full()).await;
    as_text.fault(on_users(Twist::TotalResults { is: json!("8") }));
    check_whole(&as_text).await;
}

#[tokio::test]
async fn a_page_that_lost_half_is_noticed() {
    let vendor = vendor(Profile::full()).await;
    vendor.fault(on_users(Twist::HalfList).skip(1).times(2));
    let seen = channel(&vendor).observe().await.unwrap();
    // The second reading may have healed it; if not, it is not passed off as whole.
    match seen.coverage {
        Coverage::Complete => check_all_there(&seen),
        Coverage::Partial { why } => assert!(seen.accounts.len() < 9, "{why}"),
    }
}

#[tokio::test]
async fn a_page_that_fails_for_good_leaves_a_partial_view_and_what_was_read() {
    for (twist, why) in [
        (status(401, None), "refused the token (401)"),
        (status(403, None), "answered 403"),
        (status(500, None), "answered 500"),
        (Twist::Html, "HTML page"),
        (Twist::ErrorInOk, "with an error in it"),
        (Twist::EmptyBody, "with nothing in it"),
    ] {
        let vendor = vendor(Profile::full()).await;
        vendor.fault(on_users(twist).skip(1));
        let seen = channel(&vendor).observe().await.unwrap();
        let Coverage::Partial { why: told } = seen.coverage else { panic!("it passes for whole") };
        assert!(told.starts_with("The reading broke off after 3 entries."), "{told}");
        assert!(told.contains(why), "{told}");
        assert_eq!(seen.accounts.len(), 3);
    }
}

#[tokio::test]
async fn groups_that_cannot_be_read_make_the_view_partial() {
    let vendor = vendor(Profile::full()).await;
    vendor.fault(Fault::on("GET", "/Groups", status(403, None)));
    let why = check_partial(&vendor).await;
    assert!(why.starts_with("The groups could not be read. The instance answered 403"), "{why}");
}

#[tokio::test]
async fn what_passes_is_waited_for() {
    for twist in [
        status(429, Some("0")),
        status(503, None),
        status(500, None),
        Twist::ResetBefore,
        Twist::ResetAfter,
        Twist::Truncated,
    ] {
        let vendor = vendor(Profile::full()).await;
        vendor.fault(on_users(twist).skip(1).times(1));
        check_whole(&vendor).await;
    }
}

#[tokio::test]
async fn a_vendor_that_always_says_later_is_left_alone_with_the_time_to_come_back() {
    let vendor = vendor(Profile::mindtickle()).await;
    vendor.fault(on_users(status(429, Some("600"))));
    let error = check_error(&vendor).await;
    assert!(matches!(error.kind, Kind::Vendor { retry_at: Some(_) }), "{error:?}");
    let asked = vendor.asked().iter().filter(|a| a.target.contains("/Users")).count();
    assert_eq!(asked, 1, "ten minutes are more than the patience");
}

#[tokio::test]
async fn what_an_administrator_must_mend_is_said_to_the_administrator() {
    for (twist, message) in [
        (status(401, None), "refused the token"),
        (Twist::Html, "HTML page"),
        (status(404, None), "there is nothing at that address"),
        (Twist::GzipBomb { mib: 64 }, "compressed although we asked it not to"),
    ] {
        let vendor = vendor(Profile::full()).await;
        vendor.fault(on_users(twist));
        let error = check_error(&vendor).await;
        assert_eq!(error.kind, Kind::Setup, "{error:?}");
        assert!(error.message.starts_with("Instance `acme`: "), "{error}");
        assert!(error.message.contains(message), "{error}");
        assert!(!error.hints.is_empty(), "{error}");
    }
}

#[tokio::test]
async fn a_redirect_is_named_and_never_followed_with_the_token() {
    for status in [301, 302, 303, 307, 308] {
        let vendor = vendor(Profile::full()).await;
        vendor.fault(on_users(Twist::Redirect { status }));
        let error = check_error(&vendor).await;
        assert!(error.message.contains("redirects to http://127.0.0.1:"), "{error}");
        assert!(!error.message.contains("startIndex"), "the query is not for messages: {error}");
        assert_eq!(vendor.strays(), []);
    }
}

#[tokio::test]
async fn an_answer_that_never_ends_costs_its_limit_and_no_more() {
    let huge = vendor(Profile::full()).await;
    huge.fault(on_users(Twist::Huge { mib: 8 }));
    let small = ScimSettings { body_bytes_max: 1 << 20, ..settings(&huge) };
    let error = ScimChannel::new(small).unwrap().observe().await.unwrap_err();
    assert!(error.message.contains("longer than 1048576 bytes"), "{error}");

    let slow = vendor(Profile::full()).await;
    slow.fault(on_users(Twist::SlowBytes { pause_ms: 20 }));
    let hasty = ScimSettings { deadline: Duration::from_millis(200), ..settings(&slow) };
    let error = ScimChannel::new(hasty).unwrap().observe().await.unwrap_err();
    assert!(error.message.contains("did not come in time"), "{error}");
    assert!(matches!(error.kind, Kind::Vendor { .. }));
}

#[tokio::test]
async fn nobody_there_is_the_vendors_matter_and_a_forbidden_address_the_administrators() {
    let vendor = vendor(Profile::full()).await;
    let known = settings(&vendor);
    vendor.shutdown().await;
    let error = ScimChannel::new(known.clone()).unwrap().observe().await.unwrap_err();
    assert!(error.message.contains("could not be reached"), "{error}");
    assert!(matches!(error.kind, Kind::Vendor { .. }));

    let public_only = ScimSettings { allow_private: false, ..known };
    let error = ScimChannel::new(public_only).unwrap_err();
    assert_eq!(error.kind, Kind::Setup);
}

#[tokio::test]
async fn no_message_and_no_debug_form_holds_the_token() {
    let vendor = vendor(Profile::full()).await;
    let token = vendor.token();
    let echo = format!(r#"{{"detail": "bad token {token}"}}"#);
    vendor.fault(on_users(Twist::Status { status: 400, retry_after: None, body: Some(echo) }));
    let channel = channel(&vendor);
    let error = channel.observe().await.unwrap_err();
    assert!(error.message.contains("bad token ****"), "{error}");
    for text in [format!("{channel:?}"), format!("{error:?}"), format!("{:?}", settings(&vendor))] {
        assert!(!text.contains(&token), "{text}");
    }
}
