//! Who must agree, who did, and why that is not enough, as sentences.

use super::{printable, second, stop};
use crate::approval::{Approval, Needed, NotCounted, NotCovered, Progress, Refusal, Uncovered};
use crate::policy::Rule;

/// An approval as one sentence.
pub fn approval(approval: &Approval) -> String {
    let Approval { plan, by, at, expires, reason } = approval;
    let reason =
        if reason.trim().is_empty() { String::new() } else { format!(" Reason: {reason}") };
    let (at, expires) = (second(*at), second(*expires));
    printable(&format!("{by} approved the plan {plan} at {at}; it holds until {expires}.{reason}"))
}

/// Who must agree, as one sentence.
pub fn needed(needed: &Needed) -> String {
    let Needed { people, irreversible, approvers, requester, rules } = needed;
    let who = match (people, approvers.as_slice()) {
        (1, []) => "One named person must approve".to_owned(),
        (people, []) => format!("{people} different named people must approve"),
        (1, [only]) => format!("{only} must approve"),
        (1, names) => format!("One of {} must approve", names.join(", ")),
        (people, names) => format!("{people} of {} must approve", names.join(", ")),
    };
    let undo = match irreversible {
        0 => String::new(),
        1 => " One change cannot be taken back.".to_owned(),
        many => format!(" {many} changes cannot be taken back."),
    };
    let rules: String = rules.iter().map(|one| format!(" {}", rule(one))).collect();
    printable(&format!("{who}, and not {requester}, who asked for the plan.{undo}{rules}"))
}

/// Whom a rule asks for, as one sentence.
pub fn rule(rule: &Rule) -> String {
    let stages = rule.stages.iter().map(|stage| among(&stage.of, stage.needed()));
    let stages: Vec<_> = stages.collect();
    printable(&format!(
        "The rule {} asks for {} besides.",
        rule.name,
        stages.join(", and then for ")
    ))
}

/// Whom a rule waits for, as one sentence; `None`: for nobody.
pub fn open_rule(progress: &Progress) -> Option<String> {
    let (at, stage) = progress.open()?;
    let free: Vec<String> = stage.free().map(str::to_owned).collect();
    let which = match progress.stages.len() {
        1 => String::new(),
        stages => format!(" (stage {at} of {stages})"),
    };
    let missing = among(&free, stage.needed.saturating_sub(stage.by.len()));
    Some(printable(&format!("The rule {} waits for {missing}{which}.", progress.rule)))
}

/// So many of these people, for the middle of a sentence.
fn among(people: &[String], needed: usize) -> String {
    match people {
        [only] => only.clone(),
        [most @ .., last] if needed == people.len() => format!("{} and {last}", most.join(", ")),
        [most @ .., last] if needed == 1 => format!("{} or {last}", most.join(", ")),
        people => format!("{needed} of {}", people.join(", ")),
    }
}

/// Why there is no permit, as sentences, one in each line.
pub fn refusal(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Empty => "The plan changes nothing, so there is nothing to run.".to_owned(),
        Refusal::Stopped { stops } => {
            let mut lines = vec!["Nothing of the plan may run as it is.".to_owned()];
            lines.extend(stops.iter().map(stop));
            lines.join("\n")
        }
        Refusal::NotEnough { needed, counted, turned_away, open } => {
            let have = match counted.as_slice() {
                [] => "nobody's approval counts".to_owned(),
                names => format!("there is that of {}", names.join(", ")),
            };
            let people = if *needed == 1 { "One person" } else { &format!("{needed} people") };
            let mut lines = vec![printable(&format!("{people} must approve the plan; {have}."))];
            lines.extend(turned_away.iter().map(|away| {
                printable(&format!(
                    "The approval of {} does not count: {}.",
                    away.by,
                    not_counted(away.why)
                ))
            }));
            lines.extend(open.iter().filter_map(open_rule));
            lines.join("\n")
        }
    }
}

/// Why an approval does not count, for the middle of a sentence.
pub fn not_counted(why: NotCounted) -> &'static str {
    match why {
        NotCounted::Nameless => "it names nobody",
        NotCounted::Stale => "it is for a plan with another digest",
        NotCounted::Requester => "they asked for the plan themselves",
        NotCounted::Concerned => "the plan changes their own account",
        NotCounted::Executor => "they run the plan themselves",
        NotCounted::TooEarly => "a rule wants them only after others have approved",
        NotCounted::NotApprover => "the policy does not name them as an approver",
        NotCounted::Expired => "its time is over",
        NotCounted::WrongTime => "its time lies before the plan or after now; check the clock",
        NotCounted::Twice => "they approved already",
    }
}

/// Why a standing approval does not cover a plan, as one sentence.
pub fn not_covered(not: &NotCovered) -> String {
    let why = match &not.why {
        Uncovered::Ended { until } => format!("ended on {until}"),
        Uncovered::NotApprover { by } => {
            let by = by.trim();
            format!("does not count: \"{by}\" is nobody whom the policy lets approve")
        }
        Uncovered::Instance { instance } => format!("is not for {instance}"),
        Uncovered::Verb { verb } => format!("is not for changes that {}", verb.as_str()),
        Uncovered::Irreversible => "is not for what cannot be taken back".to_owned(),
        Uncovered::Privileged => "is not for administrators' accounts and rights".to_owned(),
        Uncovered::Concerned { by } => {
            format!("was given by {by}, whose own account the plan changes")
        }
        Uncovered::Full { used, asked, max } => format!(
            "covers {max} changes within 24 hours; it covered {used}, and the plan has {asked}"
        ),
    };
    printable(&format!("The standing approval {} {why}.", not.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_must_agree_is_one_sentence() {
        let needed_by = |people, irreversible, approvers: &[&str]| {
            let approvers = approvers.iter().map(|&a| a.to_owned()).collect();
            let requester = "ana".to_owned();
            needed(&Needed { people, irreversible, approvers, requester, rules: Vec::new() })
        };
        assert_eq!(
            needed_by(1, 0, &[]),
            "One named person must approve, and not ana, who asked for the plan."
        );
        assert_eq!(
            needed_by(2, 1, &["ben", "cleo", "dia"]),
            "2 of ben, cleo, dia must approve, and not ana, who asked for the plan. One change \
             cannot be taken back."
        );
    }
}
