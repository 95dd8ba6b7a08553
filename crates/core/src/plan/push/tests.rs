//! Pushed resources against a small company: what each comes to, as people read it.

use proptest::prelude::*;

use super::*;
use crate::change::{Basis, Verb};
use crate::explain;
use crate::plan::plan;
use crate::policy::{Birthright, Policy};
use crate::reach::{Reach, Way};
use crate::testing::{World, at};

const COMPANY: &str = "
    person ana hr email=ana@x.com
    person ben hr email=ben@x.com
    person cleo hr email=cleo@x.com
    account wiki/u1 ana@x.com owner=ana external=00u-ana name=Ana grant=Editors
    account wiki/u2 ben@x.com owner=ben
    account wiki/u3 cleo owner=cleo state=suspended
    account wiki/u4 dan@x.com
    account wiki/u5 eve@x.com suggested=ana,ben
    account wiki/bot deploy@x.com kind=service
    account chat/7 ana owner=ana
    account chat/8 ben owner=ben state=suspended
    account chat/9 a.alder suggested=ana
    account vault/1 ana@x.com owner=ana
";

fn reach() -> BTreeMap<InstanceName, Reach> {
    let scim = Way::new("scim")
        .reversibly(&[Verb::Create, Verb::Update, Verb::Suspend], Basis::Probed)
        .reversibly(&[Verb::Reactivate, Verb::Grant, Verb::Revoke], Basis::Probed)
        .for_good(&[Verb::Remove], Basis::Documented);
    let human = Way::new("human").for_good(&[Verb::Remove], Basis::Documented);
    let scim = Reach { routes: vec![scim] };
    let human = Reach { routes: vec![human] };
    BTreeMap::from([("wiki".into(), scim.clone()), ("chat".into(), scim), ("vault".into(), human)])
}

/// `ana@x.com ext=00u-ana number=E-ana email=ana@x.com active=false deleted title=Lead`
fn pushed(text: &str) -> Pushed {
    let mut words = text.split_whitespace();
    let mut push = Pushed {
        idp: "okta".to_owned(),
        resource: "usr_1".to_owned(),
        login: words.next().expect("the test states a login").to_owned(),
        ..Pushed::default()
    };
    push.attributes.insert("userName".to_owned(), push.login.clone());
    for word in words {
        match word.split_once('=') {
            Some(("ext", id)) => push.external_id = id.to_owned(),
            Some(("number", number)) => push.worker_number = number.to_owned(),
            Some(("email", address)) => push.emails.push(address.to_owned()),
            Some(("active", active)) => push.active = Some(active == "true"),
            Some((name, value)) => {
                push.attributes.insert(name.to_owned(), value.to_owned());
            }
            None => push.deleted = true,
        }
    }
    push
}

fn rules() -> Rules {
    Rules { settable: SETTABLE.into_iter().collect(), ..Rules::default() }
}

/// The changes that the wishes come to, what is left alone, or that it is so already.
fn planned(graph: &Graph, wishes: &[Wish]) -> String {
    let now = at("2026-11-21T09:00:00Z");
    let plan = plan(graph, wishes, &reach(), &Policy::default(), "idp:okta", now);
    let changes = plan.changes().iter().map(explain::change);
    let left = plan.left_alone().iter().map(|left| format!("left: {}", explain::left_alone(left)));
    match changes.chain(left).collect::<Vec<_>>() {
        lines if lines.is_empty() => "nothing".to_owned(),
        lines => lines.join("\n"),
    }
}

fn comes_to(graph: &Graph, push: &Pushed, before: Option<&str>, rules: &Rules) -> String {
    let index = Index::new(graph, &["x.com".to_owned()]);
    let before = before.map(AccountKey::new);
    match index.meant(&"wiki".into(), push, before.as_ref()) {
        Ok(meant) => planned(graph, &wishes(graph, &"wiki".into(), push, &meant, rules, &[])),
        Err(unsure) => format!("unsure: {unsure}"),
    }
}

/// What a push to wiki comes to.
fn wiki(text: &str) -> String {
    comes_to(&World::read(COMPANY).graph(), &pushed(text), None, &rules())
}

