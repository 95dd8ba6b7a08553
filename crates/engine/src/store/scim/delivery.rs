//! What delivery asks of wishes, runs and approvals together.

use crate::error::Result;
use crate::store::Reading;
use crate::store::db::args;
use crate::store::scim::{DeliveryState, IntentRow};

/// Asked many times a second: it begins with the approvals, which are few, and never with the wishes.
const APPROVED: &str = "SELECT i.resource, i.instance, i.aspect, COUNT(*)
     FROM approval a CROSS JOIN intent i
     WHERE i.plan = a.plan AND a.used_by IS NULL AND i.plan IS NOT NULL AND i.state = 'waiting'
     GROUP BY i.resource, i.instance, i.aspect";

impl Reading<'_> {
    /// The wishes that wait while somebody has agreed to their plan since, each with how many
    /// unused approvals its plan has.
    pub(crate) fn approved_intents(&self) -> Result<Vec<(IntentRow, u64)>> {
        let mut keys = Vec::new();
        self.db.each(APPROVED, args![], |row| {
            let text = |at| row.text(at).map(str::to_owned);
            let count = u64::try_from(row.int(3)?).unwrap_or_default();
            keys.push((text(0)?, text(1)?, text(2)?, count));
            Ok(())
        })?;
        let mut found = Vec::new();
        for (resource, instance, aspect, count) in keys {
            found.extend(self.intent(&resource, &instance, &aspect)?.map(|row| (row, count)));
        }
        Ok(found)
    }

    /// The plans with which wishes at `instance` wait for a named person, each once. A wish for all
    /// instances is at `*`, and not at the ones that it leads to.
    pub(crate) fn held_plans(&self, instance: &str) -> Result<Vec<String>> {
        let mut plans = Vec::new();
        self.db.each(
            "SELECT DISTINCT plan FROM intent
             WHERE instance = $1 AND (endpoint = $1 OR instance = '*') AND plan IS NOT NULL
               AND state = 'waiting' AND reason IN ('too_many', 'approval')
             ORDER BY plan",
            args![instance],
            |row| row.text(0).map(|plan| plans.push(plan.to_owned())),
        )?;
        Ok(plans)
    }

    /// How many wishes of one aspect, which is not `account`, are how far.
    pub(crate) fn states_of(&self, aspect: &str) -> Result<Vec<(DeliveryState, u64)>> {
        let mut found = Vec::new();
        self.db.each(
            "SELECT state, COUNT(*) FROM intent WHERE aspect = $1 AND aspect <> 'account'
             GROUP BY state ORDER BY state",
            args![aspect],
            |row| {
                let count = u64::try_from(row.int(1)?).unwrap_or_default();
                found.push((DeliveryState::stored(row.text(0)?)?, count));
                Ok(())
            },
        )?;
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Place, Store};

    #[test]
    fn wishes_that_wait_for_nobody_are_not_looked_at_for_approvals() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::make(&Place::Folder(dir.path().to_owned()), "test").unwrap();
        let mut steps = Vec::new();
        store
            .read(|book| {
                book.db.each(&format!("EXPLAIN QUERY PLAN {APPROVED}"), &[], |row| {
                    steps.push(row.text(3)?.to_owned());
                    Ok(())
                })
            })
            .unwrap();
        insta::assert_snapshot!(steps.join("\n"), @r"
        SCAN a
        SEARCH i USING INDEX intent_by_plan (plan=?)
        USE TEMP B-TREE FOR GROUP BY
        ");
    }
}
