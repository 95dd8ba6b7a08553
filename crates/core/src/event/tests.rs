//! Chains, and every way to tamper with one.

use ed25519_dalek::SigningKey;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::testing::at;

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn chain_id(seed: u8) -> ChainId {
    ChainId::new([seed; 32])
}

fn concerns(ids: &[&str]) -> BTreeSet<Concern> {
    ids.iter().map(|id| Concern::stored(*id)).collect()
}

fn draft(n: u64) -> Draft {
    Draft {
        kind: "change_verified".to_owned(),
        actor: "olga".to_owned(),
        on_behalf_of: String::new(),
        subject: format!("chg_{n}"),
        concerns: concerns(&[&format!("per_{n}")]),
        at: at("2026-11-21T09:00:00Z"),
        body: json!({"who": "Ana", "n": n, "score": 0.25}),
    }
}

/// A chain with its bodies, extended from `events`.
#[derive(Clone)]
struct Chain {
    events: Vec<Event>,
    bodies: Vec<Body>,
    marks: Vec<Checkpoint>,
}

impl Chain {
    fn new(id: u8, signer: u8, events: u64) -> Self {
        let mut chain = Self { events: Vec::new(), bodies: Vec::new(), marks: Vec::new() };
        chain.extend(id, events);
        chain.sign(id, signer);
        chain
    }

    fn extend(&mut self, id: u8, events: u64) {
        for _ in 0..events {
            let n = self.events.len() as u64 + 1;
            let salt = [u8::try_from(n % 251).expect("it is below 251"); 16];
            let (event, body) = seal(self.events.last(), draft(n), salt, &chain_id(id));
            self.events.push(event);
            self.bodies.push(body);
        }
    }

    fn sign(&mut self, id: u8, signer: u8) {
        let moment = at("2026-11-21T10:00:00Z");
        self.marks.push(sign(&key(signer), &chain_id(id), self.events.last(), moment));
    }

    /// Seals one more event, and signs.
    fn add(&mut self, draft: Draft) {
        let (event, body) = seal(self.events.last(), draft, [5; 16], &chain_id(7));
        self.events.push(event);
        self.bodies.push(body);
        self.sign(7, 1);
    }

    /// Seals that somebody was erased.
    fn erase(&mut self, id: &str) {
        let draft = Draft {
            kind: ERASED.to_owned(),
            subject: id.to_owned(),
            concerns: BTreeSet::new(),
            body: json!({"reason": "she asked"}),
            ..draft(0)
        };
        self.add(draft);
    }

    fn check(&self) -> Result<Report, Broken> {
        self.check_about(&[])
    }

    /// The verdict on it as part of a pack about `ids`.
    fn check_about(&self, ids: &[&str]) -> Result<Report, Broken> {
        let about = ids.iter().map(|id| (*id).to_owned()).collect();
        check(&self.events, &self.bodies, &self.marks, &key(1).verifying_key(), &about)
    }

    fn broken(&self) -> (Part, u64) {
        let broken = self.check().expect_err("it was tampered with");
        (broken.part, broken.record)
    }
}

#[test]
fn a_whole_chain_is_reported_with_what_a_signature_covers() {
    let mut chain = Chain::new(7, 1, 5);
    chain.extend(7, 2);
    let report = chain.check().expect("it is whole");
    assert_eq!((report.events, report.covered, report.checkpoints, report.erased), (7, 5, 1, 0));
    assert_eq!(report.chain_id, chain_id(7));
    assert_eq!(report.head, chain.events[6].digest);
}

#[test]
fn an_empty_chain_can_be_signed_and_checked() {
    let chain = Chain::new(7, 1, 0);
    assert_eq!(chain.check().expect("it is whole").head, chain_id(7).as_str());
}

#[test]
fn an_erased_body_leaves_the_chain_whole_where_a_later_event_says_that_it_was_erased() {
    let mut chain = Chain::new(7, 1, 5);
    chain.bodies[2] = chain.bodies[2].erased();
    assert_eq!(chain.broken(), (Part::Body, 3), "nobody was erased");
    chain.erase("per_4");
    assert_eq!(chain.broken(), (Part::Body, 3), "somebody else was erased");
    chain.erase("per_3");
    assert_eq!(chain.check().expect("it is whole").erased, 1);
    assert_eq!(
        serde_json::to_value(&chain.bodies[2]).expect("it can be stored"),
        json!({"seq": 3, "salt": "erased", "content": null})
    );
    chain.bodies[2].salt = "00".repeat(16);
    assert_eq!(chain.broken(), (Part::Body, 3), "it is not marked as erased");
}

