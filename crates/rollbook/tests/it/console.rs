//! The console over real HTTP: who comes in, what each role may see, and that whatever comes from
//! outside is text.

use std::net::SocketAddr;

use rollbook_core::role::Role;

use crate::bench::Bench;
use crate::served::{Answer, Served, send};

/// What the server is held to: a route on each line, and who may ask it.
pub(crate) const ROUTES: &str = include_str!("console_routes.txt");
pub(crate) const NAMES: [(Role, &str); 6] = [
    (Role::Owner, "Ona Owner"),
    (Role::Admin, "Ada Admin"),
    (Role::Operator, "Oli Operator"),
    (Role::Approver, "Api Approver"),
    (Role::Auditor, "Aud Auditor"),
    (Role::Viewer, "Vi Viewer"),
];

/// A browser of somebody, as far as this server can tell.
pub(crate) struct Browser {
    address: SocketAddr,
    pub(crate) cookie: String,
}

impl Browser {
    /// The same browser, which presents its session at another address.
    pub(crate) fn at(&self, address: SocketAddr) -> Self {
        Self { address, cookie: self.cookie.clone() }
    }

    /// Signed in by a link that was made for `name`.
    pub(crate) fn of(served: &Served, name: &str) -> Self {
        let made = served.bench.run(&["member", "link", name, "--json"]).json();
        let url = made[0]["login_url"].as_str().expect("a link");
        Self::by_link(served.address, url.split("code=").nth(1).expect("a code"), "")
    }

    /// Signed in by a link; `name` is for the first owner.
    pub(crate) fn by_link(address: SocketAddr, code: &str, name: &str) -> Self {
        let answer = sign_in(address, code, name);
        assert_eq!(answer.status, 303, "{answer:?}");
        Self { address, cookie: cookie(&answer) }
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], "")
    }

    /// Sends a form with the token that the pages of this session bear.
    pub(crate) fn post(&self, path: &str, fields: &str) -> Answer {
        let form = self.form_token();
        self.ask("POST", path, &[("Origin", &self.origin())], &format!("form={form}&{fields}"))
    }

    fn form_token(&self) -> String {
        let page = self.get("/").body;
        let token = page.split("name=\"form\" value=\"").nth(1).expect("a form");
        token.split('"').next().expect("its token").to_owned()
    }

    fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn ask(
        &self,
        method: &str,
        path: &str,
        more: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        ask(self.address, method, path, &[&[("Cookie", self.cookie.as_str())], more].concat(), body)
    }
}

