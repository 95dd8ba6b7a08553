//! What to do next about one change, decided from what was recorded about it.
//!
//! ```text
//! look -> already so ------------------------------> confirmed
//!      -> differs ---------------------------------> refused
//!      -> fits -> act -> done -> verify ... --------> confirmed | contradicted | unproven
//!                     -> waiting -> proof -> verify
//!                     -> refused -------------------> refused
//!                     -> failed -> look again later -> ... | failed
//!                     -> uncertain, or no answer -> look, patiently -> as above
//! cancelled -> nothing can have happened ----------> cancelled
//!           -> under way -> look, as above --------> whatever it came to
//! ```

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Outcome, Verdict};

/// How often a change is sent at most.
pub const ATTEMPTS_MAX: usize = 5;

/// How often is looked at most, over the whole life of a change.
pub const LOOKS_MAX: usize = 60;

/// When to verify, in seconds after the act: vendors show a change to readers only after a while. The
/// last look is made when the instance must show it; what is not as promised then is contradicted.
pub const VERIFY_LOOKS_S: [i64; 8] = [0, 1, 3, 8, 20, 45, 90, 180];

/// When to look after an act of which nobody knows whether it happened, in seconds. The last look is
/// made when the instance must show it. Only what that one misses too is sent again: what was made a
/// moment ago may not be listed yet.
pub const DOUBT_LOOKS_S: [i64; 6] = [0, 2, 8, 25, 60, 120];

/// For how long a look before sending holds, in seconds: a change that was held back for longer is
/// looked at once more.
pub(super) const CLEAR_FOR_S: i64 = 300;

/// What to do about a change that was set aside.
const AFTER_SET_ASIDE: &str = "Find the reason in the log and report it; then plan again.";

/// How long a vendor may take to show what it did, in seconds. An instance that is known to settle
/// sooner is looked at less often.
pub const SETTLES_WITHIN_S: u32 = 300;

/// The longest time that a failed act is put off, in hours.
const RETRY_WITHIN_H: i64 = 24;

/// One thing that was recorded about a change, in the order in which it happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "recorded")]
pub enum Recorded {
    /// It is about to be sent. Recorded before the first byte leaves.
    Intended {
        /// When.
        at: Timestamp,
    },
    /// It was sent, and this came back.
    Acted {
        /// When.
        at: Timestamp,
        /// What came back.
        outcome: Outcome,
    },
    /// It was looked whether it is to be sent; see [`super::found`].
    Looked {
        /// When.
        at: Timestamp,
        /// What was found.
        found: Found,
    },
    /// A human who had the task says that it is done.
    Proven {
        /// When.
        at: Timestamp,
    },
    /// It was looked whether it is as promised; see [`super::judge`].
    Verified {
        /// When.
        at: Timestamp,
        /// What the look found.
        verdict: Verdict,
        /// When another look may succeed, where this one could not.
        retry_at: Option<Timestamp>,
    },
    /// A person cancelled the run: nothing more is sent. What is under way is looked at.
    Cancelled {
        /// When.
        at: Timestamp,
        /// Who and why, as a sentence.
        why: String,
    },
    /// It was set aside, because whatever carried it out broke again and again.
    SetAside {
        /// When.
        at: Timestamp,
        /// What happened, as a sentence.
        why: String,
    },
}

/// What a look before sending found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "found")]
pub enum Found {
    /// It is as the change promises already.
    AlreadySo,
    /// It is as the change expects: it can be sent.
    Fits,
    /// It is neither: the plan rests on something that is no longer so.
    Differs {
        /// What was expected and what was seen.
        why: String,
    },
    /// It could not be seen.
    Unobservable {
        /// Why.
        why: String,
        /// When a look may succeed; `None`: this way cannot look.
        retry_at: Option<Timestamp>,
    },
}

/// What to do next about a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Record [`Recorded::Intended`], send it, record [`Recorded::Acted`].
    Act,
    /// Look, and record [`Recorded::Looked`].
    LookFirst,
    /// Look whether it is as promised, not before this moment, and record [`Recorded::Verified`].
    Verify {
        /// The earliest moment; it may have passed.
        not_before: Timestamp,
    },
    /// A human has a task. Nothing to do until [`Recorded::Proven`].
    Wait,
    /// Nothing to do until this moment; then ask again.
    RetryAt(Timestamp),
    /// It is over.
    End(Ending),
}

