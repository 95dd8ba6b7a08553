//! Acting on a SCIM vendor: every form, every refusal, every lost answer.

use rollbook_core::account::State;
use rollbook_core::change::{Change, Op};
use rollbook_core::step::{ATTRIBUTES, Outcome, Seen, Verdict, judge};
use rollbook_engine::channel::Channel;
use rollbook_engine::channel::scim::{ScimChannel, ScimSettings};
use rollbook_testkit::scim_vendor::{
    DeleteMeans, Filters, MembersShown, PatchForm, PatchSupport, PutWithoutActive,
};
use rollbook_testkit::{Fault, Profile, ScimVendor, Twist};
use serde_json::{Value, json};

use crate::changes::{change, check_done, create, update};
use crate::scim_observe::{channel, settings};

const ANA: &str = "ana@acme.example";

/// Ana with the id 1, Bea with 2, and the group 100 with Bea in it.
async fn vendor(profile: Profile) -> ScimVendor {
    let vendor = ScimVendor::start(profile).await.unwrap();
    for (id, name) in [("1", "Ana"), ("2", "Bea")] {
        let login = format!("{}@acme.example", name.to_lowercase());
        vendor.seed_user(json!({
            "id": id, "userName": login, "active": true, "displayName": name,
            "name": {"givenName": name, "familyName": "de Vries"}, "nickName": "kept",
            "emails": [{"value": login, "type": "work", "primary": true}],
        }));
    }
    vendor.seed_group(json!({"id": "100", "displayName": "Sales", "members": [{"value": "2"}]}));
    vendor
}

fn on_ana(op: Op) -> Change {
    change(op, "1", ANA, State::Active)
}

fn status(status: u16, retry_after: Option<&str>) -> Twist {
    Twist::Status { status, retry_after: retry_after.map(str::to_owned), body: None }
}

fn writes(vendor: &ScimVendor) -> Vec<String> {
    let asked = vendor.asked().into_iter().filter(|a| a.method != "GET");
    asked
        .map(|a| format!("{} {} {}", a.method, a.target.replace("/scim/v2", ""), a.status))
        .collect()
}

fn effects(vendor: &ScimVendor) -> usize {
    vendor.ledger().effects().len()
}

#[tokio::test]
async fn the_ladder_ends_in_the_wanted_state_on_vendors_of_every_kind() {
    let full = Profile::full();
    for profile in [
        full.clone(),
        Profile::mindtickle(),
        Profile { patch: PatchSupport::Nothing, ..full.clone() },
        Profile { patch: PatchSupport::Absent, etags: false, ..full.clone() },
        Profile { patch_form: PatchForm::PathOnly, put: false, ..full.clone() },
        Profile { patch_form: PatchForm::PathlessOnly, put: false, ..full.clone() },
        Profile {
            patch: PatchSupport::Absent,
            put_without_active: PutWithoutActive::Deactivates,
            ..full.clone()
        },
        Profile { integer_ids: true, filters: Filters::Ignored, discovery: false, ..full },
    ] {
        let vendor = vendor(profile.clone()).await;
        let channel = channel(&vendor);
        let set = [("displayName", "Ana V."), ("name.familyName", "Vries"), ("title", "Lead")];
        check_done(&channel, &update("1", ANA, &set)).await;
        assert_eq!(vendor.user("1").unwrap()["active"], true, "{profile:?}");
        check_done(&channel, &on_ana(Op::Suspend)).await;
        check_done(&channel, &change(Op::Reactivate, "1", ANA, State::Suspended)).await;
        let ana = vendor.user("1").unwrap();
        assert_eq!((&ana["nickName"], &ana["title"]), (&json!("kept"), &json!("Lead")));
        assert_eq!(vendor.user("2").unwrap()["displayName"], "Bea", "{profile:?}");
    }
}

#[tokio::test]
async fn an_update_of_the_address_and_of_enterprise_attributes_lands_where_it_belongs() {
    let vendor = vendor(Profile::full()).await;
    let set = [("emails", "new@acme.example"), ("department", "Sales"), ("employeeNumber", "007")];
    check_done(&channel(&vendor), &update("1", ANA, &set)).await;
    let ana = vendor.user("1").unwrap();
    assert_eq!(ana["emails"].as_array().map(Vec::len), Some(1), "{ana}");
    assert_eq!(ana["emails"][0]["value"], "new@acme.example");
    let enterprise = &ana["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"];
    assert_eq!(
        (&enterprise["department"], &enterprise["employeeNumber"]),
        (&json!("Sales"), &json!("007"))
    );
}

