//! What a probe has learned so far, from which its next requests are made.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::ask::{Ask, Method};
use super::reply::{Heard, Reply, is_rate_header};
use crate::read;

/// What a probe may write to, because somebody named it for just that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sandbox {
    /// The `userName` of the account.
    pub login: String,
    /// The `displayName` of the group, if there may be one.
    pub group: Option<String>,
}

/// Which kind of resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A user.
    User,
    /// A group.
    Group,
}

impl Kind {
    /// The path segment.
    pub fn segment(self) -> &'static str {
        match self {
            Self::User => "Users",
            Self::Group => "Groups",
        }
    }

    /// The word for people.
    pub fn word(self) -> &'static str {
        match self {
            Self::User => "account",
            Self::Group => "group",
        }
    }
}

/// Something that a probe made and has not yet seen removed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Made {
    /// What it is.
    pub kind: Kind,
    /// Its id; empty where the server did not say it.
    pub id: String,
}

/// Everything learned so far.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// `/ServiceProviderConfig`, where it was read.
    pub config: Option<Map<String, Value>>,
    /// The first page of users as it came when nothing was asked for.
    pub users: Vec<Value>,
    /// `totalResults` of that page.
    pub total: Option<u64>,
    /// Login in lower case and id of every user, once the whole list was read.
    pub everybody: Option<BTreeMap<String, String>>,
    /// Whether `userName eq` finds the one and nothing else; `None` before it was tried.
    pub finds_by_login: Option<bool>,
    /// Whether `/Groups` answers with a list.
    pub has_groups: Option<bool>,
    /// Names of the headers seen that tell how fast the server may be asked.
    pub rate_headers: BTreeSet<String>,
    /// How often the server asked to be asked more slowly.
    pub throttled: u32,
    /// What may be written to.
    pub sandbox: Option<Sandbox>,
    /// The sandbox account's id, once it is there.
    pub user: Option<String>,
    /// The sandbox account as it was before, if it was there before.
    pub before: Option<Map<String, Value>>,
    /// The sandbox account as it was last seen.
    pub seen: Option<Map<String, Value>>,
    /// The sandbox group's id, once it is there.
    pub group: Option<String>,
    /// What the probe made and has not yet seen removed.
    pub made: BTreeSet<Made>,
    /// What a removal was asked of. Only then does a 404 mean that it is gone, and not that it is
    /// not yet seen.
    pub removing: BTreeSet<Made>,
    /// What each question that was answered found, by its key.
    pub found: BTreeMap<&'static str, String>,
}

impl Known {
    /// Takes notice of what an answer tells whatever was asked: what was made, what is gone, how the
    /// sandbox account looks.
    pub fn notice(&mut self, ask: &Ask, reply: &Reply) {
        let names = reply.headers.keys().filter(|name| is_rate_header(name));
        self.rate_headers.extend(names.cloned());
        let path: Vec<&str> = ask.path.iter().map(String::as_str).collect();
        let kind = match path.first() {
            Some(&"Users") => Kind::User,
            Some(&"Groups") => Kind::Group,
            _ => return,
        };
        match (ask.method, path.as_slice()) {
            (Method::Post, [_]) if reply.is_success() => {
                self.made.insert(Made { kind, id: id_made(reply) });
            }
            (Method::Delete, [_, id]) => {
                self.removing.insert(Made { kind, id: (*id).to_owned() });
            }
            (Method::Get, [_, id]) if matches!(reply.status, 404 | 410) => {
                let gone = Made { kind, id: (*id).to_owned() };
                if self.removing.contains(&gone) {
                    self.made.remove(&gone);
                }
            }
            (Method::Get, [_, id]) if reply.is_success() && self.user.as_deref() == Some(*id) => {
                self.seen = reply.object().cloned().or(self.seen.take());
            }
            _ => {}
        }
    }

    /// Takes notice that a request was sent and nobody knows what it did.
    pub fn notice_lost(&mut self, ask: &Ask) {
        let kind = match ask.path.first().map(String::as_str) {
            Some("Users") => Kind::User,
            Some("Groups") => Kind::Group,
            _ => return,
        };
        if ask.method == Method::Post && ask.writes() {
            self.made.insert(Made { kind, id: String::new() });
        }
    }

