//! What a SCIM server decides, without network, clock or memory: how a request is read, what a
//! resource becomes, and what an answer shows.
//!
//! **Strict in what is stored, lenient in what is read**: a [`Profile`] says how one identity
//! provider writes, and [`resource`] brings it into the one stored form. Every limit is checked
//! before anything is built from the input.

pub mod bulk;
pub mod discovery;
mod entity_tag;
pub mod member;
mod operation;
pub mod order;
mod profile;
mod projection;
pub mod query;
pub mod resource;
mod resource_type;
mod rules;
mod scim_1;
mod shape;

pub use bulk::{BulkLimits, BulkOperation, BulkRequest};
pub use entity_tag::Tags;
pub use member::MemberChange;
pub use order::Sort;
pub use profile::{OPERATIONS_MAX, Profile, Unknown as UnknownProfile};
pub use projection::Projection;
pub use query::{Limits, Page, Query};
pub use resource_type::ResourceType;
pub use rules::Rules;
pub use shape::{MEMBERS_MAX, VALUES_MAX};

pub use crate::schema::{DELIVERY_GROUP, DELIVERY_USER};
pub use crate::text;
