//! Notices as e-mail, over SMTP with STARTTLS or TLS. The message id of a notice stays the same however
//! often it is sent (RFC 5322 §3.6.4), so that whoever gets it can know a repetition.

use std::net::IpAddr;
use std::time::Duration;

use jiff::Timestamp;
use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use rollbook_core::explain::printable;

use super::address::Allowed;
use super::notice::{Notice, Sent};
use crate::config::{EmailConfig, EmailTls};
use crate::error::{Error, Result};
use crate::secret::Secret;

/// How long each step of a conversation with the server may take.
const DEADLINE: Duration = Duration::from_secs(20);

/// A longer subject than this many characters is cut; the text has all of it.
const SUBJECT_CHARS_MAX: usize = 120;

/// The server that takes our mail.
#[derive(Debug)]
pub struct Mail {
    config: EmailConfig,
    from: Mailbox,
    credentials: Option<Credentials>,
}

impl Mail {
    /// The server of `config`, to which we show `password` where we have one.
    ///
    /// # Errors
    /// [`crate::error::Kind::Setup`] when the sender is no address.
    pub fn new(config: &EmailConfig, password: Option<&Secret>) -> Result<Self> {
        let from = config.from.parse().map_err(|_| {
            Error::setup(format!("`{}` is no e-mail address to send from.", config.from))
                .hint("Write `from = \"Rollbook <rollbook@example.com>\"` in `[notify.email]`.")
        })?;
        let credentials =
            password.map(|it| Credentials::new(config.user.clone(), it.expose().to_owned()));
        Ok(Self { config: config.clone(), from, credentials })
    }

    /// Sends a notice once, to the address of whom it is for.
    pub async fn send(&self, notice: &Notice, now: Timestamp) -> Sent {
        let message = match self.message(notice, now) {
            Ok(message) => message,
            Err(why) => return Sent::Never { why },
        };
        let address = match self.address().await {
            Ok(address) => address,
            Err(sent) => return sent,
        };
        let tls = match self.tls() {
            Ok(tls) => tls,
            Err(why) => return Sent::NotYet { why },
        };
        // The address that was judged is the one that is connected to.
        let server = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(address.to_string());
        let mut server = server.port(self.config.port()).tls(tls).timeout(Some(DEADLINE));
        if let Some(credentials) = &self.credentials {
            server = server.credentials(credentials.clone());
        }
        match server.build().send(message).await {
            Ok(_) => Sent::Taken,
            Err(error) => {
                let code = error.status().map(|code| code.to_string()).unwrap_or_default();
                let why = printable(&error.to_string());
                match ["550", "551", "552", "553", "554"].contains(&code.as_str()) {
                    true => Sent::Never { why },
                    false => Sent::NotYet { why },
                }
            }
        }
    }

    fn message(&self, notice: &Notice, now: Timestamp) -> std::result::Result<Message, String> {
        let to = self.config.people.get(&notice.whom);
        let to = to.ok_or_else(|| format!("no address is known of {}", notice.whom))?;
        let to: Mailbox = to.parse().map_err(|_| format!("`{to}` is no e-mail address"))?;
        let subject: String = printable(&notice.title).chars().take(SUBJECT_CHARS_MAX).collect();
        let text = format!("{}\r\n\r\nRollbook, {}\r\n", printable(&notice.text), notice.task);
        let id = format!("<{}@{}>", notice.id, self.from.email.domain());
        Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(subject)
            .message_id(Some(id))
            .date(now.into())
            .header(ContentType::TEXT_PLAIN)
            .body(text)
            .map_err(|error| error.to_string())
    }

    /// Where the server is, if it may be reached.
    async fn address(&self) -> std::result::Result<IpAddr, Sent> {
        let is_readable = self.config.tls == EmailTls::None;
        let allowed = Allowed { private: self.config.allow_private, public: !is_readable };
        let place = (self.config.host.as_str(), self.config.port());
        let found = tokio::net::lookup_host(place).await;
        let found = found.map_err(|error| Sent::NotYet { why: error.to_string() })?;
        let mut permitted = found.map(|found| found.ip()).filter(|ip| allowed.permits(*ip));
        permitted.next().ok_or_else(|| Sent::NotYet {
            why: format!("{} lies where it may not be reached", self.config.host),
        })
    }

    fn tls(&self) -> std::result::Result<Tls, String> {
        let parameters = || {
            TlsParameters::new_rustls(self.config.host.clone()).map_err(|error| error.to_string())
        };
        Ok(match self.config.tls {
            EmailTls::Starttls => Tls::Required(parameters()?),
            EmailTls::Implicit => Tls::Wrapper(parameters()?),
            EmailTls::None => Tls::None,
        })
    }
}
