//! How an instance is connected: what stands in `rollbook.toml`, and where each value is read.

use rollbook_core::change::Basis;

use super::source::Sources;
use super::{Block, Statement};
use crate::app::{App, RouteFacts, Value};
use crate::browser::Browser;
use crate::rest::Rest;
use crate::trap::Hurt;

/// For each route: the lines to write, and what each value is.
pub(super) fn connect(app: &App, sources: &mut Sources) -> Vec<Block> {
    let mut blocks = Vec::new();
    for route in &app.routes {
        let (title, lines) = match (route.way.channel.as_str(), &app.rest) {
            ("scim", _) => ("Over SCIM", scim(app)),
            ("rest", Some(rest)) => ("Over the REST API", over_rest(app, rest)),
            ("browser", _) => match &app.browser {
                Some(browser) => ("With a browser", with_browser(app, browser)),
                None => continue,
            },
            ("human", _) => ("By people, alone or beside one of these", by_people(app)),
            _ => continue,
        };
        blocks.push(Block::heading(title));
        blocks.push(Block::Code { language: "toml", text: lines });
        let notes = notes(app, route, sources);
        if !notes.is_empty() {
            blocks.push(Block::Steps { statements: notes });
        }
    }
    blocks
}

fn head(app: &App) -> String {
    format!("[[instance]]\nname = \"{id}\"\napp = \"{id}\"\n", id = app.id)
}

/// The name of the variable in which the secret lies.
fn variable(app: &App) -> String {
    let word = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    format!("{}_TOKEN", app.id.chars().map(word).collect::<String>())
}

fn scim(app: &App) -> String {
    let base = match app.fact("scim.base_url").map(|fact| &fact.value) {
        Some(Value::Text(base)) => base.clone(),
        _ => "https://…".to_owned(),
    };
    let (head, variable) = (head(app), variable(app));
    format!("{head}[instance.scim]\nbase_url = \"{base}\"\ntoken = {{ env = \"{variable}\" }}")
}

fn over_rest(app: &App, rest: &Rest) -> String {
    let (head, variable) = (head(app), variable(app));
    let settings = rest.settings.keys().map(|name| format!("\n{name} = \"…\""));
    let settings: String = settings.collect();
    let section = if settings.is_empty() { "" } else { "\n[instance.rest.settings]" };
    format!("{head}[instance.rest]\ntoken = {{ env = \"{variable}\" }}{section}{settings}")
}

fn with_browser(app: &App, browser: &Browser) -> String {
    let head = head(app);
    let variable = variable(app).replace("_TOKEN", "_PASSWORD");
    let settings = browser.settings.keys().map(|name| format!("\n{name} = \"…\""));
    let settings: String = settings.collect();
    let section = if settings.is_empty() { "" } else { "\n[instance.browser.settings]" };
    format!(
        "{head}[instance.browser]\nuser = \"…\"\npassword = {{ env = \"{variable}\" }}{section}{settings}"
    )
}

fn by_people(app: &App) -> String {
    let head = head(app);
    format!("{head}[instance.human]\nassignee = \"…\"\ndeputy = \"…\"")
}

/// What each value is and where it is read.
fn notes(app: &App, route: &RouteFacts, sources: &mut Sources) -> Vec<Statement> {
    let channel = route.way.channel.as_str();
    let mut notes = Vec::new();
    let mut told = |key: &str, what: &str| {
        for fact in app.facts.iter().filter(|fact| fact.key.name == key) {
            if let Value::Text(text) = &fact.value {
                let grade = sources.grade_of(fact);
                notes.push(Statement { text: format!("{what}: {text}"), grade });
            }
        }
    };
    match channel {
        "scim" => {
            told("ui.scim_page", "In the console");
            told("scim.auth", "The secret");
        }
        "human" => {
            let grade = |verb| route.way.can.get(&verb).map_or(Basis::Recalled, |it| it.basis);
            return app
                .human
                .iter()
                .map(|step| Statement {
                    text: format!("To {}: {step}", step.op.as_str()),
                    grade: sources.grade(grade(step.op), route.source.as_deref()),
                })
                .collect();
        }
        "rest" => told("rest.auth_detail", "The secret"),
        _ => told("ui.users_page", "The members"),
    }
    let basis = if route.source.is_some() { Basis::Documented } else { Basis::Recalled };
    let grade = sources.grade(basis, route.source.as_deref());
    let rest = app.rest.iter().filter(|_| channel == "rest").flat_map(|rest| &rest.settings);
    let pages = app.browser.iter().filter(|_| channel == "browser");
    let settings = rest.chain(pages.flat_map(|browser| &browser.settings));
    notes.extend(settings.map(|(name, what)| Statement { text: format!("{name}: {what}"), grade }));
    let traps = app.traps.iter().filter(|trap| trap.is_on(channel));
    if traps.clone().any(|trap| trap.hurts == Some(Hurt::TokenIsPersonal)) {
        let text =
            "The secret ends with the account of whoever makes it. Let an account make it that is \
                    nobody's, and name that account in credential_owner."
                .to_owned();
        notes.push(Statement { text, grade });
    }
    notes
}
