//! The admin consoles, as a client meets them that knows nothing of pages but their text.

use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder};
use rollbook_testkit::console::{Brand, Console, Design, MemberState, Robot, Setup, totp};
use rollbook_testkit::{Fault, Twist};
use serde_json::{Value, json};

use crate::client;

/// Somebody at a console, with the cookie of a session or none.
struct Visitor<'a> {
    console: &'a Console,
    http: Client,
    cookie: String,
}

impl<'a> Visitor<'a> {
    fn new(console: &'a Console) -> Self {
        drop(client::http());
        let http = Client::builder().redirect(Policy::none()).build().unwrap();
        Self { console, http, cookie: String::new() }
    }

    async fn signed_in(console: &'a Console) -> Self {
        let mut visitor = Self::new(console);
        assert_eq!(visitor.sign_in(&console.robot().password).await, "/");
        visitor
    }

    fn request(&self, request: RequestBuilder) -> RequestBuilder {
        request.header(COOKIE, &self.cookie)
    }

    /// Sends the sign-in form; gives where that leads, or the page.
    async fn sign_in(&mut self, password: &str) -> String {
        let login = self.console.robot().login;
        self.send("/login", &format!("email={login}&password={password}")).await
    }

    async fn send(&mut self, path: &str, form: &str) -> String {
        let url = format!("{}{path}", self.console.url());
        let form_type = "application/x-www-form-urlencoded";
        let request = self.http.post(url).header("content-type", form_type).body(form.to_owned());
        let answer = self.request(request).send().await.unwrap();
        if let Some(cookie) = answer.headers().get(SET_COOKIE) {
            cookie.to_str().unwrap().split(';').next().unwrap().clone_into(&mut self.cookie);
        }
        match answer.headers().get(LOCATION) {
            Some(to) => to.to_str().unwrap().to_owned(),
            None => answer.text().await.unwrap(),
        }
    }