#[tokio::test]
async fn every_attribute_that_a_plan_may_set_is_seen_where_it_was_set() {
    let full = Profile::full();
    for profile in [full.clone(), Profile { patch: PatchSupport::Absent, ..full }] {
        for row in ATTRIBUTES {
            let vendor = vendor(profile.clone()).await;
            let channel = channel(&vendor);
            // The name as people write it, and with the extension's URN where it has one.
            for name in [row.name.to_lowercase(), row.name.to_owned()] {
                let value = format!("{name}@new.example");
                let set = update("1", ANA, &[(&name, &value)]);
                check_set(&channel, &set).await;
                assert_eq!(channel.apply(&set).await, already_done("1"), "{name}");
                let email = json!([{"value": ANA, "type": "work", "primary": true}]);
                vendor.seed_user(json!({"id": "1", "userName": ANA, "emails": email}));
            }
        }
    }
}

fn already_done(key: &str) -> Outcome {
    Outcome::AlreadyDone { account: key.into() }
}

/// The change takes, and the next look says so.
async fn check_set(channel: &impl Channel, change: &Change) {
    let outcome = channel.apply(change).await;
    assert!(matches!(outcome, Outcome::Done { .. }), "{change:?}: {outcome:?}");
    let seen = channel.look(change).await;
    assert_eq!(judge(change, &seen), Verdict::Confirmed, "{seen:?}");
}

#[tokio::test]
async fn a_form_that_the_vendor_does_not_have_is_not_tried_twice() {
    let vendor = vendor(Profile { patch: PatchSupport::Absent, ..Profile::full() }).await;
    let channel = channel(&vendor);
    check_done(&channel, &on_ana(Op::Suspend)).await;
    check_done(&channel, &change(Op::Reactivate, "1", ANA, State::Suspended)).await;
    assert_eq!(
        writes(&vendor),
        ["PATCH /Users/1 501", "PATCH /Users/1 501", "PUT /Users/1 200", "PUT /Users/1 200"]
    );
}

#[tokio::test]
async fn what_is_so_already_is_not_sent() {
    let vendor = vendor(Profile::full()).await;
    let channel = channel(&vendor);
    for already in [
        change(Op::Reactivate, "1", ANA, State::Suspended),
        update("1", ANA, &[("displayName", "Ana")]),
        on_ana(Op::Revoke { entitlement: "100".into() }),
        change(Op::Grant { entitlement: "100".into() }, "2", "bea@acme.example", State::Active),
        change(Op::Remove, "99", "gone@acme.example", State::Active),
    ] {
        let outcome = channel.apply(&already).await;
        assert!(matches!(outcome, Outcome::AlreadyDone { .. }), "{already:?}: {outcome:?}");
    }
    assert_eq!(writes(&vendor), [""; 0]);
}

#[tokio::test]
async fn what_no_longer_fits_is_refused_and_not_sent() {
    let vendor = vendor(Profile::full()).await;
    let channel = channel(&vendor);
    for (stale, why) in [
        (change(Op::Suspend, "1", "someone@acme.example", State::Active), "login was"),
        (change(Op::Remove, "1", ANA, State::Suspended), "It was suspended and is now active"),
        (update("99", "gone@acme.example", &[("title", "x")]), "not there any more"),
        (create(ANA, "per_new"), "carries no external id"),
    ] {
        match channel.apply(&stale).await {
            Outcome::Refused { why: told } => assert!(told.contains(why), "{told}"),
            other => panic!("{stale:?}: {other:?}"),
        }
    }
    assert_eq!(writes(&vendor), [""; 0]);
}

