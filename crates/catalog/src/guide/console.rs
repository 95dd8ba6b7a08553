//! What a browser does in the app's console, step by step, for people who want to check it or do it.

use rollbook_core::change::Basis;

use super::source::Sources;
use super::{Block, Statement, capital};
use crate::app::App;
use crate::browser::Purpose;

/// For each purpose its steps, in their order.
pub(super) fn steps(app: &App, sources: &mut Sources) -> Vec<Block> {
    let Some(browser) = &app.browser else { return Vec::new() };
    let route = app.routes.iter().find(|route| route.way.channel == "browser");
    let source = route.and_then(|route| route.source.as_deref());
    let basis = if source.is_some() { Basis::Documented } else { Basis::Recalled };
    let mut blocks = vec![Block::text(
        "Before each press in a row, the row must still say the account's key and address; what a \
         dialog says must be the same to the letter. Anything else is left alone and handed to a person.",
    )];
    for (purpose, steps) in &browser.steps {
        let title = match purpose {
            Purpose::SignIn => "Sign in",
            Purpose::Members => "Read the members",
            Purpose::Do(verb) => &capital(verb.as_str()),
        };
        let grade = match (route, purpose) {
            (Some(route), Purpose::Do(verb)) => {
                let basis = route.way.can.get(verb).map_or(basis, |ability| ability.basis);
                sources.grade(basis, source)
            }
            _ => sources.grade(basis, source),
        };
        let said = |step: &dyn ToString| Statement { text: capital(&step.to_string()), grade };
        blocks.push(Block::heading(title));
        blocks.push(Block::Steps { statements: steps.iter().map(|step| said(step)).collect() });
    }
    blocks
}
