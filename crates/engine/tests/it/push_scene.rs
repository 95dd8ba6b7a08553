//! A workspace with two endpoints, and an identity provider that pushes to the first.

use std::path::PathBuf;
use std::sync::Arc;
use std::task::Poll;

use rollbook_engine::Engine;
use rollbook_engine::clock::Clock;
use rollbook_engine::push::{Caller, Done, Intake, Minting, PushOp, Rendered, View};
use rollbook_scim::ErrorMessage;
use rollbook_scim::server::query::pairs;
use rollbook_scim::server::{Limits, Profile, Projection, Query, ResourceType, Tags, resource};
use serde_json::{Value, json};

use crate::book;

pub(crate) const BASE: &str = "https://rollbook.example/scim/wiki/v2";
pub(crate) const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub(crate) const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

/// The externalId of the group that a rule of the wiki is about.
pub(crate) const MAPPED: &str = "00g-editors";

const CONFIG: &str = r#"
[workspace]
name = "Example"
time_zone = "UTC"
employer_domains = ["example.com"]
"#;

pub(crate) struct PushScene {
    pub(crate) dir: tempfile::TempDir,
    /// `None` while another process works in the workspace.
    intake: Option<Intake>,
    pub(crate) caller: Caller,
}

/// What a push became, as an identity provider sees it: the status and the resource or error.
pub(crate) type Answered = (u16, Value);

impl PushScene {
    pub(crate) fn new() -> Self {
        Self::with(Profile::Strict)
    }

    pub(crate) fn with(profile: Profile) -> Self {
        let dir = tempfile::tempdir().unwrap();
        book::init(&dir.path().join("book"));
        let instance = |name: &str| {
            format!(
                "[[instance]]\nname = \"{name}\"\n[instance.file]\npath = \"{name}.csv\"\n\
                 outbox = \"{name}\"\n[instance.file.columns]\nkey = \"id\"\nlogin = \"login\"\n"
            )
        };
        let rule = format!("[[instance.group]]\nid = \"{MAPPED}\"\nentitlement = \"editors\"\n");
        let config = format!("{CONFIG}{}{rule}{}", instance("wiki"), instance("archive"));
        book::configure(&dir.path().join("book"), &config);
        let engine = Engine::open(&dir.path().join("book"), Clock::System).unwrap();
        let intake = Intake::open(Arc::new(engine)).unwrap();
        let caller = caller(&intake, "wiki", "okta", profile, true);
        Self { dir, intake: Some(intake), caller }
    }

    /// Leaves the workspace to another process.
    pub(crate) fn close(&mut self) {
        self.intake = None;
    }

    /// Comes back.
    pub(crate) fn open(&mut self) {
        let engine = Engine::open(&self.book(), Clock::System).unwrap();
        self.intake = Some(Intake::open(Arc::new(engine)).unwrap());
    }

    pub(crate) fn intake(&self) -> &Intake {
        self.intake.as_ref().unwrap()
    }

    pub(crate) fn book(&self) -> PathBuf {
        self.dir.path().join("book")
    }

    pub(crate) fn engine(&self) -> &Engine {
        self.intake().engine()
    }

    /// Makes a User or Group.
    pub(crate) async fn create(&self, kind: ResourceType, body: Value) -> Answered {
        match resource::create(kind, body, &self.caller.profile.rules()) {
            Ok(body) => self.push(PushOp::Create { kind, body }).await,
            Err(refused) => refusal(&refused),
        }
    }

    /// Makes a User with this login and returns its id.
    pub(crate) async fn user(&self, login: &str) -> String {
        let (status, user) = self.create(ResourceType::User, user(login)).await;
        assert_eq!(status, 201, "{user}");
        user["id"].as_str().unwrap().to_owned()
    }

    /// Makes a Group with these members and returns its id.
    pub(crate) async fn group(&self, name: &str, members: &[&str]) -> String {
        let members: Vec<_> = members.iter().map(|id| json!({"value": id})).collect();
        let body = json!({"schemas": [GROUP], "displayName": name, "members": members});
        let (status, group) = self.create(ResourceType::Group, body).await;
        assert_eq!(status, 201, "{group}");
        group["id"].as_str().unwrap().to_owned()
    }

    /// Sends PATCH operations.
    pub(crate) async fn patch(&self, kind: ResourceType, id: &str, operations: Value) -> Answered {
        self.patch_if(kind, id, operations, None).await
    }

    pub(crate) async fn patch_if(
        &self,
        kind: ResourceType,
        id: &str,
        operations: Value,
        only_if: Option<&str>,
    ) -> Answered {
        let body = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": operations});
        let patch = match self.caller.profile.patch(&body) {
            Ok(patch) => patch,
            Err(refused) => return refusal(&refused),
        };
        let only_if = only_if.map(|tag| Tags::read(tag).unwrap());
        self.push(PushOp::Patch { kind, id: id.to_owned(), patch, only_if }).await
    }

