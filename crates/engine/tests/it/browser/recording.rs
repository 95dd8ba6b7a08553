//! What an administrator shows in a browser becomes steps by which another person can be removed.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use rollbook_catalog::App;
use rollbook_catalog::browser::Purpose;
use rollbook_core::change::Verb;
use rollbook_core::step::Outcome;
use rollbook_engine::channel::Channel;
use rollbook_engine::channel::browser::{BrowserChannel, BrowserSettings, Sample, Sight};
use rollbook_testkit::console::{Brand, Console, Robot, Setup, totp};
use serde_json::{Value, json};

use super::scene::{recipe, removal, settings};

/// The secret of the one-time codes.
const TOTP: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

/// A driver that two can talk to. It ends with this value.
struct Driver {
    process: Child,
    address: String,
}

impl Driver {
    fn start() -> Self {
        let mut process = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .spawn()
            .expect("chromedriver is installed");
        let lines = BufReader::new(process.stdout.take().expect("it is piped")).lines();
        let mut ports = lines.map_while(Result::ok).filter_map(|line| {
            let (_, port) = line.split_once("started successfully on port ")?;
            port.trim_end_matches('.').parse::<u16>().ok()
        });
        let port = ports.next().expect("it says its port");
        Self { process, address: format!("http://127.0.0.1:{port}") }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let ended = self.process.kill().and_then(|()| self.process.wait());
        assert!(ended.is_ok());
    }
}

/// Somebody at the keyboard of the browser that records.
struct Admin {
    client: reqwest::Client,
    session: String,
}

impl Admin {
    async fn at(driver: &Driver) -> Self {
        let client = reqwest::Client::new();
        let all = client.get(format!("{}/sessions", driver.address)).send().await;
        let text = all.expect("the driver answers").text().await.expect("with a text");
        let all: Value = serde_json::from_str(&text).expect("that is JSON");
        let id = all["value"][0]["id"].as_str().expect("one browser is open").to_owned();
        Self { client, session: format!("{}/session/{id}", driver.address) }
    }

    async fn tell(&self, path: &str, body: Value) -> Value {
        let sent = self.client.post(format!("{}{path}", self.session));
        let sent = sent.header("content-type", "application/json").body(body.to_string());
        let text = sent.send().await.expect("the driver answers").text().await;
        serde_json::from_str(&text.expect("with a text")).expect("that is JSON")
    }

