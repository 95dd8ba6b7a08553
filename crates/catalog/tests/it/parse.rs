//! What an app file may say, and what it is told when it says it wrongly.

use rollbook_catalog::{App, Error, Value};
use rollbook_core::change::Op;
use rollbook_core::harm::Harm;

const HEAD: &str = r#"[app]
id = "acme"
name = "Acme"
category = "anvils"
website = "https://acme.example"
checked_on = "2026-11-21"
"#;

const SOURCED: &str =
    "basis = \"documented\"\nsource = \"Acme's manual\"\nchecked_on = \"2026-11-20\"\n";

fn parse(rest: &str) -> Result<App, String> {
    App::parse("apps/acme.toml", &format!("{HEAD}{rest}")).map_err(|error| error.to_string())
}

/// What the file with these lines after its `[app]` section (lines 1 to 6) is told.
fn check_refused(rest: &str) -> String {
    parse(rest).expect_err("the file is wrong")
}

fn fact(key: &str, value: &str) -> String {
    format!("[[facts]]\n{SOURCED}{key} = {value}\n")
}

#[test]
fn a_file_with_nothing_but_its_head_reaches_nothing() {
    let app = parse("").expect("nothing more is needed");
    assert_eq!((app.id.as_str(), app.reach().routes.len()), ("acme", 0));
}

#[test]
fn every_shape_of_value_is_read_and_each_may_be_unknown() {
    let rest = [
        fact("scim.plan", "\"Pro\""),
        fact("scim.resources", "[\"Users\"]"),
        fact("scim.page_size", "100"),
        fact("scim.available", "true"),
        fact("scim.patch", "\"put_only\""),
        fact("scim.page_size_max", "\"unknown\""),
    ];
    let app = parse(&rest.concat()).expect("all are fine");
    let value = |key: &str| app.fact(key).map(|fact| fact.value.clone());
    assert_eq!(value("scim.plan"), Some(Value::Text("Pro".into())));
    assert_eq!(value("scim.resources"), Some(Value::List(vec!["Users".into()])));
    assert_eq!(value("scim.page_size"), Some(Value::Number(100)));
    assert_eq!(value("scim.available"), Some(Value::Flag(true)));
    assert_eq!(value("scim.patch"), Some(Value::Text("put_only".into())));
    assert_eq!(value("scim.page_size_max"), Some(Value::Unknown));
    assert_eq!(value("scim.delete"), None);
}

#[test]
fn an_unknown_key_is_named_with_its_line() {
    insta::assert_snapshot!(check_refused("[scim]\ncan = []\nbasis = \"recalled\"\nchecked_on = \"2026-11-21\"\nif = \"x\"\n"), @"apps/acme.toml:11: unknown field `if`, expected one of `can`, `irreversible`, `basis`, `basis_of`, `source`, `checked_on`. Correct it, or see docs/app-file.md for what a section may hold.");
}

#[test]
fn an_unknown_section_is_named_with_its_line() {
    insta::assert_snapshot!(check_refused("[telepathy]\ncan = []\n"), @"apps/acme.toml:7: unknown field `telepathy`, expected one of `app`, `scim`, `rest`, `browser`, `file`, `human`, `facts`, `request`, `field`, `limitation`, `trap`, `example`. Correct it, or see docs/app-file.md for what a section may hold.");
}

#[test]
fn an_operation_that_does_not_exist_is_named_with_its_line() {
    let rest = format!("[scim]\ncan = [\n  \"observe\",\n  \"vanish\",\n]\n{SOURCED}");
    insta::assert_snapshot!(check_refused(&rest), @"apps/acme.toml:10: There is no operation `vanish`. Use observe, create, update, suspend, reactivate, remove, grant, revoke.");
}

