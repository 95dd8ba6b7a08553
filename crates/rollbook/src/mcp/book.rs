//! The book as an assistant's questions reach it.
//!
//! A server holds it open. An assistant on somebody's own machine sits there for hours and must not
//! keep everybody else out of the workspace, so its command opens the book for each question.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rollbook_engine::{Engine, Error, Result};

/// How long a question waits for another command that works in the workspace.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long it waits before it looks again.
const PAUSE: Duration = Duration::from_millis(50);

/// Where the book is.
#[derive(Clone)]
pub(crate) enum Book {
    /// Open, by the server.
    Open(Box<Engine>),
    /// To be opened for each question.
    Closed(Arc<dyn Fn() -> Result<Engine> + Send + Sync>),
}

impl fmt::Debug for Book {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open(_) => "Open",
            Self::Closed(_) => "Closed",
        })
    }
}

impl Book {
    /// The open book. It is closed again when the last clone is dropped.
    ///
    /// # Errors
    /// When another command works in the workspace for longer than a question waits, or the book
    /// cannot be opened.
    pub(super) async fn open(&self) -> Result<Engine> {
        let open = match self {
            Self::Open(engine) => return Ok(engine.as_ref().clone()),
            Self::Closed(open) => open,
        };
        let began = Instant::now();
        loop {
            let open = Arc::clone(open);
            let opened = tokio::task::spawn_blocking(move || open()).await;
            let opened = opened
                .map_err(|e| Error::bug("Opening the book ended before its time.").because(e))?;
            match opened {
                Ok(engine) => return Ok(engine),
                Err(_) if began.elapsed() < PATIENCE => tokio::time::sleep(PAUSE).await,
                Err(e) => {
                    return Err(Error::refused("The workspace cannot be opened just now.")
                        .hint("Another command may be working in it: ask again in a while.")
                        .hint("`rollbook findings` on that machine says what stands in the way.")
                        .because(e));
                }
            }
        }
    }
}
