//! How an app is connected: what to write into `rollbook.toml` word for word, whether it is there and can
//! be used, and whether the app could be read.

use hyper::StatusCode;
use rollbook_catalog::Guide;
use rollbook_catalog::guide::Block;
use rollbook_core::id::InstanceName;
use rollbook_core::role::Right;
use serde::Serialize;

use super::unknown;
use crate::serve::refusal::Refusal;
use crate::serve::web::cell::Shown;
use crate::serve::web::door::Visit;
use crate::serve::web::looking::Begun;
use crate::serve::web::query::encoded;
use crate::serve::web::reply::Reply;
use crate::serve::web::{frame, lists};

/// The section of a guide that says how.
const SECTION: &str = "connect";

#[derive(Serialize)]
struct ConnectPage {
    app: String,
    name: String,
    blocks: Vec<Block>,
    /// Why `rollbook.toml` is not used as it is now.
    trouble: Option<String>,
    instances: Vec<Instance>,
    may_look: bool,
}

/// A tenant of the app that is in the configuration.
#[derive(Serialize)]
struct Instance {
    name: String,
    href: String,
    view: Shown,
    seen: Shown,
    why: Option<String>,
    is_looking: bool,
    /// Whether anything reads it.
    is_read: bool,
}

/// The page.
pub(super) fn draw(visit: &Visit<'_>) -> Result<String, Refusal> {
    let moment = &visit.moment;
    let config = moment.engine.config();
    let app = config.catalog.app(visit.named(0));
    let app = app.ok_or_else(|| unknown("app", visit.named(0), "Catalog"))?;
    let sections = Guide::of(app).sections.into_iter();
    let section = sections.into_iter().find(|section| section.anchor == SECTION);
    let ours = config.instances.iter().filter(|one| one.app == app.id);
    let page = ConnectPage {
        app: app.id.clone(),
        name: app.name.clone(),
        blocks: section.map(|section| section.blocks).unwrap_or_default(),
        trouble: moment.engine.config_trouble(),
        instances: ours.map(|one| instance(visit, &one.name)).collect(),
        may_look: visit.may(Right::Run),
    };
    Ok(frame::draw(visit, "connect.html", &format!("Connect {}", app.name), &page))
}

fn instance(visit: &Visit<'_>, name: &InstanceName) -> Instance {
    let moment = &visit.moment;
    let at = moment.engine.config().instances.iter().position(|one| one.name == *name);
    let cell = |key: &str| -> Shown {
        let list = lists::list("apps");
        let column = list.and_then(|list| list.columns.iter().find(|column| column.key == key));
        let cell = column.zip(at).map(|(column, at)| (column.cell)(moment, at));
        cell.unwrap_or_default().into()
    };
    Instance {
        name: name.to_string(),
        href: format!("/apps/{}", encoded(name.as_str())),
        view: cell("view"),
        seen: cell("seen"),
        why: super::app::why_not_whole(moment, name),
        is_looking: visit.looks.goes_on(name),
        is_read: at.is_some_and(|at| moment.engine.config().instances[at].is_read()),
    }
}

/// Begins to read an app again.
pub(super) fn look(visit: &Visit<'_>) -> Result<Reply, Refusal> {
    let name = InstanceName::new(visit.named(0));
    let config = visit.moment.engine.config();
    let instance = config.instances.iter().find(|one| one.name == name);
    let instance = instance.ok_or_else(|| unknown("app", name.as_str(), "Apps"))?;
    if !instance.is_read() {
        let detail = "Nothing reads this app: a person works in it, and it has neither an API nor an \
                      export that Rollbook knows of.";
        return Err(Refusal::new(StatusCode::CONFLICT, detail));
    }
    match visit.looks.begin(&visit.moment.engine, &name) {
        Begun::Yes => Ok(Reply::See(format!("/apps/{}", encoded(name.as_str())))),
        Begun::Full => {
            let detail = "Other apps are being read. Ask again when they are done.";
            Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, detail))
        }
    }
}
