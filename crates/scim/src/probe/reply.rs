//! One answer to a probe, and what can be read of it without judging it.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::{ErrorMessage, ListResponse, read, schema};

/// What stood in an answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Content {
    /// Nothing.
    #[default]
    Nothing,
    /// JSON, read strictly.
    Json(Value),
    /// Something else; the text says what.
    Other(String),
}

/// One answer, whatever it means.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// What stood in it.
    pub content: Content,
}

/// What came of one request.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard {
    /// The answer, or why there is none, as part of a sentence.
    pub reply: Result<Reply, String>,
    /// For a request that was repeated: how long it took until the answer showed what was waited
    /// for, in milliseconds. `None`: it never did.
    pub settled_ms: Option<u64>,
    /// How often it was sent.
    pub tries: u32,
}

impl Heard {
    /// The answer.
    ///
    /// # Errors
    /// Why there is none, as a sentence.
    pub fn reply(&self) -> Result<&Reply, String> {
        self.reply.as_ref().map_err(|why| format!("There was no answer: {why}."))
    }
}

impl Reply {
    /// Whether it is 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Whether it says that there is no such feature: 404, 405, 501.
    pub fn is_not_offered(&self) -> bool {
        matches!(self.status, 404 | 405 | 501)
    }

    /// A header; the name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The JSON object in it.
    pub fn object(&self) -> Option<&Map<String, Value>> {
        match &self.content {
            Content::Json(value) => value.as_object(),
            _ => None,
        }
    }

    /// The list in a 2xx.
    ///
    /// # Errors
    /// What it is instead, as a sentence.
    pub fn list(&self) -> Result<ListResponse, String> {
        if !self.is_success() {
            return Err(format!("The server answered {}.", self.said()));
        }
        match &self.content {
            Content::Json(value) => ListResponse::read(value).map_err(|error| error.to_string()),
            Content::Nothing => Err("The answer is empty.".to_owned()),
            Content::Other(what) => Err(format!("The answer is {what}.")),
        }
    }

    /// `scimType` of an error.
    pub fn scim_type(&self) -> Option<String> {
        match &self.content {
            Content::Json(value) => ErrorMessage::read(value)?.scim_type,
            _ => None,
        }
    }

    /// Status and `scimType`, for a sentence.
    pub fn said(&self) -> String {
        match self.scim_type() {
            Some(word) => format!("{} {word}", self.status),
            None => self.status.to_string(),
        }
    }

    /// How the body of an error departs from RFC 7644 §3.12; empty for a clean one.
    pub fn error_faults(&self) -> Vec<String> {
        let object = match &self.content {
            Content::Json(Value::Object(object)) => object,
            Content::Json(_) => return vec!["its body is no JSON object".to_owned()],
            Content::Nothing => return vec!["it has no body".to_owned()],
            Content::Other(what) => return vec![format!("its body is {what}")],
        };
        let mut faults = Vec::new();
        let is_error = |uri: &String| uri.eq_ignore_ascii_case(schema::ERROR);
        if !read::texts_of(object, "schemas").iter().any(is_error) {
            faults.push("`schemas` does not name the Error schema".to_owned());
        }
        match read::get(object, "status") {
            Some(Value::String(text)) if *text == self.status.to_string() => {}
            Some(Value::String(text)) => {
                faults.push(format!("`status` is {text:?} under HTTP {}", self.status));
            }
            Some(Value::Number(_)) => faults.push("`status` is a number and not text".to_owned()),
            _ => faults.push("`status` is missing".to_owned()),
        }
        faults
    }
}

/// A header's value that changes from answer to answer or may be secret is none of a report's
/// business; these names are, because they say how fast a server may be asked.
pub(super) fn is_rate_header(name: &str) -> bool {
    name == "retry-after" || name.contains("ratelimit") || name.contains("rate-limit")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn faults(status: u16, body: Value) -> String {
        Reply { status, content: Content::Json(body), ..Reply::default() }.error_faults().join("; ")
    }

    #[test]
    fn an_error_body_is_held_against_the_rfc() {
        let clean = json!({"schemas": [schema::ERROR], "status": "404"});
        assert_eq!(faults(404, clean.clone()), "");
        assert_eq!(faults(400, clean), "`status` is \"404\" under HTTP 400");
        let odd = json!({"schemas": schema::ERROR, "status": 404});
        assert_eq!(faults(404, odd), "`status` is a number and not text");
        assert_eq!(
            faults(409, json!({"errorCode": "USER_EXISTS"})),
            "`schemas` does not name the Error schema; `status` is missing"
        );
        let page = Content::Other("an HTML page".to_owned());
        let page = Reply { status: 404, content: page, ..Reply::default() };
        assert_eq!(page.error_faults(), ["its body is an HTML page"]);
    }
}
