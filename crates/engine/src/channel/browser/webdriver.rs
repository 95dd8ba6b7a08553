//! The part of W3C WebDriver that a session needs, as plain requests to the driver.
//!
//! Nothing of what goes in or out is logged: passwords go in and lists of people come out.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

/// How long one command may take. Longer than what the driver is told to wait for a page.
const COMMAND_WITHIN: Duration = Duration::from_secs(45);

/// How long a page may take to load and a script to answer, in milliseconds.
const PAGE_WITHIN_MS: u64 = 30_000;

/// An answer longer than this is given up.
const BYTES_MAX: usize = 64 * 1024 * 1024;

/// What an element is called in answers (W3C WebDriver §12.1).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// Why a command came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The driver says so: its word for it (§6.6), and the first line of its message.
    Said {
        /// E.g. `no such window`.
        word: String,
        /// For people.
        message: String,
    },
    /// There is no answer to be read.
    Lost,
}

/// A session of a driver.
#[derive(Clone, Debug)]
pub(super) struct WebDriver {
    client: reqwest::Client,
    session: String,
}

impl WebDriver {
    /// Opens a session with the driver at `address`.
    pub(super) async fn open(address: &str, wanted: Value) -> Result<Self, Fault> {
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .timeout(COMMAND_WITHIN)
            .build()
            .map_err(|_| Fault::Lost)?;
        let address = address.trim_end_matches('/');
        let driver = Self { client, session: format!("{address}/session") };
        let wanted = json!({"capabilities": {"alwaysMatch": wanted}});
        let opened = driver.send(reqwest::Method::POST, "", Some(wanted)).await?;
        let id = opened["sessionId"].as_str().ok_or(Fault::Lost)?;
        let driver = Self { session: format!("{}/{id}", driver.session), ..driver };
        let timeouts = json!({"implicit": 0, "pageLoad": PAGE_WITHIN_MS, "script": PAGE_WITHIN_MS});
        driver.post("/timeouts", timeouts).await?;
        Ok(driver)
    }

    /// Ends the session and its browser.
    pub(super) async fn close(&self) -> Result<(), Fault> {
        self.send(reqwest::Method::DELETE, "", None).await.map(|_| ())
    }

    /// Opens an address.
    pub(super) async fn open_page(&self, address: &str) -> Result<(), Fault> {
        self.post("/url", json!({"url": address})).await.map(|_| ())
    }

    /// Runs a function body in the page and returns what it returns.
    pub(super) async fn run(&self, script: &str, args: Value) -> Result<Value, Fault> {
        self.post("/execute/sync", json!({"script": script, "args": args})).await
    }

    /// Goes into the frame that a script returned; `None`: into the page itself.
    pub(super) async fn enter(&self, frame: Option<&Value>) -> Result<(), Fault> {
        let id = frame.map(|frame| json!({ELEMENT: frame[ELEMENT]})).unwrap_or_default();
        self.post("/frame", json!({"id": id})).await.map(|_| ())
    }

    /// The cookies of the page that is open.
    pub(super) async fn cookies(&self) -> Result<Vec<Value>, Fault> {
        let cookies = self.send(reqwest::Method::GET, "/cookie", None).await?;
        Ok(cookies.as_array().cloned().unwrap_or_default())
    }

    /// Sets a cookie for the page that is open.
    pub(super) async fn set_cookie(&self, cookie: Value) -> Result<(), Fault> {
        self.post("/cookie", json!({"cookie": cookie})).await.map(|_| ())
    }

    /// A command of Chromium's own protocol, for what WebDriver has no word for.
    pub(super) async fn chromium(&self, command: &str, params: Value) -> Result<Value, Fault> {
        self.post("/goog/cdp/execute", json!({"cmd": command, "params": params})).await
    }

    /// What the native dialog says that is open.
    pub(super) async fn dialog(&self) -> Result<String, Fault> {
        let text = self.send(reqwest::Method::GET, "/alert/text", None).await?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    /// Agrees to it, or leaves it.
    pub(super) async fn answer(&self, agrees: bool) -> Result<(), Fault> {
        let path = if agrees { "/alert/accept" } else { "/alert/dismiss" };
        self.post(path, json!({})).await.map(|_| ())
    }

    /// A picture of the page as PNG, or of an element that a script returned.
    pub(super) async fn picture(&self, of: Option<&Value>) -> Result<Vec<u8>, Fault> {
        let path = match of.and_then(|of| of[ELEMENT].as_str()) {
            Some(element) => format!("/element/{element}/screenshot"),
            None => "/screenshot".to_owned(),
        };
        let picture = self.send(reqwest::Method::GET, &path, None).await?;
        BASE64_STANDARD.decode(picture.as_str().unwrap_or_default()).map_err(|_| Fault::Lost)
    }

    async fn post(&self, path: &str, body: Value) -> Result<Value, Fault> {
        self.send(reqwest::Method::POST, path, Some(body)).await
    }

    async fn send(
        &self,
        method: reqwest::Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Value, Fault> {
        let mut request = self.client.request(method, format!("{}{path}", self.session));
        if let Some(body) = body {
            request = request.json(&body);
        }
        let mut response = request.send().await.map_err(|_| Fault::Lost)?;
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|_| Fault::Lost)? {
            if bytes.len() + chunk.len() > BYTES_MAX {
                return Err(Fault::Lost);
            }
            bytes.extend_from_slice(&chunk);
        }
        read(&bytes)
    }
}

/// The value of an answer, or the fault that it tells.
fn read(bytes: &[u8]) -> Result<Value, Fault> {
    let answer: Value = serde_json::from_slice(bytes).map_err(|_| Fault::Lost)?;
    let value = answer.get("value").ok_or(Fault::Lost)?;
    match (value.get("error").and_then(Value::as_str), value.get("message")) {
        (Some(word), Some(message)) => {
            let message = message.as_str().unwrap_or_default().lines().next().unwrap_or_default();
            Err(Fault::Said { word: word.to_owned(), message: message.trim().to_owned() })
        }
        _ => Ok(value.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_its_value_or_what_the_driver_says() {
        assert_eq!(read(br#"{"value": null}"#), Ok(Value::Null));
        assert_eq!(read(br#"{"value": {"count": 1}}"#), Ok(json!({"count": 1})));
        let said = br#"{"value": {"error": "no such alert", "message": "none\n#0 0x1", "stacktrace": ""}}"#;
        let fault = Fault::Said { word: "no such alert".into(), message: "none".into() };
        assert_eq!(read(said), Err(fault));
        for broken in [&b""[..], b"<html>", b"{}"] {
            assert_eq!(read(broken), Err(Fault::Lost));
        }
    }
}
