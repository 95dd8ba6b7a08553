//! One step in a page: what is done to which element.

use std::collections::BTreeMap;
use std::fmt;

use rollbook_core::change::Verb;
use serde::Deserialize;

use super::{By, Element, Phrase, Word};

/// What steps are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// From the first page until the app lets in.
    SignIn,
    /// To the list of members, and reading it.
    Members,
    /// One operation. All begin with the list of members on the screen.
    Do(Verb),
}

impl Purpose {
    /// The purpose that `word` names.
    pub fn named(word: &str) -> Option<Self> {
        let verbs = Verb::ALL.map(Self::Do);
        let all = [Self::SignIn, Self::Members].into_iter().chain(verbs);
        let mut all = all.filter(|purpose| *purpose != Self::Do(Verb::Update));
        all.find(|purpose| purpose.to_string() == word)
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SignIn => "sign_in",
            Self::Members => "members",
            Self::Do(verb) => verb.as_str(),
        })
    }
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "BTreeMap<String, toml::Value>")]
pub struct Step {
    /// What is done.
    pub act: Act,
    /// The element must lie in the row of the account that the change is about, and that row must still
    /// say the account's key and address in the moment of the act.
    pub in_row: bool,
}

/// What a step does. The list is closed; there are no conditions. Whether a step is due is the
/// engine's matter: a one-time code is entered where the instance has a secret for it, pop-ups are
/// closed when they are in the way, and a session that ended is signed in again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Opens a page below `base_url`.
    Go(Phrase),
    /// Puts a text into a field, replacing what is there.
    Fill {
        /// The field.
        at: Element,
        /// What is put in.
        with: Phrase,
    },
    /// Presses.
    Click(Element),
    /// Chooses an entry of a list by its words: a `<select>`, or a combobox that opens a list box.
    Choose {
        /// The list.
        at: Element,
        /// The words of the entry.
        option: Phrase,
    },
    /// Waits until it is there.
    Wait(Element),
    /// Waits until it is there no more.
    Gone(Element),
    /// Goes on only if its whole text is this.
    Expect {
        /// What is read.
        at: Element,
        /// Its whole text but for blanks.
        says: Phrase,
    },
    /// Answers a dialog: presses `click` if the whole text of the dialog, without its buttons, is
    /// `says`; otherwise presses `cancel`, and the change is refused.
    Confirm {
        /// The dialog; `native` for the browser's own.
        at: Element,
        /// What it must say.
        says: Phrase,
        /// What agrees; nothing for a native dialog.
        click: Option<Element>,
        /// What leaves the dialog without doing anything; nothing for a native one.
        cancel: Option<Element>,
    },
    /// Enters the one-time code (RFC 6238), where the instance has a secret for it.
    Code(Element),
    /// What follows is in this frame; `None`: in the page itself again.
    Frame(Option<Element>),
    /// Reads the table of members over all its pages.
    Read(Element),
    /// Presses what downloads the members as CSV, and reads that.
    Download(Element),
}

impl Step {
    /// Every element that the step names.
    pub fn elements(&self) -> Vec<&Element> {
        match &self.act {
            Act::Go(_) | Act::Frame(None) => Vec::new(),
            Act::Fill { at, .. } | Act::Choose { at, .. } | Act::Expect { at, .. } => vec![at],
            Act::Click(at)
            | Act::Wait(at)
            | Act::Gone(at)
            | Act::Code(at)
            | Act::Frame(Some(at))
            | Act::Read(at)
            | Act::Download(at) => vec![at],
            Act::Confirm { at, click, cancel, .. } => {
                [at].into_iter().chain(click).chain(cancel).collect()
            }
        }
    }

    /// What it says, fills or opens beside the names of elements.
    pub fn phrases(&self) -> Vec<&Phrase> {
        match &self.act {
            Act::Go(phrase)
            | Act::Fill { with: phrase, .. }
            | Act::Choose { option: phrase, .. }
            | Act::Expect { says: phrase, .. }
            | Act::Confirm { says: phrase, .. } => vec![phrase],
            _ => Vec::new(),
        }
    }

    /// The blanks that it uses.
    pub fn blanks(&self) -> impl Iterator<Item = &Word> {
        let names = self.elements().into_iter().map(|element| &element.name);
        let all: Vec<&Phrase> = names.chain(self.phrases()).collect();
        all.into_iter().flat_map(Phrase::blanks)
    }

    /// Whether somebody who only looks never does it.
    pub fn may_change(&self) -> bool {
        matches!(
            self.act,
            Act::Fill { .. } | Act::Click(_) | Act::Choose { .. } | Act::Confirm { .. }
        )
    }
}

/// As a sentence without its end, e.g. `press button "Remove from Team"`. Blanks stay blanks, so that
/// nothing secret can stand in it.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.act {
            Act::Go(to) => write!(f, "open {to}"),
            Act::Fill { at, with } => write!(f, "put {with} into {at}"),
            Act::Click(at) => write!(f, "press {at}"),
            Act::Choose { at, option } => write!(f, "choose {option} in {at}"),
            Act::Wait(at) => write!(f, "wait for {at}"),
            Act::Gone(at) => write!(f, "wait until {at} is gone"),
            Act::Expect { at, says } => write!(f, "go on only if {at} says \"{says}\""),
            Act::Confirm { at, says, click, .. } => {
                write!(f, "if {at} says \"{says}\", ")?;
                match click {
                    Some(click) => write!(f, "press {click}"),
                    None => f.write_str("agree"),
                }
            }
            Act::Code(at) => write!(f, "enter the one-time code into {at}"),
            Act::Frame(Some(at)) => write!(f, "go into the frame {at}"),
            Act::Frame(None) => f.write_str("leave the frame"),
            Act::Read(at) => write!(f, "read {at} over all its pages"),
            Act::Download(at) => write!(f, "press {at} and read the CSV that comes"),
        }?;
        f.write_str(if self.in_row { ", in the row of the account" } else { "" })
    }
}

