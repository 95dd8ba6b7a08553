//! The policy: what should be, what may be done, and who must agree. Plain TOML into structs.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::change::Verb;
use crate::id::InstanceName;

mod agreement;
mod leaver;
mod limit;

pub use agreement::{ApprovalRule, Delegation, Rule, Stage};
pub use leaver::LeaverRule;
pub use limit::{Limits, LongLimits, Raisable, Raise, Window};

/// The `[policy]` part of `rollbook.toml`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// Who should have an account where, by what they are.
    pub birthright: Vec<Birthright>,
    /// Accounts that no plan may touch: logins, e-mail addresses or `instance/key`.
    pub protected: Vec<String>,
    /// How much may change at once.
    pub limits: Limits,
    /// Who must agree, and for how long that holds.
    pub approval: ApprovalRule,
    /// What named people agreed to beforehand, for wishes that identity providers push.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub standing: Vec<StandingApproval>,
    /// Grants that outlive the account or the placement are kept this many days (half-open), by
    /// agreement with the business, if they have an end date of their own within those days: one
    /// without an end was forgotten. 0: none.
    pub grace_days: u32,
    /// An account unused for this many days is `dormant`. Judged only where a last use is known.
    /// 0: not judged.
    pub dormant_days: u32,
    /// Whether the grants of somebody who leaves are revoked beside closing the account, where the
    /// instance keeps them on closed accounts.
    pub revoke_on_leave: bool,
    /// When what of a leaver is due.
    pub leaver: LeaverRule,
    /// Instances in which what a removed account owns may be destroyed, because somebody answers for
    /// that it is handed over before or worth nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub content_may_go: Vec<InstanceName>,
}

/// Whoever fits should have an account in `instance` (and these entitlements there).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Birthright {
    /// The instance; `*` means: at least one account anywhere, asked of those whom an instance
    /// covers.
    pub instance: InstanceName,
    /// Kinds of worker record that count; empty: all.
    pub kinds: Vec<String>,
    /// Units that count; empty: all.
    pub units: Vec<String>,
    /// Entitlements that come with it.
    pub entitlements: Vec<String>,
}

/// A named person's agreement beforehand to small plans that an identity provider asks for. It
/// covers a plan only if it covers every change of it; see [`crate::approval::standing`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StandingApproval {
    /// What it is called; permits and events name it so. No two have the same name.
    pub name: String,
    /// The person who agreed, as they would be named when approving a single plan.
    pub approved_by: String,
    /// The identity providers that it is for, by the name of their token, e.g. `okta`.
    pub from: Vec<String>,
    /// The instances that it is for; [`StandingApproval::ANY_INSTANCE`] stands for all of them.
    pub instances: Vec<InstanceName>,
    /// The operations that it is for.
    pub verbs: Vec<Verb>,
    /// Whether it is also for what cannot be taken back.
    #[serde(default)]
    pub irreversible: bool,
    /// Whether it is also for administrators' accounts and rights.
    #[serde(default)]
    pub privileged: bool,
    /// How many changes it covers within 24 hours, at least 1.
    pub per_day_max: u32,
    /// From this day on it no longer holds (half-open).
    pub until: Date,
}

impl StandingApproval {
    /// The instance name that stands for any of them.
    pub const ANY_INSTANCE: &str = "*";

    /// Whether it is for changes in `instance`.
    pub fn is_for(&self, instance: &InstanceName) -> bool {
        self.instances.iter().any(|one| one == instance || one.as_str() == Self::ANY_INSTANCE)
    }
}
