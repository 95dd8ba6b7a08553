//! What each tool is asked with. The doc comments are what an assistant reads; what is not named here
//! is refused.

use rmcp::model::JsonObject;
use rmcp::schemars::{self, JsonSchema};
use rollbook_core::explain::printable;
use rollbook_engine::asking::Page;
use rollbook_engine::{Error, Result};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The longest text of an argument, in characters.
const CHARS_MAX: usize = 2_000;

/// How many of something one proposal may name.
pub(super) const NAMED_MAX: usize = 100;

/// Which page of an answer.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[schemars(crate = "schemars")]
#[serde(deny_unknown_fields, default)]
pub(super) struct Paged {
    /// Rows of a page, 1 to 100; 25 where nothing is said
    #[schemars(range(min = 1, max = 100))]
    limit: Option<u32>,
    /// next_cursor of the page before
    cursor: Option<String>,
}

impl Paged {
    pub(super) fn page(self) -> Page {
        Page { limit: self.limit.map(|limit| limit as usize), cursor: self.cursor }
    }
}

macro_rules! arguments {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $field:ident: $kind:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Deserialize, JsonSchema)]
        #[schemars(crate = "schemars")]
        #[serde(deny_unknown_fields)]
        pub(super) struct $name {
            $($(#[$of])* pub(super) $field: $kind,)*
            /// Rows of a page, 1 to 100
            #[schemars(range(min = 1, max = 100))]
            pub(super) limit: Option<u32>,
            /// next_cursor of the page before
            pub(super) cursor: Option<String>,
        }

        impl $name {
            pub(super) fn page(&self) -> Page {
                Paged { limit: self.limit, cursor: self.cursor.clone() }.page()
            }
        }
    };
}

arguments! {
    /// Which app.
    WhoHas {
        /// An instance as `coverage` names it, or the id of an app
        app: String,
        /// Also accounts that let nobody in any more
        #[serde(default)]
        with_closed: bool,
    }
}

arguments! {
    /// Which person.
    WhatHas {
        /// An identity's id, a worker number, an address, a login or a name
        person: String,
    }
}

arguments! {
    /// Which findings; nothing said: all that are open.
    Findings {
        /// Only this one, by its id
        id: Option<String>,
        /// Only of this kind, for example leftover, orphan, dormant, missing, stale_view
        kind: Option<String>,
        /// Only this bad or worse: low, medium, high, critical
        severity: Option<String>,
        /// Only in this instance or app
        app: Option<String>,
        /// Only about this person
        person: Option<String>,
        /// Also what was put off and what is gone
        #[serde(default)]
        all: bool,
    }
}

arguments! {
    /// Whose leaving.
    LeaverStatus {
        /// Only this person; left out: everybody who left and has something open
        person: Option<String>,
        /// Also those of whom nothing is open any more
        #[serde(default)]
        all: bool,
    }
}

arguments! {
    /// Which guide.
    AppGuide {
        /// The id of an app in the catalog, or an instance
        app: String,
    }
}

arguments! {
    /// Which account.
    ExplainLink {
        /// instance/key or instance/login
        account: String,
    }
}

arguments! {
    /// Which plan.
    PlanStatus {
        /// Its id, pln_…; left out: all plans, newest first
        plan: Option<String>,
    }
}

arguments! {
    /// Whose evidence.
    EvidenceFor {
        /// A person, or the id of a run, run_…
        subject: String,
    }
}

/// Who leaves.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(crate = "schemars")]
#[serde(deny_unknown_fields)]
pub(super) struct ProposeOffboarding {
    /// An identity's id, a worker number, an address, a login or a name
    pub(super) person: String,
    /// Who takes over what they own, where an app would destroy it
    pub(super) heir: Option<String>,
}

/// What a plan is asked for: findings, or changes.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(crate = "schemars")]
#[serde(deny_unknown_fields)]
pub(super) struct ProposePlan {
    /// Ids of findings that the plan should settle, fnd_…
    #[serde(default)]
    #[schemars(length(max = 100))]
    pub(super) findings: Vec<String>,
    /// Changes of single accounts
    #[serde(default)]
    #[schemars(length(max = 100))]
    pub(super) changes: Vec<Wanted>,
    /// Why, as whoever approves will read it
    pub(super) reason: String,
}

