//! Signed heads of the chain, kept outside the database.
//!
//! Whoever can rewrite the database can cut its newest events off. The file of checkpoints beside it
//! (better: shipped elsewhere by a log collector) is what shows that.

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;

use rollbook_core::canonical;
use rollbook_core::event::{self, Checkpoint, Report};

use crate::engine::{CHECKPOINTS, Engine};
use crate::error::{Error, Kind, Result};

impl Engine {
    /// The file of checkpoints outside the database.
    pub fn checkpoints_file(&self) -> PathBuf {
        self.dir.join(CHECKPOINTS)
    }

    /// Signs the chain as it is now and keeps the checkpoint inside and outside.
    ///
    /// # Errors
    /// When the database or the file refuses.
    pub fn checkpoint(&self) -> Result<Checkpoint> {
        let checkpoint = self.store.write(|book| book.sign(self.sealing(), self.now()))?;
        self.keep_checkpoints_outside()?;
        Ok(checkpoint)
    }

    /// Appends the checkpoints that the file outside does not hold yet. Processes that share the
    /// workspace do this one after the other.
    pub(crate) fn keep_checkpoints_outside(&self) -> Result<()> {
        let mut options = OpenOptions::new();
        let unwritten = |e: std::io::Error| {
            Error::setup(format!("{} cannot be written.", self.checkpoints_file().display()))
                .hint("Checkpoints outside the database prove that nothing was cut off. Make room.")
                .because(e)
        };
        let mut file = options
            .create(true)
            .truncate(false)
            .write(true)
            .open(self.checkpoints_file())
            .map_err(unwritten)?;
        file.lock().map_err(unwritten)?;
        let (outside, whole_bytes) = self.checkpoints_outside()?;
        let text = self.missing_outside(&outside)?;
        if text.is_empty() {
            return Ok(());
        }
        // A crash can leave half a line; it says nothing that is not in the database.
        file.set_len(whole_bytes as u64)
            .and_then(|()| file.seek(SeekFrom::End(0)))
            .and_then(|_| file.write_all(text.as_bytes()))
            .and_then(|()| file.sync_all())
            .map_err(unwritten)
    }

    /// The lines to add to those that are outside.
    fn missing_outside(&self, outside: &[Checkpoint]) -> Result<String> {
        let newest = outside.iter().map(|c| c.size).max();
        let mut text = String::new();
        for checkpoint in self.store.read(|book| book.checkpoints())? {
            if newest.is_none_or(|size| checkpoint.size > size) {
                let line = canonical::bytes(&canonical::value_of(&checkpoint));
                text += &String::from_utf8_lossy(&line);
                text.push('\n');
            }
        }
        Ok(text)
    }

    /// The checkpoints in the file outside.
    pub(crate) fn outside(&self) -> Result<Vec<Checkpoint>> {
        Ok(self.checkpoints_outside()?.0)
    }

    /// The checkpoints in the file outside and the length of its whole lines in bytes. A last line
    /// cut short by a crash is left out.
    fn checkpoints_outside(&self) -> Result<(Vec<Checkpoint>, usize)> {
        let path = self.checkpoints_file();
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok((Vec::new(), 0)),
            Err(e) => {
                return Err(Error::setup(format!("{} cannot be read.", path.display())).because(e));
            }
        };
        let whole = &text[..text.rfind('\n').map_or(0, |end| end + 1)];
        let mut checkpoints = Vec::new();
        for (at, line) in whole.lines().enumerate() {
            checkpoints.push(serde_json::from_str(line).map_err(|e| {
                Error::setup(format!("{}:{}: this is no checkpoint.", path.display(), at + 1))
                    .hint("The file was changed. Compare it with the copy that you keep elsewhere.")
                    .because(e)
            })?);
        }
        Ok((checkpoints, whole.len()))
    }

    /// Whether the database is at least as new as the newest checkpoint outside, and of one history
    /// with it. An old backup that was put back knows nothing of what was done since, and would do
    /// it again. Costs the reading of one event, however long the chain is.
    ///
    /// # Errors
    /// When it is not.
    pub(crate) fn check_not_older(&self) -> Result<()> {
        let outside = self.outside()?;
        let Some(newest) = outside.iter().max_by_key(|checkpoint| checkpoint.size) else {
            return Ok(());
        };
        let head = self.store.read(|book| match newest.size {
            0 => Ok(Some(book.chain_id()?.as_str().to_owned())),
            size => Ok(book.event(size)?.map(|event| event.digest)),
        })?;
        match head.is_some_and(|head| head == newest.head) {
            true => Ok(()),
            false => Err(Error::new(
                Kind::Contradicted,
                format!(
                    "The database does not hold what the newest checkpoint in {} was signed over, \
                     as after an old backup was put back. Nothing was done.",
                    self.checkpoints_file().display()
                ),
            )
            .hint("Run `rollbook verify` to see where they part.")
            .hint(
                "If the backup is meant, put the file of checkpoints away with a note of why, \
                 sync, and look at every plan anew.",
            )),
        }
    }

    /// Checks the workspace's own chain against the checkpoints outside, and the database file.
    ///
    /// # Errors
    /// Names the record at which the chain is broken.
    pub fn verify(&self) -> Result<Report> {
        self.store.check()?;
        let mut checkpoints = self.outside()?;
        let (events, bodies, inside) =
            self.store.read(|book| Ok((book.events()?, book.bodies()?, book.checkpoints()?)))?;
        // Those that agree are one; one that differs is checked as well, and does not hold.
        let differing: Vec<_> = inside.into_iter().filter(|c| !checkpoints.contains(c)).collect();
        checkpoints.extend(differing);
        let all = BTreeSet::new();
        event::check(&events, &bodies, &checkpoints, &self.key.verifying_key(), &all).map_err(
            |broken| {
                Error::new(Kind::Contradicted, format!("The audit chain is broken. {broken}")).hint(
                    "Stop working with this workspace; keep a copy of it and of the checkpoints.",
                )
            },
        )
    }
}
