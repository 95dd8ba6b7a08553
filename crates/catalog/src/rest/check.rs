//! What must hold between the parts of a `[rest]` section.

use toml::Spanned;

use super::{Blank, Call, Example, Paging, Rest, RestText, Send, Spot, Turn};
use crate::app::RouteFacts;
use crate::check::{OBSERVE, Place};
use crate::error::Error;
use crate::request::{Method, RequestOp};

/// Checks the section and takes it apart.
///
/// # Errors
/// The first thing that is not as it must be.
pub(crate) fn rest(text: Spanned<RestText>, place: &Place<'_>) -> Result<Rest, Error> {
    if text.get_ref().account.get_ref().key.to_string().is_empty() {
        let message = "Say in `key` where an item holds the app's stable id of the account.";
        return Err(place.error(&text.get_ref().account, message));
    }
    for call in &text.get_ref().call {
        one_call(call, text.get_ref(), place)?;
    }
    for word in &text.get_ref().can {
        can_do(word, text.get_ref(), place)?;
    }
    let at = text.span();
    let text = text.into_inner();
    let settings = text.settings;
    let rest = Rest {
        base_url: text.base_url,
        settings: settings
            .iter()
            .map(|(name, what)| (name.clone(), what.get_ref().clone()))
            .collect(),
        auth: text.auth,
        headers: text.headers,
        paging: text.paging,
        account: text.account.into_inner(),
        group: text.group,
        calls: text.call.into_iter().map(Spanned::into_inner).collect(),
        limits: text.limits,
        lowest_role: text.lowest_role,
    };
    let address = rest.base_url.to_string();
    if !address.starts_with("https://") && !address.starts_with("{") || address.ends_with('/') {
        let message =
            "`base_url` must begin with https:// or with a blank, and not end with a slash.";
        return Err(Error::at(place.file, place.content, at.start, message));
    }
    let used = rest.settings_used();
    if let Some((name, what)) = settings.iter().find(|(name, _)| !used.contains(name.as_str())) {
        let message = format!("No blank uses the setting `{name}`. Take it out or use it.");
        return Err(place.error(what, message));
    }
    Ok(rest)
}

/// The calls that an operation of ours needs; any one of them will do.
fn calls_for(word: &str) -> &'static [RequestOp] {
    match word {
        OBSERVE => &[RequestOp::List],
        "create" => &[RequestOp::Create, RequestOp::Invite],
        "update" => &[RequestOp::Update],
        "suspend" => &[RequestOp::Suspend],
        "reactivate" => &[RequestOp::Reactivate],
        "remove" => &[RequestOp::Remove],
        "grant" => &[RequestOp::Grant, RequestOp::SetRole],
        _ => &[RequestOp::Revoke, RequestOp::SetRole],
    }
}

fn can_do(word: &Spanned<String>, text: &RestText, place: &Place<'_>) -> Result<(), Error> {
    let wanted = calls_for(word.get_ref());
    if text.call.iter().any(|call| wanted.contains(&call.get_ref().op)) {
        return Ok(());
    }
    let message = format!(
        "The route can `{}` and has no [[rest.call]] for it. Add one, or take the word out.",
        word.get_ref()
    );
    Err(place.error(word, message))
}