#[test]
fn an_account_is_known_again_by_what_it_meant_before_then_by_its_external_id() {
    let graph = World::read(COMPANY).graph();
    let push = pushed("a.alder@x.com ext=00u-ana active=false");
    let said =
        "Suspend ana@x.com (Ana) in wiki, by scim: okta says that a.alder@x.com is not active.";
    assert_eq!(comes_to(&graph, &push, None, &rules()), said);
    let push = pushed("a.alder@x.com ext=other active=false");
    assert_eq!(comes_to(&graph, &push, Some("u1"), &rules()), said);
    assert_eq!(comes_to(&graph, &push, Some("u99"), &rules()), "nothing");
}

#[test]
fn a_login_alone_is_enough_only_where_nobody_else_may_be_meant() {
    insta::assert_snapshot!(wiki("dan@x.com active=false"), @"Suspend dan@x.com in wiki, by scim: okta says that dan@x.com is not active.");
    insta::assert_snapshot!(wiki("ben@x.com active=false"), @"Suspend ben@x.com in wiki, by scim: okta says that ben@x.com is not active.");
    insta::assert_snapshot!(wiki("ben@x.com number=E-ana active=false"), @"unsure: Worker number, external id and addresses of ben@x.com fit several people: ana, ben. Correct them at okta, or at the source.");
    insta::assert_snapshot!(wiki("eve@x.com active=false"), @"unsure: The account wiki/u5 (eve@x.com) is or may be the account of ana or ben, and nothing in the resource proves that it speaks of the same person. Push the worker number too, or confirm whose account it is.");
    insta::assert_snapshot!(wiki("deploy@x.com active=false"), @"unsure: The account wiki/bot (deploy@x.com) is not one person's own; others may depend on it. Change its login or its link, and sync.");
    insta::assert_snapshot!(wiki("ana@x.com ext=00u-other active=false"), @"unsure: The account wiki/u1 (ana@x.com) carries the external id 00u-ana, and the resource 00u-other, so it may be somebody else's. Correct the one or the other, and sync.");
}

