//! What an identity provider pushes over HTTP reaches three apps, and it can read how far it is.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rollbook_testkit::scim_vendor::{Fault, Profile, ScimVendor, Twist};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::bench::Bench;
use crate::served::{Answer, Served, patch};

const APPS: [&str; 3] = ["chat", "docs", "wiki"];
const DELIVERY: &str = "urn:rollbook:params:scim:schemas:extension:delivery:1.0:User";
const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

const STANDING: &str = "
[[policy.standing]]
name = \"okta leavers\"
approved_by = \"Olga Meyer\"
from = [\"okta\"]
instances = [\"*\"]
verbs = [\"suspend\"]
per_day_max = 20
until = \"2099-01-01\"
";

/// Three apps over real HTTP, read once, and a server at which Okta has a token for `all`.
struct Company {
    served: Served,
    vendors: BTreeMap<&'static str, ScimVendor>,
    token: String,
    _runtime: Runtime,
}

impl Company {
    fn new(policy: &str) -> Self {
        let runtime = Runtime::new().expect("threads for the apps");
        let bench = Bench::empty();
        assert_eq!(bench.run(&["init", ".", "--name", "Acme"]).code, 0);
        let mut config = "[workspace]\nname = \"Acme\"\ntime_zone = \"UTC\"\n\
             employer_domains = [\"acme.example\"]\n\
             [[source]]\nname = \"hr\"\npath = \"workers.csv\"\n[source.columns]\n\
             number = \"number\"\ngiven = \"first\"\nwork_email = \"mail\"\n"
            .to_owned();
        let mut vendors = BTreeMap::new();
        let mut workers = "number,first,mail\n".to_owned();
        for at in 0..8 {
            workers += &format!("E{at},Person{at},person{at}@acme.example\n");
        }
        bench.write("workers.csv", &workers);
        for app in APPS {
            let vendor = runtime.block_on(ScimVendor::start(Profile::full())).expect("a port");
            (0..8).for_each(|at| drop(vendor.seed_user(person(at))));
            let token = bench.write(&format!("{app}.token"), &vendor.token());
            private(&token);
            config += &format!(
                "[[instance]]\nname = \"{app}\"\nsettles_within_s = 3\n[instance.scim]\n\
                 base_url = \"{}\"\ntoken = {{ file = \"{app}.token\" }}\nallow_private = true\n",
                vendor.url()
            );
            vendors.insert(app, vendor);
        }
        bench.write("rollbook.toml", &format!("{config}{policy}"));
        let synced = bench.run(&["sync"]);
        assert_eq!(synced.code, 0, "{}", synced.all());
        let served = Served::in_workspace(bench, "wiki", &[]);
        let token = served.mint(&["all", "--idp", "okta", "--profile", "okta-oin"]);
        Self { served, vendors, token, _runtime: runtime }
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Answer {
        let authorization = format!("Bearer {}", self.token);
        let headers =
            [("Authorization", authorization.as_str()), ("Content-Type", "application/scim+json")];
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.served.send(method, &format!("/scim/all/v2{path}"), &headers, body.as_bytes())
    }

    fn delivery(&self, id: &str) -> Value {
        let path = format!("/Users/{id}?attributes=userName,{DELIVERY}");
        let answer = self.ask("GET", &path, &Value::Null);
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()[DELIVERY].clone()
    }

    /// Asks until the delivery is as `fits` says.
    fn until(&self, id: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let delivery = self.delivery(id);
            if fits(&delivery) {
                return delivery;
            }
            assert!(Instant::now() < deadline, "it never came: {delivery}\n{}", self.served.log());
            std::thread::yield_now();
        }
    }
}

#[test]
fn an_okta_deactivation_over_http_closes_three_apps_and_can_be_followed() {
    let company = Company::new(STANDING);
    let slow = Fault::on("PATCH", "/Users/*", Twist::Delay { ms: 6000 }).times(1);
    company.vendors["chat"].fault(slow);
    let broken = Twist::Status { status: 500, retry_after: None, body: None };
    company.vendors["docs"].fault(Fault::on("PATCH", "/Users/*", broken).times(2));
    let made = company.ask("POST", "/Users", &person(1));
    assert_eq!(made.status, 201, "{made:?}");
    let id = made.json()["id"].as_str().expect("an id").to_owned();
    company.until(&id, |delivery| delivery["state"] == "verified");
    let leaves = patch(json!([{"op": "replace", "value": {"active": false}}]));
    let answer = company.ask("PATCH", &format!("/Users/{id}"), &leaves);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.json()["active"], false, "the provider is answered at once");
    let of = |delivery: &Value, app: &str| -> String {
        let all = delivery["instances"].as_array().cloned().unwrap_or_default();
        let own = all.iter().find(|one| one["value"] == app);
        own.and_then(|one| one["state"].as_str()).unwrap_or_default().to_owned()
    };
    let seen = company.until(&id, |delivery| of(delivery, "wiki") == "verified");
    assert_eq!((of(&seen, "chat").as_str(), &seen["state"]), ("accepted", &json!("accepted")));
    let done = company.until(&id, |delivery| delivery["state"] == "verified");
    for app in APPS {
        assert_eq!(of(&done, app), "verified", "{done}");
        let vendor = &company.vendors[app];
        let effects: Vec<_> = vendor.ledger().effects().into_iter().map(|e| e.what).collect();
        assert_eq!(effects, ["changed active"], "{app}");
        assert_eq!(vendor.unfired(), Vec::<String>::new());
    }
    let (code, log) = company.served.end();
    assert_eq!(code, Some(0), "{log}");
}

#[test]
fn a_push_that_nobody_agreed_to_goes_on_when_somebody_approves_beside_the_server() {
    let company = Company::new("");
    let mut leaver = person(2);
    leaver["active"] = json!(false);
    let made = company.ask("POST", "/Users", &leaver);
    let id = made.json()["id"].as_str().expect("an id").to_owned();
    let waits = company.until(&id, |delivery| delivery["state"] == "waiting");
    let because = waits["because"].as_str().expect("a reason");
    let plan = because.split(' ').find(|word| word.starts_with("pln_")).expect("the plan's id");
    assert!(because.contains("waits for a named person to approve it"), "{because}");
    let shown = company.served.bench.run(&["plan", "show", plan]);
    assert!(shown.out.contains("idp:okta asked for this plan"), "{}", shown.all());
    let own = company.served.bench.run(&["approve", plan, "--yes", "--by", "idp:okta"]);
    assert_ne!(own.code, 0, "{}", own.all());
    let agreed = company.served.bench.run(&["approve", plan, "--yes", "--by", "Kim Jansen"]);
    assert_eq!(agreed.code, 0, "{}", agreed.all());
    company.until(&id, |delivery| delivery["state"] == "verified");
    for app in APPS {
        assert_eq!(company.vendors[app].ledger().effects().len(), 1, "{app}");
    }
}

#[test]
fn what_waits_of_an_instance_is_shown_and_agreed_to_under_one_digest() {
    let company = Company::new("");
    let mut people = Vec::new();
    for at in [1, 2] {
        let mut leaver = person(at);
        leaver["active"] = json!(false);
        let made = company.ask("POST", "/Users", &leaver).json();
        people.push(made["id"].as_str().expect("an id").to_owned());
    }
    for id in &people {
        company.until(id, |delivery| delivery["state"] == "waiting");
    }
    let bench = &company.served.bench;
    let shown = bench.run(&["plan", "held", "all"]);
    assert!(shown.out.contains("Held in all: 2 plans"), "{}", shown.all());
    assert!(shown.out.contains("Suspend person2@acme.example"), "{}", shown.all());
    let held = bench.command(&["plan", "held", "all", "--json"]).output().expect("it ends");
    let held: Value = serde_json::from_slice(&held.stdout).expect("one line of JSON");
    let digest = held["digest"].as_str().expect("a digest");
    let unasked = bench.run(&["approve", "--held", "all", "--by", "Kim Jansen"]);
    assert_ne!(unasked.code, 0, "{}", unasked.all());
    let wrong = bench.run(&["approve", "--held", "all", "--by", "Kim Jansen", "--digest", "0"]);
    assert_ne!(wrong.code, 0, "{}", wrong.all());
    let agreed = ["approve", "--held", "all", "--by", "Kim Jansen", "--digest", digest];
    let agreed = bench.run(&agreed);
    assert!(agreed.out.contains("Kim Jansen agreed to 2 plans."), "{}", agreed.all());
    for id in &people {
        company.until(id, |delivery| delivery["state"] == "verified");
    }
    let nothing = bench.run(&["approve", "--held", "all", "--by", "Kim Jansen"]);
    assert_eq!(nothing.code, 0, "{}", nothing.all());
    assert!(nothing.out.contains("Nothing that was pushed there waits"), "{}", nothing.all());
}

#[test]
fn the_configuration_is_followed_while_serving_and_one_that_cannot_be_used_is_said() {
    let company = Company::new("");
    let mut leaver = person(2);
    leaver["active"] = json!(false);
    let made = company.ask("POST", "/Users", &leaver).json();
    let id = made["id"].as_str().expect("an id").to_owned();
    company.until(&id, |delivery| delivery["state"] == "waiting");
    let bench = &company.served.bench;
    let file = bench.path().join("rollbook.toml");
    let before = std::fs::read_to_string(&file).expect("the configuration");
    bench.write("rollbook.toml", &format!("{before}[policy.limitz]\n"));
    let ready = || company.served.send("GET", "/readyz", &[], b"");
    let deadline = Instant::now() + Duration::from_secs(60);
    while !company.served.log().contains("limitz") {
        assert!(Instant::now() < deadline, "it never came:\n{}", company.served.log());
        std::thread::yield_now();
    }
    assert_eq!(ready().status, 200);
    assert!(ready().body.contains("cannot be used"), "{:?}", ready());
    bench.write("rollbook.toml", &format!("{before}{STANDING}"));
    company.until(&id, |delivery| delivery["state"] == "verified");
    assert_eq!(ready().body.trim(), "ready");
}

fn person(at: usize) -> Value {
    let address = format!("person{at}@acme.example");
    json!({
        "schemas": [USER, ENTERPRISE], "userName": address, "active": true,
        "externalId": format!("00u{at}"), "emails": [{"value": address, "primary": true}],
        ENTERPRISE: {"employeeNumber": format!("E{at}")},
    })
}

fn private(file: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let private = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(file, private).expect("the token is private");
}
