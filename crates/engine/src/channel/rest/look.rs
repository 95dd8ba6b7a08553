//! Looking at one account: by the request that shows one, else by the lists.

use rollbook_catalog::RequestOp;
use rollbook_catalog::rest::Pointer;
use rollbook_core::account::Account;
use rollbook_core::canonical::fold;
use rollbook_core::change::{Change, Op, Profile};
use rollbook_core::id::AccountKey;
use rollbook_core::snapshot::Coverage;
use rollbook_core::step::{Seen, holds};
use serde_json::Value;

use super::RestChannel;
use super::account::{Read, Told};
use super::call::{Facts, compose};
use super::pages::{Ask, items, tells};
use crate::channel::answer::Said;
use crate::channel::line::{Patience, now};
use crate::channel::membership::add_grant;
use rollbook_catalog::rest::Blank;

/// What a look came to.
pub(super) enum Look {
    /// The account, as read and as the app showed it.
    Here(Box<Account>, Value),
    /// The account is there, and nobody can see whether it has the right that the change is about.
    Blind {
        /// The account.
        account: Box<Account>,
        /// What the app showed of it.
        item: Value,
        /// Why the right cannot be seen, as a sentence.
        why: String,
    },
    /// It is surely not there.
    Absent,
    /// It could not be looked at.
    Unobservable(Said),
}

/// What the request that shows one account came to.
enum Got {
    Here(Box<Read>, Value),
    Gone,
    /// The lists must tell.
    Nothing,
}

impl Look {
    /// As a step judges it.
    pub(super) fn seen(self) -> Seen {
        match self {
            Self::Here(account, _) => Seen::Present { account },
            Self::Blind { why, .. } => Seen::Unobservable { why, retry_at: None },
            Self::Absent => Seen::Absent,
            Self::Unobservable(said) => {
                Seen::Unobservable { why: said.sentence(), retry_at: said.retry_at(now()) }
            }
        }
    }
}

impl RestChannel {
    /// Looks at the account of `change`. What cannot be seen of it is not guessed.
    pub(super) async fn see(&self, change: &Change) -> Seen {
        // After a removal nobody is looked for under another key: the next reading shows them.
        let is_over = change.op == Op::Remove;
        self.look_at(change, !is_over).await.seen()
    }

    /// The same, with what the app showed. Where the key is gone, `by_login` says whether the same
    /// account is looked for under another one: some apps give a new one when an invitation is
    /// accepted.
    pub(super) async fn look_at(&self, change: &Change, by_login: bool) -> Look {
        let mut patience = self.line.patience();
        let found = match (&change.op, &change.account) {
            (Op::Create { profile }, _) => self.find(profile, &mut patience).await,
            (_, Some(key)) => self.find_key(change, key, by_login, &mut patience).await,
            (_, None) => {
                let why = "The change does not say which account it is about.".to_owned();
                Err(Said::Unsent { why })
            }
        };
        match found {
            Ok(Some((read, _))) if read.told == Told::Nothing => {
                let why = "with a state that is not understood".to_owned();
                Look::Unobservable(Said::Unreadable { why })
            }
            Ok(Some((read, item))) => {
                self.with_right(change, read.account, item, &mut patience).await
            }
            Ok(None) => Look::Absent,
            Err(said) => Look::Unobservable(said),
        }
    }

    async fn find_key(
        &self,
        change: &Change,
        key: &AccountKey,
        by_login: bool,
        patience: &mut Patience,
    ) -> Result<Option<(Read, Value)>, Said> {
        match self.get(key, patience).await? {
            Got::Here(read, item) if self.is_told(&read, &item, change) => {
                return Ok(Some((*read, item)));
            }
            Got::Gone if !by_login || change.expects.login.is_empty() => return Ok(None),
            Got::Here(..) | Got::Gone | Got::Nothing => {}
        }
        let login = fold(&change.expects.login);
        let is_same = |account: &Account| {
            let ours = change.identity.as_ref().filter(|_| account.external_id.starts_with("per_"));
            by_login
                && !login.is_empty()
                && fold(&account.login) == login
                && ours.is_none_or(|identity| identity.as_str() == account.external_id)
        };
        self.find_in_lists(&|account| account.key == *key, &is_same, patience).await
    }

