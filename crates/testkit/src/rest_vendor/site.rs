//! The vendor's state and its answers, without a network: a request in, a reply and the effects out.

use std::collections::{BTreeMap, BTreeSet};

use rollbook_catalog::rest::{Blank, Rest};
use rollbook_catalog::{App, Hurt, RequestOp, Value as FactValue};
use rollbook_core::account::State;
use serde_json::{Value, json};

use super::compare::{Filled, Fit, compare};
use super::exchange::{Exchange, is_list, paging};
use super::list::{self, List, examples_of_items};
use super::paging::{SIZE_DEFAULT, take_turn};
use super::record::{Record, variation};
use super::sent::Sent;
use crate::fault::Twist;
use crate::ledger::Done;
use crate::outgoing::Reply;

/// Made accounts have numbers from here on, so that they differ from those of the examples.
const FIRST_NUMBER: usize = 1001;

/// Why a request is not done.
#[derive(Debug)]
pub(super) enum No {
    /// The app does not document it: what is odd about it.
    Unexpected(String),
    /// The app turns it down.
    Answer(Reply),
}

/// A write that is done later.
#[derive(Clone, Debug)]
pub(super) struct Operation {
    pub(super) call: usize,
    pub(super) op: RequestOp,
    pub(super) key: String,
    pub(super) filled: Filled,
    pub(super) asked: usize,
}

/// An example that fits, the request without the vendor's own address of a page, that page, and how
/// it fits.
type Fitting = (Exchange, Sent, Option<usize>, Fit);

/// What readers still see of an account.
#[derive(Clone, Debug)]
struct Late {
    shown: Option<Record>,
    reads: usize,
}

/// Everything the vendor holds.
#[derive(Clone, Debug)]
pub(super) struct Site {
    pub(super) rest: Rest,
    pub(super) hurts: BTreeSet<Hurt>,
    pub(super) settings: BTreeMap<String, String>,
    pub(super) exchanges: Vec<Exchange>,
    pub(super) lists: Vec<List>,
    /// Whatever the file shows of an account's state.
    pub(super) shown: Vec<Value>,
    pub(super) records: Vec<Record>,
    /// Key to name.
    pub(super) groups: BTreeMap<String, String>,
    /// How far an operation of several steps has come, by the account's key.
    pub(super) steps: BTreeMap<(RequestOp, String), usize>,
    pub(super) operations: BTreeMap<String, Operation>,
    pub(super) page_max: Option<usize>,
    pub(super) base_path: String,
    pub(super) url: String,
    /// Another origin.
    pub(super) foreign: String,
    late: BTreeMap<String, Late>,
    next: usize,
}

impl Site {
    /// The vendor that an app's file describes, with accounts in all the states that it shows.
    ///
    /// # Errors
    /// What of the file contradicts itself or is not shown, a sentence each.
    pub(super) fn new(app: &App) -> Result<Self, Vec<String>> {
        let none = || vec![format!("{} has no [rest] section.", app.id)];
        let rest = app.rest.clone().ok_or_else(none)?;
        let exchanges = Exchange::all(app, &rest)?;
        let lists = List::all(&rest, &exchanges)?;
        let settings = settings(&rest, &exchanges)?;
        let base = rest.base_url.fill(
            &|blank| match blank {
                Blank::Setting(name) => settings.get(name).cloned(),
                _ => None,
            },
            &str::to_owned,
        );
        let base = base.map_err(|unfilled| vec![unfilled.to_string()])?;
        let below_host = base.split_once("://").map_or(base.as_str(), |(_, rest)| rest);
        let base_path =
            below_host.find('/').map_or(String::new(), |at| below_host[at..].to_owned());
        let shown = examples_of_items(&rest, &exchanges);
        let page_max = app.fact("rest.page_size_max").and_then(|fact| match fact.value {
            FactValue::Number(max) => usize::try_from(max).ok(),
            _ => None,
        });
        let mut site = Self {
            hurts: traps(app),
            groups: groups(&rest, &exchanges),
            shown,
            rest,
            settings,
            exchanges,
            lists,
            records: Vec::new(),
            steps: BTreeMap::new(),
            operations: BTreeMap::new(),
            page_max,
            base_path,
            url: String::new(),
            foreign: String::new(),
            late: BTreeMap::new(),
            next: FIRST_NUMBER,
        };
        site.populate();
        Ok(site)
    }

