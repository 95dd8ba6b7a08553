//! The one thread that writes pushes down, as many at once as wait.
//!
//! While one transaction is on its way to the disk, further pushes queue up; they become the next
//! transaction. Each is in a savepoint of its own, so one that is refused takes nothing with it, and
//! is answered only when the transaction that holds it is on disk.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use rollbook_scim::ErrorMessage;
use tokio::sync::oneshot;

use super::Fault;
use super::bulk::{self, BulkAnswer};
use super::caller::Caller;
use super::operation::PushOp;
use super::seen::Wants;
use super::write::{Desk, Effect};
use crate::crash;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::store::Writing;
use crate::store::scim::whole_micros;

/// How many pushes become one transaction at most.
const MOST: usize = 256;

/// How long a transaction takes in further pushes. The first one waits for the last.
const OPEN_FOR: Duration = Duration::from_millis(5);

/// How old the end of the chain may become before it is signed.
const SIGNED_EVERY: Duration = Duration::from_secs(60);

/// Something to write.
pub(super) struct Job {
    pub(super) caller: Caller,
    pub(super) work: Work,
    /// Where the answer goes, when it is on disk.
    pub(super) reply: oneshot::Sender<Result<Answer, Error>>,
}

/// What to write.
pub(super) enum Work {
    /// One operation.
    One(PushOp, Wants),
    /// Many, each for itself.
    Bulk(bulk::Batch),
    /// The token was used.
    Used,
    /// Something was asked for that the token is not for.
    Denied { what: &'static str, subject: String },
}

/// What became of it.
#[derive(Debug)]
pub(super) enum Answer {
    One(Result<Box<Effect>, ErrorMessage>),
    Bulk(Vec<BulkAnswer>),
    Noted,
}

/// Writes jobs down until nobody can send any more.
pub(super) fn run(engine: &Arc<Engine>, jobs: &Receiver<Job>) {
    let (mut unsigned, mut signed_at) = (false, Instant::now());
    loop {
        let first = match jobs.recv_timeout(SIGNED_EVERY) {
            Ok(job) => Some(job),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => break,
        };
        if let Some(first) = first {
            unsigned = true;
            commit(engine, first, jobs);
        }
        if unsigned && signed_at.elapsed() >= SIGNED_EVERY {
            sign(engine);
            (unsigned, signed_at) = (false, Instant::now());
        }
    }
    if unsigned {
        sign(engine);
    }
}

fn sign(engine: &Engine) {
    if let Err(error) = engine.checkpoint() {
        tracing::error!(%error, "the audit chain could not be signed");
    }
}

/// One transaction with `first` and with what waits or comes while it is made, then the answers.
fn commit(engine: &Engine, first: Job, jobs: &Receiver<Job>) {
    let began = Instant::now();
    let Job { caller, work, reply } = first;
    let mut replies = vec![reply];
    // A panic is a bug of ours in one of the operations: the transaction is undone, nobody is told
    // that something was done, and the thread goes on.
    let written = catch_unwind(AssertUnwindSafe(|| {
        engine.store().write(|book| {
            let mut done = Vec::new();
            let mut next = Some((caller, work));
            while let Some((caller, work)) = next {
                done.push(one(engine, book, &caller, work)?);
                let is_room = done.len() < MOST && began.elapsed() < OPEN_FOR;
                let job = if is_room { jobs.try_recv().ok() } else { None };
                next = job.map(|Job { caller, work, reply }| {
                    replies.push(reply);
                    (caller, work)
                });
            }
            crash::point("push_written");
            Ok(done)
        })
    }));
    crash::point("push_committed");
    let answers: Vec<Result<Answer>> = match written {
        Ok(Ok(answers)) => answers.into_iter().map(Ok).collect(),
        Ok(Err(error)) => replies.iter().map(|_| Err(copied(&error))).collect(),
        Err(_) => replies.iter().map(|_| Err(Error::bug("A push could not be done."))).collect(),
    };
    for (reply, answer) in replies.into_iter().zip(answers) {
        // Whoever asked may have hung up; it is done all the same.
        let _ = reply.send(answer);
    }
}

/// One job, as a whole or not at all.
fn one(engine: &Engine, book: &Writing<'_>, caller: &Caller, work: Work) -> Result<Answer> {
    let now = whole_micros(engine.now());
    let config = engine.newest_config();
    let desk = Desk { book, config: &config, caller, now };
    match work {
        Work::One(operation, wants) => {
            Ok(Answer::One(desk.run_whole(operation, wants)?.map(Box::new)))
        }
        Work::Bulk(batch) => Ok(Answer::Bulk(bulk::run(&desk, batch)?)),
        Work::Used => {
            book.savepoint(|book| book.touch_token(&caller.token, now))?;
            Ok(Answer::Noted)
        }
        Work::Denied { what, subject } => {
            book.savepoint(|_| desk.record_denied(what, &subject))?;
            Ok(Answer::Noted)
        }
    }
}

/// Does `work` in a savepoint. What the caller asked for wrongly is the inner error.
pub(super) fn guarded<T>(
    book: &Writing<'_>,
    work: impl FnOnce() -> Result<T, Fault>,
) -> Result<Result<T, ErrorMessage>> {
    let mut asked = None;
    let done = book.savepoint(|_| {
        work().map_err(|fault| match fault {
            Fault::Ours(error) => error,
            Fault::Asked(message) => {
                asked = Some(message);
                Error::refused("The push was refused.")
            }
        })
    });
    match (done, asked) {
        (Ok(done), _) => Ok(Ok(done)),
        (Err(_), Some(message)) => Ok(Err(message)),
        (Err(error), None) => Err(error),
    }
}

/// The same for one more reader; its cause stays with the first.
fn copied(error: &Error) -> Error {
    let copy = Error::new(error.kind, error.message.clone());
    error.hints.iter().cloned().fold(copy, Error::hint)
}
