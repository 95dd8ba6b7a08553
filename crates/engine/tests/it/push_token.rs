//! Tokens of identity providers: known to nobody but them, good for one endpoint, and ended at once.

use std::fs;
use std::time::{Duration, Instant};

use rollbook_engine::push::{self, ALL, Intake, Minted, Minting};
use rollbook_scim::server::Profile;
use rollbook_scim::server::ResourceType::{Group, User};

use crate::book::also_on_postgres;
use crate::push_scene::{PushScene, caller};
use crate::said;

also_on_postgres!(
    whatever_is_wrong_with_a_token_it_is_refused_alike,
    a_token_is_rotated_without_a_gap_and_revoked_at_once,
    a_token_that_expired_is_refused_and_makes_room,
    what_cannot_be_a_token_is_refused_with_what_to_do,
    a_token_that_may_only_read_changes_nothing_and_its_attempt_is_recorded,
    what_another_endpoint_was_sent_is_not_found,
);

fn minting(endpoint: &str, idp: &str) -> Minting {
    Minting {
        endpoint: endpoint.to_owned(),
        idp: idp.to_owned(),
        profile: Profile::Auto,
        may_write: true,
        acts_for: String::new(),
        expires: None,
        by: "olga".to_owned(),
    }
}

#[tokio::test]
async fn the_token_of_a_program_opens_no_endpoint_of_identity_providers_and_the_other_way_round() {
    let scene = PushScene::new();
    let intake = scene.intake();
    let engine = intake.engine();
    let program = |acts_for: &str| Minting {
        acts_for: acts_for.to_owned(),
        ..minting(push::MCP, "assistant")
    };
    assert!(engine.mint_token(program(" ")).is_err(), "somebody must be named");
    let named = Minting { acts_for: "robin".to_owned(), ..minting("wiki", "okta") };
    assert!(engine.mint_token(named).is_err(), "an identity provider asks for itself");
    let token = engine.mint_token(program("robin")).unwrap();
    let caller = intake.authenticate_program(token.secret.expose()).unwrap().unwrap();
    assert_eq!((caller.acts_for.as_str(), caller.may_write), ("robin", true));
    for endpoint in ["wiki", "all", push::MCP, ""] {
        assert_eq!(
            intake.authenticate(endpoint, token.secret.expose()).unwrap(),
            None,
            "{endpoint}"
        );
    }
    let provider = engine.mint_token(minting("wiki", "okta")).unwrap();
    assert_eq!(intake.authenticate_program(provider.secret.expose()).unwrap(), None);
    engine.revoke_token(&token.token.id, "olga").unwrap();
    let began = Instant::now();
    while intake.authenticate_program(token.secret.expose()).unwrap().is_some() {
        assert!(began.elapsed() < Duration::from_secs(5), "it took too long");
        std::thread::yield_now();
    }
}

