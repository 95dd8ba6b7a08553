//! `rollbook recipe`: whether the steps in an app's pages still fit them, and writing them down.

use std::path::{Path, PathBuf};

use rollbook_catalog::browser::Purpose;
use rollbook_core::explain::printable;
use rollbook_core::id::InstanceName;
use rollbook_engine::channel::browser::{Recorded, Recorder, Sample, Sight};
use rollbook_engine::progress::Progress as _;
use rollbook_engine::{Error, RecipeTest, Result};
use serde_json::json;

use crate::exit::Exit;
use crate::screen::{Screen, Tone};
use crate::session::Session;

/// Try or record the steps that a browser takes in an app's pages
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rollbook recipe test uxpin     sign in, read the members, take pictures; nothing else is pressed
  rollbook recipe test uxpin --accept --by 'Robin Smit'
                                 the page changed and is right as it is now
  rollbook recipe record uxpin --for sign_in,members,remove --email ana@example.com --name 'Ana Silva'
                                 show it in a browser; the steps are printed as an app file has them

Let a schedule call it each night: it ends with 0 only if all members were read and nothing is in
quarantine. On the pictures everybody is covered.")]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Sign in to an instance and read its members, and compare the page with what it was
    Test {
        /// The instance
        instance: String,
        /// Say that the page is right as it is now; ends a quarantine
        #[arg(long)]
        accept: bool,
        /// The folder for the pictures; left out: recipes/INSTANCE in the workspace
        #[arg(long, value_name = "FOLDER")]
        pictures: Option<PathBuf>,
    },
    /// Show in a browser what an administrator does, and get it as steps
    ///
    /// Elements are named by role and name. What is typed into fields for secrets is never noted; what
    /// else is typed becomes a blank.
    Record(Record),
}

/// How often somebody may go on after something was missing.
const SHOWN_MAX: usize = 5;

#[derive(Debug, clap::Args)]
struct Record {
    /// The instance
    instance: String,
    /// What is shown, in this order
    #[arg(
        long = "for",
        value_name = "WHAT",
        value_delimiter = ',',
        default_value = "sign_in,members"
    )]
    purposes: Vec<String>,
    /// The address of whoever something is done to; a blank stands in its place
    #[arg(long, value_name = "ADDRESS", default_value = "")]
    email: String,
    /// Their name as the page shows it; a blank stands in its place
    #[arg(long, value_name = "NAME", default_value = "")]
    name: String,
    /// The role that is given or taken; a blank stands in its place
    #[arg(long, value_name = "ROLE", default_value = "")]
    role: String,
    /// The file for the steps; left out: they are printed
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Without a screen: somebody else drives the browser
    #[arg(long, hide = true)]
    hidden: bool,
}

/// Tries or records.
pub(crate) fn run(session: &Session, args: &Args) -> Result<Exit> {
    match &args.what {
        What::Test { instance, accept, pictures } => {
            test(session, instance, *accept, pictures.as_deref())
        }
        What::Record(args) => record(session, args),
    }
}

fn record(session: &Session, args: &Record) -> Result<Exit> {
    let purpose = |word: &String| {
        Purpose::named(word.trim()).ok_or_else(|| {
            Error::input(format!("There are no steps for `{word}`."))
                .hint("Use sign_in, members, create, suspend, reactivate, remove, grant, revoke.")
        })
    };
    let purposes: Vec<Purpose> = args.purposes.iter().map(purpose).collect::<Result<_>>()?;
    let Record { email, name, role, .. } = args;
    let sample = Sample { email: email.clone(), display_name: name.clone(), role: role.clone() };
    let engine = session.open_beside()?;
    let sight = if args.hidden { Sight::Hidden } else { Sight::Shown };
    let instance = InstanceName::new(args.instance.as_str());
    let (mut text, mut settings) = (String::new(), Vec::new());
    session.wait(async {
        let mut recorder = engine.record_recipe(&instance, sight).await?;
        for purpose in purposes {
            let recorded = shown(session, &mut recorder, purpose, &sample).await?;
            text += &recorded.to_string();
            text.extend(recorded.popups.iter().map(|it| format!("# In the way: {it}\n")));
            settings.extend(recorded.settings);
        }
        Ok(())
    })?;
    text.extend(settings.iter().map(|it| {
        format!("# Say in [browser.settings] what each instance has to type there: {it} = \"…\"\n")
    }));
    match &args.out {
        None => session.screen().text(&text),
        Some(file) => std::fs::write(file, &text).map_err(|cause| {
            Error::setup(format!("The steps cannot be written to {}: {cause}.", file.display()))
                .because(cause)
        })?,
    }
    Ok(Exit::Ok)
}

