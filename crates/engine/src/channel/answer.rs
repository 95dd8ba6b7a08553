//! What an answer means, decided by the HTTP status first and by the body second. Pure.

use std::time::Duration;

use jiff::Timestamp;
use rollbook_scim::{ErrorMessage, json, schema};
use serde_json::Value;

use super::http::{Answer, Lost};
use super::pace::budget::Heard;
use super::rate::{WAIT_MAX, retry_after};
use crate::error::{Error, Kind};

/// More of a vendor's own words than this many characters are not repeated.
const DETAIL_CHARS_MAX: usize = 200;

/// An answer with more JSON values than about this is refused; it would take hundreds of MiB.
const VALUES_MAX: usize = 1_000_000;

/// A server must not send it in front of JSON, and a reader may refuse it or pass over it (RFC 8259
/// §8.1). We refuse: an API does not write it, so what comes with it is something else's work, a
/// file or a proxy that rewrites answers, and nobody is to lose access on such a word.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// What a vendor said, or that it said nothing.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// 2xx; the JSON body, if there was one.
    Fine(Option<Value>),
    /// 404 or 410.
    Missing,
    /// 409 or 412: it clashes with what is there.
    Conflict {
        /// The status.
        status: u16,
        /// The vendor's words.
        detail: String,
    },
    /// Too fast: 429, or 403, 423, 503 with `Retry-After` or with nothing left of a limit.
    Throttled {
        /// How long to wait, where the vendor says.
        wait: Option<Duration>,
    },
    /// 401: the token does not count any more.
    Unauthorized,
    /// 3xx: elsewhere, where we do not go.
    Redirected {
        /// The place named, without its query.
        to: String,
    },
    /// Another 4xx, or 501: understood and not done.
    Refused {
        /// The status.
        status: u16,
        /// The vendor's words.
        detail: String,
    },
    /// Another 5xx.
    Broken {
        /// The status.
        status: u16,
        /// The vendor's words.
        detail: String,
    },
    /// 2xx, but not what was asked for: HTML, broken JSON, an error in a 200.
    Unreadable {
        /// What is wrong, as part of a sentence.
        why: String,
    },
    /// There is no answer.
    Lost(Lost),
    /// The request could not be made, so there was none.
    Unsent {
        /// Why, as a sentence.
        why: String,
    },
}

impl Said {
    /// Judges an answer. `now` serves a `Retry-After` that is a date.
    pub fn judge(answer: &Answer, now: Timestamp) -> Self {
        Self::judge_by(answer, now, &|value| value.and_then(error_inside))
    }

    /// The same, with `wrong` to say what in the body of a success is an error all the same; `None`
    /// is a success without a body.
    pub fn judge_by(
        answer: &Answer,
        now: Timestamp,
        wrong: &dyn Fn(Option<&Value>) -> Option<String>,
    ) -> Self {
        let status = answer.status;
        // Some vendors say in other headers when their limit begins anew.
        let is_spent = status == 429 || answer.rate.is_spent();
        let asked = retry_after(answer.retry_after.as_deref(), now);
        let wait = asked.or_else(|| answer.rate.wait(now).filter(|_| is_spent));
        let detail = || detail(&answer.body);
        match status {
            200..=299 => judge_success(answer, wrong),
            300..=399 => Self::Redirected { to: place_named(answer.location.as_deref()) },
            401 => Self::Unauthorized,
            429 => Self::Throttled { wait },
            403 | 423 | 503 if wait.is_some() => Self::Throttled { wait },
            404 | 410 => Self::Missing,
            409 | 412 => Self::Conflict { status, detail: detail() },
            400..=499 | 501 => Self::Refused { status, detail: detail() },
            _ => Self::Broken { status, detail: detail() },
        }
    }

    /// What it teaches the pace; `status` is that of the answer.
    pub fn heard(&self, status: u16, is_spent: bool) -> Heard {
        match self {
            Self::Throttled { wait } => {
                Heard::Refused { wait: *wait, is_limit: status == 429 || is_spent }
            }
            Self::Lost(_) | Self::Unsent { .. } | Self::Broken { .. } => Heard::Nothing,
            _ => Heard::Admitted,
        }
    }

