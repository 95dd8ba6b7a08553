//! From what was noted in a page to steps as an app file has them. Pure.

use std::fmt;

use rollbook_catalog::browser::{Browser, Purpose};
use rollbook_core::change::Verb;
use serde_json::Value;

/// A page that opens so soon after something was pressed was opened by it, in milliseconds.
const FOLLOWS_MS: u64 = 3_000;

/// Words on what ends a session; only who is signed in sees it.
const LEAVES: [&str; 8] = [
    "log out",
    "logout",
    "sign out",
    "sign off",
    "abmelden",
    "uitloggen",
    "déconnexion",
    "cerrar sesión",
];

/// Words on what leaves a dialog without agreeing.
const LEAVES_A_DIALOG: [&str; 6] = ["Cancel", "Keep", "No", "Back", "Close", "Abbrechen"];

/// Words in the names of what only stands in the way.
const IN_THE_WAY: [&str; 4] = ["cookie", "consent", "what's new", "newsletter"];

/// What is known of whoever was taken for the recording, so that blanks stand where it stood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// The address of whoever something was done to.
    pub email: String,
    /// Their name as the page shows it.
    pub display_name: String,
    /// The role that was given or taken.
    pub role: String,
}

/// Steps for one purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// What they are for.
    pub purpose: Purpose,
    /// Each as an inline table.
    pub steps: Vec<String>,
    /// What stood in the way and was closed, each as an inline table.
    pub popups: Vec<String>,
    /// What was typed and is nothing that is known: blanks, for each of which the instance must say
    /// something. What was typed is not in it.
    pub settings: Vec<String>,
}

/// As lines of an app file.
impl fmt::Display for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} = [", self.purpose)?;
        self.steps.iter().try_for_each(|step| writeln!(f, "  {step},"))?;
        writeln!(f, "]")
    }
}

/// Makes steps of notes.
pub(super) struct Writer<'a> {
    app: &'a Browser,
    /// What stands for what, the longest text first.
    blanks: Vec<(String, &'static str)>,
    frame: String,
    acted_ms: u64,
    recorded: Recorded,
}

impl<'a> Writer<'a> {
    /// Begins the steps for `purpose`, signed in as `user`.
    pub(super) fn new(app: &'a Browser, purpose: Purpose, user: &str, sample: &Sample) -> Self {
        let known = match purpose {
            Purpose::SignIn => vec![(user, "{user}")],
            Purpose::Members => Vec::new(),
            Purpose::Do(_) => vec![
                (&*sample.email, "{email}"),
                (&*sample.display_name, "{display_name}"),
                (&*sample.role, "{role}"),
            ],
        };
        let known = known.into_iter().filter(|(text, _)| !text.trim().is_empty());
        let mut blanks: Vec<_> = known.map(|(text, blank)| (text.to_owned(), blank)).collect();
        blanks.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
        let (steps, popups, settings) = Default::default();
        let recorded = Recorded { purpose, steps, popups, settings };
        Self { app, blanks, frame: String::new(), acted_ms: 0, recorded }
    }

    /// Takes one note.
    pub(super) fn take(&mut self, note: &Value) {
        let at = self.blanked(text(note, "at"));
        match text(note, "what") {
            "go" => return self.go(note),
            "click" if self.is_in_the_way(text(note, "place")) => {
                let place = text(note, "place");
                let popup = format!("{{ at = {}, close = {} }}", quoted(place), quoted(&at));
                if !self.app.popups.iter().any(|known| known.at.to_string() == place)
                    && !self.recorded.popups.contains(&popup)
                {
                    self.recorded.popups.push(popup);
                }
                return;
            }
            "native" if note["agreed"] != true => return,
            _ => {}
        }
        self.turn_to(text(note, "frame"));
        self.acted_ms = note["ms"].as_u64().unwrap_or_default();
        let in_row = match (self.recorded.purpose, note["row"] == true) {
            (Purpose::Do(verb), true) if verb != Verb::Create => ", in_row = true",
            _ => "",
        };
        let step = match text(note, "what") {
            "click" => match self.confirmation(note, &at) {
                Some(step) => step,
                None => format!("{{ click = {}{in_row} }}", quoted(&at)),
            },
            "fill" => self.filled(note, &at, in_row),
            "choose" => {
                let option = self.blanked(text(note, "option"));
                format!("{{ choose = {}, option = {}{in_row} }}", quoted(&at), quoted(&option))
            }
            "native" => {
                let says = self.blanked(text(note, "says"));
                format!("{{ confirm = 'native', says = {} }}", quoted(&says))
            }
            _ => return,
        };
        self.recorded.steps.push(step);
    }

