//! `browser flow SCRIPT ROUNDS`: the same flow in a console of 200 members on four pages, by Rollbook's
//! browser channel and by a script for Playwright, in turns.
//! `browser beside COUNT`: so many instances read at once, and what memory that takes.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rollbook_catalog::Catalog;
use rollbook_core::account::State;
use rollbook_core::change::{Basis, Change, Expects, Op, Route, Stage};
use rollbook_core::id::ChangeId;
use rollbook_core::step::{Outcome, Seen};
use rollbook_engine::channel::Channel;
use rollbook_engine::channel::browser::{BrowserChannel, BrowserSettings};
use rollbook_engine::secret::Secret;
use rollbook_testkit::console::{Brand, Console, Setup};

/// Members beside the robot; with it they fill four pages.
const MEMBERS: usize = 199;
const PAGE_SIZE: usize = 50;

/// Whom the flow removes: in the middle of the list.
const LEAVER: &str = "member-120@example.com";

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words[..] {
        ["flow", script, rounds] => match rounds.parse() {
            Ok(rounds) => flow(script, rounds).await,
            Err(cause) => Err(Failure::from(cause)),
        },
        ["beside", count] => match count.parse() {
            Ok(count) => beside(count).await,
            Err(cause) => Err(Failure::from(cause)),
        },
        _ => Err("Say `flow SCRIPT ROUNDS` or `beside COUNT`.".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

#[expect(clippy::print_stderr, reason = "this program has no other face")]
fn fail(error: &Failure) -> ExitCode {
    eprintln!("{error}");
    ExitCode::FAILURE
}

#[expect(clippy::print_stdout, reason = "this program has no other face")]
fn say(line: &str) {
    println!("{line}");
}

/// Both sides in turns, each in a console of its own.
async fn flow(script: &str, rounds: usize) -> Result<(), Failure> {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        // Whoever goes first finds a colder machine.
        for side in [round % 2, (round + 1) % 2] {
            let console = console().await?;
            match side {
                0 => ours.push(by_rollbook(&console).await?),
                _ => theirs.push(by_playwright(&console, script).await?),
            }
            let done: Vec<String> =
                console.ledger().effects().into_iter().map(|it| it.what).collect();
            if done != [format!("removed {LEAVER}")] {
                return Err(format!("The console saw {done:?}.").into());
            }
        }
    }
    say(
        "| sign in, read 200 members on 4 pages, remove one, read again | seconds (median) | each round |",
    );
    say("| --- | --- | --- |");
    say(&format!("| rollbook | {:.2} | {} |", median(&ours), listed(&ours)));
    say(&format!("| Playwright, written by hand | {:.2} | {} |", median(&theirs), listed(&theirs)));
    let ratio = median(&ours) / median(&theirs);
    say(&format!("| ratio (aim: at most 1.1) | {ratio:.2} | |"));
    Ok(())
}

async fn by_rollbook(console: &Console) -> Result<f64, Failure> {
    let begun = Instant::now();
    let channel = channel(console)?;
    let change = removal();
    // As a run does it: look first, act, look again.
    let before = channel.look(&change).await;
    let outcome = channel.apply(&change).await;
    let after = channel.look(&change).await;
    let seconds = begun.elapsed().as_secs_f64();
    match (before, outcome, after) {
        (Seen::Present { .. }, Outcome::Done { .. }, Seen::Absent) => Ok(seconds),
        other => Err(format!("Rollbook did not remove the member: {other:?}").into()),
    }
}

async fn by_playwright(console: &Console, script: &str) -> Result<f64, Failure> {
    let robot = console.robot();
    let mut node = Command::new("node");
    node.args([script, console.url(), &robot.login, &robot.password, LEAVER]);
    let output = tokio::task::spawn_blocking(move || node.output()).await??;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().parse()?)
}

