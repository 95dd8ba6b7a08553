//! What an app's file says, held against what a probe of one instance saw.

use jiff::civil::Date;
use rollbook_core::change::Basis;

use crate::tried::Tried;
use crate::{App, Fact, Hurt, Value};

/// A fact of the file that a probe saw otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction {
    /// The fact's key, e.g. `scim.delete`.
    pub key: &'static str,
    /// What the file says, and how well that is known.
    pub stated: String,
    /// Who says so; `None`: it is recalled.
    pub source: Option<String>,
    /// What the probe saw, as a sentence.
    pub seen: String,
    /// The day of the probe that saw it.
    pub on: Date,
    /// Whether it is about what DELETE does, or what switching an account off does.
    pub is_about_closing: bool,
}

/// Where the file and what probes of an instance saw cannot both be right.
pub fn contradictions(app: &App, tried: &Tried) -> Vec<Contradiction> {
    let says = |question: &str| tried.value(question);
    let judged: [(&str, &[&str], Option<String>); 7] = [
        ("scim.delete", &["delete.effect"], delete(app, says("delete.effect"))),
        (
            "scim.patch",
            &["patch.active_path", "patch.active_pathless"],
            patch(app, says("patch.active_path"), says("patch.active_pathless")),
        ),
        (
            "scim.page_size",
            &["list.default_page"],
            size(app, "scim.page_size", says("list.default_page")),
        ),
        (
            "scim.page_size_max",
            &["list.max_page"],
            size(app, "scim.page_size_max", says("list.max_page")),
        ),
        (
            "scim.paging",
            &["list.start_index", "paging.cursor"],
            paging(app, says("list.start_index"), says("paging.cursor")),
        ),
        ("scim.filters", &["filter.login"], filters(app, says("filter.login"))),
        ("scim.resources", &["list.groups"], groups(app, says("list.groups"))),
    ];
    let told = judged.into_iter().filter_map(|(key, questions, seen)| {
        Some((app.fact(key)?, seen?, tried.newest(questions)?))
    });
    told.map(|(fact, seen, on)| Contradiction {
        key: fact.key.name,
        stated: stated(fact),
        source: fact.source.clone(),
        seen,
        on,
        is_about_closing: ["scim.delete", "scim.patch"].contains(&fact.key.name),
    })
    .collect()
}

fn stated(fact: &Fact) -> String {
    let basis = match fact.basis {
        Basis::Documented => "documented",
        Basis::Recalled => "recalled",
        Basis::Probed => "probed",
    };
    format!("{} ({basis})", fact.value)
}

fn word<'a>(app: &'a App, key: &str) -> &'a str {
    match app.fact(key).map(|fact| &fact.value) {
        Some(Value::Text(text)) => text,
        _ => "",
    }
}

fn delete(app: &App, seen: &str) -> Option<String> {
    let told = match seen {
        "delete" => "An account is gone after DELETE.",
        "deactivate" => "DELETE only switches an account off.",
        "unsupported" => "DELETE is not there.",
        _ => return None,
    };
    let known = word(app, "scim.delete");
    (!known.is_empty() && known != seen).then(|| told.to_owned())
}

fn patch(app: &App, path: &str, pathless: &str) -> Option<String> {
    if [path, pathless].contains(&"removed") && !deletes_when_suspended(app) {
        return Some("Switching an account off removes it.".to_owned());
    }
    let works = [path, pathless].contains(&"honoured");
    let fails = |form: &str| ["absent", "refused", "ignored"].contains(&form);
    match word(app, "scim.patch") {
        "supported" | "partial" if fails(path) && fails(pathless) => {
            Some("PATCH of `active` does nothing, with a path or without.".to_owned())
        }
        "put_only" if works => Some("PATCH of `active` works.".to_owned()),
        _ => None,
    }
}

