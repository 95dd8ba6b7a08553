//! Does the server say of itself what it can do, and in the form that clients read?

use serde_json::Value;

use super::ask::Ask;
use super::known::{Known, reply};
use super::question::{Question, each};
use super::reply::{Heard, Reply};
use super::verdict::Verdict;
use crate::{read, schema};

/// What `/ServiceProviderConfig` must speak of (RFC 7643 §5).
const FEATURES: [&str; 7] =
    ["patch", "bulk", "filter", "changePassword", "sort", "etag", "authenticationSchemes"];

pub(super) const QUESTIONS: &[Question] = &[
    Question::new("discovery.config", "RFC 7644 §4", ask_config, judge_config)
        .asks("Does /ServiceProviderConfig say what the server can do?")
        .matters("A client cannot know whether PATCH, filters or paging can be used.")
        .learns(learn_config),
    Question::new("discovery.resource_types", "RFC 7644 §4", ask_types, judge_types)
        .asks("Does /ResourceTypes list users?")
        .matters("A client that builds its addresses from it finds nobody."),
    Question::new("discovery.schemas", "RFC 7644 §4", ask_schemas, judge_schemas)
        .asks("Does /Schemas list the user schema with its attributes?")
        .matters("A client that builds its model from it cannot send what is not there."),
    Question::new("discovery.one_schema", "RFC 7644 §4", ask_schema, judge_schema)
        .asks("Is a schema found by its URN, and an unknown one answered with 404?")
        .matters("A client that reads one schema by its name gets nothing, or anything."),
    Question::new("discovery.filter", "RFC 7644 §4", ask_filter, judge_filter)
        .asks("Is a filter on a discovery endpoint refused with 403?")
        .matters("A client may take the whole list for what it asked for."),
];

fn ask_config(_: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    let is_missing = heard.first().is_some_and(|it| matches!(&it.reply, Ok(r) if !r.is_success()));
    match heard.len() {
        0 => Ok(Some(Ask::get(&["ServiceProviderConfig"]))),
        // The name that SCIM 1.1 used, and that some never changed.
        1 if is_missing => Ok(Some(Ask::get(&["ServiceProviderConfigs"]))),
        _ => Ok(None),
    }
}

fn judge_config(_: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    let first = reply(heard, 0)?;
    if let Some(config) = first.object().filter(|_| first.is_success()) {
        let missing = FEATURES.iter().filter(|name| read::get(config, name).is_none());
        let missing: Vec<String> = missing.map(|name| format!("`{name}` is missing")).collect();
        return Ok(Verdict::of_faults(
            "there",
            "/ServiceProviderConfig speaks of every feature.",
            "/ServiceProviderConfig is there, but incomplete",
            &missing,
        ));
    }
    if reply(heard, 1).is_ok_and(Reply::is_success) {
        let says = "It is at /ServiceProviderConfigs, as in SCIM 1.1, and not where 2.0 has it.";
        return Ok(Verdict::deviates("plural", says));
    }
    let says =
        format!("/ServiceProviderConfig is not there: the server answered {}.", first.said());
    Ok(Verdict::deviates("missing", says))
}

fn learn_config(known: &mut Known, heard: &[Heard]) {
    let replies = heard.iter().filter_map(|it| it.reply.as_ref().ok());
    known.config = replies.filter(|it| it.is_success()).find_map(|it| it.object().cloned());
}

fn ask_types(_: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    each(heard, vec![Ask::get(&["ResourceTypes"])])
}

fn judge_types(_: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    let names = |item: &Value| {
        let endpoint = item.as_object().and_then(|it| read::text_of(it, "endpoint"));
        endpoint.is_some_and(|it| it.trim_matches('/').eq_ignore_ascii_case("users"))
    };
    listed(reply(heard, 0)?, "/ResourceTypes", "the endpoint /Users", names)
}

fn ask_schemas(_: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    each(heard, vec![Ask::get(&["Schemas"])])
}

fn judge_schemas(_: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    let names = |item: &Value| {
        let Some(item) = item.as_object() else { return false };
        let attributes = read::list_of(item, "attributes");
        let named = |attribute: &Value, name: &str| {
            attribute.as_object().and_then(|it| read::text_of(it, "name")).as_deref() == Some(name)
        };
        let is_user = read::text_of(item, "id").is_some_and(|id| id == schema::USER);
        is_user && ["userName", "active"].iter().all(|n| attributes.iter().any(|a| named(a, n)))
    };
    listed(reply(heard, 0)?, "/Schemas", "the user schema with userName and active", names)
}

/// Judges a list of the server's own parts, which must hold one that `is_wanted`.
fn listed(
    reply: &Reply,
    place: &str,
    wanted: &str,
    is_wanted: impl Fn(&Value) -> bool,
) -> Result<Verdict, String> {
    if reply.is_not_offered() {
        let says = format!("{place} is not there: the server answered {}.", reply.said());
        return Ok(Verdict::deviates("missing", says));
    }
    let list = reply.list()?;
    let mut faults = list.oddities.clone();
    faults.iter_mut().for_each(|fault| *fault = lowered(fault));
    if !list.items().iter().any(is_wanted) {
        faults.push(format!("{wanted} is not in it"));
    }
    let fine = format!("{place} lists {} and {wanted} is among them.", count(list.items().len()));
    Ok(Verdict::of_faults("there", &fine, &format!("{place} is there, but odd"), &faults))
}

fn count(number: usize) -> String {
    if number == 1 { "1 entry".to_owned() } else { format!("{number} entries") }
}

/// A sentence as part of another.
pub(super) fn lowered(sentence: &str) -> String {
    let mut chars = sentence.trim_end_matches('.').chars();
    let first = chars.next().map(|c| c.to_lowercase().to_string()).unwrap_or_default();
    first + chars.as_str()
}

fn ask_schema(_: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    let unknown = "urn:rollbook:probe:no-such-schema";
    each(heard, vec![Ask::get(&["Schemas", schema::USER]), Ask::get(&["Schemas", unknown])])
}

fn judge_schema(_: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    let (known, unknown) = (reply(heard, 0)?, reply(heard, 1)?);
    if known.is_not_offered() {
        let says = format!("A schema cannot be read by its URN: {}.", known.said());
        return Ok(Verdict::deviates("missing", says));
    }
    let mut faults = Vec::new();
    let id = known.object().and_then(|it| read::text_of(it, "id"));
    if !known.is_success() || id.as_deref() != Some(schema::USER) {
        faults.push(format!("the user schema was answered with {} and not itself", known.said()));
    }
    if unknown.status != 404 {
        faults.push(format!("an unknown schema was answered with {}", unknown.said()));
    }
    let fine = "The user schema is found by its URN, and an unknown one is 404.";
    Ok(Verdict::of_faults("there", fine, "Schemas by their URN are odd", &faults))
}

fn ask_filter(_: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    each(heard, vec![Ask::get(&["Schemas"]).query("filter", "name eq \"User\"")])
}

fn judge_filter(_: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    let reply = reply(heard, 0)?;
    Ok(match reply.status {
        403 => Verdict::conforms("refused", "A filter on /Schemas is refused with 403."),
        200..=299 => {
            Verdict::deviates("accepted", "A filter on /Schemas is taken, or passed over.")
        }
        404 => return Err("/Schemas is not there.".to_owned()),
        _ => Verdict::deviates(
            "other",
            format!("A filter on /Schemas is answered with {} and not 403.", reply.said()),
        ),
    })
}
