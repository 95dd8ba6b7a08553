//! The console as people use it, in Chromium, with scripts and without: the first owner comes in and lets
//! others in, an app is connected, a link is decided, somebody is offboarded with the agreement of
//! another, the run is watched, a task is done, and the proof is taken away.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::chromium::{self, Driver};
use crate::console_acts::Demo;

/// Who works in the app that no program reaches.
const ASSIGNEE: &str = "Sam Okafor";

/// One company, and the browser of each of its people.
struct Walk {
    demo: Demo,
    base: String,
    has_scripts: bool,
    /// The first owner's.
    ada: Driver,
}

impl Walk {
    fn begin(has_scripts: bool) -> Self {
        let demo = Demo::start();
        let base = demo.said["BASE_URL"].clone();
        let ada = browser(has_scripts);
        ada.open(&demo.said["LOGIN_URL"]);
        ada.fill("name", "Ada Lindqvist");
        ada.press("Sign in as owner");
        ada.wait_for("left and can still get in", false);
        Self { demo, base, has_scripts, ada }
    }

    fn open(&self, path: &str) {
        self.ada.open(&format!("{}{path}", self.base));
    }

    /// Without a script a page is looked at again by hand.
    fn wait_for(&self, browser: &Driver, said: &str) {
        browser.wait_for(said, !self.has_scripts);
    }

    /// The browser of somebody who follows the link that the page shows.
    fn comes_in(&self) -> Driver {
        let link = self.ada.text_of("//main//pre[@id='once']");
        let theirs = browser(self.has_scripts);
        theirs.open(&link);
        theirs.click("//main//button[starts-with(normalize-space(), 'Sign in as')]");
        theirs
    }

    /// Writes what the page says into `rollbook.toml`, and has it checked.
    fn connect(&self) {
        self.open("/catalog/stonly/connect");
        let told = self.ada.text_of("//main//pre[contains(., 'instance.human')]");
        let text = told.replacen('…', ASSIGNEE, 1).replacen("deputy = \"…\"", "", 1);
        let config = self.demo.bench.path().join("demo/workspace/rollbook.toml");
        let before = fs::read_to_string(&config).expect("the configuration");
        let (head, policy) = before.split_once("[policy.approval]").expect("a policy");
        let wrong = format!("{head}{}\n[policy.approval]{policy}", text.replace("human", "humane"));
        fs::write(&config, wrong).expect("it can be written");
        self.wait_for(&self.ada, "cannot be used as it is now");
        fs::write(&config, format!("{head}{text}\n[policy.approval]{policy}")).expect("again");
        self.wait_for(&self.ada, "stonly is in the configuration");
        self.open("/apps/mindtickle");
        self.ada.press_on("Read it now");
        self.wait_for(&self.ada, "Read it now");
    }

    fn decide_a_link(&self) {
        self.open("/links");
        self.ada.click("//main//tbody//a[starts-with(@href, '/links/')]");
        self.ada.press("It is theirs");
        self.ada.wait_for("confirmed", false);
    }

    /// Asks for the plan that closes what a leaver has, lets somebody else agree, and runs it.
    fn offboard(&self, kim: &Driver) {
        self.open("/people?state=left&access=can%20get%20in%20somewhere&sort=-open_accounts");
        self.ada.click("//main//tbody//a[starts-with(@href, '/people/')]");
        self.ada.press("Offboard");
        self.ada.wait_for("You asked for this plan", false);
        kim.open(&self.ada.url());
        kim.fill("reason", "They left");
        kim.press("Approve exactly this");
        kim.wait_for("approved", false);
        self.ada.open(&self.ada.url());
        self.ada.press("Run it now");
        self.wait_for(&self.ada, "Looked again, and saw it done");
        self.wait_for(&self.ada, "Somebody was asked to do it");
    }

    fn finish_the_task(&self, sam: &Driver, run: &str) {
        sam.open(&format!("{}/tasks", self.base));
        sam.click("//main//tbody//a[starts-with(@href, '/tasks/')]");
        sam.fill("note", "Removed in the team settings");
        sam.press("Say that it is done");
        sam.wait_for("Sam Okafor said that it is done", false);
        self.ada.open(run);
        self.wait_for(&self.ada, "and ended at");
    }

    /// Takes the proof away and checks it as an auditor does.
    fn take_the_pack(&self) {
        let folder = self.demo.bench.path().join("downloads");
        fs::create_dir_all(&folder).expect("a folder");
        let allowed = json!({"behavior": "allow", "downloadPath": folder});
        self.ada.chromium("Browser.setDownloadBehavior", &allowed);
        self.ada.press("Download the pack");
        let archive = downloaded(&folder);
        let unpacked = self.demo.bench.path().join("pack");
        unpack(&archive, &unpacked);
        let unpacked = unpacked.to_string_lossy().into_owned();
        let verify = ["verify", &unpacked, "--key", "demo/workspace/rollbook.pub"];
        let checked = self.demo.bench.run(&verify);
        assert_eq!(checked.code, 0, "{}", checked.all());
        self.open("/audit?kind=pack_made");
        self.ada.wait_for("Ada Lindqvist", false);
    }
}

fn browser(has_scripts: bool) -> Driver {
    let driver = Driver::start();
    if !has_scripts {
        driver.chromium("Emulation.setScriptExecutionDisabled", &json!({"value": true}));
    }
    driver
}

/// The one file that was taken away, once all of it is there.
fn downloaded(folder: &Path) -> PathBuf {
    let began = Instant::now();
    loop {
        let files = fs::read_dir(folder).expect("the folder").filter_map(Result::ok);
        let mut files = files.map(|file| file.path());
        if let Some(done) = files.find(|path| path.extension().is_some_and(|end| end == "zip")) {
            return done;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "nothing was taken away");
        std::thread::yield_now();
    }
}

/// Unpacks an archive with what is there for that: Python, which the tests need anyway.
fn unpack(archive: &Path, folder: &Path) {
    let mut command = std::process::Command::new("python3");
    let status = command.args(["-m", "zipfile", "-e"]).arg(archive).arg(folder).status();
    assert!(status.expect("python3 is there").success());
}

fn check_walk(has_scripts: bool) {
    if !chromium::is_there() {
        return;
    }
    let walk = Walk::begin(has_scripts);
    walk.open("/settings");
    walk.ada.click("//main//button[@aria-label='New link for Kim Orlov']");
    let kim = walk.comes_in();
    walk.open("/settings");
    walk.ada.fill("name", ASSIGNEE);
    walk.ada.press("Make their link");
    let sam = walk.comes_in();
    walk.connect();
    walk.decide_a_link();
    walk.offboard(&kim);
    let run = walk.ada.url();
    walk.finish_the_task(&sam, &run);
    walk.take_the_pack();
}

#[test]
fn the_whole_way_in_a_browser() {
    check_walk(true);
}

#[test]
fn the_whole_way_in_a_browser_without_scripts() {
    check_walk(false);
}
