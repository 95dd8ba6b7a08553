//! An app by its REST route, against the vendor that its examples make.

use std::time::Duration;

use rollbook_catalog::rest::{Blank, Call, Rest, Turn};
use rollbook_catalog::{App, RequestOp};
use rollbook_core::account::State;
use rollbook_core::change::{Change, Op, Verb};
use rollbook_engine::channel::rest::{RestChannel, RestSettings};
use rollbook_engine::secret::Secret;
use rollbook_testkit::RestVendor;

use super::{Allowed, Expected, ORDER, Pool, differences, on, tried, whole};
use crate::changes::{create, update};

/// Everything that goes wrong when the channel does in the app what its route says, a sentence each.
pub(crate) async fn trial(app: &App) -> Vec<String> {
    let vendor = match RestVendor::start(app).await {
        Ok(vendor) => vendor,
        Err(error) => return error.to_string().lines().map(str::to_owned).collect(),
    };
    let rest = app.rest.as_ref().expect("a vendor was made from it");
    let channel = match RestChannel::new(settings(rest, &vendor)) {
        Ok(channel) => channel,
        Err(error) => return vec![format!("the channel cannot be opened: {error}")],
    };
    let mut trial = Trial { app, rest, vendor, channel, wrong: Vec::new() };
    trial.wrong.extend(app.unshown().iter().map(|word| format!("no example shows `{word}`")));
    if let Err(why) = trial.all().await {
        trial.wrong.push(why);
    }
    trial.wrong.extend(trial.vendor.unexpected());
    trial.wrong
}

fn settings(rest: &Rest, vendor: &RestVendor) -> RestSettings {
    RestSettings {
        base_url: Some(vendor.url().to_owned()),
        token_url: Some(vendor.token_url()),
        allow_private: true,
        requests_per_second_max: Some(1000),
        backoff: Duration::from_millis(1),
        patience: Duration::from_secs(5),
        deadline: Duration::from_secs(20),
        ..RestSettings::new(
            "acme".into(),
            rest.clone(),
            vendor.settings(),
            Secret::new(vendor.secret()),
        )
    }
}

struct Trial<'a> {
    app: &'a App,
    rest: &'a Rest,
    vendor: RestVendor,
    channel: RestChannel,
    wrong: Vec<String>,
}

