//! Which packs were made?

use rollbook_core::explain::counted;

use super::answer::Answer;
use super::evidence_for::EventSeen;
use super::page::Page;
use crate::engine::Engine;
use crate::error::Result;

/// How many packs are listed, the newest ones.
const PACKS_MAX: usize = 1_000;

impl Engine {
    /// The events that say that a pack was made, the newest first. A pack itself lies where its maker
    /// put it, and not in the book.
    ///
    /// # Errors
    /// When the page cannot be, or the database refuses.
    pub fn pack_list(&self, page: &Page) -> Result<Answer<(), EventSeen>> {
        let made = self.store.read(|book| book.newest_of_kind("pack_made", PACKS_MAX))?;
        let cut = page.cut(&["pack_list"], made, |event| event.seq.to_string())?;
        Ok(Answer {
            as_of: self.looked_at(),
            said: vec![format!(
                "The audit chain itself was read, so this is whole up to {PACKS_MAX}: {} made.",
                counted(cut.total, "pack")
            )],
            views: Vec::new(),
            about: (),
            total: cut.total,
            rows: cut.rows.into_iter().map(EventSeen::from).collect(),
            next: cut.next,
        })
    }
}
