//! `rollbook recipe`: whether the steps in an app's pages still fit them.

use std::path::{Path, PathBuf};

use rollbook_core::explain::printable;
use rollbook_core::id::InstanceName;
use rollbook_engine::progress::Progress as _;
use rollbook_engine::{Error, RecipeTest, Result};
use serde_json::json;

use crate::exit::Exit;
use crate::screen::{Screen, Tone};
use crate::session::Session;

/// Try the steps that a browser takes in an app's pages
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rollbook recipe test uxpin     sign in, read the members, take pictures; nothing else is pressed
  rollbook recipe test uxpin --accept --by 'Robin Smit'
                                 the page changed and is right as it is now

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
}

/// Tries.
pub(crate) fn run(session: &Session, args: &Args) -> Result<Exit> {
    let What::Test { instance, accept, pictures } = &args.what;
    let (engine, name) = (session.open()?, InstanceName::new(instance.as_str()));
    let by = if *accept { session.by()? } else { String::new() };
    let folder = match pictures {
        Some(folder) => folder.clone(),
        None => session.folder()?.join("recipes").join(name.as_str()),
    };
    let bars = session.bars();
    bars.begin(&format!("Trying the recipe of {name}"), None);
    let tested = session.wait(engine.test_recipe(&name, *accept, &by));
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
