//! What identity providers push: read, decided by the protocol, written down, and answered from the
//! book.
//!
//! One identity provider talks to one **endpoint** with a token of its own: an instance's name, or
//! [`ALL`]. A push becomes a resource, its members, its totals, the newest wish about it and an
//! event, in one transaction; the answer is sent when that is on disk. Nothing here reaches an app:
//! what an accepted push leads to is decided by delivery, from the wish.
//!
//! ```no_run
//! # async fn example(engine: rollbook_engine::Engine, presented: &str) -> rollbook_engine::Result<()> {
//! use rollbook_engine::push::{Intake, View};
//! use rollbook_scim::server::{Projection, ResourceType};
//!
//! let intake = Intake::open(std::sync::Arc::new(engine))?;
//! if let Some(caller) = intake.authenticate("wiki", presented)? {
//!     let view = View { base: "http://127.0.0.1:8470/scim/wiki/v2", projection: &Projection::default() };
//!     let user = intake.get(&caller, ResourceType::User, "0193…", &view).await?;
//!     println!("{:?}", user.map(|user| user.json));
//! }
//! # Ok(()) }
//! ```

mod body;
mod bulk;
mod caller;
mod committer;
mod cursor;
mod group;
mod intake;
mod keyring;
mod narrow;
mod operation;
mod page;
mod seen;
mod token;
mod write;

use rollbook_scim::ErrorMessage;

pub use crate::config::ALL;
pub use bulk::BulkAnswer;
pub use caller::Caller;
pub use intake::Intake;
pub use operation::{Done, PushOp};
pub use seen::{Rendered, View};
pub(crate) use token::tokens;
pub use token::{Minted, Minting, Token};

use crate::error::Error;

/// The instance of a wish that was pushed to [`ALL`]: delivery finds where.
pub const EVERYWHERE: &str = "*";

/// What the token of a program is for that asks and proposes over the Model Context Protocol. No
/// instance can have this name.
pub const MCP: &str = "/mcp";

/// Why an operation was not done.
#[derive(Debug)]
enum Fault {
    /// What the caller asked for cannot be.
    Asked(ErrorMessage),
    /// We could not.
    Ours(Error),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Ours(error)
    }
}

impl From<ErrorMessage> for Fault {
    fn from(message: ErrorMessage) -> Self {
        Self::Asked(message)
    }
}
