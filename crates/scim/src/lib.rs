//! SCIM 2.0 (RFC 7643, RFC 7644) as values, for both ends of the wire.
//!
//! Three rules hold in the whole crate. **Read what vendors send, write what the RFC says**:
//! attribute names in any case, numbers as ids, `"True"` as a boolean are understood, and never
//! written. **Lose nothing**: a [`User`] keeps the JSON it was read from, so that reading, changing
//! one attribute and writing the whole object back leaves everything else byte for byte. **Never
//! trust the size of the input**: filters and paths have limits on length, depth and terms that are
//! checked before anything is built from them.
//!
//! There is no HTTP here, no clock and nothing of what the resources are used for.
//!
//! ```
//! use rollbook_scim::{Filter, User};
//! use serde_json::json;
//!
//! let user = User::read(&json!({"ID": 7, "userName": "Ana@Example.com", "active": "True"}))?;
//! assert_eq!((user.id.as_deref(), user.active), (Some("7"), Some(true)));
//! let filter: Filter = r#"userName eq "ana@example.com""#.parse()?;
//! assert!(filter.matches(&user.to_json()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

pub mod attribute;
mod datetime;
pub mod definition;
pub mod discovery;
pub mod filter;
pub mod fuzz;
pub mod group;
pub mod json;
pub mod list;
pub mod message;
pub mod meta;
pub mod patch;
pub mod path;
pub mod probe;
pub mod read;
pub mod schema;
pub mod server;
pub mod text;
pub mod user;

pub use attribute::AttrPath;
pub use discovery::ServiceProviderConfig;
pub use filter::Filter;
pub use group::Group;
pub use list::ListResponse;
pub use message::ErrorMessage;
pub use meta::Meta;
pub use patch::Patch;
pub use path::Path;
pub use user::User;

/// The media type of RFC 7644 §3.1. Vendors also answer `application/json`.
pub const MEDIA_TYPE: &str = "application/scim+json";
