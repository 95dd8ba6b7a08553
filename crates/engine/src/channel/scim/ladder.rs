//! The ladder: forms of saying the same change, from the one that the RFC wants to the one that
//! nearly everybody understands. A form that is accepted and changes nothing counts as not
//! understood; one that may have had an effect ends the climb.

use reqwest::Method;
use rollbook_core::change::Change;
use rollbook_core::id::AccountKey;
use rollbook_core::step::{Outcome, Receipt, Seen, Verdict, judge};
use rollbook_scim::patch::Rules;
use rollbook_scim::{Patch, read, schema};
use serde_json::{Value, json};

use super::ScimChannel;
use super::look::{Resource, text};
use crate::channel::answer::Said;
use crate::channel::http::Call;
use crate::channel::outcome::{failed, not_done, not_sent};

/// One form of saying a change.
#[derive(Clone, Debug)]
pub(super) struct Rung {
    /// Which form it is, so that one that this instance does not have is not tried again.
    pub name: &'static str,
    /// What is sent.
    pub form: Form,
}

/// What a rung sends.
#[derive(Clone, Debug)]
pub(super) enum Form {
    /// This request.
    Send(Box<Call>),
    /// The whole user, as it is now, with the patch applied here.
    Whole(Patch),
}

impl Rung {
    /// A `PATCH` of `kind/id`.
    pub(super) fn patch(name: &'static str, kind: &str, id: &str, body: Value) -> Self {
        Self { name, form: Form::Send(Box::new(Call::new(Method::PATCH, &[kind, id]).body(body))) }
    }
}

/// Where one rung left us.
enum Foothold {
    /// The change is visible.
    Holds(Receipt),
    /// The vendor accepted it and nothing is visible.
    Ignored(Receipt),
    /// The vendor did not do it.
    Refused(Said),
    /// No other rung may be tried.
    Over(Outcome),
}

impl ScimChannel {
    /// Climbs until a look shows what the change promised. When the vendor accepted a form and no
    /// form became visible, it counts as done: some vendors need minutes, and the look that follows
    /// every change has that patience.
    pub(super) async fn climb(
        &self,
        change: &Change,
        key: &AccountKey,
        rungs: Vec<Rung>,
    ) -> Outcome {
        let mut accepted = None;
        let mut refusal = None;
        for rung in self.usable(rungs) {
            match self.stand_on(change, key, &rung).await {
                Foothold::Holds(receipt) => {
                    return Outcome::Done { account: key.clone(), receipt };
                }
                Foothold::Ignored(receipt) => accepted = accepted.or(Some(receipt)),
                Foothold::Refused(said) => refusal = refusal.or(Some(said)),
                Foothold::Over(outcome) => match (accepted, &outcome) {
                    // What stands in the way of a later form may be the effect of an earlier one.
                    (Some(receipt), Outcome::Refused { .. } | Outcome::Failed { .. }) => {
                        return Outcome::Done { account: key.clone(), receipt };
                    }
                    _ => return outcome,
                },
            }
        }
        match (accepted, refusal) {
            (Some(receipt), _) => Outcome::Done { account: key.clone(), receipt },
            (None, Some(said)) => not_done(&said),
            (None, None) => failed("There is no form in which this change can be sent.", ""),
        }
    }

