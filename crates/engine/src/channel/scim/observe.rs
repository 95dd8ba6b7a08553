//! Reading everything: users, groups, and how sure it is that this is all.

use std::collections::BTreeMap;

use rollbook_core::account::{Account, Group};
use rollbook_core::id::AccountKey;
use rollbook_core::snapshot::Coverage;
use rollbook_scim::read;
use serde_json::Value;

use super::account::{account, group, looks_cut};
use super::pages::{Listing, Page, Pages, Rules};
use super::{ScimChannel, ScimSettings};
use crate::channel::Observation;
use crate::channel::answer::Said;
use crate::channel::http::Call;
use crate::channel::line::{Patience, now};
use crate::channel::membership::{add_members, add_to_groups};
use crate::error::Result;

/// So many groups without members are looked at one by one before the list is believed: some
/// vendors leave members out of lists.
pub(super) const GROUPS_PROBED: usize = 3;

impl ScimChannel {
    /// Reads all accounts and groups.
    pub(super) async fn read_all(&self) -> Result<Observation> {
        let name = self.settings.instance.as_str();
        let mut patience = self.patience();
        let page_size = self.page_size(&mut patience).await;
        let users = self
            .list("Users", page_size, &mut patience)
            .await
            .map_err(|said| said.into_error(name, now()))?;
        let (mut accounts, mut coverage) = accounts(&self.settings, &users);
        let groups = match self.groups(page_size, &mut patience).await {
            Ok((mut groups, of_groups)) => {
                let told = add_to_groups(&accounts, &mut groups);
                let of_members = match told {
                    // Every account says itself in which groups it is, so none is missing.
                    true => Coverage::Complete,
                    false => self.members_in_full(&mut groups, &mut patience).await,
                };
                coverage = both(both(coverage, of_groups), of_members);
                groups
            }
            Err(Said::Unauthorized) => {
                return Err(Said::Unauthorized.into_error(name, now()));
            }
            Err(said) => {
                let why = format!("The groups could not be read. {}", said.sentence());
                coverage = both(coverage, Coverage::Partial { why });
                Vec::new()
            }
        };
        add_members(&mut accounts, &groups);
        let accounts = accounts.into_values().collect();
        Ok(Observation { accounts, groups, coverage, reported: users.reported })
    }

    /// The page size to ask for: ours, or the instance's limit where discovery tells a lower one.
    /// Discovery is optional: it is missing, renamed to the plural, or wrong at many vendors.
    async fn page_size(&self, patience: &mut Patience) -> u32 {
        let ours = self.settings.page_size.clamp(1, 1000);
        for place in ["ServiceProviderConfig", "ServiceProviderConfigs"] {
            match self.read(&Call::get(&[place]), patience).await {
                Said::Fine(Some(config)) => {
                    let told = config
                        .as_object()
                        .and_then(|c| read::get(c, "filter")?.as_object())
                        .and_then(|f| read::get(f, "maxResults"))
                        .and_then(read::count)
                        .and_then(|n| u32::try_from(n).ok());
                    return told.filter(|n| *n > 0).map_or(ours, |n| n.min(ours));
                }
                Said::Missing => {}
                _ => return ours,
            }
        }
        ours
    }

    /// Reads one list from its first page to its last. What was read before an interruption is
    /// kept, as partial; an error means that nothing was.
    pub(super) async fn list(
        &self,
        kind: &str,
        page_size: u32,
        patience: &mut Patience,
    ) -> Result<Listing, Said> {
        let ScimSettings { resources_max, quirks, .. } = self.settings;
        let totals_unusable = quirks.totals_unusable;
        let mut pages = Pages::new(Rules { page_size, resources_max, totals_unusable });
        while let Some(ask) = pages.ask() {
            let mut call = Call::get(&[kind]);
            if let Some(start) = ask.start {
                call = call
                    .query("startIndex", start.to_string())
                    .query("count", ask.count.to_string());
            }
            let said = match self.read(&call, patience).await {
                Said::Fine(Some(body)) => match Page::read(&body) {
                    Ok(page) => {
                        pages.take(page);
                        continue;
                    }
                    Err(why) => Said::Unreadable { why },
                },
                Said::Fine(None) => Said::Unreadable { why: "with nothing in it".into() },
                Said::Missing if pages.refused(true) => continue,
                Said::Refused { status: 400 | 413, .. } if pages.refused(false) => continue,
                said => said,
            };
            if pages.read() == 0 {
                return Err(said);
            }
            let read = pages.read();
            pages.stop(format!("The reading broke off after {read} entries. {}", said.sentence()));
        }
        Ok(pages.finish())
    }

