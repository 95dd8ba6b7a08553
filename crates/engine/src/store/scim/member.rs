//! Who is in which Group, one row for each.

use std::collections::BTreeSet;

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

/// A Group that somebody is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The id of the Group.
    pub id: String,
    /// Its `displayName`.
    pub name: String,
    /// Whether the membership is the resource's own, and not one of a Group it is in.
    pub direct: bool,
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

    /// Which of the resources of a kind between two positions are in any Group, in one statement
    /// for a whole page.
    pub(crate) fn held_between(
        &self,
        (endpoint, kind): (&str, ResourceType),
        first: i64,
        last: i64,
    ) -> Result<BTreeSet<String>> {
        let mut held = BTreeSet::new();
        self.db.each(
            "SELECT DISTINCT m.member FROM scim_resource r CROSS JOIN scim_member m
             WHERE m.member = r.id AND r.endpoint = $1 AND r.kind = $2 AND r.deleted_us IS NULL
               AND r.position BETWEEN $3 AND $4",
            args![endpoint, kind.name(), first, last],
            |row| {
                held.insert(row.text(0)?.to_owned());
                Ok(())
            },
        )?;
        Ok(held)
    }

    /// The Groups that a resource is in, its own first, then those that hold these, each once.
    pub fn holders_of(&self, member: &str) -> Result<Vec<Holder>> {
        let mut seen = BTreeSet::new();
        let mut found = Vec::new();
        let mut around = vec![member.to_owned()];
        while !around.is_empty() {
            let direct = found.is_empty();
            let mut next = Vec::new();
            for member in &around {
                self.db.each(
                    "SELECT r.id, r.name FROM scim_member m
                     CROSS JOIN scim_resource r
                     WHERE r.id = m.holder AND m.member = $1 ORDER BY r.id",
                    args![member],
                    |row| {
                        let id = row.text(0)?;
                        if seen.insert(id.to_owned()) {
                            next.push(id.to_owned());
                            found.push(Holder {
                                id: id.to_owned(),
                                name: row.text(1)?.to_owned(),
                                direct,
                            });
                        }
                        Ok(())
                    },
                )?;
            }
            around = next;
        }
        Ok(found)
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
