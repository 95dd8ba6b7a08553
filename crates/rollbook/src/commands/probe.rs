//! `rollbook probe`: what a SCIM server really does.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rollbook_core::explain::{counted, printable};
use rollbook_core::id::InstanceName;
use rollbook_engine::channel::probe::{Answered, Probe, ProbeReport, ProbeSettings};
use rollbook_engine::channel::scim::ScimSettings;
use rollbook_engine::progress::Progress;
use rollbook_engine::secret::SecretSource;
use rollbook_engine::{Error, Probed, ProbedFact, Result};
use rollbook_scim::probe::{Grade, Sandbox};
use serde_json::json;

use crate::bars::Bars;
use crate::exit::Exit;
use crate::screen::{Cell, Screen, Tone};
use crate::session::Session;

/// Ask a SCIM server what it really does, and hold that against the RFCs
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rollbook probe wiki            an instance of this workspace; what is found stays in the book
  rollbook probe wiki --show     what the last probe found, and where the app's file says otherwise
  rollbook probe --scim https://acme.example.com/scim/v2 --token-env ACME_TOKEN
                                 any SCIM server; needs no workspace and only reads
  rollbook probe --scim http://127.0.0.1:8080/v2 --token-file token --allow-private
                                 a server on this machine
  rollbook probe --scim https://acme.example.com/scim/v2 --token-env ACME_TOKEN \\
      --sandbox-user rollbook-probe@acme.example --sandbox-group 'Rollbook probe'
                                 writes too, but only to this account and this group

Without --sandbox-user nothing is written. With it an account of that login is made, tried and
removed again; if there is one already it is changed and put back, and never removed. A deviation
is no failure: the command ends with 0 when everything that was due was asked.")]
pub(crate) struct Args {
    /// An instance of this workspace that is reached over SCIM
    #[arg(required_unless_present = "scim", conflicts_with_all = ["scim", "token_env", "token_file"])]
    instance: Option<String>,
    /// Show what the last probe of the instance found, without asking it
    #[arg(long, requires = "instance", conflicts_with_all = ["sandbox_user", "sandbox_group"])]
    show: bool,
    /// The base URL of any SCIM server, without /Users; needs no workspace
    #[arg(long, value_name = "URL")]
    scim: Option<String>,
    /// The environment variable that holds the bearer token
    #[arg(long, value_name = "NAME", conflicts_with = "token_file")]
    token_env: Option<String>,
    /// A file with the bearer token, readable by you alone
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// The server may be on this machine or in a private network, and may speak plain http there
    #[arg(long)]
    allow_private: bool,
    /// Write too, but only to the account of this login
    #[arg(long, value_name = "LOGIN")]
    sandbox_user: Option<String>,
    /// Make, try and remove a group of this name too
    #[arg(long, value_name = "NAME", requires = "sandbox_user")]
    sandbox_group: Option<String>,
    /// How long to wait for a change to be seen, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=600))]
    settles_within: u64,
    /// How many requests to send in any second at most
    #[arg(long, value_name = "NUMBER", default_value_t = 10)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1000))]
    requests_per_second: u32,
}

/// The columns of what was found.
const HEADERS: [&str; 3] = ["Question", "Verdict", "What the server does"];

/// Probes, and prints what was found.
pub(crate) fn run(session: &Session, args: &Args) -> Result<Exit> {
    match (&args.instance, &args.scim) {
        (Some(instance), _) if args.show => show(session, &instance.as_str().into()),
        (Some(instance), _) => of_workspace(session, &instance.as_str().into(), args),
        (None, Some(url)) => anywhere(session, url, args),
        (None, None) => Err(Error::input("It is not said what to probe.")),
    }
}

/// Any server, without a workspace.
fn anywhere(session: &Session, url: &str, args: &Args) -> Result<Exit> {
    let probe = Probe::new(settings(url, args)?).map_err(of_the_command)?;
    let told = Told { bars: session.bars(), is_json: session.screen().is_json() };
    let asked = until_stopped(async |stop: &AtomicBool| probe.run(&told, stop).await);
    let report = session.wait(asked).map_err(of_the_command)?;
    print(session.screen(), url, &report);
    Ok(exit(&report))
}

