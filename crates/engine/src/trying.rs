//! Another policy, tried on the plans that were made before: what it would have asked for.

use std::path::Path;

use jiff::civil::Date;
use rollbook_core::approval::{self, Case, Humans, Progress};
use rollbook_core::explain;
use rollbook_core::graph::Graph;
use rollbook_core::guard::History;
use rollbook_core::plan::Plan;
use rollbook_core::policy::Policy;

use crate::config::Files;
use crate::engine::Engine;
use crate::error::Result;
use crate::planning::names;

/// One plan under another policy.
#[derive(Clone, Debug)]
pub struct Trial {
    /// The plan.
    pub plan: Plan,
    /// Whether it was run.
    pub was_run: bool,
    /// The rules that apply, and how far each is.
    pub rules: Vec<Progress>,
    /// Why it could not have run with what was agreed to then, as sentences; `None`: it could have.
    pub missing: Option<String>,
}

impl Engine {
    /// What in the policy somebody should look at, as sentences; empty: nothing.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn policy_doubts(&self) -> Result<Vec<String>> {
        Ok(approval::doubts(&self.config.policy, &self.graph()?, self.today()))
    }

    /// The policy of a file like `rollbook.toml`, beside the workspace's own app files.
    ///
    /// # Errors
    /// When the file cannot be read or used; the message names it, the line and the key.
    pub fn policy_in(&self, file: &Path) -> Result<Policy> {
        Ok(Files::apps(&self.dir)?.config_with(&self.dir, file)?.policy)
    }

    /// What `policy` would have asked for each plan that was made on the day `since` or later, newest
    /// first. Each is judged as of the moment at which it was run, or agreed to last. Stops are not
    /// judged anew, because nobody knows any more what was seen then.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn try_policy(&self, policy: &Policy, since: Date) -> Result<Vec<Trial>> {
        let (graph, zone) = (self.graph()?, self.config.workspace.zone());
        let plans = self.plans()?.into_iter();
        let recent = plans.filter(|plan| {
            plan.made_at().to_zoned(zone.clone()).date() >= since && !plan.is_empty()
        });
        recent.map(|plan| self.try_on(policy, plan, &graph)).collect()
    }

    fn try_on(&self, policy: &Policy, plan: Plan, graph: &Graph) -> Result<Trial> {
        let id = plan.id();
        let (approvals, run, begun) = self.store.read(|book| {
            let run = book.run_of(&id)?;
            let begun = match &run {
                Some(run) => book.recorded(run.id.as_str(), "run_begun")?,
                None => Vec::new(),
            };
            Ok((book.approvals(&id)?, run, begun))
        })?;
        let executor = begun.first().map(|(event, _)| event.actor.clone());
        let executor = executor.filter(|actor| actor != "rollbook");
        let agreed = approvals.iter().map(|approval| approval.at).max();
        let now = run.as_ref().map(|run| run.began_at).or(agreed).unwrap_or(plan.made_at());
        let today = self.config.workspace.day_of(now);
        let people = names(&plan, policy, &approvals).chain(executor.as_deref());
        let humans = Humans::of(graph, people);
        let case = Case {
            plan: &plan,
            stops: &[],
            approvals: &approvals,
            humans: &humans,
            policy,
            executor: executor.as_deref(),
            now,
            today,
        };
        let standing = approval::standing(&plan, policy, &History::default(), now, today);
        let given = match &standing {
            Ok(covered) => approval::permit_covered(&case, covered),
            Err(_) => approval::permit(&case),
        };
        let rules = given
            .as_ref()
            .map_or_else(|_| approval::progress_of(&case), |permit| permit.rules().to_vec());
        let missing = given.err().map(|refusal| explain::refusal(&refusal));
        Ok(Trial { was_run: run.is_some(), rules, missing, plan })
    }
}
