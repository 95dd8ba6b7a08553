//! The life of a task from a few lines of text.

use super::*;
use crate::change::{Basis, Expects, Op, Route, Stage};
use crate::step::Verdict;
use crate::testing::at;

const ASKED: &str = "2026-11-21T08:00:00Z";

fn after_h(hours: i64) -> Timestamp {
    at(ASKED) + SignedDuration::from_hours(hours)
}

fn task(is_read: bool, proof: &[ProofKind]) -> Task {
    let change = Change {
        id: "chg_1".into(),
        instance: "desk".into(),
        account: Some("u1".into()),
        identity: None,
        label: "ana".to_owned(),
        op: Op::Remove,
        expects: Expects::default(),
        route: Route { channel: "human".to_owned(), basis: Basis::Documented },
        stage: Stage::Remove,
        reversible: false,
        because: "She leaves.".to_owned(),
        heir: None,
        harms: std::collections::BTreeSet::new(),
    };
    let rule = Rule {
        assignee: "Olga".to_owned(),
        deputy: "Ben".to_owned(),
        escalate_to: "Cleo".to_owned(),
        due_h: 72,
        remind_every_h: 24,
        proof: proof.to_vec(),
        is_read,
    };
    let mut task = Task {
        id: Task::id_of(&"run_1".into(), &change.id),
        run: "run_1".into(),
        change,
        title: "Remove ana from desk.".to_owned(),
        steps: Vec::new(),
        rule,
        message: None,
        acts: Vec::new(),
    };
    task.add(at(ASKED), Act::Assigned { to: "Olga".to_owned() });
    task
}

fn done(task: &mut Task, hours: i64) {
    let proof = Proof {
        kind: ProofKind::Text,
        says: "Removed.".to_owned(),
        media_type: "text/plain".to_owned(),
        sha256: "ab".to_owned(),
        bytes: 8,
    };
    task.add(after_h(hours), Act::HandedIn { by: "Olga".to_owned(), proofs: vec![proof] });
}

/// What is said hour by hour until `until_h`, when somebody asks every `every_h` hours.
fn told(task: &mut Task, until_h: i64, every_h: usize) -> String {
    let mut lines = String::new();
    for hour in (0..=until_h).step_by(every_h) {
        let now = after_h(hour);
        if now <= task.acts.last().expect("it was assigned").at {
            continue;
        }
        if let Some(due) = due(task, now) {
            let act = due.act();
            lines += &match &act {
                Act::Reminded { whom } => format!("{hour} h: {whom} is reminded\n"),
                Act::Escalated { whom } => format!("{hour} h: {whom} hears of it\n"),
                other => panic!("{other:?} is not said by itself"),
            };
            task.add(now, act);
        }
    }
    lines
}

