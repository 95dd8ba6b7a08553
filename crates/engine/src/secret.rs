//! Secrets: tokens and passwords that cannot be printed by accident.
//!
//! `rollbook.toml` says only *where* a secret lies, never what it is:
//!
//! ```toml
//! token = { env = "SLACK_TOKEN" }
//! token = { file = "secrets/slack" }   # readable by its owner alone
//! ```
//!
//! A secret written in clear is refused, and the refusal does not repeat it.

use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::error::{Error, Result};

/// A secret file longer than this many bytes is taken for a mistake.
const LENGTH_MAX: u64 = 64 * 1024;

/// A token or password. Its `Debug` shows nothing of it and it has no `Display`; the memory is
/// wiped when it is dropped.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Takes the text as it is.
    pub fn new(text: impl Into<String>) -> Self {
        Self(SecretString::from(text.into()))
    }

    /// The text itself. Call it only where it is put on the wire.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// Where a secret lies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum SecretSource {
    /// In an environment variable.
    Env {
        /// The variable's name.
        env: String,
    },
    /// In a file that only its owner can read.
    File {
        /// The path; relative ones start at the folder of `rollbook.toml`.
        file: PathBuf,
    },
}

impl SecretSource {
    /// Reads the secret. Relative paths start at `base_dir`; line ends at the end are cut.
    ///
    /// # Errors
    /// [`crate::error::Kind::Setup`] when the variable or file is missing, empty, not text, longer
    /// than 64 KiB, or when a file can be read by others than its owner.
    pub fn load(&self, base_dir: &Path) -> Result<Secret> {
        let text = match self {
            Self::Env { env } => read_variable(env)?,
            Self::File { file } => read_file(&base_dir.join(file))?,
        };
        let text = text.trim_end_matches(['\r', '\n']);
        if text.trim().is_empty() {
            return Err(Error::setup(format!("The secret in {self} is empty."))
                .hint("Put the token there, then run the command again."));
        }
        Ok(Secret::new(text))
    }
}

impl fmt::Display for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env { env } => write!(f, "the environment variable {env}"),
            Self::File { file } => write!(f, "the file {}", file.display()),
        }
    }
}

fn read_variable(name: &str) -> Result<String> {
    std::env::var(name).map_err(|cause| match cause {
        std::env::VarError::NotPresent => Error::setup(format!(
            "The environment variable {name}, which holds a secret, is not set."
        ))
        .hint(format!("Set {name}, or name a file instead: {{ file = \"path\" }}.")),
        std::env::VarError::NotUnicode(_) => Error::setup(format!(
            "The secret in the environment variable {name} is not UTF-8 text."
        )),
    })
}

/// The text of a file that only its owner may read. The file is opened first and then judged, so
/// that what was judged is what is read.
///
/// # Errors
/// As [`SecretSource::load`].
pub(crate) fn read_file(path: &Path) -> Result<String> {
    let shown = path.display();
    let unreadable = |cause: std::io::Error| {
        Error::setup(format!("The secret file {shown} cannot be read: {cause}.")).because(cause)
    };
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let about = file.metadata().map_err(unreadable)?;
    if !about.is_file() {
        return Err(Error::setup(format!("The secret file {shown} is not a file.")));
    }
    check_mode(path, &about)?;
    let mut bytes = Vec::new();
    file.take(LENGTH_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > LENGTH_MAX {
        return Err(Error::setup(format!(
            "The secret file {shown} is longer than {LENGTH_MAX} bytes, so it is not a secret."
        )));
    }
    String::from_utf8(bytes)
        .map_err(|_| Error::setup(format!("The secret file {shown} is not UTF-8 text.")))
}

#[cfg(unix)]
fn check_mode(path: &Path, about: &std::fs::Metadata) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = about.permissions().mode() & 0o777;
    if mode & 0o177 == 0 {
        return Ok(());
    }
    let shown = path.display();
    Err(Error::setup(format!(
        "The secret file {shown} has mode {mode:04o}, so others than its owner may read it."
    ))
    .hint(format!("Run `chmod 600 {shown}`, and replace the secret if others had access.")))
}

#[cfg(not(unix))]
fn check_mode(_path: &Path, _about: &std::fs::Metadata) -> Result<()> {
    Ok(())
}

/// Written by hand so that a secret in clear gets its own message, which does not repeat it.
impl<'de> Deserialize<'de> for SecretSource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SourceVisitor)
    }
}

struct SourceVisitor;

