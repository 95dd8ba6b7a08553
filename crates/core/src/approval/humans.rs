//! Which human a name means, so that nobody agrees to what they asked for, and nobody twice, under
//! another name.

use std::collections::{BTreeMap, BTreeSet};

use crate::canonical::fold;
use crate::graph::Graph;
use crate::id::IdentityId;

/// Whom some names may mean. A name that nobody in the graph bears means only itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Humans {
    called: BTreeMap<String, BTreeSet<IdentityId>>,
}

impl Humans {
    /// Looks `names` up among everything that the people of `graph` are called.
    pub fn of<'a>(graph: &Graph, names: impl IntoIterator<Item = &'a str>) -> Self {
        let names = names.into_iter().map(fold).filter(|name| !name.is_empty());
        let mut called: BTreeMap<_, BTreeSet<_>> =
            names.map(|name| (name, BTreeSet::new())).collect();
        if called.is_empty() {
            return Self::default();
        }
        for identity in graph.identities() {
            for name in graph.names_of(identity) {
                if let Some(found) = called.get_mut(&fold(name)) {
                    found.insert(identity.id.clone());
                }
            }
        }
        Self { called }
    }

    /// Whether both names may mean one human. What is in doubt may be.
    pub fn may_be_same(&self, left: &str, right: &str) -> bool {
        let (left, right) = (fold(left), fold(right));
        let share = |left: &BTreeSet<_>| self.who(&right).is_some_and(|it| !it.is_disjoint(left));
        (left == right && !left.is_empty()) || self.who(&left).is_some_and(share)
    }

    /// Whether both names surely mean one human: they are the same, or nobody else is called so.
    pub fn are_same(&self, left: &str, right: &str) -> bool {
        let (left, right) = (fold(left), fold(right));
        let only = |name: &str| self.who(name).filter(|found| found.len() == 1);
        (left == right && !left.is_empty())
            || only(&left).is_some_and(|found| only(&right) == Some(found))
    }

    /// Whether `name` may mean this identity.
    pub fn may_be(&self, name: &str, identity: &IdentityId) -> bool {
        self.who(&fold(name)).is_some_and(|found| found.contains(identity))
    }

    /// Whom `name` may mean.
    pub fn whom(&self, name: &str) -> impl Iterator<Item = &IdentityId> {
        self.who(&fold(name)).into_iter().flatten()
    }

    fn who(&self, folded: &str) -> Option<&BTreeSet<IdentityId>> {
        self.called.get(folded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::World;

    #[test]
    fn a_name_means_whoever_bears_it_and_two_who_bear_it_are_in_doubt() {
        let company = "
            person kim hr email=kim@x.com
            person lee hr email=lee@x.com
            account wiki/u1 root owner=kim
        ";
        let graph = World::read(company).graph();
        let humans = Humans::of(&graph, ["kim", "KIM@x.com", "root", "lee", "nobody", " "]);
        assert!(humans.are_same("Kim", "kim@x.com") && humans.are_same("root", "kim"));
        assert!(!humans.may_be_same("kim", "lee") && !humans.may_be_same("nobody", "somebody"));
        assert!(humans.are_same("Nobody ", "nobody") && !humans.may_be_same(" ", ""));
        assert!(humans.may_be("root", &"kim".into()) && !humans.may_be("root", &"lee".into()));
        // Two who are called alike: in doubt, so never surely the same and always perhaps.
        let mut world = World::read(company);
        world.parts.identities[1].name = "kim".to_owned();
        let humans = Humans::of(&world.graph(), ["kim", "kim@x.com"]);
        assert!(!humans.are_same("kim", "kim@x.com") && humans.may_be_same("kim", "kim@x.com"));
    }
}
