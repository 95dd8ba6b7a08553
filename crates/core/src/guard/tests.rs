//! Guards at their limits and one beyond.

use std::collections::BTreeMap;

use super::*;
use crate::change::{Basis as Known, Op};
use crate::finding::Subject;
use crate::graph::Credential;
use crate::harm::Harm;
use crate::id::{AccountRef, FindingId};
use crate::plan::{Asked, Want, Wish, plan};
use crate::policy::{Limits, Raisable, Raise};
use crate::reach::{Reach, Way};
use crate::snapshot::Coverage;
use crate::testing::{World, at, of};

const NOW: &str = "2026-11-21T09:00:00Z";

/// `people` people, each with the account `wiki/uN`.
fn company(people: usize) -> World {
    let lines = (0..people).map(|n| {
        format!("person p{n} hr email=p{n}@x.com\naccount wiki/u{n} p{n}@x.com owner=p{n}\n")
    });
    World::read(&lines.collect::<String>())
}

fn reach(known: Known) -> Reach {
    let verbs = [Verb::Create, Verb::Suspend, Verb::Reactivate, Verb::Grant, Verb::Revoke];
    let way = Way::new("scim").reversibly(&verbs, known).for_good(&[Verb::Remove], known);
    Reach { routes: vec![way] }
}

fn reaches() -> BTreeMap<InstanceName, Reach> {
    ["wiki", "chat", "vault"].map(|name| (name.into(), reach(Known::Documented))).into()
}

fn planned(graph: &Graph, wishes: &[Wish]) -> Plan {
    plan(graph, wishes, &reaches(), &Policy::default(), "olga", at("2026-11-21T08:30:00Z"))
}

fn ask(account: &str, op: Op) -> Wish {
    Wish::by_person("olga", of(account), op, "Olga asked.")
}

fn suspends(accounts: std::ops::Range<usize>) -> Vec<Wish> {
    accounts.map(|n| ask(&format!("wiki/u{n}"), Op::Suspend)).collect()
}

fn found(wish: Wish) -> Wish {
    Wish { asked: Asked::Finding { finding: FindingId::derive(&["test"]) }, ..wish }
}

fn limits(change: impl FnOnce(&mut Limits)) -> Policy {
    let mut policy = Policy::default();
    // Each test opens the limits that it does not try.
    policy.limits = Limits {
        removed_pct_max: 100,
        removed_max: 10_000,
        created_max: 10_000,
        workspace_removed_max: 10_000,
        ..policy.limits
    };
    change(&mut policy.limits);
    policy
}

fn judged(world: &World, wishes: &[Wish], policy: &Policy, history: &History) -> Vec<Stop> {
    let graph = world.graph();
    stops(&planned(&graph, wishes), &graph, policy, history, at(NOW))
}

/// The kinds of stop, and how often each.
fn kinds(stops: &[Stop]) -> Vec<&'static str> {
    stops.iter().map(|stop| stop.kind.word()).collect()
}

fn check_amount(people: usize, closed: usize, policy: &Policy, expected: &[&str]) {
    let stops = judged(&company(people), &suspends(0..closed), policy, &History::default());
    assert_eq!(kinds(&stops), expected, "{closed} of {people}: {stops:?}");
}

#[test]
fn exactly_at_a_limit_passes_and_one_more_stops() {
    let percent = limits(|l| l.removed_pct_max = 20);
    check_amount(100, 20, &percent, &[]);
    // Once for the instance and once for the source behind all of them.
    check_amount(100, 21, &percent, &["too_many", "too_many"]);
    let absolute = limits(|l| l.removed_max = 50);
    check_amount(300, 50, &absolute, &[]);
    check_amount(300, 51, &absolute, &["too_many", "too_many"]);
    let workspace = limits(|l| l.workspace_removed_max = 50);
    check_amount(300, 50, &workspace, &[]);
    check_amount(300, 51, &workspace, &["too_many"]);
}

