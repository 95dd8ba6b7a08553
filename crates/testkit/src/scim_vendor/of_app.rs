//! The ways of an app's SCIM server, as its file's facts have them. What nobody knows is strict.

use rollbook_catalog::{App, Hurt, Value};

use super::profile::{DeleteMeans, DuplicateBody, Filters, PatchSupport, Profile};

/// Items per page of a server of which nobody knows.
const PAGE_STRICT: usize = 20;

impl Profile {
    /// The SCIM server of an app as its file describes it. What the file does not know is taken at
    /// its worst that a client can live with: small pages, no filters, a PATCH that only knows
    /// `active`, no discovery, no versions.
    pub fn of(app: &App) -> Self {
        let number = |key: &str| match app.fact(key).map(|fact| &fact.value) {
            Some(Value::Number(number)) => usize::try_from(*number).ok(),
            _ => None,
        };
        let list = |key: &str| match app.fact(key).map(|fact| &fact.value) {
            Some(Value::List(items)) => Some(items.clone()),
            _ => None,
        };
        // Only a list that names requests says by its silence what there is not.
        let operations = list("scim.operations").unwrap_or_default();
        let names_requests = operations.iter().any(|one| one.contains(" /Users"));
        let takes = |method: &str, path: &str| {
            let is_it = |one: &String| one.contains(method) && one.contains(path);
            !names_requests || operations.iter().any(is_it)
        };
        let can = |verb: &str| {
            let scim = app.routes.iter().find(|route| route.way.channel == "scim");
            scim.is_some_and(|scim| scim.way.can.keys().any(|own| own.as_str() == verb))
        };
        let hurts = |hurt: Hurt| {
            app.traps.iter().any(|trap| trap.hurts == Some(hurt) && trap.is_on("scim"))
        };
        let page_max = number("scim.page_size_max");
        let page_default = number("scim.page_size").or(page_max).unwrap_or(PAGE_STRICT);
        let unpaged = text(app, "scim.paging") == Some("none");
        Self {
            name: app.id.clone(),
            base_path: text(app, "scim.base_url").map_or_else(|| "/scim/v2".to_owned(), path),
            token: format!("{}-0123456789abcdef0123456789", app.id),
            page_default: if unpaged { usize::MAX } else { page_default },
            page_max: if unpaged { usize::MAX } else { page_max.unwrap_or(page_default) },
            filters: filters(list("scim.filters").as_deref()),
            patch: match patch(text(app, "scim.patch"), takes("PATCH", "/Users")) {
                // What can be updated at all must have a way to be.
                PatchSupport::ActiveOnly if can("update") && !takes("PUT", "/Users") => {
                    PatchSupport::Full
                }
                patch => patch,
            },
            put: takes("PUT", "/Users"),
            delete: match text(app, "scim.delete") {
                _ if hurts(Hurt::RemoveOnlySuspends) => DeleteMeans::Inactive,
                Some("deactivate") => DeleteMeans::Inactive,
                Some("delete") => DeleteMeans::Gone,
                None if can("remove") => DeleteMeans::Gone,
                _ => DeleteMeans::Refused,
            },
            inactive_deletes: hurts(Hurt::SuspendDeletes),
            groups: can("grant") || can("revoke"),
            groups_on_users: false,
            discovery: names_requests && takes("GET", "/ServiceProviderConfig"),
            required: vec!["userName".to_owned()],
            duplicate: DuplicateBody::Odd,
            etags: false,
            ..Self::full()
        }
    }
}

fn text<'a>(app: &'a App, key: &str) -> Option<&'a str> {
    match app.fact(key).map(|fact| &fact.value) {
        Some(Value::Text(text)) => Some(text),
        _ => None,
    }
}

/// The path of the first address in a sentence, with something in its blanks.
fn path(said: &str) -> String {
    let address = said.split_whitespace().next().unwrap_or_default();
    let below_host = address.split_once("://").map_or("", |(_, rest)| rest);
    let path = below_host.find('/').map_or("/scim/v2", |at| below_host[at..].trim_end_matches('/'));
    let mut filled = String::new();
    let mut in_blank = false;
    for c in path.chars() {
        match c {
            '{' => in_blank = true,
            '}' => {
                in_blank = false;
                filled.push_str("t1");
            }
            _ if in_blank => {}
            c => filled.push(c),
        }
    }
    filled
}

fn filters(known: Option<&[String]>) -> Filters {
    match known {
        Some(known) if known.iter().any(|filter| filter.starts_with("userName")) => {
            Filters::UserNameEq
        }
        Some(_) => Filters::Full,
        None => Filters::Ignored,
    }
}

fn patch(said: Option<&str>, is_taken: bool) -> PatchSupport {
    match said {
        _ if !is_taken => PatchSupport::Absent,
        Some("supported") => PatchSupport::Full,
        Some("put_only") => PatchSupport::Absent,
        _ => PatchSupport::ActiveOnly,
    }
}

#[cfg(test)]
mod tests {
    use rollbook_catalog::Catalog;

    use super::*;

    fn of(app: &str) -> Profile {
        Profile::of(Catalog::embedded().app(app).expect("it is in apps/"))
    }

    #[test]
    fn facts_become_ways_and_what_nobody_knows_is_strict() {
        let mindtickle = of("mindtickle");
        assert_eq!(
            (mindtickle.patch, mindtickle.delete),
            (PatchSupport::ActiveOnly, DeleteMeans::Gone)
        );
        let generic = of("generic-scim");
        assert_eq!((generic.page_max, generic.filters), (PAGE_STRICT, Filters::Ignored));
        let pagerduty = of("pagerduty");
        assert_eq!((pagerduty.patch, pagerduty.groups), (PatchSupport::Full, false));
        assert_eq!(pagerduty.base_path, "/scim/v2");
        assert_eq!(path("https://x.example/scim/v2/{tenant}/ (self-hosted)"), "/scim/v2/t1");
        assert_eq!(path("shown in the console"), "/scim/v2");
    }
}
