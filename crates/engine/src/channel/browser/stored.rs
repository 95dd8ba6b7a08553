//! A session that outlives its browser: the app's cookies in a file that nobody else may read.
//!
//! An app that asks people much when they sign in, or locks those who sign in often, is asked less. The
//! file is a secret like a password: it is never in the book, a pack or a log. One that does not fit is
//! as good as none: then the browser signs in, and the file is written anew.

use std::io::Write as _;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::secret::read_file;

/// Where a session is kept, and whose it is.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    /// The file.
    pub(super) file: PathBuf,
    /// The name that was signed in with.
    pub(super) user: String,
    /// Where.
    pub(super) origin: String,
}

/// What the file holds.
#[derive(Deserialize, Serialize)]
struct Kept {
    user: String,
    origin: String,
    cookies: Vec<Value>,
}

impl Stored {
    /// The cookies of a session of this user at this origin; none where nothing is kept.
    ///
    /// # Errors
    /// Why the file is not used, as a sentence: others may read it, or it is something else.
    pub(super) fn read(&self) -> Result<Vec<Value>, String> {
        if !self.file.exists() {
            return Ok(Vec::new());
        }
        let text = read_file(&self.file).map_err(|error| error.to_string())?;
        let kept: Kept = serde_json::from_str(&text)
            .map_err(|_| format!("{} holds no session.", self.file.display()))?;
        match kept.user == self.user && kept.origin == self.origin {
            true => Ok(kept.cookies),
            false => Ok(Vec::new()),
        }
    }

    /// Keeps these cookies in place of those of before.
    ///
    /// # Errors
    /// Why not, as a sentence.
    pub(super) fn write(&self, cookies: Vec<Value>) -> Result<(), String> {
        let kept = Kept { user: self.user.clone(), origin: self.origin.clone(), cookies };
        let text = serde_json::to_vec(&kept).map_err(|cause| cause.to_string())?;
        let folder = self.file.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or_else(|| std::path::Path::new("."));
        // Made readable by its owner alone, and put in its place whole.
        let written = tempfile::NamedTempFile::new_in(folder).and_then(|mut file| {
            file.write_all(&text)?;
            file.persist(&self.file).map_err(|error| error.error)
        });
        written.map(|_| ()).map_err(|cause| {
            format!("The session cannot be kept in {}: {cause}.", self.file.display())
        })
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use serde_json::json;

    use super::*;

    fn stored(dir: &tempfile::TempDir, user: &str) -> Stored {
        let (file, origin) = (dir.path().join("session"), "https://app.example".to_owned());
        Stored { file, user: user.to_owned(), origin }
    }

    #[test]
    fn a_session_is_for_whoever_signed_in_and_for_nobody_else_to_read() {
        let dir = tempfile::tempdir().expect("a folder");
        let own = stored(&dir, "rollbook");
        assert_eq!(own.read(), Ok(Vec::new()));
        own.write(vec![json!({"name": "sid", "value": "x"})]).expect("it is kept");
        assert_eq!(own.read().map(|cookies| cookies.len()), Ok(1));
        assert_eq!(stored(&dir, "somebody").read(), Ok(Vec::new()));
        let mode = |mode| std::fs::Permissions::from_mode(mode);
        let about = std::fs::metadata(&own.file).expect("it is there");
        assert_eq!(about.permissions().mode() & 0o777, 0o600);
        std::fs::set_permissions(&own.file, mode(0o644)).expect("it is ours");
        assert!(own.read().is_err());
        std::fs::write(&own.file, "{}").expect("it is ours");
        std::fs::set_permissions(&own.file, mode(0o600)).expect("it is ours");
        assert!(own.read().is_err());
    }
}
