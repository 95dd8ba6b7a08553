//! What becomes of findings from one run to the next.

use proptest::prelude::*;
use rollbook_core::finding::{Kind, PutOff, Since, Tracked, compare, find};

use crate::organisation::{Organisation, date, moment};

/// Looks at `organisation` on `day` and compares with `before`. How well it was seen is not what
/// these tests are about, so findings about views are left out.
fn look(before: &[Tracked], organisation: &str, day: &str) -> Vec<Tracked> {
    let organisation = Organisation::read(organisation);
    let (graph, at) = (organisation.graph(), moment(&format!("{day}T09:00:00Z")));
    let mut found = find(&graph, &organisation.policy, at, date(day));
    found.retain(|finding| finding.kind != Kind::StaleView);
    compare(before, &found, &graph, at, date(day))
}

/// One line each.
fn lines(all: &[Tracked]) -> String {
    let line = |Tracked { finding, standing }: &Tracked| {
        let unseen = standing.unseen.as_ref().map_or(String::new(), |why| format!("\n  {why}"));
        let first = standing.first_seen.strftime("%F");
        let put_off =
            standing.put_off.as_ref().map_or(String::new(), |p| format!(" until {}", p.until));
        let change = standing.change.word();
        format!("{change} {} {}, since {first}{put_off}{unseen}", finding.kind, finding.subject)
    };
    all.iter().map(line).collect::<Vec<_>>().join("\n")
}

const LEFT: &str = "
    person Ana Jansen
      record hr/E1 employment 2020-01-01..2026-11-01
      account crm/u1 login=ana
";

const SUSPENDED: &str = "
    person Ana Jansen
      record hr/E1 employment 2020-01-01..2026-11-01
      account crm/u1 login=ana state=suspended
";

#[test]
fn new_then_still_then_gone_then_resurrected() {
    let first = look(&[], LEFT, "2026-11-21");
    insta::assert_snapshot!(lines(&first), @"new leftover crm/u1, since 2026-11-21");
    let second = look(&first, LEFT, "2026-11-22");
    insta::assert_snapshot!(lines(&second), @"still leftover crm/u1, since 2026-11-21");
    let third = look(&second, SUSPENDED, "2026-11-23");
    insta::assert_snapshot!(lines(&third), @"gone leftover crm/u1, since 2026-11-21");
    assert_eq!(third[0].standing.gone_since, Some(moment("2026-11-23T09:00:00Z")));
    let fourth = look(&third, SUSPENDED, "2026-11-24");
    insta::assert_snapshot!(lines(&fourth), @"gone leftover crm/u1, since 2026-11-21");
    assert_eq!(fourth[0].standing.gone_since, Some(moment("2026-11-23T09:00:00Z")));
    let fifth = look(&fourth, LEFT, "2026-11-25");
    insta::assert_snapshot!(lines(&fifth), @"resurrected leftover crm/u1, since 2026-11-21");
    let sixth = look(&fifth, LEFT, "2026-11-26");
    insta::assert_snapshot!(lines(&sixth), @"still leftover crm/u1, since 2026-11-21");
}

fn put_off(all: &mut [Tracked], until: &str) {
    all[0].standing.put_off = Some(PutOff {
        accepted: false,
        until: date(until),
        by: "Bo Smit".to_owned(),
        reason: "handover".to_owned(),
    });
}

#[test]
fn a_put_off_ends_by_itself_on_its_day() {
    let mut first = look(&[], LEFT, "2026-11-21");
    put_off(&mut first, "2026-11-23");
    assert!(first[0].standing.is_put_off(date("2026-11-22")));
    assert!(!first[0].standing.is_open(date("2026-11-22")));
    assert!(first[0].standing.is_open(date("2026-11-23")));
    let second = look(&first, LEFT, "2026-11-22");
    insta::assert_snapshot!(lines(&second), @"still leftover crm/u1, since 2026-11-21 until 2026-11-23");
    let third = look(&second, LEFT, "2026-11-23");
    insta::assert_snapshot!(lines(&third), @"still leftover crm/u1, since 2026-11-21");
}

#[test]
fn trouble_that_comes_back_is_shown_again_although_it_was_put_off() {
    let mut first = look(&[], LEFT, "2026-11-21");
    put_off(&mut first, "2027-11-21");
    let second = look(&first, SUSPENDED, "2026-11-22");
    let third = look(&second, LEFT, "2026-11-23");
    insta::assert_snapshot!(lines(&third), @"resurrected leftover crm/u1, since 2026-11-21");
    assert!(third[0].standing.is_open(date("2026-11-23")));
}

