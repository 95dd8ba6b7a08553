//! What an identity provider can ask for, and what became of it.

use rollbook_scim::Patch;
use rollbook_scim::server::{ResourceType, Tags};
use serde_json::{Map, Value};

use super::seen::Rendered;

/// One change to one resource.
#[derive(Clone, Debug)]
pub enum PushOp {
    /// Make a resource.
    Create {
        /// What it is.
        kind: ResourceType,
        /// The resource as `server::resource::create` made it.
        body: Map<String, Value>,
    },
    /// Put another in its place.
    Replace {
        /// What it is.
        kind: ResourceType,
        /// Which one.
        id: String,
        /// The body as sent.
        body: Value,
        /// Only if it is at one of these versions.
        only_if: Option<Tags>,
    },
    /// Change parts of it.
    Patch {
        /// What it is.
        kind: ResourceType,
        /// Which one.
        id: String,
        /// The operations, all or none.
        patch: Patch,
        /// Only if it is at one of these versions.
        only_if: Option<Tags>,
    },
    /// Take it away.
    Delete {
        /// What it is.
        kind: ResourceType,
        /// Which one.
        id: String,
        /// Only if it is at one of these versions.
        only_if: Option<Tags>,
    },
}

impl PushOp {
    /// What it is about.
    pub fn kind(&self) -> ResourceType {
        match self {
            Self::Create { kind, .. }
            | Self::Replace { kind, .. }
            | Self::Patch { kind, .. }
            | Self::Delete { kind, .. } => *kind,
        }
    }
}

impl PushOp {
    /// The id of the resource that it is about, where there is one already.
    pub(super) fn target(&self) -> Option<&str> {
        match self {
            Self::Create { .. } => None,
            Self::Replace { id, .. } | Self::Patch { id, .. } | Self::Delete { id, .. } => Some(id),
        }
    }
}

/// What became of a change; it is on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// The resource was made.
    Created(Rendered),
    /// It is another now.
    Changed(Rendered),
    /// It was so already; nothing was written.
    Unchanged(Rendered),
    /// It is gone.
    Deleted,
}
