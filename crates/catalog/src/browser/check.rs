//! What must hold between the parts of a `[browser]` section.

use std::collections::BTreeMap;

use rollbook_core::change::Verb;
use toml::Spanned;

use super::{Act, Browser, BrowserText, By, Cell, Field, Members, Purpose, Step, Word};
use crate::check::{OBSERVE, Place};
use crate::error::Error;

/// Checks the section and takes it apart.
///
/// # Errors
/// The first thing that is not as it must be.
pub(crate) fn browser(text: Spanned<BrowserText>, place: &Place<'_>) -> Result<Browser, Error> {
    let text = text.into_inner();
    addresses(&text, place)?;
    list(&text.members, place)?;
    let mut steps = BTreeMap::new();
    for (word, said) in &text.steps {
        let purpose = purpose(word, &text, place)?;
        for step in said {
            one_step(step, purpose, &text, place)?;
        }
        whole(word, purpose, said, place)?;
        steps.insert(purpose, said.iter().map(|step| step.get_ref().clone()).collect());
    }
    for word in &text.can {
        can_do(word, &text, &steps, place)?;
    }
    let used = |name: &str| {
        let steps = steps.values().flatten();
        let words = steps.flat_map(Step::blanks).chain(text.base_url.get_ref().blanks());
        let mut words = words.chain(text.members.get_ref().count.blanks());
        words.any(|word| *word == Word::Setting(name.to_owned()))
    };
    if let Some((name, what)) = text.settings.iter().find(|(name, _)| !used(name)) {
        let message = format!("No blank uses the setting `{name}`. Take it out or use it.");
        return Err(place.error(what, message));
    }
    Ok(Browser {
        base_url: text.base_url.into_inner(),
        origins: text.origins.into_iter().map(Spanned::into_inner).collect(),
        settings: text.settings.into_iter().map(|(name, what)| (name, what.into_inner())).collect(),
        members: text.members.into_inner(),
        popups: text.popups.into_iter().map(Spanned::into_inner).collect(),
        lowest_role: text.lowest_role,
        steps,
    })
}

fn addresses(text: &BrowserText, place: &Place<'_>) -> Result<(), Error> {
    let base = text.base_url.get_ref().to_string();
    if !base.starts_with("https://") && !base.starts_with('{') || base.ends_with('/') {
        let message =
            "`base_url` must begin with https:// or with a blank, and not end with a slash.";
        return Err(place.error(&text.base_url, message));
    }
    let known =
        |word: &&Word| matches!(word, Word::Setting(name) if text.settings.contains_key(name));
    if let Some(word) = text.base_url.get_ref().blanks().find(|word| !known(word)) {
        let message = format!("Nothing fills {word} here. Name it in [browser.settings].");
        return Err(place.error(&text.base_url, message));
    }
    let is_origin = |origin: &str| {
        origin.strip_prefix("https://").is_some_and(|host| {
            !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || ".-:".contains(c))
        })
    };
    match text.origins.iter().find(|origin| !is_origin(origin.get_ref())) {
        Some(origin) => {
            let message = "An origin is https:// and a host, with nothing behind it.";
            Err(place.error(origin, message))
        }
        None => Ok(()),
    }
}

/// What is known of the list must be enough to prove that it was read whole, and whose a row is.
fn list(members: &Spanned<Members>, place: &Place<'_>) -> Result<(), Error> {
    let said = members.get_ref();
    let wrong = |message: &str| Err(place.error(members, message));
    if said.count.blanks().filter(|word| **word == Word::Count).count() != 1
        || said.count.parts().len() < 2
    {
        return wrong(
            "`count` must be what the page says of how many members there are, with {count} in it once.",
        );
    }
    if said.next.is_some() && said.more.is_some() {
        return wrong("A list goes on by `next` or by `more`, not by both.");
    }
    if !said.columns.contains_key(&Field::Email) {
        return wrong(
            "Say in `columns` which one holds the address, `email`; rows are told apart by it.",
        );
    }
    let unread = |cell: &Cell| matches!(cell, Cell::Column { head, .. } if head.trim().is_empty());
    if said.columns.values().any(unread) {
        return wrong("A column is named by its head, and this one has none.");
    }
    match (said.columns.contains_key(&Field::State), said.state.is_empty()) {
        (true, true) => wrong("Say in `state` what the words in that column mean."),
        (false, false) => wrong("`state` says what words mean, and no column holds them."),
        (false, true) if said.otherwise.is_none() => wrong(
            "No column says who may get in. Say in `otherwise` what a member is who is listed.",
        ),
        _ => Ok(()),
    }
}

fn purpose(
    word: &Spanned<String>,
    text: &BrowserText,
    place: &Place<'_>,
) -> Result<Purpose, Error> {
    let Some(purpose) = Purpose::named(word.get_ref()) else {
        let message = format!(
            "There are no steps for `{}`. Use sign_in, members, create, suspend, reactivate, remove, \
             grant, revoke.",
            word.get_ref()
        );
        return Err(place.error(word, message));
    };
    match purpose {
        Purpose::Do(verb) if !text.can.iter().any(|can| can.get_ref() == verb.as_str()) => {
            let message = format!("These steps are for `{purpose}`, and it is not in `can`.");
            Err(place.error(word, message))
        }
        _ => Ok(purpose),
    }
}

