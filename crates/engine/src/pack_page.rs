//! The page of a pack that people read: one self-contained HTML file, without scripts, without a
//! request to anywhere. It says the same as the files beside it and decides nothing.
//!
//! [`render`] is a pure function: the same [`PackPage`] gives the same bytes. All text is escaped
//! by the template engine, because names come from vendors and cannot be trusted.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use minijinja::Environment;
use minijinja::value::Serde;
use serde::Serialize;

/// Everything that the page shows.
#[derive(Clone, Debug, Serialize)]
pub struct PackPage {
    /// The company, as `rollbook.toml` names it.
    pub company: String,
    /// What the pack is about, e.g. `Ana de Vries` or `Run run_0193…`.
    pub subject: String,
    /// The leaver; `None` for the pack of a run.
    pub person: Option<Person>,
    /// When the pack was made.
    pub made_at: Timestamp,
    /// Who made it.
    pub made_by: String,
    /// The version of Rollbook that made it.
    pub version: String,
    /// The zone in which the page writes times.
    #[serde(skip)]
    pub zone: TimeZone,
    /// Every account that the pack speaks of, in the order of the files.
    #[serde(skip)]
    pub accounts: Vec<AccountRow>,
    /// What people were asked to do.
    pub tasks: Vec<TaskRow>,
    /// What did not go as wished, or was left alone knowingly.
    pub exceptions: Vec<Exception>,
    /// What could not be seen, and so is not covered by the pack.
    pub blind_spots: Vec<BlindSpot>,
    /// What the statement rests on: how each instance and source was read.
    pub populations: Vec<Population>,
    /// The plans and who agreed to them.
    pub plans: Vec<PlanRow>,
    /// The pictures of what a browser did, in the order in which they were taken.
    pub pictures: Vec<PictureRow>,
    /// The files of the pack.
    pub files: Vec<FileRow>,
    /// The head of the audit chain at the moment of the pack.
    pub chain: ChainHead,
}

/// The person who left.
#[derive(Clone, Debug, Serialize)]
pub struct Person {
    /// As people know them.
    pub name: String,
    /// Our id of the identity.
    pub identity: String,
    /// The last day on which they worked here; `None`: no source says.
    pub last_day: Option<Date>,
    /// The worker records, as `source/number`, with kind and dates in words.
    pub records: Vec<RecordRow>,
}

/// One worker record of the person.
#[derive(Clone, Debug, Serialize)]
pub struct RecordRow {
    /// `source/number`.
    pub record: String,
    /// The kind of engagement in the source's word.
    pub kind: String,
    /// First day.
    pub first_day: Option<Date>,
    /// Last day; `None`: open-ended.
    pub last_day: Option<Date>,
}

/// One picture of what a browser did.
#[derive(Clone, Debug, Serialize)]
pub struct PictureRow {
    /// The file in the pack.
    pub file: String,
    /// The instance in whose pages it was taken, or empty.
    pub app: String,
    /// What it shows.
    pub shows: String,
    /// When it was recorded.
    pub taken_at: Timestamp,
    /// The event that names it.
    pub event: u64,
}

/// One account and what became of it.
#[derive(Clone, Debug, Serialize)]
pub struct AccountRow {
    /// The instance.
    pub app: String,
    /// The name to sign in with.
    pub login: String,
    /// The vendor's key.
    pub key: String,
    /// Whether it had an administrator's rights.
    pub privileged: bool,
    /// How it is known to be theirs, as a sentence.
    pub owner_because: String,
    /// The state before the run, e.g. `active`.
    pub before: String,
    /// The end state that was wanted, e.g. `suspended`.
    pub wanted: String,
    /// The channel that acted, e.g. `scim`.
    pub channel: String,
    /// When the change was sent; `None`: nothing was sent.
    pub sent_at: Option<Timestamp>,
    /// What came back, e.g. `PATCH /Users/17: 200`.
    pub answered: String,
    /// When the second look was taken.
    pub verified_at: Option<Timestamp>,
    /// How, e.g. `read again over SCIM: active is false`.
    pub verified_how: String,
    /// What the second look found.
    pub verdict: Mark,
}

/// How a row ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// Done and seen again.
    Confirmed,
    /// The second look saw something else.
    Contradicted,
    /// It could not be looked at.
    Unobservable,
    /// Somebody else must act, or the second look is still to come.
    Waiting,
    /// Nothing was done about it; the exceptions say why.
    LeftAlone,
}

/// Something that a person was asked to do.
#[derive(Clone, Debug, Serialize)]
pub struct TaskRow {
    /// What, as a sentence.
    pub what: String,
    /// Who has or had it.
    pub who: String,
    /// Until when it was to be done.
    pub due_at: Timestamp,
    /// Where it stands, in a word.
    pub state: String,
    /// When it was last said to be done.
    pub said_at: Option<Timestamp>,
    /// How it is known that it is over, or why it is not.
    pub how: String,
    /// What was handed in: sentences, and names of files in the pack.
    pub proofs: Vec<String>,
}

