//! Limits that are higher for a time, and first views that were accepted: each is a change of its own,
//! with a name under it and an end.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rollbook_core::approval::Humans;
use rollbook_core::canonical;
use rollbook_core::event::Draft;
use rollbook_core::id::{InstanceName, digest_hex};
use rollbook_core::policy::{Raisable, Raise};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::reconcile::named;
use crate::store::Reading;

/// The kind of word that a raise is.
pub(crate) const RAISE: &str = "limit_raise";
/// The kind of word that an accepted first view is.
const ACCEPTED: &str = "first_view";

/// What somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raising {
    /// Where. `None`: over all instances.
    pub instance: Option<InstanceName>,
    /// Which limit.
    pub limit: Raisable,
    /// How high it is to be.
    pub to: u32,
    /// From when on it is as before.
    pub until: Timestamp,
    /// Why.
    pub reason: String,
}

/// A named person has looked at what an instance holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Accepted {
    instance: InstanceName,
    by: String,
    at: Timestamp,
    reason: String,
}

/// The instances whose first whole view was accepted.
pub(crate) fn accepted(book: &Reading<'_>) -> Result<BTreeSet<InstanceName>> {
    let all: Vec<Accepted> = book.words(ACCEPTED)?;
    Ok(all.into_iter().map(|one| one.instance).collect())
}

impl Engine {
    /// All raises that were asked for and not taken back, also those that have ended.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn raises(&self) -> Result<Vec<Raise>> {
        self.store.read(|book| book.words(RAISE))
    }

    /// Asks for a limit to be higher for a time. It counts for nothing before somebody else agrees.
    ///
    /// # Errors
    /// When nobody says who asks or why, the instance is unknown or the limit is not one of its own,
    /// or it would hold for no time.
    pub fn ask_raise(&self, raising: Raising, by: &str) -> Result<Raise> {
        let (by, now) = (named(by)?, self.now());
        self.check_raising(&raising, now)?;
        let Raising { instance, limit, to, until, reason } = raising;
        let at = instance.as_ref().map_or("", |instance| instance.as_str());
        let parts = [at, limit.word(), &to.to_string(), by, &now.to_string()];
        let raise = Raise {
            id: format!("lim_{}", &digest_hex(&parts)[..20]),
            instance,
            limit,
            to,
            until,
            asked_by: by.to_owned(),
            asked_at: now,
            reason,
            approved_by: String::new(),
        };
        self.store.write(|book| {
            book.put_word(RAISE, &raise.id, &raise)?;
            book.record(said("limit_raise_asked", by, &raise.id, now, told(&raise)))
        })?;
        self.checkpoint()?;
        Ok(raise)
    }

    fn check_raising(&self, raising: &Raising, now: Timestamp) -> Result<()> {
        if raising.reason.trim().is_empty() {
            return Err(Error::input("A limit is raised only with a reason.")
                .hint("Add `--reason \"…\"`: an auditor will read it."));
        }
        if raising.until <= now {
            return Err(Error::input(format!("{} has passed already.", raising.until)).hint(
                "Say until when the limit is to be higher; then it is as before by itself.",
            ));
        }
        match &raising.instance {
            Some(_) if !raising.limit.is_of_instance() => {
                let said = format!("{} is a limit over all instances.", raising.limit.word());
                Err(Error::input(said).hint("Leave the instance out."))
            }
            Some(instance) => self.instance(instance).map(drop),
            None => Ok(()),
        }
    }

    /// Agrees to a raise that somebody else asked for.
    ///
    /// # Errors
    /// When there is none, it has ended or was agreed to, or `by` asked for it, under whichever name,
    /// or is not among the approvers that the policy names. A refusal is recorded too.
    pub fn agree_raise(&self, id: &str, by: &str) -> Result<Raise> {
        let by = named(by)?;
        let graph = self.graph()?;
        let agreed = self.store.write(|book| {
            let now = self.now();
            let all: Vec<Raise> = book.reading().words(RAISE)?;
            let raise = all.into_iter().find(|raise| raise.id == id).ok_or_else(|| {
                Error::input(format!("Nobody asked for {id}."))
                    .hint("`rollbook policy raises` lists what was asked for.")
            })?;
            let approvers = &self.config.policy.approval.approvers;
            let names = approvers.iter().map(String::as_str);
            let humans = Humans::of(&graph, names.chain([by, raise.asked_by.as_str()]));
            if let Some(why) = refused(&raise, approvers, &humans, by, now) {
                let body = json!({"why": why});
                book.record(said("approval_refused", by, &raise.id, now, body))?;
                return Ok(Err(Error::refused(why).hint("Ask somebody else to agree to it.")));
            }
            let raise = Raise { approved_by: by.to_owned(), ..raise };
            book.put_word(RAISE, &raise.id, &raise)?;
            book.record(said("limit_raised", by, &raise.id, now, told(&raise)))?;
            Ok(Ok(raise))
        })?;
        self.checkpoint()?;
        agreed
    }

    /// Says that a named person has looked at what an instance holds: from now on plans may change it.
    ///
    /// # Errors
    /// When the instance is unknown, was never seen whole, or nobody says who or why.
    pub fn accept_first_view(&self, name: &InstanceName, by: &str, reason: &str) -> Result<()> {
        let (by, now) = (named(by)?, self.now());
        self.instance(name)?;
        if reason.trim().is_empty() {
            return Err(Error::input("A first view is accepted only with a reason.")
                .hint("Add `--reason \"…\"`: say what was looked at."));
        }
        self.store.write(|book| {
            let head = book.reading().newest_snapshot(name)?;
            let head = head.filter(|head| head.coverage.is_complete()).ok_or_else(|| {
                Error::refused(format!("{name} was not seen whole the last time."))
                    .hint(format!("Run `rollbook sync {name}`, and look at what it found."))
            })?;
            let accepted = Accepted {
                instance: name.clone(),
                by: by.to_owned(),
                at: now,
                reason: reason.to_owned(),
            };
            book.put_word(ACCEPTED, name.as_str(), &accepted)?;
            let body = json!({
                "what": format!("the view {} of {} accounts", head.id, head.count),
                "reason": reason,
            });
            book.record(said("first_view_accepted", by, name.as_str(), now, body))
        })?;
        self.checkpoint().map(drop)
    }
}

/// Why `by` cannot agree.
fn refused(
    raise: &Raise,
    approvers: &[String],
    humans: &Humans,
    by: &str,
    now: Timestamp,
) -> Option<String> {
    if humans.may_be_same(&raise.asked_by, by) {
        return Some(format!("{by} asked for this and so cannot agree to it."));
    }
    if !approvers.is_empty() && !approvers.iter().any(|one| humans.are_same(one, by)) {
        return Some(format!("{by} is not among the approvers that the policy names."));
    }
    if !raise.approved_by.is_empty() {
        return Some(format!("{} agreed to it already.", raise.approved_by));
    }
    (now >= raise.until).then(|| format!("It would have ended on {}.", raise.until))
}

fn told(raise: &Raise) -> Value {
    let place = raise.instance.as_ref().map_or("over all instances", |instance| instance.as_str());
    json!({
        "what": format!("{} {place} to {}", raise.limit.word(), raise.to),
        "until": raise.until,
        "reason": raise.reason,
        "raise": canonical::value_of(raise),
    })
}

fn said(kind: &str, by: &str, subject: &str, at: Timestamp, body: Value) -> Draft {
    Draft {
        kind: kind.to_owned(),
        actor: by.to_owned(),
        on_behalf_of: String::new(),
        subject: subject.to_owned(),
        concerns: BTreeSet::new(),
        at,
        body,
    }
}
