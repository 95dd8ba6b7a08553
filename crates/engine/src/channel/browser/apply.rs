//! Doing one change in the page: look at the whole list, refuse what no longer fits, act in the one row,
//! and read the list again.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rollbook_catalog::browser::{Browser, Field, Purpose};
use rollbook_core::account::Account;
use rollbook_core::canonical::{self, same_login};
use rollbook_core::change::{Change, Op};
use rollbook_core::snapshot::Coverage;
use rollbook_core::step::{Found, Outcome, Receipt, Seen, Verdict, found, judge};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::facts::Facts;
use super::reading::Listed;
use super::report::Report;
use super::row::Row;
use super::state::Use;
use super::trouble::Trouble;
use super::veil::Veil;
use super::{BrowserChannel, State};
use crate::channel::line::now;
use crate::channel::outcome::failed;

/// After a failure that may pass, how long it is left alone.
const LEFT_ALONE: SignedDuration = SignedDuration::from_secs(60);

/// The list may take this part of a step's time to show what was done. What shows later is left to the
/// looks after it.
const SHOWS_WITHIN: u32 = 2;

/// How long to wait before the list is read again that does not show it yet.
const SHOWS_AGAIN: Duration = Duration::from_millis(500);

/// Who is meant in a list.
enum Hit {
    /// This one and nobody else.
    One(Row, Box<Account>),
    /// Nobody.
    None,
    /// It cannot be said who.
    Unclear(String),
}

impl BrowserChannel {
    /// Does `change`.
    pub(super) async fn carry_out(&self, change: &Change, state: &mut State) -> Outcome {
        state.begin(change);
        let listed = match state.take_kept(change, Use::Act) {
            Some(listed) => Ok(listed),
            None => {
                // What earlier looks told is theirs.
                state.report = Report::default();
                self.list(state).await
            }
        };
        let listed = match listed {
            Ok(listed) => listed,
            Err(trouble) => return self.not_begun(&trouble),
        };
        if let Some(why) = &state.report.drift {
            return Outcome::Refused {
                why: format!(
                    "{why} Nothing is pressed in a page that may mean something else now."
                ),
            };
        }
        if let Coverage::Partial { why } = &listed.coverage {
            return Outcome::Failed {
                why: format!(
                    "Nothing was pressed, because the list could not be read whole. {why}"
                ),
                retry_at: later(),
                hint: String::new(),
            };
        }
        let hit = self.hit(change, &listed);
        let seen = match &hit {
            Hit::One(_, account) => Seen::Present { account: account.clone() },
            Hit::None => Seen::Absent,
            Hit::Unclear(why) => return Outcome::Refused { why: why.clone() },
        };
        match (found(change, &seen), hit) {
            (Found::AlreadySo, Hit::One(_, account)) => {
                Outcome::AlreadyDone { account: account.key }
            }
            (Found::AlreadySo, _) => {
                Outcome::AlreadyDone { account: change.account.clone().unwrap_or_default() }
            }
            (Found::Differs { why }, _) => Outcome::Refused { why },
            (Found::Unobservable { why, retry_at }, _) => {
                Outcome::Failed { why, retry_at, hint: String::new() }
            }
            (Found::Fits, Hit::One(row, account)) => {
                self.act(change, &listed, Some((&row, &account)), state).await
            }
            (Found::Fits, _) if matches!(change.op, Op::Create { .. }) => {
                self.act(change, &listed, None, state).await
            }
            (Found::Fits, _) => failed("The account is not there to be changed.", ""),
        }
    }

    /// Looks at the account that `change` is about.
    pub(super) async fn look_at(&self, change: &Change, state: &mut State) -> Seen {
        if let Some(listed) = state.take_kept(change, Use::Look) {
            return self.seen(change, &listed);
        }
        state.report = Report::default();
        match self.list(state).await {
            Ok(listed) => {
                state.keep_for_act(change, &listed);
                self.seen(change, &listed)
            }
            Err(trouble) => {
                Seen::Unobservable { why: trouble.sentence(), retry_at: retry(&trouble) }
            }
        }
    }

    fn seen(&self, change: &Change, listed: &Listed) -> Seen {
        match (self.hit(change, listed), &listed.coverage) {
            (Hit::One(_, account), _) => Seen::Present { account },
            (Hit::None, Coverage::Complete) => Seen::Absent,
            (Hit::None, Coverage::Partial { why }) => Seen::Unobservable {
                why: format!("The account is not in the list, but it may not be whole. {why}"),
                retry_at: later(),
            },
            (Hit::Unclear(why), _) => Seen::Unobservable { why, retry_at: None },
        }
    }

