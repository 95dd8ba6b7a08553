//! `rollbook completions`: what a shell needs to complete our commands.

use clap::CommandFactory;
use clap_complete::Shell;
use rollbook_engine::Result;

use crate::args::Cli;
use crate::exit::Exit;
use crate::session::Session;

/// Print the completions for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rollbook completions bash > ~/.local/share/bash-completion/completions/rollbook
  rollbook completions zsh > ~/.zfunc/_rollbook
  rollbook completions fish > ~/.config/fish/completions/rollbook.fish")]
pub(crate) struct Args {
    /// The shell
    shell: Shell,
}

/// Prints them.
pub(crate) fn run(session: &Session, args: &Args) -> Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "rollbook", &mut script);
    session.screen().verbatim(&String::from_utf8_lossy(&script));
    Ok(Exit::Ok)
}
