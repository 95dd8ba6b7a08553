//! Is a list of users what RFC 7644 §3.4.2 says, page by page?

use serde_json::Value;

use super::ask::Ask;
use super::discovery::lowered;
use super::known::{Known, reply};
use super::question::{Question, each};
use super::reply::{Content, Heard, Reply};
use super::verdict::Verdict;
use crate::{ListResponse, MEDIA_TYPE, read, schema};

/// As many as are asked for in order to see how many come at most.
const MANY: u64 = 1000;

pub(super) const QUESTIONS: &[Question] = &[
    Question::new("list.envelope", "RFC 7644 §3.4.2", ask_list, judge_envelope)
        .asks("Is a list of users a ListResponse?")
        .matters("A client cannot find the accounts, or cannot tell whether these are all.")
        .learns(learn_list),
    Question::new("list.media_type", "RFC 7644 §3.1", ask_one, judge_media_type)
        .asks("Is the answer application/scim+json?")
        .matters("A strict client refuses to read it."),
    Question::new("list.default_page", "RFC 7644 §3.4.2.4", ask_list, judge_default_page)
        .asks("How many accounts come when no number is asked for?")
        .matters("A client that does not page sees so many and takes them for all."),
    Question::new("list.count", "RFC 7644 §3.4.2.4", ask_count, judge_count)
        .asks("Does `count` limit a page?")
        .matters("A client gets more than it can hold, or miscounts its pages."),
    Question::new("list.items_per_page", "RFC 7644 §3.4.2.4", ask_long, judge_items_per_page)
        .asks("Is `itemsPerPage` the number of accounts in the page?")
        .matters("A client that goes on by this number skips accounts or ends too early."),
    Question::new("list.max_page", "RFC 7644 §3.4.2.4", ask_many, judge_max_page)
        .asks("How many accounts come at most?")
        .matters("A client that asks for more must go by what it got and not by what it asked."),
    Question::new("list.count_zero", "RFC 7644 §3.4.2.4", ask_zero, judge_zero)
        .asks("Does `count=0` give the total and no accounts?")
        .matters("A client that only wants to count reads everything."),
    Question::new("list.count_negative", "RFC 7644 §3.4.2.4", ask_negative, judge_negative)
        .asks("Is a negative `count` read as 0?")
        .matters("A client's mistake is answered with everything or with a failure."),
    Question::new("list.start_index", "RFC 7644 §3.4.2.4", ask_second, judge_second)
        .asks("Does `startIndex=2` begin with the second account?")
        .matters("A client never gets past the first page, or skips one account on each."),
    Question::new("list.start_below_one", "RFC 7644 §3.4.2.4", ask_below, judge_below)
        .asks("Is a `startIndex` below 1 read as 1?")
        .matters("A client that counts from 0 fails, or skips the first account."),
    Question::new("list.past_end", "RFC 7644 §3.4.2.4", ask_past, judge_past)
        .asks("Is a page past the end empty?")
        .matters("A client that reads until a page is empty never ends."),
    Question::new("list.order", "RFC 7644 §3.4.2.4", ask_twice, judge_order)
        .asks("Does the same request give the same order?")
        .matters("A client that pages misses accounts and sees others twice."),
    Question::new("list.sort", "RFC 7644 §3.4.2.3", ask_sorted, judge_sorted)
        .asks("Do `sortBy` and `sortOrder` sort?")
        .matters("A client that rests on the order works on wrong pages."),
    Question::new("list.groups", "RFC 7644 §3.2", ask_groups, judge_groups)
        .asks("Is there a list of groups?")
        .matters("Rights that hang on groups can be neither read nor changed.")
        .learns(|known, heard| {
            let list = reply(heard, 0).and_then(Reply::list);
            known.has_groups = heard.first().map(|_| list.is_ok());
        }),
];

fn users() -> Ask {
    Ask::get(&["Users"])
}

/// The ids in a page, in their order; a resource without one counts as nothing.
pub(super) fn ids(list: &ListResponse) -> Vec<String> {
    let id = |item: &Value| read::text_of(item.as_object()?, "id");
    list.items().iter().filter_map(id).collect()
}

