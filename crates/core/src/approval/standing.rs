//! Standing approvals: what a named person agreed to beforehand, so that a small wish of an identity
//! provider needs nobody to be awake. Everything else about such a plan is as for every other: the
//! stops are judged, the permit names whose word it rests on, and what it does not cover waits for
//! a person.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::canonical::fold;
use crate::change::{Change, Op, Verb};
use crate::guard::History;
use crate::id::InstanceName;
use crate::plan::Plan;
use crate::policy::{Policy, StandingApproval};

/// How a plan's requester begins where an identity provider asked for it.
const PUSHED: &str = "idp:";

/// Over how many hours the changes under one standing approval are counted.
const DAY_H: i64 = 24;

/// The requester of a plan that the identity provider `idp` asked for by a push.
pub fn requester(idp: &str) -> String {
    format!("{PUSHED}{idp}")
}

/// The identity provider that asked for a plan, if one did.
pub fn pushed_by(requester: &str) -> Option<&str> {
    requester.strip_prefix(PUSHED)
}

/// Proof that a standing approval covers one plan. Only [`standing`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Covered<'a> {
    standing: &'a StandingApproval,
    plan: String,
}

impl<'a> Covered<'a> {
    /// The standing approval.
    pub fn standing(&self) -> &'a StandingApproval {
        self.standing
    }

    /// The standing approval, if it is this plan that it covers.
    pub(super) fn of(&self, plan: &Plan) -> Option<&'a StandingApproval> {
        (self.plan == plan.digest()).then_some(self.standing)
    }
}

/// A standing approval for this identity provider that does not cover a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotCovered {
    /// Its name.
    pub name: String,
    /// Why it does not.
    pub why: Uncovered,
}

/// Why a standing approval does not cover a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "uncovered")]
pub enum Uncovered {
    /// Its time is over.
    Ended {
        /// The first day on which it no longer held.
        until: Date,
    },
    /// Whoever gave it is nobody, a program, or not among the approvers.
    NotApprover {
        /// Who gave it.
        by: String,
    },
    /// It is not for an instance of the plan.
    Instance {
        /// Which.
        instance: InstanceName,
    },
    /// It is not for an operation of the plan.
    Verb {
        /// Which.
        verb: Verb,
    },
    /// The plan has a change that cannot be taken back.
    Irreversible,
    /// The plan concerns an administrator's account or right.
    Privileged,
    /// The plan changes an account of whoever gave it.
    Concerned {
        /// Who gave it.
        by: String,
    },
    /// It covered as much as it may within 24 hours.
    Full {
        /// How many changes it covered before.
        used: u32,
        /// How many the plan has.
        asked: u32,
        /// How many it may cover.
        max: u32,
    },
}

/// Which standing approval of the policy covers every change of `plan` now, if one does: the first
/// in the order of the policy. `today` is the day in the workspace's time zone; `history` reaches
/// back at least 24 hours. What was permitted under it before counts, whether or not it was sent,
/// and a change that is in the plan too is not counted twice.
///
/// # Errors
/// For each standing approval that is for this identity provider, why it does not cover the plan. A
/// plan that a person asked for is never covered, and neither is one that changes nothing.
pub fn standing<'a>(
    plan: &Plan,
    policy: &'a Policy,
    history: &History,
    now: Timestamp,
    today: Date,
) -> Result<Covered<'a>, Vec<NotCovered>> {
    let Some(idp) = pushed_by(plan.requester()).filter(|_| !plan.is_empty()) else {
        return Err(Vec::new());
    };
    let mut not = Vec::new();
    for standing in policy.standing.iter().filter(|one| one.from.iter().any(|from| from == idp)) {
        match uncovered(standing, plan, policy, history, now, today) {
            None => return Ok(Covered { standing, plan: plan.digest().to_owned() }),
            Some(why) => not.push(NotCovered { name: standing.name.clone(), why }),
        }
    }
    Err(not)
}