fn can_do(
    word: &Spanned<String>,
    text: &BrowserText,
    steps: &BTreeMap<Purpose, Vec<Step>>,
    place: &Place<'_>,
) -> Result<(), Error> {
    let wanted: &[Purpose] = match Purpose::named(word.get_ref()) {
        Some(purpose @ Purpose::Do(_)) => &[Purpose::SignIn, Purpose::Members, purpose],
        _ if word.get_ref() == "update" => {
            return Err(
                place.error(word, "A browser does not update attributes. Take the word out.")
            );
        }
        _ => &[Purpose::SignIn, Purpose::Members],
    };
    if let Some(missing) = wanted.iter().find(|purpose| !steps.contains_key(purpose)) {
        let message = format!(
            "The route can `{}` and has no steps `{missing}`. Add them to [browser.steps], or take the \
             word out.",
            word.get_ref()
        );
        return Err(place.error(word, message));
    }
    if !text.can.iter().any(|can| can.get_ref() == OBSERVE) {
        let message =
            "Who acts in a page must see what became of it: the route must `observe` too.";
        return Err(place.error(word, message));
    }
    if word.get_ref() == Verb::Revoke.as_str() && text.lowest_role.is_none() {
        let message = "To take a role away is to give the lowest one. Say which in `lowest_role`.";
        return Err(place.error(word, message));
    }
    Ok(())
}

fn one_step(
    step: &Spanned<Step>,
    purpose: Purpose,
    text: &BrowserText,
    place: &Place<'_>,
) -> Result<(), Error> {
    let wrong = |message: String| Err(place.error(step, message));
    let said = step.get_ref();
    if said.in_row
        && matches!(purpose, Purpose::SignIn | Purpose::Members | Purpose::Do(Verb::Create))
    {
        return wrong(format!("No row is looked for in `{purpose}`, so nothing can be in it."));
    }
    let belongs = match &said.act {
        Act::Go(path) => {
            if !path.to_string().starts_with('/') {
                return wrong(format!("The page `{path}` must begin with a slash."));
            }
            true
        }
        Act::Code(_) => purpose == Purpose::SignIn,
        Act::Read(_) | Act::Download(_) => purpose == Purpose::Members,
        Act::Confirm { .. } => matches!(purpose, Purpose::Do(_)),
        _ => true,
    };
    if !belongs {
        return wrong(format!("This step does not belong into `{purpose}`."));
    }
    let secret = |word: &Word| matches!(word, Word::User | Word::Password);
    if said.blanks().any(secret) && !matches!(said.act, Act::Fill { .. }) {
        return wrong("A name and a password to sign in with can only be filled in.".into());
    }
    for word in said.blanks() {
        let is_known = match word {
            Word::Setting(name) => text.settings.contains_key(name),
            Word::User | Word::Password => purpose == Purpose::SignIn,
            Word::Role => {
                matches!(purpose, Purpose::Do(Verb::Create | Verb::Grant | Verb::Revoke))
            }
            Word::Account => matches!(purpose, Purpose::Do(verb) if verb != Verb::Create),
            Word::Count => false,
            word => word.is_of_account() && matches!(purpose, Purpose::Do(_)),
        };
        if !is_known {
            return wrong(format!("Nothing fills {word} in `{purpose}`."));
        }
    }
    Ok(())
}

/// What the steps for one purpose must have together.
fn whole(
    word: &Spanned<String>,
    purpose: Purpose,
    steps: &[Spanned<Step>],
    place: &Place<'_>,
) -> Result<(), Error> {
    let last = steps.last().map(|step| &step.get_ref().act);
    let is_reading =
        |step: &&Spanned<Step>| matches!(step.get_ref().act, Act::Read(_) | Act::Download(_));
    let reads_once = steps.iter().filter(is_reading).count() == 1;
    let message = match (purpose, last) {
        (Purpose::SignIn, Some(Act::Wait(_))) => return Ok(()),
        (Purpose::SignIn, _) => {
            "`sign_in` must end with a `wait` for what only somebody sees who was let in."
        }
        (Purpose::Members, Some(Act::Read(_) | Act::Download(_))) if reads_once => return Ok(()),
        (Purpose::Members, _) => "`members` must end with one `read` or `download`.",
        (Purpose::Do(_), None) => "There is nothing to do here. Add a step, or take it out.",
        (Purpose::Do(_), Some(_)) => return Ok(()),
    };
    Err(place.error(word, message))
}

/// What is missing so that steps which take something away cannot meet the wrong person; and which
/// elements are named by selectors, which say nothing about what people see.
pub(crate) fn unsafe_steps(browser: &Browser) -> Vec<String> {
    let taking = [Verb::Suspend, Verb::Remove, Verb::Revoke].map(Purpose::Do);
    let mut complaints = Vec::new();
    for purpose in taking {
        let steps = browser.steps(purpose);
        let names_whom = |step: &Step| {
            step.in_row && step.may_change()
                || matches!(step.act, Act::Confirm { .. }) && step.blanks().any(Word::is_personal)
        };
        if !steps.is_empty() && !steps.iter().any(names_whom) {
            complaints.push(format!(
                "The steps for `{purpose}` take something away, and none of them is held to the person: \
                 press something `in_row`, or `confirm` a dialog that names them."
            ));
        }
    }
    let all = browser.steps.values().flatten().filter(|step| step.may_change());
    let by_selector =
        all.filter(|step| step.elements().iter().any(|element| element.by == By::Css));
    complaints.extend(by_selector.map(|step| {
        format!("\"{step}\" finds what it presses by a selector. Name it by its role and words.")
    }));
    complaints
}
