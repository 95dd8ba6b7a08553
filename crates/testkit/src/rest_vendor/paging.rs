//! Which items a request for a page gets, and what the answer says of the others.

use rollbook_catalog::rest::{Paging, Pointer, Turn};
use serde_json::{Value, json};

use super::sent::Sent;
use super::writing;
use crate::fault::Twist;

/// How many items come where the request does not say.
pub(super) const SIZE_DEFAULT: usize = 10;

/// The parameter by which this vendor knows its own addresses of further pages again.
const TURN: &str = "turn";

/// What a request asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) start: usize,
    pub(super) size: usize,
}

/// A page with what is said about it.
pub(super) struct Page<'a> {
    pub(super) paging: &'a Paging,
    /// How many there are altogether.
    pub(super) total: usize,
    pub(super) window: Window,
    /// How many come.
    pub(super) len: usize,
    pub(super) twist: Option<&'a Twist>,
}

/// Takes the address of a further page, as this vendor gave it, apart.
pub(super) fn take_turn(paging: &Paging, sent: &mut Sent) -> Option<usize> {
    if !matches!(paging.turn, Turn::Link { .. }) {
        return None;
    }
    let at = sent.query.iter().position(|(name, _)| name == TURN)?;
    sent.query.remove(at).1.parse().ok()
}

/// What is asked for. `page_in_path` is what stands in the path for the page; `after` finds the item
/// by which the page before ended.
///
/// # Errors
/// What of it makes no sense to the vendor.
pub(super) fn window(
    paging: &Paging,
    sent: &Sent,
    page_in_path: Option<&str>,
    turn: Option<usize>,
    after: &dyn Fn(&Pointer, &str) -> Option<usize>,
) -> Result<Window, String> {
    let mut rest = sent.clone();
    let (page, size) = rest.take_out_paging(paging);
    let page = page_in_path.map(str::to_owned).or(page).filter(|page| !page.is_empty());
    let size = match (&paging.turn, size) {
        (Turn::Single, _) => usize::MAX,
        (_, None) => SIZE_DEFAULT,
        (_, Some(size)) => {
            size.parse().ok().filter(|size| *size > 0).ok_or(format!("{size} is no page size"))?
        }
    };
    let number = |text: &str| text.parse::<usize>().map_err(|_| format!("{text} is no number"));
    let start = match (&paging.turn, page.as_deref()) {
        (Turn::Single, _) => 0,
        (Turn::Link { .. }, _) => turn.unwrap_or(0),
        (_, None) => 0,
        (Turn::Page { first, .. }, Some(page)) => {
            let before = number(page)?.checked_sub(*first as usize);
            before.ok_or(format!("the first page is {first}"))? * size
        }
        (Turn::Offset { first, .. }, Some(page)) => {
            let before = number(page)?.checked_sub(*first as usize);
            before.ok_or(format!("the first offset is {first}"))?
        }
        (Turn::Cursor { .. }, Some(page)) => read_cursor(page)?,
        (Turn::After { item, .. }, Some(page)) => {
            after(item, page).ok_or(format!("no item is {page}"))? + 1
        }
    };
    Ok(Window { start, size })
}

/// A cursor that says nothing to anybody else. Where the example shows a number, it is one.
fn cursor(at: usize, like: Option<&Value>) -> Value {
    match like {
        Some(Value::Number(_)) => json!(770_000 + at),
        _ => json!(format!("c={:06x}+/", 0x0077_0000 + at)),
    }
}

fn read_cursor(text: &str) -> Result<usize, String> {
    let wrong = || format!("the cursor {text} was never given");
    if let Ok(number) = text.parse::<usize>() {
        return number.checked_sub(770_000).ok_or_else(wrong);
    }
    let inner = text.strip_prefix("c=").and_then(|text| text.strip_suffix("+/"));
    let number = inner.and_then(|text| usize::from_str_radix(text, 16).ok());
    number.and_then(|number| number.checked_sub(0x0077_0000)).ok_or_else(wrong)
}

impl Page<'_> {
    /// Where the next page starts; `None` at the end.
    fn next(&self) -> Option<usize> {
        let next = self.window.start + self.len;
        (next < self.total && self.twist != Some(&Twist::EarlyEnd)).then_some(next)
    }

    /// Writes into the answer what it says about the list. Gives the `Link` header, if there is one.
    /// `address` makes the address of the page that starts at an item.
    pub(super) fn say(
        &self,
        answer: &mut Value,
        address: &dyn Fn(usize, Option<&Value>) -> String,
    ) -> Option<String> {
        let paging = self.paging;
        let mut put = |at: &Option<Pointer>, text: String| {
            let Some(at) = at else { return };
            let kind = at.first(answer).cloned().unwrap_or(json!(0));
            let kind =
                if text.parse::<bool>().is_ok() && kind == json!(0) { json!(true) } else { kind };
            at.put(answer, &writing::value_like(Some(&kind), &text));
        };
        put(&paging.total, self.total.to_string());
        put(&paging.more, self.next().is_some().to_string());
        put(&paging.last, self.next().is_none().to_string());
        if let Some(Twist::TotalResults { is }) = self.twist
            && let Some(at) = &paging.total
        {
            at.put(answer, is);
        }
        match &paging.turn {
            Turn::Page { pages: Some(at), .. } => {
                let size = self.window.size.max(1);
                let pages = self.total.div_ceil(size);
                let kind = at.first(answer).cloned().unwrap_or(json!(0));
                at.put(answer, &writing::value_like(Some(&kind), &pages.to_string()));
                None
            }
            Turn::Cursor { next: at, .. } => {
                match self.next() {
                    Some(next) => {
                        let new = cursor(next, at.first(answer));
                        at.put(answer, &new);
                    }
                    None => writing::take_away(answer, at),
                }
                None
            }
            Turn::Link { next: Some(at) } => {
                match self.next() {
                    Some(next) => {
                        let new = json!(address(next, at.first(answer)));
                        at.put(answer, &new);
                    }
                    None => writing::take_away(answer, at),
                }
                None
            }
            Turn::Link { next: None } => {
                self.next().map(|next| format!("<{}>; rel=\"next\"", address(next, None)))
            }
            _ => None,
        }
    }
}

/// The target of the page that starts at `next`: the request's own path and query, and the turn.
pub(super) fn target(sent: &Sent, next: usize) -> String {
    let mut query: Vec<(String, String)> = sent.query.clone();
    query.retain(|(name, _)| name != TURN);
    query.push((TURN.to_owned(), next.to_string()));
    let pairs: Vec<String> = query
        .iter()
        .map(|(name, value)| {
            format!("{}={}", crate::query::encoded(name), crate::query::encoded(value))
        })
        .collect();
    format!("{}?{}", sent.path, pairs.join("&"))
}

/// Whether the page is named by its place, so that a vendor can be asked for one behind the last.
pub(super) fn is_by_place(paging: &Paging) -> bool {
    matches!(paging.turn, Turn::Page { .. } | Turn::Offset { .. })
}
