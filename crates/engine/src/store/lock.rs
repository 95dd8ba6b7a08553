//! Who may work in a workspace at the same time.
//!
//! One process acts. Where that is a [`Presence::Host`], such as `rollbook serve`, those who only
//! decide or read may work beside it; anybody else works alone. Two locks settle it, and a process
//! that dies lets go of both: `rollbook.lock` is held by whoever acts, and `rollbook.guests` is
//! shared by the guests of a host, or held by whoever wants none.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::Path;

use super::private;
use crate::error::{Error, Result};

/// The name of the lock file in a workspace folder.
pub const LOCK: &str = "rollbook.lock";
/// The name of the file that the guests of a host share.
pub const GUESTS: &str = "rollbook.guests";

/// What a process means to do in a workspace, and so who may be there beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It acts, and nobody may be there meanwhile.
    Alone,
    /// It acts for a long time, and guests may be there meanwhile.
    Host,
    /// It decides or reads: beside a host where there is one, and alone where there is nobody.
    Guest,
}

/// The locks, held until they are dropped.
#[derive(Debug)]
pub(super) struct Hold {
    /// Whether it is held beside a host.
    pub(super) is_beside: bool,
    _files: Vec<File>,
}

/// Makes sure that only processes which may be there together are in the workspace folder `dir`.
/// `command` is the name under which the others hear of this one.
pub(super) fn enter(dir: &Path, presence: Presence, command: &str) -> Result<Hold> {
    let (path, guests_path) = (dir.join(LOCK), dir.join(GUESTS));
    let (mut file, guests) = (open(&path)?, open(&guests_path)?);
    if !is_held(&file, &path, File::try_lock)? {
        write_holder(&mut file, presence, command).map_err(|e| unlockable(&path, e))?;
        // A host leaves the guests alone; whoever acts alone waits until the last one has gone.
        if presence != Presence::Host && is_held(&guests, &guests_path, File::try_lock)? {
            return Err(taken(&guests_path, ""));
        }
        return Ok(Hold { is_beside: false, _files: vec![file, guests] });
    }
    let holder = read_holder(&mut file);
    // What is written there may be about an earlier holder. The guests' lock decides: whoever acts
    // alone has it, so nobody can get in by an old word.
    if presence == Presence::Guest
        && holder.is_host
        && !is_held(&guests, &guests_path, File::try_lock_shared)?
    {
        return Ok(Hold { is_beside: true, _files: vec![guests] });
    }
    let refused = taken(&path, &holder.name);
    Err(match holder.is_host {
        true => {
            refused.hint("It carries out what is approved by itself. To act yourself, stop it.")
        }
        false => refused,
    })
}

fn open(path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    private(options.create(true).truncate(false).read(true).write(true)).open(path).map_err(|e| {
        Error::setup(format!("The lock file {} cannot be opened.", path.display()))
            .hint("Check that you may write in the workspace folder.")
            .because(e)
    })
}

/// Takes the lock, or says that somebody else holds it.
fn is_held(
    file: &File,
    path: &Path,
    take: fn(&File) -> std::result::Result<(), TryLockError>,
) -> Result<bool> {
    match take(file) {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(e)) => Err(unlockable(path, e)),
    }
}

fn unlockable(path: &Path, cause: std::io::Error) -> Error {
    Error::setup(format!("The lock file {} cannot be locked.", path.display()))
        .hint("Keep the workspace on a local disk; network file systems often cannot lock.")
        .because(cause)
}

fn taken(path: &Path, holder: &str) -> Error {
    let who = match holder {
        "" => String::new(),
        named => format!(", {named},"),
    };
    Error::setup(format!(
        "Another rollbook process{who} is working in this workspace ({} is locked).",
        path.display()
    ))
    .hint("Wait until it ends, then try again. Nothing was read or changed.")
}

/// Who holds the lock, as it says of itself.
#[derive(Debug, Default, PartialEq, Eq)]
struct Holder {
    /// Command and process, for people; empty where it said nothing.
    name: String,
    is_host: bool,
}

fn write_holder(file: &mut File, presence: Presence, command: &str) -> std::io::Result<()> {
    let word = if presence == Presence::Host { "host" } else { "alone" };
    let text = match command {
        "" => format!("{word}\n"),
        command => format!("{word} `rollbook {command}` (process {})\n", std::process::id()),
    };
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(text.as_bytes())
}

/// Nobody depends on reading it: without it a refusal names nobody.
fn read_holder(file: &mut File) -> Holder {
    let mut text = String::new();
    if file.take(1000).read_to_string(&mut text).is_err() {
        return Holder::default();
    }
    let (word, name) = text.trim_end().split_once(' ').unwrap_or((text.trim_end(), ""));
    Holder { name: name.to_owned(), is_host: word == "host" }
}
