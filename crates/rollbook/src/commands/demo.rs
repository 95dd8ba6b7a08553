//! (to be replaced within the hour)
use crate::exit::Exit;
use crate::session::Session;
use rollbook_engine::Result;
/// See all of it at work on a made-up company
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}
pub(crate) fn run(_session: &Session, _args: &Args) -> Result<Exit> {
    Ok(Exit::Ok)
}
