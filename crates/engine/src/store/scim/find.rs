//! Finding resources through an index.
//!
//! `CROSS JOIN` binds the order of the tables in SQLite, which otherwise begins with all resources
//! of the endpoint; to Postgres it is a join like any other.

use std::ops::ControlFlow;

use jiff::Timestamp;
use rollbook_scim::server::ResourceType;

use super::{kind_of, micros};
use crate::error::Result;
use crate::store::Reading;
use crate::store::db::{Arg, args};

/// What an index can answer: every live resource that fits is among those found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Narrow {
    /// This one.
    Id(String),
    /// Users with this login, as the key under which two are the same.
    UserName(String),
    /// Groups with this name, in the form in which names compare.
    GroupName(String),
    /// Resources with the identity provider's own id.
    ExternalId(String),
    /// Users with this address, in lower case.
    Email(String),
    /// Groups that this resource itself is in.
    Holding(String),
    /// Resources of a kind that changed at this moment or later.
    ChangedSince(ResourceType, Timestamp),
    /// Nothing can fit.
    Nothing,
}

/// Where a found resource lies.
pub(crate) type Place = (ResourceType, i64);

impl Reading<'_> {
    /// The places of all live resources of `endpoint` that `narrow` allows, in order; `None` when
    /// they are more than `limit`.
    pub(crate) fn places(
        &self,
        endpoint: &str,
        narrow: &Narrow,
        limit: usize,
    ) -> Result<Option<Vec<Place>>> {
        let mut found = match narrow {
            Narrow::Nothing => Some(Vec::new()),
            Narrow::Id(id) => self.placed(
                "SELECT kind, position FROM scim_resource
                 WHERE id = $2 AND endpoint = $1 AND deleted_us IS NULL",
                args![endpoint, id],
                limit,
            )?,
            Narrow::UserName(key) => self.placed(
                "SELECT kind, position FROM scim_resource WHERE endpoint = $1 AND name_key = $2
                 AND kind = 'User' AND deleted_us IS NULL",
                args![endpoint, key],
                limit,
            )?,
            Narrow::GroupName(key) => self.placed(
                "SELECT kind, position FROM scim_resource WHERE endpoint = $1 AND name_key = $2
                 AND kind = 'Group' AND deleted_us IS NULL",
                args![endpoint, key],
                limit,
            )?,
            Narrow::ExternalId(id) => self.placed(
                "SELECT kind, position FROM scim_resource WHERE endpoint = $1
                 AND external_id IS NOT NULL AND external_id = $2 AND deleted_us IS NULL",
                args![endpoint, id],
                limit,
            )?,
            Narrow::Email(address) => self.placed(
                "SELECT r.kind, r.position FROM scim_email e
                 CROSS JOIN scim_resource r
                 WHERE r.id = e.resource AND e.endpoint = $1 AND e.address = $2 AND r.deleted_us IS NULL",
                args![endpoint, address],
                limit,
            )?,
            Narrow::Holding(member) => self.placed(
                "SELECT r.kind, r.position FROM scim_member m
                 CROSS JOIN scim_resource r
                 WHERE r.id = m.holder AND r.endpoint = $1 AND m.member = $2 AND r.deleted_us IS NULL",
                args![endpoint, member],
                limit,
            )?,
            Narrow::ChangedSince(kind, at) => self.placed(
                "SELECT kind, position FROM scim_resource WHERE endpoint = $1 AND kind = $2
                 AND modified_us >= $3 AND deleted_us IS NULL",
                args![endpoint, kind.name(), micros(*at)],
                limit,
            )?,
        };
        if let Some(found) = &mut found {
            found.sort_unstable();
            found.dedup();
        }
        Ok(found)
    }

    fn placed(&self, sql: &str, args: &[Arg<'_>], limit: usize) -> Result<Option<Vec<Place>>> {
        let mut found = Vec::new();
        self.db.scan(sql, args, |row| {
            found.push((kind_of(row.text(0)?)?, row.int(1)?));
            Ok(match found.len() > limit {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            })
        })?;
        Ok((found.len() <= limit).then_some(found))
    }
}