impl Trial<'_> {
    async fn all(&mut self) -> Result<(), String> {
        let seen = whole(&self.channel).await?;
        self.wrong.extend(differences(&seen, &self.expected()));
        self.wrong.extend(self.single_page());
        let route = self.app.routes.iter().find(|route| route.way.channel == "rest");
        let can = &route.expect("the app has a REST route").way.can;
        let mut pool = Pool::of(&seen);
        for verb in ORDER.into_iter().filter(|verb| can.contains_key(verb)) {
            if let Err(why) = self.one(verb, &mut pool).await {
                self.wrong.push(why);
            }
        }
        Ok(())
    }

    /// What must be read: everything that a list shows.
    fn expected(&self) -> Vec<Expected> {
        let held = self.vendor.accounts().into_iter();
        let listed = held.filter(|held| held.is_listed && held.state != State::Gone);
        let expected = listed.map(|held| Expected {
            groups: self.shows_groups().then(|| held.groups.iter().cloned().collect()),
            key: held.key,
            email: held.email,
            state: held.state,
        });
        expected.collect()
    }

    /// Whether anything shows who is in a group.
    fn shows_groups(&self) -> bool {
        self.rest.account.groups.is_some()
            || self.rest.group.as_ref().is_some_and(|group| {
                group.members.is_some() || self.calls(RequestOp::ListMembers).next().is_some()
            })
    }

    fn calls(&self, op: RequestOp) -> impl Iterator<Item = &Call> {
        self.rest.calls(op)
    }

    /// The longest list must have had several pages, or nothing was tried of its paging.
    fn single_page(&self) -> Option<String> {
        let call = self.calls(RequestOp::List).next()?;
        let paging = call.paging.as_ref().unwrap_or(&self.rest.paging);
        let asked = self.vendor.asked();
        let lists = asked.iter().filter(|asked| asked.status == 200).count();
        let is_paged = paging.turn != Turn::Single;
        (is_paged && lists < 2).then(|| "the list came in one page".to_owned())
    }

    async fn one(&mut self, verb: Verb, pool: &mut Pool) -> Result<(), String> {
        let ledger = self.vendor.ledger().clone();
        let change = match verb {
            Verb::Create => create("new.person@acme.example", "per_000000000000000000000001"),
            Verb::Update => {
                let account = pool.take(State::Active)?;
                let (name, value) = self.settable()?;
                update(account.key.as_str(), &account.login, &[(name, value)])
            }
            Verb::Grant | Verb::Revoke => return self.right(verb, pool).await,
            Verb::Suspend => on(&pool.take(State::Active)?, Op::Suspend),
            Verb::Reactivate => return self.reactivate(pool).await,
            Verb::Remove => {
                let change = on(&pool.take(State::Active)?, Op::Remove);
                let mut calls = self.calls(RequestOp::Remove);
                let inherits = calls.any(|call| call.blanks().contains(&Blank::Successor));
                let heir = inherits.then(|| pool.take(State::Active)).transpose()?;
                Change { heir: heir.map(|account| account.key), ..change }.identified()
            }
        };
        tried(&self.channel, &ledger, &change, Allowed::default()).await.map(drop)
    }

    /// An attribute that an update says and a look sees, with a value for it.
    fn settable(&self) -> Result<(&'static str, &'static str), String> {
        let shape = &self.rest.account;
        let blanks: Vec<Blank> = self.calls(RequestOp::Update).flat_map(Call::blanks).collect();
        let all = [
            (Blank::GivenName, shape.given_name.is_some(), "name.givenName", "Zora"),
            (Blank::FamilyName, shape.family_name.is_some(), "name.familyName", "Zander"),
            (Blank::DisplayName, !shape.display_name.is_empty(), "displayName", "Zora Zander"),
            (Blank::Email, shape.email.is_some(), "emails", "zora@acme.example"),
            (Blank::Login, shape.login.is_some(), "userName", "zora@acme.example"),
            (Blank::WorkerNumber, shape.worker_number.is_some(), "employeeNumber", "4711"),
            (Blank::ExternalId, shape.external_id.is_some(), "externalId", "per_4711"),
        ];
        let mut fit = all.into_iter().filter(|(blank, shown, ..)| *shown && blanks.contains(blank));
        let (.., name, value) = fit.next().ok_or("nothing that an update sets is ever shown")?;
        Ok((name, value))
    }

    /// A suspended account of the list; where lists show none, the one that was just suspended.
    async fn reactivate(&mut self, pool: &mut Pool) -> Result<(), String> {
        let ledger = self.vendor.ledger().clone();
        let change = match pool.take(State::Suspended) {
            Ok(account) => on(&account, Op::Reactivate),
            Err(_) => {
                let account = pool.take(State::Active)?;
                let cut = on(&account, Op::Suspend);
                tried(&self.channel, &ledger, &cut, Allowed::default()).await?;
                let account =
                    rollbook_core::account::Account { state: State::Suspended, ..account };
                on(&account, Op::Reactivate)
            }
        };
        tried(&self.channel, &ledger, &change, Allowed::default()).await.map(drop)
    }

    /// Grants and revokes: groups where there are any, and roles where they can be set.
    async fn right(&mut self, verb: Verb, pool: &mut Pool) -> Result<(), String> {
        let by_group = match verb {
            Verb::Grant => self.calls(RequestOp::Grant).next().is_some(),
            _ => self.calls(RequestOp::Revoke).next().is_some(),
        };
        let by_role = self.calls(RequestOp::SetRole).next().is_some()
            && (verb == Verb::Grant || self.rest.lowest_role.is_some());
        if by_group {
            self.group(verb, pool).await?;
        }
        if by_role {
            self.role(verb, pool).await?;
        }
        Ok(())
    }

    async fn group(&mut self, verb: Verb, pool: &mut Pool) -> Result<(), String> {
        let ledger = self.vendor.ledger().clone();
        let groups = self.vendor.groups();
        let is_in = |key: &str, group: &str| {
            self.vendor.account(key).is_some_and(|held| held.groups.iter().any(|own| own == group))
        };
        let wanted = verb == Verb::Revoke;
        let mut found = groups.iter().filter_map(|group| {
            let account = pool.take_if(&|account| {
                account.state == State::Active && is_in(account.key.as_str(), group) == wanted
            })?;
            Some((account, group.clone()))
        });
        let (account, entitlement) = found.next().ok_or("no account fits a group")?;
        let op = match verb {
            Verb::Grant => Op::Grant { entitlement },
            _ => Op::Revoke { entitlement },
        };
        let allowed = Allowed { unseen: !self.shows_groups(), ..Allowed::default() };
        tried(&self.channel, &ledger, &on(&account, op), allowed).await.map(drop)
    }

    async fn role(&mut self, verb: Verb, pool: &mut Pool) -> Result<(), String> {
        let ledger = self.vendor.ledger().clone();
        let account = pool.take(State::Active)?;
        let lowest = self.rest.lowest_role.as_deref();
        let mut roles = self.vendor.roles();
        roles.sort_by_key(|role| Some(role.as_str()) == lowest);
        let has = |role: &String| account.roles.contains(role);
        // A role that is gone may have been a group, where groups can be taken away unseen.
        let may_be_group = verb == Verb::Revoke
            && self.calls(RequestOp::Revoke).next().is_some()
            && !self.shows_groups();
        let unseen = self.rest.account.roles.is_none() || may_be_group;
        let allowed = Allowed { unseen, ..Allowed::default() };
        let op = match verb {
            Verb::Grant => {
                let free = roles.into_iter().find(|role| !has(role));
                Op::Grant { entitlement: free.ok_or("no example shows another role")? }
            }
            _ => {
                let higher = account.roles.iter().find(|role| Some(role.as_str()) != lowest);
                match higher {
                    Some(role) => Op::Revoke { entitlement: role.clone() },
                    None => return self.role_given_and_taken(account, roles, allowed).await,
                }
            }
        };
        tried(&self.channel, &ledger, &on(&account, op), allowed).await.map(drop)
    }

    /// Where nobody has more than the lowest role, one is given first.
    async fn role_given_and_taken(
        &mut self,
        account: rollbook_core::account::Account,
        roles: Vec<String>,
        allowed: Allowed,
    ) -> Result<(), String> {
        let ledger = self.vendor.ledger().clone();
        let lowest = self.rest.lowest_role.as_deref();
        let role = roles.into_iter().find(|role| Some(role.as_str()) != lowest);
        let entitlement = role.ok_or("no example shows a role above the lowest")?;
        let give = on(&account, Op::Grant { entitlement: entitlement.clone() });
        tried(&self.channel, &ledger, &give, allowed).await?;
        tried(&self.channel, &ledger, &on(&account, Op::Revoke { entitlement }), allowed)
            .await
            .map(drop)
    }
}