/// Reads `count` instances at once and says what all processes below this one took at most.
async fn beside(count: usize) -> Result<(), Failure> {
    let mut consoles = Vec::new();
    for _ in 0..count {
        consoles.push(console().await?);
    }
    let is_over = Arc::new(AtomicBool::new(false));
    let watch = tokio::spawn({
        let is_over = Arc::clone(&is_over);
        async move {
            let mut most_kib = 0;
            while !is_over.load(Ordering::Relaxed) {
                most_kib = most_kib.max(memory_kib());
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            most_kib
        }
    });
    let begun = Instant::now();
    let channels: Vec<_> = consoles.iter().map(channel).collect::<Result<_, _>>()?;
    let read = futures_util::future::join_all(channels.iter().map(Channel::observe)).await;
    let seconds = begun.elapsed().as_secs_f64();
    is_over.store(true, Ordering::Relaxed);
    let most_kib = watch.await?;
    let whole = read.iter().flatten().filter(|it| it.coverage.is_complete()).count();
    say(&format!(
        "{whole} of {count} instances read whole at once in {seconds:.1} s; at most {} MiB (aim: 4096)",
        most_kib / 1024
    ));
    match whole == count {
        true => Ok(()),
        false => Err("Not every instance was read whole.".into()),
    }
}

/// What this process and all below it hold of memory, shared pages by their share.
fn memory_kib() -> u64 {
    let mut parents: BTreeMap<u32, u32> = BTreeMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(id) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let parent =
            stat.rsplit_once(") ").and_then(|(_, rest)| rest.split(' ').nth(1)?.parse().ok());
        parents.extend(parent.map(|parent| (id, parent)));
    }
    let own = std::process::id();
    let is_ours = |mut id: u32| {
        while id != own && id > 1 {
            id = parents.get(&id).copied().unwrap_or_default();
        }
        id == own
    };
    let of = |id: &u32| -> u64 {
        let text = fs::read_to_string(format!("/proc/{id}/smaps_rollup")).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
        line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default()
    };
    parents.keys().filter(|id| is_ours(**id)).map(of).sum()
}

async fn console() -> Result<Console, Failure> {
    let setup = Setup { page_size: PAGE_SIZE, ..Setup::default() };
    let console = Console::start_with(Brand::Uxpin, setup).await?;
    for number in 1..=MEMBERS {
        let (name, email) =
            (format!("Member {number:03}"), format!("member-{number:03}@example.com"));
        console.seed(&name, &email, "Viewer");
    }
    Ok(console)
}

fn channel(console: &Console) -> Result<BrowserChannel, Failure> {
    let app = Catalog::embedded().app("uxpin").and_then(|app| app.browser.clone());
    let robot = console.robot();
    let settings = BrowserSettings {
        instance: "uxpin".into(),
        app: app.ok_or("The app file of UXPin has no steps for a browser.")?,
        settings: BTreeMap::new(),
        base_url: Some(console.url().to_owned()),
        origins: Vec::new(),
        user: robot.login,
        password: Secret::new(robot.password),
        totp: None,
        session: None,
        allow_private: true,
        verified_domains: Vec::new(),
        deadline: Duration::from_secs(60),
        webdriver: None,
        shape: Vec::new(),
        known: Vec::new(),
    };
    BrowserChannel::new(settings).map_err(|error| error.to_string().into())
}

fn removal() -> Change {
    Change {
        id: ChangeId::default(),
        instance: "uxpin".into(),
        account: Some(LEAVER.into()),
        identity: None,
        label: LEAVER.to_owned(),
        op: Op::Remove,
        expects: Expects { login: LEAVER.to_owned(), state: Some(State::Active) },
        route: Route { channel: "browser".to_owned(), basis: Basis::Probed },
        stage: Stage::Remove,
        reversible: false,
        because: "The benchmark asks for it.".to_owned(),
        heir: None,
        harms: Default::default(),
    }
    .identified()
}

fn median(seconds: &[f64]) -> f64 {
    let mut sorted = seconds.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

fn listed(seconds: &[f64]) -> String {
    seconds.iter().map(|it| format!("{it:.2}")).collect::<Vec<_>>().join(", ")
}
