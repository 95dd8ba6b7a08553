//! The requests of an app's REST API that manage users, as documented.

use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::Date;
use rollbook_core::change::Basis;
use serde::Deserialize;

/// One request of the REST API.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// What it is for.
    pub op: RequestOp,
    /// The HTTP method.
    pub method: Method,
    /// The path below `rest.base_url`, or a whole URL; `{…}` stands for what differs per call.
    pub path: String,
    /// The query without `?`, or empty.
    pub query: String,
    /// An example of the body, or empty.
    pub body: String,
    /// Where in the answer the items are (JSONPath, RFC 9535), or empty.
    pub items: String,
    /// Our name of a field to where it is in an item, in the app's words.
    pub fields: BTreeMap<String, String>,
    /// Anything else, or empty.
    pub note: String,
    /// How well it is known.
    pub basis: Basis,
    /// Who says so; `None` exactly when the basis is [`Basis::Recalled`].
    pub source: Option<String>,
    /// The day on which somebody looked.
    pub checked_on: Date,
}

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestOp {
    /// All accounts, page by page.
    List,
    /// One account.
    Get,
    /// Make an account.
    Create,
    /// Ask somebody in; they make the account.
    Invite,
    /// Change attributes.
    Update,
    /// Let nobody in any more.
    Suspend,
    /// Let them in again.
    Reactivate,
    /// Take the account away.
    Remove,
    /// Give the one role that an account has.
    SetRole,
    /// All groups.
    ListGroups,
    /// Who is in one group.
    ListMembers,
    /// Put an account into a group.
    Grant,
    /// Take it out.
    Revoke,
    /// All roles.
    ListRoles,
}

impl RequestOp {
    /// For people: what the request does.
    pub fn title(self) -> &'static str {
        match self {
            Self::List => "List accounts",
            Self::Get => "Read one account",
            Self::Create => "Create an account",
            Self::Invite => "Invite somebody",
            Self::Update => "Update an account",
            Self::Suspend => "Suspend an account",
            Self::Reactivate => "Reactivate an account",
            Self::Remove => "Remove an account",
            Self::SetRole => "Set a role",
            Self::ListGroups => "List groups",
            Self::ListMembers => "List a group's members",
            Self::Grant => "Put into a group",
            Self::Revoke => "Take out of a group",
            Self::ListRoles => "List roles",
        }
    }
}

/// How a request is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[allow(missing_docs, reason = "the words are HTTP's own")]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
    /// No HTTP at all: a command of the vendor's command-line program.
    Cli,
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Cli => "CLI",
        })
    }
}
