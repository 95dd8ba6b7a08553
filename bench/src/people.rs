//! People with the names that people have, and accounts that say only half of them: what the fuzzy
//! matching is measured on.
//!
//! One account in five carries the worker number. The others show a name as it was typed (initials,
//! nicknames, a partner's name, accents lost, typing errors) and a login by the convention of their
//! instance, with a digit where somebody else had it first. Family names are drawn so that many
//! people share one, and every fortieth person has a namesake.

use std::collections::BTreeMap;

use jiff::ToSpan as _;
use jiff::civil::{Date, date};
use rollbook_core::account::{Account, Email, State};
use rollbook_core::id::{InstanceName, RecordRef};
use rollbook_core::worker::{PersonName, Placement, WorkerRecord};

use crate::dice::Dice;

const GIVEN: &[&str] = &[
    "Aleksander",
    "Anna",
    "Annemarie",
    "Béatrice",
    "Bram",
    "Catharina",
    "Christophe",
    "Daniël",
    "Elisabeth",
    "Eva",
    "François",
    "Frederik",
    "Giulia",
    "Hendrik",
    "Ingrid",
    "Jakub",
    "Johanna",
    "José",
    "Julia",
    "Katarzyna",
    "Lars",
    "Léa",
    "Lieke",
    "Łukasz",
    "Magdalena",
    "Maria",
    "Martijn",
    "Mateusz",
    "Michael",
    "Mohammed",
    "Noor",
    "Olga",
    "Patricia",
    "Pieter",
    "Renée",
    "Robert",
    "Sanne",
    "Søren",
    "Stefan",
    "Thijs",
    "Tomasz",
    "Ursula",
    "Vincent",
    "Willem",
    "Xander",
    "Yasmin",
    "Zoë",
    "Zofia",
];
const NICKNAMES: &[(&str, &str)] = &[
    ("Aleksander", "Alex"),
    ("Catharina", "Karin"),
    ("Elisabeth", "Els"),
    ("Frederik", "Fred"),
    ("Hendrik", "Henk"),
    ("Johanna", "Anneke"),
    ("Katarzyna", "Kasia"),
    ("Magdalena", "Magda"),
    ("Michael", "Mike"),
    ("Pieter", "Piet"),
    ("Robert", "Rob"),
    ("Willem", "Wim"),
];
const PREFIXES: &[&str] = &["van", "van de", "van der", "de", "von", "del", "ter", "di"];
const STEMS: &[&str] = &[
    "Berg",
    "Dijk",
    "Visser",
    "Jansen",
    "Bakker",
    "Kowal",
    "Nowak",
    "Müller",
    "Schmid",
    "García",
    "Rossi",
    "Dubois",
    "Lefèvre",
    "Larsen",
    "Åkerlund",
    "Novák",
    "Horvat",
    "Popov",
    "Santos",
    "Ferreira",
    "Boer",
    "Meer",
    "Linden",
    "Brink",
    "Haan",
    "Vries",
    "Wit",
    "Groot",
    "Smit",
    "Mulder",
];
const ENDINGS: &[&str] = &["", "", "s", "sen", "man", "stra", "ski", "ová", "mann", "inga", "huis"];

/// Everything that a matcher may look at, and the truth.
#[derive(Debug)]
pub struct People {
    /// One record for each human.
    pub records: Vec<WorkerRecord>,
    /// Accounts of four instances.
    pub accounts: Vec<Account>,
    /// Whose each account is, in the order of the accounts. `None`: nobody's.
    pub owners: Vec<Option<RecordRef>>,
}

/// How the logins of an instance are made.
#[derive(Clone, Copy)]
enum Convention {
    InitialFamily,
    GivenDotFamily,
    FamilyInitials,
    GivenFamilyLetter,
}

const INSTANCES: [(&str, Convention); 4] = [
    ("directory", Convention::InitialFamily),
    ("intranet", Convention::GivenDotFamily),
    ("plant", Convention::FamilyInitials),
    ("projects", Convention::GivenFamilyLetter),
];

/// Makes people and accounts.
pub fn make(humans: u64, accounts: u64) -> People {
    let records: Vec<WorkerRecord> = (0..humans).map(record).collect();
    let mut taken: BTreeMap<(usize, String), u32> = BTreeMap::new();
    let (mut all, mut owners) = (Vec::new(), Vec::new());
    for at in 0..accounts {
        let mut dice = Dice::new(at ^ 0xACC0_0000);
        let place = usize::try_from(at % 4).expect("it is below four");
        let (instance, convention) = INSTANCES[place];
        let nobody = dice.hits(20);
        // Nobody's accounts are those of people who were never in the source.
        let stranger = nobody.then(|| record(humans * 2 + at));
        let owner = usize::try_from(dice.below(humans)).expect("it is below a length");
        let record = stranger.as_ref().unwrap_or(&records[owner]);
        let mut account = account(record, &mut dice, convention);
        let count = taken.entry((place, account.login.clone())).or_default();
        *count += 1;
        if *count > 1 {
            account.login.push_str(&count.to_string());
        }
        account.instance = InstanceName::from(instance);
        account.key = format!("{instance}-{at}").as_str().into();
        if nobody {
            account.worker_number.clear();
        }
        all.push(account);
        owners.push((!nobody).then(|| record.record_ref()));
    }
    People { records, accounts: all, owners }
}