/// What did not go as wished, or was left alone knowingly.
#[derive(Clone, Debug, Serialize)]
pub struct Exception {
    /// The account, person or instance as people know it.
    pub what: String,
    /// Why, as a sentence.
    pub because: String,
}

/// What could not be seen.
#[derive(Clone, Debug, Serialize)]
pub struct BlindSpot {
    /// The instance or source.
    pub place: String,
    /// Why, as a sentence.
    pub because: String,
}

/// How one instance or source was read.
#[derive(Clone, Debug, Serialize)]
pub struct Population {
    /// The instance or source.
    pub place: String,
    /// Which way it was read: `scim`, `file`, ….
    pub channel: String,
    /// When.
    pub taken_at: Option<Timestamp>,
    /// `complete`, or why not.
    pub coverage: String,
    /// Rows that we read.
    pub counted: u64,
    /// The count that the place itself gave; `None`: it gives none.
    pub reported: Option<u64>,
    /// SHA-256 of what was read, hex, or the snapshot's id.
    pub digest: String,
}

/// One plan and who agreed to it.
#[derive(Clone, Debug, Serialize)]
pub struct PlanRow {
    /// Its id.
    pub plan: String,
    /// Its digest: what was agreed to.
    pub digest: String,
    /// Who asked.
    pub asked_by: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// Who agreed, and when.
    pub approvals: Vec<ApprovalRow>,
    /// When it ran; `None`: not.
    pub ran_at: Option<Timestamp>,
}

/// One person's agreement.
#[derive(Clone, Debug, Serialize)]
pub struct ApprovalRow {
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// One file of the pack.
#[derive(Clone, Debug, Serialize)]
pub struct FileRow {
    /// Its name in the folder.
    pub name: String,
    /// What it holds, in words.
    pub holds: String,
    /// Its rows, where it has rows.
    pub rows: Option<u64>,
    /// SHA-256, hex.
    pub digest: String,
}

/// The head of the audit chain.
#[derive(Clone, Debug, Serialize)]
pub struct ChainHead {
    /// How many events the chain holds.
    pub events: u64,
    /// SHA-256 of the last one, hex.
    pub head: String,
    /// When the head was signed.
    pub signed_at: Option<Timestamp>,
    /// The public key that checks the signature, hex.
    pub public_key: String,
}

/// The page as HTML.
pub fn render(page: &PackPage) -> String {
    let mut environment = Environment::new();
    let zone = page.zone.clone();
    environment.add_filter("moment", move |at: String| moment(&at, &zone));
    environment
        .add_template("pack.html", include_str!("pack_page.html"))
        .expect("the template is part of the program and is rendered by its tests");
    let template = environment.get_template("pack.html").expect("it was added above");
    let shown = View {
        page,
        tally: Tally::of(&page.accounts),
        accounts: page.accounts.iter().map(|row| Shown::of(page, row)).collect(),
    };
    template.render(Serde(&shown)).expect("the template uses only what is given here")
}

/// What the template sees.
#[derive(Serialize)]
struct View<'a> {
    page: &'a PackPage,
    tally: Tally,
    accounts: Vec<Shown<'a>>,
}

/// How many accounts ended how.
#[derive(Debug, Default, Serialize)]
struct Tally {
    all: usize,
    confirmed: usize,
    waiting: usize,
    contradicted: usize,
    unobservable: usize,
    left_alone: usize,
}

impl Tally {
    fn of(accounts: &[AccountRow]) -> Self {
        let count = |mark| accounts.iter().filter(|row| row.verdict == mark).count();
        Self {
            all: accounts.len(),
            confirmed: count(Mark::Confirmed),
            waiting: count(Mark::Waiting),
            contradicted: count(Mark::Contradicted),
            unobservable: count(Mark::Unobservable),
            left_alone: count(Mark::LeftAlone),
        }
    }
}

/// An account with the time between the end of the last day and the second look in words.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    row: &'a AccountRow,
    elapsed: Option<String>,
}

impl<'a> Shown<'a> {
    fn of(page: &PackPage, row: &'a AccountRow) -> Self {
        let last_day = page.person.as_ref().and_then(|person| person.last_day);
        let confirmed = row.verified_at.filter(|_| row.verdict == Mark::Confirmed);
        let elapsed = last_day.zip(confirmed).and_then(|(day, at)| elapsed(day, at, &page.zone));
        Self { row, elapsed }
    }
}

/// How long after the end of `last_day` it was at `at`, in words.
fn elapsed(last_day: Date, at: Timestamp, zone: &TimeZone) -> Option<String> {
    let gone = last_day.tomorrow().ok()?.to_zoned(zone.clone()).ok()?.timestamp();
    if at <= gone {
        return Some("by the end of the last day".to_owned());
    }
    let hours = at.duration_since(gone).as_hours();
    Some(match hours {
        0 => "within an hour of the last day’s end".to_owned(),
        1..48 => format!("{hours} h after the last day’s end"),
        _ => format!("{} days after the last day’s end", hours / 24),
    })
}

