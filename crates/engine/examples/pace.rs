//! How much of a rate limit that nobody was told is used: `pace limits` on simulated time, `pace http`
//! over real HTTP, `pace list PAGES kept|skipped` for the memory of a long list. See
//! `bench/pace/run.sh`.
#![allow(clippy::print_stdout, reason = "it prints what it measured")]

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rollbook_catalog::App;
use rollbook_engine::channel::Channel;
use rollbook_engine::channel::pace::budget::{Budget, Heard, Leave, Turn};
use rollbook_engine::channel::pace::quota::Quota;
use rollbook_engine::channel::rest::{RestChannel, RestSettings};
use rollbook_engine::secret::Secret;
use rollbook_testkit::limit::{Counting, HiddenLimit, Judged};
use rollbook_testkit::queue::{Pacing, Work, run};
use rollbook_testkit::scripted::{Asked, Say, Scripted};
use serde_json::{Value, json};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What somebody who does not know the limit may guess, in requests a second.
const GUESS: f64 = 10.0;

/// Courses of chance of each kind; the mean is printed.
const COURSES: u64 = 10;

const PAGE: u64 = 100;

/// An app whose list has numbered pages.
const APP: &str = r#"
[app]
id = "acme"
name = "Acme"
category = "wiki"
website = "https://acme.example"
checked_on = "2026-11-21"
[rest]
can = ["observe"]
basis = "recalled"
base_url = "https://api.acme.example"
auth = { kind = "bearer" }
[rest.paging]
PAGING
[rest.account]
key = "/id"
email = "/email"
display_name = ["/name"]
state = [{ at = "/status", is = ["on"], means = "active" }]
SKIP
[[rest.call]]
op = "list"
method = "GET"
path = "/users"
items = "/users"
"#;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let said: Vec<String> = std::env::args().skip(1).collect();
    let said: Vec<&str> = said.iter().map(String::as_str).collect();
    match said[..] {
        ["limits"] => limits(),
        ["http"] => over_http().await?,
        ["list", pages, "kept"] => list(pages.parse()?, false).await?,
        ["list", pages, "skipped"] => list(pages.parse()?, true).await?,
        _ => return Err("say `limits`, `http` or `list PAGES kept|skipped`".into()),
    }
    Ok(())
}

/// 2,000 changes against six hidden limits, by three ways of pacing.
fn limits() {
    println!(
        "2,000 changes, 8 at once, 40 to 120 ms each; hidden limit 200 in 10 s; simulated time"
    );
    println!(
        "| limit | ours | refused | fixed guess | refused | backoff | refused | ours to guess | ours to backoff |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for counting in [Counting::FixedWindow, Counting::SlidingWindow, Counting::TokenBucket] {
        for tells in [false, true] {
            let ours = mean(counting, tells, &|| Box::new(Ours::default()));
            let guess = mean(counting, tells, &|| Box::new(Guess::default()));
            let backoff = mean(counting, tells, &|| Box::new(Backoff::default()));
            let headers = if tells { "with headers" } else { "without headers" };
            println!(
                "| {counting:?}, {headers} | {:.1}% | {:.2}% | {:.1}% | {:.2}% | {:.1}% | {:.2}% | {:.2} | {:.2} |",
                ours.0 * 100.0,
                ours.1 * 100.0,
                guess.0 * 100.0,
                guess.1 * 100.0,
                backoff.0 * 100.0,
                backoff.1 * 100.0,
                ours.0 / guess.0,
                ours.0 / backoff.0,
            );
        }
    }
}

fn mean(counting: Counting, tells: bool, new: &dyn Fn() -> Box<dyn Pacing>) -> (f64, f64) {
    let (mut throughput, mut refusals) = (0.0, 0.0);
    for seed in 0..COURSES {
        let mut hidden = HiddenLimit::new(counting, 200, Duration::from_secs(10), tells)
            .begun_before(Duration::from_secs(seed));
        let takes = [Duration::from_millis(40), Duration::from_millis(120)];
        let work = Work { changes: 2000, workers: 8, takes, seed };
        let course = run(&work, &mut hidden, &mut *new());
        throughput += course.throughput(&hidden) / COURSES as f64;
        refusals += course.refusals() / COURSES as f64;
    }
    (throughput, refusals)
}

fn seconds(judged: &Judged, name: &str) -> Option<u64> {
    let (_, value) = judged.headers.iter().find(|(header, _)| *header == name)?;
    value.parse().ok()
}

/// The pace of the channels, nothing known beforehand.
struct Ours {
    budget: Budget,
    turns: BTreeMap<usize, Turn>,
}

impl Default for Ours {
    fn default() -> Self {
        Self { budget: Budget::new(None, Duration::from_millis(400)), turns: BTreeMap::new() }
    }
}

impl Pacing for Ours {
    fn ask(&mut self, worker: usize, now: Duration) -> std::result::Result<(), Duration> {
        match self.budget.ask(now) {
            Leave::Now(turn) => {
                self.turns.insert(worker, turn);
                Ok(())
            }
            Leave::NotBefore(due) => Err(due),
            Leave::AfterTrial => Err(Duration::MAX),
        }
    }

    fn hear(&mut self, worker: usize, now: Duration, judged: &Judged, chance: f64) {
        let quota = Quota {
            limit: seconds(judged, "x-ratelimit-limit"),
            remaining: seconds(judged, "x-ratelimit-remaining"),
            resets_in: seconds(judged, "x-ratelimit-reset").map(Duration::from_secs),
            window: None,
        };
        let wait = seconds(judged, "retry-after").map(Duration::from_secs);
        let heard = match judged.is_admitted {
            true => Heard::Admitted,
            false => Heard::Refused { wait, is_limit: true },
        };
        if let Some(turn) = self.turns.remove(&worker) {
            self.budget.hear(now, turn, heard, quota, chance);
        }
    }
}

