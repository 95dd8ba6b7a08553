//! An account as the matcher sees it: its shown name read, its login cut to the base that a
//! convention made, its dates and places as numbers.

use crate::account::Account;
use crate::link::AccountKind;

use super::intern::{Interner, NONE, Sym};
use super::kind::{Kinds, local};
use super::nickname;
use super::roster::{PLACES, day, letter_of, mail_key};
use super::shown::{self, Reading, Shown};
use super::text::{Spelling, fold, joined};

/// One way to read the shown name, as numbers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cut {
    pub family: Sym,
    /// The parts of a family name of several; [`NONE`] for one that nobody has.
    pub parts: Box<[Sym]>,
    /// All shown given names as one word.
    pub given: Sym,
    /// The first shown given name.
    pub first: Sym,
    /// First letter of the given names or initials.
    pub letter: Sym,
    pub initials: Box<str>,
    /// Nickname groups of the first shown given name.
    pub nicknames: &'static [u16],
}

/// A login or the local part of an address, without what says nothing about whose it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Handle {
    /// Folded, with `.`, `_` and `-` kept, without a trailing collision number.
    pub base: String,
    /// Whether a collision number was cut off.
    pub is_numbered: bool,
    /// Whether the base is made of letters, so that it may hold a name.
    pub is_name: bool,
}

/// One account, ready to be compared.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// Instance and everyday or admin: accounts of one class share weights and conventions.
    pub class: u16,
    pub kind: AccountKind,
    /// Possible readings of the shown name, likeliest first.
    pub cuts: Box<[Cut]>,
    /// The family and first given name of the likeliest reading, for comparisons by likeness.
    pub family: Spelling,
    pub given: Spelling,
    /// That family name as one word, and its parts where there are several.
    pub surnames: Vec<Box<str>>,
    /// The name they go by, where the instance holds it apart from the shown name.
    pub used: Sym,
    pub used_text: Spelling,
    pub login: Handle,
    /// The local part of the first address, where it is not the login again.
    pub local: Handle,
    pub mails: Box<[Sym]>,
    pub place: [Sym; PLACES],
    pub created: Option<i32>,
    pub ends: Option<i32>,
    pub is_open: bool,
    /// The login as it is, by which accounts of several instances may be known to be one human's.
    pub handle: Sym,
}

/// Attribute names under which instances keep what a spell keeps, per field of
/// [`super::roster::Spell::place`]. All folded and joined.
const PLACE_NAMES: [&[&str]; PLACES] = [
    &["unit", "department", "afdeling", "orgunit", "team", "division"],
    &["jobtitle", "title", "job", "functie", "position"],
    &["location", "city", "office", "officelocation", "plaats", "town"],
    &["legalentity", "company", "companyname", "organization", "organisation", "entity"],
    &["costcentre", "costcenter", "kostenplaats", "costcode"],
    &["supplyingfirm", "supplier", "agency", "vendor"],
];

impl Seen {
    /// Reads an account; `instance` is the number of its instance.
    pub(crate) fn new(
        account: &Account,
        instance: u16,
        kinds: &Kinds,
        interner: &mut Interner,
    ) -> Self {
        let shown = if account.family_name.trim().is_empty() {
            shown::read(&account.display_name)
        } else {
            shown::read_fields(&account.given_name, &account.family_name)
        };
        let kind = kinds.judge(account, &shown);
        let is_admin = kind == AccountKind::Admin;
        let login = handle(local(&account.login), is_admin.then_some(kinds));
        let first_mail = account.emails.first().map_or("", |e| e.address.as_str());
        let mut other = handle(local(first_mail), is_admin.then_some(kinds));
        if other.base == login.base {
            other = Handle::default();
        }
        let attribute = |names: &[&str]| -> &str {
            let found = account
                .attributes
                .iter()
                .find(|(key, _)| names.contains(&joined(&fold(key)).as_str()));
            found.map_or("", |(_, value)| value)
        };
        let mut place = PLACE_NAMES.map(|names| interner.find(&joined(&fold(attribute(names)))));
        if !account.unit.is_empty() {
            place[0] = interner.find(&joined(&fold(&account.unit)));
        }
        let used_text =
            joined(&fold(attribute(&["usedname", "nickname", "preferredname", "roepnaam"])));
        let (family, given) = first_names(&shown);
        Self {
            class: instance * 2 + u16::from(is_admin),
            kind,
            cuts: cuts(&shown, interner),
            family,
            given,
            surnames: surnames(&shown),
            used: interner.find(&used_text),
            used_text: Spelling::new(&used_text),
            handle: if login.is_name {
                interner.intern(&format!("\u{1}{}", local(&account.login).to_lowercase()))
            } else {
                NONE
            },
            login,
            local: other,
            mails: account
                .emails
                .iter()
                .map(|e| interner.find(&mail_key(&e.address)))
                .filter(|m| *m != NONE)
                .collect(),
            place,
            created: account.created.map(day),
            ends: account.ends.map(day),
            is_open: account.state.is_open(),
        }
    }

