//! How requests prove who sends them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Url;
use rollbook_catalog::rest::{Auth, Half, Signature};

use super::RestSettings;
use super::sign::DuoSigner;
use super::token::{Client, Tokens};
use crate::channel::answer::Said;
use crate::channel::http::{Call, bearer};
use crate::channel::line::now;
use crate::error::{Error, Result};
use crate::secret::Secret;

/// What is done to each request so that it counts.
#[derive(Debug)]
pub(super) enum Prover {
    /// Nothing: the headers of every request do.
    Header,
    /// It carries a token that is fetched with the client's secret.
    Token(Box<Tokens>),
    /// It is signed as Duo asks.
    Duo(DuoSigner),
}

impl Prover {
    /// Puts what every request carries into `headers`.
    ///
    /// # Errors
    /// [`crate::error::Kind::Setup`] when the app file's way cannot be gone with these settings.
    pub(super) fn new(
        settings: &RestSettings,
        base_url: &str,
        headers: &mut Vec<(String, Secret)>,
    ) -> Result<Self> {
        let secret = &settings.token;
        match &settings.rest.auth {
            Auth::Bearer {} => headers.push(bearer(secret)),
            Auth::Header { name, prefix, suffix } => {
                let value = format!("{}{}{suffix}", settings.filled(prefix)?, secret.expose());
                headers.push((name.clone(), Secret::new(value)));
            }
            Auth::Basic { secret: half, other } => {
                let other = settings.filled(other)?;
                headers.push(match half {
                    Half::User => basic(secret.expose(), &other),
                    Half::Password => basic(&other, secret.expose()),
                });
            }
            Auth::Oauth2 { token_url, client_id, client, params } => {
                let address = match (&settings.token_url, &settings.base_url) {
                    (Some(url), _) => url.clone(),
                    (None, None) => settings.address(token_url)?,
                    (None, Some(_)) => at_home(base_url, &settings.filled(token_url)?)?,
                };
                let mut filled = Vec::new();
                for (name, template) in params {
                    filled.push((name.clone(), settings.filled(template)?));
                }
                let client = Client {
                    id: settings.filled(client_id)?,
                    secret: secret.clone(),
                    place: *client,
                    params: filled,
                };
                let tokens = Tokens::new(&settings.http(address, Vec::new()), client)?;
                return Ok(Self::Token(Box::new(tokens)));
            }
            Auth::Signed { method: Signature::Duo, key_id } => {
                let key_id = settings.filled(key_id)?;
                let base = Url::parse(base_url).map_err(|_| no_address(base_url))?;
                return Ok(Self::Duo(DuoSigner::new(key_id, secret.clone(), &base)));
            }
        }
        Ok(Self::Header)
    }

    /// The request as it goes out.
    ///
    /// # Errors
    /// What was said in place of a token.
    pub(super) async fn sign(&self, call: &Call) -> Result<Call, Said> {
        match self {
            Self::Header => Ok(call.clone()),
            Self::Token(tokens) => {
                let token = tokens.get().await?;
                let (_, header) = bearer(&token);
                Ok(call.clone().header("authorization", header).blanking(token))
            }
            Self::Duo(signer) => {
                let date = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_string(&now());
                let date = date.map_err(|cause| Said::Unsent { why: format!("{cause}.") })?;
                Ok(signer.sign(call, &date))
            }
        }
    }

    /// The request was refused as unknown: whether it may be sent once more, with a new proof.
    pub(super) async fn renew(&self) -> bool {
        match self {
            Self::Header | Self::Duo(_) => false,
            Self::Token(tokens) => {
                tokens.forget().await;
                true
            }
        }
    }
}

/// `Authorization: Basic` (RFC 7617).
pub(super) fn basic(user: &str, password: &str) -> (String, Secret) {
    let both = STANDARD.encode(format!("{user}:{password}"));
    ("authorization".to_owned(), Secret::new(format!("Basic {both}")))
}

/// The path of `address` on the host of `base_url`.
fn at_home(base_url: &str, address: &str) -> Result<String> {
    let mut home = Url::parse(base_url).map_err(|_| no_address(base_url))?;
    let address = Url::parse(address).map_err(|_| no_address(address))?;
    home.set_path(address.path());
    Ok(home.to_string())
}

fn no_address(text: &str) -> Error {
    Error::setup(format!("`{text}` is not a web address."))
        .hint("Write the whole of it, for example \"https://api.example.com/v1\".")
}
