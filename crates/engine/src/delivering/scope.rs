//! What one resource says now, read for one wish of it.

use rollbook_core::id::AccountKey;
use rollbook_core::plan::push::{Membership, Pushed, SETTABLE};
use rollbook_core::step::Attribute;
use rollbook_scim::{AttrPath, User, schema};
use serde_json::Value;

use crate::config::Config;
use crate::error::{Error, Result};
use crate::push::{ALL, EVERYWHERE};
use crate::store::Reading;
use crate::store::scim::{IntentRow, ResourceRow};

/// The aspect of a wish about the account itself.
pub(super) const ACCOUNT: &str = "account";

/// What begins the aspect of a wish about a membership; the group's id follows.
const MEMBER: &str = "member:";

/// The group of a wish about a membership.
pub(super) fn group_of(row: &IntentRow) -> Option<&str> {
    row.aspect.strip_prefix(MEMBER)
}

/// The aspect of a wish about membership in this group.
pub(super) fn aspect_of(group: &str) -> String {
    format!("{MEMBER}{group}")
}

/// Whether a row only tells how far a wish for all instances is at one of them. It is carried out
/// with that wish.
pub(super) fn is_child(row: &IntentRow) -> bool {
    row.endpoint == ALL && row.instance != EVERYWHERE
}

/// The wishes of one resource at one place (an instance, or everywhere) that are to be carried out
/// together, and what the resource says.
#[derive(Clone, Debug)]
pub(super) struct Scope {
    pub(super) resource: ResourceRow,
    /// `*`: everywhere.
    pub(super) place: String,
    /// The wishes to carry out. All of them are about the resource and the place.
    pub(super) rows: Vec<IntentRow>,
    pub(super) push: Pushed,
    pub(super) memberships: Vec<Membership>,
    /// The account that it meant before.
    pub(super) account: Option<AccountKey>,
}

impl Scope {
    /// Reads what `rows` are about; `None` where the resource is not there.
    pub(super) fn read(
        book: &Reading<'_>,
        config: &Config,
        rows: Vec<IntentRow>,
    ) -> Result<Option<Self>> {
        let Some(first) = rows.first() else { return Ok(None) };
        let place = first.instance.clone();
        let Some(resource) = book.resource_row(&first.endpoint, &first.resource)? else {
            return Ok(None);
        };
        let push = pushed(&resource, &first.by)?;
        let mut memberships = Vec::new();
        for row in &rows {
            if let Some(group) = group_of(row) {
                memberships.extend(of_group(book, config, &resource, &place, group)?);
            }
        }
        let own = book.intent(&resource.id, &place, ACCOUNT)?;
        let account = own.and_then(|row| row.account).map(AccountKey::new);
        Ok(Some(Self { resource, place, rows, push, memberships, account }))
    }

    pub(super) fn is_everywhere(&self) -> bool {
        self.place == EVERYWHERE
    }
}

/// What a rule on the group's id makes of a membership.
fn of_group(
    book: &Reading<'_>,
    config: &Config,
    resource: &ResourceRow,
    place: &str,
    group: &str,
) -> Result<Vec<Membership>> {
    let row = book.resource_row(&resource.endpoint, group)?;
    let external_id = row.as_ref().and_then(|row| row.external_id.as_deref());
    let is_in = resource.deleted_at.is_none() && book.is_member(group, &resource.id)?;
    let meant = config.instances.iter().filter(|i| place == EVERYWHERE || i.name.as_str() == place);
    let known_as = external_id.unwrap_or(group);
    let memberships = meant.filter_map(|instance| {
        Some(Membership {
            instance: instance.name.clone(),
            group: known_as.to_owned(),
            entitlement: instance.entitlement_of(group, external_id)?.to_owned(),
            is_in,
        })
    });
    Ok(memberships.collect())
}

/// The resource as an identity provider says it now.
pub(crate) fn pushed(resource: &ResourceRow, idp: &str) -> Result<Pushed> {
    let unreadable = |e: &dyn std::fmt::Display| {
        Error::setup(format!("The resource {} in the database cannot be read: {e}.", resource.id))
            .hint("Restore the newest backup of the workspace folder.")
    };
    let body: Value = serde_json::from_str(&resource.body).map_err(|e| unreadable(&e))?;
    let user = User::read(&body).map_err(|e| unreadable(&e))?;
    let text = |name: &&'static str| {
        let value = match *name {
            "emails" => user.primary_email().map(str::to_owned),
            name => user.text_at(&path_of(name)?),
        };
        Some(((*name).to_owned(), value.filter(|value| !value.trim().is_empty())?))
    };
    Ok(Pushed {
        idp: idp.to_owned(),
        resource: resource.id.clone(),
        external_id: resource.external_id.clone().unwrap_or_default(),
        login: user.user_name.clone().unwrap_or_default(),
        emails: user.emails.iter().map(|email| email.value.clone()).collect(),
        worker_number: user.enterprise.employee_number.clone().unwrap_or_default(),
        active: resource.active,
        deleted: resource.deleted_at.is_some(),
        attributes: SETTABLE.iter().filter_map(text).collect(),
    })
}

/// Where SCIM has an attribute of ours.
fn path_of(name: &str) -> Option<AttrPath> {
    let row = Attribute::named(name)?;
    let path = match row.path.split_once('.') {
        Some((name, sub)) => AttrPath::new(name, Some(sub)),
        None => AttrPath::new(row.path, None),
    };
    let path = path.ok()?;
    match row.is_enterprise {
        true => path.in_schema(schema::ENTERPRISE_USER).ok(),
        false => Some(path),
    }
}