/// An instance of the workspace; what is found is kept.
fn of_workspace(session: &Session, name: &InstanceName, args: &Args) -> Result<Exit> {
    let (engine, by, sandbox) = (session.open()?, session.by()?, sandbox(args)?);
    let told = Told { bars: session.bars(), is_json: session.screen().is_json() };
    let settles_within = Duration::from_secs(args.settles_within);
    let asked = until_stopped(async |stop: &AtomicBool| {
        engine.probe(name, sandbox.clone(), settles_within, &by, &told, stop).await
    });
    let report = session.wait(asked)?;
    print(session.screen(), name.as_str(), &report);
    let probed = engine.probed(name)?;
    let contradicted = probed.is_some_and(|probed| contradictions(session.screen(), &probed));
    Ok(exit(&report).and(if contradicted { Exit::Contradicted } else { Exit::Ok }))
}

/// What the last probe found.
fn show(session: &Session, name: &InstanceName) -> Result<Exit> {
    let (engine, screen) = (session.open_beside()?, session.screen());
    let Some(probed) = engine.probed(name)? else {
        return Err(Error::input(format!("The instance {name} was never probed."))
            .hint(format!("Run `rollbook probe {name}`.")));
    };
    if screen.is_json() {
        probed.facts.iter().for_each(|fact| screen.json(fact));
        probed.earlier.iter().for_each(|earlier| screen.json(earlier));
    } else {
        let at = probed.at.strftime("%Y-%m-%d %H:%M UTC");
        screen.line(format!("Probed on {at}, asked for by {}.", probed.by));
        let row = |fact: &ProbedFact| {
            let grade = Grade::named(&fact.verdict).unwrap_or(Grade::Unknown);
            let verdict = Cell::toned(grade.word(), tone(grade));
            vec![Cell::from(fact.question.clone()), verdict, Cell::from(fact.says.clone())]
        };
        screen.table(&HEADERS, probed.facts.iter().map(row).collect());
        if !probed.earlier.is_empty() {
            screen.heading("Found out by earlier probes, and not asked again");
            screen.table(&HEADERS, probed.earlier.iter().map(|it| row(&it.fact)).collect());
        }
    }
    let contradicted = contradictions(screen, &probed);
    Ok(if contradicted { Exit::Contradicted } else { Exit::Ok })
}

/// Prints where the app's file says otherwise; whether it does anywhere.
fn contradictions(screen: &Screen, probed: &Probed) -> bool {
    for it in &probed.contradictions {
        if screen.is_json() {
            screen.json(&json!({"contradicts": it.key, "stated": it.stated, "seen": it.seen}));
        } else {
            let said = format!("The app's file says {} = {}. Seen: {}", it.key, it.stated, it.seen);
            screen.paragraph(Tone::Bad, &said);
        }
    }
    !probed.contradictions.is_empty()
}

fn exit(report: &ProbeReport) -> Exit {
    match report {
        ProbeReport { left, .. } if !left.is_empty() => Exit::Uncertain,
        ProbeReport { cut_short: Some(_), .. } => Exit::Vendor,
        _ => Exit::Ok,
    }
}

/// Probes until the end or until somebody presses Ctrl-C; a second time ends the process as usual.
async fn until_stopped(
    probe: impl AsyncFnOnce(&AtomicBool) -> Result<ProbeReport>,
) -> Result<ProbeReport> {
    let stop = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&stop);
    let listener = tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            asked.store(true, Ordering::Relaxed);
        }
        if tokio::signal::ctrl_c().await.is_ok() {
            std::process::exit(130);
        }
    });
    let report = probe(&stop).await;
    listener.abort();
    report
}

fn settings(url: &str, args: &Args) -> Result<ProbeSettings> {
    let source = match (&args.token_env, &args.token_file) {
        (Some(env), _) => SecretSource::Env { env: env.clone() },
        (None, Some(file)) => SecretSource::File { file: file.clone() },
        (None, None) => {
            return Err(Error::input("It is not said where the bearer token of the server lies.")
                .hint(
                    "Name a variable with `--token-env NAME`, or a file with `--token-file FILE`.",
                ));
        }
    };
    let token = source.load(Path::new("."))?;
    let scim = ScimSettings {
        allow_private: args.allow_private,
        requests_per_second_max: Some(args.requests_per_second),
        ..ScimSettings::new(server_name(url).as_str().into(), url, token)
    };
    Ok(ProbeSettings {
        scim,
        sandbox: sandbox(args)?,
        settles_within: Duration::from_secs(args.settles_within),
    })
}

fn sandbox(args: &Args) -> Result<Option<Sandbox>> {
    let Some(login) = &args.sandbox_user else { return Ok(None) };
    let named = [Some(login), args.sandbox_group.as_ref()];
    if named.into_iter().flatten().any(|name| name.trim().is_empty()) {
        return Err(Error::input("A sandbox account or group needs a name."));
    }
    Ok(Some(Sandbox { login: login.clone(), group: args.sandbox_group.clone() }))
}

