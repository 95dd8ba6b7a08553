//! Is an account made as RFC 7644 §3.3 says, how soon is it seen, and can it be made twice?

use serde_json::{Map, Value, json};

use super::ask::{Ask, Method, Until};
use super::known::{Kind, Known, Made, reply};
use super::question::{Needs, Question};
use super::reply::{Heard, Reply};
use super::verdict::Verdict;
use crate::{read, schema};

pub(super) const QUESTIONS: &[Question] = &[
    Question::new("create.answer", "RFC 7644 §3.3", ask_create, judge_create)
        .asks("Is a new account answered with 201, its address and itself?")
        .matters("A client does not learn the id of what it made.")
        .needs(Needs::User)
        .learns(learn_create),
    Question::new("create.settles", "RFC 7644 §3.3", ask_settles, judge_settles)
        .asks("How soon after it was made is an account seen?")
        .matters("A client that looks too early makes it a second time.")
        .needs(Needs::User),
    Question::new("create.duplicate", "RFC 7644 §3.3", ask_duplicate, judge_duplicate)
        .asks("Is a second account of the same login refused with 409 uniqueness?")
        .matters("A request that is sent again makes a second account, or overwrites the first.")
        .needs(Needs::User),
    Question::new("create.duplicate_case", "RFC 7643 §4.1.1", ask_shouted, judge_duplicate)
        .asks("Is a second account of the same login in other capitals refused too?")
        .matters("One person gets two accounts, and only one of them is ever closed.")
        .needs(Needs::User),
    Question::new("create.login_kept", "RFC 7643 §4.1.1", ask_again, judge_login_kept)
        .asks("Is the login kept as it was sent?")
        .matters("A client that compares logins letter by letter no longer finds its account.")
        .needs(Needs::User),
];

/// By this externalId a later probe knows an account that an earlier one left behind.
pub fn mark(login: &str) -> String {
    format!("rollbook-probe:{}", login.to_lowercase())
}

/// The sandbox account as it is made.
pub(super) fn account(login: &str) -> Value {
    let mail =
        if login.contains('@') { login.to_owned() } else { format!("{login}@example.invalid") };
    json!({
        "schemas": [schema::USER],
        "userName": login,
        "externalId": mark(login),
        "displayName": "Rollbook Probe",
        "name": {"givenName": "Rollbook", "familyName": "Probe", "formatted": "Rollbook Probe"},
        "active": true,
        "emails": [{"value": mail, "type": "work", "primary": true}],
    })
}

/// The request that shows whether there is an account with this login already, if one is needed.
fn look(known: &Known) -> Result<Option<Ask>, String> {
    let login = &known.sandbox()?.login;
    let filter = format!("userName eq {}", json!(login));
    match (known.finds_by_login, &known.everybody) {
        (Some(true), _) => Ok(Some(Ask::get(&["Users"]).query("filter", filter))),
        (_, Some(_)) => Ok(None),
        (_, None) if known.total == Some(0) => Ok(None),
        _ => Err("Nobody can tell whether there is such an account already: filters by login do \
                  not work and the list could not be read whole. So nothing was made."
            .to_owned()),
    }
}

/// The id of the account that was there before.
fn there_before(known: &Known, heard: &[Heard]) -> Result<Option<String>, String> {
    let login = known.sandbox()?.login.to_lowercase();
    if look(known)?.is_none() {
        return Ok(known.everybody.as_ref().and_then(|all| all.get(&login)).cloned());
    }
    let list = reply(heard, 0)?.list()?;
    let users = list.items().iter().filter_map(Value::as_object);
    let is_it = |user: &&Map<String, Value>| {
        read::text_of(user, "userName").is_some_and(|it| it.to_lowercase() == login)
    };
    Ok(users.into_iter().find(is_it).and_then(|user| read::text_of(user, "id")))
}

fn ask_create(known: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    let look = look(known)?;
    let looks = usize::from(look.is_some());
    if heard.is_empty() && look.is_some() {
        return Ok(look);
    }
    if heard.len() > looks {
        return Ok(None);
    }
    Ok(Some(match there_before(known, heard)? {
        Some(id) => Ask::get(&["Users", &id]),
        None => Ask::new(Method::Post, &["Users"]).body(account(&known.sandbox()?.login)),
    }))
}

fn judge_create(known: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    if there_before(known, heard)?.is_some() {
        return Err("The account was there before, so it was not made.".to_owned());
    }
    let made = reply(heard, heard.len().saturating_sub(1))?;
    if !made.is_success() {
        let told = told(made);
        return Ok(Verdict::deviates(
            "refused",
            format!("It is refused with {}{told}.", made.said()),
        ));
    }
    let mut faults = Vec::new();
    if made.status != 201 {
        faults.push(format!("the status is {} and not 201", made.status));
    }
    if made.header("location").is_none() {
        faults.push("there is no Location header".to_owned());
    }
    match made.object() {
        None => faults.push("there is no account in the answer".to_owned()),
        Some(user) => {
            let meta = read::get(user, "meta").and_then(Value::as_object);
            for (there, what) in [
                (read::get(user, "id").is_some(), "id"),
                (meta.is_some_and(|it| read::get(it, "created").is_some()), "meta.created"),
                (meta.is_some_and(|it| read::get(it, "location").is_some()), "meta.location"),
            ] {
                if !there {
                    faults.push(format!("`{what}` is missing"));
                }
            }
        }
    }
    let fine = "It is answered with 201, Location and the account.";
    Ok(Verdict::of_faults("201", fine, "It is made, but", &faults))
}

