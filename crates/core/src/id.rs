//! Typed names and ids, so that an instance can never be passed where a source is meant.
//!
//! Ids that Rollbook gives are prefixed (`per_`, `chg_`, …) and derived from content with
//! [`IdentityId::derive`] and friends: the same input gives the same id on every machine.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes the text as it is.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
    };
}

macro_rules! derived_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        text_id!($(#[$doc])* $name);

        impl $name {
            /// The id that follows from `parts`: the same parts give the same id everywhere.
            pub fn derive(parts: &[&str]) -> Self {
                Self(format!(concat!($prefix, "_{}"), &digest_hex(parts)[..20]))
            }
        }
    };
}

text_id!(
    /// The name of a source of worker records, as written in `rollbook.toml`.
    SourceName
);
text_id!(
    /// The name of an instance (our tenant of an app), as written in `rollbook.toml`.
    InstanceName
);
text_id!(
    /// The number a source gives to a worker record. Text, byte for byte: `00123` is not `123`.
    WorkerNumber
);
text_id!(
    /// The vendor's stable id of an account within one instance. Opaque; never the e-mail address
    /// unless the vendor has nothing better.
    AccountKey
);
derived_id!(
    /// An identity: someone or something that owns accounts.
    IdentityId, "per"
);
derived_id!(
    /// One change of a plan.
    ChangeId, "chg"
);
derived_id!(
    /// A plan.
    PlanId, "pln"
);
derived_id!(
    /// A finding. Derived from its kind and subject, so that a later run recognises it.
    FindingId, "fnd"
);
derived_id!(
    /// A snapshot of one instance.
    SnapshotId, "snp"
);
derived_id!(
    /// An approval of a plan by one person.
    ApprovalId, "apr"
);
derived_id!(
    /// Something that a person was asked to do.
    TaskId, "tsk"
);
text_id!(
    /// A run: one execution of one plan. Given by the shell.
    RunId
);

/// Where an account lives and which one it is there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AccountRef {
    /// The instance that holds the account.
    pub instance: InstanceName,
    /// The vendor's key of the account.
    pub key: AccountKey,
}

impl fmt::Display for AccountRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.instance, self.key)
    }
}

/// Which worker record: the source and the number it gives.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RecordRef {
    /// The source that delivers the record.
    pub source: SourceName,
    /// The number of the record there.
    pub number: WorkerNumber,
}

impl fmt::Display for RecordRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.source, self.number)
    }
}

/// SHA-256 over length-prefixed parts, as lower-case hex. The prefix keeps `["ab","c"]` and
/// `["a","bc"]` apart.
pub fn digest_hex(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hex(&hash.finalize())
}

/// Lower-case hex of `bytes`.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
    bytes.iter().flat_map(|b| [digit(b >> 4), digit(b & 15)]).collect()
}
