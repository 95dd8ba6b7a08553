//! `rollbook demo`: the main job on a made-up company, by the same commands that people type.
//!
//! Only the outside world is made up: the people, an app that speaks SCIM, four apps that have an admin
//! console and nothing else, and the administrator of one of them. Everything else is the product, the
//! browser included.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use jiff::Zoned;
use jiff::tz::TimeZone;
use rollbook_engine::{CHECKPOINTS, CONFIG, Error, PUBLIC_KEY, Result};
use rollbook_testkit::company::DOMAIN;
use rollbook_testkit::console::Brand;
use rollbook_testkit::sandbox::{Sandbox, Wish};
use tokio::runtime::Runtime;

use super::{demo_serve, findings, init, offboard, pack, run as runs, sync, task as tasks, verify};
use crate::exit::Exit;
use crate::screen::Tone;
use crate::session::Session;

/// See all of it at work on a made-up company
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rollbook demo                 asks you to approve, as you would be asked at work
  rollbook demo --yes --dir /tmp/demo
  rollbook demo --serve 127.0.0.1:8470   open its console in a browser

It needs nothing and touches nothing but its own folder, which it leaves for you to look at.")]
pub(crate) struct Args {
    /// The folder to work in, new or empty; left out: a temporary one
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Answer the question for approval with yes
    #[arg(long, short)]
    yes: bool,
    /// Serve the company's console there instead, until the process is asked to end
    #[arg(long, value_name = "ADDRESS:PORT", conflicts_with = "yes")]
    serve: Option<SocketAddr>,
}

pub(super) const COMPANY: &str = "Haldenroos";
pub(super) const REQUESTER: &str = "Robin Vale";
pub(super) const APPROVER: &str = "Kim Orlov";
/// Who administers Stonly.
const ASSIGNEE: &str = "Sam Okafor";
/// What a browser needs on this machine.
const PROGRAMS: [&str; 2] = ["chromium", "chromedriver"];
/// How many findings are worth showing before a reader tires.
const FINDINGS_SHOWN: usize = 10;

/// Runs the whole main job.
pub(crate) fn run(session: &Session, args: &Args) -> Result<Exit> {
    let dir = folder(args)?;
    if let Some(address) = args.serve {
        return demo_serve::run(session, &dir, address);
    }
    let story = Story::begin(session, &dir)?;
    story.configure()?;
    let exit = story.look()?.and(story.offboard(args.yes)?).and(story.prove()?);
    Ok(exit)
}

/// The demonstration while it runs.
struct Story<'a> {
    screen: &'a Session,
    session: Session,
    workspace: PathBuf,
    packed: PathBuf,
    has_browser: bool,
    world: Sandbox,
    /// The made-up apps live on these threads; they end with this value, so it comes last.
    _threads: Runtime,
}

impl<'a> Story<'a> {
    /// Starts the world outside and makes the workspace.
    fn begin(outer: &'a Session, dir: &Path) -> Result<Self> {
        let workspace = dir.join("workspace");
        let (world, threads) = world(dir)?;
        let session = outer.elsewhere(&workspace, REQUESTER);
        let packed = dir.join("pack");
        let has_browser = missing().is_empty();
        let screen = outer;
        let story =
            Self { screen, session, workspace, packed, has_browser, world, _threads: threads };
        let people = story.world.company.people.len();
        story.heading("A made-up company");
        story.say(&format!(
            "{COMPANY} has {people} people with ten years of history, and five apps. Mindtickle is \
             reached over SCIM. UXPin, Mosaic, Stitch and Stonly have an admin page and nothing \
             else: a browser reads there, and does what an administrator would do, except in \
             Stonly, where that was never tried and {ASSIGNEE} does it."
        ));
        if !story.has_browser {
            story.say("");
            story.say(&format!(
                "There is no {} on this machine, so those four are left out. `scripts/setup.sh demo` \
                 installs what is missing; then run this again.",
                missing().join(" and no ")
            ));
        }
        story.heading("rollbook init: a workspace");
        init::run(&story.session, &init::Args::new(story.workspace.clone(), COMPANY))?;
        Ok(story)
    }

