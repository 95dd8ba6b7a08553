//! What people do in the console: ask for a plan, agree to one, run it, decide a link, put a finding
//! off. Each is one call of the engine, under the name that the session is of, and leads to the page
//! that shows what came of it.

use hyper::StatusCode;
use jiff::civil::Date;
use rollbook_core::finding::PutOff;
use rollbook_core::id::{AccountRef, FindingId, IdentityId, PlanId};
use rollbook_core::link::{Candidate, LinkState, LinkVerdict};
use rollbook_engine::asking;

use super::unknown;
use crate::serve::refusal::Refusal;
use crate::serve::web::door::Visit;
use crate::serve::web::lists::account_page;
use crate::serve::web::reply::Reply;
use crate::serve::web::told;

/// The most findings of one plan.
const FINDINGS_MAX: usize = 100;

impl Visit<'_> {
    /// Under which name it is recorded.
    pub(super) fn by(&self) -> &str {
        &self.signed.member.name
    }

    /// What a field of the form holds; empty where it holds nothing.
    pub(super) fn field(&self, name: &str) -> &str {
        self.asked.form.get(name).unwrap_or_default()
    }

    /// What gives more power than it has takes a session that was begun lately, so that nobody does it
    /// with a browser that was left open.
    ///
    /// # Errors
    /// When the session is older.
    pub(super) fn check_fresh(&self, what: &str) -> Result<(), Refusal> {
        if self.signed.is_fresh(self.moment.now) {
            return Ok(());
        }
        let detail = format!(
            "{what} takes a session that was begun in the last half hour, so nothing was done. Sign \
             in anew, and do it then."
        );
        Err(Refusal::new(StatusCode::FORBIDDEN, &detail))
    }
}

/// Asks for a plan that closes everything somebody has.
pub(super) fn offboard(visit: &Visit<'_>) -> Result<Reply, Refusal> {
    let id = IdentityId::new(visit.named(0));
    if visit.moment.graph.identity(&id).is_none() {
        return Err(unknown("person", id.as_str(), "People"));
    }
    let heir = match visit.field("heir") {
        "" => None,
        heir => Some(asking::person(&visit.moment.graph, heir).map_err(told)?),
    };
    let engine = &visit.moment.engine;
    let proposal = engine.plan_offboard(&id, heir.as_ref(), visit.by()).map_err(told)?;
    Ok(Reply::See(format!("/plans/{}", proposal.plan.id())))
}

/// Asks for a plan that settles one finding.
pub(super) fn plan_finding(visit: &Visit<'_>) -> Result<Reply, Refusal> {
    let id = visit.named(0);
    let mut findings = visit.moment.open_findings().map(|tracked| &tracked.finding);
    let finding = findings.find(|finding| finding.id.as_str() == id);
    let finding = finding.ok_or_else(|| unknown("open finding", id, "Findings"))?.clone();
    let proposal = visit.moment.engine.plan_findings(&[finding], visit.by()).map_err(told)?;
    Ok(Reply::See(format!("/plans/{}", proposal.plan.id())))
}

/// Asks for one plan that settles the findings that were chosen from the list.
pub(super) fn plan_findings(visit: &Visit<'_>) -> Result<Reply, Refusal> {
    let chosen: Vec<&str> = visit.asked.form.all("finding").collect();
    if chosen.is_empty() || chosen.len() > FINDINGS_MAX {
        let detail = format!("Choose from 1 to {FINDINGS_MAX} findings; no plan was made.");
        return Err(Refusal::new(StatusCode::BAD_REQUEST, &detail));
    }
    let find = |id: &&str| {
        let mut open = visit.moment.open_findings().map(|tracked| &tracked.finding);
        let found = open.find(|finding| finding.id.as_str() == *id);
        found.cloned().ok_or_else(|| unknown("open finding", id, "Findings"))
    };
    let findings = chosen.iter().map(find).collect::<Result<Vec<_>, _>>()?;
    let proposal = visit.moment.engine.plan_findings(&findings, visit.by()).map_err(told)?;
    Ok(Reply::See(format!("/plans/{}", proposal.plan.id())))
}

/// Agrees to a plan, as it was shown.
pub(super) fn approve(visit: &Visit<'_>) -> Result<Reply, Refusal> {
    let id = plan(visit)?;
    visit.check_fresh("Approving")?;
    let (digest, reason) = (visit.field("digest"), visit.field("reason"));
    visit.moment.engine.approve(&id, digest, visit.by(), reason).map_err(told)?;
    Ok(Reply::See(format!("/plans/{id}")))
}

/// The plan that the address names.
fn plan(visit: &Visit<'_>) -> Result<PlanId, Refusal> {
    let id = PlanId::new(visit.named(0));
    let mut plans = visit.moment.known.plans.iter();
    match plans.any(|shelved| shelved.plan.id() == id) {
        true => Ok(id),
        false => Err(unknown("plan", id.as_str(), "Plans")),
    }
}

/// Begins the run of a plan; delivery goes on with it.
pub(super) fn run(visit: &Visit<'_>) -> Result<Reply, Refusal> {
    let id = plan(visit)?;
    let run = visit.moment.engine.begin_apply(&id, visit.by()).map_err(told)?;
    Ok(Reply::See(format!("/runs/{}", run.id)))
}

/// Says that an account is, or is not, a candidate's.
pub(super) fn decide(visit: &Visit<'_>, is_theirs: bool) -> Result<Reply, Refusal> {
    let account = AccountRef { instance: visit.named(0).into(), key: visit.named(1).into() };
    let found = visit.moment.graph.account(&account);
    let (_, link) = found.ok_or_else(|| unknown("account", &account.to_string(), "Links"))?;
    let candidates: &[Candidate] = match &link.state {
        LinkState::Suggested { candidates } => candidates,
        LinkState::Auto { owner } | LinkState::Confirmed { owner } => std::slice::from_ref(owner),
        LinkState::None => &[],
    };
    let wanted = visit.field("person");
    let one = candidates.iter().find(|candidate| candidate.identity.as_str() == wanted);
    let record = one.and_then(|one| {
        let records = || visit.moment.graph.identity(&one.identity)?.records.last().cloned();
        one.record.clone().or_else(records)
    });
    let record = record.ok_or_else(|| {
        let detail = "This person is no candidate any more, so nothing was decided. Open the page \
                      again; the book changed meanwhile.";
        Refusal::new(StatusCode::CONFLICT, detail)
    })?;
    let place = account_page(&account);
    let verdict = match is_theirs {
        true => LinkVerdict::Confirm { account, record },
        false => LinkVerdict::Reject { account, record },
    };
    visit.moment.engine.decide(verdict, visit.by(), visit.field("reason")).map_err(told)?;
    Ok(Reply::See(place))
}

/// Says that a finding can wait until a day, or that its risk is accepted until then.
pub(super) fn put_off(visit: &Visit<'_>) -> Result<Reply, Refusal> {
    let id = FindingId::new(visit.named(0));
    if !visit.moment.known.findings.iter().any(|tracked| tracked.finding.id == id) {
        return Err(unknown("finding", id.as_str(), "Findings"));
    }
    let until: Date = visit.field("until").parse().map_err(|_| {
        let detail = "Say until which day, such as 2027-01-31; nothing was put off.";
        Refusal::new(StatusCode::BAD_REQUEST, detail)
    })?;
    let put_off = PutOff {
        accepted: visit.field("as") == "accepted",
        until,
        by: visit.by().to_owned(),
        reason: visit.field("reason").to_owned(),
    };
    visit.moment.engine.put_off(&id, put_off).map_err(told)?;
    Ok(Reply::See(format!("/findings/{id}")))
}