impl<'de> Visitor<'de> for SourceVisitor {
    type Value = SecretSource;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("where the secret lies: { env = \"NAME\" } or { file = \"path\" }")
    }

    fn visit_str<E: de::Error>(self, _in_clear: &str) -> Result<SecretSource, E> {
        Err(E::custom(
            "a secret may not stand in this file in clear; write where it lies instead: \
             { env = \"NAME\" } or { file = \"path\" }",
        ))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<SecretSource, A::Error> {
        let mut found = None;
        while let Some(key) = map.next_key::<String>()? {
            let source = match key.as_str() {
                "env" => SecretSource::Env { env: map.next_value()? },
                "file" => SecretSource::File { file: map.next_value()? },
                // The value is not read: it may be the secret itself.
                other => return Err(de::Error::unknown_field(other, &["env", "file"])),
            };
            if found.replace(source).is_some() {
                return Err(de::Error::custom("a secret lies in one place: `env` or `file`"));
            }
        }
        found.ok_or_else(|| de::Error::custom("`env` or `file` is missing"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Written {
        token: SecretSource,
    }

    fn check_refused(toml: &str) -> String {
        toml::from_str::<Written>(toml).unwrap_err().message().to_owned()
    }

    #[test]
    fn a_secret_cannot_be_printed() {
        let secret = Secret::new("s3cr3t");
        assert_eq!(format!("{secret:?} {:?}", Some(&secret)), "[secret] Some([secret])");
        assert_eq!(secret.expose(), "s3cr3t");
    }

    #[test]
    fn the_place_is_read_from_toml() {
        let env: Written = toml::from_str("token = { env = \"T\" }").unwrap();
        assert_eq!(env.token, SecretSource::Env { env: "T".into() });
        let file: Written = toml::from_str("token = { file = \"a/b\" }").unwrap();
        assert_eq!(file.token, SecretSource::File { file: "a/b".into() });
    }

    #[test]
    fn a_secret_in_clear_is_refused_without_repeating_it() {
        let message = check_refused("token = \"xoxb-1234\"");
        assert!(message.contains("in clear") && !message.contains("xoxb"), "{message}");
        let message = check_refused("token = { value = \"xoxb-1234\" }");
        assert!(message.contains("`value`") && !message.contains("xoxb"), "{message}");
        assert!(check_refused("token = { env = \"A\", file = \"b\" }").contains("one place"));
        assert!(check_refused("token = {}").contains("missing"));
    }

    #[test]
    fn a_missing_variable_is_named() {
        let source = SecretSource::Env { env: "ROLLBOOK_NO_SUCH_VARIABLE".into() };
        let error = source.load(Path::new(".")).unwrap_err();
        assert!(error.message.contains("ROLLBOOK_NO_SUCH_VARIABLE"), "{error}");
    }

    #[cfg(unix)]
    mod files {
        use std::os::unix::fs::PermissionsExt;

        use super::*;

        fn load(content: &[u8], mode: u32) -> Result<Secret> {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("token");
            std::fs::write(&path, content).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            SecretSource::File { file: "token".into() }.load(dir.path())
        }

        #[test]
        fn the_line_end_is_cut_and_nothing_else() {
            assert_eq!(load(b" a b \r\n", 0o600).unwrap().expose(), " a b ");
            assert_eq!(load(b"abc", 0o400).unwrap().expose(), "abc");
        }

        #[test]
        fn a_file_that_others_can_read_is_refused_with_the_command_that_helps() {
            for mode in [0o644, 0o640, 0o604, 0o660, 0o700] {
                let error = load(b"canary", mode).unwrap_err();
                assert!(error.message.contains(&format!("{mode:04o}")), "{error}");
                assert!(error.hints[0].contains("chmod 600"), "{error}");
            }
        }

        #[test]
        fn an_empty_huge_or_binary_file_is_refused() {
            assert!(load(b" \n", 0o600).unwrap_err().message.contains("empty"));
            assert!(load(&vec![b'a'; 65 * 1024], 0o600).unwrap_err().message.contains("longer"));
            assert!(load(&[0xff, 0xfe], 0o600).unwrap_err().message.contains("UTF-8"));
        }

        #[test]
        fn a_folder_or_nothing_is_refused() {
            let dir = tempfile::tempdir().unwrap();
            let load = |file: &str| SecretSource::File { file: file.into() }.load(dir.path());
            assert!(load(".").unwrap_err().message.contains("not a file"));
            assert!(load("none").unwrap_err().message.contains("cannot be read"));
        }
    }
}
