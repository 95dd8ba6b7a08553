//! What really happened at a vendor: one line per change of state, in order.
//!
//! The ledger lives in the fake, so killing the client leaves it whole; with a file it can be read
//! by another process while the fake runs. Requests that changed nothing are not in it.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// One change of state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    /// 1 for the first of this ledger, then one more each time.
    pub order: u64,
    /// HTTP method, or `file` where the request came in a folder.
    pub method: String,
    /// Path below the vendor's base, or the request's file name.
    pub path: String,
    /// SHA-256 of the request's body in hexadecimal.
    pub body_sha256: String,
    /// What the client called its operation (header `Idempotency-Key`, or the change's id), if it
    /// did.
    pub op_id: Option<String>,
    /// Key of the account or group that changed.
    pub subject: String,
    /// What changed, in words: `created`, `changed active`, `removed`.
    pub what: String,
}

/// A change of state, before it has its cause: on what, and what changed in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Done {
    pub(crate) subject: String,
    pub(crate) what: String,
}

/// The request that made a change, before it has its place in the order.
pub(crate) struct Cause<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) body: &'a [u8],
    pub(crate) op_id: Option<String>,
}

/// A growing list of effects, shared by all clones.
#[derive(Clone, Debug, Default)]
pub struct Ledger(Arc<Mutex<Book>>);

#[derive(Debug, Default)]
struct Book {
    effects: Vec<Effect>,
    file: Option<File>,
}

impl Ledger {
    /// A ledger that also appends each effect to `file` as a JSON line, at once.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn with_file(file: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(file)?;
        Ok(Self(Arc::new(Mutex::new(Book { effects: Vec::new(), file: Some(file) }))))
    }

    /// Reads the effects that another process wrote to `file`. A last line that is still being
    /// written is left out.
    ///
    /// # Errors
    /// When the file cannot be read, or a whole line is no effect.
    pub fn read_file(file: &Path) -> io::Result<Vec<Effect>> {
        let mut reader = BufReader::new(File::open(file)?);
        let mut effects = Vec::new();
        let mut line = String::new();
        while reader.read_line(&mut line)? > 0 {
            if line.ends_with('\n') {
                effects.push(serde_json::from_str(&line)?);
            }
            line.clear();
        }
        Ok(effects)
    }

    /// All effects so far, in order.
    pub fn effects(&self) -> Vec<Effect> {
        self.book().effects.clone()
    }

    /// The effects on one account or group.
    pub fn effects_on(&self, subject: &str) -> Vec<Effect> {
        self.book().effects.iter().filter(|effect| effect.subject == subject).cloned().collect()
    }

    pub(crate) fn enter(&self, cause: &Cause<'_>, subject: &str, what: String) {
        let mut book = self.book();
        let effect = Effect {
            order: book.effects.len() as u64 + 1,
            method: cause.method.to_owned(),
            path: cause.path.to_owned(),
            body_sha256: hex(&Sha256::digest(cause.body)),
            op_id: cause.op_id.clone(),
            subject: subject.to_owned(),
            what,
        };
        if let Some(file) = &mut book.file {
            let line = serde_json::to_string(&effect).expect("an effect is plain text");
            // A ledger that silently misses a line would make tests pass that must not.
            writeln!(file, "{line}").expect("the ledger's file can be written");
        }
        book.effects.push(effect);
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
