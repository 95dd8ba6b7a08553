//! Changes: one operation on one account, fully resolved. No choice is left for execution.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::account::State;
use crate::canonical;
use crate::harm::Harm;
use crate::id::{AccountKey, AccountRef, ChangeId, IdentityId, InstanceName};

/// One operation on one account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Derived from everything below.
    pub id: ChangeId,
    /// Where.
    pub instance: InstanceName,
    /// Which account; `None` for [`Op::Create`].
    pub account: Option<AccountKey>,
    /// Whose account it is, where known.
    pub identity: Option<IdentityId>,
    /// The account as people know it: login and shown name.
    pub label: String,
    /// What to do.
    pub op: Op,
    /// What must still hold right before acting; otherwise the change is refused.
    pub expects: Expects,
    /// Which way.
    pub route: Route,
    /// Changes of a lower stage come first; irreversible ones have the highest.
    pub stage: Stage,
    /// Whether it can be taken back.
    pub reversible: bool,
    /// Why, as a sentence for people.
    pub because: String,
    /// The account there that takes over what the account owns. `None`: nobody does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heir: Option<AccountKey>,
    /// What else it does in this app.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub harms: BTreeSet<Harm>,
}

impl Change {
    /// The same change with the id that follows from everything else in it.
    #[must_use]
    pub fn identified(mut self) -> Self {
        self.id = ChangeId::default();
        let text = canonical::bytes(&canonical::value_of(&self));
        self.id = ChangeId::derive(&[&String::from_utf8_lossy(&text)]);
        self
    }

    /// The account that the change is about; `None` for [`Op::Create`].
    pub fn account_ref(&self) -> Option<AccountRef> {
        let key = self.account.clone()?;
        Some(AccountRef { instance: self.instance.clone(), key })
    }
}

/// What a change does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "do")]
pub enum Op {
    /// Make an account.
    Create {
        /// With these facts.
        profile: Profile,
    },
    /// Set attributes. Only those named change.
    Update {
        /// Attribute (SCIM core name, e.g. `displayName`, `name.familyName`) to value.
        set: BTreeMap<String, String>,
    },
    /// Let nobody in any more; can be taken back by [`Op::Reactivate`].
    Suspend,
    /// Let them in again.
    Reactivate,
    /// Take the account away.
    Remove,
    /// Give an entitlement.
    Grant {
        /// The entitlement's key in the instance.
        entitlement: String,
    },
    /// Take an entitlement away.
    Revoke {
        /// The entitlement's key in the instance.
        entitlement: String,
    },
}

impl Op {
    /// Which operation it is, without its particulars.
    pub fn word(&self) -> Verb {
        match self {
            Self::Create { .. } => Verb::Create,
            Self::Update { .. } => Verb::Update,
            Self::Suspend => Verb::Suspend,
            Self::Reactivate => Verb::Reactivate,
            Self::Remove => Verb::Remove,
            Self::Grant { .. } => Verb::Grant,
            Self::Revoke { .. } => Verb::Revoke,
        }
    }

    /// The verb for people and tables.
    pub fn verb(&self) -> &'static str {
        self.word().as_str()
    }

    /// Whether it takes access away; such changes are counted by the mass guard.
    pub fn takes_away(&self) -> bool {
        matches!(self, Self::Suspend | Self::Remove | Self::Revoke { .. })
    }
}

/// The operations by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// [`Op::Create`].
    Create,
    /// [`Op::Update`].
    Update,
    /// [`Op::Suspend`].
    Suspend,
    /// [`Op::Reactivate`].
    Reactivate,
    /// [`Op::Remove`].
    Remove,
    /// [`Op::Grant`].
    Grant,
    /// [`Op::Revoke`].
    Revoke,
}

impl Verb {
    /// All of them, in the order in which they are named.
    pub const ALL: [Self; 7] = [
        Self::Create,
        Self::Update,
        Self::Suspend,
        Self::Reactivate,
        Self::Remove,
        Self::Grant,
        Self::Revoke,
    ];

    /// The word as stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Suspend => "suspend",
            Self::Reactivate => "reactivate",
            Self::Remove => "remove",
            Self::Grant => "grant",
            Self::Revoke => "revoke",
        }
    }
}

/// The facts of an account to make.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Profile {
    /// Sign-in name.
    pub login: String,
    /// Shown name.
    pub display_name: String,
    /// Given name.
    pub given_name: String,
    /// Family name with its particle.
    pub family_name: String,
    /// Primary address.
    pub email: String,
    /// Our stable id for it (SCIM `externalId`): the identity, so that a second try finds the first.
    pub external_id: String,
    /// Worker number (SCIM `employeeNumber`).
    pub worker_number: String,
}

/// What must still hold right before acting.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Expects {
    /// The login that the account had when the plan was made; another one means another account.
    pub login: String,
    /// The state it had. `None`: it must not exist (create).
    pub state: Option<State>,
}

/// Which way a change goes and how well that way is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// The channel: `scim`, `file`, ….
    pub channel: String,
    /// How well it is known that the channel can do this.
    pub basis: Basis,
}

/// How well a fact is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// From memory, no source.
    Recalled,
    /// The vendor's own document says so.
    Documented,
    /// Tried on this very instance.
    Probed,
}

/// The order inside a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Give: create, reactivate, grant, update.
    Give,
    /// Cut access: suspend.
    Cut,
    /// Tidy up what hangs on the account: revoke.
    Tidy,
    /// Irreversible: remove.
    Remove,
}