fn ask_list(_: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    each(heard, vec![users()])
}

fn judge_envelope(_: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    let reply = reply(heard, 0)?;
    let list = match reply.list() {
        Ok(list) => list,
        Err(why) if reply.is_success() => return Ok(Verdict::deviates("no_list", why)),
        Err(why) => return Err(why),
    };
    let mut faults: Vec<String> = list.oddities.iter().map(|it| lowered(it)).collect();
    if let Some(object) = reply.object() {
        let is_list = |uri: &String| uri.eq_ignore_ascii_case(schema::LIST_RESPONSE);
        if !read::texts_of(object, "schemas").iter().any(is_list) {
            faults.push("`schemas` does not name ListResponse".to_owned());
        }
        for (name, found) in [
            ("totalResults", list.total_results.is_some()),
            ("startIndex", list.start_index.is_some()),
            ("itemsPerPage", list.items_per_page.is_some()),
            ("Resources", list.resources.is_some()),
        ] {
            if !found {
                faults.push(format!("`{name}` is missing"));
            }
        }
    }
    let fine = "The list has schemas, totalResults, startIndex, itemsPerPage and Resources.";
    Ok(Verdict::of_faults("list", fine, "The list can be read, but", &faults))
}

fn learn_list(known: &mut Known, heard: &[Heard]) {
    let Ok(list) = reply(heard, 0).and_then(Reply::list) else { return };
    known.total = list.total_results;
    known.users = list.resources.unwrap_or_default();
}

fn ask_one(_: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    each(heard, vec![users().query("count", "1")])
}

fn judge_media_type(_: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    let reply = reply(heard, 0)?;
    if matches!(reply.content, Content::Nothing) {
        return Err("The answer is empty.".to_owned());
    }
    let sent = reply.header("content-type").unwrap_or_default();
    let bare = sent.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    Ok(match bare.as_str() {
        MEDIA_TYPE => Verdict::conforms(MEDIA_TYPE, "The answer is application/scim+json."),
        "" => Verdict::deviates("none", "The answer does not say what it is."),
        other => Verdict::deviates(other, format!("The answer is {other}.")),
    })
}

fn ask_long(_: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    each(heard, vec![users().query("count", "100")])
}

fn judge_items_per_page(_: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    let list = reply(heard, 0)?.list()?;
    let shown = list.items().len() as u64;
    match list.items_per_page {
        None => Err("The list does not say itemsPerPage.".to_owned()),
        Some(said) if said == shown => {
            Ok(Verdict::conforms("returned", "`itemsPerPage` is the number of accounts returned."))
        }
        Some(said) => {
            let says = format!("`itemsPerPage` says {said} in a page of {shown} accounts.");
            Ok(Verdict::deviates("other", says))
        }
    }
}

fn judge_default_page(_: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    let list = reply(heard, 0)?.list()?;
    let (shown, total) = (list.items().len() as u64, list.total_results);
    Ok(match total {
        Some(total) if total > shown => {
            Verdict::noted(shown, format!("{shown} of {total} accounts come."))
        }
        Some(_) => Verdict::noted(
            format!(">={shown}"),
            format!("All {shown} accounts come at once, so a page holds at least so many."),
        ),
        None => return Err("The list does not say how many accounts there are.".to_owned()),
    })
}

fn ask_count(known: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    known.at_least(3)?;
    each(heard, vec![users().query("count", "2")])
}

fn judge_count(known: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    known.at_least(3)?;
    let shown = reply(heard, 0)?.list()?.items().len();
    Ok(match shown {
        2 => Verdict::conforms("honoured", "`count=2` gives 2 accounts."),
        more if more > 2 => {
            Verdict::deviates("ignored", format!("`count=2` gives {more} accounts: it is ignored."))
        }
        less => Verdict::deviates("fewer", format!("`count=2` gives {less} accounts.")),
    })
}

fn ask_many(_: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    each(heard, vec![users().query("count", MANY.to_string())])
}

