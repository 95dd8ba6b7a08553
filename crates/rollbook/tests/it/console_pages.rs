//! Every page of the console in Chromium, as wide as a desk and as a phone, light and dark: none
//! complains, none is wider than its window, and with scripts off each says the same.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::console::{Browser, served};

/// What is asked of chromedriver.
struct Driver {
    child: Child,
    port: u16,
    session: String,
}

impl Driver {
    fn start() -> Self {
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
        assert!(answer["value"]["error"].is_null(), "{path}: {answer}");
        answer["value"].clone()
    }

    fn within(&self, path: &str, body: &Value) -> Value {
        self.call("POST", &format!("/session/{}{path}", self.session), body)
    }

    fn chromium(&self, command: &str, params: &Value) {
        self.within("/goog/cdp/execute", &json!({"cmd": command, "params": params}));
    }

    fn script(&self, script: &str) -> Value {
        self.within("/execute/sync", &json!({"script": script, "args": []}))
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

/// What is wrong with a page as it is drawn: too wide, or without what whoever cannot see it needs.
const LOOK: &str = r#"
const root = document.documentElement, wrong = [];
if (root.scrollWidth > root.clientWidth) wrong.push(`${root.scrollWidth} pixels wide`);
if (document.querySelectorAll("h1").length !== 1) wrong.push("not one h1");
if (document.querySelectorAll("main").length !== 1) wrong.push("not one main");
const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) wrong.push(`twice #${id}`);
for (const field of document.querySelectorAll("input:not([type=hidden]), select, textarea"))
  if (!field.labels.length) wrong.push(`no label: ${field.name}`);
for (const link of document.querySelectorAll("a[href], button"))
  if (!link.textContent.trim() && !link.querySelector("img[alt]:not([alt=''])")) wrong.push(`no text: ${link.outerHTML}`);
for (const picture of document.querySelectorAll("svg"))
  if (!picture.getAttribute("aria-label")) wrong.push("a picture without words");
const light = (color) => {
  const [r, g, b] = color.match(/[\d.]+/g).map((part) => part / 255).map((part) =>
    part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const ground = (one) => {
  for (let at = one; at; at = at.parentElement) {
    const color = getComputedStyle(at).backgroundColor;
    if (!/rgba\(.*, 0\)|transparent/.test(color)) return color;
  }
  return "rgb(255, 255, 255)";
};
for (const one of document.querySelectorAll("body *")) {
  const has = [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
  if (!has || one.closest("svg, .away, option, script, title") || !one.checkVisibility()) continue;
  const [a, b] = [light(getComputedStyle(one).color), light(ground(one))].sort((x, y) => y - x);
  const contrast = (a + 0.05) / (b + 0.05);
  if (contrast < 4.5) wrong.push(`contrast ${contrast.toFixed(2)}: ${one.className} ${one.textContent.trim().slice(0, 30)}`);
}
return wrong;
"#;

/// The pages that the lists lead to, one of each, and the lists.
fn pages(owner: &Browser) -> Vec<String> {
    let lists =
        ["people", "accounts", "apps", "findings", "links", "plans", "runs", "coverage", "audit"];
    let mut pages: Vec<String> = [
        "/",
        "/search",
        "/search?q=ana",
        "/catalog",
        "/catalog/slack",
        "/settings",
        "/people?q=nobody",
    ]
    .map(str::to_owned)
    .into();
    for list in lists {
        pages.push(format!("/{list}"));
        let body = owner.get(&format!("/{list}")).body;
        let rows = body.split("<tbody>").nth(1).unwrap_or_default();
        let mut links = rows.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
        pages.extend(links.find(|link| link.starts_with(&format!("/{list}/"))).map(str::to_owned));
    }
    pages
}

#[test]
fn every_page_fits_its_window_can_be_read_and_complains_of_nothing() {
    let is_there = Command::new("chromedriver").arg("--version").output().is_ok();
    let is_needed = std::env::var_os("ROLLBOOK_TESTERS").is_some();
    assert!(is_there || !is_needed, "`make test` needs chromedriver to look at the pages.");
    if !is_there {
        return;
    }
    let served = served();
    let owner = Browser::of(&served, "Ona Owner");
    let pages = pages(&owner);
    assert!(pages.len() >= 21, "{pages:?}");
    let driver = Driver::start();
    let base = format!("http://{}", served.address);
    driver.within("/url", &json!({"url": format!("{base}/sign-in")}));
    let (name, value) = owner.cookie.split_once('=').expect("a name and a value");
    driver.within("/cookie", &json!({"cookie": {"name": name, "value": value, "path": "/"}}));
    let mut wrong = Vec::new();
    for (width, scheme) in [(1280, "light"), (390, "light"), (1280, "dark"), (390, "dark")] {
        let metrics =
            json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false});
        driver.chromium("Emulation.setDeviceMetricsOverride", &metrics);
        let media = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        driver.chromium("Emulation.setEmulatedMedia", &media);
        for page in &pages {
            driver.within("/url", &json!({"url": format!("{base}{page}")}));
            let seen = driver.script(LOOK);
            let told = driver.within("/se/log", &json!({"type": "browser"}));
            if seen != json!([]) || told != json!([]) {
                wrong.push(format!("{width} {scheme} {page}: {seen} {told}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
