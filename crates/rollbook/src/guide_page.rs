//! Guides as HTML: self-contained pages without scripts, readable on a phone.
//!
//! Both functions are pure, and all text is escaped by the template engine.

use minijinja::Environment;
use minijinja::value::Serde;
use rollbook_catalog::Guide;
use serde::Serialize;

/// The page of one app.
pub(crate) fn page(guide: &Guide) -> String {
    render("guide.html", &Page { guide })
}

/// The page that links to those of all `guides`.
pub(crate) fn index(guides: &[Guide]) -> String {
    render("index.html", &Index { guides })
}

#[derive(Serialize)]
struct Page<'a> {
    guide: &'a Guide,
}

#[derive(Serialize)]
struct Index<'a> {
    guides: &'a [Guide],
}

fn render(name: &str, values: &impl Serialize) -> String {
    let mut environment = Environment::new();
    let files = [
        ("layout.html", include_str!("guide_page/layout.html")),
        ("guide.html", include_str!("guide_page/guide.html")),
        ("index.html", include_str!("guide_page/index.html")),
    ];
    for (name, text) in files {
        environment
            .add_template(name, text)
            .expect("the templates are part of the program and rendered by its tests");
    }
    let template = environment.get_template(name).expect("it was added above");
    template.render(Serde(values)).expect("the templates use only what is given here")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollbook_catalog::Catalog;

    #[test]
    fn every_app_has_a_page_without_scripts_and_the_index_links_to_it() {
        let guides: Vec<Guide> = Catalog::embedded().apps().map(Guide::of).collect();
        let index = index(&guides);
        for guide in &guides {
            let html = page(guide);
            assert!(html.starts_with("<!doctype html>"), "{}", guide.id);
            assert!(!html.contains("<script") && !html.contains("{{"), "{}", guide.id);
            for section in &guide.sections {
                assert!(html.contains(&format!("id=\"{}\"", section.anchor)), "{}", guide.id);
            }
            assert!(index.contains(&format!("href=\"{}.html\"", guide.id)), "{}", guide.id);
        }
    }
}