#[tokio::test]
async fn a_member_goes_in_and_out_and_the_others_stay() {
    for profile in [Profile::full(), Profile::mindtickle()] {
        let vendor = vendor(profile).await;
        let channel = channel(&vendor);
        let entitlement = || "100".to_owned();
        check_done(&channel, &on_ana(Op::Grant { entitlement: entitlement() })).await;
        check_done(&channel, &on_ana(Op::Revoke { entitlement: entitlement() })).await;
        let members = vendor.group("100").unwrap()["members"].clone();
        assert_eq!(members.as_array().map(Vec::len), Some(1), "{members}");
        assert_eq!(members[0]["value"], "2");
    }
}

#[tokio::test]
async fn a_group_that_refuses_one_form_is_told_in_another() {
    let vendor = vendor(Profile::full()).await;
    let channel = channel(&vendor);
    let on_group = |twist| Fault::on("PATCH", "/Groups/100", twist).times(1);
    vendor.fault(on_group(status(400, None)));
    check_done(&channel, &on_ana(Op::Grant { entitlement: "100".into() })).await;
    assert_eq!(vendor.unfired(), [""; 0]);
    vendor.clear_faults();
    vendor.fault(on_group(status(400, None)));
    check_done(&channel, &on_ana(Op::Revoke { entitlement: "100".into() })).await;
    assert_eq!(vendor.unfired(), [""; 0]);
    let members = vendor.group("100").unwrap()["members"].to_string();
    assert!(members.contains("\"2\"") && !members.contains("\"1\""), "{members}");
}

