//! What a person does in an app's admin console: the `[human]` section of an app file.
//!
//! ```toml
//! [human]
//! can = ["create", "remove"]
//! irreversible = ["remove"]
//! basis = "recalled"
//!
//! [[human.step]]
//! op = "remove"
//! text = "Open Account Settings > Team Members and find {login}."
//! ```
//! An app without the section can be worked on by people all the same: [`App::human_way`] and
//! [`App::human_steps`] then say what its facts say.

use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::Date;
use rollbook_core::change::{Basis, Verb};
use rollbook_core::reach::{HUMAN, Way};
use serde::Deserialize;
use toml::Spanned;

use crate::app::{App, Value};
use crate::catalog::{Catalog, GENERIC_HUMAN};
use crate::check::{self, Place};
use crate::error::Error;
use crate::text::RouteText;

/// One sentence for whoever carries an operation out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HumanStep {
    /// The operation that it belongs to.
    pub op: Verb,
    /// The sentence, with blanks.
    text: Vec<Part>,
}

/// What a blank stands for. The list is closed: there are no expressions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blank {
    /// `{account}`: the app's key of the account.
    Account,
    /// `{login}`: the sign-in name.
    Login,
    /// `{email}`: the address.
    Email,
    /// `{name}`: the person as people know them.
    Name,
    /// `{right}`: the role, group or other right to give or take.
    Right,
    /// `{heir}`: the account that takes over what is owned.
    Heir,
    /// `{instance}`: our name of the tenant.
    Instance,
}

const BLANKS: [(&str, Blank); 7] = [
    ("account", Blank::Account),
    ("login", Blank::Login),
    ("email", Blank::Email),
    ("name", Blank::Name),
    ("right", Blank::Right),
    ("heir", Blank::Heir),
    ("instance", Blank::Instance),
];

/// Whom a task is about. What is not known is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Whom {
    /// The app's key of the account.
    pub account: String,
    /// The sign-in name.
    pub login: String,
    /// The address.
    pub email: String,
    /// The person as people know them.
    pub name: String,
    /// The right to give or take.
    pub right: String,
    /// The account that takes over what is owned.
    pub heir: String,
    /// Our name of the tenant.
    pub instance: String,
}

impl Whom {
    fn of(&self, blank: Blank) -> &str {
        match blank {
            Blank::Account => &self.account,
            Blank::Login => &self.login,
            Blank::Email => &self.email,
            Blank::Name => &self.name,
            Blank::Right => &self.right,
            Blank::Heir => &self.heir,
            Blank::Instance => &self.instance,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Blank(Blank),
}

impl HumanStep {
    /// The sentence for this person. A blank of which nothing is known says so.
    pub fn for_whom(&self, whom: &Whom) -> String {
        let part = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Blank(blank) => match whom.of(*blank) {
                "" => format!("({blank} not known)"),
                known => known.to_owned(),
            },
        };
        self.text.iter().map(part).collect()
    }
}

impl fmt::Display for HumanStep {
    /// As it stands in the file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.iter().try_for_each(|part| match part {
            Part::Text(text) => f.write_str(text),
            Part::Blank(blank) => write!(f, "{{{blank}}}"),
        })
    }
}

impl fmt::Display for Blank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = BLANKS.iter().find(|(_, blank)| blank == self).map(|(word, _)| *word);
        f.write_str(word.unwrap_or_default())
    }
}

/// The section word for word.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HumanText {
    can: Vec<Spanned<String>>,
    #[serde(default)]
    irreversible: Vec<Spanned<String>>,
    basis: Basis,
    #[serde(default)]
    basis_of: BTreeMap<String, Spanned<Basis>>,
    source: Option<String>,
    checked_on: Option<Date>,
    #[serde(default)]
    step: Vec<StepText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StepText {
    op: Spanned<String>,
    text: Spanned<String>,
}

impl HumanText {
    /// The part that every kind of route has.
    pub(crate) fn route(&self) -> RouteText {
        RouteText {
            can: self.can.clone(),
            irreversible: self.irreversible.clone(),
            basis: self.basis,
            basis_of: self.basis_of.clone(),
            source: self.source.clone(),
            checked_on: self.checked_on,
        }
    }
}

/// The steps of the section.
///
/// # Errors
/// The first step that is for nothing that can be done, or whose text is empty or has a blank that
/// nothing fills; and `observe` in `can`, because people read nothing for us.
pub(crate) fn steps(text: Spanned<HumanText>, place: &Place<'_>) -> Result<Vec<HumanStep>, Error> {
    let text = text.into_inner();
    if let Some(word) = text.can.iter().find(|word| word.get_ref() == check::OBSERVE) {
        let message = "People read no list for Rollbook; take `observe` out. An export that somebody \
                       makes is `[file]`.";
        return Err(place.error(word, message));
    }
    text.step.into_iter().map(|step| one_step(&step, &text.can, place)).collect()
}

