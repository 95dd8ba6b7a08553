//! Which filters are understood, and what becomes of those that are not?
//!
//! Whether an answer fits is decided by our own [`Filter`], so that a server that passes over a
//! filter and shows everybody is not taken for one that found what was asked for.

use serde_json::{Map, Value, json};

use super::ask::Ask;
use super::known::{Known, reply};
use super::question::{Question, each};
use super::reply::{Heard, Reply};
use super::verdict::Verdict;
use crate::{Filter, read};

/// A login that nobody has.
const NOBODY: &str = "rollbook-probe-nobody@example.invalid";

pub(super) const QUESTIONS: &[Question] = &[
    Question::new("filter.login", "RFC 7644 §3.4.2.2", ask_login, judge_login)
        .asks("Does `userName eq` find the account and nothing else?")
        .matters("A client takes somebody else's account for the one it looked for.")
        .learns(|known, heard| {
            let found = judge_login(known, heard).map(|it| it.value == "works");
            known.finds_by_login = found.ok();
        }),
    Question::new("filter.nobody", "RFC 7644 §3.4.2.2", ask_nobody, judge_nobody)
        .asks("Is a filter that nobody fits answered with an empty list?")
        .matters("Identity providers test a connection like this and stop at anything else."),
    Question::new("filter.login_case", "RFC 7643 §4.1.1", ask_login_case, judge_login_case)
        .asks("Does `userName eq` find the account in other capitals?")
        .matters("A client that writes the login differently makes a second account."),
    Question::new("filter.words_case", "RFC 7644 §3.4.2.2", ask_words_case, judge_words_case)
        .asks("Are attribute names and operators understood in any case?")
        .matters("Some clients write `Eq` or `username` and find nobody."),
    Question::new("filter.id", "RFC 7644 §3.4.2.2", ask_id, judge_id)
        .asks("Does `id eq` find the account?")
        .matters("A client cannot ask for several known accounts at once."),
    Question::new("filter.external_id", "RFC 7644 §3.4.2.2", ask_external, judge_external)
        .asks("Does `externalId eq` find the account?")
        .matters("A client that lost an id cannot find its own account again."),
    Question::new("filter.parts", "RFC 7644 §3.4.2.2", ask_parts, judge_parts)
        .asks("Are `sw`, `co` and `ew` understood?")
        .matters("Accounts cannot be looked for by a part of their name."),
    Question::new("filter.logic", "RFC 7644 §3.4.2.2", ask_logic, judge_logic)
        .asks("Are `and`, `or` and `not` understood?")
        .matters("Some identity providers match by two attributes at once."),
    Question::new("filter.value_path", "RFC 7644 §3.4.2.2", ask_value_path, judge_value_path)
        .asks("Is a filter on the values of a list understood, as `emails[type eq \"work\"]`?")
        .matters("An identity provider that matches by mail address finds nobody."),
    Question::new("filter.urn", "RFC 7644 §3.10", ask_urn, judge_urn)
        .asks("Is an attribute understood under its whole name with URN?")
        .matters("Clients that write names out in full find nobody."),
    Question::new("filter.unknown_attribute", "RFC 7644 §3.12", ask_attribute, judge_attribute)
        .asks("Is a filter on an attribute that does not exist refused?")
        .matters("A misspelt filter shows everybody, and a client acts on the first of them."),
    Question::new("filter.broken", "RFC 7644 §3.4.2.2", ask_broken, judge_broken)
        .asks("Is a filter that is none refused with 400 invalidFilter?")
        .matters("A broken filter shows everybody, and a client acts on the first of them."),
];

fn ask(filter: &str) -> Ask {
    Ask::get(&["Users"]).query("filter", filter).query("count", "50")
}

/// A text as a filter writes it.
fn quoted(text: &str) -> String {
    json!(text).to_string()
}