    /// Writes what an administrator would type into rollbook.toml.
    fn configure(&self) -> Result<()> {
        let apps = if self.has_browser { pages(&self.world) } else { String::new() };
        configure(&self.workspace, &self.world, &apps)?;
        self.say("");
        self.say(
            "The demonstration fills it in: the workers' file as the source, the apps as instances. \
             Each secret lies in a file of its own, never in rollbook.toml.",
        );
        Ok(())
    }

    /// Reads everything and says what is wrong.
    fn look(&self) -> Result<Exit> {
        self.heading("rollbook sync: who works here, and who can get in where");
        let exit = sync::run(&self.session, &sync::Args::default())?;
        self.heading("rollbook findings: what is wrong, worst first");
        findings::top(&self.session, FINDINGS_SHOWN)?;
        Ok(exit)
    }

    /// Offboards the leaver and waits for the administrator of Stonly.
    fn offboard(&self, yes: bool) -> Result<Exit> {
        let leaver = self.world.company.leaver();
        let (name, number) = (leaver.name.shown(), leaver.latest().number.as_str());
        self.heading(&format!("rollbook offboard {number}: close all that {name} has"));
        let last = leaver.latest().last_day.map_or_else(String::new, |day| format!(" on {day}"));
        self.say(&format!(
            "{name} left{last} and can still get in. {REQUESTER} asks for it; somebody else, \
             {APPROVER}, must agree to exactly this plan."
        ));
        self.say("");
        let answers = yes || !self.session.can_ask();
        if answers && !yes {
            self.say(&format!(
                "Standard input is no terminal, so the demonstration answers yes for {APPROVER}."
            ));
            self.say("");
        }
        let typed = offboard::Args::new(number, APPROVER, answers);
        let first = offboard::run(&self.session, &typed)?;
        if first != Exit::Vendor || !self.has_browser {
            return Ok(first);
        }
        self.task_done(&leaver.email)?;
        self.heading("rollbook run resume: look again");
        runs::run(&self.session, &runs::Args::resume())
    }

    /// The administrator of Stonly does what they were asked to, and says so.
    fn task_done(&self, email: &str) -> Result<()> {
        let own = self.session.elsewhere(&self.workspace, ASSIGNEE);
        let tasks = own.open_beside()?.tasks()?;
        let Some(task) = tasks.into_iter().find(|task| !task.state().is_over()) else {
            return Err(Error::bug("Nobody was asked to do anything in Stonly."));
        };
        self.heading(&format!("rollbook task show: what {ASSIGNEE} is asked to do"));
        tasks::run(&own, &tasks::Args::show(&task.id))?;
        if !self.world.console(Brand::Stonly).take_away_by_hand(email) {
            return Err(Error::bug("The made-up administrator finds nobody to remove."));
        }
        self.heading("rollbook task done: it was done in Stonly's own pages");
        tasks::run(&own, &tasks::Args::done(&task.id, "Removed in the team settings."))?;
        Ok(())
    }

    /// Writes the pack and checks it.
    fn prove(&self) -> Result<Exit> {
        self.heading("rollbook pack: the proof, for an auditor");
        let number = &self.world.company.leaver().latest().number;
        pack::run(&self.session, &pack::Args::new(number, &self.packed))?;
        self.heading("rollbook verify: check it, as the auditor would");
        let outside = self.workspace.join(CHECKPOINTS);
        let key = self.workspace.join(PUBLIC_KEY);
        let exit = verify::run(&self.session, &verify::Args::new(&self.packed, outside, key))?;
        self.heading("Done");
        self.say(&format!("Look at {}.", self.packed.join("index.html").display()));
        self.say(&format!(
            "The workspace stays: try `rollbook links --workspace {}`.",
            self.workspace.display()
        ));
        self.screen.screen().line(format!("PACK={}", self.packed.display()));
        Ok(exit)
    }

    fn heading(&self, text: &str) {
        if !self.screen.screen().is_json() {
            self.screen.screen().heading(&format!("── {text}"));
            self.screen.screen().line("");
        }
    }

    /// A paragraph of the narrator.
    fn say(&self, text: &str) {
        if !self.screen.screen().is_json() {
            self.screen.screen().paragraph(Tone::Dim, text);
        }
    }
}

