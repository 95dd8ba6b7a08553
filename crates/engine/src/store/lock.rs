//! Who may work in the workspace at the same time.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use super::private;
use crate::error::{Error, Result};

/// Makes sure that this process is the only one in the workspace. Held until dropped.
pub(super) fn lock(path: &Path) -> Result<File> {
    let file = private(OpenOptions::new().create(true).truncate(false).write(true))
        .open(path)
        .map_err(|e| {
            Error::setup(format!("The lock file {} cannot be opened.", path.display()))
                .hint("Check that you may write in the workspace folder.")
                .because(e)
        })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::setup(format!(
            "Another rollbook process is working in this workspace ({} is locked).",
            path.display()
        ))
        .hint("Wait until it ends, then try again. Nothing was read or changed.")),
        Err(TryLockError::Error(e)) => {
            Err(Error::setup(format!("The lock file {} cannot be locked.", path.display()))
                .hint("Keep the workspace on a local disk; network file systems often cannot lock.")
                .because(e))
        }
    }
}
