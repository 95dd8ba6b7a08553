//! Reconcile: from what is stored to identities, links and findings, and the differences.

use std::collections::{BTreeMap, BTreeSet};

use rollbook_catalog::{Catalog, Hurt};
use rollbook_core::canonical;
use rollbook_core::event::{Concern, Draft};
use rollbook_core::finding::{self, Pushes, PutOff, Since, Tracked};
use rollbook_core::graph::{Credential, Feed, Graph, Parts, View};
use rollbook_core::id::{FindingId, InstanceName, SourceName};
use rollbook_core::identity::{self, Known};
use rollbook_core::leaving;
use rollbook_core::link::{Decision, LinkVerdict};
use rollbook_core::matching;
use rollbook_core::snapshot::Coverage;
use rollbook_core::task::Task;
use serde_json::json;

use crate::concern;
use crate::config::InstanceConfig;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::robots;
use crate::store::{Basis, Reading, Writing};

/// What reconciling found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reconciled {
    /// Identities known.
    pub identities: usize,
    /// Accounts known.
    pub accounts: usize,
    /// Accounts by the state of their link: `auto`, `confirmed`, `suggested`, `none`.
    pub links: BTreeMap<&'static str, usize>,
    /// Findings by what happened to them since the last run.
    pub findings: BTreeMap<Since, usize>,
}

/// How often a reconcile is computed beside other work before it makes others wait.
const UNDISTURBED_TRIES: usize = 3;

/// What a reconcile rests on.
struct Rested {
    /// Without identities, links and look-alikes.
    parts: Parts,
    pushes: Pushes,
    tasks: Vec<Task>,
    decisions: Vec<Decision>,
    known: Known,
    before: Vec<Tracked>,
}

/// What a reconcile computed.
struct Computed {
    graph: Graph,
    tracked: Vec<Tracked>,
    summary: Reconciled,
}

impl Engine {
    /// Computes identities, links and findings anew from what is stored.
    ///
    /// # Errors
    /// When the database refuses; nothing is half-written.
    pub fn reconcile(&self) -> Result<Reconciled> {
        for _ in 0..UNDISTURBED_TRIES {
            let (basis, rested) =
                self.store.read(|book| Ok((book.basis()?, self.rested(book)?)))?;
            let computed = self.compute(rested);
            let written = self.store.write(|book| match book.reading().basis()? == basis {
                true => self.put_computed(book, &computed).map(|()| true),
                false => Ok(false),
            })?;
            if written {
                return Ok(computed.summary);
            }
        }
        // Others write all the time; now they wait.
        self.store.write(|book| {
            let computed = self.compute(self.rested(&book.reading())?);
            self.put_computed(book, &computed)?;
            Ok(computed.summary)
        })
    }

    /// Everything stored that a reconcile rests on.
    fn rested(&self, book: &Reading<'_>) -> Result<Rested> {
        let parts = Parts {
            records: book.worker_records()?,
            appointments: book.appointments()?,
            accounts: book.accounts()?,
            views: self.views(book)?,
            feeds: self.feeds(book)?,
            ..Parts::default()
        };
        let mut decisions = robots::decisions(&self.config.instances, &parts);
        // What a person decided about such an account since is stronger.
        decisions.extend(book.decisions()?);
        let known = book.known()?;
        let pushes = self.pushes(book, &parts.accounts)?;
        let (tasks, before) = (book.open_tasks()?, book.findings()?);
        Ok(Rested { parts, pushes, tasks, decisions, known, before })
    }

    fn compute(&self, rested: Rested) -> Computed {
        let (now, today) = (self.looked_at(), self.today());
        let Rested { mut parts, pushes, tasks, decisions, known, before } = rested;
        let resolution = identity::resolve(&parts.records, &known, &decisions);
        parts.links = matching::links(matching::Input {
            identities: &resolution.identities,
            records: &parts.records,
            accounts: &parts.accounts,
            decisions: &decisions,
        });
        parts.identities = resolution.identities;
        parts.lookalikes = resolution.lookalikes;
        let graph = Graph::new(parts);
        let found = finding::together([
            finding::find(&graph, &self.config.policy, now, today),
            finding::find_pushed(&graph, &pushes, now),
            finding::find_overdue(&tasks, now),
        ]);
        let tracked = finding::compare(&before, &found, &graph, now, today);
        let summary = summarise(&graph, &tracked);
        Computed { graph, tracked, summary }
    }

