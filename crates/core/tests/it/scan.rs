//! A scan beside the findings of a graph in which the same keys made the links.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan as _;
use jiff::civil::Date;
use proptest::prelude::*;
use rollbook_core::account::{Account, Email, State};
use rollbook_core::finding::{self, Kind, Subject};
use rollbook_core::graph::{Credential, Graph, Parts, View};
use rollbook_core::id::{AccountKey, IdentityId, InstanceName, RecordRef};
use rollbook_core::identity::{self, Identity};
use rollbook_core::link::{AccountKind, Candidate, Link, LinkState};
use rollbook_core::matching::Rule;
use rollbook_core::policy::{Birthright, Policy};
use rollbook_core::scan::{Bits, Counts, Enrolment, Entry, Found, Place, Sweep};
use rollbook_core::snapshot::Coverage;
use rollbook_core::worker::{Placement, WorkerRecord};

use crate::organisation::{NOW, TODAY, date, moment};

const INSTANCES: [&str; 3] = ["crm", "erp", "wiki"];
const KINDS: [&str; 3] = ["employment", "contract", "registration"];

/// Something small enough for keys to meet, and everything that keys can do to one another.
#[derive(Clone, Debug)]
struct Small {
    records: Vec<WorkerRecord>,
    accounts: Vec<Account>,
    covers: [Vec<String>; 3],
    rights: Vec<Birthright>,
}

/// What is said of an account or of a human: the words of both sides of the comparison.
type Said = BTreeSet<(Kind, String, Option<RecordRef>)>;

fn pick(all: &'static [&'static str]) -> impl Strategy<Value = String> {
    proptest::sample::select(all).prop_map(str::to_owned)
}

fn day() -> impl Strategy<Value = Date> {
    (-6_i64..6).prop_map(|days| date(TODAY).saturating_add((days * 20).days()))
}

fn record() -> impl Strategy<Value = WorkerRecord> {
    let period = (proptest::option::of(day()), proptest::option::of(day()));
    let email =
        pick(&["", "ana@x.org", "Ana@X.org", "bo@x.org", "Bo <bo@x.org>", "cy@x.org", "dé@x.org"]);
    let source = pick(&["hr", "uni"]);
    let number = pick(&["1", "2", "3", "4", "É5", "e6", "E6"]);
    (
        source,
        number,
        pick(&KINDS),
        period,
        email,
        pick(&["", "ana", "bo"]),
        pick(&["north", "south"]),
    )
        .prop_map(|(source, number, kind, (starts, ends), email, login, unit)| WorkerRecord {
            source: source.as_str().into(),
            number: number.as_str().into(),
            kind,
            starts,
            ends,
            work_emails: email.split_whitespace().map(|_| email.clone()).take(1).collect(),
            logins: vec![login],
            placement: Placement { unit, ..Placement::default() },
            ..WorkerRecord::default()
        })
}

fn account() -> impl Strategy<Value = Account> {
    const STATES: &[State] = &[State::Active, State::Invited, State::Suspended, State::Gone];
    let email =
        pick(&["ana@x.org", " ANA@x.org ", "bo@x.org", "cy@x.org", "DÉ@x.org", "other@x.org"]);
    let emails = proptest::collection::vec((email, any::<bool>()), 0..3);
    let number = || pick(&["", "", " 1", "2", "4", "é5", "E6", "9"]);
    let login = pick(&["", "ana", "BO", "3", "e6", "other"]);
    let created = proptest::option::of(day());
    let state = proptest::sample::select(STATES);
    (pick(&INSTANCES), number(), number(), login, emails, state, created).prop_map(
        |(instance, external_id, worker_number, login, emails, state, created)| Account {
            instance: instance.as_str().into(),
            external_id,
            worker_number,
            login,
            emails: emails
                .into_iter()
                .map(|(address, verified)| Email { address, verified })
                .collect(),
            state,
            created,
            ..Account::default()
        },
    )
}

