//! Pushed Users and Groups, one row each.

use std::ops::ControlFlow;

use jiff::Timestamp;
use rollbook_scim::server::ResourceType;

use super::{kind_of, micros, moment};
use crate::error::Result;
use crate::store::db::{Row, args};
use crate::store::{Reading, Writing};

/// A User or Group as an identity provider pushed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceRow {
    /// Its id, which we gave and which never comes back.
    pub id: String,
    /// To which endpoint it was pushed: an instance's name, or `all`.
    pub endpoint: String,
    /// What it is.
    pub kind: ResourceType,
    /// Its place in lists, from 1 for each endpoint and kind. Given by [`Writing::add_resource`].
    pub position: i64,
    /// `userName` or `displayName` as sent.
    pub name: String,
    /// The form of it under which two are the same.
    pub name_key: String,
    /// The identity provider's own id.
    pub external_id: Option<String>,
    /// Of a User: `active`, where it was ever sent.
    pub active: Option<bool>,
    /// Counts real changes, from 1.
    pub revision: i64,
    /// When it was made.
    pub created: Timestamp,
    /// When it last really changed.
    pub modified: Timestamp,
    /// When it was deleted; `None`: it is live.
    pub deleted_at: Option<Timestamp>,
    /// JSON text, `schemas` first, without meta, members, groups and delivery.
    pub body: String,
    /// JSON text of the delivery extension.
    pub delivery: String,
}

/// A statement that hands out whole rows.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, endpoint, kind, position, name, name_key, external_id, active, revision, \
             created_us, modified_us, deleted_us, body, delivery FROM scim_resource ",
            $rest
        )
    };
}

impl ResourceRow {
    pub(super) fn read(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            id: row.text(0)?.to_owned(),
            endpoint: row.text(1)?.to_owned(),
            kind: kind_of(row.text(2)?)?,
            position: row.int(3)?,
            name: row.text(4)?.to_owned(),
            name_key: row.text(5)?.to_owned(),
            external_id: row.maybe_text(6)?.map(str::to_owned),
            active: row.maybe_int(7)?.map(|active| active != 0),
            revision: row.int(8)?,
            created: moment(row.int(9)?)?,
            modified: moment(row.int(10)?)?,
            deleted_at: row.maybe_int(11)?.map(moment).transpose()?,
            body: row.text(12)?.to_owned(),
            delivery: row.text(13)?.to_owned(),
        })
    }
}

impl Reading<'_> {
    /// The resource with this id that was pushed to `endpoint`, deleted or not.
    pub fn resource_row(&self, endpoint: &str, id: &str) -> Result<Option<ResourceRow>> {
        let row = self.any_resource(id)?;
        Ok(row.filter(|row| row.endpoint == endpoint))
    }

    /// The resource with this id, wherever it was pushed to.
    pub(crate) fn any_resource(&self, id: &str) -> Result<Option<ResourceRow>> {
        self.db.one(select!("WHERE id = $1"), args![id], ResourceRow::read)
    }

    /// What the live resource of `endpoint` with this id is.
    pub(crate) fn live_kind(&self, endpoint: &str, id: &str) -> Result<Option<ResourceType>> {
        self.db.one(
            "SELECT kind FROM scim_resource WHERE id = $1 AND endpoint = $2 AND deleted_us IS NULL",
            args![id, endpoint],
            |row| kind_of(row.text(0)?),
        )
    }

    /// Hands every live resource of `kind` at `endpoint` to `take`, in order.
    ///
    /// # Errors
    /// What `take` returns. It must not ask the store for anything.
    pub fn live_resources(
        &self,
        endpoint: &str,
        kind: ResourceType,
        mut take: impl FnMut(ResourceRow) -> Result<()>,
    ) -> Result<()> {
        self.db.each(
            select!("WHERE endpoint = $1 AND kind = $2 AND deleted_us IS NULL ORDER BY position"),
            args![endpoint, kind.name()],
            |row| take(ResourceRow::read(row)?),
        )
    }

    /// Hands the id and the login of every live User of `endpoint` to `take`, in order.
    ///
    /// # Errors
    /// What `take` returns. It must not ask the store for anything.
    pub(crate) fn live_logins(
        &self,
        endpoint: &str,
        mut take: impl FnMut(&str, &str) -> Result<()>,
    ) -> Result<()> {
        self.db.each(
            "SELECT id, name FROM scim_resource
             WHERE endpoint = $1 AND kind = 'User' AND deleted_us IS NULL ORDER BY position",
            args![endpoint],
            |row| take(row.text(0)?, row.text(1)?),
        )
    }

    /// Hands every User that was ever pushed and is not erased to `take`, also the deleted ones, in
    /// order of their ids.
    ///
    /// # Errors
    /// What `take` returns. It must not ask the store for anything.
    pub(crate) fn every_user(&self, mut take: impl FnMut(ResourceRow) -> Result<()>) -> Result<()> {
        self.db.each(
            select!("WHERE kind = 'User' AND name_key <> '' ORDER BY id"),
            args![],
            |row| take(ResourceRow::read(row)?),
        )
    }

    /// Up to `limit` live resources from `position` on, after leaving out `skip` of them.
    pub(crate) fn resources_from(
        &self,
        (endpoint, kind): (&str, ResourceType),
        position: i64,
        skip: i64,
        limit: i64,
    ) -> Result<Vec<ResourceRow>> {
        let mut rows = Vec::new();
        self.db.each(
            select!(
                "WHERE endpoint = $1 AND kind = $2 AND deleted_us IS NULL AND position >= $3
                 ORDER BY position LIMIT $4 OFFSET $5"
            ),
            args![endpoint, kind.name(), position, limit, skip],
            |row| ResourceRow::read(row).map(|row| rows.push(row)),
        )?;
        Ok(rows)
    }

    /// The live Groups of `endpoint` with this id or external id.
    pub(crate) fn groups_known_as(&self, endpoint: &str, id: &str) -> Result<Vec<ResourceRow>> {
        let mut found = Vec::new();
        self.db.each(
            select!(
                "WHERE endpoint = $1 AND kind = 'Group' AND deleted_us IS NULL
                   AND (id = $2 OR external_id = $2) ORDER BY position"
            ),
            args![endpoint, id],
            |row| ResourceRow::read(row).map(|row| found.push(row)),
        )?;
        Ok(found)
    }

    /// The live User with this login at `endpoint`, other than `except`.
    pub(crate) fn user_named(&self, endpoint: &str, name_key: &str, except: &str) -> Result<bool> {
        let mut found = false;
        self.db.scan(
            "SELECT id FROM scim_resource
             WHERE endpoint = $1 AND name_key = $2 AND kind = 'User' AND deleted_us IS NULL",
            args![endpoint, name_key],
            |row| {
                found = row.text(0)? != except;
                Ok(ControlFlow::Break(()))
            },
        )?;
        Ok(found)
    }
}