#[test]
fn a_percentage_of_a_handful_is_not_judged() {
    let policy = limits(|l| l.removed_pct_max = 20);
    check_amount(1, 1, &policy, &[]);
    check_amount(3, 2, &policy, &[]);
    check_amount(3, 3, &policy, &["too_many", "too_many"]);
    check_amount(0, 0, &policy, &[]);
}

#[test]
fn a_stop_says_how_many_of_what_and_what_to_do() {
    let policy = limits(|l| l.removed_pct_max = 20);
    let stops = judged(&company(10), &suspends(0..3), &policy, &History::default());
    assert_eq!(stops[0].blocks, Blocks::Plan);
    assert_eq!(stops[1].blocks, Blocks::Instance { instance: "wiki".into() });
    insta::assert_snapshot!(stops[1].sentence, @"In wiki, 3 accounts would be closed within 24 hours, which concerns 3 of 10, more than 20 percent of wiki's accounts. That is how a mistake in a source or a filter looks. Find out why; if it is meant, raise the limit for a time with `rollbook policy raise`, to which somebody else must agree.");
}

fn past(change: &str, account: &str, verb: Verb, moment: &str) -> PastEffect {
    let AccountRef { instance, key } = of(account);
    PastEffect {
        at: at(moment),
        change: ChangeId::new(change),
        instance,
        account: Some(key),
        identity: None,
        verb,
        standing: String::new(),
        requester: String::new(),
    }
}

#[test]
fn what_was_done_inside_the_window_counts_and_what_is_older_does_not() {
    let policy = limits(|l| l.removed_max = 5);
    let earlier = |moment: &str| History {
        effects: (10..13)
            .map(|n| past(&format!("chg_{n}"), &format!("wiki/u{n}"), Verb::Suspend, moment))
            .collect(),
        ..History::default()
    };
    let judge = |closed, history: &History| {
        kinds(&judged(&company(100), &suspends(0..closed), &policy, history))
    };
    let inside = earlier("2026-11-20T09:00:01Z");
    assert_eq!(judge(2, &inside), [""; 0]);
    assert_eq!(judge(3, &inside), ["too_many"]);
    let outside = earlier("2026-11-20T09:00:00Z");
    assert_eq!(judge(5, &outside), [""; 0]);
}

#[test]
fn nineteen_percent_again_and_again_is_stopped_by_the_window() {
    let policy = limits(|l| l.removed_pct_max = 20);
    let mut history = History::default();
    let mut ran = 0;
    for cycle in 0..5 {
        let wishes = suspends(cycle * 19..cycle * 19 + 19);
        let world = company(100);
        let graph = world.graph();
        let plan = planned(&graph, &wishes);
        if stops(&plan, &graph, &policy, &history, at(NOW)).is_empty() {
            ran += 1;
            history.effects.extend(plan.changes().iter().map(|c| PastEffect::of(c, at(NOW))));
        }
    }
    assert_eq!(ran, 1);
}

/// Ten accounts closed on each of five days before, by olga and by ben in turn.
fn week() -> History {
    let effects = (0..50).map(|n| {
        let moment = format!("2026-11-{}T10:00:00Z", 15 + n / 10);
        let requester = if n % 2 == 0 { "olga" } else { "ben" }.to_owned();
        let (change, account) = (format!("chg_{n}"), format!("wiki/u{n}"));
        PastEffect { requester, ..past(&change, &account, Verb::Suspend, &moment) }
    });
    History { effects: effects.collect(), ..History::default() }
}

#[test]
fn what_stays_below_the_limit_every_day_is_stopped_by_the_week() {
    let policy = limits(|l| {
        l.removed_max = 20;
        l.long.removed_max = 60;
    });
    let judge = |closed: usize| judged(&company(200), &suspends(60..60 + closed), &policy, &week());
    assert_eq!(kinds(&judge(10)), [""; 0]);
    insta::assert_snapshot!(judge(11)[0].sentence, @"In wiki, 61 accounts would be closed within 168 hours; the limit is 60. That is how a mistake in a source or a filter looks. Find out why; if it is meant, raise the limit for a time with `rollbook policy raise`, to which somebody else must agree.");
}

