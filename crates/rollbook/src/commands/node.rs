//! `rollbook node`: the processes that share a workspace, and which of them acts.

use rollbook_engine::store::NodeRow;
use rollbook_engine::{Nodes, Result};
use serde_json::json;

use crate::exit::Exit;
use crate::screen::{Cell, Tone};
use crate::session::Session;

/// The processes that share a workspace, and which of them acts
#[derive(Debug, clap::Args)]
#[command(
    arg_required_else_help = true,
    after_help = "\
Example:
  rollbook node list     each node, when it was last seen, and which one acts

Only a book in Postgres is shared by several nodes."
)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// List the nodes
    List,
}

/// Lists.
pub(crate) fn run(session: &Session, args: &Args) -> Result<Exit> {
    let What::List = args.what;
    let nodes = session.open_beside()?.nodes()?;
    let screen = session.screen();
    if screen.is_json() {
        for node in &nodes.all {
            screen.json(&json!({
                "node": node.name, "acts": acts(&nodes, node), "began_at": node.began_at,
                "seen_s_ago": seen_s_ago(&nodes, node), "version": node.facts.version,
            }));
        }
        return Ok(Exit::Ok);
    }
    if nodes.all.is_empty() {
        screen.line("No node was ever here: one process at a time works in this workspace.");
        return Ok(Exit::Ok);
    }
    let rows = nodes.all.iter().map(|node| {
        let seen = match seen_s_ago(&nodes, node) {
            Some(ago) => format!("{ago} s ago").into(),
            None => Cell::toned("has ended", Tone::Dim),
        };
        let acts = match acts(&nodes, node) {
            true => Cell::toned("acts", Tone::Good),
            false => "".into(),
        };
        let began = node.began_at.strftime("%Y-%m-%d %H:%M").to_string();
        let version = node.facts.version.as_str();
        vec![
            Cell::toned(node.name.as_str(), Tone::Strong),
            acts,
            seen,
            began.into(),
            version.into(),
        ]
    });
    screen.table(&["Node", "Turn", "Seen", "Began (UTC)", "Version"], rows.collect());
    Ok(Exit::Ok)
}

fn acts(nodes: &Nodes, node: &NodeRow) -> bool {
    nodes.acting.as_ref() == Some(&node.name)
}

/// How long ago it was there, in seconds. `None`: it said that it ended.
fn seen_s_ago(nodes: &Nodes, node: &NodeRow) -> Option<i64> {
    let is_there = node.seen_at.as_second() > 0;
    is_there.then(|| nodes.now.duration_since(node.seen_at).as_secs())
}
