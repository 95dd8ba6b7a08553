//! Notices of tasks: written with what they tell of, and sent until they are taken.
//!
//! A notice lies in the book from the transaction of its act on, so a crash loses none; one that died
//! between the answer and its record is sent again under the same id.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use rollbook_core::event::{Concern, Draft};
use rollbook_core::id::digest_hex;
use rollbook_core::task::{Act, Task};
use serde_json::json;

use crate::channel::mail::Mail;
use crate::channel::notice::{Notice, Sent, Webhook};
use crate::config::{EMAIL, WebhookConfig};
use crate::engine::Engine;
use crate::error::Result;
use crate::store::{NoticeRow, Writing};

/// After how many seconds a notice that was not taken is sent again; after the last it is given up.
const AGAIN_S: [i64; 8] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000];

/// How many notices are sent at once at most.
const TOGETHER: i64 = 100;

/// A way to tell people.
#[derive(Debug)]
enum Way {
    Webhook(Webhook),
    Mail(Mail),
}

impl Engine {
    /// Writes what is told of the newest act of `task`, once for each way.
    pub(super) fn note(&self, book: &Writing<'_>, task: &Task) -> Result<()> {
        let Some(entry) = task.acts.last() else { return Ok(()) };
        let Some((whom, text)) = told(task, &entry.act) else { return Ok(()) };
        let place = task.acts.len().to_string();
        let notice = Notice {
            id: format!("ntc_{}", &digest_hex(&[task.id.as_str(), &place])[..20]),
            kind: entry.act.event_kind().replacen('_', ".", 1),
            at: entry.at,
            whom,
            text: format!("{text} `rollbook task show {}`", task.id),
            task: task.id.to_string(),
            instance: task.change.instance.to_string(),
            title: task.title.clone(),
            due_at: task.due_at(),
        };
        let notify = &self.config.notify;
        let mail = notify.email.as_ref().filter(|email| email.people.contains_key(&notice.whom));
        let webhooks = notify.webhook.iter().map(|webhook| webhook.name.as_str());
        let ways = webhooks.chain(mail.map(|_| EMAIL));
        ways.into_iter().try_for_each(|way| book.put_notice(&notice, way))
    }

    /// The notices that nobody has taken yet and that are still sent, oldest first.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn untold_notices(&self) -> Result<Vec<Notice>> {
        self.store.read(|book| book.untold_notices())
    }

    /// Sends the notices that are due. Gives how many were taken.
    ///
    /// # Errors
    /// When the database refuses. A webhook that takes nothing is tried again later, and given up
    /// after some two days, which is recorded.
    pub async fn send_notices(&self) -> Result<usize> {
        let rows = self.store.read(|book| book.due_notices(self.now(), TOGETHER))?;
        let mut ways = BTreeMap::new();
        let mut taken = 0;
        for row in rows {
            let way = ways.entry(row.webhook.clone()).or_insert_with(|| self.way(&row.webhook));
            let sent = match way {
                Ok(Way::Webhook(webhook)) => webhook.send(&row.notice, self.now()).await,
                Ok(Way::Mail(mail)) => mail.send(&row.notice, self.now()).await,
                Err(sent) => sent.clone(),
            };
            taken += usize::from(sent == Sent::Taken);
            self.settle_notice(&row, sent)?;
        }
        Ok(taken)
    }

    /// The way of this name, or what becomes of what was to be sent there.
    fn way(&self, name: &str) -> Result<Way, Sent> {
        if let (EMAIL, Some(config)) = (name, &self.config.notify.email) {
            let password = config.password.as_ref().map(|it| it.load(&self.dir)).transpose();
            let mail = password.and_then(|password| Mail::new(config, password.as_ref()));
            return mail.map(Way::Mail).map_err(|error| Sent::NotYet { why: error.to_string() });
        }
        let named = |webhook: &&WebhookConfig| webhook.name == name;
        let Some(config) = self.config.notify.webhook.iter().find(named) else {
            return Err(Sent::Never { why: "rollbook.toml does not name it any more".to_owned() });
        };
        let made = config.url.load(&self.dir).and_then(|url| {
            let secret = config.secret.as_ref().map(|secret| secret.load(&self.dir)).transpose()?;
            Webhook::new(config, &url, secret.as_ref())
        });
        made.map(Way::Webhook).map_err(|error| Sent::NotYet { why: error.to_string() })
    }

    fn settle_notice(&self, row: &NoticeRow, sent: Sent) -> Result<()> {
        let now = self.now();
        let again = usize::try_from(row.tries).ok().and_then(|tries| AGAIN_S.get(tries));
        let (due, why) = match (sent, again) {
            (Sent::Taken, _) => (None, None),
            (Sent::NotYet { why }, Some(&after_s)) => {
                tracing::warn!(
                    webhook = row.webhook,
                    why,
                    "a notice was not taken and is sent later"
                );
                (now.checked_add(SignedDuration::from_secs(after_s)).ok(), None)
            }
            (Sent::NotYet { why } | Sent::Never { why }, _) => (None, Some(why)),
        };
        self.store.write(|book| {
            book.move_notice(row, due)?;
            let Some(why) = &why else { return Ok(()) };
            let task = book.reading().task(&row.notice.task.as_str().into())?;
            book.record(Draft {
                kind: "notice_given_up".to_owned(),
                actor: "rollbook".to_owned(),
                on_behalf_of: String::new(),
                subject: row.notice.task.clone(),
                concerns: task.iter().map(|task| Concern::of_change(&task.change)).collect(),
                at: now,
                body: json!({"notice": row.notice.id, "webhook": row.webhook, "why": why}),
            })
        })
    }
}

/// Who is told of an act, and what; `None`: nobody needs to hear of it.
fn told(task: &Task, act: &Act) -> Option<(String, String)> {
    let (what, due) = (&task.title, minute(task.due_at()));
    let assignee = task.assignee();
    Some(match act {
        Act::Assigned { to } => {
            (to.clone(), format!("{to}, please: {what} It is due on {due} UTC."))
        }
        Act::Reminded { whom } => {
            (whom.clone(), format!("{whom}, a reminder: {what} It is due on {due} UTC."))
        }
        Act::Escalated { whom } => (
            whom.clone(),
            format!("{whom}, this is overdue since {due} UTC and {assignee} has it: {what}"),
        ),
        Act::HandedOver { to, by, .. } => (
            to.clone(),
            format!("{to}, {by} handed this over to you: {what} It is due on {due} UTC."),
        ),
        Act::Reopened { why } => {
            (assignee.to_owned(), format!("{assignee}, this is open again: {what} {why}"))
        }
        Act::Refused { .. } | Act::HandedIn { .. } | Act::Closed { .. } => return None,
    })
}

fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M").to_string()
}
