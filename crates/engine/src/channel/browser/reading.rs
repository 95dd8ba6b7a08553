//! Reading the list of members over all its pages, and proving that it was read whole.

use std::collections::BTreeSet;
use std::time::Duration;

use rollbook_catalog::browser::{Act, Element, Field, Members, Part, Phrase, Purpose, Word};
use rollbook_core::snapshot::Coverage;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::download;
use super::row::{Row, cells, word};
use super::session::Lost;
use super::trouble::Trouble;
use super::walk::{Walk, stuck};

/// More pages than this are taken for a list that goes round in circles.
const PAGES_MAX: usize = 5_000;

/// More members than this end the reading.
const ROWS_MAX: usize = 500_000;

/// How long the reading may take.
const READ_WITHIN: Duration = Duration::from_mins(10);

/// The list as read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    /// Its rows, and on which page each was, from 0.
    pub(super) rows: Vec<(Row, usize)>,
    /// Whether it is all there is.
    pub(super) coverage: Coverage,
    /// How many members the page says there are, where it says so once.
    pub(super) told: Option<u64>,
    /// What the page is made of.
    pub(super) shape: Vec<String>,
    /// The table, as the script in the page wants it; `None` where a file was read.
    pub(super) table: Option<Value>,
}

/// One page of the list, as it stood when nothing moved any more.
#[derive(Clone, Debug, Default, PartialEq)]
struct Page {
    rows: Vec<Value>,
    told: Vec<u64>,
    next: String,
}

