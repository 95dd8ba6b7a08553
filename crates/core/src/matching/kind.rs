//! What kind of account it is, told from its name, its shown name and the instance's own word.

use std::collections::BTreeMap;

use crate::account::Account;
use crate::link::AccountKind;

use super::shown::Shown;
use super::text::fold;

/// Words in a login that name a kind, where no instance has taught us better.
const WORDS: &[(&str, AccountKind)] = &[
    ("a0", AccountKind::Admin),
    ("adm", AccountKind::Admin),
    ("admin", AccountKind::Admin),
    ("administrator", AccountKind::Admin),
    ("agent", AccountKind::Agent),
    ("api", AccountKind::Service),
    ("app", AccountKind::Service),
    ("backup", AccountKind::Service),
    ("balie", AccountKind::Shared),
    ("batch", AccountKind::Service),
    ("beheer", AccountKind::Admin),
    ("bot", AccountKind::Agent),
    ("calendar", AccountKind::Mailbox),
    ("conference", AccountKind::Mailbox),
    ("connector", AccountKind::Service),
    ("copilot", AccountKind::Agent),
    ("cron", AccountKind::Service),
    ("daemon", AccountKind::Service),
    ("desk", AccountKind::Shared),
    ("equipment", AccountKind::Mailbox),
    ("frontdesk", AccountKind::Shared),
    ("generic", AccountKind::Shared),
    ("helpdesk", AccountKind::Shared),
    ("info", AccountKind::Mailbox),
    ("integration", AccountKind::Service),
    ("job", AccountKind::Service),
    ("kiosk", AccountKind::Shared),
    ("mailbox", AccountKind::Mailbox),
    ("mbx", AccountKind::Mailbox),
    ("meeting", AccountKind::Mailbox),
    ("monitoring", AccountKind::Service),
    ("noreply", AccountKind::Mailbox),
    ("op", AccountKind::Shared),
    ("operator", AccountKind::Shared),
    ("ops", AccountKind::Shared),
    ("postbus", AccountKind::Mailbox),
    ("postvak", AccountKind::Mailbox),
    ("priv", AccountKind::Admin),
    ("reception", AccountKind::Shared),
    ("receptie", AccountKind::Shared),
    ("resource", AccountKind::Mailbox),
    ("robot", AccountKind::Agent),
    ("room", AccountKind::Mailbox),
    ("root", AccountKind::Admin),
    ("rpa", AccountKind::Agent),
    ("scan", AccountKind::Service),
    ("scanner", AccountKind::Service),
    ("script", AccountKind::Service),
    ("service", AccountKind::Service),
    ("shared", AccountKind::Shared),
    ("shift", AccountKind::Shared),
    ("srv", AccountKind::Service),
    ("support", AccountKind::Shared),
    ("svc", AccountKind::Service),
    ("sync", AccountKind::Service),
    ("sys", AccountKind::Service),
    ("system", AccountKind::Service),
    ("task", AccountKind::Service),
    ("team", AccountKind::Shared),
    ("test", AccountKind::Service),
    ("training", AccountKind::Shared),
    ("zaal", AccountKind::Mailbox),
];

/// What the instances' own words teach about the words in logins.
#[derive(Debug, Default)]
pub(crate) struct Kinds {
    /// First word of a login to the kind that labelled accounts with that word have.
    learned: BTreeMap<String, AccountKind>,
}

/// The words of a login, without its domain.
pub(crate) fn login_words(login: &str) -> Vec<String> {
    fold(local(login)).split(' ').filter(|w| !w.is_empty()).map(str::to_owned).collect()
}

/// A login without mail domain (`@corp`) or Windows domain (`CORP\`).
pub(crate) fn local(login: &str) -> &str {
    let tail = login.rsplit_once('\\').map_or(login, |(_, tail)| tail);
    tail.split_once('@').map_or(tail, |(head, _)| head).trim()
}

/// The kind that a vendor's word names.
fn hinted(hint: &str) -> Option<AccountKind> {
    let folded = fold(hint);
    let mut words = folded.split(' ').filter(|w| !w.is_empty());
    words.find_map(|word| match word {
        "user" | "member" | "person" | "personal" | "employee" | "human" | "guest" => None,
        "privileged" => Some(AccountKind::Admin),
        "functional" => Some(AccountKind::Shared),
        "machine" | "application" | "workload" => Some(AccountKind::Service),
        word => lexicon(word),
    })
}

fn lexicon(word: &str) -> Option<AccountKind> {
    WORDS.iter().find(|(known, _)| *known == word).map(|(_, kind)| *kind)
}

impl Kinds {
    /// Learns from the accounts that carry a word of the vendor's: if the labelled accounts whose
    /// login begins with `zz` are nearly all mailboxes, the unlabelled ones are mailboxes too.
    pub(crate) fn learn<'a>(accounts: impl Iterator<Item = &'a Account>) -> Self {
        let mut seen: BTreeMap<String, BTreeMap<AccountKind, u32>> = BTreeMap::new();
        for account in accounts {
            let Some(kind) = hinted(&account.type_hint) else { continue };
            let words = login_words(&account.login);
            if words.len() > 1 {
                *seen.entry(words[0].clone()).or_default().entry(kind).or_default() += 1;
            }
        }
        let learned = seen.into_iter().filter_map(|(word, kinds)| {
            let total: u32 = kinds.values().sum();
            let (kind, most) =
                kinds.into_iter().max_by_key(|(kind, count)| (*count, std::cmp::Reverse(*kind)))?;
            (most >= 2 && most * 10 >= total * 9 && word.len() > 1).then_some((word, kind))
        });
        Self { learned: learned.collect() }
    }

    /// The kind of `account`, whose shown name was read as `shown`.
    pub(crate) fn judge(&self, account: &Account, shown: &Shown) -> AccountKind {
        if let Some(kind) = hinted(&account.type_hint) {
            return kind;
        }
        if shown.notes.iter().any(|n| lexicon(n) == Some(AccountKind::Admin)) {
            return AccountKind::Admin;
        }
        let words = login_words(&account.login);
        if words.len() > 1
            && let Some(kind) = self.learned.get(&words[0])
        {
            return *kind;
        }
        self.by_words(&words, shown)
    }

    /// The first word that names a kind decides. A name with a given and a family part is a
    /// person's, whatever the words of the login are, unless they say administrator.
    fn by_words(&self, words: &[String], shown: &Shown) -> AccountKind {
        let named =
            words.iter().find_map(|w| lexicon(w.trim_end_matches(|c: char| c.is_ascii_digit())));
        let is_human = shown.readings.first().is_some_and(|r| {
            !r.given.iter().any(|g| lexicon(g).is_some())
                && lexicon(&r.family).is_none()
                && (!r.given.is_empty() || !r.initials.is_empty())
        });
        match named {
            Some(AccountKind::Admin) => AccountKind::Admin,
            Some(kind) if !is_human => kind,
            _ if words.is_empty() && shown.readings.is_empty() => AccountKind::Unknown,
            _ => AccountKind::Personal,
        }
    }

    /// Whether the word only says that the account is an administrator's.
    pub(crate) fn is_admin_word(&self, word: &str) -> bool {
        let bare = word.trim_end_matches(|c: char| c.is_ascii_digit());
        lexicon(bare) == Some(AccountKind::Admin)
            || self.learned.get(word) == Some(&AccountKind::Admin)
    }
}
