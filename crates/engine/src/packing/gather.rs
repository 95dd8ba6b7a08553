//! Collects what a pack says from the book.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan as _;
use jiff::civil::Date;
use rollbook_core::account::Account;
use rollbook_core::event::Concern;
use rollbook_core::graph::Graph;
use rollbook_core::id::{AccountKey, AccountRef, IdentityId, PlanId};
use rollbook_core::link::{AccountKind, Link, LinkState};
use rollbook_core::step::{Outcome, Recorded};
use rollbook_core::task::Task;
use serde_json::{Value, json};

use super::Subject;
use super::row::{AccountRow, Done, ExceptionRow, PopulationRow, coverage, link};
use super::table::Table;
use super::task::TaskRow;
use crate::applying::{ChangeReport, RunReport, Stand};
use crate::concern;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::planning::Proposal;

/// Everything that a pack is made from.
pub(super) struct Gathered {
    /// The id that the event and the file names use.
    pub(super) subject_id: String,
    /// The subject as people know it.
    pub(super) title: String,
    pub(super) graph: Graph,
    pub(super) person: Option<IdentityId>,
    pub(super) last_day: Option<Date>,
    pub(super) accounts: Vec<AccountRow>,
    pub(super) exceptions: Vec<ExceptionRow>,
    pub(super) blind_spots: Vec<ExceptionRow>,
    pub(super) population: Vec<PopulationRow>,
    pub(super) plans: Vec<Proposal>,
    pub(super) tasks: Vec<TaskRow>,
}

impl Gathered {
    /// The instance in which this change of one of the plans was made; empty where none of them has it.
    pub(super) fn app_of(&self, change: &str) -> String {
        let changes = self.plans.iter().flat_map(|proposal| proposal.plan.changes());
        let mut found = changes.filter(|one| one.id.as_str() == change);
        found.next().map(|one| one.instance.to_string()).unwrap_or_default()
    }

    /// The ids that the pack is about: a person with the accounts that are or were theirs, or a run
    /// with its plan. Their events decide which bodies the pack must hold.
    pub(super) fn about(&self) -> BTreeSet<String> {
        let accounts = self.accounts.iter().map(|row| {
            let (instance, key) = (row.instance.as_str().into(), row.key.as_str().into());
            Concern::account(&AccountRef { instance, key }).as_str().to_owned()
        });
        let others: Vec<String> = match self.person {
            Some(_) => accounts.collect(),
            None => self.plans.iter().map(|proposal| proposal.plan.id().to_string()).collect(),
        };
        std::iter::once(self.subject_id.clone()).chain(others).collect()
    }

    /// The tables of the pack.
    pub(super) fn tables(&self) -> [Table; 6] {
        let accounts = self.accounts.iter().map(AccountRow::values);
        let exceptions = self.exceptions.iter().map(ExceptionRow::values);
        let blind_spots = self.blind_spots.iter().map(ExceptionRow::values);
        let population = self.population.iter().map(PopulationRow::values);
        let tasks = self.tasks.iter().map(TaskRow::values);
        [
            Table::new("leaver", &AccountRow::FIELDS, accounts),
            Table::new("exceptions", &ExceptionRow::FIELDS, exceptions),
            Table::new("blind_spots", &ExceptionRow::FIELDS, blind_spots),
            Table::new("population", &PopulationRow::FIELDS, population),
            Table::new("tasks", &TaskRow::FIELDS, tasks),
            Table::new("approvals", &APPROVAL_FIELDS, self.plans.iter().flat_map(approvals)),
        ]
    }
}

const APPROVAL_FIELDS: [&str; 9] = [
    "plan",
    "digest",
    "asked_by",
    "made_at",
    "approved_by",
    "approved_at",
    "expires",
    "reason",
    "run",
];

fn approvals(proposal: &Proposal) -> impl Iterator<Item = [Value; 9]> {
    let plan = &proposal.plan;
    proposal.approvals.iter().map(|approval| {
        [
            json!(plan.id()),
            json!(plan.digest()),
            json!(plan.requester()),
            json!(plan.made_at()),
            json!(approval.by),
            json!(approval.at),
            json!(approval.expires),
            json!(approval.reason),
            json!(proposal.run.as_ref().map(|run| &run.id)),
        ]
    })
}

