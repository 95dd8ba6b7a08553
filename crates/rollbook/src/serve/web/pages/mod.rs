//! What each page shows: values for its template, taken from one moment.

mod account;
mod acts;
mod app;
mod board;
mod connect;
mod event;
mod finding;
mod guide;
mod link;
mod list;
mod members;
mod overview;
mod packs;
mod person;
mod plan;
mod run;
mod search;
mod settings;
mod task;

use hyper::StatusCode;
use rollbook_engine::member::Invited;
use serde::Serialize;

use super::cell::{Cell, Shown};
use super::door::Visit;
use super::frame;
use super::reply::Reply;
use super::route::Page;
use super::scenery::ASSETS;
use crate::serve::refusal::Refusal;

/// A page for somebody who is in.
pub(super) fn show(visit: &Visit<'_>) -> Result<Reply, Refusal> {
    let html = match visit.asked.route.page {
        Page::Overview => overview::draw(visit)?,
        Page::Search => search::draw(visit)?,
        Page::List(key) => list::draw(visit, key)?,
        Page::Csv(key) => return list::file(visit, key),
        Page::RunEvents => return run::events(visit),
        Page::Person => person::draw(visit)?,
        Page::Account => account::draw(visit)?,
        Page::App => app::draw(visit)?,
        Page::Finding => finding::draw(visit)?,
        Page::Link => link::draw(visit)?,
        Page::Plan => plan::draw(visit)?,
        Page::Run => run::draw(visit)?,
        Page::Event => event::draw(visit)?,
        Page::Guide => guide::draw(visit)?,
        Page::Settings => settings::draw(visit)?,
        Page::Board => board::draw(visit)?,
        Page::Task => task::draw(visit)?,
        Page::Connect => connect::draw(visit)?,
        _ => return act(visit),
    };
    Ok(Reply::Html(StatusCode::OK, html))
}

/// What somebody does, and what is to be seen after it.
fn act(visit: &Visit<'_>) -> Result<Reply, Refusal> {
    match visit.asked.route.page {
        Page::Offboard => acts::offboard(visit),
        Page::PlanFinding => acts::plan_finding(visit),
        Page::PlanFindings => acts::plan_findings(visit),
        Page::PutOff => acts::put_off(visit),
        Page::Approve => acts::approve(visit),
        Page::RunPlan => acts::run(visit),
        Page::Confirm => acts::decide(visit, true),
        Page::Reject => acts::decide(visit, false),
        Page::Look => connect::look(visit),
        Page::TaskDone => task::done(visit),
        Page::TaskRefuse => task::refuse(visit),
        Page::TaskHandOver => task::hand_over(visit),
        Page::Proof => task::proof(visit),
        Page::PersonPack => packs::of_person(visit),
        Page::RunPack => packs::of_run(visit),
        Page::AddMember => members::add(visit),
        Page::MemberLink => members::link(visit),
        Page::MemberRole => members::set_role(visit),
        Page::MemberEnd => members::end(visit),
        Page::AddToken => members::add_token(visit),
        Page::TokenRevoke => members::revoke_token(visit),
        _ => Err(Refusal::not_found()),
    }
}

/// A file that pages refer to.
pub(super) fn asset(name: &str) -> Result<Reply, Refusal> {
    let asset = ASSETS.iter().find(|asset| asset.name == name).ok_or_else(Refusal::not_found)?;
    Ok(Reply::Asset { media_type: asset.media_type, text: asset.text })
}

/// The door: with a good link, who comes in by it; else how to get one.
pub(super) fn sign_in(code: Option<&str>, invited: Option<&Invited>, next: &str) -> String {
    #[derive(Serialize)]
    struct SignIn<'a> {
        code: &'a str,
        is_wrong: bool,
        is_first: bool,
        name: &'a str,
        role: &'a str,
        next: &'a str,
    }
    let (is_first, name, role) = match invited {
        None => (false, "", ""),
        Some(Invited::FirstOwner) => (true, "", "owner"),
        Some(Invited::Member(member)) => (false, member.name.as_str(), member.role.word()),
    };
    let is_wrong = code.is_some() && invited.is_none();
    let code = code.filter(|_| !is_wrong).unwrap_or_default();
    let page = SignIn { code, is_wrong, is_first, name, role, next };
    frame::draw_bare("sign_in.html", "Sign in", &page)
}

/// Why something was not done.
pub(super) fn refusal(status: StatusCode, detail: &str) -> String {
    #[derive(Serialize)]
    struct Refused<'a> {
        status: u16,
        title: &'a str,
        detail: &'a str,
    }
    let title = match status {
        StatusCode::NOT_FOUND => "There is nothing here",
        StatusCode::FORBIDDEN => "You may not do this",
        StatusCode::UNAUTHORIZED => "You are not signed in",
        StatusCode::TOO_MANY_REQUESTS => "Too often",
        status if status.is_server_error() => "Something went wrong",
        _ => "This cannot be done",
    };
    let page = Refused { status: status.as_u16(), title, detail };
    frame::draw_bare("refusal.html", title, &page)
}

/// A name and what stands for it, as pages list facts.
#[derive(Debug, Serialize)]
struct Fact {
    name: &'static str,
    value: Shown,
}

/// The facts of which something is known.
fn facts(facts: impl IntoIterator<Item = (&'static str, Cell)>) -> Vec<Fact> {
    let known = facts.into_iter().filter(|(_, cell)| cell.value != super::cell::Value::Nothing);
    known.map(|(name, cell)| Fact { name, value: cell.into() }).collect()
}

/// Nothing of this id is there.
fn unknown(what: &str, id: &str, list: &str) -> Refusal {
    let id: String = id.chars().take(100).collect();
    let detail =
        format!("There is no {what} `{id}` in this workspace. {list} lists what is there.");
    Refusal::new(StatusCode::NOT_FOUND, &detail)
}
