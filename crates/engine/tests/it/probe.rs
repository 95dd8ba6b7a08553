//! A probe of a vendor that is known to the last detail, because it is ours: for each of its ways
//! the report must say just that, nothing but the sandbox may change, and nothing may be left.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use insta::assert_snapshot;
use rollbook_engine::channel::probe::{Answered, Probe, ProbeReport, ProbeSettings};
use rollbook_engine::channel::scim::ScimSettings;
use rollbook_engine::progress::{Progress, Quiet};
use rollbook_engine::secret::Secret;
use rollbook_scim::probe::{Grade, Sandbox, mark};
use rollbook_testkit::scim_vendor::{
    DeleteMeans, DuplicateBody, Filters, PatchForm, PatchSupport, PutWithoutActive,
};
use rollbook_testkit::{Fault, Profile, ScimVendor, Twist};
use serde_json::{Value, json};

use crate::said;

const LOGIN: &str = "Probe.Me@acme.example";

async fn vendor(profile: Profile) -> ScimVendor {
    let vendor = ScimVendor::start(profile).await.unwrap();
    for name in ["ana", "bea", "cem", "dan", "eva"] {
        let mail = format!("{name}@acme.example");
        vendor.seed_user(json!({
            "userName": mail, "externalId": format!("x-{name}"), "active": true,
            "name": {"givenName": name, "familyName": "Test"},
            "emails": [{"value": mail, "type": "work", "primary": true}],
        }));
    }
    vendor
}

fn settings(vendor: &ScimVendor, writes: bool) -> ProbeSettings {
    let sandbox = Sandbox { login: LOGIN.into(), group: Some("Probe's group".into()) };
    let scim = ScimSettings {
        allow_private: true,
        requests_per_second_max: Some(1000),
        backoff: Duration::from_millis(5),
        ..ScimSettings::new("vendor".into(), vendor.url(), Secret::new(vendor.token()))
    };
    let settles_within = Duration::from_millis(700);
    ProbeSettings { scim, sandbox: writes.then_some(sandbox), settles_within }
}

async fn probe(vendor: &ScimVendor, writes: bool) -> ProbeReport {
    let probe = Probe::new(settings(vendor, writes)).unwrap();
    probe.run(&Quiet, &AtomicBool::new(false)).await.unwrap()
}

fn line(it: &Answered) -> String {
    format!("{} {}: {}", it.question.key, it.verdict.grade, it.verdict.says)
}

/// What does not conform.
fn odd(report: &ProbeReport) -> String {
    let odd = report.answers.iter().filter(|it| it.verdict.grade != Grade::Conforms);
    odd.map(line).collect::<Vec<_>>().join("\n")
}

/// One answer of a report.
fn answer(report: &ProbeReport, key: &str) -> String {
    report.answers.iter().find(|it| it.question.key == key).map(line).unwrap()
}

/// Every account that was there before the probe is as it was, and no other is there.
fn check_untouched(vendor: &ScimVendor) {
    let users = vendor.users();
    assert_eq!(users.len(), 5, "{users:?}");
    assert!(users.iter().all(|user| user["meta"]["version"] != json!("W/\"2\"")), "{users:?}");
    assert!(users.iter().all(|user| user["active"] == json!(true)), "{users:?}");
    assert_eq!(vendor.groups().len(), 0);
}

