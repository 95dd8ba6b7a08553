//! What stands around every page: where one is, where one can go, who one is.

use rollbook_core::role::{Right, Role};
use serde::Serialize;

use super::door::Visit;
use super::lists;
use super::scenery::{self, ASSETS};

/// What stands around a page.
#[derive(Debug, Serialize)]
pub(crate) struct Frame {
    title: String,
    workspace: String,
    style: String,
    script: String,
    mark: String,
    nav: Vec<Group>,
    who: Option<Who>,
    /// What whoever looks may do, by the words of rights.
    may: Vec<&'static str>,
    /// What a form of this session bears.
    form: String,
    /// What was searched for.
    q: String,
}

#[derive(Debug, Serialize)]
struct Group {
    title: &'static str,
    places: Vec<Place>,
}

#[derive(Debug, Serialize)]
struct Place {
    title: &'static str,
    href: String,
    is_here: bool,
    /// How much waits there.
    count: Option<usize>,
}

#[derive(Debug, Serialize)]
struct Who {
    name: String,
    role: Role,
    meaning: &'static str,
}

/// A frame and what is in it.
#[derive(Serialize)]
struct Framed<'a, P> {
    frame: Frame,
    page: &'a P,
}

impl Frame {
    fn bare(title: &str) -> Self {
        let path = |at: usize| format!("/assets/{}", ASSETS[at].name);
        let (title, workspace) = (title.to_owned(), String::new());
        let (style, script, mark) = (path(0), path(1), path(2));
        let (form, q) = (String::new(), String::new());
        let (nav, may) = (Vec::new(), Vec::new());
        Self { title, workspace, style, script, mark, nav, who: None, may, form, q }
    }

    fn around(visit: &Visit<'_>, title: &str) -> Self {
        let member = &visit.signed.member;
        let who =
            Who { name: member.name.clone(), role: member.role, meaning: member.role.meaning() };
        Self {
            workspace: visit.moment.engine.config().workspace.name.clone(),
            nav: nav(visit),
            who: Some(who),
            may: Right::ALL
                .into_iter()
                .filter(|right| visit.may(*right))
                .map(Right::word)
                .collect(),
            form: visit.form_token.clone(),
            q: visit.asked.query.get("q").unwrap_or_default().to_owned(),
            ..Self::bare(title)
        }
    }
}

/// The page `name` for somebody who is in.
pub(crate) fn draw(visit: &Visit<'_>, name: &str, title: &str, page: &impl Serialize) -> String {
    scenery::draw(name, &Framed { frame: Frame::around(visit, title), page })
}

/// The page `name` for anybody.
pub(crate) fn draw_bare(name: &str, title: &str, page: &impl Serialize) -> String {
    scenery::draw(name, &Framed { frame: Frame::bare(title), page })
}

/// Where one can go, in groups: what waits, what is known, what is seen.
fn nav(visit: &Visit<'_>) -> Vec<Group> {
    let moment = &visit.moment;
    let path = visit.asked.path.as_str();
    let place = |title, href: &str, count: Option<usize>| Place {
        title,
        href: href.to_owned(),
        is_here: path == href || (href != "/" && path.starts_with(&format!("{href}/"))),
        count: count.filter(|count| *count > 0),
    };
    let list = |key: &str, count| {
        let list = lists::list(key)?;
        visit.may(list.right).then(|| place(list.title, &format!("/{key}"), count))
    };
    let present = |places: [Option<Place>; 5]| places.into_iter().flatten().collect();
    let settings = visit.may(Right::Trace).then(|| place("Settings", "/settings", None));
    vec![
        Group {
            title: "Work",
            places: present([
                Some(place("Overview", "/", None)),
                list("findings", Some(moment.open_findings().count())),
                list("links", Some(moment.undecided())),
                list("plans", Some(moment.waiting_plans())),
                list("tasks", Some(moment.open_tasks().count())),
            ]),
        },
        Group {
            title: "Book",
            places: present([
                list("people", None),
                Some(place("Joiners, movers, leavers", "/board", None)),
                list("accounts", None),
                list("apps", None),
                list("runs", None),
            ]),
        },
        Group {
            title: "Proof",
            places: present([
                list("coverage", None),
                list("audit", None),
                list("catalog", None),
                settings,
                None,
            ]),
        },
    ]
}