#[test]
fn an_erasure_covers_nothing_that_came_after_it_nor_what_tells_of_others_or_of_nobody() {
    let mut chain = Chain::new(7, 1, 0);
    chain.add(Draft { concerns: concerns(&["per_a", "per_b"]), ..draft(1) });
    chain.erase("per_a");
    chain.add(Draft { concerns: concerns(&["per_a"]), ..draft(3) });
    chain.add(Draft { concerns: BTreeSet::new(), ..draft(4) });
    for at in [0, 1, 2, 3] {
        let mut emptied = chain.clone();
        emptied.bodies[at] = emptied.bodies[at].erased();
        assert_eq!(emptied.broken(), (Part::Body, at as u64 + 1));
    }
    chain.erase("per_b");
    chain.bodies[0] = chain.bodies[0].erased();
    assert_eq!(chain.check().expect("both were erased").erased, 1);
}

#[test]
fn a_body_is_withheld_only_where_it_tells_of_others_alone() {
    let mut whole = Chain::new(7, 1, 0);
    whole.add(Draft { concerns: concerns(&["per_a"]), ..draft(1) });
    whole.add(Draft { concerns: concerns(&["per_a", "per_b"]), ..draft(2) });
    whole.add(Draft { concerns: BTreeSet::new(), ..draft(3) });
    let run = Draft { on_behalf_of: "run_1".to_owned(), ..draft(4) };
    whole.add(Draft { concerns: concerns(&["acc_c"]), ..run });
    let withheld = |at: usize, about: &[&str]| {
        let mut chain = whole.clone();
        chain.bodies[at] = chain.bodies[at].withheld();
        chain.check_about(about).map(|report| report.withheld)
    };
    let refused = |at: usize, about: &[&str]| {
        let broken = withheld(at, about).expect_err("it must be there");
        assert_eq!((broken.part, broken.record), (Part::Body, at as u64 + 1));
    };
    assert_eq!(withheld(0, &["per_b"]), Ok(1));
    assert_eq!(withheld(3, &["per_b"]), Ok(1));
    refused(0, &["per_a"]);
    refused(1, &["per_b"]);
    refused(2, &["per_b"]);
    refused(3, &["acc_c"]);
    refused(3, &["run_1"]);
    refused(3, &["chg_4"]);
    refused(0, &[]);
}

#[test]
fn an_account_is_known_in_the_chain_by_an_id_that_does_not_show_its_key() {
    let account = Concern::account(&crate::testing::of("wiki/ana@x.com"));
    assert!(account.as_str().starts_with("acc_") && !account.as_str().contains("ana"));
    assert_ne!(account, Concern::account(&crate::testing::of("wik/iana@x.com")));
}

#[test]
fn the_same_content_under_another_salt_has_another_commitment() {
    let one = seal(None, draft(1), [1; 16], &chain_id(7));
    let two = seal(None, draft(1), [2; 16], &chain_id(7));
    assert_ne!(one.0.body_digest, two.0.body_digest);
    assert_eq!(one.1.content, json!({"who": "Ana", "n": 1, "score": "0.25"}));
}

#[test]
fn every_edited_field_of_a_record_is_found() {
    let edits: [fn(&mut Event); 10] = [
        |e| e.seq += 1,
        |e| e.at = at("2026-11-21T09:00:01Z"),
        |e| e.kind.push('x'),
        |e| e.actor.push('x'),
        |e| e.on_behalf_of.push('x'),
        |e| e.subject.push('x'),
        |e| e.concerns.clear(),
        |e| e.body_digest.replace_range(0..1, "x"),
        |e| e.prev.replace_range(0..1, "x"),
        |e| e.digest.replace_range(0..1, "x"),
    ];
    for edit in edits {
        let mut chain = Chain::new(7, 1, 5);
        edit(&mut chain.events[2]);
        assert_eq!(chain.broken(), (Part::Event, 3));
    }
    let edits: [fn(&mut Body); 3] =
        [|b| b.seq += 1, |b| b.salt.replace_range(0..1, "f"), |b| b.content["who"] = json!("Ben")];
    for edit in edits {
        let mut chain = Chain::new(7, 1, 5);
        edit(&mut chain.bodies[2]);
        assert_eq!(chain.broken(), (Part::Body, 3));
    }
    let edits: [fn(&mut Checkpoint); 5] = [
        |c| c.chain_id = chain_id(8),
        |c| c.size -= 1,
        |c| c.head.replace_range(0..1, "x"),
        |c| c.at = at("2026-11-21T10:00:01Z"),
        |c| c.signature.replace_range(0..1, "x"),
    ];
    for edit in edits {
        let mut chain = Chain::new(7, 1, 5);
        edit(&mut chain.marks[0]);
        assert_eq!(chain.broken(), (Part::Checkpoint, 1));
    }
}

#[test]
fn a_record_edited_and_sealed_anew_breaks_the_next_one() {
    let mut chain = Chain::new(7, 1, 5);
    chain.events[2].actor = "mallory".to_owned();
    chain.events[2].digest = chain.events[2].digest_of();
    assert_eq!(chain.broken(), (Part::Event, 4));
}

