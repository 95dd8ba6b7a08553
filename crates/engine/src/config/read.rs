//! Reading TOML so that every error names the file, the line and the key, and what to do.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Component, Path};

use jiff::tz::TimeZone;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::{Error, Result};
use crate::nearest::nearest;

/// A parsed file and what is needed to point into it.
pub(super) struct Document<'a> {
    text: &'a str,
    file: &'a str,
    root: Spanned<DeTable<'a>>,
}

/// One step on the way to a value: a key, or a place in a list.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step<'a> {
    Key(&'a str),
    At(usize),
}

impl<'a> From<&'a str> for Step<'a> {
    fn from(key: &'a str) -> Self {
        Self::Key(key)
    }
}

impl From<usize> for Step<'_> {
    fn from(at: usize) -> Self {
        Self::At(at)
    }
}

/// Parses `text`. The error of the TOML reader is given without the line's content, which may
/// hold a secret.
pub(super) fn document<'a>(text: &'a str, file: &'a str) -> Result<Document<'a>> {
    match DeTable::parse(text) {
        Ok(root) => Ok(Document { text, file, root }),
        Err(e) => {
            let line = line_of(text, e.span().unwrap_or(0..0));
            let said = format!("{file}, line {line}: this is not valid TOML: {}.", one_line(&e));
            Err(Error::setup(said).hint("Check quotes, brackets and `=` on this line."))
        }
    }
}

