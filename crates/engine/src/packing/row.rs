//! The rows of a pack.

use jiff::Timestamp;
use jiff::civil::Date;
use rollbook_core::change::Op;
use rollbook_core::explain;
use rollbook_core::link::Link;
use rollbook_core::reach::HUMAN;
use rollbook_core::snapshot::Coverage;
use rollbook_core::step::{Found, Outcome, Receipt, Recorded, Verdict};
use serde::Serialize;
use serde_json::{Value, json};

use crate::applying::{ChangeReport, Stand};
use crate::pack_page::Mark;

/// One account and what became of it.
#[derive(Clone, Debug)]
pub(super) struct AccountRow {
    pub(super) instance: String,
    pub(super) key: String,
    pub(super) login: String,
    pub(super) privileged: bool,
    pub(super) link: String,
    pub(super) link_because: String,
    pub(super) last_day: Option<Date>,
    pub(super) state_now: String,
    pub(super) done: Option<Done>,
}

/// What was done about an account.
#[derive(Clone, Debug)]
pub(super) struct Done {
    pub(super) run: String,
    pub(super) change: String,
    pub(super) before: String,
    pub(super) wanted: String,
    pub(super) channel: String,
    pub(super) sent_at: Option<Timestamp>,
    pub(super) answered_at: Option<Timestamp>,
    pub(super) answered: String,
    pub(super) receipt: Receipt,
    pub(super) verified_at: Option<Timestamp>,
    pub(super) verified_how: String,
    pub(super) stand: String,
    pub(super) mark: Mark,
}

/// What did not go as wished or was left alone knowingly.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ExceptionRow {
    pub(super) what: String,
    pub(super) because: String,
}

/// What a statement rests on: how one source or instance was read.
#[derive(Clone, Debug, Serialize)]
pub(super) struct PopulationRow {
    pub(super) place: String,
    pub(super) channel: String,
    pub(super) taken_at: Option<Timestamp>,
    pub(super) coverage: String,
    pub(super) counted: u64,
    pub(super) reported: Option<u64>,
    pub(super) digest: String,
}

impl Done {
    /// From what was recorded about the change.
    pub(super) fn of(run: &str, report: &ChangeReport) -> Self {
        let change = &report.change;
        let mut done = Self {
            run: run.to_owned(),
            change: change.id.to_string(),
            before: change.expects.state.map_or("not there", |s| s.word()).to_owned(),
            wanted: wanted(&change.op),
            channel: change.route.channel.clone(),
            sent_at: None,
            answered_at: None,
            answered: String::new(),
            receipt: Receipt::default(),
            verified_at: None,
            verified_how: String::new(),
            stand: report.stand.word().to_owned(),
            mark: mark(&report.stand),
        };
        for recorded in &report.recorded {
            done.take(recorded);
        }
        if let Stand::Ended(ending) = &report.stand
            && done.verified_how.is_empty()
        {
            done.verified_how = explain::ending(change, ending);
        }
        done
    }

    fn take(&mut self, recorded: &Recorded) {
        match recorded {
            Recorded::Intended { at } => {
                self.sent_at = Some(*at);
                self.verified_at = None;
            }
            Recorded::Acted { at, outcome } => {
                self.answered_at = Some(*at);
                self.answered = answered(outcome);
                if let Outcome::Done { receipt, .. } = outcome {
                    self.receipt = receipt.clone();
                }
            }
            // A look before sending, or the word of whoever had the task, verifies nothing.
            Recorded::Looked { at, found: Found::AlreadySo } => {
                self.verified_at = Some(*at);
                self.verified_how = format!("Read over {}: it was so already.", self.channel);
            }
            Recorded::Looked { .. }
            | Recorded::Proven { .. }
            | Recorded::Cancelled { .. }
            | Recorded::SetAside { .. } => {}
            Recorded::Verified { at, verdict, .. } => {
                self.verified_at = Some(*at);
                self.verified_how = match verdict {
                    // The channel that reads is another one there; what counts is that it was read.
                    Verdict::Confirmed if self.channel == HUMAN => {
                        "Read again after it was said to be done: as wanted.".to_owned()
                    }
                    Verdict::Confirmed => format!("Read again over {}: as wanted.", self.channel),
                    Verdict::Contradicted { why } | Verdict::Unobservable { why } => why.clone(),
                };
            }
        }
    }
}

