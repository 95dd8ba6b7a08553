//! From a request with blanks to one that can be sent. Pure.

use std::collections::BTreeMap;

use reqwest::Method as HttpMethod;
use rollbook_catalog::Method;
use rollbook_catalog::rest::{AccountShape, Blank, Call, Send, Spot, Template, Unfilled, scalar};
use rollbook_core::account::Account;
use rollbook_core::change::Profile;
use serde_json::{Map, Value};

use super::pages::Ask;
use crate::channel::http::{self, FORM, segment};

/// JSON:API 1.1 §4.
const JSON_API: &str = "application/vnd.api+json";

/// What fills the blanks.
#[derive(Clone, Debug, Default)]
pub struct Facts(BTreeMap<Blank, String>);

impl Facts {
    /// What the instance's settings say.
    pub fn new(settings: &BTreeMap<String, String>) -> Self {
        let setting =
            |(name, value): (&String, &String)| (Blank::Setting(name.clone()), value.clone());
        Self(settings.iter().map(setting).collect())
    }

    /// Adds one.
    #[must_use]
    pub fn with(mut self, blank: Blank, value: impl Into<String>) -> Self {
        self.0.insert(blank, value.into());
        self
    }

    /// Adds what a new account is to be.
    #[must_use]
    pub fn with_profile(self, profile: &Profile) -> Self {
        let Profile { login, display_name, given_name, family_name, email, .. } = profile;
        let shown = match display_name.as_str() {
            "" => format!("{given_name} {family_name}").trim().to_owned(),
            shown => shown.to_owned(),
        };
        self.told([
            (Blank::Login, login),
            (Blank::Email, if email.is_empty() { login } else { email }),
            (Blank::GivenName, given_name),
            (Blank::FamilyName, family_name),
            (Blank::DisplayName, &shown),
            (Blank::ExternalId, &profile.external_id),
            (Blank::WorkerNumber, &profile.worker_number),
        ])
    }

    /// Adds what is known of an account; `item` is what the app showed of it.
    #[must_use]
    pub fn with_account(self, account: &Account, shape: &AccountShape, item: &Value) -> Self {
        let email = account.emails.first().map_or("", |email| &email.address).to_owned();
        let role = match account.roles.as_slice() {
            [role] => role.clone(),
            _ => String::new(),
        };
        let facts = self.told([
            (Blank::Login, &account.login),
            (Blank::Email, &email),
            (Blank::GivenName, &account.given_name),
            (Blank::FamilyName, &account.family_name),
            (Blank::DisplayName, &account.display_name),
            (Blank::ExternalId, &account.external_id),
            (Blank::WorkerNumber, &account.worker_number),
            (Blank::Role, &role),
        ]);
        facts.with_ids(account, shape, item)
    }

    /// Adds only by what requests name an account.
    #[must_use]
    pub fn with_ids(self, account: &Account, shape: &AccountShape, item: &Value) -> Self {
        let ids = shape.ids.iter().filter_map(|(name, at)| Some((name.clone(), at.text(item)?)));
        ids.fold(self.with(Blank::Account, account.key.as_str()), |facts, (name, id)| {
            facts.with(Blank::Id(name), id)
        })
    }

    fn told<const N: usize>(mut self, values: [(Blank, &String); N]) -> Self {
        let told = values.into_iter().filter(|(_, value)| !value.is_empty());
        self.0.extend(told.map(|(blank, value)| (blank, value.clone())));
        self
    }

    /// What stands for a blank.
    pub fn get(&self, blank: &Blank) -> Option<String> {
        self.0.get(blank).cloned()
    }
}

/// Why a request cannot be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// Nothing is known to put into a blank.
    Unfilled(Blank),
    /// Something that is known must not be sent; as a sentence.
    Unsendable(String),
}

impl Unfit {
    /// As a sentence.
    pub fn sentence(&self) -> String {
        match self {
            Self::Unfilled(Blank::Successor) => "Somebody must be named who inherits what the \
                                                 account owns, and nobody is."
                .to_owned(),
            Self::Unfilled(blank) => {
                Unfilled(blank.clone()).to_string() + ", which the request needs."
            }
            Self::Unsendable(why) => why.clone(),
        }
    }
}

impl From<Unfilled> for Unfit {
    fn from(Unfilled(blank): Unfilled) -> Self {
        Self::Unfilled(blank)
    }
}

