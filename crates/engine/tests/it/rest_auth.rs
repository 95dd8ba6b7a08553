//! How the REST channel proves who it is, and what it asks of its settings.

use rollbook_engine::channel::Channel;
use rollbook_engine::channel::rest::RestChannel;
use rollbook_engine::secret::Secret;
use serde_json::{Value, json};

use crate::rest_fake::{TOKEN, call, channel, fake, head, ok, rest, say, settings, users};

/// An app with this `auth`.
fn app(auth: &str) -> String {
    head("kind = \"none\"").replace("{ kind = \"bearer\" }", auth)
        + "[rest.settings]\nclient_id = \"the id of the client\"\n"
        + &call("list", "GET", "/users", "items = \"/users\"\nquery = \"by={client_id}\"")
}

const OAUTH: &str = "{ kind = \"oauth2\", token_url = \"https://login.acme.example/token\", \
                     client_id = \"{client_id}\", client = \"body\" }";

#[tokio::test]
async fn the_secret_is_shown_where_the_file_says() {
    for (auth, name, value) in [
        ("{ kind = \"header\", name = \"X-Api-Key\" }", "x-api-key", "canary-0123456789"),
        (
            "{ kind = \"header\", name = \"Authorization\", prefix = \"Token token=\" }",
            "authorization",
            "Token token=canary-0123456789",
        ),
        (
            "{ kind = \"basic\", secret = \"password\", other = \"{client_id}/token\" }",
            "authorization",
            "Basic cm9sbGJvb2svdG9rZW46Y2FuYXJ5LTAxMjM0NTY3ODk=",
        ),
        (
            "{ kind = \"basic\", secret = \"user\" }",
            "authorization",
            "Basic Y2FuYXJ5LTAxMjM0NTY3ODk6",
        ),
    ] {
        let vendor = fake(|_| ok(json!({"users": users(0..2)}))).await;
        channel(&vendor, &app(auth)).observe().await.unwrap();
        assert_eq!(vendor.asked()[0].headers[name], value);
    }
}

#[tokio::test]
async fn a_token_is_fetched_once_kept_and_fetched_anew_when_it_is_refused() {
    let vendor = fake(|asked| match (asked.line.as_str(), asked.nth) {
        ("POST /token", nth) => {
            ok(json!({"access_token": format!("fresh-token-{nth}"), "expires_in": 3600}))
        }
        (_, nth)
            if nth < 4 && asked.headers["authorization"] == "Bearer fresh-token-0" && nth == 2 =>
        {
            say(401, Value::Null)
        }
        _ => ok(json!({"users": users(0..2)})),
    })
    .await;
    let client = channel(&vendor, &app(OAUTH));
    client.observe().await.unwrap();
    client.observe().await.unwrap();
    let list = "GET /users?by=rollbook";
    assert_eq!(vendor.lines(), ["POST /token", list, list, "POST /token", list]);
    let asked = vendor.asked();
    assert_eq!(
        asked[0].body,
        "grant_type=client_credentials&client_id=rollbook&client_secret=canary-0123456789"
    );
    assert_eq!(asked[4].headers["authorization"], "Bearer fresh-token-3");
    assert!(!asked[1].headers["authorization"].contains(TOKEN), "the secret stays at the token");
}

#[tokio::test]
async fn a_token_that_is_refused_twice_is_refused() {
    let vendor = fake(|asked| match asked.line.as_str() {
        "POST /token" => ok(json!({"access_token": "fresh-token"})),
        _ => say(401, Value::Null),
    })
    .await;
    let error = channel(&vendor, &app(OAUTH)).observe().await.unwrap_err();
    assert!(error.message.contains("refused the token (401)"), "{error}");
    assert_eq!(vendor.lines().len(), 4);
}

#[tokio::test]
async fn a_client_that_is_refused_is_told_without_its_secret() {
    let vendor =
        fake(|asked| say(400, json!({"error": "invalid_client", "error_description": asked.body})))
            .await;
    let error = channel(&vendor, &app(OAUTH)).observe().await.unwrap_err();
    assert!(error.message.contains("no access token was given out"), "{error}");
    assert!(!format!("{error:?}").contains(TOKEN), "{error:?}");
    assert_eq!(vendor.lines(), ["POST /token"]);
}

#[tokio::test]
async fn what_the_app_asks_for_is_asked_for_by_name() {
    let vendor = fake(|_| ok(json!([]))).await;
    let mut settings = settings(&vendor, &app("{ kind = \"bearer\" }"));
    settings.settings.clear();
    let refused = |settings| crate::said(&RestChannel::new(settings).unwrap_err());
    insta::assert_snapshot!(refused(settings.clone()), @r"
    The instance acme does not say `client_id`, which this app needs.
      Set `client_id` in `settings` of `[instance.rest]`: the id of the client.
    ");
    settings.settings.insert("client_id".into(), "x".into());
    settings.settings.insert("clientid".into(), "x".into());
    insta::assert_snapshot!(refused(settings), @r"
    The instance acme sets `clientid`, and this app has no such setting.
      Its settings are `client_id`.
    ");
}

#[tokio::test]
async fn a_setting_that_is_part_of_an_address_cannot_lead_elsewhere() {
    let text = app("{ kind = \"bearer\" }")
        .replace("https://api.acme.example", "https://{client_id}.acme.example");
    for evil in ["evil.example/", "evil.example#", "a@evil.example", "..", "evil.example:1", "a?b"]
    {
        let mut settings = rollbook_engine::channel::rest::RestSettings::new(
            "acme".into(),
            rest(&text),
            [("client_id".to_owned(), evil.to_owned())].into(),
            Secret::new(TOKEN),
        );
        let error = RestChannel::new(settings.clone()).unwrap_err();
        assert!(error.message.contains("is a part of an address"), "{evil}: {error}");
        settings.settings.insert("client_id".into(), "tenant-1".into());
        assert!(RestChannel::new(settings).is_ok());
    }
}

#[tokio::test]
async fn private_addresses_are_refused_unless_the_instance_allows_them() {
    let vendor = fake(|_| ok(json!([]))).await;
    let mut settings = settings(&vendor, &app(OAUTH));
    settings.token_url = Some("https://169.254.169.254/token".into());
    assert!(RestChannel::new(settings.clone()).is_err(), "nobody can be there");
    settings.allow_private = false;
    settings.token_url = None;
    let error = RestChannel::new(settings).unwrap_err();
    assert!(error.message.contains("plain http would send the token readable"), "{error}");
}
