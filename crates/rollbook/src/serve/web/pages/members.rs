//! Who may sign in and which programs have tokens: letting in, letting out. Whoever is let in can do
//! what their role may, so all of it takes a session that was begun lately.

use hyper::StatusCode;
use jiff::civil::Date;
use rollbook_core::role::Role;
use rollbook_engine::member::Member;
use serde::Serialize;

use super::unknown;
use crate::serve::refusal::Refusal;
use crate::serve::sign_in_url;
use crate::serve::web::door::Visit;
use crate::serve::web::reply::Reply;
use crate::serve::web::{frame, told};

/// What is shown once and never again.
#[derive(Serialize)]
struct Once<'a> {
    title: &'a str,
    lead: String,
    text: String,
    after: &'a str,
}

/// Lets somebody sign in from now on.
pub(super) fn add(visit: &Visit<'_>) -> Result<Reply, Refusal> {
    let role = chosen_role(visit)?;
    visit.check_fresh("Letting somebody in")?;
    let (name, own) = (visit.field("name"), visit.signed.member.role);
    let added = visit.moment.engine.add_member(name, role, visit.by(), Some(own)).map_err(told)?;
    invite(visit, &added)
}

/// Makes the link by which a member signs in.
pub(super) fn link(visit: &Visit<'_>) -> Result<Reply, Refusal> {
    let member = find(visit)?;
    visit.check_fresh("Letting somebody in")?;
    invite(visit, &member)
}

fn invite(visit: &Visit<'_>, member: &Member) -> Result<Reply, Refusal> {
    let own = visit.signed.member.role;
    let secret = visit.moment.engine.invite(&member.name, visit.by(), Some(own)).map_err(told)?;
    let page = Once {
        title: "The link is made",
        lead: format!(
            "Give it to {}, by a way on which nobody else reads it. It works once and for a day.",
            member.name
        ),
        text: sign_in_url(visit.asked.origin(), &secret),
        after: "It is shown this once. Making another one ends it.",
    };
    Ok(shown(visit, &page))
}

/// Gives a member another role.
pub(super) fn set_role(visit: &Visit<'_>) -> Result<Reply, Refusal> {
    let (member, role) = (find(visit)?, chosen_role(visit)?);
    visit.check_fresh("Changing a role")?;
    let own = visit.signed.member.role;
    visit.moment.engine.set_role(&member.name, role, visit.by(), Some(own)).map_err(told)?;
    Ok(back())
}

/// Lets a member in no more.
pub(super) fn end(visit: &Visit<'_>) -> Result<Reply, Refusal> {
    let member = find(visit)?;
    let own = visit.signed.member.role;
    visit.moment.engine.end_member(&member.name, visit.by(), Some(own)).map_err(told)?;
    Ok(back())
}

/// Makes a token for a program.
pub(super) fn add_token(visit: &Visit<'_>) -> Result<Reply, Refusal> {
    let role = chosen_role(visit)?;
    visit.check_fresh("Making a token")?;
    let expires = match visit.field("expires") {
        "" => None,
        day => Some(end_of(visit, day)?),
    };
    let (name, own) = (visit.field("name"), visit.signed.member.role);
    let engine = &visit.moment.engine;
    let minted = engine.mint_api_token(name, role, expires, visit.by(), Some(own)).map_err(told)?;
    let page = Once {
        title: "The token is made",
        lead: format!(
            "Give it to {}. It reads and proposes as {role}, and approves nothing.",
            minted.token.name
        ),
        text: minted.secret.expose().to_owned(),
        after: "It is shown this once. The program presents it as Authorization: Bearer …",
    };
    Ok(shown(visit, &page))
}

/// The end of a day in the workspace's zone.
fn end_of(visit: &Visit<'_>, day: &str) -> Result<jiff::Timestamp, Refusal> {
    let zone = visit.moment.engine.config().workspace.zone();
    let next = day.parse::<Date>().ok().and_then(|day| day.tomorrow().ok());
    let begin = next.and_then(|day| day.to_zoned(zone).ok());
    begin.map(|begin| begin.timestamp()).ok_or_else(|| {
        let detail = "Say the last day of the token as 2027-01-31; no token was made.";
        Refusal::new(StatusCode::BAD_REQUEST, detail)
    })
}

/// Ends a token of a program.
pub(super) fn revoke_token(visit: &Visit<'_>) -> Result<Reply, Refusal> {
    let id = visit.named(0);
    let tokens = visit.moment.engine.api_tokens().map_err(told)?;
    if !tokens.iter().any(|token| token.id == id && token.revoked_at.is_none()) {
        return Err(unknown("live token", id, "Settings"));
    }
    visit.moment.engine.revoke_api_token(id, visit.by()).map_err(told)?;
    Ok(back())
}

/// The live member that the address names.
fn find(visit: &Visit<'_>) -> Result<Member, Refusal> {
    let id = visit.named(0);
    let members = visit.moment.engine.members().map_err(told)?;
    let found = members.into_iter().find(|member| member.id == id && member.ended_at.is_none());
    found.ok_or_else(|| unknown("member", id, "Settings"))
}

fn chosen_role(visit: &Visit<'_>) -> Result<Role, Refusal> {
    visit.field("role").parse().map_err(|e: rollbook_core::role::UnknownRole| {
        Refusal::new(StatusCode::BAD_REQUEST, &format!("This is no role: {e}. Nothing was done."))
    })
}

fn shown(visit: &Visit<'_>, page: &Once<'_>) -> Reply {
    Reply::Html(StatusCode::OK, frame::draw(visit, "once.html", page.title, page))
}

fn back() -> Reply {
    Reply::See("/settings".to_owned())
}