/// One change that is wanted.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(crate = "schemars", inline)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// instance/key or instance/login
    pub(super) account: String,
    /// What should be done with it
    pub(super) does: Does,
    /// The role or group, for grant and revoke
    pub(super) entitlement: Option<String>,
    /// Who takes over what it owns, for remove
    pub(super) heir: Option<String>,
}

/// What can be asked for about one account.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[schemars(crate = "schemars", inline)]
#[serde(rename_all = "snake_case")]
pub(super) enum Does {
    /// Nobody gets in any more; can be taken back
    Suspend,
    /// It lets in again
    Reactivate,
    /// It is taken away, often for good
    Remove,
    /// A role or group is given
    Grant,
    /// A role or group is taken
    Revoke,
}

/// Whose an account may be.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(crate = "schemars")]
#[serde(deny_unknown_fields)]
pub(super) struct ProposeLink {
    /// instance/key or instance/login
    pub(super) account: String,
    /// A person, or source/number of a worker record
    pub(super) person: String,
    /// false: it is proposed that the account is not theirs
    #[serde(default = "yes")]
    pub(super) is_theirs: bool,
    /// Why, as whoever decides will read it
    pub(super) reason: String,
}

fn yes() -> bool {
    true
}

/// The arguments as `T`.
///
/// # Errors
/// When one is missing, unknown, of the wrong kind, too long or empty.
pub(super) fn read<T: DeserializeOwned>(arguments: JsonObject) -> Result<T> {
    let arguments = Value::Object(arguments);
    check(&arguments)?;
    serde_json::from_value(arguments).map_err(|e| {
        Error::input(printable(&format!("The arguments of the tool are wrong: {e}.")))
            .hint("tools/list says what each tool takes.")
    })
}

/// Every text is short, and no list is long.
fn check(value: &Value) -> Result<()> {
    match value {
        // A cursor is a text too, and longer than a name.
        Value::String(text) if text.chars().count() > CHARS_MAX => Err(Error::input(format!(
            "A text of the arguments is longer than {CHARS_MAX} characters."
        ))),
        Value::Array(items) if items.len() > NAMED_MAX => {
            Err(Error::input(format!("A list of the arguments has more than {NAMED_MAX} members."))
                .hint("Ask for less at a time."))
        }
        Value::Array(items) => items.iter().try_for_each(check),
        Value::Object(map) => map.values().try_for_each(check),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said<T: DeserializeOwned>(arguments: Value) -> String {
        let Value::Object(arguments) = arguments else { panic!("an object") };
        match read::<T>(arguments) {
            Ok(_) => "taken".to_owned(),
            Err(error) => error.message,
        }
    }

    #[test]
    fn arguments_that_are_missing_unknown_or_too_much_are_refused_by_name() {
        insta::assert_snapshot!(said::<WhoHas>(json!({"app": "wiki"})), @"taken");
        insta::assert_snapshot!(said::<WhoHas>(json!({})), @"The arguments of the tool are wrong: missing field `app`.");
        insta::assert_snapshot!(said::<WhoHas>(json!({"app": "wiki", "approve": true})), @"The arguments of the tool are wrong: unknown field `approve`, expected one of `app`, `with_closed`, `limit`, `cursor`.");
        insta::assert_snapshot!(said::<WhoHas>(json!({"app": "w".repeat(2001)})), @"A text of the arguments is longer than 2000 characters.");
        let many = vec!["fnd_1"; 101];
        insta::assert_snapshot!(said::<ProposePlan>(json!({"findings": many, "reason": "r"})), @"A list of the arguments has more than 100 members.");
        let odd = json!({"changes": [{"account": "wiki/ana", "does": "apply"}], "reason": "r"});
        insta::assert_snapshot!(said::<ProposePlan>(odd), @"The arguments of the tool are wrong: unknown variant `apply`, expected one of `suspend`, `reactivate`, `remove`, `grant`, `revoke`.");
    }
}
