//! Where pushes come in: who is it, what is asked, and the answer from the book.

use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use rollbook_scim::ErrorMessage;
use rollbook_scim::server::{BulkRequest, Query, ResourceType};
use tokio::sync::{Semaphore, oneshot};

use super::bulk::{Batch, BulkAnswer};
use super::caller::Caller;
use super::committer::{self, Answer, Job, Work};
use super::keyring::{Found, Keyring};
use super::operation::{Done, PushOp};
use super::page::{self, Asked};
use super::seen::{Rendered, Seen, View, Wants};
use super::write::Effect;
use super::{MCP, cursor, token};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::store::scim::ResourceRow;

/// A group with more members than this is not shown as the answer to a PATCH of it.
const SHOWN_MAX: i64 = 1000;

/// How many readings that may take long are done at once; fewer than the store has connections.
const LONG_MAX: usize = 4;

/// What identity providers talk to. Clones share one queue and one thread that writes.
#[derive(Clone, Debug)]
pub struct Intake {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    engine: Arc<Engine>,
    keyring: Mutex<Keyring>,
    cursors: cursor::Seal,
    /// Turns for readings that may take long.
    long: Arc<Semaphore>,
    /// `None` only while it ends.
    jobs: Option<Sender<Job>>,
    committer: Option<JoinHandle<()>>,
}

impl Intake {
    /// Begins to take pushes. It ends with the last clone, when everything that was sent is written.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn open(engine: Arc<Engine>) -> Result<Self> {
        let (jobs, queue) = channel();
        let writing = Arc::clone(&engine);
        let committer = std::thread::Builder::new()
            .name("push-committer".to_owned())
            .spawn(move || committer::run(&writing, &queue))
            .map_err(|e| Error::setup("The system gave no thread to write with.").because(e))?;
        let shared = Shared {
            keyring: Mutex::new(Keyring::new(engine.derived_key(token::PURPOSE))),
            cursors: cursor::Seal::new(engine.derived_key(cursor::PURPOSE)),
            long: Arc::new(Semaphore::new(LONG_MAX)),
            engine,
            jobs: Some(jobs),
            committer: Some(committer),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// The workspace.
    pub fn engine(&self) -> &Arc<Engine> {
        &self.shared.engine
    }

    /// Who presents `presented` at `endpoint`. `None` for every reason alike: no such endpoint, no
    /// such token, another endpoint's, expired, revoked. A token that was revoked is refused within
    /// a second.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn authenticate(&self, endpoint: &str, presented: &str) -> Result<Option<Caller>> {
        let found = self.presented(endpoint, presented)?;
        self.note(found.filter(|_| self.engine().has_endpoint(endpoint)))
    }

    /// Which program presents `presented` at [`MCP`]. `None` as for [`Intake::authenticate`].
    ///
    /// # Errors
    /// When the database refuses.
    pub fn authenticate_program(&self, presented: &str) -> Result<Option<Caller>> {
        self.note(self.presented(MCP, presented)?)
    }

    fn presented(&self, endpoint: &str, presented: &str) -> Result<Option<Found>> {
        let now = self.engine().now();
        let mut keyring = self.shared.keyring.lock().unwrap_or_else(PoisonError::into_inner);
        let read = |keyring: &mut Keyring| self.engine().store().read(|book| keyring.read(book));
        if keyring.is_stale() {
            read(&mut keyring)?;
        }
        let mut found = keyring.judge(endpoint, presented, now);
        if found.is_none() && keyring.may_look_up() {
            read(&mut keyring)?;
            found = keyring.judge(endpoint, presented, now);
        }
        Ok(found)
    }

    /// Writes down that a token was used, now and then.
    fn note(&self, found: Option<Found>) -> Result<Option<Caller>> {
        if let Some(found) = &found
            && found.note_use
        {
            self.send(found.caller.clone(), Work::Used)?;
        }
        Ok(found.map(|found| found.caller))
    }