/// Waits until somebody has shown what is done for `purpose`, and takes it.
async fn shown(
    session: &Session,
    recorder: &mut Recorder,
    purpose: Purpose,
    sample: &Sample,
) -> Result<Recorded> {
    let mut what = match purpose {
        Purpose::SignIn => "Sign in, with the account that is the robot's own.".to_owned(),
        Purpose::Members => "Open the page with the list of members.".to_owned(),
        Purpose::Do(verb) => format!("Do by hand what it takes to {} somebody.", verb.as_str()),
    };
    for _ in 0..SHOWN_MAX {
        session.ask(&format!("{what} Then press Enter here."))?;
        match recorder.take(purpose, sample).await {
            Ok(recorded) => return Ok(recorded),
            Err(why) => what = why,
        }
    }
    Err(Error::setup(format!("The steps `{purpose}` could not be recorded. {what}")))
}

fn test(session: &Session, instance: &str, accept: bool, pictures: Option<&Path>) -> Result<Exit> {
    let (engine, name) = (session.open()?, InstanceName::new(instance));
    let by = if accept { session.by()? } else { String::new() };
    let folder = match pictures {
        Some(folder) => folder.to_owned(),
        None => session.folder()?.join("recipes").join(name.as_str()),
    };
    let bars = session.bars();
    bars.begin(&format!("Trying the recipe of {name}"), None);
    let tested = session.wait(engine.test_recipe(&name, accept, &by));
    bars.end();
    let tested = tested?;
    let files = put(&folder, &tested)?;
    let screen = session.screen();
    match screen.is_json() {
        true => screen.json(&json!({
            "instance": name, "read": tested.read.as_ref().ok(),
            "failed": tested.read.as_ref().err(), "quarantined": tested.quarantined,
            "steps": tested.steps, "pictures": files,
        })),
        false => print(screen, &name, &tested, &files),
    }
    Ok(match (&tested.read, tested.quarantined.as_str()) {
        (Ok(_), "") if tested.is_whole => Exit::Ok,
        (_, "") => Exit::Vendor,
        _ => Exit::Contradicted,
    })
}

fn print(screen: &Screen, name: &InstanceName, tested: &RecipeTest, files: &[PathBuf]) {
    for step in &tested.steps {
        screen.line(printable(step));
    }
    match &tested.read {
        Ok(read) => screen.toned(Tone::Good, printable(read)),
        Err(why) => screen.toned(Tone::Bad, printable(why)),
    }
    if !tested.quarantined.is_empty() {
        let why =
            format!("{name} is in quarantine: nothing is pressed there. {}", tested.quarantined);
        screen.paragraph(Tone::Bad, &printable(&why));
        screen.line("If the page is right as it is now, run it again with --accept.");
    }
    for file in files {
        screen.line(format!("Picture: {}", file.display()));
    }
}

/// Writes the pictures; those of an earlier test are replaced.
fn put(folder: &Path, tested: &RecipeTest) -> Result<Vec<PathBuf>> {
    let failed = |cause: std::io::Error| {
        Error::setup(format!("The pictures cannot be written to {}: {cause}.", folder.display()))
            .because(cause)
    };
    std::fs::create_dir_all(folder).map_err(failed)?;
    let mut files = Vec::new();
    for (number, picture) in (1..).zip(&tested.pictures) {
        let file = folder.join(format!("{number}.png"));
        std::fs::write(&file, &picture.bytes).map_err(failed)?;
        files.push(file);
    }
    Ok(files)
}
