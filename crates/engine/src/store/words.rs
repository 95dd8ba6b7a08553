//! What named people said and what holds until it ends.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::db::args;
use super::row::{all, pack};
use super::{Reading, Writing};
use crate::error::Result;

impl Reading<'_> {
    /// All words of a kind, ordered by what they are about.
    pub(crate) fn words<T: DeserializeOwned>(&self, kind: &str) -> Result<Vec<T>> {
        let sql = "SELECT body FROM word WHERE kind = $1 ORDER BY subject";
        all(self.db, "word", sql, args![kind])
    }
}

impl Writing<'_> {
    /// Keeps a word; it takes the place of the one of that kind about that subject.
    pub(crate) fn put_word<T: Serialize>(&self, kind: &str, subject: &str, word: &T) -> Result<()> {
        self.db.execute(
            "INSERT INTO word (kind, subject, body) VALUES ($1, $2, $3)
             ON CONFLICT (kind, subject) DO UPDATE SET body = excluded.body",
            args![kind, subject, pack(word)?],
        )?;
        Ok(())
    }

    /// Takes a word back, and says whether there was one.
    pub(crate) fn drop_word(&self, kind: &str, subject: &str) -> Result<bool> {
        let sql = "DELETE FROM word WHERE kind = $1 AND subject = $2";
        Ok(self.db.execute(sql, args![kind, subject])? > 0)
    }

    /// Takes back all words about a subject.
    pub(crate) fn drop_words_about(&self, subject: &str) -> Result<()> {
        self.db.execute("DELETE FROM word WHERE subject = $1", args![subject])?;
        Ok(())
    }
}