#[tokio::test]
async fn removed_means_what_the_vendor_makes_of_it() {
    let with = |delete| Profile { delete, ..Profile::full() };
    let gone = vendor(with(DeleteMeans::Gone)).await;
    check_done(&channel(&gone), &on_ana(Op::Remove)).await;
    assert!(gone.user("1").is_none() && gone.user("2").is_some());

    let inactive = vendor(with(DeleteMeans::Inactive)).await;
    let to_inactive = channel(&inactive);
    assert!(matches!(to_inactive.apply(&on_ana(Op::Remove)).await, Outcome::Done { .. }));
    match to_inactive.look(&on_ana(Op::Remove)).await {
        Seen::Present { account } => assert_eq!(account.state, State::Suspended),
        other => panic!("{other:?}"),
    }

    let never = vendor(with(DeleteMeans::Refused)).await;
    match channel(&never).apply(&on_ana(Op::Remove)).await {
        Outcome::Failed { retry_at: None, hint, .. } => assert!(hint.contains("Suspend")),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_account_is_made_once_on_vendors_of_every_kind() {
    let full = Profile::full();
    for profile in [
        full.clone(),
        Profile::mindtickle(),
        Profile { filters: Filters::Ignored, ..full.clone() },
        Profile { filters: Filters::UserNameEq, integer_ids: true, ..full },
    ] {
        let vendor = vendor(profile).await;
        let channel = channel(&vendor);
        let cem = create("cem@acme.example", "per_cem");
        let key = check_done(&channel, &cem).await;
        match channel.apply(&cem).await {
            Outcome::AlreadyDone { account } => assert_eq!(account.as_str(), key),
            other => panic!("{other:?}"),
        }
        assert_eq!((vendor.users().len(), effects(&vendor)), (3, 1));
        let made = vendor.user(&key).unwrap();
        assert_eq!(made["name"]["familyName"], "de Vries", "{made}");
    }
}

#[tokio::test]
async fn a_create_whose_answer_was_lost_is_found_and_not_repeated() {
    for twist in [Twist::ResetAfter, Twist::DoneButStatus { status: 500 }, Twist::Truncated] {
        let vendor = vendor(Profile::full()).await;
        let channel = channel(&vendor);
        vendor.fault(Fault::on("POST", "/Users", twist).times(1));
        let cem = create("cem@acme.example", "per_cem");
        let outcome = channel.apply(&cem).await;
        assert!(matches!(outcome, Outcome::Uncertain { .. }), "{outcome:?}");
        assert!(matches!(channel.look(&cem).await, Seen::Present { .. }));
        assert!(matches!(channel.apply(&cem).await, Outcome::AlreadyDone { .. }));
        assert_eq!((effects(&vendor), vendor.unfired()), (1, vec![]));
    }
}

#[tokio::test]
async fn a_create_that_says_nothing_is_searched_for() {
    let vendor = vendor(Profile::full()).await;
    vendor.fault(Fault::on("POST", "/Users", Twist::EmptyBody).times(1));
    check_done(&channel(&vendor), &create("cem@acme.example", "per_cem")).await;
    assert_eq!(vendor.unfired(), [""; 0]);
}

#[tokio::test]
async fn a_create_that_made_nothing_is_seen_to_have_made_nothing() {
    let vendor = vendor(Profile::full()).await;
    let channel = channel(&vendor);
    vendor.fault(Fault::on("POST", "/Users", Twist::Ignored).times(1));
    let cem = create("cem@acme.example", "per_cem");
    channel.apply(&cem).await;
    assert_eq!(channel.look(&cem).await, Seen::Absent);
    check_done(&channel, &cem).await;
    assert_eq!((effects(&vendor), vendor.unfired()), (1, vec![]));
}

#[tokio::test]
async fn a_conflict_adopts_nobody_and_names_the_account() {
    let vendor = vendor(Profile::full()).await;
    vendor.seed_user(json!({
        "id": "3", "userName": "cem@acme.example", "active": false, "externalId": "per_other",
    }));
    match channel(&vendor).apply(&create("cem@acme.example", "per_cem")).await {
        Outcome::Refused { why } => {
            assert!(why.contains("The account 3 has the login cem@acme.example"), "{why}");
            assert!(why.contains("suspended") && why.contains("per_other"), "{why}");
        }
        other => panic!("{other:?}"),
    }
    // Not to be seen by a search, and in the way all the same.
    vendor.fault(Fault::on("POST", "/Users", status(409, None)).times(1));
    match channel(&vendor).apply(&create("dan@acme.example", "per_dan")).await {
        Outcome::Refused { why } => assert!(why.contains("hidden"), "{why}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_is_not_repeated() {
    for twist in [Twist::ResetAfter, Twist::ResetBefore, Twist::Truncated] {
        let vendor = vendor(Profile::full()).await;
        vendor.fault(Fault::on("PATCH", "/Users/1", twist).times(1));
        let outcome = channel(&vendor).apply(&on_ana(Op::Suspend)).await;
        assert!(matches!(outcome, Outcome::Uncertain { .. }), "{outcome:?}");
        assert_eq!(writes(&vendor).len(), 1);
        assert_eq!(vendor.unfired(), [""; 0]);
    }
    let vendor = vendor(Profile::full()).await;
    vendor.fault(Fault::on("DELETE", "/Users/1", Twist::ResetAfter).times(1));
    let channel = channel(&vendor);
    let outcome = channel.apply(&on_ana(Op::Remove)).await;
    assert!(matches!(outcome, Outcome::Uncertain { .. }), "{outcome:?}");
    assert_eq!(channel.look(&on_ana(Op::Remove)).await, Seen::Absent);
    assert!(matches!(channel.apply(&on_ana(Op::Remove)).await, Outcome::AlreadyDone { .. }));
    assert_eq!(effects(&vendor), 1);
}

#[tokio::test]
async fn a_vendor_that_breaks_on_a_write_is_looked_at() {
    let done = vendor(Profile::full()).await;
    done.fault(Fault::on("PATCH", "/Users/1", Twist::DoneButStatus { status: 502 }).times(1));
    check_done(&channel(&done), &on_ana(Op::Suspend)).await;
    assert_eq!(effects(&done), 1);

    let broken = vendor(Profile::full()).await;
    broken.fault(Fault::on("PATCH", "/Users/1", status(500, None)));
    let channel = channel(&broken);
    let outcome = channel.apply(&on_ana(Op::Suspend)).await;
    assert!(matches!(outcome, Outcome::Uncertain { .. }), "{outcome:?}");
    // Every try after a look begins with the next form, so that it ends where the vendor works.
    channel.apply(&on_ana(Op::Suspend)).await;
    check_done(&channel, &on_ana(Op::Suspend)).await;
    assert_eq!(effects(&broken), 1);
}

#[tokio::test]
async fn a_write_that_is_refused_for_now_or_for_good_says_which() {
    for (twist, later, hint) in [
        (status(429, Some("30")), true, ""),
        (status(503, Some("30")), true, ""),
        (status(401, None), false, "token"),
        (status(403, None), false, "scope"),
        (Twist::Redirect { status: 307 }, false, "base_url"),
    ] {
        let vendor = vendor(Profile::full()).await;
        vendor.fault(Fault::on("PATCH", "/Users/1", twist).times(1));
        match channel(&vendor).apply(&on_ana(Op::Suspend)).await {
            Outcome::Failed { retry_at, hint: told, .. } => {
                assert_eq!(retry_at.is_some(), later);
                assert!(told.contains(hint), "{told}");
            }
            other => panic!("{other:?}"),
        }
        assert_eq!((writes(&vendor).len(), effects(&vendor)), (1, 0));
        assert_eq!((vendor.strays(), vendor.unfired()), (vec![], vec![]));
    }
}

#[tokio::test]
async fn an_instance_that_asks_to_wait_is_asked_nothing_else_meanwhile() {
    let vendor = vendor(Profile::full()).await;
    let channel = channel(&vendor);
    vendor.fault(Fault::on("PATCH", "/Users/1", status(429, Some("600"))).times(1));
    assert!(matches!(channel.apply(&on_ana(Op::Suspend)).await, Outcome::Failed { .. }));
    let asked = vendor.asked().len();
    let bea = change(Op::Suspend, "2", "bea@acme.example", State::Active);
    match channel.apply(&bea).await {
        Outcome::Failed { retry_at: Some(at), why, .. } => {
            let wait = at.duration_since(jiff::Timestamp::now()).as_secs();
            assert!((500..=600).contains(&wait), "{wait}: {why}");
        }
        other => panic!("{other:?}"),
    }
    match channel.look(&bea).await {
        Seen::Unobservable { retry_at: Some(_), .. } => {}
        other => panic!("{other:?}"),
    }
    assert_eq!((vendor.asked().len(), vendor.unfired()), (asked, vec![]));
}

#[tokio::test]
async fn a_membership_that_nobody_can_see_is_changed_and_never_called_confirmed_or_contradicted() {
    let hidden =
        Profile { members: MembersShown::Nowhere, groups_on_users: false, ..Profile::full() };
    let vendor = vendor(hidden).await;
    let channel = channel(&vendor);
    let bea = |op| change(op, "2", "bea@acme.example", State::Active);
    let entitlement = || "100".to_owned();
    for wish in [
        on_ana(Op::Grant { entitlement: entitlement() }),
        bea(Op::Revoke { entitlement: entitlement() }),
    ] {
        let before = judge(&wish, &channel.look(&wish).await);
        assert!(matches!(before, Verdict::Unobservable { .. }), "{before:?}");
        let outcome = channel.apply(&wish).await;
        assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
        match judge(&wish, &channel.look(&wish).await) {
            Verdict::Unobservable { why } => assert!(why.contains("shows neither who"), "{why}"),
            other => panic!("{other:?}"),
        }
    }
    let members = vendor.group("100").unwrap()["members"].clone();
    assert_eq!((members.as_array().map(Vec::len), &members[0]["value"]), (Some(1), &json!("1")));
}

#[tokio::test]
async fn an_empty_group_without_members_is_empty_where_other_groups_show_theirs() {
    let vendor = vendor(Profile { groups_on_users: false, ..Profile::full() }).await;
    vendor.seed_group(json!({"id": "200", "displayName": "Empty"}));
    let channel = channel(&vendor);
    let revoke = on_ana(Op::Revoke { entitlement: "200".into() });
    assert_eq!(judge(&revoke, &channel.look(&revoke).await), Verdict::Confirmed);
    check_done(&channel, &on_ana(Op::Grant { entitlement: "200".into() })).await;
}

#[tokio::test]
async fn the_only_group_without_members_is_empty_where_members_were_seen_before() {
    let vendor = ScimVendor::start(Profile::full()).await.unwrap();
    vendor.seed_user(json!({"id": "1", "userName": ANA, "active": true}));
    vendor.seed_group(json!({"id": "100", "displayName": "Sales"}));
    let revoke = on_ana(Op::Revoke { entitlement: "100".into() });
    for (shows_members, is_confirmed) in [(true, true), (false, false)] {
        let settings = ScimSettings { shows_members, ..settings(&vendor) };
        let seen = ScimChannel::new(settings).unwrap().look(&revoke).await;
        assert_eq!(judge(&revoke, &seen) == Verdict::Confirmed, is_confirmed, "{seen:?}");
    }
}

#[tokio::test]
async fn a_member_that_a_cut_off_group_does_not_show_is_neither_in_nor_out() {
    let profile = Profile { members_max: Some(100), groups_on_users: false, ..Profile::full() };
    let vendor = vendor(profile).await;
    let others = (1000..1200).map(|id| id.to_string());
    let members: Vec<_> = others
        .map(|id| json!({"value": vendor.seed_user(json!({"id": id, "userName": id}))}))
        .collect();
    vendor.seed_group(json!({"id": "300", "displayName": "Many", "members": members}));
    let grant = on_ana(Op::Grant { entitlement: "300".into() });
    let channel = channel(&vendor);
    assert!(matches!(channel.apply(&grant).await, Outcome::Done { .. }));
    match judge(&grant, &channel.look(&grant).await) {
        Verdict::Unobservable { why } => assert!(why.contains("shows 100 members"), "{why}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_write_that_is_shown_late_is_done_and_seen_later() {
    let vendor = vendor(Profile::full()).await;
    let channel = channel(&vendor);
    vendor.fault(Fault::on("PATCH", "/Users/1", Twist::VisibleAfter { reads: 6 }).times(1));
    let outcome = channel.apply(&on_ana(Op::Suspend)).await;
    assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
    assert_eq!(vendor.user("1").unwrap()["active"], false);
}

#[tokio::test]
async fn a_look_that_fails_says_so_and_nothing_is_sent() {
    let vendor = vendor(Profile::full()).await;
    let channel = channel(&vendor);
    for twist in [status(500, None), Twist::Html, status(401, None)] {
        vendor.clear_faults();
        vendor.fault(Fault::on("GET", "/Users/1", twist));
        assert!(matches!(channel.look(&on_ana(Op::Suspend)).await, Seen::Unobservable { .. }));
        assert!(matches!(channel.apply(&on_ana(Op::Suspend)).await, Outcome::Failed { .. }));
    }
    assert_eq!(writes(&vendor), [""; 0]);
}

#[tokio::test]
async fn an_account_whose_id_changed_is_found_by_its_login() {
    let vendor = vendor(Profile::full()).await;
    let channel = channel(&vendor);
    vendor.take_out_user("1");
    let moved = vendor.seed_user(json!({"id": "77", "userName": "Ana@ACME.example"}));
    match channel.look(&on_ana(Op::Remove)).await {
        Seen::Present { account } => assert_eq!(account.key.as_str(), moved),
        other => panic!("{other:?}"),
    }
    // Somebody else who now has the login is somebody else.
    vendor.seed_user(json!({"id": "77", "userName": ANA, "externalId": "per_other"}));
    let of_ana = Change { identity: Some("per_ana".into()), ..on_ana(Op::Remove) };
    assert_eq!(channel.look(&of_ana).await, Seen::Absent);
}

#[tokio::test]
async fn ids_and_logins_that_look_like_paths_or_filters_stay_what_they_are() {
    let vendor = vendor(Profile::full()).await;
    let channel = channel(&vendor);
    let odd = r#"x" or userName pr or userName eq "\y"#;
    vendor.seed_user(json!({"id": "../Groups/100?a=b#c", "userName": odd}));
    let suspend = change(Op::Suspend, "../Groups/100?a=b#c", odd, State::Active);
    check_done(&channel, &suspend).await;
    let targets: Vec<_> = vendor.asked().into_iter().map(|a| a.target).collect();
    assert!(
        targets.iter().all(|t| t.ends_with("/Users/..%2FGroups%2F100%3Fa=b%23c")),
        "{targets:?}"
    );
    let twin = create(odd, "per_new");
    assert!(matches!(channel.apply(&twin).await, Outcome::Refused { .. }));
    for id in ["", ".", "..", "a\r\nb"] {
        let outcome = channel.apply(&change(Op::Remove, id, "nobody", State::Active)).await;
        assert!(matches!(outcome, Outcome::Failed { .. }), "{id:?}: {outcome:?}");
    }
    assert_eq!(vendor.users().iter().filter(|u| u["active"] == Value::Bool(false)).count(), 1);
}
