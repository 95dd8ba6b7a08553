//! Who may work in a workspace at the same time.
//!
//! One process acts at a time. Where that is a [`Presence::Host`], such as `rollbook apply`, or one of
//! the [`Presence::Node`]s that take turns, such as `rollbook serve`, those who only decide or read may
//! work beside it; anybody else works alone. Two locks settle it, and a process
//! that dies lets go of both: one is held by whoever acts, the other is shared by the guests of a
//! host, or held by whoever wants none.

use std::fmt;

use crate::error::Error;

/// What a process means to do in a workspace, and so who may be there beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It acts, and nobody may be there meanwhile.
    Alone,
    /// It acts for a long time, and guests may be there meanwhile.
    Host,
    /// It acts for a long time, guests may be there meanwhile, and in Postgres other nodes, which take
    /// turns at acting. In a folder there is one, like [`Presence::Host`].
    Node,
    /// It decides or reads: beside a host where there is one, and alone where there is nobody.
    Guest,
}

impl Presence {
    /// Whether guests may be beside it.
    pub(super) fn takes_guests(self) -> bool {
        matches!(self, Self::Host | Self::Node)
    }
}

/// What somebody hears who wants to act beside a host.
pub(super) const HOST_ACTS: &str =
    "It carries out what is approved. To act yourself, wait until it ends, or stop it.";

/// Who acts in a workspace, as it says of itself.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Holder {
    /// Command and process, for people; empty where it said nothing.
    pub(super) name: String,
    /// Whether it takes guests.
    pub(super) is_host: bool,
}

impl Holder {
    /// This process.
    pub(super) fn new(presence: Presence, command: &str) -> Self {
        let name = match command {
            "" => String::new(),
            command => format!("`rollbook {command}` (process {})", std::process::id()),
        };
        Self { name, is_host: presence.takes_guests() }
    }

    /// Reads what another process said. Nobody depends on it: what cannot be read names nobody.
    pub(super) fn read(text: &str) -> Self {
        let (word, name) = text.trim_end().split_once(' ').unwrap_or((text.trim_end(), ""));
        Self { name: name.to_owned(), is_host: word == "host" }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", if self.is_host { "host" } else { "alone" }, self.name)
    }
}

/// The workspace is taken; `lock` says where that was seen.
pub(super) fn taken(lock: &str, holder: &str) -> Error {
    let who = match holder {
        "" => String::new(),
        named => format!(", {named},"),
    };
    Error::setup(format!(
        "Another rollbook process{who} is working in this workspace ({lock} is locked)."
    ))
    .hint("Wait until it ends, then try again. Nothing was read or changed.")
}
