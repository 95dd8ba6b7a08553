//! The life of a change, step by step, and everything that can come in between.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::next::{ATTEMPTS_MAX, DOUBT_LOOKS_S, VERIFY_LOOKS_S};
use super::*;
use crate::account::{Email, Grant, State};
use crate::change::{Basis, Change, Expects, Op, Profile, Route, Stage};
use crate::id::ChangeId;
use crate::testing::at;

/// What to do next in an instance of ordinary patience.
fn next(recorded: &[Recorded], now: Timestamp) -> Next {
    super::next(recorded, SETTLES_WITHIN_S, now)
}

fn start() -> Timestamp {
    at("2026-11-21T09:00:00Z")
}

fn after(seconds: i64) -> Timestamp {
    start() + SignedDuration::from_secs(seconds)
}

fn done() -> Outcome {
    Outcome::Done { account: "u1".into(), receipt: Receipt::default() }
}

fn uncertain() -> Outcome {
    Outcome::Uncertain { why: "the answer was lost".to_owned() }
}

fn looked(seconds: i64, found: Found) -> Recorded {
    Recorded::Looked { at: after(seconds), found }
}

fn acted(seconds: i64, outcome: Outcome) -> [Recorded; 2] {
    [Recorded::Intended { at: after(seconds) }, Recorded::Acted { at: after(seconds), outcome }]
}

fn verified(seconds: i64, verdict: Verdict) -> Recorded {
    Recorded::Verified { at: after(seconds), verdict, retry_at: None }
}

fn contradicted() -> Verdict {
    Verdict::Contradicted { why: "It is still active.".to_owned() }
}

fn unseen(retry_at: Option<i64>) -> Found {
    Found::Unobservable { why: "no answer".to_owned(), retry_at: retry_at.map(after) }
}

fn sent(outcome: Outcome) -> Vec<Recorded> {
    [vec![looked(0, Found::Fits)], acted(0, outcome).to_vec()].concat()
}

#[test]
fn the_plain_way_is_look_act_verify_confirmed() {
    let mut life = Vec::new();
    assert_eq!(next(&life, start()), Next::LookFirst);
    life.push(looked(0, Found::Fits));
    assert_eq!(next(&life, start()), Next::Act);
    life.extend(acted(0, done()));
    assert_eq!(next(&life, start()), Next::Verify { not_before: start() });
    life.push(verified(0, Verdict::Confirmed));
    assert_eq!(next(&life, start()), Next::End(Ending::Confirmed { acted: true }));
}

#[test]
fn what_is_so_already_is_never_sent() {
    let life = [looked(0, Found::AlreadySo)];
    assert_eq!(next(&life, start()), Next::End(Ending::Confirmed { acted: false }));
}

#[test]
fn what_is_not_as_expected_is_refused() {
    let life = [looked(0, Found::Differs { why: "The login changed.".to_owned() })];
    let ending = Ending::Refused { why: "The login changed.".to_owned() };
    assert_eq!(next(&life, start()), Next::End(ending.clone()));
    let life = sent(Outcome::Refused { why: "The login changed.".to_owned() });
    assert_eq!(next(&life, start()), Next::End(ending));
}

#[test]
fn a_lost_answer_is_looked_for_patiently_before_it_is_sent_again() {
    let mut life = sent(uncertain());
    for due in DOUBT_LOOKS_S.into_iter().chain([SETTLES_WITHIN_S.into()]) {
        if due > 0 {
            assert_eq!(next(&life, after(due - 1)), Next::RetryAt(after(due)));
        }
        assert_eq!(next(&life, after(due)), Next::LookFirst);
        life.push(looked(due, Found::Fits));
    }
    assert_eq!(next(&life, after(300)), Next::Act);
}

#[test]
fn looks_that_saw_nothing_or_came_too_early_do_not_make_a_lost_answer_certain() {
    let mut life = sent(uncertain());
    for second in 0..20 {
        life.push(looked(second, unseen(Some(second + 1))));
    }
    life.push(looked(20, Found::Fits));
    assert_eq!(next(&life, after(20)), Next::RetryAt(after(25)));
    // One look when the instance must show it is enough, however few there were before.
    let life = [sent(uncertain()), vec![looked(300, Found::Fits)]].concat();
    assert_eq!(next(&life, after(300)), Next::Act);
    let life = [sent(uncertain()), vec![looked(299, Found::Fits)]].concat();
    assert_eq!(next(&life, after(299)), Next::RetryAt(after(300)));
}

