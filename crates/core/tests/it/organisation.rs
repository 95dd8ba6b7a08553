//! An organisation in a few lines of text, for tests.
//!
//! ```text
//! person Ana Jansen                              (an identity; what follows is hers)
//!   record hr/E1 employment 2020-01-01..2026-11-01 unit=Sales
//!   account crm/u1 login=ana@x.org created=2020-01-02 kind=personal
//!     grant approver unit=Sales 2020-01-01..
//! perhaps Ana Jansen, Bo Smit                    (accounts that may be theirs)
//! nobody                                         (accounts without any candidate)
//! instance crm covers=employment partial=timeout (otherwise: read wholly at nine, for everybody)
//! ```
//! An underscore in a value stands for a space.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use rollbook_core::account::{Account, Grant, Group, State};
use rollbook_core::graph::{Contradiction, Credential, Feed, Graph, Parts, View};
use rollbook_core::id::{
    AccountKey, IdentityId, InstanceName, RecordRef, SourceName, WorkerNumber,
};
use rollbook_core::identity::{self, Identity, Lookalike};
use rollbook_core::link::{AccountKind, Candidate, Link, LinkState};
use rollbook_core::policy::{Birthright, Policy};
use rollbook_core::snapshot::Coverage;
use rollbook_core::worker::{Appointment, WorkerRecord};

/// The day on which every test organisation is looked at.
pub(crate) const TODAY: &str = "2026-11-21";

/// Nine in the morning of [`TODAY`].
pub(crate) const NOW: &str = "2026-11-21T09:00:00Z";

/// What the text says.
#[derive(Default)]
pub(crate) struct Organisation {
    parts: Parts,
    pub(crate) policy: Policy,
    owner: Option<LinkState>,
}

impl Organisation {
    pub(crate) fn read(text: &str) -> Self {
        let mut organisation = Self::default();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            organisation.line(word, rest);
        }
        for account in &organisation.parts.accounts {
            let seen = || view(&BTreeMap::new());
            organisation.parts.views.entry(account.instance.clone()).or_insert_with(seen);
        }
        organisation
    }

    pub(crate) fn graph(&self) -> Graph {
        Graph::new(self.parts.clone())
    }

    fn line(&mut self, word: &str, rest: &str) {
        let mut words = rest.split_whitespace().filter(|word| !word.contains('='));
        let mut next = || words.next().unwrap_or_default();
        let named = named(rest);
        let parts = &mut self.parts;
        match word {
            "person" | "machine" => {
                let identity = identity(word, rest);
                self.owner = Some(LinkState::Auto { owner: candidate(rest) });
                parts.identities.push(identity);
            }
            "perhaps" => {
                let candidates = rest.split(", ").map(candidate).collect();
                self.owner = Some(LinkState::Suggested { candidates });
            }
            "nobody" => self.owner = Some(LinkState::None),
            "record" => {
                let record = record(next(), next(), next(), &named);
                let owner = parts.identities.last_mut().expect("a person comes before its records");
                owner.records.push(record.record_ref());
                parts.records.push(record);
            }
            "account" => {
                let account = account(next(), &named);
                parts.links.push(link(&account, self.owner.clone(), &named));
                parts.accounts.push(account);
            }
            "grant" => {
                let grant = grant(next(), next(), &named);
                let account =
                    parts.accounts.last_mut().expect("an account comes before its grants");
                account.grants.push(grant);
            }
            "appointment" => parts.appointments.push(appointment(next(), next(), next(), next())),
            "lookalike" => parts.lookalikes.push(lookalike(next(), next(), next())),
            "instance" => {
                parts.views.insert(InstanceName::from(next()), view(&named));
            }
            "contradiction" => {
                let view = parts.views.get_mut(&InstanceName::from(next()));
                let view = view.expect("an instance comes before what contradicts its app");
                view.contradictions.push(contradiction(&named));
            }
            "source" => {
                parts.feeds.insert(SourceName::from(next()), feed(&named));
            }
            "policy" => {
                self.policy.grace_days = number(&named, "grace_days");
                self.policy.dormant_days = number(&named, "dormant_days");
            }
            "birthright" => self.policy.birthright.push(Birthright {
                instance: InstanceName::from(next()),
                kinds: list(&named, "kinds"),
                units: list(&named, "units"),
                entitlements: list(&named, "entitlements"),
            }),
            other => panic!("the test writes a line that starts with {other:?}"),
        }
    }
}

type Named = BTreeMap<String, String>;

fn named(rest: &str) -> Named {
    let pairs = rest.split_whitespace().filter_map(|word| word.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.replace('_', " "))).collect()
}

fn text(named: &Named, name: &str) -> String {
    named.get(name).cloned().unwrap_or_default()
}

fn list(named: &Named, name: &str) -> Vec<String> {
    named.get(name).map_or(Vec::new(), |value| value.split('|').map(str::to_owned).collect())
}

fn number(named: &Named, name: &str) -> u32 {
    named.get(name).map_or(0, |value| value.parse().expect("the test writes a number"))
}

pub(crate) fn date(text: &str) -> Date {
    text.parse().expect("the test writes a day that exists")
}

pub(crate) fn moment(text: &str) -> Timestamp {
    text.parse().expect("the test writes a moment that exists")
}

fn day(text: &str) -> Option<Date> {
    (!text.is_empty()).then(|| date(text))
}

