//! What is known of one instance only: what probes found out there.

use rollbook_core::change::Basis;

use super::source::Sources;
use super::{Block, Row, Statement};
use crate::app::App;
use crate::probed::{Contradiction, contradictions};
use crate::tried::Tried;

/// What stands at the top: since when it is known, and where the app's file cannot be right about it.
/// `app` is the app as its file has it.
pub(super) fn opening(app: &App, tried: &Tried, sources: &mut Sources) -> Vec<Block> {
    let instance = &tried.instance;
    let Some(newest) = tried.answers.iter().map(|answer| answer.on).max() else {
        let text = format!(
            "No probe of the instance {instance} has found out anything yet, so all of this is about \
             the app in general. Where it is reached over SCIM, `rollbook probe {instance}` finds out."
        );
        return vec![Block::text(text)];
    };
    let found = format!(
        "This holds what probes of the instance {instance} found out, the last of them on {newest}. It \
         is marked as probed."
    );
    let told = contradictions(app, tried);
    if told.is_empty() {
        return vec![Block::text(format!("{found} Nothing of it contradicts what is written."))];
    }
    let text = format!("{found} Here it does otherwise than is written:");
    let statements = told.iter().map(|it| statement(it, tried, sources)).collect();
    vec![Block::text(text), Block::List { statements }]
}

fn statement(it: &Contradiction, tried: &Tried, sources: &mut Sources) -> Statement {
    let Contradiction { key, stated, seen, on, .. } = it;
    let by = it.source.as_ref().map(|source| format!(" by {source}")).unwrap_or_default();
    Statement {
        text: format!("{key} is said to be {stated}{by}. Seen on {on}: {seen}"),
        grade: sources.grade(Basis::Probed, Some(&tried.source(*on))),
    }
}

/// Every answer with its day.
pub(super) fn answers(tried: Option<&Tried>, sources: &mut Sources) -> Vec<Block> {
    let Some(tried) = tried.filter(|tried| !tried.answers.is_empty()) else { return Vec::new() };
    let rows = tried.answers.iter().map(|answer| Row {
        cells: vec![
            answer.asks.replace('`', ""),
            answer.says.replace('`', ""),
            answer.on.to_string(),
        ],
        grade: sources.grade(Basis::Probed, Some(&tried.source(answer.on))),
    });
    vec![Block::Table { head: vec!["Question", "Answer", "On", "Known"], rows: rows.collect() }]
}