impl Walk<'_> {
    /// Goes to the list and reads it.
    pub(super) async fn list(&mut self) -> Result<Listed, Trouble> {
        let steps = self.ground.app.steps(Purpose::Members);
        self.go(steps).await?;
        match steps.last().map(|step| &step.act) {
            Some(Act::Read(table)) => self.read(table).await,
            Some(Act::Download(at)) => self.fetch(at).await,
            _ => Err(stuck("no step reads the list")),
        }
    }

    /// Goes to the page of the list on which exactly one row says what `guard` wants.
    pub(super) async fn turn_to(&mut self, guard: &Value) -> Result<(), Trouble> {
        // Often it is the page on which the reading ended.
        let here = self.session.ask("row", json!({"guard": guard})).await;
        if here.is_ok_and(|here| here["rows"] == 1) {
            return Ok(());
        }
        let steps = self.ground.app.steps(Purpose::Members);
        self.go(steps).await?;
        let Some(Act::Read(table)) = steps.last().map(|step| &step.act) else {
            return Err(stuck("the list is read from a file, so no row can be found in it"));
        };
        let want = self.facts.element(table)?;
        let mut page = self.settled(&want, None).await?;
        for _ in 0..PAGES_MAX {
            let there = self.session.ask("row", json!({"guard": guard})).await?;
            if there["rows"] == 1 {
                return Ok(());
            }
            match self.turn(&want, &page).await? {
                Some(next) => page = next,
                None => break,
            }
        }
        Err(stuck("the row that was in the list a moment ago is there no more"))
    }

    async fn read(&mut self, table: &Element) -> Result<Listed, Trouble> {
        let members = &self.ground.app.members;
        let want = self.facts.element(table)?;
        let mut page = self.settled(&want, None).await?;
        let shape = self.shape(&want).await?;
        let lines = shape["lines"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let shape = lines.map(str::to_owned).collect();
        let (mut rows, mut told, mut broken) = (Vec::new(), BTreeSet::new(), None);
        let begun = Instant::now();
        for number in 0..PAGES_MAX {
            told.extend(page.told.iter().copied());
            let read = page.rows.iter().map(|said| (row(said, members), number));
            if members.more.is_some() {
                // All rows stand below one another, those of before as well.
                rows = read.map(|(row, _)| (row, 0)).collect();
            } else {
                rows.extend(read);
            }
            if rows.len() > ROWS_MAX || begun.elapsed() > READ_WITHIN {
                broken = Some(format!("The reading was ended after {} members.", rows.len()));
                break;
            }
            match self.turn(&want, &page).await {
                Ok(Some(next)) => page = next,
                Ok(None) => break,
                Err(Trouble::Stuck { why, .. }) => {
                    broken =
                        Some(format!("After page {} the list did not go on: {why}.", number + 1));
                    break;
                }
                Err(other) => return Err(other),
            }
        }
        let coverage = coverage(&rows, &told, members, broken);
        let told = one(&told);
        Ok(Listed { rows, coverage, told, shape, table: Some(want) })
    }

    /// What the page of the list is made of.
    async fn shape(&self, want: &Value) -> Result<Value, Trouble> {
        let members = &self.ground.app.members;
        let popups = self.ground.app.popups.iter().map(|popup| &popup.at);
        let aside = popups.chain(&members.next).chain(&members.more);
        let aside =
            aside.map(|element| self.facts.element(element)).collect::<Result<Vec<_>, _>>()?;
        Ok(self.session.ask("shape", json!({"want": want, "aside": aside})).await?)
    }

    /// Presses for the next page and waits for it; `None`: there is none.
    async fn turn(&mut self, want: &Value, before: &Page) -> Result<Option<Page>, Trouble> {
        let members = &self.ground.app.members;
        let Some(next) = members.next.as_ref().or(members.more.as_ref()) else { return Ok(None) };
        match before.next.as_str() {
            "on" => {}
            "many" => return Err(stuck(&format!("{next} is there more than once"))),
            _ => return Ok(None),
        }
        self.press(next, &Value::Null).await?;
        self.settled(want, Some(before)).await.map(Some)
    }

    /// The list when nothing moves any more: not busy, with as many addresses as rows, twice the same,
    /// and other than `before`.
    async fn settled(&mut self, want: &Value, before: Option<&Page>) -> Result<Page, Trouble> {
        let members = &self.ground.app.members;
        let next = members.next.as_ref().or(members.more.as_ref());
        let next = next.map(|next| self.facts.element(next)).transpose()?;
        let about = json!({
            "want": want, "cells": cells(members), "count": self.count(&members.count)?, "next": next,
        });
        let deadline = Instant::now() + self.ground.deadline;
        let (mut last, mut looks) = (None, 0);
        loop {
            let (page, why) = match self.session.ask("list", about.clone()).await {
                Ok(answer) => page(&answer, before),
                Err(Lost::Passing(why)) => (None, why),
                Err(lost) => return Err(lost.into()),
            };
            // Where the whole list is there already, nothing stands in its way.
            looks += usize::from(page.is_none());
            match page {
                Some(page) if last.as_ref() == Some(&page) => return Ok(page),
                page => last = page,
            }
            self.rest(looks, deadline, &why).await?;
        }
    }

    /// What stands before and behind the number that the page says.
    fn count(&self, count: &Phrase) -> Result<Value, Trouble> {
        let mut sides = [String::new(), String::new()];
        let mut side = 0;
        for part in count.parts() {
            match part {
                Part::Blank(Word::Count) => side = 1,
                Part::Text(text) => sides[side].push_str(text),
                Part::Blank(word) => {
                    sides[side].push_str(&self.facts.fill(&Phrase::from(word.to_string()))?);
                }
            }
        }
        let [before, after] = sides;
        Ok(json!({"before": before, "after": after}))
    }

    /// Presses what downloads the members and reads the file.
    async fn fetch(&mut self, at: &Element) -> Result<Listed, Trouble> {
        let members = &self.ground.app.members;
        let folder = self.session.downloads();
        let folder =
            folder.ok_or_else(|| stuck("the browser runs elsewhere, and its files stay there"))?;
        self.wait_for_count(&members.count).await?;
        download::clear(&folder).map_err(|why| stuck(&why))?;
        self.press(at, &Value::Null).await?;
        let file = download::wait(&folder, Instant::now() + self.ground.deadline).await;
        let rows = download::rows(&file.map_err(|why| stuck(&why))?, members)
            .map_err(|why| stuck(&why))?;
        let told = self.session.ask("told", json!({"count": self.count(&members.count)?})).await?;
        let told: BTreeSet<u64> = numbers(&told["told"]).into_iter().collect();
        let rows: Vec<(Row, usize)> = rows.into_iter().map(|row| (row, 0)).collect();
        let coverage = coverage(&rows, &told, members, None);
        Ok(Listed { rows, coverage, told: one(&told), shape: Vec::new(), table: None })
    }

    async fn wait_for_count(&mut self, count: &Phrase) -> Result<(), Trouble> {
        let about = json!({"count": self.count(count)?});
        let deadline = Instant::now() + self.ground.deadline;
        let mut looks = 0;
        loop {
            match self.session.ask("told", about.clone()).await {
                Ok(answer) if !numbers(&answer["told"]).is_empty() => return Ok(()),
                Ok(_) | Err(Lost::Passing(_)) => {}
                Err(lost) => return Err(lost.into()),
            }
            looks += 1;
            self.rest(looks, deadline, "the page does not say how many members there are").await?;
        }
    }
}