fn small() -> impl Strategy<Value = Small> {
    let covers = || proptest::collection::vec(pick(&KINDS), 0..2);
    let right =
        (pick(&["crm", "erp", "*"]), proptest::collection::vec(pick(&KINDS), 0..2), any::<bool>());
    let right = right.prop_map(|(instance, kinds, north)| Birthright {
        instance: instance.as_str().into(),
        kinds,
        units: if north { vec!["north".to_owned()] } else { Vec::new() },
        entitlements: Vec::new(),
    });
    let records = proptest::collection::vec(record(), 1..8);
    let accounts = proptest::collection::vec(account(), 0..12);
    let rights = proptest::collection::btree_map("[ab]", right, 0..3);
    (records, accounts, [covers(), covers(), covers()], rights).prop_map(
        |(records, mut accounts, covers, rights)| {
            for (at, account) in accounts.iter_mut().enumerate() {
                account.key = AccountKey::new(format!("u{at}"));
            }
            // Two rules for one instance would be one finding in a graph.
            let mut rights: Vec<Birthright> = rights.into_values().collect();
            rights.dedup_by(|one, other| one.instance == other.instance);
            Small { records, accounts, covers, rights }
        },
    )
}

/// By the scan.
fn scanned(small: &Small) -> (Said, Vec<Counts>) {
    let sources = ["hr", "uni"];
    let place = |(name, covers): (&&str, &Vec<String>)| Place {
        instance: InstanceName::from(*name),
        covers: covers.clone(),
    };
    let places = INSTANCES.iter().zip(&small.covers).map(place).collect();
    let mut enrolment = Enrolment::new(&small.rights, places, date(TODAY));
    for record in &small.records {
        let source = sources.iter().position(|name| *name == record.source.as_str());
        let entry = Entry {
            source: u16::try_from(source.expect("it is one of them")).expect("there are two"),
            number: record.number.as_str(),
            kind: &record.kind,
            unit: &record.placement.unit,
            starts: record.starts,
            ends: record.ends,
        };
        let human = enrolment.record(entry).expect("there is room");
        for address in &record.work_emails {
            enrolment.work_email(human, address).expect("there is room");
        }
        for login in &record.logins {
            enrolment.login(human, login).expect("there is room");
        }
    }
    let roll = enrolment.finish();
    let record_of = |human| {
        let (source, number) = roll.number(human);
        RecordRef { source: sources[usize::from(source)].into(), number: number.into() }
    };
    let (mut said, mut all, mut there, mut counts) = (Said::new(), Bits::default(), vec![], vec![]);
    for (instance, covers) in INSTANCES.iter().zip(&small.covers) {
        let presences = roll.presences(covers);
        let mut sweep = Sweep::new(&roll, &presences);
        let here = small.accounts.iter().filter(|one| one.instance.as_str() == *instance);
        let here: Vec<Account> = here.cloned().collect();
        let Ok(()) = sweep.take_all(&here, |account, Found { kind, owner, .. }| {
            said.insert((kind, account.account_ref().to_string(), owner.map(record_of)));
            Ok(())
        });
        let (count, bits) = sweep.finish();
        all.add(&bits);
        there.push(bits);
        counts.push(count);
    }
    for (at, right) in small.rights.iter().enumerate() {
        let instance = INSTANCES.iter().position(|name| *name == right.instance.as_str());
        let there = instance.map_or(&all, |instance| &there[instance]);
        let missing = roll.missing(at, there).map(record_of);
        said.extend(missing.map(|who| (Kind::Missing, right.instance.to_string(), Some(who))));
    }
    (said, counts)
}

/// The same by the findings of a graph whose links were made by looking at every pair.
fn found(small: &Small) -> Said {
    let humans: BTreeSet<RecordRef> = small.records.iter().map(WorkerRecord::record_ref).collect();
    let id = |who: &RecordRef| IdentityId::derive(&[who.source.as_str(), who.number.as_str()]);
    let identity = |who: &RecordRef| Identity {
        id: id(who),
        kind: identity::Kind::Person,
        records: vec![who.clone()],
        name: who.to_string(),
        because: String::new(),
    };
    let view = |covers: &Vec<String>| View {
        is_read: true,
        taken_at: Some(moment(NOW)),
        coverage: Coverage::Complete,
        groups: Vec::new(),
        covers: covers.clone(),
        admin_roles: Vec::new(),
        stale_after_h: 48,
        credential: Credential::default(),
        contradictions: Vec::new(),
    };
    let views = INSTANCES.iter().zip(&small.covers);
    let graph = Graph::new(Parts {
        identities: humans.iter().map(identity).collect(),
        records: small.records.clone(),
        accounts: small.accounts.clone(),
        links: small.accounts.iter().map(|account| link(account, &small.records)).collect(),
        views: views.map(|(name, covers)| (InstanceName::from(*name), view(covers))).collect(),
        ..Parts::default()
    });
    let by_id: BTreeMap<IdentityId, RecordRef> =
        humans.iter().map(|r| (id(r), r.clone())).collect();
    let policy = Policy { birthright: small.rights.clone(), ..Policy::default() };
    let all = finding::find(&graph, &policy, moment(NOW), date(TODAY));
    let said = all.into_iter().filter_map(|finding| {
        let owner = finding.identity.as_ref().map(|id| by_id[id].clone());
        let kind = match finding.kind {
            // Of a scan's candidates only their number is kept, so it cannot say that all have left.
            Kind::Leftover if owner.is_none() => Kind::AmbiguousOwner,
            Kind::Leftover | Kind::Orphan | Kind::AmbiguousOwner | Kind::Missing => finding.kind,
            _ => return None,
        };
        match finding.subject {
            Subject::Account { account } => Some((kind, account.to_string(), owner)),
            Subject::Assignment { instance, .. } => Some((kind, instance.to_string(), owner)),
            _ => None,
        }
    });
    said.collect()
}

