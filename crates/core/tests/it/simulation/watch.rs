//! What must hold whatever happens, judged from what really happened and not from what Rollbook
//! believes. The numbers are those of the invariants in `ARCHITECTURE.md`.

use std::collections::BTreeSet;

use ed25519_dalek::SigningKey;
use jiff::{SignedDuration, Timestamp};
use rollbook_core::account::State;
use rollbook_core::approval::{Approval, Permit};
use rollbook_core::canonical::fold;
use rollbook_core::change::{Basis, Change, Op, Verb};
use rollbook_core::event::{self, ChainId};
use rollbook_core::graph::Graph;
use rollbook_core::plan::Plan;
use rollbook_core::step::{Ending, Recorded};

use super::World;
use super::drive::Driven;
use super::vendor::{Effect, Owner};

impl World {
    /// Judges a permit by the world as it is, before anything is done under it.
    pub(super) fn watch_permit(
        &self,
        plan: &Plan,
        permit: &Permit,
        graph: &Graph,
        approvals: &[Approval],
        executor: &str,
    ) {
        self.watch_agreement(plan, permit, approvals, executor);
        for change in plan.changes().iter().filter(|change| permit.allows(change, self.now)) {
            let view = &graph.views()[&change.instance];
            assert!(view.coverage.is_complete(), "4: {} was not seen whole", change.instance);
            let hearsay = !change.reversible && change.route.basis == Basis::Recalled;
            assert!(!hearsay, "9: {} cannot be taken back and nobody knows", change.label);
            self.watch_subject(change);
        }
        self.watch_amount(plan, permit);
    }

    /// 8: nobody agrees to what they asked for, what is theirs, or what they run, under any name.
    fn watch_agreement(&self, plan: &Plan, permit: &Permit, all: &[Approval], executor: &str) {
        let counted = all.iter().filter(|one| permit.approvals().contains(&one.id()));
        let mut humans = BTreeSet::new();
        for approval in counted {
            let who = self.who(&approval.by);
            let theirs = |name: &str| who.is_some() && who == self.who(name);
            assert_eq!(approval.plan, plan.digest(), "8: it was for another plan");
            assert!(!theirs(plan.requester()), "8: {} asked for it", approval.by);
            assert!(!theirs(executor), "8: {} runs it", approval.by);
            for change in plan.changes() {
                let owner = self.owner_of(change);
                let is_own = who.is_some_and(|at| owner == Some(Owner::Person(at)));
                assert!(!is_own, "8: {} agreed to what is theirs", approval.by);
            }
            humans.insert(who.map_or_else(|| fold(&approval.by), |at| at.to_string()));
        }
        let rule = &self.company.policy.approval;
        let for_good = plan.changes().iter().any(|change| !change.reversible);
        let needed = if for_good { rule.needed.max(rule.needed_irreversible) } else { rule.needed };
        assert!(humans.len() >= usize::try_from(needed).expect("few"), "8: too few agreed");
    }

    /// 11: whose account it is, is as the change says; and nobody touches what is protected.
    fn watch_subject(&self, change: &Change) {
        let Some(owner) = self.owner_of(change) else { return };
        let believed = change.identity.as_ref().and_then(|id| self.person_of(id));
        if let Some(believed) = believed {
            assert_eq!(
                owner,
                Owner::Person(believed),
                "11: {} in {} is not {}'s",
                change.label,
                change.instance,
                self.company.people[believed].name()
            );
        }
        let protected = &self.company.policy.protected;
        let login = fold(&change.expects.login);
        assert!(!protected.iter().any(|one| fold(one) == login), "{login} is protected");
    }

    /// However a day's changes are cut into plans, no more accounts are closed than the policy lets.
    fn watch_amount(&self, plan: &Plan, permit: &Permit) {
        let limits = &self.company.policy.limits;
        let since = self.now - SignedDuration::from_hours(limits.window_h.into());
        let closes = |verb: Verb| matches!(verb, Verb::Suspend | Verb::Remove);
        let mut closed = BTreeSet::new();
        for vendor in &self.company.vendors {
            let lately = vendor.ledger.iter().filter(|one| one.sent_at > since && closes(one.verb));
            closed.extend(lately.map(|one| (vendor.name.clone(), one.key.clone())));
        }
        let allowed = plan.changes().iter().filter(|change| permit.allows(change, self.now));
        let planned: Vec<&Change> = allowed.filter(|change| closes(change.op.word())).collect();
        if planned.is_empty() {
            return;
        }
        closed
            .extend(planned.iter().filter_map(|c| Some((c.instance.clone(), c.account.clone()?))));
        let few = |count: usize, most: u32| count <= usize::try_from(most).expect("few");
        assert!(few(closed.len(), limits.workspace_removed_max), "too many in the workspace");
        for instance in planned.iter().map(|change| &change.instance) {
            let here = closed.iter().filter(|(at, _)| at == instance).count();
            assert!(few(here, limits.removed_max), "too many in {instance}: {here}");
        }
    }