#[test]
fn deleting_inserting_moving_and_doubling_are_found() {
    let whole = Chain::new(7, 1, 6);
    let tamper = |change: fn(&mut Vec<Event>, &mut Vec<Body>)| {
        let mut chain = whole.clone();
        change(&mut chain.events, &mut chain.bodies);
        chain.broken()
    };
    let deleted = tamper(|events, bodies| {
        events.remove(2);
        bodies.remove(2);
    });
    assert_eq!(deleted, (Part::Event, 3));
    let swapped = tamper(|events, bodies| {
        events.swap(2, 3);
        bodies.swap(2, 3);
    });
    assert_eq!(swapped, (Part::Event, 3));
    let doubled = tamper(|events, bodies| {
        events.insert(3, events[2].clone());
        bodies.insert(3, bodies[2].clone());
    });
    assert_eq!(doubled, (Part::Event, 4));
    let renumbered = tamper(|events, bodies| {
        events.insert(3, events[2].clone());
        bodies.insert(3, bodies[2].clone());
        for (seq, (event, body)) in (1..).zip(events.iter_mut().zip(bodies)) {
            event.seq = seq;
            body.seq = seq;
            event.digest = event.digest_of();
        }
    });
    assert_eq!(renumbered, (Part::Event, 4));
    let body_lost = tamper(|_, bodies| {
        bodies.remove(5);
    });
    assert_eq!(body_lost, (Part::Body, 6));
    let body_added = tamper(|_, bodies| bodies.push(bodies[5].clone()));
    assert_eq!(body_added, (Part::Body, 7));
}

#[test]
fn a_cut_end_is_found_against_a_checkpoint() {
    for left in [0, 1, 5] {
        let mut chain = Chain::new(7, 1, 6);
        chain.events.truncate(left);
        chain.bodies.truncate(left);
        assert_eq!(chain.broken(), (Part::Event, left as u64 + 1));
    }
}

#[test]
fn a_chain_made_anew_or_forked_is_found_against_a_checkpoint() {
    let witness = Chain::new(7, 1, 6).marks;
    // All of it made anew from the same id, with another actor somewhere.
    let mut anew = Chain::new(7, 1, 0);
    let (event, body) =
        seal(None, Draft { actor: "mallory".to_owned(), ..draft(1) }, [1; 16], &chain_id(7));
    (anew.events, anew.bodies) = (vec![event], vec![body]);
    anew.extend(7, 5);
    anew.marks.clone_from(&witness);
    assert_eq!(anew.broken(), (Part::Event, 6));
    // Yesterday's chain, gone on in another way, even if our own key signs it again.
    let mut fork = Chain::new(7, 1, 4);
    let other = Draft { subject: "chg_other".to_owned(), ..draft(5) };
    let (event, body) = seal(fork.events.last(), other, [9; 16], &chain_id(7));
    fork.events.push(event);
    fork.bodies.push(body);
    fork.extend(7, 3);
    fork.sign(7, 1);
    fork.marks.splice(0..0, witness.clone());
    assert_eq!(fork.broken(), (Part::Event, 6));
    // Another install's chain beside our checkpoint, and signed by its own key.
    let mut other = Chain::new(8, 1, 6);
    other.marks.clone_from(&witness);
    assert_eq!(other.broken(), (Part::Checkpoint, 1));
    assert_eq!(Chain::new(7, 2, 6).broken(), (Part::Checkpoint, 1));
}

/// One way to tamper with a chain of eight, at some place.
fn tamper(chain: &mut Chain, how: usize, place: usize) {
    let Chain { events, bodies, marks } = chain;
    match how {
        0 => events[place].subject.push('x'),
        1 => drop(events.remove(place)),
        2 => events.insert(place, events[place].clone()),
        3 => events.swap(place, (place + 1) % 8),
        4 => bodies.swap(place, (place + 1) % 8),
        5 => bodies[place].content = json!({}),
        6 => drop(bodies.remove(place)),
        7 => {
            events.truncate(place);
            bodies.truncate(place);
        }
        8 => {
            events[place].actor.push('x');
            for at in place..8 {
                if at > 0 {
                    events[at].prev = events[at - 1].digest.clone();
                }
                events[at].digest = events[at].digest_of();
            }
        }
        _ => marks[0].size = place as u64,
    }
}

proptest! {
    #[test]
    fn tampering_is_always_found(how in 0..10usize, place in 0..8usize) {
        let mut chain = Chain::new(7, 1, 8);
        prop_assert!(chain.check().is_ok());
        tamper(&mut chain, how, place);
        prop_assert!(chain.check().is_err());
    }

    #[test]
    fn bodies_of_any_content_keep_their_commitment(
        text in any::<String>(), number in any::<f64>(), whole in any::<i64>()
    ) {
        let body = json!({"text": text, "number": number, "whole": whole, "list": [text]});
        let (event, body) = seal(None, Draft { body, ..draft(1) }, [3; 16], &chain_id(7));
        let stored = serde_json::to_string(&body).expect("a body can be stored");
        let loaded: Body = serde_json::from_str(&stored).expect("it loads");
        let key = key(1).verifying_key();
        let report = check(&[event], &[loaded], &[], &key, &BTreeSet::new());
        prop_assert_eq!(report.expect("it is whole").covered, 0);
    }
}
