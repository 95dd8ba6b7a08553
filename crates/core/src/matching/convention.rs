//! Login conventions, learned from the instance itself.
//!
//! Nobody tells us that logins here are `{initials}.{particle+family}`: accounts whose shown name
//! fits exactly one person show it. [`learn`] collects every way to make those logins from those
//! names and keeps the few that explain most of them.

use std::collections::BTreeMap;

use super::roster::NameSet;

/// What stands for the given names in a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum GivenPart {
    /// First letter of the first given name.
    Letter,
    /// First letter of the name they go by.
    UsedLetter,
    /// All initials, together.
    Initials,
    /// All initials, with the separator between them.
    SpacedInitials,
    /// The first given name.
    First,
    /// The name they go by.
    Used,
    /// All given names, together.
    All,
    /// The first letters of the first given name.
    Head(u8),
    /// Nothing.
    Nothing,
}

/// What stands for the family name in a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum FamilyPart {
    /// Particle and family name, together: `vandewetering`.
    Whole,
    /// The family name without particle.
    Bare,
    /// Particle and family name, with the separator between the words.
    Spaced,
    /// The letters of the particle and the family name: `vdwetering`.
    Short,
    /// The surname in use.
    InUse,
    /// The partner's surname.
    Partner,
    /// First and second surname together.
    Double,
    /// The first letters of particle and family name.
    Head(u8),
    /// The first letters of the family name without particle.
    BareHead(u8),
    /// Nothing.
    Nothing,
}

/// One way to make a login from a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Template {
    given: GivenPart,
    separator: Option<char>,
    family: FamilyPart,
    is_family_first: bool,
}

const GIVEN_PARTS: [GivenPart; 11] = [
    GivenPart::SpacedInitials,
    GivenPart::Initials,
    GivenPart::Letter,
    GivenPart::UsedLetter,
    GivenPart::Used,
    GivenPart::First,
    GivenPart::All,
    GivenPart::Head(2),
    GivenPart::Head(3),
    GivenPart::Head(4),
    GivenPart::Nothing,
];

fn family_parts() -> impl Iterator<Item = FamilyPart> {
    use FamilyPart::{Bare, BareHead, Double, Head, InUse, Nothing, Partner, Short, Spaced, Whole};
    let whole = [Whole, Bare, Spaced, Short, InUse, Partner, Double];
    whole.into_iter().chain((1..=8).map(Head)).chain((1..=8).map(BareHead)).chain([Nothing])
}

impl GivenPart {
    fn text(self, set: &NameSet, separator: Option<char>) -> Option<String> {
        let first = set.given.first().map_or(set.used.as_str(), String::as_str);
        let letter = |text: &str| text.get(..1).map(str::to_owned);
        let text = match self {
            Self::Letter => letter(if set.initials.is_empty() { first } else { &set.initials })?,
            Self::UsedLetter => letter(&set.used)?,
            Self::Initials => set.initials.clone(),
            Self::SpacedInitials => {
                let letters: Vec<String> = set.initials.chars().map(String::from).collect();
                letters.join(&String::from(separator?))
            }
            Self::First => first.to_owned(),
            Self::Used => set.used.clone(),
            Self::All => set.given.concat(),
            Self::Head(count) => first.get(..usize::from(count))?.to_owned(),
            Self::Nothing => return Some(String::new()),
        };
        (!text.is_empty()).then_some(text)
    }

    fn words(self) -> &'static str {
        match self {
            Self::Letter => "first initial",
            Self::UsedLetter => "initial of the name in use",
            Self::Initials | Self::SpacedInitials => "initials",
            Self::First => "given name",
            Self::Used => "name in use",
            Self::All => "all given names",
            Self::Head(_) => "first letters of the given name",
            Self::Nothing => "",
        }
    }
}