fn period(text: &str) -> (Option<Date>, Option<Date>) {
    let (from, to) = text.split_once("..").unwrap_or_default();
    (day(from), day(to))
}

fn record_ref(text: &str) -> RecordRef {
    let (source, number) = text.split_once('/').expect("the test writes source/number");
    RecordRef { source: SourceName::from(source), number: WorkerNumber::from(number) }
}

/// `Ana Jansen` is `per_ana_jansen`.
fn identity_id(name: &str) -> IdentityId {
    IdentityId::new(format!("per_{}", name.trim().to_lowercase().replace(' ', "_")))
}

fn identity(word: &str, name: &str) -> Identity {
    let kind = if word == "machine" { identity::Kind::Service } else { identity::Kind::Person };
    Identity {
        id: identity_id(name),
        kind,
        records: Vec::new(),
        name: name.to_owned(),
        because: String::new(),
    }
}

fn candidate(name: &str) -> Candidate {
    let because = "the names are alike".to_owned();
    Candidate { identity: identity_id(name), record: None, score: 0.7, because }
}

fn record(at: &str, kind: &str, days: &str, named: &Named) -> WorkerRecord {
    let RecordRef { source, number } = record_ref(at);
    let (starts, ends) = period(days);
    let mut record = WorkerRecord {
        source,
        number,
        kind: kind.to_owned(),
        starts,
        ends,
        ..WorkerRecord::default()
    };
    record.placement.unit = text(named, "unit");
    record
}

fn account(at: &str, named: &Named) -> Account {
    let (instance, key) = at.split_once('/').expect("the test writes instance/key");
    let state = match text(named, "state").as_str() {
        "suspended" => State::Suspended,
        "invited" => State::Invited,
        "gone" => State::Gone,
        _ => State::Active,
    };
    Account {
        instance: InstanceName::from(instance),
        key: AccountKey::from(key),
        login: text(named, "login"),
        state,
        created: day(&text(named, "created")),
        ends: day(&text(named, "ends")),
        roles: list(named, "roles"),
        last_seen: named.get("used").map(|at| moment(at)),
        ..Account::default()
    }
}

fn link(account: &Account, state: Option<LinkState>, named: &Named) -> Link {
    let kind = match text(named, "kind").as_str() {
        "admin" => AccountKind::Admin,
        "service" => AccountKind::Service,
        "shared" => AccountKind::Shared,
        "mailbox" => AccountKind::Mailbox,
        "agent" => AccountKind::Agent,
        "unknown" => AccountKind::Unknown,
        _ => AccountKind::Personal,
    };
    Link {
        account: account.account_ref(),
        state: state.expect("person, perhaps or nobody comes before an account"),
        kind,
        rule: "model".to_owned(),
        score: 0.7,
        because: "the names are alike".to_owned(),
    }
}

fn grant(entitlement: &str, days: &str, named: &Named) -> Grant {
    let (starts, ends) = period(days);
    Grant {
        entitlement: entitlement.to_owned(),
        unit: text(named, "unit"),
        starts,
        ends,
        via: text(named, "via"),
    }
}

fn appointment(worker: &str, unit: &str, days: &str, confers: &str) -> Appointment {
    let (starts, ends) = period(days);
    let (worker, unit, confers) = (record_ref(worker), unit.to_owned(), confers.to_owned());
    Appointment { worker, unit, starts, ends, confers }
}

fn lookalike(left: &str, right: &str, score: &str) -> Lookalike {
    Lookalike {
        left: record_ref(left),
        right: record_ref(right),
        score: score.parse().expect("the test writes a score"),
        because: "same name and birth date".to_owned(),
    }
}

fn read_at(named: &Named) -> Option<Timestamp> {
    match named.get("read").map(String::as_str) {
        None => Some(moment(NOW)),
        Some("never") => None,
        Some(at) => Some(moment(at)),
    }
}

fn view(named: &Named) -> View {
    let coverage = match named.get("partial") {
        None => Coverage::Complete,
        Some(why) => Coverage::Partial { why: why.clone() },
    };
    let members = list(named, "admin_group").iter().map(|key| AccountKey::from(&**key)).collect();
    let group = Group { key: "g1".to_owned(), name: "Admins".to_owned(), members };
    View {
        is_read: true,
        taken_at: read_at(named),
        coverage,
        groups: vec![group],
        covers: list(named, "covers"),
        admin_roles: list(named, "admin_roles"),
        stale_after_h: 48,
        credential: Credential {
            owner: named.get("credential_owner").cloned().unwrap_or_default(),
            is_personal: named.contains_key("personal_secret"),
            is_robot: named.contains_key("robot"),
            answers: named.get("answers").cloned().unwrap_or_default(),
        },
        contradictions: Vec::new(),
    }
}

/// `contradiction wiki key=scim.delete stated=delete source=the_manual seen=It_stays. on=2026-11-20 closing=yes`
fn contradiction(named: &Named) -> Contradiction {
    Contradiction {
        fact: text(named, "key"),
        stated: text(named, "stated"),
        source: text(named, "source"),
        seen: text(named, "seen"),
        probed_on: date(&text(named, "on")),
        is_about_closing: named.contains_key("closing"),
    }
}

fn feed(named: &Named) -> Feed {
    Feed { taken_at: read_at(named), kept_out: named.get("kept_out").cloned(), stale_after_h: 48 }
}