#[test]
fn a_lost_answer_to_an_act_that_took_effect_ends_without_a_second_one() {
    let mut life = sent(uncertain());
    life.extend([looked(0, Found::Fits), looked(2, Found::AlreadySo)]);
    assert_eq!(next(&life, after(2)), Next::End(Ending::Confirmed { acted: true }));
}

#[test]
fn a_stop_between_sending_and_recording_is_a_lost_answer() {
    let life = [looked(0, Found::Fits), Recorded::Intended { at: start() }];
    assert_eq!(next(&life, start()), Next::LookFirst);
}

#[test]
fn a_slow_vendor_gets_minutes_before_it_contradicts() {
    let mut life = sent(done());
    for due in VERIFY_LOOKS_S.into_iter().chain([SETTLES_WITHIN_S.into()]) {
        assert_eq!(next(&life, start()), Next::Verify { not_before: after(due) });
        life.push(verified(due, contradicted()));
    }
    let ending = Ending::Contradicted { why: "It is still active.".to_owned() };
    assert_eq!(next(&life, start()), Next::End(ending));
    *life.last_mut().expect("it was verified") = verified(300, Verdict::Confirmed);
    assert_eq!(next(&life, start()), Next::End(Ending::Confirmed { acted: true }));
}

#[test]
fn an_instance_that_shows_at_once_gets_no_patience() {
    let mut life = sent(done());
    life.push(verified(0, contradicted()));
    let ending = Ending::Contradicted { why: "It is still active.".to_owned() };
    assert_eq!(super::next(&life, 0, start()), Next::End(ending));
    let mut life = sent(uncertain());
    assert_eq!(super::next(&life, 0, start()), Next::LookFirst);
    life.push(looked(0, Found::Fits));
    assert_eq!(super::next(&life, 0, start()), Next::Act);
}

#[test]
fn a_look_that_must_wait_does_not_use_up_the_patience() {
    let mut life = sent(done());
    for day in 1..=20 {
        let retry_at = Some(after(day * 86_400));
        let verdict = Verdict::Unobservable { why: "the next file is not there".to_owned() };
        life.push(Recorded::Verified { at: after(0), verdict, retry_at });
        let not_before = after(day * 86_400);
        assert_eq!(next(&life, start()), Next::Verify { not_before });
    }
    life.push(verified(0, Verdict::Confirmed));
    assert_eq!(next(&life, start()), Next::End(Ending::Confirmed { acted: true }));
}

#[test]
fn what_failed_for_sure_is_tried_again_in_time_and_looked_at_first() {
    let failed = |retry_at: Option<i64>| Outcome::Failed {
        why: "429".to_owned(),
        retry_at: retry_at.map(after),
        hint: "Wait.".to_owned(),
    };
    let end = || Next::End(Ending::Failed { why: "429".to_owned(), hint: "Wait.".to_owned() });
    let life = sent(failed(Some(30)));
    assert_eq!(next(&life, after(29)), Next::RetryAt(after(30)));
    assert_eq!(next(&life, after(30)), Next::LookFirst);
    assert_eq!(next(&sent(failed(None)), start()), end());
    assert_eq!(next(&sent(failed(Some(25 * 3600))), start()), end());
    let mut life = Vec::new();
    for _ in 0..ATTEMPTS_MAX {
        assert_eq!(next(&life, after(60)), Next::LookFirst);
        life.extend(sent(failed(Some(30))));
    }
    assert_eq!(next(&life, after(60)), end());
}

#[test]
fn a_human_gets_a_task_once_and_the_proof_is_looked_at() {
    let waiting = Outcome::Waiting { task: "outbox/wiki.csv".to_owned() };
    let mut life = vec![looked(0, unseen(None))];
    assert_eq!(next(&life, start()), Next::Act);
    life.extend(acted(0, waiting));
    assert_eq!(next(&life, after(9_999_999)), Next::Wait);
    life.push(Recorded::Proven { at: after(50) });
    assert_eq!(next(&life, after(50)), Next::Verify { not_before: after(50) });
}

#[test]
fn what_nobody_can_look_at_after_a_lost_answer_is_unproven() {
    let mut life = sent(uncertain());
    life.push(looked(0, unseen(Some(60))));
    assert_eq!(next(&life, after(59)), Next::RetryAt(after(60)));
    assert_eq!(next(&life, after(60)), Next::LookFirst);
    life.push(looked(60, unseen(None)));
    let ending = Ending::Unproven { why: "no answer".to_owned() };
    assert_eq!(next(&life, after(60)), Next::End(ending));
}