    /// What the server promises about a feature in `/ServiceProviderConfig`; `None`: nothing.
    pub fn promises(&self, feature: &str) -> Option<bool> {
        let about = read::get(self.config.as_ref()?, feature)?;
        read::boolean_of(about.as_object()?, "supported")
    }

    /// An account to try reads on: the first with an id and a userName.
    ///
    /// # Errors
    /// A sentence that says that there is none.
    pub fn sample(&self) -> Result<&Map<String, Value>, String> {
        let usable = |user: &&Map<String, Value>| {
            ["id", "userName"].iter().all(|name| {
                read::text_of(user, name)
                    .is_some_and(|text| !text.is_empty() && !text.chars().any(char::is_control))
            })
        };
        let found = self.users.iter().filter_map(Value::as_object).find(usable);
        found.ok_or_else(|| "The server shows no account on which this could be tried.".to_owned())
    }

    /// A text attribute of the sample.
    ///
    /// # Errors
    /// A sentence that says that it has none.
    pub fn sample_text(&self, name: &str) -> Result<String, String> {
        read::text_of(self.sample()?, name)
            .filter(|text| !text.is_empty())
            .ok_or_else(|| format!("The account on which this would be tried shows no {name}."))
    }

    /// How many accounts there are.
    ///
    /// # Errors
    /// A sentence when there are fewer than `least`, or nobody knows.
    pub fn at_least(&self, least: u64) -> Result<u64, String> {
        let shown = self.users.len() as u64;
        let total =
            self.total.ok_or_else(|| "The server does not say how many there are.".to_owned());
        let total = total?.max(shown);
        if total < least {
            return Err(format!("The server holds {total} accounts and this needs {least}."));
        }
        Ok(total)
    }

    /// The sandbox.
    ///
    /// # Errors
    /// A sentence that says that there is none.
    pub fn sandbox(&self) -> Result<&Sandbox, String> {
        self.sandbox.as_ref().ok_or_else(|| "No sandbox account was named.".to_owned())
    }

    /// The id of the sandbox account.
    ///
    /// # Errors
    /// A sentence that says that it is not there.
    pub fn user_id(&self) -> Result<&str, String> {
        self.user.as_deref().ok_or_else(|| "There is no sandbox account to try it on.".to_owned())
    }

    /// The id of the sandbox group.
    ///
    /// # Errors
    /// A sentence that says that it is not there.
    pub fn group_id(&self) -> Result<&str, String> {
        self.group.as_deref().ok_or_else(|| "There is no sandbox group to try it on.".to_owned())
    }

    /// Whether the sandbox account was made by this probe, so that it may be removed.
    pub fn is_ours(&self) -> bool {
        let Some(id) = &self.user else { return false };
        self.made.iter().any(|made| made.kind == Kind::User && made.id == *id)
    }

    /// Whether `ask` may be sent: it reads, or it writes to the sandbox and to nothing else. An
    /// account that was there before is never removed.
    pub fn permits(&self, ask: &Ask) -> bool {
        if !ask.writes() {
            return true;
        }
        let Some(sandbox) = &self.sandbox else { return false };
        let path: Vec<&str> = ask.path.iter().map(String::as_str).collect();
        let is_made =
            |kind, id: &str| self.made.iter().any(|made| made.kind == kind && made.id == id);
        match (ask.method, path.as_slice()) {
            (Method::Post, ["Users"]) => says(ask, "userName", Some(&sandbox.login)),
            (Method::Post, ["Groups"]) => says(ask, "displayName", sandbox.group.as_deref()),
            (Method::Put | Method::Patch, ["Users", id]) => {
                self.user.as_deref() == Some(*id) || is_made(Kind::User, id)
            }
            (Method::Patch, ["Groups", id]) => is_made(Kind::Group, id),
            (Method::Delete, ["Users", id]) => {
                let is_used = self.user.as_deref() == Some(*id);
                is_made(Kind::User, id) || (is_used && self.before.is_none())
            }
            (Method::Delete, ["Groups", id]) => is_made(Kind::Group, id),
            _ => false,
        }
    }
}

