//! Doing one change: look first, refuse what no longer fits, then send each step once.

use std::collections::BTreeMap;

use rollbook_catalog::RequestOp;
use rollbook_catalog::rest::{self, Blank, Send};
use rollbook_core::account::Account;
use rollbook_core::canonical::fold;
use rollbook_core::change::{Change, Op, Profile};
use rollbook_core::id::AccountKey;
use rollbook_core::step::{Attribute, Field, Found, Outcome, Receipt, Seen, fits, found};
use serde_json::Value;

use super::RestChannel;
use super::account::key;
use super::call::{Facts, Unfit, compose};
use super::exchange::is_already_so;
use super::later::Settled;
use super::look::Look;
use super::pages::{Ask, items};
use crate::channel::answer::Said;
use crate::channel::outcome::{failed, not_done, not_sent};

/// One request of a change, and what fills its blanks.
struct Step<'a> {
    call: &'a rest::Call,
    facts: Facts,
}

/// What one step came to.
enum Stood {
    /// The app did it; what it showed of the account, if anything.
    Done(Receipt, Option<Value>),
    /// It was so already.
    Already,
    /// It did not.
    Not(Outcome),
}

impl RestChannel {
    /// Does `change`.
    pub(super) async fn carry_out(&self, change: &Change) -> Outcome {
        let look = self.look_at(change, true).await;
        if let Op::Create { profile } = &change.op {
            return self.create(profile, look).await;
        }
        let Some(key) = change.account.clone() else {
            return failed("The change does not say which account it is about.", "");
        };
        let (account, item) = match look {
            Look::Here(account, item) => (account, item),
            // Sending it again where it is so already does no harm; not sending it might.
            Look::Blind { account, item, .. } => {
                return match fits(change, &Seen::Present { account: account.clone() }) {
                    Ok(()) => self.act(change, &account, &item).await,
                    Err(why) => Outcome::Refused { why },
                };
            }
            gone => return unfit(change, key, &gone.seen()),
        };
        let seen = Seen::Present { account: account.clone() };
        match found(change, &seen) {
            Found::Fits => self.act(change, &account, &item).await,
            _ => unfit(change, key, &seen),
        }
    }

    async fn act(&self, change: &Change, account: &Account, item: &Value) -> Outcome {
        let steps = match self.steps(change, account, item).await {
            Ok(steps) => steps,
            Err(outcome) => return outcome,
        };
        // Whether everything can be said is known before anything is.
        for step in &steps {
            if let Err(unfit) = compose(step.call, &step.facts, &Ask::default(), None) {
                return unsaid(&unfit);
            }
        }
        let mut done: Option<(AccountKey, Receipt)> = None;
        for (at, step) in steps.iter().enumerate() {
            match self.stand(step, change.op == Op::Remove).await {
                Stood::Done(receipt, shown) => {
                    let key = shown.and_then(|shown| self.renamed(account, &shown));
                    done = Some((key.unwrap_or_else(|| account.key.clone()), receipt));
                }
                Stood::Already => {}
                Stood::Not(outcome) if done.is_none() => return outcome,
                Stood::Not(outcome) => return halfway(at, steps.len(), outcome),
            }
        }
        match done {
            Some((account, receipt)) => Outcome::Done { account, receipt },
            None => Outcome::AlreadyDone { account: account.key.clone() },
        }
    }

