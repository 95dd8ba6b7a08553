//! What does DELETE really do to an account?

use serde_json::{Map, Value, json};

use super::ask::{Ask, Method, Until};
use super::known::{Known, reply};
use super::make::{account, told};
use super::question::{Needs, Question, each};
use super::reply::Heard;
use super::verdict::Verdict;
use crate::read;

pub(super) const QUESTIONS: &[Question] = &[
    Question::new("delete.effect", "RFC 7644 §3.6", ask_delete, judge_delete)
        .asks("Does DELETE remove an account, or only switch it off?")
        .matters("What seems to be gone can come back; or what should come back is gone.")
        .needs(Needs::User),
    Question::new("delete.listed", "RFC 7644 §3.6", ask_listed, judge_listed)
        .asks("Is an account left out of lists after DELETE?")
        .matters("An account that is gone is found, and its login counts as taken.")
        .needs(Needs::User),
    Question::new("delete.again", "RFC 7644 §3.6", ask_again, judge_again)
        .asks("Is a second DELETE answered with 404?")
        .matters("A client that repeats a request cannot tell that the first one worked.")
        .needs(Needs::User),
    Question::new("delete.recreate", "RFC 7644 §3.6", ask_recreate, judge_recreate)
        .asks("Can an account of the same login be made again, under a new id?")
        .matters(
            "Somebody who comes back cannot be let in, or gets the old account with its rights.",
        )
        .needs(Needs::User),
];

/// The id of the account, where it is ours to remove.
fn ours(known: &Known) -> Result<&str, String> {
    let id = known.user_id()?;
    if known.before.is_some() {
        return Err("The account was there before, so it is not removed.".to_owned());
    }
    Ok(id)
}

fn ask_delete(known: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    let id = ours(known)?;
    let look = Ask::get(&["Users", id]).until(Until::GoneOrInactive);
    each(heard, vec![Ask::new(Method::Delete, &["Users", id]), look])
}

fn judge_delete(known: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    ours(known)?;
    let (answer, after) = (reply(heard, 0)?, reply(heard, 1)?);
    if !answer.is_success() {
        let says = format!("DELETE is refused with {}.", answer.said());
        return Ok(match answer.is_not_offered() {
            true => Verdict::deviates("unsupported", says),
            false => Verdict::deviates("refused", says),
        });
    }
    let active = after.object().and_then(|user| read::boolean_of(user, "active"));
    Ok(match (answer.status, after.status, active) {
        (204, 404, _) => Verdict::conforms("delete", "It is answered with 204 and is then 404."),
        (status, 404 | 410, _) => {
            let says = format!("It is gone; the answers were {status} and {}.", after.status);
            Verdict::deviates("delete", says)
        }
        (_, 200, Some(false)) => Verdict::deviates(
            "deactivate",
            "DELETE only switches the account off: it can still be read.",
        ),
        (status, after, _) => {
            let says =
                format!("It is answered with {status}, and a look with {after}: nothing changed.");
            Verdict::deviates("nothing", says)
        }
    })
}

fn deleted(known: &Known) -> Result<&str, String> {
    let id = ours(known)?;
    match known.found.get("delete.effect").map(String::as_str) {
        Some("delete" | "deactivate") => Ok(id),
        _ => Err("It rests on `delete.effect`, which did not work.".to_owned()),
    }
}

fn ask_listed(known: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    deleted(known)?;
    let filter = format!("userName eq {}", json!(known.sandbox()?.login));
    each(heard, vec![Ask::get(&["Users"]).query("filter", filter).query("count", "100")])
}

fn judge_listed(known: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    let id = deleted(known)?;
    let list = reply(heard, 0)?.list()?;
    let is_it = |user: &Map<String, Value>| read::text_of(user, "id").as_deref() == Some(id);
    let users: Vec<_> = list.items().iter().filter_map(Value::as_object).collect();
    if users.iter().any(|user| is_it(user)) {
        return Ok(Verdict::deviates("listed", "It still comes in lists."));
    }
    if list.total_results.is_some_and(|total| total > users.len() as u64) {
        return Err("The list is too long to see whether it is in it.".to_owned());
    }
    Ok(Verdict::conforms("left_out", "It does not come in lists any more."))
}

fn ask_again(known: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    let id = deleted(known)?;
    if known.found.get("delete.effect").is_some_and(|it| it == "deactivate") {
        return Err("The account is only switched off, so it is still there.".to_owned());
    }
    each(heard, vec![Ask::new(Method::Delete, &["Users", id])])
}

fn judge_again(known: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    deleted(known)?;
    let answer = reply(heard, 0)?;
    Ok(match answer.status {
        404 => Verdict::conforms("404", "A second DELETE is answered with 404."),
        200..=299 => {
            let says = format!(
                "A second DELETE is answered with {}, as if it did something.",
                answer.status
            );
            Verdict::deviates("success", says)
        }
        _ => Verdict::deviates(
            answer.status,
            format!("A second DELETE is answered with {}.", answer.said()),
        ),
    })
}

fn ask_recreate(known: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    deleted(known)?;
    let make = Ask::new(Method::Post, &["Users"]).body(account(&known.sandbox()?.login));
    each(heard, vec![make])
}

fn judge_recreate(known: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    let old = deleted(known)?;
    let made = reply(heard, 0)?;
    if !made.is_success() {
        let says = format!("The login cannot be used again: {}{}.", made.said(), told(made));
        return Ok(Verdict::deviates("refused", says));
    }
    let id = made.object().and_then(|user| read::text_of(user, "id"));
    Ok(match id {
        Some(id) if id == old => {
            Verdict::deviates("same_id", "The old account comes back under its old id.")
        }
        Some(_) => Verdict::conforms("new_id", "It can be made again and gets a new id."),
        None => Verdict::deviates("no_id", "It can be made again, but no id is told."),
    })
}
