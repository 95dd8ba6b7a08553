//! What goes wrong, as data: which requests, which of them, and how.
//!
//! ```
//! use rollbook_testkit::{Fault, Twist};
//!
//! // The second and third page request come back empty.
//! let fault = Fault::on("GET", "/Users", Twist::EmptyList).skip(1).times(2);
//! let text = serde_json::to_string(&fault)?;
//! assert_eq!(serde_json::from_str::<Fault>(&text)?, fault);
//! let short = r#"{"on": {"method": "GET"}, "then": {"do": "html"}}"#;
//! assert_eq!(serde_json::from_str::<Fault>(short)?.at_least, 1);
//! # Ok::<(), serde_json::Error>(())
//! ```

use serde::{Deserialize, Serialize};

/// A fault: every request that fits `on` is counted; after `skip` of them the next `times` go wrong
/// as `then` says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Which requests.
    #[serde(default)]
    pub on: Route,
    /// How many of them go well first.
    #[serde(default)]
    pub skip: usize,
    /// How many go wrong then. `None`: all.
    #[serde(default)]
    pub times: Option<usize>,
    /// How many must have gone wrong for a test to have tested anything.
    #[serde(default = "once")]
    pub at_least: usize,
    /// What goes wrong.
    pub then: Twist,
}

fn once() -> usize {
    1
}

/// Which requests; what is not said fits all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Route {
    /// HTTP method.
    pub method: Option<String>,
    /// Path below the base, e.g. `/Users`; a segment `*` fits any one segment.
    pub path: Option<String>,
    /// Text that the query, decoded, must hold, e.g. `startIndex=3` or `filter=`.
    pub query: Option<String>,
}

/// What goes wrong. "Done" means that the request has its effect and only the answer is odd.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Twist {
    /// Not done; answered with `status`, a `Retry-After` of any form, and a body (a SCIM error where
    /// none is given).
    Status {
        /// For instance 429, 403, 423, 503.
        status: u16,
        /// The header's value as it stands, also nonsense.
        #[serde(default)]
        retry_after: Option<String>,
        /// The body as it stands.
        #[serde(default)]
        body: Option<String>,
    },
    /// Done, and answered with `status` all the same: the client hears of a failure that was none.
    DoneButStatus {
        /// For instance 500, 502, 504.
        status: u16,
    },
    /// Done, and answered `ms` later.
    Delay {
        /// Milliseconds.
        ms: u64,
    },
    /// Not done; the connection is reset.
    ResetBefore,
    /// Done; the connection is reset instead of an answer.
    ResetAfter,
    /// Done; the body ends in its middle, against its `Content-Length`.
    Truncated,
    /// Done; one byte of the answer at a time.
    SlowBytes {
        /// Milliseconds before each byte.
        pause_ms: u64,
    },
    /// Not done; 200 with a web page, as from a login wall.
    Html,
    /// Done; the answer has no body.
    EmptyBody,
    /// Done; 200 with an error in the body instead of the resource.
    ErrorInOk,
    /// Not done, although the answer says so: 200 or 201 with the body that would have been true,
    /// 204 for DELETE.
    Ignored,
    /// Done, and shown only to the reads after the next `reads` ones of the same resource. A list
    /// counts as one read of each.
    VisibleAfter {
        /// Number of reads that still see the old state.
        reads: usize,
    },
    /// Not done; redirected to another origin, path and query kept.
    Redirect {
        /// 301, 302, 303, 307 or 308.
        status: u16,
    },
    /// The list is empty and its total 0.
    EmptyList,
    /// Half of the page's items are missing; the totals are those of the rest.
    HalfList,
    /// The list ends with this page, although there are more.
    EarlyEnd,
    /// The address of the next page is of another origin.
    ForeignNext,
    /// The number of all items (`totalResults` in SCIM) is this.
    TotalResults {
        /// Any JSON value.
        is: serde_json::Value,
    },
    /// Every page is the first one, `startIndex` echoed as asked.
    RepeatPage,
    /// `startIndex` is not read: every page is the first one and says so.
    StartIndexIgnored,
    /// Every page but the first begins `by` items early.
    Overlap {
        /// Number of items that come again.
        by: usize,
    },
    /// Ids as numbers, booleans as text, e-mails as a list of texts, `schemas` as one text, totals
    /// as text, attribute names in another case.
    WrongTypes,
    /// An answer of many MiB.
    Huge {
        /// How many.
        mib: usize,
    },
    /// A gzip body, not asked for, that unpacks to `mib` MiB.
    GzipBomb {
        /// How many.
        mib: usize,
    },
    /// In a console: not done; the session has ended, and the sign-in page says so.
    SignedOut,
    /// In a console's sign-in: the password is right, and something unknown is asked for besides.
    AsksMore,
    /// In a console: the dialog that was to ask for confirmation does not come.
    NoDialog,
    /// In a console: the dialog, as it says, takes so many others along.
    DialogTakesMore {
        /// How many more members.
        others: usize,
    },
    /// In a console: the dialog asks for something else.
    DialogSays {
        /// What it says instead.
        text: String,
    },
    /// In a console: somebody else adds a member right after this answer, before all others in the
    /// list, so that the first row of each later page was the last of the one before.
    RowsMove,
    /// In a console: the rows of this page are reused for other members when the mouse button goes
    /// down on one of them.
    RowsTurn,
    /// In a console: a pop-up that nobody expects lies over the list.
    PopUp {
        /// What it says.
        text: String,
    },
    /// In a console: the file never comes.
    NoDownload,
    /// In a console: from this request on every page has the new design.
    Redesigned,
}