/// A request under the name by which a browser on this machine calls the server.
fn ask(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Answer {
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    let headers = [headers, &[form][..usize::from(!body.is_empty())]].concat();
    send(address, &address.to_string(), (method, path), &headers, body.as_bytes())
}

fn sign_in(address: SocketAddr, code: &str, name: &str) -> Answer {
    let origin = format!("http://{address}");
    let body = format!("code={code}&name={name}");
    ask(address, "POST", "/sign-in", &[("Origin", &origin)], &body)
}

fn cookie(answer: &Answer) -> String {
    let set = answer.header("set-cookie").expect("a cookie");
    set.split(';').next().expect("its name and value").to_owned()
}

/// A server with a member of each role, whose book was filled and holds a plan that waits.
pub(crate) fn served() -> Served {
    served_in(Bench::small_company())
}

/// The same in this workspace.
pub(crate) fn served_in(bench: Bench) -> Served {
    assert_eq!(bench.run(&["sync"]).code, 0);
    let asked = bench.run(&["offboard", "Ana Diaz", "--json"]);
    assert!(asked.out.contains("pln_"), "{}", asked.all());
    for (role, name) in NAMES {
        assert_eq!(bench.run(&["member", "add", name, "--role", role.word()]).code, 0);
    }
    Served::in_workspace(bench, "wiki", &[])
}

#[test]
fn the_first_owner_signs_in_once_by_the_link_that_serve_prints() {
    let served = Served::start();
    let url = served.began["login_url"].as_str().expect("there is no owner yet").to_owned();
    let code = url.split("code=").nth(1).expect("a code");
    let page = ask(served.address, "GET", &format!("/sign-in?code={code}"), &[], "");
    assert!(page.body.contains("Be the first owner"), "{page:?}");
    let elsewhere = [("Origin", "https://evil.example")];
    let forged =
        ask(served.address, "POST", "/sign-in", &elsewhere, &format!("code={code}&name=Mallory"));
    assert_eq!(forged.status, 403, "{forged:?}");
    let nameless = sign_in(served.address, code, "");
    assert_eq!(nameless.status, 400, "{nameless:?}");
    let answer = sign_in(served.address, code, "Robin+Vale");
    assert_eq!((answer.status, answer.header("location")), (303, Some("/")), "{answer:?}");
    let set = answer.header("set-cookie").expect("a session");
    assert!(set.ends_with("; Path=/; HttpOnly; SameSite=Strict"), "{set}");
    assert_eq!(sign_in(served.address, code, "Robin+Vale").status, 401, "a link works once");

    let cookie = cookie(&answer);
    let owner = Browser { address: served.address, cookie };
    let page = owner.get("/");
    assert!(page.body.contains("Robin Vale"), "{page:?}");
    for (name, value) in [
        ("x-frame-options", "DENY"),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
    ] {
        assert_eq!(page.header(name), Some(value), "{page:?}");
    }
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(policy.contains("script-src 'self'") && !policy.contains("unsafe"), "{policy}");
    let by_hand = owner.ask("POST", "/sign-out", &[("Origin", &owner.origin())], "form=x");
    assert_eq!(by_hand.status, 403, "a form of nobody's: {by_hand:?}");
    let body = format!("form={}", owner.form_token());
    let forged = owner.ask("POST", "/sign-out", &[("Origin", "null")], &body);
    assert_eq!(forged.status, 403, "{forged:?}");
    assert_eq!(owner.post("/sign-out", "").status, 303);
    assert_eq!(owner.get("/").header("location"), Some("/sign-in"), "nobody is in any more");
}

#[test]
fn every_route_answers_each_role_as_the_table_says() {
    let served = served();
    let browsers = NAMES.map(|(role, name)| (role, Browser::of(&served, name)));
    for line in ROUTES.lines() {
        let (route, who) = line.split_once(": ").expect("a route and who");
        let (method, path) = route.split_once(' ').expect("a method and a path");
        if matches!(who, "everybody" | "whoever is signed in") {
            continue;
        }
        let path = path.replace("{}", "1");
        let body = if method == "GET" { "" } else { "digest=x" };
        let stranger = ask(served.address, method, &path, &[], body);
        let expected = if method == "GET" { 303 } else { 401 };
        assert_eq!(stranger.status, expected, "{line}: {stranger:?}");
        for (role, browser) in &browsers {
            let answer = match method {
                "GET" => browser.get(&path),
                _ => browser.post(&path, "digest=x"),
            };
            let is_let_in = who.split(' ').any(|word| word == role.word());
            let lacks = answer.body.contains("which may not do this");
            assert_eq!(answer.status == 403 && lacks, !is_let_in, "{line}, {role}: {answer:?}");
            assert!(answer.status < 500, "{line}, {role}: {answer:?}");
        }
    }
    let other = ask(served.address, "DELETE", "/people", &[], "");
    assert_eq!((other.status, other.header("allow")), (405, Some("GET, HEAD")), "{other:?}");
}

#[test]
fn in_clear_the_console_is_for_this_machine_alone() {
    let served = served();
    let rebound = served.send_to("evil.example", "GET", "/sign-in", &[], b"");
    assert_eq!(rebound.status, 403, "{rebound:?}");
    assert!(rebound.body.contains("over TLS"), "{rebound:?}");
    let here = ask(served.address, "GET", "/sign-in", &[], "");
    assert_eq!(here.status, 200, "{here:?}");
}

#[test]
fn names_from_directories_are_text_in_pages_and_no_formula_in_files() {
    let bench = Bench::small_company();
    let hostile = "<img src=x onerror=alert(1)>\u{202e}cod";
    let workers = std::fs::read_to_string(bench.path().join("in/workers.csv")).expect("the file");
    let unit = format!(",\"=cmd|'/c calc'!A1 {hostile}\",");
    bench.write("in/workers.csv", &workers.replace(",Finance,", &unit));
    bench.run(&["sync"]);
    bench.run(&["member", "add", "Ona Owner", "--role", "owner"]);
    let served = Served::in_workspace(bench, "wiki", &[]);
    let owner = Browser::of(&served, "Ona Owner");
    for path in ["/people", "/search?q=%3Cimg", "/people?q=onerror"] {
        let page = owner.get(path);
        assert_eq!(page.status, 200, "{path}: {page:?}");
        assert!(!page.body.contains("<img src=x") && !page.body.contains('\u{202e}'), "{path}");
    }
    let page = owner.get("/people");
    assert!(page.body.contains("&lt;img src=x onerror=alert(1)&gt;\\u{202e}cod"), "{page:?}");
    let file = owner.get("/people.csv");
    assert_eq!(file.header("content-type"), Some("text/csv; charset=utf-8"), "{file:?}");
    assert!(file.body.contains("\"'=cmd|"), "{file:?}");
    let audit = owner.get("/audit?kind=list_exported");
    assert!(audit.body.contains("1 record, out of"), "reading is recorded too: {audit:?}");
}

#[test]
fn a_list_is_narrowed_sorted_and_paged_and_refuses_what_it_has_not() {
    let served = served();
    let owner = Browser::of(&served, "Ona Owner");
    let all = owner.get("/people").body;
    let left = owner.get("/people?state=left").body;
    assert!(all.contains("4 people") && left.contains("1 person, out of 4"), "{all}{left}");
    let names = |page: &str| {
        let rows = page.split("class=\"strong\" href=\"/people/").skip(1);
        let name = |row: &str| {
            row.split('>').nth(1).and_then(|rest| rest.split('<').next()).map(str::to_owned)
        };
        rows.filter_map(name).collect::<Vec<_>>()
    };
    let up = names(&owner.get("/people?sort=name").body);
    let mut down = names(&owner.get("/people?sort=-name").body);
    down.reverse();
    assert!(up.len() == 4 && up == down, "{up:?} {down:?}");
    assert_eq!(owner.get("/people?sort=shoes").status, 400);
    assert_eq!(owner.get(&format!("/people?q={}", "x".repeat(201))).status, 400);
    assert_eq!(owner.get("/people?q=%ff").status, 400);
    assert_eq!(owner.get("/people?page=99999999999999999999").status, 200);
    assert_eq!(owner.get("/people/per_of_somebody_else").status, 404);
}
