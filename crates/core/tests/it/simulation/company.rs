//! A made-up company: who works there, what its source says, and what its apps really hold.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use rollbook_core::account::{Account, Email, Grant, State};
use rollbook_core::change::{Basis, Verb};
use rollbook_core::id::InstanceName;
use rollbook_core::policy::{ApprovalRule, Birthright, Limits, Policy};
use rollbook_core::reach::{Reach, Way};
use rollbook_core::worker::{PersonName, WorkerRecord};

use super::chance::Chance;
use super::vendor::{Habits, Owner, Vendor};

const GIVEN: [&str; 8] = ["Ada", "Bo", "Chiara", "Dmitri", "Esra", "Femke", "Goran", "Hanne"];
const FAMILY: [&str; 7] = ["Alvarez", "Brandt", "Castro", "Dahl", "Eriksen", "Fontaine", "Greco"];
const APPS: [&str; 4] = ["wiki", "crm", "design", "tickets"];
pub(super) const SOURCE: &str = "hr";
pub(super) const ADMIN: &str = "Admin";

/// A human, as they really are.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) given: &'static str,
    pub(super) family: &'static str,
    pub(super) number: String,
    pub(super) email: String,
    pub(super) ends: Option<Date>,
}

impl Person {
    pub(super) fn name(&self) -> String {
        format!("{} {}", self.given, self.family)
    }

    fn record(&self) -> WorkerRecord {
        let name = PersonName {
            given: self.given.to_owned(),
            family: self.family.to_owned(),
            ..PersonName::default()
        };
        WorkerRecord {
            source: SOURCE.into(),
            number: self.number.as_str().into(),
            kind: "employment".to_owned(),
            starts: Some(jiff::civil::date(2020, 1, 1)),
            ends: self.ends,
            name,
            work_emails: vec![self.email.clone()],
            ..WorkerRecord::default()
        }
    }
}

#[derive(Debug)]
pub(super) struct Company {
    pub(super) people: Vec<Person>,
    pub(super) vendors: Vec<Vendor>,
    pub(super) reach: Vec<(InstanceName, Reach)>,
    pub(super) policy: Policy,
    /// Within how many seconds each app shows what it did.
    pub(super) settles_within_s: u32,
}

impl Company {
    pub(super) fn made(chance: &mut Chance, now: Timestamp, today: Date) -> Self {
        let people: Vec<Person> =
            (0..4 + chance.below(6)).map(|at| person(at, chance, today)).collect();
        let settles_within_s = *chance.pick(&[1, 7, 30, 200, 300]);
        let apps = 1 + chance.below(APPS.len());
        let mut company = Self {
            policy: policy(chance, &people),
            people,
            vendors: Vec::new(),
            reach: Vec::new(),
            settles_within_s,
        };
        for app in &APPS[..apps] {
            let vendor = company.vendor(app, chance, now);
            company.reach.push((vendor.name.clone(), reach(chance, &vendor.habits)));
            company.vendors.push(vendor);
        }
        company
    }

    /// What the source delivers.
    pub(super) fn records(&self) -> Vec<WorkerRecord> {
        self.people.iter().map(Person::record).collect()
    }

    fn vendor(&self, name: &str, chance: &mut Chance, now: Timestamp) -> Vendor {
        let half = i64::from(self.settles_within_s) / 2;
        let habits = Habits {
            shows_after_s: chance.seconds(half),
            acts_within_s: half,
            faults_one_in: *chance.pick(&[2, 4, 10, 1_000]),
            allows_twins: chance.one_in(3),
            keeps_external_ids: !chance.one_in(4),
            suspend_deletes: chance.one_in(8),
            lies: chance.one_in(12),
            goes_blind: chance.one_in(12),
        };
        let long_ago = now - SignedDuration::from_hours(24 * 100);
        let mut vendor = Vendor::new(name, habits, long_ago);
        for (at, person) in self.people.iter().enumerate() {
            if !chance.one_in(3) {
                vendor.add(account_of(person, chance), Owner::Person(at), long_ago);
            }
        }
        for _ in 0..chance.below(3) {
            let somebody = chance.pick(&self.people);
            let account = strangers(somebody, chance);
            vendor.add(account, Owner::Stranger, long_ago);
        }
        if chance.one_in(2) {
            let shared = Account { login: "support@firm.example".to_owned(), ..Account::default() };
            vendor.add(shared, Owner::Nobody, long_ago);
        }
        vendor
    }