fn record(at: u64) -> WorkerRecord {
    // Every fortieth has the name of the one before.
    let mut dice = Dice::new(if at % 40 == 39 { at - 1 } else { at });
    let given = dice.pick(GIVEN);
    let second = if dice.hits(300) { format!(" {}", dice.pick(GIVEN)) } else { String::new() };
    let prefix = if dice.hits(250) { dice.pick(PREFIXES) } else { "" };
    let family = format!("{}{}", dice.pick(STEMS), dice.pick(ENDINGS));
    let partner = match dice.hits(100) {
        true => format!("{}{}", dice.pick(STEMS), dice.pick(ENDINGS)),
        false => String::new(),
    };
    let mut dice = Dice::new(at ^ 0xBEEF);
    let starts = date(2012, 1, 2).saturating_add(to_i64(dice.below(5200)).days());
    let has_left = dice.hits(150);
    let stayed = to_i64(1 + dice.below(1500));
    let nickname = NICKNAMES.iter().find(|(name, _)| *name == given).map(|(_, short)| *short);
    WorkerRecord {
        source: "hr".into(),
        number: format!("{}", 400_000 + at).as_str().into(),
        kind: "employment".to_owned(),
        starts: Some(starts),
        ends: has_left.then(|| starts.saturating_add(stayed.days())),
        name: PersonName {
            given: format!("{given}{second}"),
            used: nickname.filter(|_| dice.hits(500)).unwrap_or_default().to_owned(),
            prefix: prefix.to_owned(),
            family,
            partner,
            ..PersonName::default()
        },
        placement: Placement {
            unit: format!("Unit {}", dice.below(800)),
            job_title: format!("Job {}", dice.below(120)),
            location: format!("Town {}", dice.below(30)),
            ..Placement::default()
        },
        ..WorkerRecord::default()
    }
}

fn account(record: &WorkerRecord, dice: &mut Dice, convention: Convention) -> Account {
    let name = &record.name;
    let given = name.given.split(' ').next().unwrap_or_default();
    let shown = if name.used.is_empty() || dice.hits(400) { given } else { &name.used };
    let family = match name.partner.is_empty() || dice.hits(500) {
        true => format!("{} {}", name.prefix, name.family).trim().to_owned(),
        false => name.partner.clone(),
    };
    let display = match dice.below(10) {
        0 => format!("{}. {family}", first(shown)),
        1 => format!("{family}, {shown}"),
        2 => mistyped(&format!("{shown} {family}"), dice),
        3 => plain(&format!("{shown} {family}")),
        _ => format!("{shown} {family}"),
    };
    let (bare, short) = (plain(&family).replace(' ', ""), plain(shown));
    let login = match convention {
        Convention::InitialFamily => format!("{}{bare}", first(&short)),
        Convention::GivenDotFamily => format!("{short}.{bare}"),
        Convention::FamilyInitials => format!("{}{}", &bare[..bare.len().min(6)], first(&short)),
        Convention::GivenFamilyLetter => format!("{short}{}", first(&bare)),
    };
    let login = login.to_lowercase();
    let early = to_i64(dice.below(10)) - 3;
    let with_email = matches!(convention, Convention::GivenDotFamily);
    Account {
        display_name: if dice.hits(50) { String::new() } else { display },
        emails: Vec::from_iter(
            with_email.then(|| Email { address: format!("{login}@example.com"), verified: true }),
        ),
        worker_number: if dice.hits(200) { record.number.to_string() } else { String::new() },
        state: State::Active,
        created: record.starts.map(|day: Date| day.saturating_add(early.days())),
        unit: if dice.hits(700) { record.placement.unit.clone() } else { String::new() },
        login,
        ..Account::default()
    }
}

fn first(text: &str) -> &str {
    text.chars().next().map_or("", |letter| &text[..letter.len_utf8()])
}

/// Two neighbouring letters swapped.
fn mistyped(text: &str, dice: &mut Dice) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    let last = letters.len().saturating_sub(2) as u64;
    let at = usize::try_from(1 + dice.below(last.max(1))).expect("it is below a length");
    if at + 1 < letters.len() {
        letters.swap(at, at + 1);
    }
    letters.into_iter().collect()
}

/// Without accents, as old systems show names.
fn plain(text: &str) -> String {
    let bare = |letter| match letter {
        'á' | 'å' | 'à' | 'ã' => 'a',
        'Å' => 'A',
        'ç' => 'c',
        'é' | 'è' | 'ë' | 'ê' => 'e',
        'í' => 'i',
        'Ł' => 'L',
        'ø' | 'ö' | 'ó' => 'o',
        'ü' => 'u',
        other => other,
    };
    text.chars().map(bare).collect()
}

fn to_i64(number: u64) -> i64 {
    i64::try_from(number).expect("only small numbers are thrown")
}
