//! One browser with one page: it opens addresses, runs our script in the page, answers native dialogs
//! and takes pictures. It knows nothing of members.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::process::{Process, driver};
use super::webdriver::{Fault, WebDriver};
use crate::channel::http::install_tls;

/// What runs in the page; see there.
const PAGE: &str =
    concat!(include_str!("page.js"), "\nreturn VERBS[arguments[0]](arguments[1]);\n");

/// Whether anybody sees the browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// It works where no screen is.
    Hidden,
    /// Somebody works in it.
    Shown,
}

/// Why a command came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Lost {
    /// The page went away under it; the same question can be asked again.
    Passing(String),
    /// A native dialog is open.
    Dialog,
    /// The browser is gone.
    Gone(String),
}

/// A browser with one page.
#[derive(Debug)]
pub(super) struct Session {
    driver: WebDriver,
    is_in_frame: bool,
    /// `None`: the browser runs elsewhere.
    process: Option<Process>,
}

impl Session {
    /// Starts a browser that resolves names by `rules` only. `elsewhere` is the address of a WebDriver
    /// server that has browsers; without one, a driver is started here.
    ///
    /// # Errors
    /// Why there is none, as a sentence without its end.
    pub(super) async fn start(
        rules: &str,
        elsewhere: Option<&str>,
        sight: Sight,
    ) -> Result<Self, String> {
        install_tls();
        let process = match elsewhere {
            Some(_) => None,
            None => {
                let driver = driver().ok_or("there is no chromedriver on the path")?;
                Some(Process::start(&driver, sight).await?)
            }
        };
        let profile = process.as_ref().map(|process| process.profile.as_path());
        let address = elsewhere.or(process.as_ref().map(|process| process.address.as_str()));
        let opened =
            WebDriver::open(address.unwrap_or_default(), wanted(rules, profile, sight)).await;
        let driver = opened.map_err(|fault| format!("no browser starts: {}", brief(&fault)))?;
        Ok(Self { driver, is_in_frame: false, process })
    }

    /// Opens an address, and leaves whatever frame it was in.
    ///
    /// # Errors
    /// See [`Lost`].
    pub(super) async fn open(&mut self, address: &str) -> Result<(), Lost> {
        self.top().await?;
        self.driver.open_page(address).await.map_err(lost)
    }

    /// Leaves whatever frame it is in.
    ///
    /// # Errors
    /// See [`Lost`].
    pub(super) async fn top(&mut self) -> Result<(), Lost> {
        if self.is_in_frame {
            self.driver.enter(None).await.map_err(lost)?;
        }
        self.is_in_frame = false;
        Ok(())
    }

    /// Runs one function of our script in the page.
    ///
    /// # Errors
    /// See [`Lost`].
    pub(super) async fn ask(&self, verb: &str, about: Value) -> Result<Value, Lost> {
        self.run(PAGE, verb, about).await
    }

    /// Runs one function of another script in the page.
    ///
    /// # Errors
    /// See [`Lost`].
    pub(super) async fn run(&self, script: &str, verb: &str, about: Value) -> Result<Value, Lost> {
        self.driver.run(script, json!([verb, about])).await.map_err(lost)
    }

    /// Runs `script` in every page from now on, before the page's own.
    ///
    /// # Errors
    /// See [`Lost`].
    pub(super) async fn on_every_page(&self, script: &str) -> Result<(), Lost> {
        let params = json!({"source": script});
        let added = self.driver.chromium("Page.addScriptToEvaluateOnNewDocument", params).await;
        added.map(|_| ()).map_err(lost)
    }

    /// The session of the app whose page is open, as its cookies.
    ///
    /// # Errors
    /// See [`Lost`].
    pub(super) async fn cookies(&self) -> Result<Vec<Value>, Lost> {
        self.driver.cookies().await.map_err(lost)
    }

    /// Takes up a session of the app at `base`.
    ///
    /// # Errors
    /// See [`Lost`]; then the session may be there in part.
    pub(super) async fn take_up(&mut self, base: &str, cookies: Vec<Value>) -> Result<(), Lost> {
        self.open(&format!("{base}/")).await?;
        for cookie in cookies {
            self.driver.set_cookie(cookie).await.map_err(lost)?;
        }
        Ok(())
    }

    /// Goes into the one frame that is meant. `false`: it is not there, or more than once.
    ///
    /// # Errors
    /// See [`Lost`].
    pub(super) async fn enter(&mut self, want: Value) -> Result<bool, Lost> {
        let frame = self.ask("frame", json!({"want": want})).await?;
        if frame.is_null() {
            return Ok(false);
        }
        self.driver.enter(Some(&frame)).await.map_err(lost)?;
        self.is_in_frame = true;
        Ok(true)
    }