fn judge_max_page(known: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    let reply = reply(heard, 0)?;
    if (400..500).contains(&reply.status) {
        let says = format!("`count={MANY}` is refused with {} and not cut.", reply.said());
        return Ok(Verdict::noted("refused", says));
    }
    let shown = reply.list()?.items().len() as u64;
    let total = known.at_least(0)?;
    if shown >= total.min(MANY) {
        let says = format!("{shown} accounts came when {MANY} were asked for: no limit was met.");
        return Ok(Verdict::noted(format!(">={shown}"), says));
    }
    let ignored = known.found.get("list.count").is_some_and(|it| it == "ignored");
    if ignored {
        return Err("`count` is ignored, so the size of a page cannot be asked for.".to_owned());
    }
    let says = format!("A page holds {shown} accounts at most, when {MANY} were asked for.");
    Ok(Verdict::noted(shown, says))
}

fn ask_zero(known: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    known.at_least(1)?;
    each(heard, vec![users().query("count", "0")])
}

fn judge_zero(known: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    let total = known.at_least(1)?;
    none_but_total(reply(heard, 0)?, "`count=0`", total)
}

fn ask_negative(known: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    known.at_least(1)?;
    each(heard, vec![users().query("count", "-1")])
}

fn judge_negative(known: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    let total = known.at_least(1)?;
    none_but_total(reply(heard, 0)?, "`count=-1`", total)
}

fn none_but_total(reply: &Reply, what: &str, total: u64) -> Result<Verdict, String> {
    if (400..500).contains(&reply.status) {
        let says = format!("{what} is refused with {}.", reply.said());
        return Ok(Verdict::deviates("refused", says));
    }
    let list = reply.list()?;
    let shown = list.items().len();
    Ok(match (shown, list.total_results) {
        (0, Some(said)) if said >= total => {
            Verdict::conforms("total_only", format!("{what} gives totalResults and no accounts."))
        }
        (0, said) => {
            let said = said.map_or_else(|| "nothing".to_owned(), |it| it.to_string());
            let says = format!("{what} gives no accounts, but totalResults says {said}.");
            Verdict::deviates("total_lost", says)
        }
        _ => Verdict::deviates("ignored", format!("{what} gives {shown} accounts.")),
    })
}

fn ask_second(known: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    known.at_least(2)?;
    let first = users().query("startIndex", "1").query("count", "3");
    each(heard, vec![first, users().query("startIndex", "2").query("count", "1")])
}

fn judge_second(known: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    known.at_least(2)?;
    let (first, second) = (ids(&reply(heard, 0)?.list()?), ids(&reply(heard, 1)?.list()?));
    let begins = second.first().ok_or("The second page is empty.")?;
    Ok(match first.iter().position(|id| id == begins) {
        Some(1) => Verdict::conforms("honoured", "`startIndex=2` begins with the second account."),
        Some(0) => Verdict::deviates(
            "ignored",
            "`startIndex=2` begins with the first account: it is ignored.",
        ),
        Some(2) => Verdict::deviates(
            "zero_based",
            "`startIndex=2` begins with the third account: the server counts from 0.",
        ),
        _ => return Err("The order changed between two requests.".to_owned()),
    })
}

fn ask_below(known: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    known.at_least(2)?;
    let from = |start: &str| users().query("startIndex", start).query("count", "1");
    each(heard, vec![from("1"), from("0"), from("-3")])
}

fn judge_below(known: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    known.at_least(2)?;
    let first = ids(&reply(heard, 0)?.list()?);
    let mut faults = Vec::new();
    for (at, start) in [(1, "0"), (2, "-3")] {
        let reply = reply(heard, at)?;
        match reply.list() {
            Ok(list) if ids(&list).first() == first.first() => {}
            Ok(_) => faults.push(format!("`startIndex={start}` does not begin with the first")),
            Err(_) => {
                faults.push(format!("`startIndex={start}` is answered with {}", reply.said()));
            }
        }
    }
    let fine = "A `startIndex` of 0 or below begins with the first account.";
    Ok(Verdict::of_faults("as_one", fine, "It is not read as 1", &faults))
}

