//! Where a browser may no longer press: people do what it was to do.
//!
//! The change stays the approved one, to the letter and under its id; only who carries it out is
//! another. The task says so, and whoever reads the run sees it as the task has it.

use rollbook_core::change::{Change, Route};
use rollbook_core::reach::HUMAN;

use crate::channels::is_for_people;
use crate::engine::Engine;
use crate::error::Result;
use crate::store::RunRow;

/// The channel whose place people can take.
const BROWSER: &str = "browser";

impl Engine {
    /// `change` as it is carried out: by people, if its task asks them.
    pub(crate) fn carried_out(&self, run: &RunRow, change: &Change) -> Result<Change> {
        if change.route.channel != BROWSER {
            return Ok(change.clone());
        }
        let task = self.task_for(run, change)?.filter(|task| is_for_people(&task.change));
        Ok(task.map_or_else(|| change.clone(), |task| task.change))
    }

    /// `change` as people are asked for it, if a browser is to do it and the page of its instance is in
    /// quarantine; `None`: it goes its way, or nobody there does tasks.
    pub(crate) fn in_place_of_browser(&self, change: &Change) -> Result<Option<Change>> {
        let recipe = match change.route.channel.as_str() {
            BROWSER => self.store.read(|book| book.recipe(&change.instance))?,
            _ => return Ok(None),
        };
        Ok(self.by_people(change).filter(|_| !recipe.quarantined.is_empty()))
    }

    /// `change` as people are asked for it; `None`: nobody there does tasks, or not this one.
    pub(crate) fn by_people(&self, change: &Change) -> Option<Change> {
        let way = self.human_way(self.instance(&change.instance).ok()?)?;
        let basis = way.can.get(&change.op.word())?.basis;
        Some(Change { route: Route { channel: HUMAN.to_owned(), basis }, ..change.clone() })
    }
}