impl FamilyPart {
    fn text(self, set: &NameSet, separator: Option<char>) -> Option<String> {
        let bare = || set.family.concat();
        let whole = || format!("{}{}", set.prefix.concat(), set.family.concat());
        let head = |text: String, count: u8| text.get(..usize::from(count)).map(str::to_owned);
        let text = match self {
            Self::Whole => whole(),
            Self::Bare => bare(),
            Self::Spaced => {
                let words: Vec<&str> =
                    set.prefix.iter().chain(&set.family).map(String::as_str).collect();
                words.join(&String::from(separator?))
            }
            Self::Short => {
                let letters: String = set.prefix.iter().filter_map(|w| w.chars().next()).collect();
                format!("{letters}{}", bare())
            }
            Self::InUse => set.in_use.concat(),
            Self::Partner => set.partner.concat(),
            Self::Double => format!("{}{}", whole(), set.second.concat()),
            Self::Head(count) => head(whole(), count)?,
            Self::BareHead(count) => head(bare(), count)?,
            Self::Nothing => return Some(String::new()),
        };
        (!text.is_empty()).then_some(text)
    }

    fn words(self) -> &'static str {
        match self {
            Self::Whole | Self::Spaced | Self::Short | Self::Bare => "family name",
            Self::InUse => "surname in use",
            Self::Partner => "partner's surname",
            Self::Double => "both surnames",
            Self::Head(_) | Self::BareHead(_) => "first letters of the family name",
            Self::Nothing => "",
        }
    }
}

impl Template {
    /// The login that this convention makes of a name. `None`: the name lacks a part it needs.
    pub(crate) fn render(&self, set: &NameSet) -> Option<String> {
        let given = self.given.text(set, self.separator)?;
        let family = self.family.text(set, self.separator)?;
        let separator = self.separator.filter(|_| !given.is_empty() && !family.is_empty());
        let mut out = String::with_capacity(given.len() + family.len() + 1);
        let (head, tail) = if self.is_family_first { (family, given) } else { (given, family) };
        out.push_str(&head);
        out.extend(separator);
        out.push_str(&tail);
        (out.len() >= 2).then_some(out)
    }

    /// The convention in words: `initials.family name`.
    pub(crate) fn words(&self) -> String {
        let (given, family) = (self.given.words(), self.family.words());
        let (head, tail) = if self.is_family_first { (family, given) } else { (given, family) };
        let between = match self.separator {
            Some(c) if !head.is_empty() && !tail.is_empty() => format!(" \u{201c}{c}\u{201d} "),
            None if !head.is_empty() && !tail.is_empty() => " + ".to_owned(),
            _ => String::new(),
        };
        format!("{head}{between}{tail}")
    }

    /// Every convention that makes `base` of this name.
    fn explaining(base: &str, set: &NameSet, found: &mut Vec<Self>) {
        for family in family_parts() {
            for separator in [None, Some('.'), Some('_'), Some('-')] {
                if separator.is_some_and(|c| !base.contains(c)) {
                    continue;
                }
                let Some(text) = family.text(set, separator) else { continue };
                Self::around(base, set, (family, separator, &text), found);
            }
        }
    }

    /// Every given part that, with this family part before or behind it, makes `base`.
    fn around(
        base: &str,
        set: &NameSet,
        part: (FamilyPart, Option<char>, &str),
        found: &mut Vec<Self>,
    ) {
        let (family, separator, text) = part;
        let is_alone = family == FamilyPart::Nothing;
        for is_family_first in [false, true] {
            let rest =
                if is_family_first { base.strip_prefix(text) } else { base.strip_suffix(text) };
            let rest = match (rest, separator) {
                (Some(""), _) | (Some(_), None) => rest,
                (Some(rest), Some(_)) if is_alone => Some(rest),
                (Some(rest), Some(c)) if is_family_first => rest.strip_prefix(c),
                (Some(rest), Some(c)) => rest.strip_suffix(c),
                (None, _) => None,
            };
            let Some(rest) = rest else { continue };
            for given in GIVEN_PARTS {
                if given.text(set, separator).is_some_and(|t| t == rest) {
                    found.push(Self { given, separator, family, is_family_first });
                }
            }
            if is_alone {
                break;
            }
        }
    }
}

