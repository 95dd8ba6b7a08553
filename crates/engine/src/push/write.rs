//! One operation inside a transaction: the resource, its members, the wish and the event.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rollbook_core::canonical::digest_bytes;
use rollbook_core::event::{Concern, Draft};
use rollbook_scim::ErrorMessage;
use rollbook_scim::Patch;
use rollbook_scim::message::ScimType;
use rollbook_scim::server::{MemberChange, ResourceType, Rules, Tags, member, resource};
use serde_json::{Value, json};

use super::body::{self, Body, Facts};
use super::caller::Caller;
use super::committer::guarded;
use super::group::{self, Moved};
use super::operation::PushOp;
use super::seen::{Seen, Wants, quoted};
use super::{ALL, EVERYWHERE, Fault};
use crate::config::Config;
use crate::error::Error;
use crate::store::Writing;
use crate::store::scim::{ResourceRow, Wish};

/// Where one caller's operations are done, in one transaction and at one moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Desk<'a> {
    pub(super) book: &'a Writing<'a>,
    pub(super) config: &'a Config,
    pub(super) caller: &'a Caller,
    pub(super) now: Timestamp,
}

/// What an operation did.
#[derive(Clone, Debug)]
pub(super) enum Effect {
    Created(Seen),
    Changed(Seen),
    Unchanged(Seen),
    Deleted,
}