    /// Reads the groups with their members. An instance without groups has none.
    async fn groups(
        &self,
        page_size: u32,
        patience: &mut Patience,
    ) -> Result<(Vec<Group>, Coverage), Said> {
        if self.settings.quirks.no_groups {
            return Ok((Vec::new(), Coverage::Complete));
        }
        let listing = match self.list("Groups", page_size, patience).await {
            Err(Said::Missing | Said::Refused { status: 501, .. }) => {
                return Ok((Vec::new(), Coverage::Complete));
            }
            listed => listed?,
        };
        let groups = listing.resources.values().filter_map(|r| group(r.as_object()?));
        let mut groups: Vec<Group> = groups.collect();
        let coverage = match self.fill_members(&mut groups, patience).await {
            Ok(()) => listing.coverage,
            Err(said) => {
                let why = format!("The members of a group could not be read. {}", said.sentence());
                both(listing.coverage, Coverage::Partial { why })
            }
        };
        Ok((groups, coverage))
    }

    /// When no group of a list shows a member, looks at the first few one by one, and at all of
    /// them if that shows members.
    async fn fill_members(
        &self,
        groups: &mut [Group],
        patience: &mut Patience,
    ) -> Result<(), Said> {
        if groups.iter().any(|g| !g.members.is_empty()) {
            return Ok(());
        }
        for at in 0..groups.len() {
            let shown = groups[..at].iter().any(|g| !g.members.is_empty());
            if at >= GROUPS_PROBED && !shown {
                return Ok(());
            }
            let key = groups[at].key.clone();
            if let Some(seen) = self.alone(&key, patience).await? {
                groups[at] = seen;
            }
        }
        Ok(())
    }

    /// Reads groups one by one where a list may have cut their members off: first the fullest ones,
    /// and if one of them shows more by itself, every group that is as full as the list allows. What
    /// then still looks cut off makes the view partial.
    async fn members_in_full(&self, groups: &mut [Group], patience: &mut Patience) -> Coverage {
        let fullest = groups.iter().map(|g| g.members.len()).max().unwrap_or_default();
        let mut is_cut_in_lists = false;
        let is_full = |group: &&mut Group| fullest > 0 && group.members.len() == fullest;
        for (probed, group) in groups.iter_mut().filter(is_full).enumerate() {
            if probed >= GROUPS_PROBED && !is_cut_in_lists {
                break;
            }
            match self.alone(&group.key, patience).await {
                Ok(Some(seen)) => {
                    is_cut_in_lists |= seen.members.len() > fullest;
                    group.members.extend(seen.members);
                    group.members.sort_unstable();
                    group.members.dedup();
                }
                Ok(None) => {}
                Err(said) => {
                    let why =
                        format!("The members of a group could not be read. {}", said.sentence());
                    return Coverage::Partial { why };
                }
            }
        }
        let cut = groups.iter().find(|group| looks_cut(group.members.len()));
        match cut.filter(|_| !self.settings.quirks.members_whole) {
            None => Coverage::Complete,
            Some(group) => Coverage::Partial {
                why: format!(
                    "The group {} shows {} members, which looks like a limit, and nothing proves \
                     that these are all. If the vendor always shows all of them, set \
                     `members_whole = true`.",
                    group.name,
                    group.members.len()
                ),
            },
        }
    }

    /// A group by itself; `None` when it is gone or something else came.
    async fn alone(&self, key: &str, patience: &mut Patience) -> Result<Option<Group>, Said> {
        match self.read(&Call::get(&["Groups", key]), patience).await {
            Said::Fine(Some(Value::Object(body))) => Ok(group(&body).filter(|g| g.key == key)),
            Said::Missing => Ok(None),
            said => Err(said),
        }
    }
}

/// The accounts of a list by key; what could not be understood makes the view partial.
fn accounts(settings: &ScimSettings, users: &Listing) -> (BTreeMap<AccountKey, Account>, Coverage) {
    let mut accounts = BTreeMap::new();
    let mut coverage = users.coverage.clone();
    for resource in users.resources.values().filter_map(Value::as_object) {
        let Some(read) = account(&settings.instance, resource, &settings.verified_domains) else {
            continue;
        };
        if let Some(why) = read.doubt {
            coverage = both(coverage, Coverage::Partial { why });
        }
        accounts.insert(read.account.key.clone(), read.account);
    }
    (accounts, coverage)
}

/// Whole only if both are; otherwise the first reason.
fn both(one: Coverage, other: Coverage) -> Coverage {
    if one.is_complete() { other } else { one }
}
