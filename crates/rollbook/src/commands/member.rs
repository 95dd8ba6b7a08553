//! `rollbook member`: who may sign in to the console, and the links that let them in.

use clap::Subcommand;
use rollbook_core::role::Role;
use rollbook_engine::member::Member;
use rollbook_engine::{Engine, Result};
use serde_json::json;

use crate::exit::Exit;
use crate::screen::{Cell, Tone};
use crate::serve::sign_in_url;
use crate::session::Session;

/// Say who may sign in to the console
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rollbook member add 'Kim Orlov' --role approver
  rollbook member link 'Kim Orlov'
  rollbook member role 'Kim Orlov' auditor
  rollbook member end 'Kim Orlov'

A link signs somebody in once and works for a day; an earlier one of theirs works no more. Send it to
nobody but them. The roles are owner, admin, operator, approver, auditor and viewer; the console
shows what each may do under Settings. Whoever can run this command holds the signing key of the
workspace and so may do anything.")]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Let somebody sign in from now on
    Add {
        /// Under which name all they do is recorded
        name: String,
        /// What they may do
        #[arg(long, value_name = "ROLE")]
        role: Role,
    },
    /// Make the link by which somebody signs in, once
    Link {
        /// Their name
        name: String,
        /// The address by which their browser reaches the server; left out: [serve] public_url
        #[arg(long, value_name = "URL")]
        public_url: Option<String>,
    },
    /// Give somebody another role, from their next request on
    Role {
        /// Their name
        name: String,
        /// What they may do
        role: Role,
    },
    /// Let somebody in no more, from their next request on
    End {
        /// Their name
        name: String,
    },
    /// Show who may sign in
    List,
}

/// Where the server is when nobody says so.
const HERE: &str = "http://127.0.0.1:8470";

/// Does it.
pub(crate) fn run(session: &Session, args: &Args) -> Result<Exit> {
    let engine = session.open_beside()?;
    let screen = session.screen();
    match &args.what {
        What::Add { name, role } => {
            let added = engine.add_member(name, *role, &session.by()?, None)?;
            if screen.is_json() {
                screen.json(&line(&added));
            } else {
                let said = format!("{} may sign in as {}.", added.name, added.role);
                screen.toned(Tone::Good, said);
                screen
                    .line(format!("Make their link with `rollbook member link '{}'`.", added.name));
            }
        }
        What::Link { name, public_url } => link(session, &engine, name, public_url.as_deref())?,
        What::Role { name, role } => {
            engine.set_role(name, *role, &session.by()?, None)?;
            said(session, &engine, name, &format!("is here as {role} from now on"))?;
        }
        What::End { name } => {
            engine.end_member(name, &session.by()?, None)?;
            if screen.is_json() {
                screen.json(&json!({ "ended": name }));
            } else {
                screen.toned(Tone::Good, format!("{name} may sign in no more, and is out."));
            }
        }
        What::List => list(session, &engine)?,
    }
    Ok(Exit::Ok)
}

fn link(session: &Session, engine: &Engine, name: &str, public: Option<&str>) -> Result<()> {
    let secret = engine.invite(name, &session.by()?, None)?;
    let origin = public.or(engine.config().serve.public_url.as_deref()).unwrap_or(HERE);
    let url = sign_in_url(origin.trim_end_matches('/'), &secret);
    let screen = session.screen();
    if screen.is_json() {
        screen.json(&json!({ "member": name, "login_url": url }));
        return Ok(());
    }
    screen.line(url);
    screen.toned(Tone::Dim, "It works once and for a day, while `rollbook serve` runs.");
    Ok(())
}

fn said(session: &Session, engine: &Engine, name: &str, what: &str) -> Result<()> {
    let member = engine.member(name)?;
    let screen = session.screen();
    if screen.is_json() {
        screen.json(&line(&member));
    } else {
        screen.toned(Tone::Good, format!("{} {what}.", member.name));
    }
    Ok(())
}

fn list(session: &Session, engine: &Engine) -> Result<()> {
    let (screen, members) = (session.screen(), engine.members()?);
    if screen.is_json() {
        members.iter().for_each(|member| screen.json(&line(member)));
        return Ok(());
    }
    if members.is_empty() {
        screen.line("Nobody may sign in yet. `rollbook serve` prints the link of the first owner.");
        return Ok(());
    }
    let row = |member: &Member| -> Vec<Cell> {
        let state = match member.ended_at {
            None => Cell::from("may sign in"),
            Some(at) => Cell::toned(format!("ended {}", at.strftime("%Y-%m-%d")), Tone::Dim),
        };
        let since = member.made_at.strftime("%Y-%m-%d").to_string();
        vec![member.name.as_str().into(), member.role.word().into(), since.into(), state]
    };
    screen.table(&["Name", "Role", "Since", "State"], members.iter().map(row).collect());
    Ok(())
}

fn line(member: &Member) -> serde_json::Value {
    json!({
        "id": member.id, "name": member.name, "role": member.role, "made_at": member.made_at,
        "ended_at": member.ended_at,
    })
}
