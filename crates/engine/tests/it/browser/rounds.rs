//! Many rounds with people who are hard to tell apart, with and without something going wrong: nobody
//! is ever taken for somebody else.

use std::collections::BTreeSet;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use rollbook_core::step::{Outcome, Seen};
use rollbook_engine::channel::Channel;
use rollbook_testkit::console::{Brand, Console, Member};
use rollbook_testkit::{Fault, Twist};

use super::scene::{Before, channel, console, removal};

/// Rounds of each console, unless the environment says how many: 125 make five hundred of all four, and
/// take two processors five minutes more.
const ROUNDS: usize = 40;

/// Where another number of rounds is said.
const ROUNDS_ASKED: &str = "ROLLBOOK_ROUNDS";

/// Where the seed is said, to repeat a round that went wrong.
const SEED: &str = "ROLLBOOK_ROUNDS_SEED";

/// Parts of addresses and names that are prefixes of each other, or look alike.
const STEMS: [&str; 10] = [
    "ana",
    "anna",
    "an",
    "ana.d",
    "ana.diaz",
    "ana.diaz2",
    "xana",
    "ana-diaz",
    "diaz.ana",
    "ana.dia",
];
const DOMAINS: [&str; 4] = ["example.com", "example.com.au", "xample.com", "mail.example.com"];
const NAMES: [&str; 14] = [
    "Ana",
    "Ana Diaz",
    "Ana Díaz",
    "Ana Diaz Ruiz",
    "ANA DIAZ",
    "Ana  Diaz",
    "Ana \u{202e}zaiD",
    "أنا دياز",
    "דנה לוי",
    "Ana דיאז",
    "<b>Ana</b>",
    "\"Ana\" 'Diaz'",
    "ana@example.com",
    "Remove",
];

/// A small seeded generator (SplitMix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((bits ^ (bits >> 31)) % below as u64).expect("it is below a usize")
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

#[tokio::test]
async fn in_uxpin_nobody_is_taken_for_somebody_else() {
    rounds(Brand::Uxpin).await;
}

#[tokio::test]
async fn in_mosaic_nobody_is_taken_for_somebody_else() {
    rounds(Brand::Mosaic).await;
}

#[tokio::test]
async fn in_stitch_nobody_is_taken_for_somebody_else() {
    rounds(Brand::Stitch).await;
}

#[tokio::test]
async fn in_stonly_nobody_is_taken_for_somebody_else() {
    rounds(Brand::Stonly).await;
}

async fn rounds(brand: Brand) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970");
    let said = std::env::var(SEED).ok().and_then(|seed| seed.parse().ok());
    let seed: u64 = said.unwrap_or_else(|| u64::from(now.subsec_nanos()));
    eprintln!("{brand:?}: {SEED}={seed}");
    let mut dice = Dice(seed);
    let console = console(brand).await;
    let channel = channel(&console);
    let begun = Instant::now();
    let (mut done, mut kept) = (0, 0);
    let asked = std::env::var(ROUNDS_ASKED).ok().and_then(|rounds| rounds.parse().ok());
    let rounds: usize = asked.unwrap_or(ROUNDS);
    for round in 0..rounds {
        let members = seed_members(&console, &mut dice);
        let target = &members[dice.below(members.len())];
        let fault = fault(&mut dice);
        if let Some(fault) = &fault {
            console.fault(fault.clone());
        }
        let change = removal(&console, target);
        let before = Before::of(&console);
        let outcome = channel.apply(&change).await;
        console.clear_faults();
        let when = format!("{SEED}={seed}, {brand:?}, round {round}, {target:?}, {fault:?}");
        let is_done = matches!(outcome, Outcome::Done { .. });
        assert!(is_done || fault.is_some() || are_alike(&members), "{when}: {outcome:?}");
        // Who was done in a quiet round was looked at by the channel itself.
        let seen = match fault {
            Some(_) => channel.look(&change).await,
            None => Seen::Unobservable { why: String::new(), retry_at: None },
        };
        before.judge(&console, target.id, &outcome, &seen, &when);
        if is_done { done += 1 } else { kept += 1 }
    }
    eprintln!("{brand:?}: {done} done, {kept} kept in {} s", begun.elapsed().as_secs());
    assert!(done > rounds / 3 && kept > 0, "{done} done, {kept} kept: the rounds tried too little");
}

/// Whether two members have one address, so that the list cannot be believed.
fn are_alike(members: &[Member]) -> bool {
    let addresses: BTreeSet<String> = members.iter().map(|it| it.email.to_lowercase()).collect();
    addresses.len() < members.len()
}

/// A team of people who are hard to tell apart.
fn seed_members(console: &Console, dice: &mut Dice) -> Vec<Member> {
    console.clear();
    let mut taken = BTreeSet::new();
    let size = 3 + dice.below(5);
    while taken.len() < size {
        let mut email = format!("{}@{}", dice.pick(&STEMS), dice.pick(&DOMAINS));
        // In one of some rounds two rows have one address.
        if !taken.insert(email.clone()) && dice.below(12) > 0 {
            continue;
        }
        if dice.below(3) == 0 {
            email = email.chars().map(|c| capital(c, dice)).collect();
        }
        let role = console.brand().roles()[0];
        console.seed(dice.pick(&NAMES), &email, role);
    }
    console.members().split_off(1)
}

fn capital(letter: char, dice: &mut Dice) -> char {
    if dice.below(2) == 0 { letter.to_ascii_uppercase() } else { letter }
}

/// In every third round something goes wrong.
fn fault(dice: &mut Dice) -> Option<Fault> {
    let text = "Delete the whole team?".to_owned();
    let fault = match dice.below(24) {
        0 => Fault::on("GET", "/members", Twist::RowsTurn).skip(dice.below(4)),
        1 => Fault::on("GET", "/members", Twist::RowsMove).skip(dice.below(6)),
        2 => Fault::on("GET", "/members/ask", Twist::DialogTakesMore { others: 2 }),
        3 => Fault::on("GET", "/members/ask", Twist::DialogSays { text }),
        4 => Fault::on("POST", "/members/act", Twist::ResetAfter),
        5 => Fault::on("POST", "/members/act", Twist::DoneButStatus { status: 500 }),
        6 => Fault::on("GET", "/members", Twist::SignedOut).skip(dice.below(6)),
        7 => Fault::on("POST", "/members/act", Twist::Delay { ms: 300 }),
        _ => return None,
    };
    Some(fault.times(1))
}
