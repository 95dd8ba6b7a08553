use std::collections::BTreeMap;

use jiff::civil::date;
use jiff::tz::TimeZone;

use super::{Exception, Input, Leaver, Mark, MarkKind, What, Zones, happened, leavers};
use crate::id::AccountRef;
use crate::policy::{Delegation, Policy};
use crate::testing::{World, at, of};

/// A company, what people said of it, and a moment.
struct Scene {
    world: World,
    policy: Policy,
    marks: Vec<Mark>,
    exceptions: BTreeMap<AccountRef, Exception>,
}

impl Scene {
    fn of(text: &str) -> Self {
        let world = World::read(text);
        Self { world, policy: Policy::default(), marks: Vec::new(), exceptions: BTreeMap::new() }
    }

    fn mark(
        mut self,
        who: &str,
        kind: MarkKind,
        from: &str,
        until: Option<jiff::civil::Date>,
    ) -> Self {
        self.marks.push(Mark {
            identity: who.into(),
            kind,
            from: at(from),
            until,
            by: "Kim".to_owned(),
            reason: "asked for".to_owned(),
        });
        self
    }

    fn leavers(&self, now: &str) -> Vec<Leaver> {
        let graph = self.world.graph();
        let tokyo = TimeZone::fixed(jiff::tz::offset(9));
        let zones = Zones::new(TimeZone::UTC, [("Tokyo".to_owned(), tokyo)]);
        let now = at(now);
        leavers(&Input {
            graph: &graph,
            policy: &self.policy,
            zones: &zones,
            marks: &self.marks,
            exceptions: &self.exceptions,
            now,
            today: now.to_zoned(TimeZone::UTC).date(),
        })
    }

    /// Everybody as text.
    fn said(&self, now: &str) -> String {
        self.leavers(now).iter().map(said).collect()
    }
}

fn said(leaver: &Leaver) -> String {
    let mut text =
        format!("{} is in {} since {}\n", leaver.name, leaver.phase.word(), leaver.cutoff);
    for account in &leaver.accounts {
        text += &format!("  {}: {}\n", account.account, account.stand.word());
    }
    for one in &leaver.hanging {
        text += &format!("  hangs: {}\n", one.what);
    }
    for one in &leaver.duties {
        let (duty, state) = (one.duty.word(), one.state.word());
        text += &format!("  {} {duty} {state}: {}\n", one.due, one.because);
    }
    text
}

#[test]
fn somebody_who_stays_or_goes_much_later_is_no_leaver() {
    let scene = Scene::of(
        "person ana hr
         person bob hr ends=2027-06-01
         person cleo hr ends=2026-10-01
         record cleo hr starts=2026-11-01",
    );
    assert_eq!(scene.said("2026-11-21T12:00:00Z"), "");
}

#[test]
fn the_hour_of_the_cutoff_is_that_of_where_the_person_works() {
    let scene = |policy: fn(&mut Policy)| {
        let mut scene = Scene::of("person ana hr ends=2026-11-21 location=Tokyo");
        policy(&mut scene.policy);
        scene.leavers("2026-11-21T12:00:00Z")[0].cutoff
    };
    // The end of 20 November in Tokyo, and six in the evening of that day.
    assert_eq!(scene(|_| {}), at("2026-11-20T15:00:00Z"));
    assert_eq!(scene(|policy| policy.leaver.cutoff_h = 18), at("2026-11-20T09:00:00Z"));
}

