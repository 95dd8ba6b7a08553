//! Watching what an administrator does in a browser that is theirs, and writing it down as steps.

use rollbook_catalog::browser::{Browser, Purpose, ROLES};
use serde_json::{Value, json};

use super::recorded::{Recorded, Sample, Writer};
use super::session::{Lost, Session};

/// What runs in the page; see there.
const PAGE: &str = include_str!("page.js");
const RECORD: &str = include_str!("record.js");

/// A browser in which somebody works, and what was done in it since it was last asked.
#[derive(Debug)]
pub struct Recorder {
    session: Session,
    app: Browser,
    user: String,
    script: String,
    /// What was noted and is not written yet.
    notes: Vec<Value>,
}

impl Recorder {
    /// Opens the app's first page and begins to note.
    ///
    /// # Errors
    /// Why not, as a sentence without its end.
    pub(super) async fn begin(
        mut session: Session,
        app: &Browser,
        user: &str,
        base: &str,
    ) -> Result<Self, String> {
        let script = format!("const ROLES = {};\n{PAGE}\n{RECORD}", json!(ROLES));
        let run = "return VERBS[arguments[0]](arguments[1]);";
        let everywhere =
            format!("(function () {{ {script}\n{run} }}).call(window, \"listen\", {{}});");
        session.on_every_page(&everywhere).await.map_err(|lost| why(&lost))?;
        session.open(&format!("{base}/")).await.map_err(|lost| why(&lost))?;
        let script = format!("{script}\n{run}");
        let (app, user) = (app.clone(), user.to_owned());
        Ok(Self { session, app, user, script, notes: Vec::new() })
    }

    /// What was done since the last time, as steps for `purpose`.
    ///
    /// # Errors
    /// What is missing, or that the browser is gone, as a sentence. What was done so far still counts.
    pub async fn take(&mut self, purpose: Purpose, sample: &Sample) -> Result<Recorded, String> {
        let mut noted = self.ask("noted").await?;
        if let Value::Array(notes) = noted["notes"].take() {
            self.notes.extend(notes);
        }
        let mut writer = Writer::new(&self.app, purpose, &self.user, sample);
        self.notes.iter().for_each(|note| writer.take(note));
        let recorded = writer.end(&self.ask("ends").await?)?;
        self.notes.clear();
        Ok(recorded)
    }

    async fn ask(&self, verb: &str) -> Result<Value, String> {
        let answer = self.session.run(&self.script, verb, json!({})).await;
        answer.map_err(|lost| format!("The page does not answer: {}.", why(&lost)))
    }
}

fn why(lost: &Lost) -> String {
    match lost {
        Lost::Gone(why) | Lost::Passing(why) => why.clone(),
        Lost::Dialog => "a dialog is open; answer it first".to_owned(),
    }
}