fn uncovered(
    standing: &StandingApproval,
    plan: &Plan,
    policy: &Policy,
    history: &History,
    now: Timestamp,
    today: Date,
) -> Option<Uncovered> {
    if today >= standing.until {
        return Some(Uncovered::Ended { until: standing.until });
    }
    let by = fold(&standing.approved_by);
    if by.is_empty() || pushed_by(&by).is_some() || !is_approver(policy, &by) {
        return Some(Uncovered::NotApprover { by: standing.approved_by.clone() });
    }
    let fault = |change: &Change| of_change(standing, plan, change, &by);
    plan.changes().iter().find_map(fault).or_else(|| full(standing, plan, history, now))
}

fn of_change(
    standing: &StandingApproval,
    plan: &Plan,
    change: &Change,
    by: &str,
) -> Option<Uncovered> {
    if !standing.is_for(&change.instance) {
        return Some(Uncovered::Instance { instance: change.instance.clone() });
    }
    let verb = change.op.word();
    if !standing.verbs.contains(&verb) {
        return Some(Uncovered::Verb { verb });
    }
    if !change.reversible && !standing.irreversible {
        return Some(Uncovered::Irreversible);
    }
    if plan.is_privileged(change) && !standing.privileged {
        return Some(Uncovered::Privileged);
    }
    let concerned = names(change).iter().any(|name| fold(name) == by);
    concerned.then(|| Uncovered::Concerned { by: standing.approved_by.clone() })
}

/// Whether the policy lets this person (folded) approve any plan.
fn is_approver(policy: &Policy, person: &str) -> bool {
    let approvers = &policy.approval.approvers;
    approvers.is_empty() || approvers.iter().any(|approver| fold(approver) == person)
}

/// Under which names people know whoever has the account.
pub(super) fn names(change: &Change) -> Vec<&str> {
    let mut names = vec![change.expects.login.as_str(), change.label.as_str()];
    let shown = change.label.strip_suffix(')').and_then(|label| label.split_once(" ("));
    names.extend(shown.map(|(_, name)| name));
    if let Op::Create { profile } = &change.op {
        names.extend([profile.login.as_str(), &profile.email, &profile.display_name]);
    }
    names
}

