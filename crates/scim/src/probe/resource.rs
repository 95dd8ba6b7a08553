//! Is one user what RFC 7643 says, and can a part of it be asked for?

use serde_json::Value;

use super::ask::Ask;
use super::known::{Known, reply};
use super::question::{Question, each};
use super::reply::Heard;
use super::verdict::Verdict;
use crate::{read, schema};

pub(super) const QUESTIONS: &[Question] = &[
    Question::new("user.shape", "RFC 7643 §3.1", ask_user, judge_shape)
        .asks("Is one account answered in the types and with the common attributes of the RFC?")
        .matters("A strict client cannot read it."),
    Question::new("user.location", "RFC 7643 §3.1", ask_user, judge_location)
        .asks("Is `meta.location` the whole address of the account?")
        .matters("A client that goes by it asks at the wrong place."),
    Question::new("user.attributes", "RFC 7644 §3.9", ask_some, judge_some)
        .asks("Does `attributes` leave out the rest and keep id and schemas?")
        .matters("A client gets more than it may see, or cannot read what it gets."),
    Question::new("user.excluded_attributes", "RFC 7644 §3.9", ask_without, judge_without)
        .asks("Does `excludedAttributes` leave out what it names, and never the id?")
        .matters("Groups with many members are sent whole on every read."),
    Question::new("version.shown", "RFC 7644 §3.14", ask_user, judge_version)
        .asks("Does an account come with a version?")
        .matters("A client cannot tell that somebody else changed it meanwhile."),
    Question::new("version.none_match", "RFC 7644 §3.14", ask_none_match, judge_none_match)
        .asks("Is an account that did not change answered with 304?")
        .matters("A client reads again what it has."),
    Question::new("error.missing_user", "RFC 7644 §3.12", ask_nobody, judge_missing)
        .asks("Is an id that does not exist answered with 404 and a SCIM error?")
        .matters("A client cannot tell an account that is gone from a fault."),
    Question::new("error.missing_endpoint", "RFC 7644 §3.12", ask_nowhere, judge_missing)
        .asks("Is an endpoint that does not exist answered with 404 and a SCIM error?")
        .matters("Clients that read every error as JSON break on it."),
];

fn ask_user(known: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    each(heard, vec![Ask::get(&["Users", &known.sample_text("id")?])])
}

fn judge_shape(_: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    let reply = reply(heard, 0)?;
    let Some(user) = reply.object().filter(|_| reply.is_success()) else {
        let says = format!("An account of the list cannot be read by its id: {}.", reply.said());
        return Ok(Verdict::deviates("unreadable", says));
    };
    let meta = read::get(user, "meta").and_then(Value::as_object);
    let kind = meta.and_then(|it| read::text_of(it, "resourceType"));
    let is = |name: &str, fits: fn(&Value) -> bool| read::get(user, name).is_none_or(fits);
    let checks = [
        (user.get("id").is_some_and(Value::is_string), "`id` is not text"),
        (user.get("userName").is_some_and(Value::is_string), "`userName` is not text"),
        (
            read::get(user, "schemas").is_some_and(Value::is_array)
                && read::texts_of(user, "schemas").iter().any(|uri| uri == schema::USER),
            "`schemas` does not list the user schema",
        ),
        (kind.as_deref() == Some("User"), "`meta.resourceType` is not `User`"),
        (is("active", Value::is_boolean), "`active` is not true or false"),
        (is("emails", Value::is_array), "`emails` is not a list"),
        (is("name", Value::is_object), "`name` is not an object"),
        (is("password", Value::is_null), "it shows a password"),
    ];
    let faults: Vec<String> =
        checks.iter().filter(|(fits, _)| !fits).map(|(_, fault)| (*fault).to_owned()).collect();
    let fine = "An account has id, schemas, meta and userName, each in its type.";
    Ok(Verdict::of_faults("user", fine, "An account can be read, but", &faults))
}

fn judge_location(known: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    let reply = reply(heard, 0)?;
    let user = reply.object().ok_or("The account could not be read.")?;
    let meta = read::get(user, "meta").and_then(Value::as_object);
    let id = known.sample_text("id")?;
    Ok(match meta.and_then(|it| read::text_of(it, "location")) {
        None => Verdict::deviates("missing", "`meta.location` is missing."),
        Some(place) if !place.contains("://") => {
            Verdict::deviates("relative", "`meta.location` is only a part of an address.")
        }
        Some(place) if place.ends_with(&format!("/{id}")) => {
            Verdict::conforms("whole", "`meta.location` is the whole address of the account.")
        }
        Some(_) => Verdict::deviates("other", "`meta.location` does not end in the account's id."),
    })
}

fn ask_some(known: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    let id = known.sample_text("id")?;
    each(heard, vec![Ask::get(&["Users", &id]).query("attributes", "userName")])
}

