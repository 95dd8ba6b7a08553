//! The conversation of a probe: sends what the questions ask, and hears the answers.
//!
//! What to ask and what an answer proves is decided in [`rollbook_scim::probe`]. Here it is sent, at
//! a modest pace, and repeated where a question waits for something. No write is sent that the
//! sandbox does not permit, each creation is told before it is sent, and however a probe ends, what
//! it made is removed again or named.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reqwest::Method;
use rollbook_core::step::Receipt;
use rollbook_scim::probe::{
    Access, Ask, Content, Heard, Kind, Known, Made, Needs, Question, Reply, Sandbox, Verdict,
    differences, questions, removals, restoration,
};
use rollbook_scim::{json, probe};
use tokio::time::Instant;

use super::answer::Said;
use super::http::{Answer, Call, Http, HttpSettings, Lost, bearer};
use super::pace::Pace;
use super::scim::{self, ScimSettings};
use crate::clock::Clock;
use crate::error::Result;
use crate::progress::Progress;
use crate::secret::Secret;

/// So many requests without any answer end a probe.
const SILENCES_MAX: u32 = 3;

/// A server that asks us to wait is asked again so often.
const TRIES_MAX: u32 = 4;

/// Between two looks for something that is not there yet: the first wait and the longest.
const LOOK_WAITS: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(2)];

/// A token that nobody gave out.
const NO_TOKEN: &str = "rollbook-probe-not-a-token";

/// What is probed, and what may be written to.
#[derive(Clone, Debug)]
pub struct ProbeSettings {
    /// How the server is reached.
    pub scim: ScimSettings,
    /// What may be written to; `None`: nothing.
    pub sandbox: Option<Sandbox>,
    /// How long is waited for something that was done to be seen.
    pub settles_within: Duration,
}

/// One question with its answer.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The question.
    pub question: &'static Question,
    /// What the answers prove.
    pub verdict: Verdict,
    /// Digests of what was sent and what came back.
    pub receipts: Vec<Receipt>,
}

/// What became of an account that was there before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Restored {
    /// The attributes in which it still differs from what it was; empty: it is as it was.
    pub differs: Vec<String>,
}

/// What a probe found.
#[derive(Clone, Debug, Default)]
pub struct ProbeReport {
    /// Every question that was due, in order.
    pub answers: Vec<Answered>,
    /// What became of a sandbox account that was there before.
    pub restored: Option<Restored>,
    /// What the probe made and could not remove, each a sentence.
    pub left: Vec<String>,
    /// Why it ended before its end, as a sentence.
    pub cut_short: Option<String>,
    /// How many requests were sent.
    pub requests: u64,
}

/// A probe of one server.
#[derive(Debug)]
pub struct Probe {
    settings: ProbeSettings,
    own: Http,
    wrong: Http,
    none: Http,
    pace: Arc<Pace>,
}

/// Where a probe stands.
struct Standing<'a> {
    known: Known,
    report: ProbeReport,
    receipts: Vec<Receipt>,
    silences: u32,
    stop: &'a AtomicBool,
}

impl Probe {
    /// Judges the settings; nothing is sent.
    ///
    /// # Errors
    /// [`crate::error::Kind::Setup`] when the base URL or the token cannot be used.
    pub fn new(settings: ProbeSettings) -> Result<Self> {
        let reached = &settings.scim;
        let http = HttpSettings {
            instance: reached.instance.clone(),
            base_url: reached.base_url.clone(),
            headers: vec![bearer(&reached.token)],
            secrets: vec![reached.token.clone()],
            allow_private: reached.allow_private,
            accept: scim::ACCEPT,
            media: scim::MEDIA,
            connect_deadline: reached.connect_deadline,
            deadline: reached.deadline,
            body_bytes_max: reached.body_bytes_max,
            keeps_connections: false,
        };
        let wrong = HttpSettings { headers: vec![bearer(&Secret::new(NO_TOKEN))], ..http.clone() };
        let none = HttpSettings { headers: Vec::new(), ..http.clone() };
        Ok(Self {
            own: Http::new(&http)?,
            wrong: Http::new(&wrong)?,
            none: Http::new(&none)?,
            pace: reached.shared_pace(),
            settings,
        })
    }

    /// Asks every question that may be asked, until the end or until `stop` is set. Then whatever it
    /// made is removed.
    ///
    /// # Errors
    /// When the server cannot be reached, refuses the token or is no SCIM server.
    pub async fn run(&self, progress: &dyn Progress, stop: &AtomicBool) -> Result<ProbeReport> {
        self.knock().await?;
        let sandbox = self.settings.sandbox.clone();
        let may_group = sandbox.as_ref().is_some_and(|sandbox| sandbox.group.is_some());
        let is_due = |question: &&Question| match question.needs {
            Needs::Nothing => true,
            Needs::User => sandbox.is_some(),
            Needs::Group => may_group,
        };
        let due: Vec<&'static Question> = questions().filter(is_due).collect();
        let known = Known { sandbox: sandbox.clone(), ..Known::default() };
        let report = ProbeReport::default();
        let mut standing = Standing { known, report, receipts: Vec::new(), silences: 0, stop };
        progress.begin("asking", Some(due.len() as u64));
        for question in due {
            let answered = self.ask(question, &mut standing, progress).await;
            standing.report.answers.push(answered);
            progress.advance(1);
        }
        progress.end();
        self.tidy_up(&mut standing, progress).await;
        standing.report.requests = self.pace.taken();
        Ok(standing.report)
    }

