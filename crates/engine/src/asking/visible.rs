//! Text that others wrote, made fit to be shown to people and to programs that read sentences: a
//! directory is full of names that anybody may choose, and a name must not be able to hide words,
//! turn the line around or run on for pages.

use rollbook_core::explain::printable;
use serde_json::Value;

/// How many characters of one text are shown.
const CHARS_MAX: usize = 2_000;

/// `text` with everything written out that does not show or changes the direction, and cut after
/// 2,000 characters, which is said.
///
/// ```
/// use rollbook_engine::asking::visible;
/// assert_eq!(visible("Ana\u{202e}\u{e0041}\nDiaz"), r"Ana\u{202e}\u{e0041}\u{a}Diaz");
/// ```
pub fn visible(text: &str) -> String {
    let mut shown: String = text.chars().take(CHARS_MAX).collect();
    let more = text.chars().count().saturating_sub(CHARS_MAX);
    if shown.chars().any(is_hidden) {
        shown = shown.chars().map(|c| if is_hidden(c) { escaped(c) } else { c.into() }).collect();
    }
    shown = printable(&shown);
    if more > 0 {
        shown += &format!(" … (cut, {more} more characters)");
    }
    shown
}

/// Every text in `value`, however deep, as [`visible`] shows it. Keys are ours and stay.
pub fn visible_value(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(visible(&text)),
        Value::Array(items) => items.into_iter().map(visible_value).collect(),
        Value::Object(map) => {
            map.into_iter().map(|(key, value)| (key, visible_value(value))).collect()
        }
        plain => plain,
    }
}

fn escaped(c: char) -> String {
    c.escape_unicode().to_string()
}

/// Whether a character takes no room on a screen and is no control: joiners, soft hyphens, fillers,
/// variation selectors and the tag letters in which whole sentences can be hidden. Joiners stand in
/// honest names too; written out they do no harm.
fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2065}'
        | '\u{206a}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_cannot_be_seen_is_written_out_and_ordinary_names_stay() {
        for name in ["Zoë O’Brien-Łukasz", "李伟", "محمد", "a <b>\"c\"</b> & d"] {
            assert_eq!(visible(name), name);
        }
        assert_eq!(visible("A\u{200b}B\u{fe0f}\u{feff}"), r"A\u{200b}B\u{fe0f}\u{feff}");
        assert_eq!(visible("\u{e0069}\u{e0067}"), r"\u{e0069}\u{e0067}");
    }

    #[test]
    fn a_long_text_is_cut_and_says_so() {
        let shown = visible(&"é".repeat(2_002));
        assert_eq!(shown, format!("{} … (cut, 2 more characters)", "é".repeat(2_000)));
    }

    #[test]
    fn every_text_of_a_value_is_made_visible() {
        let value = json!({"rows": [{"name": "a\u{7}"}, 7, null]});
        assert_eq!(visible_value(value), json!({"rows": [{"name": r"a\u{7}"}, 7, null]}));
    }

    proptest! {
        #[test]
        fn nothing_hidden_is_left_of_any_text(text in "\\PC*|.*") {
            let shown = visible(&text);
            prop_assert!(!shown.chars().any(|c| is_hidden(c) || c.is_control()), "{shown:?}");
        }
    }
}