fn full(
    standing: &StandingApproval,
    plan: &Plan,
    history: &History,
    now: Timestamp,
) -> Option<Uncovered> {
    let since = now.checked_sub(SignedDuration::from_hours(DAY_H)).unwrap_or(Timestamp::MIN);
    let planned: BTreeSet<_> = plan.changes().iter().map(|change| &change.id).collect();
    let under = history.effects.iter().filter(|effect| {
        effect.standing == standing.name && effect.at > since && !planned.contains(&effect.change)
    });
    let count = |many: usize| u32::try_from(many).unwrap_or(u32::MAX);
    let (used, asked, max) = (count(under.count()), count(planned.len()), standing.per_day_max);
    (used.saturating_add(asked) > max).then_some(Uncovered::Full { used, asked, max })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::approval::{
        Approval, Case, Covered, Humans, Permit, Refusal, permit, permit_covered,
    };
    use crate::change::Basis;
    use crate::explain;
    use crate::guard::PastEffect;
    use crate::plan::{Wish, plan};
    use crate::reach::{Reach, Way};
    use crate::testing::{World, at, of};
    use proptest::prelude::*;

    const NOW: &str = "2026-11-21T09:00:00Z";

    fn today() -> Date {
        "2026-11-21".parse().expect("it is a day")
    }

    fn made(requester: &str, ops: &[(&str, Op)]) -> Plan {
        let company = "
            account wiki/u1 ana@x.com
            account wiki/u2 ben@x.com role=Admin
            account chat/u3 Olga
        ";
        let graph = World::read(company).graph();
        let way = Way::new("scim")
            .reversibly(&[Verb::Suspend, Verb::Revoke], Basis::Probed)
            .for_good(&[Verb::Remove], Basis::Probed);
        let reach = Reach { routes: vec![way] };
        let reach = ["wiki", "chat"].map(|name| (name.into(), reach.clone())).into();
        let wishes: Vec<_> = ops
            .iter()
            .map(|(account, op)| Wish::by_person("x", of(account), op.clone(), "It was pushed."))
            .collect();
        plan(&graph, &wishes, &reach, &Policy::default(), requester, at("2026-11-21T08:00:00Z"))
    }

    /// Judges the plan when nobody is known by two names.
    fn judge(
        plan: &Plan,
        approvals: &[Approval],
        policy: &Policy,
        covered: Option<&Covered<'_>>,
    ) -> Result<Permit, Refusal> {
        let (humans, now, today) = (&Humans::default(), at(NOW), today());
        let case = Case { plan, stops: &[], approvals, humans, policy, executor: None, now, today };
        covered.map_or_else(|| permit(&case), |covered| permit_covered(&case, covered))
    }

    fn suspend(account: &str) -> Plan {
        made("idp:okta", &[(account, Op::Suspend)])
    }

    fn leavers() -> StandingApproval {
        StandingApproval {
            name: "leavers".to_owned(),
            approved_by: "Olga".to_owned(),
            from: vec!["okta".to_owned()],
            instances: vec!["wiki".into(), "chat".into()],
            verbs: vec![Verb::Suspend, Verb::Remove],
            irreversible: false,
            privileged: false,
            per_day_max: 2,
            until: "2027-01-01".parse().expect("it is a day"),
        }
    }

    fn policy(edit: impl FnOnce(&mut StandingApproval)) -> Policy {
        let mut standing = leavers();
        edit(&mut standing);
        Policy { standing: vec![standing], ..Policy::default() }
    }

    /// What is said about a plan: the name of what covers it, or why nothing does.
    fn said(plan: &Plan, policy: &Policy, history: &History) -> String {
        match standing(plan, policy, history, at(NOW), today()) {
            Ok(covered) => covered.standing().name.clone(),
            Err(not) => not.iter().map(explain::not_covered).collect::<Vec<_>>().join("\n"),
        }
    }

    fn check(plan: &Plan, edit: impl FnOnce(&mut StandingApproval), expected: &str) {
        assert_eq!(said(plan, &policy(edit), &History::default()), expected);
    }

    #[test]
    fn what_it_is_for_is_covered_and_the_permit_names_it() {
        let (plan, policy) = (suspend("wiki/u1"), policy(|_| {}));
        let covered = standing(&plan, &policy, &History::default(), at(NOW), today());
        let covered = covered.expect("it is covered");
        let permit = judge(&plan, &[], &policy, Some(&covered));
        let permit = permit.expect("Olga agreed beforehand");
        assert_eq!(permit.standing(), Some(&leavers()));
        assert!(permit.allows(&plan.changes()[0], at(NOW)));
        assert!(!permit.allows(&plan.changes()[0], at("2026-11-22T09:00:00Z")));
        let other = suspend("chat/u3");
        assert!(judge(&other, &[], &policy, Some(&covered)).is_err());
    }

    #[test]
    fn what_it_is_not_for_is_not_covered_and_the_reason_is_a_sentence() {
        let plan = suspend("wiki/u1");
        check(&plan, |s| s.until = today(), "The standing approval leavers ended on 2026-11-21.");
        check(
            &plan,
            |s| s.approved_by = " ".to_owned(),
            "The standing approval leavers does not count: \"\" is nobody whom the policy lets \
             approve.",
        );
        check(
            &plan,
            |s| s.approved_by = "idp:okta".to_owned(),
            "The standing approval leavers does not count: \"idp:okta\" is nobody whom the policy \
             lets approve.",
        );
        check(
            &plan,
            |s| s.instances = vec!["chat".into()],
            "The standing approval leavers is not for wiki.",
        );
        check(
            &plan,
            |s| s.verbs = vec![Verb::Create],
            "The standing approval leavers is not for changes that suspend.",
        );
        check(
            &made("idp:okta", &[("wiki/u1", Op::Remove)]),
            |_| {},
            "The standing approval leavers is not for what cannot be taken back.",
        );
        check(
            &suspend("wiki/u2"),
            |_| {},
            "The standing approval leavers is not for administrators' accounts and rights.",
        );
        check(
            &suspend("chat/u3"),
            |_| {},
            "The standing approval leavers was given by Olga, whose own account the plan changes.",
        );
        check(&suspend("wiki/u2"), |s| s.privileged = true, "leavers");
        check(&made("idp:okta", &[("wiki/u1", Op::Remove)]), |s| s.irreversible = true, "leavers");
        check(&plan, |s| s.instances = vec!["*".into()], "leavers");
    }

    #[test]
    fn nothing_covers_the_wish_of_a_person_or_of_another_provider() {
        check(&made("olga", &[("wiki/u1", Op::Suspend)]), |_| {}, "");
        check(&made("idp:entra", &[("wiki/u1", Op::Suspend)]), |_| {}, "");
        check(&made("idp:okta", &[]), |_| {}, "");
    }

    #[test]
    fn one_change_that_is_not_covered_leaves_the_whole_plan_to_a_person() {
        let plan = made("idp:okta", &[("wiki/u1", Op::Suspend), ("wiki/u2", Op::Suspend)]);
        let policy = policy(|_| {});
        let covered = standing(&plan, &policy, &History::default(), at(NOW), today());
        assert_eq!(covered.map_err(|not| not[0].why.clone()), Err(Uncovered::Privileged));
    }

    #[test]
    fn it_covers_so_many_changes_a_day_and_no_more() {
        let plan = suspend("wiki/u1");
        let past = |id: &str, at_: &str, standing: &str| PastEffect {
            at: at(at_),
            change: id.into(),
            standing: standing.to_owned(),
            requester: String::new(),
            ..PastEffect::of(&plan.changes()[0], at(at_))
        };
        let history = |effects: Vec<PastEffect>| History { effects, ..History::default() };
        let two = [
            past("chg_1", "2026-11-20T10:00:00Z", "leavers"),
            past("chg_2", "2026-11-21T08:00:00Z", "leavers"),
        ];
        let others = vec![
            past("chg_3", "2026-11-20T09:00:00Z", "leavers"),
            past("chg_4", "2026-11-21T08:00:00Z", "joiners"),
            past("chg_5", "2026-11-21T08:00:00Z", ""),
            past(plan.changes()[0].id.as_str(), "2026-11-21T08:00:00Z", "leavers"),
            two[0].clone(),
        ];
        let policy = policy(|_| {});
        assert_eq!(said(&plan, &policy, &history(others)), "leavers");
        assert_eq!(
            said(&plan, &policy, &history(two.to_vec())),
            "The standing approval leavers covers 2 changes within 24 hours; it covered 2, and the \
             plan has 1."
        );
    }

    #[test]
    fn where_two_must_agree_it_counts_as_one_of_them() {
        let plan = suspend("wiki/u1");
        let mut policy = policy(|_| {});
        policy.approval.needed = 2;
        policy.approval.approvers = vec!["olga".to_owned(), "Ben".to_owned()];
        let covered = standing(&plan, &policy, &History::default(), at(NOW), today());
        let covered = covered.expect("it is covered");
        let by = |name: &str| {
            Approval::new(plan.digest(), name, "", &policy, at("2026-11-21T08:30:00Z"))
        };
        let given = |names: &[&str]| {
            let approvals: Vec<_> = names.iter().map(|name| by(name)).collect();
            judge(&plan, &approvals, &policy, Some(&covered)).is_ok()
        };
        assert!(!given(&[]) && !given(&["Olga"]) && given(&["ben"]));
        assert!(judge(&plan, &[by("Ben")], &policy, None).is_err());
    }

    #[test]
    fn a_policy_without_standing_approvals_reads_and_writes_as_before() {
        let text = serde_json::to_string(&Policy::default()).expect("it is written");
        assert!(!text.contains("standing"), "{text}");
        let old = r#"{"at":"2026-11-21T09:00:00Z","change":"chg_1","instance":"wiki",
            "account":"u1","identity":null,"verb":"suspend"}"#;
        let effect: PastEffect = serde_json::from_str(old).expect("an old effect is read");
        assert_eq!(effect.standing, "");
    }

    proptest! {
        #[test]
        fn it_never_covers_what_cannot_be_taken_back_unless_it_says_so(
            removes in prop::bool::ANY, irreversible in prop::bool::ANY, max in 0..4u32
        ) {
            let op = if removes { Op::Remove } else { Op::Suspend };
            let plan = made("idp:okta", &[("wiki/u1", op)]);
            let policy = policy(|s| (s.irreversible, s.per_day_max) = (irreversible, max));
            let covered = standing(&plan, &policy, &History::default(), at(NOW), today());
            prop_assert_eq!(covered.is_ok(), (!removes || irreversible) && max > 0);
        }
    }
}
