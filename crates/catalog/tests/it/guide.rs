//! Guides: every fact of an app file is in them, with its grade.

use rollbook_catalog::guide::{Block, Grade};
use rollbook_catalog::tried::{Answer, Tried};
use rollbook_catalog::{App, Catalog, Guide, Value};

const HEAD: &str = "[app]\nid = \"acme\"\nname = \"Acme\"\ncategory = \"anvils\"\nwebsite = \"\"\n\
                    checked_on = \"2026-11-21\"\n";

fn guide(rest: &str) -> String {
    let app = App::parse("apps/acme.toml", &format!("{HEAD}{rest}")).expect("it is well formed");
    Guide::of(&app).to_string()
}

#[test]
fn an_app_of_which_nothing_is_known_says_so() {
    insta::assert_snapshot!(guide(""), @"
    # Acme

    anvils

    ## In short

    Acme may or may not have a SCIM server; nobody has found out, and no REST API for accounts that is known. Nothing closes an account here by itself: an export is read, a person acts, and the next export proves it. What follows was last gone through on 2026-11-21.

    ## What Rollbook can do here

    By itself nothing yet. Connect it as an export ([instance.file] in rollbook.toml): Rollbook reads what somebody exports, writes down who must do what, and checks it against the next export.
    ");
}

#[test]
fn what_can_be_done_comes_before_the_facts_and_each_statement_names_its_source() {
    let rest = r#"
[scim]
can = ["observe", "suspend"]
irreversible = ["suspend"]
basis = "documented"
source = "Acme's manual"

[[facts]]
basis = "documented"
source = "Acme's manual"
scim.available = true
scim.base_url = "https://acme.example/scim/v2/"

[[facts]]
basis = "recalled"
scim.plan = "Forge"
ui.remove_steps = ["users > the anvil", "drop it"]

[[request]]
op = "suspend"
method = "POST"
path = "/anvils/{id}/drop"
body = '{"gently":true}'
note = "answers 204"
basis = "documented"
source = "Acme's API pages"

[[trap]]
text = "Dropped is dropped."
"#;
    insta::assert_snapshot!(guide(rest));
}

#[test]
fn the_guide_of_an_instance_holds_its_probed_facts_beside_the_written_ones() {
    let rest = r#"
[scim]
can = ["observe", "suspend", "remove"]
irreversible = ["remove"]
basis = "documented"
source = "Acme's manual"

[[facts]]
basis = "documented"
source = "Acme's manual"
scim.available = true
scim.delete = "delete"
"#;
    let app = App::parse("apps/acme.toml", &format!("{HEAD}{rest}")).expect("it is well formed");
    let answer = |question: &str, asks: &str, value: &str, says: &str| Answer {
        question: question.to_owned(),
        asks: asks.to_owned(),
        value: value.to_owned(),
        says: says.to_owned(),
        on: jiff::civil::date(2026, 11, 20),
    };
    let answers = vec![
        answer("patch.active_path", "Does PATCH switch off?", "honoured", "It is switched off."),
        answer("delete.effect", "What does DELETE do?", "deactivate", "DELETE only switches off."),
    ];
    let tried = Tried { instance: "wiki".to_owned(), answers };
    insta::assert_snapshot!(Guide::with_probed(&app, &tried).to_string());
}

/// The issue of a guide is that nothing is left out: each text of the file is looked for in it.
#[test]
fn every_guide_holds_every_text_of_its_file() {
    for app in Catalog::embedded().apps() {
        let guide = Guide::of(app);
        let text = guide.to_string().to_lowercase();
        let mut missing = Vec::new();
        let mut want = |what: &str, needle: &str| {
            let needle = needle.to_lowercase();
            if !text.contains(&needle) && !text.contains(&needle.replace('|', "\\|")) {
                missing.push(format!("{what}: {needle}"));
            }
        };
        for fact in &app.facts {
            match &fact.value {
                Value::List(items) => items.iter().for_each(|item| want(fact.key.name, item)),
                value => want(fact.key.name, &value.to_string()),
            }
            fact.source.iter().for_each(|source| want(fact.key.name, source));
        }
        for request in &app.requests {
            want("path", &request.path);
            want("body", &request.body);
            want("query", &request.query);
            want("note", &request.note);
            want("items", &request.items);
            request.fields.values().for_each(|field| want("field", field));
        }
        for field in &app.fields {
            want("attribute", &field.name);
            want("attribute", &field.note);
            want("attribute", &field.kind);
        }
        for remark in app.limitations.iter().chain(app.traps.iter().map(|trap| &trap.remark)) {
            want("remark", &remark.text);
        }
        assert!(missing.is_empty(), "the guide to {} lacks\n{}", app.id, missing.join("\n"));
    }
}

#[test]
fn every_source_that_a_grade_names_is_listed() {
    for app in Catalog::embedded().apps() {
        let guide = Guide::of(app);
        let grades = guide.sections.iter().flat_map(|section| &section.blocks).flat_map(grades);
        for number in grades.filter_map(Grade::source) {
            assert!((1..=guide.sources.len()).contains(&number), "{}: [{number}]", app.id);
        }
    }
}

fn grades(block: &Block) -> Vec<Grade> {
    match block {
        Block::Text { .. } | Block::Heading { .. } | Block::Code { .. } => Vec::new(),
        Block::List { statements } | Block::Steps { statements } => {
            statements.iter().map(|one| one.grade).collect()
        }
        Block::Table { rows, .. } => rows.iter().map(|row| row.grade).collect(),
    }
}