/// The id of what was made, from the body or else the last segment of `Location`; empty: not said.
fn id_made(reply: &Reply) -> String {
    let in_body = reply.object().and_then(|object| read::text_of(object, "id"));
    let in_header = || {
        let place = reply.header("location")?;
        place.trim_end_matches('/').rsplit('/').next().map(str::to_owned)
    };
    in_body.or_else(in_header).unwrap_or_default()
}

/// Whether the body of `ask` bears this name, in any case.
fn says(ask: &Ask, attribute: &str, name: Option<&str>) -> bool {
    let said = ask.body.as_ref().and_then(Value::as_object);
    let said = said.and_then(|body| read::text_of(body, attribute));
    said.zip(name).is_some_and(|(said, name)| said.to_lowercase() == name.to_lowercase())
}

/// The answer to the request at `at`.
///
/// # Errors
/// Why there is none, as a sentence.
pub(super) fn reply(heard: &[Heard], at: usize) -> Result<&Reply, String> {
    heard.get(at).ok_or_else(|| "It was not asked.".to_owned())?.reply()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn known() -> Known {
        let sandbox = Sandbox { login: "Probe@acme.example".into(), group: Some("Probe".into()) };
        let made = |kind, id: &str| Made { kind, id: id.to_owned() };
        Known {
            sandbox: Some(sandbox),
            user: Some("there-before".into()),
            before: Some(Map::new()),
            made: [made(Kind::User, "twin"), made(Kind::Group, "g1")].into(),
            ..Known::default()
        }
    }

    fn check(method: Method, path: &[&str], body: Value) -> bool {
        known().permits(&Ask::new(method, path).body(body))
    }

    #[test]
    fn nothing_but_the_sandbox_is_written_to() {
        use Method::{Delete, Get, Patch, Post, Put};
        assert!(check(Get, &["Users", "anybody"], Value::Null));
        assert!(check(Post, &["Users", ".search"], json!({})));
        assert!(check(Post, &["Users"], json!({"userName": "PROBE@acme.example"})));
        assert!(!check(Post, &["Users"], json!({"userName": "ana@acme.example"})));
        assert!(!check(Post, &["Users"], json!({})));
        assert!(check(Post, &["Groups"], json!({"displayName": "Probe"})));
        assert!(!check(Post, &["Groups"], json!({"displayName": "Sales"})));
        assert!(check(Patch, &["Users", "there-before"], json!({})));
        assert!(check(Put, &["Users", "twin"], json!({})));
        assert!(!check(Put, &["Users", "ana"], json!({})));
        assert!(check(Delete, &["Users", "twin"], Value::Null));
        assert!(!check(Delete, &["Users", "there-before"], Value::Null), "it was there before");
        assert!(check(Patch, &["Groups", "g1"], json!({})));
        assert!(!check(Patch, &["Groups", "g2"], json!({})));
        assert!(!check(Put, &["Groups", "g1"], json!({})));
        assert!(!check(Delete, &["Users"], Value::Null));
        assert!(!check(Post, &["Bulk"], json!({"userName": "probe@acme.example"})));
    }

    #[test]
    fn what_was_made_counts_as_gone_only_after_a_removal_and_a_look() {
        let mut known = known();
        let reply = |status| Reply { status, ..Reply::default() };
        let twin = Made { kind: Kind::User, id: "twin".into() };
        let look = Ask::get(&["Users", "twin"]);
        known.notice(&look, &reply(404));
        assert!(known.made.contains(&twin), "it may only not be seen yet");
        known.notice(&Ask::new(Method::Delete, &["Users", "twin"]), &reply(204));
        assert!(known.made.contains(&twin), "nobody has looked");
        known.notice(&look, &reply(404));
        assert!(!known.made.contains(&twin));
    }

    #[test]
    fn without_a_sandbox_nothing_is_written() {
        let ask = Ask::new(Method::Post, &["Users"]).body(json!({"userName": ""}));
        assert!(!Known::default().permits(&ask));
    }
}
