//! Who is talking to us.

use rollbook_scim::server::Profile;

/// An identity provider whose token was found good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The id of the token; never its secret.
    pub token: String,
    /// What the token is for: an instance's name, or `all`.
    pub endpoint: String,
    /// The identity provider's name.
    pub idp: String,
    /// How the identity provider speaks.
    pub profile: Profile,
    /// Whether it may change anything.
    pub may_write: bool,
    /// In whose name a program asks, at [`super::MCP`]; else empty.
    pub acts_for: String,
}

impl Caller {
    /// The name under which the chain records what it does.
    pub(super) fn actor(&self) -> String {
        format!("idp:{}", self.idp)
    }
}
