//! `If-Match` and `If-None-Match` (RFC 7644 §3.14, RFC 9110 §13.1), compared weakly.

use crate::message::ErrorMessage;

/// Entity tags as a header lists them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tags {
    /// `None`: `*`.
    listed: Option<Vec<String>>,
}

impl Tags {
    /// Reads `*`, or a list of `"…"` and `W/"…"`. Bare words, which some clients send, count as
    /// tags too.
    ///
    /// # Errors
    /// 400 where the header is empty or a quote is not closed: a condition that cannot be read must
    /// not pass for one that holds.
    pub fn read(header: &str) -> Result<Self, ErrorMessage> {
        let mut rest = header.trim();
        if rest == "*" {
            return Ok(Self { listed: None });
        }
        let mut listed = Vec::new();
        while !rest.is_empty() {
            let strong =
                rest.strip_prefix("W/").or_else(|| rest.strip_prefix("w/")).unwrap_or(rest);
            let (tag, after) = match strong.strip_prefix('"') {
                Some(quoted) => quoted.split_once('"').ok_or_else(unreadable)?,
                None => strong.split_at(strong.find(',').unwrap_or(strong.len())),
            };
            listed.push(tag.trim().to_owned());
            let after = after.trim_start();
            rest = match after.strip_prefix(',') {
                Some(next) => next.trim_start(),
                None if after.is_empty() => "",
                None => return Err(unreadable()),
            };
        }
        if listed.is_empty() { Err(unreadable()) } else { Ok(Self { listed: Some(listed) }) }
    }

    /// Whether it is `*`, which every resource that is there fulfils.
    pub fn is_any(&self) -> bool {
        self.listed.is_none()
    }

    /// Whether one of the tags, without `W/` and quotes, is `wanted`; `*` always is.
    pub fn fits(&self, wanted: impl Fn(&str) -> bool) -> bool {
        self.listed.as_ref().is_none_or(|tags| tags.iter().any(|tag| wanted(tag)))
    }
}

fn unreadable() -> ErrorMessage {
    ErrorMessage::new(
        400,
        None,
        "The header with the entity tags cannot be read. Send it as W/\"7\", as a list, or as *.",
    )
}
