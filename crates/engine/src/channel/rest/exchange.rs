//! One exchange with the instance: proven, in its turn, judged by what the app file says of answers.

use rollbook_catalog::rest;
use rollbook_scim::json;
use serde_json::Value;
use tokio::time::Instant;

use super::RestChannel;
use crate::channel::answer::{Said, error_inside, told};
use crate::channel::http::{Answer, Call};
use crate::channel::line::{Patience, now};

/// Several answers in one (RFC 4918 §11.1).
const MULTI_STATUS: u16 = 207;

impl RestChannel {
    /// Reads; tries again what may pass, as long as `patience` lasts.
    pub(super) async fn read(
        &self,
        rules: &rest::Call,
        call: &Call,
        patience: &mut Patience,
    ) -> (Said, Answer) {
        let mut tries = 1;
        loop {
            let begun = Instant::now();
            let (said, answer) = self.send(rules, call).await;
            let wait = self.line.wait(patience, &said, tries, begun.elapsed());
            let Some(wait) = wait else {
                return (said, answer);
            };
            tracing::debug!(path = %call.path(), wait_ms = wait.as_millis(), "waiting to ask again");
            tokio::time::sleep(wait).await;
            tries += 1;
        }
    }

    /// Sends once; where the token was refused and can be made anew, once more: what was refused so
    /// was not done.
    pub(super) async fn send(&self, rules: &rest::Call, call: &Call) -> (Said, Answer) {
        let judge = |answer: &Answer| judge(rules, answer);
        let mut is_renewed = false;
        loop {
            let signed = match self.prover.sign(call).await {
                Ok(signed) => signed,
                Err(said) => return (said, Answer::default()),
            };
            let (said, answer) = self.line.send(&signed, &judge).await;
            if said != Said::Unauthorized || is_renewed || !self.prover.renew().await {
                return (said, answer);
            }
            is_renewed = true;
        }
    }
}

/// What an answer means, by its status and by what the app file says of its body.
fn judge(rules: &rest::Call, answer: &Answer) -> Said {
    if answer.status == MULTI_STATUS && rules.fine.is_empty() {
        let why = "207, which is several answers in one, and some may be refusals";
        return Said::Unreadable { why: why.to_owned() };
    }
    Said::judge_by(answer, now(), &|body| wrong(rules, body))
}

/// What is wrong in the body of a success. Where the file says what must be so, that is all that
/// counts; elsewhere what many vendors mean by an error is one.
fn wrong(rules: &rest::Call, body: Option<&Value>) -> Option<String> {
    if rules.fine.is_empty() {
        return body.and_then(error_inside);
    }
    let body = body.unwrap_or(&Value::Null);
    let broken = rules.fine.iter().find(|condition| !condition.holds(body))?;
    Some(match told(body).as_str() {
        "" => format!("it does not say what a success says at `{}`", broken.at),
        words => words.to_owned(),
    })
}

/// Whether an answer says that it was so before, whatever its status.
pub(super) fn is_already_so(rules: &rest::Call, answer: &Answer) -> bool {
    !rules.already.is_empty()
        && json::read(&answer.body)
            .is_ok_and(|body| rules.already.iter().any(|condition| condition.holds(&body)))
}
