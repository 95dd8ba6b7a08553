//! Identities: worker records of one human become one identity.

mod likeness;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::id::{IdentityId, RecordRef};
use crate::link::{Decision, LinkVerdict};
use crate::worker::{PersonName, WorkerRecord};

use likeness::Node;

/// Someone or something that owns accounts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Stable over syncs: an identity keeps the id under which one of its records was known before.
    pub id: IdentityId,
    /// What it is.
    pub kind: Kind,
    /// The worker records that are this human, ordered. Empty for machines.
    pub records: Vec<RecordRef>,
    /// The name people know it by.
    pub name: String,
    /// Why these records are one, in words; empty when there is only one record.
    pub because: String,
}

/// What an identity is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A human.
    Person,
    /// A machine or integration.
    Service,
    /// One account that several people use.
    Shared,
    /// An AI agent or robot.
    Agent,
}

/// Two records that may be one human, but not surely: for a human to look at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lookalike {
    /// One record.
    pub left: RecordRef,
    /// The other.
    pub right: RecordRef,
    /// How sure, 0 to 1.
    pub score: f64,
    /// Why, in words.
    pub because: String,
}

/// What [`resolve`] finds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resolution {
    /// Every record is in exactly one identity. Ordered by id.
    pub identities: Vec<Identity>,
    /// Pairs left apart that a human should look at. Ordered.
    pub lookalikes: Vec<Lookalike>,
}

/// Which identity a record was in after the last sync.
pub type Known = BTreeMap<RecordRef, IdentityId>;

/// A pair must be at least this sure to become one identity without a human: 2^11 to 1.
const MERGE_BITS: f64 = 11.0;
/// A pair that is at least this likely is shown to a human.
const SHOW_BITS: f64 = -1.0;

/// Groups records into identities.
///
/// Records with the same source and number are one by definition. Others become one if a human said
/// so, or if what they say about the human (names, birth date, private addresses, ids) makes it
/// nearly certain; pairs that are only likely stay apart and come back as [`Lookalike`]s. What a
/// human said to be apart is never joined, not even by way of a third record.
pub fn resolve(records: &[WorkerRecord], known: &Known, decisions: &[Decision]) -> Resolution {
    let nodes = likeness::nodes(records);
    let rulings = rulings(decisions);
    let pairs = likeness::pairs(&nodes);
    let mut clusters = Clusters::new(&nodes, &rulings);
    for pair in pairs.iter().filter(|p| p.bits >= MERGE_BITS) {
        clusters.join(pair.left, pair.right, &pair.because);
    }
    let lookalikes = pairs
        .iter()
        .filter(|p| p.bits >= SHOW_BITS && !clusters.is_settled(p.left, p.right))
        .map(|p| Lookalike {
            left: nodes[p.left].record.clone(),
            right: nodes[p.right].record.clone(),
            score: 1.0 / (1.0 + (-p.bits).exp2()),
            because: p.because.clone(),
        });
    let mut lookalikes: Vec<Lookalike> = lookalikes.collect();
    lookalikes.sort_by(|a, b| (&a.left, &a.right).cmp(&(&b.left, &b.right)));
    Resolution { identities: identities(&nodes, records, &clusters, known), lookalikes }
}

/// The newest decision about each pair of records: whether they are one human, and who said so.
fn rulings(decisions: &[Decision]) -> BTreeMap<(RecordRef, RecordRef), (bool, String)> {
    let mut rulings = BTreeMap::new();
    for decision in decisions {
        let (left, right, is_same) = match &decision.verdict {
            LinkVerdict::Same { left, right } => (left, right, true),
            LinkVerdict::Apart { left, right } => (left, right, false),
            _ => continue,
        };
        let key = if left <= right { (left, right) } else { (right, left) };
        rulings.insert((key.0.clone(), key.1.clone()), (is_same, decision.by.clone()));
    }
    rulings
}

/// Which nodes are one human, as far as decided.
struct Clusters {
    /// The cluster of each node, named after its first node.
    of: Vec<usize>,
    members: BTreeMap<usize, Vec<usize>>,
    /// Pairs of nodes that a human keeps apart.
    apart: Vec<(usize, usize)>,
    /// Why nodes were joined: the cluster's first node to sentences.
    because: BTreeMap<usize, Vec<String>>,
}

impl Clusters {
    fn new(nodes: &[Node], rulings: &BTreeMap<(RecordRef, RecordRef), (bool, String)>) -> Self {
        let mut clusters = Self {
            of: (0..nodes.len()).collect(),
            members: (0..nodes.len()).map(|n| (n, vec![n])).collect(),
            apart: Vec::new(),
            because: BTreeMap::new(),
        };
        let at = |record: &RecordRef| nodes.binary_search_by(|n| n.record.cmp(record)).ok();
        let found = |(pair, ruling): (&(RecordRef, RecordRef), &(bool, String))| {
            Some((at(&pair.0)?, at(&pair.1)?, ruling.0, ruling.1.clone()))
        };
        let found: Vec<_> = rulings.iter().filter_map(found).collect();
        clusters.apart = found.iter().filter(|f| !f.2).map(|f| (f.0, f.1)).collect();
        for (left, right, _, by) in found.into_iter().filter(|f| f.2) {
            let because = format!(
                "{by} decided that {} and {} are one human.",
                nodes[left].record, nodes[right].record
            );
            clusters.join(left, right, &because);
        }
        clusters
    }