    /// Whether the same read may succeed a little later.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Throttled { .. } | Self::Broken { .. } => true,
            Self::Lost(lost) => !lost.forbidden,
            _ => false,
        }
    }

    /// What was said, as a sentence about the instance.
    pub fn sentence(&self) -> String {
        let with = |status: u16, detail: &str| match detail {
            "" => format!("The instance answered {status}."),
            detail => format!("The instance answered {status}: {detail}."),
        };
        match self {
            Self::Fine(_) => "The instance answered.".into(),
            Self::Missing => "The instance answered 404: there is nothing at that address.".into(),
            Self::Conflict { status, detail }
            | Self::Refused { status, detail }
            | Self::Broken { status, detail } => with(*status, detail),
            Self::Throttled { wait: Some(wait) } if *wait >= WAIT_MAX => {
                "The instance asks us to wait for an hour or longer. It is asked again in an hour."
                    .into()
            }
            Self::Throttled { wait: Some(wait) } => {
                format!("The instance asks us to wait {} s.", wait.as_secs())
            }
            Self::Throttled { wait: None } => "The instance asks us to slow down.".into(),
            Self::Unauthorized => "The instance refused the token (401).".into(),
            Self::Redirected { to } => format!(
                "The instance redirects to {to}; redirects are not followed, because the token \
                 would go there."
            ),
            Self::Unreadable { why } => format!("The instance answered {why}."),
            Self::Lost(lost) => format!("The instance could not be reached: {}.", lost.why),
            Self::Unsent { why } => why.clone(),
        }
    }

    /// What an administrator can do about it, or empty.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Unauthorized => {
                "The token has expired or was revoked. Make a new one and put it where the old \
                 one lies."
            }
            Self::Refused { status: 403, .. } => {
                "The token lacks a scope, or the vendor's plan does not include this API."
            }
            Self::Missing | Self::Redirected { .. } | Self::Unreadable { .. } => {
                "Check `base_url`: it is where this tenant's API starts, without `/Users`."
            }
            Self::Lost(lost) if lost.forbidden => {
                "If the vendor runs in your own network, set `allow_private = true`."
            }
            _ => "",
        }
    }

    /// When to try again, if time alone may help. Without the vendor's word: in a minute.
    pub fn retry_at(&self, now: Timestamp) -> Option<Timestamp> {
        let wait = match self {
            Self::Throttled { wait } => wait.unwrap_or(Duration::from_secs(60)),
            _ if self.is_passing() => Duration::from_secs(60),
            _ => return None,
        };
        now.checked_add(wait).ok()
    }

    /// The error of an operation on `instance` that ended with this.
    pub fn into_error(self, instance: &str, now: Timestamp) -> Error {
        let kind = match &self {
            said if said.is_passing() => Kind::Vendor { retry_at: said.retry_at(now) },
            Self::Conflict { .. } => Kind::Vendor { retry_at: None },
            _ => Kind::Setup,
        };
        let error = Error::new(kind, format!("Instance `{instance}`: {}", self.sentence()));
        match self.hint() {
            "" => error,
            hint => error.hint(hint),
        }
    }
}

fn judge_success(answer: &Answer, wrong: &dyn Fn(Option<&Value>) -> Option<String>) -> Said {
    let unreadable = |why: String| Said::Unreadable { why };
    let encoding = answer.encoding.as_deref().unwrap_or("identity");
    if !encoding.eq_ignore_ascii_case("identity") {
        return unreadable(format!("{} compressed although we asked it not to", answer.status));
    }
    let with_error = |detail| format!("{} with an error in it: {detail}", answer.status);
    if answer.status == 204 || answer.body.iter().all(u8::is_ascii_whitespace) {
        return wrong(None).map_or(Said::Fine(None), |detail| unreadable(with_error(detail)));
    }
    if answer.body.iter().filter(|b| b",[{".contains(b)).count() > VALUES_MAX {
        return unreadable(format!("{} with more than {VALUES_MAX} values", answer.status));
    }
    if answer.body.starts_with(BYTE_ORDER_MARK) && !is_html(&answer.body) {
        return unreadable(format!("{} with a byte order mark in front", answer.status));
    }
    match json::read(&answer.body) {
        Ok(value) => match wrong(Some(&value)) {
            Some(detail) => unreadable(with_error(detail)),
            None => Said::Fine(Some(value)),
        },
        Err(_) if is_html(&answer.body) => unreadable(format!(
            "{} with an HTML page, as a sign-in or maintenance page does",
            answer.status
        )),
        Err(cause) => {
            unreadable(format!("{} with broken JSON ({})", answer.status, cause.detail()))
        }
    }
}