fn deletes_when_suspended(app: &App) -> bool {
    let mut traps = app.traps.iter().filter(|trap| trap.is_on("scim"));
    traps.any(|trap| trap.hurts == Some(Hurt::SuspendDeletes))
}

/// A probe sees a size, or as `>=N` that no limit was met at N.
fn size(app: &App, key: &str, seen: &str) -> Option<String> {
    let Some(Fact { value: Value::Number(known), .. }) = app.fact(key) else { return None };
    let (least, is_exact) = match seen.strip_prefix(">=") {
        Some(number) => (number.parse::<u64>().ok()?, false),
        None => (seen.parse::<u64>().ok()?, true),
    };
    let differs = if is_exact { least != *known } else { least > *known };
    differs.then(|| format!("{} accounts came.", if is_exact { seen } else { &seen[2..] }))
}

fn paging(app: &App, start_index: &str, cursor: &str) -> Option<String> {
    match word(app, "scim.paging") {
        "start_index" if start_index == "ignored" => Some("`startIndex` is ignored.".to_owned()),
        "cursor" if ["refused", "ignored"].contains(&cursor) => {
            Some(format!("A cursor is {cursor}."))
        }
        "none" if start_index == "honoured" => Some("`startIndex` works.".to_owned()),
        _ => None,
    }
}

fn filters(app: &App, seen: &str) -> Option<String> {
    let Some(Fact { value: Value::List(known), .. }) = app.fact("scim.filters") else {
        return None;
    };
    let is_named = known.iter().any(|it| it.to_lowercase().contains("username eq"));
    let fails = ["ignored", "refused", "misses", "broke"].contains(&seen);
    (is_named && fails).then(|| format!("A filter on userName: {seen}."))
}

fn groups(app: &App, seen: &str) -> Option<String> {
    let Some(Fact { value: Value::List(known), .. }) = app.fact("scim.resources") else {
        return None;
    };
    let is_named = known.iter().any(|it| ["group", "groups"].contains(&it.to_lowercase().as_str()));
    (is_named && seen == "none").then(|| "There is no /Groups.".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Catalog;

    fn check(app: &str, found: &[(&str, &str)]) -> Vec<String> {
        let app = Catalog::embedded().app(app).expect("it is in apps/");
        let told = contradictions(app, &crate::tried::tests::tried(found)).into_iter();
        told.map(|it| format!("{}: {} — {}", it.key, it.stated, it.seen)).collect()
    }

    #[test]
    fn what_a_probe_saw_otherwise_is_told_and_what_it_did_not_see_is_not() {
        assert_eq!(check("mindtickle", &[]), Vec::<String>::new());
        assert_eq!(
            check("mindtickle", &[("patch.active_path", "honoured"), ("delete.effect", "nothing")]),
            Vec::<String>::new()
        );
        assert_eq!(
            check(
                "mindtickle",
                &[
                    ("patch.active_path", "ignored"),
                    ("patch.active_pathless", "refused"),
                    ("filter.login", "ignored"),
                ]
            ),
            [
                "scim.patch: partial (documented) — PATCH of `active` does nothing, with a path or \
                 without.",
                "scim.filters: userName eq (documented) — A filter on userName: ignored.",
            ]
        );
    }

    #[test]
    fn an_app_that_deletes_whom_it_is_told_to_suspend_is_a_contradiction_unless_the_file_says_so() {
        let removed = [("patch.active_path", "removed")];
        assert_eq!(
            check("mindtickle", &removed),
            ["scim.patch: partial (documented) — Switching an account off removes it."]
        );
        let mut app = Catalog::embedded().app("mindtickle").expect("it is in apps/").clone();
        let remark = crate::Remark { text: "It deletes.".to_owned(), source: None };
        app.traps.push(crate::Trap { remark, hurts: Some(Hurt::SuspendDeletes), channel: None });
        assert_eq!(contradictions(&app, &crate::tried::tests::tried(&removed)), []);
    }
}
