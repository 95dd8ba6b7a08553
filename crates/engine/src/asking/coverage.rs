//! What do we see, and what not?

use rollbook_core::link::LinkState;
use serde::Serialize;

use super::answer::Answer;
use super::page::Page;
use super::seen::{self, Coverage, Seen};
use crate::engine::Engine;
use crate::error::Result;

/// How much of it is seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AboutCoverage {
    /// Sources and instances that are looked at.
    pub places: usize,
    /// Those that were read wholly and lately.
    pub whole: usize,
    /// Those that were read only in part, or whose newest delivery was kept out.
    pub partial: usize,
    /// Those that were never read.
    pub never: usize,
    /// Those that were read too long ago.
    pub old: usize,
    /// Accounts known.
    pub accounts: usize,
    /// Accounts of which nobody surely knows whose they are.
    pub unowned: usize,
}

impl Engine {
    /// Every source and instance with how it was read last: what was not seen first.
    ///
    /// # Errors
    /// When the page cannot be, or the database refuses.
    pub fn coverage(&self, page: &Page) -> Result<Answer<AboutCoverage, Seen>> {
        let engine = self.newest();
        let graph = engine.graph()?;
        let mut all = engine.seen_sources()?;
        all.extend(engine.seen_instances(&graph, None)?);
        all.sort_by_key(|view| !view.is_doubtful());
        let count = |fits: fn(&Seen) -> bool| all.iter().filter(|view| fits(view)).count();
        let unowned =
            |state: &LinkState| matches!(state, LinkState::None | LinkState::Suggested { .. });
        let about = AboutCoverage {
            places: all.len(),
            whole: count(|view| !view.is_doubtful()),
            partial: count(|view| matches!(view.coverage, Coverage::Partial | Coverage::KeptOut)),
            never: count(|view| view.coverage == Coverage::Never),
            old: count(|view| view.is_old),
            accounts: graph.links().len(),
            unowned: graph.links().iter().filter(|link| unowned(&link.state)).count(),
        };
        let counts = format!(
            "{} of {} places were read wholly and lately; of {} accounts that are known, {} have no \
             owner who is surely known.",
            about.whole, about.places, about.accounts, about.unowned
        );
        let first = seen::sentence(&all);
        let cut = page.cut(&["coverage"], all, |view| format!("{}/{}", view.what, view.place))?;
        Ok(Answer {
            as_of: engine.looked_at(),
            said: vec![first, counts],
            // The rows are the views.
            views: Vec::new(),
            about,
            total: cut.total,
            rows: cut.rows,
            next: cut.next,
        })
    }
}
