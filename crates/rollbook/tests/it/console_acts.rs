//! What people do in the console, from the link that `rollbook demo --serve` prints to a run that was
//! seen to be done: one asks, another agrees, and neither can do the other's part.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::bench::Bench;
use crate::console::Browser;

/// The made-up company, served.
pub(crate) struct Demo {
    pub(crate) bench: Bench,
    child: Child,
    pub(crate) said: BTreeMap<String, String>,
}

impl Demo {
    pub(crate) fn start() -> Self {
        let bench = Bench::empty();
        let mut command = bench.command(&["demo", "--serve", "127.0.0.1:0", "--dir", "demo"]);
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the binary starts");
        let lines = BufReader::new(child.stdout.take().expect("it was piped")).lines();
        let lines = lines.map(|line| line.expect("a line")).take(8);
        let said = lines.filter_map(|line| {
            let (name, value) = line.split_once('=')?;
            Some((name.to_owned(), value.to_owned()))
        });
        let said = said.collect();
        Self { bench, child, said }
    }

    /// Somebody's browser; without a name that of the first owner.
    pub(crate) fn browser(&self, name: Option<&str>) -> Browser {
        let address = self.said["BASE_URL"].strip_prefix("http://").expect("in clear").to_owned();
        let url = match name {
            None => self.said["LOGIN_URL"].clone(),
            Some(name) => {
                let link = ["member", "link", name, "--json", "-w", "demo/workspace"];
                let made = self.bench.run(&link).json();
                made[0]["login_url"].as_str().expect("a link").to_owned()
            }
        };
        let code = url.split("code=").nth(1).expect("a code");
        Browser::by_link(address.parse().expect("an address"), code, "Ada+Lindqvist")
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The first address in a page that begins like this.
pub(crate) fn link(page: &str, begin: &str) -> String {
    let mut links = page.split('"').filter(|part| part.starts_with(begin));
    links.next().unwrap_or_else(|| panic!("no {begin} in {page}")).to_owned()
}

#[test]
fn one_asks_another_agrees_and_what_was_run_is_seen_to_be_done() {
    let demo = Demo::start();
    let keys: Vec<&str> = demo.said.keys().map(String::as_str).collect();
    let tokens = ["ADMIN", "APPROVER", "AUDITOR", "OPERATOR", "OWNER", "VIEWER"];
    let tokens = tokens.map(|role| format!("TOKEN_{role}"));
    let expected: Vec<&str> =
        ["BASE_URL", "LOGIN_URL"].into_iter().chain(tokens.iter().map(String::as_str)).collect();
    assert_eq!(keys, expected);
    let (owner, kim) = (demo.browser(None), demo.browser(Some("Kim Orlov")));
    let robin = demo.browser(Some("Robin Vale"));

    let plan = link(&robin.get("/plans").body, "/plans/pln_");
    let page = kim.get(&plan).body;
    assert!(page.contains("Approve exactly this"), "{page}");
    assert!(!robin.get(&plan).body.contains("Approve exactly this"), "who asked does not agree");
    let digest =
        page.split("name=\"digest\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    let digest = digest.expect("the digest").to_owned();
    let run = format!("{plan}/run");
    let (early, others) = (robin.post(&run, ""), owner.post(&format!("{plan}/approve"), ""));
    assert_eq!(early.status, 409, "nobody agreed yet: {early:?}");
    assert_eq!(others.status, 409, "no digest, no agreement: {others:?}");
    let other = kim.post(&format!("{plan}/approve"), "digest=0000&reason=");
    assert!(other.status == 409 && other.body.contains("not what would run"), "{other:?}");
    let body = format!("digest={digest}&reason=She+left");
    let foreign = owner.post(&format!("{plan}/approve"), &body);
    assert!(foreign.body.contains("not among the approvers"), "the policy names Kim: {foreign:?}");
    let agreed = kim.post(&format!("{plan}/approve"), &body);
    assert_eq!(
        (agreed.status, agreed.header("location")),
        (303, Some(plan.as_str())),
        "{agreed:?}"
    );
    assert_eq!(kim.post(&run, "").status, 403, "an approver runs nothing");

    let begun = robin.post(&run, "");
    assert_eq!(begun.status, 303, "{begun:?}");
    let place = begun.header("location").expect("its page").to_owned();
    let began = Instant::now();
    while !robin.get(&place).body.contains("Looked again, and saw it done") {
        assert!(began.elapsed() < Duration::from_secs(60), "{}", robin.get(&place).body);
        std::thread::yield_now();
    }
    assert_eq!(robin.post(&run, "").status, 409, "a plan runs once");
    let moved = robin.get(&format!("{place}/events?since=1"));
    assert_eq!(moved.header("content-type"), Some("text/event-stream; charset=utf-8"), "{moved:?}");
    assert!(moved.body.contains("event: moved\ndata: "), "{moved:?}");
    let while_it_goes_on = || robin.get(&place).body.contains("data-events");
    while while_it_goes_on() {
        assert!(began.elapsed() < Duration::from_secs(60), "it does not end");
    }
    let over = robin.get(&format!("{place}/events?since=999999999"));
    assert_eq!(over.status, 204, "a browser that is told so asks no more: {over:?}");
}

#[test]
fn a_link_is_decided_a_finding_waits_and_somebody_is_offboarded() {
    let demo = Demo::start();
    let robin = demo.browser(Some("Robin Vale"));
    let candidate = link(&robin.get("/links").body, "/links/archive/");
    let page = robin.get(&candidate).body;
    let person =
        page.split("name=\"person\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    let person = person.expect("a candidate").to_owned();
    let strange = robin.post(&format!("{candidate}/confirm"), "person=per_nobody");
    assert_eq!(strange.status, 409, "{strange:?}");
    let decided = robin.post(&format!("{candidate}/confirm"), &format!("person={person}"));
    assert_eq!(decided.status, 303, "{decided:?}");
    let account = robin.get(decided.header("location").expect("the account")).body;
    assert!(account.contains("confirmed") && account.contains(&person), "{account}");

    let finding = link(&robin.get("/findings?kind=orphan").body, "/findings/fnd_");
    let late = robin.post(&format!("{finding}/put-off"), "as=snoozed&until=2020-01-01&reason=x");
    assert_eq!(late.status, 400, "{late:?}");
    let nameless = robin.post(&format!("{finding}/put-off"), "as=snoozed&until=2999-01-01");
    assert_eq!(nameless.status, 400, "a reason is needed: {nameless:?}");
    let body = "as=accepted&until=2999-01-01&reason=The+auditor+agreed";
    assert_eq!(robin.post(&format!("{finding}/put-off"), body).status, 303);
    let page = robin.get(&finding).body;
    assert!(page.contains("Robin Vale accepted the risk until 2999-01-01"), "{page}");

    let leaver = link(&robin.get("/findings?kind=leftover").body, "/findings/fnd_");
    let settled = robin.post(&format!("{leaver}/plan"), "");
    assert!(
        settled.header("location").is_some_and(|to| to.starts_with("/plans/pln_")),
        "{settled:?}"
    );
    let left = "/people?state=left&access=can%20get%20in%20somewhere";
    let person = link(&robin.get(left).body, "/people/per_");
    let asked = robin.post(&format!("{person}/offboard"), "");
    let plan = asked.header("location").expect("the plan").to_owned();
    assert!(
        robin.get(&plan).body.contains("You asked for this plan")
            || !robin.get(&plan).body.contains("Approve exactly this")
    );
}