    /// The steps, closed by what shows that they came to their end, from what is on the page now.
    ///
    /// # Errors
    /// What is missing, as a sentence.
    pub(super) fn end(mut self, page: &Value) -> Result<Recorded, String> {
        let of = |key: &str| page[key].as_array().cloned().unwrap_or_default();
        match self.recorded.purpose {
            Purpose::SignIn => {
                let leaves = of("leave").into_iter().find(|it| {
                    let name = text(it, "at").to_lowercase();
                    LEAVES.iter().any(|word| name.contains(word))
                });
                let leaves = leaves.ok_or(
                    "Nothing on the page leads out again, so it cannot be told who is signed in. Write \
                     the last step yourself: { wait = '…' } for what only somebody sees who was let in.",
                )?;
                self.close("wait", &leaves, text(&leaves, "at"));
            }
            Purpose::Members => match &of("tables")[..] {
                [table] => self.close("read", table, text(table, "at")),
                tables => {
                    return Err(format!(
                        "The page shows {} tables, and one must be the list of members. Open the page \
                         that shows it alone.",
                        tables.len()
                    ));
                }
            },
            Purpose::Do(_) => {
                let told = of("told")
                    .into_iter()
                    .find(|it| self.blanked(text(it, "text")) != text(it, "text"));
                if let Some(told) = told {
                    let says = self.blanked(text(&told, "text"));
                    self.close("wait", &told, &format!("text \"{says}\""));
                }
            }
        }
        match self.recorded.steps.is_empty() {
            true => Err("Nothing was done in the page, so there is nothing to write.".to_owned()),
            false => Ok(self.recorded),
        }
    }

    fn close(&mut self, key: &str, note: &Value, at: &str) {
        let title = text(note, "frame");
        let frame = match title {
            "" => String::new(),
            title => format!("css \"iframe[title='{title}']\""),
        };
        self.turn_to(&frame);
        self.recorded.steps.push(format!("{{ {key} = {} }}", quoted(at)));
    }

    /// A page that somebody opened by its address; one that came of a press is no step, and operations
    /// begin where the list of members is open.
    fn go(&mut self, note: &Value) {
        let ms = note["ms"].as_u64().unwrap_or_default();
        let follows = self.acted_ms > 0 && ms.saturating_sub(self.acted_ms) < FOLLOWS_MS;
        let is_start = matches!(self.recorded.purpose, Purpose::Do(_)) && self.acted_ms == 0;
        if follows || is_start || !text(note, "frame").is_empty() {
            return;
        }
        // Of pages that lead on by themselves the last one counts.
        if self.recorded.steps.last().is_some_and(|step| step.starts_with("{ go =")) {
            self.recorded.steps.pop();
        }
        self.frame.clear();
        self.recorded.steps.push(format!("{{ go = {} }}", quoted(text(note, "path"))));
    }

    fn turn_to(&mut self, frame: &str) {
        if self.frame != frame {
            let to = if frame.is_empty() { "top" } else { frame };
            self.recorded.steps.push(format!("{{ frame = {} }}", quoted(to)));
            self.frame = frame.to_owned();
        }
    }

    /// A press that agrees to what a dialog says.
    fn confirmation(&self, note: &Value, at: &str) -> Option<String> {
        let dialog = note["dialog"].as_object()?;
        let is_question = dialog.get("asks") != Some(&Value::Bool(true));
        if !matches!(self.recorded.purpose, Purpose::Do(_)) || !is_question {
            return None;
        }
        let said = |key: &str| dialog.get(key).and_then(Value::as_str).unwrap_or_default();
        let others: Vec<&str> =
            dialog.get("others")?.as_array()?.iter().filter_map(Value::as_str).collect();
        let leaves = |other: &&&str| LEAVES_A_DIALOG.iter().any(|word| other.contains(word));
        let cancel = others.iter().find(leaves).or(others.first())?;
        Some(format!(
            "{{ confirm = {}, says = {}, click = {}, cancel = {} }}",
            quoted(&self.blanked(said("at"))),
            quoted(&self.blanked(said("says"))),
            quoted(at),
            quoted(cancel),
        ))
    }

    fn filled(&mut self, note: &Value, at: &str, in_row: &str) -> String {
        let is_sign_in = self.recorded.purpose == Purpose::SignIn;
        let with = match text(note, "kind") {
            "code" if is_sign_in => return format!("{{ code = {} }}", quoted(at)),
            "password" if is_sign_in => "{password}".to_owned(),
            "text" => self.blanked(text(note, "text")),
            _ => String::new(),
        };
        // What is typed may be a secret, so only what is known to be none is written.
        let is_known = with == "{password}" || self.blanks.iter().any(|(_, blank)| *blank == with);
        let with = match is_known {
            true => with,
            false => {
                let name = format!("typed_{}", self.recorded.settings.len() + 1);
                let blank = format!("{{{name}}}");
                self.recorded.settings.push(name);
                blank
            }
        };
        format!("{{ fill = {}, with = {}{in_row} }}", quoted(at), quoted(&with))
    }

