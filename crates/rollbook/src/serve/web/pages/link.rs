//! One link that waits for a person: the account, and the candidates side by side.

use rollbook_core::account::Account;
use rollbook_core::id::AccountRef;
use rollbook_core::link::{Candidate, LinkState};
use serde::Serialize;

use super::unknown;
use crate::serve::refusal::Refusal;
use crate::serve::web::cell::{Cell, Shown};
use crate::serve::web::door::Visit;
use crate::serve::web::moment::Moment;
use crate::serve::web::query::encoded;
use crate::serve::web::{frame, lists};

#[derive(Serialize)]
struct LinkPage {
    label: String,
    account: String,
    place: String,
    people: Vec<String>,
    state: &'static str,
    because: String,
    is_open: bool,
    heads: Vec<Shown>,
    scores: Vec<String>,
    reasons: Vec<String>,
    rows: Vec<Line>,
}

/// One fact of the account beside that of each candidate.
#[derive(Serialize)]
struct Line {
    name: &'static str,
    own: String,
    theirs: Vec<Theirs>,
}

#[derive(Serialize)]
struct Theirs {
    text: String,
    is_same: bool,
}

/// The page.
pub(super) fn draw(visit: &Visit<'_>) -> Result<String, Refusal> {
    let moment = &visit.moment;
    let at = AccountRef { instance: visit.named(0).into(), key: visit.named(1).into() };
    let found = moment.graph.account(&at);
    let (account, link) = found.ok_or_else(|| unknown("account", &at.to_string(), "Links"))?;
    let candidates: Vec<&Candidate> = match &link.state {
        LinkState::Suggested { candidates } => candidates.iter().collect(),
        LinkState::Auto { owner } | LinkState::Confirmed { owner } => vec![owner],
        LinkState::None => Vec::new(),
    };
    let head = |one: &&Candidate| {
        Cell::text(moment.name(&one.identity))
            .to(format!("/people/{}", encoded(one.identity.as_str())))
            .into()
    };
    let page = LinkPage {
        label: moment.label(&at),
        account: lists::account_page(&at),
        place: lists::account_page(&at).replacen("/accounts/", "/links/", 1),
        people: candidates.iter().map(|one| one.identity.to_string()).collect(),
        state: link.state.word(),
        because: link.because.clone(),
        is_open: matches!(link.state, LinkState::Suggested { .. }),
        heads: candidates.iter().map(head).collect(),
        scores: candidates.iter().map(|one| format!("{:.3}", one.score)).collect(),
        reasons: candidates.iter().map(|one| one.because.clone()).collect(),
        rows: rows(moment, account, &candidates),
    };
    let title = format!("Whose is {}?", page.label);
    Ok(frame::draw(visit, "link.html", &title, &page))
}

fn rows(moment: &Moment, account: &Account, candidates: &[&Candidate]) -> Vec<Line> {
    let emails: Vec<&str> = account.emails.iter().map(|email| email.address.as_str()).collect();
    let own = [
        ("Name", account.display_name.clone()),
        ("Sign-in name", account.login.clone()),
        ("Addresses", emails.join(", ")),
        ("Worker number", account.worker_number.clone()),
        ("Unit", account.unit.clone()),
        ("Made / first day", account.created.map(|day| day.to_string()).unwrap_or_default()),
        ("Ends / last day", account.ends.map(|day| day.to_string()).unwrap_or_default()),
    ];
    let theirs: Vec<[String; 7]> = candidates.iter().map(|one| of_candidate(moment, one)).collect();
    let line = |(at, (name, own)): (usize, (&'static str, String))| {
        let theirs = theirs.iter().map(|facts| {
            let text = facts[at].clone();
            let is_same = !own.is_empty() && shares(&own, &text);
            Theirs { text, is_same }
        });
        Line { name, theirs: theirs.collect(), own: own.clone() }
    };
    let lines = own.into_iter().enumerate().map(line);
    lines.filter(|l| !l.own.is_empty() || l.theirs.iter().any(|one| !one.text.is_empty())).collect()
}

/// Whether two lists have a word in common.
fn shares(own: &str, theirs: &str) -> bool {
    use rollbook_core::canonical::fold;
    let words = |text: &str| -> Vec<String> { text.split(", ").map(fold).collect() };
    let theirs = words(theirs);
    words(own).iter().any(|word| !word.is_empty() && theirs.contains(word))
}

fn of_candidate(moment: &Moment, candidate: &Candidate) -> [String; 7] {
    let graph = &moment.graph;
    let records: Vec<_> = graph.records_of(&candidate.identity).collect();
    let joined = |of: &dyn Fn(&rollbook_core::worker::WorkerRecord) -> Vec<String>| {
        let mut all: Vec<String> = Vec::new();
        for text in records.iter().flat_map(|record| of(record)) {
            if !text.is_empty() && !all.contains(&text) {
                all.push(text);
            }
        }
        all.join(", ")
    };
    let first = records.iter().filter_map(|record| record.starts).min();
    let last = lists::last_day(graph, &candidate.identity);
    let day = |day: Option<jiff::civil::Date>| day.map(|day| day.to_string()).unwrap_or_default();
    [
        joined(&|record| vec![record.name.display.clone()]),
        joined(&|record| record.logins.clone()),
        joined(&|record| {
            record.work_emails.iter().chain(&record.private_emails).cloned().collect()
        }),
        joined(&|record| vec![record.number.to_string()]),
        joined(&|record| vec![record.placement.unit.clone()]),
        day(first),
        day(last),
    ]
}
