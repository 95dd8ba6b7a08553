//! `rollbook.toml`: what is good loads, what is not is refused with file, line, key and a hint.

use jiff::civil::date;
use proptest::prelude::*;
use rollbook_core::account::State;
use rollbook_core::change::{Basis, Verb};
use rollbook_core::reach::Way;
use rollbook_engine::config::{Config, Rest, template};
use rollbook_engine::table::{Delimiter, Ends};

const WORKSPACE: &str = "[workspace]\nname = \"Ada's\"\ntime_zone = \"Europe/Amsterdam\"\n";

const SOURCE: &str = "
[[source]]
name = \"hr\"
path = \"in/workers.csv\"
[source.columns]
number = \"ID\"
";

const FILE: &str = "
[[instance]]
name = \"archive\"
[instance.file]
path = \"in/archive.csv\"
[instance.file.columns]
key = \"User ID\"
";

/// Loads `text` below a good `[workspace]`.
fn load(text: &str) -> Config {
    Config::parse(&format!("{WORKSPACE}{text}"), "rollbook.toml").expect("it is good")
}

/// The error of `text` below a good `[workspace]`, with its hints. The workspace has 3 lines.
fn refused(text: &str) -> String {
    let text = format!("{WORKSPACE}{text}");
    crate::said(&Config::parse(&text, "rollbook.toml").expect_err("it must be refused"))
}

#[test]
fn the_template_loads_as_it_is_also_for_odd_names() {
    for name in ["Example", "O\"Brien & Söhne\\n", "", "x = 1\n[evil]"] {
        let config = Config::parse(&template(name, None), "rollbook.toml").expect("it loads");
        assert_eq!(config.workspace.name, name);
        assert!(config.sources.is_empty() && config.instances.is_empty());
        let mut plain = load("").policy;
        // What is made anew asks for more than what was there before that could be asked.
        plain.limits.accept_first_view = true;
        assert_eq!(config.policy, plain, "the template shows the defaults");
    }
}

#[test]
fn every_example_in_the_template_is_a_key_that_loads() {
    let text = template("Example", None);
    let example = |line: &str| {
        let rest = line.strip_prefix("# ")?;
        let key = rest.split([' ', '=']).next()?;
        let toml = rest.starts_with('[') || (rest.contains(" = ") && !key.is_empty());
        (toml && !key.ends_with('.')).then(|| rest.to_owned())
    };
    let lines = text.lines().map(|line| example(line).unwrap_or_else(|| line.to_owned()));
    let with_examples = lines.collect::<Vec<_>>().join("\n");
    let config = Config::parse(&with_examples, "rollbook.toml");
    let config = config.unwrap_or_else(|e| panic!("{}\n{with_examples}", crate::said(&e)));
    assert_eq!((config.sources.len(), config.instances.len()), (1, 4));
    assert!(config.sources[0].appointments.is_some());
    assert!(config.instances[1].rest.is_some());
    assert!(config.instances[2].browser.is_some());
    assert!(config.instances[3].file.as_ref().is_some_and(|file| file.grants.is_some()));
    assert!(config.instances[3].human.is_some());
}

#[test]
fn a_source_and_an_instance_load_with_their_defaults() {
    let config = load(&format!("{SOURCE}{FILE}"));
    let source = &config.sources[0];
    assert_eq!((source.shrink_pct_max, source.stale_after_h), (20, 48));
    assert_eq!(source.default_kind, "employment");
    assert_eq!(source.format.ends, Ends::LastDay);
    assert_eq!(source.format.delimiter, Delimiter(b','));
    let instance = &config.instances[0];
    assert_eq!(instance.channel(), "file");
    let file = instance.file.as_ref().expect("it is reached over files");
    assert_eq!(file.attributes, Rest::None);
    assert_eq!(file.state_words.meanings().get("disabled"), Some(&State::Suspended));
}

#[test]
fn employer_domains_come_from_the_workspace_unless_the_instance_has_its_own() {
    let text = WORKSPACE.to_owned() + "employer_domains = [\"ada.example\"]\n" + FILE;
    let config = Config::parse(&text, "rollbook.toml").expect("it is good");
    assert_eq!(config.instances[0].employer_domains, ["ada.example"]);
    let own =
        FILE.replace("[instance.file]", "employer_domains = [\"x.example\"]\n[instance.file]");
    let text = WORKSPACE.to_owned() + "employer_domains = [\"ada.example\"]\n" + &own;
    let config = Config::parse(&text, "rollbook.toml").expect("it is good");
    assert_eq!(config.instances[0].employer_domains, ["x.example"]);
}