impl Fault {
    /// All requests with `method` to `path` go wrong, and at least one must have.
    pub fn on(method: &str, path: &str, then: Twist) -> Self {
        let on =
            Route { method: Some(method.to_owned()), path: Some(path.to_owned()), query: None };
        Self { on, skip: 0, times: None, at_least: 1, then }
    }

    /// The first `count` go well.
    #[must_use]
    pub fn skip(self, count: usize) -> Self {
        Self { skip: count, ..self }
    }

    /// Only `count` go wrong, and all of them must have.
    #[must_use]
    pub fn times(self, count: usize) -> Self {
        Self { times: Some(count), at_least: count, ..self }
    }

    /// Only requests whose decoded query holds `text`.
    #[must_use]
    pub fn query(mut self, text: &str) -> Self {
        self.on.query = Some(text.to_owned());
        self
    }
}

impl Route {
    pub(crate) fn fits(&self, method: &str, path: &str, query: &str) -> bool {
        self.method.as_ref().is_none_or(|own| own.eq_ignore_ascii_case(method))
            && self.path.as_ref().is_none_or(|own| path_fits(own, path))
            && self.query.as_ref().is_none_or(|own| query.contains(own.as_str()))
    }
}

fn path_fits(pattern: &str, path: &str) -> bool {
    let mut wanted = pattern.trim_matches('/').split('/');
    let mut found = path.trim_matches('/').split('/');
    loop {
        match (wanted.next(), found.next()) {
            (None, None) => return true,
            (Some(want), Some(have)) if want == "*" || want == have => {}
            _ => return false,
        }
    }
}

/// The faults of a vendor and how often each was met.
#[derive(Debug, Default)]
pub(crate) struct Schedule(Vec<Slot>);

#[derive(Debug)]
struct Slot {
    fault: Fault,
    met: usize,
    fired: usize,
}

impl Schedule {
    pub(crate) fn push(&mut self, fault: Fault) {
        self.0.push(Slot { fault, met: 0, fired: 0 });
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The twist for this request: that of the first fault that is due.
    pub(crate) fn next(&mut self, method: &str, path: &str, query: &str) -> Option<Twist> {
        for slot in &mut self.0 {
            if !slot.fault.on.fits(method, path, query) {
                continue;
            }
            slot.met += 1;
            let over = slot.fault.times.is_some_and(|times| slot.fired >= times);
            if slot.met > slot.fault.skip && !over {
                slot.fired += 1;
                return Some(slot.fault.then.clone());
            }
        }
        None
    }

    /// Sentences about faults that fired less often than they must.
    pub(crate) fn unfired(&self) -> Vec<String> {
        let short = self.0.iter().filter(|slot| slot.fired < slot.fault.at_least);
        short
            .map(|slot| {
                let Slot { fault, met, fired } = slot;
                format!(
                    "{:?} on {:?} fired {fired} times of at least {}; {met} requests fitted.",
                    fault.then, fault.on, fault.at_least
                )
            })
            .collect()
    }
}
