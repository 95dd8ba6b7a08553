//! Does PATCH do what RFC 7644 §3.5.2 says, in the forms that identity providers send?

use serde_json::{Map, Value, json};

use super::ask::{Ask, Method};
use super::known::{Known, reply};
use super::question::{Needs, Question, each};
use super::reply::{Heard, Reply};
use super::verdict::Verdict;
use crate::{read, schema};

const PATCH: &str = "RFC 7644 §3.5.2";

pub(super) const QUESTIONS: &[Question] = &[
    Question::new("patch.active_path", "RFC 7644 §3.5.2.3", ask_path, judge_active)
        .asks("Does PATCH with the path `active` switch an account off or on?")
        .matters("Somebody who left keeps access while the client believes it is cut.")
        .needs(Needs::User),
    Question::new("patch.active_pathless", "RFC 7644 §3.5.2.3", ask_pathless, judge_active)
        .asks("Does PATCH with an object and no path do the same?")
        .matters("Identity providers that send it so change nothing.")
        .needs(Needs::User),
    Question::new("patch.active_text", PATCH, ask_text, judge_text)
        .asks("Is `Replace` with the text \"False\", as Entra ID sends it, understood?")
        .matters("Entra ID in its default form cannot switch anybody off.")
        .needs(Needs::User),
    Question::new("patch.same_again", PATCH, ask_same, judge_same)
        .asks("Does a PATCH that changes nothing succeed and leave the version?")
        .matters("A client that sends a change twice fails, or wakes everybody who watches.")
        .needs(Needs::User),
    Question::new(
        "patch.unknown_path",
        PATCH,
        |known, heard| {
            change(
                known,
                heard,
                json!([{"op": "replace", "path": "rollbookNoSuchAttribute", "value": "x"}]),
            )
        },
        judge_unknown,
    )
    .asks("Is a path that does not exist refused with 400 invalidPath?")
    .matters("A client believes that a change was made that was passed over.")
    .needs(Needs::User),
    Question::new(
        "patch.atomic",
        PATCH,
        |known, heard| {
            change(
                known,
                heard,
                json!([
                    {"op": "replace", "path": "title", "value": "Atomic"},
                    {"op": "replace", "path": "rollbookNoSuchAttribute", "value": "x"},
                ]),
            )
        },
        judge_atomic,
    )
    .asks("Does a PATCH that fails leave everything as it was?")
    .matters("Half of a change stays, and nobody knows which half.")
    .needs(Needs::User),
    Question::new(
        "patch.add_value",
        "RFC 7644 §3.5.2.1",
        |known, heard| {
            change(known, heard, json!([{"op": "add", "path": "emails", "value": [other()]}]))
        },
        |_, heard| {
            judge_mails(heard, "An address is added", |mails| {
                has(mails, "other") && has(mails, "work")
            })
        },
    )
    .asks("Does `add` to a list keep what was there?")
    .matters("Adding one value takes away the others.")
    .needs(Needs::User),
    Question::new(
        "patch.add_twice",
        "RFC 7644 §3.5.2.1",
        |known, heard| {
            need(known, "patch.add_value")?;
            change(known, heard, json!([{"op": "add", "path": "emails", "value": [other()]}]))
        },
        |known, heard| {
            need(known, "patch.add_value")?;
            judge_twice(heard)
        },
    )
    .asks("Is a value that is there already not added again?")
    .matters("Every repetition makes a longer list.")
    .needs(Needs::User),
    Question::new(
        "patch.value_path",
        "RFC 7644 §3.5.2.3",
        |known, heard| {
            change(
                known,
                heard,
                json!([
                    {"op": "replace", "path": "emails[type eq \"work\"].value", "value": MOVED},
                ]),
            )
        },
        |_, heard| {
            judge_mails(heard, "`emails[type eq \"work\"].value` is replaced", |mails| {
                let address = |mail: &Map<String, Value>| read::text_of(mail, "value");
                mails.iter().any(|it| {
                    kind(it).as_deref() == Some("work") && address(it).as_deref() == Some(MOVED)
                })
            })
        },
    )
    .asks("Can one value of a list be replaced, as `emails[type eq \"work\"].value`?")
    .matters("A mail address that changed stays the old one.")
    .needs(Needs::User),
    Question::new(
        "patch.no_target",
        "RFC 7644 §3.5.2.3",
        |known, heard| {
            need(known, "patch.value_path")?;
            change(
                known,
                heard,
                json!([
                    {"op": "replace", "path": "emails[type eq \"nowhere\"].value", "value": MOVED},
                ]),
            )
        },
        judge_no_target,
    )
    .asks("Is `replace` on a value that is not there refused with 400 noTarget?")
    .matters("A client cannot know whether the value was made or the change was lost.")
    .needs(Needs::User),
    Question::new(
        "patch.remove_value",
        "RFC 7644 §3.5.2.2",
        |known, heard| {
            need(known, "patch.add_value")?;
            change(known, heard, json!([{"op": "remove", "path": "emails[type eq \"other\"]"}]))
        },
        |known, heard| {
            need(known, "patch.add_value")?;
            judge_mails(heard, "One value is removed", |mails| {
                !has(mails, "other") && !mails.is_empty()
            })
        },
    )
    .asks("Can one value of a list be removed without the others?")
    .matters("Taking away one right takes away all of them, or none.")
    .needs(Needs::User),
    Question::new("patch.set_and_remove", "RFC 7644 §3.5.2.2", ask_title, judge_title)
        .asks("Can an attribute be set and removed again?")
        .matters("What was once set can never be cleared.")
        .needs(Needs::User),
    Question::new(
        "patch.read_only",
        PATCH,
        |known, heard| {
            let moment = "2001-01-01T00:00:00Z";
            change(
                known,
                heard,
                json!([{"op": "replace", "path": "meta.created", "value": moment}]),
            )
        },
        judge_read_only,
    )
    .asks("Is a change of what only the server may write refused with mutability?")
    .matters("A client can forge when an account was made.")
    .needs(Needs::User),
    Question::new("patch.if_match", "RFC 7644 §3.14", ask_if_match, judge_if_match)
        .asks("Is a change that names an old version refused with 412?")
        .matters("Two who change the same account at a time overwrite each other.")
        .needs(Needs::User),
];