#[test]
fn what_one_requester_asked_for_is_counted_for_itself() {
    let policy = limits(|l| l.long.requester_removed_max = Some(30));
    let policy = Policy {
        limits: Limits { requester_removed_max: Some(20), ..policy.limits },
        ..Policy::default()
    };
    let judge = |closed: usize| judged(&company(200), &suspends(60..60 + closed), &policy, &week());
    assert_eq!(kinds(&judge(5)), [""; 0]);
    let stops = judge(6);
    assert_eq!(kinds(&stops), ["too_many"]);
    insta::assert_snapshot!(stops[0].sentence, @"Of what olga asked for, 31 changes would take access away within 168 hours; the limit is 30. That is how a mistake in a source or a filter looks. Find out why; if it is meant, raise the limit for a time with `rollbook policy raise`, to which somebody else must agree.");
}

#[test]
fn a_limit_is_raised_only_where_and_as_long_as_somebody_else_agreed() {
    let policy = limits(|l| l.removed_max = 5);
    let raise = Raise {
        id: "lim_1".to_owned(),
        instance: Some("wiki".into()),
        limit: Raisable::RemovedMax,
        to: 10,
        until: at("2026-11-21T12:00:00Z"),
        asked_by: "olga".to_owned(),
        asked_at: at("2026-11-21T08:00:00Z"),
        reason: "The wiki moves.".to_owned(),
        approved_by: "kim".to_owned(),
    };
    let judge = |raise: Raise, closed| {
        let history = History { raises: vec![raise], ..History::default() };
        let stops = judged(&company(100), &suspends(0..closed), &policy, &history);
        stops.iter().map(|stop| stop.subject.clone()).collect::<Vec<_>>()
    };
    // The people of the source are counted too, and nothing was raised for them.
    assert_eq!(judge(raise.clone(), 10), ["hr"]);
    assert_eq!(judge(raise.clone(), 11), ["hr", "wiki"]);
    let nobody_agreed = Raise { approved_by: String::new(), ..raise.clone() };
    let ended = Raise { until: at("2026-11-21T09:00:00Z"), ..raise.clone() };
    let elsewhere = Raise { instance: Some("chat".into()), ..raise.clone() };
    for void in [nobody_agreed, ended, elsewhere] {
        assert_eq!(judge(void, 6), ["hr", "wiki"]);
    }
    assert_eq!(judge(Raise { instance: None, ..raise }, 10), [""; 0], "raised everywhere");
}

#[test]
fn nothing_is_changed_before_somebody_accepted_the_first_whole_view_where_the_policy_asks_for_that()
{
    let policy = limits(|l| l.accept_first_view = true);
    let seen = BTreeMap::from([("wiki".into(), 9)]);
    let mut history = History { complete_snapshots: seen, ..History::default() };
    assert_eq!(kinds(&judged(&company(10), &suspends(0..1), &policy, &history)), ["first_run"]);
    history.accepted.insert("wiki".into());
    assert_eq!(kinds(&judged(&company(10), &suspends(0..1), &policy, &history)), [""; 0]);
}

#[test]
fn nothing_is_sent_from_a_book_that_was_put_back() {
    let in_hold = Some("It was put back.".to_owned());
    let history = History { in_hold, ..History::default() };
    let stops = judged(&company(10), &suspends(0..1), &limits(|_| {}), &history);
    assert_eq!((kinds(&stops), &stops[0].blocks), (vec!["in_hold"], &Blocks::Plan));
}

#[test]
fn a_legal_hold_stops_what_removes_and_lets_access_be_cut() {
    let history = History { on_hold: ["p0".into()].into(), ..History::default() };
    let judge = |op: Op| {
        let wishes = [ask("wiki/u0", op.clone()), ask("wiki/u1", op)];
        let stops = judged(&company(10), &wishes, &limits(|_| {}), &history);
        stops.iter().map(|s| (s.kind.word(), s.subject.clone())).collect::<Vec<_>>()
    };
    assert_eq!(judge(Op::Suspend), []);
    assert_eq!(judge(Op::Remove), [("legal_hold", "wiki: p0@x.com".to_owned())]);
}