/// The leftover as it is known before an organisation is seen badly.
fn after(organisation: &str) -> String {
    lines(&look(&look(&[], LEFT, "2026-11-21"), organisation, "2026-11-22"))
}

#[test]
fn what_a_partial_view_does_not_show_is_not_gone() {
    insta::assert_snapshot!(after("
        instance crm partial=the_second_page_was_refused.
        person Ana Jansen
          record hr/E1 employment 2020-01-01..2026-11-01
    "), @"
    still leftover crm/u1, since 2026-11-21
      crm was read only in part (the second page was refused), so it is taken to be still there.
    ");
}

#[test]
fn what_a_partial_view_shows_as_solved_is_gone() {
    insta::assert_snapshot!(after(&format!("instance crm partial=timeout\n{SUSPENDED}")), @"gone leftover crm/u1, since 2026-11-21");
}

#[test]
fn what_a_whole_view_does_not_show_is_gone() {
    insta::assert_snapshot!(after("
        instance crm
        person Ana Jansen
          record hr/E1 employment 2020-01-01..2026-11-01
    "), @"gone leftover crm/u1, since 2026-11-21");
}

#[test]
fn an_instance_that_was_not_read_solves_nothing() {
    insta::assert_snapshot!(after("
        instance crm read=never
        person Ana Jansen
          record hr/E1 employment 2020-01-01..2026-11-01
    "), @"
    still leftover crm/u1, since 2026-11-21
      crm was not read, so it is taken to be still there.
    ");
    insta::assert_snapshot!(after("
        person Ana Jansen
          record hr/E1 employment 2020-01-01..2026-11-01
    "), @"
    still leftover crm/u1, since 2026-11-21
      crm is no longer one of the instances that are read, so it is taken to be still there.
    ");
}

#[test]
fn a_source_that_was_not_read_solves_nothing() {
    insta::assert_snapshot!(after("
        source hr read=never
        nobody
          account crm/u1 login=ana
    "), @"
    still leftover crm/u1, since 2026-11-21
      hr was not read, so it is taken to be still there.
    ");
}

#[test]
fn what_is_missing_is_solved_by_an_account_and_not_by_looking_away() {
    let nobody_home = "
        birthright crm
        instance crm
        person Ana Jansen
          record hr/E1 employment 2020-01-01..
    ";
    let first = look(&[], nobody_home, "2026-11-21");
    insta::assert_snapshot!(lines(&first), @"new missing per_ana_jansen in crm, since 2026-11-21");
    let unread = nobody_home.replace("instance crm", "instance crm read=never");
    insta::assert_snapshot!(lines(&look(&first, &unread, "2026-11-22")), @"
    still missing per_ana_jansen in crm, since 2026-11-21
      crm was not read, so it is taken to be still there.
    ");
    let solved = format!("{nobody_home}\naccount crm/u1 login=ana");
    insta::assert_snapshot!(lines(&look(&first, &solved, "2026-11-22")), @"gone missing per_ana_jansen in crm, since 2026-11-21");
}

/// What the word of a finding must be on `day`, from the days on which its account was open.
fn expected(open: &[bool], day: usize) -> Option<Since> {
    let first = open[..=day].iter().position(|open| *open)?;
    Some(match (open[day], day == first, day > 0 && open[day - 1]) {
        (true, true, _) => Since::New,
        (true, false, true) => Since::Still,
        (true, false, false) => Since::Resurrected,
        (false, ..) => Since::Gone,
    })
}

proptest! {
    #[test]
    fn every_finding_is_remembered_whatever_comes_and_goes(
        open in prop::collection::vec(prop::collection::vec(any::<bool>(), 8), 3),
    ) {
        let mut known = Vec::new();
        for day in 0..8 {
            let state = |n: usize| if open[n][day] { "active" } else { "suspended" };
            let account = |n| format!("account crm/u{n} login=u{n} state={}\n", state(n));
            let organisation = format!("nobody\n{}{}{}", account(0), account(1), account(2));
            known = look(&known, &organisation, &format!("2026-11-{:02}", 10 + day));
            for (n, days) in open.iter().enumerate() {
                let key = format!("u{n}");
                let of_account = |t: &&Tracked| t.finding.subject.account().is_some_and(|a| a.key.as_str() == key);
                let mut entries = known.iter().filter(of_account);
                let entry = entries.next();
                prop_assert_eq!(entry.map(|t| t.standing.change), expected(days, day));
                prop_assert!(entries.next().is_none(), "no finding is listed twice");
                if let (Some(entry), Some(first)) = (entry, days.iter().position(|open| *open)) {
                    let first = moment(&format!("2026-11-{:02}T09:00:00Z", 10 + first));
                    prop_assert_eq!(entry.standing.first_seen, first);
                }
            }
        }
    }
}