    /// Whom `change` means in the list: by the key that was seen before, or, for one that is to be
    /// made, by its address. Addresses are compared as logins are, whole and never in part.
    fn hit(&self, change: &Change, listed: &Listed) -> Hit {
        let is_it = |row: &Row| match (&change.op, &change.account) {
            (Op::Create { profile }, _) => {
                let address = row.said(Field::Email);
                same_login(address, &profile.login) || same_login(address, &profile.email)
            }
            (_, Some(key)) => row.key() == key.as_str(),
            (_, None) => false,
        };
        let hits: Vec<&Row> =
            listed.rows.iter().map(|(row, _)| row).filter(|row| is_it(row)).collect();
        let row = match hits.as_slice() {
            [] => return Hit::None,
            [row] => *row,
            [_, _, ..] => {
                return Hit::Unclear(format!(
                    "{} rows of the list fit, so it cannot be said which one is meant.",
                    hits.len()
                ));
            }
        };
        let address = row.said(Field::Email);
        let same = listed.rows.iter().filter(|(it, _)| same_login(it.said(Field::Email), address));
        let same = same.count();
        if same != 1 {
            return Hit::Unclear(format!("{same} members have the address {address}."));
        }
        let members = &self.settings.app.members;
        let domains = &self.settings.verified_domains;
        let (account, _) = row.account(&self.settings.instance, members, domains);
        Hit::One(row.clone(), Box::new(account))
    }

    async fn act(
        &self,
        change: &Change,
        listed: &Listed,
        target: Option<(&Row, &Account)>,
        state: &mut State,
    ) -> Outcome {
        let app = &self.settings.app;
        let verb = change.op.word();
        let steps = app.steps(Purpose::Do(verb));
        if steps.is_empty() {
            return failed("The app file has no steps for this.", "");
        }
        let facts = match self.facts(change, target.map(|(_, account)| account)) {
            Ok(facts) => facts,
            Err(outcome) => return outcome,
        };
        let guard = match (target, &listed.table) {
            (Some((row, _)), Some(table)) => Some(row.guard(table, &app.members)),
            _ => None,
        };
        let all = self.accounts(listed);
        let veil = Veil::over(&all, target.map(|(_, account)| account)).and(&self.settings.user);
        let ground = self.ground();
        let mut walk = match self
            .prepare(state)
            .await
            .and_then(|()| self.walk(&ground, state, Purpose::Members))
        {
            Ok(walk) => walk,
            Err(trouble) => return self.not_begun(&trouble),
        };
        (walk.veil, walk.guard) = (veil.clone(), guard.clone());
        let there = match &guard {
            Some(guard) => walk.turn_to(guard).await,
            None => Ok(()),
        };
        // What lies over the list would be all that the picture shows.
        let ready = match there {
            Ok(()) => walk.look_around().await,
            Err(trouble) => Err(trouble),
        };
        if let Err(trouble) = ready {
            state.begin_anew(&trouble).await;
            return self.not_begun(&trouble);
        }
        walk.picture("the list before").await;
        (walk.purpose, walk.facts) = (Purpose::Do(verb), facts);
        let done = walk.go(steps).await;
        let touched = walk.touched;
        let taken = canonical::digest("rollbook steps", &Value::from(walk.report.steps.clone()));
        match done {
            Ok(()) => self.settle(change, state, &veil, receipt(app, verb.as_str(), taken)).await,
            Err(trouble) => self.broken_off(change, state, trouble, touched).await,
        }
    }

    /// What fills the blanks of the change's steps.
    fn facts(&self, change: &Change, account: Option<&Account>) -> Result<Facts, Outcome> {
        let facts = Facts::of_instance(&self.settings.settings, &self.settings.user);
        let facts = match (&change.op, account) {
            (Op::Create { profile }, _) => facts.with_profile(profile),
            (_, Some(account)) => facts.with_account(account),
            (_, None) => facts,
        };
        let lowest = self.settings.app.lowest_role.as_deref();
        match (&change.op, lowest) {
            (Op::Grant { entitlement }, _) => Ok(facts.with_role(entitlement)),
            (Op::Revoke { entitlement }, Some(lowest)) if lowest == entitlement => {
                Err(Outcome::Refused {
                    why: format!(
                        "{lowest} is the lowest role there is, so it cannot be taken away."
                    ),
                })
            }
            (Op::Revoke { .. } | Op::Create { .. }, Some(lowest)) => Ok(facts.with_role(lowest)),
            _ => Ok(facts),
        }
    }