    pub(crate) async fn replace(&self, kind: ResourceType, id: &str, body: Value) -> Answered {
        self.push(PushOp::Replace { kind, id: id.to_owned(), body, only_if: None }).await
    }

    pub(crate) async fn delete(&self, kind: ResourceType, id: &str) -> Answered {
        self.push(PushOp::Delete { kind, id: id.to_owned(), only_if: None }).await
    }

    pub(crate) async fn push(&self, operation: PushOp) -> Answered {
        let projection = Projection::default();
        let view = View { base: BASE, projection: &projection };
        match self.intake().push(&self.caller, operation, Some(&view)).await.unwrap() {
            Ok(Done::Created(made)) => (201, json(&made)),
            Ok(Done::Changed(now) | Done::Unchanged(now)) => (200, json(&now)),
            Ok(Done::Deleted) => (204, Value::Null),
            Err(refused) => refusal(&refused),
        }
    }

    pub(crate) async fn get(&self, kind: ResourceType, id: &str) -> Answered {
        let projection = Projection::default();
        let view = View { base: BASE, projection: &projection };
        match self.intake().get(&self.caller, kind, id, &view).await.unwrap() {
            Some(found) => (200, json(&found)),
            None => (404, Value::Null),
        }
    }

    /// A page of a list, asked for by the query of a URL.
    pub(crate) async fn list(&self, kinds: &[ResourceType], query: &str) -> Answered {
        let limits = Limits { count_default: 100, count_max: 1000 };
        let query = pairs(query)
            .and_then(|pairs| Query::from_params(&pairs, &limits, &self.caller.profile.rules()));
        let query = match query {
            Ok(query) => query,
            Err(refused) => return refusal(&refused),
        };
        match self.intake().page(&self.caller, kinds, &query, BASE).await.unwrap() {
            Ok(text) => (200, serde_json::from_str(&text).unwrap()),
            Err(refused) => refusal(&refused),
        }
    }

    /// The logins or names on a page of a list.
    pub(crate) async fn names(&self, kinds: &[ResourceType], query: &str) -> Vec<String> {
        let (status, list) = self.list(kinds, query).await;
        assert_eq!(status, 200, "{list}");
        let name = |item: &Value| {
            let name = item.get("userName").or(item.get("displayName")).unwrap();
            name.as_str().unwrap().to_owned()
        };
        list["Resources"].as_array().unwrap().iter().map(name).collect()
    }
}

/// Waits for all of `futures` at once, and gives what each came to, in their order.
pub(crate) async fn all<T>(futures: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut all: Vec<_> = futures.map(|one| (Box::pin(one), None)).collect();
    std::future::poll_fn(|context| {
        for (future, done) in &mut all {
            if done.is_none()
                && let Poll::Ready(value) = future.as_mut().poll(context)
            {
                *done = Some(value);
            }
        }
        match all.iter().all(|(_, done)| done.is_some()) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    })
    .await;
    all.into_iter().map(|(_, done)| done.unwrap()).collect()
}

/// Mints a token and comes in with it.
pub(crate) fn caller(
    intake: &Intake,
    endpoint: &str,
    idp: &str,
    profile: Profile,
    may_write: bool,
) -> Caller {
    let minting = Minting {
        endpoint: endpoint.to_owned(),
        idp: idp.to_owned(),
        profile,
        may_write,
        acts_for: String::new(),
        expires: None,
        by: "olga".to_owned(),
    };
    let minted = intake.engine().mint_token(minting).unwrap();
    // A new clone would read the tokens anew; this one does within a second.
    loop {
        let found = intake.authenticate(endpoint, minted.secret.expose()).unwrap();
        match found {
            Some(caller) => return caller,
            None => std::thread::yield_now(),
        }
    }
}

pub(crate) fn user(login: &str) -> Value {
    json!({
        "schemas": [USER], "userName": login, "externalId": format!("00u-{login}"),
        "name": {"givenName": "Ana", "familyName": "Alder"}, "active": true,
        "emails": [{"value": format!("{login}@example.com"), "type": "work", "primary": true}],
    })
}

fn json(rendered: &Rendered) -> Value {
    let body: Value = serde_json::from_str(&rendered.json).unwrap();
    assert_eq!(body["id"], rendered.id.as_str());
    assert_eq!(body["meta"]["version"], rendered.etag.as_str());
    assert_eq!(body["meta"]["location"], rendered.location.as_str());
    body
}

fn refusal(refused: &ErrorMessage) -> Answered {
    (refused.status.unwrap(), refused.to_json())
}