/// Evenly spaced at a guess; whoever is refused waits as long as is said, else a second.
#[derive(Default)]
struct Guess {
    next: Duration,
    until: BTreeMap<usize, Duration>,
}

impl Pacing for Guess {
    fn ask(&mut self, worker: usize, now: Duration) -> std::result::Result<(), Duration> {
        let due = self.next.max(self.until.get(&worker).copied().unwrap_or_default());
        if due > now {
            return Err(due);
        }
        self.next = now + Duration::from_secs_f64(1.0 / GUESS);
        Ok(())
    }

    fn hear(&mut self, worker: usize, now: Duration, judged: &Judged, _chance: f64) {
        if !judged.is_admitted {
            let wait = seconds(judged, "retry-after").unwrap_or(1);
            self.until.insert(worker, now + Duration::from_secs(wait));
        }
    }
}

/// As fast as answers come; each worker that is refused waits 1, 2, 4, … s with full jitter, or as
/// long as is said.
#[derive(Default)]
struct Backoff {
    until: BTreeMap<usize, Duration>,
    tries: BTreeMap<usize, u32>,
}

impl Pacing for Backoff {
    fn ask(&mut self, worker: usize, now: Duration) -> std::result::Result<(), Duration> {
        let due = self.until.get(&worker).copied().unwrap_or_default();
        if due > now { Err(due) } else { Ok(()) }
    }

    fn hear(&mut self, worker: usize, now: Duration, judged: &Judged, chance: f64) {
        let tries = self.tries.entry(worker).or_default();
        if judged.is_admitted {
            *tries = 0;
            return;
        }
        let grown = Duration::from_secs(1 << (*tries).min(6)).mul_f64(0.5 + chance / 2.0);
        *tries += 1;
        let wait = seconds(judged, "retry-after").map_or(grown, Duration::from_secs);
        self.until.insert(worker, now + wait);
    }
}

fn channel(vendor: &Scripted, skip: bool, per_second_max: Option<u32>) -> Result<RestChannel> {
    let paging = "kind = \"page\"\nat = \"page\"\nfirst = 1\ntotal = \"/total\"";
    let skipped = "skip = [{ at = \"/status\", is = [\"on\"] }]";
    let text = APP.replace("PAGING", paging).replace("SKIP", if skip { skipped } else { "" });
    let app = App::parse("apps/acme.toml", &text)?;
    let rest = app.rest.ok_or("the app has a route")?;
    let token = Secret::new("benchmark-token");
    Ok(RestChannel::new(RestSettings {
        base_url: Some(vendor.url.clone()),
        allow_private: true,
        requests_per_second_max: per_second_max,
        ..RestSettings::new("acme".into(), rest, BTreeMap::new(), token)
    })?)
}

fn page(asked: &Asked, pages: u64) -> Value {
    let page = asked.number("page").unwrap_or(1);
    let numbers = if page > pages { 0..0 } else { (page - 1) * PAGE..page * PAGE };
    let user = |n: u64| json!({"id": n, "email": format!("u{n}@acme.example"), "name": format!("User {n}"), "status": "on"});
    json!({"total": pages * PAGE, "users": numbers.map(user).collect::<Vec<_>>()})
}

/// 300 pages through the REST channel from a vendor with a hidden limit of 20 in 2 s, sliding.
async fn over_http() -> Result<()> {
    const PAGES: u64 = 300;
    let begun = Instant::now();
    let hidden = HiddenLimit::new(Counting::SlidingWindow, 20, Duration::from_secs(2), true);
    let per_second = hidden.per_second();
    let refused = Arc::new(Mutex::new((hidden, 0_u32)));
    let inside = Arc::clone(&refused);
    let vendor = Scripted::start(move |asked| {
        let mut hidden = inside.lock().unwrap_or_else(PoisonError::into_inner);
        let judged = hidden.0.judge(begun.elapsed());
        let say = match judged.is_admitted {
            true => Say::new(200, page(asked, PAGES)),
            false => Say::new(429, Value::Null),
        };
        hidden.1 += u32::from(!judged.is_admitted);
        judged.headers.into_iter().fold(say, |say, (name, value)| say.with(name, value))
    })
    .await?;
    let channel = channel(&vendor, false, None)?;
    let began = Instant::now();
    let seen = channel.observe().await?;
    let sent = vendor.asked().len() as f64;
    let refused = f64::from(refused.lock().unwrap_or_else(PoisonError::into_inner).1);
    let share = (sent - refused) / began.elapsed().as_secs_f64() / per_second;
    println!(
        "over HTTP, a sliding window of 20 in 2 s with headers: {} accounts in {sent} requests, {:.1}% of the limit, {:.2}% refused",
        seen.accounts.len(),
        share * 100.0,
        refused / sent * 100.0,
    );
    Ok(())
}

/// A list of so many pages of 100 accounts each, and what memory that took.
async fn list(pages: u64, skip: bool) -> Result<()> {
    let vendor = Scripted::start(move |asked| Say::new(200, page(asked, pages))).await?;
    let channel = channel(&vendor, skip, Some(100_000))?;
    let before = peak_mib()?;
    let began = Instant::now();
    let seen = channel.observe().await?;
    println!(
        "{pages} pages, {} accounts kept: {:.1} s, peak {:.1} MiB, {before:.1} MiB before; {:?}",
        seen.accounts.len(),
        began.elapsed().as_secs_f64(),
        peak_mib()?,
        seen.coverage,
    );
    Ok(())
}

/// The most memory that this process had so far, on Linux.
fn peak_mib() -> Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").trim().parse::<f64>()? / 1024.0)
}
