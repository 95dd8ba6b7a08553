//! Pages: a bounded part of an answer, and a cursor to the next one.
//!
//! A cursor names the last row that was shown, so that a page begins where the one before ended, also
//! when rows came or went in between. It opens nothing: it is no secret and grants no right.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rollbook_core::id::digest_hex;

use crate::error::{Error, Result};

/// Rows of a page where nobody says how many.
const LIMIT_DEFAULT: usize = 25;
/// Rows of a page at most.
const LIMIT_MAX: usize = 100;
/// The longest text that is looked at as a cursor.
const CURSOR_MAX: usize = 2_000;

/// Which part of an answer is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// How many rows, 1 to 100. `None`: 25.
    pub limit: Option<usize>,
    /// [`super::Answer::next`] of the page before. `None`: the first page.
    pub cursor: Option<String>,
}

/// A part of all rows.
pub(super) struct Cut<T> {
    pub(super) total: usize,
    pub(super) rows: Vec<T>,
    pub(super) next: Option<String>,
}

impl Page {
    /// The rows of `all` that belong on this page. `question` is whatever a cursor must have been given
    /// for; `key` tells a row from every other.
    ///
    /// # Errors
    /// When the limit is out of range, or the cursor was not given for this question.
    pub(super) fn cut<T>(
        &self,
        question: &[&str],
        all: Vec<T>,
        key: impl Fn(&T) -> String,
    ) -> Result<Cut<T>> {
        let limit = self.limit.unwrap_or(LIMIT_DEFAULT);
        if !(1..=LIMIT_MAX).contains(&limit) {
            return Err(Error::input(format!("A page has 1 to {LIMIT_MAX} rows, not {limit}."))
                .hint("Ask for fewer rows, and for the next page with its cursor."));
        }
        let question = &digest_hex(question)[..16];
        let begin = match &self.cursor {
            Some(cursor) => Cursor::read(cursor, question)?.begin(&all, &key),
            None => 0,
        };
        let total = all.len();
        let rows: Vec<T> = all.into_iter().skip(begin).take(limit).collect();
        let end = begin + rows.len();
        let next = rows
            .last()
            .filter(|_| end < total)
            .map(|last| Cursor { question: question.to_owned(), end, last: key(last) }.written());
        Ok(Cut { total, rows, next })
    }
}

/// Where a page ended.
#[derive(Debug, PartialEq, Eq)]
struct Cursor {
    question: String,
    /// How many rows were shown so far.
    end: usize,
    /// The key of the last of them.
    last: String,
}

impl Cursor {
    fn read(text: &str, question: &str) -> Result<Self> {
        let read = || {
            let bytes = URL_SAFE_NO_PAD.decode(text.get(..CURSOR_MAX).unwrap_or(text)).ok()?;
            let (question, end, last) = serde_json::from_slice(&bytes).ok()?;
            Some(Self { question, end, last })
        };
        read().filter(|cursor| cursor.question == question).ok_or_else(|| {
            Error::input("The cursor was not given for this question.").hint(
                "Ask with the same words as for the page that gave it, or without a cursor for \
                 the first page.",
            )
        })
    }

    fn written(&self) -> String {
        let Self { question, end, last } = self;
        URL_SAFE_NO_PAD.encode(serde_json::json!([question, end, last]).to_string())
    }

    /// Where the next page begins: behind the last row, or, if that went, as many rows in as were shown.
    fn begin<T>(&self, all: &[T], key: impl Fn(&T) -> String) -> usize {
        // Most often it stands where it stood.
        let stood = self.end.checked_sub(1).and_then(|at| all.get(at));
        if stood.is_some_and(|row| key(row) == self.last) {
            return self.end;
        }
        let at = all.iter().position(|row| key(row) == self.last);
        at.map_or(self.end.min(all.len()), |at| at + 1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn page(limit: usize, cursor: Option<String>) -> Page {
        Page { limit: Some(limit), cursor }
    }

    fn cut(page: &Page, all: &[&str]) -> Result<Cut<String>> {
        let all = all.iter().map(|&row| row.to_owned()).collect();
        page.cut(&["letters"], all, String::clone)
    }

    #[test]
    fn pages_follow_each_other_until_nothing_is_left() {
        let all = ["a", "b", "c", "d", "e"];
        let first = cut(&page(2, None), &all).expect("it fits");
        assert_eq!((first.total, first.rows), (5, vec!["a".to_owned(), "b".to_owned()]));
        let second = cut(&page(2, first.next), &all).expect("the cursor is ours");
        assert_eq!(second.rows, ["c", "d"]);
        let last = cut(&page(2, second.next), &all).expect("and so is this");
        assert_eq!((last.rows, last.next), (vec!["e".to_owned()], None));
    }

    #[test]
    fn a_page_goes_on_behind_the_last_row_though_rows_came_and_went() {
        let cursor = cut(&page(2, None), &["b", "d", "e", "f"]).expect("it fits").next;
        let came = cut(&page(9, cursor.clone()), &["a", "b", "c", "d", "e", "f"]).expect("ours");
        assert_eq!(came.rows, ["e", "f"]);
        let went = cut(&page(9, cursor), &["b", "e", "f"]).expect("ours");
        assert_eq!(went.rows, ["f"], "as many rows in as were shown");
    }

    #[test]
    fn a_cursor_of_another_question_or_of_nobody_is_refused() {
        let other = page(1, None).cut(&["numbers"], vec![1, 2], i32::to_string).expect("fits").next;
        for cursor in [other, Some("x".to_owned()), Some(String::new()), Some("é".repeat(3000))] {
            let refused = cut(&page(1, cursor), &["a", "b"]).err().expect("it is refused");
            assert_eq!(refused.message, "The cursor was not given for this question.");
        }
        for limit in [0, 101, usize::MAX] {
            assert!(cut(&page(limit, None), &["a"]).is_err(), "{limit}");
        }
    }

    proptest! {
        #[test]
        fn every_row_is_on_exactly_one_page(count in 0_usize..300, limit in 1_usize..=100) {
            let all: Vec<String> = (0..count).map(|at| at.to_string()).collect();
            let (mut seen, mut next) = (Vec::new(), None);
            loop {
                let cut = page(limit, next).cut(&["q"], all.clone(), String::clone).expect("fits");
                seen.extend(cut.rows);
                next = cut.next;
                if next.is_none() { break }
            }
            prop_assert_eq!(seen, all);
        }

        #[test]
        fn any_text_is_a_cursor_or_refused(text in "\\PC*") {
            let _ = cut(&page(3, Some(text)), &["a", "b"]);
        }
    }
}
