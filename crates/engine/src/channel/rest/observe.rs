//! Reading everything: accounts from all the lists there are, groups, and how sure it is that this is
//! all.

use std::collections::BTreeMap;

use rollbook_catalog::RequestOp;
use rollbook_catalog::rest::{self, AccountShape, Blank, GroupShape};
use rollbook_core::account::{Account, Group};
use rollbook_core::id::AccountKey;
use rollbook_core::snapshot::Coverage;
use serde_json::Value;

use super::RestChannel;
use super::account::{Read, account, key};
use super::call::{Facts, Unfit, compose};
use super::merge::{Merged, doubt};
use super::pages::{Page, Walk, Walked, items};
use crate::channel::Observation;
use crate::channel::answer::Said;
use crate::channel::http;
use crate::channel::line::{Patience, now};
use crate::channel::membership::{add_members, add_to_groups};
use crate::error::Result;

/// What all lists of accounts say together.
pub(super) struct Accounts {
    /// The accounts by key.
    pub merged: Merged,
    /// What the app showed of those that were wanted.
    pub items: BTreeMap<AccountKey, Value>,
    /// Whether these are all.
    pub coverage: Coverage,
    /// How many there are, as the app says; only where its lists have none in common.
    pub reported: Option<u64>,
}

/// One list.
pub(super) struct Listed<T> {
    /// What was read of its items, in their order.
    pub read: Vec<T>,
    /// How it ended.
    pub walked: Walked,
    /// Items that are nothing of ours.
    skipped: usize,
}

/// How a list is read.
struct Reading<'a, T> {
    call: &'a rest::Call,
    facts: &'a Facts,
    /// An answer without the list stands for an empty one.
    may_be_missing: bool,
    /// The key of an item.
    key: &'a (dyn Fn(&Value) -> Option<String> + Send + Sync),
    /// What is kept of an item; `None`: nothing.
    read: &'a (dyn Fn(&Value) -> Option<T> + Send + Sync),
}

impl RestChannel {
    /// Reads all accounts and groups.
    pub(super) async fn read_all(&self) -> Result<Observation> {
        let name = self.settings.instance.as_str();
        let mut patience = self.line.patience();
        let read = self.accounts(&|_| false, &mut patience).await;
        let Accounts { merged, mut coverage, reported, .. } =
            read.map_err(|said| said.into_error(name, now()))?;
        if let Some(why) = doubt(&merged) {
            coverage = both(coverage, Coverage::Partial { why });
        }
        let mut accounts = merged.into_accounts();
        let groups = match self.groups(&mut patience).await {
            Ok((mut groups, of_groups)) => {
                add_to_groups(&accounts, &mut groups);
                coverage = both(coverage, of_groups);
                groups
            }
            Err(Said::Unauthorized) => return Err(Said::Unauthorized.into_error(name, now())),
            Err(said) => {
                let why = format!("The groups could not be read. {}", said.sentence());
                coverage = both(coverage, Coverage::Partial { why });
                Vec::new()
            }
        };
        add_members(&mut accounts, &groups);
        let accounts = accounts.into_values().collect();
        Ok(Observation { accounts, groups, coverage, reported })
    }

    /// Reads every list of accounts; keeps what the app showed of those that are `wanted`.
    ///
    /// # Errors
    /// What was said in place of the first list, or that the secret does not count any more.
    pub(super) async fn accounts(
        &self,
        wanted: &(dyn Fn(&Account) -> bool + Send + Sync),
        patience: &mut Patience,
    ) -> Result<Accounts, Said> {
        let mut merged = Merged::default();
        let mut kept = BTreeMap::new();
        let (mut coverage, mut reported, mut skipped) = (Coverage::Complete, Some(0), 0);
        for (at, call) in self.rest().calls(RequestOp::List).enumerate() {
            let listed = match self.account_list(call, wanted, patience).await {
                Ok(listed) => listed,
                Err(said) if at == 0 || said == Said::Unauthorized => return Err(said),
                Err(said) => {
                    let why = format!("One of the lists could not be read. {}", said.sentence());
                    coverage = both(coverage, Coverage::Partial { why });
                    reported = None;
                    continue;
                }
            };
            coverage = both(coverage, listed.walked.coverage);
            reported = reported.zip(listed.walked.total).map(|(sum, total)| sum + total);
            skipped += listed.skipped;
            for (read, item) in listed.read {
                if let Some(item) = item {
                    kept.entry(read.account.key.clone()).or_insert(item);
                }
                merged.add(read);
            }
        }
        let reported = reported.filter(|_| skipped == 0 && !merged.overlapped);
        Ok(Accounts { merged, items: kept, coverage, reported })
    }