    /// The accounts of the examples, and so many more that lists have several pages.
    fn populate(&mut self) {
        for list in &self.lists {
            let call = &self.rest.calls[list.call];
            let shape = list::shape(&self.rest, call);
            for item in &list.items {
                let mut record = Record::read(shape, item).expect("a list holds what has a key");
                record.state = call.state.unwrap_or(record.state);
                if !self.records.iter().any(|other| other.key == record.key) {
                    self.records.push(record);
                }
            }
        }
        for record in &self.records {
            for group in &record.groups {
                self.groups.entry(group.clone()).or_insert_with(|| format!("Group {group}"));
            }
        }
        let groups: Vec<String> = self.groups.keys().cloned().collect();
        for n in 0..self.wanted() {
            let state = match n % 8 {
                6 => State::Suspended,
                7 => State::Invited,
                _ => State::Active,
            };
            let Some(mut record) = self.new_record(state) else { continue };
            if !record.groups.is_empty() || self.rest.account.groups.is_none() {
                let own = groups.iter().skip(n % groups.len().max(1)).take(n % 2);
                record.groups = own.cloned().collect();
            }
            self.records.push(record);
        }
    }

    /// How many accounts it takes for the longest page to be followed by others.
    fn wanted(&self) -> usize {
        let size = |list: &List| {
            let how = paging(&self.rest, &self.rest.calls[list.call]);
            let said = how.and_then(|how| how.size.as_ref()).map(|(_, size)| *size as usize);
            said.unwrap_or(SIZE_DEFAULT)
        };
        let size = self.lists.iter().map(size).max().unwrap_or(SIZE_DEFAULT);
        if size <= 200 { size * 3 + 3 } else { size * 3 / 2 + 3 }
    }

    /// An account like those of the list that shows this state.
    fn new_record(&mut self, state: State) -> Option<Record> {
        let list = self.lists.iter().find(|list| list.states.contains(&state))?;
        let shape = list::shape(&self.rest, &self.rest.calls[list.call]);
        let pattern = Record::read(shape, &list.items[0])?;
        let mut record = self.numbered(&pattern);
        record.state = state;
        Some(record)
    }

    /// An account of which nothing is known but its ids.
    pub(super) fn blank_record(&mut self) -> Record {
        let shape = list::shape(&self.rest, &self.rest.calls[self.lists[0].call]);
        let pattern = Record::read(shape, &self.lists[0].items[0]).unwrap_or_default();
        let record = self.numbered(&pattern);
        let Record { key, ids, login, email, .. } = record;
        let login = if login.contains('@') { login } else { String::new() };
        Record { key, ids, login, email, ..Record::default() }
    }

    fn numbered(&mut self, pattern: &Record) -> Record {
        let mut record = pattern.numbered(self.next);
        // Numbers that start at different examples meet.
        while self.records.iter().any(|other| other.key == record.key) {
            self.next += 1;
            record = pattern.numbered(self.next);
        }
        // The ids that other lists know it by.
        for list in &self.lists {
            let shape = list::shape(&self.rest, &self.rest.calls[list.call]);
            let other = Record::read(shape, &list.items[0]).unwrap_or_default();
            for (name, id) in other.ids {
                let new =
                    || if id == other.key { record.key.clone() } else { variation(&id, self.next) };
                record.ids.entry(name).or_insert_with(new);
            }
        }
        self.next += 1;
        record
    }

