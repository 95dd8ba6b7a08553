//! From text to checked data: everything about an app file that types alone cannot say.

use std::path::Path;

use jiff::civil::Date;
use rollbook_core::change::{Basis, Verb};
use rollbook_core::reach::{Ability, Way};
use toml::{Spanned, Value as Toml};

use crate::app::{App, Fact, Field, Remark, RouteFacts, Value};
use crate::browser;
use crate::error::Error;
use crate::human;
use crate::key::{KEYS, Key, Shape};
use crate::request::{Request, RequestOp};
use crate::rest::{self, Blank, Rest};
use crate::text::{AppText, FactsText, FieldText, RemarkText, RequestText, RouteText, TrapText};
use crate::trap::{Hurt, Trap};

/// The one operation that changes nothing.
pub(crate) const OBSERVE: &str = "observe";

/// Where we are, for error messages.
pub(crate) struct Place<'a> {
    pub(crate) file: &'a str,
    pub(crate) content: &'a str,
}

impl Place<'_> {
    pub(crate) fn error<T>(&self, near: &Spanned<T>, message: impl Into<String>) -> Error {
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
    let day = raw.app.checked_on;
    let rest_route =
        raw.rest.as_ref().map(|text| Spanned::new(text.span(), text.get_ref().route()));
    let rest = raw.rest.map(|text| rest::rest(text, place)).transpose()?;
    let browser_route =
        raw.browser.as_ref().map(|text| Spanned::new(text.span(), text.get_ref().route()));
    let browser = raw.browser.map(|text| browser::browser(text, place)).transpose()?;
    let human_route =
        raw.human.as_ref().map(|text| Spanned::new(text.span(), text.get_ref().route()));
    let human = raw.human.map(|text| human::steps(text, place)).transpose()?.unwrap_or_default();
    let examples = rest::examples(raw.example, rest.as_ref(), place)?;
    let routes = [
        ("scim", raw.scim),
        ("rest", rest_route),
        ("browser", browser_route),
        ("file", raw.file),
        ("human", human_route),
    ];
    let routes = routes.into_iter().filter_map(|(channel, route)| Some((channel, route?)));
    let routes = routes.map(|(name, text)| route(name, text, day, place));
    let mut routes = routes.collect::<Result<Vec<_>, _>>()?;
    let traps = raw.trap.into_iter().map(|text| trap(text, &mut routes, place));
    let traps = traps.collect::<Result<_, _>>()?;
    hand_over(&mut routes, rest.as_ref());
    let requests = raw.request.into_iter().map(|text| request(text, day, place));
    let fields = raw.field.into_iter().map(|text| field(text, day, place));
    Ok(App {
        routes,
        facts: facts(raw.facts, day, place)?,
        requests: requests.collect::<Result<_, _>>()?,
        human,
        rest,
        browser,
        examples,
        fields: fields.collect::<Result<_, _>>()?,
        limitations: raw.limitation.into_iter().map(remark).collect(),
        traps,
        id: raw.app.id.into_inner(),
        name: raw.app.name,
        category: raw.app.category,
        website: raw.app.website,
        checked_on: day,
    })
}

fn route(
    channel: &str,
    text: Spanned<RouteText>,
    day: Date,
    place: &Place<'_>,
) -> Result<RouteFacts, Error> {
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
        way.can.insert(verb, Ability::new(basis, true));
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
    let checked_on = text.checked_on.unwrap_or(day);
    Ok(RouteFacts { way, observes, source: text.source, checked_on })
}

/// The operation that `word` names; `None` is observing.
pub(crate) fn verb(word: &Spanned<String>, place: &Place<'_>) -> Result<Option<Verb>, Error> {
    if word.get_ref() == OBSERVE {
        return Ok(None);
    }
    let known = Verb::ALL.into_iter().find(|verb| verb.as_str() == word.get_ref());
    known.map(Some).ok_or_else(|| {
        let names = Verb::ALL.map(Verb::as_str).join(", ");
        let message =
            format!("There is no operation `{}`. Use {OBSERVE}, {names}.", word.get_ref());
        place.error(word, message)
    })
}

fn not_in_can(word: &str) -> String {
    format!("`{word}` is qualified here and not in `can`. Add it there or take it out here.")
}