/// Anything that may be recorded at any point.
fn any_answer() -> impl Strategy<Value = (u8, u8)> {
    (0..6u8, 0..4u8)
}

/// Plays a life to its end with the given luck, as the shell would. Returns every record.
fn play(luck: &[(u8, u8)]) -> (Vec<Recorded>, Option<Ending>) {
    let mut life = Vec::new();
    let mut now = start();
    for turn in 0..2_000 {
        let (act, look) = luck[turn % luck.len()];
        match next(&life, now) {
            Next::End(ending) => return (life, Some(ending)),
            Next::RetryAt(due) => {
                assert!(due > now, "a wait must end later than now");
                now = due;
            }
            Next::Wait => life.push(Recorded::Proven { at: now }),
            Next::LookFirst => life.push(Recorded::Looked { at: now, found: found_by(look, now) }),
            Next::Verify { not_before } => {
                now = now.max(not_before);
                let (verdict, retry_at) = verdict_by(look, now);
                life.push(Recorded::Verified { at: now, verdict, retry_at });
            }
            Next::Act => {
                life.push(Recorded::Intended { at: now });
                if let Some(outcome) = outcome_by(act, now) {
                    life.push(Recorded::Acted { at: now, outcome });
                }
            }
        }
    }
    (life, None)
}

fn found_by(look: u8, now: Timestamp) -> Found {
    match look {
        0 => Found::AlreadySo,
        1 => Found::Unobservable {
            why: "no answer".to_owned(),
            retry_at: Some(now + SignedDuration::from_secs(7)),
        },
        _ => Found::Fits,
    }
}

fn verdict_by(look: u8, now: Timestamp) -> (Verdict, Option<Timestamp>) {
    let unobservable = Verdict::Unobservable { why: "no answer".to_owned() };
    match look {
        0 => (Verdict::Confirmed, None),
        1 => (unobservable, Some(now + SignedDuration::from_secs(7))),
        2 => (unobservable, None),
        _ => (contradicted(), None),
    }
}

fn outcome_by(act: u8, now: Timestamp) -> Option<Outcome> {
    Some(match act {
        0 => done(),
        1 => uncertain(),
        2 => Outcome::Waiting { task: "task".to_owned() },
        3 => Outcome::Failed {
            why: "503".to_owned(),
            retry_at: Some(now + SignedDuration::from_secs(5)),
            hint: String::new(),
        },
        4 => Outcome::AlreadyDone { account: "u1".into() },
        _ => return None,
    })
}

/// Whether something was sent after an unclear answer although no look said that it can be.
fn blind_retry(life: &[Recorded]) -> bool {
    let mut doubt = false;
    for record in life {
        match record {
            Recorded::Intended { .. } if doubt => return true,
            Recorded::Intended { .. } => doubt = true,
            Recorded::Acted { outcome, .. } => doubt = matches!(outcome, Outcome::Uncertain { .. }),
            Recorded::Looked { found: Found::Fits, .. } => doubt = false,
            _ => {}
        }
    }
    false
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn every_life_ends_and_nothing_is_sent_again_blindly(
        luck in prop::collection::vec(any_answer(), 1..40)
    ) {
        let (life, ending) = play(&luck);
        prop_assert!(ending.is_some(), "no end after {} records", life.len());
        prop_assert!(!blind_retry(&life), "{life:?}");
        let sent = life.iter().filter(|r| matches!(r, Recorded::Intended { .. })).count();
        prop_assert!(sent <= ATTEMPTS_MAX);
        let confirmed = matches!(ending, Some(Ending::Confirmed { .. }));
        let seen = life.iter().any(|r| matches!(
            r,
            Recorded::Verified { verdict: Verdict::Confirmed, .. }
                | Recorded::Looked { found: Found::AlreadySo, .. }
        ));
        prop_assert_eq!(confirmed, seen, "confirmed means that a look saw it, and nothing else");
    }

    #[test]
    fn the_life_of_a_change_survives_being_stored(
        luck in prop::collection::vec(any_answer(), 1..20)
    ) {
        let (life, _) = play(&luck);
        let stored = serde_json::to_string(&life).expect("a life can be stored");
        prop_assert_eq!(serde_json::from_str::<Vec<Recorded>>(&stored).expect("it loads"), life);
    }
}

