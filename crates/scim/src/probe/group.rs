//! What can be done with a group and its members?

use serde_json::{Value, json};

use super::ask::{Ask, Method};
use super::known::{Known, reply};
use super::make::told;
use super::question::{Needs, Question, each};
use super::reply::{Heard, Reply};
use super::verdict::Verdict;
use crate::{read, schema};

const MEMBERS: &str = "RFC 7644 §3.5.2";

pub(super) const QUESTIONS: &[Question] = &[
    Question::new("group.create", "RFC 7644 §3.3", ask_create, judge_create)
        .asks("Can a group without members be made?")
        .matters("Identity providers make groups empty and fill them afterwards.")
        .needs(Needs::Group)
        .learns(learn_create),
    Question::new("group.add_member", "RFC 7644 §3.5.2.1", ask_add, |known, heard| {
        judge_members(known, heard, "The account is a member", |count| count == 1)
    })
    .asks("Can an account be added to a group by PATCH?")
    .matters("Rights that hang on groups cannot be given.")
    .needs(Needs::Group),
    Question::new("group.add_twice", "RFC 7644 §3.5.2.1", ask_add, judge_twice)
        .asks("Is a member that is there already not added again?")
        .matters("Lists of members grow with every repetition.")
        .needs(Needs::Group),
    Question::new("group.shown_on_user", "RFC 7643 §4.1.2", ask_on_user, judge_on_user)
        .asks("Does an account show the groups that it is in?")
        .matters("Every group must be read to know what one person may do.")
        .needs(Needs::Group),
    Question::new("group.remove_member", "RFC 7644 §3.5.2.2", ask_remove, |known, heard| {
        need(known, "group.add_member")?;
        judge_members(known, heard, "A member is taken out", |count| count == 0)
    })
    .asks("Can a member be taken out by `members[value eq \"…\"]`?")
    .matters("Rights cannot be taken away one by one.")
    .needs(Needs::Group),
    Question::new("group.remove_by_value", MEMBERS, ask_remove_value, judge_remove_value)
        .asks("Is `remove` with a list of values, as Entra ID sends it, understood?")
        .matters(
            "Entra ID in its default form cannot take anybody out of a group, or takes all out.",
        )
        .needs(Needs::Group),
    Question::new("group.unknown_member", "RFC 7643 §4.2", ask_stranger, judge_stranger)
        .asks("Is a member that does not exist refused?")
        .matters("Groups hold members that are nobody, and a client counts them.")
        .needs(Needs::Group),
    Question::new("group.delete", "RFC 7644 §3.6", ask_delete, judge_delete)
        .asks("Can a group be removed?")
        .matters("Groups that nobody needs stay for ever.")
        .needs(Needs::Group),
];

fn need(known: &Known, key: &str) -> Result<(), String> {
    match known.found.get(key).map(String::as_str) {
        Some("honoured") => Ok(()),
        _ => Err(format!("It rests on `{key}`, which did not work.")),
    }
}

/// Looks whether there is such a group, and makes it if there is none.
fn ask_create(known: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    known.user_id()?;
    let name = known.sandbox()?.group.as_deref().ok_or("No sandbox group was named.")?;
    if known.has_groups == Some(false) {
        return Err("The server has no groups.".to_owned());
    }
    let look = Ask::get(&["Groups"]).query("count", "100");
    let look = look.query("filter", format!("displayName eq {}", json!(name)));
    let make = Ask::new(Method::Post, &["Groups"])
        .body(json!({"schemas": [schema::GROUP], "displayName": name}));
    if heard.len() == 1 {
        nobody_has(heard, name)?;
    }
    each(heard, vec![look, make])
}

/// Whether the list proves that no group has this name. Where a filter is passed over the whole
/// list must have come.
fn nobody_has(heard: &[Heard], name: &str) -> Result<(), String> {
    let list = reply(heard, 0)?.list()?;
    let named = |group: &Value| {
        let own = group.as_object().and_then(|it| read::text_of(it, "displayName"));
        own.is_some_and(|own| own.to_lowercase() == name.to_lowercase())
    };
    if list.items().iter().any(named) {
        return Err("There is a group of that name already, and it was not touched.".to_owned());
    }
    match list.total_results {
        Some(total) if total <= list.items().len() as u64 => Ok(()),
        _ => {
            Err("Nobody can tell whether there is such a group already. So none was made."
                .to_owned())
        }
    }
}

fn judge_create(known: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    let name = known.sandbox()?.group.as_deref().ok_or("No sandbox group was named.")?;
    nobody_has(heard, name)?;
    let made = reply(heard, 1)?;
    Ok(match made.status {
        201 => Verdict::conforms("honoured", "A group without members is made."),
        200..=299 => {
            Verdict::deviates("status", format!("It is made, but answered with {}.", made.status))
        }
        _ if made.is_not_offered() => {
            Verdict::absent("absent", format!("Groups cannot be made: {}.", made.said()))
        }
        _ => Verdict::deviates(
            "refused",
            format!("It is refused with {}{}.", made.said(), told(made)),
        ),
    })
}

fn learn_create(known: &mut Known, heard: &[Heard]) {
    let Ok(made) = reply(heard, 1) else { return };
    known.group =
        made.object().filter(|_| made.is_success()).and_then(|group| read::text_of(group, "id"));
}

fn patch(known: &Known, operations: Value) -> Result<Ask, String> {
    let body = json!({"schemas": [schema::PATCH_OP], "Operations": operations});
    Ok(Ask::new(Method::Patch, &["Groups", known.group_id()?]).body(body))
}

fn add(known: &Known, id: &str) -> Result<Ask, String> {
    patch(known, json!([{"op": "add", "path": "members", "value": [{"value": id}]}]))
}

