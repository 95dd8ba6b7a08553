//! The User of RFC 7643 §4.1.

use super::{Attribute, Kind, Mutability, Returned, Schema};
use crate::schema;

/// RFC 7643 §4.1.
pub static USER: Schema = Schema {
    id: schema::USER,
    name: "User",
    description: "A user account",
    attributes: &ATTRIBUTES,
};

static ATTRIBUTES: [Attribute; 21] = [
    Attribute { unique: true, ..Attribute::text("userName", "The name to sign in with") }
        .required()
        .key(),
    Attribute::complex("name", "The parts of the name", &NAME),
    Attribute::text("displayName", "The whole name as shown"),
    Attribute::text("nickName", "The name used day to day"),
    Attribute::of(Kind::Reference, "profileUrl", "The page about the user").to(&["external"]),
    Attribute::text("title", "Job title"),
    Attribute::text("userType", "How the user belongs here, for instance Contractor"),
    Attribute::text("preferredLanguage", "Languages as in Accept-Language"),
    Attribute::text("locale", "Where dates and numbers are written like the user writes them"),
    Attribute::text("timezone", "As in the tz database, for instance Europe/Madrid"),
    Attribute::truth("active", "Whether the user may sign in"),
    Attribute {
        mutability: Mutability::WriteOnly,
        returned: Returned::Never,
        ..Attribute::text("password", "Accepted, not kept and never given")
    },
    Attribute::complex("emails", "E-mail addresses", &EMAIL).listed(),
    Attribute::complex("phoneNumbers", "Telephone numbers", &PHONE).listed(),
    Attribute::complex("ims", "Addresses for instant messages", &IM).listed(),
    Attribute::complex("photos", "Pictures of the user", &PHOTO).listed(),
    Attribute::complex("addresses", "Postal addresses", &ADDRESS).listed(),
    Attribute::complex("groups", "The groups that the user is in", &IN_GROUP).listed().read_only(),
    Attribute::complex("entitlements", "What the user may have", &PLAIN).listed(),
    Attribute::complex("roles", "What the user is here", &PLAIN).listed(),
    Attribute::complex("x509Certificates", "Certificates of the user", &CERTIFICATE).listed(),
];

static NAME: [Attribute; 6] = [
    Attribute::text("formatted", "The whole name"),
    Attribute::text("familyName", "Family name"),
    Attribute::text("givenName", "Given name"),
    Attribute::text("middleName", "Middle names"),
    Attribute::text("honorificPrefix", "In front of the name, for instance Dr."),
    Attribute::text("honorificSuffix", "After the name, for instance III"),
];

const DISPLAY: Attribute = Attribute::text("display", "For people");
const PRIMARY: Attribute = Attribute::truth("primary", "At most one is");
const TYPE: Attribute = Attribute::text("type", "What it is for");

static EMAIL: [Attribute; 4] = [
    Attribute::text("value", "The address").key(),
    DISPLAY,
    TYPE.words(&["work", "home", "other"]),
    PRIMARY,
];

static PHONE: [Attribute; 4] = [
    Attribute::text("value", "The number"),
    DISPLAY,
    TYPE.words(&["work", "home", "mobile", "fax", "pager", "other"]),
    PRIMARY,
];

static IM: [Attribute; 4] = [
    Attribute::text("value", "The address"),
    DISPLAY,
    TYPE.words(&["aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo"]),
    PRIMARY,
];

static PHOTO: [Attribute; 4] = [
    Attribute::of(Kind::Reference, "value", "Where the picture is").to(&["external"]),
    DISPLAY,
    TYPE.words(&["photo", "thumbnail"]),
    PRIMARY,
];

static ADDRESS: [Attribute; 8] = [
    Attribute::text("formatted", "The whole address").lines(),
    Attribute::text("streetAddress", "Street, house number, box").lines(),
    Attribute::text("locality", "City"),
    Attribute::text("region", "State or region"),
    Attribute::text("postalCode", "Postal code"),
    Attribute::text("country", "Country, as two letters"),
    TYPE.words(&["work", "home", "other"]),
    PRIMARY,
];

static IN_GROUP: [Attribute; 4] = [
    Attribute::text("value", "The group's id").exact().read_only(),
    Attribute::of(Kind::Reference, "$ref", "The group's URL")
        .exact()
        .read_only()
        .to(&["User", "Group"]),
    Attribute::text("display", "The group's name").read_only(),
    Attribute::text("type", "Whether by itself or by another group")
        .read_only()
        .words(&["direct", "indirect"]),
];

static PLAIN: [Attribute; 4] = [Attribute::text("value", "The value"), DISPLAY, TYPE, PRIMARY];

static CERTIFICATE: [Attribute; 4] = [
    Attribute::of(Kind::Binary, "value", "The certificate: DER in Base64"),
    DISPLAY,
    TYPE,
    PRIMARY,
];
