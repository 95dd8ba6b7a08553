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
use crate::store::db::Arg;

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

impl Narrow {
    /// The statement that finds the places, and its values; `None`: there are none to be found.
    fn statement<'a>(&'a self, endpoint: &'a str) -> Option<(&'static str, Vec<Arg<'a>>)> {
        let (sql, key): (_, Arg<'a>) = match self {
            Self::Nothing => return None,
            Self::Id(id) => (
                "SELECT kind, position FROM scim_resource
                 WHERE id = $2 AND endpoint = $1 AND deleted_us IS NULL",
                id.into(),
            ),
            Self::UserName(key) => (
                "SELECT kind, position FROM scim_resource
                 WHERE endpoint = $1 AND name_key = $2 AND kind = 'User' AND deleted_us IS NULL",
                key.into(),
            ),
            Self::GroupName(key) => (
                "SELECT kind, position FROM scim_resource
                 WHERE endpoint = $1 AND name_key = $2 AND kind = 'Group' AND deleted_us IS NULL",
                key.into(),
            ),
            Self::ExternalId(id) => (
                "SELECT kind, position FROM scim_resource WHERE endpoint = $1
                 AND external_id IS NOT NULL AND external_id = $2 AND deleted_us IS NULL",
                id.into(),
            ),
            Self::Email(address) => (
                "SELECT r.kind, r.position FROM scim_email e CROSS JOIN scim_resource r
                 WHERE r.id = e.resource AND e.endpoint = $1 AND e.address = $2
                 AND r.deleted_us IS NULL",
                address.into(),
            ),
            Self::Holding(member) => (
                "SELECT r.kind, r.position FROM scim_member m CROSS JOIN scim_resource r
                 WHERE r.id = m.holder AND r.endpoint = $1 AND m.member = $2
                 AND r.deleted_us IS NULL",
                member.into(),
            ),
            Self::ChangedSince(kind, at) => {
                let sql = "SELECT kind, position FROM scim_resource
                           WHERE endpoint = $1 AND kind = $2 AND modified_us >= $3
                           AND deleted_us IS NULL";
                return Some((sql, vec![endpoint.into(), kind.name().into(), micros(*at).into()]));
            }
        };
        Some((sql, vec![endpoint.into(), key]))
    }
}

impl Reading<'_> {
    /// The places of all live resources of `endpoint` that `narrow` allows, in order; `None` when
    /// they are more than `limit`.
    pub(crate) fn places(
        &self,
        endpoint: &str,
        narrow: &Narrow,
        limit: usize,
    ) -> Result<Option<Vec<Place>>> {
        let mut found = Vec::new();
        let Some((sql, args)) = narrow.statement(endpoint) else { return Ok(Some(found)) };
        self.db.scan(sql, &args, |row| {
            found.push((kind_of(row.text(0)?)?, row.int(1)?));
            Ok(match found.len() > limit {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            })
        })?;
        let is_all = found.len() <= limit;
        found.sort_unstable();
        found.dedup();
        Ok(is_all.then_some(found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Place, Store};

    /// How SQLite goes about it.
    fn plan(book: &Reading<'_>, narrow: &Narrow) -> String {
        let (sql, args) = narrow.statement("wiki").unwrap();
        let mut steps = Vec::new();
        book.db
            .each(&format!("EXPLAIN QUERY PLAN {sql}"), &args, |row| {
                steps.push(row.text(3)?.to_owned());
                Ok(())
            })
            .unwrap();
        steps.join("; ")
    }

    #[test]
    fn every_question_is_answered_by_its_own_index() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::make(&Place::Folder(dir.path().to_owned()), "test").unwrap();
        let questions = [
            Narrow::Id("7".to_owned()),
            Narrow::UserName("ana".to_owned()),
            Narrow::GroupName("editors".to_owned()),
            Narrow::ExternalId("00u".to_owned()),
            Narrow::Email("ana@example.com".to_owned()),
            Narrow::Holding("7".to_owned()),
            Narrow::ChangedSince(ResourceType::User, Timestamp::UNIX_EPOCH),
        ];
        let plans: Vec<String> =
            store.read(|book| Ok(questions.iter().map(|it| plan(book, it)).collect())).unwrap();
        insta::assert_snapshot!(plans.join("\n"), @r"
        SEARCH scim_resource USING INDEX sqlite_autoindex_scim_resource_1 (id=?)
        SEARCH scim_resource USING INDEX scim_user_by_name (endpoint=? AND name_key=?)
        SEARCH scim_resource USING INDEX scim_group_by_name (endpoint=? AND kind=? AND name_key=?)
        SEARCH scim_resource USING INDEX scim_resource_by_external_id (endpoint=? AND external_id=?)
        SEARCH e USING PRIMARY KEY (endpoint=? AND address=?); SEARCH r USING INDEX sqlite_autoindex_scim_resource_1 (id=?)
        SEARCH m USING COVERING INDEX scim_member_by_member (member=?); SEARCH r USING INDEX sqlite_autoindex_scim_resource_1 (id=?)
        SEARCH scim_resource USING INDEX scim_resource_by_change (endpoint=? AND kind=? AND modified_us>?)
        ");
    }
}
