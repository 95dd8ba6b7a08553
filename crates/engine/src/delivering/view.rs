//! The book as delivery decides by it.

use std::collections::BTreeMap;
use std::sync::Arc;

use rollbook_core::graph::{Graph, Parts};
use rollbook_core::id::AccountRef;
use rollbook_core::link::{AccountKind, Link, LinkState};

use crate::engine::Engine;
use crate::error::Result;
use crate::store::Basis;

/// The graph and what it was read from. It is read again only when something of that was written.
#[derive(Debug, Default)]
pub(super) struct View(Option<(Basis, Arc<Graph>)>);

impl View {
    /// The graph as of now.
    pub(super) fn graph(&mut self, engine: &Engine) -> Result<Arc<Graph>> {
        if let Some((basis, graph)) = &self.0
            && engine.store.read(|book| book.basis())? == *basis
        {
            return Ok(Arc::clone(graph));
        }
        let (basis, parts) = engine.parts()?;
        let graph = Arc::new(Graph::new(linked(parts)));
        self.0 = Some((basis, Arc::clone(&graph)));
        Ok(graph)
    }
}

/// Gives an account that no reconcile has seen yet a link that says so: whose a new account is does
/// not have to be known before the next push about it can be looked at.
fn linked(mut parts: Parts) -> Parts {
    let mut known: BTreeMap<AccountRef, Link> =
        parts.links.drain(..).map(|link| (link.account.clone(), link)).collect();
    parts.links = parts
        .accounts
        .iter()
        .map(|account| {
            let at = account.account_ref();
            known.remove(&at).unwrap_or_else(|| Link {
                account: at,
                state: LinkState::None,
                kind: AccountKind::Unknown,
                rule: String::new(),
                score: 0.0,
                because: "It is new and was not looked at yet.".to_owned(),
            })
        })
        .collect();
    parts
}