/// What a server made of one filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Made {
    /// The sample came, and everything that came fits.
    Works,
    /// The same, but everybody fits, so that passing it over looks no different.
    Unproven,
    /// Something came that does not fit.
    Ignored,
    /// Only what fits came, but the sample did not.
    Misses,
    /// It was refused.
    Refused,
    /// 5xx.
    Broke,
}

impl Made {
    fn word(self) -> &'static str {
        match self {
            Self::Works => "works",
            Self::Unproven => "unproven",
            Self::Ignored => "ignored",
            Self::Misses => "misses",
            Self::Refused => "refused",
            Self::Broke => "broke",
        }
    }

    /// What happened to `filter`, as a sentence.
    fn says(self, filter: &str, reply: &Reply) -> String {
        match self {
            Self::Works => format!("{filter} finds what fits and nothing else."),
            Self::Unproven => {
                format!("Every account that is known fits {filter}, so its answer proves nothing.")
            }
            Self::Ignored => format!("{filter} is passed over: accounts come that do not fit."),
            Self::Misses => format!("{filter} does not find an account that fits."),
            Self::Refused => format!("{filter} is refused with {}.", reply.said()),
            Self::Broke => format!("{filter} breaks the server: {}.", reply.said()),
        }
    }
}

/// Judges one answer against the same filter, as we read it.
fn made_of(known: &Known, filter: &str, reply: &Reply) -> Result<Made, String> {
    match reply.status {
        500.. if reply.status != 501 => return Ok(Made::Broke),
        400.. => return Ok(Made::Refused),
        _ => {}
    }
    let list = reply.list()?;
    let filter: Filter = filter.parse().map_err(|_| "Our own filter cannot be read.".to_owned())?;
    if list.items().iter().any(|item| !filter.matches(item)) {
        return Ok(Made::Ignored);
    }
    let id = read::text_of(known.sample()?, "id");
    let is_sample = |item: &Value| item.as_object().and_then(|it| read::text_of(it, "id")) == id;
    let came = list.items().iter().any(is_sample);
    // With more hits than fit into a page the sample may be on another one.
    let may_be_behind = list.total_results.is_some_and(|it| it > list.items().len() as u64);
    let is_everybody = known.users.iter().all(|user| filter.matches(user));
    Ok(match came || may_be_behind {
        true if is_everybody => Made::Unproven,
        true => Made::Works,
        false => Made::Misses,
    })
}

/// Judges one filter by one answer. What is refused is a deviation where `must` be understood.
fn judge_one(known: &Known, heard: &[Heard], shown: &str, filter: &str) -> Result<Verdict, String> {
    let reply = reply(heard, 0)?;
    let made = made_of(known, filter, reply)?;
    let says = made.says(shown, reply);
    if made == Made::Unproven {
        return Err(says);
    }
    Ok(match (made, known.promises("filter")) {
        (Made::Works, _) => Verdict::conforms(made.word(), says),
        (Made::Refused, Some(false)) => Verdict::absent(made.word(), says),
        (_, Some(true)) => {
            Verdict::deviates(made.word(), format!("{says} The server promises filters."))
        }
        _ => Verdict::deviates(made.word(), says),
    })
}

/// Judges several filters together; the value names those that work.
fn judge_several(
    known: &Known,
    heard: &[Heard],
    filters: &[(&str, String)],
) -> Result<Verdict, String> {
    let mut works = Vec::new();
    let mut unproven = Vec::new();
    let mut faults = Vec::new();
    for (at, (name, filter)) in filters.iter().enumerate() {
        let reply = reply(heard, at)?;
        match made_of(known, filter, reply)? {
            Made::Works => works.push(*name),
            Made::Unproven => unproven.push(Made::Unproven.says(&format!("`{name}`"), reply)),
            made => faults.push(made.says(&format!("`{name}`"), reply)),
        }
    }
    if works.is_empty() && faults.is_empty() {
        return Err(unproven.join(" "));
    }
    let value = if works.is_empty() { "none".to_owned() } else { works.join(" ") };
    Ok(if faults.is_empty() {
        let names: Vec<String> = works.iter().map(|it| format!("`{it}`")).collect();
        let verb = if names.len() == 1 { "works" } else { "work" };
        Verdict::conforms(value, format!("{} {verb}.", names.join(", ")))
    } else {
        Verdict::deviates(value, faults.join(" "))
    })
}