    async fn account_list(
        &self,
        call: &rest::Call,
        wanted: &(dyn Fn(&Account) -> bool + Send + Sync),
        patience: &mut Patience,
    ) -> Result<Listed<(Read, Option<Value>)>, Said> {
        let shape = call.account.as_ref().unwrap_or(&self.rest().account);
        let read = |item: &Value| {
            let read = (!is_skipped(shape, item)).then(|| self.understand(call, item)).flatten()?;
            let item = wanted(&read.account).then(|| item.clone());
            Some((read, item))
        };
        let reading = Reading {
            call,
            facts: &self.facts(),
            may_be_missing: false,
            key: &|item| key_of(shape, item),
            read: &read,
        };
        self.list(&reading, patience).await
    }

    /// The account that an item of this list describes.
    pub(super) fn understand(&self, call: &rest::Call, item: &Value) -> Option<Read> {
        let shape = call.account.as_ref().unwrap_or(&self.rest().account);
        let domains = &self.settings.verified_domains;
        account(&self.settings.instance, shape, call.state, item, domains)
    }

    /// Reads the groups, with their members where only groups tell them.
    pub(super) async fn groups(
        &self,
        patience: &mut Patience,
    ) -> Result<(Vec<Group>, Coverage), Said> {
        let rest = self.rest();
        let Some(shape) = &rest.group else { return Ok((Vec::new(), Coverage::Complete)) };
        let mut groups: BTreeMap<String, Group> = BTreeMap::new();
        let mut coverage = Coverage::Complete;
        for call in rest.calls(RequestOp::ListGroups) {
            let reading = Reading {
                call,
                facts: &self.facts(),
                may_be_missing: true,
                key: &|item| shape.key.text(item),
                read: &|item| group(shape, item),
            };
            let listed = self.list(&reading, patience).await?;
            coverage = both(coverage, listed.walked.coverage);
            for group in listed.read {
                groups.entry(group.key.clone()).or_insert(group);
            }
        }
        let mut groups: Vec<_> = groups.into_values().collect();
        // Where every account says in which groups it is, nobody need be asked twice.
        if rest.account.groups.is_none() && rest.calls(RequestOp::ListMembers).next().is_some() {
            for group in &mut groups {
                let (members, of_members) = self.members(&group.key, patience).await?;
                group.members = members;
                coverage = both(coverage, of_members);
            }
        }
        Ok((groups, coverage))
    }

    /// Who is in a group, by the requests that tell it.
    pub(super) async fn members(
        &self,
        group: &str,
        patience: &mut Patience,
    ) -> Result<(Vec<AccountKey>, Coverage), Said> {
        let mut members = Vec::new();
        let mut coverage = Coverage::Complete;
        for call in self.rest().calls(RequestOp::ListMembers) {
            let shape = call.account.as_ref().unwrap_or(&self.rest().account);
            let reading = Reading {
                call,
                facts: &self.facts().with(Blank::Group, group),
                may_be_missing: true,
                key: &|item| key_of(shape, item),
                read: &|item| key(shape, item).filter(|_| !is_skipped(shape, item)),
            };
            let listed = self.list(&reading, patience).await?;
            coverage = both(coverage, listed.walked.coverage);
            members.extend(listed.read);
        }
        members.sort_unstable();
        members.dedup();
        Ok((members, coverage))
    }

    /// Reads one list; a second time where it moved while it was read.
    async fn list<T>(
        &self,
        reading: &Reading<'_, T>,
        patience: &mut Patience,
    ) -> Result<Listed<T>, Said> {
        let mut first = self.walk(reading, patience).await?;
        if !first.walked.may_settle {
            return Ok(first);
        }
        match self.walk(reading, patience).await {
            Ok(second) if second.walked.coverage == Coverage::Complete => Ok(second),
            Ok(second) => {
                first.read.extend(second.read);
                Ok(first)
            }
            Err(_) => Ok(first),
        }
    }