#[test]
fn silence_is_reminded_of_then_escalated_and_never_completes() {
    let mut silent = task(true, &[ProofKind::Text]);
    insta::assert_snapshot!(told(&mut silent, 200, 1), @r"
    24 h: Olga is reminded
    48 h: Olga is reminded
    72 h: Olga is reminded
    73 h: Ben hears of it
    97 h: Cleo hears of it
    121 h: Olga is reminded
    145 h: Olga is reminded
    169 h: Olga is reminded
    193 h: Olga is reminded
    ");
    assert_eq!(silent.state(), State::Open);
    assert!(silent.is_overdue(after_h(73)) && !silent.is_overdue(after_h(72)));
}

#[test]
fn whoever_was_away_for_long_hears_one_thing_at_a_time() {
    let mut late = task(true, &[]);
    assert_eq!(due(&late, after_h(1000)), Some(Due::Escalate { whom: "Ben".to_owned() }));
    late.add(after_h(1000), Act::Escalated { whom: "Ben".to_owned() });
    assert_eq!(due(&late, after_h(1001)), None);
    assert_eq!(due(&late, after_h(1024)), Some(Due::Escalate { whom: "Cleo".to_owned() }));
}

#[test]
fn what_was_handed_in_and_does_not_show_is_spoken_of_until_it_does() {
    let mut waiting = task(true, &[ProofKind::Text]);
    done(&mut waiting, 10);
    insta::assert_snapshot!(told(&mut waiting, 100, 1), @r"
    34 h: Olga is reminded
    58 h: Olga is reminded
    73 h: Ben hears of it
    97 h: Cleo hears of it
    ");
}

#[test]
fn a_task_handed_over_begins_anew_with_whoever_takes_it() {
    let mut moved = task(true, &[]);
    let over = |to: &str| Act::HandedOver {
        from: "Olga".to_owned(),
        to: to.to_owned(),
        by: "Olga".to_owned(),
        reason: "Away.".to_owned(),
    };
    moved.add(after_h(80), over("Ben"));
    assert_eq!((moved.assignee(), moved.due_at()), ("Ben", after_h(152)));
    assert!(moved.is_for("ben") && !moved.is_for("Olga") && moved.is_for("Cleo"));
    assert_eq!(due(&moved, after_h(153)), Some(Due::Escalate { whom: "Cleo".to_owned() }));
}

#[test]
fn a_task_that_is_over_is_not_spoken_of() {
    let mut refused = task(true, &[]);
    refused.add(after_h(1), Act::Refused { by: "Olga".to_owned(), reason: "No.".to_owned() });
    assert_eq!(due(&refused, after_h(1000)), None);
    let mut closed = task(true, &[]);
    closed.add(after_h(1), Act::Closed { why: "Seen.".to_owned() });
    assert_eq!(due(&closed, after_h(1000)), None);
}

fn check_judged(task: &Task, verdict: &Verdict, now_h: i64, expected: &str) {
    let said = match judge(task, verdict, 300, after_h(now_h)) {
        Move::Wait => "wait".to_owned(),
        Move::Close { why } => format!("close: {why}"),
        Move::Reopen { why } => format!("reopen: {why}"),
        Move::GiveUp { why } => format!("give up: {why}"),
    };
    assert_eq!(said, expected, "{verdict:?}");
}

#[test]
fn a_task_is_closed_by_its_proof_and_by_what_is_seen_together() {
    let shows = Verdict::Confirmed;
    let not_so = Verdict::Contradicted { why: "It is still active.".to_owned() };
    let unseen = Verdict::Unobservable { why: "The export is old.".to_owned() };
    let mut task = task(true, &[ProofKind::Text]);
    check_judged(&task, &shows, 1, "wait");
    check_judged(&task, &not_so, 1, "wait");
    done(&mut task, 2);
    check_judged(&task, &unseen, 3, "wait");
    check_judged(&task, &not_so, 2, "wait");
    check_judged(
        &task,
        &not_so,
        3,
        "reopen: Olga says that it is done and handed in 1 proof, and it does not show. It is still \
         active.",
    );
    check_judged(
        &task,
        &shows,
        3,
        "close: Olga says that it is done and handed in 1 proof, and it shows where the instance is \
         read.",
    );
    task.add(after_h(3), Act::Reopened { why: "It is still active.".to_owned() });
    check_judged(&task, &shows, 4, "wait");
}

#[test]
fn where_no_proof_is_asked_for_what_is_seen_is_enough() {
    let task = task(true, &[]);
    check_judged(&task, &Verdict::Confirmed, 1, "close: It shows where the instance is read.");
}

#[test]
fn where_nothing_reads_only_the_word_of_a_person_closes_and_it_is_said_so() {
    let unseen = Verdict::Unobservable { why: "Nothing reads desk.".to_owned() };
    let mut task = task(false, &[ProofKind::Text]);
    check_judged(&task, &unseen, 1000, "wait");
    done(&mut task, 2);
    check_judged(
        &task,
        &unseen,
        2,
        "close: Olga says that it is done and handed in 1 proof. Nothing reads the instance, so only \
         their word stands behind it.",
    );
}

#[test]
fn a_task_survives_being_stored() {
    let mut task = task(false, &[ProofKind::Screenshot]);
    done(&mut task, 2);
    let text = serde_json::to_string(&task).expect("it can be stored");
    assert_eq!(serde_json::from_str::<Task>(&text).expect("it loads"), task);
}
