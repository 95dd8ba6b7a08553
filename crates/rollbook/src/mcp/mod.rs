//! The face for assistants: the Model Context Protocol, on standard input and output and over HTTP.
//!
//! An assistant asks in a named person's name and reads what that person could read. It may propose:
//! a plan, or a decision about a link. It approves nothing and applies nothing: [`tool::Tool`] is a
//! closed list, none of its members leads to [`rollbook_engine::Engine::approve`] or `apply`, and a
//! test reads this folder to hold that.
//!
//! What an answer says in our words and what comes from directories are kept apart ([`reply`]): a name
//! that gives orders is data like any other.

mod arguments;
mod ask;
mod book;
mod desk;
mod http;
mod prompt;
mod propose;
mod reply;
mod resource;
mod tool;

use rmcp::ServiceExt as _;
use rmcp::transport::async_rw::AsyncRwTransport;
use rmcp::transport::stdio;
use rollbook_engine::{Error, Result};

pub(crate) use book::Book;
pub(crate) use desk::Desk;
pub(crate) use http::{answer, metadata};

/// The longest line that is read from standard input, in bytes; what is longer is dropped.
const LINE_MAX: usize = 1 << 20;

/// Answers one assistant on standard input and output until it closes its end.
///
/// # Errors
/// When what comes first is not the protocol.
pub(crate) async fn serve_stdio(desk: Desk) -> Result<()> {
    let (input, output) = stdio();
    let transport = AsyncRwTransport::new_server(input, output).with_max_line_length(LINE_MAX);
    let ended = |e: Box<dyn std::error::Error + Send + Sync>| {
        Error::input("The other end does not speak the Model Context Protocol.")
            .hint("This command is started by an assistant; docs/mcp.md says how to set it up.")
            .because(e)
    };
    let running = match desk.serve(transport).await {
        Ok(running) => running,
        // Nobody ever said anything, which is no trouble.
        Err(rmcp::service::ServerInitializeError::ConnectionClosed(_)) => return Ok(()),
        Err(e) => return Err(ended(Box::new(e))),
    };
    running.waiting().await.map_err(|e| ended(Box::new(e)))?;
    Ok(())
}
