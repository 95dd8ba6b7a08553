//! Logins that are the same, as `docs/identity-keys.md` says it to people.

use proptest::prelude::*;
use rollbook_core::canonical::{
    LOGIN_MAX, Refused, login_key, look_alike, same_login, shown_login_key,
};

const PAGE: &str = include_str!("../../../../docs/identity-keys.md");

/// The rows of the table: one, other, verdict.
fn rows() -> Vec<(String, String, String)> {
    let cells = |line: &str| -> Vec<String> {
        line.trim_matches('|')
            .split('|')
            .map(|cell| unescaped(cell.trim().trim_matches('`')))
            .collect()
    };
    let rows = PAGE.lines().filter(|line| line.starts_with("| `")).map(cells);
    rows.map(|row| (row[0].clone(), row[1].clone(), row[2].clone())).collect()
}

/// The text with the characters that `\u{…}` stands for.
fn unescaped(text: &str) -> String {
    let mut parts = text.split("\\u{");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (code, rest) = part.split_once('}').expect("the table closes its braces");
        let code = u32::from_str_radix(code, 16).expect("the table has hexadecimal digits");
        out.push(char::from_u32(code).expect("the table has characters"));
        out.push_str(rest);
    }
    out
}

fn verdict(one: &str, other: &str) -> &'static str {
    match (login_key(one), login_key(other)) {
        (Ok(one), Ok(other)) if one == other => "same",
        (Ok(_), Ok(_)) if look_alike(one, other) => "looks like",
        (Ok(_), Ok(_)) => "different",
        _ => "refused",
    }
}

#[test]
fn every_row_of_the_table_for_people_is_true() {
    let rows = rows();
    assert!(rows.len() >= 45, "the table has {} rows only", rows.len());
    for (one, other, expected) in rows {
        assert_eq!(verdict(&one, &other), expected, "{one:?} and {other:?}");
        assert_eq!(verdict(&other, &one), expected, "{other:?} and {one:?}");
    }
}

#[test]
fn a_refusal_names_the_character_and_the_reason() {
    let said = |text: &str| login_key(text).unwrap_err().to_string();
    insta::assert_snapshot!(said("an\u{200b}a"), @"The login contains U+200B (an invisible character). Send it without.");
    insta::assert_snapshot!(said("  "), @"A login cannot be empty.");
    insta::assert_snapshot!(said("ana "), @"The login begins or ends with a blank, which nobody would see. Send it without.");
    assert_eq!(login_key(&"x".repeat(LOGIN_MAX + 1)), Err(Refused::TooLong(LOGIN_MAX + 1)));
}

#[test]
fn a_login_that_an_app_shows_and_we_would_refuse_is_the_same_as_itself_only() {
    assert_eq!(shown_login_key("\u{ff41}NA"), "\u{ff41}NA");
    assert!(same_login("\u{ff41}na", "\u{ff41}na"));
    assert!(!same_login("\u{ff41}na", "ana"));
    assert!(same_login("Jose\u{301}@x.com", "jos\u{e9}@X.com"));
    assert!(!same_login("", "") && !same_login(" ", " "));
}

proptest! {
    #[test]
    fn looking_alike_goes_both_ways_and_is_never_being_the_same(
        one in "[aеAА1lI\u{ff41}ı]{1,4}",
        other in "[aеAА1lI\u{ff41}ı]{1,4}",
    ) {
        prop_assert_eq!(look_alike(&one, &other), look_alike(&other, &one));
        prop_assert!(!(look_alike(&one, &other) && same_login(&one, &other)));
    }

    #[test]
    fn a_key_is_its_own_key_and_capitals_do_not_change_it(login in "\\PC{1,24}") {
        if let Ok(key) = login_key(&login) {
            prop_assert_eq!(login_key(&key), Ok(key.clone()));
            let lower: String = login.chars().flat_map(char::to_lowercase).collect();
            prop_assert_eq!(login_key(&lower), Ok(key));
        }
    }
}
