//! Rules on groups that were written after their members were pushed: the wishes that they would
//! have made are made now.

use jiff::Timestamp;
use rollbook_core::event::{Concern, Draft};
use serde_json::{Value, json};

use super::scope::aspect_of;
use crate::engine::Engine;
use crate::error::Result;
use crate::push::{ALL, EVERYWHERE};
use crate::store::Writing;
use crate::store::scim::{ResourceRow, Wish};

/// How many memberships are wished for in one transaction.
const AT_ONCE: usize = 1000;

impl Engine {
    /// Wishes for every membership that a rule is about and that nothing was wished of yet. Doing it
    /// twice does no harm.
    pub(super) fn follow_rules(&self) -> Result<()> {
        for instance in &self.config.instances {
            for rule in &instance.groups {
                for endpoint in [instance.name.as_str(), ALL] {
                    let groups =
                        self.store.read(|book| book.groups_known_as(endpoint, &rule.id))?;
                    for group in groups {
                        while self.store.write(|book| follow(book, &group, self.now()))? {}
                    }
                }
            }
        }
        Ok(())
    }

    /// Lets everything that waits be judged again at once.
    pub(super) fn wake_waiting(&self) -> Result<()> {
        self.store.write(|book| book.wake_waiting(self.now()))
    }
}

/// Wishes for the next members of a group; `false` where all are wished for.
fn follow(book: &Writing<'_>, group: &ResourceRow, now: Timestamp) -> Result<bool> {
    let endpoint = group.endpoint.as_str();
    let instance = if endpoint == ALL { EVERYWHERE } else { endpoint };
    let aspect = aspect_of(&group.id);
    let members = book.reading().unwished_members(&group.id, instance, &aspect, AT_ONCE)?;
    if members.is_empty() {
        if says_no_rule(group) && book.reading().states_of(&aspect)?.is_empty() {
            book.put_delivery_state(endpoint, &group.id, &accepted(group, now), group.revision)?;
        }
        return Ok(false);
    }
    for member in &members {
        let (revision, at) = (group.revision, now);
        let (resource, idp) = (member.resource.as_str(), member.idp.as_str());
        let aspect = aspect.as_str();
        book.wish(&Wish { endpoint, resource, instance, aspect, revision, at, idp })?;
        if let Some(row) = book.reading().any_resource(resource)? {
            book.put_delivery_state(endpoint, resource, &accepted(&row, now), row.revision)?;
        }
    }
    book.put_delivery_state(endpoint, &group.id, &accepted(group, now), group.revision)?;
    let ids: Vec<&str> = members.iter().map(|member| member.resource.as_str()).collect();
    book.record(Draft {
        kind: "rule_followed".to_owned(),
        actor: "rollbook".to_owned(),
        on_behalf_of: String::new(),
        subject: format!("{endpoint}/{}", group.id),
        concerns: ids.iter().map(|id| Concern::stored(*id)).collect(),
        at: now,
        body: json!({"revision": group.revision, "members": ids}),
    })?;
    Ok(true)
}

/// Whether the group still shows that there is no rule for it.
fn says_no_rule(group: &ResourceRow) -> bool {
    let shown: Value = serde_json::from_str(&group.delivery).unwrap_or_default();
    shown["state"] == "waiting"
}

/// What a resource shows of its delivery right after a wish.
fn accepted(row: &ResourceRow, now: Timestamp) -> String {
    json!({"state": "accepted", "at": now, "revision": row.revision}).to_string()
}