#[test]
fn reach_is_narrowed_by_the_instance_and_never_widened() {
    let text = FILE.replace(
        "[instance.file]",
        "[instance.reach]\ncan = [\"suspend\", \"remove\", \"create\"]\nirreversible = [\"suspend\"]
probed = [\"suspend\"]\n[instance.file]",
    );
    let config = load(&text);
    let way = Way::new("file")
        .reversibly(&[Verb::Suspend, Verb::Reactivate], Basis::Documented)
        .for_good(&[Verb::Remove], Basis::Recalled);
    let narrowed = config.instances[0].reach.narrow(way);
    assert_eq!(narrowed.can.keys().copied().collect::<Vec<_>>(), [Verb::Suspend, Verb::Remove]);
    let suspend = &narrowed.can[&Verb::Suspend];
    assert_eq!((suspend.basis, suspend.reversible), (Basis::Probed, false));
}

#[test]
fn a_last_day_ends_at_midnight_of_the_workspace_and_not_of_the_server() {
    let end = |zone: &str, day| {
        let text = format!("[workspace]\nname = \"x\"\ntime_zone = \"{zone}\"\n");
        let config = Config::parse(&text, "rollbook.toml").expect("the zone exists");
        config.workspace.end_of(day).expect("the day exists").timestamp().to_string()
    };
    let gone = date(2027, 3, 6);
    assert_eq!(end("America/Los_Angeles", gone), "2027-03-06T08:00:00Z");
    assert_eq!(end("Pacific/Kiritimati", gone), "2027-03-05T10:00:00Z");
    assert_eq!(end("Pacific/Pago_Pago", gone), "2027-03-06T11:00:00Z");
    // Chile's clocks skip from 24:00 to 01:00, so this day has no midnight.
    assert_eq!(end("America/Santiago", date(2027, 9, 5)), "2027-09-05T04:00:00Z");
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest_known_one() {
    insta::assert_snapshot!(refused("nmae = \"x\"\n"), @r"
    rollbook.toml, line 4: the key `nmae` is not known here.
      Did you mean `name`?
    ");
    insta::assert_snapshot!(refused(&SOURCE.replace("path", "pth")), @r"
    rollbook.toml, line 7: the key `pth` is not known here.
      Did you mean `path`?
    ");
    insta::assert_snapshot!(refused(&SOURCE.replace("number", "worker")), @r"
    rollbook.toml, line 9: the key `worker` is not known here.
      Known here: `number`, `kind`, `starts`, `ends`, `given`, `initials`, `used`, `prefix`, `family`, `second_family`, `partner`, `usage`, `family_in_use`, `display`, `title_before`, `title_after`, `birth_date`, `country`, `work_email`, `private_email`, `login`, `unit`, `manager`, `job_title`, `job_family`, `location`, `site`, `legal_entity`, `cost_centre`, `supplying_firm`.
    ");
    insta::assert_snapshot!(refused("[policy.limits]\nremoved_max_pct = 3\n"), @r"
    rollbook.toml, line 5: the key `removed_max_pct` is not known here.
      Did you mean `removed_max`?
    ");
    insta::assert_snapshot!(refused("[[sources]]\nname = \"hr\"\n"), @r"
    rollbook.toml, line 4: the key `sources` is not known here.
      Did you mean `source`?
    ");
}

#[test]
fn a_missing_key_is_refused_at_its_table() {
    insta::assert_snapshot!(refused("[[source]]\nname = \"hr\"\n"), @"rollbook.toml, line 4: the key `path` is missing here.");
    insta::assert_snapshot!(
        crate::said(&Config::parse("", "rollbook.toml").expect_err("it is empty")), @"rollbook.toml, line 1: the key `workspace` is missing here.");
}

#[test]
fn text_that_is_no_toml_is_refused_without_repeating_the_line() {
    let said = refused("[[instance]]\ntoken = \"hunter2\n");
    assert!(!said.contains("hunter2"), "{said}");
    insta::assert_snapshot!(said, @r#"
    rollbook.toml, line 5: this is not valid TOML: invalid basic string, expected `"`.
      Check quotes, brackets and `=` on this line.
    "#);
}

#[test]
fn a_secret_in_clear_is_refused_and_not_repeated() {
    let scim = "[[instance]]\nname = \"m\"\n[instance.scim]\nbase_url = \"https://m.example\"\n";
    let mut all = Vec::new();
    for line in [
        "token = \"hunter2\"",
        "password = \"hunter2\"",
        "api-key = \"hunter2\"",
        "token = { env = \"X\" }\nheaders = [{ authorization = \"hunter2\" }]",
        "token = { env = \"X\" }\nother = \"https://joe:hunter2@m.example/scim\"",
        "token = { env = \"X\" }\nother = \"https://m.example/scim?v=2&api_key=hunter2\"",
    ] {
        let said = refused(&format!("{scim}{line}\n"));
        assert!(!said.contains("hunter2"), "{said}");
        all.push(said.lines().next().unwrap_or_default().to_owned());
    }
    insta::assert_snapshot!(all.join("\n"), @r"
    rollbook.toml, line 8: instance.scim.token: a secret stands here in clear, where everybody who sees this file can read it.
    rollbook.toml, line 8: instance.scim.password: a secret stands here in clear, where everybody who sees this file can read it.
    rollbook.toml, line 8: instance.scim.api-key: a secret stands here in clear, where everybody who sees this file can read it.
    rollbook.toml, line 9: instance.scim.headers.authorization: a secret stands here in clear, where everybody who sees this file can read it.
    rollbook.toml, line 9: instance.scim.other: a name or password inside a web address stands here in clear, where everybody who sees this file can read it.
    rollbook.toml, line 9: instance.scim.other: a secret inside a web address stands here in clear, where everybody who sees this file can read it.
    ");
    insta::assert_snapshot!(refused(&format!("{scim}token = \"hunter2\"\n")), @r#"
    rollbook.toml, line 8: instance.scim.token: a secret stands here in clear, where everybody who sees this file can read it.
      Put it into an environment variable and write `{ env = "NAME" }`, or into a file and write `{ file = "secrets/NAME" }`.
      Replace the secret at the vendor: it must be taken as known.
    "#);
}

#[test]
fn a_column_that_is_called_like_a_secret_is_no_secret() {
    let config = load(&format!("{SOURCE}[source.attributes]\ntoken = \"Token ring\"\n"));
    assert_eq!(config.sources[0].attributes["token"], "Token ring");
}

#[test]
fn values_that_cannot_be_meant_are_refused() {
    let format = |text: &str| {
        refused(&SOURCE.replace("[source.columns]", &format!("format = {text}\n[source.columns]")))
    };
    insta::assert_snapshot!(format("{ encoding = \"ansi-latin\" }"), @r#"rollbook.toml, line 8: no encoding is called `ansi-latin`, write for example "utf-8", "utf-16" or "cp1252"."#);
    insta::assert_snapshot!(format("{ delimiter = \"::\" }"), @r#"rollbook.toml, line 8: `::` cannot separate cells, write one of "," ";" "|" "tab"."#);
    insta::assert_snapshot!(format("{ date_formats = [\"DD/MM/YY\"] }"), @r#"rollbook.toml, line 8: `DD/MM/YY` has a year that is not `YYYY`, write for example "YYYY-MM-DD" or "D.M.YYYY"."#);
    insta::assert_snapshot!(format("{ date_formats = [\"YYYY-MM\"] }"), @r#"rollbook.toml, line 8: `YYYY-MM` does not say year, month and day once each, write for example "YYYY-MM-DD" or "D.M.YYYY"."#);
    insta::assert_snapshot!(format("{ ends = \"lastday\" }"), @r"
    rollbook.toml, line 8: `lastday` is not one of the words for this key.
      Did you mean `last_day`?
    ");
    insta::assert_snapshot!(refused(&SOURCE.replace("\"ID\"", "\" \"")), @r"
    rollbook.toml, line 9: source.1.columns.number: it is empty.
      Name the column of the file.
    ");
    insta::assert_snapshot!(refused(&SOURCE.replace("in/workers.csv", "")), @r"
    rollbook.toml, line 7: source.1.path: `` names no file.
      Write a path from the workspace folder.
    ");
    insta::assert_snapshot!(refused(&SOURCE.replace("[source.columns]", "shrink_pct_max = 101\n[source.columns]")), @r"
    rollbook.toml, line 8: source.1.shrink_pct_max: 101 is not a share in percent.
      Write a number from 0 to 100.
    ");
    insta::assert_snapshot!(refused(&format!("{SOURCE}{SOURCE}")), @r"
    rollbook.toml, line 12: source.2.name: the name `hr` is used twice.
      Give each its own name.
    ");
    insta::assert_snapshot!(refused(&SOURCE.replace("\"hr\"", "\"hr/main\"")), @r"
    rollbook.toml, line 6: source.1.name: `hr/main` cannot be a name.
      Use letters, digits, `-`, `_`, `.` and single spaces inside.
    ");
    insta::assert_snapshot!(
        crate::said(&Config::parse("[workspace]\nname = \"x\"\ntime_zone = \"CETT\"\n", "rollbook.toml")
            .expect_err("there is no such zone")), @r#"rollbook.toml, line 3: `CETT` is not a time zone, write its IANA name, for example "Europe/Amsterdam"."#);
}

#[test]
fn whoever_answers_for_a_browser_s_account_is_named_for_certain() {
    let browser = |owner: &str| {
        format!(
            "[[instance]]\nname = \"uxpin\"\napp = \"uxpin\"\n[instance.browser]\nuser = \"r@x.example\"\n\
             password = {{ env = \"X\" }}\nowner = \"{owner}\"\nsession = \"secrets/session\"\n"
        )
    };
    for owner in ["", "olga@x.example", "hr/E7"] {
        assert!(load(&browser(owner)).instances[0].browser.is_some(), "{owner}");
    }
    insta::assert_snapshot!(refused(&browser("Olga")), @r"
    rollbook.toml, line 10: instance.1.browser.owner: `Olga` names nobody for certain.
      Write the work address of whoever answers for that account, or their record as `source/number`.
    ");
    let nowhere = browser("").replace("secrets/session", "..");
    insta::assert_snapshot!(refused(&nowhere), @r"
    rollbook.toml, line 11: instance.1.browser.session: `..` names no file.
      Write a path from the workspace folder.
    ");
}

#[test]
fn an_instance_must_say_how_it_is_reached() {
    insta::assert_snapshot!(refused("[[instance]]\nname = \"m\"\n"), @r"
    rollbook.toml, line 4: instance.1: instance `m` does not say how it is reached.
      Add `[instance.scim]`, `[instance.rest]`, `[instance.browser]`, `[instance.file]` or `[instance.human]` below it.
    ");
    let scim = "[instance.scim]\nbase_url = \"https://m.example\"\ntoken = { env = \"X\" }\n";
    insta::assert_snapshot!(refused(&format!("{FILE}{scim}")), @r"
    rollbook.toml, line 5: instance.1: instance `archive` is read in two ways.
      Keep one of `[instance.scim]`, `[instance.rest]`, `[instance.browser]` and `[instance.file]`; only `[instance.human]` may stand beside it.
    ");
    let scim = |url: &str| {
        format!(
            "[[instance]]\nname = \"m\"\n[instance.scim]\nbase_url = \"{url}\"\ntoken = {{ env = \"X\" }}\n"
        )
    };
    insta::assert_snapshot!(refused(&scim("m.example")), @r#"
    rollbook.toml, line 7: instance.1.scim.base_url: `m.example` is not a web address.
      Write the whole of it, for example "https://example.com/scim/v2".
    "#);
    insta::assert_snapshot!(refused(&scim("http://m.example")), @r"
    rollbook.toml, line 7: instance.1.scim.base_url: the token would travel in clear over http.
      Use https, or set `allow_private = true` for a test system of your own.
    ");
    for key in ["requests_per_second_max", "resources_max", "connect_deadline_s", "deadline_s"] {
        let said = refused(&format!("{}{key} = 0\n", scim("https://m.example")));
        assert!(said.contains(&format!("line 9: instance.1.scim.{key}: ")), "{said}");
        assert!(said.ends_with("Write at least 1, or leave the key out."), "{said}");
    }
    let words = "[instance.file.state_words]\nactive = [\"Yes\", \"False\"]\n";
    insta::assert_snapshot!(refused(&format!("{FILE}{words}")), @"rollbook.toml, line 11: instance.1.file.state_words: the word `False` has two meanings.");
    insta::assert_snapshot!(
        refused(&FILE.replace("[instance.file.columns]", "attributes = \"all\"\n[instance.file.columns]")), @r#"rollbook.toml, line 9: invalid value: string "all", expected "rest", or a table of our attributes to their columns."#);
}

#[test]
fn a_birthright_must_name_an_instance_that_there_is() {
    let policy = "[[policy.birthright]]\ninstance = \"archiv\"\n";
    insta::assert_snapshot!(refused(&format!("{FILE}{policy}")), @r"
    rollbook.toml, line 12: policy.birthright.1.instance: no instance is named `archiv`.
      Did you mean `archive`?
    ");
    load(&format!("{FILE}{}", policy.replace("archiv", "*")));
}

const STANDING: &str = "[[policy.standing]]
name = \"leavers\"
approved_by = \"Olga Meyer\"
from = [\"okta\"]
instances = [\"archive\"]
verbs = [\"suspend\"]
per_day_max = 20
until = \"2027-07-01\"
";

#[test]
fn a_standing_approval_loads_and_is_careful_where_nothing_is_said() {
    let config = load(&format!("{FILE}{STANDING}"));
    let standing = &config.policy.standing[0];
    assert_eq!((standing.verbs.as_slice(), standing.per_day_max), (&[Verb::Suspend][..], 20));
    assert_eq!(standing.until, date(2027, 7, 1));
    assert!(!standing.irreversible && !standing.privileged);
}

#[test]
fn a_standing_approval_that_cannot_be_meant_is_refused() {
    let refuse = |from: &str, to: &str| {
        let standing = STANDING.replace(from, to);
        assert_ne!(standing, STANDING, "{from}");
        refused(&format!("{FILE}{standing}"))
    };
    insta::assert_snapshot!(refuse("Olga Meyer", "okta"), @r"
    rollbook.toml, line 13: policy.standing.1.approved_by: `okta` is no person.
      Name the person who agrees to this, as they sign when they approve a plan.
    ");
    insta::assert_snapshot!(refuse("\"archive\"", "\"archiv\""), @r"
    rollbook.toml, line 15: policy.standing.1.instances.1: no instance is named `archiv`.
      Did you mean `archive`?
    ");
    insta::assert_snapshot!(refuse("= 20", "= 0"), @r"
    rollbook.toml, line 17: policy.standing.1.per_day_max: it would cover nothing.
      Say what it is for, or take the standing approval out.
    ");
    insta::assert_snapshot!(refuse("until = \"2027-07-01\"\n", ""), @"rollbook.toml, line 11: the key `until` is missing here.");
    insta::assert_snapshot!(refuse("[\"suspend\"]", "[\"supend\"]"), @r"
    rollbook.toml, line 16: `supend` is not one of the words for this key.
      Did you mean `suspend`?
    ");
    let other = "[policy.approval]\napprovers = [\"Sam\"]\n";
    insta::assert_snapshot!(refused(&format!("{FILE}{other}{STANDING}")), @r"
    rollbook.toml, line 15: policy.standing.1.approved_by: Olga Meyer is not among the approvers.
      Add the person to `approvers` in [policy.approval], or name one of those.
    ");
    insta::assert_snapshot!(refused(&format!("{FILE}{STANDING}{STANDING}")), @r"
    rollbook.toml, line 20: policy.standing.2.name: the name `leavers` is used twice.
      Give each its own name.
    ");
}

#[test]
fn what_pushes_do_to_an_instance_is_checked() {
    let with = |text: &str| FILE.replace("[instance.file]", &format!("{text}\n[instance.file]"));
    let config = load(&with(
        "push = { on_delete = \"remove\" }\ngroup = [{ id = \"00g1\", entitlement = \"editors\" }]",
    ));
    assert_eq!(config.instances[0].entitlement_of("grp_1", Some("00g1")), Some("editors"));
    assert_eq!(config.instances[0].entitlement_of("editors", None), None);
    assert!(config.maps_group("all", "00g1", None) && config.maps_group("archive", "00g1", None));
    assert!(!config.maps_group("wiki", "00g1", None));
    assert!(config.instances[0].settable().is_empty(), "the export shows nothing but the key");
    insta::assert_snapshot!(refused(&with("push = { attributes = [\"titel\"] }")), @r"
    rollbook.toml, line 7: instance.1.push.attributes.1: `titel` is no attribute that a push can set.
      Did you mean `title`?
    ");
    insta::assert_snapshot!(refused(&with("group = [{ id = \" \", entitlement = \"editors\" }]")), @r"
    rollbook.toml, line 7: instance.1.group.1.id: it is empty.
      Write the id exactly as it is pushed, and the key of the right.
    ");
    insta::assert_snapshot!(refused(&FILE.replace("\"archive\"", "\"all\"")), @r"
    rollbook.toml, line 6: instance.1.name: `all` is the endpoint for all instances at once.
      Choose another name.
    ");
}

#[test]
fn a_workspace_without_its_file_is_refused_with_the_way_out() {
    let dir = tempfile::tempdir().expect("a folder can be made");
    let said = crate::said(&Config::load(dir.path()).expect_err("there is no file"));
    insta::assert_snapshot!(said.replace(&dir.path().display().to_string(), "DIR"), @r"
    DIR/rollbook.toml cannot be read: No such file or directory (os error 2).
      Make a workspace with `rollbook init DIR`, or name one with `--workspace DIR`.
    ");
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in "\\PC{0,200}") {
        let _ = Config::parse(&text, "rollbook.toml");
    }

    #[test]
    fn arbitrary_lines_below_a_good_workspace_never_panic(
        lines in proptest::collection::vec(
            prop_oneof![
                Just("[[source]]".to_owned()), Just("[[instance]]".to_owned()),
                Just("[instance.scim]".to_owned()), Just("[policy]".to_owned()),
                Just("name = \"a\"".to_owned()), Just("path = \"p\"".to_owned()),
                Just("[source.columns]".to_owned()), Just("number = 3".to_owned()),
                "[a-z_]{1,8} = (\"[^\"\\\\\n]{0,8}\"|[0-9]{1,3}|\\{\\}|\\[\\])",
            ],
            0..8,
        )
    ) {
        let _ = Config::parse(&format!("{WORKSPACE}{}", lines.join("\n")), "rollbook.toml");
    }
}

#[test]
fn people_act_beside_a_way_that_reads_or_alone_and_somebody_is_named() {
    let beside = load(&format!("{FILE}[instance.human]\nassignee = \"Olga\"\n"));
    assert!(beside.instances[0].human.is_some() && beside.instances[0].channel() == "file");
    let alone = load("[[instance]]\nname = \"desk\"\nowner = \"Olga\"\n[instance.human]\n");
    assert!(!alone.instances[0].is_read() && alone.instances[0].channel() == "human");
    insta::assert_snapshot!(refused("[[instance]]\nname = \"desk\"\n[instance.human]\n"), @r#"
    rollbook.toml, line 6: instance.1.human: nobody is named who does the tasks.
      Write `assignee = "NAME"` here, or `owner = "NAME"` in the instance.
    "#);
}

#[test]
fn a_rule_or_a_delegation_that_cannot_be_meant_is_refused_with_its_line() {
    let rule = |rest: &str| refused(&format!("[[policy.approval.rule]]\nname = \"two\"\n{rest}\n"));
    let said = [
        rule("stages = []"),
        rule("stages = [{ of = [] }]"),
        rule("stages = [{ of = [\"Sam\", \"sam\"] }]"),
        rule("stages = [{ of = [\"Sam\"], at_least = 2 }]"),
        rule("stages = [{ of = [\"Sam\"] }]\ninstances = [\"nowhere\"]"),
        refused(
            "[[policy.approval.delegation]]\nfrom = \"Sam\"\nto = \"SAM\"\nstarts = \"2026-01-01\"\n\
             until = \"2026-02-01\"\n",
        ),
        refused(
            "[[policy.approval.delegation]]\nfrom = \"Sam\"\nto = \"Kim\"\nstarts = \"2026-02-01\"\n\
             until = \"2026-02-01\"\n",
        ),
    ];
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn a_webhook_says_who_signs_and_its_address_lies_elsewhere() {
    let hook = |lines: &str| format!("[[notify.webhook]]\nname = \"team\"\n{lines}\n");
    let good = hook("kind = \"slack\"\nurl = { env = \"HOOK\" }");
    assert_eq!(load(&good).notify.webhook.len(), 1);
    for (lines, why) in [
        ("kind = \"signed\"\nurl = { env = \"HOOK\" }", "nobody could tell by whom"),
        (
            "kind = \"slack\"\nurl = { env = \"X\" }\nsecret = { env = \"Y\" }",
            "checks no signature",
        ),
        ("kind = \"slack\"\nurl = \"https://hooks.example/T1/abc\"", "in clear"),
        ("kind = \"pager\"\nurl = { env = \"X\" }", "not one of the words"),
    ] {
        let said = refused(&hook(lines));
        assert!(said.contains(why) && !said.contains("abc"), "{said}");
    }
    assert!(refused(&format!("{good}{good}")).contains("used twice"));
}

#[test]
fn without_a_reading_a_person_must_hand_something_in() {
    let desk = "[[instance]]\nname = \"desk\"\nowner = \"Olga\"\n[instance.human]\n";
    insta::assert_snapshot!(refused(&format!("{desk}proof = []\n")), @r#"
    rollbook.toml, line 8: instance.1.human.proof: nothing reads the instance, so without a proof nothing would show that anything was done.
      Ask for one of "text", "file" and "screenshot".
    "#);
    assert!(refused(&format!("{desk}due_h = 0\n")).contains("no time"));
    assert!(refused(&format!("{desk}vendor_email = \"a@b.c, d@e.f\"\n")).contains("one e-mail"));
}

#[test]
fn a_schedule_that_cannot_be_meant_is_refused_with_its_line() {
    let schedule = |lines: &str| refused(&format!("{FILE}\n[[schedule]]\nname = \"n\"\n{lines}\n"));
    let told = [
        schedule("what = \"backup everything\"\nat = \"02:30\""),
        schedule("what = \"sync\""),
        schedule("what = \"sync\"\nat = \"2:30\""),
        schedule("what = \"sync\"\nat = \"24:00\""),
        schedule("what = \"sync\"\nat = \"02:30\"\nevery_min = 5"),
        schedule("what = \"sync\"\nevery_min = 0"),
        schedule("what = \"sync\"\nevery_min = 5\ndays = [\"monday\"]"),
        schedule("what = \"sync\"\nat = \"02:30\"\ndays = [\"mondays\"]"),
        schedule("what = \"sync\"\nat = \"02:30\"\ntime_zone = \"Europe/Atlantis\""),
        schedule("what = \"sync\"\nat = \"02:30\"\nonly = [\"archiv\"]"),
        schedule("what = \"canary\"\nat = \"02:30\"\nonly = [\"archive\"]"),
        schedule("what = \"verify\"\nat = \"02:30\"\nonly = [\"archive\"]"),
    ];
    insta::assert_snapshot!(told.join("\n"));
    let good = "what = \"sync\"\nat = \"02:30\"\ndays = [\"sunday\"]\nonly = [\"archive\"]\n";
    load(&format!("{FILE}\n[[schedule]]\nname = \"n\"\n{good}"));
}

#[test]
fn a_window_that_cannot_be_meant_is_refused_with_its_line() {
    let lines = |lines: &str| {
        let file = FILE.replace("[instance.file]\n", &format!("{lines}\n[instance.file]\n"));
        refused(&file)
    };
    let told = [
        lines("any_time = [\"suspend\"]"),
        lines("[[instance.window]]\nfrom = \"22\"\nuntil = \"04:00\""),
        lines("[[instance.window]]\nfrom = \"22:00\""),
        lines("[[instance.window]]\nfrom = \"22:00\"\nuntil = \"04:00\"\ntime_zone = \"Mars\""),
        refused("[serve]\nlease_s = 1\n"),
    ];
    insta::assert_snapshot!(told.join("\n"));
}
