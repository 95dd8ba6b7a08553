//! Looking at one account, and finding it again when its id or the vendor's filters fail us.

use std::sync::atomic::Ordering;

use rollbook_core::account::Account;
use rollbook_core::canonical::same_login;
use rollbook_core::change::{Change, Op, Profile};
use rollbook_core::id::AccountKey;
use rollbook_core::snapshot::Coverage;
use rollbook_core::step::{Seen, holds};
use rollbook_scim::{Filter, read};
use serde_json::{Map, Value};

use super::account::{account, group, looks_cut};
use super::observe::GROUPS_PROBED;
use super::pages::{Page, id_of};
use super::{ScimChannel, ScimSettings};
use crate::channel::answer::Said;
use crate::channel::http::Call;
use crate::channel::line::{Patience, now};
use crate::channel::membership::add_grant;

/// Ids that we give start like this (see [`rollbook_core::id::IdentityId`]).
const OUR_IDS: &str = "per_";

/// A resource as the vendor sent it.
pub(super) type Resource = Map<String, Value>;

impl ScimChannel {
    /// Looks at the account of `change`. What cannot be seen of it is not guessed.
    pub(super) async fn see(&self, change: &Change) -> Seen {
        match self.look_at(change).await {
            Look::Clear(seen) => seen,
            Look::Blind { why, .. } => Seen::Unobservable { why, retry_at: None },
        }
    }

    /// The same, for those who can go on with an account of which the membership cannot be seen.
    pub(super) async fn look_at(&self, change: &Change) -> Look {
        let mut patience = self.patience();
        let found = match (&change.op, &change.account) {
            (Op::Create { profile }, _) => self.find(profile, &mut patience).await,
            (_, Some(key)) => self.find_again(change, key, &mut patience).await,
            (_, None) => {
                let why = "The change does not say which account it is about.";
                return Look::Clear(unobservable(why));
            }
        };
        match found {
            Ok(Some(resource)) => self.with_membership(change, resource, &mut patience).await,
            Ok(None) => Look::Clear(Seen::Absent),
            Err(said) => Look::Clear(unseen(&said)),
        }
    }

    /// The account with this id; when the id is gone, the same account under another id: some
    /// vendors give a new one when an invitation is accepted.
    async fn find_again(
        &self,
        change: &Change,
        key: &AccountKey,
        patience: &mut Patience,
    ) -> Result<Option<Resource>, Said> {
        if let Some(resource) = self.fetch("Users", key.as_str(), patience).await? {
            return Ok(Some(resource));
        }
        let login = &change.expects.login;
        if login.is_empty() {
            return Ok(None);
        }
        let profile = Profile { login: login.clone(), ..Profile::default() };
        let same = self.find(&profile, patience).await?;
        Ok(same.filter(|resource| {
            let external_id = text(resource, "externalId");
            let ours = change.identity.as_ref().filter(|_| external_id.starts_with(OUR_IDS));
            ours.is_none_or(|identity| identity.as_str() == external_id)
        }))
    }

    /// The resource with this id, `None` when there is none.
    pub(super) async fn fetch(
        &self,
        kind: &str,
        id: &str,
        patience: &mut Patience,
    ) -> Result<Option<Resource>, Said> {
        match self.read(&Call::get(&[kind, id]), patience).await {
            Said::Fine(Some(Value::Object(body))) if id_of(&body).as_deref() == Some(id) => {
                Ok(Some(body))
            }
            Said::Fine(_) => Err(Said::Unreadable { why: "with something else than asked".into() }),
            Said::Missing => Ok(None),
            said => Err(said),
        }
    }

    /// The account with our external id, else the one with the login. Every hit is compared here,
    /// because some vendors ignore filters; where filters are not known the whole list is read.
    pub(super) async fn find(
        &self,
        profile: &Profile,
        patience: &mut Patience,
    ) -> Result<Option<Resource>, Said> {
        let by_id = self.search("externalId", &profile.external_id, patience).await?;
        if let Search::Hit(resource) = by_id {
            return Ok(Some(*resource));
        }
        match self.search("userName", &profile.login, patience).await? {
            Search::Hit(resource) => Ok(Some(*resource)),
            Search::Miss => Ok(None),
            Search::Unknown => self.find_in_list(profile, patience).await,
        }
    }

    async fn search(
        &self,
        attribute: &'static str,
        value: &str,
        patience: &mut Patience,
    ) -> Result<Search, Said> {
        if value.is_empty() {
            return Ok(Search::Miss);
        }
        let Ok(filter) = Filter::equals(attribute, value) else { return Ok(Search::Unknown) };
        let call = Call::get(&["Users"]).query("filter", filter.to_string());
        let body = match self.read(&call, patience).await {
            Said::Fine(Some(body)) => body,
            Said::Missing => return Ok(Search::Miss),
            Said::Refused { .. } | Said::Broken { .. } => return Ok(Search::Unknown),
            Said::Fine(None) => return Ok(Search::Unknown),
            said => return Err(said),
        };
        let page = Page::read(&body).map_err(|why| Said::Unreadable { why })?;
        let got = page.resources.len() as u64;
        let hit = page.resources.into_iter().find_map(|r| match r {
            Value::Object(r) if has(&r, attribute, value) => Some(r),
            _ => None,
        });
        Ok(match hit {
            Some(resource) => Search::Hit(Box::new(resource)),
            // Entries that do not match: the filter was ignored, the match may be on another page.
            None if got > 0 || page.total.unwrap_or(0) > 0 => Search::Unknown,
            None => Search::Miss,
        })
    }

