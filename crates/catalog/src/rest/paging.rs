//! How a list is handed out page by page.

use serde::Deserialize;

use super::pointer::Pointer;

/// How a list is handed out.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "PagingText")]
pub struct Paging {
    /// How the next page is asked for.
    pub turn: Turn,
    /// Where the size of a page is said, and how many items to ask for.
    pub size: Option<(Spot, u32)>,
    /// Where an answer says how many items there are altogether.
    pub total: Option<Pointer>,
    /// Where an answer says whether there is another page (`true` or `false`).
    pub more: Option<Pointer>,
    /// Where an answer says whether this is the last page (`true` or `false`).
    pub last: Option<Pointer>,
}

/// How the next page is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Everything comes at once.
    Single,
    /// By its number.
    Page {
        /// Where the number is said.
        at: Spot,
        /// The number of the first page.
        first: u32,
        /// Where an answer says how many pages there are.
        pages: Option<Pointer>,
    },
    /// By how many items came before.
    Offset {
        /// Where that is said.
        at: Spot,
        /// The offset of the first item.
        first: u32,
    },
    /// By a word that the answer before gave. Without one there is no further page.
    Cursor {
        /// Where the word is said.
        at: Spot,
        /// Where the answer gives it.
        next: Pointer,
    },
    /// By the last item of the page before.
    After {
        /// Where that is said.
        at: Spot,
        /// What of the item.
        item: Pointer,
    },
    /// By an address that the answer before gave: in its `Link` header (RFC 8288), or at a place in
    /// its body. It is followed only if it stays within the instance's base URL.
    Link {
        /// The place in the body; `None`: the header.
        next: Option<Pointer>,
    },
}

/// Where a request says something.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Spot {
    /// A parameter of the query: its name.
    Query(String),
    /// A place in the body, written as a pointer.
    Body(Pointer),
    /// Where `{page}` stands in the path.
    Path,
}

impl TryFrom<String> for Spot {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.as_str() {
            "" => Err("Say where it stands: the name of a query parameter, a pointer into the \
                       body, or {page} for the path"
                .into()),
            "{page}" => Ok(Self::Path),
            text if text.starts_with('/') => Pointer::try_from(text.to_owned()).map(Self::Body),
            _ => Ok(Self::Query(text)),
        }
    }
}

/// The section as it stands in the file: one kind, and what belongs to it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PagingText {
    kind: Kind,
    at: Option<Spot>,
    first: Option<u32>,
    next: Option<Pointer>,
    item: Option<Pointer>,
    pages: Option<Pointer>,
    size_at: Option<Spot>,
    size: Option<u32>,
    total: Option<Pointer>,
    more: Option<Pointer>,
    last: Option<Pointer>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    None,
    Page,
    Offset,
    Cursor,
    After,
    Link,
}

impl TryFrom<PagingText> for Paging {
    type Error = String;

    fn try_from(text: PagingText) -> Result<Self, String> {
        let PagingText { kind, at, first, next, item, pages, size_at, size, total, more, last } =
            text;
        let need = |what: &str| format!("This kind of paging needs `{what}`");
        let size = match (size_at, size) {
            (Some(at), Some(1..)) => Some((at, size.unwrap_or(1))),
            (None, None) => None,
            _ => return Err("`size_at` and `size` (at least 1) go together".into()),
        };
        let at_or = at.ok_or_else(|| need("at"));
        let (turn, used) = match kind {
            Kind::None => (Turn::Single, [false, false, false, false]),
            Kind::Page => {
                let first = first.unwrap_or(1);
                (
                    Turn::Page { at: at_or.clone()?, first, pages: pages.clone() },
                    [true, false, false, true],
                )
            }
            Kind::Offset => {
                let first = first.unwrap_or(0);
                (Turn::Offset { at: at_or.clone()?, first }, [true, false, false, false])
            }
            Kind::Cursor => {
                let next = next.clone().ok_or_else(|| need("next"))?;
                (Turn::Cursor { at: at_or.clone()?, next }, [false, true, false, false])
            }
            Kind::After => {
                let item = item.clone().ok_or_else(|| need("item"))?;
                (Turn::After { at: at_or.clone()?, item }, [false, false, true, false])
            }
            Kind::Link => (Turn::Link { next: next.clone() }, [false, true, false, false]),
        };
        let takes_at = !matches!(kind, Kind::None | Kind::Link);
        let said = [first.is_some(), next.is_some(), item.is_some(), pages.is_some()];
        let names = ["first", "next", "item", "pages"];
        let stray = (0..names.len()).find(|&n| said[n] && !used[n]).map(|n| names[n]);
        match stray.or((at_or.is_ok() && !takes_at).then_some("at")) {
            Some(name) => Err(format!("This kind of paging has no `{name}`")),
            None => Ok(Self { turn, size, total, more, last }),
        }
    }
}