    async fn page(&self, path: &str) -> (u16, String) {
        let url = format!("{}{path}", self.console.url());
        let answer = self.request(self.http.get(url)).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    async fn json(&self, path: &str) -> Value {
        serde_json::from_str(&self.page(path).await.1).unwrap()
    }

    async fn act(&self, deed: &Value) -> reqwest::Result<u16> {
        let url = format!("{}/members/act", self.console.url());
        let answer = self.request(self.http.post(url).json(deed)).send().await?;
        Ok(answer.status().as_u16())
    }
}

async fn uxpin(members: usize) -> Console {
    let setup = Setup { late_ms: 0, page_size: 10, ..Setup::default() };
    let console = Console::start_with(Brand::Uxpin, setup).await.unwrap();
    for number in 1..=members {
        console.seed(
            &format!("Member {number:02}"),
            &format!("m{number:02}@example.com"),
            "Viewer",
        );
    }
    console
}

#[tokio::test]
async fn every_page_of_every_console_is_whole_in_both_designs() {
    for brand in Brand::ALL {
        for design in [Design::Old, Design::New] {
            let console = Console::start(brand).await.unwrap();
            console.seed("Ana <i>Diaz</i>", "ana@example.com", brand.roles()[0]);
            console.redesign(design);
            let visitor = Visitor::signed_in(&console).await;
            for path in ["/", brand.members_page(), "/members", "/login", "/login/code"] {
                let (status, page) = visitor.page(path).await;
                assert_eq!(status, 200, "{brand:?} {design:?} {path}");
                assert!(!page.contains("{{") && !page.contains("{%"), "{brand:?} {path}: {page}");
                assert!(!page.contains("<i>") || !page.starts_with("<!"), "{brand:?}: {page}");
            }
        }
    }
}

#[tokio::test]
async fn a_wrong_password_is_told_and_the_fifth_locks_the_account() {
    let console = uxpin(0).await;
    let mut visitor = Visitor::new(&console);
    for _ in 0..5 {
        assert!(visitor.sign_in("guess").await.contains("The e-mail or the password is wrong."));
    }
    let right = console.robot().password;
    assert!(visitor.sign_in(&right).await.contains("Too many attempts."));
    assert_eq!((console.wrong_sign_ins(), console.sessions_made().len()), (5, 0));
}

#[tokio::test]
async fn a_code_is_asked_for_where_there_is_a_secret() {
    let console = uxpin(0).await;
    let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    console.let_in(Robot { totp: Some(secret.to_owned()), ..console.robot() });
    let mut visitor = Visitor::new(&console);
    let password = console.robot().password;
    assert_eq!(visitor.sign_in(&password).await, "/login/code");
    assert_eq!(visitor.page("/members").await.0, 401, "half is not in");
    let now_s = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let old = totp::code(secret, now_s - 600).unwrap();
    assert!(visitor.send("/login/code", &format!("code={old}")).await.contains("wrong or too old"));
    let code = totp::code(secret, now_s).unwrap();
    assert_eq!(visitor.send("/login/code", &format!("code={code}")).await, "/");
    assert_eq!(visitor.page("/members").await.0, 200);
}

#[tokio::test]
async fn a_session_ends_in_the_middle() {
    let console = uxpin(30).await;
    console.fault(Fault::on("GET", "/members", Twist::SignedOut).skip(1).times(1));
    let visitor = Visitor::signed_in(&console).await;
    assert_eq!(visitor.page("/members?page=1").await.0, 200);
    assert_eq!(visitor.page("/members?page=2").await.0, 401);
    assert_eq!(visitor.page("/team").await.0, 303);
    assert_eq!(console.unfired(), [""; 0]);
}

#[tokio::test]
async fn the_list_has_its_pages_and_its_count() {
    let console = uxpin(30).await;
    let visitor = Visitor::signed_in(&console).await;
    let last = visitor.json("/members?page=4").await;
    assert_eq!((&last["page"], &last["pages"], &last["total"]), (&json!(4), &json!(4), &json!(31)));
    assert_eq!(last["members"].as_array().unwrap().len(), 1);
    console.fault(Fault::on("GET", "/members", Twist::TotalResults { is: json!(99) }).times(1));
    assert_eq!(visitor.json("/members?page=1").await["total"], 99);
}

#[tokio::test]
async fn a_newcomer_moves_every_row_along() {
    for brand in Brand::ALL {
        let console = Console::start(brand).await.unwrap();
        console.redesign(Design::New);
        for number in 0..40 {
            let email = format!("m{number:02}@example.com");
            console.seed(&format!("Member {number:02}"), &email, brand.roles()[0]);
        }
        console.fault(Fault::on("GET", "/members", Twist::RowsMove).times(1));
        let visitor = Visitor::signed_in(&console).await;
        let first = visitor.json("/members?page=1").await;
        let second = visitor.json("/members?page=2").await;
        assert_eq!(first["members"][24], second["members"][0], "{brand:?}");
        assert_eq!(second["total"], 42, "{brand:?}");
    }
}

#[tokio::test]
async fn a_dialog_says_whom_it_takes_along() {
    let console = uxpin(5).await;
    let ana = console.seed("Ana Diaz", "ana@example.com", "Editor");
    let visitor = Visitor::signed_in(&console).await;
    let path = format!("/members/ask?what=remove&id={ana}");
    let plain = visitor.json(&path).await;
    let asks = "Remove Ana Diaz (ana@example.com) from the team? Access ends at once.";
    assert_eq!(plain["text"], asks);
    assert_eq!(plain["ids"], json!([ana]));
    console.fault(Fault::on("GET", "/members/ask", Twist::DialogTakesMore { others: 2 }).times(1));
    let more = visitor.json(&path).await;
    assert_eq!(more["text"], format!("{asks} The 2 members who report to them go too."));
    assert_eq!(visitor.act(&json!({"what": "remove", "ids": more["ids"]})).await.unwrap(), 200);
    assert_eq!(console.ledger().effects().len(), 3);
    console.fault(Fault::on("GET", "/members/ask", Twist::NoDialog).times(1));
    assert_eq!(visitor.page(&path).await.0, 204);
    assert_eq!(console.unfired(), [""; 0]);
}

#[tokio::test]
async fn an_answer_is_lost_after_its_effect_and_an_effect_is_only_said() {
    let console = uxpin(2).await;
    let visitor = Visitor::signed_in(&console).await;
    let [_, first, second] = &console.members()[..] else { panic!("three members") };
    let remove = |id| json!({"what": "remove", "ids": [id]});
    console.fault(Fault::on("POST", "/members/act", Twist::ResetAfter).times(1));
    visitor.act(&remove(first.id)).await.unwrap_err();
    assert_eq!(console.member(first.id), None);
    console.fault(Fault::on("POST", "/members/act", Twist::Ignored).times(1));
    assert_eq!(visitor.act(&remove(second.id)).await.unwrap(), 200);
    assert!(console.member(second.id).is_some());
    assert_eq!(visitor.act(&remove(first.id)).await.unwrap(), 409, "they are gone");
    let effects = console.ledger().effects();
    assert_eq!(effects.len(), 1);
    assert_eq!(effects[0].what, "removed m01@example.com");
}

#[tokio::test]
async fn mosaic_deactivates_and_hands_out_a_file() {
    let console = Console::start(Brand::Mosaic).await.unwrap();
    let ana = console.seed("Ana Diaz", "ana@example.com", "Manager");
    let visitor = Visitor::signed_in(&console).await;
    for _ in 0..2 {
        visitor.act(&json!({"what": "remove", "ids": [ana]})).await.unwrap();
    }
    assert_eq!(console.member(ana).unwrap().state, MemberState::Deactivated);
    assert_eq!(console.ledger().effects_on(&ana.to_string()).len(), 1);
    let (_, file) = visitor.page("/members.csv").await;
    assert!(file.contains("Ana Diaz,ana@example.com,Manager,Deactivated"), "{file}");
    console.fault(Fault::on("GET", "/members.csv", Twist::NoDownload).times(1));
    assert_eq!(visitor.page("/members.csv").await, (204, String::new()));
}
