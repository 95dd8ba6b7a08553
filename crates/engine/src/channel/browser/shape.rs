//! What a page is made of, and whether it is still made of it. Pure.

use std::collections::BTreeSet;

/// How many differences are told.
const TOLD_MAX: usize = 6;

/// How `seen` differs from `accepted`, as a sentence; `None`: not at all, or nothing was accepted yet.
/// Order does not matter but for columns, whose place is in their line.
pub fn drift(accepted: &[String], seen: &[String]) -> Option<String> {
    if accepted.is_empty() {
        return None;
    }
    let (was, is): (BTreeSet<_>, BTreeSet<_>) = (accepted.iter().collect(), seen.iter().collect());
    let lost = was.difference(&is).map(|line| format!("{line} is gone"));
    let new = is.difference(&was).map(|line| format!("{line} is new"));
    let all: Vec<String> = lost.chain(new).collect();
    if all.is_empty() {
        return None;
    }
    let more = match all.len().saturating_sub(TOLD_MAX) {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    let told = all[..all.len().min(TOLD_MAX)].join(", ");
    Some(format!("The page is not built as it was: {told}{more}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.split('|').map(str::to_owned).collect()
    }

    #[test]
    fn what_is_gone_and_what_is_new_is_told() {
        let was = lines("column 1 \"Name\"|button \"Invite\"");
        assert_eq!(drift(&was, &was), None);
        assert_eq!(drift(&[], &was), None, "nothing was accepted yet");
        assert_eq!(
            drift(&was, &lines("column 1 \"Member\"|button \"Invite\"")).as_deref(),
            Some(
                "The page is not built as it was: column 1 \"Name\" is gone, column 1 \"Member\" is new."
            )
        );
    }
}
