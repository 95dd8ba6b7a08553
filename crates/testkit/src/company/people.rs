//! The people and their years.

use std::collections::BTreeSet;

use jiff::ToSpan;
use jiff::civil::Date;

use super::names::{self, plain};
use super::random::Random;
use super::{DOMAIN, Name, Person, Record, Story};

/// Who is cast as what; the rest is [`Story::Plain`].
const CAST: [(Story, usize); 9] = [
    (Story::Head, UNITS.len()),
    (Story::Leaver, 1),
    (Story::LivesOn, 2),
    (Story::CameBack, 3),
    (Story::Mover, 14),
    (Story::Contractor, 9),
    (Story::LeftInOrder, 22),
    (Story::Namesake, 1),
    (Story::TwoAccounts, 1),
];
const PEOPLE: usize = 122;
const TEN_YEARS: i64 = 3650;

const UNITS: [(&str, [&str; 3]); 7] = [
    ("Sales", ["Head of Sales", "Account executive", "Sales engineer"]),
    ("Customer care", ["Head of Customer care", "Care adviser", "Care specialist"]),
    ("Finance", ["Head of Finance", "Controller", "Accountant"]),
    ("People", ["Head of People", "HR partner", "Recruiter"]),
    ("Product", ["Head of Product", "Product owner", "Designer"]),
    ("Engineering", ["Head of Engineering", "Software engineer", "Test engineer"]),
    ("Operations", ["Head of Operations", "Planner", "Logistics clerk"]),
];
const TOWNS: [&str; 4] = ["Utrecht", "Hamburg", "Porto", "Kraków"];
const SUPPLIERS: [&str; 3] = ["Brightfield Consulting", "Tidewater IT", "Kestrel Staffing"];

pub(super) fn make(random: &mut Random, today: Date) -> Vec<Person> {
    let mut people: Vec<Person> = names::make(random, PEOPLE)
        .into_iter()
        .zip(stories())
        .enumerate()
        .map(|(at, (name, story))| person(random, today, at, name, story))
        .collect();
    share_a_name(&mut people);
    number(&mut people);
    name_managers(&mut people, today);
    address(&mut people);
    people
}

/// Endless; the cast first.
fn stories() -> impl Iterator<Item = Story> {
    let cast = CAST.iter().flat_map(|(story, count)| std::iter::repeat_n(*story, *count));
    cast.chain(std::iter::repeat(Story::Plain))
}

fn person(random: &mut Random, today: Date, at: usize, name: Name, story: Story) -> Person {
    let (unit, titles) = UNITS[at % UNITS.len()];
    let before = |days: i64| today - days.days();
    let mut first = Record {
        number: String::new(),
        kind: "employment",
        start: before(random.days(30, TEN_YEARS)),
        last_day: None,
        unit,
        job_title: titles[1 + random.below(2)],
        location: TOWNS[random.below(TOWNS.len())],
        manager: String::new(),
        supplier: "",
    };
    let mut records = Vec::new();
    match story {
        Story::Head => {
            first.start = before(random.days(TEN_YEARS - 400, TEN_YEARS));
            first.job_title = titles[0];
        }
        Story::Leaver => {
            first.start = before(random.days(900, 1500));
            first.last_day = Some(before(random.days(2, 6)));
        }
        Story::LivesOn => {
            first.start = before(random.days(1200, 2400));
            first.last_day = Some(before(random.days(60, 300)));
        }
        Story::LeftInOrder => {
            let left = random.days(20, 2000);
            first.start = before(left + random.days(100, 1600));
            first.last_day = Some(before(left));
        }
        Story::Contractor => {
            first.kind = "contract";
            first.start = before(random.days(40, 500));
            first.last_day = Some(today + random.days(20, 300).days());
            first.supplier = SUPPLIERS[random.below(SUPPLIERS.len())];
        }
        Story::CameBack => {
            let back = random.days(100, 700);
            let mut old = first.clone();
            old.start = before(back + random.days(1200, 2000));
            old.last_day = Some(before(back + random.days(200, 900)));
            records.push(old);
            first.start = before(back);
        }
        Story::Mover => {
            let moved = random.days(20, 900);
            let mut old = first.clone();
            let (unit, titles) = UNITS[(at + 1 + random.below(UNITS.len() - 1)) % UNITS.len()];
            old.start = before(moved + random.days(200, 1500));
            old.last_day = Some(before(moved + 1));
            records.push(old);
            first.start = before(moved);
            (first.unit, first.job_title) = (unit, titles[1 + random.below(2)]);
        }
        Story::Plain | Story::Namesake | Story::TwoAccounts => {}
    }
    records.push(first);
    Person {
        name,
        email: String::new(),
        records,
        story,
        scim_ids: Vec::new(),
        csv_keys: Vec::new(),
    }
}

/// Gives the namesake the name of a colleague who stays.
fn share_a_name(people: &mut [Person]) {
    let stays = people.iter().find(|it| it.story == Story::Plain);
    let name = stays.map(|it| it.name.clone()).unwrap_or_default();
    for person in people.iter_mut().filter(|it| it.story == Story::Namesake) {
        person.name.clone_from(&name);
    }
}

/// Orders people by joining and counts their engagements through; a mover keeps the number.
fn number(people: &mut [Person]) {
    people.sort_by_key(|person| (person.records[0].start, person.name.shown()));
    let mut starts: Vec<(Date, usize, usize)> = Vec::new();
    for (who, person) in people.iter().enumerate() {
        for (which, record) in person.records.iter().enumerate() {
            if which == 0 || person.story == Story::CameBack {
                starts.push((record.start, who, which));
            }
        }
    }
    starts.sort();
    for (count, (_, who, which)) in starts.into_iter().enumerate() {
        for record in &mut people[who].records[which..] {
            let letter = if record.kind == "contract" { "C" } else { "" };
            record.number = format!("{letter}{}", 10_001 + count);
        }
    }
}

/// Everybody's manager is the head of the unit; heads have the head of the first unit.
fn name_managers(people: &mut [Person], today: Date) {
    let head_of = |people: &[Person], unit: &str| {
        let is_head = |it: &&Person| {
            it.story == Story::Head && it.latest().unit == unit && it.is_here_on(today)
        };
        people.iter().find(is_head).map(|it| it.latest().number.clone()).unwrap_or_default()
    };
    for at in 0..people.len() {
        for which in 0..people[at].records.len() {
            let unit = match people[at].story {
                Story::Head => UNITS[0].0,
                _ => people[at].records[which].unit,
            };
            let manager = head_of(people, unit);
            let record = &mut people[at].records[which];
            if manager != record.number {
                record.manager = manager;
            }
        }
    }
}

/// `called.family@…`; the second of a name gets a 2.
fn address(people: &mut [Person]) {
    let mut taken = BTreeSet::new();
    for person in people {
        let family = plain(&person.name.whole_family());
        let local = format!("{}.{family}", plain(person.name.called()));
        let mut email = format!("{local}@{DOMAIN}");
        let mut count = 2;
        while !taken.insert(email.clone()) {
            email = format!("{local}{count}@{DOMAIN}");
            count += 1;
        }
        person.email = email;
    }
}
