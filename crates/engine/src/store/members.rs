//! Who may sign in: members, the links that sign them in, their sessions, and programs' tokens.
//! Never a secret: only keyed hashes.

use jiff::Timestamp;
use rollbook_core::role::Role;

use super::db::{Row, args};
use super::scim::{micros, moment};
use super::{Reading, Writing};
use crate::error::{Error, Result};

/// A member as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MemberRow {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) made_at: Timestamp,
    pub(crate) ended_at: Option<Timestamp>,
}

/// A link that signs somebody in once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LinkRow {
    /// `None`: whoever follows it becomes the first owner.
    pub(crate) member: Option<String>,
    pub(crate) expires: Timestamp,
}

/// A session as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SessionRow {
    pub(crate) id: String,
    pub(crate) member: String,
    pub(crate) hash: String,
    pub(crate) began_at: Timestamp,
    pub(crate) seen_at: Timestamp,
    pub(crate) turned_at: Timestamp,
}

/// A program's token as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApiTokenRow {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) hash: String,
    pub(crate) made_by: String,
    pub(crate) made_at: Timestamp,
    pub(crate) expires: Option<Timestamp>,
    pub(crate) used_at: Option<Timestamp>,
    pub(crate) revoked_at: Option<Timestamp>,
}

const MEMBER: &str = "SELECT id, name, role, made_us, ended_us FROM member";
const SESSION: &str = "SELECT id, member, hash, began_us, seen_us, turned_us FROM session";
const API_TOKEN: &str = "SELECT id, name, role, hash, made_by, made_us, expires_us, used_us, \
                         revoked_us FROM api_token";

fn member(row: &Row<'_>) -> Result<MemberRow> {
    Ok(MemberRow {
        id: row.text(0)?.to_owned(),
        name: row.text(1)?.to_owned(),
        role: role(row.text(2)?)?,
        made_at: moment(row.int(3)?)?,
        ended_at: row.maybe_int(4)?.map(moment).transpose()?,
    })
}

fn session(row: &Row<'_>) -> Result<SessionRow> {
    Ok(SessionRow {
        id: row.text(0)?.to_owned(),
        member: row.text(1)?.to_owned(),
        hash: row.text(2)?.to_owned(),
        began_at: moment(row.int(3)?)?,
        seen_at: moment(row.int(4)?)?,
        turned_at: moment(row.int(5)?)?,
    })
}

fn api_token(row: &Row<'_>) -> Result<ApiTokenRow> {
    Ok(ApiTokenRow {
        id: row.text(0)?.to_owned(),
        name: row.text(1)?.to_owned(),
        role: role(row.text(2)?)?,
        hash: row.text(3)?.to_owned(),
        made_by: row.text(4)?.to_owned(),
        made_at: moment(row.int(5)?)?,
        expires: row.maybe_int(6)?.map(moment).transpose()?,
        used_at: row.maybe_int(7)?.map(moment).transpose()?,
        revoked_at: row.maybe_int(8)?.map(moment).transpose()?,
    })
}

fn role(word: &str) -> Result<Role> {
    word.parse().map_err(|e| {
        Error::setup(format!("The database speaks of the unknown role {word:?}."))
            .hint("Restore the newest backup of the workspace folder.")
            .because(e)
    })
}

impl Writing<'_> {
    /// Signs everybody out, and makes every link to sign in with worthless.
    pub(crate) fn sign_all_out(&self) -> Result<()> {
        self.db.execute("DELETE FROM session", &[])?;
        self.db.execute("DELETE FROM sign_in_link", &[])?;
        Ok(())
    }
}

impl Reading<'_> {
    /// All members that there ever were, by name.
    pub(crate) fn member_rows(&self) -> Result<Vec<MemberRow>> {
        let mut found = Vec::new();
        self.db.each(&format!("{MEMBER} ORDER BY name_key, made_us"), &[], |row| {
            member(row).map(|row| found.push(row))
        })?;
        Ok(found)
    }

    /// The member with this id.
    pub(crate) fn member_row(&self, id: &str) -> Result<Option<MemberRow>> {
        self.db.one(&format!("{MEMBER} WHERE id = $1"), args![id], member)
    }

    /// The sign-in link with this hash.
    pub(crate) fn sign_in_link(&self, hash: &str) -> Result<Option<LinkRow>> {
        let sql = "SELECT member, expires_us FROM sign_in_link WHERE hash = $1";
        self.db.one(sql, args![hash], |row| {
            Ok(LinkRow {
                member: row.maybe_text(0)?.map(str::to_owned),
                expires: moment(row.int(1)?)?,
            })
        })
    }

    /// The session whose secret has this hash, or had it until it was turned last.
    pub(crate) fn session_row(&self, hash: &str) -> Result<Option<SessionRow>> {
        let now = self.db.one(&format!("{SESSION} WHERE hash = $1"), args![hash], session)?;
        if now.is_some() {
            return Ok(now);
        }
        self.db.one(&format!("{SESSION} WHERE old_hash = $1"), args![hash], session)
    }

    /// All programs' tokens that were ever made, by name.
    pub(crate) fn api_token_rows(&self) -> Result<Vec<ApiTokenRow>> {
        let mut found = Vec::new();
        self.db.each(&format!("{API_TOKEN} ORDER BY name, made_us"), &[], |row| {
            api_token(row).map(|row| found.push(row))
        })?;
        Ok(found)
    }

    /// The program's token with this id.
    pub(crate) fn api_token_row(&self, id: &str) -> Result<Option<ApiTokenRow>> {
        self.db.one(&format!("{API_TOKEN} WHERE id = $1"), args![id], api_token)
    }
}

