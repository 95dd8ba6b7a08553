//! Brings a permitted change to its end as a shell does: records before and after, asks the core what
//! is next, and may die at any point.

use jiff::{SignedDuration, Timestamp};
use rollbook_core::approval::Permit;
use rollbook_core::change::{Change, Op};
use rollbook_core::step::{self, Ending, Next, Recorded, Seen, Verdict};
use serde_json::json;

use super::World;

/// Nothing may take more turns than this.
const TURNS_MAX: usize = 400;

/// What became of a change.
#[derive(Debug)]
pub(super) struct Driven {
    pub(super) change: Change,
    /// `None`: the permit did not let it begin, or it ran out.
    pub(super) ending: Option<Ending>,
    pub(super) recorded: Vec<Recorded>,
    /// When the last look was made.
    pub(super) looked_at: Timestamp,
}

impl World {
    pub(super) fn drive(&mut self, change: &Change, permit: &Permit) -> Driven {
        let mut driven = Driven {
            change: change.clone(),
            ending: None,
            recorded: Vec::new(),
            looked_at: self.now,
        };
        for _ in 0..TURNS_MAX {
            self.pass(2);
            if self.chance.one_in(60) {
                self.meddle();
            }
            let next = step::next(&driven.recorded, self.company.settles_within_s, self.now);
            assert_eq!(
                next,
                step::next(&driven.recorded, self.company.settles_within_s, self.now),
                "the same records lead to the same next step"
            );
            match next {
                Next::Act if !permit.allows(change, self.now) => return driven,
                Next::Act => self.act(&mut driven),
                Next::LookFirst => self.look_first(&mut driven),
                Next::Verify { not_before } => {
                    self.wait_until(not_before);
                    self.verify(&mut driven);
                }
                Next::RetryAt(at) => self.wait_until(at),
                Next::Wait => return driven,
                Next::End(ending) => {
                    driven.ending = Some(ending);
                    return driven;
                }
            }
        }
        panic!("{} never ends: {:#?}", change.label, driven.recorded);
    }

    fn act(&mut self, driven: &mut Driven) {
        self.note(driven, Recorded::Intended { at: self.now });
        // The process dies before it sends.
        if self.chance.one_in(25) {
            return;
        }
        self.pass(1);
        let vendor = self.vendor(&driven.change.instance);
        let now = self.now;
        let outcome = self.company.vendors[vendor].send(&driven.change, now, &mut self.chance);
        // The process dies before it records the answer.
        if self.chance.one_in(25) {
            return;
        }
        self.pass(2);
        self.note(driven, Recorded::Acted { at: self.now, outcome });
    }

    fn look_first(&mut self, driven: &mut Driven) {
        let seen = self.look(driven);
        let keeps_ids = match driven.change.op {
            Op::Create { .. } => self.has_seen_external_ids(&driven.change.instance),
            _ => true,
        };
        let found = step::found_after(&driven.change, &seen, &driven.recorded, keeps_ids);
        self.note(driven, Recorded::Looked { at: self.now, found });
    }

    fn verify(&mut self, driven: &mut Driven) {
        let seen = self.look(driven);
        let verdict: Verdict = step::judge(&driven.change, &seen);
        let retry_at = match &seen {
            Seen::Unobservable { retry_at, .. } => *retry_at,
            Seen::Present { .. } | Seen::Absent => None,
        };
        self.note(driven, Recorded::Verified { at: self.now, verdict, retry_at });
    }

    fn look(&mut self, driven: &mut Driven) -> Seen {
        let vendor = self.vendor(&driven.change.instance);
        driven.looked_at = self.now;
        self.company.vendors[vendor].look(&driven.change, self.now, &mut self.chance)
    }

    fn note(&mut self, driven: &mut Driven, recorded: Recorded) {
        let change = driven.change.id.to_string();
        self.record("step_recorded", &change, json!(&recorded));
        driven.recorded.push(recorded);
    }

    fn wait_until(&mut self, at: Timestamp) {
        self.now = self.now.max(at);
    }

    /// Up to so many seconds go by.
    pub(super) fn pass(&mut self, most_s: i64) {
        self.now += SignedDuration::from_secs(self.chance.seconds(most_s));
    }
}
