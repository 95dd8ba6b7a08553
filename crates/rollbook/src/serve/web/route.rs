//! The addresses of the console as one table: what each is, and which right it takes.
//!
//! There is no second list. The door finds an address here, and a test holds what the server answers
//! to each role against it.

use hyper::Method;
use rollbook_core::role::Right;

use crate::serve::address::decoded;

/// What an address of the console shows or does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    Asset,
    SignIn,
    SignInNow,
    SignOut,
    Overview,
    Search,
    /// The list with this key.
    List(&'static str),
    /// The same as a file.
    Csv(&'static str),
    Person,
    Account,
    App,
    Finding,
    Link,
    Plan,
    Run,
    RunEvents,
    Event,
    Guide,
    Settings,
    Board,
    Task,
    Proof,
    Connect,
    Offboard,
    PlanFinding,
    PlanFindings,
    PutOff,
    Approve,
    RunPlan,
    Confirm,
    Reject,
    TaskDone,
    TaskRefuse,
    TaskHandOver,
    PersonPack,
    RunPack,
    Look,
    AddMember,
    MemberLink,
    MemberRole,
    MemberEnd,
    AddToken,
    TokenRevoke,
}

/// Who may ask for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    /// Anybody.
    Nobody,
    /// Whoever is signed in.
    Anybody,
    /// Whoever is signed in and has this right.
    Right(Right),
}

/// One address of the console.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Route {
    /// How it is asked.
    pub(crate) method: &'static str,
    /// Its path; `{}` stands for one segment.
    pub(crate) path: &'static str,
    /// What is there.
    pub(crate) page: Page,
    /// Who may ask.
    pub(crate) needs: Needs,
}

const fn get(path: &'static str, page: Page, right: Right) -> Route {
    Route { method: "GET", path, page, needs: Needs::Right(right) }
}

const fn post(path: &'static str, page: Page, right: Right) -> Route {
    Route { method: "POST", path, page, needs: Needs::Right(right) }
}

const fn open(method: &'static str, path: &'static str, page: Page) -> Route {
    Route { method, path, page, needs: Needs::Nobody }
}

/// Every address of the console.
pub(crate) const ROUTES: &[Route] = &[
    open("GET", "/assets/{}", Page::Asset),
    open("GET", "/sign-in", Page::SignIn),
    open("POST", "/sign-in", Page::SignInNow),
    Route { method: "POST", path: "/sign-out", page: Page::SignOut, needs: Needs::Anybody },
    get("/", Page::Overview, Right::Read),
    get("/search", Page::Search, Right::Read),
    get("/people", Page::List("people"), Right::Read),
    get("/people.csv", Page::Csv("people"), Right::Export),
    get("/people/{}", Page::Person, Right::Read),
    post("/people/{}/offboard", Page::Offboard, Right::Propose),
    post("/people/{}/pack", Page::PersonPack, Right::Export),
    get("/board", Page::Board, Right::Read),
    get("/moves", Page::List("moves"), Right::Read),
    get("/moves.csv", Page::Csv("moves"), Right::Export),
    get("/accounts", Page::List("accounts"), Right::Read),
    get("/accounts.csv", Page::Csv("accounts"), Right::Export),
    get("/accounts/{}/{}", Page::Account, Right::Read),
    get("/apps", Page::List("apps"), Right::Read),
    get("/apps.csv", Page::Csv("apps"), Right::Export),
    get("/apps/{}", Page::App, Right::Read),
    post("/apps/{}/look", Page::Look, Right::Run),
    get("/findings", Page::List("findings"), Right::Read),
    get("/findings.csv", Page::Csv("findings"), Right::Export),
    get("/findings/{}", Page::Finding, Right::Read),
    post("/findings/plan", Page::PlanFindings, Right::Propose),
    post("/findings/{}/plan", Page::PlanFinding, Right::Propose),
    post("/findings/{}/put-off", Page::PutOff, Right::Decide),
    get("/links", Page::List("links"), Right::Read),
    get("/links.csv", Page::Csv("links"), Right::Export),
    get("/links/{}/{}", Page::Link, Right::Read),
    post("/links/{}/{}/confirm", Page::Confirm, Right::Decide),
    post("/links/{}/{}/reject", Page::Reject, Right::Decide),
    get("/plans", Page::List("plans"), Right::Read),
    get("/plans.csv", Page::Csv("plans"), Right::Export),
    get("/plans/{}", Page::Plan, Right::Read),
    post("/plans/{}/approve", Page::Approve, Right::Approve),
    post("/plans/{}/run", Page::RunPlan, Right::Run),
    get("/runs", Page::List("runs"), Right::Read),
    get("/runs.csv", Page::Csv("runs"), Right::Export),
    get("/runs/{}", Page::Run, Right::Read),
    get("/runs/{}/events", Page::RunEvents, Right::Read),
    post("/runs/{}/pack", Page::RunPack, Right::Export),
    get("/tasks", Page::List("tasks"), Right::Read),
    get("/tasks.csv", Page::Csv("tasks"), Right::Export),
    get("/tasks/{}", Page::Task, Right::Read),
    get("/tasks/{}/proofs/{}", Page::Proof, Right::Trace),
    post("/tasks/{}/done", Page::TaskDone, Right::Read),
    post("/tasks/{}/refuse", Page::TaskRefuse, Right::Read),
    post("/tasks/{}/hand-over", Page::TaskHandOver, Right::Read),
    get("/audit", Page::List("audit"), Right::Trace),
    get("/audit.csv", Page::Csv("audit"), Right::Trace),
    get("/audit/{}", Page::Event, Right::Trace),
    get("/coverage", Page::List("coverage"), Right::Read),
    get("/coverage.csv", Page::Csv("coverage"), Right::Export),
    get("/catalog", Page::List("catalog"), Right::Read),
    get("/catalog.csv", Page::Csv("catalog"), Right::Export),
    get("/catalog/{}", Page::Guide, Right::Read),
    get("/catalog/{}/connect", Page::Connect, Right::Read),
    get("/settings", Page::Settings, Right::Trace),
    post("/settings/members", Page::AddMember, Right::Admit),
    post("/settings/members/{}/link", Page::MemberLink, Right::Admit),
    post("/settings/members/{}/role", Page::MemberRole, Right::Admit),
    post("/settings/members/{}/end", Page::MemberEnd, Right::Admit),
    post("/settings/tokens", Page::AddToken, Right::Admit),
    post("/settings/tokens/{}/revoke", Page::TokenRevoke, Right::Admit),
];

