//! Which part of the server a path names. A pure function, so that every address has one meaning,
//! and every method that it does not take is answered with 405 and the ones that it takes.

use hyper::Method;
use rollbook_scim::server::ResourceType;

use super::metrics::Route;
use super::refusal::Tongue;

/// What a path names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    /// `/healthz`: this process lives.
    Health,
    /// `/readyz`: it can do its work.
    Ready,
    /// `/metrics`.
    Metrics,
    /// `/mcp`: where assistants ask.
    Mcp,
    /// How assistants identify themselves there (RFC 9728).
    McpMetadata,
    /// `/scim/{endpoint}/v2/…`.
    Scim {
        /// An instance's name, or `all`.
        endpoint: String,
        /// What is asked for there.
        target: Target,
    },
    /// `/api/…` and `/openapi.json`: what programs read.
    Api,
    /// The console, which has a table of its own.
    Console,
}

/// What is asked for below an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// The endpoint itself: a search over every type of resource (RFC 7644 §3.4.2.1).
    Root,
    /// `.search`; `None` at the endpoint itself.
    Search(Option<ResourceType>),
    /// `/Users` or `/Groups`.
    List(ResourceType),
    /// One resource by its id.
    One(ResourceType, String),
    /// `/Bulk`.
    Bulk,
    /// `/Me` and everything below it.
    Me,
    /// `/ServiceProviderConfig`.
    Config,
    /// `/ResourceTypes`, or one of them.
    Types(Option<String>),
    /// `/Schemas`, or one of them.
    Schemas(Option<String>),
    /// Nothing.
    Unknown,
}

impl Address {
    /// Reads a path. Empty segments do not count, because clients put slashes where they like.
    pub(crate) fn read(path: &str) -> Self {
        let mut segments = path.split('/').filter(|segment| !segment.is_empty());
        match segments.next() {
            Some("healthz") if segments.next().is_none() => Self::Health,
            Some("readyz") if segments.next().is_none() => Self::Ready,
            Some("metrics") if segments.next().is_none() => Self::Metrics,
            Some("mcp") if segments.next().is_none() => Self::Mcp,
            Some(".well-known") if segments.next() == Some("oauth-protected-resource") => {
                match (segments.next(), segments.next()) {
                    (None | Some("mcp"), None) => Self::McpMetadata,
                    _ => Self::Console,
                }
            }
            Some("api" | "openapi.json") => Self::Api,
            Some("scim") => {
                let (endpoint, version) = (segments.next(), segments.next());
                let endpoint = endpoint.and_then(decoded).unwrap_or_default();
                let rest: Vec<&str> = segments.collect();
                let target =
                    if version == Some("v2") { Target::read(&rest) } else { Target::Unknown };
                Self::Scim { endpoint, target }
            }
            _ => Self::Console,
        }
    }

    /// Under which name it is counted.
    pub(crate) fn route(&self) -> Route {
        match self {
            Self::Health | Self::Ready | Self::Metrics => Route::Health,
            Self::Mcp | Self::McpMetadata => Route::Mcp,
            Self::Api => Route::Api,
            Self::Console => Route::Console,
            Self::Scim { target, .. } => match target {
                Target::List(ResourceType::User) => Route::Users,
                Target::List(ResourceType::Group) => Route::Groups,
                Target::One(ResourceType::User, _) => Route::User,
                Target::One(ResourceType::Group, _) => Route::Group,
                Target::Search(_) | Target::Root => Route::Search,
                Target::Bulk => Route::Bulk,
                Target::Me => Route::Me,
                Target::Config | Target::Types(_) | Target::Schemas(_) => Route::Discovery,
                Target::Unknown => Route::Other,
            },
        }
    }

    /// In which words whoever asks there is refused.
    pub(crate) fn tongue(&self) -> Tongue {
        match self {
            Self::Api => Tongue::Problem,
            Self::Mcp => Tongue::Rpc,
            Self::Console => Tongue::Page,
            Self::Health | Self::Ready | Self::Metrics | Self::McpMetadata | Self::Scim { .. } => {
                Tongue::Scim
            }
        }
    }

    /// The methods that it takes, as the header `Allow` lists them; `None`: nothing is there, or the
    /// console's own table says it.
    pub(crate) fn methods(&self) -> Option<&'static str> {
        match self {
            Self::Health | Self::Ready | Self::Metrics | Self::McpMetadata => Some("GET, HEAD"),
            Self::Mcp => Some("POST"),
            Self::Api | Self::Console => None,
            Self::Scim { target, .. } => target.methods(),
        }
    }

    /// Whether `method` is one of [`Address::methods`].
    pub(crate) fn takes(&self, method: &Method) -> bool {
        self.methods().is_some_and(|all| all.split(", ").any(|one| one == method.as_str()))
    }
}

