//! Making an account exactly once, whatever was tried before.

use reqwest::Method;
use rollbook_core::account::Account;
use rollbook_core::change::Profile;
use rollbook_core::id::AccountKey;
use rollbook_core::step::{Outcome, Receipt, Seen};
use rollbook_scim::schema;
use serde_json::{Map, Value, json};

use super::ScimChannel;
use super::pages::id_of;
use crate::channel::answer::Said;
use crate::channel::http::Call;
use crate::channel::outcome::{in_the_way, not_done, not_sent};

impl ScimChannel {
    /// Makes the account, unless an earlier try made it. One that has the login but not our external
    /// id is somebody's until a human says otherwise.
    pub(super) async fn create(&self, profile: &Profile, seen: &Seen) -> Outcome {
        match seen {
            Seen::Absent => {}
            Seen::Present { account } => return clash(profile, account),
            Seen::Unobservable { why, retry_at } => {
                return Outcome::Failed {
                    why: format!("Nothing was made, because the search for it failed. {why}"),
                    retry_at: *retry_at,
                    hint: String::new(),
                };
            }
        }
        let (mut said, mut receipt) = self.post(&body(profile, true)).await;
        // Some vendors refuse the enterprise extension. Nothing was made, so it may be sent again.
        if matches!(said, Said::Refused { status: 400 | 422, .. })
            && !profile.worker_number.is_empty()
        {
            (said, receipt) = self.post(&body(profile, false)).await;
        }
        match said {
            Said::Fine(answer) => self.confirm_made(profile, answer, receipt).await,
            Said::Conflict { .. } => self.explain_conflict(profile, &said).await,
            said => not_done(&said),
        }
    }

    async fn post(&self, body: &Value) -> (Said, Receipt) {
        self.write(&Call::new(Method::POST, &["Users"]).body(body.clone())).await
    }

    /// A 201 may come without a body, and even without an account.
    async fn confirm_made(
        &self,
        profile: &Profile,
        answer: Option<Value>,
        receipt: Receipt,
    ) -> Outcome {
        let told = answer.as_ref().and_then(Value::as_object).and_then(id_of);
        if let Some(id) = told {
            return Outcome::Done { account: AccountKey::new(id), receipt };
        }
        match self.find(profile, &mut self.patience()).await {
            Ok(Some(resource)) => match id_of(&resource) {
                Some(id) => Outcome::Done { account: AccountKey::new(id), receipt },
                None => Outcome::Uncertain { why: "The new account carries no id.".into() },
            },
            _ => Outcome::Uncertain {
                why: format!(
                    "The instance answered {} without an account, and none is to be found.",
                    receipt.status
                ),
            },
        }
    }

    /// A conflict may be with our own earlier try, or with somebody else's account.
    async fn explain_conflict(&self, profile: &Profile, said: &Said) -> Outcome {
        match self.find(profile, &mut self.patience()).await {
            Ok(Some(resource)) => match self.understand(&resource) {
                Some(account) => clash(profile, &account),
                None => not_sent(said),
            },
            Ok(None) => Outcome::Refused {
                why: format!(
                    "{} No account with the login {} is to be seen: it may be deactivated, hidden \
                     or in another tenant.",
                    said.sentence(),
                    profile.login
                ),
            },
            Err(_) => not_sent(said),
        }
    }
}

/// An account with our external id was made by an earlier try; any other is not adopted.
fn clash(profile: &Profile, account: &Account) -> Outcome {
    if !profile.external_id.is_empty() && account.external_id == profile.external_id {
        return Outcome::AlreadyDone { account: account.key.clone() };
    }
    Outcome::Refused { why: in_the_way(&profile.login, account) }
}

/// The user to make. All forms of the name are sent, because vendors insist on different ones.
fn body(profile: &Profile, extended: bool) -> Value {
    let Profile { login, display_name, given_name, family_name, email, .. } = profile;
    let formatted = match display_name.as_str() {
        "" => format!("{given_name} {family_name}").trim().to_owned(),
        shown => shown.to_owned(),
    };
    let mut user = told([
        ("userName", login),
        ("externalId", &profile.external_id),
        ("displayName", &formatted),
    ]);
    let name =
        told([("formatted", &formatted), ("givenName", given_name), ("familyName", family_name)]);
    if !name.is_empty() {
        user.insert("name".into(), name.into());
    }
    if !email.is_empty() {
        let email = json!([{"value": email, "type": "work", "primary": true}]);
        user.insert("emails".into(), email);
    }
    user.insert("active".into(), json!(true));
    let mut schemas = vec![schema::USER];
    if extended && !profile.worker_number.is_empty() {
        schemas.push(schema::ENTERPRISE_USER);
        let number = json!({"employeeNumber": profile.worker_number});
        user.insert(schema::ENTERPRISE_USER.into(), number);
    }
    user.insert("schemas".into(), json!(schemas));
    Value::Object(user)
}

/// The attributes that say something: an empty text is not sent.
fn told<const N: usize>(attributes: [(&str, &String); N]) -> Map<String, Value> {
    let said = attributes.into_iter().filter(|(_, text)| !text.is_empty());
    said.map(|(name, text)| (name.to_owned(), json!(text))).collect()
}
