//! Who must agree to a plan: how many people, and which, by what the plan changes.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::change::Verb;
use crate::id::InstanceName;

/// Who must agree to a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ApprovalRule {
    /// Named people who may approve; never the one who asked. Empty: anybody else who is named.
    pub approvers: Vec<String>,
    /// How many different people must approve.
    pub needed: u32,
    /// How many when a change cannot be undone.
    pub needed_irreversible: u32,
    /// For how long an approval holds, in hours.
    pub valid_h: u32,
    /// Who must agree besides, where a plan changes what a rule is for. All that apply count.
    #[serde(rename = "rule", skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
    /// Who decides in whose place, and from when until when.
    #[serde(rename = "delegation", skip_serializing_if = "Vec::is_empty")]
    pub delegations: Vec<Delegation>,
}

impl Default for ApprovalRule {
    fn default() -> Self {
        Self {
            approvers: Vec::new(),
            needed: 1,
            needed_irreversible: 1,
            valid_h: 24,
            rules: Vec::new(),
            delegations: Vec::new(),
        }
    }
}

/// Who must agree where a plan changes what the rule is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What it is called; permits and refusals name it so. No two have the same name.
    pub name: String,
    /// The instances that it is for; empty: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub instances: Vec<InstanceName>,
    /// The operations that it is for; empty: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub verbs: Vec<Verb>,
    /// Whether it is only for what cannot be taken back.
    #[serde(default)]
    pub irreversible: bool,
    /// Whether it is only for administrators' accounts and rights.
    #[serde(default)]
    pub privileged: bool,
    /// It applies where more changes than this fit all of the above.
    #[serde(default)]
    pub more_than: u32,
    /// Who must agree, one stage after the other; at least one.
    pub stages: Vec<Stage>,
}

/// Some of these people must agree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// Who may; at least one, nobody twice.
    pub of: Vec<String>,
    /// How many of them must, from 1 to all of them. `None`: all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<u32>,
}

impl Stage {
    /// How many people must agree.
    pub fn needed(&self) -> usize {
        let all = self.of.len();
        self.at_least.map_or(all, |some| usize::try_from(some).unwrap_or(all).min(all))
    }
}

/// Somebody decides in another's place for a time, for instance while they are away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delegation {
    /// In whose place.
    pub from: String,
    /// Who decides. It goes no further: whoever decides in their place decides for themselves only.
    pub to: String,
    /// The first day.
    pub starts: Date,
    /// From this day on it no longer holds (half-open).
    pub until: Date,
    /// Why, for whoever reads the audit chain.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub because: String,
}

impl Delegation {
    /// Whether it holds on this day.
    pub fn holds_on(&self, day: Date) -> bool {
        (self.starts..self.until).contains(&day)
    }
}