    /// Whether one account alone says what must be known: its state, and its groups or roles where
    /// the change is about one.
    fn is_told(&self, read: &Read, item: &Value, change: &Change) -> bool {
        let lists = || self.rest().calls(RequestOp::List);
        let state = match read.told {
            Told::Rule => true,
            // In which list it stands may say the state, and only there.
            Told::Otherwise | Told::Nothing => lists().all(|call| call.state.is_none()),
        };
        let shape = &self.rest().account;
        let shows = |at: &Option<Pointer>| at.as_ref().is_none_or(|at| tells(at, item));
        let is_about_right = matches!(change.op, Op::Grant { .. } | Op::Revoke { .. });
        state && (!is_about_right || (shows(&shape.groups) && shows(&shape.roles)))
    }

    /// The account by the request that shows one, where there is such a request.
    async fn get(&self, key: &AccountKey, patience: &mut Patience) -> Result<Got, Said> {
        let Some(call) = self.rest().calls(RequestOp::Get).next() else { return Ok(Got::Nothing) };
        let facts = self.facts().with(Blank::Account, key.as_str());
        let Ok(request) = compose(call, &facts, &Ask::default(), None) else {
            return Ok(Got::Nothing);
        };
        let body = match self.read(call, &request, patience).await.0 {
            Said::Fine(Some(body)) => body,
            Said::Missing => return Ok(Got::Gone),
            Said::Fine(None) => return Err(Said::Unreadable { why: "with nothing in it".into() }),
            said => return Err(said),
        };
        let found = items(&call.items, &body).unwrap_or_default();
        let is_it = |read: &Read| read.account.key == *key;
        let here = found
            .into_iter()
            .find_map(|item| Some((self.understand(call, item).filter(is_it)?, item.clone())));
        match here {
            Some((read, item)) => Ok(Got::Here(Box::new(read), item)),
            None => Err(Said::Unreadable { why: "with something else than asked".into() }),
        }
    }

    /// What the app shows of an account by that request, as it came; for a body that is merged.
    pub(super) async fn whole(&self, facts: &Facts) -> Result<Value, Said> {
        let missing =
            || Said::Unsent { why: "The app file has no request for one account.".into() };
        let call = self.rest().calls(RequestOp::Get).next().ok_or_else(missing)?;
        let request = compose(call, facts, &Ask::default(), None)
            .map_err(|unfit| Said::Unsent { why: unfit.sentence() })?;
        match self.read(call, &request, &mut self.line.patience()).await.0 {
            Said::Fine(Some(body)) => Ok(body),
            Said::Fine(None) => Err(Said::Unreadable { why: "with nothing in it".into() }),
            said => Err(said),
        }
    }

    /// The account that carries our id, else the one with the login.
    pub(super) async fn find(
        &self,
        profile: &Profile,
        patience: &mut Patience,
    ) -> Result<Option<(Read, Value)>, Said> {
        let has_id = |account: &Account| {
            !profile.external_id.is_empty() && account.external_id == profile.external_id
        };
        let logins: Vec<_> = [&profile.login, &profile.email]
            .into_iter()
            .filter(|login| !login.is_empty())
            .map(|login| fold(login))
            .collect();
        let has_login = |account: &Account| {
            let names = account.emails.iter().map(|email| &email.address);
            names.chain([&account.login]).any(|name| logins.contains(&fold(name)))
        };
        self.find_in_lists(&has_id, &has_login, patience).await
    }

