//! Text and bodies with blanks that each request fills.

use std::fmt;

use serde::Deserialize;
use serde_json::{Map, Value};

/// What a blank stands for. The list is closed: there are no expressions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Blank {
    /// `{account}`: the key of the account.
    Account,
    /// `{login}`: its sign-in name.
    Login,
    /// `{email}`: its primary address.
    Email,
    /// `{given_name}`.
    GivenName,
    /// `{family_name}`.
    FamilyName,
    /// `{display_name}`.
    DisplayName,
    /// `{external_id}`: our own id for a new account.
    ExternalId,
    /// `{worker_number}`.
    WorkerNumber,
    /// `{group}`: the key of a group.
    Group,
    /// `{role}`: a role.
    Role,
    /// `{successor}`: the key of the account that inherits what is removed.
    Successor,
    /// `{page}`: the page to read, where it stands in the path.
    Page,
    /// `{operation}`: what the app named a write that it does later.
    Operation,
    /// `{id.NAME}`: another id that the account carries; see `ids` of the account.
    Id(String),
    /// Any other word: a setting that the instance gives, e.g. `{tenant}`.
    Setting(String),
}

const WORDS: [(&str, Blank); 13] = [
    ("account", Blank::Account),
    ("login", Blank::Login),
    ("email", Blank::Email),
    ("given_name", Blank::GivenName),
    ("family_name", Blank::FamilyName),
    ("display_name", Blank::DisplayName),
    ("external_id", Blank::ExternalId),
    ("worker_number", Blank::WorkerNumber),
    ("group", Blank::Group),
    ("role", Blank::Role),
    ("successor", Blank::Successor),
    ("page", Blank::Page),
    ("operation", Blank::Operation),
];

impl Blank {
    fn named(word: &str) -> Option<Self> {
        let is_name = |text: &str| {
            text.starts_with(|c: char| c.is_ascii_lowercase())
                && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        };
        if let Some(name) = word.strip_prefix("id.") {
            return is_name(name).then(|| Self::Id(name.to_owned()));
        }
        let known = WORDS.iter().find(|(known, _)| *known == word).map(|(_, blank)| blank.clone());
        known.or_else(|| is_name(word).then(|| Self::Setting(word.to_owned())))
    }
}

impl fmt::Display for Blank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(name) => write!(f, "{{id.{name}}}"),
            Self::Setting(name) => write!(f, "{{{name}}}"),
            known => {
                let word = WORDS.iter().find(|(_, blank)| blank == known).map(|(word, _)| *word);
                write!(f, "{{{}}}", word.unwrap_or_default())
            }
        }
    }
}

/// A blank that nothing fills, so that the request cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nothing is known to put in place of {0}")]
pub struct Unfilled(pub Blank);

/// One line of text with blanks, e.g. `/users/{account}/status`.
///
/// A pair of braces counts as a blank only if a word of small letters, digits, `_` and one `.` is all
/// there is between them; so a query in another language may stand in a body.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub struct Template(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    /// `{word}`; with `?` what has no value is left out, with `:number` it is sent as a number.
    Blank {
        blank: Blank,
        is_optional: bool,
        is_number: bool,
    },
}

impl Template {
    /// The blanks, in their order.
    pub fn blanks(&self) -> impl Iterator<Item = &Blank> {
        self.0.iter().filter_map(|part| match part {
            Part::Text(_) => None,
            Part::Blank { blank, .. } => Some(blank),
        })
    }

    /// The text with each blank replaced by what `value` gives for it, and that passed through
    /// `encode`. Directly behind a quotation mark a value is escaped as the language around it does
    /// it, so that it cannot end what it stands in: as in JSON behind `"`, doubled behind `'`.
    ///
    /// # Errors
    /// The first blank without a value that is not optional.
    pub fn fill(
        &self,
        value: &dyn Fn(&Blank) -> Option<String>,
        encode: &dyn Fn(&str) -> String,
    ) -> Result<String, Unfilled> {
        let mut text = String::new();
        let mut before = None;
        for part in &self.0 {
            match part {
                Part::Text(literal) => {
                    text.push_str(literal);
                    before = literal.chars().next_back();
                }
                Part::Blank { blank, is_optional, .. } => match value(blank) {
                    Some(value) => text.push_str(&encode(&escaped(value, before))),
                    None if *is_optional => {}
                    None => return Err(Unfilled(blank.clone())),
                },
            }
        }
        Ok(text)
    }