#[test]
fn a_plan_taken_up_again_does_not_count_its_own_effects_twice() {
    let policy = limits(|l| l.removed_max = 3);
    let world = company(10);
    let graph = world.graph();
    let plan = planned(&graph, &suspends(0..3));
    let effects = plan.changes()[..2].iter().map(|c| PastEffect::of(c, at(NOW))).collect();
    let history = History { effects, ..History::default() };
    assert_eq!(stops(&plan, &graph, &policy, &history, at(NOW)), []);
}

#[test]
fn removed_accounts_still_count_in_the_population_of_the_window() {
    let policy = limits(|l| l.removed_pct_max = 20);
    let effects = (90..100)
        .map(|n| {
            past(&format!("chg_{n}"), &format!("wiki/u{n}"), Verb::Remove, "2026-11-21T01:00:00Z")
        })
        .collect();
    let history = History { effects, ..History::default() };
    // 90 are left of 100: ten more make 20 of 100, which is exactly the limit.
    let judge = |closed| kinds(&judged(&company(90), &suspends(0..closed), &policy, &history));
    assert_eq!(judge(10), [""; 0]);
    assert_eq!(judge(11), ["too_many"]);
}

#[test]
fn revoking_and_giving_are_counted_in_their_own_classes() {
    let mut text = String::new();
    for n in 0..30 {
        text += &format!("account wiki/u{n} p{n} grant=Editors grant=Readers\n");
    }
    let world = World::read(&text);
    let revoke =
        |n: usize| ask(&format!("wiki/u{n}"), Op::Revoke { entitlement: "Editors".to_owned() });
    let grant =
        |n: usize| ask(&format!("wiki/u{n}"), Op::Grant { entitlement: "Owners".to_owned() });
    let judge = |wishes: Vec<Wish>, policy: &Policy| {
        kinds(&judged(&world, &wishes, policy, &History::default()))
    };
    let removed = limits(|l| l.removed_max = 5);
    assert_eq!(judge((0..5).map(revoke).collect(), &removed), [""; 0]);
    assert_eq!(judge((0..6).map(revoke).collect(), &removed), ["too_many"]);
    // Five closed and five others losing a right are five of each.
    let both = (0..5).map(revoke).chain(suspends(10..15)).collect();
    assert_eq!(judge(both, &removed), [""; 0]);
    // What is revoked from an account that is closed goes with it.
    let with_it = (0..5).map(revoke).chain(suspends(0..5)).chain([revoke(20)]).collect();
    assert_eq!(judge(with_it, &removed), [""; 0]);
    let given = limits(|l| l.created_max = 5);
    assert_eq!(judge((0..5).map(grant).collect(), &given), [""; 0]);
    assert_eq!(judge((0..6).map(grant).collect(), &given), ["too_many"]);
    let percent = limits(|l| l.removed_pct_max = 20);
    assert_eq!(judge((0..6).map(revoke).collect(), &percent), [""; 0]);
    assert_eq!(judge((0..7).map(revoke).collect(), &percent), ["too_many"]);
}

#[test]
fn creating_is_counted_too() {
    let people: String = (0..6).map(|n| format!("person p{n} hr\n")).collect();
    let mut world = World::read(&people);
    world.view("wiki");
    let create = |n: usize| {
        let profile = crate::change::Profile { login: format!("p{n}@x.com"), ..Default::default() };
        Wish {
            subject: Subject::Assignment {
                identity: format!("p{n}").as_str().into(),
                instance: "wiki".into(),
            },
            want: Want::Act { op: Op::Create { profile } },
            asked: Asked::Person { name: "olga".to_owned() },
            because: "Olga asked.".to_owned(),
            heir: None,
        }
    };
    let policy = limits(|l| l.created_max = 5);
    let judge = |n| {
        kinds(&judged(
            &world,
            &(0..n).map(create).collect::<Vec<_>>(),
            &policy,
            &History::default(),
        ))
    };
    assert_eq!(judge(5), [""; 0]);
    assert_eq!(judge(6), ["too_many"]);
}

