//! Who may sign in, and what a secret opens.

use jiff::SignedDuration;
use rollbook_core::role::Role;
use rollbook_engine::clock::Clock;
use rollbook_engine::member::Invited;
use rollbook_engine::{Engine, Presence};

use crate::{book, said};

/// The same workspace, so many minutes later.
fn later(dir: &tempfile::TempDir, minutes: i64) -> Engine {
    let clock = Clock::Shifted(SignedDuration::from_mins(minutes));
    Engine::open_as(dir.path(), clock, Presence::Guest, "test").unwrap()
}

fn workspace() -> (tempfile::TempDir, Engine) {
    let dir = tempfile::tempdir().unwrap();
    book::init(dir.path());
    let engine = Engine::open_as(dir.path(), Clock::System, Presence::Host, "test").unwrap();
    (dir, engine)
}

fn kinds(engine: &Engine) -> Vec<String> {
    let events = engine.store().read(|book| book.events()).unwrap();
    events.into_iter().map(|event| event.kind).collect()
}

#[test]
fn the_first_owner_comes_in_by_a_link_that_works_once() {
    let (_dir, engine) = workspace();
    let stale = engine.invite_first_owner().unwrap().unwrap();
    let link = engine.invite_first_owner().unwrap().unwrap();
    assert_eq!(engine.invited(stale.expose()).unwrap(), None, "only the newest link works");
    assert_eq!(engine.invited(link.expose()).unwrap(), Some(Invited::FirstOwner));

    let nameless = engine.sign_in(link.expose(), " ").unwrap_err();
    assert_eq!(nameless.message, "It is not said who you are.");
    let opened = engine.sign_in(link.expose(), "Robin Vale").unwrap().unwrap();
    assert_eq!((opened.member.name.as_str(), opened.member.role), ("Robin Vale", Role::Owner));
    assert!(engine.sign_in(link.expose(), "Mallory").unwrap().is_none());
    assert!(engine.invite_first_owner().unwrap().is_none(), "there is an owner now");

    let signed = engine.session(opened.secret.expose()).unwrap().unwrap();
    assert_eq!(signed.member, opened.member);
    assert!(signed.is_fresh(engine.now()) && signed.turned.is_none());
    engine.sign_out(&signed).unwrap();
    assert!(engine.session(opened.secret.expose()).unwrap().is_none());
    assert_eq!(kinds(&engine), ["member_added", "signed_in", "signed_out"]);
}

#[test]
fn a_session_turns_its_secret_and_ends() {
    let (dir, engine) = workspace();
    let owner = engine.add_member("Robin Vale", Role::Owner, "Robin Vale", None).unwrap();
    let link = engine.invite("robin vale", "Robin Vale", None).unwrap();
    assert_eq!(engine.invited(link.expose()).unwrap(), Some(Invited::Member(owner)));
    let began = engine.sign_in(link.expose(), "").unwrap().unwrap();
    let first = began.secret.expose();

    let hour = later(&dir, 61);
    let signed = hour.session(first).unwrap().unwrap();
    assert!(!signed.is_fresh(hour.now()), "an hour later nobody approves with it");
    let second = signed.turned.expect("it is an hour old");
    assert!(hour.session(first).unwrap().is_some(), "a request may have been on its way");
    assert!(hour.session(second.expose()).unwrap().unwrap().turned.is_none());

    let then = later(&dir, 63);
    assert!(then.session(first).unwrap().is_none(), "and two minutes later none is");
    assert!(then.session(second.expose()).unwrap().is_some());
    assert!(later(&dir, 63 + 8 * 60).session(second.expose()).unwrap().is_none(), "it rested");
}

#[test]
fn whoever_is_ended_is_out_at_once_and_an_owner_stays() {
    let (_dir, engine) = workspace();
    engine.add_member("Robin Vale", Role::Owner, "Robin Vale", None).unwrap();
    engine.add_member("Kim Orlov", Role::Approver, "Robin Vale", Some(Role::Owner)).unwrap();
    let link = engine.invite("Kim Orlov", "Robin Vale", None).unwrap();
    let opened = engine.sign_in(link.expose(), "").unwrap().unwrap();
    engine.set_role("Kim Orlov", Role::Viewer, "Robin Vale", None).unwrap();
    let signed = engine.session(opened.secret.expose()).unwrap().unwrap();
    assert_eq!(signed.member.role, Role::Viewer, "a role counts from the next request on");
    engine.end_member("Kim Orlov", "Robin Vale", None).unwrap();
    assert!(engine.session(opened.secret.expose()).unwrap().is_none());

    let refusals = [
        engine.add_member(" ROBIN  Vale", Role::Viewer, "x", None).map(drop),
        engine.add_member("robin vale", Role::Viewer, "x", None).map(drop),
        engine.add_member("a\u{202e}b", Role::Viewer, "x", None).map(drop),
        engine.add_member("idp:okta", Role::Viewer, "x", None).map(drop),
        engine.add_member("Mallory", Role::Owner, "x", Some(Role::Admin)).map(drop),
        engine.end_member("Robin Vale", "x", None),
        engine.set_role("Robin Vale", Role::Admin, "x", None),
        engine.invite("Kim Orlov", "x", None).map(drop),
        engine.invite("Robin Vale", "x", Some(Role::Admin)).map(drop),
    ];
    let said: Vec<String> =
        refusals.iter().map(|done| done.as_ref().map_or_else(said, |()| "done".into())).collect();
    insta::assert_snapshot!(said.join("\n"), @r"
    Somebody named `ROBIN Vale` may sign in already.
      Give namesakes names that tell them apart; the audit chain keeps them.
    Somebody named `robin vale` may sign in already.
      Give namesakes names that tell them apart; the audit chain keeps them.
    This cannot be the name of somebody who signs in.
      Use up to 100 characters that can be read, such as `Kim Orlov`, and no colon.
    This cannot be the name of somebody who signs in.
      Use up to 100 characters that can be read, such as `Kim Orlov`, and no colon.
    Your role does not let you say who is owner.
      Ask an owner.
    Robin Vale is the only owner.
      Make somebody else an owner first.
    Robin Vale is the only owner.
      Make somebody else an owner first.
    Nobody named `Kim Orlov` may sign in.
      `rollbook member list` lists who may.
    Your role does not let you say who is owner.
      Ask an owner.
    ");
}

#[test]
fn a_programs_token_names_itself_and_ends() {
    let (dir, engine) = workspace();
    let until = engine.now() + SignedDuration::from_hours(1);
    let minted = engine.mint_api_token("CI", Role::Operator, Some(until), "Robin", None).unwrap();
    let secret = minted.secret.expose();
    let caller = engine.api_caller(secret).unwrap().unwrap();
    assert_eq!((caller.actor().as_str(), caller.role), ("token:CI", Role::Operator));
    assert!(engine.api_tokens().unwrap()[0].used_at.is_some());
    let wrong = [&secret[..secret.len() - 1], "rba_", "", &secret.replace("rba_", "rbk_")]
        .map(|text| engine.api_caller(text).unwrap());
    assert_eq!(wrong, [None, None, None, None]);
    assert!(later(&dir, 61).api_caller(secret).unwrap().is_none(), "it has expired");
    engine.revoke_api_token(&minted.token.id, "Robin").unwrap();
    assert!(engine.api_caller(secret).unwrap().is_none());
    assert!(engine.revoke_api_token(&minted.token.id, "Robin").is_err(), "only once");
}
