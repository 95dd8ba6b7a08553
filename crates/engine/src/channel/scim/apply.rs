//! Doing one change: look first, refuse what no longer fits, then climb the ladder.

use std::collections::BTreeMap;

use reqwest::Method;
use rollbook_core::change::{Change, Op};
use rollbook_core::explain::counted;
use rollbook_core::id::AccountKey;
use rollbook_core::step::{Attribute, Field, Found, Outcome, Seen, fits, found};
use rollbook_scim::{AttrPath, Patch, Path, read, schema};
use serde_json::{Value, json};

use super::ScimChannel;
use super::account::group;
use super::ladder::{Form, Rung};
use super::look::{Look, Resource, text};
use crate::channel::answer::Said;
use crate::channel::http::Call;
use crate::channel::outcome::{failed, not_done, not_sent};

impl ScimChannel {
    /// Does `change`.
    pub(super) async fn carry_out(&self, change: &Change) -> Outcome {
        let look = self.look_at(change).await;
        let Some(key) = change.account.clone() else {
            return match (&change.op, look) {
                (Op::Create { profile }, Look::Clear(seen)) => self.create(profile, &seen).await,
                _ => failed("The change does not say which account it is about.", ""),
            };
        };
        let seen = match look {
            Look::Clear(seen) => seen,
            // Sending it again where it is so already does no harm; not sending it might.
            Look::Blind { account, .. } => {
                let seen = Seen::Present { account };
                return match fits(change, &seen) {
                    Ok(()) => self.act(change, &key, &seen).await,
                    Err(why) => Outcome::Refused { why },
                };
            }
        };
        match found(change, &seen) {
            Found::Fits => self.act(change, &key, &seen).await,
            Found::AlreadySo => Outcome::AlreadyDone { account: key },
            Found::Differs { why } => Outcome::Refused { why },
            Found::Unobservable { why, retry_at } => {
                let why = format!("Nothing was sent, because a look failed first. {why}");
                Outcome::Failed { why, retry_at, hint: String::new() }
            }
        }
    }

    async fn act(&self, change: &Change, key: &AccountKey, seen: &Seen) -> Outcome {
        match &change.op {
            Op::Suspend => self.set(change, key, Patch::active(false)).await,
            Op::Reactivate => self.set(change, key, Patch::active(true)).await,
            Op::Update { set } => match self.update(key, set).await {
                Ok(patch) => self.set(change, key, patch).await,
                Err(outcome) => outcome,
            },
            Op::Grant { entitlement } => {
                let rungs = grant_rungs(entitlement, key, seen);
                self.climb(change, key, rungs).await
            }
            Op::Revoke { entitlement } => self.revoke(change, key, entitlement).await,
            Op::Remove => self.remove(change, key).await,
            Op::Create { .. } => failed("A create names no account.", ""),
        }
    }

    async fn set(&self, change: &Change, key: &AccountKey, patch: Patch) -> Outcome {
        let id = key.as_str();
        let rungs = vec![
            Rung::patch("PATCH of a user by path", "Users", id, patch.to_json()),
            Rung::patch("PATCH of a user without path", "Users", id, patch.pathless().to_json()),
            Rung { name: "PUT of a user", form: Form::Whole(patch) },
        ];
        self.climb(change, key, rungs).await
    }

    /// The patch that sets these attributes; for the address it must know those that are there.
    async fn update(
        &self,
        key: &AccountKey,
        set: &BTreeMap<String, String>,
    ) -> Result<Patch, Outcome> {
        let now = match self.fetch("Users", key.as_str(), &mut self.patience()).await {
            Ok(Some(resource)) => resource,
            Ok(None) => {
                return Err(Outcome::Refused { why: "The account is not there any more.".into() });
            }
            Err(said) => return Err(not_sent(&said)),
        };
        set.iter().try_fold(Patch::default(), |patch, (name, value)| {
            let (path, value) = aim(&now, name, value)
                .ok_or_else(|| failed(&format!("`{name}` is no attribute that can be set."), ""))?;
            Ok(match value {
                Value::Null => patch.remove(path),
                value => patch.replace(path, value),
            })
        })
    }

    async fn remove(&self, change: &Change, key: &AccountKey) -> Outcome {
        let call = Call::new(Method::DELETE, &["Users", key.as_str()]);
        let (said, receipt) = self.write(&call).await;
        match said {
            // Gone, or switched off for good: which of the two the next look says.
            Said::Fine(_) | Said::Missing => Outcome::Done { account: key.clone(), receipt },
            Said::Refused { status: 405 | 501, .. } => failed(
                "The instance cannot remove accounts over SCIM.",
                "Suspend the account instead, or remove it by hand in the vendor's console.",
            ),
            Said::Broken { .. } if self.shows(change).await => {
                Outcome::Done { account: key.clone(), receipt }
            }
            said => not_done(&said),
        }
    }