/// The page that `answer` shows, if it can be the whole of it; else what is missing.
fn page(answer: &Value, before: Option<&Page>) -> (Option<Page>, String) {
    let seen = answer["seen"].as_str().unwrap_or_default();
    let missing = match answer["why"].as_str() {
        Some("column") => Some(format!("there is not one column called \"{seen}\"")),
        Some(_) => Some(format!("the list is there {seen} times")),
        None => None,
    };
    if let Some(why) = missing {
        return (None, why);
    }
    let page = Page {
        rows: answer["rows"].as_array().cloned().unwrap_or_default(),
        told: numbers(&answer["told"]),
        next: answer["next"].as_str().unwrap_or_default().to_owned(),
    };
    let unread =
        page.rows.iter().any(|row| row[word(Field::Email)].as_str().is_none_or(str::is_empty));
    let why = if answer["busy"] == Value::Bool(true) {
        "the list is still loading"
    } else if page.told.is_empty() {
        "the page does not say how many members there are"
    } else if unread {
        "a row of the list has no address"
    } else if page.rows.is_empty() && page.told != [0] {
        "the list is empty"
    } else if before.is_some_and(|before| before.rows == page.rows) {
        "the next page does not come"
    } else {
        return (Some(page), "the list does not come to rest".to_owned());
    };
    (None, why.to_owned())
}

/// Whole only if the page's own count says so, nothing came twice, and everything was understood.
fn coverage(
    rows: &[(Row, usize)],
    told: &BTreeSet<u64>,
    members: &Members,
    broken: Option<String>,
) -> Coverage {
    let mut keys = BTreeSet::new();
    let twice = rows.iter().filter(|(row, _)| !keys.insert(row.key())).count();
    let mut whys: Vec<String> = broken.into_iter().collect();
    if rows.iter().any(|(row, _)| row.key().trim().is_empty()) {
        whys.push("A member in the list has no key.".to_owned());
    }
    if twice > 0 {
        whys.push(format!("{twice} members came more than once."));
    }
    let odd = rows.iter().find(|(row, _)| members.state_of(row.said(Field::State)).is_none());
    if let Some((row, _)) = odd {
        let word = row.said(Field::State);
        whys.push(format!("Nothing says what the state \"{word}\" means."));
    }
    match one(told) {
        Some(told) if told == rows.len() as u64 => {}
        Some(told) => whys.push(format!("The page says {told} and {} were read.", rows.len())),
        None => whys
            .push("The page does not say, or not always the same, how many there are.".to_owned()),
    }
    match whys.is_empty() {
        true => Coverage::Complete,
        false => Coverage::Partial { why: whys.join(" ") },
    }
}

fn row(said: &Value, members: &Members) -> Row {
    Row::new(|field| said[word(field)].as_str().map(str::to_owned), members)
}

fn one(told: &BTreeSet<u64>) -> Option<u64> {
    told.first().copied().filter(|_| told.len() == 1)
}

fn numbers(list: &Value) -> Vec<u64> {
    list.as_array().into_iter().flatten().filter_map(Value::as_u64).collect()
}
