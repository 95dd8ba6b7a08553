//! `rollbook plan`: from a wish or a finding to a frozen set of changes that people can judge.

use std::collections::BTreeMap;

use clap::Subcommand;
use rollbook_core::change::Op;
use rollbook_core::explain;
use rollbook_core::finding::Subject;
use rollbook_core::id::{AccountRef, PlanId};
use rollbook_core::plan::{Asked, Plan, Want, Wish, profile_for};
use rollbook_engine::{Engine, Error, Held, Proposal, Result, asking};
use serde_json::{Value, json};

use super::findings::{self, Filter};
use crate::exit::Exit;
use crate::pick;
use crate::screen::{Cell, Tone};
use crate::session::Session;

/// Make, show and list plans
#[derive(Debug, clap::Args)]
#[command(
    arg_required_else_help = true,
    after_help = "\
Examples:
  rollbook plan findings --kind leftover
  rollbook plan suspend mindtickle/ana@acme.example --reason 'Left on Friday'
  rollbook plan grant mindtickle/ana@acme.example 'Sales academy'
  rollbook plan update mindtickle/ana@acme.example displayName='Ana Diaz' title=Lead
  rollbook plan show pln_0123456789abcdef0123
  rollbook plan held mindtickle
  rollbook plan list

A plan changes nothing. It is frozen under a digest, somebody else approves that digest, and only
then does `rollbook apply` act. An account is named as INSTANCE/KEY or INSTANCE/LOGIN."
)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

/// What to plan.
#[derive(Debug, Subcommand)]
enum What {
    /// Plan what settles findings
    Findings {
        #[command(flatten)]
        filter: Filter,
    },
    /// Plan that nobody gets in with an account any more; can be taken back
    Suspend(OnAccount),
    /// Plan that an account lets in again
    Reactivate(OnAccount),
    /// Plan that an account is taken away; often for good
    Remove {
        /// The account
        #[command(flatten)]
        on: OnAccount,
        /// Who takes over what it owns, where the app would destroy it
        #[arg(long, value_name = "PERSON")]
        heir: Option<String>,
    },
    /// Plan to give an entitlement
    Grant(OnEntitlement),
    /// Plan to take an entitlement away
    Revoke(OnEntitlement),
    /// Plan an account for a person, from their worker record
    Create {
        /// A person: name, worker number, address
        person: String,
        /// Where
        instance: String,
        /// Why, as the plan says it
        #[arg(long)]
        reason: Option<String>,
    },
    /// Plan to set attributes of an account
    Update {
        /// INSTANCE/KEY or INSTANCE/LOGIN
        account: String,
        /// Attribute and value, e.g. displayName='Ana Diaz'
        #[arg(required = true, value_name = "KEY=VALUE", value_parser = setting)]
        set: Vec<(String, String)>,
        /// Why, as the plan says it
        #[arg(long)]
        reason: Option<String>,
    },
    /// Show a plan as it stands now: what it does, what stops it, who agreed
    Show {
        /// Its id
        plan: String,
    },
    /// Show all that was pushed to an instance, or to `all`, and that waits for a named person
    Held {
        /// Where it was pushed
        instance: String,
    },
    /// List all plans, newest first
    List,
}

#[derive(Debug, clap::Args)]
struct OnAccount {
    /// INSTANCE/KEY or INSTANCE/LOGIN
    account: String,
    /// Why, as the plan says it
    #[arg(long)]
    reason: Option<String>,
}

#[derive(Debug, clap::Args)]
struct OnEntitlement {
    /// INSTANCE/KEY or INSTANCE/LOGIN
    account: String,
    /// A role, a group, a licence: its key, or its name where only one has it
    entitlement: String,
    /// Why, as the plan says it
    #[arg(long)]
    reason: Option<String>,
}

fn setting(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => {
            Ok((key.trim().to_owned(), value.to_owned()))
        }
        _ => Err("write it as KEY=VALUE, for example displayName='Ana Diaz'".to_owned()),
    }
}

