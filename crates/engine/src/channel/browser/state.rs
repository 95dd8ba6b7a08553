//! What a channel remembers from one call to the next.

use std::time::Duration;

use rollbook_core::account::Account;
use rollbook_core::change::Change;
use rollbook_core::id::ChangeId;
use tokio::time::Instant;

use super::reading::Listed;
use super::report::Report;
use super::session::Session;
use super::trouble::Trouble;

/// A list that was read longer ago than this is read again.
const FRESH_FOR: Duration = Duration::from_secs(10);

/// What changes while a channel works.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) session: Option<Session>,
    pub(super) is_signed_in: bool,
    /// Why the app did not let in. It is not tried again: a third wrong password locks people out.
    pub(super) refused: Option<String>,
    pub(super) report: Report,
    /// Who was in the list when it was last read.
    pub(super) seen: Vec<Account>,
    /// What the list of members was made of when it was accepted; empty: not yet.
    pub(super) shape: Vec<String>,
    /// Whether the last walk came to nothing, so that another one is the last in this browser.
    is_doubtful: bool,
    kept: Option<Kept>,
    /// What was tried last.
    tried: Option<ChangeId>,
}

/// A list that was just read and may serve once more.
#[derive(Debug)]
struct Kept {
    listed: Listed,
    at: Instant,
    /// For which change.
    change: ChangeId,
    use_for: Use,
}

/// What a list may serve for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// To act on what a look saw a moment ago.
    Act,
    /// To look at what an act came to.
    Look,
}

impl State {
    /// Nothing is known but what the list was made of when it was accepted.
    pub(super) fn beginning(shape: &[String]) -> Self {
        Self { shape: shape.to_vec(), ..Self::default() }
    }

    /// Keeps the list that a look read for whoever acts on it next. A look after the act is no such
    /// look: another try begins with a reading of its own. Nor is one that saw another page than it was.
    pub(super) fn keep_for_act(&mut self, change: &Change, listed: &Listed) {
        let is_usable = self.tried.as_ref() != Some(&change.id) && self.report.drift.is_none();
        self.kept = is_usable.then(|| Kept::now(change, listed, Use::Act));
    }

    /// Keeps the list that shows what was done for the look that follows.
    pub(super) fn keep_for_look(&mut self, change: &Change, listed: &Listed) {
        self.kept = Some(Kept::now(change, listed, Use::Look));
    }

    /// The list that was kept for this use and `change`, if it is fresh. Each serves once.
    pub(super) fn take_kept(&mut self, change: &Change, use_for: Use) -> Option<Listed> {
        let kept = self.kept.take()?;
        let is_it = kept.change == change.id && kept.use_for == use_for;
        (is_it && kept.at.elapsed() < FRESH_FOR).then_some(kept.listed)
    }

    /// Notes that `change` is tried from now on.
    pub(super) fn begin(&mut self, change: &Change) {
        self.tried = Some(change.id.clone());
    }

    /// A walk came to its end.
    pub(super) fn went_well(&mut self) {
        self.is_doubtful = false;
    }

    /// Sees to it that the next walk begins on an empty page, whatever this one looks like; after the
    /// second trouble in a row, in a new browser.
    pub(super) async fn begin_anew(&mut self, after: &Trouble) {
        let is_clear = match &mut self.session {
            Some(session) if !self.is_doubtful && !matches!(after, Trouble::Gone(_)) => {
                session.clear().await.is_ok()
            }
            _ => false,
        };
        self.is_doubtful = is_clear;
        self.is_signed_in &= !matches!(after, Trouble::SignedOut);
        if !is_clear {
            self.session = None;
        }
    }
}

impl Kept {
    fn now(change: &Change, listed: &Listed, use_for: Use) -> Self {
        Self { listed: listed.clone(), at: Instant::now(), change: change.id.clone(), use_for }
    }
}
