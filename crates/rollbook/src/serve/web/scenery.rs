//! How pages are drawn: the templates, which are part of the program, and what they may do.
//!
//! Whatever a template writes is text: escaped, and with control and direction-changing characters
//! written out, so that no name from a directory can be more than a name.

use std::sync::LazyLock;

use minijinja::value::{Serde, Value};
use minijinja::{Environment, Output, State, escape_formatter};
use rollbook_core::canonical::digest_bytes;
use rollbook_core::explain::printable;
use serde::Serialize;

const TEMPLATES: &[(&str, &str)] = &[
    ("base.html", include_str!("templates/base.html")),
    ("parts.html", include_str!("templates/parts.html")),
    ("sign_in.html", include_str!("templates/sign_in.html")),
    ("refusal.html", include_str!("templates/refusal.html")),
    ("overview.html", include_str!("templates/overview.html")),
    ("list.html", include_str!("templates/list.html")),
    ("search.html", include_str!("templates/search.html")),
    ("person.html", include_str!("templates/person.html")),
    ("account.html", include_str!("templates/account.html")),
    ("app.html", include_str!("templates/app.html")),
    ("finding.html", include_str!("templates/finding.html")),
    ("link.html", include_str!("templates/link.html")),
    ("plan.html", include_str!("templates/plan.html")),
    ("run.html", include_str!("templates/run.html")),
    ("event.html", include_str!("templates/event.html")),
    ("guide.html", include_str!("templates/guide.html")),
    ("settings.html", include_str!("templates/settings.html")),
    ("once.html", include_str!("templates/once.html")),
    ("task.html", include_str!("templates/task.html")),
    ("board.html", include_str!("templates/board.html")),
    ("connect.html", include_str!("templates/connect.html")),
];

/// A file that pages refer to.
pub(crate) struct Asset {
    /// Its name, which changes with its content.
    pub(crate) name: String,
    pub(crate) media_type: &'static str,
    pub(crate) text: &'static str,
}

/// The files that pages refer to: style, script, mark.
pub(crate) static ASSETS: LazyLock<[Asset; 3]> = LazyLock::new(|| {
    let css = include_str!("assets/console.css");
    let js = include_str!("assets/console.js");
    let svg = include_str!("assets/mark.svg");
    [
        asset("console", "css", "text/css; charset=utf-8", css),
        asset("console", "js", "text/javascript; charset=utf-8", js),
        asset("mark", "svg", "image/svg+xml", svg),
    ]
});

fn asset(name: &str, end: &str, media_type: &'static str, text: &'static str) -> Asset {
    let digest = digest_bytes("rollbook.asset.v1", text.as_bytes());
    let name = format!("{name}-{}.{end}", digest.get(..16).unwrap_or(&digest));
    Asset { name, media_type, text }
}

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_formatter(write);
    environment.add_filter("block", block);
    environment.add_filter("prose", prose);
    environment.add_filter("words", |text: &str| text.replace('_', " "));
    for (name, text) in TEMPLATES {
        let added = environment.add_template(name, text);
        added.expect("the templates are part of the program and rendered by its tests");
    }
    environment
});

/// Draws the template `name`.
pub(crate) fn draw(name: &str, values: &impl Serialize) -> String {
    let template = ENVIRONMENT.get_template(name).expect("it is one of those above");
    template.render(Serde(values)).expect("the templates use only what is given to them")
}

fn write(
    out: &mut Output<'_>,
    state: &mut State<'_, '_>,
    value: &Value,
) -> Result<(), minijinja::Error> {
    match value.as_str().filter(|_| !value.is_safe()) {
        Some(text) => Ok(out.write_str(&escaped(&printable(text)))?),
        None => escape_formatter(out, state, value),
    }
}

/// Text of several lines that stays so: each line is written as any other text is.
fn block(text: &str) -> Value {
    let lines = text.lines().map(|line| escaped(&printable(&line.replace('\t', "    "))));
    Value::from_safe_string(lines.collect::<Vec<_>>().join("\n"))
}

/// A sentence in which what is to be typed stands between backticks.
fn prose(text: &str) -> Value {
    let text = escaped(&printable(text));
    let parts: Vec<&str> = text.split('`').collect();
    // A backtick that is not closed is one.
    let closed = if parts.len() % 2 == 1 { parts.len() } else { parts.len() - 1 };
    let mut html = String::with_capacity(text.len() + 32);
    for (at, part) in parts.iter().enumerate() {
        match (at % 2 == 1, at < closed) {
            (true, true) => html += &format!("<code>{part}</code>"),
            (_, true) => html += part,
            (_, false) => html += &format!("`{part}"),
        }
    }
    Value::from_safe_string(html)
}

/// A text as it stands in HTML and in SVG.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_set_apart_and_nothing_else_is_markup() {
        let set = |text: &str| prose(text).to_string();
        assert_eq!(set("Run `a <b>`, `c`."), "Run <code>a &lt;b&gt;</code>, <code>c</code>.");
        assert_eq!(set("no ` end"), "no ` end");
        assert_eq!(set("plain"), "plain");
    }

    #[test]
    fn a_name_is_text_in_every_template() {
        let mut environment = ENVIRONMENT.clone();
        let added = environment.add_template("try.html", "{{ name }}|{{ name|block }}");
        added.expect("it is a template");
        let template = environment.get_template("try.html").expect("it was added");
        let name = "<b>&'\" \u{202e}x";
        let drawn = template.render(minijinja::context! { name }).expect("it has a name");
        let text = "&lt;b&gt;&amp;&#39;&quot; \\u{202e}x";
        assert_eq!(drawn, format!("{text}|{text}"));
    }
}