const MOVED: &str = "rollbook-probe-moved@example.invalid";

fn other() -> Value {
    json!({"value": "rollbook-probe-other@example.invalid", "type": "other"})
}

/// A PATCH of the sandbox account.
pub(super) fn patch(known: &Known, operations: Value) -> Result<Ask, String> {
    let body = json!({"schemas": [schema::PATCH_OP], "Operations": operations});
    Ok(Ask::new(Method::Patch, &["Users", known.user_id()?]).body(body))
}

fn look(known: &Known) -> Result<Ask, String> {
    Ok(Ask::get(&["Users", known.user_id()?]))
}

/// A PATCH, and a look at what it did.
fn change(known: &Known, heard: &[Heard], operations: Value) -> Result<Option<Ask>, String> {
    each(heard, vec![patch(known, operations)?, look(known)?])
}

/// Without an earlier question answered well, this one proves nothing.
fn need(known: &Known, key: &str) -> Result<(), String> {
    match known.found.get(key).map(String::as_str) {
        Some("honoured") => Ok(()),
        _ => Err(format!("It rests on `{key}`, which did not work.")),
    }
}

/// The account as the second answer shows it.
fn after(heard: &[Heard]) -> Result<&Map<String, Value>, String> {
    let seen = reply(heard, 1)?;
    let user = seen.object().filter(|_| seen.is_success());
    user.ok_or_else(|| format!("The account could not be looked at: {}.", seen.said()))
}

/// What a change came to, where a look says whether it `took`.
fn took(answer: &Reply, took: bool, what: &str) -> Verdict {
    match (answer.is_success(), took) {
        (true, true) => Verdict::conforms("honoured", format!("{what}.")),
        (true, false) => {
            let says = format!(
                "It is answered with {}, and a look shows that it was not done.",
                answer.status
            );
            Verdict::deviates("ignored", says)
        }
        (false, true) => Verdict::deviates(
            "done_and_refused",
            format!("It is refused with {}, and done all the same.", answer.said()),
        ),
        (false, false) if answer.is_not_offered() => {
            Verdict::absent("absent", format!("PATCH is not there: {}.", answer.said()))
        }
        (false, false) => {
            let told = super::make::told(answer);
            Verdict::deviates("refused", format!("It is refused with {}{told}.", answer.said()))
        }
    }
}

fn on_by_path() -> Value {
    json!([{"op": "replace", "path": "active", "value": true}])
}

/// Whether the account is on, as the answer at `at` shows it.
fn is_on(heard: &[Heard], at: usize) -> Result<bool, String> {
    let seen = reply(heard, at)?;
    let user = seen.object().filter(|_| seen.is_success());
    let user =
        user.ok_or_else(|| format!("The account could not be looked at: {}.", seen.said()))?;
    read::boolean_of(user, "active").ok_or_else(|| "The account does not show `active`.".to_owned())
}

/// What is tried is the opposite of what is, so that a server that does nothing is found out.
fn ask_path(known: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    if heard.is_empty() {
        return look(known).map(Some);
    }
    let other = !is_on(heard, 0)?;
    let other = json!([{"op": "replace", "path": "active", "value": other}]);
    each(heard, vec![look(known)?, patch(known, other)?, look(known)?])
}