    /// What must stand in the blanks for the whole to be `text`; `None` if nothing does. A blank is
    /// at least one character and, but for the last, holds no `/`.
    pub fn read(&self, text: &str) -> Option<Vec<(Blank, String)>> {
        read(&self.0, text)
    }

    /// The blank that is all there is, e.g. `"{account}"` in a body.
    fn alone(&self) -> Option<&Part> {
        match self.0.as_slice() {
            [part @ Part::Blank { .. }] => Some(part),
            _ => None,
        }
    }
}

/// `value` as it stands behind this mark.
fn escaped(value: String, before: Option<char>) -> String {
    match before {
        Some('"') => {
            let quoted = Value::String(value).to_string();
            quoted[1..quoted.len() - 1].to_owned()
        }
        Some('\'') => value.replace('\'', "''"),
        _ => value,
    }
}

fn read(parts: &[Part], text: &str) -> Option<Vec<(Blank, String)>> {
    match parts.split_first() {
        None => text.is_empty().then(Vec::new),
        Some((Part::Text(literal), rest)) => read(rest, text.strip_prefix(literal.as_str())?),
        Some((Part::Blank { blank, .. }, rest)) => {
            let ends = text.char_indices().map(|(at, c)| at + c.len_utf8());
            let mut ends = ends.filter(|&end| rest.is_empty() || !text[..end].contains('/'));
            ends.find_map(|end| {
                let mut found = read(rest, &text[end..])?;
                found.insert(0, (blank.clone(), text[..end].to_owned()));
                Some(found)
            })
        }
    }
}

impl From<String> for Template {
    fn from(text: String) -> Self {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            literal.push_str(before);
            let blank = after.split_once('}').and_then(|(word, left)| Some((part(word)?, left)));
            match blank {
                Some((part, left)) => {
                    if !literal.is_empty() {
                        parts.push(Part::Text(std::mem::take(&mut literal)));
                    }
                    parts.push(part);
                    rest = left;
                }
                None => {
                    literal.push('{');
                    rest = after;
                }
            }
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(Part::Text(literal));
        }
        Self(parts)
    }
}

fn part(word: &str) -> Option<Part> {
    let (word, is_optional) = word.strip_suffix('?').map_or((word, false), |word| (word, true));
    let (word, is_number) = word.strip_suffix(":number").map_or((word, false), |word| (word, true));
    Some(Part::Blank { blank: Blank::named(word)?, is_optional, is_number })
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|part| match part {
            Part::Text(text) => f.write_str(text),
            Part::Blank { blank, is_optional, is_number } => {
                let word = blank.to_string();
                let number = if *is_number { ":number" } else { "" };
                let optional = if *is_optional { "?" } else { "" };
                write!(f, "{}{number}{optional}}}", word.trim_end_matches('}'))
            }
        })
    }
}

/// A JSON body whose texts may hold blanks.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "String")]
pub struct Body(Value);

impl Body {
    /// The blanks, in the order of the body.
    pub fn blanks(&self) -> Vec<Blank> {
        let mut found = Vec::new();
        walk(&self.0, &mut |text| {
            found.extend(Template::from(text.to_owned()).blanks().cloned());
        });
        found
    }

    /// The body as the file has it, its blanks in braces.
    pub fn as_written(&self) -> &Value {
        &self.0
    }

    /// The body with its blanks filled. A member or item that is nothing but an optional blank
    /// without a value is left out.
    ///
    /// # Errors
    /// The first blank without a value that is not optional.
    pub fn fill(&self, value: &dyn Fn(&Blank) -> Option<String>) -> Result<Value, Unfilled> {
        Ok(fill(&self.0, value)?.unwrap_or(Value::Null))
    }
}