    /// Joins the clusters of two nodes, unless a human keeps any of their members apart.
    fn join(&mut self, left: usize, right: usize, because: &str) {
        let (a, b) = (self.of[left], self.of[right]);
        if a == b || self.is_kept_apart(a, b) {
            return;
        }
        let (keep, gone) = (a.min(b), a.max(b));
        let moved = self.members.remove(&gone).unwrap_or_default();
        for node in &moved {
            self.of[*node] = keep;
        }
        self.members.entry(keep).or_default().extend(moved);
        let mut said = self.because.remove(&gone).unwrap_or_default();
        said.push(because.to_owned());
        self.because.entry(keep).or_default().extend(said);
    }

    fn is_kept_apart(&self, a: usize, b: usize) -> bool {
        self.apart.iter().any(|(left, right)| {
            let (left, right) = (self.of[*left], self.of[*right]);
            (left, right) == (a, b) || (left, right) == (b, a)
        })
    }

    /// Whether nothing is left to ask about two nodes: they are one, or a human keeps them apart.
    fn is_settled(&self, left: usize, right: usize) -> bool {
        self.of[left] == self.of[right] || self.is_kept_apart(self.of[left], self.of[right])
    }
}

/// The clusters as identities, each with the id under which most of its records were known.
fn identities(
    nodes: &[Node],
    records: &[WorkerRecord],
    clusters: &Clusters,
    known: &Known,
) -> Vec<Identity> {
    let mut claims: BTreeMap<&IdentityId, (usize, std::cmp::Reverse<usize>)> = BTreeMap::new();
    let count = |members: &[usize]| {
        let mut counts: BTreeMap<&IdentityId, usize> = BTreeMap::new();
        for id in members.iter().filter_map(|m| known.get(&nodes[*m].record)) {
            *counts.entry(id).or_default() += 1;
        }
        counts
    };
    // After a split, the part with most of the old records keeps the id; of equals, the first.
    for (first, members) in &clusters.members {
        for (id, records) in count(members) {
            let claim = (records, std::cmp::Reverse(*first));
            let best = claims.entry(id).or_insert(claim);
            *best = (*best).max(claim);
        }
    }
    let mut taken: BTreeSet<IdentityId> = claims.keys().map(|id| (*id).clone()).collect();
    let mut identities = Vec::with_capacity(clusters.members.len());
    for (first, members) in &clusters.members {
        let won = count(members).into_iter().filter(|(id, _)| claims[id].1.0 == *first);
        let kept = won.max_by(|a, b| a.1.cmp(&b.1).then(b.0.cmp(a.0))).map(|(id, _)| id.clone());
        let id = kept.unwrap_or_else(|| fresh_id(&nodes[*first].record, &mut taken));
        let mut refs: Vec<RecordRef> = members.iter().map(|m| nodes[*m].record.clone()).collect();
        refs.sort();
        let all = members.iter().flat_map(|m| nodes[*m].records.iter());
        let newest = all.map(|r| &records[*r]).max_by(|a, b| newness(a).cmp(&newness(b)));
        identities.push(Identity {
            id,
            kind: Kind::Person,
            records: refs,
            name: newest.map(shown_name).unwrap_or_default(),
            because: clusters.because.get(first).map(|said| said.join(" ")).unwrap_or_default(),
        });
    }
    identities.sort_by(|a, b| a.id.cmp(&b.id));
    identities
}

/// An id that follows from the record and that nobody has yet.
fn fresh_id(record: &RecordRef, taken: &mut BTreeSet<IdentityId>) -> IdentityId {
    let mut attempt = 0_u32;
    loop {
        let id = match attempt {
            0 => IdentityId::derive(&["identity", record.source.as_str(), record.number.as_str()]),
            again => IdentityId::derive(&[
                "identity",
                record.source.as_str(),
                record.number.as_str(),
                &again.to_string(),
            ]),
        };
        if taken.insert(id.clone()) {
            return id;
        }
        attempt += 1;
    }
}

/// Orders records by how new they are: an open one, then the latest end, then the latest start.
fn newness(record: &WorkerRecord) -> (bool, Option<Date>, Option<Date>, RecordRef, &PersonName) {
    (record.ends.is_none(), record.ends, record.starts, record.record_ref(), &record.name)
}

/// The name people know a worker by, from what the record holds.
pub(crate) fn shown_name(record: &WorkerRecord) -> String {
    let name = &record.name;
    let tidy = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    if !name.display.trim().is_empty() {
        return tidy(&name.display);
    }
    let given = if name.used.trim().is_empty() { &name.given } else { &name.used };
    let family = if name.family_in_use.trim().is_empty() {
        format!("{} {}", name.prefix, name.family)
    } else {
        name.family_in_use.clone()
    };
    let shown = tidy(&format!("{given} {family}"));
    if shown.is_empty() { record.record_ref().to_string() } else { shown }
}