/// Waits until the token is taken (or refused), which must come within the promised five seconds.
fn check_becomes(intake: &Intake, endpoint: &str, token: &Minted, good: bool) {
    let began = Instant::now();
    while intake.authenticate(endpoint, token.secret.expose()).unwrap().is_some() != good {
        assert!(began.elapsed() < Duration::from_secs(5), "it took too long");
        std::thread::yield_now();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_secret_of_a_token_is_in_no_file() {
    let scene = PushScene::new();
    let minted = scene.engine().mint_token(minting("wiki", "entra")).unwrap();
    check_becomes(scene.intake(), "wiki", &minted, true);
    let (_, secret) = minted.secret.expose().split_once(&minted.token.id).unwrap();
    assert_eq!(secret.len(), 1 + 43);
    let files: Vec<_> = fs::read_dir(scene.book()).unwrap().map(|it| it.unwrap().path()).collect();
    assert!(files.iter().any(|file| file.to_string_lossy().ends_with("-wal")), "{files:?}");
    for file in files {
        let bytes = fs::read(&file).unwrap();
        let found = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
        assert!(!found, "{} holds it", file.display());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_wrong_with_a_token_it_is_refused_alike() {
    let scene = PushScene::new();
    let minted = scene.engine().mint_token(minting("wiki", "entra")).unwrap();
    check_becomes(scene.intake(), "wiki", &minted, true);
    let good = minted.secret.expose();
    let id = &minted.token.id;
    let wrong = format!("{}A", &good[..good.len() - 1]);
    let wrong = if wrong == good { format!("{}B", &good[..good.len() - 1]) } else { wrong };
    for (endpoint, presented) in [
        ("wiki", wrong.as_str()),
        ("wiki", &format!("rbk_{id}_")),
        ("wiki", &format!("rbk_000000000000_{}", "A".repeat(43))),
        ("wiki", ""),
        ("archive", good),
        (ALL, good),
        ("nowhere", good),
        ("WIKI", good),
    ] {
        let found = scene.intake().authenticate(endpoint, presented).unwrap();
        assert_eq!(found, None, "{presented} at {endpoint}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_rotated_without_a_gap_and_revoked_at_once() {
    let scene = PushScene::new();
    let engine = scene.engine();
    let old = engine.mint_token(minting("wiki", "entra")).unwrap();
    let new = engine.rotate_token(&old.token.id, "olga").unwrap();
    assert_eq!((old.token.slot, new.token.slot), (1, 2));
    check_becomes(scene.intake(), "wiki", &old, true);
    check_becomes(scene.intake(), "wiki", &new, true);
    insta::assert_snapshot!(
        said(&engine.rotate_token(&new.token.id, "olga").unwrap_err())
            .replace(&old.token.id, "OLD").replace(&new.token.id, "NEW"), @r"
    entra has two live tokens for wiki already (OLD, NEW).
      Revoke the one that is no longer in use with `rollbook token revoke`.
    ");
    engine.revoke_token(&old.token.id, "olga").unwrap();
    check_becomes(scene.intake(), "wiki", &old, false);
    check_becomes(scene.intake(), "wiki", &new, true);
    assert!(engine.revoke_token(&old.token.id, "olga").is_err(), "it is ended already");
    let third = engine.rotate_token(&new.token.id, "olga").unwrap();
    assert_eq!(third.token.slot, 1, "the slot is free again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_expired_is_refused_and_makes_room() {
    let scene = PushScene::new();
    let engine = scene.engine();
    let soon = engine.now().checked_add(Duration::from_millis(1500)).unwrap();
    let expiring = Minting { expires: Some(soon), ..minting("wiki", "entra") };
    let minted = engine.mint_token(expiring).unwrap();
    check_becomes(scene.intake(), "wiki", &minted, true);
    check_becomes(scene.intake(), "wiki", &minted, false);
    assert_eq!(engine.mint_token(minting("wiki", "entra")).unwrap().token.slot, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_a_token_is_refused_with_what_to_do() {
    let scene = PushScene::new();
    let check = |minting: Minting| said(&scene.engine().mint_token(minting).unwrap_err());
    insta::assert_snapshot!(check(minting("wikki", "okta")), @r"
    There is no instance named `wikki`.
      A token is for one of these: wiki, archive, all, /mcp.
      Did you mean `wiki`?
    ");
    insta::assert_snapshot!(check(minting("wiki", "Okta")), @r"
    `Okta` cannot be the name of an identity provider.
      Use up to 64 lower-case letters, digits and `-`, such as `okta`.
    ");
    insta::assert_snapshot!(check(Minting { by: " ".to_owned(), ..minting("wiki", "okta") }), @r"
    It is not said who you are.
      Add `--by NAME` or set ROLLBOOK_BY; the name goes into the audit chain.
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_may_only_read_changes_nothing_and_its_attempt_is_recorded() {
    let mut scene = PushScene::new();
    let id = scene.user("ana").await;
    scene.caller = caller(scene.intake(), "wiki", "auditor", Profile::Strict, false);
    assert_eq!(scene.delete(User, &id).await.0, 403);
    assert_eq!(scene.get(User, &id).await.0, 200);
    let token = scene.caller.token.clone();
    check_denied(&scene, &token);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_endpoint_was_sent_is_not_found() {
    let mut scene = PushScene::new();
    let (user, group) = (scene.user("ana").await, scene.group("Editors", &[]).await);
    scene.caller = caller(scene.intake(), "archive", "okta", Profile::Strict, true);
    assert_eq!(scene.get(User, &user).await.0, 404);
    assert_eq!(scene.delete(User, &user).await.0, 404);
    let operations = serde_json::json!([{"op": "replace", "path": "displayName", "value": "x"}]);
    assert_eq!(scene.patch(Group, &group, operations).await.0, 404);
    assert_eq!(scene.names(&[User, Group], "").await, Vec::<String>::new());
    let filter = format!("filter=id+eq+%22{user}%22");
    assert_eq!(scene.names(&[User], &filter).await, Vec::<String>::new());
    check_denied(&scene, &user);
    check_denied(&scene, &group);
    // The same login is free at another endpoint, and a member must be of the same one.
    scene.user("ana").await;
    let other = serde_json::json!({"schemas": [crate::push_scene::GROUP], "displayName": "Mine",
        "members": [{"value": user}]});
    assert_eq!(scene.create(Group, other).await.0, 400);
}

/// Waits until the chain holds that something about `subject` was denied.
fn check_denied(scene: &PushScene, subject: &str) {
    let began = Instant::now();
    loop {
        let found = scene.engine().store().read(|book| book.recorded(subject, "push_denied"));
        if !found.unwrap().is_empty() {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(5), "it is not recorded");
        std::thread::yield_now();
    }
}