    /// Whether there is a SCIM server that lets us in.
    async fn knock(&self) -> Result<()> {
        let call = Call::get(&["Users"]).query("count", "1");
        let now = Clock::System.now();
        let said = match self.own.send(&call).await {
            Ok(answer) => Said::judge(&answer, now),
            Err(lost) => Said::Lost(lost),
        };
        match said {
            Said::Fine(Some(_)) => Ok(()),
            said => Err(said.into_error(self.settings.scim.instance.as_str(), now)),
        }
    }

    async fn ask(
        &self,
        question: &'static Question,
        standing: &mut Standing<'_>,
        progress: &dyn Progress,
    ) -> Answered {
        standing.receipts.clear();
        let mut heard = Vec::new();
        let verdict = loop {
            if let Some(why) = standing.is_over() {
                break Verdict::unknown(why);
            }
            let ask = match (question.next)(&standing.known, &heard) {
                Ok(Some(ask)) => ask,
                Ok(None) => break question.conclude(&mut standing.known, &heard),
                // What was heard so far may still teach something.
                Err(_) if !heard.is_empty() => {
                    break question.conclude(&mut standing.known, &heard);
                }
                Err(why) => break Verdict::unknown(why),
            };
            if !standing.known.permits(&ask) {
                break Verdict::unknown(format!("`{ask}` would write outside of the sandbox."));
            }
            heard.push(self.hear(&ask, standing, progress).await);
        };
        Answered { question, verdict, receipts: std::mem::take(&mut standing.receipts) }
    }

    /// Sends one request; again and again where it waits for something.
    async fn hear(&self, ask: &Ask, standing: &mut Standing<'_>, progress: &dyn Progress) -> Heard {
        if let Some(sentence) = foretold(ask, &standing.known) {
            progress.say(&sentence);
        }
        let begun = Instant::now();
        let (mut tries, mut wait) = (0, LOOK_WAITS[0]);
        loop {
            tries += 1;
            let reply = self.exchange(ask, standing).await;
            let elapsed = begun.elapsed();
            let Some(until) = &ask.until else {
                return Heard { reply, settled_ms: None, tries };
            };
            if reply.as_ref().is_ok_and(|reply| until.is_shown(reply)) {
                let settled_ms = u64::try_from(elapsed.as_millis()).ok();
                return Heard { reply, settled_ms, tries };
            }
            if elapsed + wait > self.settings.settles_within || standing.is_over().is_some() {
                return Heard { reply, settled_ms: None, tries };
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(LOOK_WAITS[1]);
        }
    }

    /// Sends one request, and again if the server asks us to wait for a bearable time.
    async fn exchange(&self, ask: &Ask, standing: &mut Standing<'_>) -> Result<Reply, String> {
        let http = match ask.access {
            Access::Own => &self.own,
            Access::Wrong => &self.wrong,
            Access::None => &self.none,
        };
        let call = call_of(ask);
        for attempt in 1.. {
            let patience = self.settings.scim.patience;
            let turn = match self.pace.turn(patience).await {
                Ok(turn) => turn,
                Err(wait) => {
                    return Err(format!("the server asks us to wait {} s", wait.as_secs()));
                }
            };
            let answer = match http.send(&call).await {
                Ok(answer) => answer,
                Err(lost) => return Err(standing.lost(ask, lost)),
            };
            standing.silences = 0;
            let now = Clock::System.now();
            let said = Said::judge(&answer, now);
            let is_throttled = matches!(said, Said::Throttled { .. });
            turn.hear(said.heard(answer.status, answer.rate.is_spent()), answer.rate.quota(now));
            standing.receipts.push(answer.receipt.clone());
            let reply = reply_of(answer);
            standing.known.notice(ask, &reply);
            if !is_throttled {
                return Ok(reply);
            }
            standing.known.throttled += 1;
            if attempt == TRIES_MAX {
                break;
            }
        }
        Err("the server asked us again and again to wait".to_owned())
    }

    /// Removes what was made and puts back what was there, whatever happened before.
    async fn tidy_up(&self, standing: &mut Standing<'_>, progress: &dyn Progress) {
        // What ended the questions must not keep us from this.
        let never = AtomicBool::new(false);
        standing.report.cut_short = standing.is_over();
        let mut last = Standing {
            known: standing.known.clone(),
            report: ProbeReport::default(),
            receipts: Vec::new(),
            silences: 0,
            stop: &never,
        };
        for (made, asks) in removals(last.known.made.clone()) {
            progress.say(&format!("Removing the {} with id {}.", made.kind.word(), made.id));
            for ask in &asks {
                if last.known.permits(ask) {
                    self.hear(ask, &mut last, progress).await;
                }
            }
        }
        if let Some(asks) = restoration(&last.known) {
            for ask in &asks {
                if last.known.permits(ask) {
                    self.hear(ask, &mut last, progress).await;
                }
            }
        }
        standing.report.restored = restored(&last.known);
        standing.report.left = left(&last.known);
        standing.known = last.known;
    }
}

impl Standing<'_> {
    /// Why no more is asked, as a sentence.
    fn is_over(&self) -> Option<String> {
        if self.stop.load(Ordering::Relaxed) {
            return Some("The probe was told to stop.".to_owned());
        }
        (self.silences >= SILENCES_MAX).then(|| "The server does not answer any more.".to_owned())
    }

