//! Our own extension: how far a wish has come on its way into the apps.
//!
//! An answer of 200 says that a wish was accepted. Whether it was carried out, and whether somebody
//! looked afterwards, is another matter, and this extension says it for each resource to whoever names
//! it in `attributes`. It is not shown unasked, and `/ResourceTypes` does not list it, because clients
//! that compare what they wrote with what comes back would take it for their own.

use super::{Attribute, Kind, Schema};
use crate::schema;

/// Delivery of a user.
pub static DELIVERY_USER: Schema = Schema {
    id: schema::DELIVERY_USER,
    name: "UserDelivery",
    description: "How far the newest wish about the user has come",
    attributes: &ATTRIBUTES,
};

/// Delivery of a group.
pub static DELIVERY_GROUP: Schema = Schema {
    id: schema::DELIVERY_GROUP,
    name: "GroupDelivery",
    description: "How far the newest wish about the group has come",
    attributes: &ATTRIBUTES,
};

const STATES: [&str; 5] = ["accepted", "waiting", "applied", "verified", "failed"];

const STATE: Attribute = Attribute::text(
    "state",
    "accepted: written down; waiting: for what because says; applied: the app said so; verified: \
     seen in the app; failed: because says why",
)
.read_only()
.on_request()
.words(&STATES);
const BECAUSE: Attribute =
    Attribute::text("because", "Why it is so, as a sentence").read_only().on_request();
const AT: Attribute = Attribute::of(Kind::DateTime, "at", "Since when").read_only().on_request();

static ATTRIBUTES: [Attribute; 5] = [
    STATE,
    BECAUSE,
    AT,
    Attribute::of(Kind::Integer, "revision", "The revision of the resource that this is about")
        .read_only()
        .on_request(),
    Attribute::complex("instances", "The same for each app that it goes to", &INSTANCE)
        .listed()
        .read_only()
        .on_request(),
];

static INSTANCE: [Attribute; 4] =
    [Attribute::text("value", "The app's name here").read_only().on_request(), STATE, BECAUSE, AT];