fn look(known: &Known) -> Result<Ask, String> {
    Ok(Ask::get(&["Groups", known.group_id()?]))
}

fn members(reply: &Reply) -> Result<Vec<String>, String> {
    let group = reply.object().filter(|_| reply.is_success());
    let group =
        group.ok_or_else(|| format!("The group could not be looked at: {}.", reply.said()))?;
    let members = read::list_of(group, "members").iter().filter_map(Value::as_object);
    Ok(members.filter_map(|member| read::text_of(member, "value")).collect())
}

fn ask_add(known: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    each(heard, vec![add(known, known.user_id()?)?, look(known)?])
}

fn ask_remove(known: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    let path = format!("members[value eq {}]", json!(known.user_id()?));
    each(heard, vec![patch(known, json!([{"op": "remove", "path": path}]))?, look(known)?])
}

fn judge_members(
    known: &Known,
    heard: &[Heard],
    what: &str,
    fits: impl Fn(usize) -> bool,
) -> Result<Verdict, String> {
    let (answer, id) = (reply(heard, 0)?, known.user_id()?);
    let count = members(reply(heard, 1)?)?.iter().filter(|member| *member == id).count();
    Ok(match (answer.is_success(), fits(count)) {
        (true, true) => Verdict::conforms("honoured", format!("{what}.")),
        (true, false) => {
            let status = answer.status;
            let says =
                format!("It is answered with {status}, and a look shows that it was not done.");
            Verdict::deviates("ignored", says)
        }
        (false, _) => Verdict::deviates(
            "refused",
            format!("It is refused with {}{}.", answer.said(), told(answer)),
        ),
    })
}

fn judge_twice(known: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    need(known, "group.add_member")?;
    let (answer, id) = (reply(heard, 0)?, known.user_id()?);
    let times = members(reply(heard, 1)?)?.iter().filter(|member| *member == id).count();
    Ok(match (answer.is_success(), times) {
        (true, 0 | 1) => Verdict::conforms("once", "A member that is there is not added again."),
        (true, times) => {
            Verdict::deviates("twice", format!("The same member is there {times} times."))
        }
        (false, _) => Verdict::noted(
            "refused",
            format!("The second time it is refused with {}.", answer.said()),
        ),
    })
}

fn ask_on_user(known: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    known.group_id()?;
    need(known, "group.add_member")?;
    each(heard, vec![Ask::get(&["Users", known.user_id()?])])
}

fn judge_on_user(known: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    need(known, "group.add_member")?;
    let (user, id) = (reply(heard, 0)?, known.group_id()?);
    let user = user.object().ok_or("The account could not be looked at.")?;
    let groups = read::list_of(user, "groups").iter().filter_map(Value::as_object);
    let shown = groups.filter_map(|it| read::text_of(it, "value")).any(|value| value == id);
    Ok(if shown {
        Verdict::conforms("shown", "An account shows the groups that it is in.")
    } else {
        Verdict::absent("not_shown", "An account does not show the groups that it is in.")
    })
}

fn ask_remove_value(known: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    need(known, "group.add_member")?;
    let id = known.user_id()?;
    let remove = json!([{"op": "Remove", "path": "members", "value": [{"value": id}]}]);
    each(heard, vec![add(known, id)?, look(known)?, patch(known, remove)?, look(known)?])
}

fn judge_remove_value(known: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    need(known, "group.add_member")?;
    let (before, answer, after) =
        (members(reply(heard, 1)?)?, reply(heard, 2)?, members(reply(heard, 3)?)?);
    if before.is_empty() {
        return Err("The account could not be added again.".to_owned());
    }
    Ok(match (answer.is_success(), after.is_empty()) {
        (true, true) => Verdict::noted("understood", "Entra ID's form of `remove` is understood."),
        (true, false) => {
            let says = "Entra ID's form of `remove` is taken, and the member stays.";
            Verdict::deviates("ignored", says)
        }
        (false, _) => {
            let says = format!("Entra ID's form of `remove` is refused with {}.", answer.said());
            Verdict::noted("refused", says)
        }
    })
}

const STRANGER: &str = "rollbook-probe-no-such-id";

fn ask_stranger(known: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    each(heard, vec![add(known, STRANGER)?, look(known)?])
}

fn judge_stranger(known: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    known.group_id()?;
    let answer = reply(heard, 0)?;
    let kept = members(reply(heard, 1)?)?.iter().any(|member| member == STRANGER);
    Ok(match (answer.is_success(), kept) {
        (_, true) => Verdict::noted("kept", "A member that does not exist is taken and shown."),
        (true, false) => {
            Verdict::noted("passed_over", "A member that does not exist is passed over.")
        }
        (false, false) => {
            let says = format!("A member that does not exist is refused with {}.", answer.said());
            Verdict::noted("refused", says)
        }
    })
}

fn ask_delete(known: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    let id = known.group_id()?;
    each(heard, vec![Ask::new(Method::Delete, &["Groups", id]), look(known)?])
}

fn judge_delete(known: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    known.group_id()?;
    let (answer, after) = (reply(heard, 0)?, reply(heard, 1)?);
    Ok(match (answer.status, after.status) {
        (204, 404) => Verdict::conforms("gone", "A group is removed with 204 and is then 404."),
        (200..=299, 404) => {
            let says = format!("A group is removed, with {} and not 204.", answer.status);
            Verdict::deviates("gone_odd", says)
        }
        (200..=299, _) => {
            let says =
                format!("It is answered with {}, and the group is still there.", answer.status);
            Verdict::deviates("ignored", says)
        }
        _ => Verdict::deviates("refused", format!("It is refused with {}.", answer.said())),
    })
}