/// How a change ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "ended")]
pub enum Ending {
    /// A look saw it as promised.
    Confirmed {
        /// Whether anything was sent for it. `false`: it was so already.
        acted: bool,
    },
    /// It was sent, and every look saw it otherwise. A new finding.
    Contradicted {
        /// What was promised and what was seen.
        why: String,
    },
    /// It was sent, or may have been, and nobody could look. A new finding.
    Unproven {
        /// Why.
        why: String,
    },
    /// It was not sent, because the plan rests on something that is no longer so. Plan again.
    Refused {
        /// What was expected and what was seen.
        why: String,
    },
    /// Certainly nothing happened.
    Failed {
        /// What was said.
        why: String,
        /// What an administrator can do, or empty.
        hint: String,
    },
    /// Certainly nothing happened, because a person cancelled it.
    Cancelled {
        /// Who and why, as a sentence.
        why: String,
    },
}

impl Ending {
    /// The word for programs and tables.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Confirmed { .. } => "confirmed",
            Self::Contradicted { .. } => "contradicted",
            Self::Unproven { .. } => "unproven",
            Self::Refused { .. } => "refused",
            Self::Failed { .. } => "failed",
            Self::Cancelled { .. } => "cancelled",
        }
    }
}

/// What to do next about a change of which `recorded` is known, oldest first, in an instance that
/// shows what it did within `settles_within_s` seconds.
pub fn next(recorded: &[Recorded], settles_within_s: u32, now: Timestamp) -> Next {
    let mut life = Life {
        doubt: Patience::of(&DOUBT_LOOKS_S, settles_within_s),
        proof: Patience::of(&VERIFY_LOOKS_S, settles_within_s),
        ..Life::default()
    };
    for record in recorded {
        life.take(record);
    }
    life.next(now)
}

/// Where a change stands after what was recorded about it.
#[derive(Default)]
struct Life<'a> {
    doubt: Patience,
    proof: Patience,
    stand: Stand<'a>,
    /// How often it was sent, or was about to be.
    attempts: usize,
    looks: usize,
    /// The last look since the last act that saw anything.
    seen_at: Option<Timestamp>,
    /// The moment of the last act, or of the proof that somebody else acted.
    acted_at: Timestamp,
    /// Who cancelled it and why.
    cancelled: Option<&'a str>,
}

/// When looks are made after an act. What counts is when a look was made and not how many there were:
/// looks that saw nothing at all, or came all at once, prove nothing.
#[derive(Clone, Copy, Default)]
struct Patience {
    /// Seconds after the act, rising.
    looks_s: &'static [i64],
    /// The last look, in seconds after the act.
    last_s: i64,
}

impl Patience {
    /// The looks that make sense where everything shows within `settles_s` seconds.
    fn of(looks_s: &'static [i64], settles_s: u32) -> Self {
        let last_s = i64::from(settles_s);
        let sensible = looks_s.partition_point(|&offset| offset < last_s);
        Self { looks_s: &looks_s[..sensible], last_s }
    }

    /// When the look after the one at `seen_at` is due; `None`: that was the last.
    fn due(self, acted_at: Timestamp, seen_at: Option<Timestamp>) -> Option<Timestamp> {
        let offsets = self.looks_s.iter().chain([&self.last_s]);
        let mut dues = offsets.map(|&offset| after(acted_at, offset));
        dues.find(|due| seen_at.is_none_or(|seen| seen < *due))
    }
}

#[derive(Default)]
enum Stand<'a> {
    /// Nothing is known yet.
    #[default]
    Untouched,
    /// It may have happened.
    InDoubt {
        why: &'a str,
    },
    /// Looked, and it can be sent for a while.
    Clear {
        until: Timestamp,
    },
    /// It could not be looked at.
    Unseen {
        why: &'a str,
        retry_at: Option<Timestamp>,
        doubt: bool,
    },
    /// It certainly did not happen, for now.
    Failed {
        why: &'a str,
        hint: &'a str,
        retry_at: Timestamp,
    },
    /// A human has the task.
    WithHuman,
    /// It is said to be done.
    Applied {
        last: Option<(&'a Verdict, Option<Timestamp>)>,
    },
    Over(Ending),
}

