//! One pace for each instance, shared by everything in this process that reaches it, and what it
//! learned, kept from one process to the next.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use rollbook_core::id::InstanceName;
use serde::{Deserialize, Serialize};

use crate::channel::pace::learned::Learned;
use crate::channel::pace::{Limit, Pace};
use crate::channel::rate::WAIT_MAX;
use crate::engine::Engine;
use crate::error::Result;

/// The paces of one workspace.
#[derive(Debug, Default)]
pub(crate) struct Paces(Mutex<BTreeMap<InstanceName, Arc<Pace>>>);

/// What is kept of a pace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Kept {
    /// The limit under which it was learned.
    known: Option<Limit>,
    learned: Learned,
    /// Until when the instance wants to be left alone.
    quiet_until: Option<Timestamp>,
}

impl Engine {
    /// The pace of an instance of which the limit is `known`, or is to be learned.
    pub(crate) fn pace(&self, name: &InstanceName, known: Option<Limit>) -> Result<Arc<Pace>> {
        let mut paces = self.paces.lock();
        if let Some(pace) = paces.get(name).filter(|pace| pace.known() == known) {
            return Ok(Arc::clone(pace));
        }
        let text = self.store.read(|book| book.kept_pace(name))?;
        // What cannot be read was written by another version; it is learned again.
        let kept = text.and_then(|text| serde_json::from_str::<Kept>(&text).ok());
        let quiet = kept.as_ref().map_or(Duration::ZERO, |kept| kept.quiet(self.now()));
        let learned = kept.filter(|kept| kept.known == known).map(|kept| kept.learned);
        let pace = Arc::new(Pace::knowing(known, learned.filter(Learned::is_sound), quiet));
        paces.insert(name.clone(), Arc::clone(&pace));
        Ok(pace)
    }

    /// Writes what the pace of an instance learned, if there is one, for the processes that follow.
    /// Where that cannot be, it is learned again.
    pub(crate) fn keep_pace(&self, name: &InstanceName) {
        let Some(pace) = self.paces.lock().get(name).cloned() else { return };
        let (learned, quiet) = pace.learned();
        let until = self.now().checked_add(quiet).ok();
        let quiet_until = until.filter(|_| !quiet.is_zero());
        let kept = Kept { known: pace.known(), learned, quiet_until };
        let Ok(text) = serde_json::to_string(&kept) else { return };
        let written = self.store.read(|book| book.kept_pace(name)).and_then(|before| {
            match before.as_ref() == Some(&text) || kept.is_nothing() && before.is_none() {
                true => Ok(()),
                false => self.store.write(|book| book.keep_pace(name, &text)),
            }
        });
        if let Err(error) = written {
            tracing::warn!(instance = %name, %error, "how fast it may be asked was not kept");
        }
    }
}

impl Kept {
    /// Whether it says no more than one would know anyway.
    fn is_nothing(&self) -> bool {
        self.quiet_until.is_none() && self.learned == Learned::new(self.known)
    }

    /// How long the instance still wants to be left alone; clocks may have been set meanwhile.
    fn quiet(&self, now: Timestamp) -> Duration {
        let left = self.quiet_until.map(|until| until.duration_since(now));
        left.and_then(|left| Duration::try_from(left).ok()).unwrap_or_default().min(WAIT_MAX)
    }
}

impl Paces {
    /// What is behind it is changed as a whole, so a panic elsewhere does not damage it.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<InstanceName, Arc<Pace>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::pace::budget::Heard;
    use crate::channel::pace::quota::Quota;
    use crate::clock::Clock;

    #[tokio::test]
    async fn what_was_learned_is_shared_and_survives_the_process() {
        let dir = tempfile::tempdir().unwrap();
        Engine::init(dir.path(), "Example").unwrap();
        let name = InstanceName::from("wiki");
        let engine = Engine::open(dir.path(), Clock::System).unwrap();
        let pace = engine.pace(&name, None).unwrap();
        assert!(Arc::ptr_eq(&pace, &engine.clone().pace(&name, None).unwrap()), "one for all");
        let turn = pace.turn(Duration::ZERO).await.unwrap();
        let quota =
            Quota { limit: Some(300), window: Some(Duration::from_secs(60)), ..Quota::default() };
        let wait = Some(Duration::from_secs(600));
        turn.hear(Heard::Refused { wait, is_limit: true }, quota);
        engine.keep_pace(&name);
        let (learned, _) = pace.learned();
        drop((pace, engine));

        let engine = Engine::open(dir.path(), Clock::System).unwrap();
        let (again, quiet) = engine.pace(&name, None).unwrap().learned();
        assert_eq!(again, learned);
        assert!(
            (Duration::from_secs(500)..=Duration::from_secs(601)).contains(&quiet),
            "{quiet:?}"
        );
        let known = Some(Limit::each_second(5));
        let (other, _) = engine.pace(&name, known).unwrap().learned();
        assert_eq!(other, Learned::new(known), "another limit begins anew");
    }
}
