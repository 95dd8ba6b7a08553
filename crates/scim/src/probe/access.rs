//! Does the server keep out who has no token, and say how fast it may be asked?

use super::ask::{Access, Ask};
use super::known::{Known, reply};
use super::question::{Question, each};
use super::reply::Heard;
use super::verdict::Verdict;

pub(super) const QUESTIONS: &[Question] = &[
    Question::new("access.no_token", "RFC 7644 §2", ask_none, judge)
        .asks("Is a request without a token refused with 401?")
        .matters("Anybody can read who works here; or a client cannot tell a bad token."),
    Question::new("access.wrong_token", "RFC 7644 §2", ask_wrong, judge)
        .asks("Is a request with a token that nobody gave out refused with 401?")
        .matters("Anybody can read who works here; or a client cannot tell a bad token."),
];

/// What can only be said after everything else.
pub(super) const LAST: &[Question] =
    &[Question::new("rate.headers", "RFC 6585 §4", |_, _| Ok(None), judge_rate)
        .asks("Do answers say how fast the server may be asked?")
        .matters("A client finds the limit only by being refused.")];

fn ask_none(_: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    let ask = Ask::get(&["Users"]).query("count", "1");
    each(heard, vec![Ask { access: Access::None, ..ask }])
}

fn ask_wrong(_: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    let ask = Ask::get(&["Users"]).query("count", "1");
    each(heard, vec![Ask { access: Access::Wrong, ..ask }])
}

fn judge(_: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    let reply = reply(heard, 0)?;
    match reply.status {
        200..=299 => {
            let says = "The server answers without a valid token. Everybody can read it.";
            return Ok(Verdict::deviates("open", says));
        }
        401 => {}
        _ => {
            let says = format!("It is refused, but with {} and not 401.", reply.said());
            return Ok(Verdict::deviates(reply.status, says));
        }
    }
    let mut faults = reply.error_faults();
    if reply.header("www-authenticate").is_none() {
        faults.push("there is no WWW-Authenticate header".to_owned());
    }
    let fine = "It is refused with 401, WWW-Authenticate and a SCIM error.";
    Ok(Verdict::of_faults("401", fine, "It is refused with 401, but", &faults))
}

fn judge_rate(known: &Known, _: &[Heard]) -> Result<Verdict, String> {
    let slowed = match known.throttled {
        0 => "It never asked us to slow down.".to_owned(),
        1 => "It asked us once to slow down.".to_owned(),
        times => format!("It asked us {times} times to slow down."),
    };
    if known.rate_headers.is_empty() {
        let says = format!("No header tells how fast the server may be asked. {slowed}");
        return Ok(Verdict::noted("none", says));
    }
    let names: Vec<&str> = known.rate_headers.iter().map(String::as_str).collect();
    Ok(Verdict::noted(
        names.join(" "),
        format!("Headers tell of it: {}. {slowed}", names.join(", ")),
    ))
}
