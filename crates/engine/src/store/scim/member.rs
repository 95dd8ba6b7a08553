//! Who is in which Group, one row for each.

use rollbook_scim::server::ResourceType;

use super::kind_of;
use crate::error::Result;
use crate::store::db::args;
use crate::store::{Reading, Writing};

/// A member of a Group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberRow {
    /// The id of the resource that is the member.
    pub member: String,
    /// What it is.
    pub kind: ResourceType,
    /// How the identity provider called it, where it did.
    pub display: Option<String>,
}

impl Reading<'_> {
    /// Hands every member of a Group to `take`, in order of their ids.
    ///
    /// # Errors
    /// What `take` returns. It must not ask the store for anything.
    pub fn members_of(
        &self,
        holder: &str,
        mut take: impl FnMut(MemberRow) -> Result<()>,
    ) -> Result<()> {
        self.db.each(
            "SELECT member, kind, display FROM scim_member WHERE holder = $1 ORDER BY member",
            args![holder],
            |row| {
                let display = row.maybe_text(2)?.map(str::to_owned);
                take(MemberRow {
                    member: row.text(0)?.to_owned(),
                    kind: kind_of(row.text(1)?)?,
                    display,
                })
            },
        )
    }

    /// Whether a Group has more than `most` members.
    pub(crate) fn has_more_members(&self, holder: &str, most: i64) -> Result<bool> {
        let found = self.db.one(
            "SELECT 1 FROM scim_member WHERE holder = $1 LIMIT 1 OFFSET $2",
            args![holder, most],
            |_| Ok(()),
        )?;
        Ok(found.is_some())
    }

    /// Whether `member` itself is in the Group `holder`.
    pub fn is_member(&self, holder: &str, member: &str) -> Result<bool> {
        let found = self.db.one(
            "SELECT 1 FROM scim_member WHERE holder = $1 AND member = $2",
            args![holder, member],
            |_| Ok(()),
        )?;
        Ok(found.is_some())
    }
}

impl Writing<'_> {
    /// Puts a member into a Group, or changes what it is called there. Returns whether it was not in.
    pub(crate) fn add_member(&self, holder: &str, member: &MemberRow) -> Result<Joined> {
        let added = self.db.execute(
            "INSERT INTO scim_member (holder, member, kind, display) VALUES ($1, $2, $3, $4)
             ON CONFLICT (holder, member) DO NOTHING",
            args![holder, &member.member, member.kind.name(), member.display.as_deref()],
        )?;
        if added > 0 {
            return Ok(Joined::New);
        }
        let Some(display) = &member.display else { return Ok(Joined::Already) };
        let renamed = self.db.execute(
            "UPDATE scim_member SET display = $3
             WHERE holder = $1 AND member = $2 AND (display IS NULL OR display <> $3)",
            args![holder, &member.member, display],
        )?;
        Ok(if renamed > 0 { Joined::Renamed } else { Joined::Already })
    }

    /// Takes a member out of a Group. Returns whether it was in.
    pub(crate) fn remove_member(&self, holder: &str, member: &str) -> Result<bool> {
        let removed = self.db.execute(
            "DELETE FROM scim_member WHERE holder = $1 AND member = $2",
            args![holder, member],
        )?;
        Ok(removed > 0)
    }
}

/// What adding a member did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Joined {
    /// It was not in.
    New,
    /// It was in and is called otherwise now.
    Renamed,
    /// Nothing changed.
    Already,
}
