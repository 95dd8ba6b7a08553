//! Who may work in a workspace folder at the same time, as locks on two files in it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::Path;

use crate::error::{Error, Result};
use crate::store::presence::{HOST_ACTS, Holder, Presence, taken};
use crate::store::private;

/// The name of the lock file in a workspace folder.
const LOCK: &str = "rollbook.lock";
/// The name of the file that the guests of a host share.
const GUESTS: &str = "rollbook.guests";

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
        let holder = Holder::new(presence, command);
        write_holder(&mut file, &holder).map_err(|e| unlockable(&path, e))?;
        // A host leaves the guests alone; whoever acts alone waits until the last one has gone.
        if !presence.takes_guests() && is_held(&guests, &guests_path, File::try_lock)? {
            return Err(taken(&guests_path.display().to_string(), ""));
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
    let refused = taken(&path.display().to_string(), &holder.name);
    Err(match holder.is_host {
        true => refused.hint(HOST_ACTS),
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

fn write_holder(file: &mut File, holder: &Holder) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(holder.to_string().as_bytes())
}

fn read_holder(file: &mut File) -> Holder {
    let mut text = String::new();
    match file.take(1000).read_to_string(&mut text) {
        Ok(_) => Holder::read(&text),
        Err(_) => Holder::default(),
    }
}
