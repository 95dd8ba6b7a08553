//! What became of a change, by what the instance said. Pure but for the clock that retries go by.

use rollbook_core::account::Account;
use rollbook_core::step::Outcome;

use super::answer::Said;
use super::line::now;

/// The outcome of a write that ended with `said`, which is no success.
pub fn not_done(said: &Said) -> Outcome {
    match said {
        Said::Lost(lost) if !lost.never_sent => Outcome::Uncertain {
            why: format!("The request was sent and no answer came: {}.", lost.why),
        },
        Said::Broken { .. } | Said::Unreadable { .. } => Outcome::Uncertain {
            why: format!("{} It may have been done all the same.", said.sentence()),
        },
        said => not_sent(said),
    }
}

/// The outcome when nothing was changed because of `said`.
pub fn not_sent(said: &Said) -> Outcome {
    Outcome::Failed {
        why: said.sentence(),
        retry_at: said.retry_at(now()),
        hint: said.hint().into(),
    }
}

/// A failure that time does not heal.
pub fn failed(why: &str, hint: &str) -> Outcome {
    Outcome::Failed { why: why.into(), retry_at: None, hint: hint.into() }
}

/// Why no account with this login is made beside one that has it.
pub fn in_the_way(login: &str, account: &Account) -> String {
    let carries = match account.external_id.as_str() {
        "" => "carries no external id".to_owned(),
        id => format!("carries the external id {id}"),
    };
    format!(
        "The account {} has the login {login} already, is {} and {carries}, so nothing proves whose \
         it is. Link it by hand if it belongs to this person.",
        account.key,
        account.state.word(),
    )
}
