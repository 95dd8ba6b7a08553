//! Who may do what: the roles of people who sign in and of the tokens of programs, as one table.
//!
//! ```
//! use rollbook_core::role::{Right, Role};
//!
//! assert!(Role::Approver.may(Right::Approve));
//! assert!(!Role::Operator.may(Right::Approve), "who asks does not approve");
//! assert!(!Role::Owner.may_by_program(Right::Approve), "and no program ever does");
//! ```

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What somebody is to a workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything, and the only one who makes or ends owners.
    Owner,
    /// Everything but owners.
    Admin,
    /// Does the daily work, and approves none of it.
    Operator,
    /// Agrees to what others ask for.
    Approver,
    /// Reads everything, with the audit chain.
    Auditor,
    /// Reads.
    Viewer,
}

/// What can be allowed or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Right {
    /// Read people, accounts, findings, plans and runs.
    Read,
    /// Take lists of them out as files.
    Export,
    /// Read the audit chain, and who may sign in.
    Trace,
    /// Ask for a plan.
    Propose,
    /// Say whose an account is, and that a finding can wait.
    Decide,
    /// Agree to a plan that somebody else asked for.
    Approve,
    /// Run what was agreed to, and look again.
    Run,
    /// Say who may sign in, and make tokens.
    Admit,
}

/// A role is not one of [`Role::ALL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write owner, admin, operator, approver, auditor or viewer")]
pub struct UnknownRole;

/// The table: a row for each right, and who has it in the order of [`Role::ALL`].
const TABLE: [(Right, [bool; 6]); 8] = {
    const Y: bool = true;
    const N: bool = false;
    // owner, admin, operator, approver, auditor, viewer
    [
        (Right::Read, [Y, Y, Y, Y, Y, Y]),
        (Right::Export, [Y, Y, Y, Y, Y, N]),
        (Right::Trace, [Y, Y, Y, Y, Y, N]),
        (Right::Propose, [Y, Y, Y, N, N, N]),
        (Right::Decide, [Y, Y, Y, N, N, N]),
        (Right::Approve, [Y, Y, N, Y, N, N]),
        (Right::Run, [Y, Y, Y, N, N, N]),
        (Right::Admit, [Y, Y, N, N, N, N]),
    ]
};

impl Role {
    /// Every role, the one with most rights first.
    pub const ALL: [Self; 6] =
        [Self::Owner, Self::Admin, Self::Operator, Self::Approver, Self::Auditor, Self::Viewer];

    /// The word for programs and for people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Operator => "operator",
            Self::Approver => "approver",
            Self::Auditor => "auditor",
            Self::Viewer => "viewer",
        }
    }

    /// What the role is for, as a sentence.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Owner => "Does everything, and says who else is an owner.",
            Self::Admin => "Does everything except making or ending owners.",
            Self::Operator => "Proposes, decides and runs; approves nothing.",
            Self::Approver => "Agrees to what others asked for.",
            Self::Auditor => "Reads everything, with the audit chain, and changes nothing.",
            Self::Viewer => "Reads people, accounts and findings, and changes nothing.",
        }
    }

    /// Whether a person with this role may do it.
    pub fn may(self, right: Right) -> bool {
        let at = Self::ALL.iter().position(|role| *role == self);
        let row = TABLE.iter().find(|(of, _)| *of == right);
        row.zip(at).is_some_and(|((_, row), at)| row[at])
    }

    /// Whether a program with a token of this role may do it. A program reads and proposes; it never
    /// approves, decides, runs or admits, whatever its role.
    pub fn may_by_program(self, right: Right) -> bool {
        let never = matches!(right, Right::Decide | Right::Approve | Right::Run | Right::Admit);
        !never && self.may(right)
    }

    /// Whether somebody with this role may give `other` to somebody, or take it.
    pub fn admits(self, other: Self) -> bool {
        self.may(Right::Admit) && (other != Self::Owner || self == Self::Owner)
    }
}

impl Right {
    /// Every right, in the order of the table.
    pub const ALL: [Self; 8] = {
        let mut all = [Self::Read; 8];
        let mut at = 0;
        while at < 8 {
            all[at] = TABLE[at].0;
            at += 1;
        }
        all
    };

    /// The word for programs and for people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Export => "export",
            Self::Trace => "trace",
            Self::Propose => "propose",
            Self::Decide => "decide",
            Self::Approve => "approve",
            Self::Run => "run",
            Self::Admit => "admit",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        Self::ALL.into_iter().find(|role| role.word() == text).ok_or(UnknownRole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_do_what_is_one_table() {
        let row = |right: Right| {
            let of = |by: fn(Role, Right) -> bool| {
                let has = Role::ALL.into_iter().filter(|role| by(*role, right));
                has.map(Role::word).collect::<Vec<_>>().join(" ")
            };
            let (person, program) = (of(Role::may), of(Role::may_by_program));
            format!("{}: {person} | {program}", right.word())
        };
        let table: Vec<String> = Right::ALL.into_iter().map(row).collect();
        insta::assert_snapshot!(table.join("\n"), @r"
        read: owner admin operator approver auditor viewer | owner admin operator approver auditor viewer
        export: owner admin operator approver auditor | owner admin operator approver auditor
        trace: owner admin operator approver auditor | owner admin operator approver auditor
        propose: owner admin operator | owner admin operator
        decide: owner admin operator | 
        approve: owner admin approver | 
        run: owner admin operator | 
        admit: owner admin | 
        ");
    }

    #[test]
    fn only_an_owner_makes_an_owner() {
        assert!(Role::Owner.admits(Role::Owner) && Role::Admin.admits(Role::Admin));
        assert!(!Role::Admin.admits(Role::Owner) && !Role::Operator.admits(Role::Viewer));
    }

    #[test]
    fn a_role_is_read_as_it_is_written() {
        for role in Role::ALL {
            assert_eq!(role.word().parse(), Ok(role));
        }
        assert_eq!("root".parse::<Role>(), Err(UnknownRole));
    }
}