fn ask_past(known: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    let total = known.at_least(1)?;
    let from = |start: u64| users().query("startIndex", start.to_string()).query("count", "2");
    each(heard, vec![from(total + 1), from(total + 100_000)])
}

fn judge_past(known: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    let total = known.at_least(1)?;
    for (at, start) in [(0, total + 1), (1, total + 100_000)] {
        let reply = reply(heard, at)?;
        if (400..500).contains(&reply.status) {
            let says = format!("`startIndex={start}` is refused with {}.", reply.said());
            return Ok(Verdict::deviates("refused", says));
        }
        let shown = ids(&reply.list()?);
        if let Some(id) = shown.first() {
            let is_first = known.users.first().and_then(Value::as_object);
            let is_first = is_first.and_then(|it| read::text_of(it, "id")).as_ref() == Some(id);
            let which = if is_first { "the first page again" } else { "accounts" };
            let says = format!("`startIndex={start}` of {total} accounts gives {which}.");
            return Ok(Verdict::deviates("repeats", says));
        }
    }
    Ok(Verdict::conforms("empty", "A page past the end is empty."))
}

fn ask_twice(known: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    known.at_least(2)?;
    let page = || users().query("startIndex", "1").query("count", "100");
    each(heard, vec![page(), page(), page()])
}

fn judge_order(known: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    known.at_least(2)?;
    let first = ids(&reply(heard, 0)?.list()?);
    for at in 1..3 {
        if ids(&reply(heard, at)?.list()?) != first {
            let says =
                "The same request gave another order, or somebody changed the list meanwhile.";
            return Ok(Verdict::deviates("changes", says));
        }
    }
    Ok(Verdict::conforms("stable", "Three times the same request gave the same order."))
}

fn ask_sorted(known: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    known.at_least(2)?;
    let by = |order: &str| {
        users().query("sortBy", "userName").query("sortOrder", order).query("count", "20")
    };
    each(heard, vec![by("ascending"), by("descending")])
}

fn judge_sorted(known: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    known.at_least(2)?;
    let promised = known.promises("sort");
    let (up, down) = (reply(heard, 0)?, reply(heard, 1)?);
    if !up.is_success() || !down.is_success() {
        let says = format!("Sorting is refused with {}.", up.said());
        return Ok(match promised {
            Some(true) => Verdict::deviates("refused", format!("{says} The server promises it.")),
            _ => Verdict::absent("refused", says),
        });
    }
    let logins = |list: &ListResponse| -> Vec<String> {
        let login = |item: &Value| read::text_of(item.as_object()?, "userName");
        list.items().iter().filter_map(login).map(|login| login.to_lowercase()).collect()
    };
    let (up, down) = (logins(&up.list()?), logins(&down.list()?));
    if up.is_sorted() && down.iter().rev().is_sorted() && up.first() < down.first() {
        return Ok(Verdict::conforms("sorts", "Accounts come sorted by userName, both ways."));
    }
    let says = "Accounts do not come sorted by userName.";
    Ok(match promised {
        Some(true) => Verdict::deviates("ignored", format!("{says} The server promises it.")),
        Some(false) => {
            Verdict::absent("ignored", format!("{says} The server does not promise it."))
        }
        None => Verdict::absent("ignored", says),
    })
}

fn ask_groups(_: &Known, heard: &[Heard]) -> Result<Option<Ask>, String> {
    each(heard, vec![Ask::get(&["Groups"]).query("count", "1")])
}

fn judge_groups(_: &Known, heard: &[Heard]) -> Result<Verdict, String> {
    let reply = reply(heard, 0)?;
    if reply.is_not_offered() {
        let says = format!("There is no /Groups: the server answered {}.", reply.said());
        return Ok(Verdict::absent("none", says));
    }
    let list = reply.list()?;
    Ok(match list.total_results {
        Some(total) => Verdict::conforms("there", format!("/Groups is a list of {total}.")),
        None => Verdict::deviates("no_total", "/Groups is a list without totalResults."),
    })
}