    /// Does something to the first element that fits and lets it be done.
    async fn act(&self, xpath: &str, what: &str, body: Value) {
        let until = Instant::now() + Duration::from_secs(20);
        loop {
            let found = self.tell("/element", json!({"using": "xpath", "value": xpath})).await;
            if let Some(id) = found["value"].as_object().and_then(|it| it.values().next()?.as_str())
                && self.tell(&format!("/element/{id}/{what}"), body.clone()).await["value"]
                    .is_null()
            {
                return;
            }
            assert!(Instant::now() < until, "{xpath} is not there to {what}: {found}");
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    async fn click(&self, xpath: &str) {
        self.act(xpath, "click", json!({})).await;
    }

    async fn type_in(&self, id: &str, text: &str) {
        self.act(&format!("//input[@id='{id}']"), "value", json!({"text": text})).await;
    }

    async fn sees(&self, xpath: &str) {
        let until = Instant::now() + Duration::from_secs(20);
        let about = json!({"using": "xpath", "value": xpath});
        while self.tell("/element", about.clone()).await["value"]["error"].is_string() {
            assert!(Instant::now() < until, "{xpath} does not come");
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }
}

/// UXPin with two members, which asks for one-time codes.
async fn team() -> (Console, [u64; 2]) {
    let robot = Robot { totp: Some(TOTP.to_owned()), ..Setup::default().robot };
    let setup = Setup { late_ms: 0, robot, ..Setup::default() };
    let console = Console::start_with(Brand::Uxpin, setup).await.expect("a free port");
    let ana = console.seed("Ana Alder", "ana@example.com", "Viewer");
    let bob = console.seed("Bob Birch", "bob@example.com", "Viewer");
    (console, [ana, bob])
}

/// The app's file with these steps in place of its own.
fn app_with(steps: &str) -> App {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../apps/uxpin.toml");
    let text = std::fs::read_to_string(path).expect("the app has a file");
    let (head, rest) = text.split_once("[browser.steps]").expect("it has steps");
    let (_, tail) = rest.split_once("\n# ---").expect("and something after them");
    let all = r#"can = ["observe", "create", "remove", "grant", "revoke"]"#;
    let head = head.replace(all, r#"can = ["observe", "remove"]"#);
    let text = format!("{head}[browser.steps]\n{steps}\n# ---{tail}");
    App::parse("apps/uxpin.toml", &text).unwrap_or_else(|error| panic!("{error}\n{steps}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_somebody_shows_once_can_be_done_to_somebody_else() {
    let (console, [_, bob]) = team().await;
    let driver = Driver::start();
    let webdriver = Some(driver.address.clone());
    let own = BrowserSettings { webdriver, ..settings(&console, recipe(Brand::Uxpin)) };
    let channel = BrowserChannel::new(own).expect("the address may be reached");
    let mut recorder = channel.record(Sight::Hidden).await.expect("a browser opens");
    let admin = Admin::at(&driver).await;
    let Robot { login, password, .. } = console.robot();
    let sample = Sample {
        email: "ana@example.com".to_owned(),
        display_name: "Ana Alder".to_owned(),
        role: String::new(),
    };

    admin.type_in("email", &login).await;
    admin.type_in("password", &password).await;
    admin.click("//button[.='Log in']").await;
    let now_s = SystemTime::UNIX_EPOCH.elapsed().expect("it is after 1970").as_secs();
    let code = totp::code(TOTP, now_s).expect("it is base 32");
    admin.type_in("code", &code).await;
    admin.sees("//a[.='Log out']").await;
    let mut steps = recorder.take(Purpose::SignIn, &sample).await.expect("it is whole").to_string();

    admin.click("//button[.='Only necessary']").await;
    admin.tell("/url", json!({"url": format!("{}/team", console.url())})).await;
    admin.sees("//td[.='ana@example.com']").await;
    steps += &recorder.take(Purpose::Members, &sample).await.expect("it is whole").to_string();

    admin.click("//button[@aria-label='Actions for Ana Alder']").await;
    admin
        .click("//tr[td[.='ana@example.com']]//button[@role='menuitem'][.='Remove from Team']")
        .await;
    admin.click("//button[@id='yes'][.='Remove']").await;
    admin.sees("//*[@role='status'][contains(., 'Ana Alder')]").await;
    let remove = Purpose::Do(Verb::Remove);
    steps += &recorder.take(remove, &sample).await.expect("it is whole").to_string();
    drop(recorder);

    insta::assert_snapshot!(steps, @r#"
    sign_in = [
      { go = "/login" },
      { fill = 'textbox "Email"', with = "{user}" },
      { fill = 'label "Password"', with = "{password}" },
      { click = 'button "Log in"' },
      { code = 'textbox "Verification code"' },
      { wait = 'link "Log out"' },
    ]
    members = [
      { go = "/team" },
      { read = 'table "Team Members"' },
    ]
    remove = [
      { click = 'button "Actions for {display_name}"', in_row = true },
      { click = 'menuitem "Remove from Team"', in_row = true },
      { confirm = 'dialog "Remove from Team"', says = "Remove from Team Remove {display_name} ({email}) from the team? Access ends at once.", click = 'button "Remove"', cancel = 'button "Cancel"' },
      { wait = 'text "{display_name} was removed from the team."' },
    ]
    "#);
    for secret in [&password, &login, &code, TOTP] {
        assert!(!steps.contains(secret), "{secret} is written down: {steps}");
    }
    let app = app_with(&steps).browser.expect("it has steps");
    let channel = BrowserChannel::new(settings(&console, app)).expect("an address");
    let target = console.member(bob).expect("he is there");
    let outcome = channel.apply(&removal(&console, &target)).await;
    assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
    let done: Vec<String> = console.ledger().effects().into_iter().map(|it| it.what).collect();
    assert_eq!(done, ["removed ana@example.com", "removed bob@example.com"]);
}

/// A session that is kept saves signing in, until the app ends it.
#[tokio::test]
async fn a_session_that_was_kept_is_taken_up_and_replaced_when_it_has_ended() {
    let (console, _) = team().await;
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("session");
    let open = || {
        let own = settings(&console, recipe(Brand::Uxpin));
        let own = BrowserSettings { session: Some(file.clone()), ..own };
        BrowserChannel::new(own).expect("the address may be reached")
    };
    // One session until the code, and one after it.
    for (sessions, when) in [(2, "it signs in"), (2, "it is taken up"), (4, "it had ended")] {
        if sessions == 4 {
            console.end_sessions();
        }
        let read = open().observe().await.expect("the list is read");
        assert_eq!(read.accounts.len(), 3, "{when}");
        assert_eq!(console.sessions_made().len(), sessions, "{when}");
    }
    let kept = std::fs::read_to_string(&file).expect("it is kept");
    assert!(kept.contains(&console.sessions_made()[3]), "the newest one");
}
