//! What is known about an app's user management?

use rollbook_catalog::Guide;
use serde::Serialize;

use super::answer::Answer;
use super::page::Page;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::nearest::nearest;

/// Lines of a page of a guide, where nobody says how many: a guide is read as text.
const LINES: usize = 100;

/// Which guide it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AboutGuide {
    /// The app's id in the catalog.
    pub app: String,
    /// The name people use.
    pub name: String,
    /// The instance whose probed facts stand in it; `None`: only what the catalog says.
    pub instance: Option<String>,
    /// The anchors of its sections, in order.
    pub sections: Vec<&'static str>,
}

impl Engine {
    /// The guide of an app, or of an instance with what was probed there, line by line.
    ///
    /// # Errors
    /// When there is neither an instance nor an app of that name, the page cannot be, or the database
    /// refuses.
    pub fn app_guide(&self, app: &str, page: &Page) -> Result<Answer<AboutGuide, String>> {
        let engine = self.newest();
        let (guide, instance) = engine.guide_of(app)?;
        let about = AboutGuide {
            app: guide.id.clone(),
            name: guide.name.clone(),
            instance,
            sections: guide.sections.iter().map(|section| section.anchor).collect(),
        };
        let lines: Vec<(usize, String)> =
            guide.to_string().lines().map(str::to_owned).enumerate().collect();
        let page = Page { limit: page.limit.or(Some(LINES)), cursor: page.cursor.clone() };
        let cut = page.cut(&["app_guide", app], lines, |(at, _)| at.to_string())?;
        let first = match about.instance {
            Some(_) => {
                "This is what the catalog says of the app, and beside it what probes of this \
                 instance found out."
            }
            None => {
                "This is what the catalog says of the app; nothing in it was tried on an \
                     instance of yours."
            }
        };
        let grades = "Every statement bears its grade: probed, documented with its source, \
                      recalled from memory, or unknown. What is recalled may be wrong.";
        Ok(Answer {
            as_of: engine.looked_at(),
            said: vec![first.to_owned(), grades.to_owned()],
            views: Vec::new(),
            about,
            total: cut.total,
            rows: cut.rows.into_iter().map(|(_, line)| line).collect(),
            next: cut.next,
        })
    }

    fn guide_of(&self, text: &str) -> Result<(Guide, Option<String>)> {
        let catalog = &self.config.catalog;
        if let Some(app) = catalog.app(text) {
            return Ok((Guide::of(app), None));
        }
        if let Some(instance) = self.config.instances.iter().find(|one| one.name.as_str() == text) {
            let app = self.app_of(&instance.name)?;
            let guide = Guide::with_probed(app, &self.tried(&instance.name)?);
            return Ok((guide, Some(instance.name.to_string())));
        }
        let ids: Vec<&str> = catalog.ids().collect();
        let error = Error::input("There is no app and no instance of that name.");
        Err(match nearest(text, &ids) {
            Some(hint) => error.hint(hint),
            None => error.hint("`rollbook apps` lists the apps of the catalog."),
        })
    }
}
