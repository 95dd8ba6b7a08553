//! Reading that is recorded: a list that was taken out of the workspace as a file.

use std::collections::BTreeSet;

use rollbook_core::event::Draft;
use serde_json::json;

use crate::engine::Engine;
use crate::error::Result;
use crate::reconcile::named;

impl Engine {
    /// Records that `by` took `rows` rows of a list out as a file, narrowed by filters of these names.
    /// What they were narrowed to may name people, and so is not recorded.
    ///
    /// # Errors
    /// When nobody says who, or the database refuses; then nothing may be handed out.
    pub fn note_export(&self, list: &str, filters: &[&str], rows: usize, by: &str) -> Result<()> {
        let by = named(by)?;
        self.store.write(|book| {
            book.record(Draft {
                kind: "list_exported".to_owned(),
                actor: by.to_owned(),
                on_behalf_of: String::new(),
                subject: list.to_owned(),
                concerns: BTreeSet::new(),
                at: self.now(),
                body: json!({"filters": filters, "rows": rows}),
            })
        })?;
        self.checkpoint().map(drop)
    }
}
