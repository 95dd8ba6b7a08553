//! Plans made from a small company.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::change::{Basis as Known, Op, Verb};
use crate::explain;
use crate::finding::{Finding, Kind, Severity};
use crate::graph::Graph;
use crate::harm::Harm;
use crate::id::{AccountRef, FindingId, IdentityId};
use crate::policy::Policy;
use crate::reach::{Reach, Way};
use crate::testing::{World, at, of};

const COMPANY: &str = "
    person ana hr ends=2026-11-20 email=ana@x.com
    person ben hr email=ben@x.com
    person cleo hr
    account wiki/u1 ana@x.com owner=ana grant=Editors grant=Readers:Editors
    account wiki/u2 ben@x.com owner=ben role=Admin
    account wiki/u3 a.jansen suggested=ana,ben
    account wiki/bot deploy owner=ana kind=service
    account chat/7 ana owner=ana state=suspended
    account vault/9 ana@x.com owner=ana
    account vault/10 lost
";

fn reach() -> BTreeMap<InstanceName, Reach> {
    let scim = Way::new("scim")
        .reversibly(
            &[Verb::Create, Verb::Update, Verb::Suspend, Verb::Reactivate],
            Known::Documented,
        )
        .reversibly(&[Verb::Grant, Verb::Revoke], Known::Documented)
        .for_good(&[Verb::Remove], Known::Recalled);
    let human = Way::new("human").for_good(&[Verb::Remove], Known::Documented);
    BTreeMap::from([
        ("wiki".into(), Reach { routes: vec![scim.clone()] }),
        ("chat".into(), Reach { routes: vec![scim] }),
        ("vault".into(), Reach { routes: vec![human] }),
    ])
}

fn made(graph: &Graph, wishes: &[Wish], policy: &Policy) -> Plan {
    plan(graph, wishes, &reach(), policy, "olga", at("2026-11-21T09:00:00Z"))
}

/// The plan for people, without the digest, which is judged elsewhere.
fn shown(plan: &Plan) -> String {
    let text = explain::plan(plan, &[]);
    let (text, _) = text.split_once("\n\nRests on").expect("a plan always rests on something");
    text.to_owned()
}

fn ask(account: &str, op: Op) -> Wish {
    Wish::by_person("olga", of(account), op, "Olga asked.")
}

fn grant(entitlement: &str) -> Op {
    Op::Grant { entitlement: entitlement.to_owned() }
}

fn revoke(entitlement: &str) -> Op {
    Op::Revoke { entitlement: entitlement.to_owned() }
}

fn set(attribute: &str, value: &str) -> Op {
    Op::Update { set: BTreeMap::from([(attribute.to_owned(), value.to_owned())]) }
}