/// What an address of the console leads to.
#[derive(Clone, Debug)]
pub(crate) enum Found {
    /// This, with what stands for each `{}`.
    Route(&'static Route, Vec<String>),
    /// Something, by these methods.
    Otherwise(String),
    /// Nothing.
    Nothing,
}

/// Finds `path` in the table.
pub(crate) fn find(method: &Method, path: &str) -> Found {
    let asked = if method == Method::HEAD { "GET" } else { method.as_str() };
    let there = ROUTES.iter().filter_map(|route| Some((route, matched(route.path, path)?)));
    let there: Vec<_> = there.collect();
    match there.iter().position(|(route, _)| route.method == asked) {
        Some(at) => there.into_iter().nth(at).map_or(Found::Nothing, |(r, p)| Found::Route(r, p)),
        None if there.is_empty() => Found::Nothing,
        None => Found::Otherwise(allowed(there.iter().map(|(route, _)| route.method))),
    }
}

/// As the header `Allow` lists them.
fn allowed<'a>(methods: impl Iterator<Item = &'a str>) -> String {
    let methods: Vec<&str> = methods.collect();
    let head = methods.contains(&"GET").then_some("HEAD");
    methods.into_iter().chain(head).collect::<Vec<_>>().join(", ")
}

/// What stands for each `{}` of `pattern`, if `path` is of that form. Only a slash parts segments, so
/// an id may hold an encoded one.
fn matched(pattern: &str, path: &str) -> Option<Vec<String>> {
    let (mut pattern, mut path) = (pattern.split('/'), path.split('/'));
    let mut parts = Vec::new();
    loop {
        match (pattern.next(), path.next()) {
            (None, None) => return Some(parts),
            (Some("{}"), Some(part)) if !part.is_empty() => {
                parts.push(decoded(part).filter(|part| !part.contains('\0'))?);
            }
            (Some(own), Some(part)) if own == part => {}
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(method: Method, path: &str) -> String {
        match find(&method, path) {
            Found::Route(route, parts) => format!("{:?} {parts:?}", route.page),
            Found::Otherwise(methods) => format!("only {methods}"),
            Found::Nothing => "nothing".to_owned(),
        }
    }

    #[test]
    fn an_address_means_one_thing() {
        assert_eq!(found(Method::GET, "/"), "Overview []");
        assert_eq!(found(Method::HEAD, "/people/per_1"), "Person [\"per_1\"]");
        assert_eq!(found(Method::GET, "/links/a%2Fb/%C3%A9"), "Link [\"a/b\", \"é\"]");
        assert_eq!(found(Method::GET, "/people.csv"), "Csv(\"people\") []");
        assert_eq!(found(Method::DELETE, "/sign-in"), "only GET, POST, HEAD");
        for nothing in ["/people/", "/people/a/b", "//", "/people/%00", "/people/%ff", "/x"] {
            assert_eq!(found(Method::GET, nothing), "nothing", "{nothing}");
        }
    }

    /// The file is the contract: the server is asked each line of it, as each role.
    #[test]
    fn the_table_of_routes_and_roles_is_the_one_that_the_server_is_held_to() {
        let line = |route: &Route| {
            let who = match route.needs {
                Needs::Nobody => "everybody".to_owned(),
                Needs::Anybody => "whoever is signed in".to_owned(),
                Needs::Right(right) => {
                    let roles = rollbook_core::role::Role::ALL.into_iter();
                    let roles = roles.filter(|role| role.may(right)).map(|role| role.word());
                    roles.collect::<Vec<_>>().join(" ")
                }
            };
            format!("{} {}: {who}\n", route.method, route.path)
        };
        let table: String = ROUTES.iter().map(line).collect();
        assert_eq!(table, include_str!("../../../tests/it/console_routes.txt"));
    }

    #[test]
    fn no_two_routes_are_one_address() {
        for (at, route) in ROUTES.iter().enumerate() {
            let before = &ROUTES[..at];
            let same = |other: &Route| (other.method, other.path) == (route.method, route.path);
            assert!(!before.iter().any(same), "{} {}", route.method, route.path);
        }
    }
}
