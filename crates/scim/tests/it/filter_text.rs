//! Filters and paths as text: what is read, what is refused, what is printed.
use proptest::prelude::*;
use rollbook_scim::filter::{DEPTH_MAX, Filter, LENGTH_MAX, Literal, Op, TERMS_MAX};
use rollbook_scim::{AttrPath, Path};

/// What a filter is printed as after reading, or why it is refused.
fn said(text: &str) -> String {
    match text.parse::<Filter>() {
        Ok(filter) => filter.to_string(),
        Err(error) => format!("ERROR {error}"),
    }
}

#[test]
fn filters_as_clients_send_them_are_printed_as_the_rfc_writes_them() {
    let texts = [
        r#"userName eq "bjensen""#,
        r#"userName Eq "x""#,
        r#"  name.familyName CO "O'Malley"  "#,
        r#"active eq True"#,
        r#"urn:ietf:params:scim:schemas:core:2.0:User:userName sw "J""#,
        r#"title pr and userType eq "Employee" or id pr"#,
        r#"title pr and (userType eq "Employee" or id pr)"#,
        r#"(a pr and b pr) and c pr"#,
        r#"not(a pr) and NOT (b pr)"#,
        r#"emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp"]"#,
        r#"emails[type eq "work"].value eq "x""#,
        r#"meta.lastModified ge "2011-05-13T04:42:34Z""#,
        r#"x eq "a\"b\\cé\n""#,
        r#"x eq -1.5e3 or x eq null"#,
        r#"not pr"#,
    ];
    let printed: Vec<String> = texts.iter().map(|text| said(text)).collect();
    insta::assert_snapshot!(printed.join("\n"), @r#"
    userName eq "bjensen"
    userName eq "x"
    name.familyName co "O'Malley"
    active eq true
    urn:ietf:params:scim:schemas:core:2.0:User:userName sw "J"
    title pr and userType eq "Employee" or id pr
    title pr and (userType eq "Employee" or id pr)
    (a pr and b pr) and c pr
    not (a pr) and not (b pr)
    emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp"]
    emails[type eq "work"].value eq "x"
    meta.lastModified ge "2011-05-13T04:42:34Z"
    x eq "a\"b\\cé\n"
    x eq -1500.0 or x eq null
    not pr
    "#);
}

#[test]
fn what_is_no_filter_is_refused_with_the_place() {
    let texts = [
        "",
        "userName",
        "userName eq",
        "userName is \"x\"",
        "userName eq 'x'",
        "userName eq \"x",
        "userName eq \"x\" trailing",
        "userName eq \"a\nb\"",
        "a.b.c eq 1",
        "1a eq 1",
        "emails[type eq \"work\"",
        "emails[a[b pr]]",
        "(a pr",
        "a pr)",
        "not a pr",
        "active gt true",
        "x co 5",
        "x eq {}",
        "é pr",
    ];
    let printed: Vec<String> = texts.iter().map(|text| said(text)).collect();
    insta::assert_snapshot!(printed.join("\n"), @r#"
    ERROR At byte 0: an attribute name is missing.
    ERROR At byte 8: expected an operator such as "eq".
    ERROR At byte 11: expected a text in double quotes, a number, true, false or null.
    ERROR At byte 9: expected an operator such as "eq".
    ERROR At byte 12: expected a text in double quotes, a number, true, false or null.
    ERROR At byte 12: expected a text in double quotes, a number, true, false or null.
    ERROR At byte 16: expected the end.
    ERROR At byte 12: expected a text in double quotes, a number, true, false or null.
    ERROR At byte 0: "a.b.c" has more than one level of sub-attributes.
    ERROR At byte 0: "1a" is not an attribute name.
    ERROR At byte 21: expected "]".
    ERROR At byte 8: expected no "[" here.
    ERROR At byte 5: expected ")".
    ERROR At byte 4: expected the end.
    ERROR At byte 4: expected an operator such as "eq".
    ERROR At byte 7: the operator "gt" has no meaning for this value.
    ERROR At byte 2: the operator "co" has no meaning for this value.
    ERROR At byte 5: expected a text in double quotes, a number, true, false or null.
    ERROR At byte 0: an attribute name is missing.
    "#);
}

#[test]
fn paths_are_read_and_printed() {
    let texts = [
        "active",
        "name.familyName",
        "members",
        r#"members[value eq "2819c223"]"#,
        r#"emails[type eq "work" and primary eq true].value"#,
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
    ];
    for text in texts {
        assert_eq!(text.parse::<Path>().unwrap().to_string(), text);
    }
    let bare: AttrPath = texts[6].parse().unwrap();
    assert_eq!((bare.name(), bare.extension()), (None, Some(texts[6])));
    for wrong in ["", "a b", "emails[", "emails[type eq \"work\"].", "emails[a pr].b.c", "a[b pr]c"]
    {
        assert!(wrong.parse::<Path>().is_err(), "{wrong}");
    }
}

#[test]
fn a_value_with_quotes_and_backslashes_cannot_leave_its_quotes() {
    let evil = r#"x" or userName pr or userName eq "\"#;
    let filter = Filter::equals("userName", evil).unwrap();
    assert_eq!(filter.to_string().parse::<Filter>().unwrap(), filter);
    assert!(!filter.matches(&serde_json::json!({"userName": "somebody"})));
    assert_eq!(Path::member(evil).to_string().parse::<Path>().unwrap(), Path::member(evil));
}

#[test]
fn the_limits_are_exact() {
    let nested = |depth: usize| format!("{}a pr{}", "(".repeat(depth), ")".repeat(depth));
    assert!(nested(DEPTH_MAX).parse::<Filter>().is_ok());
    assert!(nested(DEPTH_MAX + 1).parse::<Filter>().is_err());
    let terms = |count: usize| vec!["a pr"; count].join(" and ");
    assert!(terms(TERMS_MAX).parse::<Filter>().is_ok());
    assert!(terms(TERMS_MAX + 1).parse::<Filter>().is_err());
    let long = |len: usize| format!("a eq \"{}\"", "x".repeat(len - 7));
    assert!(long(LENGTH_MAX).parse::<Filter>().is_ok());
    assert!(long(LENGTH_MAX + 1).parse::<Filter>().is_err());
}

/// The smallest stack that a server might give a thread.
const SMALL_STACK: usize = 256 * 1024;

#[test]
fn endless_nesting_is_refused_on_a_small_stack() {
    let deep = [
        "not (".repeat(100_000),
        format!("{}!", "not (".repeat(100_000)),
        "(".repeat(100_000),
        "emails[".repeat(10_000),
        "a eq \"b\" and ".repeat(10_000),
        " ".repeat(64 * 1024),
        format!("a eq \"{}\"", "\\".repeat(60_000)),
        "a.".repeat(8_000),
        // Within the length, beyond the depth.
        "not (".repeat(1_600),
        "(".repeat(8_000),
    ];
    let thread = std::thread::Builder::new().stack_size(SMALL_STACK).spawn(move || {
        for text in deep {
            assert!(text.parse::<Filter>().is_err());
            assert!(text.parse::<Path>().is_err());
        }
    });
    thread.unwrap().join().unwrap();
}

#[test]
fn the_deepest_filter_that_is_read_can_be_used_on_a_small_stack() {
    let text = format!("{}a pr{}", "not (".repeat(DEPTH_MAX), ")".repeat(DEPTH_MAX));
    let thread = std::thread::Builder::new().stack_size(SMALL_STACK).spawn(move || {
        let filter: Filter = text.parse().unwrap();
        assert!(filter.matches(&serde_json::json!({"a": 1})), "an even number of nots");
        assert_eq!(filter.to_string(), text);
    });
    thread.unwrap().join().unwrap();
}

fn attr() -> impl Strategy<Value = AttrPath> {
    let urn = prop::option::of("urn:ietf:params:scim:schemas:extension:[a-z]{1,8}:2\\.0:User");
    ("[a-z$][A-Za-z0-9_-]{0,8}", prop::option::of("[a-z$][A-Za-z0-9]{0,8}"), urn).prop_map(
        |(name, sub, urn)| {
            let path = AttrPath::new(&name, sub.as_deref()).unwrap();
            urn.map_or(path.clone(), |urn| path.in_schema(&urn).unwrap())
        },
    )
}

fn literal() -> impl Strategy<Value = Literal> {
    prop_oneof![
        any::<String>().prop_map(Literal::Text),
        any::<i64>().prop_map(|number| Literal::Number(number.into())),
        (-1e300..1e300f64).prop_map(|it| {
            Literal::Number(serde_json::Number::from_f64(it).expect("it is finite"))
        }),
        any::<bool>().prop_map(Literal::Bool),
        Just(Literal::Null),
    ]
}

fn comparison(path: impl Strategy<Value = Path>) -> impl Strategy<Value = Filter> {
    (path, prop::sample::select(Op::ALL.to_vec()), literal()).prop_map(|(path, op, value)| {
        if op.fits(&value) { Filter::Compare { path, op, value } } else { Filter::Present(path) }
    })
}

/// A filter without brackets.
fn plain() -> impl Strategy<Value = Filter> + Clone {
    let leaf = comparison(attr().prop_map(Path::from)).boxed();
    leaf.prop_recursive(4, 24, 3, combined).boxed()
}

fn filters() -> impl Strategy<Value = Filter> {
    let filtered = (attr(), plain(), prop::option::of("[a-z][A-Za-z]{0,6}"))
        .prop_map(|(attr, filter, sub)| Path::filtered(attr, filter, sub));
    let has = (attr(), plain())
        .prop_map(|(attr, filter)| Filter::Has { attr: attr.without_sub(), filter: filter.into() });
    let leaf = prop_oneof![plain(), comparison(filtered), has].boxed();
    leaf.prop_recursive(3, 24, 3, combined)
}

fn combined(inner: BoxedStrategy<Filter>) -> BoxedStrategy<Filter> {
    prop_oneof![
        (inner.clone(), inner.clone()).prop_map(|(one, other)| one.and(other)),
        (inner.clone(), inner.clone()).prop_map(|(one, other)| one.or(other)),
        inner.prop_map(|filter| Filter::Not(Box::new(filter))),
    ]
    .boxed()
}

proptest! {
    #[test]
    fn what_is_printed_is_read_as_the_same_filter(filter in filters()) {
        let text = filter.to_string();
        prop_assume!(text.len() <= LENGTH_MAX);
        prop_assert_eq!(text.parse::<Filter>().unwrap(), filter);
    }

    #[test]
    fn what_is_printed_is_read_as_the_same_path(
        attr in attr(), filter in plain(), sub in prop::option::of("[a-z]{1,6}"),
    ) {
        for path in [Path::from(attr.clone()), Path::filtered(attr, filter, sub)] {
            let text = path.to_string();
            prop_assume!(text.len() <= LENGTH_MAX);
            prop_assert_eq!(text.parse::<Path>().unwrap(), path);
        }
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in any::<String>()) {
        drop(text.parse::<Filter>());
        drop(text.parse::<Path>());
        drop(text.parse::<AttrPath>());
    }

    #[test]
    fn no_text_of_filter_pieces_makes_it_panic_and_what_is_read_prints_stably(
        pieces in prop::collection::vec(
            prop::sample::select(vec![
                "a", "urn:x:", "emails", "[", "]", "(", ")", "not", " ", ".", "eq", "pr", "and",
                "or", "\"", "\\", "\\u12", "1", "-", "true", "null", "é", "\t", "value", "\"x\"",
            ]),
            0..40,
        ),
    ) {
        let text = pieces.concat();
        if let Ok(filter) = text.parse::<Filter>() {
            prop_assert_eq!(filter.to_string().parse::<Filter>().unwrap(), filter);
        }
        drop(text.parse::<Path>());
    }
}