impl Writing<'_> {
    /// Adds a resource behind all others of its kind and gives it its position.
    ///
    /// # Errors
    /// [`crate::Error::is_duplicate`] when a live User has the same login.
    pub(crate) fn add_resource(&self, row: &mut ResourceRow) -> Result<()> {
        row.position = self.take_position(&row.endpoint, row.kind)?;
        self.db.execute(
            "INSERT INTO scim_resource (id, endpoint, kind, position, name, name_key, external_id,
                 active, revision, created_us, modified_us, deleted_us, body, delivery)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
            args![
                &row.id,
                &row.endpoint,
                row.kind.name(),
                row.position,
                &row.name,
                &row.name_key,
                row.external_id.as_deref(),
                row.active.map(i64::from),
                row.revision,
                micros(row.created),
                micros(row.modified),
                row.deleted_at.map(micros),
                &row.body,
                &row.delivery
            ],
        )?;
        Ok(())
    }

    /// Writes what may change of a resource.
    pub(crate) fn change_resource(&self, row: &ResourceRow) -> Result<()> {
        self.db.execute(
            "UPDATE scim_resource SET name = $2, name_key = $3, external_id = $4, active = $5,
                 revision = $6, modified_us = $7, body = $8, delivery = $9
             WHERE id = $1",
            args![
                &row.id,
                &row.name,
                &row.name_key,
                row.external_id.as_deref(),
                row.active.map(i64::from),
                row.revision,
                micros(row.modified),
                &row.body,
                &row.delivery
            ],
        )?;
        Ok(())
    }

    /// Makes a live resource a tombstone: its body stays, its name is free again.
    pub(crate) fn bury_resource(&self, row: &ResourceRow, at: Timestamp) -> Result<()> {
        self.db.execute(
            "UPDATE scim_resource SET deleted_us = $2, revision = $3, delivery = $4 WHERE id = $1",
            args![&row.id, micros(at), row.revision, &row.delivery],
        )?;
        self.free_position(&row.endpoint, row.kind, row.position)
    }

    /// Writes how far the resource is delivered. Writes nothing and returns `false` when the
    /// resource has a newer revision by now: the text is about an older wish.
    pub fn put_delivery_state(
        &self,
        endpoint: &str,
        resource: &str,
        text: &str,
        revision: i64,
    ) -> Result<bool> {
        let changed = self.db.execute(
            "UPDATE scim_resource SET delivery = $3
             WHERE id = $2 AND endpoint = $1 AND revision <= $4",
            args![endpoint, resource, text, revision],
        )?;
        Ok(changed > 0)
    }

    /// Makes `after` the addresses of a live User that had `before`; both in lower case.
    pub(crate) fn put_emails(
        &self,
        endpoint: &str,
        resource: &str,
        before: &[String],
        after: &[String],
    ) -> Result<()> {
        for gone in before.iter().filter(|address| !after.contains(address)) {
            self.db.execute(
                "DELETE FROM scim_email WHERE endpoint = $1 AND address = $2 AND resource = $3",
                args![endpoint, gone, resource],
            )?;
        }
        for new in after.iter().filter(|address| !before.contains(address)) {
            self.db.execute(
                "INSERT INTO scim_email (endpoint, address, resource) VALUES ($1, $2, $3)
                 ON CONFLICT DO NOTHING",
                args![endpoint, new, resource],
            )?;
        }
        Ok(())
    }
}