    async fn find_in_list(
        &self,
        profile: &Profile,
        patience: &mut Patience,
    ) -> Result<Option<Resource>, Said> {
        let listing = self.list("Users", self.settings.page_size.max(1), patience).await?;
        let resources = || listing.resources.values().filter_map(Value::as_object);
        let find = |attribute, value: &str| {
            resources().find(|r| !value.is_empty() && has(r, attribute, value)).cloned()
        };
        let hit =
            find("externalId", &profile.external_id).or_else(|| find("userName", &profile.login));
        match (hit, &listing.coverage) {
            (None, Coverage::Partial { why }) => Err(Said::Unreadable {
                why: format!("a list that cannot be proven whole ({})", why.trim_end_matches('.')),
            }),
            (hit, _) => Ok(hit),
        }
    }

    /// The account with what the group of a grant or revoke says about it: a user resource alone
    /// often lists no groups.
    async fn with_membership(
        &self,
        change: &Change,
        resource: Resource,
        patience: &mut Patience,
    ) -> Look {
        let Some(mut account) = self.understand(&resource) else {
            return Look::Clear(unobservable("The account came without an id."));
        };
        let (Op::Grant { entitlement } | Op::Revoke { entitlement }) = &change.op else {
            return Look::Clear(Seen::Present { account: Box::new(account) });
        };
        let found = match self.fetch("Groups", entitlement, patience).await {
            Ok(found) => found,
            Err(said) => return Look::Clear(unseen(&said)),
        };
        let shows = found.as_ref().is_some_and(|group| read::get(group, "members").is_some());
        self.shows_members.fetch_or(shows, Ordering::Relaxed);
        let members = found.as_ref().and_then(group).map(|g| g.members).unwrap_or_default();
        if members.contains(&account.key) {
            add_grant(&mut account.grants, entitlement, "");
        }
        let is_told = holds(&account, entitlement) || read::get(&resource, "groups").is_some();
        let account = Box::new(account);
        match found {
            Some(found) if !is_told => match self.doubt(&found, &members, patience).await {
                Ok(Some(why)) => Look::Blind { account, why },
                Ok(None) => Look::Clear(Seen::Present { account }),
                Err(said) => Look::Clear(unseen(&said)),
            },
            _ => Look::Clear(Seen::Present { account }),
        }
    }

    /// Why it cannot be said that somebody is not in a group, although it does not show them.
    async fn doubt(
        &self,
        found: &Resource,
        members: &[AccountKey],
        patience: &mut Patience,
    ) -> Result<Option<String>, Said> {
        if read::get(found, "members").is_none() && !self.shows_members_at_all(patience).await? {
            return Ok(Some(
                "The instance shows neither who is in a group nor in which groups an account is."
                    .to_owned(),
            ));
        }
        let is_cut = !self.settings.quirks.members_whole && looks_cut(members.len());
        Ok(is_cut.then(|| {
            format!(
                "The group shows {} members, which looks like a limit, and the account may be \
                 among those that it does not show.",
                members.len()
            )
        }))
    }

    /// Whether any of the first groups shows a member, in the list or by itself. A vendor may leave
    /// the attribute out where a group is empty (RFC 7643 §2.5).
    async fn shows_members_at_all(&self, patience: &mut Patience) -> Result<bool, Said> {
        if self.shows_members.load(Ordering::Relaxed) {
            return Ok(true);
        }
        let count = self.settings.page_size.max(1).to_string();
        let call = Call::get(&["Groups"]).query("startIndex", "1").query("count", count);
        let groups = match self.read(&call, patience).await {
            Said::Fine(Some(body)) => Page::read(&body).unwrap_or_default().resources,
            said if said.is_passing() => return Err(said),
            _ => Vec::new(),
        };
        let shows = |group: &Resource| read::get(group, "members").is_some();
        let groups: Vec<_> = groups.iter().filter_map(Value::as_object).collect();
        if groups.iter().any(|group| shows(group)) {
            return Ok(true);
        }
        for id in groups.into_iter().filter_map(id_of).take(GROUPS_PROBED) {
            if self.fetch("Groups", &id, patience).await?.is_some_and(|group| shows(&group)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The account that a resource describes.
    pub(super) fn understand(&self, resource: &Resource) -> Option<Account> {
        let ScimSettings { instance, verified_domains, .. } = &self.settings;
        account(instance, resource, verified_domains).map(|read| read.account)
    }
}

/// What a look came to.
pub(super) enum Look {
    /// This.
    Clear(Seen),
    /// The account is there, and nobody can see whether it is in the group that the change is about.
    Blind {
        /// The account.
        account: Box<Account>,
        /// Why that cannot be seen, as a sentence.
        why: String,
    },
}

/// What a search came to.
enum Search {
    /// This one matches.
    Hit(Box<Resource>),
    /// Surely none does.
    Miss,
    /// The vendor cannot search like that.
    Unknown,
}

/// Whether a resource has the value: ids byte for byte, logins as people type them.
fn has(resource: &Resource, attribute: &str, value: &str) -> bool {
    let seen = text(resource, attribute);
    match attribute {
        "userName" => same_login(&seen, value),
        _ => seen == value,
    }
}

/// The attribute as text, or empty.
pub(super) fn text(resource: &Resource, attribute: &str) -> String {
    read::text_of(resource, attribute).unwrap_or_default()
}

fn unobservable(why: &str) -> Seen {
    Seen::Unobservable { why: why.into(), retry_at: None }
}

fn unseen(said: &Said) -> Seen {
    Seen::Unobservable { why: said.sentence(), retry_at: said.retry_at(now()) }
}
