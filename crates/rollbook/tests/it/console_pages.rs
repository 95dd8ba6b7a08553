//! Every page of the console in Chromium, as wide as a desk and as a phone, light and dark: none
//! complains, none is wider than its window, and axe-core finds nothing that keeps people out. A picture of
//! each is left in `target/tmp/console` for whoever wants to look.

use std::fs;
use std::io::Write as _;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::chromium::{self, Driver};
use crate::console::Browser;
use crate::console_acts::{Demo, link};
use crate::served::Answer;

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

/// What axe-core finds that is serious or critical, by the rules of WCAG 2.2, A and AA.
const AXE: &str = r#"
const done = arguments[arguments.length - 1];
const all = { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] };
const seen = { type: "rule", values: ["color-contrast", "target-size", "scrollable-region-focusable"] };
const runOnly = innerWidth > 1000 ? all : seen;
axe.run(document, { runOnly, resultTypes: ["violations"] }).then(
  (found) => done(found.violations.filter((one) => ["serious", "critical"].includes(one.impact))
    .map((one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 120)).join(" | ")}`)),
  (error) => done([String(error)]));
"#;

/// The script of axe-core, where `make test` names it.
fn axe() -> Option<String> {
    let testers = std::env::var("ROLLBOOK_TESTERS").unwrap_or_default();
    let url = testers.split_whitespace().find_map(|one| one.strip_prefix("axe=http://"))?;
    let mut stream = TcpStream::connect(url).expect("it listens");
    stream.write_all(b"POST / HTTP/1.0\r\nContent-Length: 0\r\n\r\n").expect("it reads");
    Some(Answer::read(&mut stream).body)
}

/// The made-up company, in which one run went on until a person was asked to do the rest.
fn company() -> (Demo, Browser) {
    let demo = Demo::start();
    let config = demo.bench.path().join("demo/workspace/rollbook.toml");
    let before = fs::read_to_string(&config).expect("the configuration");
    let desk = "[[instance]]\nname = \"stonly\"\napp = \"stonly\"\n[instance.human]\n\
                assignee = \"Ada Lindqvist\"\n\n[policy.approval]";
    fs::write(&config, before.replace("[policy.approval]", desk)).expect("it can be written");
    let (ada, kim) = (demo.browser(None), demo.browser(Some("Kim Orlov")));
    until(|| ada.get("/apps/stonly").status == 200);
    let left = "/people?state=left&access=can%20get%20in%20somewhere&sort=-open_accounts";
    let person = link(&ada.get(left).body, "/people/per_");
    let asked = ada.post(&format!("{person}/offboard"), "");
    let plan = asked.header("location").expect("the plan").to_owned();
    let page = kim.get(&plan).body;
    let digest =
        page.split("name=\"digest\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    let digest = digest.expect("the digest");
    let agreed = kim.post(&format!("{plan}/approve"), &format!("digest={digest}&reason=They+left"));
    assert_eq!(agreed.status, 303, "{agreed:?}");
    let begun = ada.post(&format!("{plan}/run"), "");
    let run = begun.header("location").expect("the run").to_owned();
    until(|| ada.get(&run).body.contains("Somebody was asked to do it"));
    (demo, ada)
}

fn until(so: impl Fn() -> bool) {
    let began = Instant::now();
    while !so() {
        assert!(began.elapsed() < Duration::from_secs(60), "it does not come to that");
        std::thread::yield_now();
    }
}

/// The pages that the lists lead to, one of each, and the lists.
fn pages(owner: &Browser) -> Vec<String> {
    let lists = [
        "people", "moves", "accounts", "apps", "findings", "links", "plans", "runs", "tasks",
        "coverage", "audit",
    ];
    let own = [
        "/",
        "/search",
        "/search?q=ana",
        "/board",
        "/catalog",
        "/catalog/slack",
        "/catalog/stonly/connect",
        "/settings",
        "/people?q=nobody",
        "/people?state=left&access=can%20get%20in%20somewhere",
    ];
    let mut pages: Vec<String> = own.map(str::to_owned).into();
    for list in lists {
        pages.push(format!("/{list}"));
        let body = owner.get(&format!("/{list}")).body;
        let rows = body.split("<tbody>").nth(1).unwrap_or_default();
        let mut links = rows.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
        pages.extend(links.find(|link| link.starts_with(&format!("/{list}/"))).map(str::to_owned));
    }
    let left = owner.get("/people?state=left&access=can%20get%20in%20somewhere").body;
    pages.push(link(&left, "/people/per_"));
    pages
}

/// What the picture of a page is called.
fn name_of(page: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let name: String = page.trim_matches('/').chars().map(plain).take(40).collect();
    if name.is_empty() { "overview".to_owned() } else { name }
}

/// Looks at one page and leaves a picture of it; says what is wrong.
fn look(driver: &Driver, url: &str, axe: Option<&str>, picture: &Path) -> Vec<Value> {
    driver.open(url);
    let mut wrong = vec![driver.script(LOOK)];
    if let Some(axe) = axe {
        driver.script(axe);
        wrong.push(driver.script_until(AXE));
    }
    wrong.push(driver.within("/se/log", &json!({"type": "browser"})));
    driver.picture(picture);
    wrong.retain(|one| *one != json!([]));
    wrong
}

#[test]
fn every_page_fits_its_window_can_be_read_and_complains_of_nothing() {
    if !chromium::is_there() {
        return;
    }
    let (demo, owner) = company();
    let mut pages = pages(&owner);
    assert!(pages.len() >= 28, "{pages:?}");
    let (driver, axe) = (Driver::start(), axe());
    let base = demo.said["BASE_URL"].clone();
    driver.open(&format!("{base}/sign-in"));
    let (name, value) = owner.cookie.split_once('=').expect("a name and a value");
    driver.within("/cookie", &json!({"cookie": {"name": name, "value": value, "path": "/"}}));
    pages.push("/sign-in".to_owned());
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("console");
    fs::create_dir_all(&folder).expect("a folder for the pictures");
    let mut wrong = Vec::new();
    for (width, scheme) in [(1280, "light"), (390, "light"), (1280, "dark"), (390, "dark")] {
        let metrics =
            json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false});
        driver.chromium("Emulation.setDeviceMetricsOverride", &metrics);
        let media = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        driver.chromium("Emulation.setEmulatedMedia", &media);
        // It takes most of the time; on a phone and in the dark it looks at what differs there.
        let is_tried = (width, scheme) == (1280, "light") || (width, scheme) == (390, "dark");
        let axe = axe.as_deref().filter(|_| is_tried);
        for page in &pages {
            let picture = folder.join(format!("{}-{width}-{scheme}.png", name_of(page)));
            let seen = look(&driver, &format!("{base}{page}"), axe, &picture);
            wrong.extend(seen.iter().map(|seen| format!("{width} {scheme} {page}: {seen}")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
