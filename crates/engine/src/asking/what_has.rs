//! What does a person have?

use rollbook_core::explain::counted;
use rollbook_core::id::IdentityId;
use rollbook_core::identity::Kind;
use serde::Serialize;

use super::answer::Answer;
use super::holding::{self, Holding, Owner};
use super::page::Page;
use super::{named, seen};
use crate::engine::Engine;
use crate::error::Result;

/// How many worker numbers of one person are shown.
const NUMBERS_MAX: usize = 20;

/// Who was asked about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AboutPerson {
    /// Who it is.
    #[serde(flatten)]
    pub person: Owner,
    /// A human or something else.
    pub kind: Kind,
    /// Their worker records, `source/number`.
    pub records: Vec<String>,
    /// Accounts that are surely theirs.
    pub accounts: usize,
    /// Those of them that let them in.
    pub open: usize,
    /// Accounts that may be theirs, which a person must say.
    pub suggested: usize,
}

impl Engine {
    /// Every account that is, or may be, somebody's, the sure ones first. `person`: an id, a worker
    /// number, an address, a login or a name.
    ///
    /// # Errors
    /// When that means nobody or several people, the page cannot be, or the database refuses.
    pub fn what_has(&self, person: &str, page: &Page) -> Result<Answer<AboutPerson, Holding>> {
        let engine = self.newest();
        let (graph, today) = (engine.graph()?, engine.today());
        let id = named::person(&graph, person)?;
        let found = holding::by_account(&engine.findings()?, today);
        let views = engine.seen_instances(&graph, None)?;
        let sure: Vec<_> = graph.accounts_of(&id).collect();
        let open = sure.iter().filter(|(account, _)| account.state.is_open()).count();
        let suggested: Vec<_> = graph.suggested_to(&id).collect();
        let identity = graph.identity(&id);
        let records = identity.into_iter().flat_map(|identity| &identity.records);
        let about = AboutPerson {
            person: Owner::of(&graph, &id, today),
            kind: identity.map_or(Kind::Person, |identity| identity.kind),
            records: records.take(NUMBERS_MAX).map(ToString::to_string).collect(),
            accounts: sure.len(),
            open,
            suggested: suggested.len(),
        };
        let all: Vec<_> = sure.into_iter().chain(suggested).collect();
        let cut = page.cut(&["what_has", id.as_str()], all, |(account, _)| {
            account.account_ref().to_string()
        })?;
        let rows = cut.rows.into_iter().map(|one| Holding::of(&graph, one, &found, today));
        Ok(Answer {
            as_of: engine.looked_at(),
            said: vec![seen::sentence(&views), counts(&about, &id)],
            views,
            rows: rows.collect(),
            about,
            total: cut.total,
            next: cut.next,
        })
    }
}

fn counts(about: &AboutPerson, id: &IdentityId) -> String {
    format!(
        "{} surely {id}'s, {} of them open; {} more may be, which a person must say.",
        counted(about.accounts, "account"),
        about.open,
        about.suggested
    )
}