/// The server's own words about a refusal of what we made up ourselves.
pub(super) fn told(reply: &Reply) -> String {
    let detail = match &reply.content {
        super::reply::Content::Json(value) => crate::ErrorMessage::read(value),
        _ => None,
    };
    let detail = detail.and_then(|it| it.detail).unwrap_or_default();
    let detail: String = detail.chars().filter(|c| !c.is_control()).take(120).collect();
    if detail.is_empty() { String::new() } else { format!(" ({})", detail.trim_end_matches('.')) }
}

fn learn_create(known: &mut Known, heard: &[Heard]) {
    let Ok(before) = there_before(known, heard) else { return };
    let Ok(last) = reply(heard, heard.len().saturating_sub(1)) else { return };
    if !last.is_success() {
        return;
    }
    let Some(id) = before else {
        let made = known.made.iter().find(|made| made.kind == Kind::User && !made.id.is_empty());
        known.user = made.map(|made| made.id.clone());
        known.seen = last.object().cloned();
        return;
    };
    let Some(user) = last.object() else { return };
    let login = known.sandbox.as_ref().map(|it| it.login.clone()).unwrap_or_default();
    if read::text_of(user, "externalId") == Some(mark(&login)) {
        // An earlier probe of ours left it behind, so it is ours to remove.
        known.made.insert(Made { kind: Kind::User, id: id.clone() });
    } else {
        known.before = Some(user.clone());
    }
    known.seen = Some(user.clone());
    known.user = Some(id);
}

fn ask_settles(known: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    let id = known.user_id()?;
    if !known.is_ours() || known.found.get("create.answer").is_none_or(String::is_empty) {
        return Err("The account was there before.".to_owned());
    }
    let filter = format!("userName eq {}", json!(known.sandbox()?.login));
    let list = Ask::get(&["Users"]).query("filter", filter).query("count", "100");
    let asks = vec![
        Ask::get(&["Users", id]).until(Until::Status(200)),
        list.until(Until::Lists(id.to_owned())),
    ];
    super::question::each(heard, asks)
}

fn judge_settles(known: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    known.user_id()?;
    let (by_id, in_list) = match heard {
        [by_id, in_list, ..] => (by_id, in_list),
        _ => return Err("It was not asked.".to_owned()),
    };
    by_id.reply()?;
    let seconds = |ms: u64| format!("{}.{}", ms / 1000, ms % 1000 / 100);
    Ok(match (by_id.settled_ms, in_list.settled_ms) {
        (None, _) => Verdict::deviates("never", "It could not be read within the time given."),
        (Some(_), None) => {
            Verdict::deviates("not_listed", "It can be read, but a list never showed it.")
        }
        (Some(id), Some(list)) if by_id.tries + in_list.tries == 2 => Verdict::conforms(
            "at_once",
            format!(
                "It is seen at once ({} s by its id, {} s in a list).",
                seconds(id),
                seconds(list)
            ),
        ),
        (Some(id), Some(list)) => Verdict::noted(
            format!("{}s", seconds(id.max(list))),
            format!(
                "It is seen after {} s by its id and {} s in a list.",
                seconds(id),
                seconds(list)
            ),
        ),
    })
}

fn ask_duplicate(known: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    known.user_id()?;
    // An account that was there before is not put at risk: some servers overwrite it.
    ours(known)?;
    let again = Ask::new(Method::Post, &["Users"]).body(account(&known.sandbox()?.login));
    super::question::each(heard, vec![again])
}

fn ours(known: &Known) -> Result<(), String> {
    if known.is_ours() { Ok(()) } else { Err("The account was there before.".to_owned()) }
}

fn ask_shouted(known: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    known.user_id()?;
    ours(known)?;
    let login = &known.sandbox()?.login;
    let up = login.to_uppercase();
    let other = if up == *login { login.to_lowercase() } else { up };
    if other == *login {
        return Err("The login has no letters.".to_owned());
    }
    let again = Ask::new(Method::Post, &["Users"]).body(account(&other));
    super::question::each(heard, vec![again])
}

fn judge_duplicate(known: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    known.user_id()?;
    ours(known)?;
    let reply = reply(heard, 0)?;
    if reply.is_success() {
        let id = reply.object().and_then(|it| read::text_of(it, "id"));
        return Ok(if id.as_deref() == known.user.as_deref() {
            Verdict::deviates("overwrites", "It is taken, and the account that was there changed.")
        } else {
            Verdict::deviates("twin", "It is taken: a second account of the same login was made.")
        });
    }
    if reply.status != 409 {
        let says = format!("It is refused, but with {} and not 409 uniqueness.", reply.said());
        return Ok(Verdict::deviates(reply.status, says));
    }
    let mut faults = reply.error_faults();
    match reply.scim_type().as_deref() {
        Some("uniqueness") => {}
        Some(other) => faults.push(format!("`scimType` is {other:?}")),
        None => faults.push("`scimType` is missing".to_owned()),
    }
    let fine = "It is refused with 409 uniqueness.";
    Ok(Verdict::of_faults("409", fine, "It is refused with 409, but", &faults))
}

fn ask_again(known: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    super::question::each(heard, vec![Ask::get(&["Users", known.user_id()?])])
}

fn judge_login_kept(known: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    known.user_id()?;
    let reply = reply(heard, 0)?;
    let user = reply.object().filter(|_| reply.is_success()).ok_or("It could not be read.")?;
    let (sent, kept) = (&known.sandbox()?.login, read::text_of(user, "userName"));
    Ok(match kept {
        Some(kept) if kept == *sent => Verdict::conforms("kept", "The login is as it was sent."),
        Some(kept) if kept.to_lowercase() == sent.to_lowercase() => {
            Verdict::noted("capitals", "The login is kept in other capitals.")
        }
        Some(_) => Verdict::deviates("changed", "The login is another one than was sent."),
        None => Verdict::deviates("missing", "The account does not show its login."),
    })
}
