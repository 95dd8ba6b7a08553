//! Each console as its app's file has it, and after a redesign.

use rollbook_core::account::State;
use rollbook_core::change::Op;
use rollbook_core::snapshot::Coverage;
use rollbook_core::step::{Outcome, Seen};
use rollbook_engine::channel::Channel;
use rollbook_engine::channel::browser::BrowserChannel;
use rollbook_testkit::console::{Brand, Design, MemberState, Robot};

use super::scene::{Before, change, channel, console, new_recipe, removal, settings};
use crate::changes::{check_done, create};

#[tokio::test]
async fn uxpin_is_read_and_acted_in() {
    read_and_act(Brand::Uxpin).await;
}

#[tokio::test]
async fn mosaic_is_read_and_acted_in() {
    read_and_act(Brand::Mosaic).await;
}

#[tokio::test]
async fn stitch_is_read_and_acted_in() {
    read_and_act(Brand::Stitch).await;
}

#[tokio::test]
async fn stonly_is_read_and_acted_in() {
    read_and_act(Brand::Stonly).await;
}

/// Signs in with a code, reads three pages, and does everything that the app's file can.
async fn read_and_act(brand: Brand) {
    let console = console(brand).await;
    let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ".to_owned();
    console.let_in(Robot { totp: Some(secret), ..console.robot() });
    for number in 1..=11 {
        let name = format!("Member {number:02}");
        console.seed(&name, &format!("m{number:02}@example.com"), brand.roles()[0]);
    }
    let invited = console.members()[3].id;
    console.set_state(invited, MemberState::Invited);
    let channel = channel(&console);
    let seen = channel.observe().await.expect("the list can be read");
    assert_eq!((seen.coverage, seen.reported), (Coverage::Complete, Some(12)), "{brand:?}");
    let third = seen.accounts.iter().find(|it| it.login == "m03@example.com").expect("seeded");
    assert_eq!((third.display_name.as_str(), third.state), ("Member 03", State::Invited));

    let target = console.members()[7].clone();
    check_done(&channel, &removal(&console, &target)).await;
    let mut effects = vec![if brand.only_deactivates() { "deactivated" } else { "removed" }];
    let newcomer = create("nora@example.com", "per_1");
    check_done(&channel, &newcomer).await;
    effects.push("invited");
    if brand == Brand::Mosaic {
        let off = console.member(target.id).expect("deactivated members stay");
        check_done(&channel, &change(Op::Reactivate, &off)).await;
        effects.push("reactivated");
    }
    if matches!(brand, Brand::Uxpin | Brand::Stitch) {
        let role = brand.roles()[1].to_owned();
        let member = console.members()[5].clone();
        check_done(&channel, &change(Op::Grant { entitlement: role.clone() }, &member)).await;
        let member = console.member(member.id).expect("still there");
        assert_eq!(member.role, role);
        check_done(&channel, &change(Op::Revoke { entitlement: role }, &member)).await;
        assert_eq!(console.member(member.id).expect("still there").role, brand.roles()[0]);
        effects.extend(["changed role of", "changed role of"]);
    }
    let done = console.ledger().effects();
    let verbs: Vec<&str> =
        done.iter().map(|it| it.what.rsplit_once(' ').expect("verb and address").0).collect();
    assert_eq!(verbs, effects, "{brand:?}");
    assert_eq!((console.wrong_sign_ins(), console.sessions_made().len()), (0, 2), "{brand:?}");
}

#[tokio::test]
async fn uxpin_is_left_alone_after_a_redesign_until_its_steps_are_written_anew() {
    redesign(Brand::Uxpin).await;
}

#[tokio::test]
async fn mosaic_is_left_alone_after_a_redesign_until_its_steps_are_written_anew() {
    redesign(Brand::Mosaic).await;
}

#[tokio::test]
async fn stitch_is_left_alone_after_a_redesign_until_its_steps_are_written_anew() {
    redesign(Brand::Stitch).await;
}

#[tokio::test]
async fn stonly_is_left_alone_after_a_redesign_until_its_steps_are_written_anew() {
    redesign(Brand::Stonly).await;
}

async fn redesign(brand: Brand) {
    let console = console(brand).await;
    for number in 1..=7 {
        let name = format!("Member {number:02}");
        console.seed(&name, &format!("m{number:02}@example.com"), brand.roles()[0]);
    }
    let target = console.members()[4].clone();
    let change = removal(&console, &target);
    let old = channel(&console);
    drop(old.observe().await.expect("the old design is known"));
    console.redesign(Design::New);
    let before = Before::of(&console);
    let outcome = old.apply(&change).await;
    assert!(matches!(outcome, Outcome::Failed { .. } | Outcome::Refused { .. }), "{outcome:?}");
    let seen = old.look(&change).await;
    assert!(matches!(seen, Seen::Unobservable { .. }), "{brand:?}: {seen:?}");
    before.judge(&console, target.id, &outcome, &seen, "redesigned");
    drop(old);

    let anew = BrowserChannel::new(settings(&console, new_recipe(brand))).expect("an address");
    let read = anew.observe().await.expect("the new design is known now");
    assert_eq!((read.coverage, read.reported), (Coverage::Complete, Some(8)), "{brand:?}");
    let outcome = anew.apply(&change).await;
    assert!(matches!(outcome, Outcome::Done { .. }), "{brand:?}: {outcome:?}");
    before.judge(&console, target.id, &outcome, &anew.look(&change).await, "written anew");
}