/// At most this many conventions are kept for one class of accounts.
const TEMPLATES_MAX: usize = 6;

/// The conventions that explain most of `seeds` (login base and the names it was made of), the
/// most usual first.
pub(crate) fn learn(seeds: &[(&str, &[NameSet])]) -> Vec<Template> {
    let mut explained: Vec<Vec<Template>> = Vec::with_capacity(seeds.len());
    for (base, sets) in seeds {
        let mut found = Vec::new();
        sets.iter().for_each(|set| Template::explaining(base, set, &mut found));
        found.sort_unstable();
        found.dedup();
        explained.push(found);
    }
    let least = (seeds.len() / 200).max(2);
    let mut kept = Vec::new();
    while kept.len() < TEMPLATES_MAX {
        let mut counts: BTreeMap<Template, usize> = BTreeMap::new();
        explained.iter().flatten().for_each(|t| *counts.entry(*t).or_default() += 1);
        // The first of equals: parts are ordered so that the fuller reading comes first.
        let best = counts.iter().max_by_key(|(t, count)| {
            (**count, std::cmp::Reverse(t.looseness()), std::cmp::Reverse(**t))
        });
        let Some((best, count)) = best.map(|(t, c)| (*t, *c)) else { break };
        if count < least {
            break;
        }
        explained.retain(|found| !found.contains(&best));
        kept.push(best);
    }
    kept
}

impl Template {
    /// How much of the name the convention throws away; of two that explain the same logins the
    /// one that throws away less is the better guess.
    fn looseness(&self) -> u8 {
        let given = match self.given {
            GivenPart::SpacedInitials
            | GivenPart::Initials
            | GivenPart::First
            | GivenPart::Used
            | GivenPart::All => 0,
            GivenPart::Letter | GivenPart::UsedLetter => 1,
            GivenPart::Head(_) => 2,
            GivenPart::Nothing => 4,
        };
        let family = match self.family {
            FamilyPart::Whole | FamilyPart::Bare | FamilyPart::Spaced => 0,
            FamilyPart::InUse => 1,
            FamilyPart::Short | FamilyPart::Partner | FamilyPart::Double => 2,
            FamilyPart::Head(_) | FamilyPart::BareHead(_) => 3,
            FamilyPart::Nothing => 4,
        };
        given + family
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(given: &str, used: &str, prefix: &str, family: &str) -> NameSet {
        let words = |text: &str| {
            text.split(' ').filter(|w| !w.is_empty()).map(str::to_owned).collect::<Vec<_>>()
        };
        let given = words(given);
        NameSet {
            initials: given.iter().filter_map(|w| w.chars().next()).collect(),
            given,
            used: used.to_owned(),
            prefix: words(prefix),
            family: words(family),
            ..NameSet::default()
        }
    }

    fn check(logins: &[&str]) -> String {
        let people = [
            [set("elske maria", "elske", "van der", "veen")],
            [set("albertus jan", "bert", "", "jansen")],
            [set("fatima", "fatima", "", "ozturk")],
            [set("karel otto", "karel", "de", "wit")],
        ];
        let seeds: Vec<(&str, &[NameSet])> =
            logins.iter().copied().zip(people.iter().map(|p| p.as_slice())).collect();
        learn(&seeds).iter().map(Template::words).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn conventions_are_read_off_the_logins() {
        assert_eq!(
            check(&["e.m.vanderveen", "a.j.jansen", "f.ozturk", "k.o.dewit"]),
            "initials “.” family name"
        );
        assert_eq!(
            check(&["elske.vanderveen", "bert.jansen", "fatima.ozturk", "karel.dewit"]),
            "name in use “.” family name"
        );
        assert_eq!(
            check(&["vanderveene", "jansena", "ozturkf", "dewitk"]),
            "family name + first initial"
        );
        assert_eq!(check(&["eveen", "ajansen", "fozturk", "kwit"]), "first initial + family name");
        assert_eq!(
            check(&["vanelsk", "janalbe", "oztfati", "dewkare"]),
            "first letters of the family name + first letters of the given name"
        );
    }
}
