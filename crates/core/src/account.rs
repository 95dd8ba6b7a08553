//! Accounts: what an instance holds, as read.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::id::{AccountKey, AccountRef, InstanceName};

/// A record in an instance that lets somebody or something in.
///
/// Text fields are as the vendor gave them; empty text means that the vendor does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Account {
    /// The instance that holds it.
    pub instance: InstanceName,
    /// The vendor's stable id.
    pub key: AccountKey,
    /// The name to sign in with.
    pub login: String,
    /// The whole name as shown.
    pub display_name: String,
    /// Given name, where the vendor has one.
    pub given_name: String,
    /// Family name, where the vendor has one.
    pub family_name: String,
    /// E-mail addresses. An address is a claim, not a key.
    pub emails: Vec<Email>,
    /// The worker number that the account carries (SCIM `employeeNumber`), or empty.
    pub worker_number: String,
    /// The id that an IdP gave it (SCIM `externalId`), or empty.
    pub external_id: String,
    /// Whether it lets anybody in.
    pub state: State,
    /// What the vendor says it is: `admin`, `service`, `mailbox`, …, or empty.
    pub type_hint: String,
    /// The day it was made, where the vendor tells.
    pub created: Option<Date>,
    /// The day from which it no longer works, past or future, where the vendor tells.
    pub ends: Option<Date>,
    /// Organisational unit as the instance holds it.
    pub unit: String,
    /// Roles that the account has. A role listed in the instance's `admin_roles` is privileged.
    pub roles: Vec<String>,
    /// Rights that the account has, with dates where known.
    #[serde(deserialize_with = "without_room")]
    pub grants: Vec<Grant>,
    /// The seat that is billed for it, or empty.
    pub seat: String,
    /// Last use. `None`: the vendor does not tell, which is not the same as never.
    pub last_seen: Option<Timestamp>,
    /// Copies of worker attributes and whatever else was mapped: `job_title`, `location`,
    /// `cost_centre`, `legal_entity`, `used_name`, `manager`, ….
    pub attributes: BTreeMap<String, String>,
}

impl Account {
    /// Instance and key.
    pub fn account_ref(&self) -> AccountRef {
        AccountRef { instance: self.instance.clone(), key: self.key.clone() }
    }

    /// The attribute `name`, or empty text.
    pub fn attribute(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }
}

/// Reads a list into exactly the room it needs. Lists grow by doubling and begin with four, which is
/// three too many for most accounts, and there are many accounts.
fn without_room<'de, D, T>(from: D) -> Result<Vec<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    let mut list = Vec::deserialize(from)?;
    list.shrink_to_fit();
    Ok(list)
}

/// Whether an account lets anybody in.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It lets in. The default, because an account whose state we cannot read must be feared open.
    #[default]
    Active,
    /// An invitation is out and can be accepted.
    Invited,
    /// It exists and lets nobody in; can be reactivated.
    Suspended,
    /// It was there and is there no more.
    Gone,
}

impl State {
    /// Whether somebody may get in with it, now or by accepting the invitation.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Active | Self::Invited)
    }

    /// The word people read.
    pub fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Invited => "invited",
            Self::Suspended => "suspended",
            Self::Gone => "gone",
        }
    }
}

/// An e-mail address of an account.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Email {
    /// The address as given.
    pub address: String,
    /// The instance's word that the owner proved it, or that it lies in a domain the employer owns.
    pub verified: bool,
}

/// A right that an account has.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct Grant {
    /// The entitlement's id or name in the instance: a role, a group, a licence.
    pub entitlement: String,
    /// The unit that the entitlement belongs to, or empty.
    pub unit: String,
    /// First day, where known.
    pub starts: Option<Date>,
    /// First day on which it no longer holds. `None`: open-ended.
    pub ends: Option<Date>,
    /// The entitlement through which this one came (a role that contains it), or empty: direct.
    pub via: String,
}

impl Grant {
    /// Whether the grant holds on `day`.
    pub fn holds_on(&self, day: Date) -> bool {
        self.starts.is_none_or(|s| s <= day) && self.ends.is_none_or(|e| day < e)
    }
}

/// A group of an instance with its members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// The vendor's stable id of the group.
    pub key: String,
    /// The name as shown. Never a key: anybody may rename a group.
    pub name: String,
    /// The accounts in it, by the vendor's key.
    pub members: Vec<AccountKey>,
}