    /// Takes one member out by its own filter. The other form, a value without a filter, means *all
    /// members* to a vendor that follows the RFC to the letter, so it is sent only where the first
    /// was refused, never where it may only be slow to show, and whoever vanished with it is put
    /// back at once.
    async fn revoke(&self, change: &Change, key: &AccountKey, entitlement: &str) -> Outcome {
        let id = key.as_str();
        let by_filter = Patch::remove_members([id]).to_json();
        let rung = Rung::patch("PATCH of members by filter", "Groups", entitlement, by_filter);
        let first = self.climb(change, key, vec![rung]).await;
        // A failure that neither time nor an administrator mends: the form was not understood.
        let misunderstood = matches!(
            &first,
            Outcome::Failed { retry_at: None, hint, .. } if hint.is_empty()
        );
        if !misunderstood {
            return first;
        }
        let before = match self.members(entitlement).await {
            Ok(members) => members,
            Err(said) => return not_sent(&said),
        };
        let by_value = Patch::remove_members_by_value([id]).to_json();
        let rung = Rung::patch("PATCH of members by value", "Groups", entitlement, by_value);
        let second = self.climb(change, key, vec![rung]).await;
        self.put_back(entitlement, &before, key).await.unwrap_or(second)
    }

    /// Gives the group back to everybody but `key` who was in it and is not any more.
    async fn put_back(
        &self,
        group: &str,
        before: &[AccountKey],
        key: &AccountKey,
    ) -> Option<Outcome> {
        let after = match self.members(group).await {
            Ok(members) => members,
            Err(said) => return Some(not_done_yet(&said)),
        };
        let lost: Vec<_> = before.iter().filter(|m| *m != key && !after.contains(m)).collect();
        if lost.is_empty() {
            return None;
        }
        let patch = Patch::add_members(lost.iter().map(|m| m.as_str())).to_json();
        let call = Call::new(Method::PATCH, &["Groups", group]).body(patch);
        let back = matches!(self.write(&call).await.0, Said::Fine(_));
        let list = lost.iter().map(|m| m.as_str()).collect::<Vec<_>>().join(", ");
        let how = if back { "They were put back." } else { "They could not be put back." };
        Some(failed(
            &format!(
                "The instance took {} out of the group {group} as well: {list}. {how}",
                counted(lost.len(), "other account")
            ),
            "Compare the group's members with the last snapshot, and take this right away by hand.",
        ))
    }

    async fn members(&self, id: &str) -> Result<Vec<AccountKey>, Said> {
        let found = self.fetch("Groups", id, &mut self.patience()).await?;
        Ok(found.and_then(|resource| group(&resource)).map(|g| g.members).unwrap_or_default())
    }
}

fn not_done_yet(said: &Said) -> Outcome {
    let why = format!("It cannot be seen who is in the group now. {}", said.sentence());
    Outcome::Uncertain { why }
}

/// Adding one member, in three forms: by path, without path, and as an object at the path. The last
/// also carries the shown name, which some vendors insist on.
fn grant_rungs(group: &str, key: &AccountKey, seen: &Seen) -> Vec<Rung> {
    let id = key.as_str();
    let display = match seen {
        Seen::Present { account } => account.login.as_str(),
        _ => "",
    };
    let patch = Patch::add_members([id]);
    let inside = json!({
        "schemas": [schema::PATCH_OP],
        "Operations": [{"op": "add", "path": "members",
                        "value": {"members": [{"value": id, "display": display}]}}],
    });
    vec![
        Rung::patch("PATCH adding members by path", "Groups", group, patch.to_json()),
        Rung::patch(
            "PATCH adding members without path",
            "Groups",
            group,
            patch.pathless().to_json(),
        ),
        Rung::patch("PATCH adding members as an object", "Groups", group, inside),
    ]
}

/// Where an attribute lies and what to put there; `Null` takes it away. `None` for what cannot be
/// set like this: the state has its own changes.
fn aim(now: &Resource, name: &str, value: &str) -> Option<(Path, Value)> {
    if name.eq_ignore_ascii_case("active") || name.eq_ignore_ascii_case("id") {
        return None;
    }
    let row = Attribute::named(name);
    if row.is_some_and(|row| row.field == Field::Address) {
        return aim_at_email(now, value);
    }
    let path = row.map_or_else(|| name.to_owned(), Attribute::scim_path);
    let value = if value.is_empty() { Value::Null } else { json!(value) };
    Some((path.parse().ok()?, value))
}

/// The primary address, or the first; by its type where it has one. Without any, one is added.
fn aim_at_email(now: &Resource, address: &str) -> Option<(Path, Value)> {
    let emails = read::list_of(now, "emails");
    let of = |email: &Value, name| email.as_object().map(|e| text(e, name)).unwrap_or_default();
    let is_primary = |email: &&Value| {
        email.as_object().and_then(|e| read::boolean_of(e, "primary")).unwrap_or(false)
    };
    let whole = || AttrPath::new("emails", None).ok().map(Path::from);
    if address.is_empty() {
        return Some((whole()?, Value::Null));
    }
    let chosen = emails.iter().find(is_primary).or(emails.first());
    match chosen.map(|email| of(email, "type")) {
        Some(kind) if !kind.is_empty() => {
            let filter = rollbook_scim::Filter::equals("type", &kind).ok()?;
            let attr = AttrPath::new("emails", None).ok()?;
            Some((Path::filtered(attr, filter, Some("value".into())), json!(address)))
        }
        _ if emails.len() > 1 => None,
        _ => Some((whole()?, json!([{"value": address, "type": "work", "primary": true}]))),
    }
}
