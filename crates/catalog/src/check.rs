//! From text to checked data: everything about an app file that types alone cannot say.

use std::collections::BTreeMap;
use std::path::Path;

use rollbook_core::change::{Basis, Verb};
use rollbook_core::reach::{Ability, Way};
use toml::{Spanned, Value as Toml};

use crate::app::{App, Fact, Field, RouteFacts, Trap, Value};
use crate::error::Error;
use crate::key::{Key, Shape};
use crate::text::{AppText, FactText, FieldText, RouteText};

/// The operations that change something, in the order in which `can` should use them.
const VERBS: [Verb; 7] = [
    Verb::Create,
    Verb::Update,
    Verb::Suspend,
    Verb::Reactivate,
    Verb::Remove,
    Verb::Grant,
    Verb::Revoke,
];

/// The one operation that changes nothing.
const OBSERVE: &str = "observe";

/// Where we are, for error messages.
pub(crate) struct Place<'a> {
    pub(crate) file: &'a str,
    pub(crate) content: &'a str,
}

impl Place<'_> {
    fn error<T>(&self, near: &Spanned<T>, message: impl Into<String>) -> Error {
        Error::at(self.file, self.content, near.span().start, message)
    }
}

/// Checks the whole file.
///
/// # Errors
/// The first thing that is not as it must be.
pub(crate) fn app(raw: AppText, place: &Place<'_>) -> Result<App, Error> {
    let stem = Path::new(place.file).file_stem().and_then(|stem| stem.to_str());
    if stem != Some(raw.app.id.get_ref()) {
        let id = raw.app.id.get_ref();
        let message = format!("The app is called {id} here. Name the file {id}.toml as well.");
        return Err(place.error(&raw.app.id, message));
    }
    let routes = [("scim", raw.scim), ("file", raw.file)];
    let routes = routes.into_iter().filter_map(|(channel, route)| Some((channel, route?)));
    let mut facts = BTreeMap::new();
    for fact in raw.fact {
        let (key, fact) = self::fact(&fact, place, &facts)?;
        facts.insert(key, fact);
    }
    Ok(App {
        routes: routes.map(|(name, text)| route(name, text, place)).collect::<Result<_, _>>()?,
        facts,
        fields: raw.field.into_iter().map(|text| field(text, place)).collect::<Result<_, _>>()?,
        traps: raw.trap.into_iter().map(|trap| self::trap(trap.into_inner())).collect(),
        id: raw.app.id.into_inner(),
        name: raw.app.name,
        category: raw.app.category,
        website: raw.app.website,
        checked_on: raw.app.checked_on,
    })
}

fn route(channel: &str, text: Spanned<RouteText>, place: &Place<'_>) -> Result<RouteFacts, Error> {
    sourced(&text, text.get_ref().basis, text.get_ref().source.as_deref(), place)?;
    let text = text.into_inner();
    let mut way = Way::new(channel);
    let mut observes = false;
    for word in &text.can {
        let Some(verb) = verb(word, place)? else {
            observes = true;
            continue;
        };
        let basis = text.basis_of.get(word.get_ref()).map_or(text.basis, |basis| *basis.get_ref());
        way.can.insert(verb, Ability { basis, reversible: true });
    }
    for word in &text.irreversible {
        match verb(word, place)?.and_then(|verb| way.can.get_mut(&verb)) {
            Some(ability) => ability.reversible = false,
            None => return Err(place.error(word, not_in_can(word.get_ref()))),
        }
    }
    for (word, basis) in &text.basis_of {
        if !text.can.iter().any(|can| can.get_ref() == word) {
            return Err(place.error(basis, not_in_can(word)));
        }
    }
    Ok(RouteFacts { way, observes, source: text.source, checked_on: text.checked_on })
}