    /// All steps were taken. Done is what the list shows; what it does not show yet may still come.
    async fn settle(
        &self,
        change: &Change,
        state: &mut State,
        veil: &Veil,
        receipt: Receipt,
    ) -> Outcome {
        let until = Instant::now() + self.settings.deadline / SHOWS_WITHIN;
        loop {
            let listed = match self.list(state).await {
                Ok(listed) => listed,
                Err(trouble) => {
                    return Outcome::Uncertain {
                        why: format!(
                            "All was pressed, and then the list could not be read. {}",
                            trouble.sentence()
                        ),
                    };
                }
            };
            let seen = self.seen(change, &listed);
            if judge(change, &seen) == Verdict::Confirmed {
                self.picture_after(change, state, &listed, veil).await;
                let key = match seen {
                    Seen::Present { account } => account.key,
                    _ => change.account.clone().unwrap_or_default(),
                };
                state.keep_for_look(change, &listed);
                let rows: Vec<String> = listed.rows.iter().map(|(row, _)| row.key()).collect();
                let answer_digest = canonical::digest("rollbook members", &Value::from(rows));
                return Outcome::Done {
                    account: key,
                    receipt: Receipt { answer_digest, ..receipt },
                };
            }
            if Instant::now() > until {
                return Outcome::Uncertain {
                    why: "All was pressed, and the list does not show it yet.".to_owned(),
                };
            }
            sleep(SHOWS_AGAIN).await;
        }
    }

    /// The list as it is now, with the row of the account if it still has one.
    async fn picture_after(
        &self,
        change: &Change,
        state: &mut State,
        listed: &Listed,
        veil: &Veil,
    ) {
        let guard = match (self.hit(change, listed), &listed.table) {
            (Hit::One(row, _), Some(table)) => Some(row.guard(table, &self.settings.app.members)),
            _ => None,
        };
        let ground = self.ground();
        let Ok(mut walk) = self.walk(&ground, state, Purpose::Members) else { return };
        walk.veil = veil.clone();
        if let Some(guard) = &guard
            && walk.turn_to(guard).await.is_err()
        {
            return;
        }
        walk.guard = guard;
        walk.picture("the list after").await;
    }

    /// The steps ended before the last one.
    async fn broken_off(
        &self,
        change: &Change,
        state: &mut State,
        trouble: Trouble,
        touched: bool,
    ) -> Outcome {
        if !touched {
            state.begin_anew(&trouble).await;
            return self.not_begun(&trouble);
        }
        if let Trouble::Dialog { .. } = trouble {
            // Cancelled is believed only when the list shows it.
            let listed = self.list(state).await;
            if let Ok(listed) = &listed
                && found(change, &self.seen(change, listed)) == Found::Fits
            {
                return Outcome::Refused { why: trouble.sentence() };
            }
        }
        state.begin_anew(&trouble).await;
        Outcome::Uncertain {
            why: format!(
                "Something was pressed, and what came of it was not seen. {}",
                trouble.sentence()
            ),
        }
    }

    /// The outcome where nothing was pressed.
    fn not_begun(&self, trouble: &Trouble) -> Outcome {
        Outcome::Failed {
            why: format!("Nothing was pressed. {}", trouble.sentence()),
            retry_at: retry(trouble),
            hint: trouble.hint(&self.settings.user),
        }
    }
}

/// When another try makes sense. A sign-in that failed is a human's matter.
fn retry(trouble: &Trouble) -> Option<Timestamp> {
    match trouble {
        Trouble::SignIn(_) | Trouble::Unfilled(_) | Trouble::Dialog { .. } => None,
        Trouble::Gone(_) | Trouble::SignedOut | Trouble::Stuck { .. } => later(),
    }
}

fn later() -> Option<Timestamp> {
    now().checked_add(LEFT_ALONE).ok()
}

fn receipt(app: &Browser, verb: &str, request_digest: String) -> Receipt {
    let steps = Purpose::named(verb).map_or(0, |purpose| app.steps(purpose).len());
    Receipt {
        request: format!("{steps} steps in the browser to {verb}"),
        request_digest,
        ..Receipt::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_in_that_failed_is_not_tried_again_by_itself() {
        assert_eq!(retry(&Trouble::SignIn("no".to_owned())), None);
        assert!(retry(&Trouble::Gone("killed".to_owned())).is_some());
    }
}