/// Host and port, for messages.
fn server_name(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    host.rsplit('@').next().unwrap_or(host).to_owned()
}

/// An error as this command can help with it, which has no rollbook.toml.
fn of_the_command(mut error: Error) -> Error {
    for hint in &mut error.hints {
        *hint = hint
            .replace("set `allow_private = true`", "add `--allow-private`")
            .replace("`base_url`: it is", "the URL: it is");
    }
    error
}

/// Progress whose sentences are always told, because what is about to be made must not be lost.
struct Told {
    bars: Bars,
    is_json: bool,
}

impl Progress for Told {
    fn begin(&self, what: &str, total: Option<u64>) {
        self.bars.begin(what, total);
    }

    fn advance(&self, by: u64) {
        self.bars.advance(by);
    }

    fn say(&self, sentence: &str) {
        if self.bars.is_visible() {
            self.bars.say(&printable(sentence));
            return;
        }
        let line = match self.is_json {
            true => json!({ "note": sentence }).to_string(),
            false => printable(sentence),
        };
        // Where standard error is closed there is nobody left to tell.
        let _ = writeln!(std::io::stderr(), "{line}");
    }

    fn end(&self) {
        self.bars.end();
    }
}

fn print(screen: &Screen, url: &str, report: &ProbeReport) {
    if screen.is_json() {
        report.answers.iter().for_each(|answered| screen.json(&line(answered)));
        screen.json(&json!({
            "probed": url,
            "requests": report.requests,
            "restored": report.restored.as_ref().map(|it| json!({ "differs": it.differs })),
            "left": report.left,
            "cut_short": report.cut_short,
        }));
        return;
    }
    let row = |answered: &Answered| {
        let grade = answered.verdict.grade;
        vec![
            Cell::from(answered.question.key),
            Cell::toned(grade.word(), tone(grade)),
            Cell::from(answered.verdict.says.clone()),
        ]
    };
    let rows = report.answers.iter().map(row).collect();
    screen.table(&HEADERS, rows);
    let deviations: Vec<&Answered> =
        report.answers.iter().filter(|it| it.verdict.grade == Grade::Deviates).collect();
    if !deviations.is_empty() {
        screen.heading("Why the deviations matter");
        for answered in deviations {
            let question = answered.question;
            screen.toned(Tone::Strong, format!("{} ({})", question.key, question.rfc));
            screen.paragraph(Tone::Plain, &format!("{} {}", question.asks, answered.verdict.says));
            screen.paragraph(Tone::Dim, question.matters);
        }
    }
    screen.line("");
    closing(screen, report);
}

fn closing(screen: &Screen, report: &ProbeReport) {
    let count = |grade: Grade| report.answers.iter().filter(|it| it.verdict.grade == grade).count();
    let requests = usize::try_from(report.requests).unwrap_or(usize::MAX);
    screen.line(format!(
        "{} in {}: {} conform, {} deviate, {} absent, {} noted, {} unknown.",
        counted(report.answers.len(), "question"),
        counted(requests, "request"),
        count(Grade::Conforms),
        count(Grade::Deviates),
        count(Grade::Absent),
        count(Grade::Noted),
        count(Grade::Unknown),
    ));
    match &report.restored {
        Some(it) if it.differs.is_empty() => {
            screen.line("The sandbox account was there before. It is again as it was.");
        }
        Some(it) => screen.toned(
            Tone::Bad,
            format!(
                "The sandbox account was there before and is not as it was: {} differ.",
                it.differs.join(", ")
            ),
        ),
        None => {}
    }
    for sentence in report.left.iter().chain(&report.cut_short) {
        screen.toned(Tone::Bad, sentence);
    }
}

fn tone(grade: Grade) -> Tone {
    match grade {
        Grade::Conforms => Tone::Good,
        Grade::Deviates => Tone::Bad,
        Grade::Absent | Grade::Noted => Tone::Plain,
        Grade::Unknown => Tone::Warn,
    }
}

fn line(answered: &Answered) -> serde_json::Value {
    let (question, verdict) = (answered.question, &answered.verdict);
    json!({
        "question": question.key,
        "asks": question.asks,
        "rfc": question.rfc,
        "matters": question.matters,
        "verdict": verdict.grade.word(),
        "value": verdict.value,
        "says": verdict.says,
        "receipts": answered.receipts,
    })
}
