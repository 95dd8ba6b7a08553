//! Can be searched by POST, and is there an alias for whoever asks?

use serde_json::{Value, json};

use super::ask::{Ask, Method};
use super::known::{Known, reply};
use super::question::{Question, each};
use super::reply::Heard;
use super::verdict::Verdict;
use crate::{read, schema};

pub(super) const QUESTIONS: &[Question] = &[
    Question::new("search.post", "RFC 7644 §3.4.3", ask_search, judge_search)
        .asks("Can users be searched by POST to /Users/.search?")
        .matters("What is searched for stands in addresses, and so in logs."),
    Question::new(
        "me",
        "RFC 7644 §3.11",
        |_, heard| each(heard, vec![Ask::get(&["Me"])]),
        judge_me,
    )
    .asks("Does /Me stand for whoever asks, or say 501?")
    .matters("A client cannot tell whether there is such a thing."),
];

fn ask_search(known: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    let login = json!(known.sample_text("userName")?);
    let body = json!({
        "schemas": [schema::SEARCH_REQUEST],
        "filter": format!("userName eq {login}"),
        "startIndex": 1,
        "count": 10,
    });
    each(heard, vec![Ask::new(Method::Post, &["Users", ".search"]).body(body)])
}

fn judge_search(known: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    let (reply, id) = (reply(heard, 0)?, known.sample_text("id")?);
    if !reply.is_success() {
        let says = format!("A search by POST is refused with {}.", reply.said());
        return Ok(Verdict::absent("refused", says));
    }
    let list = reply.list()?;
    let is_it = |item: &Value| {
        item.as_object().and_then(|it| read::text_of(it, "id")).as_ref() == Some(&id)
    };
    Ok(match list.items() {
        [one] if is_it(one) => {
            Verdict::conforms("works", "A search by POST finds the account and nothing else.")
        }
        [] => Verdict::deviates("misses", "A search by POST does not find an account that fits."),
        _ => Verdict::deviates(
            "ignored",
            "A search by POST passes over its filter: accounts come that do not fit.",
        ),
    })
}

fn judge_me(_: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    let reply = reply(heard, 0)?;
    Ok(match reply.status {
        200..=299 | 307 | 308 => Verdict::conforms("works", "/Me stands for whoever asks."),
        501 => Verdict::absent("absent", "/Me is not there, and the server says so with 501."),
        _ => {
            let says = format!("/Me is answered with {} and not 501.", reply.said());
            Verdict::deviates(reply.status, says)
        }
    })
}