impl Stand<'_> {
    /// Whether nothing can have happened that is not over.
    fn is_harmless(&self) -> bool {
        match self {
            Self::Untouched | Self::Clear { .. } | Self::Failed { .. } => true,
            Self::Unseen { doubt, .. } => !doubt,
            Self::InDoubt { .. } | Self::WithHuman | Self::Applied { .. } | Self::Over(_) => false,
        }
    }
}

impl<'a> Life<'a> {
    fn take(&mut self, record: &'a Recorded) {
        if matches!(self.stand, Stand::Over(_)) {
            return;
        }
        match record {
            Recorded::Intended { at } => {
                self.attempts += 1;
                self.since(*at);
                self.stand = Stand::InDoubt { why: "no answer was recorded after it was sent" };
            }
            Recorded::Acted { at, outcome } => {
                self.attempts = self.attempts.max(1);
                self.since(*at);
                self.stand = after_act(outcome);
            }
            Recorded::Proven { at } => {
                self.attempts = self.attempts.max(1);
                self.since(*at);
                self.stand = Stand::Applied { last: None };
            }
            Recorded::Looked { at, found } => {
                self.looks += 1;
                if !matches!(found, Found::Unobservable { .. }) {
                    self.seen_at = Some(*at);
                }
                self.stand = self.after_look(found, *at);
            }
            Recorded::Verified { at, verdict, retry_at } => {
                self.looks += 1;
                if retry_at.is_none() || !matches!(verdict, Verdict::Unobservable { .. }) {
                    self.seen_at = Some(*at);
                }
                self.stand = match verdict {
                    Verdict::Confirmed => Stand::Over(Ending::Confirmed { acted: true }),
                    _ => Stand::Applied { last: Some((verdict, *retry_at)) },
                };
            }
            Recorded::Cancelled { why, .. } => self.cancelled = Some(why),
            Recorded::SetAside { why, .. } => {
                let why = why.clone();
                self.stand = Stand::Over(match self.stand.is_harmless() {
                    true => Ending::Failed { why, hint: AFTER_SET_ASIDE.to_owned() },
                    false => Ending::Unproven { why },
                });
            }
        }
        if self.cancelled.is_some() && matches!(self.stand, Stand::WithHuman) {
            self.stand = Stand::InDoubt { why: "a person had been asked to do it" };
        }
    }

    fn since(&mut self, at: Timestamp) {
        self.acted_at = at;
        self.seen_at = None;
    }

