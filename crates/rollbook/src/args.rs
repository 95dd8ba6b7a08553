//! What can be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use jiff::civil::Date;
use rollbook_engine::Result;

use crate::commands::{
    accounts, apply, approve, apps, backup, completions, demo, erase, exit_codes, findings, guide,
    hold, identities, init, lifecycle, links, mcp, member, node, offboard, pack, plan, policy,
    probe, recipe, restore, run, scan, schedule, serve, sync, task, token, verify, work,
};
use crate::exit::Exit;
use crate::screen::When;
use crate::session::Session;

/// Who works here, who has which account, and the proof of what was done about it.
#[derive(Debug, Parser)]
#[command(
    name = "rollbook",
    version,
    max_term_width = 100,
    after_help = "\
The main job, from nothing to proof:
  rollbook init acme            make a workspace, then fill in acme/rollbook.toml
  rollbook sync                 read sources and apps, link accounts to people
  rollbook findings             what is wrong, worst first
  rollbook offboard 'Ana Diaz'  close everything that somebody has, with approval
  rollbook pack 'Ana Diaz'      the proof, as a folder for auditors

See all of it at work on a made-up company with `rollbook demo`.
What the exit codes mean: `rollbook help exit-codes`."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Global {
    /// The workspace folder, or ROLLBOOK_WORKSPACE; else the nearest one from here upwards
    #[arg(long, short = 'w', global = true, value_name = "DIR", env = "ROLLBOOK_WORKSPACE")]
    #[arg(hide_env = true)]
    pub(crate) workspace: Option<PathBuf>,
    /// Print JSON lines for programs
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Look at the book as if it were this day, e.g. 2026-11-21; what is done bears the true time
    #[arg(long, global = true, value_name = "DATE")]
    pub(crate) today: Option<Date>,
    /// Who you are, or ROLLBOOK_BY; else the name of the system's user
    #[arg(long, global = true, value_name = "NAME", env = "ROLLBOOK_BY", hide_env = true)]
    pub(crate) by: Option<String>,
    /// Colour: auto (on a terminal, unless NO_COLOR is set), always or never
    #[arg(long, global = true, value_name = "WHEN", default_value_t, value_enum)]
    #[arg(hide_possible_values = true, hide_default_value = true)]
    pub(crate) color: When,
    /// Print the causes of an error too
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

/// The commands, in the order in which they are needed.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Init(init::Args),
    Sync(sync::Args),
    Identities(identities::Args),
    Accounts(accounts::Args),
    Links(links::Args),
    Findings(findings::Args),
    Scan(scan::Args),
    Plan(plan::Args),
    Policy(policy::Args),
    Approve(approve::Args),
    Apply(apply::Args),
    Run(run::Args),
    Task(task::Args),
    Offboard(offboard::Args),
    Lifecycle(lifecycle::Args),
    Pack(pack::Args),
    Verify(verify::Args),
    Erase(erase::Args),
    Backup(backup::Args),
    Restore(restore::Args),
    Hold(hold::Args),
    Apps(apps::Args),
    Guide(guide::Args),
    Probe(probe::Args),
    Recipe(recipe::Args),
    Token(token::Args),
    Member(member::Args),
    Schedule(schedule::Args),
    Serve(serve::Args),
    Work(work::Args),
    Node(node::Args),
    Mcp(mcp::Args),
    Demo(demo::Args),
    Completions(completions::Args),
    ExitCodes(exit_codes::Args),
}

impl Command {
    /// As it is typed.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Init(_) => "init",
            Self::Sync(_) => "sync",
            Self::Identities(_) => "identities",
            Self::Accounts(_) => "accounts",
            Self::Links(_) => "links",
            Self::Findings(_) => "findings",
            Self::Scan(_) => "scan",
            Self::Plan(_) => "plan",
            Self::Policy(_) => "policy",
            Self::Approve(_) => "approve",
            Self::Apply(_) => "apply",
            Self::Run(_) => "run",
            Self::Task(_) => "task",
            Self::Offboard(_) => "offboard",
            Self::Lifecycle(_) => "lifecycle",
            Self::Pack(_) => "pack",
            Self::Verify(_) => "verify",
            Self::Erase(_) => "erase",
            Self::Backup(_) => "backup",
            Self::Restore(_) => "restore",
            Self::Hold(_) => "hold",
            Self::Apps(_) => "apps",
            Self::Guide(_) => "guide",
            Self::Probe(_) => "probe",
            Self::Recipe(_) => "recipe",
            Self::Token(_) => "token",
            Self::Member(_) => "member",
            Self::Schedule(_) => "schedule",
            Self::Serve(_) => "serve",
            Self::Work(_) => "work",
            Self::Node(_) => "node",
            Self::Mcp(_) => "mcp",
            Self::Demo(_) => "demo",
            Self::Completions(_) => "completions",
            Self::ExitCodes(_) => "exit-codes",
        }
    }

    /// Does it.
    pub(crate) fn run(&self, session: &Session) -> Result<Exit> {
        match self {
            Self::Init(args) => init::run(session, args),
            Self::Sync(args) => sync::run(session, args),
            Self::Identities(args) => identities::run(session, args),
            Self::Accounts(args) => accounts::run(session, args),
            Self::Links(args) => links::run(session, args),
            Self::Findings(args) => findings::run(session, args),
            Self::Scan(args) => scan::run(session, args),
            Self::Plan(args) => plan::run(session, args),
            Self::Policy(args) => policy::run(session, args),
            Self::Approve(args) => approve::run(session, args),
            Self::Apply(args) => apply::run(session, args),
            Self::Run(args) => run::run(session, args),
            Self::Task(args) => task::run(session, args),
            Self::Offboard(args) => offboard::run(session, args),
            Self::Lifecycle(args) => lifecycle::run(session, args),
            Self::Pack(args) => pack::run(session, args),
            Self::Verify(args) => verify::run(session, args),
            Self::Erase(args) => erase::run(session, args),
            Self::Backup(args) => backup::run(session, args),
            Self::Restore(args) => restore::run(session, args),
            Self::Hold(args) => hold::run(session, args),
            Self::Apps(args) => apps::run(session, args),
            Self::Guide(args) => guide::run(session, args),
            Self::Probe(args) => probe::run(session, args),
            Self::Recipe(args) => recipe::run(session, args),
            Self::Token(args) => token::run(session, args),
            Self::Member(args) => member::run(session, args),
            Self::Schedule(args) => schedule::run(session, args),
            Self::Serve(args) => serve::run(session, args),
            Self::Work(args) => work::run(session, args),
            Self::Node(args) => node::run(session, args),
            Self::Mcp(args) => mcp::run(session, args),
            Self::Demo(args) => demo::run(session, args),
            Self::Completions(args) => completions::run(session, args),
            Self::ExitCodes(args) => exit_codes::run(session, args),
        }
    }
}