    /// What a native dialog says; `None`: none is open.
    ///
    /// # Errors
    /// See [`Lost`].
    pub(super) async fn native(&self) -> Result<Option<String>, Lost> {
        match self.driver.dialog().await {
            Ok(text) => Ok(Some(text)),
            Err(Fault::Said { word, .. }) if word == "no such alert" => Ok(None),
            Err(fault) => Err(lost(fault)),
        }
    }

    /// Agrees to the native dialog that is open, or leaves it.
    ///
    /// # Errors
    /// See [`Lost`].
    pub(super) async fn answer(&self, agrees: bool) -> Result<(), Lost> {
        self.driver.answer(agrees).await.map_err(lost)
    }

    /// Leaves the page for an empty one, and any native dialog without agreeing to it.
    ///
    /// # Errors
    /// See [`Lost`].
    pub(super) async fn clear(&mut self) -> Result<(), Lost> {
        if self.native().await?.is_some() {
            self.answer(false).await?;
        }
        self.open("about:blank").await
    }

    /// A picture of what is to be seen, as PNG. In a frame, of that frame.
    ///
    /// # Errors
    /// See [`Lost`].
    pub(super) async fn picture(&self) -> Result<Vec<u8>, Lost> {
        if !self.is_in_frame {
            return self.driver.picture(None).await.map_err(lost);
        }
        let body = self.ask("body", json!({})).await?;
        self.driver.picture(Some(&body)).await.map_err(lost)
    }

    /// Where downloads arrive; `None` where the browser runs elsewhere.
    pub(super) fn downloads(&self) -> Option<PathBuf> {
        self.process.as_ref().map(|process| process.profile.join("downloads"))
    }
}

impl Drop for Session {
    /// A browser of ours ends with its process; one elsewhere is told to end.
    fn drop(&mut self) {
        if self.process.is_some() {
            return;
        }
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let driver = self.driver.clone();
            // Nobody waits for it; a server of browsers ends those that nobody talks to.
            runtime.spawn(async move { drop(driver.close().await) });
        }
    }
}

/// What the browser must be like.
fn wanted(rules: &str, profile: Option<&Path>, sight: Sight) -> Value {
    let mut args = vec![
        format!("--host-resolver-rules={rules}"),
        "--window-size=1280,900".to_owned(),
        "--lang=en-US".to_owned(),
        "--password-store=basic".to_owned(),
        "--disable-dev-shm-usage".to_owned(),
    ];
    let quiet = [
        "background-networking",
        "breakpad",
        "component-update",
        "crash-reporter",
        "default-apps",
        "domain-reliability",
        "extensions",
        "gpu",
        "quic",
        "sync",
    ];
    args.extend(quiet.map(|what| format!("--disable-{what}")));
    args.extend(["--no-first-run", "--no-default-browser-check", "--no-pings"].map(str::to_owned));
    if sight == Sight::Hidden {
        args.push("--headless=new".to_owned());
    }
    // Chromium refuses its sandbox to root, and only to root.
    if rustix::process::geteuid().is_root() {
        args.push("--no-sandbox".to_owned());
    }
    let mut prefs = json!({
        "credentials_enable_service": false,
        "profile.password_manager_enabled": false,
        "profile.default_content_setting_values.notifications": 2,
        "download.prompt_for_download": false,
    });
    if let Some(profile) = profile {
        args.push(format!("--user-data-dir={}", profile.join("profile").display()));
        prefs["download.default_directory"] = json!(profile.join("downloads"));
    }
    json!({
        "browserName": "chrome",
        "pageLoadStrategy": "eager",
        "unhandledPromptBehavior": "ignore",
        "goog:chromeOptions": { "args": args, "prefs": prefs },
    })
}

fn lost(fault: Fault) -> Lost {
    let why = brief(&fault);
    match fault {
        Fault::Lost => Lost::Gone(why),
        Fault::Said { word, message } => match word.as_str() {
            "unexpected alert open" => Lost::Dialog,
            "invalid session id" | "no such window" | "session not created" => Lost::Gone(why),
            "unknown error" if is_end(&message) => Lost::Gone(why),
            _ => Lost::Passing(why),
        },
    }
}

/// Whether what the driver says means that its browser ended.
fn is_end(said: &str) -> bool {
    ["crashed", "disconnected", "not reachable", "terminated"]
        .iter()
        .any(|word| said.contains(word))
}

fn brief(fault: &Fault) -> String {
    match fault {
        Fault::Lost => "the driver does not answer".to_owned(),
        Fault::Said { word, message } if message.is_empty() => word.clone(),
        Fault::Said { message, .. } => message.clone(),
    }
}
