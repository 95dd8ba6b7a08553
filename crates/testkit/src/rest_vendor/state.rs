//! Writing a state into an item, so that the file's own rules read it there again.

use rollbook_catalog::rest::{AccountShape, Pointer, StateRule};
use rollbook_core::account::State;
use serde_json::{Value, json};

use super::writing;

/// All states.
pub(super) const STATES: [State; 4] =
    [State::Active, State::Invited, State::Suspended, State::Gone];

/// Makes `item` say `state`: as one of the `shown` items says it, otherwise by the rules. `false`:
/// nothing makes it say so, and it is as it was.
pub(super) fn put(shape: &AccountShape, item: &mut Value, state: State, shown: &[Value]) -> bool {
    let before = item.clone();
    if shape.state_of(item) == Some(state) {
        return true;
    }
    for example in shown.iter().filter(|one| shape.state_of(one) == Some(state)) {
        for rule in &shape.state {
            match rule.at.first(example) {
                Some(value) => rule.at.put(item, value),
                None => writing::take_away(item, &rule.at),
            }
        }
        if shape.state_of(item) == Some(state) {
            return true;
        }
        item.clone_from(&before);
    }
    for (n, rule) in shape.state.iter().enumerate().filter(|(_, rule)| rule.means == state) {
        for word in &rule.is {
            say(item, &rule.at, word);
            shape.state[..n].iter().for_each(|earlier| unsay(shape, item, earlier, shown));
            if shape.state_of(item) == Some(state) {
                return true;
            }
            item.clone_from(&before);
        }
    }
    if shape.otherwise == Some(state) {
        shape.state.iter().for_each(|rule| unsay(shape, item, rule, shown));
        if shape.state_of(item) == Some(state) {
            return true;
        }
    }
    *item = before;
    false
}

/// What the rules alone make of `value`, looking only at what is there: `None` if nothing of it is.
pub(super) fn said_by(shape: &AccountShape, value: &Value) -> Option<State> {
    let there = |rule: &&StateRule| !rule.at.texts(value).is_empty();
    let mut rules = shape.state.iter().filter(there);
    rules.next()?;
    shape.state_of(value)
}

fn say(item: &mut Value, at: &Pointer, word: &str) {
    match word {
        "null" => writing::take_away(item, at),
        "*" if at.text(item).is_some() => {}
        "*" => at.put(item, &json!("2026-01-01T00:00:00Z")),
        word => at.put(item, &typed(at.first(item), word)),
    }
}

/// A word of a rule as an item would have it.
fn typed(like: Option<&Value>, word: &str) -> Value {
    match (like, word.parse::<bool>()) {
        (Some(Value::String(_)), _) => json!(word),
        (_, Ok(flag)) => json!(flag),
        (Some(Value::Number(_)), _) => writing::value_like(like, word),
        _ => word.parse::<u64>().map_or_else(|_| json!(word), |number| json!(number)),
    }
}

/// Makes one rule not hold.
fn unsay(shape: &AccountShape, item: &mut Value, rule: &StateRule, shown: &[Value]) {
    let holds = |item: &Value| {
        let alone = AccountShape { state: vec![rule.clone()], ..AccountShape::default() };
        alone.state_of(item).is_some()
    };
    if !holds(item) {
        return;
    }
    let before = item.clone();
    let mut others: Vec<Value> =
        shown.iter().filter_map(|one| rule.at.first(one)).cloned().collect();
    others.extend([json!(false), json!(true)]);
    let elsewhere = shape.state.iter().filter(|other| other.at == rule.at);
    let words =
        elsewhere.flat_map(|other| &other.is).filter(|word| !matches!(word.as_str(), "*" | "null"));
    others.extend(words.map(|word| typed(rule.at.first(item), word)));
    others.extend([Value::Null, json!("2026-01-01T00:00:00Z")]);
    let kind = rule.at.first(&before).cloned();
    // What is of the same kind comes first: `false` for `true`, a word for a word.
    others.sort_by_key(|other| {
        kind.as_ref()
            .is_none_or(|kind| std::mem::discriminant(kind) != std::mem::discriminant(other))
    });
    for other in others {
        rule.at.put(item, &other);
        if !holds(item) {
            return;
        }
        item.clone_from(&before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(rules: Value, otherwise: Value) -> AccountShape {
        let text = json!({"key": "/id", "state": rules, "otherwise": otherwise});
        serde_json::from_value(text).expect("a shape")
    }

    #[test]
    fn every_state_that_the_rules_know_is_read_again() {
        let rules = json!([
            {"at": "/deleted", "is": ["true"], "means": "gone"},
            {"at": "/status", "is": ["inactive", "blocked"], "means": "suspended"},
            {"at": "/joined", "is": ["null"], "means": "invited"},
        ]);
        let shape = shape(rules, json!("active"));
        let item = json!({"id": 1, "deleted": false, "status": "active", "joined": "2026-01-01"});
        for (start, state) in STATES.into_iter().flat_map(|a| STATES.map(|b| (a, b))) {
            let mut item = item.clone();
            assert!(put(&shape, &mut item, start, &[]), "{start:?}: {item}");
            assert!(put(&shape, &mut item, state, &[]), "{state:?}: {item}");
            assert_eq!(shape.state_of(&item), Some(state));
        }
    }

    #[test]
    fn an_example_that_shows_the_state_is_followed() {
        let rules = json!([{"at": "/s", "is": ["x", "off"], "means": "suspended"}]);
        let mut item = json!({"id": 1, "s": "on"});
        assert!(put(
            &shape(rules, json!("active")),
            &mut item,
            State::Suspended,
            &[json!({"s": "off"})]
        ));
        assert_eq!(item["s"], "off");
    }

    #[test]
    fn a_state_that_nothing_says_is_not_written() {
        let shape = shape(json!([{"at": "/on", "is": ["true"], "means": "active"}]), Value::Null);
        let mut item = json!({"id": 1, "on": true});
        assert!(!put(&shape, &mut item, State::Suspended, &[]));
        assert_eq!((item, said_by(&shape, &json!({"x": 1}))), (json!({"id": 1, "on": true}), None));
    }
}