impl Engine {
    pub(super) fn gather(&self, subject: &Subject) -> Result<Gathered> {
        let graph = self.graph()?;
        let reports = self.reports_about(subject)?;
        let (subject_id, title, person) = match subject {
            Subject::Person(id) => {
                let identity = graph.identity(id).ok_or_else(|| {
                    Error::input(format!("Nobody has the id {id}."))
                        .hint("`rollbook identities` lists everybody.")
                })?;
                (id.to_string(), identity.name.clone(), Some(id.clone()))
            }
            Subject::Run(id) => (id.to_string(), format!("Run {id}"), None),
        };
        let last_day = person.as_ref().and_then(|id| last_day(&graph, id));
        let accounts = accounts(&graph, person.as_ref(), last_day, &reports);
        let exceptions = exceptions(&graph, person.as_ref(), &reports);
        let (population, blind_spots) = self.population(&graph)?;
        let tasks = self.task_rows(person.as_ref(), &reports)?;
        let plan_ids: BTreeSet<PlanId> = reports.iter().map(|r| r.plan.id()).collect();
        let plans: Result<_> = plan_ids.iter().map(|id| self.proposal(id)).collect();
        Ok(Gathered {
            subject_id,
            title,
            person,
            last_day,
            accounts,
            exceptions,
            blind_spots,
            population,
            plans: plans?,
            tasks,
            graph,
        })
    }

    /// The runs that changed something of the subject, oldest first.
    fn reports_about(&self, subject: &Subject) -> Result<Vec<RunReport>> {
        let mut reports = Vec::new();
        for run in self.runs()?.into_iter().rev() {
            let report = self.run(&run.id)?;
            let concerned = match subject {
                Subject::Run(id) => run.id == *id,
                Subject::Person(id) => {
                    report.changes.iter().any(|c| c.change.identity.as_ref() == Some(id))
                }
            };
            if concerned {
                reports.push(report);
            }
        }
        match (subject, reports.is_empty()) {
            (Subject::Run(id), true) => Err(Error::input(format!("There is no run {id}."))
                .hint("`rollbook run list` lists them.")),
            _ => Ok(reports),
        }
    }

    /// The tasks of the runs, as far as they are about the person.
    fn task_rows(
        &self,
        person: Option<&IdentityId>,
        reports: &[RunReport],
    ) -> Result<Vec<TaskRow>> {
        let mut rows = Vec::new();
        for report in reports {
            let tasks = self.store.read(|book| book.tasks_of(&report.run.id))?;
            let is_theirs =
                |task: &Task| person.is_none() || task.change.identity.as_ref() == person;
            rows.extend(tasks.into_iter().filter(is_theirs).map(TaskRow::new));
        }
        Ok(rows)
    }

    fn population(&self, graph: &Graph) -> Result<(Vec<PopulationRow>, Vec<ExceptionRow>)> {
        let (mut population, mut blind) = (Vec::new(), Vec::new());
        for source in &self.config.sources {
            let feed = self.store.read(|book| book.feed(&source.name))?.unwrap_or_default();
            if let Some(why) = &feed.kept_out {
                blind.push(ExceptionRow { what: source.name.to_string(), because: why.clone() });
            }
            population.push(PopulationRow {
                place: source.name.to_string(),
                channel: "file".to_owned(),
                taken_at: feed.taken_at,
                coverage: feed.kept_out.unwrap_or_else(|| "complete".to_owned()),
                counted: feed.rows,
                reported: None,
                digest: feed.digest,
            });
        }
        for instance in &self.config.instances {
            let head = self.store.read(|book| book.newest_snapshot(&instance.name))?;
            let view = &graph.views()[&instance.name];
            if !view.coverage.is_complete() {
                let because = coverage(&view.coverage);
                blind.push(ExceptionRow { what: instance.name.to_string(), because });
            }
            population.push(PopulationRow {
                place: instance.name.to_string(),
                channel: instance.channel().to_owned(),
                taken_at: view.taken_at,
                coverage: coverage(&view.coverage),
                counted: head.as_ref().map_or(0, |h| h.count),
                reported: head.as_ref().and_then(|h| h.reported),
                digest: head.map_or_else(String::new, |h| h.id.to_string()),
            });
        }
        Ok((population, blind))
    }
}

/// The last day on which somebody works here by their records. `None`: some record is open-ended or
/// no record says.
pub(crate) fn last_day(graph: &Graph, person: &IdentityId) -> Option<Date> {
    let ends: Option<Vec<Date>> = graph.records_of(person).map(|record| record.ends).collect();
    ends?.into_iter().max().and_then(|gone| gone.checked_sub(1.day()).ok())
}