/// Makes, shows or lists plans.
pub(crate) fn run(session: &Session, args: &Args) -> Result<Exit> {
    let engine = session.open_beside()?;
    let proposal = match &args.what {
        What::Findings { filter } => for_findings(session, &engine, filter)?,
        What::Show { plan } => engine.proposal(&PlanId::new(plan))?,
        What::List => return list(session, &engine),
        What::Held { instance } => {
            show_held(session, &engine.held(instance)?);
            return Ok(Exit::Ok);
        }
        wish => {
            let by = session.by()?;
            engine.plan_wishes(&[self::wish(&engine, wish, &by)?], &by)?
        }
    };
    show(session, &proposal);
    if !matches!(args.what, What::Show { .. }) {
        next_commands(session, &proposal);
    }
    Ok(Exit::Ok)
}

fn for_findings(session: &Session, engine: &Engine, filter: &Filter) -> Result<Proposal> {
    let chosen = findings::chosen(engine, &engine.graph()?, filter)?;
    if chosen.is_empty() {
        return Err(Error::input("No finding is open that fits, so there is nothing to plan.")
            .hint("`rollbook findings` lists what is open."));
    }
    let findings: Vec<_> = chosen.into_iter().map(|tracked| tracked.finding).collect();
    engine.plan_findings(&findings, &session.by()?)
}

fn wish(engine: &Engine, what: &What, by: &str) -> Result<Wish> {
    let graph = engine.graph()?;
    let because = |reason: &Option<String>| {
        reason.clone().unwrap_or_else(|| format!("{by} asked for it, without a reason."))
    };
    let find = |account: &str| pick::account(engine, &graph, account);
    let act = |account: AccountRef, op: Op, reason: &Option<String>| {
        Ok(Wish::by_person(by, account, op, because(reason)))
    };
    match what {
        What::Suspend(on) => act(find(&on.account)?, Op::Suspend, &on.reason),
        What::Reactivate(on) => act(find(&on.account)?, Op::Reactivate, &on.reason),
        What::Remove { on, heir } => {
            let heir = heir.as_ref().map(|heir| asking::person(&graph, heir)).transpose()?;
            let wish = act(find(&on.account)?, Op::Remove, &on.reason)?;
            Ok(Wish { heir, ..wish })
        }
        What::Grant(on) => {
            let account = find(&on.account)?;
            let entitlement = pick::entitlement(&graph, &account, &on.entitlement)?;
            act(account, Op::Grant { entitlement }, &on.reason)
        }
        What::Revoke(on) => {
            let account = find(&on.account)?;
            let entitlement = pick::entitlement(&graph, &account, &on.entitlement)?;
            act(account, Op::Revoke { entitlement }, &on.reason)
        }
        What::Update { account, set, reason } => {
            let set: BTreeMap<_, _> = set.iter().cloned().collect();
            act(find(account)?, Op::Update { set }, reason)
        }
        What::Create { person, instance, reason } => {
            let identity = asking::person(&graph, person)?;
            let instance = pick::instance(engine, instance)?;
            let policy = &engine.config().policy;
            let profile =
                profile_for(&graph, &identity, &instance, policy).map_err(Error::input)?;
            Ok(Wish {
                subject: Subject::Assignment { identity, instance },
                want: Want::Act { op: Op::Create { profile } },
                asked: Asked::Person { name: by.to_owned() },
                because: because(reason),
                heir: None,
            })
        }
        What::Findings { .. } | What::Show { .. } | What::Held { .. } | What::List => {
            Err(Error::bug("A listing was taken for a wish."))
        }
    }
}

/// Prints a plan with everything that people need to decide about it.
pub(super) fn show(session: &Session, proposal: &Proposal) {
    let screen = session.screen();
    let Proposal { plan, stops, needed, approvals, rules, run, .. } = proposal;
    if screen.is_json() {
        screen.json(&as_json(proposal));
        return;
    }
    screen.toned(Tone::Strong, format!("Plan {}", plan.id()));
    screen.text(&explain::plan(plan, stops));
    screen.line("");
    screen.line(explain::needed(needed));
    for approval in approvals {
        screen.toned(Tone::Good, explain::approval(approval));
    }
    for open in rules.iter().filter(|_| run.is_none()).filter_map(explain::open_rule) {
        screen.toned(Tone::Warn, open);
    }
    if let Some(run) = run {
        let began = run.began_at.strftime("%Y-%m-%d %H:%M:%S UTC");
        screen.line(format!("It was run: {} began at {began}.", run.id));
    }
}

