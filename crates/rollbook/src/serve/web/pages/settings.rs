//! Who may sign in, which programs have tokens, and what each role may do.

use rollbook_core::role::{Right, Role};
use serde::Serialize;

use crate::serve::refusal::Refusal;
use crate::serve::web::cell::{Cell, Shown, Tone};
use crate::serve::web::door::Visit;
use crate::serve::web::{frame, told};

#[derive(Serialize)]
struct Settings {
    members: Vec<Vec<Shown>>,
    tokens: Vec<Vec<Shown>>,
    roles: Vec<RoleColumn>,
    rights: Vec<RightRow>,
    trouble: Option<String>,
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
    let now = visit.moment.now;
    let members = engine.members().map_err(told)?.into_iter().map(|member| {
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
        cells.map(Shown::from).into()
    });
    let tokens = engine.api_tokens().map_err(told)?.into_iter().map(|token| {
        let state = match (token.revoked_at, token.expires) {
            (Some(_), _) => Cell::badge("revoked", Tone::Soft),
            (None, Some(end)) if end <= now => Cell::badge("expired", Tone::Warn),
            (None, Some(end)) => Cell::text(end.strftime("until %Y-%m-%d").to_string()),
            (None, None) => Cell::text("no end"),
        };
        let used = Cell::moment(token.used_at);
        let cells = [
            Cell::text(&token.name).toned(Tone::Strong).noted(&token.id),
            Cell::text(token.role.word()),
            Cell::text(&token.made_by),
            if token.used_at.is_none() { Cell::text("never").toned(Tone::Soft) } else { used },
            state,
        ];
        cells.map(Shown::from).into()
    });
    let right = |right: Right| RightRow {
        word: right.word(),
        person: Role::ALL.map(|role| role.may(right)).into(),
    };
    let page = Settings {
        members: members.collect(),
        tokens: tokens.collect(),
        roles: Role::ALL
            .map(|role| RoleColumn { word: role.word(), meaning: role.meaning() })
            .into(),
        rights: Right::ALL.map(right).into(),
        trouble: engine.config_trouble(),
    };
    Ok(frame::draw(visit, "settings.html", "Settings", &page))
}