    /// 3, 5, 7: what really happened is what was permitted, intended, and said to have happened.
    pub(super) fn watch_driven(&self, driven: &Driven, permit: &Permit) {
        let change = &driven.change;
        let vendor = &self.company.vendors[self.vendor(&change.instance)];
        // The same change may have been in an earlier plan.
        let ours = |one: &&Effect| one.change == change.id && one.sent_at >= permit.given_at();
        let effects: Vec<&Effect> = vendor.ledger.iter().filter(ours).collect();
        let intended = |at: Timestamp| {
            let is_before =
                |one: &Recorded| matches!(one, Recorded::Intended { at: t } if *t <= at);
            driven.recorded.iter().any(is_before)
        };
        for effect in &effects {
            assert!(permit.allowed().contains(&change.id), "3: {} had no permit", change.label);
            assert!(
                effect.sent_at <= permit.expires() + SignedDuration::from_secs(1),
                "3: too late"
            );
            assert!(
                intended(effect.sent_at),
                "7: {} was sent before it was recorded",
                change.label
            );
        }
        for pair in effects.windows(2) {
            let undone = pair[1].touched > pair[0].at;
            assert!(undone, "5: {} happened twice: {:#?}", change.label, driven.recorded);
        }
        // What others did shortly before may have come to light in between.
        let shown = vendor.touched + SignedDuration::from_secs(vendor.habits.shows_after_s);
        let meddled = shown > permit.given_at();
        match &driven.ending {
            Some(Ending::Confirmed { .. }) => assert!(
                meddled || self.is_as_promised(change),
                "5: {} is said to be confirmed and is not so: {:#?}",
                change.label,
                driven.recorded
            ),
            Some(Ending::Failed { .. } | Ending::Refused { .. } | Ending::Cancelled { .. }) => {
                assert!(
                    meddled || effects.is_empty(),
                    "5: {} is said not to have happened and did: {:#?}",
                    change.label,
                    driven.recorded
                )
            }
            Some(Ending::Contradicted { .. }) => assert!(
                meddled || !self.is_as_promised(change),
                "5: {} is said to be contradicted and is so: {:#?}",
                change.label,
                driven.recorded
            ),
            Some(Ending::Unproven { .. }) | None => {}
        }
    }

    fn is_as_promised(&self, change: &Change) -> bool {
        let vendor = &self.company.vendors[self.vendor(&change.instance)];
        let account = match (&change.op, &change.account) {
            (Op::Create { profile }, _) => {
                let mut rows = vendor.rows().values();
                return rows.any(|row| row.account.login == profile.login);
            }
            (_, Some(key)) => vendor.rows().get(key).map(|row| &row.account),
            (_, None) => None,
        };
        match &change.op {
            Op::Suspend => account.is_none_or(|one| !one.state.is_open()),
            Op::Remove => account.is_none(),
            Op::Reactivate => account.is_some_and(|one| one.state == State::Active),
            Op::Grant { entitlement } => {
                account.is_some_and(|one| one.grants.iter().any(|g| g.entitlement == *entitlement))
            }
            Op::Revoke { entitlement } => {
                account.is_none_or(|one| one.grants.iter().all(|g| g.entitlement != *entitlement))
            }
            Op::Update { .. } | Op::Create { .. } => false,
        }
    }

    /// 7: the chain is whole, and no record of it can be changed unseen.
    pub(super) fn watch_chain(&mut self) {
        let key = SigningKey::from_bytes(&[7; 32]);
        let chain = ChainId::new([1; 32]);
        let head = event::sign(&key, &chain, self.events.last(), self.now);
        let everybody = BTreeSet::new();
        let whole = |events: &[_], bodies: &[_]| {
            event::check(
                events,
                bodies,
                std::slice::from_ref(&head),
                &key.verifying_key(),
                &everybody,
            )
        };
        let report = whole(&self.events, &self.bodies).expect("7: the chain is whole");
        assert_eq!(report.covered, report.events);
        if self.events.is_empty() {
            return;
        }
        let at = self.chance.below(self.events.len());
        let (mut events, mut bodies) = (self.events.clone(), self.bodies.clone());
        match self.chance.below(4) {
            0 => events[at].subject.push('x'),
            1 => bodies[at].content = serde_json::json!("nothing happened"),
            2 => drop((events.remove(at), bodies.remove(at))),
            _ => {
                events.truncate(at);
                bodies.truncate(at);
            }
        }
        assert!(whole(&events, &bodies).is_err(), "7: a record was changed and nobody saw it");
    }

    fn owner_of(&self, change: &Change) -> Option<Owner> {
        let vendor = &self.company.vendors[self.vendor(&change.instance)];
        Some(vendor.rows().get(change.account.as_ref()?)?.owner)
    }
}
