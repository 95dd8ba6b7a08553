//! Which element of a page is meant: by what it is and how it is called, as somebody would say it who
//! cannot see the page.

use std::fmt;

use serde::Deserialize;

use super::Phrase;

/// The roles (WAI-ARIA 1.2) by which an element may be named.
pub const ROLES: [&str; 28] = [
    "alert",
    "alertdialog",
    "button",
    "checkbox",
    "combobox",
    "dialog",
    "grid",
    "heading",
    "link",
    "list",
    "listbox",
    "main",
    "menu",
    "menuitem",
    "menuitemradio",
    "navigation",
    "option",
    "radio",
    "region",
    "row",
    "searchbox",
    "status",
    "switch",
    "tab",
    "table",
    "tabpanel",
    "textbox",
    "treegrid",
];

/// One element of a page, e.g. `button "Remove from Team"`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Element {
    /// How it is found.
    pub by: By,
    /// Its accessible name, label, text or selector. Empty: any name, for a role only.
    pub name: Phrase,
}

/// How an element is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// By one of [`ROLES`] and its accessible name, which must be the same to the letter but for blanks.
    Role(&'static str),
    /// `label "E-mail"`: the field that this label belongs to, for fields without a role, such as those
    /// for passwords.
    Label,
    /// `text "Saved"`: the innermost element that says this and nothing else.
    Text,
    /// `css "#members"`: by a CSS selector. The last resort: it says nothing about what people see.
    Css,
    /// `native`: the browser's own dialog (`alert`, `confirm`), which is no part of the page.
    Native,
}

impl TryFrom<String> for Element {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let (kind, rest) = text.split_once(' ').unwrap_or((text.as_str(), ""));
        let role = ROLES.iter().find(|role| **role == kind).map(|role| By::Role(role));
        let by = role.or(match kind {
            "label" => Some(By::Label),
            "text" => Some(By::Text),
            "css" => Some(By::Css),
            "native" => Some(By::Native),
            _ => None,
        });
        let Some(by) = by else {
            return Err(format!(
                "`{text}` names no element. Write what it is and how it is called, as in \
                 `button \"Remove from Team\"`: {}, or label, text, css, native",
                ROLES.join(", ")
            ));
        };
        let rest = rest.trim();
        let inside = rest.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        let name = match (rest, inside) {
            ("", _) => "",
            (_, Some(inside)) if !inside.trim().is_empty() => inside,
            _ => return Err(format!("In `{text}` the name must stand in quotation marks")),
        };
        match (by, name) {
            (By::Label | By::Text | By::Css, "") => {
                Err(format!("`{text}` does not say which {kind}; write {kind} \"…\""))
            }
            (By::Native, name) if !name.is_empty() => {
                Err("A native dialog has no name; what it says stands in `says`".to_owned())
            }
            (by, name) => Ok(Self { by, name: Phrase::from(name.to_owned()) }),
        }
    }
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.by {
            By::Role(role) => role,
            By::Label => "label",
            By::Text => "text",
            By::Css => "css",
            By::Native => "native",
        };
        match self.name.parts() {
            [] => f.write_str(kind),
            _ => write!(f, "{kind} \"{}\"", self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_is_written_as_it_is_read() {
        for text in [
            "button \"Remove from Team\"",
            "label \"E-mail\"",
            "dialog",
            "css \"tr[data-id='7'] > td\"",
            "button \"Actions for {display_name}\"",
            "native",
            "text \"say \"cheese\"\"",
        ] {
            let element = Element::try_from(text.to_owned()).expect("it is well formed");
            assert_eq!(element.to_string(), text);
        }
    }

    #[test]
    fn what_names_no_element_is_refused() {
        for text in
            ["", "Remove", "button Remove", "css", "label \"\"", "native \"x\"", "div \"x\""]
        {
            assert!(Element::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