impl Target {
    fn read(segments: &[&str]) -> Self {
        let kind = |name: &str| ResourceType::ALL.into_iter().find(|kind| kind.plural() == name);
        match *segments {
            [] => Self::Root,
            [".search"] => Self::Search(None),
            ["Bulk"] => Self::Bulk,
            ["Me", ..] => Self::Me,
            ["ServiceProviderConfig"] => Self::Config,
            ["ResourceTypes"] => Self::Types(None),
            ["ResourceTypes", id] => decoded(id).map_or(Self::Unknown, |id| Self::Types(Some(id))),
            ["Schemas"] => Self::Schemas(None),
            ["Schemas", id] => decoded(id).map_or(Self::Unknown, |id| Self::Schemas(Some(id))),
            [plural] => kind(plural).map_or(Self::Unknown, Self::List),
            [plural, ".search"] => {
                kind(plural).map_or(Self::Unknown, |kind| Self::Search(Some(kind)))
            }
            [plural, id] => match (kind(plural), decoded(id)) {
                (Some(kind), Some(id)) => Self::One(kind, id),
                _ => Self::Unknown,
            },
            _ => Self::Unknown,
        }
    }

    fn methods(&self) -> Option<&'static str> {
        match self {
            Self::Root | Self::Config | Self::Types(_) | Self::Schemas(_) => Some("GET, HEAD"),
            Self::Search(_) | Self::Bulk => Some("POST"),
            Self::List(_) => Some("GET, HEAD, POST"),
            Self::One(..) => Some("GET, HEAD, PUT, PATCH, DELETE"),
            Self::Me => Some("GET, HEAD, POST, PUT, PATCH, DELETE"),
            Self::Unknown => None,
        }
    }
}

/// A path segment without its percent encoding; `None` if that is no text.
pub(crate) fn decoded(segment: &str) -> Option<String> {
    if !segment.contains('%') {
        return Some(segment.to_owned());
    }
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        let byte = match (first, tail) {
            (b'%', [high, low, after @ ..]) => {
                rest = after;
                let digit = |byte: &u8| char::from(*byte).to_digit(16);
                u8::try_from(digit(high)? * 16 + digit(low)?).ok()?
            }
            (b'%', _) => return None,
            (plain, _) => *plain,
        };
        bytes.push(byte);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, expected: &str) {
        let address = Address::read(path);
        let said = match &address {
            Address::Scim { endpoint, target } => format!("{endpoint}: {target:?}"),
            other => format!("{other:?}"),
        };
        let said = format!("{said} [{}]", address.methods().unwrap_or("-"));
        assert_eq!(said, expected, "{path}");
    }

    #[test]
    fn every_address_has_one_meaning() {
        check("/healthz", "Health [GET, HEAD]");
        check("/metrics/x", "Console [-]");
        check("/", "Console [-]");
        check("/api/v1/people", "Api [-]");
        check("/openapi.json", "Api [-]");
        check("/mcp", "Mcp [POST]");
        check("/mcp/x", "Console [-]");
        check("/.well-known/oauth-protected-resource", "McpMetadata [GET, HEAD]");
        check("/.well-known/oauth-protected-resource/mcp", "McpMetadata [GET, HEAD]");
        check("/.well-known/oauth-protected-resource/scim", "Console [-]");
        check("/scim/slack/v2", "slack: Root [GET, HEAD]");
        check("/scim/slack/v2/Users", "slack: List(User) [GET, HEAD, POST]");
        check(
            "/scim/slack/v2/Groups/g1",
            "slack: One(Group, \"g1\") [GET, HEAD, PUT, PATCH, DELETE]",
        );
        check("/scim/slack/v2/Users/.search", "slack: Search(Some(User)) [POST]");
        check("/scim/slack/v2/.search", "slack: Search(None) [POST]");
        check("/scim/slack/v2/Bulk", "slack: Bulk [POST]");
        check("/scim/slack/v2/Me/x", "slack: Me [GET, HEAD, POST, PUT, PATCH, DELETE]");
        check("/scim/slack/v2/Schemas/urn:a:b", "slack: Schemas(Some(\"urn:a:b\")) [GET, HEAD]");
        check("/scim/slack/v2/Devices", "slack: Unknown [-]");
        check("/scim/slack/v1/Users", "slack: Unknown [-]");
        check("/scim/slack/v2/Users/a/b", "slack: Unknown [-]");
        check("/scim", ": Unknown [-]");
    }

    #[test]
    fn slashes_too_many_do_not_change_the_meaning() {
        check("//scim/all/v2//Users/", "all: List(User) [GET, HEAD, POST]");
        check("/scim/all/v2/", "all: Root [GET, HEAD]");
    }

    #[test]
    fn percent_encoding_is_taken_off_once() {
        check("/scim/Slack%20EMEA/v2/Users", "Slack EMEA: List(User) [GET, HEAD, POST]");
        let one = "a: One(User, \"a/b%41\") [GET, HEAD, PUT, PATCH, DELETE]";
        check("/scim/a/v2/Users/a%2Fb%2541", one);
        check("/scim/a/v2/Users/%zz", "a: Unknown [-]");
        check("/scim/a/v2/Users/%ff", "a: Unknown [-]");
        check("/scim/a/v2/Users/%4", "a: Unknown [-]");
    }

    #[test]
    fn a_method_is_taken_as_it_is_listed() {
        let address = Address::read("/scim/a/v2/Users/7");
        assert!(address.takes(&Method::PATCH) && !address.takes(&Method::POST));
        assert!(!address.takes(&Method::TRACE));
    }
}