fn judge_some(_: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    let reply = reply(heard, 0)?;
    let user = reply.object().filter(|_| reply.is_success());
    let Some(user) = user else {
        return Ok(Verdict::deviates("refused", format!("It is answered with {}.", reply.said())));
    };
    let shown = |name: &str| read::get(user, name).is_some();
    let mut faults: Vec<String> = Vec::new();
    for name in ["id", "schemas", "userName"] {
        if !shown(name) {
            faults.push(format!("`{name}` is left out"));
        }
    }
    for name in ["meta", "emails", "displayName", "active", "name"] {
        if shown(name) {
            faults.push(format!("`{name}` comes although it was not asked for"));
        }
    }
    let fine = "`attributes=userName` gives userName, id and schemas.";
    Ok(Verdict::of_faults("honoured", fine, "`attributes=userName` is odd", &faults))
}

fn ask_without(known: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    let id = known.sample_text("id")?;
    let without = |name: &str| Ask::get(&["Users", &id]).query("excludedAttributes", name);
    each(heard, vec![without("userName"), without("id,schemas")])
}

fn judge_without(_: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    let (first, second) = (reply(heard, 0)?, reply(heard, 1)?);
    let mut faults = Vec::new();
    match first.object().filter(|_| first.is_success()) {
        None => faults.push(format!("it is answered with {}", first.said())),
        Some(user) if read::get(user, "userName").is_some() => {
            faults.push("what it names comes all the same".to_owned());
        }
        Some(_) => {}
    }
    match second.object().filter(|_| second.is_success()) {
        None => faults.push(format!("leaving out the id is answered with {}", second.said())),
        Some(user) => {
            let gone = ["id", "schemas"].into_iter().filter(|name| read::get(user, name).is_none());
            faults
                .extend(gone.map(|name| format!("it takes away `{name}`, which is always there")));
        }
    }
    let fine = "`excludedAttributes` leaves out what it names and keeps the id.";
    Ok(Verdict::of_faults("honoured", fine, "`excludedAttributes` is odd", &faults))
}

fn judge_version(known: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    let reply = reply(heard, 0)?;
    let user = reply.object().ok_or("The account could not be read.")?;
    let meta = read::get(user, "meta").and_then(Value::as_object);
    let in_meta = meta.and_then(|it| read::text_of(it, "version"));
    let in_header = reply.header("etag");
    let promised = known.promises("etag").unwrap_or(false);
    Ok(match (in_header, in_meta) {
        (Some(header), Some(meta)) if header == meta => {
            Verdict::conforms("both", "The version is in ETag and in meta.version, and the same.")
        }
        (Some(_), Some(_)) => Verdict::deviates("differ", "ETag and meta.version differ."),
        (Some(_), None) => {
            Verdict::noted("header", "An ETag comes, but no meta.version; perhaps only of a proxy.")
        }
        (None, Some(_)) => Verdict::deviates("meta", "meta.version is there, but no ETag header."),
        (None, None) if promised => {
            Verdict::deviates("none", "No version comes, although the server promises one.")
        }
        (None, None) => Verdict::absent("none", "No version comes."),
    })
}

fn ask_none_match(known: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    let ask = Ask::get(&["Users", &known.sample_text("id")?]);
    let version = match heard.first() {
        None => return Ok(Some(ask)),
        Some(it) => it.reply()?.header("etag").map(str::to_owned),
    };
    let version = version.ok_or("No ETag comes, so there is none to send.")?;
    Ok((heard.len() == 1).then_some(Ask { if_none_match: Some(version), ..ask }))
}

fn judge_none_match(known: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    reply(heard, 0)?.header("etag").ok_or("No ETag comes, so there is none to send.")?;
    let again = reply(heard, 1)?;
    Ok(match again.status {
        304 => Verdict::conforms("304", "An account that did not change is answered with 304."),
        _ if known.promises("etag") == Some(true) => Verdict::deviates(
            again.status,
            format!("It is answered with {}, although versions are promised.", again.said()),
        ),
        _ => Verdict::absent(again.status, "The account is sent again although it did not change."),
    })
}

fn ask_nobody(_: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    each(heard, vec![Ask::get(&["Users", "rollbook-probe-no-such-id"])])
}

fn ask_nowhere(_: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    each(heard, vec![Ask::get(&["RollbookProbeNoSuchEndpoint"])])
}

fn judge_missing(_: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    let reply = reply(heard, 0)?;
    if reply.status != 404 {
        let says = format!("It is answered with {} and not 404.", reply.said());
        return Ok(Verdict::deviates(reply.status, says));
    }
    let fine = "It is 404 with a SCIM error.";
    Ok(Verdict::of_faults("404", fine, "It is 404, but", &reply.error_faults()))
}