#[test]
fn offboarding_closes_what_is_surely_theirs_and_says_what_it_leaves_alone() {
    let graph = World::read(COMPANY).graph();
    let policy = Policy { revoke_on_leave: true, ..Policy::default() };
    let wishes = offboard(&graph, &"ana".into(), None, &policy);
    insta::assert_snapshot!(shown(&made(&graph, &wishes, &policy)), @r"
    olga asked for this plan at 2026-11-21T09:00:00Z. It would remove 1, revoke 1, suspend 1.

    Cannot be taken back (1):
      - Remove ana@x.com from vault, by human: ana leaves.

    Can be taken back (2):
      - Suspend ana@x.com in wiki, by scim: ana leaves.
      - Revoke Editors from ana@x.com in wiki, by scim: ana leaves.

    Left alone (3):
      - ana in chat: It is suspended already.
      - deploy in wiki: The account is a machine's; others may depend on it. Give it a new owner, or name the account itself to change it.
      - a.jansen in wiki: It is not sure whose account it is: several people may own it. Confirm the owner first.
    ");
}

#[test]
fn nothing_is_made_for_whom_an_account_may_be_there_already() {
    let missing = |instance: &str| Finding {
        id: FindingId::derive(&[instance]),
        kind: Kind::Missing,
        subject: Subject::Assignment { identity: "ben".into(), instance: instance.into() },
        identity: Some("ben".into()),
        severity: Severity::Low,
        because: "ben has no account, unless a.jansen is theirs.".to_owned(),
        evidence: Vec::new(),
    };
    let company = "
        person ben hr email=ben@x.com
        account wiki/u3 a.jansen suggested=ana,ben
        account chat/9 b.jansen suggested=ben state=gone
        account vault/9 other
    ";
    let graph = World::read(company).graph();
    let findings = ["wiki", "chat", "*"].map(missing);
    let plan =
        made(&graph, &from_findings(&graph, &findings, &Policy::default()), &Policy::default());
    insta::assert_snapshot!(shown(&plan), @r"
    olga asked for this plan at 2026-11-21T09:00:00Z. It would create 1.

    Can be taken back (1):
      - Create ben@x.com (ben) in chat, by scim: ben has no account, unless a.jansen is theirs.

    Left alone (2):
      - ben: The account wiki/u3 (a.jansen) may be theirs already. Confirm or reject that link first.
      - ben in wiki: The account wiki/u3 (a.jansen) may be theirs already. Confirm or reject that link first.
    ");
}

#[test]
fn findings_become_wishes_only_where_nothing_is_guessed() {
    let graph = World::read(COMPANY).graph();
    let finding = |kind: Kind, subject: Subject| Finding {
        id: FindingId::derive(&[&format!("{kind:?}{subject:?}")]),
        kind,
        subject,
        identity: None,
        severity: Severity::High,
        because: format!("{kind:?} was found."),
        evidence: Vec::new(),
    };
    let account = |text: &str| Subject::Account { account: of(text) };
    let assignment = |who: &str, instance: &str| Subject::Assignment {
        identity: who.into(),
        instance: instance.into(),
    };
    let outlived = Subject::Grant { account: of("wiki/u1"), entitlement: "Editors".to_owned() };
    let inherited = Subject::Grant { account: of("wiki/u1"), entitlement: "Readers".to_owned() };
    let findings = [
        finding(Kind::Leftover, account("wiki/u1")),
        finding(Kind::Orphan, account("vault/10")),
        finding(Kind::OutlivedGrant, outlived),
        finding(Kind::ExtraGrant, inherited),
        finding(Kind::Missing, assignment("ben", "chat")),
        finding(Kind::Missing, assignment("cleo", "chat")),
        finding(Kind::Missing, assignment("ben", "*")),
        finding(Kind::StaleView, Subject::Instance { instance: "wiki".into() }),
    ];
    let wishes = from_findings(&graph, &findings, &Policy::default());
    let plan = made(&graph, &wishes, &Policy::default());
    assert_eq!(plan.origin(), Origin::Found);
    insta::assert_snapshot!(shown(&plan), @r"
    olga asked for this plan at 2026-11-21T09:00:00Z. It would create 1, revoke 1, suspend 1.

    Can be taken back (3):
      - Create ben@x.com (ben) in chat, by scim: Missing was found.
      - Suspend ana@x.com in wiki, by scim: Leftover was found.
      - Revoke Editors from ana@x.com in wiki, by scim: OutlivedGrant was found.

    Left alone (5):
      - lost in vault: Nobody is known to own it; a person must say whose it is.
      - ana@x.com in wiki: It has Readers through Editors; revoke that.
      - ben: The account wiki/u3 (a.jansen) may be theirs already. Confirm or reject that link first.
      - cleo in chat: No worker record of this person has a work e-mail address, and a login is never guessed. Add the address at the source.
      - wiki: It must be read again before anything can be decided.
    ");
}

#[test]
fn wishes_about_one_account_become_one_or_are_refused() {
    let graph = World::read(COMPANY).graph();
    let wishes = [
        ask("wiki/u1", Op::Suspend),
        ask("wiki/u1", Op::Suspend),
        ask("wiki/u1", set("title", "Head")),
        ask("wiki/u1", set("displayName", "Ana")),
        ask("wiki/u1", set("displayName", "Anna")),
        ask("wiki/u1", grant("Owners")),
        ask("wiki/u2", Op::Suspend),
        ask("wiki/u2", Op::Remove),
        ask("wiki/u2", revoke("Admin")),
        ask("wiki/u3", grant("Owners")),
        ask("chat/7", Op::Reactivate),
        ask("chat/7", Op::Remove),
    ];
    insta::assert_snapshot!(shown(&made(&graph, &wishes, &Policy::default())), @r#"
    olga asked for this plan at 2026-11-21T09:00:00Z. It would grant 1, remove 1, suspend 1, update 1.

    Cannot be taken back (1):
      - Remove ben@x.com from wiki, by scim: Olga asked.

    Can be taken back (3):
      - Set title = "Head" of ana@x.com in wiki, by scim: Olga asked.
      - Grant Owners to a.jansen in wiki, by scim: Olga asked.
      - Suspend ana@x.com in wiki, by scim: Olga asked.

    Left alone (6):
      - ana in chat: One wish is to reactivate it and another to remove it. Ask for one.
      - ana in chat: One wish is to remove it and another to reactivate it. Ask for one.
      - ana@x.com in wiki: The account is suspended by another wish and gets no new rights.
      - ana@x.com in wiki: Two wishes set one attribute to different values, so it is not set. Ask for one of them.
      - ben@x.com in wiki: It is removed, which another wish asks for.
      - ben@x.com in wiki: The account is removed by another wish, and this goes with it.
    "#);
}

#[test]
fn a_person_who_names_the_account_can_touch_what_is_nobodys() {
    let graph = World::read(COMPANY).graph();
    let named = [ask("wiki/u3", Op::Suspend), ask("wiki/bot", Op::Suspend)];
    assert_eq!(made(&graph, &named, &Policy::default()).changes().len(), 2);
    let asked = Asked::Offboard { identity: "ana".into() };
    let unnamed = named.map(|wish| Wish { asked: asked.clone(), ..wish });
    assert!(made(&graph, &unnamed, &Policy::default()).is_empty());
}

#[test]
fn wishes_fulfilled_already_make_no_change() {
    let graph = World::read(COMPANY).graph();
    let wishes = [
        ask("chat/7", Op::Suspend),
        ask("wiki/u1", Op::Reactivate),
        ask("wiki/u1", grant("Editors")),
        ask("wiki/u1", revoke("Owners")),
        ask("wiki/u1", set("userName", "ana@x.com")),
        ask("wiki/u404", Op::Suspend),
        ask("vault/9", Op::Suspend),
    ];
    let plan = made(&graph, &wishes, &Policy::default());
    insta::assert_snapshot!(shown(&plan), @r"
    olga asked for this plan at 2026-11-21T09:00:00Z. It changes nothing.

    Left alone (7):
      - ana in chat: It is suspended already.
      - ana@x.com in vault: No channel to vault can suspend; it must be done there by hand.
      - ana@x.com in wiki: It does not have Owners any more.
      - ana@x.com in wiki: It has Editors already.
      - ana@x.com in wiki: It is open already.
      - ana@x.com in wiki: Its attributes are so already.
      - u404 in wiki: wiki held no such account when it was last read.
    ");
}

#[test]
fn two_people_do_not_get_one_login_and_nobody_gets_a_second_account() {
    let graph = World::read(COMPANY).graph();
    let create = |who: &str, login: &str, instance: &str| {
        let profile = crate::change::Profile { login: login.to_owned(), ..Default::default() };
        Wish {
            subject: Subject::Assignment { identity: who.into(), instance: instance.into() },
            want: Want::Act { op: Op::Create { profile } },
            asked: Asked::Person { name: "olga".to_owned() },
            because: "Olga asked.".to_owned(),
            heir: None,
        }
    };
    let wishes = [
        create("ben", "same@x.com", "chat"),
        create("cleo", "SAME@x.com", "chat"),
        create("ana", "ana2@x.com", "wiki"),
        create("cleo", "Ben@X.com", "wiki"),
        create("cleo", "", "wiki"),
    ];
    insta::assert_snapshot!(shown(&made(&graph, &wishes, &Policy::default())), @r"
    olga asked for this plan at 2026-11-21T09:00:00Z. It changes nothing.

    Left alone (5):
      - ana in wiki: The person has the active account ana@x.com there already.
      - ben in chat: Two people would get the same login there. Give one of them another work e-mail address at the source.
      - cleo in chat: Two people would get the same login there. Give one of them another work e-mail address at the source.
      - cleo in wiki: No login is known for the new account, and none is guessed.
      - cleo in wiki: The login Ben@X.com is taken there by another account.
    ");
}

#[test]
fn a_stored_plan_that_was_changed_does_not_load() {
    let graph = World::read(COMPANY).graph();
    let plan = made(&graph, &[ask("wiki/u1", Op::Suspend)], &Policy::default());
    let stored = serde_json::to_string(&plan).expect("a plan can be stored");
    assert_eq!(serde_json::from_str::<Plan>(&stored).expect("it is as it was stored"), plan);
    for (from, to) in [
        ("\"suspend\"", "\"remove\""),
        ("wiki", "wika"),
        ("olga", "olgo"),
        ("\"reversible\":true", "\"reversible\":false"),
        ("\"complete\"", "\"partial\",\"why\":\"x\""),
        (&plan.digest()[..8], "00000000"),
    ] {
        assert!(stored.contains(from), "{from} is in {stored}");
        let error = serde_json::from_str::<Plan>(&stored.replace(from, to));
        let error = error.expect_err("a changed plan must not load").to_string();
        assert!(error.contains("was changed after it was made"), "{from}: {error}");
    }
    let newer = stored.replace("\"format\":1", "\"format\":2");
    let error = serde_json::from_str::<Plan>(&newer).expect_err("format 2 is unknown").to_string();
    assert!(error.contains("reads format 1"), "{error}");
}

#[test]
fn the_digest_is_the_hash_of_the_canonical_text() {
    let graph = World::read(COMPANY).graph();
    let plan = made(&graph, &[ask("wiki/u1", Op::Suspend)], &Policy::default());
    assert_eq!(canonical::digest("rollbook.plan.v1", &plan.canonical()), plan.digest());
}

fn any_wishes() -> impl Strategy<Value = Vec<Wish>> {
    let account = prop::sample::select(vec!["wiki/u1", "wiki/u2", "wiki/u3", "chat/7", "vault/9"]);
    let op = prop::sample::select(vec![
        Op::Suspend,
        Op::Reactivate,
        Op::Remove,
        grant("Owners"),
        revoke("Editors"),
        set("title", "Head"),
        set("title", "Chief"),
    ]);
    prop::collection::vec((account, op).prop_map(|(account, op)| ask(account, op)), 0..8)
}

proptest! {
    #[test]
    fn the_digest_changes_with_anything_in_the_plan(wishes in any_wishes(), other in any_wishes()) {
        let graph = World::read(COMPANY).graph();
        let policy = Policy::default();
        let (one, two) = (made(&graph, &wishes, &policy), made(&graph, &other, &policy));
        prop_assert_eq!(one == two, one.digest() == two.digest());
        prop_assert_eq!(one.canonical() == two.canonical(), one.digest() == two.digest());
        let later = plan(&graph, &wishes, &reach(), &policy, "olga", at("2026-11-21T09:00:01Z"));
        prop_assert_ne!(later.digest(), one.digest());
    }

    #[test]
    fn no_account_gets_two_changes_that_contradict(wishes in any_wishes()) {
        let graph = World::read(COMPANY).graph();
        let plan = made(&graph, &wishes, &Policy::default());
        let mut states: BTreeMap<Option<AccountRef>, usize> = BTreeMap::new();
        for change in plan.changes() {
            if matches!(change.op, Op::Suspend | Op::Reactivate | Op::Remove) {
                *states.entry(change.account_ref()).or_default() += 1;
            }
        }
        prop_assert!(states.values().all(|&n| n == 1), "{}", shown(&plan));
        let stages: Vec<_> = plan.changes().iter().map(|change| change.stage).collect();
        prop_assert!(stages.is_sorted());
    }

    #[test]
    fn the_order_of_wishes_does_not_matter(wishes in any_wishes()) {
        let graph = World::read(COMPANY).graph();
        let mut turned = wishes.clone();
        turned.reverse();
        let policy = Policy::default();
        prop_assert_eq!(made(&graph, &wishes, &policy), made(&graph, &turned, &policy));
    }
}

#[test]
fn a_person_with_no_identity_has_nothing_to_offboard() {
    let graph = World::read(COMPANY).graph();
    assert_eq!(offboard(&graph, &IdentityId::new("per_nobody"), None, &Policy::default()), []);
}

#[test]
fn an_app_that_deletes_whom_it_suspends_is_told_apart_and_what_can_be_taken_back_is_preferred() {
    let graph = World::read(COMPANY).graph();
    let ana = IdentityId::new("ana");
    let wishes = offboard(&graph, &ana, None, &Policy::default());
    let mut deletes = Way::new("scim").for_good(&[Verb::Suspend, Verb::Remove], Known::Documented);
    deletes.can.get_mut(&Verb::Suspend).expect("it can").harms.insert(Harm::Deletes);
    let rest = Way::new("rest").reversibly(&[Verb::Suspend], Known::Documented);
    let first = |routes: &[&Way]| {
        let routes: Vec<Way> = routes.iter().copied().cloned().collect();
        let reach = BTreeMap::from([("wiki".into(), Reach { routes })]);
        let plan =
            plan(&graph, &wishes, &reach, &Policy::default(), "olga", at("2026-11-21T09:00:00Z"));
        let change = plan.changes().first().expect("she has an account in wiki").clone();
        (explain::change(&change), change.stage, change.reversible)
    };
    let (text, stage, reversible) = first(&[&deletes]);
    assert!(text.ends_with("This app deletes an account that is suspended."), "{text}");
    assert_eq!(
        (stage, reversible),
        (Stage::Remove, false),
        "it comes last and needs its approvals"
    );
    let (text, stage, reversible) = first(&[&deletes, &rest]);
    assert!(text.contains("by rest"), "{text}");
    assert_eq!((stage, reversible), (Stage::Cut, true));
    let seat = Way::new("scim").reversibly(&[Verb::Remove], Known::Documented);
    let (text, ..) = first(&[&deletes, &seat]);
    assert!(text.starts_with("Remove "), "what can be taken back goes first: {text}");
}

#[test]
fn what_was_tried_and_does_not_work_is_the_reason_why_it_is_left_alone() {
    let graph = World::read(COMPANY).graph();
    let mut scim = Way::new("scim").reversibly(&[Verb::Update], Known::Documented);
    scim.cannot.insert(Verb::Remove, "It was tried there: DELETE only switches off.".to_owned());
    let reach = BTreeMap::from([("wiki".into(), Reach { routes: vec![scim] })]);
    let wishes = [ask("wiki/u1", Op::Remove)];
    let plan =
        plan(&graph, &wishes, &reach, &Policy::default(), "olga", at("2026-11-21T09:00:00Z"));
    let why: Vec<&str> = plan.left_alone().iter().map(|it| it.because.as_str()).collect();
    assert_eq!(
        why,
        [
            "No channel to wiki can remove; it must be done there by hand. It was tried there: DELETE \
          only switches off."
        ]
    );
}

#[test]
fn where_nothing_is_read_only_a_person_can_look_for_what_a_leaver_has() {
    let world = World::read(&format!("{COMPANY}\n unread desk\n unread shelf\n unread annex"));
    let mut graph = world;
    graph.view("annex").covers = vec!["contract".to_owned()];
    let graph = graph.graph();
    let human = Way::new("human").for_good(&[Verb::Remove], Known::Documented);
    let mut reach = reach();
    reach.insert("desk".into(), Reach { routes: vec![human.clone()] });
    reach.insert("annex".into(), Reach { routes: vec![human] });
    reach.insert(
        "shelf".into(),
        Reach { routes: vec![Way::new("scim").for_good(&[Verb::Remove], Known::Documented)] },
    );
    let wishes = offboard(&graph, &"ana".into(), None, &Policy::default());
    let wishes: Vec<_> =
        wishes.into_iter().filter(|w| matches!(w.subject, Subject::Assignment { .. })).collect();
    let plan =
        plan(&graph, &wishes, &reach, &Policy::default(), "olga", at("2026-11-21T09:00:00Z"));
    insta::assert_snapshot!(shown(&plan), @r"
    olga asked for this plan at 2026-11-21T09:00:00Z. It would remove 1.

    Cannot be taken back (1):
      - Remove ana from desk, by human: ana leaves.

    Left alone (1):
      - ana in shelf: No channel to shelf can suspend or remove; it must be done there by hand.
    ");
    let history = crate::guard::History::default();
    let stops = crate::guard::stops(
        &plan,
        &graph,
        &Policy::default(),
        &history,
        at("2026-11-21T09:00:00Z"),
    );
    assert_eq!(stops, [], "what is not read cannot be old or partial");
}
