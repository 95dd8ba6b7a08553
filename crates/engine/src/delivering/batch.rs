//! What comes at once is judged at once: pushes that are small one by one and a mass change together
//! are held before the first of them has an effect.

use std::collections::BTreeMap;

use rollbook_core::change::Op;
use rollbook_core::guard::{self, Blocks, History, Kind, Stop};
use rollbook_core::id::InstanceName;
use rollbook_core::plan::{Plan, Want, Wish, plan};
use rollbook_core::reach::Reach;

use super::draft::{Board, Draft, Wanted};

/// The stops for a whole round: for what takes away and for what gives.
#[derive(Debug, Default)]
pub(super) struct Round {
    away: Vec<Stop>,
    given: Vec<Stop>,
}

impl Round {
    /// Judges all drafts of a round together.
    pub(super) fn judge(
        drafts: &[Draft],
        board: &Board<'_>,
        reach: &BTreeMap<InstanceName, Reach>,
        history: &History,
    ) -> Self {
        let wishes = drafts.iter().flat_map(|draft| match &draft.wanted {
            Wanted::Wishes(wishes) => wishes.as_slice(),
            _ => &[],
        });
        let (away, given): (Vec<Wish>, Vec<Wish>) =
            wishes.filter(|wish| !is_update(wish)).cloned().partition(takes_away);
        let stops = |wishes: &[Wish]| {
            let policy = &board.config.policy;
            let all = plan(board.graph, wishes, reach, policy, "idp:", board.now);
            let stops = guard::stops(&all, board.graph, policy, history, board.now);
            stops.into_iter().filter(|stop| stop.kind == Kind::TooMany).collect()
        };
        // One alone is judged alone anyway.
        match drafts.len() {
            0 | 1 => Self::default(),
            _ => Self { away: stops(&away), given: stops(&given) },
        }
    }

    /// The stops of the round that hold a part of this plan.
    pub(super) fn stops_of(&self, plan: &Plan) -> Vec<Stop> {
        let away = plan.changes().iter().any(|change| change.op.takes_away());
        let given = plan.changes().iter().any(|change| {
            matches!(change.op, Op::Create { .. } | Op::Reactivate | Op::Grant { .. })
        });
        let away = self.away.iter().filter(|_| away);
        let given = self.given.iter().filter(|_| given);
        let here = |stop: &&Stop| match &stop.blocks {
            Blocks::Plan => true,
            Blocks::Instance { .. } => plan.changes().iter().any(|c| stop.blocks.holds(c)),
            Blocks::Change { .. } => false,
        };
        away.chain(given).filter(here).cloned().collect()
    }
}

fn takes_away(wish: &Wish) -> bool {
    match &wish.want {
        Want::Close => true,
        Want::Act { op } => op.takes_away(),
        Want::Leave => false,
    }
}

fn is_update(wish: &Wish) -> bool {
    matches!(wish.want, Want::Act { op: Op::Update { .. } } | Want::Leave)
}