fn walk(value: &Value, see: &mut dyn FnMut(&str)) {
    match value {
        Value::String(text) => see(text),
        Value::Array(items) => items.iter().for_each(|item| walk(item, see)),
        Value::Object(members) => members.values().for_each(|member| walk(member, see)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// `None`: leave it out.
fn fill(
    template: &Value,
    value: &dyn Fn(&Blank) -> Option<String>,
) -> Result<Option<Value>, Unfilled> {
    match template {
        Value::String(text) => fill_text(&Template::from(text.clone()), value),
        Value::Array(items) => {
            let items = items.iter().filter_map(|item| fill(item, value).transpose());
            items.collect::<Result<_, _>>().map(Value::Array).map(Some)
        }
        Value::Object(members) => {
            let members = members.iter().filter_map(|(name, member)| {
                let filled = fill(member, value).transpose()?;
                Some(filled.map(|filled| (name.clone(), filled)))
            });
            members.collect::<Result<Map<_, _>, _>>().map(Value::Object).map(Some)
        }
        other => Ok(Some(other.clone())),
    }
}

fn fill_text(
    template: &Template,
    value: &dyn Fn(&Blank) -> Option<String>,
) -> Result<Option<Value>, Unfilled> {
    if let Some(Part::Blank { blank, is_optional, is_number }) = template.alone() {
        return match value(blank) {
            Some(text) if *is_number => {
                let number = text.parse::<serde_json::Number>();
                Ok(Some(number.map_or(Value::String(text), Value::Number)))
            }
            Some(text) => Ok(Some(Value::String(text))),
            None if *is_optional => Ok(None),
            None => Err(Unfilled(blank.clone())),
        };
    }
    template.fill(value, &str::to_owned).map(Value::String).map(Some)
}

impl TryFrom<String> for Body {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        serde_json::from_str(&text).map(Self).map_err(|error| {
            format!("The body is no JSON ({error}). Write it as the app takes it, blanks in quotes")
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ana(blank: &Blank) -> Option<String> {
        match blank {
            Blank::Account => Some("42".into()),
            Blank::Email => Some("ana/b@x.example".into()),
            Blank::Id(name) if name == "membership" => Some("m7".into()),
            Blank::Setting(name) if name == "org" => Some("acme".into()),
            _ => None,
        }
    }

    fn path(text: &str) -> Template {
        Template::from(text.to_owned())
    }

    #[test]
    fn blanks_are_filled_and_encoded() {
        let encode = |text: &str| text.replace('/', "%2F");
        let filled = path("/{org}/users/{account}/{id.membership}").fill(&ana, &encode);
        assert_eq!(filled, Ok("/acme/users/42/m7".into()));
        assert_eq!(path("/by/{email}").fill(&ana, &encode), Ok("/by/ana%2Fb@x.example".into()));
        assert_eq!(path("/{group}").fill(&ana, &encode), Err(Unfilled(Blank::Group)));
        assert_eq!(path("a{group?}b").fill(&ana, &encode), Ok("ab".into()));
    }

    #[test]
    fn a_body_leaves_out_what_has_no_value_and_sends_numbers_where_asked() {
        let text = r#"{"id": "{account:number}", "name": "{display_name?}", "role": null,
            "groups": ["{group?}"], "mail": "mailto:{email}", "query": "{ users { id } }"}"#;
        let body = Body::try_from(text.to_owned()).expect("a body");
        let expected = json!({"id": 42, "role": null, "groups": [],
            "mail": "mailto:ana/b@x.example", "query": "{ users { id } }"});
        assert_eq!(body.fill(&ana), Ok(expected));
        assert_eq!(body.blanks().len(), 4);
    }

    #[test]
    fn a_value_cannot_end_the_quotation_that_it_stands_in() {
        let evil = |_: &Blank| Some(r#"a"b'c\"#.to_owned());
        let fill = |text: &str| path(text).fill(&evil, &str::to_owned).expect("it is filled");
        assert_eq!(fill(r#"login eq "{login}""#), r#"login eq "a\"b'c\\""#);
        assert_eq!(fill("users('{login}')"), r#"users('a"b''c\')"#);
        assert_eq!(fill("={login}"), r#"=a"b'c\"#);
        let body = Body::try_from(r#"{"query": "{ user(id: \"{account}\") { id } }"}"#.to_owned());
        let filled = body.expect("a body").fill(&evil).expect("it is filled");
        assert_eq!(filled["query"], json!(r#"{ user(id: "a\"b'c\\") { id } }"#));
    }

    #[test]
    fn a_path_is_read_back_into_its_blanks() {
        let template = path("/orgs/{org}/users/{account}");
        let found = template.read("/orgs/acme/users/4 2").expect("it fits");
        let words: Vec<String> = found.iter().map(|(b, v)| format!("{b}={v}")).collect();
        assert_eq!(words, ["{org}=acme", "{account}=4 2"]);
        assert_eq!(template.read("/orgs/a/b/users/42"), None);
        assert_eq!(template.read("/orgs/acme/users/"), None);
        assert_eq!(template.to_string(), "/orgs/{org}/users/{account}");
        assert_eq!(path("{group:number?}").to_string(), "{group:number?}");
    }
}
