//! What a finding is about.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::{AccountRef, IdentityId, InstanceName, RecordRef, SourceName, TaskId};

/// What a finding is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "about")]
pub enum Subject {
    /// One account.
    Account {
        /// Which.
        account: AccountRef,
    },
    /// One grant of one account.
    Grant {
        /// Which account.
        account: AccountRef,
        /// Which entitlement.
        entitlement: String,
    },
    /// Two accounts of one instance that are one human's.
    Accounts {
        /// The older one, or the first by key.
        left: AccountRef,
        /// The second.
        right: AccountRef,
    },
    /// Two accounts, resources, or one of each, that look alike.
    Alike {
        /// The one that came first, or has the plainer letters.
        left: Box<Subject>,
        /// The other.
        right: Box<Subject>,
    },
    /// Two worker records that are one human, delivered as two.
    Records {
        /// The first.
        left: RecordRef,
        /// The second.
        right: RecordRef,
    },
    /// An identity that should have an account in an instance (`*`: in any).
    Assignment {
        /// Who.
        identity: IdentityId,
        /// Where.
        instance: InstanceName,
    },
    /// A resource that an identity provider pushed, for which an account is still to be made.
    Resource {
        /// Where.
        instance: InstanceName,
        /// The resource's id here.
        resource: String,
    },
    /// A token with which an identity provider pushes.
    Token {
        /// The endpoint that it opens: an instance, or `all`.
        endpoint: String,
        /// The token's id, which is no secret.
        token: String,
    },
    /// Something that a person was asked to do.
    Task {
        /// Where.
        instance: InstanceName,
        /// Which.
        task: TaskId,
    },
    /// An instance as a whole.
    Instance {
        /// Which.
        instance: InstanceName,
    },
    /// A source as a whole.
    Source {
        /// Which.
        source: SourceName,
    },
}

impl Subject {
    /// The parts that tell this subject from every other, for an id.
    pub(super) fn parts(&self) -> Vec<&str> {
        match self {
            Self::Account { account } => {
                vec!["account", account.instance.as_str(), account.key.as_str()]
            }
            Self::Grant { account, entitlement } => {
                vec!["grant", account.instance.as_str(), account.key.as_str(), entitlement]
            }
            Self::Accounts { left, right } => vec![
                "accounts",
                left.instance.as_str(),
                left.key.as_str(),
                right.instance.as_str(),
                right.key.as_str(),
            ],
            Self::Alike { left, right } => {
                let mut parts = vec!["alike"];
                parts.extend(left.parts());
                parts.extend(right.parts());
                parts
            }
            Self::Records { left, right } => vec![
                "records",
                left.source.as_str(),
                left.number.as_str(),
                right.source.as_str(),
                right.number.as_str(),
            ],
            Self::Assignment { identity, instance } => {
                vec!["assignment", identity.as_str(), instance.as_str()]
            }
            Self::Resource { instance, resource } => {
                vec!["resource", instance.as_str(), resource]
            }
            Self::Token { endpoint, token } => vec!["token", endpoint, token],
            Self::Task { instance, task } => vec!["task", instance.as_str(), task.as_str()],
            Self::Instance { instance } => vec!["instance", instance.as_str()],
            Self::Source { source } => vec!["source", source.as_str()],
        }
    }

    /// The first account that it is about, if it is about accounts.
    pub fn account(&self) -> Option<&AccountRef> {
        match self {
            Self::Account { account } | Self::Grant { account, .. } => Some(account),
            Self::Accounts { left, .. } => Some(left),
            Self::Alike { left, right } => left.account().or(right.account()),
            Self::Records { .. }
            | Self::Assignment { .. }
            | Self::Resource { .. }
            | Self::Token { .. }
            | Self::Task { .. }
            | Self::Instance { .. }
            | Self::Source { .. } => None,
        }
    }

    /// The instance that it is about. `*` for an assignment that any instance satisfies.
    pub fn instance(&self) -> Option<&InstanceName> {
        match self {
            Self::Assignment { instance, .. }
            | Self::Resource { instance, .. }
            | Self::Task { instance, .. }
            | Self::Instance { instance } => Some(instance),
            Self::Alike { left, .. } => left.instance(),
            Self::Account { .. }
            | Self::Grant { .. }
            | Self::Accounts { .. }
            | Self::Records { .. }
            | Self::Token { .. }
            | Self::Source { .. } => self.account().map(|account| &account.instance),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account { account } => write!(f, "{account}"),
            Self::Grant { account, entitlement } => write!(f, "{account} {entitlement}"),
            Self::Accounts { left, right } => write!(f, "{left} and {right}"),
            Self::Alike { left, right } => write!(f, "{left} and {right}"),
            Self::Records { left, right } => write!(f, "{left} and {right}"),
            Self::Assignment { identity, instance } => write!(f, "{identity} in {instance}"),
            Self::Resource { instance, resource } => write!(f, "{resource} in {instance}"),
            Self::Token { endpoint, token } => write!(f, "{token} of {endpoint}"),
            Self::Task { instance, task } => write!(f, "{task} in {instance}"),
            Self::Instance { instance } => write!(f, "{instance}"),
            Self::Source { source } => write!(f, "{source}"),
        }
    }
}
