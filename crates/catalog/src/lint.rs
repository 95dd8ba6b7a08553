//! What an app file must hold beyond being well formed, so that nothing in it goes untried.

use crate::app::App;
use crate::browser::unsafe_steps;
use crate::request::RequestOp;
use crate::rest::{Call, Rest};

/// Everything that `app` lacks, as sentences that say what to do. Empty: it may be used.
pub fn faults(app: &App) -> Vec<String> {
    let unshown = app.unshown().into_iter().map(|word| {
        format!(
            "No [[example]] shows how the REST route can `{word}`, so no test tries it. Add one."
        )
    });
    let rest = app.rest.iter();
    let rest = rest.flat_map(|rest| unseen(app, rest).chain(untried(app, rest)));
    unshown.chain(rest).chain(app.browser.iter().flat_map(unsafe_steps)).collect()
}

/// What takes something away must be seen to have done so.
fn unseen<'a>(app: &'a App, rest: &'a Rest) -> impl Iterator<Item = String> + 'a {
    let observes = app.routes.iter().any(|r| r.way.channel == "rest" && r.observes);
    let looks = observes || rest.calls(RequestOp::Get).next().is_some();
    rest.calls.iter().filter(move |call| takes_away(call) && !looks).map(|call| {
        format!(
            "`{} {}` takes something away, and nothing looks whether it did. Add a call `list` or `get`.",
            call.method, call.path
        )
    })
}

/// Every call that takes something away has an example of its own.
fn untried<'a>(app: &'a App, rest: &'a Rest) -> impl Iterator<Item = String> + 'a {
    let tried = |call: &Call| {
        app.examples.iter().any(|example| {
            let (method, target) = example.request.split_once(' ').unwrap_or_default();
            let path = target.split_once('?').map_or(target, |(path, _)| path);
            method == call.method.to_string() && call.path.read(path).is_some()
        })
    };
    rest.calls.iter().filter(move |call| takes_away(call) && !tried(call)).map(|call| {
        format!(
            "`{} {}` takes something away, and no [[example]] shows it. Add one.",
            call.method, call.path
        )
    })
}

fn takes_away(call: &Call) -> bool {
    matches!(call.op, RequestOp::Suspend | RequestOp::Remove | RequestOp::Revoke)
}
