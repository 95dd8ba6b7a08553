//! Who has an account in an app?

use rollbook_core::canonical::fold;
use rollbook_core::explain::{counted, printable};
use rollbook_core::id::InstanceName;
use serde::Serialize;

use super::answer::Answer;
use super::holding::{self, Holding};
use super::page::Page;
use super::seen;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::nearest::nearest;

/// What was asked about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AboutApp {
    /// The instances that were looked at.
    pub instances: Vec<String>,
    /// Whether accounts that let nobody in are listed too.
    pub with_closed: bool,
    /// Accounts that let somebody in.
    pub open: usize,
    /// Those of them whose owner, surely known, has left.
    pub open_of_leavers: usize,
    /// Those of them of which nobody surely knows whose they are.
    pub open_unowned: usize,
}

impl Engine {
    /// The accounts in an instance, or in all instances of an app, with whose each is and what is
    /// wrong with it; by instance and key. `with_closed`: those that let nobody in too.
    ///
    /// # Errors
    /// When nothing is known by that name, the page cannot be, or the database refuses.
    pub fn who_has(
        &self,
        app: &str,
        with_closed: bool,
        page: &Page,
    ) -> Result<Answer<AboutApp, Holding>> {
        let engine = self.newest();
        let instances = engine.instances_of(app)?;
        let (graph, today) = (engine.graph()?, engine.today());
        let found = holding::by_account(&engine.findings()?, today);
        let views = engine.seen_instances(&graph, Some(&instances))?;
        let there = graph.accounts().filter(|(account, _)| instances.contains(&account.instance));
        let there: Vec<_> =
            there.filter(|(account, _)| with_closed || account.state.is_open()).collect();
        let open: Vec<_> = there.iter().filter(|(account, _)| account.state.is_open()).collect();
        let left = |id| holding::Owner::of(&graph, id, today).is_here == Some(false);
        let about = AboutApp {
            instances: instances.iter().map(ToString::to_string).collect(),
            with_closed,
            open: open.len(),
            open_of_leavers: open.iter().filter(|(_, link)| link.owner().is_some_and(left)).count(),
            open_unowned: open.iter().filter(|(_, link)| link.owner().is_none()).count(),
        };
        let flag = if with_closed { "all" } else { "open" };
        let cut = page.cut(&["who_has", app, flag], there, |(account, _)| {
            account.account_ref().to_string()
        })?;
        let rows = cut.rows.into_iter().map(|one| Holding::of(&graph, one, &found, today));
        Ok(Answer {
            as_of: engine.looked_at(),
            said: vec![seen::sentence(&views), counts(&about)],
            views,
            rows: rows.collect(),
            about,
            total: cut.total,
            next: cut.next,
        })
    }

    /// The instance of this name, or all instances of the app of this id, however it is spelt.
    pub(super) fn instances_of(&self, text: &str) -> Result<Vec<InstanceName>> {
        let known = &self.config.instances;
        if let Some(one) = known.iter().find(|instance| instance.name.as_str() == text) {
            return Ok(vec![one.name.clone()]);
        }
        let wanted = fold(text);
        let fits = known.iter().filter(|instance| {
            fold(instance.name.as_str()) == wanted
                || (!wanted.is_empty() && fold(&instance.app) == wanted)
        });
        let found: Vec<InstanceName> = fits.map(|instance| instance.name.clone()).collect();
        if !found.is_empty() {
            return Ok(found);
        }
        let names: Vec<&str> = known.iter().map(|instance| instance.name.as_str()).collect();
        let error = Error::input("No instance, and no app of one, is known by that name.");
        Err(match nearest(text, &names) {
            Some(hint) => error.hint(hint),
            None => error.hint("`coverage` lists what Rollbook looks at."),
        })
    }
}

fn counts(about: &AboutApp) -> String {
    let names: Vec<String> = about.instances.iter().map(|name| printable(name)).collect();
    format!(
        "{} {} somebody in at {}: {} of people who have left, {} whose owner is not surely known.",
        counted(about.open, "account"),
        if about.open == 1 { "lets" } else { "let" },
        names.join(", "),
        about.open_of_leavers,
        about.open_unowned
    )
}
