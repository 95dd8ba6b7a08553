//! A name as an instance shows it, cut into given and family part in every way it may be meant.
//!
//! `Kersten-Veerman, Y.` is certain; `Ana de la Cruz Vega` has four possible cuts, and only the
//! comparison with a person tells which one was meant.

use super::text::{fold, is_particle, joined};

/// One way to read a shown name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reading {
    /// The family name as one folded word.
    pub family: String,
    /// The parts of the family name, without particles, where there are several.
    pub parts: Vec<String>,
    /// The given names, folded, one word each. Empty when only initials are shown.
    pub given: Vec<String>,
    /// Initials, folded, when initials are shown.
    pub initials: String,
}

/// A shown name with what stood in brackets behind it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shown {
    /// Every way to read the name, the likeliest first.
    pub readings: Vec<Reading>,
    /// Folded words from brackets: `admin`, `extern`.
    pub notes: Vec<String>,
}

/// Titles that stand before or after a name and say nothing about whose it is.
const TITLES: &[&str] = &[
    "ba", "bba", "bc", "beng", "bsc", "dhr", "dipl", "don", "dona", "dott", "dr", "drs", "frau",
    "herr", "hon", "ing", "ir", "jr", "kand", "lic", "llb", "llm", "ltdo", "ma", "mag", "mba",
    "md", "med", "meng", "mevr", "mgr", "miss", "mme", "mr", "mrs", "ms", "msc", "mw", "nat",
    "phd", "phil", "prof", "rer", "sen", "sr", "sra", "tec",
];

/// Reads a shown name.
pub(crate) fn read(text: &str) -> Shown {
    let (bare, notes) = without_brackets(text);
    let mut readings = match bare.split_once(',') {
        Some((left, right)) => comma(left, right),
        None => plain(&bare),
    };
    readings.dedup();
    Shown { readings, notes }
}

/// Reads a name that the instance holds in two fields.
pub(crate) fn read_fields(given: &str, family: &str) -> Shown {
    let (given, mut notes) = without_brackets(given);
    let (family, more) = without_brackets(family);
    notes.extend(more);
    let reading = reading(&words(&given), &words(&family));
    Shown { readings: reading.into_iter().collect(), notes }
}

fn without_brackets(text: &str) -> (String, Vec<String>) {
    if !text.contains(['(', '[', '{']) {
        return (text.to_owned(), Vec::new());
    }
    let (mut bare, mut inside, mut depth) = (String::new(), String::new(), 0_u32);
    for c in text.chars() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => {
                depth = depth.saturating_sub(1);
                inside.push(' ');
            }
            c if depth > 0 => inside.push(c),
            c => bare.push(c),
        }
    }
    (bare, fold(&inside).split(' ').filter(|w| !w.is_empty()).map(str::to_owned).collect())
}

/// A word of a name as written: folded, and whether it is written as initials.
#[derive(Clone, Debug)]
struct Word {
    folded: String,
    initials: Option<String>,
}

fn words(text: &str) -> Vec<Word> {
    let mut words: Vec<Word> =
        text.split_whitespace().map(word).filter(|w| !w.folded.is_empty()).collect();
    let is_title = |w: &Word| TITLES.binary_search(&joined(&w.folded).as_str()).is_ok();
    // A one-word rest may be a surname that looks like a title ("Ma"), so one word always stays.
    while words.len() > 1 && is_title(&words[0]) {
        words.remove(0);
    }
    while words.len() > 2 && words.last().is_some_and(is_title) {
        words.pop();
    }
    words
}

fn word(raw: &str) -> Word {
    let folded = fold(raw);
    let pieces: Vec<&str> = folded.split(' ').collect();
    let is_dotted = raw.contains('.') && pieces.iter().all(|p| p.len() <= 2);
    let is_single = folded.len() == 1;
    let initials = (is_dotted || is_single)
        .then(|| pieces.iter().filter_map(|p| p.chars().next()).collect::<String>())
        .filter(|i| !i.is_empty());
    Word { folded, initials }
}

