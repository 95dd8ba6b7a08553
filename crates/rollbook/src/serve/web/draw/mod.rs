//! Pictures, drawn on the server as SVG. Each is a picture of rows that the page lists as well, and says
//! so to whoever cannot see it.

pub(crate) mod bars;
pub(crate) mod web;

use rollbook_core::explain::printable;

use super::scenery::escaped;

/// A text inside a picture.
fn text(text: &str) -> String {
    escaped(&printable(text))
}

/// As much of a text as `chars_max` characters hold.
fn cut(text: &str, chars_max: usize) -> String {
    if text.chars().count() <= chars_max {
        return text.to_owned();
    }
    let kept: String = text.chars().take(chars_max.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}