/// All facts in the order of [`crate::KEYS`], those about one key in the order of the file.
fn facts(said: Vec<Spanned<FactsText>>, day: Date, place: &Place<'_>) -> Result<Vec<Fact>, Error> {
    let mut facts: Vec<Fact> = Vec::new();
    for text in said {
        sourced(&text, text.get_ref().basis, text.get_ref().source.as_deref(), place)?;
        let FactsText { basis, source, checked_on, sso, scim, rest, webhooks, ui, account } =
            text.into_inner();
        let groups = [
            ("sso", sso),
            ("scim", scim),
            ("rest", rest),
            ("webhooks", webhooks),
            ("ui", ui),
            ("account", account),
        ];
        let said = groups.iter().flat_map(|(group, said)| said.iter().map(move |one| (group, one)));
        for (group, (word, raw)) in said {
            let key = key(group, word, place)?;
            let value = value(raw.get_ref(), key.shape).ok_or_else(|| {
                let shape = expected(key.shape);
                place.error(raw, format!("`{}` must be {shape}, or \"unknown\".", key.name))
            })?;
            if facts.iter().any(|fact| fact.key == key && fact.source == source) {
                let message = format!(
                    "The same source said `{}` before. Keep what it says; what another source says \
                     stands in a section of its own.",
                    key.name
                );
                return Err(place.error(word, message));
            }
            let checked_on = checked_on.unwrap_or(day);
            facts.push(Fact { key, value, basis, source: source.clone(), checked_on });
        }
    }
    let place_of = |fact: &Fact| KEYS.iter().position(|key| key == fact.key);
    facts.sort_by_key(place_of);
    Ok(facts)
}

fn key(group: &str, word: &Spanned<String>, place: &Place<'_>) -> Result<&'static Key, Error> {
    let name = format!("{group}.{}", word.get_ref());
    Key::named(&name).ok_or_else(|| {
        let message = format!(
            "There is no fact `{name}`. Use a key of the closed list in crates/catalog/src/key.rs, \
             or add one there with a test."
        );
        place.error(word, message)
    })
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

fn field(text: Spanned<FieldText>, day: Date, place: &Place<'_>) -> Result<Field, Error> {
    sourced(&text, text.get_ref().basis, text.get_ref().source.as_deref(), place)?;
    let FieldText { name, kind, on_create, on_update, note, basis, source, checked_on } =
        text.into_inner();
    let checked_on = checked_on.unwrap_or(day);
    Ok(Field { name, kind, on_create, on_update, note, basis, source, checked_on })
}

fn request(text: Spanned<RequestText>, day: Date, place: &Place<'_>) -> Result<Request, Error> {
    sourced(&text, text.get_ref().basis, text.get_ref().source.as_deref(), place)?;
    let text = text.into_inner();
    Ok(Request {
        op: text.op,
        method: text.method,
        path: text.path,
        query: text.query,
        body: text.body,
        items: text.items,
        fields: text.fields,
        note: text.note,
        basis: text.basis,
        source: text.source,
        checked_on: text.checked_on.unwrap_or(day),
    })
}

fn remark(text: RemarkText) -> Remark {
    Remark { text: text.text, source: text.source }
}

/// Checks a trap and tells the routes on which it bites.
fn trap(text: TrapText, routes: &mut [RouteFacts], place: &Place<'_>) -> Result<Trap, Error> {
    let TrapText { text, source, hurts: said, channel } = text;
    let hurts = said.as_ref().map(|hurts| *hurts.get_ref());
    let trap = Trap { remark: Remark { text, source }, hurts, channel };
    let (Some(said), Some(hurts)) = (said, hurts) else { return Ok(trap) };
    for route in routes.iter_mut().filter(|route| trap.is_on(&route.way.channel)) {
        let channel = route.way.channel.clone();
        if hurts == Hurt::RemoveOnlySuspends && route.way.can.contains_key(&Verb::Remove) {
            let message = format!(
                "Removing only suspends here, so the route [{channel}] cannot `remove`. Take the word \
                 out of `can`; use the request to suspend, or say with `channel` where it is so."
            );
            return Err(place.error(&said, message));
        }
        let Some((verb, harm)) = hurts.harm() else { continue };
        let Some(ability) = route.way.can.get_mut(&verb) else { continue };
        if harm.is_for_good() && ability.reversible {
            let message = format!(
                "Nothing brings back what to {} does here, and [{channel}] does not have it in \
                 `irreversible`. Add it there, or say with `channel` where the trap bites.",
                verb.as_str()
            );
            return Err(place.error(&said, message));
        }
        ability.harms.insert(harm);
    }
    Ok(trap)
}

/// Says of the REST route whether what it removes can be handed over: a call names the successor.
fn hand_over(routes: &mut [RouteFacts], rest: Option<&Rest>) {
    let Some(rest) = rest else { return };
    for route in routes.iter_mut().filter(|route| route.way.channel == "rest") {
        let mut removes = rest.calls(RequestOp::Remove);
        if let Some(ability) = route.way.can.get_mut(&Verb::Remove) {
            ability.hands_over = removes.any(|call| call.blanks().contains(&Blank::Successor));
        }
    }
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