impl Desk<'_> {
    /// Does one operation as a whole or not at all. What was asked for wrongly is the inner error.
    /// That somebody reached for another endpoint's resource is recorded.
    pub(super) fn run_whole(
        &self,
        operation: PushOp,
        wants: Wants,
    ) -> Result<Result<Effect, ErrorMessage>, Error> {
        let target = operation.target().map(str::to_owned);
        let done = guarded(self.book, || self.run(operation, wants))?;
        let not_found = matches!(&done, Err(refused) if refused.status == Some(404));
        if let Some(id) = target.filter(|_| not_found)
            && let Some(row) = self.book.reading().any_resource(&id)?
            && row.endpoint != self.caller.endpoint
        {
            self.record_denied("write", &row.id)?;
        }
        Ok(done)
    }

    /// Records that something was asked for that the token is not for.
    pub(super) fn record_denied(&self, what: &str, subject: &str) -> Result<(), Error> {
        self.book.record(Draft {
            kind: "push_denied".to_owned(),
            actor: self.caller.actor(),
            on_behalf_of: String::new(),
            subject: subject.to_owned(),
            concerns: BTreeSet::new(),
            at: self.now,
            body: json!({"what": what, "token": self.caller.token}),
        })
    }

    /// Does one operation. Where it fails the caller undoes what was written.
    fn run(&self, operation: PushOp, wants: Wants) -> Result<Effect, Fault> {
        match operation {
            PushOp::Create { kind, body } => {
                let row = self.create(kind, &new_id(), body)?;
                Ok(Effect::Created(Seen::bare(row)))
            }
            PushOp::Replace { kind, id, body, only_if } => {
                let row = self.find(kind, &id, only_if.as_ref())?;
                let before = body::decode(&row.body)?;
                let mut after = resource::replace(kind, &before, body, &self.rules())?;
                let changes = group::listed(&mut after);
                let changes = changes.map(MemberChange::Set).into_iter().collect();
                self.change(row, &before, Some(after), changes, wants)
            }
            PushOp::Patch { kind, id, patch, only_if } => {
                let row = self.find(kind, &id, only_if.as_ref())?;
                let (patch, changes) = match kind {
                    ResourceType::User => (patch, Vec::new()),
                    ResourceType::Group => member::split(&patch, &self.rules())?,
                };
                self.patch(row, &patch, changes, wants)
            }
            PushOp::Delete { kind, id, only_if } => {
                let row = self.find(kind, &id, only_if.as_ref())?;
                self.delete(row)?;
                Ok(Effect::Deleted)
            }
        }
    }

    /// Makes the resource `id`.
    pub(super) fn create(
        &self,
        kind: ResourceType,
        id: &str,
        mut body: Body,
    ) -> Result<ResourceRow, Fault> {
        let members = group::listed(&mut body).unwrap_or_default();
        body.insert("id".to_owned(), Value::from(id));
        // Write-only (RFC 7643 §4.1.1): whatever is asked of it, it is not kept.
        body.remove("password");
        let facts = Facts::read(kind, &body)?;
        self.check_name_free(kind, &facts, "")?;
        let mut row = ResourceRow {
            id: id.to_owned(),
            endpoint: self.caller.endpoint.clone(),
            kind,
            position: 0,
            name: facts.name,
            name_key: facts.name_key,
            external_id: facts.external_id,
            active: facts.active,
            revision: 1,
            created: self.now,
            modified: self.now,
            deleted_at: None,
            body: body::encode(&body)?,
            delivery: String::new(),
        };
        row.delivery = self.delivery(&row);
        self.book.add_resource(&mut row)?;
        self.note_name(&row)?;
        self.book.put_emails(&row.endpoint, &row.id, &[], &facts.emails)?;
        let moved = group::change(self, &row, vec![MemberChange::Add(members)], row.revision)?;
        self.wish_for(&row)?;
        self.record("resource_created", &row, &moved, &[])?;
        Ok(row)
    }

    fn patch(
        &self,
        row: ResourceRow,
        patch: &Patch,
        changes: Vec<MemberChange>,
        wants: Wants,
    ) -> Result<Effect, Fault> {
        if patch.operations.is_empty() {
            // Members alone: the group itself is not even read as JSON.
            return self.change(row, &Body::new(), None, changes, wants);
        }
        let before = body::decode(&row.body)?;
        let after = resource::patch(row.kind, &before, patch, &self.rules())?;
        self.change(row, &before, after, changes, wants)
    }

    /// Makes `after` of the resource that was `before`, and changes its members.
    fn change(
        &self,
        mut row: ResourceRow,
        before: &Body,
        after: Option<Body>,
        changes: Vec<MemberChange>,
        wants: Wants,
    ) -> Result<Effect, Fault> {
        let after = after.map(|mut after| {
            after.remove("password");
            after
        });
        let after = after.filter(|after| after != before);
        let moved = group::change(self, &row, changes, row.revision + 1)?;
        if after.is_none() && moved.is_nothing() {
            return Ok(Effect::Unchanged(Seen::load(&self.book.reading(), row, wants)?));
        }
        let mut names = Vec::new();
        if let Some(after) = &after {
            names = body::changed(before, after);
            let facts = Facts::read(row.kind, after)?;
            if facts.name_key != row.name_key {
                self.check_name_free(row.kind, &facts, &row.id)?;
            }
            self.book.put_emails(&row.endpoint, &row.id, &body::emails(before), &facts.emails)?;
            row.body = body::encode(after)?;
            (row.name, row.name_key) = (facts.name, facts.name_key);
            (row.external_id, row.active) = (facts.external_id, facts.active);
            if names.contains(&"userName") {
                self.note_name(&row)?;
            }
        }
        self.touch(&mut row)?;
        self.record("resource_changed", &row, &moved, &names)?;
        Ok(Effect::Changed(Seen::load(&self.book.reading(), row, wants)?))
    }

    fn delete(&self, mut row: ResourceRow) -> Result<(), Fault> {
        row.revision += 1;
        row.delivery = self.delivery(&row);
        let emptied = vec![MemberChange::Set(Vec::new())];
        let moved = group::change(self, &row, emptied, row.revision)?;
        for holder in self.book.reading().holders_of(&row.id)?.iter().filter(|h| h.direct) {
            self.leave(&holder.id, &row.id)?;
        }
        let emails = body::emails(&body::decode(&row.body)?);
        self.book.put_emails(&row.endpoint, &row.id, &emails, &[])?;
        self.book.bury_resource(&row, self.now)?;
        self.wish_for(&row)?;
        self.record("resource_deleted", &row, &moved, &[])?;
        Ok(())
    }

    /// Takes a member that is being deleted out of a group.
    fn leave(&self, holder: &str, member: &str) -> Result<(), Fault> {
        self.book.remove_member(holder, member)?;
        if let Some(mut group) = self.book.reading().any_resource(holder)? {
            self.touch(&mut group)?;
        }
        Ok(())
    }

    /// Counts a real change of a resource and writes it.
    fn touch(&self, row: &mut ResourceRow) -> Result<(), Fault> {
        row.revision += 1;
        // A clock that was set back must not make a change look older than the one before.
        row.modified = row.modified.max(self.now);
        row.delivery = self.delivery(row);
        self.book.change_resource(row)?;
        self.wish_for(row)
    }

    /// The live resource of this caller's endpoint, at a version that is asked for.
    fn find(
        &self,
        kind: ResourceType,
        id: &str,
        only_if: Option<&Tags>,
    ) -> Result<ResourceRow, Fault> {
        let row = self.book.reading().resource_row(&self.caller.endpoint, id)?;
        let row = row.filter(|row| row.kind == kind && row.deleted_at.is_none());
        let row = row.ok_or_else(|| Fault::Asked(absent(kind, id)))?;
        let revision = row.revision.to_string();
        // What stands behind the `-` is no part of the resource that a client could overwrite.
        let fits = |tag: &str| tag.split('-').next() == Some(&*revision);
        if only_if.is_some_and(|tags| !tags.is_any() && !tags.fits(fits)) {
            let said = format!(
                "The {} {id} was changed meanwhile; read it again and then decide.",
                kind.name()
            );
            return Err(Fault::Asked(ErrorMessage::new(412, None, &said)));
        }
        Ok(row)
    }

    /// Has the book reconciled soon where a login is not of plain letters: it may look like another
    /// one.
    fn note_name(&self, row: &ResourceRow) -> Result<(), Fault> {
        match row.kind == ResourceType::User && !row.name.is_ascii() {
            true => Ok(self.book.move_basis()?),
            false => Ok(()),
        }
    }

    /// No two live Users of an endpoint have one login.
    fn check_name_free(
        &self,
        kind: ResourceType,
        facts: &Facts,
        except: &str,
    ) -> Result<(), Fault> {
        let endpoint = &self.caller.endpoint;
        let taken = kind == ResourceType::User
            && self.book.reading().user_named(endpoint, &facts.name_key, except)?;
        if taken {
            let said = format!(
                "There is a User with the userName {} already; the same letters in another case \
                 or composition are the same name.",
                quoted(&facts.name)
            );
            return Err(Fault::Asked(ErrorMessage::new(409, Some(ScimType::Uniqueness), &said)));
        }
        Ok(())
    }

    /// The newest wish about a User. Groups have none of their own: the wishes are about who is in
    /// them.
    fn wish_for(&self, row: &ResourceRow) -> Result<(), Fault> {
        if row.kind == ResourceType::User {
            self.wish(&row.id, "account", row.revision)?;
        }
        Ok(())
    }

    /// Writes the newest wish about a User's being in a group, and that the User is waiting for it.
    /// A group in a group has no account of its own to be given anything.
    pub(super) fn wish_for_member(
        &self,
        id: &str,
        aspect: &str,
        revision: i64,
    ) -> Result<(), Fault> {
        let row = self.book.reading().any_resource(id)?;
        if let Some(row) = row.filter(|row| row.kind == ResourceType::User) {
            self.wish(&row.id, aspect, revision)?;
            let accepted = self.delivery(&row);
            self.book.put_delivery_state(&row.endpoint, &row.id, &accepted, row.revision)?;
        }
        Ok(())
    }

    /// Writes the newest wish about one aspect of a resource.
    fn wish(&self, resource: &str, aspect: &str, revision: i64) -> Result<(), Fault> {
        let endpoint = self.caller.endpoint.as_str();
        let wish = Wish {
            endpoint,
            resource,
            instance: if endpoint == ALL { EVERYWHERE } else { endpoint },
            aspect,
            revision,
            at: self.now,
            idp: &self.caller.idp,
        };
        Ok(self.book.wish(&wish)?)
    }

    /// Whether what this group says leads to anything.
    pub(super) fn is_mapped(&self, group: &ResourceRow) -> bool {
        let external_id = group.external_id.as_deref();
        group.kind == ResourceType::Group
            && self.config.maps_group(&group.endpoint, &group.id, external_id)
    }

    /// What the delivery extension says right after a push.
    fn delivery(&self, row: &ResourceRow) -> String {
        let (state, because) = match row.kind == ResourceType::Group && !self.is_mapped(row) {
            true => ("waiting", NO_RULE),
            false => ("accepted", ""),
        };
        format!(
            "{{\"state\":\"{state}\",\"because\":{},\"at\":\"{}\",\"revision\":{}}}",
            quoted(because),
            self.now,
            row.revision
        )
    }

    /// Records what was pushed. The body of the event names people, and can be erased.
    fn record(
        &self,
        kind: &str,
        row: &ResourceRow,
        moved: &Moved,
        changed: &[&str],
    ) -> Result<(), Fault> {
        let mut told = json!({
            "kind": row.kind.name(), "name": row.name, "active": row.active,
            "revision": row.revision, "token": self.caller.token,
            "digest": digest_bytes("rollbook.resource.v1", row.body.as_bytes()),
        });
        let lists = [
            ("changed", json!(changed)),
            ("joined", json!(moved.joined)),
            ("left", json!(moved.left)),
        ];
        for (name, list) in lists {
            if list.as_array().is_some_and(|list| !list.is_empty()) {
                told[name] = list;
            }
        }
        let own = (row.kind == ResourceType::User).then_some(&row.id);
        let people = own.into_iter().chain(&moved.joined).chain(&moved.left);
        self.book.record(Draft {
            kind: kind.to_owned(),
            actor: self.caller.actor(),
            on_behalf_of: String::new(),
            subject: format!("{}/{}", row.endpoint, row.id),
            concerns: people.map(Concern::stored).collect(),
            at: self.now,
            body: told,
        })?;
        Ok(())
    }

    fn rules(&self) -> Rules {
        self.caller.profile.rules()
    }
}

const NO_RULE: &str = "No rule in rollbook.toml says which entitlement this group gives, so nothing \
                       is done for its members.";

/// A new id. It is in order of time, so that an index grows at its end.
pub(super) fn new_id() -> String {
    uuid::Uuid::now_v7().to_string()
}

/// The answer where there is no such resource, or it is somebody else's.
pub(super) fn absent(kind: ResourceType, id: &str) -> ErrorMessage {
    ErrorMessage::new(
        404,
        None,
        &format!("There is no {} with the id {}.", kind.name(), quoted(id)),
    )
}