    /// One resource; `None` where there is none or it is another endpoint's.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn get(
        &self,
        caller: &Caller,
        kind: ResourceType,
        id: &str,
        view: &View<'_>,
    ) -> Result<Option<Rendered>> {
        let wants = Wants::of(view.projection);
        if kind == ResourceType::User || !wants.members {
            return self.look(caller, kind, id, view);
        }
        // A group may have tens of thousands of members.
        let (this, caller, id) = (self.clone(), caller.clone(), id.to_owned());
        let (base, projection) = (view.base.to_owned(), view.projection.clone());
        self.aside(move || {
            let view = View { base: &base, projection: &projection };
            this.look(&caller, kind, &id, &view)
        })
        .await
    }

    fn look(
        &self,
        caller: &Caller,
        kind: ResourceType,
        id: &str,
        view: &View<'_>,
    ) -> Result<Option<Rendered>> {
        let wants = Wants::of(view.projection);
        let mut elsewhere = None;
        let seen = self.engine().store().read(|book| {
            let Some(row) = book.any_resource(id)? else { return Ok(None) };
            if row.endpoint != caller.endpoint {
                elsewhere = Some(row.id);
                return Ok(None);
            }
            if row.kind != kind || row.deleted_at.is_some() {
                return Ok(None);
            }
            Seen::load(book, row, wants).map(Some)
        })?;
        if let Some(subject) = elsewhere {
            self.send(caller.clone(), Work::Denied { what: "read", subject })?;
        }
        seen.map(|seen| seen.render(view)).transpose()
    }

    /// A list of resources of `kinds`, as the text of a ListResponse (RFC 7644 §3.4.2, RFC 9865).
    ///
    /// # Errors
    /// When the database refuses. What was asked for wrongly is the inner error.
    pub async fn page(
        &self,
        caller: &Caller,
        kinds: &[ResourceType],
        query: &Query,
        base: &str,
    ) -> Result<Result<String, ErrorMessage>> {
        let asked = Asked {
            endpoint: caller.endpoint.clone(),
            kinds: kinds.to_vec(),
            query: query.clone(),
            base: base.to_owned(),
        };
        let way = match page::way(&asked) {
            Ok(way) => way,
            Err(message) => return Ok(Err(message)),
        };
        if !way.may_be_long() {
            return self.list(&asked, &way);
        }
        let this = self.clone();
        self.aside(move || this.list(&asked, &way)).await
    }

    /// Runs what may take long beside the threads that answer everybody else, and not so many of it
    /// that no connection to the database is left for them.
    async fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let ended = |cause: Box<dyn std::error::Error + Send + Sync>| {
            Error::bug("A reading ended before its time.").because(cause)
        };
        let turn = Arc::clone(&self.shared.long).acquire_owned().await;
        let turn = turn.map_err(|e| ended(Box::from(e)))?;
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            // Not before: whoever asked may have hung up meanwhile.
            drop(turn);
            done
        });
        done.await.map_err(|e| ended(Box::from(e)))?
    }

    fn list(&self, asked: &Asked, way: &page::Way) -> Result<Result<String, ErrorMessage>> {
        self.engine().store().read(|book| {
            match page::write(book, &self.shared.cursors, asked, way) {
                Ok(text) => Ok(Ok(text)),
                Err(super::Fault::Asked(message)) => Ok(Err(message)),
                Err(super::Fault::Ours(error)) => Err(error),
            }
        })
    }

    /// Does one operation. When this returns, it is on disk. Without `answer` nothing is shown of
    /// the resource, and [`Rendered::json`] is empty; so it is when a group of more than 1,000
    /// members was patched and no attributes were named (answer 204 then, RFC 7644 §3.5.2).
    ///
    /// # Errors
    /// When the database refuses; then nothing was done, unless [`crate::error::Kind::Uncertain`].
    /// What was asked for wrongly is the inner error.
    pub async fn push(
        &self,
        caller: &Caller,
        operation: PushOp,
        answer: Option<&View<'_>>,
    ) -> Result<Result<Done, ErrorMessage>> {
        if let Some(refused) = self.read_only(caller)? {
            return Ok(Err(refused));
        }
        let is_patch = matches!(operation, PushOp::Patch { .. });
        // The members of a group are read for the answer when the transaction is over.
        let wants = answer.map(|view| Wants { members: false, ..Wants::of(view.projection) });
        let work = Work::One(operation, wants.unwrap_or_default());
        let Answer::One(done) = self.ask(caller, work).await? else { return Err(no_answer()) };
        let effect = match done {
            Ok(effect) => *effect,
            Err(refused) => return Ok(Err(refused)),
        };
        let row = match &effect {
            Effect::Changed(seen) | Effect::Unchanged(seen) if is_patch => Some(&seen.row),
            _ => None,
        };
        let answer = match row {
            Some(row) if self.is_large(row, answer)? => None,
            _ => answer,
        };
        Ok(Ok(match effect {
            Effect::Created(seen) => Done::Created(self.answer(caller, seen, answer).await?),
            Effect::Changed(seen) => Done::Changed(self.answer(caller, seen, answer).await?),
            Effect::Unchanged(seen) => Done::Unchanged(self.answer(caller, seen, answer).await?),
            Effect::Deleted => Done::Deleted,
        }))
    }

    /// Whether a group that was patched is too large to be shown to somebody who did not ask which
    /// of it to see: the answer would be megabytes, for one member that came.
    fn is_large(&self, row: &ResourceRow, answer: Option<&View<'_>>) -> Result<bool> {
        let asked = answer.is_none_or(|view| !view.projection.is_plain());
        if row.kind == ResourceType::User || asked {
            return Ok(false);
        }
        self.engine().store().read(|book| book.has_more_members(&row.id, SHOWN_MAX))
    }

    async fn answer(
        &self,
        caller: &Caller,
        seen: Seen,
        answer: Option<&View<'_>>,
    ) -> Result<Rendered> {
        let Some(view) = answer else { return Ok(seen.unshown()) };
        if seen.row.kind == ResourceType::Group && Wants::of(view.projection).members {
            let newest = self.get(caller, seen.row.kind, &seen.row.id, view).await?;
            if let Some(rendered) = newest {
                return Ok(rendered);
            }
        }
        seen.render(view)
    }

    /// Does many operations in one transaction, each as a whole or not at all (RFC 7644 §3.7).
    ///
    /// # Errors
    /// When the database refuses; then none was done. Whoever may only read gets the inner error.
    pub async fn bulk(
        &self,
        caller: &Caller,
        request: BulkRequest,
        base: &str,
    ) -> Result<Result<Vec<BulkAnswer>, ErrorMessage>> {
        if let Some(refused) = self.read_only(caller)? {
            return Ok(Err(refused));
        }
        let work = Work::Bulk(Batch { request, base: base.to_owned() });
        match self.ask(caller, work).await? {
            Answer::Bulk(answers) => Ok(Ok(answers)),
            _ => Err(no_answer()),
        }
    }

    /// What a caller that may only read is answered; it is recorded that it tried.
    fn read_only(&self, caller: &Caller) -> Result<Option<ErrorMessage>> {
        if caller.may_write {
            return Ok(None);
        }
        let subject = caller.token.clone();
        self.send(caller.clone(), Work::Denied { what: "write", subject })?;
        let said = "This token may only read. Ask the administrator of Rollbook for one that may \
                    write.";
        Ok(Some(ErrorMessage::new(403, None, said)))
    }

    /// Sends work and waits until it is on disk.
    async fn ask(&self, caller: &Caller, work: Work) -> Result<Answer> {
        self.send(caller.clone(), work)?.await.map_err(|_| no_answer())?
    }

    fn send(&self, caller: Caller, work: Work) -> Result<oneshot::Receiver<Result<Answer>>> {
        let (reply, answer) = oneshot::channel();
        let jobs = self.shared.jobs.as_ref().ok_or_else(no_answer)?;
        jobs.send(Job { caller, work, reply }).map_err(|_| no_answer())?;
        Ok(answer)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(committer) = self.committer.take()
            && committer.join().is_err()
        {
            tracing::error!("the thread that writes pushes ended with a panic");
        }
    }
}

fn no_answer() -> Error {
    Error::bug("The thread that writes pushes gave no answer.")
}