/// The accounts of the person and whatever the runs touched, each with the last thing done to it.
fn accounts(
    graph: &Graph,
    person: Option<&IdentityId>,
    last_day: Option<Date>,
    reports: &[RunReport],
) -> Vec<AccountRow> {
    let mut done: BTreeMap<AccountRef, (String, Vec<Done>)> = BTreeMap::new();
    for report in reports {
        for one in &report.changes {
            if person.is_some() && one.change.identity.as_ref() != person {
                continue;
            }
            let key = key_of(one);
            let account = AccountRef { instance: one.change.instance.clone(), key };
            let row = Done::of(report.run.id.as_str(), one);
            let entry = done.entry(account).or_default();
            entry.0.clone_from(&one.change.expects.login);
            entry.1.push(row);
        }
    }
    let owned = person.into_iter().flat_map(|id| graph.accounts_of(id));
    for (account, _) in owned {
        done.entry(account.account_ref()).or_insert_with(|| (account.login.clone(), Vec::new()));
    }
    let rows = done.into_iter().flat_map(|(account, (login, done))| {
        let seen = graph.account(&account);
        let (link, link_because) = link(seen.map(|(_, link)| link));
        let row = AccountRow {
            instance: account.instance.to_string(),
            key: account.key.to_string(),
            login: seen.map_or(login, |(account, _)| account.login.clone()),
            privileged: seen.is_some_and(|(account, link)| is_privileged(graph, account, link)),
            link,
            link_because,
            last_day,
            state_now: seen.map_or("not there", |(account, _)| account.state.word()).to_owned(),
            done: None,
        };
        match done.is_empty() {
            true => vec![row],
            false => {
                done.into_iter().map(|d| AccountRow { done: Some(d), ..row.clone() }).collect()
            }
        }
    });
    rows.collect()
}

/// The account that a change is about; for one that was to be made, the key that the vendor gave it,
/// or its label where there is none.
fn key_of(one: &ChangeReport) -> AccountKey {
    let made = one.recorded.iter().rev().find_map(|recorded| match recorded {
        Recorded::Acted { outcome: Outcome::Done { account, .. }, .. }
        | Recorded::Acted { outcome: Outcome::AlreadyDone { account }, .. }
            if !account.as_str().is_empty() =>
        {
            Some(account)
        }
        _ => None,
    });
    let known = one.change.account.as_ref().or(made);
    known.cloned().unwrap_or_else(|| one.change.label.as_str().into())
}

/// Whether an account administers its instance, by its roles, its grants or what it is judged to be.
pub(crate) fn is_privileged(graph: &Graph, account: &Account, link: &Link) -> bool {
    let grants = account.grants.iter().map(|grant| &grant.entitlement);
    let mut rights = account.roles.iter().chain(grants);
    let view = graph.views().get(&account.instance);
    link.kind == AccountKind::Admin
        || view.is_some_and(|view| rights.any(|right| view.is_admin_right(right)))
}

/// What the plans left alone, what did not end as wanted, and accounts that may be the person's.
fn exceptions(
    graph: &Graph,
    person: Option<&IdentityId>,
    reports: &[RunReport],
) -> Vec<ExceptionRow> {
    let mut rows = BTreeSet::new();
    let is_theirs = |concern: &Concern| person.is_none_or(|id| *concern == Concern::person(id));
    for report in reports {
        for left in report.plan.left_alone() {
            let told = concern::of_subject(&left.subject, graph);
            if !told.is_empty() && !told.iter().any(is_theirs) {
                continue;
            }
            let (what, because) = (left.label.clone(), left.because.clone());
            rows.insert(ExceptionRow { what, because });
        }
        for one in report.changes.iter().filter(|one| is_theirs(&Concern::of_change(&one.change))) {
            let because = match &one.stand {
                Stand::Ended(rollbook_core::step::Ending::Confirmed { .. }) => continue,
                Stand::Ended(ending) => rollbook_core::explain::ending(&one.change, ending),
                Stand::Held => format!(
                    "It was held back. {}",
                    one.held_because.as_deref().unwrap_or("Nothing was sent.")
                ),
                Stand::Waiting => "Somebody has the task; it does not show yet.".to_owned(),
                Stand::Later(at) => format!("It goes on at {at}."),
            };
            let what = format!("{} in {}", one.change.label, one.change.instance);
            rows.insert(ExceptionRow { what, because });
        }
    }
    for (account, link) in graph.accounts() {
        if let (LinkState::Suggested { candidates }, Some(person)) = (&link.state, person)
            && candidates.iter().any(|c| c.identity == *person)
        {
            let what = format!("{} in {}", account.login, account.instance);
            let because = format!("It may be theirs, which a human must decide. {}", link.because);
            rows.insert(ExceptionRow { what, because });
        }
    }
    rows.into_iter().collect()
}