    fn is_in_the_way(&self, place: &str) -> bool {
        let folded = place.to_lowercase();
        let known = self.app.popups.iter().any(|popup| popup.at.to_string() == place);
        known || IN_THE_WAY.iter().any(|word| folded.contains(word))
    }

    /// The text with blanks where what is known stood.
    fn blanked(&self, text: &str) -> String {
        self.blanks.iter().fold(text.to_owned(), |text, (known, blank)| text.replace(known, blank))
    }
}

fn text<'v>(note: &'v Value, key: &str) -> &'v str {
    note[key].as_str().unwrap_or_default()
}

/// As a TOML text.
fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}
#[cfg(test)]
mod tests {
    use rollbook_catalog::Catalog;
    use serde_json::json;

    use super::*;

    fn written(purpose: Purpose, notes: &[Value], page: &Value) -> Result<Recorded, String> {
        let app = Catalog::embedded().app("uxpin").and_then(|app| app.browser.clone());
        let app = app.expect("it has steps");
        let sample = Sample {
            email: "ana@acme.example".to_owned(),
            display_name: "Ana".to_owned(),
            role: String::new(),
        };
        let mut writer = Writer::new(&app, purpose, "rollbook", &sample);
        notes.iter().for_each(|note| writer.take(note));
        writer.end(page)
    }

    fn fill(kind: &str, text: Option<&str>) -> Value {
        json!({"what": "fill", "at": "textbox \"X\"", "kind": kind, "text": text, "ms": 9_000})
    }

    #[test]
    fn what_is_typed_is_written_only_where_a_blank_stands_for_it() {
        let leave = json!({"leave": [{"at": "link \"Sign out\"", "frame": ""}]});
        let notes = [
            fill("text", Some("rollbook")),
            fill("password", None),
            fill("text", Some("hunter2 of rollbook")),
        ];
        let recorded = written(Purpose::SignIn, &notes, &leave).expect("it is whole");
        assert_eq!(recorded.settings, ["typed_1"]);
        insta::assert_snapshot!(recorded, @r#"
        sign_in = [
          { fill = 'textbox "X"', with = "{user}" },
          { fill = 'textbox "X"', with = "{password}" },
          { fill = 'textbox "X"', with = "{typed_1}" },
          { wait = 'link "Sign out"' },
        ]
        "#);
        let remove = Purpose::Do(Verb::Remove);
        let recorded = written(remove, &[fill("password", None)], &json!({})).expect("it is whole");
        assert_eq!(recorded.settings, ["typed_1"], "no password is known there");
    }

    #[test]
    fn a_native_dialog_a_frame_and_what_is_in_the_way_each_have_their_form() {
        let remove = Purpose::Do(Verb::Remove);
        let frame = "css \"iframe[title='Team']\"";
        let click = |at: &str, place: &str, ms: u64| json!({"what": "click", "at": at, "place": place, "row": true, "frame": frame, "ms": ms});
        let notes = [
            json!({"what": "go", "path": "/team", "ms": 1}),
            click("button \"No thanks\"", "region \"Newsletter\"", 10),
            click("button \"Remove Ana\"", "", 20),
            json!({"what": "native", "says": "Remove Ana?", "agreed": true, "frame": frame, "ms": 30}),
            json!({"what": "go", "path": "/team?done", "ms": 40}),
        ];
        let page = json!({"told": [{"at": "", "text": "Ana is gone.", "frame": ""}]});
        let recorded = written(remove, &notes, &page).expect("it is whole");
        assert_eq!(recorded.popups.len(), 1);
        insta::assert_snapshot!(recorded, @r#"
        remove = [
          { frame = """css "iframe[title='Team']"""" },
          { click = 'button "Remove {display_name}"', in_row = true },
          { confirm = 'native', says = "Remove {display_name}?" },
          { frame = "top" },
          { wait = 'text "{display_name} is gone."' },
        ]
        "#);
    }

    #[test]
    fn what_cannot_be_told_is_said() {
        let nothing = json!({});
        assert!(written(Purpose::SignIn, &[fill("password", None)], &nothing).is_err());
        assert!(written(Purpose::Members, &[], &nothing).is_err());
        assert!(written(Purpose::Do(Verb::Remove), &[], &nothing).is_err());
    }
}