    /// Answers a request. What is unexpected is told apart.
    pub(super) fn answer(
        &mut self,
        sent: &Sent,
        twist: Option<&Twist>,
    ) -> (Reply, Vec<Done>, Option<String>) {
        let mut done = Vec::new();
        let before = matches!(twist, Some(Twist::VisibleAfter { .. })).then(|| self.clone());
        let answered = self.route(sent, twist, &mut done);
        if let (Some(before), Some(Twist::VisibleAfter { reads })) = (before, twist) {
            for Done { subject, .. } in &done {
                let shown = before.records.iter().find(|record| record.key == *subject).cloned();
                self.late.insert(subject.clone(), Late { shown, reads: *reads });
            }
        }
        match answered {
            Ok(reply) | Err(No::Answer(reply)) => (reply, done, None),
            Err(No::Unexpected(why)) => {
                let body = json!({"error": "The app does not document this.", "detail": why});
                (Reply::json(400, body), done, Some(why))
            }
        }
    }

    fn route(
        &mut self,
        sent: &Sent,
        twist: Option<&Twist>,
        done: &mut Vec<Done>,
    ) -> Result<Reply, No> {
        if let Some(id) = self.polled(sent)
            && let Some(reply) = self.poll(&id, done)
        {
            return Ok(reply);
        }
        let (exchange, sent, turn, fit) = self.fitting(sent)?;
        self.check_settings(&fit.filled)?;
        match exchange.op {
            RequestOp::Get => self.one(&exchange, &fit.filled),
            op if is_list(op) => self.page(&exchange, (&sent, &fit, turn), twist),
            RequestOp::ListRoles => Ok(Reply::json(exchange.status, exchange.answer.clone())),
            _ => self.write(&exchange, &fit, done),
        }
    }

    /// The example that a request equals. Of several it is the one that leaves the least of a merged
    /// body to what the account shows, and that little is so.
    fn fitting(&self, sent: &Sent) -> Result<Fitting, No> {
        let mut nearest: Option<Vec<String>> = None;
        let mut fitting: Vec<Fitting> = Vec::new();
        for exchange in &self.exchanges {
            let call = &self.rest.calls[exchange.call];
            let how = paging(&self.rest, call);
            let mut sent = sent.clone();
            let turn = how.and_then(|how| take_turn(how, &mut sent));
            match compare(call, how, &exchange.request, &sent) {
                Ok(fit) => fitting.push((exchange.clone(), sent, turn, fit)),
                Err(why) => {
                    let is_here = call.path.read(&sent.path).is_some();
                    let is_nearer = nearest.as_ref().is_none_or(|best| why.len() < best.len());
                    if is_here && is_nearer && sent.method == exchange.request.method {
                        nearest = Some(why);
                    }
                }
            }
        }
        fitting.sort_by_key(|(.., fit)| fit.merged.len());
        let is_so = |(exchange, _, _, fit): &Fitting| {
            let found = self.find(&fit.filled, &exchange.filled);
            fit.merged.is_empty()
                || matches!(found, Ok(Some(at)) if self.check_merged(fit, at).is_ok())
        };
        let best = fitting.iter().position(is_so).unwrap_or(0);
        let none = || format!("no example shows {} {}", sent.method, sent.path);
        match fitting.is_empty() {
            true => Err(No::Unexpected(nearest.map_or_else(none, |why| why.join("; ")))),
            false => Ok(fitting.swap_remove(best)),
        }
    }

    /// The operation that a request asks after.
    fn polled(&self, sent: &Sent) -> Option<String> {
        let laters = self.rest.calls.iter().filter_map(|call| call.later.as_ref());
        let mut read = laters.filter_map(|later| later.path.read(&sent.path));
        let filled = read.next().filter(|_| sent.method == "GET")?;
        let id = filled.into_iter().find(|(blank, _)| *blank == Blank::Operation)?.1;
        self.operations.contains_key(&id).then_some(id)
    }

    fn check_settings(&self, filled: &Filled) -> Result<(), No> {
        for (blank, text) in filled {
            if let Blank::Setting(name) = blank
                && self.settings.get(name) != Some(text)
            {
                return Err(No::Unexpected(format!(
                    "{blank} is `{text}`, which is another tenant"
                )));
            }
        }
        Ok(())
    }