    /// The requests of a change on an account that is there.
    async fn steps(
        &self,
        change: &Change,
        account: &Account,
        item: &Value,
    ) -> Result<Vec<Step<'_>>, Outcome> {
        let shape = &self.rest().account;
        let known = self.facts().with_account(account, shape, item);
        let known = match &change.heir {
            Some(heir) => known.with(Blank::Successor, heir.as_str()),
            None => known,
        };
        let is_role = self.is_role(&change.op, account, &mut self.line.patience()).await;
        let is_role = is_role.map_err(|said| not_sent(&said))?;
        let all = |op: RequestOp, facts: Facts| {
            let calls = self.rest().calls(op);
            calls.map(|call| Step { call, facts: facts.clone() }).collect::<Vec<_>>()
        };
        let steps = match &change.op {
            Op::Suspend => all(RequestOp::Suspend, known),
            Op::Reactivate => all(RequestOp::Reactivate, known),
            Op::Remove => all(RequestOp::Remove, known),
            Op::Update { set } => {
                let named = self.facts().with_ids(account, shape, item);
                return self.update_steps(set, named, &known);
            }
            Op::Grant { entitlement } if is_role => {
                all(RequestOp::SetRole, known.with(Blank::Role, entitlement))
            }
            Op::Revoke { entitlement } if is_role => {
                all(RequestOp::SetRole, known.with(Blank::Role, self.floor(entitlement)?))
            }
            Op::Grant { entitlement } => {
                all(RequestOp::Grant, known.with(Blank::Group, entitlement))
            }
            Op::Revoke { entitlement } => {
                all(RequestOp::Revoke, known.with(Blank::Group, entitlement))
            }
            Op::Create { .. } => Vec::new(),
        };
        match steps.is_empty() {
            true => Err(failed("The app file has no request for this.", "")),
            false => Ok(steps),
        }
    }

    /// The role that is left when `role` is taken away.
    fn floor(&self, role: &str) -> Result<&str, Outcome> {
        match self.rest().lowest_role.as_deref() {
            Some(floor) if floor == role => Err(Outcome::Refused {
                why: format!("{role} is the lowest role there is, so it cannot be taken away."),
            }),
            Some(floor) => Ok(floor),
            None => Err(failed(
                "An account has exactly one role here, and it is not known which one is the lowest.",
                "Give it another role instead.",
            )),
        }
    }

    /// An update says what is to change, and beyond that only what its request cannot do without.
    fn update_steps<'a>(
        &'a self,
        set: &BTreeMap<String, String>,
        named: Facts,
        known: &Facts,
    ) -> Result<Vec<Step<'a>>, Outcome> {
        let mut steps: Vec<Step<'a>> = Vec::new();
        let mut told = Vec::new();
        let wanted = set.iter().map(|(name, value)| Some((name, blank(name)?, value)));
        for call in self.rest().calls(RequestOp::Update) {
            let blanks = call.blanks();
            let here = wanted.clone().flatten().filter(|(_, blank, _)| blanks.contains(blank));
            let here: Vec<_> = here.collect();
            if here.is_empty() {
                continue;
            }
            told.extend(here.iter().map(|(name, ..)| (*name).clone()));
            let facts = here
                .into_iter()
                .fold(named.clone(), |facts, (_, blank, value)| facts.with(blank, value));
            steps.push(Step { call, facts: completed(call, facts, known) });
        }
        match set.keys().find(|name| !told.contains(name)) {
            Some(name) => Err(failed(
                &format!("`{name}` cannot be set over the instance's API."),
                "Leave it out of the change, or set it by hand.",
            )),
            None => Ok(steps),
        }
    }

    /// Sends one step.
    async fn stand(&self, step: &Step<'_>, may_be_gone: bool) -> Stood {
        let Step { call, facts } = step;
        let whole = match self.whole_for(call, facts).await {
            Ok(whole) => whole,
            Err(said) => return Stood::Not(not_sent(&said)),
        };
        let request = match compose(call, facts, &Ask::default(), whole.as_ref()) {
            Ok(request) => request,
            Err(unfit) => return Stood::Not(unsaid(&unfit)),
        };
        let (said, answer) = self.send(call, &request).await;
        if is_already_so(call, &answer) {
            return Stood::Already;
        }
        let body = match said {
            Said::Fine(body) => body,
            Said::Missing if may_be_gone => None,
            Said::Conflict { status: 412, .. } => {
                let why = "Somebody else changed the account at the same moment.".to_owned();
                return Stood::Not(Outcome::Refused { why });
            }
            said => return Stood::Not(not_done(&said)),
        };
        if let Some(later) = &call.later {
            let answer = body.as_ref().unwrap_or(&Value::Null);
            if let Settled::Failed(words) = self.settle(later, answer, facts).await {
                let why = match words.as_str() {
                    "" => "The instance took the change and says that it failed.".to_owned(),
                    words => {
                        format!("The instance took the change and says that it failed: {words}.")
                    }
                };
                return Stood::Not(failed(&why, ""));
            }
        }
        let shown = body.and_then(|body| {
            let found = items(&call.items, &body)?;
            found.first().map(|item| (*item).clone())
        });
        Stood::Done(answer.receipt, shown)
    }

    /// What a body is merged into: the account as the app shows it now, or the whole answer that it
    /// is in where the body begins as that does.
    async fn whole_for(&self, call: &rest::Call, facts: &Facts) -> Result<Option<Value>, Said> {
        if call.send != Send::Merged {
            return Ok(None);
        }
        let answer = self.whole(facts).await?;
        let at = self.rest().calls(RequestOp::Get).next().map(|get| get.items.clone());
        let at = at.unwrap_or_default();
        let body = call.body.as_ref().and_then(|body| body.fill(&|blank| facts.get(blank)).ok());
        let is_wrapped = body.is_some_and(|body| at.first(&body).is_some());
        let item = items(&at, &answer).and_then(|found| found.first().map(|item| (*item).clone()));
        match (is_wrapped, item) {
            (true, _) => Ok(Some(answer)),
            (false, Some(item)) => Ok(Some(item)),
            (false, None) => Err(Said::Unreadable { why: "without the account".into() }),
        }
    }

    /// The key that an account has in the answer to a change, if it is another one now.
    fn renamed(&self, account: &Account, shown: &Value) -> Option<AccountKey> {
        let read = super::account::account(
            &self.settings.instance,
            &self.rest().account,
            None,
            shown,
            &[],
        )?;
        let is_same =
            !read.account.login.is_empty() && fold(&read.account.login) == fold(&account.login);
        is_same.then_some(read.account.key)
    }

    /// Makes the account, unless an earlier try made it. One that has the login but not our id is
    /// somebody's until a human says otherwise.
    async fn create(&self, profile: &Profile, look: Look) -> Outcome {
        match look {
            Look::Absent => {}
            Look::Here(account, _) | Look::Blind { account, .. } => {
                return clash(profile, &account);
            }
            Look::Unobservable(said) => {
                let Outcome::Failed { why, retry_at, hint } = not_sent(&said) else {
                    return not_sent(&said);
                };
                let why = format!("Nothing was made, because the search for it failed. {why}");
                return Outcome::Failed { why, retry_at, hint };
            }
        }
        let facts = self.facts().with_profile(profile);
        let rest = self.rest();
        let made = rest.calls(RequestOp::Create).chain(rest.calls(RequestOp::Invite)).next();
        let Some(call) = made else {
            return failed("The app file has no request for this.", "");
        };
        match self.stand(&Step { call, facts }, false).await {
            Stood::Done(receipt, shown) => self.confirm_made(profile, shown, receipt).await,
            Stood::Already => self.explain_clash(profile, None).await,
            // Vendors say in many ways that a login is taken.
            Stood::Not(outcome @ Outcome::Failed { retry_at: None, .. }) => {
                self.explain_clash(profile, Some(outcome)).await
            }
            Stood::Not(outcome) => outcome,
        }
    }

    /// A success may come without a body, and even without an account.
    async fn confirm_made(
        &self,
        profile: &Profile,
        shown: Option<Value>,
        receipt: Receipt,
    ) -> Outcome {
        if let Some(account) = shown.as_ref().and_then(|item| key(&self.rest().account, item)) {
            return Outcome::Done { account, receipt };
        }
        match self.find(profile, &mut self.line.patience()).await {
            Ok(Some((read, _))) => Outcome::Done { account: read.account.key, receipt },
            _ => Outcome::Uncertain {
                why: format!(
                    "The instance answered {} without an account, and none is to be found.",
                    receipt.status
                ),
            },
        }
    }

    /// A refusal may be about our own earlier try, or about somebody else's account.
    async fn explain_clash(&self, profile: &Profile, refusal: Option<Outcome>) -> Outcome {
        let found = self.find(profile, &mut self.line.patience()).await;
        match (found, refusal) {
            (Ok(Some((read, _))), _) => clash(profile, &read.account),
            (_, Some(refusal)) => refusal,
            (_, None) => Outcome::Refused {
                why: format!(
                    "The instance says that there is an account with the login {} already, and none \
                     is to be seen: it may be deactivated, hidden or in another tenant.",
                    profile.login
                ),
            },
        }
    }
}