    fn after_look(&self, found: &'a Found, at: Timestamp) -> Stand<'a> {
        let doubt = match &self.stand {
            Stand::InDoubt { .. } => true,
            Stand::Unseen { doubt, .. } => *doubt,
            _ => false,
        };
        match found {
            Found::AlreadySo => Stand::Over(Ending::Confirmed { acted: self.attempts > 0 }),
            Found::Differs { why } => Stand::Over(Ending::Refused { why: why.clone() }),
            // What was sent a moment ago may not be shown yet, so one look is not enough.
            Found::Fits if doubt && self.doubt.due(self.acted_at, self.seen_at).is_some() => {
                Stand::InDoubt { why: "a look did not show it" }
            }
            Found::Fits => Stand::Clear { until: after(at, CLEAR_FOR_S) },
            Found::Unobservable { why, retry_at } => {
                Stand::Unseen { why, retry_at: *retry_at, doubt }
            }
        }
    }

    fn next(self, now: Timestamp) -> Next {
        let exhausted = self.looks >= LOOKS_MAX;
        if let Some(why) = self.cancelled
            && self.stand.is_harmless()
        {
            return Next::End(Ending::Cancelled { why: why.to_owned() });
        }
        match self.stand {
            Stand::Over(ending) => Next::End(ending),
            Stand::Untouched => Next::LookFirst,
            Stand::WithHuman => Next::Wait,
            Stand::Clear { .. } if self.attempts >= ATTEMPTS_MAX => Next::End(Ending::Failed {
                why: format!("it was sent {} times and never took effect", self.attempts),
                hint: "Look at the instance yourself, then plan again.".to_owned(),
            }),
            Stand::Clear { until } if now > until && !exhausted => Next::LookFirst,
            Stand::Clear { .. } => Next::Act,
            Stand::InDoubt { why } | Stand::Unseen { why, .. } if exhausted => {
                unproven_or_failed(self.attempts, why)
            }
            Stand::InDoubt { .. } => {
                let due = self.doubt.due(self.acted_at, self.seen_at).unwrap_or(now);
                wait_or(due, now, Next::LookFirst)
            }
            Stand::Unseen { why, retry_at, doubt } => {
                unseen(why, retry_at, doubt, self.attempts, now)
            }
            Stand::Failed { why, hint, retry_at } => {
                let too_late = retry_at > after(self.acted_at, RETRY_WITHIN_H * 3600);
                if self.attempts >= ATTEMPTS_MAX || too_late || exhausted {
                    return Next::End(Ending::Failed {
                        why: why.to_owned(),
                        hint: hint.to_owned(),
                    });
                }
                wait_or(retry_at, now, Next::LookFirst)
            }
            Stand::Applied { last } => {
                verify(last, self.proof.due(self.acted_at, self.seen_at), exhausted)
            }
        }
    }
}

fn after_act(outcome: &Outcome) -> Stand<'_> {
    match outcome {
        Outcome::Done { .. } | Outcome::AlreadyDone { .. } => Stand::Applied { last: None },
        Outcome::Waiting { .. } => Stand::WithHuman,
        Outcome::Refused { why } => Stand::Over(Ending::Refused { why: why.clone() }),
        Outcome::Uncertain { why } => Stand::InDoubt { why },
        Outcome::Failed { why, retry_at: Some(retry_at), hint } => {
            Stand::Failed { why, hint, retry_at: *retry_at }
        }
        Outcome::Failed { why, retry_at: None, hint } => {
            Stand::Over(Ending::Failed { why: why.clone(), hint: hint.clone() })
        }
    }
}

/// A way that cannot look at all may still act once (a task for a human is such a way); after an act
/// in doubt nothing is sent before a look.
fn unseen(
    why: &str,
    retry_at: Option<Timestamp>,
    doubt: bool,
    attempts: usize,
    now: Timestamp,
) -> Next {
    match retry_at {
        Some(due) => wait_or(due, now, Next::LookFirst),
        None if doubt || attempts > 0 => unproven_or_failed(attempts, why),
        None => Next::Act,
    }
}

fn unproven_or_failed(attempts: usize, why: &str) -> Next {
    let why = why.to_owned();
    Next::End(match attempts {
        0 => {
            Ending::Failed { why, hint: "Make the instance readable, then plan again.".to_owned() }
        }
        _ => Ending::Unproven { why },
    })
}

/// `due`: when to look again; `None`: the last look was made.
fn verify(
    last: Option<(&Verdict, Option<Timestamp>)>,
    due: Option<Timestamp>,
    exhausted: bool,
) -> Next {
    match (last, due.filter(|_| !exhausted)) {
        // A look that could not be made, and will be possible later, does not use up the patience.
        (Some((Verdict::Unobservable { .. }, Some(retry_at))), _) if !exhausted => {
            Next::Verify { not_before: retry_at }
        }
        (Some((Verdict::Contradicted { why }, _)), None) => {
            Next::End(Ending::Contradicted { why: why.clone() })
        }
        (Some((Verdict::Unobservable { why }, _)), None) => {
            Next::End(Ending::Unproven { why: why.clone() })
        }
        (_, due) => Next::Verify { not_before: due.unwrap_or(Timestamp::MIN) },
    }
}

fn wait_or(due: Timestamp, now: Timestamp, then: Next) -> Next {
    if now < due { Next::RetryAt(due) } else { then }
}

/// `seconds` after `moment`, or the end of time.
fn after(moment: Timestamp, seconds: i64) -> Timestamp {
    moment.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}
