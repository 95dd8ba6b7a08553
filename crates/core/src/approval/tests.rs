use super::*;
use crate::canonical::fold;
use crate::change::{Basis, Op, Verb};
use crate::guard::Kind;
use crate::plan::{Wish, plan};
use crate::policy::ApprovalRule;
use crate::reach::{Reach, Way};
use crate::testing::{World, at, of};
use proptest::prelude::*;
use std::collections::BTreeSet;

const NOW: &str = "2026-11-21T09:00:00Z";

fn made(ops: &[(&str, Op)]) -> Plan {
    let graph = World::read("account wiki/u1 ana@x.com\naccount chat/u2 ben@x.com").graph();
    let way = Way::new("scim")
        .reversibly(&[Verb::Suspend], Basis::Probed)
        .for_good(&[Verb::Remove], Basis::Probed);
    let reach = Reach { routes: vec![way] };
    let reach = ["wiki", "chat"].map(|name| (name.into(), reach.clone())).into();
    let wishes: Vec<_> = ops
        .iter()
        .map(|(account, op)| Wish::by_person("Olga", of(account), op.clone(), "Asked."))
        .collect();
    plan(&graph, &wishes, &reach, &Policy::default(), "Olga", at("2026-11-21T08:00:00Z"))
}

/// Judges the plan when nobody is known by two names.
fn judge(
    plan: &Plan,
    stops: &[Stop],
    approvals: &[Approval],
    policy: &Policy,
) -> Result<Permit, Refusal> {
    let humans = &Humans::default();
    let (now, today) = (at(NOW), day("2026-11-21"));
    permit(&Case { plan, stops, approvals, humans, policy, executor: None, now, today })
}

fn day(text: &str) -> Date {
    text.parse().expect("the test states a day")
}

fn two_suspends() -> Plan {
    made(&[("wiki/u1", Op::Suspend), ("chat/u2", Op::Suspend)])
}

fn policy(rule: impl FnOnce(&mut ApprovalRule)) -> Policy {
    let mut policy = Policy::default();
    rule(&mut policy.approval);
    policy
}

fn by(plan: &Plan, name: &str) -> Approval {
    Approval::new(plan.digest(), name, "", &Policy::default(), at("2026-11-21T08:30:00Z"))
}

/// The fault of the only approval.
fn check_fault(plan: &Plan, approval: Approval, policy: &Policy, expected: NotCounted) {
    let by = approval.by.clone();
    let refusal = judge(plan, &[], &[approval], policy).expect_err("it is not enough");
    let turned_away = vec![TurnedAway { by, why: expected }];
    assert_eq!(
        refusal,
        Refusal::NotEnough { needed: 1, counted: Vec::new(), turned_away, open: Vec::new() }
    );
}

#[test]
fn another_named_person_is_enough_for_what_can_be_taken_back() {
    let plan = two_suspends();
    let approval = by(&plan, "Ben");
    let policy = Policy::default();
    let permit = judge(&plan, &[], std::slice::from_ref(&approval), &policy);
    let permit = permit.expect("one person is enough");
    assert_eq!(permit.digest(), plan.digest());
    assert_eq!(permit.approvals(), [approval.id()]);
    assert_eq!(permit.expires(), approval.expires);
    let change = &plan.changes()[0];
    assert!(permit.allows(change, at(NOW)));
    assert!(!permit.allows(change, approval.expires));
    let other = made(&[("wiki/u1", Op::Remove)]);
    assert!(!permit.allows(&other.changes()[0], at(NOW)));
}

#[test]
fn an_approval_that_does_not_count_is_turned_away_with_the_reason() {
    let plan = two_suspends();
    let policy = Policy::default();
    check_fault(&plan, by(&plan, " OLGA "), &policy, NotCounted::Requester);
    check_fault(&plan, by(&plan, "  "), &policy, NotCounted::Nameless);
    check_fault(&plan, by(&plan, "Ana@X.com"), &policy, NotCounted::Concerned);
    let other = made(&[("wiki/u1", Op::Suspend)]);
    check_fault(&plan, by(&other, "Ben"), &policy, NotCounted::Stale);
    let named = self::policy(|rule| rule.approvers = vec!["Cleo".to_owned()]);
    check_fault(&plan, by(&plan, "Ben"), &named, NotCounted::NotApprover);
    let early = Approval { at: at("2026-11-21T07:59:59Z"), ..by(&plan, "Ben") };
    check_fault(&plan, early, &policy, NotCounted::WrongTime);
    let late = Approval { at: at("2026-11-21T09:00:01Z"), ..by(&plan, "Ben") };
    check_fault(&plan, late, &policy, NotCounted::WrongTime);
    let expired = Approval { expires: at(NOW), ..by(&plan, "Ben") };
    check_fault(&plan, expired, &policy, NotCounted::Expired);
    // A policy that became stricter counts at once.
    let stricter = self::policy(|rule| rule.valid_h = 0);
    check_fault(&plan, by(&plan, "Ben"), &stricter, NotCounted::Expired);
}

