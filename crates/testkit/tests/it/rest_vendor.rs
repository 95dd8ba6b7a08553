//! A vendor made from an app file, as a client meets it that knows nothing of the file.

use reqwest::{Client, Method};
use rollbook_catalog::{App, Catalog};
use rollbook_core::account::State;
use rollbook_testkit::{Fault, RestVendor, Twist};
use serde_json::{Value, json};

use crate::client;

struct Scene {
    vendor: RestVendor,
    client: Client,
    /// Header lines.
    headers: Vec<(&'static str, String)>,
}

impl Scene {
    async fn pagerduty() -> Self {
        let vendor =
            RestVendor::start(Catalog::embedded().app("pagerduty").unwrap()).await.unwrap();
        let headers = vec![
            ("authorization", format!("Token token={}", vendor.secret())),
            ("accept", "application/vnd.pagerduty+json;version=2".to_owned()),
            ("from", vendor.settings()["from"].clone()),
        ];
        Self { vendor, client: client::http(), headers }
    }

    /// An app with these lines in its file, which knows its callers by a bearer token.
    async fn of(rest: &str) -> Self {
        let vendor = RestVendor::start(&app(rest)).await.unwrap();
        let headers = vec![("authorization", format!("Bearer {}", vendor.secret()))];
        Self { vendor, client: client::http(), headers }
    }

    async fn send(&self, method: &str, target: &str, body: Value) -> (u16, Value) {
        let url = match target.starts_with("http") {
            true => target.to_owned(),
            false => format!("{}{target}", self.vendor.url()),
        };
        let mut request = self.client.request(Method::from_bytes(method.as_bytes()).unwrap(), url);
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        if !body.is_null() {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or_default())
    }

    async fn get(&self, target: &str) -> (u16, Value) {
        self.send("GET", target, Value::Null).await
    }

    fn effects(&self) -> Vec<String> {
        let effects = self.vendor.ledger().effects();
        effects.iter().map(|effect| format!("{} {}", effect.subject, effect.what)).collect()
    }