#[test]
fn the_past_alone_stops_nothing() {
    let policy = limits(|l| l.removed_max = 1);
    let effects = (0..9)
        .map(|n| past(&format!("chg_{n}"), &format!("wiki/u{n}"), Verb::Suspend, NOW))
        .collect();
    let history = History { effects, ..History::default() };
    let grant = ask("wiki/u20", Op::Grant { entitlement: "Owners".to_owned() });
    assert_eq!(judged(&company(30), &[grant], &policy, &history), []);
}

#[test]
fn a_protected_account_is_stopped_by_any_of_its_names() {
    let world = World::read(
        "account wiki/u1 Root@X.com email=break.glass@x.com
         account wiki/u2 ben@x.com",
    );
    for name in ["root@x.com", "BREAK.GLASS@x.com", "wiki/u1"] {
        let policy = Policy { protected: vec![name.to_owned()], ..limits(|_| {}) };
        let wishes = [ask("wiki/u1", Op::Suspend), ask("wiki/u2", Op::Suspend)];
        let stops = judged(&world, &wishes, &policy, &History::default());
        assert_eq!(kinds(&stops), ["protected"], "{name}");
        assert!(stops[0].sentence.starts_with("The policy protects"), "{}", stops[0].sentence);
        assert_eq!(stops[0].subject, "wiki: Root@X.com");
    }
}

#[test]
fn the_last_administrator_who_can_get_in_stays() {
    let world = World::read(
        "account wiki/a1 root role=Admin
         account wiki/a2 boss grant=admin
         account wiki/a3 old role=Admin state=suspended
         account wiki/u1 ben",
    );
    let judge =
        |wishes: &[Wish]| kinds(&judged(&world, wishes, &limits(|_| {}), &History::default()));
    assert_eq!(judge(&[ask("wiki/a1", Op::Suspend)]), [""; 0]);
    assert_eq!(
        judge(&[ask("wiki/a1", Op::Suspend), ask("wiki/a2", Op::Suspend)]),
        ["last_admin"; 2]
    );
    let revoke = Op::Revoke { entitlement: "admin".to_owned() };
    assert_eq!(judge(&[ask("wiki/a1", Op::Remove), ask("wiki/a2", revoke)]), ["last_admin"; 2]);
    // One who is only to be let in again in the same plan is no administrator yet.
    let swap =
        [ask("wiki/a1", Op::Suspend), ask("wiki/a2", Op::Suspend), ask("wiki/a3", Op::Reactivate)];
    assert_eq!(judge(&swap), ["last_admin"; 2]);
    assert_eq!(judge(&[ask("wiki/u1", Op::Suspend)]), [""; 0]);
}

#[test]
fn a_partial_view_holds_back_the_instance_and_nothing_else() {
    let world = World::read(
        "account wiki/u1 ana
         account chat/u1 ana
         partial wiki the list was cut",
    );
    let wishes = [ask("wiki/u1", Op::Suspend), ask("chat/u1", Op::Suspend)];
    let stops = judged(&world, &wishes, &limits(|_| {}), &History::default());
    assert_eq!(kinds(&stops), ["partial_view"]);
    assert_eq!(stops[0].blocks, Blocks::Instance { instance: "wiki".into() });
}

#[test]
fn a_view_that_became_partial_after_the_plan_holds_it_back_too() {
    let mut world = company(3);
    let plan = planned(&world.graph(), &suspends(0..1));
    world.view("wiki").coverage = Coverage::Partial { why: "The list was cut.".to_owned() };
    let stops = stops(&plan, &world.graph(), &limits(|_| {}), &History::default(), at(NOW));
    assert_eq!(kinds(&stops), ["partial_view"]);
}