/// The request. `ask` is the page to ask for; a body that is to be merged goes into `whole`, which
/// is what the app shows of the account.
///
/// # Errors
/// Why it cannot be made; nothing may be sent then.
pub fn compose(
    call: &Call,
    facts: &Facts,
    ask: &Ask,
    whole: Option<&Value>,
) -> Result<http::Call, Unfit> {
    let page = ask.says.iter().find(|(spot, _)| *spot == Spot::Path);
    let facts = match page {
        Some((_, word)) => &facts.clone().with(Blank::Page, word.text()),
        None => facts,
    };
    let mut request = http::Call::encoded(method(call.method), path(&call.path, facts)?);
    for (name, value) in query(&call.query, facts)? {
        request = request.query(name, value);
    }
    for (spot, word) in &ask.says {
        if let Spot::Query(name) = spot {
            request = request.query(name.clone(), word.text());
        }
    }
    let body = call.body.as_ref().map(|body| body.fill(&|blank| facts.get(blank))).transpose()?;
    let in_body = ask.says.iter().filter_map(|(spot, word)| match spot {
        Spot::Body(at) => Some((at, word.json())),
        Spot::Query(_) | Spot::Path => None,
    });
    let body = in_body.fold(body, |body, (at, word)| {
        let mut body = body.unwrap_or(Value::Object(Map::new()));
        at.put(&mut body, &word);
        Some(body)
    });
    match body {
        Some(body) => with_body(request, call.send, body, whole),
        None => Ok(request),
    }
}

fn with_body(
    request: http::Call,
    send: Send,
    body: Value,
    whole: Option<&Value>,
) -> Result<http::Call, Unfit> {
    Ok(match send {
        Send::Json => request.body(body),
        Send::JsonApi => request.body_as(JSON_API, body.to_string()),
        Send::Form => {
            let pairs = form_pairs(&body)?;
            let pairs = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()));
            request.body_as(FORM, http::form(pairs))
        }
        Send::Merged => {
            let mut whole = whole.cloned().unwrap_or(Value::Null);
            merge(&mut whole, body);
            request.body(whole)
        }
    })
}

/// The path with each blank as one segment, or as a part of one.
pub fn path(template: &Template, facts: &Facts) -> Result<String, Unfit> {
    for blank in template.blanks() {
        let Some(value) = facts.get(blank) else { continue };
        if value.is_empty()
            || matches!(value.as_str(), "." | "..")
            || value.chars().any(char::is_control)
        {
            let why = format!("`{}` cannot stand for {blank} in a path.", value.escape_debug());
            return Err(Unfit::Unsendable(why));
        }
    }
    Ok(template.fill(&|blank| facts.get(blank), &segment)?)
}

/// The names and values of a query, not yet encoded. A value that comes to nothing is left out, so
/// that what is optional need not be said.
fn query(template: &Template, facts: &Facts) -> Result<Vec<(String, String)>, Unfit> {
    let text = template.to_string();
    let mut pairs = Vec::new();
    // The template is taken apart before it is filled, so that no value can become a parameter.
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let fill = |text: &str| {
            Template::from(text.to_owned()).fill(&|blank| facts.get(blank), &str::to_owned)
        };
        let (name, filled) = (fill(name)?, fill(value)?);
        if !filled.is_empty() || value.is_empty() {
            pairs.push((name, filled));
        }
    }
    Ok(pairs)
}

fn form_pairs(body: &Value) -> Result<Vec<(String, String)>, Unfit> {
    let flat = || Unfit::Unsendable("A form can only hold single values.".to_owned());
    let mut pairs = Vec::new();
    for (name, value) in body.as_object().ok_or_else(flat)? {
        match value {
            Value::Array(items) => {
                for item in items {
                    pairs.push((name.clone(), scalar(item).ok_or_else(flat)?));
                }
            }
            Value::Null => pairs.push((name.clone(), String::new())),
            Value::String(text) => pairs.push((name.clone(), text.clone())),
            one => pairs.push((name.clone(), scalar(one).ok_or_else(flat)?)),
        }
    }
    Ok(pairs)
}

/// Puts the members of `new` into `whole`: objects into objects, anything else in place of what was.
pub fn merge(whole: &mut Value, new: Value) {
    match (whole, new) {
        (Value::Object(whole), Value::Object(new)) => {
            for (name, value) in new {
                merge(whole.entry(name).or_insert(Value::Null), value);
            }
        }
        (whole, new) => *whole = new,
    }
}

fn method(method: Method) -> HttpMethod {
    match method {
        Method::Post => HttpMethod::POST,
        Method::Put => HttpMethod::PUT,
        Method::Patch => HttpMethod::PATCH,
        Method::Delete => HttpMethod::DELETE,
        // A command line is refused where the app file is read.
        Method::Get | Method::Cli => HttpMethod::GET,
    }
}