    /// Somebody comes, goes, stays after all; somebody else's hands are in an app.
    pub(super) fn meddle(&mut self, chance: &mut Chance, now: Timestamp, today: Date) {
        let at = chance.below(self.people.len());
        match chance.below(6) {
            0 => self.people[at].ends = Some(today),
            1 => self.people[at].ends = None,
            2 => self.people[at].ends = Some(today.saturating_add(3.days())),
            _ => {}
        }
        let app = chance.below(self.vendors.len());
        let vendor = &mut self.vendors[app];
        vendor.catch_up(now);
        let keys: Vec<_> = vendor.rows().keys().cloned().collect();
        if keys.is_empty() {
            return;
        }
        let key = chance.pick(&keys).clone();
        match chance.below(6) {
            0 => vendor.touch(&key, now, |row| row.account.state = State::Suspended),
            1 => vendor.touch(&key, now, |row| row.account.state = State::Active),
            2 => vendor
                .touch(&key, now, |row| row.account.login = format!("was.{}", row.account.login)),
            3 => {
                let account = strangers(&self.people[at], chance);
                vendor.add(account, Owner::Stranger, now);
            }
            4 => vendor.touch(&key, now, |row| row.account.roles = vec![ADMIN.to_owned()]),
            _ => {}
        }
    }
}

fn person(at: usize, chance: &mut Chance, today: Date) -> Person {
    let (given, family) = (*chance.pick(&GIVEN), *chance.pick(&FAMILY));
    let ends = match chance.below(5) {
        0 => Some(today.saturating_sub(5.days())),
        1 => Some(today.saturating_add(40.days())),
        _ => None,
    };
    // Namesakes have different addresses, as they must.
    let email = format!("{}.{}{at}@firm.example", given.to_lowercase(), family.to_lowercase());
    Person { given, family, number: format!("E{:03}", at + 1), email, ends }
}

fn account_of(person: &Person, chance: &mut Chance) -> Account {
    let mut account = Account {
        login: person.email.clone(),
        display_name: person.name(),
        emails: vec![Email { address: person.email.clone(), verified: !chance.one_in(4) }],
        ..Account::default()
    };
    if chance.one_in(2) {
        account.worker_number = person.number.clone();
    }
    if chance.one_in(4) {
        account.roles.push(ADMIN.to_owned());
    }
    if chance.one_in(3) {
        account.grants.push(Grant { entitlement: "Editors".to_owned(), ..Grant::default() });
    }
    if chance.one_in(6) {
        account.state = State::Suspended;
    }
    account
}

/// An account of somebody from outside, who may share a part of the name of one of ours and claims an
/// address elsewhere. Somebody with the very same name who shows nothing else cannot be told apart by
/// anybody; what that costs is measured where matching is (`docs/matching.md`).
fn strangers(like: &Person, chance: &mut Chance) -> Account {
    let name = match chance.below(3) {
        0 => format!("{} Ypsilanti", like.given),
        1 => format!("Zeno {}", like.family),
        _ => "Zeno Ypsilanti".to_owned(),
    };
    let local = name.to_lowercase().replace(' ', ".");
    let address = format!("{local}@elsewhere.example");
    let emails = vec![Email { address: address.clone(), verified: chance.one_in(2) }];
    Account { login: address, display_name: name, emails, ..Account::default() }
}

fn policy(chance: &mut Chance, people: &[Person]) -> Policy {
    let mut policy = Policy {
        limits: Limits {
            removed_max: *chance.pick(&[1, 2, 50]),
            removed_min: 1 + u32::from(chance.one_in(2)),
            removed_pct_max: *chance.pick(&[10, 40, 100]),
            workspace_removed_max: *chance.pick(&[2, 200]),
            ..Limits::default()
        },
        approval: ApprovalRule {
            needed: 1 + u32::from(chance.one_in(3)),
            needed_irreversible: 1 + u32::from(chance.one_in(2)),
            valid_h: *chance.pick(&[1, 24]),
            ..ApprovalRule::default()
        },
        revoke_on_leave: chance.one_in(2),
        ..Policy::default()
    };
    if chance.one_in(2) {
        policy.protected.push(chance.pick(people).email.clone());
    }
    if chance.one_in(2) {
        let instance = APPS[0].into();
        policy.birthright.push(Birthright { instance, ..Birthright::default() });
    }
    policy
}

/// What is known of an app; that suspending deletes may not be known.
fn reach(chance: &mut Chance, habits: &Habits) -> Reach {
    let basis = *chance.pick(&[Basis::Recalled, Basis::Documented, Basis::Probed]);
    let mut way = Way::new("scim").reversibly(
        &[Verb::Create, Verb::Reactivate, Verb::Grant, Verb::Revoke],
        Basis::Documented,
    );
    way = match (chance.below(3), habits.suspend_deletes) {
        (0, _) => way.for_good(&[Verb::Remove], basis),
        (_, true) => way.for_good(&[Verb::Suspend], basis),
        (_, false) => way.reversibly(&[Verb::Suspend], basis).for_good(&[Verb::Remove], basis),
    };
    Reach { routes: vec![way] }
}