/// The link that the strongest key makes, found by looking at every record.
fn link(account: &Account, records: &[WorkerRecord]) -> Link {
    let folded = |text: &str| text.trim().to_lowercase();
    let address = |text: &str| match text.split_once('<') {
        Some((_, inner)) => folded(inner.trim_end_matches('>')),
        None => folded(text),
    };
    let whose = |has: &dyn Fn(&WorkerRecord) -> bool| -> BTreeSet<RecordRef> {
        records.iter().filter(|record| has(record)).map(WorkerRecord::record_ref).collect()
    };
    let by_number = |text: &str| {
        let text = folded(text);
        if text.is_empty() {
            BTreeSet::new()
        } else {
            whose(&|r| folded(r.number.as_str()) == text)
        }
    };
    let by_login = |text: &str| {
        let has = |r: &WorkerRecord| r.logins.iter().any(|login| folded(login) == folded(text));
        if folded(text).is_empty() { BTreeSet::new() } else { whose(&has) }
    };
    let mut tried = vec![
        (Rule::ExternalId, by_number(&account.external_id)),
        (Rule::WorkerNumber, by_number(&account.worker_number)),
        (Rule::LoginNumber, by_number(&account.login)),
    ];
    for email in account.emails.iter().filter(|email| email.verified) {
        let has =
            |r: &WorkerRecord| r.work_emails.iter().any(|m| address(m) == address(&email.address));
        tried.push((Rule::VerifiedEmail, whose(&has)));
    }
    tried.push((Rule::KnownLogin, by_login(&account.login)));
    let best = tried.into_iter().find(|(_, humans)| !humans.is_empty());
    let (rule, humans) = best.unwrap_or((Rule::KnownLogin, BTreeSet::new()));
    let candidate = |who: &RecordRef| Candidate {
        identity: IdentityId::derive(&[who.source.as_str(), who.number.as_str()]),
        record: Some(who.clone()),
        score: 1.0,
        because: String::new(),
    };
    let candidates: Vec<Candidate> = humans.iter().map(candidate).collect();
    let is_reusable = matches!(rule, Rule::VerifiedEmail | Rule::KnownLogin);
    let mine = || records.iter().filter(|r| humans.contains(&r.record_ref()));
    let had_left = mine().all(|r| r.ends.is_some())
        && mine().all(|r| {
            account.created.is_some_and(|created| r.ends.is_none_or(|end| end <= created))
        });
    let state = match &candidates[..] {
        [] => LinkState::None,
        [owner] if !(is_reusable && had_left) => LinkState::Auto { owner: owner.clone() },
        _ => LinkState::Suggested { candidates },
    };
    Link {
        account: account.account_ref(),
        state,
        kind: AccountKind::Personal,
        rule: rule.word().to_owned(),
        score: 1.0,
        because: String::new(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_scan_says_what_the_findings_say_where_keys_make_the_links(small in small()) {
        let (said, counts) = scanned(&small);
        prop_assert_eq!(&said, &found(&small));
        let of = |kind| said.iter().filter(|(one, ..)| *one == kind).count() as u64;
        let sum = |count: fn(&Counts) -> u64| counts.iter().map(count).sum::<u64>();
        prop_assert_eq!(sum(|c| c.leftover), of(Kind::Leftover));
        prop_assert_eq!(sum(|c| c.orphan), of(Kind::Orphan));
        prop_assert_eq!(sum(|c| c.ambiguous_owner), of(Kind::AmbiguousOwner));
        prop_assert_eq!(sum(|c| c.accounts), small.accounts.len() as u64);
        let open = small.accounts.iter().filter(|account| account.state.is_open());
        prop_assert_eq!(sum(|c| c.open), open.count() as u64);
    }
}
