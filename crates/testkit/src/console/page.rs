//! Pages as HTML, from templates and what the site knows.

use std::sync::OnceLock;

use minijinja::Environment;
use minijinja::value::Serde;
use serde::Serialize;
use serde_json::{Value, json};

use super::brand::{Brand, Design};

pub(super) const CSS: &str = include_str!("pages/console.css");
pub(super) const SCRIPT: &str = include_str!("pages/console.js");

/// What every page is made with.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub(super) brand: Brand,
    pub(super) design: Design,
    pub(super) robot: String,
    /// Whether the visitor was asked about cookies.
    pub(super) knows_cookies: bool,
}

impl Frame {
    /// Renders a template with its own `values` beside what every page has.
    pub(super) fn render(&self, template: &str, values: Value) -> String {
        let links = self.brand.links().iter();
        let links: Vec<Value> =
            links.map(|[text, href]| json!({"text": text, "href": href})).collect();
        let has_cookies = self.brand.has_cookie_banner() && !self.knows_cookies;
        let common = json!({
            "brand": self.brand.shown(),
            "tint": self.brand.tint(),
            "words": self.brand.words(self.design),
            "roles": self.brand.roles(),
            "robot": self.robot,
            "links": links,
            "has_cookies": has_cookies && template != "stitch_frame.html",
            "page": self.brand.words(self.design).page,
        });
        let both = json!([common, values]);
        let merged = both.as_array().into_iter().flatten().filter_map(Value::as_object);
        let merged: serde_json::Map<String, Value> = merged.flatten().map(owned).collect();
        render(template, &merged)
    }

    /// The members' page; the rows come later.
    pub(super) fn members(&self, seats: &str) -> String {
        let words = self.brand.words(self.design);
        let (template, pages) = match (self.brand, self.design) {
            (Brand::Stitch, Design::Old) => ("stitch.html", "none"),
            (Brand::Uxpin, Design::Old) => ("uxpin.html", "numbers"),
            (Brand::Mosaic, Design::Old) => ("mosaic.html", "more"),
            (Brand::Stonly, Design::Old) => ("stonly.html", "next"),
            (Brand::Uxpin | Brand::Stitch, Design::New) => ("new.html", "more"),
            (Brand::Mosaic | Brand::Stonly, Design::New) => ("new.html", "next"),
        };
        let is_native = (self.brand, self.design) == (Brand::Mosaic, Design::Old);
        let site = json!({
            "pages": pages,
            "more": words.more,
            "confirm": if is_native { "native" } else { "page" },
        });
        let layout =
            if matches!(self.brand, Brand::Uxpin | Brand::Stitch) { "grid" } else { "table" };
        let dialog_role = if self.brand == Brand::Stonly { "alertdialog" } else { "dialog" };
        let values = json!({
            "site": site.to_string(), "seats": seats, "layout": layout, "dialog_role": dialog_role,
        });
        self.render(template, values)
    }
}

fn owned((name, value): (&String, &Value)) -> (String, Value) {
    (name.clone(), value.clone())
}

fn render(template: &str, values: &impl Serialize) -> String {
    static ENVIRONMENT: OnceLock<Environment<'static>> = OnceLock::new();
    let environment = ENVIRONMENT.get_or_init(|| {
        let mut environment = Environment::new();
        for (name, text) in [
            ("layout.html", include_str!("pages/layout.html")),
            ("sign_in.html", include_str!("pages/sign_in.html")),
            ("code.html", include_str!("pages/code.html")),
            ("question.html", include_str!("pages/question.html")),
            ("home.html", include_str!("pages/home.html")),
            ("trouble.html", include_str!("pages/trouble.html")),
            ("members.html", include_str!("pages/members.html")),
            ("uxpin.html", include_str!("pages/uxpin.html")),
            ("mosaic.html", include_str!("pages/mosaic.html")),
            ("stitch.html", include_str!("pages/stitch.html")),
            ("stitch_frame.html", include_str!("pages/stitch_frame.html")),
            ("stonly.html", include_str!("pages/stonly.html")),
            ("new.html", include_str!("pages/new.html")),
        ] {
            environment
                .add_template(name, text)
                .expect("the templates are part of the program and rendered by its tests");
        }
        environment
    });
    let template = environment.get_template(template).expect("it was added above");
    template.render(Serde(values)).expect("the templates use only what is given here")
}