#[test]
fn the_same_person_does_not_count_twice() {
    let plan = two_suspends();
    let two = policy(|rule| rule.needed = 2);
    let approvals = [by(&plan, "Ben"), by(&plan, "BEN"), by(&plan, "Ｂen ")];
    let refusal = judge(&plan, &[], &approvals, &two).expect_err("it is one person");
    let Refusal::NotEnough { needed: 2, counted, turned_away, .. } = refusal else {
        panic!("{refusal:?}");
    };
    assert_eq!(counted, ["Ben"]);
    assert!(turned_away.iter().all(|t| t.why == NotCounted::Twice) && turned_away.len() == 2);
    let approvals = [by(&plan, "Ben"), by(&plan, "Cleo")];
    assert!(judge(&plan, &[], &approvals, &two).is_ok());
}

#[test]
fn what_cannot_be_taken_back_needs_as_many_as_the_policy_says_and_never_nobody() {
    let rule = policy(|rule| (rule.needed, rule.needed_irreversible) = (0, 2));
    let people = |plan: &Plan| (needed(plan, &rule).people, needed(plan, &rule).irreversible);
    assert_eq!(people(&two_suspends()), (1, 0));
    assert_eq!(people(&made(&[("wiki/u1", Op::Remove)])), (2, 1));
    assert!(judge(&two_suspends(), &[], &[], &rule).is_err());
}

#[test]
fn stops_hold_back_their_part_or_everything() {
    let plan = two_suspends();
    let approvals = [by(&plan, "Ben")];
    let stop = |blocks: Blocks| Stop {
        blocks,
        kind: Kind::TooMany,
        subject: String::new(),
        sentence: String::new(),
    };
    let judged = |stops: &[Stop]| judge(&plan, stops, &approvals, &Policy::default());
    let wiki = stop(Blocks::Instance { instance: "wiki".into() });
    let part = judged(std::slice::from_ref(&wiki)).expect("the other instance can run");
    let allowed = |c: &&Change| part.allows(c, at(NOW));
    let allowed: Vec<_> = plan.changes().iter().filter(allowed).collect();
    assert_eq!(allowed.len(), 1);
    assert_eq!(allowed[0].instance.as_str(), "chat");
    assert_eq!(part.held().len(), 1);
    let chat = stop(Blocks::Instance { instance: "chat".into() });
    assert!(matches!(judged(&[wiki, chat]), Err(Refusal::Stopped { .. })));
    assert!(matches!(judged(&[stop(Blocks::Plan)]), Err(Refusal::Stopped { .. })));
    let nothing = made(&[]);
    let refusal = judge(&nothing, &[], &[by(&nothing, "Ben")], &Policy::default());
    assert_eq!(refusal, Err(Refusal::Empty));
}

proptest! {
    #[test]
    fn no_crowd_of_requesters_ever_makes_a_permit(
        names in prop::collection::vec("(?i)[ ]{0,2}olga[ ]{0,2}", 0..6), needed in 0..4u32
    ) {
        let plan = two_suspends();
        let policy = policy(|rule| rule.needed = needed);
        let approvals: Vec<_> = names.iter().map(|name| by(&plan, name)).collect();
        prop_assert!(judge(&plan, &[], &approvals, &policy).is_err());
    }

    #[test]
    fn a_permit_needs_as_many_different_people_as_the_policy_says(
        names in prop::collection::vec("(?i)(ben|cleo|dia|olga)", 0..8), needed in 0..4u32
    ) {
        let plan = two_suspends();
        let policy = policy(|rule| rule.needed = needed);
        let approvals: Vec<_> = names.iter().map(|name| by(&plan, name)).collect();
        let people: BTreeSet<_> = names.iter().map(|n| fold(n)).filter(|n| n != "olga").collect();
        let enough = people.len() >= needed.max(1) as usize;
        prop_assert_eq!(judge(&plan, &[], &approvals, &policy).is_ok(), enough);
    }
}