impl Writing<'_> {
    /// Stores a new member.
    ///
    /// # Errors
    /// [`crate::Error::is_duplicate`] when somebody of that name is there.
    pub(crate) fn admit(&self, row: &MemberRow, name_key: &str) -> Result<()> {
        self.db.execute(
            "INSERT INTO member (id, name, name_key, role, made_us) VALUES ($1, $2, $3, $4, $5)",
            args![&row.id, &row.name, name_key, row.role.word(), micros(row.made_at)],
        )?;
        Ok(())
    }

    /// Gives a member another role.
    pub(crate) fn put_role(&self, id: &str, role: Role) -> Result<()> {
        let sql = "UPDATE member SET role = $2 WHERE id = $1";
        self.db.execute(sql, args![id, role.word()])?;
        Ok(())
    }

    /// Ends a member, with all that lets them in.
    pub(crate) fn end_member(&self, id: &str, at: Timestamp) -> Result<()> {
        let sql = "UPDATE member SET ended_us = $2 WHERE id = $1 AND ended_us IS NULL";
        self.db.execute(sql, args![id, micros(at)])?;
        self.db.execute("DELETE FROM session WHERE member = $1", args![id])?;
        self.db.execute("DELETE FROM sign_in_link WHERE member = $1", args![id])?;
        Ok(())
    }

    /// Stores a link in the place of every other one of the same member.
    pub(crate) fn put_sign_in_link(&self, hash: &str, link: &LinkRow) -> Result<()> {
        match &link.member {
            Some(member) => {
                self.db.execute("DELETE FROM sign_in_link WHERE member = $1", args![member])?
            }
            None => self.db.execute("DELETE FROM sign_in_link WHERE member IS NULL", &[])?,
        };
        self.db.execute(
            "INSERT INTO sign_in_link (hash, member, expires_us) VALUES ($1, $2, $3)",
            args![hash, link.member.as_deref(), micros(link.expires)],
        )?;
        Ok(())
    }

    /// Uses a link up. Returns whether it was there.
    pub(crate) fn use_sign_in_link(&self, hash: &str) -> Result<bool> {
        Ok(self.db.execute("DELETE FROM sign_in_link WHERE hash = $1", args![hash])? > 0)
    }

    /// Stores a new session.
    pub(crate) fn add_session(&self, row: &SessionRow) -> Result<()> {
        self.db.execute(
            "INSERT INTO session (id, member, hash, began_us, seen_us, turned_us)
             VALUES ($1, $2, $3, $4, $5, $6)",
            args![
                &row.id,
                &row.member,
                &row.hash,
                micros(row.began_at),
                micros(row.seen_at),
                micros(row.turned_at)
            ],
        )?;
        Ok(())
    }

    /// Notes that a session was used.
    pub(crate) fn touch_session(&self, id: &str, at: Timestamp) -> Result<()> {
        let sql = "UPDATE session SET seen_us = $2 WHERE id = $1";
        self.db.execute(sql, args![id, micros(at)])?;
        Ok(())
    }

    /// Gives a session another secret, if it still has the one that is expected.
    pub(crate) fn turn_session(&self, row: &SessionRow, hash: &str, at: Timestamp) -> Result<bool> {
        let turned = self.db.execute(
            "UPDATE session SET old_hash = hash, hash = $3, seen_us = $4, turned_us = $4
             WHERE id = $1 AND hash = $2",
            args![&row.id, &row.hash, hash, micros(at)],
        )?;
        Ok(turned > 0)
    }

    /// Ends a session.
    pub(crate) fn end_session(&self, id: &str) -> Result<()> {
        self.db.execute("DELETE FROM session WHERE id = $1", args![id])?;
        Ok(())
    }

    /// Forgets the sessions that began before `began` or were not used since `seen`.
    pub(crate) fn tidy_sessions(&self, began: Timestamp, seen: Timestamp) -> Result<()> {
        let sql = "DELETE FROM session WHERE began_us < $1 OR seen_us < $2";
        self.db.execute(sql, args![micros(began), micros(seen)])?;
        Ok(())
    }

    /// Stores a new token of a program.
    pub(crate) fn add_api_token(&self, row: &ApiTokenRow) -> Result<()> {
        self.db.execute(
            "INSERT INTO api_token (id, name, role, hash, made_by, made_us, expires_us)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            args![
                &row.id,
                &row.name,
                row.role.word(),
                &row.hash,
                &row.made_by,
                micros(row.made_at),
                row.expires.map(micros)
            ],
        )?;
        Ok(())
    }

    /// Notes that a program used its token.
    pub(crate) fn touch_api_token(&self, id: &str, at: Timestamp) -> Result<()> {
        let sql = "UPDATE api_token SET used_us = $2 WHERE id = $1";
        self.db.execute(sql, args![id, micros(at)])?;
        Ok(())
    }

    /// Ends a token of a program. Returns whether it was live.
    pub(crate) fn end_api_token(&self, id: &str, at: Timestamp) -> Result<bool> {
        let sql = "UPDATE api_token SET revoked_us = $2 WHERE id = $1 AND revoked_us IS NULL";
        Ok(self.db.execute(sql, args![id, micros(at)])? > 0)
    }
}