fn login_filter(known: &Known) -> Result<String, String> {
    Ok(format!("userName eq {}", quoted(&known.sample_text("userName")?)))
}

fn ask_login(known: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    each(heard, vec![ask(&login_filter(known)?)])
}

fn judge_login(known: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    judge_one(known, heard, "`userName eq`", &login_filter(known)?)
}

fn ask_nobody(_: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    each(heard, vec![ask(&format!("userName eq {}", quoted(NOBODY)))])
}

fn judge_nobody(_: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    let reply = reply(heard, 0)?;
    if !reply.is_success() {
        let says = format!("A filter that nobody fits is answered with {}.", reply.said());
        return Ok(Verdict::deviates(reply.status, says));
    }
    let list = reply.list()?;
    let shown = list.items().len();
    Ok(match (shown, list.total_results) {
        (0, Some(0)) => {
            Verdict::conforms("empty", "A filter that nobody fits gives an empty list.")
        }
        (0, _) => Verdict::deviates("total", "It gives no accounts, but totalResults is not 0."),
        _ => Verdict::deviates(
            "ignored",
            format!("A filter that nobody fits gives {shown} accounts."),
        ),
    })
}

/// The sample's login in other capitals.
fn swapped(known: &Known) -> Result<String, String> {
    let login = known.sample_text("userName")?;
    let up = login.to_uppercase();
    let other = if up == login { login.to_lowercase() } else { up };
    if other == login {
        return Err("The login on which this would be tried has no letters.".to_owned());
    }
    Ok(format!("userName eq {}", quoted(&other)))
}

fn ask_login_case(known: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    each(heard, vec![ask(&swapped(known)?)])
}

fn judge_login_case(known: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    judge_one(known, heard, "`userName eq` in other capitals", &swapped(known)?)
}

fn shouted(known: &Known) -> Result<String, String> {
    Ok(format!("USERNAME Eq {}", quoted(&known.sample_text("userName")?)))
}

fn ask_words_case(known: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    each(heard, vec![ask(&shouted(known)?)])
}

fn judge_words_case(known: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    judge_one(known, heard, "`USERNAME Eq`", &shouted(known)?)
}

fn id_filter(known: &Known) -> Result<String, String> {
    Ok(format!("id eq {}", quoted(&known.sample_text("id")?)))
}

fn ask_id(known: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    each(heard, vec![ask(&id_filter(known)?)])
}

fn judge_id(known: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    judge_one(known, heard, "`id eq`", &id_filter(known)?)
}

/// An account that shows an externalId.
fn with_external(known: &Known) -> Result<&Map<String, Value>, String> {
    let has = |user: &&Map<String, Value>| {
        read::text_of(user, "externalId").is_some_and(|text| !text.is_empty())
    };
    let found = known.users.iter().filter_map(Value::as_object).find(has);
    found.ok_or_else(|| "No account on the first page shows an externalId.".to_owned())
}

fn external_filter(known: &Known) -> Result<String, String> {
    let id = read::text_of(with_external(known)?, "externalId").unwrap_or_default();
    Ok(format!("externalId eq {}", quoted(&id)))
}

fn ask_external(known: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    each(heard, vec![ask(&external_filter(known)?)])
}

/// The same, with this user as the sample.
fn led_by(known: &Known, user: &Map<String, Value>) -> Known {
    let users = [json!(user)].into_iter().chain(known.users.iter().cloned());
    Known { users: users.collect(), ..known.clone() }
}

fn judge_external(known: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    let filter = external_filter(known)?;
    let owner = led_by(known, with_external(known)?);
    judge_one(&owner, heard, "`externalId eq`", &filter)
}

