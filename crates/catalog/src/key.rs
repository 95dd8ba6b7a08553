//! The closed list of fact keys: what can be said about an app, and in which shape.
//!
//! What cannot be said with it becomes a new member here, with a test, and so can be said about
//! every app.

/// One thing that can be known about an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// The key as it stands in the file.
    pub name: &'static str,
    /// The shape of its value.
    pub shape: Shape,
    /// What it says.
    pub meaning: &'static str,
}

/// The shape of a value. Every shape also allows the word `unknown`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Words.
    Text,
    /// A list of words.
    List,
    /// A count of at least 0.
    Number,
    /// `true` or `false`.
    Flag,
    /// One of these words.
    OneOf(&'static [&'static str]),
}

const fn key(name: &'static str, shape: Shape, meaning: &'static str) -> Key {
    Key { name, shape, meaning }
}

/// Every key, in the order in which a file should use them.
pub const KEYS: &[Key] = &[
    key("sso.protocols", Shape::List, "single sign-on protocols that the app takes"),
    key("sso.plan", Shape::Text, "the cheapest plan with single sign-on"),
    key("scim.available", Shape::Flag, "whether the app has a SCIM server"),
    key("scim.version", Shape::Text, "the SCIM version that it speaks"),
    key("scim.base_url", Shape::Text, "where it is; `{…}` stands for what differs per tenant"),
    key("scim.auth", Shape::Text, "how a caller proves who it is and where the secret comes from"),
    key("scim.plan", Shape::Text, "the cheapest plan with SCIM"),
    key("scim.resources", Shape::List, "resource types that it serves"),
    key("scim.operations", Shape::List, "method and path of each request that it takes"),
    key("scim.patch", Shape::OneOf(&["supported", "partial", "put_only"]), "what PATCH can do"),
    key(
        "scim.delete",
        Shape::OneOf(&["delete", "deactivate", "unsupported"]),
        "what DELETE does to an account",
    ),
    key("scim.filters", Shape::List, "filters that it understands"),
    key("scim.paging", Shape::OneOf(&["start_index", "cursor", "none"]), "how it hands out pages"),
    key("scim.page_size", Shape::Number, "resources per page when nothing is asked for"),
    key("scim.page_size_max", Shape::Number, "most resources that a page can hold"),
    key(
        "scim.page_size_param",
        Shape::Text,
        "the parameter for the size of a page, if not `count`",
    ),
    key("scim.rate_limit", Shape::Text, "how fast it may be asked"),
    key("rest.available", Shape::Flag, "whether a public REST API manages users"),
    key("rest.base_url", Shape::Text, "where it is; `{…}` stands for what differs per tenant"),
    key(
        "rest.auth",
        Shape::OneOf(&["oauth2", "bearer", "header", "basic", "signature", "none"]),
        "how a caller proves who it is",
    ),
    key("rest.auth_detail", Shape::Text, "where the secret comes from and what it must allow"),
    key(
        "rest.paging",
        Shape::OneOf(&["cursor", "page", "offset", "token", "link_header", "none"]),
        "how it hands out pages",
    ),
    key("rest.paging_param", Shape::Text, "the parameter that asks for the next page"),
    key("rest.paging_pointer", Shape::Text, "where an answer says what the next page is"),
    key("rest.page_size", Shape::Number, "items per page when nothing is asked for"),
    key("rest.page_size_max", Shape::Number, "most items that a page can hold"),
    key("rest.rate_limit", Shape::Text, "how fast it may be asked"),
    key("rest.rate_headers", Shape::List, "headers that tell how much may still be asked"),
    key("rest.retry_after", Shape::Flag, "whether a refusal for speed says when to come again"),
    key("webhooks.available", Shape::Flag, "whether the app tells of changes by itself"),
    key("webhooks.events", Shape::List, "what it tells of"),
    key("ui.users_page", Shape::Text, "the way to the list of users in the admin console"),
    key("ui.scim_page", Shape::Text, "the way to the SCIM settings in the admin console"),
    key("ui.invite_steps", Shape::List, "how an administrator lets somebody in, step by step"),
    key("ui.sso_steps", Shape::List, "how an administrator turns single sign-on on, step by step"),
    key("ui.remove_steps", Shape::List, "how an administrator removes somebody, step by step"),
    key("account.roles", Shape::List, "roles that an account can have"),
    key("account.seats", Shape::Text, "what is billed and when a seat becomes free"),
];

impl Key {
    /// The key with this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        KEYS.iter().find(|key| key.name == name)
    }
}