    /// The account that a request names; `None` if it is not here. `example` is what its example
    /// fills in.
    pub(super) fn find(&self, filled: &Filled, example: &Filled) -> Result<Option<usize>, No> {
        let by = |fits: &dyn Fn(&Record) -> bool| self.records.iter().position(fits);
        let mut named: Vec<Option<usize>> = Vec::new();
        for (blank, text) in filled {
            match blank {
                Blank::Account => named.push(by(&|record| record.key == *text)),
                Blank::Id(name) => named.push(by(&|record| record.ids.get(name) == Some(text))),
                _ => {}
            }
        }
        if named.is_empty() {
            for (blank, text) in filled {
                match blank {
                    Blank::Login => named.push(by(&|record| record.login_or_email() == text)),
                    Blank::Email => named.push(by(&|record| record.email == *text)),
                    _ => {}
                }
            }
        }
        named.dedup();
        match named.as_slice() {
            [one] => Ok(*one),
            [] => {
                Err(No::Unexpected(format!("names no account; the example fills in {example:?}")))
            }
            _ => Err(No::Unexpected("names two accounts".to_owned())),
        }
    }

    /// All accounts as readers see them now; this is one read of each.
    pub(super) fn seen(&mut self) -> Vec<Record> {
        let here: Vec<usize> = (0..self.records.len()).collect();
        here.into_iter().filter_map(|at| self.read_late(at)).collect()
    }

    /// Counts a read of the account at `at`, and gives what it sees.
    pub(super) fn read_late(&mut self, at: usize) -> Option<Record> {
        let record = self.records[at].clone();
        let Some(late) = self.late.get_mut(&record.key) else { return Some(record) };
        if late.reads == 0 {
            self.late.remove(&record.key);
            return Some(record);
        }
        late.reads -= 1;
        late.shown.clone()
    }
}

/// The traps that bite on this route.
fn traps(app: &App) -> BTreeSet<Hurt> {
    app.traps.iter().filter(|trap| trap.is_on("rest")).filter_map(|trap| trap.hurts).collect()
}

/// What an instance must be given: as the examples have it, otherwise anything.
fn settings(rest: &Rest, exchanges: &[Exchange]) -> Result<BTreeMap<String, String>, Vec<String>> {
    let mut settings = BTreeMap::new();
    for (blank, text) in exchanges.iter().flat_map(|exchange| &exchange.filled) {
        if let Blank::Setting(name) = blank
            && let Some(before) = settings.insert(name.clone(), text.clone())
            && before != *text
        {
            return Err(vec![format!(
                "{blank} is `{before}` in one example and `{text}` in another."
            )]);
        }
    }
    let base = rest.base_url.to_string();
    for name in rest.settings.keys() {
        let is_start = base.starts_with(&format!("{{{name}}}"));
        let start = if is_start { "https://" } else { "" };
        settings
            .entry(name.clone())
            .or_insert_with(|| format!("{start}{}-1", name.replace('_', "-")));
    }
    Ok(settings)
}

/// The groups of the examples, and two more of their kind.
fn groups(rest: &Rest, exchanges: &[Exchange]) -> BTreeMap<String, String> {
    let mut groups = BTreeMap::new();
    for exchange in exchanges {
        if let Some(key) = exchange.filled.get(&Blank::Group) {
            groups.entry(key.clone()).or_insert_with(|| format!("Group {key}"));
        }
        if let (RequestOp::ListGroups, Some(shape)) = (exchange.op, &rest.group) {
            for item in list::items(&rest.calls[exchange.call], &exchange.answer) {
                if let Some(key) = shape.key.text(&item) {
                    groups.insert(key, shape.name.text(&item).unwrap_or_default());
                }
            }
        }
    }
    let Some((key, name)) = groups.iter().next().map(|(key, name)| (key.clone(), name.clone()))
    else {
        return groups;
    };
    for n in [FIRST_NUMBER, FIRST_NUMBER + 1] {
        groups.insert(variation(&key, n), format!("{name} {n}"));
    }
    groups
}