#[test]
fn what_is_qualified_must_be_in_can() {
    let for_good = format!("[scim]\ncan = [\"observe\"]\nirreversible = [\"remove\"]\n{SOURCED}");
    insta::assert_snapshot!(check_refused(&for_good), @"apps/acme.toml:9: `remove` is qualified here and not in `can`. Add it there or take it out here.");
    let basis =
        format!("[scim]\ncan = [\"observe\"]\n{SOURCED}basis_of = {{ remove = \"recalled\" }}\n");
    insta::assert_snapshot!(check_refused(&basis), @"apps/acme.toml:12: `remove` is qualified here and not in `can`. Add it there or take it out here.");
}

#[test]
fn a_fact_without_a_source_is_recalled_and_a_recalled_one_has_none() {
    let rest = "[[facts]]\nscim.plan = \"Pro\"\n";
    insta::assert_snapshot!(check_refused(&format!("{rest}basis = \"documented\"\n")), @"apps/acme.toml:7: This names no source. Say where it was read or tried, or make it `recalled`.");
    insta::assert_snapshot!(check_refused(&format!("{rest}basis = \"recalled\"\nsource = \"a talk\"\n")), @"apps/acme.toml:7: This is `recalled` and names a source. If the source says so it is `documented`; otherwise leave the source out.");
    assert!(parse(&format!("{rest}basis = \"recalled\"\n")).is_ok());
}

