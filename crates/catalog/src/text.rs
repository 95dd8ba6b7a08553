//! The app file as TOML: which sections and keys there are. Unknown ones are errors.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rollbook_core::change::Basis;
use serde::Deserialize;
use toml::Spanned;

use crate::app::Need;
use crate::browser::BrowserText;
use crate::error::Error;
use crate::human::HumanText;
use crate::request::{Method, RequestOp};
use crate::rest::{Example, RestText};
use crate::trap::Hurt;

/// The whole file, word for word; nothing is checked beyond the types.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AppText {
    pub(crate) app: HeadText,
    pub(crate) scim: Option<Spanned<RouteText>>,
    pub(crate) rest: Option<Spanned<RestText>>,
    pub(crate) browser: Option<Spanned<BrowserText>>,
    pub(crate) file: Option<Spanned<RouteText>>,
    pub(crate) human: Option<Spanned<HumanText>>,
    #[serde(default)]
    pub(crate) facts: Vec<Spanned<FactsText>>,
    #[serde(default)]
    pub(crate) request: Vec<Spanned<RequestText>>,
    #[serde(default)]
    pub(crate) field: Vec<Spanned<FieldText>>,
    #[serde(default)]
    pub(crate) limitation: Vec<RemarkText>,
    #[serde(default)]
    pub(crate) trap: Vec<TrapText>,
    #[serde(default)]
    pub(crate) example: Vec<Spanned<Example>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HeadText {
    pub(crate) id: Spanned<String>,
    pub(crate) name: String,
    pub(crate) category: String,
    pub(crate) website: String,
    pub(crate) checked_on: Date,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RouteText {
    pub(crate) can: Vec<Spanned<String>>,
    #[serde(default)]
    pub(crate) irreversible: Vec<Spanned<String>>,
    pub(crate) basis: Basis,
    #[serde(default)]
    pub(crate) basis_of: BTreeMap<String, Spanned<Basis>>,
    pub(crate) source: Option<String>,
    pub(crate) checked_on: Option<Date>,
}

/// What one source says. The groups are the first half of a fact's key, the keys in them the second.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FactsText {
    pub(crate) basis: Basis,
    pub(crate) source: Option<String>,
    pub(crate) checked_on: Option<Date>,
    #[serde(default)]
    pub(crate) sso: Said,
    #[serde(default)]
    pub(crate) scim: Said,
    #[serde(default)]
    pub(crate) rest: Said,
    #[serde(default)]
    pub(crate) webhooks: Said,
    #[serde(default)]
    pub(crate) ui: Said,
    #[serde(default)]
    pub(crate) account: Said,
}

/// The facts of one group.
pub(crate) type Said = BTreeMap<Spanned<String>, Spanned<toml::Value>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RequestText {
    pub(crate) op: RequestOp,
    pub(crate) method: Method,
    pub(crate) path: String,
    #[serde(default)]
    pub(crate) query: String,
    #[serde(default)]
    pub(crate) body: String,
    #[serde(default)]
    pub(crate) items: String,
    #[serde(default)]
    pub(crate) fields: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) note: String,
    pub(crate) basis: Basis,
    pub(crate) source: Option<String>,
    pub(crate) checked_on: Option<Date>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FieldText {
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) on_create: Need,
    pub(crate) on_update: Need,
    #[serde(default)]
    pub(crate) note: String,
    pub(crate) basis: Basis,
    pub(crate) source: Option<String>,
    pub(crate) checked_on: Option<Date>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RemarkText {
    pub(crate) text: String,
    pub(crate) source: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TrapText {
    pub(crate) text: String,
    pub(crate) source: Option<String>,
    pub(crate) hurts: Option<Spanned<Hurt>>,
    pub(crate) channel: Option<String>,
}

/// Reads `content`, which is the text of `file`.
///
/// # Errors
/// The first thing that is no TOML, is unknown, missing or of the wrong type.
pub(crate) fn read(file: &str, content: &str) -> Result<AppText, Error> {
    toml::from_str(content).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        Error::at(file, content, at, sentence(error.message()))
    })
}

/// What the parser says, as a sentence that ends.
fn sentence(message: &str) -> String {
    let message = message.trim_end_matches('.').replace('\n', " ");
    format!("{message}. Correct it, or see docs/app-file.md for what a section may hold.")
}
