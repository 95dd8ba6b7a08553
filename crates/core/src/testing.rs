//! A small company from a few lines of text, for the unit tests of this crate.
//!
//! ```text
//! person ana hr ends=2026-11-20 email=ana@x.com
//! record ana hr starts=2026-12-01 unit=Sales location=Tokyo
//! account wiki/u1 ana@x.com owner=ana state=suspended kind=service role=Admin grant=Editors
//! partial wiki the list was cut
//! unread desk
//! kept-out hr it shrank
//! ```

use jiff::Timestamp;

use crate::account::{Account, Email, Grant, State};
use crate::graph::{Credential, Feed, Graph, Parts, View};
use crate::id::{AccountRef, IdentityId, InstanceName, SourceName};
use crate::identity::{Identity, Kind};
use crate::link::{AccountKind, Candidate, Link, LinkState};
use crate::snapshot::Coverage;
use crate::worker::WorkerRecord;

/// A moment from its text.
pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().expect("the test states a moment")
}

/// An account from `instance/key`.
pub(crate) fn of(text: &str) -> AccountRef {
    let (instance, key) = text.split_once('/').expect("the test states instance/key");
    AccountRef { instance: instance.into(), key: key.into() }
}

/// The company, which a test may change before it becomes a graph.
#[derive(Clone, Default)]
pub(crate) struct World {
    pub(crate) parts: Parts,
}

impl World {
    /// Reads the lines. Everything was read whole at 08:00 on 2026-11-21, `Admin` is the
    /// administrators' role everywhere.
    pub(crate) fn read(text: &str) -> Self {
        let mut world = Self::default();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words[0] {
                "person" => world.person(words[1], words[2], &words[3..]),
                "record" => world.record(words[1], words[2], &words[3..]),
                "account" => world.account(words[1], words[2], &words[3..]),
                "partial" => {
                    let why = words[2..].join(" ") + ".";
                    world.view(words[1]).coverage = Coverage::Partial { why };
                }
                "unread" => {
                    let why = "Nothing reads it.".to_owned();
                    let view = world.view(words[1]);
                    (view.is_read, view.taken_at) = (false, None);
                    view.coverage = Coverage::Partial { why };
                }
                "kept-out" => {
                    world.feed(words[1]).kept_out = Some(words[2..].join(" ") + ".");
                }
                other => panic!("{other} is no line of a test company"),
            }
        }
        world
    }

    pub(crate) fn graph(&self) -> Graph {
        Graph::new(self.parts.clone())
    }

    pub(crate) fn view(&mut self, instance: &str) -> &mut View {
        self.parts.views.entry(InstanceName::from(instance)).or_insert_with(|| View {
            is_read: true,
            taken_at: Some(at("2026-11-21T08:00:00Z")),
            coverage: Coverage::Complete,
            groups: Vec::new(),
            covers: Vec::new(),
            admin_roles: vec!["Admin".to_owned()],
            stale_after_h: 48,
            credential: Credential::default(),
            contradictions: Vec::new(),
        })
    }

    pub(crate) fn feed(&mut self, source: &str) -> &mut Feed {
        self.parts.feeds.entry(SourceName::from(source)).or_insert_with(|| Feed {
            taken_at: Some(at("2026-11-21T08:00:00Z")),
            kept_out: None,
            stale_after_h: 48,
        })
    }

    fn person(&mut self, name: &str, source: &str, rest: &[&str]) {
        self.parts.identities.push(Identity {
            id: name.into(),
            kind: Kind::Person,
            records: Vec::new(),
            name: name.to_owned(),
            because: String::new(),
        });
        self.record(name, source, rest);
    }

    fn record(&mut self, name: &str, source: &str, rest: &[&str]) {
        self.feed(source);
        let identity = self.parts.identities.iter_mut().find(|one| one.name == name);
        let identity = identity.expect("the test names the person first");
        let number = match identity.records.len() {
            0 => format!("E-{name}"),
            many => format!("E-{name}-{}", many + 1),
        };
        let mut record = WorkerRecord {
            source: source.into(),
            number: number.as_str().into(),
            ..WorkerRecord::default()
        };
        let date = |value: &str| Some(value.parse().expect("the test states a date"));
        for (key, value) in pairs(rest) {
            match key {
                "starts" => record.starts = date(value),
                "ends" => record.ends = date(value),
                "email" => record.work_emails.push(value.to_owned()),
                "unit" => record.placement.unit = value.to_owned(),
                "location" => record.placement.location = value.to_owned(),
                other => panic!("a person has no {other}"),
            }
        }
        identity.records.push(record.record_ref());
        self.parts.records.push(record);
    }

    fn account(&mut self, at: &str, login: &str, rest: &[&str]) {
        let AccountRef { instance, key } = of(at);
        self.view(instance.as_str());
        let mut account = Account { instance, key, login: login.to_owned(), ..Account::default() };
        let mut link = Link {
            account: account.account_ref(),
            state: LinkState::None,
            kind: AccountKind::Personal,
            rule: "test".to_owned(),
            score: 1.0,
            because: String::new(),
        };
        for (key, value) in pairs(rest) {
            match key {
                "owner" => link.state = LinkState::Auto { owner: candidate(value) },
                "suggested" => {
                    let candidates = value.split(',').map(candidate).collect();
                    link.state = LinkState::Suggested { candidates };
                }
                "kind" => link.kind = word(value),
                "state" => account.state = word::<State>(value),
                "email" => account.emails.push(Email { address: value.to_owned(), verified: true }),
                "external" => account.external_id = value.to_owned(),
                "name" => account.display_name = value.to_owned(),
                "role" => account.roles.push(value.to_owned()),
                "seat" => account.seat = value.to_owned(),
                "grant" => {
                    let (entitlement, via) = value.split_once(':').unwrap_or((value, ""));
                    let (entitlement, via) = (entitlement.to_owned(), via.to_owned());
                    account.grants.push(Grant { entitlement, via, ..Grant::default() });
                }
                other => panic!("an account has no {other}"),
            }
        }
        self.parts.accounts.push(account);
        self.parts.links.push(link);
    }
}

fn pairs<'a>(words: &[&'a str]) -> Vec<(&'a str, &'a str)> {
    words.iter().map(|word| word.split_once('=').expect("the test states key=value")).collect()
}

fn word<T: serde::de::DeserializeOwned>(text: &str) -> T {
    serde_json::from_value(text.into()).expect("the test states a word of ours")
}

fn candidate(name: &str) -> Candidate {
    Candidate { identity: IdentityId::from(name), record: None, score: 1.0, because: String::new() }
}
