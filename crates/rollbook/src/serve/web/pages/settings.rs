//! Who may sign in, which programs have tokens, and what each role may do.

use rollbook_core::role::{Right, Role};
use rollbook_engine::member::{ApiToken, Member};
use serde::Serialize;

use crate::serve::refusal::Refusal;
use crate::serve::web::cell::{Cell, Shown, Tone};
use crate::serve::web::door::Visit;
use crate::serve::web::{frame, told};

#[derive(Serialize)]
struct Settings {
    members: Vec<Line>,
    tokens: Vec<Line>,
    roles: Vec<RoleColumn>,
    rights: Vec<RightRow>,
    trouble: Option<String>,
}

/// Somebody who signs in, or a program.
#[derive(Serialize)]
struct Line {
    id: String,
    name: String,
    role: &'static str,
    cells: Vec<Shown>,
    /// Whether it is live, and whoever looks may end or change it.
    can_change: bool,
}

#[derive(Serialize)]
struct RoleColumn {
    word: &'static str,
    meaning: &'static str,
}

#[derive(Serialize)]
struct RightRow {
    word: &'static str,
    person: Vec<bool>,
}

/// The page.
pub(super) fn draw(visit: &Visit<'_>) -> Result<String, Refusal> {
    let engine = &visit.moment.engine;
    let members = engine.members().map_err(told)?;
    let tokens = engine.api_tokens().map_err(told)?;
    let right = |right: Right| RightRow {
        word: right.word(),
        person: Role::ALL.map(|role| role.may(right)).into(),
    };
    let page = Settings {
        members: members.iter().map(|member| of_member(visit, member)).collect(),
        tokens: tokens.iter().map(|token| of_token(visit, token)).collect(),
        roles: Role::ALL
            .map(|role| RoleColumn { word: role.word(), meaning: role.meaning() })
            .into(),
        rights: Right::ALL.map(right).into(),
        trouble: engine.config_trouble(),
    };
    Ok(frame::draw(visit, "settings.html", "Settings", &page))
}

fn of_member(visit: &Visit<'_>, member: &Member) -> Line {
    let state = match member.ended_at {
        None => Cell::badge("may sign in", Tone::Good),
        Some(at) => Cell::badge("ended", Tone::Soft).noted(at.strftime("%Y-%m-%d").to_string()),
    };
    let cells = [
        Cell::text(&member.name).toned(Tone::Strong),
        Cell::text(member.role.word()),
        Cell::moment(Some(member.made_at)),
        state,
    ];
    Line {
        id: member.id.clone(),
        name: member.name.clone(),
        role: member.role.word(),
        cells: cells.map(Shown::from).into(),
        can_change: member.ended_at.is_none() && visit.signed.member.role.admits(member.role),
    }
}

fn of_token(visit: &Visit<'_>, token: &ApiToken) -> Line {
    let now = visit.moment.now;
    let state = match (token.revoked_at, token.expires) {
        (Some(_), _) => Cell::badge("revoked", Tone::Soft),
        (None, Some(end)) if end <= now => Cell::badge("expired", Tone::Warn),
        (None, Some(end)) => Cell::text(end.strftime("until %Y-%m-%d").to_string()),
        (None, None) => Cell::text("no end"),
    };
    let used = match token.used_at {
        None => Cell::text("never").toned(Tone::Soft),
        at => Cell::moment(at),
    };
    let cells = [
        Cell::text(&token.name).toned(Tone::Strong).noted(&token.id),
        Cell::text(token.role.word()),
        Cell::text(&token.made_by),
        used,
        state,
    ];
    Line {
        id: token.id.clone(),
        name: token.name.clone(),
        role: token.role.word(),
        cells: cells.map(Shown::from).into(),
        can_change: token.revoked_at.is_none() && visit.may(Right::Admit),
    }
}