/// The outcome where the look shows that nothing is to be sent.
fn unfit(change: &Change, key: AccountKey, seen: &Seen) -> Outcome {
    match found(change, seen) {
        Found::AlreadySo => Outcome::AlreadyDone { account: key },
        Found::Differs { why } => Outcome::Refused { why },
        Found::Unobservable { why, retry_at } => {
            let why = format!("Nothing was sent, because a look failed first. {why}");
            Outcome::Failed { why, retry_at, hint: String::new() }
        }
        Found::Fits => failed("The account is not there to be changed.", ""),
    }
}

fn unsaid(unfit: &Unfit) -> Outcome {
    let hint = match unfit {
        Unfit::Unfilled(Blank::Successor) => {
            "Name who takes over with --heir, or do this by hand in the app."
        }
        _ => "",
    };
    failed(&format!("Nothing was sent. {}", unfit.sentence()), hint)
}

/// Some steps were done and one was not: what holds now only a look can say.
fn halfway(done: usize, of: usize, outcome: Outcome) -> Outcome {
    let (Outcome::Failed { why, .. } | Outcome::Refused { why } | Outcome::Uncertain { why }) =
        outcome
    else {
        return outcome;
    };
    Outcome::Uncertain {
        why: format!("Step {} of {of} did not work after those before it. {why}", done + 1),
    }
}

/// Fills what the request cannot do without from what is known, and nothing else.
fn completed(call: &rest::Call, mut facts: Facts, known: &Facts) -> Facts {
    while let Err(Unfit::Unfilled(blank)) = compose(call, &facts, &Ask::default(), None) {
        match known.get(&blank) {
            Some(value) => facts = facts.with(blank, value),
            None => break,
        }
    }
    facts
}

/// The blank that an attribute goes into.
fn blank(name: &str) -> Option<Blank> {
    Some(match Attribute::named(name)?.field {
        Field::Login => Blank::Login,
        Field::DisplayName => Blank::DisplayName,
        Field::GivenName => Blank::GivenName,
        Field::FamilyName => Blank::FamilyName,
        Field::ExternalId => Blank::ExternalId,
        Field::Address => Blank::Email,
        Field::WorkerNumber => Blank::WorkerNumber,
        Field::Unit | Field::TypeHint | Field::Named(_) => return None,
    })
}

/// An account with our id was made by an earlier try; any other is not adopted.
fn clash(profile: &Profile, account: &Account) -> Outcome {
    if !profile.external_id.is_empty() && account.external_id == profile.external_id {
        return Outcome::AlreadyDone { account: account.key.clone() };
    }
    Outcome::Refused { why: crate::channel::outcome::in_the_way(&profile.login, account) }
}