/// The operation that `word` names; `None` is observing.
fn verb(word: &Spanned<String>, place: &Place<'_>) -> Result<Option<Verb>, Error> {
    if word.get_ref() == OBSERVE {
        return Ok(None);
    }
    let known = VERBS.into_iter().find(|verb| verb.as_str() == word.get_ref());
    known.map(Some).ok_or_else(|| {
        let names = VERBS.map(Verb::as_str).join(", ");
        let message =
            format!("There is no operation `{}`. Use {OBSERVE}, {names}.", word.get_ref());
        place.error(word, message)
    })
}

fn not_in_can(word: &str) -> String {
    format!("`{word}` is qualified here and not in `can`. Add it there or take it out here.")
}

fn fact(
    text: &Spanned<FactText>,
    place: &Place<'_>,
    before: &BTreeMap<String, Fact>,
) -> Result<(String, Fact), Error> {
    let entry = text.get_ref();
    sourced(text, entry.basis, entry.source.as_deref(), place)?;
    let name = entry.key.get_ref();
    let Some(key) = Key::named(name) else {
        let message = format!(
            "There is no fact `{name}`. Use a key of the closed list in crates/catalog/src/key.rs, \
             or add one there with a test."
        );
        return Err(place.error(&entry.key, message));
    };
    if before.contains_key(name) {
        let message = format!("The fact `{name}` was given before. Keep the one that is true.");
        return Err(place.error(&entry.key, message));
    }
    let value = value(entry.value.get_ref(), key.shape).ok_or_else(|| {
        let message = format!("`{name}` must be {}, or \"unknown\".", expected(key.shape));
        place.error(&entry.value, message)
    })?;
    let source = entry.source.clone();
    Ok((name.clone(), Fact { value, basis: entry.basis, source, checked_on: entry.checked_on }))
}

/// `raw` in the given shape; `None` if it has another.
fn value(raw: &Toml, shape: Shape) -> Option<Value> {
    if raw.as_str() == Some("unknown") {
        return Some(Value::Unknown);
    }
    match shape {
        Shape::Text => raw.as_str().map(|text| Value::Text(text.to_owned())),
        Shape::Flag => raw.as_bool().map(Value::Flag),
        Shape::Number => raw.as_integer().and_then(|n| n.try_into().ok()).map(Value::Number),
        Shape::OneOf(words) => {
            raw.as_str().filter(|text| words.contains(text)).map(|text| Value::Text(text.into()))
        }
        Shape::List => {
            let items = raw.as_array()?.iter().map(|item| item.as_str().map(str::to_owned));
            items.collect::<Option<_>>().map(Value::List)
        }
    }
}

fn expected(shape: Shape) -> String {
    match shape {
        Shape::Text => "a text".into(),
        Shape::List => "a list of texts".into(),
        Shape::Number => "a whole number of at least 0".into(),
        Shape::Flag => "true or false".into(),
        Shape::OneOf(words) => format!("one of \"{}\"", words.join("\", \"")),
    }
}

fn field(text: Spanned<FieldText>, place: &Place<'_>) -> Result<Field, Error> {
    sourced(&text, text.get_ref().basis, text.get_ref().source.as_deref(), place)?;
    let FieldText { name, kind, on_create, on_update, note, basis, source, checked_on } =
        text.into_inner();
    Ok(Field { name, kind, on_create, on_update, note, basis, source, checked_on })
}

fn trap(text: crate::text::TrapText) -> Trap {
    Trap { text: text.text, source: text.source }
}

/// A fact without a source is recalled, and a recalled fact has none.
fn sourced<T>(
    near: &Spanned<T>,
    basis: Basis,
    source: Option<&str>,
    place: &Place<'_>,
) -> Result<(), Error> {
    let named = source.is_some_and(|source| !source.trim().is_empty());
    let message = match (basis, named) {
        (Basis::Recalled, false) | (Basis::Documented | Basis::Probed, true) => return Ok(()),
        (Basis::Recalled, true) => {
            "This is `recalled` and names a source. If the source says so it is `documented`; \
             otherwise leave the source out."
        }
        (Basis::Documented | Basis::Probed, false) => {
            "This names no source. Say where it was read or tried, or make it `recalled`."
        }
    };
    Err(place.error(near, message))
}