    /// Reads one list from its first page to its last. What was read before an interruption is kept,
    /// as partial; an error means that nothing was.
    async fn walk<T>(
        &self,
        reading: &Reading<'_, T>,
        patience: &mut Patience,
    ) -> Result<Listed<T>, Said> {
        let call = reading.call;
        let paging = call.paging.as_ref().unwrap_or(&self.rest().paging);
        let mut walk = Walk::new(paging, self.settings.resources_max);
        let (mut kept, mut skipped) = (Vec::new(), 0);
        let mut latest = None;
        while let Some(ask) = walk.ask() {
            let request = match self.page_request(reading, &ask, latest.as_ref()) {
                Ok(request) => request,
                Err(unfit) if walk.pages() == 0 => {
                    return Err(Said::Unsent { why: unfit.sentence() });
                }
                Err(unfit) => {
                    walk.stop(unfit.sentence());
                    continue;
                }
            };
            let (said, answer) = self.read(call, &request, patience).await;
            let said = match said {
                Said::Fine(Some(body)) => match items(&call.items, &body) {
                    None if walk.pages() == 0 && !reading.may_be_missing => Said::Unreadable {
                        why: format!("without the list that is looked for at `{}`", call.items),
                    },
                    found => {
                        let found = found.unwrap_or_default();
                        let keys = found.iter().map(|item| (reading.key)(item)).collect();
                        let link = answer.link.as_deref();
                        let before = kept.len();
                        kept.extend(found.iter().filter_map(|item| (reading.read)(item)));
                        skipped += found.len() - (kept.len() - before);
                        walk.take(Page::read(paging, &body, &found, keys, link));
                        latest = Some(request);
                        continue;
                    }
                },
                Said::Fine(None) => Said::Unreadable { why: "with nothing in it".into() },
                Said::Missing | Said::Refused { status: 400 | 416 | 422, .. } if walk.refused() => {
                    continue;
                }
                said => said,
            };
            if walk.pages() == 0 {
                return Err(said);
            }
            let read = walk.read();
            walk.stop(format!("The reading broke off after {read} entries. {}", said.sentence()));
        }
        Ok(Listed { read: kept, walked: walk.finish(), skipped })
    }

    fn page_request<T>(
        &self,
        reading: &Reading<'_, T>,
        ask: &super::pages::Ask,
        latest: Option<&http::Call>,
    ) -> Result<http::Call, Unfit> {
        match (&ask.link, latest) {
            (Some(link), Some(latest)) => {
                self.line.http().following(latest, link).ok_or_else(|| {
                    let why = "The instance names a next page that is not below its base URL. It is \
                               not asked for, because the token would go there.";
                    Unfit::Unsendable(why.to_owned())
                })
            }
            _ => compose(reading.call, reading.facts, ask, None),
        }
    }
}

/// What tells an item from the others of its list, also where it is nothing of ours.
fn key_of(shape: &AccountShape, item: &Value) -> Option<String> {
    let key = key(shape, item).map(|key| key.as_str().to_owned());
    match is_skipped(shape, item) {
        true => Some(format!("skipped {}", key.unwrap_or_else(|| item.to_string()))),
        false => key,
    }
}

fn is_skipped(shape: &AccountShape, item: &Value) -> bool {
    shape.skip.iter().any(|condition| condition.holds(item))
}

fn group(shape: &GroupShape, item: &Value) -> Option<Group> {
    let key = shape.key.text(item)?;
    let name = shape.name.text(item).unwrap_or_else(|| key.clone());
    let told = shape.members.as_ref().map(|at| at.texts(item)).unwrap_or_default();
    let mut members: Vec<_> = told.into_iter().map(AccountKey::new).collect();
    members.sort_unstable();
    members.dedup();
    Some(Group { key, name, members })
}

/// Whole only if both are; all reasons otherwise.
pub(super) fn both(one: Coverage, other: Coverage) -> Coverage {
    match (one, other) {
        (Coverage::Complete, other) => other,
        (one, Coverage::Complete) => one,
        (Coverage::Partial { why: one }, Coverage::Partial { why: other }) => {
            Coverage::Partial { why: format!("{one} {other}") }
        }
    }
}