fn ask_pathless(known: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    if heard.is_empty() {
        return look(known).map(Some);
    }
    let set = |active: bool| patch(known, json!([{"op": "replace", "value": {"active": active}}]));
    let other = set(!is_on(heard, 0)?)?;
    each(heard, vec![look(known)?, other, look(known)?, set(true)?])
}

fn judge_active(_: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    let (was_on, answer, seen) = (is_on(heard, 0)?, reply(heard, 1)?, reply(heard, 2)?);
    if answer.is_success() && was_on && matches!(seen.status, 404 | 410) {
        let says = "It is taken, and the account is gone: switching off means removing.";
        return Ok(Verdict::deviates("removed", says));
    }
    let what = if was_on { "The account is switched off" } else { "The account is on again" };
    Ok(took(answer, is_on(heard, 2)? != was_on, what))
}

fn ask_text(known: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    let off = json!([{"op": "Replace", "path": "active", "value": "False"}]);
    let on = || patch(known, on_by_path());
    // It is on before, or nothing would be proven, and afterwards, for the questions to come.
    each(heard, vec![on()?, look(known)?, patch(known, off)?, look(known)?, on()?])
}

fn judge_text(_: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    if !is_on(heard, 1)? {
        return Err("The account could not be switched on first.".to_owned());
    }
    let answer = reply(heard, 2)?;
    if !answer.is_success() {
        let says = format!("The text \"False\" is refused with {}.", answer.said());
        return Ok(Verdict::noted("refused", says));
    }
    Ok(match is_on(heard, 3) {
        Ok(false) => Verdict::noted("understood", "The text \"False\" is understood."),
        Ok(true) => {
            let says = "The text \"False\" is taken, and the account stays on.";
            Verdict::deviates("ignored", says)
        }
        Err(_) => Verdict::deviates("lost", "The text \"False\" is taken, and `active` is gone."),
    })
}

fn ask_same(known: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    let on = || patch(known, on_by_path());
    each(heard, vec![on()?, look(known)?, on()?, look(known)?])
}

fn judge_same(_: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    let (first, again) = (reply(heard, 0)?, reply(heard, 2)?);
    if !first.is_success() {
        return Err(format!("PATCH of `active` is refused with {}.", first.said()));
    }
    if !again.is_success() {
        let says = format!("The second time it is refused with {}.", again.said());
        return Ok(Verdict::deviates("refused", says));
    }
    let stamp = |at: usize| -> Result<Vec<Option<String>>, String> {
        let seen = reply(heard, at)?.object().ok_or("The account could not be looked at.")?;
        let meta = read::get(seen, "meta").and_then(Value::as_object);
        let of = |name: &str| meta.and_then(|it| read::text_of(it, name));
        Ok(vec![of("version"), of("lastModified")])
    };
    Ok(if stamp(1)? == stamp(3)? {
        Verdict::conforms("unchanged", "It succeeds and leaves version and lastModified.")
    } else {
        Verdict::noted("stamped", "It succeeds, and version or lastModified change for nothing.")
    })
}

fn judge_unknown(_: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    let answer = reply(heard, 0)?;
    if answer.is_success() {
        let kept = read::get(after(heard)?, "rollbookNoSuchAttribute").is_some();
        let what = if kept { "kept under that name" } else { "passed over in silence" };
        let says = format!("It is answered with {} and {what}.", answer.status);
        return Ok(Verdict::deviates(if kept { "kept" } else { "ignored" }, says));
    }
    Ok(match (answer.status, answer.scim_type().as_deref()) {
        (400, Some("invalidPath" | "noTarget")) => {
            Verdict::conforms("refused", format!("It is refused with {}.", answer.said()))
        }
        (404 | 405 | 501, _) => {
            Verdict::absent("absent", format!("PATCH is not there: {}.", answer.said()))
        }
        _ => {
            let says = format!("It is refused with {} and not 400 invalidPath.", answer.said());
            Verdict::deviates("refused_odd", says)
        }
    })
}

fn judge_atomic(_: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    let answer = reply(heard, 0)?;
    if answer.is_success() {
        return Err("The server takes a path that does not exist, so nothing failed.".to_owned());
    }
    if answer.is_not_offered() {
        return Err("PATCH is not there.".to_owned());
    }
    let half = read::text_of(after(heard)?, "title").as_deref() == Some("Atomic");
    Ok(if half {
        Verdict::deviates("half", "It is refused, and its first half is done all the same.")
    } else {
        Verdict::conforms("whole", "It is refused, and nothing of it is done.")
    })
}

fn mails(user: &Map<String, Value>) -> Vec<Map<String, Value>> {
    read::list_of(user, "emails").iter().filter_map(Value::as_object).cloned().collect()
}

fn kind(mail: &Map<String, Value>) -> Option<String> {
    read::text_of(mail, "type")
}