fn one_call(call: &Spanned<Call>, text: &RestText, place: &Place<'_>) -> Result<(), Error> {
    let wrong = |message: String| Err(place.error(call, message));
    let said = call.get_ref();
    if said.method == Method::Cli {
        return wrong("A command-line program cannot be called over REST.".into());
    }
    let path = said.path.to_string();
    if !path.is_empty() && !path.starts_with('/') {
        return wrong(format!(
            "The path `{path}` must begin with a slash; the host is in `base_url`."
        ));
    }
    let is_list =
        matches!(said.op, RequestOp::List | RequestOp::ListGroups | RequestOp::ListMembers);
    if !is_list && (said.paging.is_some() || said.account.is_some() || said.state.is_some()) {
        return wrong("Only a list has `paging`, `account` and `state` of its own.".into());
    }
    if said.body.is_none() && said.send != Send::Json {
        return wrong("`send` says how a body goes out, and there is none.".into());
    }
    if said.send == Send::Merged && !text.call.iter().any(|c| c.get_ref().op == RequestOp::Get) {
        return wrong("A body that is merged needs a call `get` that shows the account.".into());
    }
    let pages_in_path = |paging: &Paging| match &paging.turn {
        Turn::Page { at, .. }
        | Turn::Offset { at, .. }
        | Turn::Cursor { at, .. }
        | Turn::After { at, .. } => *at == Spot::Path,
        Turn::Single | Turn::Link { .. } => false,
    };
    let paging = said.paging.as_ref().unwrap_or(&text.paging);
    for blank in said.blanks() {
        let is_known = match &blank {
            Blank::Setting(name) => text.settings.contains_key(name),
            Blank::Id(name) => {
                said.account.as_ref().unwrap_or(text.account.get_ref()).ids.contains_key(name)
            }
            Blank::Page => is_list && pages_in_path(paging),
            Blank::Operation => said.later.is_some(),
            Blank::Group => !matches!(said.op, RequestOp::List | RequestOp::ListGroups),
            _ => !matches!(said.op, RequestOp::List | RequestOp::ListGroups),
        };
        if !is_known {
            return wrong(format!("Nothing fills {blank} here. {}", remedy(&blank)));
        }
    }
    Ok(())
}

fn remedy(blank: &Blank) -> &'static str {
    match blank {
        Blank::Setting(_) => {
            "If the instance gives it, name it in [rest.settings]; otherwise use one of {account}, \
             {login}, {email}, {given_name}, {family_name}, {display_name}, {external_id}, \
             {worker_number}, {group}, {role}, {successor}, {page}, {operation}, {id.NAME}."
        }
        Blank::Id(_) => "Say in `ids` of [rest.account] where an item holds it.",
        Blank::Page => "Use it in a list whose paging says `at = \"{page}\"`.",
        Blank::Operation => "It belongs into `later`.",
        _ => "A list is read before any account is known.",
    }
}

/// Checks that each example can be what it says.
///
/// # Errors
/// The first one that cannot.
pub(crate) fn examples(
    texts: Vec<Spanned<Example>>,
    rest: Option<&Rest>,
    place: &Place<'_>,
) -> Result<Vec<Example>, Error> {
    for text in &texts {
        let example = text.get_ref();
        let bodies = [("body", &example.body), ("answer", &example.answer)];
        for (name, body) in bodies {
            if body.is_empty() || is_form(body) {
                continue;
            }
            if let Err(cause) = serde_json::from_str::<serde_json::Value>(body) {
                return Err(
                    place.error(text, format!("The {name} of this example is no JSON: {cause}."))
                );
            }
        }
        let (method, target) = example.request.split_once(' ').unwrap_or_default();
        let path = target.split_once('?').map_or(target, |(path, _)| path);
        let fits = |call: &Call| {
            call.op == example.op
                && call.method.to_string() == method
                && (call.path.read(path).is_some() || pages(call, path))
        };
        if rest.is_none_or(|rest| !rest.calls.iter().any(fits)) {
            let message = format!(
                "No [[rest.call]] for `{}` sends `{}`. Correct the one or the other.",
                example.request,
                example.op.title()
            );
            return Err(place.error(text, message));
        }
    }
    Ok(texts.into_iter().map(Spanned::into_inner).collect())
}

/// A form body is `name=value` pairs and no JSON.
fn is_form(body: &str) -> bool {
    !body.starts_with(['{', '[']) && body.contains('=')
}

/// An empty path is no match of any template but the empty one.
fn pages(call: &Call, path: &str) -> bool {
    call.path.to_string().is_empty() && matches!(path, "" | "/")
}

/// What a route can do and no example shows, by our words.
pub(crate) fn unshown(route: &RouteFacts, examples: &[Example]) -> Vec<&'static str> {
    let words = route.way.can.keys().map(|verb| verb.as_str());
    let words = words.chain(route.observes.then_some(OBSERVE));
    let is_shown = |word: &&str| {
        calls_for(word).iter().any(|op| examples.iter().any(|example| example.op == *op))
    };
    words.filter(|word| !is_shown(word)).collect()
}
