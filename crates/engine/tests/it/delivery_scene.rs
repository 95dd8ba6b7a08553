//! A company of people with accounts in three apps that speak SCIM, and an identity provider that
//! pushes to one of them, or to all.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rollbook_engine::clock::Clock;
use rollbook_engine::progress::Quiet;
use rollbook_engine::push::{Caller, Done, Intake, PushOp, View};
use rollbook_engine::store::Presence;
use rollbook_engine::{Engine, Error};
use rollbook_scim::server::{Profile as Dialect, Projection, ResourceType, resource};
use rollbook_testkit::scim_vendor::{Profile, ScimVendor};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::book;
use crate::push_scene::{USER, caller};
use crate::scene::write_private;

/// The instances, in the order in which accounts are made in them.
pub(crate) const APPS: [&str; 3] = ["chat", "docs", "wiki"];

/// What lets most pushes through without anybody.
pub(crate) const STANDING: &str = r#"
[[policy.standing]]
name = "okta"
approved_by = "Olga Meyer"
from = ["okta"]
instances = ["*"]
verbs = ["create", "update", "suspend", "reactivate", "grant", "revoke"]
per_day_max = 1000
until = "2099-01-01"
"#;

pub(crate) struct DeliveryScene {
    pub(crate) dir: PathBuf,
    pub(crate) vendors: BTreeMap<&'static str, ScimVendor>,
    _temp: tempfile::TempDir,
}

/// The workspace as `rollbook serve` has it, with an identity provider that pushes.
pub(crate) struct Served {
    pub(crate) engine: Arc<Engine>,
    intake: Intake,
    caller: Caller,
}

/// A delivery that goes on beside the test.
pub(crate) struct Loop {
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), Error>>,
}

impl DeliveryScene {
    /// `people` people, each with an account in every app, and this policy.
    pub(crate) async fn new(people: usize, policy: &str) -> Self {
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path().join("book");
        book::init(&dir);
        let mut vendors = BTreeMap::new();
        for app in APPS {
            let vendor = ScimVendor::start(Profile::full()).await.unwrap();
            for at in 0..people {
                vendor.seed_user(account(at));
            }
            write_private(&dir.join(format!("{app}.token")), &vendor.token());
            vendors.insert(app, vendor);
        }
        let workers: String = (0..people)
            .map(|at| format!("E{at},Person{at},Nr{at},{},2020-01-01\n", login(at)))
            .collect();
        fs::write(dir.join("workers.csv"), format!("number,first,last,mail,from\n{workers}"))
            .unwrap();
        let scene = Self { dir, vendors, _temp: temp };
        scene.configure(policy, "");
        scene.open().sync(&[], &Quiet).await.unwrap();
        scene
    }

    /// Writes the configuration: `policy` at its end, `extra` in the instance `wiki`.
    pub(crate) fn configure(&self, policy: &str, extra: &str) {
        let mut text = String::from(
            "[workspace]\nname = \"Example\"\ntime_zone = \"UTC\"\n\
             employer_domains = [\"example.com\"]\n\
             [[source]]\nname = \"hr\"\npath = \"workers.csv\"\n[source.columns]\n\
             number = \"number\"\ngiven = \"first\"\nfamily = \"last\"\nwork_email = \"mail\"\n\
             starts = \"from\"\n",
        );
        for (app, vendor) in &self.vendors {
            let url = vendor.url();
            let extra = if *app == "wiki" { extra } else { "" };
            text += &format!(
                "[[instance]]\nname = \"{app}\"\nsettles_within_s = 3\n{extra}\n[instance.scim]\n\
                 base_url = \"{url}\"\ntoken = {{ file = \"{app}.token\" }}\nallow_private = true\n\
                 requests_per_second_max = 10000\n",
            );
        }
        book::configure(&self.dir, &(text + policy));
    }

    fn open(&self) -> Engine {
        Engine::open_as(&self.dir, Clock::System, Presence::Host, "serve").unwrap()
    }

    /// Takes pushes to `endpoint` from Okta.
    pub(crate) fn serve(&self, endpoint: &str) -> Served {
        Served::open_as(&self.dir, endpoint, "okta")
    }

    /// What changed at an app: one line for each effect.
    pub(crate) fn effects(&self, app: &str) -> Vec<String> {
        let effects = self.vendors[app].ledger().effects();
        effects.into_iter().map(|effect| effect.what).collect()
    }

    /// The account in an app with this login.
    pub(crate) fn account(&self, app: &str, login: &str) -> Option<Value> {
        self.vendors[app].users().into_iter().find(|user| user["userName"] == login)
    }
}

impl Served {
    fn open_as(dir: &Path, endpoint: &str, idp: &str) -> Self {
        let engine = Engine::open_as(dir, Clock::System, Presence::Host, "serve").unwrap();
        Self::of(engine, endpoint, idp)
    }

    /// Takes pushes with this engine.
    pub(crate) fn of(engine: Engine, endpoint: &str, idp: &str) -> Self {
        let engine = Arc::new(engine);
        let intake = Intake::open(Arc::clone(&engine)).unwrap();
        let caller = caller(&intake, endpoint, idp, Dialect::OktaOin, true);
        Self { engine, intake, caller }
    }