/// Everything that is held at one endpoint, each change as one sentence, and the digest of it all.
pub(super) fn show_held(session: &Session, held: &Held) {
    let screen = session.screen();
    if screen.is_json() {
        let plans: Vec<_> = held.proposals().iter().map(as_json).collect();
        screen.json(&json!({
            "endpoint": held.endpoint(), "digest": held.digest(), "stops": held.stops(),
            "plans": plans,
        }));
        return;
    }
    if held.proposals().is_empty() {
        let said = "Nothing that was pushed there waits for a named person.";
        screen.line(format!("{}: {said}", held.endpoint()));
        return;
    }
    let plans = explain::counted(held.proposals().len(), "plan");
    screen.toned(Tone::Strong, format!("Held in {}: {plans}", held.endpoint()));
    for proposal in held.proposals() {
        screen.line(format!("{} for {}", proposal.plan.id(), proposal.plan.requester()));
        for change in proposal.plan.changes() {
            screen.line(format!("  - {}", explain::change(change)));
        }
        for stop in &proposal.stops {
            screen.toned(Tone::Warn, format!("  - Stop: {}", explain::stop(stop)));
        }
    }
    for stop in held.stops() {
        screen.toned(Tone::Bad, format!("All together: {}", explain::stop(stop)));
    }
    screen.line(format!("\nDigest: {}", held.digest()));
}

/// What to type next about a plan.
pub(super) fn next_commands(session: &Session, proposal: &Proposal) {
    let screen = session.screen();
    if screen.is_json() || proposal.plan.is_empty() {
        return;
    }
    let id = proposal.plan.id();
    screen.heading("Next");
    screen.line(format!("  rollbook approve {id} --by NAME    somebody else agrees to it"));
    screen.line(format!("  rollbook apply {id}                it is done, and looked at again"));
}

fn as_json(proposal: &Proposal) -> Value {
    let Proposal { plan, stops, needed, approvals, rules, run, .. } = proposal;
    json!({
        "plan": plan.id(),
        "digest": plan.digest(),
        "requester": plan.requester(),
        "made_at": plan.made_at(),
        "origin": plan.origin(),
        "changes": plan.changes(),
        "left_alone": plan.left_alone(),
        "stops": stops,
        "needed": needed,
        "approvals": approvals,
        "rules": rules,
        "run": run.as_ref().map(|run| &run.id),
    })
}

fn list(session: &Session, engine: &Engine) -> Result<Exit> {
    let screen = session.screen();
    let plans = engine.plans()?;
    if screen.is_json() {
        for plan in &plans {
            screen.json(&json!({
                "plan": plan.id(), "digest": plan.digest(), "requester": plan.requester(),
                "made_at": plan.made_at(), "changes": plan.changes().len(),
            }));
        }
        return Ok(Exit::Ok);
    }
    let row = |plan: &Plan| -> Vec<Cell> {
        let by_verb = plan.changes().iter().fold(BTreeMap::new(), |mut counts, change| {
            *counts.entry(change.op.verb()).or_insert(0_usize) += 1;
            counts
        });
        let does: Vec<_> = by_verb.iter().map(|(verb, n)| format!("{verb} {n}")).collect();
        vec![
            Cell::toned(plan.id().as_str(), Tone::Strong),
            plan.made_at().strftime("%Y-%m-%d %H:%M").to_string().into(),
            plan.requester().into(),
            if does.is_empty() { "nothing".into() } else { does.join(", ").into() },
            plan.left_alone().len().to_string().into(),
        ]
    };
    screen.table(
        &["Plan", "Made (UTC)", "Asked by", "Does", "Left alone"],
        plans.iter().map(row).collect(),
    );
    Ok(Exit::Ok)
}
