//! The properties of `rollbook_scim::fuzz` on seeds, on changed seeds and on noise, for as many
//! seconds as `ROLLBOOK_FUZZ_S` says (by default one), all targets at the same time.

use std::io::Write;
use std::panic::catch_unwind;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use rollbook_scim::fuzz::{TARGETS, Target};

/// No input may take longer, in a build without optimisation on a busy machine.
const UNIT_MAX: Duration = Duration::from_secs(10);
/// So many inputs that were worth keeping are kept.
const CORPUS_MAX: usize = 4_096;

const PIECES: [&str; 64] = [
    " ",
    "\"",
    "\\",
    "\\u0000",
    "\\ud800",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    ".",
    "eq",
    " ne ",
    " co ",
    " sw ",
    " gt ",
    " and ",
    " or ",
    "not (",
    " pr",
    "true",
    "false",
    "null",
    "0",
    "-1",
    "1e400",
    "1.5",
    "userName",
    "emails",
    "emails[type eq \"work\"]",
    "members",
    "members[value eq \"a\"]",
    "active",
    "id",
    "meta",
    "groups",
    "schemas",
    "name.givenName",
    "value",
    "primary",
    "type",
    "$ref",
    "password",
    "externalId",
    "manager",
    "\"op\":\"remove\"",
    "\"op\":\"Add\"",
    "\"path\":",
    "\"value\":",
    "urn:ietf:params:scim:schemas:core:2.0:User",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
    "urn:rollbook:params:scim:schemas:extension:delivery:1.0:User",
    "é",
    "\u{301}",
    "\u{202e}",
    "&filter=",
    "%22",
    "+",
    "count=",
    "&attributes=",
    "bulkId:",
];

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let texts: &[&str] = match target {
        "filter" => &[
            "userName eq \"ana\"",
            "emails[type eq \"work\" and value co \"@x\"] or not (active eq true)",
            "urn:ietf:params:scim:schemas:core:2.0:User:userName sw \"A\\u00e9\" and title pr",
            "meta.lastModified ge \"2026-01-01T00:00:00Z\" and x eq -1.5e3",
        ],
        "path" => &[
            "name.familyName",
            "emails[type eq \"work\" and primary eq true].value",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
        ],
        "patch" => &[
            r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"active","value":false}]}"#,
            r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"Add","path":"emails[type eq \"work\"].value","value":"x"},{"op":"remove","path":"members[value eq \"a\"]"}]}"#,
            r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","value":{"name.givenName":"E","emails":[{"value":"x","primary":true},{"value":"y","primary":true}],"displayName":"D"}},{"op":"remove","path":"members","value":[{"value":"b"}]}]}"#,
            r#"{"members":[{"value":"a","operation":"delete"},{"value":"c"}],"displayName":"X","meta":{"attributes":["title"]}}"#,
        ],
        "resource" => &[
            r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ana","emails":[{"value":"a@x","type":"work","primary":true}],"roles":["x",{"value":"{\"value\":\"y\"}"}],"manager":"9","active":"True"}"#,
            r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"G","members":[{"value":"a"},{"value":"b","$ref":"/Groups/b"}]}"#,
            r#"{"userName":5,"name.givenName":"A","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department":"D","emails":{"value":"x"},"addresses":[{"formatted":"a\nb"}]}"#,
        ],
        _ => &[
            "filter=userName+eq+%22ana%22&startIndex=1&count=100",
            "attributes=userName,emails.value&sortBy=name.familyName&sortOrder=descending",
            "cursor=&count=5&excludedAttributes=members",
        ],
    };
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

/// Numbers that look random and are the same every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % most.max(1) as u64).unwrap()
    }

    /// One of the inputs, with a few changes.
    fn changed(&mut self, corpus: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = corpus[self.below(corpus.len())].clone();
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len() + 1);
            let end = (at + self.below(24)).min(bytes.len());
            match self.below(6) {
                0 => drop(bytes.splice(at..at, PIECES[self.below(PIECES.len())].bytes())),
                1 => drop(bytes.splice(at..end, PIECES[self.below(PIECES.len())].bytes())),
                2 => drop(bytes.drain(at..end)),
                3 => {
                    let other = &corpus[self.below(corpus.len())];
                    let from = self.below(other.len() + 1);
                    bytes.splice(at.., other[from..].iter().copied());
                }
                4 => {
                    let again = bytes[at..end].repeat(1 + self.below(40));
                    bytes.splice(at..at, again);
                }
                _ => {
                    let byte = u8::try_from(self.below(256)).unwrap();
                    bytes.splice(at..end.min(at + 1), [byte]);
                }
            }
        }
        bytes.truncate(32 * 1024);
        bytes
    }
}

/// Runs one target until the time is over. Gives how many inputs were tried.
fn run((name, target): Target, until: Instant) -> u64 {
    let mut corpus = seeds(name);
    corpus.iter().for_each(|seed| target(seed));
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut tried = 0;
    while Instant::now() < until {
        let input = dice.changed(&corpus);
        let start = Instant::now();
        let done = catch_unwind(|| target(&input));
        assert!(done.is_ok(), "{name} fails for {:?}", String::from_utf8_lossy(&input));
        assert!(
            start.elapsed() < UNIT_MAX,
            "{name} is slow for {:?}",
            String::from_utf8_lossy(&input)
        );
        tried += 1;
        // Text that is still of the right form leads further than noise does.
        let is_form = match name {
            "filter" => std::str::from_utf8(&input)
                .is_ok_and(|it| it.parse::<rollbook_scim::Filter>().is_ok()),
            "path" => std::str::from_utf8(&input)
                .is_ok_and(|it| it.parse::<rollbook_scim::Path>().is_ok()),
            "query" => input.is_ascii(),
            _ => rollbook_scim::json::read(&input).is_ok(),
        };
        if is_form && input.len() < 2_048 {
            if corpus.len() < CORPUS_MAX {
                corpus.push(input);
            } else {
                let at = dice.below(corpus.len());
                corpus[at] = input;
            }
        }
    }
    tried
}

#[test]
fn every_target_holds_for_the_time_that_is_asked() {
    let seconds = std::env::var("ROLLBOOK_FUZZ_S")
        .map_or(1, |text| text.parse().expect("ROLLBOOK_FUZZ_S is a number of seconds"));
    let until = Instant::now() + Duration::from_secs(seconds);
    let threads = TARGETS.map(|target| (target.0, std::thread::spawn(move || run(target, until))));
    for (name, thread) in threads {
        let tried = thread.join().unwrap_or_else(|_| panic!("{name} found something, see above"));
        assert!(tried > 0, "{name} had no turn");
        writeln!(std::io::stderr(), "{name}: {tried} inputs in {seconds} s, nothing found")
            .unwrap();
    }
}

proptest! {
    #[test]
    fn no_bytes_at_all_break_a_target(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        TARGETS.iter().for_each(|(_, target)| target(&bytes));
    }

    #[test]
    fn no_json_at_all_breaks_a_target(body in json_value()) {
        let text = body.to_string();
        TARGETS.iter().for_each(|(_, target)| target(text.as_bytes()));
    }
}

/// JSON with keys that mean something.
fn json_value() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::{Value, json};
    let piece = prop::sample::select(PIECES.to_vec());
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        piece.clone().prop_map(Value::from),
        Just(json!(["urn:ietf:params:scim:schemas:core:2.0:User"])),
    ];
    leaf.prop_recursive(4, 48, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(piece.clone().prop_map(str::to_owned), inner, 0..6)
                .prop_map(|map| json!(map)),
        ]
    })
}