fn change(op: Op) -> Change {
    let is_new = matches!(op, Op::Create { .. });
    Change {
        id: ChangeId::default(),
        instance: "wiki".into(),
        account: (!is_new).then(|| "u1".into()),
        identity: None,
        label: "ana".to_owned(),
        op,
        expects: if is_new {
            Expects::default()
        } else {
            Expects { login: "Ana@x.com".to_owned(), state: Some(State::Active) }
        },
        route: Route { channel: "scim".to_owned(), basis: Basis::Documented },
        stage: Stage::Cut,
        reversible: true,
        because: "She leaves.".to_owned(),
        heir: None,
        harms: std::collections::BTreeSet::new(),
    }
}

fn ana(state: State) -> Account {
    Account { key: "u1".into(), login: "ana@x.com".to_owned(), state, ..Account::default() }
}

fn present(account: Account) -> Seen {
    Seen::Present { account: Box::new(account) }
}

fn check_judge(op: Op, seen: Seen, expected: &str) {
    let change = change(op);
    let shown = match judge(&change, &seen) {
        Verdict::Confirmed => "confirmed".to_owned(),
        Verdict::Contradicted { why } => why,
        Verdict::Unobservable { why } => format!("unobservable: {why}"),
    };
    assert_eq!(shown, expected, "{} {seen:?}", change.op.verb());
}

#[test]
fn a_look_is_judged_by_what_was_promised() {
    check_judge(Op::Suspend, present(ana(State::Suspended)), "confirmed");
    check_judge(Op::Suspend, Seen::Absent, "confirmed");
    check_judge(Op::Suspend, present(ana(State::Active)), "It is still active.");
    check_judge(Op::Suspend, present(ana(State::Invited)), "It is still invited.");
    check_judge(Op::Remove, Seen::Absent, "confirmed");
    check_judge(Op::Remove, present(ana(State::Gone)), "confirmed");
    check_judge(Op::Remove, present(ana(State::Active)), "It is still there and active.");
    check_judge(
        Op::Remove,
        present(ana(State::Suspended)),
        "It is only suspended: nobody gets in, but the account and perhaps its seat are still there.",
    );
    check_judge(Op::Reactivate, present(ana(State::Active)), "confirmed");
    check_judge(Op::Reactivate, present(ana(State::Suspended)), "It is still suspended.");
    check_judge(Op::Reactivate, Seen::Absent, "The account is not there any more.");
    let unobservable = Seen::Unobservable { why: "503".to_owned(), retry_at: None };
    check_judge(Op::Suspend, unobservable, "unobservable: 503");
}

#[test]
fn attributes_are_compared_one_by_one_and_addresses_as_addresses() {
    let set = |pairs: &[(&str, &str)]| Op::Update {
        set: pairs.iter().map(|&(k, v)| (k.to_owned(), v.to_owned())).collect(),
    };
    let mut account = ana(State::Active);
    account.family_name = "Jansen".to_owned();
    account.emails.push(Email { address: "Ana@X.com".to_owned(), verified: true });
    account.attributes = BTreeMap::from([("job_title".to_owned(), "Head".to_owned())]);
    let good = [("name.familyName", "Jansen"), ("emails", "ana@x.com"), ("title", "Head")];
    check_judge(set(&good), present(account.clone()), "confirmed");
    let bad = [("name.familyName", "jansen")];
    check_judge(
        set(&bad),
        present(account.clone()),
        "name.familyName was to be \"jansen\" and is \"Jansen\".",
    );
    check_judge(
        set(&[("nickName", "A")]),
        present(account),
        "nickName was to be \"A\" and is \"\".",
    );
}

#[test]
fn rights_are_looked_up_among_roles_and_grants() {
    let grant = |e: &str| Op::Grant { entitlement: e.to_owned() };
    let revoke = |e: &str| Op::Revoke { entitlement: e.to_owned() };
    let mut account = ana(State::Active);
    account.roles.push("Admin".to_owned());
    account.grants.push(Grant {
        entitlement: "Readers".to_owned(),
        via: "Editors".to_owned(),
        ..Grant::default()
    });
    let seen = || present(account.clone());
    check_judge(grant("Admin"), seen(), "confirmed");
    check_judge(grant("Owners"), seen(), "It does not have Owners.");
    check_judge(revoke("Owners"), seen(), "confirmed");
    check_judge(revoke("Admin"), seen(), "It still has Admin.");
    check_judge(revoke("Readers"), seen(), "It still has Readers, through Editors.");
    check_judge(revoke("Readers"), Seen::Absent, "confirmed");
    check_judge(grant("Readers"), Seen::Absent, "The account is not there any more.");
}

