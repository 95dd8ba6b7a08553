//! Where an item of a list says what we need to know of an account.

use std::collections::BTreeMap;

use rollbook_core::account::State;
use serde::Deserialize;
use serde_json::Value;

use super::pointer::Pointer;

/// Where an item says what. What the app does not tell is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AccountShape {
    /// The app's stable id of the account. An item without one cannot be read.
    pub key: Pointer,
    /// The name to sign in with; where nothing is said, the address.
    pub login: Option<Pointer>,
    /// The primary address, or all of them.
    pub email: Option<Pointer>,
    /// The shown name; several parts are joined by a blank.
    pub display_name: Vec<Pointer>,
    /// Given name.
    pub given_name: Option<Pointer>,
    /// Family name.
    pub family_name: Option<Pointer>,
    /// The id that an IdP gave it.
    pub external_id: Option<Pointer>,
    /// The worker number.
    pub worker_number: Option<Pointer>,
    /// Its role or roles.
    pub roles: Option<Pointer>,
    /// The keys of the groups that it is in.
    pub groups: Option<Pointer>,
    /// Its seat or licence.
    pub seat: Option<Pointer>,
    /// Last use: RFC 3339, a date, or seconds or milliseconds since 1970.
    pub last_seen: Option<Pointer>,
    /// When it was made, in the same notations.
    pub created: Option<Pointer>,
    /// Other ids that its requests need, by the name that `{id.NAME}` uses.
    pub ids: BTreeMap<String, Pointer>,
    /// Items that are no account at all, e.g. groups in a list of contacts.
    pub skip: Vec<Condition>,
    /// Items that are machines.
    pub machine: Vec<Condition>,
    /// Items that may change everything.
    pub admin: Vec<Condition>,
    /// The first rule that holds says the state.
    pub state: Vec<StateRule>,
    /// The state where no rule holds. Without it such an item leaves the view partial.
    pub otherwise: Option<State>,
}

/// One thing said of an item.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// Where to look.
    pub at: Pointer,
    /// The values, as texts, any of which makes it hold; capitals do not matter. `null` also stands
    /// for what is missing, `*` for anything that is there.
    pub is: Vec<String>,
}

/// What an item that says something tells of the account's state.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StateRule {
    /// Where to look.
    pub at: Pointer,
    /// As in [`Condition::is`].
    pub is: Vec<String>,
    /// Then the account is this.
    pub means: State,
}

impl AccountShape {
    /// The state that `item` is in; `None` if nothing says it.
    pub fn state_of(&self, item: &Value) -> Option<State> {
        let rule = self.state.iter().find(|rule| holds(&rule.at, &rule.is, item));
        rule.map(|rule| rule.means).or(self.otherwise)
    }
}

impl Condition {
    /// Whether it holds for `item`.
    pub fn holds(&self, item: &Value) -> bool {
        holds(&self.at, &self.is, item)
    }
}

fn holds(at: &Pointer, is: &[String], item: &Value) -> bool {
    let said = at.texts(item);
    is.iter().any(|word| match word.as_str() {
        "null" => said.is_empty(),
        "*" => !said.is_empty(),
        word => said.iter().any(|said| said.eq_ignore_ascii_case(word)),
    })
}

/// Where an item of the list of groups says what.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupShape {
    /// The app's stable id of the group.
    pub key: Pointer,
    /// The shown name.
    pub name: Pointer,
    /// The keys of the accounts in it, where the list tells.
    pub members: Option<Pointer>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shape(text: &str) -> AccountShape {
        toml::from_str(text).expect("a shape")
    }

    #[test]
    fn the_first_rule_that_holds_says_the_state() {
        let shape = shape(
            r#"
            key = "/id"
            state = [
              { at = "/deleted", is = ["true"], means = "gone" },
              { at = "/status", is = ["active"], means = "active" },
              { at = "/invite", is = ["*"], means = "invited" },
              { at = "/seen", is = ["null"], means = "suspended" },
            ]
            "#,
        );
        let state = |item: Value| shape.state_of(&item);
        assert_eq!(state(json!({"deleted": true, "status": "ACTIVE"})), Some(State::Gone));
        assert_eq!(state(json!({"deleted": false, "status": "ACTIVE"})), Some(State::Active));
        assert_eq!(state(json!({"invite": "x", "seen": 1})), Some(State::Invited));
        assert_eq!(state(json!({"status": "odd", "seen": null})), Some(State::Suspended));
        assert_eq!(state(json!({"status": "odd", "seen": 3})), None, "what is odd is not guessed");
    }
}
