//! One plan as it stands now: what cannot be taken back first, then what concerns administrators, then
//! the rest; what stops it; who agreed; its digest.

use rollbook_core::change::{Basis, Change};
use rollbook_core::explain;
use rollbook_core::guard::Blocks;
use rollbook_core::id::PlanId;
use rollbook_core::plan::Plan;
use rollbook_engine::Proposal;
use serde::Serialize;

use super::unknown;
use crate::serve::refusal::Refusal;
use crate::serve::web::cell::{Cell, Shown, Tone, minute};
use crate::serve::web::door::Visit;
use crate::serve::web::moment::{Moment, Stage};
use crate::serve::web::query::encoded;
use crate::serve::web::{frame, lists, told};

#[derive(Serialize)]
struct PlanPage {
    id: String,
    digest: String,
    stage: Shown,
    asked_by: String,
    made_at: String,
    groups: Vec<Group>,
    stops: Vec<StopLine>,
    needed: String,
    rules: Vec<String>,
    approvals: Vec<String>,
    left_alone: Vec<String>,
    rests_on: Vec<Seen>,
    run: Option<String>,
    is_waiting: bool,
    can_run: bool,
    changes: usize,
}

/// Changes that a reader weighs alike.
#[derive(Serialize)]
struct Group {
    title: &'static str,
    tone: Tone,
    changes: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    verb: &'static str,
    about: Shown,
    person: Option<Shown>,
    app: String,
    channel: String,
    known: Shown,
    because: String,
    is_held: bool,
}

#[derive(Serialize)]
struct StopLine {
    kind: String,
    subject: String,
    sentence: String,
    reach: &'static str,
}

#[derive(Serialize)]
struct Seen {
    name: String,
    when: String,
    how: String,
}

/// The page.
pub(super) fn draw(visit: &Visit<'_>) -> Result<String, Refusal> {
    let (moment, id) = (&visit.moment, PlanId::new(visit.named(0)));
    let shelved = moment.known.plans.iter().find(|one| one.plan.id() == id);
    let shelved = shelved.ok_or_else(|| unknown("plan", id.as_str(), "Plans"))?;
    let proposal = moment.engine.proposal(&id).map_err(told)?;
    let Proposal { plan, stops, needed, approvals, rules, run, .. } = &proposal;
    let stage = shelved.stage(moment.now);
    let tone = match stage {
        Stage::Waits => Tone::Warn,
        Stage::Approved => Tone::Good,
        Stage::Ran | Stage::Empty => Tone::Plain,
    };
    let stop = |stop: &rollbook_core::guard::Stop| StopLine {
        kind: lists::words(stop.kind.word()),
        subject: stop.subject.clone(),
        sentence: stop.sentence.clone(),
        reach: match stop.blocks {
            Blocks::Plan => "holds back the whole plan",
            Blocks::Instance { .. } => "holds back one app",
            Blocks::Change { .. } => "holds back one change",
        },
    };
    let page = PlanPage {
        id: id.to_string(),
        digest: plan.digest().to_owned(),
        stage: Cell::badge(stage.word(), tone).into(),
        asked_by: plan.requester().to_owned(),
        made_at: minute(plan.made_at()),
        groups: groups(moment, &proposal),
        stops: stops.iter().map(stop).collect(),
        needed: explain::needed(needed),
        rules: rules.iter().filter(|_| run.is_none()).filter_map(explain::open_rule).collect(),
        approvals: approvals.iter().map(explain::approval).collect(),
        left_alone: plan.left_alone().iter().map(explain::left_alone).collect(),
        rests_on: rests_on(plan),
        run: run.as_ref().map(|run| run.id.to_string()),
        is_waiting: stage == Stage::Waits,
        can_run: stage == Stage::Approved,
        changes: plan.changes().len(),
    };
    Ok(frame::draw(visit, "plan.html", "Plan", &page))
}

fn groups(moment: &Moment, proposal: &Proposal) -> Vec<Group> {
    let plan = &proposal.plan;
    let weigh = |change: &Change| match (change.reversible, plan.is_privileged(change)) {
        (false, _) => 0,
        (true, true) => 1,
        (true, false) => 2,
    };
    let titles = [
        ("Cannot be taken back", Tone::Bad),
        ("Concerns administrators", Tone::Warn),
        ("Can be taken back", Tone::Plain),
    ];
    let group = |(at, (title, tone)): (usize, (&'static str, Tone))| {
        let changes = plan.changes().iter().filter(|change| weigh(change) == at);
        let changes: Vec<Line> = changes.map(|change| line(moment, proposal, change)).collect();
        (!changes.is_empty()).then_some(Group { title, tone, changes })
    };
    titles.into_iter().enumerate().filter_map(group).collect()
}

fn line(moment: &Moment, proposal: &Proposal, change: &Change) -> Line {
    let about = Cell::text(&change.label).toned(Tone::Strong);
    let known = match change.route.basis {
        Basis::Probed => Cell::badge("probed", Tone::Good),
        Basis::Documented => Cell::badge("documented", Tone::Good),
        Basis::Recalled => Cell::badge("recalled", Tone::Warn),
    };
    let person = |id: &rollbook_core::id::IdentityId| {
        Cell::text(moment.name(id)).to(format!("/people/{}", encoded(id.as_str()))).into()
    };
    Line {
        verb: change.op.verb(),
        about: match change.account_ref() {
            Some(account) => about.to(lists::account_page(&account)),
            None => about,
        }
        .into(),
        person: change.identity.as_ref().map(person),
        app: change.instance.to_string(),
        channel: change.route.channel.clone(),
        known: known.into(),
        because: change.because.clone(),
        is_held: proposal.stops.iter().any(|stop| stop.blocks.holds(change)),
    }
}

fn rests_on(plan: &Plan) -> Vec<Seen> {
    use rollbook_core::snapshot::Coverage;
    let when = |at: Option<jiff::Timestamp>| at.map_or("never read".to_owned(), minute);
    let views = plan.basis().views.iter().map(|(name, view)| Seen {
        name: name.to_string(),
        when: when(view.taken_at),
        how: match &view.coverage {
            Coverage::Complete => format!("whole, {}", explain::counted(view.accounts, "account")),
            Coverage::Partial { why } => format!("partial: {why}"),
        },
    });
    let feeds = plan.basis().feeds.iter().map(|(name, feed)| Seen {
        name: name.to_string(),
        when: when(feed.taken_at),
        how: match &feed.kept_out {
            None => explain::counted(feed.records, "worker record"),
            Some(why) => format!("the newest delivery was kept out: {why}"),
        },
    });
    feeds.chain(views).collect()
}