    fn lost(&mut self, ask: &Ask, lost: Lost) -> String {
        self.silences += 1;
        if !lost.never_sent {
            self.known.notice_lost(ask);
        }
        lost.why
    }
}

/// What is told before a request is sent that makes something or changes what others made, so that
/// somebody can clean up if this process dies.
fn foretold(ask: &Ask, known: &Known) -> Option<String> {
    let sandbox = known.sandbox.as_ref()?;
    let path: Vec<&str> = ask.path.iter().map(String::as_str).collect();
    match (ask.method, path.as_slice()) {
        (probe::Method::Post, ["Users"]) => {
            let again = if known.user.is_some() { " again, to see what happens" } else { "" };
            Some(format!(
                "Making the account `{}`{again}. If this is cut off, remove it there.",
                sandbox.login
            ))
        }
        (probe::Method::Post, ["Groups"]) => Some(format!(
            "Making the group `{}`. If this is cut off, remove it there.",
            sandbox.group.as_deref().unwrap_or_default()
        )),
        (probe::Method::Patch | probe::Method::Put, ["Users", id]) => {
            let before = known.before.as_ref()?;
            let is_first = known.found.keys().all(|key| !key.starts_with("patch."));
            let active = rollbook_scim::read::boolean_of(before, "active");
            let active = active.map_or("not said".to_owned(), |active| active.to_string());
            is_first.then(|| {
                format!(
                    "The account `{}` (id {id}) was there before. It is changed now and put back \
                     at the end; before, `active` was {active}.",
                    sandbox.login
                )
            })
        }
        _ => None,
    }
}

fn restored(known: &Known) -> Option<Restored> {
    let before = known.before.as_ref()?;
    let seen = known.seen.as_ref()?;
    Some(Restored { differs: differences(before, seen) })
}

/// What is still there of what was made, each a sentence.
fn left(known: &Known) -> Vec<String> {
    let Some(sandbox) = &known.sandbox else { return Vec::new() };
    let name = |kind: Kind| match kind {
        Kind::User => sandbox.login.as_str(),
        Kind::Group => sandbox.group.as_deref().unwrap_or_default(),
    };
    let sentence = |made: &Made| {
        let (word, name) = (made.kind.word(), name(made.kind));
        let asked = known.removing.contains(made);
        match (made.id.as_str(), asked) {
            ("", _) => format!(
                "Perhaps the {word} `{name}` was made; the server did not tell its id. Look for it."
            ),
            (id, true) => format!(
                "The {word} `{name}` (id {id}) was to be removed, and the server still shows it."
            ),
            (id, false) => format!("The {word} `{name}` (id {id}) is still there. Remove it."),
        }
    };
    let made: BTreeSet<&Made> = known.made.iter().collect();
    made.into_iter().map(sentence).collect()
}

fn call_of(ask: &Ask) -> Call {
    let method = match ask.method {
        probe::Method::Get => Method::GET,
        probe::Method::Post => Method::POST,
        probe::Method::Put => Method::PUT,
        probe::Method::Patch => Method::PATCH,
        probe::Method::Delete => Method::DELETE,
    };
    let segments: Vec<&str> = ask.path.iter().map(String::as_str).collect();
    let mut call = Call::new(method, &segments)
        .if_match(ask.if_match.clone())
        .if_none_match(ask.if_none_match.clone());
    for (name, value) in &ask.query {
        call = call.query(*name, value.clone());
    }
    match &ask.body {
        Some(body) => call.body(body.clone()),
        None => call,
    }
}

fn reply_of(answer: Answer) -> Reply {
    let content = match answer.body.iter().all(u8::is_ascii_whitespace) {
        true => Content::Nothing,
        false => match json::read(&answer.body) {
            Ok(value) => Content::Json(value),
            Err(_) if super::answer::is_html(&answer.body) => Content::Other("an HTML page".into()),
            Err(cause) => Content::Other(format!("no JSON ({})", cause.detail())),
        },
    };
    Reply { status: answer.status, headers: answer.headers, content }
}