/// What a permit says of its rules, or why there is none, as people read it.
fn said(plan: &Plan, policy: &Policy, humans: &Humans, names: &[&str]) -> String {
    let approval = |(nth, name): (usize, &&str)| {
        let minute = SignedDuration::from_mins(i64::try_from(nth).expect("a few"));
        Approval { at: at("2026-11-21T08:30:00Z") + minute, ..by(plan, name) }
    };
    let approvals: Vec<_> = names.iter().enumerate().map(approval).collect();
    let (now, today) = (at(NOW), day("2026-11-21"));
    let case = Case {
        plan,
        stops: &[],
        approvals: &approvals,
        humans,
        policy,
        executor: None,
        now,
        today,
    };
    match permit(&case) {
        Ok(permit) => {
            let seat = |seat: &Seat| match seat.by == seat.seat {
                true => seat.by.clone(),
                false => format!("{} as {}", seat.by, seat.seat),
            };
            let stage = |stage: &StageProgress| stage.by.iter().map(seat).collect::<Vec<_>>();
            let stages = permit.rules().iter().flat_map(|rule| rule.stages.iter().map(stage));
            let stages: Vec<String> = stages.map(|seats| seats.join(", ")).collect();
            format!("permit: {}", stages.join("; "))
        }
        Err(refusal) => crate::explain::refusal(&refusal),
    }
}

fn rules(rules: &str) -> Policy {
    let approval = serde_json::from_str(rules).expect("the test writes a policy");
    Policy { approval, ..Policy::default() }
}

#[test]
fn a_rule_is_met_stage_by_stage() {
    let policy = rules(
        r#"{"rule": [{"name": "wiki", "instances": ["wiki"], "verbs": ["suspend"],
            "stages": [{"of": ["Ben", "Cleo"], "at_least": 1}, {"of": ["Dia", "Eve"]}]}]}"#,
    );
    let nobody = Humans::default();
    let plan = made(&[("wiki/u1", Op::Suspend)]);
    let said = |names: &[&str]| said(&plan, &policy, &nobody, names);
    assert_eq!(
        said(&[]),
        "One person must approve the plan; nobody's approval counts.\n\
         The rule wiki waits for Ben or Cleo (stage 1 of 2)."
    );
    assert_eq!(
        said(&["Cleo", "Finn", "Dia"]),
        "One person must approve the plan; there is that of Cleo, Finn, Dia.\n\
         The rule wiki waits for Eve (stage 2 of 2)."
    );
    // Dia came before anybody of the first stage.
    assert_eq!(
        said(&["Dia", "Ben", "Eve"]),
        "One person must approve the plan; there is that of Ben, Eve.\n\
         The approval of Dia does not count: a rule wants them only after others have approved.\n\
         The rule wiki waits for Dia (stage 2 of 2)."
    );
    assert_eq!(said(&["Ben", "Eve", "Dia"]), "permit: Ben; Eve, Dia");
    let chat = made(&[("chat/u2", Op::Suspend)]);
    assert_eq!(self::said(&chat, &policy, &nobody, &["Finn"]), "permit: ");
}

#[test]
fn rules_are_for_what_they_say_and_all_that_apply_count() {
    let policy = rules(
        r#"{"rule": [
            {"name": "for good", "irreversible": true, "stages": [{"of": ["Cleo"]}]},
            {"name": "many", "more_than": 1, "stages": [{"of": ["Dia"]}]},
            {"name": "admins", "privileged": true, "stages": [{"of": ["Eve"]}]}]}"#,
    );
    let names = |plan: &Plan| {
        let needed = needed(plan, &policy);
        needed.rules.into_iter().map(|rule| rule.name).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(names(&made(&[("wiki/u1", Op::Suspend)])), "");
    assert_eq!(names(&two_suspends()), "many");
    assert_eq!(names(&made(&[("wiki/u1", Op::Remove)])), "for good");
    let both = made(&[("wiki/u1", Op::Remove), ("chat/u2", Op::Suspend)]);
    assert_eq!(names(&both), "for good, many");
    assert_eq!(
        said(&both, &policy, &Humans::default(), &["Cleo"]),
        "One person must approve the plan; there is that of Cleo.\nThe rule many waits for Dia."
    );
    assert_eq!(said(&both, &policy, &Humans::default(), &["Cleo", "Dia"]), "permit: Cleo; Dia");
}

