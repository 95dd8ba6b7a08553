//! Questions about the book, for whoever asks: a person, a page, a program, an assistant.
//!
//! Each question has a file of its own and gives an [`Answer`]: as of when, what it rests on and how
//! well that was seen, record ids, and a page of rows. The questions read; what they answer is bounded
//! in every direction. [`named`] turns what people type into one person or account.
//!
//! Names, logins, addresses and reasons in the rows come from directories in which anybody may write.
//! Whoever shows them shows them as data and through [`visible()`]; [`Answer::said`] holds none of them.

mod answer;
mod app_guide;
mod by_name;
mod coverage;
mod evidence_for;
mod explain_link;
mod findings;
mod holding;
mod leaver_status;
mod named;
mod pack_list;
mod page;
mod plan_status;
mod seen;
mod visible;
mod what_has;
mod who_has;

pub use answer::Answer;
pub use app_guide::AboutGuide;
pub use coverage::AboutCoverage;
pub use evidence_for::{AboutEvidence, EventSeen, EvidenceRow};
pub use explain_link::{AboutLink, CandidateSeen, DecisionSeen};
pub use findings::{AboutFindings, FindingFilter, FindingSeen};
pub use holding::{FindingNamed, Holding, Owner};
pub use leaver_status::{AboutLeavers, Leaver, PlanNamed};
pub use named::{account, person};
pub use page::Page;
pub use plan_status::{AboutPlan, ChangeSeen, PlanSeen};
pub use seen::{Coverage, Seen};
pub use visible::{visible, visible_value};
pub use what_has::AboutPerson;
pub use who_has::AboutApp;