#[test]
fn before_the_cutoff_it_is_said_what_needs_a_new_owner() {
    let mut scene = Scene::of(
        "person ana hr ends=2026-11-28 email=ana@x.com
         account wiki/u1 ana@x.com owner=ana
         account wiki/bot backup owner=ana kind=service",
    );
    scene.world.view("wiki").credential.owner = "ana@x.com".to_owned();
    scene.policy.approval.approvers = vec!["Ana@x.com".to_owned(), "kim".to_owned()];
    scene.policy.approval.delegations = vec![Delegation {
        from: "kim".to_owned(),
        to: "ana".to_owned(),
        starts: date(2026, 11, 1),
        until: date(2026, 12, 1),
        because: String::new(),
    }];
    insta::assert_snapshot!(scene.said("2026-11-21T12:00:00Z"), @r"
    ana is in notice since 2026-11-28T00:00:00Z
      wiki/u1: open
      hangs: backup in wiki
      hangs: the place of kim that they take
      hangs: the secret with which wiki is reached
      hangs: their name among `approvers`
      2026-11-14T00:00:00Z hand_over due: 4 things without a new owner.
      2026-11-28T00:00:00Z cut_access later: Of 1 account, 1 open, 0 not seen closed since, 0 may be theirs.
      2026-11-29T00:00:00Z look_next_day later: An account lets somebody in, or may.
      2026-12-28T00:00:00Z release_seats later: No account of theirs holds a seat.
      2026-12-28T00:00:00Z look_next_month later: An account lets somebody in, or may.
    ");
}

#[test]
fn an_account_is_settled_when_a_whole_look_after_the_cutoff_saw_it_closed() {
    let mut scene = Scene::of(
        "person ana hr ends=2026-11-20
         account wiki/u1 ana owner=ana state=suspended
         account desk/d1 ana owner=ana state=suspended
         account crm/c1 ana owner=ana
         account mail/m1 a.alder suggested=ana",
    );
    scene.world.view("desk").taken_at = Some(at("2026-11-19T08:00:00Z"));
    insta::assert_snapshot!(scene.said("2026-11-21T12:00:00Z"), @r"
    ana is in cutoff since 2026-11-20T00:00:00Z
      crm/c1: open
      desk/d1: unproven
      mail/m1: may_be_theirs
      wiki/u1: closed
      2026-11-06T00:00:00Z hand_over done: Nothing hangs on them.
      2026-11-20T00:00:00Z cut_access due: Of 4 accounts, 1 open, 1 not seen closed since, 1 may be theirs.
      2026-11-21T00:00:00Z look_next_day due: An account lets somebody in, or may.
      2026-12-20T00:00:00Z release_seats later: No account of theirs holds a seat.
      2026-12-20T00:00:00Z look_next_month later: An account lets somebody in, or may.
    ");
}

#[test]
fn nobody_is_closed_before_the_last_account_is_excepted_by_name_and_the_last_look_is_taken() {
    let mut scene = Scene::of(
        "person ana hr ends=2026-10-01
         account wiki/u1 ana owner=ana state=suspended
         account crm/c1 ana owner=ana",
    );
    let now = "2026-11-21T12:00:00Z";
    let phase = |scene: &Scene| scene.leavers(now)[0].phase.word();
    assert_eq!(phase(&scene), "cutoff");
    let exception = |until| Exception {
        owner: "Kim".to_owned(),
        until,
        reason: "the archive needs it".to_owned(),
    };
    scene.exceptions.insert(of("crm/c1"), exception(date(2026, 11, 21)));
    assert_eq!(phase(&scene), "cutoff", "an exception that has ended excepts nothing");
    scene.exceptions.insert(of("crm/c1"), exception(date(2026, 12, 1)));
    assert_eq!(phase(&scene), "closed");
    scene.policy.approval.approvers = vec!["ana".to_owned()];
    assert_eq!(phase(&scene), "handover", "whoever approves has no new owner");
    scene.policy.approval.approvers.clear();
    scene.world.view("desk").taken_at = Some(at("2026-10-20T08:00:00Z"));
    assert_eq!(phase(&scene), "sweep", "the desk was not looked at after 30 days");
}

#[test]
fn a_legal_hold_keeps_seats_and_lets_access_be_cut() {
    let scene = Scene::of(
        "person ana hr ends=2026-10-01
         account wiki/u1 ana owner=ana state=suspended seat=pro",
    );
    let duties = |scene: &Scene| {
        let leaver = &scene.leavers("2026-11-21T12:00:00Z")[0];
        let all = leaver.duties.iter().map(|one| (one.duty.word(), one.state.word()));
        let wanted = ["cut_access", "release_seats"];
        all.filter(|(duty, _)| wanted.contains(duty)).collect::<Vec<_>>()
    };
    assert_eq!(duties(&scene), [("cut_access", "done"), ("release_seats", "due")]);
    let scene = scene.mark("ana", MarkKind::LegalHold, "2026-10-02T00:00:00Z", None);
    assert_eq!(duties(&scene), [("cut_access", "done"), ("release_seats", "held")]);
}

#[test]
fn whoever_leaves_at_once_does_not_wait_for_their_last_day() {
    let text = "person ana hr ends=2026-12-01
                account wiki/u1 ana owner=ana";
    let scene = Scene::of(text).mark("ana", MarkKind::Immediate, "2026-11-21T11:30:00Z", None);
    let leaver = &scene.leavers("2026-11-21T12:00:00Z")[0];
    assert_eq!((leaver.phase.word(), leaver.cutoff), ("cutoff", at("2026-11-21T11:30:00Z")));
    assert_eq!(scene.leavers("2026-11-21T11:00:00Z")[0].phase.word(), "notice");
}

#[test]
fn somebody_who_is_away_comes_back_and_nothing_of_theirs_is_taken() {
    let text = "person ana hr
                account wiki/u1 ana owner=ana seat=pro
                account wiki/bot backup owner=ana kind=service";
    let until = Some(date(2026, 12, 1));
    let scene = Scene::of(text).mark("ana", MarkKind::Leave, "2026-11-10T00:00:00Z", until);
    insta::assert_snapshot!(scene.said("2026-11-21T12:00:00Z"), @r"
    ana is in on_leave since 2026-11-10T00:00:00Z
      wiki/u1: open
      2026-11-10T00:00:00Z cut_access due: Of 1 account, 1 open, 0 not seen closed since, 0 may be theirs.
    ");
    assert_eq!(scene.said("2026-12-01T00:00:00Z"), "");
}

#[test]
fn what_happened_in_a_month_is_told_by_the_records_alone() {
    let world = World::read(
        "person ana hr starts=2020-01-01 ends=2026-11-20
         person bob hr starts=2026-11-03
         person cleo hr starts=2020-01-01 ends=2026-11-10 unit=Sales
         record cleo hr starts=2026-11-10 unit=Care
         person dan hr starts=2019-01-01 ends=2024-01-01
         record dan hr starts=2026-11-30
         person eve hr starts=2020-01-01 ends=2026-12-01
         record eve hr starts=2026-12-01
         person finn hr",
    );
    let told = happened(&world.graph(), date(2026, 11, 1), date(2026, 12, 1));
    let lines = told.iter().map(|one| match &one.what {
        What::Joined { left_before: None } => format!("{} {} joined", one.on, one.identity),
        What::Joined { left_before: Some(day) } => {
            format!("{} {} is back, left {day}", one.on, one.identity)
        }
        What::Moved { before, after } => {
            format!("{} {} moved from {} to {}", one.on, one.identity, before.unit, after.unit)
        }
        What::Left => format!("{} {} left", one.on, one.identity),
    });
    insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"), @r"
    2026-11-19 ana left
    2026-11-03 bob joined
    2026-11-10 cleo moved from Sales to Care
    2026-11-30 dan is back, left 2023-12-31
    ");
}
