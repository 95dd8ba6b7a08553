//! Access tokens that are fetched with a client's secret (RFC 6749 §4.4).

use std::time::Duration;

use reqwest::Method;
use rollbook_catalog::rest::ClientPlace;
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::auth::basic;
use crate::channel::answer::Said;
use crate::channel::http::{Call, FORM, Http, HttpSettings, form};
use crate::channel::line::now;
use crate::error::Result;
use crate::secret::Secret;

/// How long a token is kept where nothing is said, in seconds.
const KEPT_S: u64 = 3600;

/// A token is kept at least so long, so that one that claims to have ended already is not fetched
/// for every request; in seconds. If it has ended, it is refused, and fetched anew then.
const KEPT_S_MIN: u64 = 30;

/// And at most so long, whatever it claims.
const KEPT_S_MAX: u64 = 24 * 3600;

/// Who fetches tokens.
#[derive(Debug)]
pub(super) struct Client {
    /// The client's id.
    pub id: String,
    /// Its secret.
    pub secret: Secret,
    /// Where both are shown.
    pub place: ClientPlace,
    /// Further parameters.
    pub params: Vec<(String, String)>,
}

/// The token of one instance, fetched when it is needed, by one request at a time.
#[derive(Debug)]
pub(super) struct Tokens {
    http: Http,
    call: Call,
    kept: Mutex<Option<Kept>>,
}

#[derive(Debug)]
struct Kept {
    token: Secret,
    until: Instant,
}

impl Tokens {
    /// Judges where tokens are made; nothing is sent.
    ///
    /// # Errors
    /// [`crate::error::Kind::Setup`] when the address cannot be used.
    pub(super) fn new(settings: &HttpSettings, client: Client) -> Result<Self> {
        let http = Http::new(settings)?;
        Ok(Self { http, call: request(&client), kept: Mutex::new(None) })
    }

    /// A token that should count.
    ///
    /// # Errors
    /// What was said in its place.
    pub(super) async fn get(&self) -> Result<Secret, Said> {
        let mut kept = self.kept.lock().await;
        if let Some(kept) = kept.as_ref().filter(|kept| kept.until > Instant::now()) {
            return Ok(kept.token.clone());
        }
        let said = match self.http.send(&self.call).await {
            Ok(answer) => Said::judge(&answer, now()),
            Err(lost) => Said::Lost(lost),
        };
        let (token, for_s) = granted(said)?;
        let until = Instant::now() + Duration::from_secs(for_s);
        *kept = Some(Kept { token: token.clone(), until });
        Ok(token)
    }

    /// The token was refused.
    pub(super) async fn forget(&self) {
        *self.kept.lock().await = None;
    }
}

fn request(client: &Client) -> Call {
    let Client { id, secret, place, params } = client;
    let mut pairs: Vec<(&str, &str)> = params.iter().map(|(n, v)| (&**n, &**v)).collect();
    if !params.iter().any(|(name, _)| name == "grant_type") {
        pairs.push(("grant_type", "client_credentials"));
    }
    let call = Call::encoded(Method::POST, "");
    let call = match place {
        ClientPlace::Body => {
            pairs.extend([("client_id", id.as_str()), ("client_secret", secret.expose())]);
            call
        }
        ClientPlace::Basic => {
            // Both halves are encoded as in a form before they are joined (RFC 6749 §2.3.1).
            let plain = |text: &str| form([("", text)]).trim_start_matches('=').to_owned();
            let (_, header) = basic(&plain(id), &plain(secret.expose()));
            call.header("authorization", header)
        }
    };
    call.body_as(FORM, form(pairs))
}

/// The token in an answer, and for how many seconds it is kept.
fn granted(said: Said) -> Result<(Secret, u64), Said> {
    let refused = |status, detail: &str| Said::Refused {
        status,
        detail: format!("no access token was given out: {detail}"),
    };
    match said {
        Said::Fine(Some(body)) => match body.get("access_token").and_then(Value::as_str) {
            Some(token) if !token.is_empty() => {
                Ok((Secret::new(token), kept_s(body.get("expires_in"))))
            }
            _ => Err(refused(200, "there is no `access_token` in the answer")),
        },
        Said::Fine(None) => Err(refused(200, "the answer is empty")),
        Said::Unauthorized => Err(refused(401, "the client's id or secret is not accepted")),
        Said::Refused { status, detail } => Err(refused(status, &detail)),
        Said::Missing => Err(refused(404, "there is nothing at `token_url`")),
        said => Err(said),
    }
}

/// A tenth of its life, at most a minute, before it ends, a token is not used any more.
fn kept_s(expires_in: Option<&Value>) -> u64 {
    let told = expires_in.and_then(|value| match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    });
    let Some(seconds) = told.filter(|seconds| seconds.is_finite()) else { return KEPT_S };
    let seconds = seconds.clamp(0.0, KEPT_S_MAX as f64) as u64;
    (seconds - (seconds / 10).min(60)).max(KEPT_S_MIN)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_token_is_dropped_shortly_before_it_ends_whatever_it_claims() {
        let kept = |value: Value| kept_s(Some(&value));
        assert_eq!(kept(json!(3600)), 3540);
        assert_eq!(kept(json!("300")), 270);
        assert_eq!(kept(json!(0)), KEPT_S_MIN);
        assert_eq!(kept(json!(-1)), KEPT_S_MIN);
        assert_eq!(kept(json!(1_000_000_000_000_u64)), KEPT_S_MAX - 60);
        assert_eq!(kept(json!("soon")), KEPT_S);
        assert_eq!(kept_s(None), KEPT_S);
    }

    #[test]
    fn the_client_is_shown_where_the_app_wants_it() {
        let client = |place| Client {
            id: "me".into(),
            secret: Secret::new("a b&c"),
            place,
            params: vec![("scope".into(), "users read".into())],
        };
        let in_body = request(&client(ClientPlace::Body));
        assert_eq!(
            in_body.body_text(),
            "scope=users+read&grant_type=client_credentials&client_id=me&client_secret=a+b%26c"
        );
        let in_header = request(&client(ClientPlace::Basic));
        assert_eq!(in_header.body_text(), "scope=users+read&grant_type=client_credentials");
    }
}
