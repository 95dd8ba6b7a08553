//! `rollbook lifecycle`: who leaves, how far it is with them, and the plan of what is due.

use jiff::civil::Date;
use rollbook_core::leaving::{Leaver, MarkKind, Phase, Stand, State};
use rollbook_engine::{Error, Result, asking};
use serde_json::json;

use super::plan;
use crate::exit::Exit;
use crate::screen::{Cell, Tone};
use crate::session::Session;

/// Show how far it is with those who leave, and plan what is due
#[derive(Debug, clap::Args)]
#[command(
    arg_required_else_help = true,
    after_help = "\
Examples:
  rollbook lifecycle list
  rollbook lifecycle show 'Ana Diaz'
  rollbook lifecycle plan                       one plan of everything that is due, to be approved
  rollbook lifecycle mark 'Ana Diaz' immediate --reason 'Dismissed at noon'
  rollbook lifecycle mark 'Ana Diaz' legal-hold --reason 'Case 2026-14'
  rollbook lifecycle end 'Ana Diaz' legal-hold

Whoever is done is closed: every account was seen closed after the cutoff or somebody answers for it
until a day (`rollbook findings`), and nothing hangs on them any more. When what is due is said in
[policy.leaver] of rollbook.toml."
)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// List those who leave soon, have left or are away
    List {
        /// Those too with whom all is done
        #[arg(long)]
        all: bool,
    },
    /// Show one person: accounts, what hangs on them, what is due when
    Show {
        /// A name, worker number, address or login
        person: String,
    },
    /// Plan whatever is due and a plan can do
    Plan {
        /// Of this person only
        person: Option<String>,
    },
    /// Say what no source can know
    Mark {
        /// About whom
        person: String,
        /// What holds
        #[arg(value_enum)]
        kind: Kind,
        /// Why; an auditor will read it
        #[arg(long)]
        reason: String,
        /// The first day on which it no longer holds; left out: until it is ended
        #[arg(long, value_name = "DATE")]
        until: Option<Date>,
    },
    /// End what was said
    End {
        /// About whom
        person: String,
        /// What was said
        #[arg(value_enum)]
        kind: Kind,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Kind {
    /// They leave at once, whatever the source says
    Immediate,
    /// Nothing of theirs may be removed or handed over
    LegalHold,
    /// They are away for a time and come back
    Leave,
}

impl From<Kind> for MarkKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Immediate => Self::Immediate,
            Kind::LegalHold => Self::LegalHold,
            Kind::Leave => Self::Leave,
        }
    }
}

/// Lists, shows, plans, marks.
pub(crate) fn run(session: &Session, args: &Args) -> Result<Exit> {
    match &args.what {
        What::List { all } => list(session, *all),
        What::Show { person } => show(session, person),
        What::Plan { person } => make_plan(session, person.as_deref()),
        What::Mark { person, kind, reason, until } => {
            let engine = session.open_beside()?;
            let who = asking::person(&engine.graph()?, person)?;
            let mark = engine.mark_leaver(&who, (*kind).into(), *until, &session.by()?, reason)?;
            match session.screen().is_json() {
                true => session.screen().json(&mark),
                false => session.screen().toned(Tone::Good, "It holds from now on."),
            }
            Ok(Exit::Ok)
        }
        What::End { person, kind } => {
            let engine = session.open_beside()?;
            let who = asking::person(&engine.graph()?, person)?;
            engine.end_mark(&who, (*kind).into(), &session.by()?)?;
            match session.screen().is_json() {
                true => session.screen().json(&json!({"ended": who})),
                false => session.screen().toned(Tone::Good, "It holds no more."),
            }
            Ok(Exit::Ok)
        }
    }
}

fn list(session: &Session, all: bool) -> Result<Exit> {
    let mut leavers = session.open_beside()?.leavers()?;
    leavers.retain(|leaver| all || leaver.phase != Phase::Closed);
    let screen = session.screen();
    if screen.is_json() {
        leavers.iter().for_each(|leaver| screen.json(leaver));
        return Ok(Exit::Ok);
    }
    if leavers.is_empty() {
        screen.line("Nobody leaves soon, and with everybody who left all is done.");
        return Ok(Exit::Ok);
    }
    let heads = ["Person", "Phase", "Cutoff (UTC)", "Accounts", "Unsettled", "Hanging", "Due"];
    screen.table(&heads, leavers.iter().map(row).collect());
    Ok(Exit::Ok)
}

