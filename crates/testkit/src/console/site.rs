//! The console without a network: a request in, an answer and the effects out.

use serde_json::{Value, json};

use super::asked::Request;
use super::brand::{Brand, Design};
use super::gate::{Gate, Standing};
use super::page::{self, Frame};
use super::team::{self, Deed, Team};
use crate::fault::Twist;
use crate::ledger::Done;
use crate::outgoing::{Outgoing, plain};
use crate::query::encoded;

/// The cookie of a session.
const SESSION: &str = "sid";
/// The cookie of the design that a visitor asked for with `?v=2`.
const DESIGN: &str = "v";

const HTML: &str = "text/html; charset=utf-8";
const JSON: &str = "application/json";

/// The console.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) team: Team,
    pub(super) gate: Gate,
    pub(super) design: Design,
}

/// An answer with what the request did.
pub(super) struct Answer {
    pub(super) out: Outgoing,
    pub(super) done: Vec<Done>,
}

impl From<Outgoing> for Answer {
    fn from(out: Outgoing) -> Self {
        Self { out, done: Vec::new() }
    }
}

impl Site {
    /// Answers a request, as `twist` bends what the console itself does.
    pub(super) fn answer(&mut self, request: &Request, twist: Option<&Twist>) -> Answer {
        match twist {
            Some(Twist::Redesigned) => self.design = Design::New,
            Some(Twist::SignedOut) => self.gate.end_all(),
            _ => {}
        }
        let mut answer = match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/console.css") => plain(200, "text/css", page::CSS.into()).into(),
            ("GET", "/console.js") => plain(200, "text/javascript", page::SCRIPT.into()).into(),
            (_, path) if path == "/login" || path.starts_with("/login/") => {
                self.sign_in(request, twist)
            }
            ("GET", "/logout") => {
                self.gate.hold(request.cookie(SESSION));
                to("/login").into()
            }
            _ if self.gate.standing(request.cookie(SESSION)) != Some(Standing::Whole) => {
                self.turn_away(request).into()
            }
            _ => self.inside(request, twist),
        };
        if request.asks(DESIGN) == "2" {
            answer.out.headers.push(("set-cookie", format!("{DESIGN}=2; Path=/")));
        }
        answer
    }

    fn frame(&self, request: &Request) -> Frame {
        let wants_new = request.asks(DESIGN) == "2" || request.cookie(DESIGN) == "2";
        Frame {
            brand: self.team.brand,
            design: if wants_new { Design::New } else { self.design },
            robot: self.gate.robot.login.clone(),
            knows_cookies: !request.cookie("cookies").is_empty(),
        }
    }

    /// Whether the list is made of pages from the server, in a frame.
    fn is_framed(&self, request: &Request) -> bool {
        self.team.brand == Brand::Stitch && self.frame(request).design == Design::Old
    }

    fn turn_away(&self, request: &Request) -> Outgoing {
        let is_data = request.path.starts_with("/members") && !self.is_framed(request);
        if is_data && request.path != "/members.csv" {
            return plain(401, JSON, br#"{"problem":"signed out"}"#.into());
        }
        let has_been_in = !request.cookie(SESSION).is_empty();
        to(if has_been_in { "/login?ended=1" } else { "/login" })
    }

    // --- Sign-in ---------------------------------------------------------------------------------

    fn sign_in(&mut self, request: &Request, twist: Option<&Twist>) -> Answer {
        let session = request.cookie(SESSION);
        let out = match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/login") => self.sign_in_page(request, ""),
            ("POST", "/login") => return self.password(request, twist),
            ("GET", "/login/code") => self.code_page(request, ""),
            ("POST", "/login/code") if self.gate.standing(session) == Some(Standing::Half) => {
                match self.gate.enter_code(session, request.field("code")) {
                    Ok(session) => with_session(to("/"), &session),
                    Err(why) => self.code_page(request, why),
                }
            }
            ("GET", "/login/question") => {
                html(200, self.frame(request).render("question.html", json!({})))
            }
            _ => to("/login"),
        };
        out.into()
    }

    fn password(&mut self, request: &Request, twist: Option<&Twist>) -> Answer {
        if self.asks_in_two_steps() && !request.fields.contains_key("password") {
            return self.sign_in_page(request, "").into();
        }
        let entered = self.gate.enter(request.field("email"), request.field("password"));
        let out = match entered {
            Err(why) => self.sign_in_page(request, why),
            Ok(session) if twist == Some(&Twist::AsksMore) => {
                self.gate.hold(&session);
                to("/login/question")
            }
            Ok(session) => {
                let is_whole = self.gate.standing(&session) == Some(Standing::Whole);
                with_session(to(if is_whole { "/" } else { "/login/code" }), &session)
            }
        };
        out.into()
    }

    /// Whether the address comes first and the password on a page of its own.
    fn asks_in_two_steps(&self) -> bool {
        self.team.brand == Brand::Mosaic
    }

    fn sign_in_page(&self, request: &Request, problem: &str) -> Outgoing {
        let login = request.field("email");
        let values = json!({
            "problem": problem,
            "login": login,
            "ended": request.asks("ended") == "1",
            "asks_password": !self.asks_in_two_steps() || !login.is_empty(),
        });
        html(200, self.frame(request).render("sign_in.html", values))
    }

    fn code_page(&self, request: &Request, problem: &str) -> Outgoing {
        html(200, self.frame(request).render("code.html", json!({"problem": problem})))
    }

    // --- Inside ----------------------------------------------------------------------------------

    fn inside(&mut self, request: &Request, twist: Option<&Twist>) -> Answer {
        let frame = self.frame(request);
        let framed = self.is_framed(request);
        match (request.method.as_str(), request.path.as_str()) {
            ("GET", path) if path == self.team.brand.members_page() => {
                html(200, frame.members(&self.team.seats())).into()
            }
            ("GET", "/members") if framed => self.framed_list(request, None, twist).into(),
            ("GET", "/members") => self.list(request, twist).into(),
            ("GET", "/members/ask" | "/members/role") => self.ask(request, framed, twist).into(),
            ("POST", "/members/act") => self.act(request, framed, twist),
            ("GET", "/members.csv") if self.team.brand == Brand::Mosaic => {
                self.export(twist).into()
            }
            ("GET", "/") => html(200, frame.render("home.html", json!({"page": "Home"}))).into(),
            ("GET", path) if self.is_place(path) => {
                let last = path.rsplit('/').next().unwrap_or_default();
                html(200, frame.render("home.html", json!({"page": last}))).into()
            }
            _ => self.trouble(request, 404, "There is no such page.").into(),
        }
    }

    fn is_place(&self, path: &str) -> bool {
        let links = self.team.brand.links();
        links.iter().any(|[_, href]| *href == path) || path.starts_with("/account")
    }

    fn trouble(&self, request: &Request, status: u16, problem: &str) -> Outgoing {
        let values = json!({"page": "Something is wrong", "problem": problem});
        html(status, self.frame(request).render("trouble.html", values))
    }

    fn list(&mut self, request: &Request, twist: Option<&Twist>) -> Outgoing {
        let part = self.team.part(request.page(), twist);
        let mut body = json!({
            "members": part.members.iter().map(team::row).collect::<Vec<_>>(),
            "page": part.page,
            "pages": part.pages,
            "total": part.total,
        });
        if twist == Some(&Twist::RowsTurn) {
            body["turns"] = Value::Bool(true);
        }
        let news = self.team.brand.news().filter(|_| request.cookie("news").is_empty());
        match twist {
            Some(Twist::PopUp { text }) => body["news"] = json!(text),
            _ => body["news"] = json!(news),
        }
        if twist == Some(&Twist::RowsMove) {
            self.team.add_in_front();
        }
        plain(200, JSON, body.to_string().into_bytes())
    }

    fn framed_list(
        &mut self,
        request: &Request,
        ask: Option<&team::Ask>,
        twist: Option<&Twist>,
    ) -> Outgoing {
        let part = self.team.part(request.page(), twist);
        let values = json!({
            "members": part.members.iter().map(team::row).collect::<Vec<_>>(),
            "first": part.places.start + 1,
            "last": part.places.end,
            "total": part.total,
            "page_number": part.page,
            "pages": part.pages,
            "seats": self.team.seats(),
            "told": request.asks("told"),
            "ask": ask,
        });
        if twist == Some(&Twist::RowsMove) {
            self.team.add_in_front();
        }
        html(200, self.frame(request).render("stitch_frame.html", values))
    }

    fn ask(&mut self, request: &Request, framed: bool, twist: Option<&Twist>) -> Outgoing {
        let what = if request.path == "/members/role" { "role" } else { request.asks("what") };
        let id = request.asks("id").parse().unwrap_or_default();
        let design = self.frame(request).design;
        let ask = match twist {
            Some(Twist::NoDialog) => None,
            _ => self.team.ask(what, id, design, twist),
        };
        match ask {
            ask if framed => self.framed_list(request, ask.as_ref(), None),
            Some(ask) => plain(200, JSON, json!(ask).to_string().into_bytes()),
            None => plain(204, JSON, Vec::new()),
        }
    }

    fn act(&mut self, request: &Request, framed: bool, twist: Option<&Twist>) -> Answer {
        let deed = Deed {
            what: request.field("what"),
            ids: request.field("ids").split(',').filter_map(|id| id.parse().ok()).collect(),
            role: request.field("role"),
            email: request.field("email"),
            name: request.field("name"),
        };
        let design = self.frame(request).design;
        let acted = if twist == Some(&Twist::Ignored) {
            self.team.clone().act(&deed, design).map(|(_, told)| (Vec::new(), told))
        } else {
            self.team.act(&deed, design)
        };
        let page = request.page();
        match acted {
            Ok((done, told)) if framed => {
                Answer { out: to(&format!("/members?page={page}&told={}", encoded(&told))), done }
            }
            Ok((done, told)) => {
                let out = plain(200, JSON, json!({"told": told}).to_string().into_bytes());
                Answer { out, done }
            }
            Err(why) if framed => self.trouble(request, 409, &why).into(),
            Err(why) => plain(409, JSON, json!({"problem": why}).to_string().into_bytes()).into(),
        }
    }

    fn export(&self, twist: Option<&Twist>) -> Outgoing {
        if twist == Some(&Twist::NoDownload) {
            return plain(204, "text/csv", Vec::new());
        }
        let mut out = plain(200, "text/csv; charset=utf-8", self.team.csv().into_bytes());
        let name = "attachment; filename=\"users.csv\"".to_owned();
        out.headers.push(("content-disposition", name));
        out
    }
}

fn html(status: u16, page: String) -> Outgoing {
    plain(status, HTML, page.into_bytes())
}

fn to(path: &str) -> Outgoing {
    let mut out = plain(303, HTML, Vec::new());
    out.headers.push(("location", path.to_owned()));
    out
}

fn with_session(mut out: Outgoing, session: &str) -> Outgoing {
    let cookie = format!("{SESSION}={session}; Path=/; HttpOnly; SameSite=Lax");
    out.headers.push(("set-cookie", cookie));
    out
}
