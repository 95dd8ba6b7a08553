//! The accounts with which our own browsers sign in: agents, for each of which somebody answers.

use jiff::Timestamp;
use rollbook_core::canonical::{fold, same_login};
use rollbook_core::graph::Parts;
use rollbook_core::id::RecordRef;
use rollbook_core::identity::Kind;
use rollbook_core::link::{Decision, LinkVerdict};
use rollbook_core::worker::WorkerRecord;

use crate::config::InstanceConfig;

/// What rollbook.toml says of these accounts, as decisions about their links. An owner whom no source
/// knows is left out; see [`rollbook_core::graph::Credential::answers`].
pub(crate) fn decisions(instances: &[InstanceConfig], parts: &Parts) -> Vec<Decision> {
    let robots =
        instances.iter().filter_map(|instance| Some((instance, instance.browser.as_ref()?)));
    let decided = robots.flat_map(|(instance, browser)| {
        let is_it = |account: &&rollbook_core::account::Account| {
            account.instance == instance.name && same_login(&account.login, &browser.user)
        };
        let owner = owner(&parts.records, browser.owner.trim());
        parts.accounts.iter().filter(is_it).map(move |account| Decision {
            verdict: LinkVerdict::Type {
                account: account.account_ref(),
                kind: Kind::Agent,
                owner: owner.clone(),
            },
            by: "rollbook.toml".to_owned(),
            at: Timestamp::UNIX_EPOCH,
            reason: "A browser of Rollbook signs in with it.".to_owned(),
        })
    });
    decided.collect()
}

/// The record of whoever is named by their work address or as `source/number`: of several the one
/// that ends last.
fn owner(records: &[WorkerRecord], named: &str) -> Option<RecordRef> {
    let is_it = |record: &&WorkerRecord| {
        let mut addresses = record.work_emails.iter();
        addresses.any(|address| fold(address) == fold(named))
            || record.record_ref().to_string() == named
    };
    let of_them = records.iter().filter(is_it).filter(|_| !named.is_empty());
    let last =
        of_them.max_by_key(|record| (record.ends.is_none(), record.ends, record.record_ref()));
    last.map(WorkerRecord::record_ref)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(number: &str, address: &str, ends: Option<&str>) -> WorkerRecord {
        WorkerRecord {
            source: "hr".into(),
            number: number.into(),
            work_emails: vec![address.to_owned()],
            ends: ends.map(|day| day.parse().expect("a day")),
            ..WorkerRecord::default()
        }
    }

    #[test]
    fn whoever_answers_is_named_by_address_or_number_and_by_nothing_like_it() {
        let records = [
            record("E1", "Olga@acme.example", Some("2020-01-01")),
            record("E2", "olga@acme.example", None),
            record("E3", "olga@acme.example.org", None),
        ];
        let of = |named: &str| owner(&records, named).map(|record| record.to_string());
        assert_eq!(of("olga@ACME.example").as_deref(), Some("hr/E2"), "the record that holds");
        assert_eq!(of("hr/E1").as_deref(), Some("hr/E1"));
        for nobody in ["", "olga", "hr/E", "lga@acme.example"] {
            assert_eq!(of(nobody), None, "{nobody}");
        }
    }
}