fn row(leaver: &Leaver) -> Vec<Cell> {
    let unsettled = leaver.accounts.iter().filter(|one| !one.stand.is_settled()).count();
    let due = leaver.duties.iter().filter(|one| one.state == State::Due);
    let due: Vec<&str> = due.map(|one| one.duty.word()).collect();
    vec![
        Cell::toned(leaver.name.as_str(), Tone::Strong),
        Cell::toned(leaver.phase.word(), tone_of(leaver.phase)),
        leaver.cutoff.strftime("%Y-%m-%d %H:%M").to_string().into(),
        leaver.accounts.len().to_string().into(),
        unsettled.to_string().into(),
        leaver.hanging.len().to_string().into(),
        due.join(", ").into(),
    ]
}

fn tone_of(phase: Phase) -> Tone {
    match phase {
        Phase::Cutoff => Tone::Bad,
        Phase::Handover | Phase::Release => Tone::Warn,
        Phase::Closed => Tone::Good,
        Phase::OnLeave | Phase::Notice | Phase::Sweep => Tone::Plain,
    }
}

fn show(session: &Session, person: &str) -> Result<Exit> {
    let engine = session.open_beside()?;
    let who = asking::person(&engine.graph()?, person)?;
    let leaver = engine.leavers()?.into_iter().find(|leaver| leaver.identity == who);
    let leaver = leaver.ok_or_else(|| {
        Error::input(format!("{person} does not leave, as far as the sources say."))
            .hint("`rollbook lifecycle mark PERSON immediate` says so where no source can.")
    })?;
    let screen = session.screen();
    if screen.is_json() {
        screen.json(&leaver);
        return Ok(Exit::Ok);
    }
    screen.parts(&[
        (Tone::Strong, &leaver.name),
        (Tone::Plain, ": "),
        (tone_of(leaver.phase), leaver.phase.word()),
    ]);
    screen.line(format!(
        "Cutoff {} (UTC), meant in {}. Last day: {}.",
        leaver.cutoff.strftime("%Y-%m-%d %H:%M"),
        leaver.zone,
        leaver.last_day.map_or_else(|| "no source says".to_owned(), |day| day.to_string()),
    ));
    for mark in &leaver.marks {
        let until = mark.until.map_or_else(String::new, |day| format!(" until {day}"));
        let kind = mark.kind.word().replace('_', " ");
        screen.toned(Tone::Warn, format!("{kind}{until}, said {}: {}", mark.by, mark.reason));
    }
    print_accounts(session, &leaver);
    for one in &leaver.hanging {
        screen.toned(Tone::Warn, format!("Hanging on them: {}. {}", one.what, one.to_do));
    }
    print_duties(session, &leaver);
    Ok(Exit::Ok)
}

fn print_accounts(session: &Session, leaver: &Leaver) {
    let screen = session.screen();
    screen.heading("Accounts");
    screen.table(
        &["Account", "Login", "State", "Seat", "Stand"],
        leaver
            .accounts
            .iter()
            .map(|one| {
                let stand = match &one.stand {
                    Stand::Closed { seen_at } => {
                        format!("seen closed {}", seen_at.strftime("%Y-%m-%d %H:%M"))
                    }
                    Stand::Excepted { exception: e } => {
                        format!("{} answers until {}: {}", e.owner, e.until, e.reason)
                    }
                    Stand::Unproven { why } => why.clone(),
                    Stand::Open => "it lets somebody in".to_owned(),
                    Stand::MayBeTheirs => "it may be theirs; a person must say".to_owned(),
                };
                let tone = if one.stand.is_settled() { Tone::Good } else { Tone::Bad };
                vec![
                    one.account.to_string().into(),
                    one.login.as_str().into(),
                    one.state.word().into(),
                    one.seat.as_str().into(),
                    Cell::toned(stand, tone),
                ]
            })
            .collect(),
    );
}

fn print_duties(session: &Session, leaver: &Leaver) {
    let screen = session.screen();
    screen.heading("What is due");
    let rows = leaver.duties.iter().map(|one| {
        vec![
            one.due.strftime("%Y-%m-%d %H:%M").to_string().into(),
            one.duty.word().into(),
            one.state.word().into(),
            one.because.as_str().into(),
        ]
    });
    screen.table(&["From (UTC)", "What", "State", ""], rows.collect());
}

fn make_plan(session: &Session, person: Option<&str>) -> Result<Exit> {
    let engine = session.open_beside()?;
    let who = match person {
        Some(person) => Some(asking::person(&engine.graph()?, person)?),
        None => None,
    };
    let proposal = engine.plan_leavers(who.as_ref(), &session.by()?)?;
    plan::show(session, &proposal);
    if !proposal.plan.is_empty() && !session.screen().is_json() {
        plan::next_commands(session, &proposal);
    }
    Ok(Exit::Ok)
}