    fn put_computed(&self, book: &Writing<'_>, computed: &Computed) -> Result<()> {
        let summary = &computed.summary;
        let findings = summary.findings.iter().map(|(since, count)| (since.word(), count));
        let graph = &computed.graph;
        let gone: Vec<_> = leaving::gone(graph, self.today()).collect();
        let theirs = gone.iter().flat_map(|one| graph.accounts_of(&one.id));
        let open = theirs.filter(|(account, _)| account.state.is_open()).count();
        book.put_resolution(graph.identities(), graph.lookalikes())?;
        book.put_links(graph.links())?;
        book.put_findings(&computed.tracked)?;
        book.record(Draft {
            kind: "book_reconciled".to_owned(),
            actor: "rollbook".to_owned(),
            on_behalf_of: String::new(),
            subject: "workspace".to_owned(),
            concerns: BTreeSet::new(),
            at: self.now(),
            body: json!({
                "identities": summary.identities,
                "accounts": summary.accounts,
                "links": summary.links,
                "findings": findings.collect::<BTreeMap<_, _>>(),
                "leavers": {"left": gone.len(), "open": open},
            }),
        })
    }

    /// The graph as the last reconcile left it.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn graph(&self) -> Result<Graph> {
        let (_, parts) = self.parts()?;
        let linked = parts.accounts.len() == parts.links.len()
            && parts.accounts.iter().zip(&parts.links).all(|(a, l)| a.account_ref() == l.account);
        if linked {
            return Ok(Graph::new(parts));
        }
        // A process died between a reading and its reconcile.
        self.reconcile()?;
        self.graph()
    }

    /// What the last reconcile left, what was read since, and what all of it rests on.
    pub(crate) fn parts(&self) -> Result<(Basis, Parts)> {
        self.store.read(|book| {
            let parts = Parts {
                identities: book.identities()?,
                records: book.worker_records()?,
                appointments: book.appointments()?,
                accounts: book.accounts()?,
                links: book.links()?,
                lookalikes: book.lookalikes()?,
                views: self.views(book)?,
                feeds: self.feeds(book)?,
            };
            Ok((book.basis()?, parts))
        })
    }

    /// The findings as the last reconcile left them.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn findings(&self) -> Result<Vec<Tracked>> {
        self.store.read(|book| book.findings())
    }

    /// Remembers what a human decided about a link or a pair of records, and reconciles.
    ///
    /// # Errors
    /// When no reason is given, or when the database refuses.
    pub fn decide(&self, verdict: LinkVerdict, by: &str, reason: &str) -> Result<Reconciled> {
        let by = named(by)?;
        let decision =
            Decision { verdict, by: by.to_owned(), at: self.now(), reason: reason.to_owned() };
        self.store.write(|book| {
            book.add_decision(&decision)?;
            book.record(Draft {
                kind: "link_decided".to_owned(),
                actor: by.to_owned(),
                on_behalf_of: String::new(),
                subject: subject_of(&decision.verdict),
                concerns: concern::of_verdict(&decision.verdict, &book.reading().known()?),
                at: decision.at,
                body: canonical::value_of(&decision),
            })
        })?;
        self.reconcile()
    }

    /// Puts a finding off until a day, with a reason.
    ///
    /// # Errors
    /// When there is no such finding, the day has passed, or no reason is given.
    pub fn put_off(&self, id: &FindingId, put_off: PutOff) -> Result<()> {
        named(&put_off.by)?;
        if put_off.reason.trim().is_empty() {
            return Err(Error::input("A finding is put off only with a reason.")
                .hint("Add `--reason \"…\"`: an auditor will read it."));
        }
        if put_off.until <= self.today() {
            return Err(Error::input(format!("{} has passed already.", put_off.until))
                .hint("Name a day after today; on that day the finding comes back."));
        }
        let graph = self.graph()?;
        self.store.write(|book| {
            let mut tracked =
                book.reading().findings()?.into_iter().find(|t| t.finding.id == *id).ok_or_else(
                    || {
                        Error::input(format!("There is no finding {id}."))
                            .hint("`rollbook findings` lists them with their ids.")
                    },
                )?;
            tracked.standing.put_off = Some(put_off.clone());
            book.put_finding(&tracked)?;
            book.record(Draft {
                kind: "finding_put_off".to_owned(),
                actor: put_off.by.clone(),
                on_behalf_of: String::new(),
                subject: id.to_string(),
                concerns: concern::of_finding(&tracked.finding, &graph),
                at: self.now(),
                body: canonical::value_of(&put_off),
            })
        })
    }

    fn views(&self, book: &Reading<'_>) -> Result<BTreeMap<InstanceName, View>> {
        let mut views = BTreeMap::new();
        for instance in &self.config.instances {
            let head = book.newest_snapshot(&instance.name)?;
            let never = match instance.is_read() {
                true => "It was never read.",
                false => "Nothing reads it: only people work there.",
            };
            let view = View {
                is_read: instance.is_read(),
                taken_at: head.as_ref().map(|h| h.taken_at),
                coverage: head.as_ref().map_or_else(
                    || Coverage::Partial { why: never.to_owned() },
                    |h| h.coverage.clone(),
                ),
                groups: head.map(|h| h.groups).unwrap_or_default(),
                covers: instance.covers.clone(),
                admin_roles: instance.admin_roles.clone(),
                stale_after_h: instance.stale_after_h,
                credential: credential(&self.config.catalog, instance),
                contradictions: self.contradictions_in(book, instance)?,
            };
            views.insert(instance.name.clone(), view);
        }
        Ok(views)
    }

    fn feeds(&self, book: &Reading<'_>) -> Result<BTreeMap<SourceName, Feed>> {
        let mut feeds = BTreeMap::new();
        for source in &self.config.sources {
            let state = book.feed(&source.name)?.unwrap_or_default();
            let feed = Feed {
                taken_at: state.taken_at,
                kept_out: state.kept_out,
                stale_after_h: source.stale_after_h,
            };
            feeds.insert(source.name.clone(), feed);
        }
        Ok(feeds)
    }
}

