//! What does PUT do, and what does it take away?

use serde_json::{Map, Value, json};

use super::ask::{Ask, Method};
use super::known::{Known, reply};
use super::make::account;
use super::question::{Needs, Question, each};
use super::reply::Heard;
use super::verdict::Verdict;
use crate::{read, schema};

pub(super) const QUESTIONS: &[Question] = &[
    Question::new("put.active", "RFC 7644 §3.5.1", ask_off, judge_off)
        .asks("Does PUT of the whole account switch it off?")
        .matters("A client that cannot use PATCH cannot cut access.")
        .needs(Needs::User),
    Question::new("put.without_active", "RFC 7644 §3.5.1", ask_without, judge_without)
        .asks("Does a PUT that does not speak of `active` leave the account on?")
        .matters("A client that changes a name locks somebody out.")
        .needs(Needs::User),
    Question::new("put.clears", "RFC 7644 §3.5.1", ask_bare, judge_clears)
        .asks("Does PUT take away what it does not name?")
        .matters("A client that sends half an account loses the other half, or cannot clear it.")
        .needs(Needs::User),
];

/// The account with some attributes left out, under its id.
fn put(known: &Known, change: impl Fn(&mut Map<String, Value>)) -> Result<Ask, String> {
    let id = known.user_id()?;
    let mut body = match &known.before {
        Some(before) => before.clone(),
        None => match account(&known.sandbox()?.login) {
            Value::Object(body) => body,
            _ => Map::new(),
        },
    };
    body.insert("id".to_owned(), json!(id));
    change(&mut body);
    Ok(Ask::new(Method::Put, &["Users", id]).body(Value::Object(body)))
}

fn look(known: &Known) -> Result<Ask, String> {
    Ok(Ask::get(&["Users", known.user_id()?]))
}

fn set(body: &mut Map<String, Value>, name: &str, value: Value) {
    let key = read::key(body, name).unwrap_or(name).to_owned();
    body.insert(key, value);
}

fn ask_off(known: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    let active = |to: bool| put(known, |body| set(body, "active", json!(to)));
    each(heard, vec![active(false)?, look(known)?, active(true)?, look(known)?])
}

fn judge_off(_: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    let active = |at: usize| -> Result<Option<bool>, String> {
        let seen = reply(heard, at)?.object().ok_or("The account could not be looked at.")?;
        Ok(read::boolean_of(seen, "active"))
    };
    let (off, on) = (reply(heard, 0)?, reply(heard, 2)?);
    if off.is_not_offered() {
        return Ok(Verdict::deviates("absent", format!("PUT is not there: {}.", off.said())));
    }
    if !off.is_success() {
        let told = super::make::told(off);
        return Ok(Verdict::deviates(
            "refused",
            format!("PUT is refused with {}{told}.", off.said()),
        ));
    }
    Ok(match (active(1)?, active(3)?) {
        (Some(false), Some(true)) => {
            Verdict::conforms("honoured", "PUT switches it off and on again.")
        }
        (Some(false), _) => {
            let says = format!("PUT switches it off, but not on again: {}.", on.said());
            Verdict::deviates("off_only", says)
        }
        _ => {
            let says = format!("PUT is answered with {}, and the account stays on.", off.status);
            Verdict::deviates("ignored", says)
        }
    })
}

fn works(known: &Known) -> Result<(), String> {
    match known.found.get("put.active").map(String::as_str) {
        Some("honoured") => Ok(()),
        _ => Err("It rests on `put.active`, which did not work.".to_owned()),
    }
}

fn ask_without(known: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    works(known)?;
    let silent = put(known, |body| {
        if let Some(key) = read::key(body, "active").map(str::to_owned) {
            body.remove(&key);
        }
    });
    let on = put(known, |body| set(body, "active", json!(true)));
    each(heard, vec![silent?, look(known)?, on?, look(known)?])
}

fn judge_without(known: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    works(known)?;
    let answer = reply(heard, 0)?;
    if !answer.is_success() {
        let says = format!("A PUT without `active` is refused with {}.", answer.said());
        return Ok(Verdict::noted("refused", says));
    }
    let seen = reply(heard, 1)?.object().ok_or("The account could not be looked at.")?;
    Ok(match read::boolean_of(seen, "active") {
        Some(true) => {
            Verdict::conforms("stays_on", "A PUT without `active` leaves the account on.")
        }
        None => Verdict::noted("unassigned", "After a PUT without `active` it has no value."),
        Some(false) => {
            Verdict::deviates("switches_off", "A PUT without `active` switches the account off.")
        }
    })
}

/// What is left out of the bare account, to see what becomes of it.
const LEFT_OUT: [&str; 3] = ["displayName", "name", "emails"];

fn ask_bare(known: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    works(known)?;
    if known.before.is_some() {
        return Err(
            "The account was there before, and this may take things away from it.".to_owned()
        );
    }
    let id = known.user_id()?;
    let body = json!({
        "schemas": [schema::USER], "id": id, "userName": known.sandbox()?.login, "active": true,
    });
    let bare = Ask::new(Method::Put, &["Users", id]).body(body);
    let whole = put(known, |_| {})?;
    each(heard, vec![bare, look(known)?, whole, look(known)?])
}

fn judge_clears(known: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    works(known)?;
    let answer = reply(heard, 0)?;
    if !answer.is_success() {
        let told = super::make::told(answer);
        let says =
            format!("A PUT of login and `active` alone is refused with {}{told}.", answer.said());
        return Ok(Verdict::noted("refused", says));
    }
    let seen = reply(heard, 1)?.object().ok_or("The account could not be looked at.")?;
    let (kept, gone): (Vec<&str>, Vec<&str>) = LEFT_OUT.into_iter().partition(|name| {
        read::get(seen, name).is_some_and(|it| !matches!(it, Value::Null) && *it != json!([]))
    });
    Ok(match (kept.as_slice(), gone.as_slice()) {
        ([], _) => Verdict::noted("clears", "PUT takes away what it does not name."),
        (_, []) => Verdict::noted("keeps", "PUT leaves what it does not name."),
        (kept, gone) => {
            let says =
                format!("PUT takes away {}, and leaves {}.", gone.join(", "), kept.join(", "));
            Verdict::noted("some", says)
        }
    })
}