fn has(mails: &[Map<String, Value>], wanted: &str) -> bool {
    mails.iter().any(|mail| kind(mail).as_deref() == Some(wanted))
}

fn judge_mails(
    heard: &[Heard],
    what: &str,
    fits: impl Fn(&[Map<String, Value>]) -> bool,
) -> Result<Verdict, String> {
    let answer = reply(heard, 0)?;
    let fits = fits(&mails(after(heard)?));
    // Where the look shows nothing new, a refusal is not proven wrong by values that were there.
    Ok(took(answer, fits && answer.is_success(), what))
}

fn judge_twice(heard: &[Heard]) -> Result<Verdict, String> {
    let answer = reply(heard, 0)?;
    let times =
        mails(after(heard)?).iter().filter(|it| kind(it).as_deref() == Some("other")).count();
    Ok(match (answer.is_success(), times) {
        (true, 0 | 1) => Verdict::conforms("once", "A value that is there is not added again."),
        (true, times) => {
            Verdict::deviates("twice", format!("The same value is there {times} times."))
        }
        (false, _) => Verdict::noted(
            "refused",
            format!("The second time it is refused with {}.", answer.said()),
        ),
    })
}

fn judge_no_target(known: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    need(known, "patch.value_path")?;
    let answer = reply(heard, 0)?;
    if answer.is_success() {
        let made = has(&mails(after(heard)?), "nowhere");
        return Ok(if made {
            Verdict::noted("made", "The value is made, as Entra ID wishes it.")
        } else {
            Verdict::deviates("ignored", format!("It is answered with {} and lost.", answer.status))
        });
    }
    Ok(match (answer.status, answer.scim_type().as_deref()) {
        (400, Some("noTarget")) => Verdict::conforms("refused", "It is refused with 400 noTarget."),
        _ => {
            let says = format!("It is refused with {} and not 400 noTarget.", answer.said());
            Verdict::deviates("refused_odd", says)
        }
    })
}

fn ask_title(known: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    let set = patch(known, json!([{"op": "add", "path": "title", "value": "Probe"}]))?;
    let remove = patch(known, json!([{"op": "remove", "path": "title"}]))?;
    each(heard, vec![set, look(known)?, remove, look(known)?])
}

fn judge_title(_: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    let (set, removed) = (reply(heard, 0)?, reply(heard, 2)?);
    let title = |at: usize| -> Result<Option<String>, String> {
        let seen = reply(heard, at)?.object().ok_or("The account could not be looked at.")?;
        Ok(read::text_of(seen, "title").filter(|text| !text.is_empty()))
    };
    let is_set = title(1)?.as_deref() == Some("Probe");
    if !set.is_success() || !is_set {
        return Ok(took(set, is_set, "A title is set"));
    }
    Ok(took(removed, title(3)?.is_none(), "A title is set and removed again"))
}

fn judge_read_only(_: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    let answer = reply(heard, 0)?;
    let meta = read::get(after(heard)?, "meta").and_then(Value::as_object);
    let created = meta.and_then(|it| read::text_of(it, "created")).unwrap_or_default();
    if created.starts_with("2001-01-01") {
        return Ok(Verdict::deviates("changed", "meta.created can be changed."));
    }
    Ok(match (answer.is_success(), answer.scim_type().as_deref()) {
        (true, _) => {
            let says = format!("It is answered with {} and passed over.", answer.status);
            Verdict::deviates("ignored", says)
        }
        (false, Some("mutability")) => {
            Verdict::conforms("refused", format!("It is refused with {}.", answer.said()))
        }
        (false, _) if answer.is_not_offered() => {
            Verdict::absent("absent", format!("PATCH is not there: {}.", answer.said()))
        }
        (false, _) => {
            let says = format!("It is refused with {} and not mutability.", answer.said());
            Verdict::deviates("refused_odd", says)
        }
    })
}

fn ask_if_match(known: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    let change = patch(known, json!([{"op": "replace", "path": "active", "value": true}]))?;
    let stale = Some("W/\"rollbook-probe-no-such-version\"".to_owned());
    each(heard, vec![Ask { if_match: stale, ..change }])
}

fn judge_if_match(known: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    let answer = reply(heard, 0)?;
    let promised = known.promises("etag") == Some(true);
    Ok(match answer.status {
        412 => Verdict::conforms("412", "A change that names an old version is refused with 412."),
        200..=299 if promised => Verdict::deviates(
            "ignored",
            "An old version is passed over, although the server promises versions.",
        ),
        200..=299 => {
            Verdict::absent("ignored", "Versions are not looked at when something changes.")
        }
        404 | 405 | 501 => return Err(format!("PATCH is not there: {}.", answer.said())),
        _ => Verdict::deviates(
            answer.status,
            format!("An old version is refused with {} and not 412.", answer.said()),
        ),
    })
}