#[test]
fn an_old_or_lost_snapshot_cannot_carry_a_plan() {
    let mut world = company(3);
    let plan = planned(&world.graph(), &suspends(0..1));
    let judge = |world: &World, now: &str| {
        kinds(&stops(&plan, &world.graph(), &limits(|_| {}), &History::default(), at(now)))
    };
    assert_eq!(judge(&world, "2026-11-22T08:00:00Z"), [""; 0]);
    assert_eq!(judge(&world, "2026-11-22T08:00:01Z"), ["stale_basis"]);
    world.view("wiki").taken_at = Some(at("2026-11-21T07:59:59Z"));
    assert_eq!(judge(&world, NOW), ["stale_basis"]);
    world.view("wiki").taken_at = None;
    assert_eq!(judge(&world, NOW), ["stale_basis"]);
    // A newer look at unchanged accounts is no reason to stop.
    world.view("wiki").taken_at = Some(at("2026-11-21T08:59:00Z"));
    assert_eq!(judge(&world, NOW), [""; 0]);
}

#[test]
fn facts_that_moved_since_the_plan_hold_back_their_change_only() {
    let world = company(5);
    let plan = planned(&world.graph(), &suspends(0..2));
    let judge = |change: fn(&mut World)| {
        let mut world = world.clone();
        change(&mut world);
        stops(&plan, &world.graph(), &limits(|_| {}), &History::default(), at(NOW))
    };
    let account = judge(|world| world.parts.accounts[0].login = "other@x.com".to_owned());
    assert_eq!(kinds(&account), ["stale_basis"]);
    assert!(account[0].sentence.starts_with("The account, or whose it is, changed"));
    let first = plan.changes().iter().find(|c| c.label == "p0@x.com").expect("it is planned");
    assert_eq!(account[0].blocks, Blocks::Change { change: first.id.clone() });
    let person = judge(|world| world.parts.records[1].ends = Some(jiff::civil::date(2027, 1, 1)));
    assert!(person[0].sentence.starts_with("What the source says about the person changed"));
    let gone = judge(|world| {
        world.parts.accounts.remove(0);
        world.parts.links.remove(0);
    });
    assert!(gone[0].sentence.starts_with("The account is not there any more"));
    let used = judge(|world| world.parts.accounts[0].last_seen = Some(at(NOW)));
    assert_eq!(used, []);
    let another = judge(|world| world.parts.accounts[4].login = "other@x.com".to_owned());
    assert_eq!(another, []);
}

#[test]
fn what_cannot_be_taken_back_needs_a_source() {
    let graph = company(3).graph();
    let judge = |op: Op, known: Known| {
        let reaches = BTreeMap::from([("wiki".into(), reach(known))]);
        let wishes = [ask("wiki/u1", op)];
        let policy = limits(|_| {});
        let plan = plan(&graph, &wishes, &reaches, &policy, "olga", at("2026-11-21T08:30:00Z"));
        kinds(&stops(&plan, &graph, &policy, &History::default(), at(NOW)))
    };
    assert_eq!(judge(Op::Remove, Known::Recalled), ["unproven_route"]);
    assert_eq!(judge(Op::Remove, Known::Documented), [""; 0]);
    assert_eq!(judge(Op::Remove, Known::Probed), [""; 0]);
    assert_eq!(judge(Op::Suspend, Known::Recalled), [""; 0]);
}

/// The same reach, in which removing does `harm` and may hand over.
fn harmful(harm: Harm, hands_over: bool) -> BTreeMap<InstanceName, Reach> {
    let mut reach = reach(Known::Documented);
    let ability = reach.routes[0].can.get_mut(&Verb::Remove).expect("it can remove");
    ability.harms.insert(harm);
    ability.hands_over = hands_over;
    BTreeMap::from([("wiki".into(), reach)])
}