#[test]
fn an_account_that_is_surely_the_persons_is_theirs_under_any_login() {
    let said = wiki("cleo.c@x.com number=E-cleo active=true");
    insta::assert_snapshot!(said, @r#"
    Set userName = "cleo.c@x.com" of cleo in wiki, by scim: okta says so.
    Reactivate cleo in wiki, by scim: okta says that cleo.c@x.com is active.
    "#);
    let torn = "account wiki/u6 cleo.c@x.com";
    let graph = World::read(&format!("{COMPANY}\n{torn}")).graph();
    let push = pushed("cleo.c@x.com number=E-cleo active=true");
    insta::assert_snapshot!(comes_to(&graph, &push, None, &rules()), @"unsure: Several accounts in wiki may be meant: u3 (cleo), u6 (cleo.c@x.com). Confirm or reject their links, or give all but one another login, and sync.");
}

#[test]
fn an_id_of_one_person_on_the_account_of_another_waits_for_a_person() {
    insta::assert_snapshot!(wiki("ben@x.com ext=00u-ana active=false"), @"unsure: Worker number, external id and addresses of ben@x.com fit several people: ana, ben. Correct them at okta, or at the source.");
    let graph = World::read(COMPANY).graph();
    let push = pushed("ben@x.com number=E-ben active=false");
    let said = comes_to(&graph, &push, Some("u1"), &rules());
    assert!(said.starts_with("unsure: The account wiki/u1 (ana@x.com) belongs to ana"), "{said}");
}

#[test]
fn an_absent_active_lets_nobody_in_or_out() {
    assert_eq!(wiki("ben@x.com"), "nothing");
    assert_eq!(wiki("cleo number=E-cleo"), "nothing");
    insta::assert_snapshot!(wiki("ben@x.com displayName=Ben"), @r#"Set displayName = "Ben" of ben@x.com in wiki, by scim: okta says so."#);
}

#[test]
fn a_new_person_gets_an_account_and_one_who_is_not_active_gets_none() {
    insta::assert_snapshot!(wiki("fay@x.com active=true displayName=Fay"), @"Create fay@x.com (Fay) in wiki, by scim: okta says that fay@x.com should have an account.");
    assert_eq!(wiki("fay@x.com active=false"), "nothing");
    assert_eq!(wiki("fay@x.com deleted"), "nothing");
    let graph = World::read(COMPANY).graph();
    let index = Index::new(&graph, &[]);
    let push = pushed("fay@x.com");
    let meant = index.meant(&"wiki".into(), &push, None).expect("nobody is there");
    let wishes = wishes(&graph, &"wiki".into(), &push, &meant, &rules(), &[]);
    let Want::Act { op: Op::Create { profile } } = &wishes[0].want else {
        panic!("{wishes:?}");
    };
    assert_eq!(profile.external_id, "usr_1", "without an id of its own it carries ours");
}

#[test]
fn only_what_differs_and_may_be_set_is_set_and_nothing_is_cleared() {
    insta::assert_snapshot!(wiki("ana@x.com ext=00u-ana active=true displayName=Ana title=Lead userType=Boss"), @r#"Set title = "Lead" of ana@x.com (Ana) in wiki, by scim: okta says so."#);
    let graph = World::read(COMPANY).graph();
    let narrow = Rules { settable: ["displayName"].into(), ..Rules::default() };
    let push = pushed("ana@x.com ext=00u-ana active=true title=Lead");
    assert_eq!(comes_to(&graph, &push, None, &narrow), "nothing");
    assert_eq!(wiki("ana@x.com ext=00u-ana active=false title=Lead").lines().count(), 1);
}

#[test]
fn a_deleted_resource_is_suspended_unless_the_instance_says_remove() {
    insta::assert_snapshot!(wiki("ben@x.com deleted"), @"Suspend ben@x.com in wiki, by scim: okta deleted ben@x.com.");
    assert_eq!(wiki("cleo number=E-cleo deleted"), "nothing");
    let graph = World::read(COMPANY).graph();
    let remove = Rules { on_delete: OnDelete::Remove, ..rules() };
    let push = pushed("cleo number=E-cleo deleted");
    insta::assert_snapshot!(comes_to(&graph, &push, None, &remove), @"Remove cleo from wiki, by scim: okta deleted cleo.");
    let push = pushed("ben@x.com active=false");
    assert!(comes_to(&graph, &push, None, &remove).starts_with("Suspend"));
}

fn membership(instance: &str, entitlement: &str, is_in: bool) -> Membership {
    let (group, entitlement) = ("00g1".to_owned(), entitlement.to_owned());
    Membership { instance: instance.into(), group, entitlement, is_in }
}

#[test]
fn a_group_gives_and_takes_the_right_that_its_rule_names() {
    let graph = World::read(COMPANY).graph();
    let of = |text: &str, memberships: &[Membership]| {
        let push = pushed(text);
        let index = Index::new(&graph, &["x.com".to_owned()]);
        let meant = index.meant(&"wiki".into(), &push, None).expect("it is sure");
        planned(&graph, &wishes(&graph, &"wiki".into(), &push, &meant, &rules(), memberships))
    };
    let ana = "ana@x.com ext=00u-ana";
    insta::assert_snapshot!(of(ana, &[membership("wiki", "Readers", true)]), @"Grant Readers to ana@x.com (Ana) in wiki, by scim: okta put ana@x.com into the group 00g1.");
    insta::assert_snapshot!(of(ana, &[membership("wiki", "Editors", false)]), @"Revoke Editors from ana@x.com (Ana) in wiki, by scim: okta took ana@x.com out of the group 00g1.");
    for (is_in, right) in [(true, "Editors"), (false, "Readers")] {
        assert_eq!(of(ana, &[membership("wiki", right, is_in)]), "nothing");
    }
    assert_eq!(of(ana, &[membership("chat", "Readers", true)]), "nothing");
    assert_eq!(of("cleo number=E-cleo", &[membership("wiki", "Readers", true)]), "nothing");
}

/// What a push to the endpoint for all instances comes to.
fn everywhere(text: &str, memberships: &[Membership]) -> String {
    let graph = World::read(COMPANY).graph();
    let push = pushed(text);
    let policy = Policy {
        birthright: ["wiki", "chat"]
            .map(|name| Birthright { instance: name.into(), ..Birthright::default() })
            .into(),
        ..Policy::default()
    };
    let today = "2026-11-21".parse().expect("it is a day");
    let moment = (at("2026-11-21T09:00:00Z"), today);
    match Index::new(&graph, &["x.com".to_owned()]).person(&push) {
        Err(unsure) => format!("unsure: {unsure}"),
        Ok(None) => "nobody".to_owned(),
        Ok(Some(person)) => {
            let rules = BTreeMap::from([("wiki".into(), rules())]);
            let wishes =
                wishes_everywhere(&graph, &push, &person, &rules, memberships, &policy, moment);
            planned(&graph, &wishes)
        }
    }
}

#[test]
fn everywhere_who_is_not_active_is_offboarded_and_what_is_not_sure_is_left() {
    let said = everywhere("ana@x.com number=E-ana active=false title=Lead", &[]);
    insta::assert_snapshot!(said, @r"
    Suspend ana in chat, by scim: okta says that ana@x.com is not active. ana leaves.
    Suspend ana@x.com (Ana) in wiki, by scim: okta says that ana@x.com is not active. ana leaves.
    Remove ana@x.com from vault, by human: okta says that ana@x.com is not active. ana leaves.
    left: a.alder in chat: It is only suggested whose account it is. Confirm the owner first.
    left: eve@x.com in wiki: It is not sure whose account it is: several people may own it. Confirm the owner first.
    ");
    assert_eq!(everywhere("zoe@y.com active=false", &[]), "nobody");
    assert!(everywhere("ana@x.com number=E-ben active=false", &[]).starts_with("unsure"));
}

#[test]
fn everywhere_who_is_active_gets_what_the_policy_gives() {
    let said = everywhere("ben@x.com active=true displayName=Benny", &[]);
    insta::assert_snapshot!(said, @"Reactivate ben in chat, by scim: okta says that ben@x.com is active.");
    let said = everywhere("cleo@x.com active=true", &[membership("wiki", "Readers", true)]);
    insta::assert_snapshot!(said, @r"
    Create cleo@x.com (cleo) in chat, by scim: cleo is here with a worker record and has no account in chat.
    Reactivate cleo in wiki, by scim: okta says that cleo@x.com is active.
    ");
    assert_eq!(everywhere("ben@x.com", &[]), "nothing");
}

#[test]
fn an_address_of_somebody_elses_domain_proves_nothing() {
    let graph = World::read("person ana hr email=ana@gmail.com").graph();
    let index = Index::new(&graph, &["x.com".to_owned()]);
    assert_eq!(index.person(&pushed("ana@gmail.com")), Ok(None));
}

proptest! {
    #[test]
    fn whatever_is_pushed_only_the_one_account_that_is_meant_is_touched(
        login in "(ana|ben|dan|eve|fay)@x\\.com", number in "(E-(ana|ben|cleo))?",
        ext in "(00u-(ana|ben))?", active in prop::option::of(prop::bool::ANY),
        deleted in prop::bool::ANY
    ) {
        let graph = World::read(COMPANY).graph();
        let push = Pushed { external_id: ext, worker_number: number, active, deleted, ..pushed(&login) };
        let index = Index::new(&graph, &["x.com".to_owned()]);
        if let Ok(meant) = index.meant(&"wiki".into(), &push, None) {
            let wishes = wishes(&graph, &"wiki".into(), &push, &meant, &rules(), &[]);
            for wish in &wishes {
                let about = wish.subject.account().map(|account| &account.key);
                prop_assert_eq!(about, meant.account.as_ref());
                let closes = wish.want == Want::Close || wish.want == Want::Act { op: Op::Remove };
                prop_assert_eq!(closes, deleted || active == Some(false));
            }
        }
    }
}
