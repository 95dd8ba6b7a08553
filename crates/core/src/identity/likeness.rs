//! How likely two worker records are one human.
//!
//! A pair starts from the odds that two random records are one (about one in the number of
//! records) and gains or loses bits for every field. Agreement on a rare name or an ordinary birth
//! date is worth what chance would not give. What the fields are worth between true pairs is learned:
//! where the surest pairs always share their private address, two addresses that differ speak
//! strongly against a pair; where they seldom do, hardly.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::id::RecordRef;
use crate::matching::text::{Spelling, fold, is_particle, joined};
use crate::matching::{are_short_forms, likely_parts};
use crate::worker::WorkerRecord;

/// All records under one source and number, and what they say about the human.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) record: RecordRef,
    /// Indices into the records.
    pub(super) records: Vec<usize>,
    given: Vec<String>,
    used: String,
    initials: String,
    family: String,
    other: String,
    birth: Option<Date>,
    private: Vec<String>,
    work: Vec<String>,
    sex: String,
    ids: Vec<(String, String)>,
}

/// Two nodes that may be one human.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    pub(super) left: usize,
    pub(super) right: usize,
    /// Binary logarithm of the odds that they are one.
    pub(super) bits: f64,
    pub(super) because: String,
}

/// The records by source and number, ordered.
pub(super) fn nodes(records: &[WorkerRecord]) -> Vec<Node> {
    let mut groups: BTreeMap<RecordRef, Vec<usize>> = BTreeMap::new();
    for (index, record) in records.iter().enumerate() {
        groups.entry(record.record_ref()).or_default().push(index);
    }
    groups.into_iter().map(|(record, indices)| node(record, indices, records)).collect()
}

fn node(record: RecordRef, indices: Vec<usize>, records: &[WorkerRecord]) -> Node {
    let newest = indices
        .iter()
        .map(|i| &records[*i])
        .max_by(|a, b| super::newness(a).cmp(&super::newness(b)));
    let newest = newest.expect("a node has a record");
    let (name, words) = (&newest.name, |text: &str| -> Vec<String> {
        fold(text).split(' ').filter(|w| !w.is_empty()).map(str::to_owned).collect()
    });
    let mut given = words(&name.given);
    let mut family = words(&name.family);
    if family.is_empty() {
        let (first, last) = likely_parts(&name.display);
        given = if given.is_empty() { first } else { given };
        family = vec![last];
    }
    // The particle is left out: sources disagree whether it is part of the name.
    let leading =
        family.iter().take_while(|w| is_particle(w)).count().min(family.len().saturating_sub(1));
    let all = |pick: fn(&WorkerRecord) -> &Vec<String>| {
        let mut list: Vec<String> = indices
            .iter()
            .flat_map(|i| pick(&records[*i]))
            .map(|m| m.trim().to_lowercase())
            .collect();
        list.retain(|m| !m.is_empty());
        list.sort();
        list.dedup();
        list
    };
    let attribute = |names: &[&str]| {
        let found =
            newest.attributes.iter().find(|(key, _)| names.contains(&key.to_lowercase().as_str()));
        found.map_or(String::new(), |(_, value)| fold(value))
    };
    Node {
        initials: words(&name.initials).iter().filter_map(|w| w.chars().next()).collect(),
        used: joined(&fold(&name.used)),
        given,
        family: family[leading..].concat(),
        other: joined(&fold(if name.second_family.trim().is_empty() {
            &name.partner
        } else {
            &name.second_family
        })),
        birth: newest.birth_date,
        private: all(|r| &r.private_emails),
        work: all(|r| &r.work_emails),
        sex: attribute(&["sex", "gender"]),
        ids: ids(newest),
        record,
        records: indices,
    }
}

/// Attributes that hold an id of the human, whichever record it stands on.
fn ids(record: &WorkerRecord) -> Vec<(String, String)> {
    const NAMES: &[&str] =
        &["national_id", "bsn", "ssn", "person_id", "external_id", "immutable_id", "tax_id"];
    let known = record.attributes.iter().filter(|(key, value)| {
        NAMES.contains(&key.to_lowercase().as_str()) && !value.trim().is_empty()
    });
    known.map(|(key, value)| (key.to_lowercase(), value.trim().to_owned())).collect()
}

