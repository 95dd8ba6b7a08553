//! One request of a probe, as a value.

use std::fmt;

use serde_json::Value;

use super::reply::Reply;
use crate::read;

/// An HTTP method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the words are those of HTTP")]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    /// The word on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// With which right a request is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// With the token.
    #[default]
    Own,
    /// With a token that nobody gave out.
    Wrong,
    /// Without a token.
    None,
}

/// What an answer must show before a request is not repeated any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Until {
    /// This status.
    Status(u16),
    /// A list that holds a resource with this id.
    Lists(String),
    /// 404, or a user that is not active.
    GoneOrInactive,
}

impl Until {
    /// Whether the answer shows it.
    pub fn is_shown(&self, reply: &Reply) -> bool {
        match self {
            Self::Status(status) => reply.status == *status,
            Self::Lists(id) => {
                let is_it = |item: &Value| {
                    item.as_object().and_then(|it| read::text_of(it, "id")).as_ref() == Some(id)
                };
                reply.list().is_ok_and(|list| list.items().iter().any(is_it))
            }
            Self::GoneOrInactive => {
                let active = reply.object().and_then(|user| read::boolean_of(user, "active"));
                matches!(reply.status, 404 | 410) || active == Some(false)
            }
        }
    }
}

/// One request, relative to the base URL.
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    /// The method.
    pub method: Method,
    /// The path, one text for each segment.
    pub path: Vec<String>,
    /// The query, not encoded.
    pub query: Vec<(&'static str, String)>,
    /// The JSON body.
    pub body: Option<Value>,
    /// `If-Match`.
    pub if_match: Option<String>,
    /// `If-None-Match`.
    pub if_none_match: Option<String>,
    /// With which right it is sent.
    pub access: Access,
    /// Where said, it is sent again, with waits between, until the answer shows this or time is up.
    pub until: Option<Until>,
}

impl Ask {
    /// A request without anything but method and path.
    pub fn new(method: Method, path: &[&str]) -> Self {
        Self {
            method,
            path: path.iter().map(|&segment| segment.to_owned()).collect(),
            query: Vec::new(),
            body: None,
            if_match: None,
            if_none_match: None,
            access: Access::Own,
            until: None,
        }
    }

    /// A `GET`.
    pub fn get(path: &[&str]) -> Self {
        Self::new(Method::Get, path)
    }

    /// Adds a query parameter.
    #[must_use]
    pub fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// Repeats it until the answer shows this.
    #[must_use]
    pub fn until(mut self, until: Until) -> Self {
        self.until = Some(until);
        self
    }

    /// Whether a server may change something because of it. A search is sent by `POST` and reads.
    pub fn writes(&self) -> bool {
        let is_search = || self.path.last().is_some_and(|segment| segment == ".search");
        match self.method {
            Method::Get => false,
            Method::Post => !is_search(),
            Method::Put | Method::Patch | Method::Delete => true,
        }
    }
}

/// Method, path and query for people. The values of filters are left out: they name accounts.
impl fmt::Display for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.method.word())?;
        self.path.iter().try_for_each(|segment| write!(f, "/{}", segment.escape_debug()))?;
        for (at, (name, value)) in self.query.iter().enumerate() {
            let value = if *name == "filter" { "…" } else { value };
            write!(f, "{}{name}={value}", if at == 0 { '?' } else { '&' })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_reads_and_every_other_post_writes() {
        assert!(!Ask::new(Method::Post, &["Users", ".search"]).writes());
        assert!(Ask::new(Method::Post, &["Users"]).writes());
        assert!(Ask::new(Method::Delete, &["Users", ".search"]).writes());
    }

    #[test]
    fn a_request_is_shown_without_the_names_that_it_asks_for() {
        let ask = Ask::get(&["Users"]).query("filter", "userName eq \"ana\"").query("count", "2");
        assert_eq!(ask.to_string(), "GET /Users?filter=…&count=2");
    }
}
