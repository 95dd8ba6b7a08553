//! Days, spans and names as people say them.

use jiff::civil::Date;

use crate::account::{Account, State};
use crate::explain::counted;

/// A day as people write it: `31 October 2026`.
pub(super) fn day(date: Date) -> String {
    date.strftime("%-d %B %Y").to_string()
}

/// The last day of a half-open period that ends on `ends`.
pub(super) fn last_day(ends: Date) -> Date {
    ends.yesterday().unwrap_or(ends)
}

/// How long it is from `from` to `to`, in the unit that says enough: days up to three months, then
/// months, then years.
pub(super) fn span(from: Date, to: Date) -> String {
    let days = (to - from).get_days();
    match days {
        ..=90 => counted(days, "day"),
        91..=730 => counted(days * 12 / 365, "month"),
        _ => counted(days / 365, "year"),
    }
}

/// What a person calls the account: its login, else its first address, else its key.
pub(super) fn called(account: &Account) -> &str {
    if !account.login.is_empty() {
        return &account.login;
    }
    account.emails.first().map_or(account.key.as_str(), |email| &email.address)
}

/// What somebody can do with an open account: `sign in to`, `accept an invitation to`.
pub(super) fn entry(state: State) -> &'static str {
    match state {
        State::Invited => "accept an invitation to",
        State::Active | State::Suspended | State::Gone => "sign in to",
    }
}

/// `an employment`, `a registration`; `a worker record` where the source names no kind.
pub(super) fn with_article(noun: &str) -> String {
    let noun = if noun.is_empty() { "worker record" } else { noun };
    let vowel = noun.starts_with(['a', 'e', 'i', 'o', 'u', 'A', 'E', 'I', 'O', 'U']);
    format!("{} {noun}", if vowel { "an" } else { "a" })
}

/// `Ana`, `Ana and Bo`, `Ana, Bo and Cas`; at most three, then `… and 4 more`.
pub(super) fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [head @ .., last] if names.len() <= 3 => format!("{} and {last}", head.join(", ")),
        _ => format!("{} and {} more", names[..2].join(", "), names.len() - 2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().expect("the test writes dates that exist")
    }

    #[test]
    fn days_and_spans_read_like_speech() {
        assert_eq!(day(date("2026-10-31")), "31 October 2026");
        assert_eq!(last_day(date("2026-03-01")), date("2026-02-28"));
        let since = |from| span(date(from), date("2026-11-21"));
        assert_eq!(since("2026-11-20"), "1 day");
        assert_eq!(since("2026-10-31"), "21 days");
        assert_eq!(since("2026-01-01"), "10 months");
        assert_eq!(since("2020-11-21"), "6 years");
    }

    #[test]
    fn long_lists_are_cut() {
        assert_eq!(listed(&["Ana"]), "Ana");
        assert_eq!(listed(&["Ana", "Bo"]), "Ana and Bo");
        assert_eq!(listed(&["Ana", "Bo", "Cas"]), "Ana, Bo and Cas");
        assert_eq!(listed(&["Ana", "Bo", "Cas", "Dee"]), "Ana, Bo and 2 more");
    }
}