#[test]
fn whoever_decides_in_anothers_place_takes_one_seat_and_only_in_those_days() {
    let text = r#"{"rule": [{"name": "two", "stages": [{"of": ["Ben", "Cleo"]}]}],
        "delegation": [{"from": "Ben", "to": "Dia", "starts": "2026-11-20", "until": "UNTIL"}]}"#;
    let plan = two_suspends();
    let said = |until: &str, names: &[&str]| {
        said(&plan, &rules(&text.replace("UNTIL", until)), &Humans::default(), names)
    };
    assert_eq!(said("2026-11-22", &["Dia", "Cleo"]), "permit: Dia as Ben, Cleo");
    assert!(said("2026-11-21", &["Dia", "Cleo"]).ends_with("The rule two waits for Ben."));
    // The seat is taken: Ben cannot take it again, and Dia has no second one.
    assert!(said("2026-11-22", &["Dia", "Ben"]).ends_with("The rule two waits for Cleo."));
}

#[test]
fn one_human_under_two_names_is_one_human() {
    let company = "
        person olga hr email=olga@x.com
        person bea hr email=bea@x.com
        account wiki/u1 root owner=bea
    ";
    let graph = World::read(company).graph();
    let humans = Humans::of(&graph, ["Olga", "olga@x.com", "bea", "root", "bea@x.com", "Cleo"]);
    let plan = made(&[("chat/u2", Op::Suspend)]);
    let two = policy(|rule| rule.needed = 2);
    assert_eq!(
        said(&plan, &two, &humans, &["olga@x.com", "bea", "root"]),
        "2 people must approve the plan; there is that of bea.\n\
         The approval of olga@x.com does not count: they asked for the plan themselves.\n\
         The approval of root does not count: they approved already."
    );
    assert_eq!(said(&plan, &two, &humans, &["bea@x.com", "Cleo"]), "permit: ");
    let named =
        rules(r#"{"approvers": ["Bea"], "rule": [{"name": "b", "stages": [{"of": ["bea"]}]}]}"#);
    assert_eq!(said(&plan, &named, &humans, &["root"]), "permit: root as bea");
}

#[test]
fn whoever_runs_a_plan_did_not_approve_it() {
    let (plan, policy, humans) = (two_suspends(), Policy::default(), Humans::default());
    let approvals = [by(&plan, "Ben")];
    let run_by = |executor: &str| {
        let (now, today) = (at(NOW), day("2026-11-21"));
        let (approvals, executor) = (&approvals[..], Some(executor));
        let (policy, humans, plan) = (&policy, &humans, &plan);
        permit(&Case { plan, stops: &[], approvals, humans, policy, executor, now, today })
    };
    assert!(run_by("Olga").is_ok());
    let refused = crate::explain::refusal(&run_by("BEN").expect_err("he approved it"));
    assert!(refused.ends_with("does not count: they run the plan themselves."), "{refused}");
}

#[test]
fn before_somebody_agrees_it_is_known_whether_that_would_count() {
    let policy = rules(
        r#"{"approvers": ["Ben"], "rule": [{"name": "two",
            "stages": [{"of": ["Cleo"]}, {"of": ["Dia"]}]}]}"#,
    );
    let (plan, humans) = (two_suspends(), Humans::default());
    let may = |approvals: &[Approval], name: &str| {
        let (now, today) = (at(NOW), day("2026-11-21"));
        let (plan, humans, policy) = (&plan, &humans, &policy);
        let case = Case { plan, stops: &[], approvals, humans, policy, executor: None, now, today };
        may_agree(&case, name)
    };
    assert_eq!(may(&[], "Ben"), Ok(()));
    assert_eq!(may(&[], "Cleo"), Ok(()));
    assert_eq!(may(&[], "Dia"), Err(NotCounted::TooEarly));
    assert_eq!(may(&[by(&plan, "Cleo")], "Dia"), Ok(()));
    assert_eq!(may(&[], "Eve"), Err(NotCounted::NotApprover));
    assert_eq!(may(&[], "Olga"), Err(NotCounted::Requester));
}

proptest! {
    #[test]
    fn no_order_of_approvals_meets_a_rule_without_enough_of_its_people(
        names in prop::collection::vec("(Ben|Cleo|Dia|Eve|Olga)", 0..7)
    ) {
        let policy = rules(
            r#"{"rule": [{"name": "two", "stages": [{"of": ["Ben", "Cleo", "Olga"], "at_least": 2}]}]}"#,
        );
        let plan = two_suspends();
        let approvals: Vec<_> = names.iter().map(|name| by(&plan, name)).collect();
        let seats: BTreeSet<_> = names.iter().filter(|name| ["Ben", "Cleo"].contains(&name.as_str())).collect();
        prop_assert_eq!(judge(&plan, &[], &approvals, &policy).is_ok(), seats.len() == 2);
    }
}
