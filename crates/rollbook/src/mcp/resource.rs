//! Resources: the guides of all apps, and the list of the packs that were made.

use rmcp::model::{
    ListResourcesResult, ReadResourceResult, Resource, ResourceContents, ResourceTemplate,
};
use rollbook_engine::asking::{Page, visible, visible_value};
use rollbook_engine::{Engine, Error, Result};

/// The list of packs.
const PACKS: &str = "rollbook://packs";
/// Before the id of an app or the name of an instance.
const GUIDE: &str = "rollbook://guide/";
/// Resources on one page.
const PAGE: usize = 100;

/// One page of all resources; the cursor is the id of the app that the page begins behind.
///
/// # Errors
/// When the cursor is none of ours.
pub(super) fn list(engine: &Engine, cursor: Option<String>) -> Result<ListResourcesResult> {
    let catalog = &engine.newest_config().catalog;
    let mut ids: Vec<&str> = catalog.ids().collect();
    ids.sort_unstable();
    let begin = match &cursor {
        None => 0,
        Some(after) => match ids.iter().position(|id| id == after) {
            Some(at) => at + 1,
            None => {
                return Err(Error::input("The cursor is not one of this list's.")
                    .hint("Ask without a cursor for the first page."));
            }
        },
    };
    let page = &ids[begin..ids.len().min(begin + PAGE)];
    let next = page.last().filter(|_| begin + page.len() < ids.len()).map(|id| (*id).to_owned());
    let packs = (begin == 0).then(|| {
        Resource::new(PACKS, "packs")
            .with_title("Packs")
            .with_description("The evidence packs that were made: about whom, when, by whom.")
            .with_mime_type("application/json")
    });
    let guide = |id: &&str| {
        Resource::new(format!("{GUIDE}{id}"), *id)
            .with_title(format!("Guide: {}", catalog.app(id).map_or(*id, |app| &app.name)))
            .with_mime_type("text/plain")
    };
    let mut listed = ListResourcesResult::with_all_items(
        packs.into_iter().chain(page.iter().map(guide)).collect(),
    );
    listed.next_cursor = next;
    Ok(listed)
}

/// How the addresses of guides are made.
pub(super) fn templates() -> Vec<ResourceTemplate> {
    let guide = ResourceTemplate::new(format!("{GUIDE}{{app}}"), "guide")
        .with_title("Guide of an app or an instance")
        .with_description("What is known about an app's user management, and how well.")
        .with_mime_type("text/plain");
    vec![guide]
}

/// What lies under an address.
///
/// # Errors
/// When nothing does, or the database refuses.
pub(super) fn read(engine: &Engine, uri: &str) -> Result<ReadResourceResult> {
    let contents = match uri.strip_prefix(GUIDE) {
        Some(app) => ResourceContents::text(guide(engine, app)?, uri),
        None if uri == PACKS => {
            let answer = engine.pack_list(&Page { limit: Some(PAGE), cursor: None })?;
            let value = serde_json::to_value(answer)
                .map_err(|e| Error::bug("The packs could not be written as JSON.").because(e))?;
            ResourceContents::text(visible_value(value).to_string(), uri)
                .with_mime_type("application/json")
        }
        None => {
            return Err(Error::input("There is no such resource.")
                .hint("resources/list says which there are."));
        }
    };
    Ok(ReadResourceResult::new(vec![contents]))
}

/// All lines of a guide.
fn guide(engine: &Engine, app: &str) -> Result<String> {
    let (mut text, mut page) = (String::new(), Page { limit: Some(PAGE), cursor: None });
    loop {
        let answer = engine.app_guide(app, &page)?;
        for line in &answer.rows {
            text += &visible(line);
            text.push('\n');
        }
        match answer.next {
            Some(next) => page.cursor = Some(next),
            None => return Ok(text),
        }
    }
}
