//! Reach: what can be done to an instance, by which channel, and how well that is known.
//!
//! Reach is data: it comes from the app's profile and from the settings of the instance, and the
//! planner picks from it. Whether a route exists is never found out by trying it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::change::{Basis, Op, Route, Verb};
use crate::harm::Harm;

/// The channel on which a person is asked to act.
pub const HUMAN: &str = "human";

/// What can be done to one instance. The routes are in order of preference.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Reach {
    /// The best route first.
    pub routes: Vec<Way>,
}

/// One channel and what it can do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Way {
    /// The channel: `scim`, `rest`, `browser`, `file`, `human`.
    pub channel: String,
    /// What it can do, and how well each of that is known: a vendor may document how to suspend and
    /// say nothing about what DELETE does.
    pub can: BTreeMap<Verb, Ability>,
    /// What was tried on this very instance and does not work, each with the reason as a sentence.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub cannot: BTreeMap<Verb, String>,
}

/// How well it is known that a channel can do one thing, and what comes with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ability {
    /// How well it is known.
    pub basis: Basis,
    /// Whether it can be taken back. Where nobody knows, it cannot.
    pub reversible: bool,
    /// What else it does in this app.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub harms: BTreeSet<Harm>,
    /// Whether it can name an account that takes over what is removed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hands_over: bool,
}

/// The route picked for one operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picked {
    /// Which way, and how well it is known.
    pub route: Route,
    /// What can be done on it, and how.
    pub ability: Ability,
}

impl Ability {
    /// What is known so well, does nothing else, and can be taken back if `reversible`.
    pub fn new(basis: Basis, reversible: bool) -> Self {
        Self { basis, reversible, harms: BTreeSet::new(), hands_over: false }
    }
}

impl Reach {
    /// The first route on which `op` can be taken back, or else the first that can do it; `None` if no
    /// channel can.
    pub fn route_for(&self, op: &Op) -> Option<Picked> {
        let verb = op.word();
        let ways = self.routes.iter().filter_map(|way| Some((way, way.can.get(&verb)?)));
        let (way, ability) = ways.min_by_key(|(_, ability)| !ability.reversible)?;
        let route = Route { channel: way.channel.clone(), basis: ability.basis };
        Some(Picked { route, ability: ability.clone() })
    }

    /// Why no channel can do any of `verbs`, as far as it was tried; empty: nobody has tried.
    pub fn why_not(&self, verbs: &[Verb]) -> String {
        let tried = |verb| self.routes.iter().filter_map(move |way| way.cannot.get(verb));
        let reasons: BTreeSet<&str> = verbs.iter().flat_map(tried).map(String::as_str).collect();
        reasons.into_iter().collect::<Vec<_>>().join(" ")
    }
}

impl Way {
    /// A channel that can do nothing yet.
    pub fn new(channel: impl Into<String>) -> Self {
        Self { channel: channel.into(), ..Self::default() }
    }

    /// Adds what can be done and taken back.
    #[must_use]
    pub fn reversibly(mut self, verbs: &[Verb], basis: Basis) -> Self {
        self.can.extend(verbs.iter().map(|&verb| (verb, Ability::new(basis, true))));
        self
    }

    /// Adds what can be done and never taken back.
    #[must_use]
    pub fn for_good(mut self, verbs: &[Verb], basis: Basis) -> Self {
        self.can.extend(verbs.iter().map(|&verb| (verb, Ability::new(basis, false))));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_route_that_can_do_it_is_picked_with_its_own_basis() {
        let reach = Reach {
            routes: vec![
                Way::new("scim").reversibly(&[Verb::Suspend], Basis::Documented),
                Way::new("human")
                    .reversibly(&[Verb::Suspend], Basis::Probed)
                    .for_good(&[Verb::Remove], Basis::Recalled),
            ],
        };
        let suspend = reach.route_for(&Op::Suspend).expect("scim can suspend");
        assert_eq!((suspend.route.channel.as_str(), suspend.ability.reversible), ("scim", true));
        let remove = reach.route_for(&Op::Remove).expect("a human can remove");
        assert_eq!((remove.route.channel.as_str(), remove.ability.reversible), ("human", false));
        assert_eq!(remove.route.basis, Basis::Recalled);
        assert_eq!(reach.route_for(&Op::Reactivate), None);
    }

    #[test]
    fn an_unknown_word_in_a_stored_reach_is_an_error() {
        let text = r#"{"routes":[{"channel":"scim","can":{"vanish":{"basis":"probed","reversible":true}}}]}"#;
        let error = serde_json::from_str::<Reach>(text).expect_err("there is no such operation");
        assert!(error.to_string().contains("vanish"), "{error}");
    }
}