fn one_step(
    step: &StepText,
    can: &[Spanned<String>],
    place: &Place<'_>,
) -> Result<HumanStep, Error> {
    let op = match check::verb(&step.op, place)? {
        Some(op) if can.iter().any(|word| word.get_ref() == step.op.get_ref()) => op,
        _ => {
            let word = step.op.get_ref();
            let message = format!(
                "`{word}` has a step here and is not in `can`. Add it there or take it out."
            );
            return Err(place.error(&step.op, message));
        }
    };
    let text = parts(step.text.get_ref()).map_err(|message| place.error(&step.text, message))?;
    Ok(HumanStep { op, text })
}

/// A sentence taken apart at its blanks.
fn parts(text: &str) -> Result<Vec<Part>, String> {
    if text.trim().is_empty() || text.contains(['\n', '\r']) {
        return Err(
            "A step is one sentence on one line. Write it, or take the step out.".to_owned()
        );
    }
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('{') {
        let known = behind.split_once('}').and_then(|(word, after)| {
            let (_, blank) = BLANKS.iter().find(|(known, _)| *known == word)?;
            Some((*blank, after))
        });
        let Some((blank, after)) = known else {
            let words = BLANKS.map(|(word, _)| format!("{{{word}}}")).join(", ");
            return Err(format!("Behind `{before}` stands no blank. Use one of {words}."));
        };
        parts.extend((!before.is_empty()).then(|| Part::Text(before.to_owned())));
        parts.push(Part::Blank(blank));
        rest = after;
    }
    parts.extend((!rest.is_empty()).then(|| Part::Text(rest.to_owned())));
    Ok(parts)
}

impl App {
    /// What a person can do there: what its `[human]` section says or, where it has none, what a
    /// person can do in any app. What bites there bites people too.
    pub fn human_way(&self) -> Way {
        let own = |app: &Self| {
            let mut routes = app.routes.iter();
            routes.find(|route| route.way.channel == HUMAN).map(|route| route.way.clone())
        };
        if let Some(way) = own(self) {
            return way;
        }
        let any = Catalog::embedded().app(GENERIC_HUMAN).and_then(own);
        let mut way = any.unwrap_or_else(|| Way::new(HUMAN));
        for hurts in self.traps.iter().filter(|trap| trap.is_on(HUMAN)).filter_map(|t| t.hurts) {
            let Some((verb, harm)) = hurts.harm() else { continue };
            let Some(ability) = way.can.get_mut(&verb) else { continue };
            ability.reversible &= !harm.is_for_good();
            ability.harms.insert(harm);
        }
        way
    }

    /// What whoever administers the app does for this operation, sentence by sentence: the steps of
    /// its `[human]` section or, where it has none, what its facts say. Empty: nobody has written it
    /// down.
    pub fn human_steps(&self, op: Verb, whom: &Whom) -> Vec<String> {
        let own = self.human.iter().filter(|step| step.op == op);
        let own: Vec<_> = own.map(|step| step.for_whom(whom)).collect();
        if !own.is_empty() {
            return own;
        }
        let steps = match op {
            Verb::Create => "ui.invite_steps",
            Verb::Suspend | Verb::Remove => "ui.remove_steps",
            Verb::Update | Verb::Reactivate | Verb::Grant | Verb::Revoke => "ui.users_page",
        };
        match self.fact(steps).or_else(|| self.fact("ui.users_page")).map(|fact| &fact.value) {
            Some(Value::List(steps)) => steps.iter().map(|step| sentence(step)).collect(),
            Some(Value::Text(page)) => vec![format!("Go to {page}.")],
            _ => Vec::new(),
        }
    }
}

/// What stands in a list of facts, as a sentence.
fn sentence(step: &str) -> String {
    let mut letters = step.trim().chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    let text: String = first.chain(letters).collect();
    if text.ends_with(['.', '!', '?']) { text } else { format!("{text}.") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(text: &str) -> Result<String, String> {
        let whom = Whom { login: "ana@x.com".into(), right: "Editor".into(), ..Whom::default() };
        parts(text).map(|text| HumanStep { op: Verb::Remove, text }.for_whom(&whom))
    }

    #[test]
    fn blanks_are_filled_and_what_is_not_known_is_said_to_be() {
        assert_eq!(step("Find {login}."), Ok("Find ana@x.com.".to_owned()));
        assert_eq!(step("{right}: {right}"), Ok("Editor: Editor".to_owned()));
        assert_eq!(step("Give it to {heir}."), Ok("Give it to (heir not known).".to_owned()));
    }

    #[test]
    fn braces_around_anything_else_are_refused() {
        for text in ["Find {loggin}.", "Find {login", "a { b", "{}", " ", "two\nlines"] {
            assert!(step(text).is_err(), "{text}");
        }
        insta::assert_snapshot!(step("Find {x}.").unwrap_err(), @"Behind `Find ` stands no blank. Use one of {account}, {login}, {email}, {name}, {right}, {heir}, {instance}.");
    }

    #[test]
    fn a_value_with_braces_is_not_filled_again() {
        let whom = Whom { login: "{heir}".into(), ..Whom::default() };
        let step = HumanStep { op: Verb::Remove, text: parts("Find {login}.").unwrap() };
        assert_eq!(step.for_whom(&whom), "Find {heir}.");
    }
}