fn parts(known: &Known) -> Result<Vec<(&'static str, String)>, String> {
    let login: Vec<char> = known.sample_text("userName")?.chars().collect();
    let text = |from: usize, to: usize| quoted(&login[from..to].iter().collect::<String>());
    let (half, end) = (login.len().div_ceil(2), login.len());
    Ok(vec![
        ("sw", format!("userName sw {}", text(0, half))),
        ("co", format!("userName co {}", text(end / 4, (end / 4 + half).min(end)))),
        ("ew", format!("userName ew {}", text(end - half, end))),
    ])
}

fn ask_parts(known: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    each(heard, parts(known)?.iter().map(|(_, filter)| ask(filter)).collect())
}

fn judge_parts(known: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    judge_several(known, heard, &parts(known)?)
}

fn logic(known: &Known) -> Result<Vec<(&'static str, String)>, String> {
    let (login, nobody) = (login_filter(known)?, format!("userName eq {}", quoted(NOBODY)));
    Ok(vec![
        ("and", format!("{login} and {}", id_filter(known)?)),
        ("or", format!("{nobody} or {login}")),
        ("not", format!("{login} and not ({nobody})")),
    ])
}

fn ask_logic(known: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    each(heard, logic(known)?.iter().map(|(_, filter)| ask(filter)).collect())
}

fn judge_logic(known: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    judge_several(known, heard, &logic(known)?)
}

/// An account with a mail address that has a type, and the filter that names both.
fn with_mail(known: &Known) -> Result<(&Map<String, Value>, String), String> {
    let filter = |user: &Map<String, Value>| {
        read::list_of(user, "emails").iter().filter_map(Value::as_object).find_map(|mail| {
            let (kind, value) = (read::text_of(mail, "type")?, read::text_of(mail, "value")?);
            Some(format!("emails[type eq {} and value eq {}]", quoted(&kind), quoted(&value)))
        })
    };
    let mut users = known.users.iter().filter_map(Value::as_object);
    users
        .find_map(|user| filter(user).map(|filter| (user, filter)))
        .ok_or_else(|| "No account on the first page shows a mail address with a type.".to_owned())
}

fn ask_value_path(known: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    each(heard, vec![ask(&with_mail(known)?.1)])
}

fn judge_value_path(known: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    let (user, filter) = with_mail(known)?;
    let owner = led_by(known, user);
    judge_one(&owner, heard, "`emails[type eq … and value eq …]`", &filter)
}

fn urn(known: &Known) -> Result<String, String> {
    let login = quoted(&known.sample_text("userName")?);
    Ok(format!("{}:userName eq {login}", crate::schema::USER))
}

fn ask_urn(known: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    each(heard, vec![ask(&urn(known)?)])
}

fn judge_urn(known: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    judge_one(known, heard, "`urn:…:User:userName eq`", &urn(known)?)
}

fn ask_attribute(_: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    each(heard, vec![ask("rollbookNoSuchAttribute eq \"x\"")])
}

fn judge_attribute(_: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    let what = "A filter on an attribute that does not exist";
    let reply = reply(heard, 0)?;
    if reply.is_success() && reply.list()?.items().is_empty() {
        let says = format!("{what} finds nobody, as if nobody had a value there.");
        return Ok(Verdict::noted("empty", says));
    }
    refused(reply, what)
}

fn ask_broken(_: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    each(heard, vec![ask("userName zz \"x\"")])
}

fn judge_broken(_: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    refused(reply(heard, 0)?, "A filter with an operator that does not exist")
}

fn refused(reply: &Reply, what: &str) -> Result<Verdict, String> {
    if reply.is_success() {
        let shown = reply.list()?.items().len();
        let says = format!("{what} is passed over: {shown} accounts come.");
        return Ok(Verdict::deviates("ignored", says));
    }
    Ok(match (reply.status, reply.scim_type().as_deref()) {
        (400, Some("invalidFilter")) => {
            Verdict::conforms("refused", format!("{what} is refused with 400 invalidFilter."))
        }
        _ => Verdict::deviates("refused_odd", format!("{what} is refused with {}.", reply.said())),
    })
}
