//! The guide to one app, as the catalog knows it.

use rollbook_catalog::Guide;
use serde::Serialize;

use super::unknown;
use crate::serve::refusal::Refusal;
use crate::serve::web::door::Visit;
use crate::serve::web::frame;
use crate::serve::web::query::encoded;

#[derive(Serialize)]
struct GuidePage {
    guide: Guide,
    /// Our tenants of the app, with their pages.
    instances: Vec<(String, String)>,
}

/// The page.
pub(super) fn draw(visit: &Visit<'_>) -> Result<String, Refusal> {
    let config = visit.moment.engine.config();
    let app = config.catalog.app(visit.named(0));
    let app = app.ok_or_else(|| unknown("app", visit.named(0), "Catalog"))?;
    let instances = config.instances.iter().filter(|one| one.app == app.id);
    let page = GuidePage {
        guide: Guide::of(app),
        instances: instances
            .map(|one| (one.name.to_string(), format!("/apps/{}", encoded(one.name.as_str()))))
            .collect(),
    };
    Ok(frame::draw(visit, "guide.html", &app.name, &page))
}