    async fn stand_on(&self, change: &Change, key: &AccountKey, rung: &Rung) -> Foothold {
        let call = match &rung.form {
            Form::Send(call) => (**call).clone(),
            Form::Whole(patch) => match self.whole(key, patch).await {
                Ok(call) => call,
                Err(outcome) => return Foothold::Over(outcome),
            },
        };
        let (said, receipt) = self.write(&call).await;
        match said {
            Said::Fine(_) => match judge(change, &self.see(change).await) {
                Verdict::Contradicted { .. } => Foothold::Ignored(receipt),
                Verdict::Confirmed | Verdict::Unobservable { .. } => Foothold::Holds(receipt),
            },
            Said::Refused { status: 405 | 501, .. } => {
                self.avoid(rung.name);
                Foothold::Refused(said)
            }
            Said::Conflict { status: 412, .. } => Foothold::Over(Outcome::Refused {
                why: "Somebody else changed the account at the same moment.".into(),
            }),
            Said::Refused { status: 403, .. } => Foothold::Over(not_done(&said)),
            Said::Refused { .. } | Said::Missing | Said::Conflict { .. } => Foothold::Refused(said),
            Said::Broken { .. } => {
                self.avoid(rung.name);
                match judge(change, &self.see(change).await) {
                    Verdict::Confirmed => Foothold::Holds(receipt),
                    _ => Foothold::Over(not_done(&said)),
                }
            }
            _ => Foothold::Over(not_done(&said)),
        }
    }

    /// A `PUT` of the whole user as it is right now with `patch` applied, only if it is still that
    /// version where the vendor has versions.
    async fn whole(&self, key: &AccountKey, patch: &Patch) -> Result<Call, Outcome> {
        let id = key.as_str();
        let now = match self.fetch("Users", id, &mut self.patience()).await {
            Ok(Some(resource)) => resource,
            Ok(None) => {
                let why = "The account is not there any more.".into();
                return Err(Outcome::Refused { why });
            }
            Err(said) => return Err(not_sent(&said)),
        };
        let version = read::get(&now, "meta")
            .and_then(Value::as_object)
            .map(|meta| text(meta, "version"))
            .filter(|version| !version.is_empty());
        let body = whole_body(now, patch)
            .map_err(|why| failed(&format!("The change cannot be expressed: {why}."), ""))?;
        Ok(Call::new(Method::PUT, &["Users", id]).body(body).if_match(version))
    }

    /// The rungs without those that this instance does not have; all of them if none were left.
    fn usable(&self, rungs: Vec<Rung>) -> Vec<Rung> {
        let avoided = self.avoided.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let usable: Vec<_> = rungs.iter().filter(|r| !avoided.contains(r.name)).cloned().collect();
        if usable.is_empty() { rungs } else { usable }
    }

    fn avoid(&self, name: &'static str) {
        self.avoided.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(name);
    }

    /// Whether a look now shows that the change is done.
    pub(super) async fn shows(&self, change: &Change) -> bool {
        let seen: Seen = self.see(change).await;
        judge(change, &seen) == Verdict::Confirmed
    }
}

/// The whole user for a `PUT`: everything that came, patched, without what only the server sets,
/// and with `active` said in so many words, because some vendors take silence for `false`.
fn whole_body(now: Resource, patch: &Patch) -> Result<Value, String> {
    let patched = patch.apply(&Value::Object(now), &Rules::lenient()).map_err(|e| e.to_string())?;
    let Value::Object(mut body) = patched else { return Err("it is no object".into()) };
    let active = read::boolean_of(&body, "active").unwrap_or(true);
    for name in ["meta", "groups", "active"] {
        if let Some(key) = read::key(&body, name).map(str::to_owned) {
            body.remove(&key);
        }
    }
    body.insert("active".into(), json!(active));
    body.entry("schemas").or_insert_with(|| json!([schema::USER]));
    Ok(Value::Object(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_user_says_active_and_leaves_the_servers_own_attributes_out() {
        let now = json!({
            "id": "7", "userName": "ana", "Active": "True", "x-vendor": {"kept": 1},
            "meta": {"version": "W/\"3\""}, "groups": [{"value": "g"}]
        });
        let Value::Object(now) = now else { panic!("an object") };
        let body = whole_body(now.clone(), &Patch::active(false)).unwrap();
        assert_eq!(
            body,
            json!({"id": "7", "userName": "ana", "active": false, "x-vendor": {"kept": 1},
                   "schemas": [schema::USER]})
        );
        let title = Patch::default().replace("title".parse().unwrap(), json!("Boss"));
        assert_eq!(whole_body(now, &title).unwrap()["active"], json!(true));
    }
}