/// `Family, Given` and `Family, I.N. van der`.
fn comma(left: &str, right: &str) -> Vec<Reading> {
    let family = words(left);
    let mut given = words(right);
    let only_titles =
        given.iter().all(|w| TITLES.binary_search(&joined(&w.folded).as_str()).is_ok());
    if given.is_empty() || (only_titles && family.len() > 1) {
        // `Lopez Vega, M.A.` is as likely Marta Ana as a master of arts.
        let is_initials = !given.is_empty() && given.iter().all(|w| w.initials.is_some());
        let meant = is_initials.then(|| reading(&given, &family)).flatten();
        return meant.into_iter().chain(plain(left)).collect();
    }
    let mut tail = Vec::new();
    while given.len() > 1 && given.last().is_some_and(|w| is_particle(&w.folded)) {
        tail.splice(0..0, given.pop());
    }
    tail.extend(family);
    reading(&given, &tail).into_iter().collect()
}

/// `Given Family`, cut at every place, then `Family Given`.
fn plain(text: &str) -> Vec<Reading> {
    let words = words(text);
    if words.len() == 1 {
        return reading(&[], &words).into_iter().collect();
    }
    let cuts = 1..words.len();
    let forward = cuts.clone().filter_map(|at| reading(&words[..at], &words[at..]));
    let backward = cuts.filter_map(|at| reading(&words[at..], &words[..at]));
    forward.chain(backward).collect()
}

/// The reading of `given` and `family`, unless it makes no sense (initials as a family name).
fn reading(given: &[Word], family: &[Word]) -> Option<Reading> {
    if !family.is_empty() && family.iter().all(|w| w.initials.is_some()) {
        return None;
    }
    if given.last().is_some_and(|w| is_particle(&w.folded) && w.initials.is_none())
        && given.len() > 1
    {
        return None;
    }
    let initials: String = if given.iter().all(|w| w.initials.is_some()) {
        given.iter().filter_map(|w| w.initials.as_deref()).collect()
    } else {
        String::new()
    };
    let names = given.iter().filter(|w| w.initials.is_none()).map(|w| joined(&w.folded)).collect();
    let all: Vec<&str> = family.iter().flat_map(|w| w.folded.split(' ')).collect();
    let parts = significant_parts(&all);
    Some(Reading { family: all.concat(), parts, given: names, initials })
}

/// The surnames inside a family name of several words: `weber klein` gives both, `van dijk` gives
/// `dijk`; a single word gives nothing that the whole does not say.
pub(crate) fn significant_parts(words: &[&str]) -> Vec<String> {
    if words.len() < 2 {
        return Vec::new();
    }
    words.iter().filter(|w| w.len() > 2 && !is_particle(w)).map(|w| (*w).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(text: &str) -> String {
        let shown = read(text);
        let r = &shown.readings[0];
        format!("{} | {} | {} | {}", r.given.join(" "), r.initials, r.family, shown.notes.join(" "))
    }

    #[test]
    fn titles_are_sorted_for_the_search() {
        assert!(TITLES.is_sorted());
    }

    #[test]
    fn names_are_read_in_the_order_they_are_meant() {
        assert_eq!(first("Kersten-Veerman, Y."), " | y | kerstenveerman | ");
        assert_eq!(first("dr. Elske van der Veen (admin)"), "elske |  | vanderveen | admin");
        assert_eq!(first("Berg, J.P. van den"), " | jp | vandenberg | ");
        assert_eq!(first("Patricia Verburg MA"), "patricia |  | verburg | ");
        assert_eq!(first("Patricia Verburg, MA"), "patricia |  | verburg | ");
        assert_eq!(first("Lopez Vega, M.A."), " | ma | lopezvega | ");
    }

    #[test]
    fn a_long_name_has_every_cut() {
        let families: Vec<String> =
            read("Ana Maria Lopez Vega").readings.into_iter().map(|r| r.family).collect();
        assert_eq!(
            families,
            ["marialopezvega", "lopezvega", "vega", "ana", "anamaria", "anamarialopez"]
        );
    }
}
