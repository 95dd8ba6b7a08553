//! `rollbook mcp`: an assistant asks and proposes over standard input and output.

use std::sync::Arc;

use rollbook_engine::{Error, Presence, Result};
use tokio::sync::Semaphore;

use crate::exit::Exit;
use crate::mcp::{self, Book, Desk};
use crate::serve::Log;
use crate::session::Session;

/// Answer an assistant over the Model Context Protocol on standard input and output
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rollbook mcp --workspace /srv/acme --as 'Kim Jansen'
  rollbook mcp --as 'Kim Jansen' --read-only

An assistant starts this command itself; docs/mcp.md says how to set one up. It reads what the book
holds and may propose plans in the name given. It approves and applies nothing: whoever is named asks
for the plan, so somebody else must agree to it. The book is opened for each question, so others may
work in the workspace meanwhile. Problems are said on standard error.")]
pub(crate) struct Args {
    /// In whose name the assistant asks and proposes
    #[arg(long = "as", value_name = "NAME")]
    who: String,
    /// It may read and propose nothing
    #[arg(long)]
    read_only: bool,
}

/// Answers until the assistant closes its end.
pub(crate) fn run(session: &Session, args: &Args) -> Result<Exit> {
    let who = args.who.trim();
    if who.is_empty() {
        return Err(Error::input("It is not said in whose name the assistant asks.")
            .hint("Name a person with `--as NAME`; the name goes into the audit chain."));
    }
    let open = session.opener(Presence::Guest)?;
    // Whoever sets it up should hear at once that there is no workspace, and not the assistant.
    drop(open()?);
    let log = Log::begin(tracing::Level::WARN);
    let one_at_a_time = Arc::new(Semaphore::new(1));
    let book = Book::Closed(Arc::new(open));
    let desk = Desk::new(book, who.to_owned(), !args.read_only, one_at_a_time);
    let ended = session.wait(mcp::serve_stdio(desk));
    log.flush();
    ended.map(|()| Exit::Ok)
}
