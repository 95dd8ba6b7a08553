//! A plain HTTP client for the tests, with no cleverness of its own.

use std::sync::Once;

use reqwest::{Method, StatusCode};
use rollbook_testkit::{Fault, Profile, ScimVendor, Twist};
use serde_json::{Value, json};

static CRYPTO: Once = Once::new();

/// A vendor with three users (`ana`, `bea`, `cid`) and the group `sales` of the first two.
pub(crate) struct Scene {
    pub(crate) vendor: ScimVendor,
    http: reqwest::Client,
}

pub(crate) type Answer = (StatusCode, Value);

impl Scene {
    pub(crate) async fn new(profile: Profile) -> Self {
        let vendor = ScimVendor::start(profile).await.unwrap();
        for login in ["ana", "bea", "cid"] {
            vendor.seed_user(user(login));
        }
        vendor.seed_group(json!({
            "id": "sales",
            "displayName": "Sales",
            "members": [{"value": "ana"}, {"value": "bea"}],
        }));
        Self { vendor, http: http() }
    }

    pub(crate) async fn with_fault(fault: Fault) -> Self {
        let scene = Self::new(Profile::full()).await;
        scene.vendor.fault(fault);
        scene
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let url = format!("{}{path}", self.vendor.url());
        self.http.request(method, url).bearer_auth(self.vendor.token())
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        answer(self.request(Method::GET, path)).await
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: &Value) -> Answer {
        answer(self.request(method, path).json(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, operation: Value) -> Answer {
        self.send(Method::PATCH, path, &json!({"Operations": [operation]})).await
    }

    pub(crate) async fn delete(&self, path: &str) -> StatusCode {
        self.request(Method::DELETE, path).send().await.unwrap().status()
    }

    /// The logins of a list answer.
    pub(crate) async fn logins(&self, path: &str) -> Vec<String> {
        let (_, body) = self.get(path).await;
        let items = body["Resources"].as_array().unwrap();
        items.iter().map(|item| item["userName"].as_str().unwrap().to_owned()).collect()
    }

    pub(crate) fn is_active(&self, id: &str) -> bool {
        self.vendor.user(id).unwrap()["active"] == json!(true)
    }
}

pub(crate) fn user(login: &str) -> Value {
    json!({
        "id": login,
        "userName": format!("{login}@example.com"),
        "name": {"givenName": login, "familyName": "Example"},
        "emails": [{"value": format!("{login}@example.com"), "type": "work", "primary": true}],
        "active": true,
    })
}

pub(crate) fn http() -> reqwest::Client {
    CRYPTO.call_once(|| {
        rustls::crypto::ring::default_provider().install_default().unwrap();
    });
    reqwest::Client::new()
}

async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let status = response.status();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

#[tokio::test]
async fn a_fault_that_never_fired_is_told() {
    let scene = Scene::with_fault(Fault::on("GET", "/Users", Twist::Html).times(2)).await;
    scene.get("/Users").await;
    let told = scene.vendor.unfired();
    assert_eq!(told.len(), 1);
    assert!(told[0].contains("fired 1 times of at least 2"), "{}", told[0]);
}