    /// The first account in a state, beside the example's.
    fn one(&self, state: State) -> String {
        let accounts = self.vendor.accounts();
        accounts.iter().skip(1).find(|held| held.state == state).unwrap().key.clone()
    }
}

/// An app file with this `[rest]` section, without its first lines, and these examples.
fn app(rest: &str) -> App {
    let head = "[app]\nid = \"acme\"\nname = \"Acme\"\ncategory = \"tests\"\n\
                website = \"https://acme.example\"\nchecked_on = \"2026-11-21\"\n[rest]\n\
                basis = \"recalled\"\nbase_url = \"https://{tenant}.acme.example/api\"\n\
                settings = { tenant = \"the tenant\" }\n";
    let auth = if rest.contains("auth =") { "" } else { "auth = { kind = \"bearer\" }\n" };
    App::parse("acme.toml", &format!("{head}{auth}{rest}")).unwrap()
}

const PAGED: &str = r#"can = ["observe", "suspend"]
paging = PAGING
account = { key = "/id", email = "/mail", state = [{ at = "/on", is = ["false"], means = "suspended" }], otherwise = "active" }
[[rest.call]]
op = "list"
method = "GET"
path = "/users"
items = "/users"
[[rest.call]]
op = "suspend"
method = "POST"
path = "/users/{account}/off"
body = '{"why": "{display_name?}"}'
TRAP
[[example]]
op = "list"
request = "GET /users?limit=4"
answer = '{"users": [{"id": 7, "mail": "jo@x.example", "on": true}], "next": "abc"}'
[[example]]
op = "suspend"
request = "POST /users/7/off"
body = '{"why": "Jo"}'
answer = '{"id": 7, "mail": "jo@x.example", "on": false}'
"#;

fn paged(paging: &str, trap: &str) -> String {
    let trap = match trap {
        "" => String::new(),
        hurts => format!("[[trap]]\ntext = \"It bites.\"\nhurts = \"{hurts}\""),
    };
    // What deletes cannot be taken back, and a file must say so.
    let for_good = if trap.contains("deletes") { "irreversible = [\"suspend\"]\n" } else { "" };
    format!("{for_good}{}", PAGED.replace("PAGING", paging).replace("TRAP", &trap))
}

fn ids(page: &Value) -> Vec<u64> {
    page["users"].as_array().unwrap().iter().map(|item| item["id"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn a_list_comes_page_by_page_and_each_account_says_its_own_state() {
    let scene = Scene::pagerduty().await;
    let mut seen = Vec::new();
    loop {
        let target = format!("/users?include[]=teams&offset={}&limit=100", seen.len());
        let (status, page) = scene.get(&target).await;
        assert_eq!(status, 200, "{page}");
        seen.extend(page["users"].as_array().unwrap().clone());
        if page["more"] == false {
            break;
        }
    }
    let held = scene.vendor.accounts();
    assert!(seen.len() > 200 && seen.len() == held.len(), "{} of {}", seen.len(), held.len());
    assert_eq!(seen[0]["name"], "Jane Doe", "the example's own account is one of them");
    for (item, held) in seen.iter().zip(&held) {
        assert_eq!((&item["id"], &item["email"]), (&json!(held.key), &json!(held.email)));
        assert_eq!(item["invitation_sent"], held.state == State::Invited);
    }
    assert_eq!(scene.vendor.unexpected(), [""; 0]);
}

#[tokio::test]
async fn a_request_that_is_an_examples_but_for_the_ids_has_its_effect_once() {
    let scene = Scene::pagerduty().await;
    let key = scene.one(State::Active);
    let shown = format!("/users/{key}?include[]=teams");
    let body = json!({"user": {"type": "user", "name": "Ana V.", "email": "ana@new.example"}});
    let (status, answer) = scene.send("PUT", &format!("/users/{key}"), body).await;
    assert_eq!((status, &answer["user"]["name"]), (200, &json!("Ana V.")));
    let group = scene.vendor.groups()[1].clone();
    let member = format!("/teams/{group}/users/{key}");
    assert_eq!(scene.send("PUT", &member, json!({"role": "responder"})).await.0, 204);
    let (_, answer) = scene.get(&shown).await;
    let teams = answer["user"]["teams"].as_array().unwrap();
    assert!(teams.iter().any(|team| team["id"] == json!(group)), "{answer}");
    assert_eq!(scene.send("DELETE", &member, Value::Null).await.0, 204);
    assert_eq!(scene.send("DELETE", &format!("/users/{key}"), Value::Null).await.0, 204);
    assert_eq!(scene.get(&shown).await.0, 404);
    let told = [
        "changed".to_owned(),
        format!("put into {group}"),
        format!("taken out of {group}"),
        "removed".to_owned(),
    ];
    assert_eq!(scene.effects(), told.map(|what| format!("{key} {what}")));
    let new = json!({"user": {"type": "user", "name": "New", "email": "n@x.example", "role": "limited_user"}});
    let (status, answer) = scene.send("POST", "/users", new.clone()).await;
    assert_eq!((status, &answer["user"]["email"]), (201, &json!("n@x.example")));
    assert_ne!(answer["user"]["id"], "PXPGF42", "it has an id of its own");
    assert_eq!(scene.send("POST", "/users", new).await.0, 409);
    assert_eq!(scene.vendor.unexpected(), [""; 0]);
}

#[tokio::test]
async fn what_the_app_does_not_document_is_refused_and_said() {
    let mut scene = Scene::pagerduty().await;
    let key = scene.one(State::Active);
    let body = json!({"user": {"type": "user", "name": "A", "role": "owner"}});
    assert_eq!(scene.send("PUT", &format!("/users/{key}"), body).await.0, 400);
    assert_eq!(scene.send("PATCH", &format!("/users/{key}"), json!({})).await.0, 400);
    assert_eq!(scene.get("/users?offset=0&limit=100").await.0, 400);
    assert_eq!(scene.get("/users?include[]=teams&offset=0&limit=1000").await.0, 400);
    scene.headers.pop();
    assert_eq!(scene.get("/teams?offset=0&limit=100").await.0, 400);
    scene.headers.remove(0);
    assert_eq!(scene.get("/teams?offset=0&limit=100").await.0, 401);
    assert_eq!(scene.effects(), [""; 0]);
    let told = scene.vendor.unexpected().join("\n").replace(&key, "KEY");
    insta::assert_snapshot!(told, @r"
    PUT /users/KEY: /user/role of the body is not in the call.
    PATCH /users/KEY: no example shows PATCH /users/KEY.
    GET /users?offset=0&limit=100: the query says `include[]` 0 times; the example 1, the call 1.
    GET /users?include[]=teams&offset=0&limit=1000: asks for 1000 items at once, more than the app gives.
    GET /teams?offset=0&limit=100: the header From is None and not `from-1`.
    ");
}

#[tokio::test]
async fn every_kind_of_paging_leads_through_all_accounts() {
    for paging in [
        r#"{ kind = "cursor", at = "after", next = "/next", size_at = "limit", size = 4 }"#,
        r#"{ kind = "link", next = "/next", size_at = "limit", size = 4 }"#,
        r#"{ kind = "after", at = "since", item = "/id", size_at = "limit", size = 4 }"#,
        r#"{ kind = "page", at = "page", first = 0, pages = "/n", size_at = "limit", size = 4 }"#,
        r#"{ kind = "offset", at = "from", first = 1, total = "/n", size_at = "limit", size = 4 }"#,
    ] {
        let scene = Scene::of(&paged(paging, "")).await;
        let held: Vec<u64> =
            scene.vendor.accounts().iter().map(|held| held.key.parse().unwrap()).collect();
        let (mut seen, mut pages) = (Vec::new(), 0);
        let mut target = "/users?limit=4".to_owned();
        while seen.len() < held.len() {
            let (status, page) = scene.get(&target).await;
            assert_eq!(status, 200, "{target}: {page}");
            seen.extend(ids(&page));
            pages += 1;
            let last = seen.last().unwrap();
            target = match (paging, page["next"].as_str()) {
                (kind, Some(next)) if kind.contains("link") => next.to_owned(),
                (_, Some(next)) if paging.contains("cursor") => {
                    format!("/users?limit=4&after={}", next.replace('+', "%2B").replace('=', "%3D"))
                }
                (kind, _) if kind.contains("after") => format!("/users?limit=4&since={last}"),
                (kind, _) if kind.contains("page") => format!("/users?limit=4&page={pages}"),
                (kind, _) if kind.contains("offset") => {
                    format!("/users?limit=4&from={}", seen.len() + 1)
                }
                _ => String::new(),
            };
            assert!(seen.len() == held.len() || !target.is_empty(), "{paging} ended early");
        }
        assert_eq!((seen, pages), (held, 4), "{paging}");
    }
}

#[tokio::test]
async fn the_traps_of_the_file_act() {
    let off = |key: &str| format!("/users/{key}/off");
    let page = r#"{ kind = "page", at = "page", size_at = "limit", size = 4 }"#;
    let scene = Scene::of(&paged(page, "suspend_deletes")).await;
    let key = scene.one(State::Active);
    assert_eq!(scene.send("POST", &off(&key), json!({})).await.0, 200);
    assert_eq!(scene.vendor.account(&key).unwrap().state, State::Gone);
    assert_eq!(scene.effects(), [format!("{key} suspended, which deleted it")]);
    assert_eq!(ids(&scene.get("/users?limit=4&page=99").await.1), [0u64; 0]);
    let scene = Scene::of(&paged(page, "last_page_repeats")).await;
    let last = ids(&scene.get("/users?limit=4&page=4").await.1);
    assert!(!last.is_empty());
    assert_eq!(ids(&scene.get("/users?limit=4&page=99").await.1), last);
}

#[tokio::test]
async fn faults_of_every_vendor_befall_this_one_too() {
    let cursor =
        r#"{ kind = "cursor", at = "after", next = "/next", size_at = "limit", size = 4 }"#;
    let link = r#"{ kind = "link", next = "/next", size_at = "limit", size = 4 }"#;
    let scene = Scene::of(&paged(cursor, "")).await;
    let key = scene.one(State::Active);
    let off = format!("/users/{key}/off");
    let on_off = |twist| Fault::on("POST", "/users/*/off", twist).times(1);
    scene.vendor.fault(on_off(Twist::DoneButStatus { status: 502 }));
    assert_eq!(scene.send("POST", &off, json!({})).await.0, 502);
    assert_eq!(scene.effects(), [format!("{key} suspended")], "it was done all the same");
    scene.vendor.fault(Fault::on("GET", "/users", Twist::EarlyEnd).times(1));
    assert_eq!(scene.get("/users?limit=4").await.1["next"], Value::Null);
    assert!(scene.get("/users?limit=4").await.1["next"].is_string());
    scene.vendor.fault(Fault::on("GET", "/users", Twist::VisibleAfter { reads: 1 }).times(1));
    assert_eq!(scene.get("/users?limit=4").await.0, 200);
    assert_eq!(scene.vendor.unfired(), [""; 0]);
    let scene = Scene::of(&paged(link, "")).await;
    scene.vendor.fault(Fault::on("GET", "/users", Twist::ForeignNext).times(1));
    let (_, page) = scene.get("/users?limit=4").await;
    let next = page["next"].as_str().unwrap();
    assert!(!next.starts_with(scene.vendor.url()), "{next}");
    scene.get(next).await;
    assert!(scene.vendor.strays()[0].with_secret, "a careless client would be seen");
}

#[tokio::test]
async fn tokens_are_made_for_the_clients_secret_and_end() {
    let auth = r#"auth = { kind = "oauth2", token_url = "https://id.acme.example/t", client_id = "c1", client = "body", params = { scope = "users" } }"#;
    let paging = r#"{ kind = "none" }"#;
    let mut scene =
        Scene::of(&format!("{auth}\n{}", paged(paging, "").replace("?limit=4", ""))).await;
    assert_eq!(scene.get("/users").await.0, 401);
    let form = |secret: &str| {
        format!("grant_type=client_credentials&client_id=c1&client_secret={secret}&scope=users")
    };
    let ask = |body: String| {
        let request = scene.client.post(scene.vendor.token_url());
        request.header("content-type", "application/x-www-form-urlencoded").body(body).send()
    };
    assert_eq!(ask(form("wrong")).await.unwrap().status().as_u16(), 401);
    let made = ask(form(&scene.vendor.secret())).await.unwrap().text().await.unwrap();
    let made: Value = serde_json::from_str(&made).unwrap();
    let token = format!("Bearer {}", made["access_token"].as_str().unwrap());
    scene.headers = vec![("authorization", token)];
    assert_eq!(scene.get("/users").await.0, 200);
    scene.vendor.end_tokens();
    assert_eq!((scene.get("/users").await.0, scene.vendor.tokens_made()), (401, 1));
}

#[tokio::test]
async fn a_file_that_contradicts_itself_makes_no_vendor() {
    let refused = async |from: &str, to: &str| {
        let text = paged(r#"{ kind = "none" }"#, "").replace("?limit=4", "");
        assert!(text.contains(from), "{from}");
        RestVendor::start(&app(&text.replacen(from, to, 1))).await.unwrap_err().to_string()
    };
    let told = [
        refused(r#"{"why": "Jo"}"#, r#"{"reason": "Jo"}"#).await,
        refused(r#""on": false}'"#, r#""on": true}'"#).await,
        refused(r#"{"id": 7, "mail": "jo@x.example", "on": true}"#, r#"{"uid": 7}"#).await,
        refused("POST /users/7/off\"", "POST /users/7/off?hard=1\"").await,
    ];
    insta::assert_snapshot!(told.join("\n"), @r"
    The example `POST /users/7/off`: /reason of the body is not in the call.
    No example shows `POST /users/{account}/off` (Suspend an account).
    After `POST /users/7/off` (Suspend an account) its answer shows the account active by the rules of [rest.account].
    The examples of `GET /users` show no account with a key at /id.
    The example `POST /users/7/off?hard=1`: the query says `hard` 1 times; the example 1, the call 0.
    No example shows `POST /users/{account}/off` (Suspend an account).
    ");
}