impl AccountRow {
    /// The names of [`AccountRow::values`].
    pub(super) const FIELDS: [&'static str; 22] = [
        "instance",
        "account",
        "login",
        "privileged",
        "link",
        "link_because",
        "last_day",
        "state_before",
        "wanted",
        "channel",
        "sent_at",
        "answered_at",
        "answered",
        "request",
        "request_sha256",
        "answer_sha256",
        "verified_at",
        "verified_how",
        "verdict",
        "state_now",
        "run",
        "change",
    ];

    pub(super) fn values(&self) -> [Value; 22] {
        let done = self.done.as_ref();
        let text = |get: fn(&Done) -> &str| json!(done.map_or("", get));
        let moment = |get: fn(&Done) -> Option<Timestamp>| json!(done.and_then(get));
        [
            json!(self.instance),
            json!(self.key),
            json!(self.login),
            json!(self.privileged),
            json!(self.link),
            json!(self.link_because),
            json!(self.last_day),
            text(|d| &d.before),
            text(|d| &d.wanted),
            text(|d| &d.channel),
            moment(|d| d.sent_at),
            moment(|d| d.answered_at),
            text(|d| &d.answered),
            text(|d| &d.receipt.request),
            text(|d| &d.receipt.request_digest),
            text(|d| &d.receipt.answer_digest),
            moment(|d| d.verified_at),
            text(|d| &d.verified_how),
            text(|d| &d.stand),
            json!(self.state_now),
            text(|d| &d.run),
            text(|d| &d.change),
        ]
    }
}

impl ExceptionRow {
    /// The names of [`ExceptionRow::values`].
    pub(super) const FIELDS: [&'static str; 2] = ["what", "because"];

    pub(super) fn values(&self) -> [Value; 2] {
        [json!(self.what), json!(self.because)]
    }
}

impl PopulationRow {
    /// The names of [`PopulationRow::values`].
    pub(super) const FIELDS: [&'static str; 7] =
        ["place", "channel", "taken_at", "coverage", "counted", "reported", "digest"];

    pub(super) fn values(&self) -> [Value; 7] {
        [
            json!(self.place),
            json!(self.channel),
            json!(self.taken_at),
            json!(self.coverage),
            json!(self.counted),
            self.reported.map_or(Value::Null, |n| json!(n)),
            json!(self.digest),
        ]
    }
}

/// The end state that an operation wants, in words.
fn wanted(op: &Op) -> String {
    match op {
        Op::Create { .. } => "active".to_owned(),
        Op::Update { set } => {
            let set: Vec<_> = set.iter().map(|(name, value)| format!("{name} = {value}")).collect();
            set.join(", ")
        }
        Op::Suspend => "suspended".to_owned(),
        Op::Reactivate => "active".to_owned(),
        Op::Remove => "gone".to_owned(),
        Op::Grant { entitlement } => format!("with {entitlement}"),
        Op::Revoke { entitlement } => format!("without {entitlement}"),
    }
}

fn mark(stand: &Stand) -> Mark {
    use rollbook_core::step::Ending;
    match stand {
        Stand::Ended(Ending::Confirmed { .. }) => Mark::Confirmed,
        Stand::Ended(
            Ending::Contradicted { .. }
            | Ending::Failed { .. }
            | Ending::Refused { .. }
            | Ending::Cancelled { .. },
        ) => Mark::Contradicted,
        Stand::Ended(Ending::Unproven { .. }) => Mark::Unobservable,
        Stand::Waiting | Stand::Later(_) => Mark::Waiting,
        Stand::Held => Mark::LeftAlone,
    }
}

fn answered(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Done { receipt, .. } if receipt.status == 0 => receipt.request.clone(),
        Outcome::Done { receipt, .. } => format!("{}: {}", receipt.request, receipt.status),
        Outcome::AlreadyDone { .. } => "It was so already.".to_owned(),
        Outcome::Waiting { task } => task.clone(),
        Outcome::Refused { why } | Outcome::Uncertain { why } => why.clone(),
        Outcome::Failed { why, hint, .. } => format!("{why} {hint}").trim().to_owned(),
    }
}

/// `complete`, or why it is not.
pub(super) fn coverage(coverage: &Coverage) -> String {
    match coverage {
        Coverage::Complete => "complete".to_owned(),
        Coverage::Partial { why } => format!("partial: {why}"),
    }
}

/// How an account is known to be somebody's, in a word and a sentence.
pub(super) fn link(link: Option<&Link>) -> (String, String) {
    link.map_or_else(
        || ("none".to_owned(), "The account is not in the book any more.".to_owned()),
        |link| (link.state.word().to_owned(), link.because.clone()),
    )
}
