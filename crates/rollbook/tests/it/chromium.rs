//! Chromium as tests drive it, over WebDriver: what somebody at a keyboard can do, and what they see.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How long a page may take to say what is waited for.
const PATIENCE: Duration = Duration::from_secs(60);
/// The key under which WebDriver names an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// Whether a browser is there; without one the tests in it have nothing to do, except in `make test`.
pub(crate) fn is_there() -> bool {
    let is_there = Command::new("chromedriver").arg("--version").output().is_ok();
    let is_needed = std::env::var_os("ROLLBOOK_TESTERS").is_some();
    assert!(is_there || !is_needed, "`make test` needs chromedriver to look at the pages.");
    is_there
}

/// What is asked of chromedriver.
pub(crate) struct Driver {
    child: Child,
    port: u16,
    session: String,
}

impl Driver {
    /// A browser with a profile of its own.
    pub(crate) fn start() -> Self {
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = free.local_addr().expect("an address").port();
        drop(free);
        let mut command = Command::new("chromedriver");
        let child =
            command.arg(format!("--port={port}")).stdout(Stdio::null()).stderr(Stdio::null());
        let child = child.spawn().expect("chromedriver is there");
        let mut driver = Self { child, port, session: String::new() };
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(began.elapsed() < Duration::from_secs(30), "chromedriver does not listen");
            std::thread::yield_now();
        }
        let options = json!({
            "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run"],
        });
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"},
        }}});
        let begun = driver.call("POST", "/session", &wanted);
        driver.session = begun["sessionId"].as_str().expect("a session").to_owned();
        driver
    }

    fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        let answered = self.attempt(method, path, body);
        answered.unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// A command that may fail, because the page is on its way to another one.
    fn attempt(&self, method: &str, path: &str, body: &Value) -> Result<Value, Value> {
        let body = if method == "POST" { body.to_string() } else { String::new() };
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("it listens");
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n",
            self.port,
            body.len()
        );
        stream
            .write_all(head.as_bytes())
            .and_then(|()| stream.write_all(body.as_bytes()))
            .expect("it reads");
        let answer: Value =
            serde_json::from_slice(&read_body(stream)).expect("it answers with JSON");
        match answer["value"]["error"].is_null() {
            true => Ok(answer["value"].clone()),
            false => Err(answer["value"].clone()),
        }
    }

    /// A command within the session.
    pub(crate) fn within(&self, path: &str, body: &Value) -> Value {
        self.call("POST", &format!("/session/{}{path}", self.session), body)
    }

    /// A command of Chromium's own.
    pub(crate) fn chromium(&self, command: &str, params: &Value) {
        self.within("/goog/cdp/execute", &json!({"cmd": command, "params": params}));
    }

    /// Runs a script in the page.
    pub(crate) fn script(&self, script: &str) -> Value {
        self.within("/execute/sync", &json!({"script": script, "args": []}))
    }

    /// Runs a script in the page until it calls its last argument.
    pub(crate) fn script_until(&self, script: &str) -> Value {
        self.within("/execute/async", &json!({"script": script, "args": []}))
    }

    /// Opens an address.
    pub(crate) fn open(&self, url: &str) {
        self.within("/url", &json!({"url": url}));
    }

    /// Where it is.
    pub(crate) fn url(&self) -> String {
        let url = self.call("GET", &format!("/session/{}/url", self.session), &Value::Null);
        url.as_str().expect("an address").to_owned()
    }

    /// The text of the page as somebody reads it; nothing while another page is on its way.
    pub(crate) fn text(&self) -> String {
        let script = json!({"script": "return document.body.innerText", "args": []});
        let text =
            self.attempt("POST", &format!("/session/{}/execute/sync", self.session), &script);
        text.ok().and_then(|text| text.as_str().map(str::to_owned)).unwrap_or_default()
    }

    /// The first element that an XPath finds, once it is there.
    fn one(&self, xpath: &str) -> String {
        let (path, wanted) = (
            format!("/session/{}/element", self.session),
            json!({"using": "xpath", "value": xpath}),
        );
        let began = Instant::now();
        loop {
            if let Ok(found) = self.attempt("POST", &path, &wanted) {
                return found[ELEMENT].as_str().expect("an id").to_owned();
            }
            let url = self.url();
            assert!(began.elapsed() < PATIENCE, "no {xpath} at {url}: {}", self.text());
        }
    }

    /// Presses the first element that an XPath finds, and waits for the page that it leads to.
    pub(crate) fn click(&self, xpath: &str) {
        let element = self.one(xpath);
        self.within(&format!("/element/{element}/click"), &json!({}));
    }

    /// Presses the button with these words.
    pub(crate) fn press(&self, words: &str) {
        self.click(&format!("//main//button[normalize-space()='{words}']"));
    }

    /// Presses the button with these words, and waits until another page stands where this one stood: a
    /// driver may go on before the page has even asked for the next one.
    pub(crate) fn press_on(&self, words: &str) {
        let page = format!("/session/{}/element/{}/name", self.session, self.one("/html"));
        self.press(words);
        let began = Instant::now();
        while self.attempt("GET", &page, &Value::Null).is_ok() {
            assert!(began.elapsed() < PATIENCE, "{words:?} leads nowhere: {}", self.text());
        }
    }

    /// Writes into the field of this name.
    pub(crate) fn fill(&self, name: &str, text: &str) {
        let element = self.one(&format!("//main//input[@name='{name}' and not(@type='hidden')]"));
        self.within(&format!("/element/{element}/value"), &json!({"text": text}));
    }

    /// The text of the first element that an XPath finds.
    pub(crate) fn text_of(&self, xpath: &str) -> String {
        let path = format!("/session/{}/element/{}/text", self.session, self.one(xpath));
        self.call("GET", &path, &Value::Null).as_str().expect("a text").to_owned()
    }

    /// Waits until the page says something; with `again` it is opened again and again.
    pub(crate) fn wait_for(&self, said: &str, again: bool) {
        let began = Instant::now();
        while !self.text().contains(said) {
            assert!(began.elapsed() < PATIENCE, "no {said:?} at {}: {}", self.url(), self.text());
            if again {
                self.within("/refresh", &json!({}));
            }
        }
    }

    /// Writes a picture of the whole page.
    pub(crate) fn picture(&self, file: &Path) {
        use base64::Engine as _;
        let size = self.script(
            "const root = document.documentElement; return [innerWidth, root.scrollHeight]",
        );
        let clip = json!({"x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1});
        let wanted = json!({"captureBeyondViewport": true, "clip": clip});
        let taken = self.within(
            "/goog/cdp/execute",
            &json!({"cmd": "Page.captureScreenshot", "params": wanted}),
        );
        let text = taken["data"].as_str().expect("a picture");
        let bytes = base64::engine::general_purpose::STANDARD.decode(text).expect("base64");
        std::fs::write(file, bytes).expect("the folder takes files");
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if !self.session.is_empty() {
            self.call("DELETE", &format!("/session/{}", self.session), &Value::Null);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The body of an answer; whoever sent it may keep the connection.
fn read_body(stream: TcpStream) -> Vec<u8> {
    let mut stream = BufReader::new(stream);
    let (mut length, mut line) = (0, String::new());
    loop {
        line.clear();
        stream.read_line(&mut line).expect("a line of the head");
        if let Some(text) = line.to_lowercase().strip_prefix("content-length:") {
            length = text.trim().parse().expect("a number");
        }
        if line.trim().is_empty() {
            let mut body = vec![0; length];
            stream.read_exact(&mut body).expect("the whole body");
            return body;
        }
    }
}