impl Document<'_> {
    /// The document as `T`.
    pub(super) fn typed<T: DeserializeOwned>(&self) -> Result<T> {
        toml::from_str(self.text).map_err(|e| {
            let line = line_of(self.text, e.span().unwrap_or(0..0));
            let (said, hint) = humane(&one_line(&e));
            let error = Error::setup(format!("{}, line {line}: {said}", self.file));
            match hint {
                Some(hint) => error.hint(hint),
                None => error,
            }
        })
    }

    /// An error about the value at `path`, or about the nearest thing around it that is written.
    pub(super) fn wrong(&self, path: &[Step<'_>], said: &str, hint: Option<String>) -> Error {
        let line = line_of(self.text, self.span_of(path));
        let error = Error::setup(format!("{}, line {line}: {}: {said}", self.file, named(path)));
        match hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }

    fn span_of(&self, path: &[Step<'_>]) -> Range<usize> {
        let mut span = self.root.span();
        let mut within: Option<&DeValue<'_>> = None;
        for (depth, step) in path.iter().enumerate() {
            let table = match within {
                None if depth == 0 => Some(self.root.get_ref()),
                Some(DeValue::Table(table)) => Some(table),
                _ => None,
            };
            let found = match (step, table, within) {
                (Step::Key(key), Some(table), _) => table.get(*key),
                (Step::At(at), None, Some(DeValue::Array(list))) => list.get(*at),
                _ => None,
            };
            let Some(found) = found else { break };
            span = found.span();
            within = Some(found.get_ref());
        }
        span
    }

    /// A name that is said, is used once and can stand in `instance/key`.
    pub(super) fn check_name<'n>(
        &self,
        path: &[Step<'_>],
        name: &'n str,
        seen: &mut BTreeSet<&'n str>,
    ) -> Result<()> {
        let fits = |c: char| c.is_alphanumeric() || "-_. ".contains(c);
        if name.trim() != name || name.is_empty() || !name.chars().all(fits) {
            let said = format!("`{name}` cannot be a name.");
            let hint = "Use letters, digits, `-`, `_`, `.` and single spaces inside.".to_owned();
            return Err(self.wrong(path, &said, Some(hint)));
        }
        if !seen.insert(name) {
            let said = format!("the name `{name}` is used twice.");
            return Err(self.wrong(path, &said, Some("Give each its own name.".to_owned())));
        }
        Ok(())
    }

    /// An address on the web, over https unless it is a test system.
    pub(super) fn check_address(
        &self,
        here: &[Step<'_>; 3],
        key: &str,
        address: &str,
        may_be_plain: bool,
    ) -> Result<()> {
        let path = [here[0], here[1], here[2], key.into()];
        let plain = address.starts_with("http://");
        if !plain && !address.starts_with("https://") {
            let said = format!("`{address}` is not a web address.");
            let hint = "Write the whole of it, for example \"https://example.com/scim/v2\".";
            return Err(self.wrong(&path, &said, Some(hint.to_owned())));
        }
        if plain && !may_be_plain {
            let said = "the token would travel in clear over http.";
            let hint = "Use https, or set `allow_private = true` for a test system of your own.";
            return Err(self.wrong(&path, said, Some(hint.to_owned())));
        }
        Ok(())
    }

    /// A number that is 1 or more where it is said; `said` is what 0 would mean.
    pub(super) fn check_at_least_1(
        &self,
        here: &[Step<'_>; 3],
        key: &str,
        value: Option<u32>,
        said: &str,
    ) -> Result<()> {
        if value != Some(0) {
            return Ok(());
        }
        let path = [here[0], here[1], here[2], key.into()];
        let hint = "Write at least 1, or leave the key out.".to_owned();
        Err(self.wrong(&path, said, Some(hint)))
    }

    /// A share lies between 0 and 100.
    pub(super) fn check_percent(&self, path: &[Step<'_>], value: u32) -> Result<()> {
        if value <= 100 {
            return Ok(());
        }
        let said = format!("{value} is not a share in percent.");
        Err(self.wrong(path, &said, Some("Write a number from 0 to 100.".to_owned())))
    }

    /// A text is not empty.
    pub(super) fn check_said(&self, table: &[Step<'_>], key: &str, value: &str) -> Result<()> {
        if !value.trim().is_empty() {
            return Ok(());
        }
        let path: Vec<Step<'_>> = table.iter().copied().chain([Step::Key(key)]).collect();
        Err(self.wrong(&path, "it is empty.", Some("Name the column of the file.".to_owned())))
    }

    /// A path is not empty and says a plain place.
    pub(super) fn check_path(&self, table: &[Step<'_>], key: &str, value: &Path) -> Result<()> {
        let plain = value.components().any(|part| matches!(part, Component::Normal(_)));
        if plain && !value.to_string_lossy().contains('\0') {
            return Ok(());
        }
        let path: Vec<Step<'_>> = table.iter().copied().chain([Step::Key(key)]).collect();
        let said = format!("`{}` names no file.", value.display());
        Err(self.wrong(&path, &said, Some("Write a path from the workspace folder.".to_owned())))
    }

    /// No secret stands in the file. The message never repeats what was found.
    pub(super) fn refuse_secrets(&self) -> Result<()> {
        self.refuse_in_table(self.root.get_ref(), &mut Vec::new())
    }

    fn refuse_in_table(&self, table: &DeTable<'_>, path: &mut Vec<String>) -> Result<()> {
        for (key, value) in table.iter() {
            path.push(key.get_ref().clone().into_owned());
            self.refuse_in(value, path)?;
            path.pop();
        }
        Ok(())
    }

    fn refuse_in(&self, value: &Spanned<DeValue<'_>>, path: &mut Vec<String>) -> Result<()> {
        match value.get_ref() {
            DeValue::Table(table) => self.refuse_in_table(table, path),
            DeValue::Array(list) => list.iter().try_for_each(|value| self.refuse_in(value, path)),
            DeValue::String(text) => match secret_in(path, text) {
                Some(what) => {
                    let line = line_of(self.text, value.span());
                    let said = format!(
                        "{}, line {line}: {}: {what} stands here in clear, where everybody who \
                         sees this file can read it.",
                        self.file,
                        path.join("."),
                    );
                    Err(Error::setup(said)
                        .hint(
                            "Put it into an environment variable and write `{ env = \"NAME\" }`, \
                             or into a file and write `{ file = \"secrets/NAME\" }`.",
                        )
                        .hint("Replace the secret at the vendor: it must be taken as known."))
                }
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }
}

/// Keys whose text can only be a secret.
const SECRET_KEYS: [&str; 11] = [
    "token",
    "password",
    "passwd",
    "passphrase",
    "secret",
    "client_secret",
    "api_key",
    "apikey",
    "access_key",
    "authorization",
    "bearer",
];

/// Query parameters whose value can only be a secret.
const SECRET_PARAMETERS: [&str; 9] =
    ["key", "api_key", "apikey", "token", "access_token", "secret", "sig", "signature", "password"];

/// What kind of secret `text` is, where it stands at `path`. Tables that map to the customer's own
/// column names hold no secrets, whatever the keys in them are called.
fn secret_in(path: &[String], text: &str) -> Option<&'static str> {
    let (key, around) = path.split_last()?;
    if around.iter().any(|table| table == "columns" || table == "attributes") {
        return None;
    }
    if SECRET_KEYS.contains(&key.to_lowercase().replace('-', "_").as_str()) {
        return Some("a secret");
    }
    let (_, rest) = text.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    if authority.contains('@') {
        return Some("a name or password inside a web address");
    }
    let (_, query) = rest.split_once('?')?;
    let names = query.split(['&', '#']).filter_map(|pair| pair.split('=').next());
    let secret = |name: &str| SECRET_PARAMETERS.contains(&name.to_lowercase().as_str());
    names.into_iter().any(secret).then_some("a secret inside a web address")
}

/// The `[workspace] time_zone`.
pub(super) fn time_zone<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let name = String::deserialize(from)?;
    match TimeZone::get(&name) {
        Ok(_) => Ok(name),
        Err(_) => Err(D::Error::custom(format!(
            "`{name}` is not a time zone, write its IANA name, for example \"Europe/Amsterdam\""
        ))),
    }
}

/// The number of the line in which `span` begins, from 1.
fn line_of(text: &str, span: Range<usize>) -> usize {
    let before = &text.as_bytes()[..span.start.min(text.len())];
    before.iter().filter(|&&byte| byte == b'\n').count() + 1
}

fn one_line(error: &toml::de::Error) -> String {
    error.message().trim_end_matches('.').replace('\n', ", ")
}

/// The TOML reader's message in our words, and a hint.
fn humane(message: &str) -> (String, Option<String>) {
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    if let (Some(key), Some((word, known))) = (
        message.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')),
        quoted.split_first(),
    ) {
        debug_assert!(known.is_empty() && *word == key, "one name stands in the message");
        return (format!("the key `{key}` is missing here."), None);
    }
    match quoted.split_first() {
        Some((word, known)) if message.starts_with("unknown field") => {
            (format!("the key `{word}` is not known here."), nearest(word, known))
        }
        Some((word, known)) if message.starts_with("unknown variant") => {
            (format!("`{word}` is not one of the words for this key."), nearest(word, known))
        }
        _ => (format!("{message}."), None),
    }
}

/// `source.1.path`, with places counted from 1.
fn named(path: &[Step<'_>]) -> String {
    let step = |step: &Step<'_>| match step {
        Step::Key(key) => (*key).to_owned(),
        Step::At(at) => (at + 1).to_string(),
    };
    path.iter().map(step).collect::<Vec<_>>().join(".")
}