/// The fields whose worth between true pairs is learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Field {
    Birth,
    Private,
    Initials,
    Other,
    Sex,
    LaterNames,
}

/// What a field says about a pair, apart from how much it is worth.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Mark {
    field: Field,
    agrees: bool,
    /// The chance that the field of two different humans would agree.
    chance: f64,
}

/// How often, between true pairs, a field agrees.
struct Worth(BTreeMap<Field, f64>);

impl Worth {
    /// Before anything is learned.
    fn start() -> Self {
        let all = [
            (Field::Birth, 0.97),
            (Field::Private, 0.7),
            (Field::Initials, 0.95),
            (Field::Other, 0.85),
            (Field::Sex, 0.98),
            (Field::LaterNames, 0.9),
        ];
        Self(all.into_iter().collect())
    }

    fn bits(&self, mark: &Mark) -> f64 {
        let agrees = self.0[&mark.field];
        let chance = mark.chance.clamp(1e-7, 0.999);
        if mark.agrees {
            (agrees / chance).log2()
        } else {
            ((1.0 - agrees) / (1.0 - chance)).log2()
        }
    }

    /// Learns from the pairs that are sure by now, held to the start by `HOLD` imagined pairs.
    fn learn(&mut self, sure: &[Vec<Mark>]) {
        const HOLD: f64 = 20.0;
        let start = Self::start();
        for (field, worth) in &mut self.0 {
            let marks = sure.iter().flatten().filter(|m| m.field == *field);
            let (agreed, all) =
                marks.fold((0.0, 0.0), |(a, n), m| (a + f64::from(u8::from(m.agrees)), n + 1.0));
            *worth = ((agreed + HOLD * start.0[field]) / (all + HOLD)).clamp(0.5, 0.999);
        }
    }
}

/// How common names and dates are among the nodes.
struct Rates {
    size: f64,
    family: BTreeMap<String, f64>,
    given: BTreeMap<String, f64>,
    birth: BTreeMap<Date, f64>,
    private: BTreeMap<String, f64>,
    /// Distinct birth dates under one full name: about as many humans.
    bearers: BTreeMap<(String, String), f64>,
}

impl Rates {
    fn new(nodes: &[Node]) -> Self {
        let mut rates = Self {
            size: nodes.len().max(2) as f64,
            family: BTreeMap::new(),
            given: BTreeMap::new(),
            birth: BTreeMap::new(),
            private: BTreeMap::new(),
            bearers: BTreeMap::new(),
        };
        let mut births: BTreeMap<(String, String), Vec<Option<Date>>> = BTreeMap::new();
        for node in nodes {
            *rates.family.entry(node.family.clone()).or_default() += 1.0;
            *rates.given.entry(first(node).to_owned()).or_default() += 1.0;
            if let Some(birth) = node.birth {
                *rates.birth.entry(birth).or_default() += 1.0;
            }
            node.private.iter().for_each(|m| *rates.private.entry(m.clone()).or_default() += 1.0);
            births
                .entry((node.family.clone(), first(node).to_owned()))
                .or_default()
                .push(node.birth);
        }
        for (name, mut dates) in births {
            dates.sort();
            dates.dedup();
            rates.bearers.insert(name, dates.len() as f64);
        }
        rates
    }

    /// A birth date that stands for "unknown": far too common, or the first day of an epoch.
    fn is_placeholder(&self, birth: Date) -> bool {
        let count = self.birth.get(&birth).copied().unwrap_or(0.0);
        let usual = self.size / (365.0 * 40.0);
        let is_epoch = birth.month() == 1
            && birth.day() == 1
            && (birth.year() <= 1901 || matches!(birth.year(), 1970 | 2000));
        is_epoch || count > 12.0 + 8.0 * usual
    }

