//! The `human` channel: a person is asked to act. Nothing is read, and nothing is believed to be done
//! because they were asked.

use rollbook_core::change::{Change, Op};
use rollbook_core::id::InstanceName;
use rollbook_core::step::{Outcome, Seen};

use super::{Channel, Observation};
use crate::config::InstanceConfig;
use crate::error::{Error, Result};

/// Asks whoever administers one instance.
#[derive(Clone, Debug)]
pub struct HumanChannel {
    instance: InstanceName,
    assignee: String,
}

impl HumanChannel {
    /// The channel of `instance`; `None` if nobody there does tasks.
    pub fn new(instance: &InstanceConfig) -> Option<Self> {
        let human = instance.human.as_ref()?;
        let assignee = [&human.assignee, &instance.owner].into_iter().find(|name| !name.is_empty());
        let assignee = assignee.cloned().unwrap_or_default();
        Some(Self { instance: instance.name.clone(), assignee })
    }
}

impl Channel for HumanChannel {
    async fn observe(&self) -> Result<Observation> {
        Err(Error::setup(format!(
            "Nothing reads {}: it has `[instance.human]` and no other way.",
            self.instance
        ))
        .hint("Add `[instance.file]` with an export that its administrator makes, or leave it so."))
    }

    async fn apply(&self, change: &Change) -> Outcome {
        let (who, what) = (&self.assignee, request(change));
        Outcome::Waiting { task: format!("{who} is asked to {what}.") }
    }

    async fn look(&self, _change: &Change) -> Seen {
        let why = format!(
            "Nothing reads {}, so only the word of whoever had the task stands behind it.",
            self.instance
        );
        Seen::Unobservable { why, retry_at: None }
    }
}

/// What somebody is asked to do, as the end of "Olga is asked to …".
pub(crate) fn request(change: &Change) -> String {
    let Change { label, instance, .. } = change;
    match (&change.op, &change.account) {
        (Op::Create { .. }, _) => format!("make an account for {label} in {instance}"),
        (Op::Suspend | Op::Remove, None) => {
            let verb = change.op.verb();
            format!("look whether {label} has an account in {instance}, and {verb} it if so")
        }
        (Op::Suspend | Op::Reactivate, _) => {
            format!("{} the account {label} in {instance}", change.op.verb())
        }
        (Op::Remove, _) => format!("remove the account {label} from {instance}"),
        (Op::Update { set }, _) => {
            let set: Vec<_> =
                set.iter().map(|(name, value)| format!("{name} to {value}")).collect();
            format!("set {} of the account {label} in {instance}", set.join(", "))
        }
        (Op::Grant { entitlement }, _) => {
            format!("give {entitlement} to the account {label} in {instance}")
        }
        (Op::Revoke { entitlement }, _) => {
            format!("take {entitlement} from the account {label} in {instance}")
        }
    }
}
