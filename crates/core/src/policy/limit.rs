//! How much may change at once, and for a time more than that.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::InstanceName;

/// How much may change at once. A limit is passed when *more* than it would change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Changes that take access away, as a share of the instance's accounts, in percent.
    pub removed_pct_max: u32,
    /// Changes that take access away, per instance.
    pub removed_max: u32,
    /// Below this many, the percentage is not judged: 1 of 2 is no mass change.
    pub removed_min: u32,
    /// Changes that give access, per instance (seats cost money).
    pub created_max: u32,
    /// Changes that take access away, over all instances.
    pub workspace_removed_max: u32,
    /// Changes that take access away and one person, or one identity provider, asked for. `None`: not
    /// counted for itself.
    pub requester_removed_max: Option<u32>,
    /// The window over which all of the above are summed, in hours.
    pub window_h: u32,
    /// The same limits over a longer window, so that what stays below them every day is seen too.
    pub long: LongLimits,
    /// A snapshot older than this, in hours, cannot carry a plan.
    pub basis_max_age_h: u32,
    /// Whether an instance is for reading only until a named person has accepted its first whole view.
    /// Otherwise the second whole view ends that, and only for what follows from findings.
    pub accept_first_view: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            removed_pct_max: 20,
            removed_max: 50,
            removed_min: 3,
            created_max: 50,
            workspace_removed_max: 200,
            requester_removed_max: None,
            window_h: 24,
            long: LongLimits::default(),
            basis_max_age_h: 24,
            accept_first_view: false,
        }
    }
}

/// `[policy.limits.long]`: the limits over a longer window. Each means what it means in [`Limits`], and
/// counts as no lower than there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LongLimits {
    /// As in [`Limits`].
    pub removed_pct_max: u32,
    /// As in [`Limits`].
    pub removed_max: u32,
    /// As in [`Limits`].
    pub created_max: u32,
    /// As in [`Limits`].
    pub workspace_removed_max: u32,
    /// As in [`Limits`].
    pub requester_removed_max: Option<u32>,
    /// The window, in hours.
    pub window_h: u32,
}

impl Default for LongLimits {
    fn default() -> Self {
        Self {
            removed_pct_max: 40,
            removed_max: 150,
            created_max: 200,
            workspace_removed_max: 600,
            requester_removed_max: None,
            window_h: 168,
        }
    }
}

/// The limits over one window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Its length in hours.
    pub hours: u32,
    /// See [`Limits`].
    pub removed_pct_max: u32,
    /// See [`Limits`].
    pub removed_max: u32,
    /// See [`Limits`].
    pub removed_min: u32,
    /// See [`Limits`].
    pub created_max: u32,
    /// See [`Limits`].
    pub workspace_removed_max: u32,
    /// See [`Limits`].
    pub requester_removed_max: u32,
}

impl Limits {
    /// The limits over the short window and over the long one.
    pub fn windows(&self) -> [Window; 2] {
        let short = Window {
            hours: self.window_h,
            removed_pct_max: self.removed_pct_max,
            removed_max: self.removed_max,
            removed_min: self.removed_min,
            created_max: self.created_max,
            workspace_removed_max: self.workspace_removed_max,
            requester_removed_max: self.requester_removed_max.unwrap_or(u32::MAX),
        };
        let LongLimits { removed_pct_max, removed_max, created_max, .. } = self.long;
        let everywhere = self.long.workspace_removed_max.max(short.workspace_removed_max);
        let requester = self.long.requester_removed_max.unwrap_or(u32::MAX);
        let long = Window {
            hours: self.long.window_h.max(short.hours),
            removed_pct_max: removed_pct_max.max(short.removed_pct_max),
            removed_max: removed_max.max(short.removed_max),
            removed_min: short.removed_min,
            created_max: created_max.max(short.created_max),
            workspace_removed_max: everywhere,
            requester_removed_max: requester.max(self.requester_removed_max.unwrap_or(0)),
        };
        [short, long]
    }

    /// How many hours back what was done counts.
    pub fn longest_window_h(&self) -> u32 {
        self.window_h.max(self.long.window_h)
    }
}

impl Window {
    /// The limits in `instance` (`None`: everywhere else) with what was raised for it and holds.
    #[must_use]
    pub fn raised<'a>(
        mut self,
        raises: impl IntoIterator<Item = &'a Raise>,
        instance: Option<&InstanceName>,
        now: Timestamp,
    ) -> Self {
        for raise in raises {
            if raise.holds(now) && raise.instance.as_ref() == instance {
                let limit = match raise.limit {
                    Raisable::RemovedPctMax => &mut self.removed_pct_max,
                    Raisable::RemovedMax => &mut self.removed_max,
                    Raisable::CreatedMax => &mut self.created_max,
                    Raisable::WorkspaceRemovedMax => &mut self.workspace_removed_max,
                    Raisable::RequesterRemovedMax => &mut self.requester_removed_max,
                };
                *limit = raise.to.max(*limit);
            }
        }
        self
    }
}

/// A limit is higher for a time, over both windows: one named person asked for it and another agreed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Raise {
    /// What it is called.
    pub id: String,
    /// Where. `None`: over all instances, and of people of one source or one requester.
    pub instance: Option<InstanceName>,
    /// Which limit.
    pub limit: Raisable,
    /// How high it is.
    pub to: u32,
    /// From when on it is as before.
    pub until: Timestamp,
    /// Who asked for it.
    pub asked_by: String,
    /// When.
    pub asked_at: Timestamp,
    /// Why, in their words.
    pub reason: String,
    /// Who agreed. Empty: nobody yet, and it counts for nothing.
    pub approved_by: String,
}

impl Raise {
    /// Whether it counts at `now`.
    pub fn holds(&self, now: Timestamp) -> bool {
        !self.approved_by.is_empty() && self.asked_at <= now && now < self.until
    }
}

/// The limits that can be raised for a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Raisable {
    /// [`Limits::removed_pct_max`].
    RemovedPctMax,
    /// [`Limits::removed_max`].
    RemovedMax,
    /// [`Limits::created_max`].
    CreatedMax,
    /// [`Limits::workspace_removed_max`].
    WorkspaceRemovedMax,
    /// [`Limits::requester_removed_max`].
    RequesterRemovedMax,
}

impl Raisable {
    /// The name of the limit in the policy.
    pub fn word(self) -> &'static str {
        match self {
            Self::RemovedPctMax => "removed_pct_max",
            Self::RemovedMax => "removed_max",
            Self::CreatedMax => "created_max",
            Self::WorkspaceRemovedMax => "workspace_removed_max",
            Self::RequesterRemovedMax => "requester_removed_max",
        }
    }

    /// Whether it is a limit of single instances (as well); the others are of the whole workspace.
    pub fn is_of_instance(self) -> bool {
        matches!(self, Self::RemovedPctMax | Self::RemovedMax | Self::CreatedMax)
    }
}