/// A moment as people read it, to the second, in the page's zone: `2026-11-21 14:03:09 CET`.
fn moment(at: &str, zone: &TimeZone) -> String {
    let Ok(at) = at.parse::<Timestamp>() else { return at.to_owned() };
    at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S %Z").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().expect("a time of the test")
    }

    fn row(login: &str, verdict: Mark) -> AccountRow {
        AccountRow {
            app: "wiki".to_owned(),
            login: login.to_owned(),
            key: "7c1f".to_owned(),
            privileged: false,
            owner_because: "The worker number is the same.".to_owned(),
            before: "active".to_owned(),
            wanted: "suspended".to_owned(),
            channel: "scim".to_owned(),
            sent_at: Some(time("2026-11-02T10:00:00Z")),
            answered: "PATCH /Users/7c1f: 200".to_owned(),
            verified_at: Some(time("2026-11-02T10:00:05Z")),
            verified_how: "Read again over SCIM.".to_owned(),
            verdict,
        }
    }

    fn page(accounts: Vec<AccountRow>) -> PackPage {
        PackPage {
            company: "Brightwater".to_owned(),
            subject: "Ana de Vries".to_owned(),
            person: Some(Person {
                name: "Ana de Vries".to_owned(),
                identity: "per_1".to_owned(),
                last_day: Some(jiff::civil::date(2026, 10, 31)),
                records: Vec::new(),
            }),
            made_at: time("2026-11-02T11:00:00Z"),
            made_by: "Robin Smit".to_owned(),
            version: "0.1.0".to_owned(),
            zone: TimeZone::UTC,
            accounts,
            tasks: Vec::new(),
            exceptions: Vec::new(),
            blind_spots: Vec::new(),
            populations: Vec::new(),
            plans: Vec::new(),
            pictures: Vec::new(),
            files: Vec::new(),
            chain: ChainHead {
                events: 3,
                head: "ab".to_owned(),
                signed_at: None,
                public_key: "cd".to_owned(),
            },
        }
    }

    /// The text between the tags of the statement at the top.
    fn statement(html: &str) -> String {
        let start = html.find("<div class=\"statement").expect("every page has a statement");
        let end = start + html[start..].find("</div>").expect("and it ends");
        html[start..end].replace("<p>", "").replace("</p>", "")
    }

    #[test]
    fn the_statement_counts_what_was_confirmed_and_names_the_rest() {
        let all = render(&page(vec![row("a", Mark::Confirmed), row("b", Mark::Confirmed)]));
        insta::assert_snapshot!(statement(&all), @r#"
        <div class="statement good">
        All 2 known accounts were dealt with, and a second look confirmed it.
        No exception and no blind spot.
        "#);
        let some = render(&page(vec![row("a", Mark::Confirmed), row("b", Mark::Waiting)]));
        insta::assert_snapshot!(statement(&some), @r#"
        <div class="statement wait">
        1 of the 2 known accounts was dealt with and confirmed by a second look.
        1 waiting. No exception and no blind spot.
        "#);
        let none = render(&page(vec![row("a", Mark::Contradicted)]));
        insta::assert_snapshot!(statement(&none), @r#"
        <div class="statement bad">
        The one known account was not dealt with and confirmed by a second look.
        1 contradicted. No exception and no blind spot.
        "#);
    }

    #[test]
    fn a_blind_spot_keeps_the_statement_from_being_green() {
        let mut page = page(vec![row("a", Mark::Confirmed)]);
        page.blind_spots =
            vec![BlindSpot { place: "archive".to_owned(), because: "Never read.".to_owned() }];
        assert!(statement(&render(&page)).contains("class=\"statement wait\""));
    }

    #[test]
    fn a_name_that_is_markup_stays_text() {
        let html = render(&page(vec![row("<img src=x onerror=alert(1)>\"'", Mark::Confirmed)]));
        assert!(!html.contains("<img"), "markup of a vendor got through");
        assert!(html.contains("&lt;img src=x onerror=alert(1)&gt;&quot;&#x27;"));
        assert!(!html.contains("<script"));
    }

    #[test]
    fn the_time_between_the_last_day_and_the_second_look_is_said_in_words() {
        let check = |at: &str| elapsed(jiff::civil::date(2026, 10, 31), time(at), &TimeZone::UTC);
        assert_eq!(check("2026-10-31T23:59:59Z").as_deref(), Some("by the end of the last day"));
        assert_eq!(
            check("2026-11-01T00:30:00Z").as_deref(),
            Some("within an hour of the last day’s end")
        );
        assert_eq!(check("2026-11-02T10:00:00Z").as_deref(), Some("34 h after the last day’s end"));
        assert_eq!(
            check("2026-11-04T10:00:00Z").as_deref(),
            Some("3 days after the last day’s end")
        );
    }

    #[test]
    fn an_account_that_was_not_confirmed_has_no_time_of_removal() {
        let html = render(&page(vec![row("a", Mark::Waiting)]));
        assert!(!html.contains("after the last day’s end"));
    }
}