/// A step that names an element and says no more.
type OfElement = fn(Element) -> Act;

/// What a step says, key by key, while it is taken apart.
struct Said(BTreeMap<String, toml::Value>);

impl Said {
    fn text(&mut self, key: &str) -> Result<Option<String>, String> {
        match self.0.remove(key) {
            None => Ok(None),
            Some(toml::Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(format!("`{key}` must be a text")),
        }
    }

    fn phrase(&mut self, key: &str) -> Result<Phrase, String> {
        let text = self.text(key)?.filter(|text| !text.trim().is_empty());
        text.map(Phrase::from).ok_or_else(|| format!("`{key}` is missing or empty in this step"))
    }

    fn element(&mut self, key: &str) -> Result<Option<Element>, String> {
        self.text(key)?.map(Element::try_from).transpose()
    }

    fn flag(&mut self, key: &str) -> Result<bool, String> {
        match self.0.remove(key) {
            None => Ok(false),
            Some(toml::Value::Boolean(flag)) => Ok(flag),
            Some(_) => Err(format!("`{key}` must be true or false")),
        }
    }

    /// The act whose key is there. `confirm` is asked for first, because `click` belongs to it.
    fn act(&mut self) -> Result<Option<Act>, String> {
        if let Some(at) = self.element("confirm")? {
            let (click, cancel) = (self.element("click")?, self.element("cancel")?);
            if (at.by == By::Native) != (click.is_none() && cancel.is_none()) {
                return Err(
                    "A dialog of the page needs `click` and `cancel`, a native one neither".into(),
                );
            }
            return Ok(Some(Act::Confirm { at, says: self.phrase("says")?, click, cancel }));
        }
        if self.0.contains_key("go") {
            return self.phrase("go").map(Act::Go).map(Some);
        }
        if let Some(frame) = self.text("frame")? {
            let at = if frame == "top" { None } else { Some(Element::try_from(frame)?) };
            return Ok(Some(Act::Frame(at)));
        }
        if let Some(at) = self.element("fill")? {
            return Ok(Some(Act::Fill { at, with: self.phrase("with")? }));
        }
        if let Some(at) = self.element("choose")? {
            return Ok(Some(Act::Choose { at, option: self.phrase("option")? }));
        }
        if let Some(at) = self.element("expect")? {
            return Ok(Some(Act::Expect { at, says: self.phrase("says")? }));
        }
        let plain: [(&str, OfElement); 6] = [
            ("click", Act::Click),
            ("wait", Act::Wait),
            ("gone", Act::Gone),
            ("code", Act::Code),
            ("read", Act::Read),
            ("download", Act::Download),
        ];
        for (key, act) in plain {
            if let Some(at) = self.element(key)? {
                return Ok(Some(act(at)));
            }
        }
        Ok(None)
    }
}

impl TryFrom<BTreeMap<String, toml::Value>> for Step {
    type Error = String;

    fn try_from(said: BTreeMap<String, toml::Value>) -> Result<Self, String> {
        let mut said = Said(said);
        let in_row = said.flag("in_row")?;
        let act = said.act()?.ok_or(
            "A step says what is done by one of go, fill, click, choose, wait, gone, expect, confirm, \
             code, frame, read, download",
        )?;
        if let Some(key) = said.0.keys().next() {
            return Err(format!("`{key}` does not belong into this step"));
        }
        let step = Self { act, in_row };
        let native = |element: &&Element| element.by == By::Native;
        match &step.act {
            Act::Confirm { click, cancel, .. }
                if click.iter().chain(cancel).any(|it| native(&it)) =>
            {
                Err("A button is no native dialog".to_owned())
            }
            Act::Confirm { .. } => Ok(step),
            _ if step.elements().iter().any(native) => {
                Err("`native` can only be confirmed".to_owned())
            }
            _ => Ok(step),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(text: &str) -> Result<Step, String> {
        let said: BTreeMap<String, toml::Value> = toml::from_str(text).expect("it is TOML");
        Step::try_from(said)
    }

    #[test]
    fn a_step_reads_as_a_sentence() {
        let said = |text: &str| step(text).expect("a step").to_string();
        assert_eq!(
            said("fill = 'label \"Password\"'\nwith = '{password}'"),
            "put {password} into label \"Password\""
        );
        assert_eq!(
            said("click = 'button \"More\"'\nin_row = true"),
            "press button \"More\", in the row of the account"
        );
        assert_eq!(said("confirm = 'native'\nsays = 'Sure?'"), "if native says \"Sure?\", agree");
        assert_eq!(said("frame = 'top'"), "leave the frame");
    }

    #[test]
    fn a_step_does_one_thing_and_says_all_that_it_needs() {
        for (text, why) in [
            ("with = 'x'", "A step says what is done"),
            ("go = '/'\nclick = 'button'", "`click` does not belong"),
            ("fill = 'textbox'", "`with` is missing"),
            ("confirm = 'dialog'\nsays = 'Sure?'", "needs `click` and `cancel`"),
            ("confirm = 'native'\nsays = 'Sure?'\nclick = 'button'", "a native one neither"),
            ("click = 'native'", "only be confirmed"),
            ("go = 7", "must be a text"),
            ("go = '/'\nin_row = 'yes'", "true or false"),
        ] {
            let error = step(text).expect_err("it is wrong");
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
