//! Exit codes: stable, because scripts rest on them.

use std::process::ExitCode;

use rollbook_engine::error::Kind;

/// How a command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Ok = 0,
    /// A second look, or the check of a chain or a pack, found something else than what was said.
    Contradicted = 1,
    /// What was typed, or a file of yours, cannot be used.
    Input = 2,
    /// The set-up is at fault: configuration, key, token, permissions.
    Setup = 3,
    /// A vendor could not be reached or asked us to wait.
    Vendor = 4,
    /// A stop, a rule or a missing approval forbids it.
    Refused = 5,
    /// A change may or may not have happened; look before anything else.
    Uncertain = 6,
    /// We are at fault.
    Bug = 70,
}

/// The text of `rollbook help exit-codes`.
pub(crate) const TEXT: &str = "\
Every command ends with one of these codes. They do not change between versions.

   0  Done. For `verify` and `apply`: done, and a second look confirmed it.
   1  Contradicted. A second look, or the check of a chain or a pack, found something else than
      what was said. The message names the account or the record.
   2  Input. The command line, a file or a field cannot be used. The message says where.
   3  Set-up. The configuration, the signing key, a token or a permission is at fault, or another
      process works in the workspace.
   4  Vendor. An app could not be reached, asked us to wait, or the request lies with somebody
      else. Run the command again later.
   5  Refused. A stop, a rule or a missing approval forbids it. Somebody must decide.
   6  Uncertain. A change may or may not have happened. `rollbook run resume` looks before it does
      anything.
  70  A fault of Rollbook itself. Please report it.

What you get with several at once: the first of 6, 1, 5, 4, 3, 2 that happened.";

impl From<Kind> for Exit {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Input => Self::Input,
            Kind::Setup => Self::Setup,
            Kind::Vendor { .. } => Self::Vendor,
            Kind::Uncertain => Self::Uncertain,
            Kind::Refused => Self::Refused,
            Kind::Contradicted => Self::Contradicted,
            Kind::Bug => Self::Bug,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl Exit {
    /// The graver of two, where one command did several things.
    #[must_use]
    pub(crate) fn and(self, other: Self) -> Self {
        const GRAVEST_FIRST: [Exit; 8] = [
            Exit::Bug,
            Exit::Uncertain,
            Exit::Contradicted,
            Exit::Refused,
            Exit::Vendor,
            Exit::Setup,
            Exit::Input,
            Exit::Ok,
        ];
        let is_either = |exit: &Self| *exit == self || *exit == other;
        GRAVEST_FIRST.into_iter().find(is_either).unwrap_or(self)
    }
}