#[test]
fn a_new_account_is_known_by_our_id_and_else_by_its_login() {
    let create = || Op::Create {
        profile: Profile {
            login: "ANA@x.com".to_owned(),
            external_id: "per_ana".to_owned(),
            ..Profile::default()
        },
    };
    let with_id = |id: &str| Account { external_id: id.to_owned(), ..ana(State::Active) };
    check_judge(create(), present(with_id("per_ana")), "confirmed");
    check_judge(create(), present(with_id("")), "confirmed");
    check_judge(create(), Seen::Absent, "The account ANA@x.com is not there.");
    let change = change(create());
    assert_eq!(found(&change, &Seen::Absent), Found::Fits);
    assert_eq!(found(&change, &present(with_id("per_ana"))), Found::AlreadySo);
    check_judge(
        create(),
        present(with_id("per_namesake")),
        "The account u1 has the login ana@x.com and carries the external id per_namesake, not ours.",
    );
}

fn create_ana() -> Change {
    let profile = Profile {
        login: "ANA@x.com".to_owned(),
        external_id: "per_ana".to_owned(),
        ..Profile::default()
    };
    change(Op::Create { profile })
}

#[test]
fn a_create_adopts_no_account_that_does_not_carry_our_id() {
    let found_with = |id: &str| {
        let seen = Account { external_id: id.to_owned(), ..ana(State::Suspended) };
        let seen = Account { instance: "wiki".into(), ..seen };
        match found(&create_ana(), &present(seen)) {
            Found::Differs { why } => why,
            other => panic!("{other:?}"),
        }
    };
    insta::assert_snapshot!(found_with(""), @"The login ANA@x.com was to be free, and the account wiki/u1 (ana@x.com) is there already, is suspended and carries no external id, so nothing proves whose it is. If it is this person's, link it to them by hand; if not, give one of the two another login. Then plan again.");
    let other = found_with("per_namesake");
    assert!(other.contains("carries the external id per_namesake, so nothing proves"), "{other}");
    // A create without an id of ours matches no account without one either.
    let Op::Create { profile } = create_ana().op else { unreachable!("it is a create") };
    let nameless =
        change(Op::Create { profile: Profile { external_id: String::new(), ..profile } });
    let found = found(&nameless, &present(ana(State::Active)));
    assert!(matches!(found, Found::Differs { .. }), "{found:?}");
}

#[test]
fn a_create_in_doubt_is_taken_for_ours_by_its_login_only_where_no_external_ids_are_kept() {
    let change = create_ana();
    let seen = |id: &str| present(Account { external_id: id.to_owned(), ..ana(State::Active) });
    let sent = sent(uncertain());
    assert_eq!(found_after(&change, &seen(""), &sent, false), Found::AlreadySo);
    let differs = |seen: &Seen, recorded: &[Recorded], keeps: bool| {
        matches!(found_after(&change, seen, recorded, keeps), Found::Differs { .. })
    };
    assert!(differs(&seen(""), &sent, true), "ours would carry our id there");
    assert!(differs(&seen("per_other"), &sent, false), "it is somebody else's");
    assert!(differs(&seen(""), &[], false), "nothing was sent");
    assert!(differs(&seen(""), &[looked(0, Found::Fits)], false), "nothing was sent");
    let blind: Vec<_> = [vec![looked(0, unseen(None))], acted(0, uncertain()).to_vec()].concat();
    assert!(differs(&seen(""), &blind, false), "nobody saw the login free before");
    let renamed = Account { login: "ben@x.com".to_owned(), ..ana(State::Active) };
    assert!(differs(&present(renamed), &sent, false));
    assert_eq!(found_after(&change, &seen("per_ana"), &[], true), Found::AlreadySo);
}

#[test]
fn a_task_that_its_owner_refuses_ends_with_their_words() {
    let mut life = sent(Outcome::Waiting { task: "outbox/wiki.csv".to_owned() });
    assert_eq!(next(&life, after(60)), Next::Wait);
    let outcome = Outcome::Refused { why: "No such account here.".to_owned() };
    life.push(Recorded::Acted { at: after(60), outcome });
    let ending = Ending::Refused { why: "No such account here.".to_owned() };
    assert_eq!(next(&life, after(60)), Next::End(ending));
}

