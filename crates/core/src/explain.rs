//! Everything that people must judge, as sentences and short texts.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;

use crate::change::{Change, Op};
use crate::finding::Subject;
use crate::guard::Stop;
use crate::plan::{LeftAlone, Plan};
use crate::reach::HUMAN;
use crate::snapshot::Coverage;
use crate::step::{Ending, Verdict};

mod agreement;

pub use agreement::{approval, needed, not_counted, not_covered, open_rule, refusal, rule};

/// `1 account`, `2 accounts`, `2 identities`.
pub fn counted<N: fmt::Display + PartialEq + From<u8>>(count: N, noun: &str) -> String {
    match noun.strip_suffix('y') {
        _ if count == N::from(1) => format!("{count} {noun}"),
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{count} {stem}ies"),
        _ => format!("{count} {noun}s"),
    }
}

/// A change as one sentence: what, where, which way, why.
pub fn change(change: &Change) -> String {
    let Change { instance, label, because, heir, harms, .. } = change;
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
    let heir = heir.as_ref().map(|heir| format!(" The account {heir} takes over what it owns."));
    let harms: String = harms.iter().map(|harm| format!(" {}", harm.sentence())).collect();
    let by = &change.route.channel;
    printable(&format!("{what}, by {by}: {because}{}{harms}", heir.unwrap_or_default()))
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
        Ending::Unproven { why } if change.route.channel == HUMAN => {
            format!("By the word of a person, and nobody could see it: {what}. {why}")
        }
        Ending::Unproven { why } => format!("Sent or not, nobody could see it: {what}. {why}"),
        Ending::Refused { why } => format!("Not sent, plan again: {what}. {why}"),
        Ending::Failed { why, hint } => format!("Failed, nothing happened: {what}. {why} {hint}"),
        Ending::Cancelled { why } => format!("Cancelled, nothing happened: {what}. {why}"),
    })
}

/// Whether a change of a plan belongs under a heading.
type Belongs = fn(&Plan, &Change) -> bool;

/// The whole plan for people: what cannot be taken back first, then what concerns administrators,
/// then the rest; what stops it; what it leaves alone; what it rests on; its digest. Nothing is cut.
pub fn plan(plan: &Plan, stops: &[Stop]) -> String {
    let mut text = vec![printable(&format!(
        "{} asked for this plan at {}. {}",
        plan.requester(),
        second(plan.made_at()),
        counts(plan)
    ))];
    let groups: [(&str, Belongs); 3] = [
        ("Cannot be taken back", |_, change| !change.reversible),
        ("Concerns administrators", |plan, change| change.reversible && plan.is_privileged(change)),
        ("Can be taken back", |plan, change| change.reversible && !plan.is_privileged(change)),
    ];
    for (title, belongs) in groups {
        let lines = plan.changes().iter().filter(|c| belongs(plan, c)).map(|c| {
            let held = if stops.iter().any(|s| s.blocks.holds(c)) { " [held back]" } else { "" };
            format!("{}{held}", change(c))
        });
        section(&mut text, title, lines);
    }
    section(&mut text, "Stops", stops.iter().map(stop));
    section(&mut text, "Left alone", plan.left_alone().iter().map(left_alone));
    section(&mut text, "Rests on", rests_on(plan));
    text.push(format!("\nDigest: {}", plan.digest()));
    text.join("\n")
}

/// What a plan does not touch, as one sentence.
pub fn left_alone(left: &LeftAlone) -> String {
    let place = match &left.subject {
        Subject::Account { account } | Subject::Grant { account, .. } => Some(&account.instance),
        Subject::Accounts { left, .. } => Some(&left.instance),
        Subject::Resource { instance, .. } => Some(instance),
        Subject::Assignment { instance, .. } if instance.as_str() != "*" => Some(instance),
        _ => None,
    };
    let place = place.map(|instance| format!(" in {instance}")).unwrap_or_default();
    printable(&format!("{}{place}: {}", left.label, left.because))
}

fn section(text: &mut Vec<String>, title: &str, lines: impl Iterator<Item = String>) {
    let lines: Vec<String> = lines.map(|line| format!("  - {line}")).collect();
    if !lines.is_empty() {
        text.push(format!("\n{title} ({}):", lines.len()));
        text.extend(lines);
    }
}

/// How many changes there are of each kind.
fn counts(plan: &Plan) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for change in plan.changes() {
        *counts.entry(change.op.verb()).or_default() += 1;
    }
    if counts.is_empty() {
        return "It changes nothing.".to_owned();
    }
    let counts: Vec<_> = counts.into_iter().map(|(verb, n)| format!("{verb} {n}")).collect();
    format!("It would {}.", counts.join(", "))
}

fn rests_on(plan: &Plan) -> impl Iterator<Item = String> {
    let basis = plan.basis();
    let views = basis.views.iter().map(|(name, view)| {
        let Some(taken_at) = view.taken_at else {
            return printable(&format!("{name}: never read"));
        };
        let whole = match &view.coverage {
            Coverage::Complete => "whole".to_owned(),
            Coverage::Partial { why } => format!("partial: {why}"),
        };
        printable(&format!(
            "{name}: {}, read at {}, {whole}",
            counted(view.accounts, "account"),
            second(taken_at)
        ))
    });
    let feeds = basis.feeds.iter().map(|(name, feed)| {
        let taken =
            feed.taken_at.map_or("never read".to_owned(), |at| format!("read at {}", second(at)));
        let kept_out = match &feed.kept_out {
            Some(why) => format!("; the newest delivery was kept out: {why}"),
            None => String::new(),
        };
        let records = counted(feed.records, "worker record");
        printable(&format!("{name}: {records}, {taken}{kept_out}"))
    });
    views.chain(feeds)
}

/// The moment without fractions of a second, which nobody reads.
fn second(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

/// `text` with control and direction-changing characters written out, so that no name can forge a
/// line or turn its neighbours around.
pub fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if c.is_control() || turns || matches!(c, '\u{2028}' | '\u{2029}' | '\u{61c}') {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_forge_a_line_or_turn_the_text_around() {
        let shown = printable("x\n2026-11-21 approved by ceo \u{202e}gro\u{1b}[2J é");
        assert_eq!(shown, "x\\u{a}2026-11-21 approved by ceo \\u{202e}gro\\u{1b}[2J é");
    }
}