    /// The chance that a random record bears this family and given name.
    fn of_name(&self, family: &str, given: &str) -> f64 {
        let share = |map: &BTreeMap<String, f64>, key: &str| {
            map.get(key).copied().unwrap_or(1.0) / self.size
        };
        let bearers =
            self.bearers.get(&(family.to_owned(), given.to_owned())).copied().unwrap_or(1.0);
        // Given and family names go together (both Polish, both Turkish); the factor allows for it.
        (4.0 * share(&self.family, family) * share(&self.given, given))
            .max((bearers - 1.0) / self.size)
            .min(1.0)
    }
}

fn first(node: &Node) -> &str {
    node.given.first().map_or(node.used.as_str(), String::as_str)
}

/// All pairs that may be one human, the surest first.
pub(super) fn pairs(nodes: &[Node]) -> Vec<Pair> {
    let rates = Rates::new(nodes);
    let mut found = Vec::new();
    for (left, right) in blocked(nodes, &rates) {
        if let Some(names) = names(&nodes[left], &nodes[right], &rates) {
            found.push((left, right, names, marks(&nodes[left], &nodes[right], &rates)));
        }
    }
    // Two random records are one human about once in five times their number.
    let prior = (0.2 / rates.size).log2();
    let mut worth = Worth::start();
    let total = |worth: &Worth, names: f64, marks: &[Mark]| {
        prior + names + marks.iter().map(|m| worth.bits(m)).sum::<f64>()
    };
    for _ in 0..2 {
        let sure = found
            .iter()
            .filter(|(_, _, names, marks)| total(&worth, *names, marks) >= super::MERGE_BITS);
        let sure: Vec<Vec<Mark>> = sure.map(|(_, _, _, marks)| marks.clone()).collect();
        worth.learn(&sure);
    }
    let mut pairs: Vec<Pair> = found
        .into_iter()
        .map(|(left, right, names, marks)| {
            let bits = total(&worth, names, &marks) + certain(&nodes[left], &nodes[right]);
            Pair { left, right, bits, because: because(&nodes[left], &nodes[right], &marks) }
        })
        .filter(|p| p.bits >= super::SHOW_BITS)
        .collect();
    pairs.sort_by(|a, b| b.bits.total_cmp(&a.bits).then((a.left, a.right).cmp(&(b.left, b.right))));
    pairs
}

/// Bits for ids: one id on both is proof, two different ids of one kind are proof against.
fn certain(left: &Node, right: &Node) -> f64 {
    let both = |same: bool| {
        left.ids
            .iter()
            .any(|(key, value)| right.ids.iter().any(|(k, v)| k == key && (v == value) == same))
    };
    let work = left.work.iter().any(|m| right.work.contains(m));
    match (both(true), both(false)) {
        (true, false) => 25.0,
        (false, true) => -25.0,
        _ if work => 10.0,
        _ => 0.0,
    }
}

/// More records than this under one key are not compared with each other by that key.
const BLOCK_MAX: usize = 120;

/// Pairs that share a key: a name, a birth date with a name, an address, an id.
fn blocked(nodes: &[Node], rates: &Rates) -> Vec<(usize, usize)> {
    let mut keys: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, node) in nodes.iter().enumerate() {
        let mut add = |key: String| keys.entry(key).or_default().push(index);
        let birth = node.birth.filter(|b| !rates.is_placeholder(*b));
        add(format!("n {} {}", node.family, first(node)));
        if node.used != first(node) {
            add(format!("n {} {}", node.family, node.used));
        }
        if let Some(birth) = birth {
            add(format!("f {} {birth}", node.family));
            add(format!("g {} {birth}", first(node)));
            add(format!("n {} {} {birth}", node.family, first(node)));
        }
        node.private.iter().chain(&node.work).for_each(|m| add(format!("m {m}")));
        node.ids.iter().for_each(|(key, value)| add(format!("i {key} {value}")));
    }
    let mut pairs = Vec::new();
    for block in keys.into_values().filter(|b| b.len() <= BLOCK_MAX) {
        for (at, left) in block.iter().enumerate() {
            pairs.extend(block[at + 1..].iter().map(|right| (*left.min(right), *left.max(right))));
        }
    }
    pairs.retain(|(left, right)| left != right);
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