#[test]
fn what_nobody_takes_over_is_not_destroyed_unless_somebody_answers_for_that() {
    let graph = company(3).graph();
    let heir = |who: usize| Some(IdentityId::new(format!("p{who}")));
    let judge = |hands_over: bool, heir: Option<IdentityId>, policy: &Policy| {
        let reaches = harmful(Harm::DestroysContent, hands_over);
        let wishes = [Wish { heir, ..ask("wiki/u1", Op::Remove) }];
        let plan = plan(&graph, &wishes, &reaches, policy, "olga", at("2026-11-21T08:30:00Z"));
        let stops = kinds(&stops(&plan, &graph, policy, &History::default(), at(NOW)));
        (stops, plan.changes()[0].heir.clone())
    };
    let strict = limits(|_| {});
    let owner = graph.account(&of("wiki/u2")).and_then(|(_, link)| link.owner().cloned());
    assert_eq!(judge(true, None, &strict), (vec!["content_at_risk"], None));
    assert_eq!(judge(true, heir(99), &strict), (vec!["content_at_risk"], None), "has no account");
    assert_eq!(judge(false, owner.clone(), &strict), (vec!["content_at_risk"], None));
    assert_eq!(judge(true, owner, &strict), (vec![], Some("u2".into())));
    let policy = Policy { content_may_go: vec!["wiki".into()], ..strict };
    assert_eq!(judge(false, None, &policy), (vec![], None));
}

#[test]
fn the_account_whose_secret_we_act_with_is_not_closed() {
    let mut world = company(3);
    let credential = |owner: &str| Credential {
        owner: owner.to_owned(),
        is_personal: true,
        ..Credential::default()
    };
    let login = world.parts.accounts[1].login.to_uppercase();
    let key = world.parts.accounts[1].key.to_string();
    world.view("wiki").credential = credential(&login);
    let close = [ask(&format!("wiki/{key}"), Op::Suspend)];
    let policy = limits(|_| {});
    assert_eq!(kinds(&judged(&world, &close, &policy, &History::default())), ["own_credential"]);
    let revoke = [ask(&format!("wiki/{key}"), Op::Grant { entitlement: "x".into() })];
    assert_eq!(judged(&world, &revoke, &policy, &History::default()), []);
    world.view("wiki").credential.is_personal = false;
    assert_eq!(judged(&world, &close, &policy, &History::default()), []);
}

#[test]
fn the_account_that_a_browser_signs_in_with_is_not_touched_at_all() {
    let mut world = company(3);
    let robot = world.parts.accounts[1].clone();
    world.view("wiki").credential = Credential {
        owner: robot.login.to_uppercase(),
        is_personal: true,
        is_robot: true,
        answers: String::new(),
    };
    let all = [Op::Suspend, Op::Remove, Op::Grant { entitlement: "x".to_owned() }];
    for op in all {
        let change = [ask(&format!("wiki/{}", robot.key), op.clone())];
        let stopped = judged(&world, &change, &limits(|_| {}), &History::default());
        assert!(kinds(&stopped).contains(&"own_credential"), "{op:?}: {stopped:?}");
    }
    let other = [ask(&format!("wiki/{}", world.parts.accounts[2].key), Op::Suspend)];
    assert_eq!(judged(&world, &other, &limits(|_| {}), &History::default()), []);
}

#[test]
fn what_was_found_waits_for_its_source_and_for_a_second_look() {
    let known =
        History { complete_snapshots: BTreeMap::from([("wiki".into(), 2)]), ..History::default() };
    let wish = || found(ask("wiki/u1", Op::Suspend));
    let policy = limits(|_| {});
    let mut world = company(3);
    assert_eq!(kinds(&judged(&world, &[wish()], &policy, &known)), [""; 0]);
    assert_eq!(kinds(&judged(&world, &[wish()], &policy, &History::default())), ["first_run"]);
    let asked = [ask("wiki/u1", Op::Suspend)];
    assert_eq!(judged(&world, &asked, &policy, &History::default()), []);
    world.feed("hr").kept_out = Some("The file shrank from 900 to 3 rows.".to_owned());
    assert_eq!(kinds(&judged(&world, &[wish()], &policy, &known)), ["source_kept_out"]);
    assert_eq!(judged(&world, &asked, &policy, &known), []);
    world.feed("hr").kept_out = None;
    world.feed("hr").taken_at = Some(at("2026-11-19T08:59:59Z"));
    assert_eq!(kinds(&judged(&world, &[wish()], &policy, &known)), ["source_kept_out"]);
    world.feed("hr").taken_at = Some(at("2026-11-19T09:00:00Z"));
    assert_eq!(kinds(&judged(&world, &[wish()], &policy, &known)), [""; 0]);
}
