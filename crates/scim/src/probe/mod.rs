//! What a SCIM server really does: a closed list of questions, and what answers prove.
//!
//! Nothing here sends anything. A caller takes the [`questions`] in their order, sends what each of
//! them asks next, and lets it conclude:
//!
//! ```
//! use rollbook_scim::probe::{Heard, Known, Reply, questions};
//!
//! let mut known = Known::default();
//! let question = questions().find(|question| question.key == "me").expect("it is there");
//! let mut heard = Vec::new();
//! while let Some(ask) = (question.next)(&known, &heard)? {
//!     assert_eq!((ask.to_string().as_str(), known.permits(&ask)), ("GET /Me", true));
//!     let reply = Reply { status: 501, ..Reply::default() };
//!     known.notice(&ask, &reply);
//!     heard.push(Heard { reply: Ok(reply), settled_ms: None, tries: 1 });
//! }
//! assert_eq!(question.conclude(&mut known, &heard).value, "absent");
//! # Ok::<(), String>(())
//! ```
//!
//! What writes, writes to the sandbox account and group and to nothing else: [`Known::permits`]
//! decides that for every single request, whatever the question meant.

mod access;
mod ask;
mod cleanup;
mod delete;
mod discovery;
mod filter;
mod group;
mod known;
mod list;
mod make;
mod patch;
mod put;
mod question;
mod reply;
mod resource;
mod search;
mod verdict;
mod walk;

pub use ask::{Access, Ask, Method, Until};
pub use cleanup::{differences, removals, restoration};
pub use known::{Kind, Known, Made, Sandbox};
pub use make::mark;
pub use question::{Judge, Learn, Needs, Next, Question};
pub use reply::{Content, Heard, Reply};
pub use verdict::{Grade, Verdict};

/// Every question, in the order in which they must be asked: reads first, and what is removed last.
pub fn questions() -> impl Iterator<Item = &'static Question> {
    let topics: [&[Question]; 13] = [
        discovery::QUESTIONS,
        access::QUESTIONS,
        list::QUESTIONS,
        walk::QUESTIONS,
        filter::QUESTIONS,
        resource::QUESTIONS,
        search::QUESTIONS,
        make::QUESTIONS,
        patch::QUESTIONS,
        put::QUESTIONS,
        group::QUESTIONS,
        delete::QUESTIONS,
        access::LAST,
    ];
    topics.into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_question_says_what_it_asks_where_that_is_written_and_why_it_matters() {
        let mut keys = BTreeSet::new();
        for question in questions() {
            assert!(keys.insert(question.key), "{} is there twice", question.key);
            assert!(question.asks.ends_with('?'), "{}", question.key);
            assert!(question.matters.ends_with('.'), "{}", question.key);
            assert!(question.rfc.starts_with("RFC "), "{}", question.key);
        }
        assert!(keys.len() > 60, "{}", keys.len());
    }

    #[test]
    fn without_a_sandbox_no_question_gets_to_write() {
        for question in questions() {
            let Ok(Some(ask)) = (question.next)(&Known::default(), &[]) else { continue };
            assert!(!ask.writes(), "{} would send {ask}", question.key);
        }
    }

    #[test]
    fn a_server_that_never_answers_leaves_everything_unknown() {
        let lost = || Heard { reply: Err("no route".into()), settled_ms: None, tries: 1 };
        for question in questions().filter(|question| question.key != "rate.headers") {
            let mut known = Known::default();
            let heard: Vec<Heard> = (0..8).map(|_| lost()).collect();
            let verdict = question.conclude(&mut known, &heard);
            assert_eq!(verdict.grade, Grade::Unknown, "{}: {verdict:?}", question.key);
            assert!(verdict.says.ends_with('.'), "{}: {}", question.key, verdict.says);
        }
    }
}
