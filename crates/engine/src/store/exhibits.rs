//! Pictures that events name by their digest, and what is known of the page that they were taken of.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rollbook_core::event::Body;
use rollbook_core::id::InstanceName;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::db::args;
use super::row::{pack, unpack};
use super::{Reading, Writing};
use crate::channel::browser::Exhibit;
use crate::error::{Error, Result};
use crate::evidence::sha256;

/// What is known of the page that a recipe is for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Recipe {
    /// What the list of members was made of when the recipe was accepted; empty: never.
    pub(crate) shape: Vec<String>,
    /// Why the page is no longer the one that the steps were made for, as a sentence; empty: it is.
    /// While it is not empty, nothing is pressed there.
    pub(crate) quarantined: String,
    /// The day since which that is so.
    pub(crate) since: Option<jiff::civil::Date>,
}

/// An exhibit as it lies in the store.
#[derive(Serialize, Deserialize)]
struct Stored {
    shows: String,
    media_type: String,
    bytes: String,
}

/// What an event's body says of its exhibits.
pub(crate) fn named_in(exhibits: &[Exhibit]) -> Value {
    let entry = |it: &Exhibit| json!({"digest": sha256(&it.bytes), "media_type": it.media_type, "shows": it.shows});
    exhibits.iter().map(entry).collect()
}

/// The digests of the exhibits that a body names.
pub(crate) fn digests(content: &Value) -> Vec<&str> {
    let named = content["exhibits"].as_array().into_iter().flatten();
    named.filter_map(|exhibit| exhibit["digest"].as_str()).collect()
}

impl Reading<'_> {
    /// The bytes of an exhibit that an event about `subject` names; `None`: it was erased.
    pub(crate) fn exhibit(&self, subject: &str, digest: &str) -> Result<Option<Vec<u8>>> {
        let sql = "SELECT body FROM exhibit WHERE subject = $1 AND digest = $2";
        let found = self.db.one(sql, args![subject, digest], |row| Ok(row.text(0)?.to_owned()))?;
        let Some(text) = found else { return Ok(None) };
        let stored: Stored = unpack("exhibit", &text)?;
        let bytes = BASE64_STANDARD.decode(stored.bytes);
        bytes
            .map(Some)
            .map_err(|_| Error::bug("A picture in the store is not written as it must be."))
    }

    /// What is known of the page of an instance that a browser drives.
    pub(crate) fn recipe(&self, instance: &InstanceName) -> Result<Recipe> {
        let sql = "SELECT value FROM meta WHERE name = $1";
        let found =
            self.db.one(sql, args![name(instance).as_str()], |row| Ok(row.text(0)?.to_owned()))?;
        found.map_or_else(|| Ok(Recipe::default()), |text| unpack("recipe", &text))
    }
}

impl Writing<'_> {
    /// Keeps exhibits that an event about `subject` names.
    pub(crate) fn put_exhibits(&self, subject: &str, exhibits: &[Exhibit]) -> Result<()> {
        for exhibit in exhibits {
            let stored = Stored {
                shows: exhibit.shows.clone(),
                media_type: exhibit.media_type.to_owned(),
                bytes: BASE64_STANDARD.encode(&exhibit.bytes),
            };
            self.db.execute(
                "INSERT INTO exhibit (subject, digest, body) VALUES ($1, $2, $3)
                 ON CONFLICT (subject, digest) DO NOTHING",
                args![subject, sha256(&exhibit.bytes).as_str(), pack(&stored)?],
            )?;
        }
        Ok(())
    }

    /// Forgets the exhibits that a body of an event about `subject` names.
    pub(crate) fn forget_exhibits(&self, subject: &str, body: &Body) -> Result<()> {
        for digest in digests(&body.content) {
            let sql = "DELETE FROM exhibit WHERE subject = $1 AND digest = $2";
            self.db.execute(sql, args![subject, digest])?;
        }
        Ok(())
    }

    /// Keeps what is known of a page.
    pub(crate) fn put_recipe(&self, instance: &InstanceName, recipe: &Recipe) -> Result<()> {
        self.move_basis()?;
        self.db.execute(
            "INSERT INTO meta (name, value) VALUES ($1, $2)
             ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            args![name(instance).as_str(), pack(recipe)?],
        )?;
        Ok(())
    }
}

fn name(instance: &InstanceName) -> String {
    format!("recipe/{instance}")
}