/// Some vendors answer 200 and put the error into the body.
pub fn error_inside(value: &Value) -> Option<String> {
    let object = value.as_object()?;
    if object.contains_key("id") || object.contains_key("Resources") {
        return None;
    }
    let is_scim_error =
        object.get("schemas").is_some_and(|s| s.to_string().contains(schema::ERROR));
    let says_not_ok = object.get("ok") == Some(&Value::Bool(false));
    let has_error = ["error", "errors"].iter().any(|k| match object.get(*k) {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::Array(list)) => !list.is_empty(),
        Some(Value::Object(members)) => !members.is_empty(),
        Some(Value::String(text)) => !text.is_empty(),
        Some(_) => true,
    });
    (is_scim_error || says_not_ok || has_error).then(|| match told(value).as_str() {
        "" => "unnamed".to_owned(),
        told => told.to_owned(),
    })
}

/// The vendor's own words, shortened, on one line, never a page of HTML.
fn detail(body: &[u8]) -> String {
    if let Ok(value) = json::read(body) {
        return told(&value);
    }
    if is_html(body) {
        return "an HTML page".into();
    }
    one_line(&String::from_utf8_lossy(&body[..body.len().min(4 * DETAIL_CHARS_MAX)]))
}

/// The vendor's own words in a body, or empty; what it put elsewhere than most is shown as it is.
pub fn told(value: &Value) -> String {
    let message = ErrorMessage::read(value).unwrap_or_default();
    let words = message.detail.or(message.scim_type).or_else(|| {
        let odd = ["error", "errors"].iter().find_map(|name| value.get(*name))?;
        Some(odd.as_str().map_or_else(|| odd.to_string(), str::to_owned))
    });
    one_line(words.unwrap_or_default().trim_end_matches('.'))
}

fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let line = words.filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(DETAIL_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

pub(super) fn is_html(body: &[u8]) -> bool {
    let start = String::from_utf8_lossy(&body[..body.len().min(200)]).to_ascii_lowercase();
    let start = start.trim_start_matches('\u{feff}').trim_start();
    start.starts_with("<!doctype") || start.starts_with("<html") || start.starts_with("<head")
}

/// A `Location` for people: without query and fragment, which may hold secrets.
fn place_named(location: Option<&str>) -> String {
    let place = location.unwrap_or_default().split(['?', '#']).next().unwrap_or_default();
    match (one_line(place), place.contains('@')) {
        (place, false) if !place.is_empty() => place,
        _ => "another address".into(),
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer { status, body: body.into(), ..Answer::default() }
    }

    fn check(answer: &Answer) -> String {
        let said = Said::judge(answer, "2026-11-21T12:00:00Z".parse().unwrap());
        let name = format!("{said:?}");
        let name = name.split([' ', '(', '{']).next().unwrap_or_default();
        format!("{name}: {}", said.sentence())
    }

    #[test]
    fn success_is_json_or_nothing() {
        assert_eq!(
            Said::judge(&answer(200, r#"{"id":"1"}"#), Timestamp::UNIX_EPOCH),
            Said::Fine(Some(serde_json::json!({"id":"1"})))
        );
        for fine in [answer(204, "leftover"), answer(200, ""), answer(202, " \n")] {
            assert_eq!(Said::judge(&fine, Timestamp::UNIX_EPOCH), Said::Fine(None));
        }
    }

    #[test]
    fn a_200_that_is_no_success() {
        assert_snapshot!(check(&answer(200, "<!DOCTYPE html><title>Sign in")), @"Unreadable: The instance answered 200 with an HTML page, as a sign-in or maintenance page does.");
        assert_snapshot!(check(&answer(200, r#"{"ok":false,"error":"ratelimited"}"#)), @"Unreadable: The instance answered 200 with an error in it: ratelimited.");
        assert_snapshot!(check(&answer(200, r#"{"errors":[{"message":"no such field"}]}"#)), @"Unreadable: The instance answered 200 with an error in it: no such field.");
        assert_snapshot!(check(&answer(200, r#"{"Resources":[{"id":"1"#)), @"Unreadable: The instance answered 200 with broken JSON (EOF while parsing a string at line 1 column 22).");
        assert_snapshot!(check(&answer(200, "\u{feff}{\"id\":\"1\"}")), @"Unreadable: The instance answered 200 with a byte order mark in front.");
        let utf16: Vec<u8> = "\u{feff}{}".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let wide = check(&Answer { body: utf16, ..answer(200, "") });
        assert!(
            wide.starts_with("Unreadable: The instance answered 200 with broken JSON"),
            "{wide}"
        );
        assert_snapshot!(check(&answer(200, "\u{feff}<html>")), @"Unreadable: The instance answered 200 with an HTML page, as a sign-in or maintenance page does.");
        let packed = Answer { encoding: Some("gzip".into()), ..answer(200, "x") };
        assert_snapshot!(check(&packed), @"Unreadable: The instance answered 200 compressed although we asked it not to.");
    }

    #[test]
    fn every_form_of_throttling() {
        let with = |status, after: &str| {
            check(&Answer { retry_after: Some(after.into()), ..answer(status, "") })
        };
        assert_snapshot!(with(429, "7"), @"Throttled: The instance asks us to wait 7 s.");
        assert_snapshot!(with(423, "Sat, 21 Nov 2026 12:00:30 GMT"), @"Throttled: The instance asks us to wait 30 s.");
        assert_snapshot!(with(403, "2"), @"Throttled: The instance asks us to wait 2 s.");
        assert_snapshot!(with(503, "-1"), @"Throttled: The instance asks us to wait 1 s.");
        assert_snapshot!(with(429, "1e12"), @"Throttled: The instance asks us to wait for an hour or longer. It is asked again in an hour.");
        assert_snapshot!(with(429, "Wed, 21 Oct 2099 07:28:00 GMT"), @"Throttled: The instance asks us to wait for an hour or longer. It is asked again in an hour.");
        assert_snapshot!(with(429, ""), @"Throttled: The instance asks us to slow down.");
        assert_snapshot!(with(429, "NaN"), @"Throttled: The instance asks us to slow down.");
        assert_snapshot!(check(&answer(503, "")), @"Broken: The instance answered 503.");
    }

    #[test]
    fn errors_of_every_shape_keep_the_vendors_words() {
        assert_snapshot!(check(&answer(400, r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"400","scimType":"invalidFilter","detail":"no"}"#)), @"Refused: The instance answered 400: no.");
        assert_snapshot!(check(&answer(409, r#"{"response":{"detail":"taken"}}"#)), @"Conflict: The instance answered 409: taken.");
        assert_snapshot!(check(&answer(400, r#"{"Errors":{"description":"bad  value\n here"}}"#)), @"Refused: The instance answered 400: bad value here.");
        assert_snapshot!(check(&answer(404, "<html>")), @"Missing: The instance answered 404: there is nothing at that address.");
        assert_snapshot!(check(&answer(500, "<html><body>")), @"Broken: The instance answered 500: an HTML page.");
        assert_snapshot!(check(&answer(401, "x")), @"Unauthorized: The instance refused the token (401).");
    }

    #[test]
    fn a_redirect_is_named_without_what_may_be_secret() {
        let to = |place: &str| check(&Answer { location: Some(place.into()), ..answer(302, "") });
        assert_snapshot!(to("https://evil.example/x?token=canary#c"), @"Redirected: The instance redirects to https://evil.example/x; redirects are not followed, because the token would go there.");
        assert_snapshot!(to("https://u:canary@evil.example/"), @"Redirected: The instance redirects to another address; redirects are not followed, because the token would go there.");
    }
}