    /// Whether it is an administrator's.
    pub(crate) fn is_admin(&self) -> bool {
        self.kind == AccountKind::Admin
    }

    /// Whether it may be somebody's own.
    pub(crate) fn is_personal(&self) -> bool {
        matches!(self.kind, AccountKind::Personal | AccountKind::Admin | AccountKind::Unknown)
    }
}

fn first_names(shown: &Shown) -> (Spelling, Spelling) {
    let Some(reading) = shown.readings.first() else { return Default::default() };
    let given = reading.given.first().map_or("", String::as_str);
    (Spelling::new(&reading.family), Spelling::new(given))
}

fn surnames(shown: &Shown) -> Vec<Box<str>> {
    let Some(reading) = shown.readings.first() else { return Vec::new() };
    let all = [&reading.family].into_iter().chain(&reading.parts);
    all.filter(|name| !name.is_empty()).map(|name| name.as_str().into()).collect()
}

/// The readings whose family name somebody has; the likeliest is kept in any case.
fn cuts(shown: &Shown, interner: &Interner) -> Box<[Cut]> {
    let cuts = shown.readings.iter().map(|r| cut(r, interner));
    let known = cuts.enumerate().filter(|(index, cut)| *index == 0 || cut.family != NONE);
    known.map(|(_, cut)| cut).collect()
}

fn cut(reading: &Reading, interner: &Interner) -> Cut {
    let letter =
        reading.given.first().map_or_else(|| letter_of(&reading.initials), |g| letter_of(g));
    Cut {
        family: interner.find(&reading.family),
        parts: reading.parts.iter().map(|p| interner.find(p)).collect(),
        given: interner.find(&reading.given.concat()),
        first: reading.given.first().map_or(NONE, |g| interner.find(g)),
        letter,
        initials: reading.initials.as_str().into(),
        nicknames: reading.given.first().map_or(&[], |g| nickname::groups_of(g)),
    }
}

/// Cuts a login to its base. For an administrator's account the words that say so are taken away.
pub(crate) fn handle(login: &str, admin: Option<&Kinds>) -> Handle {
    let lower = login.to_lowercase();
    let mut pieces: Vec<(char, String)> = Vec::new();
    let (mut separator, mut piece) = ('\0', String::new());
    for c in lower.chars().chain(['\0']) {
        if matches!(c, '.' | '_' | '-' | '\0') {
            let folded = joined(&fold(&piece));
            if !folded.is_empty() && !admin.is_some_and(|kinds| kinds.is_admin_word(&folded)) {
                pieces.push((separator, folded));
            }
            separator = c;
            piece.clear();
        } else {
            piece.push(c);
        }
    }
    let mut base = String::new();
    for (separator, piece) in pieces {
        if !base.is_empty() {
            base.push(separator);
        }
        base.push_str(&piece);
    }
    without_number(base)
}

fn without_number(mut base: String) -> Handle {
    let bare = base.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = base.len() - bare.len();
    let letters = base.bytes().filter(u8::is_ascii_alphabetic).count();
    let is_name = letters >= 2 && letters > base.bytes().filter(u8::is_ascii_digit).count();
    let is_numbered = is_name && (1..=3).contains(&digits);
    if is_numbered {
        base.truncate(bare.len());
        base.truncate(base.trim_end_matches(['.', '_', '-']).len());
    }
    Handle { base, is_numbered, is_name }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(login: &str) -> String {
        let handle = handle(local(login), None);
        format!("{} {} {}", handle.base, handle.is_numbered, handle.is_name)
    }

    #[test]
    fn a_login_is_cut_to_what_a_convention_made() {
        assert_eq!(base("CORP\\J.Jansen2"), "j.jansen true true");
        assert_eq!(base("ö.yıldırım@example.org"), "o.yildirim false true");
        assert_eq!(base("E74114573"), "e74114573 false false");
    }

    #[test]
    fn the_words_that_say_administrator_are_taken_away() {
        let kinds = Kinds::default();
        assert_eq!(handle("adm-eveen", Some(&kinds)).base, "eveen");
        assert_eq!(handle("e.veen_admin", Some(&kinds)).base, "e.veen");
    }
}
