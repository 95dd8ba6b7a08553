//! Who is in a team, as its console shows them.

use serde::{Deserialize, Serialize};

/// A member of the team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The console's own number; no page shows it.
    pub id: u64,
    /// The name as typed by whoever invited them.
    pub name: String,
    /// The address.
    pub email: String,
    /// The role, in the console's words.
    pub role: String,
    /// Whether they can get in.
    pub state: MemberState,
}

/// Whether a member can get in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MemberState {
    /// Can sign in.
    Active,
    /// Was asked and has not come yet.
    Invited,
    /// Is kept and cannot sign in.
    Deactivated,
}

impl MemberState {
    /// As pages show it.
    pub fn shown(self) -> &'static str {
        match self {
            Self::Active => "Active",
            Self::Invited => "Invited",
            Self::Deactivated => "Deactivated",
        }
    }

    /// Whether a seat is taken.
    pub(super) fn takes_seat(self) -> bool {
        self != Self::Deactivated
    }
}