#[tokio::test]
async fn a_vendor_close_to_the_rfc_is_told_in_the_little_that_it_does_otherwise() {
    let vendor = vendor(Profile::full()).await;
    let report = probe(&vendor, true).await;
    assert_snapshot!(odd(&report), @r#"
discovery.one_schema deviates: A schema cannot be read by its URN: 404.
discovery.filter deviates: A filter on /Schemas is taken, or passed over.
list.default_page noted: All 5 accounts come at once, so a page holds at least so many.
list.max_page noted: 5 accounts came when 1000 were asked for: no limit was met.
list.sort absent: Accounts do not come sorted by userName. The server does not promise it.
paging.cursor absent: A cursor is passed over: no nextCursor comes.
filter.unknown_attribute noted: A filter on an attribute that does not exist finds nobody, as if nobody had a value there.
version.shown deviates: meta.version is there, but no ETag header.
version.none_match unknown: No ETag comes, so there is none to send.
search.post absent: A search by POST is refused with 405.
me deviates: /Me is answered with 404 and not 501.
patch.active_text noted: The text "False" is understood.
patch.unknown_path deviates: It is answered with 200 and kept under that name.
patch.atomic unknown: The server takes a path that does not exist, so nothing failed.
put.clears noted: PUT takes away what it does not name.
group.remove_by_value noted: Entra ID's form of `remove` is understood.
group.unknown_member noted: A member that does not exist is refused with 400 invalidValue.
rate.headers noted: No header tells how fast the server may be asked. It never asked us to slow down.
"#);
    assert_eq!((report.left.len(), report.cut_short), (0, None));
    check_untouched(&vendor);
    let answered = report.answers.iter().filter(|it| it.verdict.grade != Grade::Unknown);
    let without_receipt: Vec<&str> = answered
        .filter(|it| it.receipts.is_empty() && it.question.key != "rate.headers")
        .map(|it| it.question.key)
        .collect();
    assert_eq!(without_receipt, Vec::<&str>::new(), "every answer has its digests");
}

#[tokio::test]
async fn without_a_sandbox_nothing_is_written() {
    let vendor = vendor(Profile::full()).await;
    let report = probe(&vendor, false).await;
    assert_eq!(vendor.ledger().effects().len(), 0);
    let wrote = vendor
        .asked()
        .into_iter()
        .filter(|it| it.method != "GET" && !it.target.ends_with("/.search"));
    assert_eq!(wrote.collect::<Vec<_>>(), []);
    assert!(report.answers.len() > 40);
    check_untouched(&vendor);
}

#[tokio::test]
async fn a_vendor_with_many_ways_of_its_own_is_told_for_each() {
    let vendor = vendor(Profile {
        delete: DeleteMeans::Inactive,
        put_without_active: PutWithoutActive::Deactivates,
        page_default: 2,
        page_max: 3,
        ..Profile::mindtickle()
    })
    .await;
    let report = probe(&vendor, true).await;
    assert_snapshot!(odd(&report), @r#"
discovery.config deviates: /ServiceProviderConfig is not there: the server answered 404.
discovery.resource_types deviates: /ResourceTypes is not there: the server answered 404.
discovery.schemas deviates: /Schemas is not there: the server answered 404.
discovery.one_schema deviates: A schema cannot be read by its URN: 404.
discovery.filter unknown: /Schemas is not there.
list.default_page noted: 2 of 5 accounts come.
list.max_page noted: A page holds 3 accounts at most, when 1000 were asked for.
list.sort absent: Accounts do not come sorted by userName.
paging.cursor absent: A cursor is passed over: no nextCursor comes.
filter.id deviates: `id eq` is refused with 400 invalidFilter.
filter.external_id deviates: `externalId eq` is refused with 400 invalidFilter.
filter.parts deviates: `sw` is refused with 400 invalidFilter. `co` is refused with 400 invalidFilter. `ew` is refused with 400 invalidFilter.
filter.logic deviates: `and` is refused with 400 invalidFilter. `or` is refused with 400 invalidFilter. `not` is refused with 400 invalidFilter.
filter.value_path deviates: `emails[type eq … and value eq …]` is refused with 400 invalidFilter.
version.shown absent: No version comes.
version.none_match unknown: No ETag comes, so there is none to send.
search.post absent: A search by POST is refused with 405.
me deviates: /Me is answered with 404 and not 501.
create.duplicate deviates: It is refused with 409, but: `schemas` does not name the Error schema; `status` is missing; `scimType` is missing.
create.duplicate_case deviates: It is refused with 409, but: `schemas` does not name the Error schema; `status` is missing; `scimType` is missing.
patch.active_text noted: The text "False" is understood.
patch.unknown_path deviates: It is answered with 200 and passed over in silence.
patch.atomic unknown: The server takes a path that does not exist, so nothing failed.
patch.add_value deviates: It is answered with 200, and a look shows that it was not done.
patch.add_twice unknown: It rests on `patch.add_value`, which did not work.
patch.value_path deviates: It is answered with 200, and a look shows that it was not done.
patch.no_target unknown: It rests on `patch.value_path`, which did not work.
patch.remove_value unknown: It rests on `patch.add_value`, which did not work.
patch.set_and_remove deviates: It is answered with 200, and a look shows that it was not done.
patch.read_only deviates: It is answered with 200 and passed over.
patch.if_match absent: Versions are not looked at when something changes.
put.without_active deviates: A PUT without `active` switches the account off.
put.clears noted: A PUT of login and `active` alone is refused with 400 invalidValue (name.givenName is required).
group.shown_on_user absent: An account does not show the groups that it is in.
group.remove_by_value noted: Entra ID's form of `remove` is understood.
group.unknown_member noted: A member that does not exist is refused with 400 invalidValue.
delete.effect deviates: DELETE only switches the account off: it can still be read.
delete.listed deviates: It still comes in lists.
delete.again unknown: The account is only switched off, so it is still there.
delete.recreate deviates: The login cannot be used again: 409.
rate.headers noted: No header tells how fast the server may be asked. It never asked us to slow down.
"#);
    assert_snapshot!(report.left.join("\n"), @"The account `Probe.Me@acme.example` (id usr-000006) was to be removed, and the server still shows it.");
}

#[tokio::test]
async fn each_way_to_switch_off_is_told() {
    let told = async |profile: Profile| {
        let vendor = vendor(profile).await;
        let report = probe(&vendor, true).await;
        assert_eq!(report.left, Vec::<String>::new());
        check_untouched(&vendor);
        ["patch.active_path", "patch.active_pathless", "put.active"]
            .map(|key| answer(&report, key))
            .join("\n")
    };
    assert_snapshot!(told(Profile { patch: PatchSupport::Nothing, ..Profile::full() }).await, @r#"
patch.active_path deviates: It is answered with 200, and a look shows that it was not done.
patch.active_pathless deviates: It is answered with 200, and a look shows that it was not done.
put.active conforms: PUT switches it off and on again.
"#);
    assert_snapshot!(told(Profile { patch: PatchSupport::Absent, ..Profile::full() }).await, @r#"
patch.active_path absent: PATCH is not there: 501.
patch.active_pathless absent: PATCH is not there: 501.
put.active conforms: PUT switches it off and on again.
"#);
    assert_snapshot!(told(Profile { patch_form: PatchForm::PathlessOnly, ..Profile::full() }).await, @r#"
patch.active_path deviates: It is refused with 400 invalidPath (Malformed operation).
patch.active_pathless conforms: The account is switched off.
put.active conforms: PUT switches it off and on again.
"#);
    assert_snapshot!(told(Profile { put: false, ..Profile::full() }).await, @r#"
patch.active_path conforms: The account is switched off.
patch.active_pathless conforms: The account is on again.
put.active deviates: PUT is not there: 405.
"#);
}

#[tokio::test]
async fn a_delete_that_is_refused_leaves_something_and_says_so() {
    let vendor = vendor(Profile { delete: DeleteMeans::Refused, ..Profile::full() }).await;
    let report = probe(&vendor, true).await;
    assert_snapshot!(answer(&report, "delete.effect"), @"delete.effect deviates: DELETE is refused with 405.");
    let id = vendor.users().last().unwrap()["id"].as_str().unwrap().to_owned();
    assert_snapshot!(report.left.join("\n").replace(&id, "ID"), @"The account `Probe.Me@acme.example` (id ID) was to be removed, and the server still shows it.");
}

#[tokio::test]
async fn an_account_that_was_there_is_put_back_and_never_removed() {
    let vendor = vendor(Profile::full()).await;
    let id = vendor.seed_user(json!({
        "userName": LOGIN, "active": false, "displayName": "Test account", "title": "Tester",
        "emails": [{"value": LOGIN, "type": "work", "primary": true}],
    }));
    let report = probe(&vendor, true).await;
    let restored = report.restored.as_ref().unwrap();
    assert_eq!(restored.differs, Vec::<String>::new());
    let user = vendor.user(&id).unwrap();
    assert_eq!((&user["active"], &user["title"]), (&json!(false), &json!("Tester")));
    let effects = vendor.ledger().effects();
    assert!(
        effects.iter().all(|effect| !effect.what.starts_with("removed Probe.Me")),
        "{effects:?}"
    );
    assert_snapshot!(answer(&report, "create.answer"), @"create.answer unknown: The account was there before, so it was not made.");
    assert_snapshot!(answer(&report, "create.duplicate"), @"create.duplicate unknown: The account was there before.");
    assert_snapshot!(answer(&report, "delete.effect"), @"delete.effect unknown: The account was there before, so it is not removed.");
}

#[tokio::test]
async fn what_an_earlier_probe_left_behind_is_known_again_and_removed() {
    let vendor = vendor(Profile::full()).await;
    vendor.seed_user(json!({"userName": LOGIN, "active": true, "externalId": mark(LOGIN)}));
    let report = probe(&vendor, true).await;
    assert_eq!((report.restored, report.left), (None, vec![]));
    check_untouched(&vendor);
}

#[tokio::test]
async fn nothing_is_made_where_nobody_can_tell_whether_it_is_there() {
    let profile = Profile { filters: Filters::Ignored, page_max: 2, ..Profile::full() };
    let vendor = vendor(profile).await;
    vendor.fault(Fault::on("GET", "/Users", Twist::StartIndexIgnored));
    let report = probe(&vendor, true).await;
    assert_snapshot!(answer(&report, "create.answer"), @"create.answer unknown: Nobody can tell whether there is such an account already: filters by login do not work and the list could not be read whole. So nothing was made.");
    assert_snapshot!(answer(&report, "paging.total"), @"paging.total deviates: `totalResults` says 5, but paging showed 2 accounts. The pages are the same one again and again.");
    assert_eq!(vendor.ledger().effects().len(), 0);
}

#[tokio::test]
async fn lists_that_lie_are_told() {
    let told = async |twist: Twist, key: &str| {
        let vendor = vendor(Profile::full()).await;
        vendor.fault(Fault::on("GET", "/Users", twist));
        answer(&probe(&vendor, false).await, key)
    };
    assert_snapshot!(told(Twist::TotalResults { is: json!(9) }, "paging.total").await, @"paging.total deviates: `totalResults` says 9, but paging showed 5 accounts.");
    assert_snapshot!(told(Twist::RepeatPage, "paging.total").await, @"paging.total deviates: `totalResults` says 5, but paging showed 2 accounts. The pages are the same one again and again.");
    assert_snapshot!(told(Twist::RepeatPage, "list.past_end").await, @"list.past_end deviates: `startIndex=6` of 5 accounts gives the first page again.");
    assert_snapshot!(told(Twist::Overlap { by: 1 }, "paging.total").await, @"paging.total deviates: Paging shows 5 accounts, but some of them twice.");
    assert_snapshot!(told(Twist::StartIndexIgnored, "list.start_index").await, @"list.start_index deviates: `startIndex=2` begins with the first account: it is ignored.");
    assert_snapshot!(told(Twist::WrongTypes, "list.envelope").await, @r#"
list.envelope deviates: The list can be read, but: "totalResults" is "5", which is no whole number; "startIndex" is "1", which is no whole number; "itemsPerPage" is "5", which is no whole number.
"#);
}

#[tokio::test]
async fn what_is_seen_late_is_waited_for_and_measured() {
    let vendor = vendor(Profile::full()).await;
    vendor.fault(Fault::on("POST", "/Users", Twist::VisibleAfter { reads: 2 }).times(1));
    let report = probe(&vendor, true).await;
    let settles = answer(&report, "create.settles");
    assert!(settles.starts_with("create.settles noted: It is seen after 0."), "{settles}");
    assert_eq!(report.left, Vec::<String>::new());
    check_untouched(&vendor);
}

#[tokio::test]
async fn a_duplicate_in_the_vendors_own_words_is_told() {
    let vendor = vendor(Profile { duplicate: DuplicateBody::Odd, ..Profile::full() }).await;
    let report = probe(&vendor, true).await;
    assert_snapshot!(answer(&report, "create.duplicate"), @"create.duplicate deviates: It is refused with 409, but: `schemas` does not name the Error schema; `status` is missing; `scimType` is missing.");
}

#[tokio::test]
async fn a_server_that_asks_to_wait_is_given_time_and_told() {
    let vendor = vendor(Profile::full()).await;
    let slow = Twist::Status { status: 429, retry_after: Some("1".into()), body: None };
    vendor.fault(Fault::on("GET", "/ResourceTypes", slow).times(1));
    let report = probe(&vendor, false).await;
    assert_snapshot!(answer(&report, "discovery.resource_types"), @"discovery.resource_types conforms: /ResourceTypes lists 2 entries and the endpoint /Users is among them.");
    assert_snapshot!(answer(&report, "rate.headers"), @"rate.headers noted: Headers tell of it: retry-after. It asked us once to slow down.");
}

/// Stops the probe when the first thing is about to be made.
struct Impatient<'a> {
    stop: &'a AtomicBool,
    said: Mutex<Vec<String>>,
}

impl Progress for Impatient<'_> {
    fn begin(&self, _what: &str, _total: Option<u64>) {}
    fn advance(&self, _by: u64) {}
    fn say(&self, sentence: &str) {
        self.said.lock().unwrap().push(sentence.to_owned());
        self.stop.store(true, Ordering::Relaxed);
    }
    fn end(&self) {}
}

#[tokio::test]
async fn a_probe_that_is_stopped_in_the_middle_removes_what_it_made() {
    let vendor = vendor(Profile::full()).await;
    let stop = AtomicBool::new(false);
    let impatient = Impatient { stop: &stop, said: Mutex::default() };
    let report = Probe::new(settings(&vendor, true)).unwrap().run(&impatient, &stop).await.unwrap();
    let said = impatient.said.lock().unwrap();
    assert_snapshot!(said[0], @"Making the account `Probe.Me@acme.example`. If this is cut off, remove it there.");
    assert!(said[1].starts_with("Removing the account with id "), "{}", said[1]);
    assert_snapshot!(report.cut_short.unwrap(), @"The probe was told to stop.");
    assert_eq!(vendor.ledger().effects().len(), 2, "made and removed");
    check_untouched(&vendor);
}

#[tokio::test]
async fn a_creation_whose_answer_is_lost_is_named() {
    let vendor = vendor(Profile::full()).await;
    vendor.fault(Fault::on("POST", "/Users", Twist::ResetAfter).times(1));
    let report = probe(&vendor, true).await;
    let made = answer(&report, "create.answer");
    assert!(made.starts_with("create.answer unknown: There was no answer: "), "{made}");
    assert_snapshot!(report.left.join("\n"), @"Perhaps the account `Probe.Me@acme.example` was made; the server did not tell its id. Look for it.");
}

#[tokio::test]
async fn a_server_that_cannot_be_probed_is_an_error_and_no_report() {
    let vendor = vendor(Profile::full()).await;
    let fails = async |change: fn(&mut ProbeSettings)| {
        let mut settings = settings(&vendor, false);
        change(&mut settings);
        let probe = match Probe::new(settings) {
            Ok(probe) => probe,
            Err(error) => return said(&error),
        };
        said(&probe.run(&Quiet, &AtomicBool::new(false)).await.unwrap_err())
    };
    assert_snapshot!(fails(|it| it.scim.token = Secret::new("not-the-token")).await, @r#"
Instance `vendor`: The instance refused the token (401).
  The token has expired or was revoked. Make a new one and put it where the old one lies.
"#);
    assert_snapshot!(fails(|it| it.scim.base_url.push_str("/v7")).await, @r#"
Instance `vendor`: The instance answered 404: there is nothing at that address.
  Check `base_url`: it is where this tenant's API starts, without `/Users`.
"#);
    assert_snapshot!(fails(|it| it.scim.allow_private = false).await, @r#"
The base URL of instance `vendor` is refused: plain http would send the token readable.
  If the vendor runs in your own network, set `allow_private = true`.
"#);
}

#[tokio::test]
async fn a_report_names_nobody() {
    let vendor = vendor(Profile::mindtickle()).await;
    let report = probe(&vendor, false).await;
    let text: String = report.answers.iter().map(line).collect();
    let receipts: Vec<Value> = report
        .answers
        .iter()
        .flat_map(|it| &it.receipts)
        .map(|it| json!([it.request_digest, it.answer_digest]))
        .collect();
    for name in ["ana", "bea", "cem", "dan", "eva", "acme"] {
        assert!(!text.contains(&format!("{name}@")), "{name} is in {text}");
    }
    assert!(!receipts.is_empty());
}