#[test]
fn a_change_fits_only_the_account_it_was_made_for() {
    let change = change(Op::Suspend);
    assert_eq!(fits(&change, &present(ana(State::Active))), Ok(()));
    assert_eq!(fits(&change, &present(ana(State::Invited))), Ok(()));
    let differs = |seen: Seen| fits(&change, &seen).expect_err("it does not fit");
    assert_eq!(differs(present(ana(State::Suspended))), "It was active and is now suspended.");
    let renamed = Account { login: "ben@x.com".to_owned(), ..ana(State::Active) };
    assert_eq!(differs(present(renamed)), "The login was Ana@x.com and is now ben@x.com.");
    let other = Account { key: "u2".into(), ..ana(State::Active) };
    assert_eq!(differs(present(other)), "Another account was seen: u2.");
    assert_eq!(differs(Seen::Absent), "The account Ana@x.com is not there any more.");
}

fn cancelled(seconds: i64) -> Recorded {
    Recorded::Cancelled {
        at: after(seconds),
        why: "Kim cancelled the run: wrong person".to_owned(),
    }
}

fn ending_of(recorded: &[Recorded], now: i64) -> Ending {
    match next(recorded, after(now)) {
        Next::End(ending) => ending,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_was_never_sent_is_over_when_it_is_cancelled() {
    let why = "Kim cancelled the run: wrong person".to_owned();
    let failed =
        Outcome::Failed { why: "busy".to_owned(), retry_at: Some(after(60)), hint: String::new() };
    for before in
        [vec![], vec![looked(0, Found::Fits)], vec![looked(0, unseen(None))], sent(failed)]
    {
        let life = [before, vec![cancelled(5)]].concat();
        assert_eq!(ending_of(&life, 5), Ending::Cancelled { why: why.clone() }, "{life:?}");
    }
}

#[test]
fn what_was_under_way_when_it_was_cancelled_is_looked_at_and_never_sent_again() {
    let life = [sent(uncertain()), vec![cancelled(5)]].concat();
    assert_eq!(next(&life, after(5)), Next::LookFirst);
    let seen = [life.clone(), vec![looked(6, Found::AlreadySo)]].concat();
    assert_eq!(ending_of(&seen, 6), Ending::Confirmed { acted: true });
    let looks = DOUBT_LOOKS_S.into_iter().chain([i64::from(SETTLES_WITHIN_S)]);
    let looks = looks.map(|due| looked(6 + due, Found::Fits));
    let missed = [life, looks.collect::<Vec<_>>()].concat();
    assert!(matches!(ending_of(&missed, 500), Ending::Cancelled { .. }));
    let applied = [sent(done()), vec![cancelled(5)]].concat();
    assert!(matches!(next(&applied, after(5)), Next::Verify { .. }));
    let asked = [sent(Outcome::Waiting { task: "t".to_owned() }), vec![cancelled(5)]].concat();
    assert_eq!(next(&asked, after(5)), Next::LookFirst);
    // The answer came after the run was cancelled: it counts as ever.
    let mut crossed =
        vec![looked(0, Found::Fits), Recorded::Intended { at: after(1) }, cancelled(2)];
    crossed.push(Recorded::Acted { at: after(3), outcome: done() });
    assert!(matches!(next(&crossed, after(3)), Next::Verify { .. }));
}

#[test]
fn a_change_that_was_held_back_for_long_is_looked_at_once_more_before_it_is_sent() {
    let life = [looked(0, Found::Fits)];
    assert_eq!(next(&life, after(300)), Next::Act);
    assert_eq!(next(&life, after(301)), Next::LookFirst);
    assert_eq!(next(&[looked(0, Found::Fits), looked(400, Found::Fits)], after(500)), Next::Act);
}

#[test]
fn what_was_set_aside_ends_with_nothing_done_only_where_that_is_certain() {
    let aside = Recorded::SetAside { at: after(5), why: "it broke".to_owned() };
    let ends = |life: Vec<Recorded>| ending_of(&[life, vec![aside.clone()]].concat(), 5).word();
    assert_eq!(ends(vec![]), "failed");
    assert_eq!(ends(vec![looked(0, Found::Fits)]), "failed");
    assert_eq!(ends(sent(uncertain())), "unproven");
    assert_eq!(ends(sent(done())), "unproven");
    let confirmed = vec![looked(0, Found::AlreadySo)];
    assert_eq!(ends(confirmed), "confirmed", "what is over stays so");
}
