//! Probing an instance of the workspace, and what was found kept under its name.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use rollbook_core::canonical::same_login;
use rollbook_core::event::{Concern, Draft};
use rollbook_core::id::{AccountRef, InstanceName};
use rollbook_scim::probe::{Grade, Sandbox};
use serde_json::json;

use crate::channel::probe::{Probe, ProbeReport, ProbeSettings};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::probed::{Body, PROBED, ProbedFact};
use crate::progress::Progress;

impl Engine {
    /// Probes an instance that is reached over SCIM, records what was found, under `by`, and
    /// reconciles. What stayed unknown is not recorded, so that it never takes the place of something
    /// known.
    ///
    /// # Errors
    /// When the instance cannot be probed, or the sandbox account belongs to somebody.
    pub async fn probe(
        &self,
        name: &InstanceName,
        sandbox: Option<Sandbox>,
        settles_within: Duration,
        by: &str,
        progress: &dyn Progress,
        stop: &AtomicBool,
    ) -> Result<ProbeReport> {
        let instance = self.instance(name)?;
        let scim = instance.scim.as_ref().ok_or_else(|| {
            Error::input(format!(
                "The instance {name} is not reached over SCIM, so it cannot be probed."
            ))
        })?;
        if let Some(sandbox) = &sandbox {
            self.check_sandbox(name, &sandbox.login)?;
        }
        let mut scim = crate::channels::settings(instance, scim, &self.dir)?;
        scim.pace = Some(self.pace(name, scim.limit())?);
        let probe = Probe::new(ProbeSettings { scim, sandbox: sandbox.clone(), settles_within })?;
        if let Some(sandbox) = &sandbox {
            self.record_sandbox(name, sandbox, by)?;
        }
        let report = probe.run(progress, stop).await?;
        self.record_probe(name, &report, by)?;
        Ok(report)
    }

    /// An account that was linked to a person or another identity is nobody's sandbox.
    fn check_sandbox(&self, name: &InstanceName, login: &str) -> Result<()> {
        let graph = self.graph()?;
        let mut accounts = graph.accounts();
        let owned = accounts.find(|(account, link)| {
            account.instance == *name && same_login(&account.login, login) && link.owner().is_some()
        });
        match owned {
            None => Ok(()),
            Some(_) => Err(Error::refused(format!(
                "The account `{login}` in {name} belongs to somebody, so a probe may not write to it."
            ))
            .hint("Name an account that nobody uses, or a login that is not there yet.")),
        }
    }

    /// What is about to be written to, kept before the first request.
    fn record_sandbox(&self, name: &InstanceName, sandbox: &Sandbox, by: &str) -> Result<()> {
        let account = AccountRef { instance: name.clone(), key: sandbox.login.as_str().into() };
        self.store.write(|book| {
            book.record(Draft {
                kind: "probe_begun".to_owned(),
                actor: by.to_owned(),
                on_behalf_of: String::new(),
                subject: name.to_string(),
                concerns: [Concern::account(&account)].into(),
                at: self.now(),
                body: json!({"sandbox_user": sandbox.login, "sandbox_group": sandbox.group}),
            })
        })
    }

    /// Keeps what was found, and what follows from it.
    fn record_probe(&self, name: &InstanceName, report: &ProbeReport, by: &str) -> Result<()> {
        let known = report.answers.iter().filter(|it| it.verdict.grade != Grade::Unknown);
        let fact = |it: &crate::channel::probe::Answered| ProbedFact {
            question: it.question.key.to_owned(),
            verdict: it.verdict.grade.word().to_owned(),
            value: it.verdict.value.clone(),
            says: it.verdict.says.clone(),
            receipts: it.receipts.clone(),
        };
        let facts = known.map(fact).collect();
        self.store.write(|book| {
            let instance = self.instance(name)?;
            let body = Body::after(self.probed_in(&book.reading(), instance)?, facts, instance);
            book.move_basis()?;
            book.record(Draft {
                kind: PROBED.to_owned(),
                actor: by.to_owned(),
                on_behalf_of: String::new(),
                subject: name.to_string(),
                concerns: [].into(),
                at: self.now(),
                body: rollbook_core::canonical::value_of(&body),
            })
        })?;
        self.reconcile()?;
        self.checkpoint()?;
        Ok(())
    }
}
