//! `rollbook guide`: all that is known about an app's user management, as a page.

use std::fs;
use std::path::{Path, PathBuf};

use rollbook_catalog::{App, Catalog, Guide};
use rollbook_engine::{Error, Result};
use serde_json::json;

use crate::exit::Exit;
use crate::guide_page;
use crate::session::Session;

/// Print what is known about an app, or write a page for each app
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rollbook guide mindtickle          read it here
  rollbook guide mindtickle --json   each statement with its grade, for programs
  rollbook guide --html guides       one page for each app, and an index.html
  rollbook guide --instance wiki     the app of an instance, with what your probes of it found out

Grades: probed (tried on your own instance), documented (with the source), recalled (from memory),
unknown (somebody looked and found nothing).")]
pub(crate) struct Args {
    /// The app's id, as `rollbook apps` lists it
    #[arg(required_unless_present_any = ["html", "instance"])]
    app: Option<String>,
    /// An instance of this workspace, whose own probed facts then stand beside the app's
    #[arg(long, value_name = "NAME")]
    instance: Option<String>,
    /// Write pages into this folder: of the app, or of all apps
    #[arg(long, value_name = "DIR")]
    html: Option<PathBuf>,
}

/// Prints or writes.
pub(crate) fn run(session: &Session, args: &Args) -> Result<Exit> {
    let catalog = session.catalog()?;
    let guides = match (&args.instance, &args.app) {
        (Some(instance), asked) => {
            let asked = asked.as_deref().map(|id| app(&catalog, id)).transpose()?;
            vec![of_instance(session, instance, asked)?]
        }
        (None, Some(id)) => vec![Guide::of(app(&catalog, id)?)],
        (None, None) => catalog.apps().map(Guide::of).collect(),
    };
    match &args.html {
        Some(folder) => write_pages(session, folder, &guides)?,
        None => guides.iter().for_each(|guide| print(session, guide)),
    }
    Ok(Exit::Ok)
}

/// The guide of an instance's app, with what was probed there.
fn of_instance(session: &Session, instance: &str, asked: Option<&App>) -> Result<Guide> {
    let (engine, name) = (session.open_beside()?, instance.into());
    let own = engine.app_of(&name)?;
    if asked.is_some_and(|asked| asked.id != own.id) {
        return Err(Error::input(format!("The instance {name} is one of {}.", own.id))
            .hint(format!("Run `rollbook guide {} --instance {name}`.", own.id)));
    }
    Ok(Guide::with_probed(own, &engine.tried(&name)?))
}

fn app<'a>(catalog: &'a Catalog, id: &str) -> Result<&'a App> {
    catalog.app(id).ok_or_else(|| {
        let alike = catalog.ids().filter(|known| known.contains(id) || id.contains(known));
        let alike: Vec<&str> = alike.collect();
        let error = Error::input(format!("There is no app `{id}` in the catalog."));
        match alike.is_empty() {
            true => error.hint("`rollbook apps` lists them all."),
            false => error.hint(format!("Did you mean {}?", alike.join(" or "))),
        }
    })
}

fn print(session: &Session, guide: &Guide) {
    let screen = session.screen();
    if screen.is_json() {
        screen.json(guide);
    } else {
        screen.text(&guide.to_string());
    }
}

fn write_pages(session: &Session, folder: &Path, guides: &[Guide]) -> Result<()> {
    let failed = |path: &Path, cause| {
        Error::setup(format!("{} cannot be written.", path.display()))
            .hint("Check that the folder can be written and the disk has room.")
            .because(cause)
    };
    fs::create_dir_all(folder).map_err(|e| failed(folder, e))?;
    let write = |name: &str, text: String| {
        let path = folder.join(name);
        fs::write(&path, text).map_err(|e| failed(&path, e))
    };
    for guide in guides {
        write(&format!("{}.html", guide.id), guide_page::page(guide))?;
    }
    write("index.html", guide_page::index(guides))?;
    let screen = session.screen();
    let index = folder.join("index.html");
    if screen.is_json() {
        screen.json(&json!({ "pages": guides.len(), "index": index }));
    } else {
        let pages = if guides.len() == 1 { "page" } else { "pages" };
        screen.line(format!("{} {pages}; begin at {}.", guides.len(), index.display()));
    }
    Ok(())
}