/// Starts the world outside, and the threads that it lives on.
pub(super) fn world(dir: &Path) -> Result<(Sandbox, Runtime)> {
    let broken = |e: std::io::Error| {
        Error::setup(format!("The made-up world cannot start in {}.", dir.display())).because(e)
    };
    let threads = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(broken)?;
    let today = Zoned::now().with_time_zone(TimeZone::UTC).date();
    let world = threads.block_on(Sandbox::start(&dir.join("world"), Wish::demo(today)));
    Ok((world.map_err(broken)?, threads))
}

/// Writes the configuration of a workspace in that world, with the instances of `apps` beside
/// Mindtickle, and their secrets.
pub(super) fn configure(workspace: &Path, world: &Sandbox, apps: &str) -> Result<()> {
    let secrets = workspace.join("secrets");
    let config = workspace.join(CONFIG);
    let consoles = world.consoles.iter().map(|it| (it.brand().app(), it.robot().password));
    let mut all = consoles.chain([("mindtickle", world.vendor.token())]);
    let written = fs::create_dir_all(&secrets)
        .and_then(|()| all.try_for_each(|(name, text)| write_private(&secrets.join(name), &text)))
        .and_then(|()| fs::write(&config, configuration(world, apps)));
    written.map_err(|e| Error::setup(format!("{} cannot be written.", config.display())).because(e))
}

fn configuration(world: &Sandbox, apps: &str) -> String {
    format!(
        include_str!("demo.toml"),
        company = COMPANY,
        domain = DOMAIN,
        workers = quoted(&world.workers),
        url = toml::Value::from(world.vendor.url()),
        apps = apps,
        approver = APPROVER,
    )
}

/// The instance that an administrator exports.
pub(super) fn archive(world: &Sandbox) -> String {
    let app = world.csv.app();
    format!(
        include_str!("demo_archive.toml"),
        export = quoted(&app.export_file()),
        outbox = quoted(&app.outbox()),
    )
}

/// The instances that a browser reaches.
fn pages(world: &Sandbox) -> String {
    let url = |brand| toml::Value::from(world.console(brand).url());
    format!(
        include_str!("demo_pages.toml"),
        uxpin = url(Brand::Uxpin),
        mosaic = url(Brand::Mosaic),
        stitch = url(Brand::Stitch),
        stonly = url(Brand::Stonly),
        user = toml::Value::from(world.console(Brand::Uxpin).robot().login),
        owner = toml::Value::from(steward(world)),
        assignee = ASSIGNEE,
    )
}

/// The address of somebody who works there, to answer for the accounts that the browsers sign in with.
fn steward(world: &Sandbox) -> &str {
    let mut people = world.company.people.iter();
    let stays = people.find(|it| it.latest().last_day.is_none() && !it.email.is_empty());
    stays.map_or("", |person| &person.email)
}

fn quoted(path: &Path) -> String {
    toml::Value::from(path.to_string_lossy().as_ref()).to_string()
}

/// What a browser would need and this machine has not.
fn missing() -> Vec<&'static str> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let is_here = |program: &str| folders.iter().any(|folder| folder.join(program).is_file());
    PROGRAMS.into_iter().filter(|program| !is_here(program)).collect()
}

/// The folder to work in, as an absolute path, so that the last line can be used from anywhere.
fn folder(args: &Args) -> Result<PathBuf> {
    let refused = |e: std::io::Error| {
        Error::setup("The folder for the demonstration cannot be made.")
            .hint("Name another one with `--dir DIR`.")
            .because(e)
    };
    let Some(dir) = &args.dir else {
        return Ok(tempfile::Builder::new()
            .prefix("rollbook-demo-")
            .tempdir()
            .map_err(refused)?
            .keep());
    };
    fs::create_dir_all(dir).map_err(refused)?;
    if fs::read_dir(dir).map_err(refused)?.next().is_some() {
        return Err(Error::input(format!("{} is not empty.", dir.display()))
            .hint("Name a new folder; the demonstration never writes over anything."));
    }
    dir.canonicalize().map_err(refused)
}

fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    std::io::Write::write_all(&mut options.open(path)?, text.as_bytes())
}