    /// The account that is `first`, else one that is `second`. Lists that cannot be proven whole say
    /// nothing of who is not in them.
    async fn find_in_lists(
        &self,
        first: &(dyn Fn(&Account) -> bool + Send + Sync),
        second: &(dyn Fn(&Account) -> bool + Send + Sync),
        patience: &mut Patience,
    ) -> Result<Option<(Read, Value)>, Said> {
        let wanted = |account: &Account| first(account) || second(account);
        let accounts = self.accounts(&wanted, patience).await?;
        let by = |is: &(dyn Fn(&Account) -> bool + Send + Sync)| {
            accounts.items.iter().find_map(|(key, item)| {
                let read = accounts.merged.get(key)?;
                is(&read.account).then(|| (read.clone(), item.clone()))
            })
        };
        match (by(first).or_else(|| by(second)), &accounts.coverage) {
            (None, Coverage::Partial { why }) => Err(Said::Unreadable {
                why: format!("a list that cannot be proven whole ({})", why.trim_end_matches('.')),
            }),
            (found, _) => Ok(found),
        }
    }

    /// The account with the right that a grant or revoke is about, if it has it.
    async fn with_right(
        &self,
        change: &Change,
        mut account: Account,
        item: Value,
        patience: &mut Patience,
    ) -> Look {
        let (Op::Grant { entitlement } | Op::Revoke { entitlement }) = &change.op else {
            return Look::Here(Box::new(account), item);
        };
        let rest = self.rest();
        let shows = |at: &Option<Pointer>| at.as_ref().is_some_and(|at| tells(at, &item));
        let is_role = match self.is_role(&change.op, &account, patience).await {
            Ok(is_role) => is_role,
            Err(said) => return Look::Unobservable(said),
        };
        let at = if is_role { &rest.account.roles } else { &rest.account.groups };
        if holds(&account, entitlement) || shows(at) {
            return Look::Here(Box::new(account), item);
        }
        let member = match is_role {
            true => None,
            false => match self.is_member(&account.key, entitlement, patience).await {
                Ok(member) => member,
                Err(said) => return Look::Unobservable(said),
            },
        };
        match member {
            Some(is_member) => {
                if is_member {
                    add_grant(&mut account.grants, entitlement, "");
                }
                Look::Here(Box::new(account), item)
            }
            None => {
                let why =
                    "The instance does not show whether the account has this right.".to_owned();
                Look::Blind { account: Box::new(account), item, why }
            }
        }
    }

    /// Whether somebody is in a group, by what groups say; `None` where they say nothing.
    async fn is_member(
        &self,
        key: &AccountKey,
        group: &str,
        patience: &mut Patience,
    ) -> Result<Option<bool>, Said> {
        let rest = self.rest();
        let (members, coverage) = if rest.calls(RequestOp::ListMembers).next().is_some() {
            match self.members(group, patience).await {
                // A group that is not there has nobody in it.
                Err(Said::Missing) => (Vec::new(), Coverage::Complete),
                members => members?,
            }
        } else if rest.group.as_ref().is_some_and(|shape| shape.members.is_some()) {
            let (groups, coverage) = self.groups(patience).await?;
            let found = groups.into_iter().find(|it| it.key == group);
            (found.map(|group| group.members).unwrap_or_default(), coverage)
        } else {
            return Ok(None);
        };
        let is_member = members.contains(key);
        Ok((is_member || coverage == Coverage::Complete).then_some(is_member))
    }

    /// Whether a right is a role. A role that the account has is one; any other right is a group where
    /// a group has that key, or where roles cannot be set.
    pub(super) async fn is_role(
        &self,
        op: &Op,
        account: &Account,
        patience: &mut Patience,
    ) -> Result<bool, Said> {
        let rest = self.rest();
        let (right, of_groups) = match op {
            Op::Grant { entitlement } => (entitlement, RequestOp::Grant),
            Op::Revoke { entitlement } => (entitlement, RequestOp::Revoke),
            _ => return Ok(false),
        };
        if rest.calls(RequestOp::SetRole).next().is_none() {
            return Ok(false);
        }
        let is_held = of_groups == RequestOp::Revoke && account.roles.contains(right);
        if is_held || rest.calls(of_groups).next().is_none() {
            return Ok(true);
        }
        let (groups, _) = self.groups(patience).await?;
        Ok(!groups.iter().any(|group| group.key == *right))
    }
}
