//! Text that differs in case only, by the same table that `docs/identity-keys.md` has for logins.

use proptest::prelude::*;
use rollbook_scim::text::{caseless, refused, same};

const PAGE: &str = include_str!("../../../../docs/identity-keys.md");

/// The text with the characters that `\u{…}` stands for.
fn unescaped(text: &str) -> String {
    let mut parts = text.split("\\u{");
    let mut out = parts.next().unwrap().to_owned();
    for part in parts {
        let (code, rest) = part.split_once('}').unwrap();
        out.push(char::from_u32(u32::from_str_radix(code, 16).unwrap()).unwrap());
        out.push_str(rest);
    }
    out
}

#[test]
fn a_filter_takes_for_the_same_what_is_the_same_login() {
    let mut rows = 0;
    for line in PAGE.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let text = |at: usize| unescaped(cells[at].trim_matches('`'));
        if cells[2] != "refused" {
            assert_eq!(same(&text(0), &text(1)), cells[2] == "same", "{line}");
            rows += 1;
        }
    }
    assert!(rows > 20, "the table has {rows} rows about what is taken");
}

#[test]
fn what_nobody_sees_is_refused_and_what_people_write_is_not() {
    for text in [
        "a\0",
        "\u{9}",
        "\u{9f}",
        "\u{200b}",
        "\u{202e}",
        "\u{2066}",
        "\u{e0001}",
        "\u{feff}",
        "\u{1fffe}",
    ] {
        assert_eq!(refused(text, false), text.chars().last(), "{text:?}");
    }
    for text in
        ["", "Zoë", "e\u{301}", "नमस्ते", "شركة\u{200f}", "👩\u{200d}🚀", "株式会社", "a\u{a0}b"]
    {
        assert_eq!(refused(text, false), None, "{text:?}");
    }
    assert_eq!((refused("a\r\nb", true), refused("a\tb", true)), (None, Some('\t')));
}

proptest! {
    #[test]
    fn the_form_for_comparing_is_its_own_form(text in "\\PC{0,24}") {
        let once = caseless(&text).into_owned();
        prop_assert_eq!(caseless(&once), once.as_str());
        prop_assert!(same(&text, &once));
    }
}
