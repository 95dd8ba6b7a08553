//! The kinds of finding; the words of the vocabulary.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Kinds of finding; the words of the vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// No owner is known.
    Orphan,
    /// Its owner has left.
    Leftover,
    /// Several people may be the owner.
    AmbiguousOwner,
    /// One human was delivered as two.
    DuplicateIdentity,
    /// One human has two everyday accounts in one instance.
    DuplicateAccount,
    /// Several people use one account.
    SharedAccount,
    /// A machine account that no human answers for.
    UnownedMachine,
    /// It should exist and does not.
    Missing,
    /// A grant that lives on after its account ended.
    OutlivedGrant,
    /// A grant that nothing explains: of a unit that its owner has left.
    ExtraGrant,
    /// Not used for long.
    Dormant,
    /// An identity provider pushes to the instance, and no resource of its names the account.
    Unmanaged,
    /// Two logins look alike and are not the same.
    LooksLike,
    /// It was changed in the app after an identity provider's wish was carried out.
    DriftedAttribute,
    /// A token ends soon, and pushes with it.
    CredentialExpiring,
    /// Somebody was asked to do something, and it should have been done by now.
    TaskOverdue,
    /// A probe saw an instance do otherwise than is written about its app.
    ContradictedFact,
    /// We could not look, or not lately.
    StaleView,
}

impl Kind {
    /// Every kind, in the order of the vocabulary.
    pub const ALL: [Self; 18] = [
        Self::Orphan,
        Self::Leftover,
        Self::AmbiguousOwner,
        Self::DuplicateIdentity,
        Self::DuplicateAccount,
        Self::SharedAccount,
        Self::UnownedMachine,
        Self::Missing,
        Self::OutlivedGrant,
        Self::ExtraGrant,
        Self::Dormant,
        Self::Unmanaged,
        Self::LooksLike,
        Self::DriftedAttribute,
        Self::CredentialExpiring,
        Self::TaskOverdue,
        Self::ContradictedFact,
        Self::StaleView,
    ];

    /// The word for programs and for people, e.g. `ambiguous_owner`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Orphan => "orphan",
            Self::Leftover => "leftover",
            Self::AmbiguousOwner => "ambiguous_owner",
            Self::DuplicateIdentity => "duplicate_identity",
            Self::DuplicateAccount => "duplicate_account",
            Self::SharedAccount => "shared_account",
            Self::UnownedMachine => "unowned_machine",
            Self::Missing => "missing",
            Self::OutlivedGrant => "outlived_grant",
            Self::ExtraGrant => "extra_grant",
            Self::Dormant => "dormant",
            Self::Unmanaged => "unmanaged",
            Self::LooksLike => "looks_like",
            Self::DriftedAttribute => "drifted_attribute",
            Self::CredentialExpiring => "credential_expiring",
            Self::TaskOverdue => "task_overdue",
            Self::ContradictedFact => "contradicted_fact",
            Self::StaleView => "stale_view",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