fn summarise(graph: &Graph, tracked: &[Tracked]) -> Reconciled {
    let mut summary = Reconciled {
        identities: graph.identities().len(),
        accounts: graph.links().len(),
        ..Reconciled::default()
    };
    for link in graph.links() {
        *summary.links.entry(link.state.word()).or_default() += 1;
    }
    for one in tracked {
        *summary.findings.entry(one.standing.change).or_default() += 1;
    }
    summary
}

fn subject_of(verdict: &LinkVerdict) -> String {
    match verdict {
        LinkVerdict::Confirm { account, .. }
        | LinkVerdict::Reject { account, .. }
        | LinkVerdict::Type { account, .. } => Concern::account(account).as_str().to_owned(),
        LinkVerdict::Same { left, right } | LinkVerdict::Apart { left, right } => {
            format!("{left} {right}")
        }
    }
}

/// Whoever decides is a named person: their name without the space around it.
pub(crate) fn named(by: &str) -> Result<&str> {
    match by.trim() {
        "" => Err(Error::input("It is not said who you are.")
            .hint("Add `--by NAME` or set ROLLBOOK_BY; the name goes into the audit chain.")),
        name => Ok(name),
    }
}

/// Whose the secret for an instance is. One that somebody is named for is that person's, whatever the app
/// is like.
fn credential(catalog: &Catalog, instance: &InstanceConfig) -> Credential {
    let app = catalog.app(&instance.app);
    let traps = app.into_iter().flat_map(|app| &app.traps);
    let mut traps = traps.filter(|trap| trap.is_on(instance.channel()));
    let is_personal = traps.any(|trap| trap.hurts == Some(Hurt::TokenIsPersonal));
    let owner = instance.credential_owner().to_owned();
    let robot = instance.browser.as_ref().filter(|browser| browser.user == owner);
    Credential {
        is_personal: is_personal || !owner.is_empty(),
        is_robot: robot.is_some(),
        answers: robot.map(|browser| browser.owner.trim().to_owned()).unwrap_or_default(),
        owner,
    }
}