/// Bits for the names. `None`: they are names of two different people.
fn names(left: &Node, right: &Node, rates: &Rates) -> Option<f64> {
    // First the given names: they tell most pairs apart.
    let given = given_bits(left, right)?;
    let family = if left.family == right.family {
        0.0
    } else if Spelling::new(&left.family).is_alike(&Spelling::new(&right.family)) {
        -4.0
    } else if !left.other.is_empty() && left.other == right.family
        || !right.other.is_empty() && right.other == left.family
    {
        -5.0
    } else {
        -14.0
    };
    Some(family + given - rates.of_name(&left.family, first(left)).log2())
}

fn given_bits(left: &Node, right: &Node) -> Option<f64> {
    let (a, b) = (first(left), first(right));
    if a == b || left.used == right.used && !left.used.is_empty() {
        Some(0.0)
    } else if are_short_forms(a, b)
        || are_short_forms(&left.used, b)
        || are_short_forms(a, &right.used)
    {
        Some(-3.0)
    } else if Spelling::new(a).is_alike(&Spelling::new(b)) {
        Some(-5.0)
    } else if a.len() <= 1 && b.starts_with(a) || b.len() <= 1 && a.starts_with(b) {
        Some(-6.0)
    } else {
        None
    }
}

fn marks(left: &Node, right: &Node, rates: &Rates) -> Vec<Mark> {
    let mut marks = Vec::new();
    let known = |birth: Option<Date>| birth.filter(|b| !rates.is_placeholder(*b));
    if let (Some(a), Some(b)) = (known(left.birth), known(right.birth)) {
        let count = rates.birth.get(&a).copied().unwrap_or(1.0);
        // Between one day in fifty years and one in ten: people of one kind are of one age.
        let chance = (count / rates.size).clamp(1.0 / 20_000.0, 1.0 / 4000.0);
        marks.push(Mark { field: Field::Birth, agrees: a == b, chance });
    }
    if !left.private.is_empty() && !right.private.is_empty() {
        let shared = left.private.iter().find(|m| right.private.contains(m));
        // Households share an address, so sharing one is worth ten bits at most.
        marks.push(Mark { field: Field::Private, agrees: shared.is_some(), chance: 1e-3 });
    }
    let mut text = |field: Field, a: &str, b: &str, chance: f64| {
        if !a.is_empty() && !b.is_empty() {
            marks.push(Mark { field, agrees: a == b, chance });
        }
    };
    text(Field::Initials, &left.initials, &right.initials, 0.6);
    text(Field::Other, &left.other, &right.other, 0.02);
    text(Field::Sex, &left.sex, &right.sex, 0.9);
    let later = |node: &Node| node.given.iter().skip(1).cloned().collect::<String>();
    text(Field::LaterNames, &later(left), &later(right), 0.05);
    marks
}

fn because(left: &Node, right: &Node, marks: &[Mark]) -> String {
    let name = |field: Field| match field {
        Field::Birth => "birth date",
        Field::Private => "private address",
        Field::Initials => "initials",
        Field::Other => "second or partner's surname",
        Field::Sex => "sex",
        Field::LaterNames => "later given names",
    };
    let mut same = vec![if left.family == right.family && first(left) == first(right) {
        "name"
    } else {
        "nearly the same name"
    }];
    let mut other = Vec::new();
    for mark in marks {
        if mark.agrees { same.push(name(mark.field)) } else { other.push(name(mark.field)) }
    }
    if left.ids.iter().any(|id| right.ids.contains(id)) {
        same.insert(0, "id");
    }
    let mut text = format!("{} and {} agree on: {}", left.record, right.record, same.join(", "));
    if !other.is_empty() {
        text.push_str(&format!("; they differ in: {}", other.join(", ")));
    }
    text.push('.');
    text
}
