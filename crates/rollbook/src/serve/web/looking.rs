//! Reading an app again because somebody in the console asked for it: in the background, one reading of
//! an app at a time.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use rollbook_core::id::InstanceName;
use rollbook_engine::Engine;
use rollbook_engine::progress::Quiet;
use tokio::runtime::Handle;

/// How many apps are read at once for the console.
const AT_ONCE_MAX: usize = 2;

/// The apps that are being read.
#[derive(Debug, Default)]
pub(crate) struct Looks(Mutex<BTreeSet<InstanceName>>);

/// Whether a reading was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Begun {
    /// It was, or it goes on already.
    Yes,
    /// Others must end first.
    Full,
}

impl Looks {
    /// Whether an app is being read for the console.
    pub(crate) fn goes_on(&self, name: &InstanceName) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(name)
    }

    /// Begins to read an app. What comes of it is in the book: a view, or why there is none. Must be
    /// called on a thread of the server.
    pub(crate) fn begin(self: &Arc<Self>, engine: &Engine, name: &InstanceName) -> Begun {
        let mut going = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if going.contains(name) {
            return Begun::Yes;
        }
        if going.len() >= AT_ONCE_MAX {
            return Begun::Full;
        }
        going.insert(name.clone());
        let (looks, engine, name) = (Arc::clone(self), engine.clone(), name.clone());
        let threads = Handle::current();
        tokio::task::spawn_blocking(move || {
            let _ends = Ends { looks: &looks, name: &name };
            if let Err(e) = threads.block_on(engine.sync(&[name.to_string()], &Quiet)) {
                tracing::warn!(instance = %name, cause = %e, "the app was not read");
            }
        });
        Begun::Yes
    }
}

/// Ends a reading, also where its thread panics.
struct Ends<'a> {
    looks: &'a Looks,
    name: &'a InstanceName,
}

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.looks.0.lock().unwrap_or_else(PoisonError::into_inner).remove(self.name);
    }
}