#[test]
fn a_fact_of_another_name_or_shape_is_named_with_its_line() {
    insta::assert_snapshot!(check_refused(&fact("scim.colour", "\"red\"")), @"apps/acme.toml:11: There is no fact `scim.colour`. Use a key of the closed list in crates/catalog/src/key.rs, or add one there with a test.");
    insta::assert_snapshot!(check_refused(&fact("scim.page_size", "-1")), @r#"apps/acme.toml:11: `scim.page_size` must be a whole number of at least 0, or "unknown"."#);
    insta::assert_snapshot!(check_refused(&fact("scim.delete", "\"maybe\"")), @r#"apps/acme.toml:11: `scim.delete` must be one of "delete", "deactivate", "unsupported", or "unknown"."#);
    insta::assert_snapshot!(check_refused(&fact("account.roles", "[1]")), @r#"apps/acme.toml:11: `account.roles` must be a list of texts, or "unknown"."#);
}

#[test]
fn what_one_source_says_twice_is_named_with_its_second_line() {
    let rest = [fact("scim.plan", "\"Pro\""), fact("scim.plan", "\"Team\"")].concat();
    insta::assert_snapshot!(check_refused(&rest), @"apps/acme.toml:16: The same source said `scim.plan` before. Keep what it says; what another source says stands in a section of its own.");
}

#[test]
fn two_sources_that_contradict_each_other_are_both_kept_and_the_better_known_is_believed() {
    let by = |basis: &str, day: &str, plan: &str| {
        let source = if basis == "recalled" { "" } else { "source = \"page of DAY\"\n" };
        format!(
            "[[facts]]\nbasis = \"{basis}\"\n{source}checked_on = \"DAY\"\nscim.plan = \"{plan}\"\n"
        )
        .replace("DAY", day)
    };
    let rest = [
        by("documented", "2026-03-01", "Pro"),
        by("recalled", "2026-11-01", "Free"),
        by("documented", "2026-10-01", "Enterprise"),
        by("documented", "2026-11-10", "unknown"),
    ];
    let app = parse(&rest.concat()).expect("sources may differ");
    assert_eq!(app.facts.len(), 4);
    let best = app.fact("scim.plan").map(|fact| fact.value.to_string());
    assert_eq!(best.as_deref(), Some("Enterprise"));
}

#[test]
fn a_request_keeps_what_the_vendor_documents() {
    let rest = format!(
        "[[request]]\nop = \"suspend\"\nmethod = \"POST\"\npath = \"/users/{{id}}/off\"\n\
         fields = {{ id = \"uid\" }}\n{SOURCED}"
    );
    let app = parse(&rest).expect("a request needs no more");
    let [request] = app.requests.as_slice() else { panic!("there is one request") };
    assert_eq!(
        (request.op.title(), request.method.to_string().as_str()),
        ("Suspend an account", "POST")
    );
    assert_eq!(request.fields.get("id").map(String::as_str), Some("uid"));
    insta::assert_snapshot!(check_refused(&rest.replace("POST", "PUSH")), @"apps/acme.toml:9: unknown variant `PUSH`, expected one of `GET`, `POST`, `PUT`, `PATCH`, `DELETE`, `CLI`. Correct it, or see docs/app-file.md for what a section may hold.");
}

#[test]
fn a_file_that_is_not_named_like_its_app_is_refused() {
    let error = App::parse("apps/other.toml", HEAD).expect_err("the names differ");
    insta::assert_snapshot!(error, @"apps/other.toml:2: The app is called acme here. Name the file acme.toml as well.");
}

#[test]
fn a_day_that_does_not_exist_is_named_with_its_line() {
    let rest = fact("scim.plan", "\"Pro\"").replace("2026-11-20", "2026-11-31");
    assert!(check_refused(&rest).starts_with("apps/acme.toml:10: "), "{}", check_refused(&rest));
}

#[test]
fn a_file_cut_off_anywhere_is_read_or_refused_at_a_line_that_it_has() {
    let whole = include_str!("../../../../apps/mindtickle.toml");
    let ends = (0..whole.len()).step_by(61).filter(|&end| whole.is_char_boundary(end));
    let mut refused = 0;
    for cut in ends.map(|end| &whole[..end]) {
        if let Err(Error::File { line, .. }) = App::parse("mindtickle.toml", cut) {
            refused += 1;
            assert!((1..=cut.lines().count() + 1).contains(&line), "line {line} of\n{cut}");
        }
    }
    assert!(refused > 50, "most cuts leave something unfinished, and {refused} were refused");
}

/// A `[rest]` section that is as it must be; line 7 is its first.
const REST: &str = r#"[rest]
can = ["observe", "suspend"]
basis = "recalled"
base_url = "https://{tenant}.acme.example/api"
auth = { kind = "bearer" }
settings = { tenant = "the word before .acme.example in the address of the console" }
paging = { kind = "cursor", at = "cursor", next = "/next", size_at = "limit", size = 50 }
account = { key = "/id", email = "/mail", otherwise = "active" }
[[rest.call]]
op = "list"
method = "GET"
path = "/users"
items = "/users"
[[rest.call]]
op = "suspend"
method = "POST"
path = "/users/{account}/off"
"#;

#[test]
fn a_rest_route_says_how_each_of_its_operations_is_called() {
    let app = parse(REST).expect("it is as it must be");
    assert_eq!(app.unshown(), ["suspend", "observe"], "no example shows them yet");
    let rest = app.rest.expect("it was said");
    assert_eq!((rest.calls.len(), rest.settings.len()), (2, 1));
}

#[test]
fn whatever_is_wrong_in_a_rest_route_is_named_with_its_line() {
    let told = |from: &str, to: &str| {
        assert!(REST.contains(from), "{from}");
        check_refused(&REST.replacen(from, to, 1))
    };
    let all = [
        told("\"suspend\"]", "\"suspend\", \"remove\"]"),
        told("/{account}/off", "/{id.seat}/off"),
        told("/{account}/off", "/{org}/{account}"),
        told("path = \"/users\"", "path = \"/users/{email}\""),
        told("path = \"/users\"", "path = \"users\""),
        told("method = \"POST\"", "method = \"CLI\""),
        told("next = \"/next\", ", ""),
        told("next = \"/next\"", "next = \"$.next\""),
        told("key = \"/id\", ", ""),
        told("{tenant}.acme", "x.acme"),
        told("https:", "http:"),
        told("path = \"/users/{account}/off\"", "send = \"form\""),
    ];
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn an_example_that_no_call_sends_is_refused() {
    let example = "[[example]]\nop = \"suspend\"\nrequest = \"POST /users/7/on\"\n";
    insta::assert_snapshot!(check_refused(&format!("{REST}{example}")), @"apps/acme.toml:24: No [[rest.call]] for `POST /users/7/on` sends `Suspend an account`. Correct the one or the other.");
    let example =
        "[[example]]\nop = \"suspend\"\nrequest = \"POST /users/7/off\"\nanswer = \"{\"\n";
    let told = check_refused(&format!("{REST}{example}"));
    assert!(told.starts_with("apps/acme.toml:24: The answer of this example is no JSON"), "{told}");
}

/// A trap after the route of [`REST`], whose last line is 18.
fn trapped(hurts: &str, route: &str) -> String {
    format!("{route}[[trap]]\ntext = \"It bites.\"\nhurts = \"{hurts}\"\n")
}

#[test]
fn what_suspending_does_beyond_its_name_is_for_good_and_known_to_plans() {
    let refused = check_refused(&trapped("suspend_wipes", REST));
    insta::assert_snapshot!(refused, @"apps/acme.toml:26: Nothing brings back what to suspend does here, and [rest] does not have it in `irreversible`. Add it there, or say with `channel` where the trap bites.");
    let route =
        REST.replace("basis = \"recalled\"", "irreversible = [\"suspend\"]\nbasis = \"recalled\"");
    for (hurts, harm) in [("suspend_wipes", Harm::Wipes), ("suspend_deletes", Harm::Deletes)] {
        let app = parse(&trapped(hurts, &route)).expect("it is said to be for good");
        let suspend = app.reach().route_for(&Op::Suspend).expect("the route can").ability;
        assert!(!suspend.reversible && suspend.harms.contains(&harm), "{hurts}");
    }
    let billed = parse(&trapped("suspended_is_billed", REST)).expect("that can be taken back");
    let suspend = billed.reach().route_for(&Op::Suspend).expect("the route can").ability;
    assert!(suspend.reversible && suspend.harms.contains(&Harm::StillBilled));
}

#[test]
fn a_trap_on_another_channel_does_not_bite() {
    let elsewhere = trapped("suspend_wipes", REST) + "channel = \"scim\"\n";
    let app = parse(&elsewhere).expect("it has no such route");
    let suspend = app.reach().route_for(&Op::Suspend).expect("the route can").ability;
    assert!(suspend.reversible && suspend.harms.is_empty());
}

/// A `[browser]` section that is as it must be; line 7 is its first.
const BROWSER: &str = r#"[browser]
can = ["observe", "remove"]
irreversible = ["remove"]
basis = "recalled"
base_url = "https://app.acme.example"
popups = [{ at = 'region "Cookies"', close = 'button "Reject all"' }]

[browser.members]
count = "{count} members"
next = 'button "Next page"'
columns = { email = { column = "Member", line = 2 }, display_name = { column = "Member", line = 1 }, role = "Role", key = { attribute = "data-id" } }
otherwise = "active"

[browser.steps]
sign_in = [
  { go = "/login" },
  { fill = 'textbox "E-mail"', with = "{user}" },
  { fill = 'label "Password"', with = "{password}" },
  { click = 'button "Sign in"' },
  { code = 'textbox "Code"' },
  { wait = 'link "Account settings"' },
]
members = [
  { go = "/team" },
  { read = 'table "Team members"' },
]
remove = [
  { click = 'button "Remove from Team"', in_row = true },
  { confirm = 'dialog "Remove from Team"', says = "Remove {display_name} ({email})?", click = 'button "Remove"', cancel = 'button "Cancel"' },
  { wait = 'status "Removed"' },
]
"#;

#[test]
fn a_browser_route_says_step_by_step_what_is_done() {
    let app = parse(BROWSER).expect("all is as it must be");
    let browser = app.browser.as_ref().expect("it has a browser route");
    let steps: Vec<String> = browser.steps.values().flatten().map(ToString::to_string).collect();
    insta::assert_snapshot!(steps.join("\n"), @r#"
    open /login
    put {user} into textbox "E-mail"
    put {password} into label "Password"
    press button "Sign in"
    enter the one-time code into textbox "Code"
    wait for link "Account settings"
    open /team
    read table "Team members" over all its pages
    press button "Remove from Team", in the row of the account
    if dialog "Remove from Team" says "Remove {display_name} ({email})?", press button "Remove"
    wait for status "Removed"
    "#);
    assert_eq!(
        app.routes.iter().map(|it| it.way.channel.as_str()).collect::<Vec<_>>(),
        ["browser"]
    );
    assert_eq!(rollbook_catalog::lint::faults(&app), Vec::<String>::new());
}

#[test]
fn whatever_is_wrong_in_a_browser_route_is_named_with_its_line() {
    let wrong = |from: &str, to: &str| {
        assert!(BROWSER.contains(from), "{from}");
        check_refused(&BROWSER.replacen(from, to, 1))
    };
    let said = [
        wrong("\"https://app.acme.example\"", "\"http://app.acme.example\""),
        wrong("{count} members", "members"),
        wrong("{count} members", "{count}"),
        wrong("email = { column = \"Member\", line = 2 }, ", ""),
        wrong("otherwise = \"active\"\n", ""),
        wrong("next = 'button \"Next page\"'", "next = 'Next page'"),
        wrong("{ go = \"/team\" }", "{ go = \"team\" }"),
        wrong("{ go = \"/team\" }", "{ go = \"/team/{tenant}\" }"),
        wrong("{ go = \"/team\" }", "{ go = \"/team/{password}\" }"),
        wrong("{ go = \"/team\" }", "{ press = 'button'}"),
        wrong("  { wait = 'link \"Account settings\"' },\n", ""),
        wrong("  { read = 'table \"Team members\"' },\n", ""),
        wrong("remove = [", "erase = ["),
        wrong("remove = [", "suspend = ["),
        wrong("can = [\"observe\", \"remove\"]", "can = [\"observe\", \"remove\", \"suspend\"]"),
        wrong("can = [\"observe\", ", "can = ["),
        wrong("  { wait = 'status \"Removed\"' },", "  { code = 'textbox' },"),
        wrong(
            "{ click = 'button \"Sign in\"' }",
            "{ click = 'button \"Sign in\"', in_row = true }",
        ),
    ];
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn steps_that_are_not_held_to_the_person_are_a_fault() {
    let faults = |from: &str, to: &str| {
        let app = parse(&BROWSER.replace(from, to)).expect("it is well formed");
        rollbook_catalog::lint::faults(&app).join("\n")
    };
    let loose =
        BROWSER.replace(", in_row = true", "").replace("{display_name} ({email})", "member");
    let app = parse(&loose).expect("it is well formed");
    insta::assert_snapshot!(rollbook_catalog::lint::faults(&app).join("\n"), @"The steps for `remove` take something away, and none of them is held to the person: press something `in_row`, or `confirm` a dialog that names them.");
    insta::assert_snapshot!(faults("'button \"Sign in\"'", "'css \"#go\"'"), @r##""press css "#go"" finds what it presses by a selector. Name it by its role and words."##);
}

#[test]
fn a_step_for_a_person_is_for_something_that_can_be_done_and_has_known_blanks() {
    let human = |more: &str| format!("[human]\ncan = [\"remove\"]\n{SOURCED}{more}");
    let step = |op: &str, text: &str| {
        human(&format!("[[human.step]]\nop = \"{op}\"\ntext = \"{text}\"\n"))
    };
    insta::assert_snapshot!(check_refused(&step("create", "Add {email}.")), @"apps/acme.toml:13: `create` has a step here and is not in `can`. Add it there or take it out.");
    insta::assert_snapshot!(check_refused(&step("remove", "Find {user}.")), @"apps/acme.toml:14: Behind `Find ` stands no blank. Use one of {account}, {login}, {email}, {name}, {right}, {heir}, {instance}.");
    let observes = human("").replace("\"remove\"", "\"observe\"");
    insta::assert_snapshot!(check_refused(&observes), @"apps/acme.toml:8: People read no list for Rollbook; take `observe` out. An export that somebody makes is `[file]`.");
}
