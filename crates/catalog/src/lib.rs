//! What is known about each app's user management, as checked data: one file per app.
//!
//! An app file says what the app is, which routes lead to it and what each can do there, which
//! facts are known (each with its basis, source and day) and which traps lie in wait. Anything the
//! file says wrongly is an [`Error`] that names the file and the line. This crate reads text and
//! checks it; it never reaches a network or a database, and it never decides anything.
//!
//! ```
//! let catalog = rollbook_catalog::Catalog::embedded();
//! let app = catalog.app("mindtickle").expect("it is in apps/");
//! assert_eq!(app.fact("scim.patch").expect("it is in the file").value.to_string(), "partial");
//! ```

#![forbid(unsafe_code)]

mod app;
pub mod browser;
mod catalog;
mod check;
mod embedded;
mod error;
pub mod guide;
mod human;
mod key;
pub mod lint;
pub mod matrix;
pub mod probed;
mod request;
pub mod rest;
mod text;
mod trap;
pub mod tried;

pub use app::{App, Fact, Field, Need, Remark, RouteFacts, Value};
pub use catalog::{Catalog, GENERIC_FILE, GENERIC_HUMAN, GENERIC_SCIM};
pub use error::Error;
pub use guide::Guide;
pub use human::{Blank as HumanBlank, HumanStep, Whom};
pub use key::{KEYS, Key, Shape};
pub use request::{Method, Request, RequestOp};
pub use trap::{Hurt, Trap};
pub use tried::Tried;