    /// The same workspace opened again, to look at what became of what was pushed before.
    pub(crate) fn reopen(dir: &Path, endpoint: &str) -> Self {
        Self::open_as(dir, endpoint, "again")
    }

    /// Begins to deliver.
    pub(crate) fn deliver(&self) -> Loop {
        let engine = Arc::clone(&self.engine);
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(async move { engine.deliver(async { drop(stopped.await) }).await });
        Loop { stop, task }
    }

    pub(crate) async fn push(&self, operation: PushOp) -> String {
        let projection = Projection::default();
        let view = View { base: "https://rollbook.example/scim/v2", projection: &projection };
        match self.intake.push(&self.caller, operation, Some(&view)).await.unwrap() {
            Ok(Done::Created(now) | Done::Changed(now) | Done::Unchanged(now)) => now.id,
            Ok(Done::Deleted) => String::new(),
            Err(refused) => panic!("{:?}", refused.to_json()),
        }
    }

    /// Pushes a User as an identity provider first does, and gives its id.
    pub(crate) async fn create(&self, body: Value) -> String {
        let kind = ResourceType::User;
        let body = resource::create(kind, body, &self.caller.profile.rules()).unwrap();
        self.push(PushOp::Create { kind, body }).await
    }

    pub(crate) async fn group(&self, external_id: &str, members: &[&str]) -> String {
        let kind = ResourceType::Group;
        let members: Vec<_> = members.iter().map(|id| json!({"value": id})).collect();
        let body = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
            "displayName": "Editors", "externalId": external_id, "members": members});
        let body = resource::create(kind, body, &self.caller.profile.rules()).unwrap();
        self.push(PushOp::Create { kind, body }).await
    }

    pub(crate) async fn patch(&self, kind: ResourceType, id: &str, operations: Value) {
        let body = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": operations});
        let patch = self.caller.profile.patch(&body).unwrap();
        self.push(PushOp::Patch { kind, id: id.to_owned(), patch, only_if: None }).await;
    }

    /// What Okta sends when somebody is deactivated, or is back.
    pub(crate) async fn activate(&self, id: &str, active: bool) {
        let operations = json!([{"op": "replace", "value": {"active": active}}]);
        self.patch(ResourceType::User, id, operations).await;
    }

    pub(crate) async fn delete(&self, id: &str) {
        let kind = ResourceType::User;
        self.push(PushOp::Delete { kind, id: id.to_owned(), only_if: None }).await;
    }

    /// What the resource shows of its delivery.
    pub(crate) fn delivery(&self, id: &str) -> Value {
        let endpoint = &self.caller.endpoint;
        let row = self.engine.store().read(|book| book.resource_row(endpoint, id)).unwrap();
        serde_json::from_str(&row.unwrap().delivery).unwrap()
    }

    /// The state, and why, as one line; those of the instances below it.
    pub(crate) fn shown(&self, id: &str) -> String {
        let line = |value: &Value| {
            let because = value["because"].as_str().filter(|why| !why.is_empty());
            let because = because.map(|why| format!(": {why}")).unwrap_or_default();
            format!("{}{because}", value["state"].as_str().unwrap())
        };
        let delivery = self.delivery(id);
        let mut lines = vec![line(&delivery)];
        for instance in delivery["instances"].as_array().into_iter().flatten() {
            lines.push(format!("{} {}", instance["value"].as_str().unwrap(), line(instance)));
        }
        lines.join("\n")
    }

    pub(crate) fn state(&self, id: &str) -> String {
        self.delivery(id)["state"].as_str().unwrap().to_owned()
    }

    /// Waits until the delivery shows what `fits` asks for.
    pub(crate) async fn until(&self, id: &str, fits: impl Fn(&str) -> bool) -> String {
        wait_for(|| {
            let shown = self.shown(id);
            if fits(&shown) { Ok(shown) } else { Err(shown) }
        })
        .await
    }

    pub(crate) async fn until_state(&self, id: &str, state: &str) -> String {
        self.until(id, |shown| shown.split([':', '\n']).next() == Some(state)).await
    }
}

impl Loop {
    pub(crate) async fn end(self) {
        drop(self.stop);
        self.task.await.unwrap().unwrap();
    }
}

/// Looks until there is something to see. The time is for machines that are slow, and does not make a
/// test pass.
pub(crate) async fn wait_for<T>(mut look: impl FnMut() -> Result<T, String>) -> T {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
    loop {
        match look() {
            Ok(seen) => return seen,
            Err(now) if tokio::time::Instant::now() > deadline => {
                panic!("it never came; at last it was {now}")
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
}

pub(crate) fn login(at: usize) -> String {
    format!("person{at}@example.com")
}

/// Somebody's account in an app.
fn account(at: usize) -> Value {
    json!({
        "schemas": [USER, "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
        "userName": login(at), "active": true, "displayName": format!("Person{at} Nr{at}"),
        "name": {"givenName": format!("Person{at}"), "familyName": format!("Nr{at}")},
        "emails": [{"value": login(at), "primary": true}],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":
            {"employeeNumber": format!("E{at}")},
    })
}

/// The same person as the identity provider knows them.
pub(crate) fn user(at: usize) -> Value {
    let mut user = account(at);
    user["externalId"] = json!(format!("00u{at}"));
    user
}
