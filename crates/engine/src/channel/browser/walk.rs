//! Taking steps: waiting for what a step needs, doing it once, and saying what came of it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rollbook_catalog::browser::{Act, Browser, By, Element, Phrase, Purpose, Step, Word};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::code::code;
use super::facts::Facts;
use super::report::Report;
use super::session::{Lost, Session};
use super::trouble::Trouble;
use super::veil::Veil;
use crate::secret::Secret;

/// How long to wait between two looks at a page.
const BEAT: Duration = Duration::from_millis(25);

/// Every so many looks that found nothing, look for what may be in the way. What only comes a little late
/// is there before.
const LOOK_AROUND: usize = 4;

/// A dialog that is there may take this part of a step's time to say what it must.
const DIALOG_SETTLES: u32 = 5;

/// What a walk goes by, the same for all steps of it.
#[derive(Debug)]
pub(super) struct Ground<'a> {
    /// How the app is driven.
    pub(super) app: &'a Browser,
    /// Where its pages are, without a slash at the end.
    pub(super) base: &'a str,
    /// The origin of that, on which alone secrets are typed.
    pub(super) origin: &'a str,
    /// What to sign in with.
    pub(super) password: &'a Secret,
    /// What one-time codes are made of.
    pub(super) totp: Option<&'a Secret>,
    /// How long a step may take.
    pub(super) deadline: Duration,
}

/// A way through the pages for one purpose.
pub(super) struct Walk<'a> {
    /// What it goes by.
    pub(super) ground: &'a Ground<'a>,
    /// The browser.
    pub(super) session: &'a mut Session,
    /// What is told of it.
    pub(super) report: &'a mut Report,
    /// What it is for.
    pub(super) purpose: Purpose,
    /// What fills the blanks.
    pub(super) facts: Facts,
    /// What the row of the account must say, as the script in the page wants it.
    pub(super) guard: Option<Value>,
    /// What is to be covered on pictures.
    pub(super) veil: Veil,
    /// Whether anything was pressed that may have had an effect.
    pub(super) touched: bool,
}

/// What to do with a refusal of the page that time may heal.
enum Way {
    /// It was done; what it answered.
    Done(Value),
    /// It was not done, because of this.
    Not(String),
}

impl Walk<'_> {
    /// Takes the steps, one after the other.
    ///
    /// # Errors
    /// The first that could not be taken. Whether an effect is possible says `touched`.
    pub(super) async fn go(&mut self, steps: &[Step]) -> Result<(), Trouble> {
        for step in steps {
            self.take(step).await.map_err(|trouble| match trouble {
                Trouble::Stuck { why, .. } => Trouble::Stuck { step: step.to_string(), why },
                other => other,
            })?;
        }
        Ok(())
    }

    async fn take(&mut self, step: &Step) -> Result<(), Trouble> {
        let within = self.within(step);
        match &step.act {
            Act::Go(path) => {
                let address = format!("{}{}", self.ground.base, self.facts.path(path)?);
                self.session.open(&address).await?;
            }
            Act::Fill { at, with } => self.fill(at, with, &within).await?,
            Act::Click(at) => {
                self.press(at, &within).await?;
            }
            Act::Choose { at, option } => self.choose(at, option, &within).await?,
            Act::Wait(at) => self.wait(at, true).await?,
            Act::Gone(at) => self.wait(at, false).await?,
            Act::Expect { at, says } => self.expect(at, says, &within).await?,
            Act::Confirm { at, says, click, cancel } => {
                let says = self.facts.fill(says)?;
                match (at.by, click, cancel) {
                    (By::Native, ..) => self.confirm_native(&says).await?,
                    (_, Some(click), Some(cancel)) => {
                        self.confirm(at, &says, click, cancel).await?
                    }
                    _ => return Err(stuck("the app file does not say what to press")),
                }
            }
            Act::Code(at) => {
                let Some(totp) = self.ground.totp else { return Ok(()) };
                let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                let code = code(totp, now.as_secs()).map_err(|why| stuck(&why))?;
                self.put(at, &code, true, &within).await?;
            }
            Act::Frame(None) => self.session.top().await?,
            Act::Frame(Some(at)) => self.enter(at).await?,
            // The channel reads by itself; see `reading` and `download`.
            Act::Read(_) | Act::Download(_) => return Ok(()),
        }
        self.report.say(capital(&step.to_string()));
        Ok(())
    }

    /// Where a step's element must lie.
    fn within(&self, step: &Step) -> Value {
        match (step.in_row, &self.guard) {
            (true, Some(guard)) => json!({"guard": guard}),
            // The catalog lets nothing lie in a row where none is looked for.
            _ => Value::Null,
        }
    }

    async fn fill(&mut self, at: &Element, with: &Phrase, within: &Value) -> Result<(), Trouble> {
        let is_secret = with.blanks().any(|word| *word == Word::Password);
        let text = match is_secret {
            true => {
                let password = self.ground.password.expose();
                let facts = &self.facts;
                Secret::new(with.fill(&|word| match word {
                    Word::Password => Some(password.to_owned()),
                    word => facts.fill(&Phrase::from(word.to_string())).ok(),
                })?)
            }
            false => Secret::new(self.facts.fill(with)?),
        };
        let is_sign_in = self.purpose == Purpose::SignIn;
        self.put(at, &text, is_secret || is_sign_in, within).await
    }

    /// Puts a text into a field, what is ours to hide only on a page of the app's own origin.
    async fn put(
        &mut self,
        at: &Element,
        text: &Secret,
        is_ours: bool,
        within: &Value,
    ) -> Result<(), Trouble> {
        let origin = is_ours.then_some(self.ground.origin);
        let about = json!({
            "want": self.facts.element(at)?, "within": within, "text": text.expose(), "origin": origin,
        });
        self.until("fill", about).await.map(|_| ())
    }

    /// Presses. A page that goes away under the press was pressed.
    pub(super) async fn press(&mut self, at: &Element, within: &Value) -> Result<(), Trouble> {
        let about = json!({"want": self.facts.element(at)?, "within": within});
        self.until("press", about).await.map(|_| ())
    }

    async fn choose(
        &mut self,
        at: &Element,
        option: &Phrase,
        within: &Value,
    ) -> Result<(), Trouble> {
        let option = self.facts.fill(option)?;
        let about = json!({"want": self.facts.element(at)?, "within": within, "option": option});
        let answer = self.until("choose", about).await?;
        if answer["opened"] != Value::Bool(true) {
            return Ok(());
        }
        let entry =
            json!({"want": {"by": "role", "role": "option", "name": option}, "within": null});
        self.until("press", entry).await.map(|_| ())
    }

    async fn wait(&mut self, at: &Element, there: bool) -> Result<(), Trouble> {
        let want = self.facts.element(at)?;
        let deadline = Instant::now() + self.ground.deadline;
        let mut looks = 0;
        loop {
            let seen = match self.session.ask("count", json!({"want": want})).await {
                Ok(answer) => answer["count"].as_u64().unwrap_or_default(),
                Err(Lost::Passing(_)) => u64::from(!there),
                Err(lost) => return Err(lost.into()),
            };
            if (seen > 0) == there {
                return Ok(());
            }
            looks += 1;
            let why = if there { "it does not come" } else { "it stays" };
            self.rest(looks, deadline, why).await?;
        }
    }

    async fn expect(&mut self, at: &Element, says: &Phrase, within: &Value) -> Result<(), Trouble> {
        let says = self.facts.fill(says)?;
        let about = json!({"want": self.facts.element(at)?, "within": within});
        let deadline = Instant::now() + self.ground.deadline;
        let mut looks = 0;
        loop {
            let answer = self.until("says", about.clone()).await?;
            let seen = answer["text"].as_str().unwrap_or_default();
            if same(seen, &says) {
                return Ok(());
            }
            looks += 1;
            let why = format!("it says \"{}\" and not \"{says}\"", self.veil.cover(seen));
            self.rest(looks, deadline, &why).await?;
        }
    }

    async fn enter(&mut self, at: &Element) -> Result<(), Trouble> {
        let want = self.facts.element(at)?;
        let deadline = Instant::now() + self.ground.deadline;
        let mut looks = 0;
        while !self.session.enter(want.clone()).await? {
            looks += 1;
            self.rest(looks, deadline, "the frame is not there").await?;
        }
        Ok(())
    }

    /// Agrees to a dialog of the page that says what it must, in the same moment in which it says so.
    async fn confirm(
        &mut self,
        at: &Element,
        says: &str,
        click: &Element,
        cancel: &Element,
    ) -> Result<(), Trouble> {
        let dialog = self.facts.element(at)?;
        let about = json!({"want": dialog, "says": says});
        let first = self.until("dialog", about.clone()).await?;
        let mut seen = first["text"].as_str().unwrap_or_default().to_owned();
        let mut fits = first["fits"] == Value::Bool(true);
        let settled = Instant::now() + self.ground.deadline / DIALOG_SETTLES;
        while !fits && Instant::now() < settled {
            sleep(BEAT).await;
            let answer = self.until("dialog", about.clone()).await?;
            fits = answer["fits"] == Value::Bool(true);
            seen = answer["text"].as_str().unwrap_or_default().to_owned();
        }
        let within = json!({"dialog": dialog});
        if fits {
            self.report.say(format!("The dialog said \"{says}\", as it must."));
            self.picture("the dialog before it was confirmed").await;
            let about = json!({"want": self.facts.element(click)?, "within": within, "says": says});
            let answer = self.until("press", about).await?;
            if answer["why"] != "says" {
                return Ok(());
            }
            seen = answer["seen"].as_str().unwrap_or_default().to_owned();
        }
        self.picture("the dialog that was not expected").await;
        let about = json!({"want": self.facts.element(cancel)?, "within": within});
        self.until("press", about).await?;
        self.wait(at, false).await?;
        Err(Trouble::Dialog { expected: says.to_owned(), seen: self.veil.cover(&seen) })
    }

    async fn confirm_native(&mut self, says: &str) -> Result<(), Trouble> {
        let deadline = Instant::now() + self.ground.deadline;
        let seen = loop {
            if let Some(text) = self.session.native().await? {
                break text;
            }
            if Instant::now() > deadline {
                return Err(stuck("the dialog does not come"));
            }
            sleep(BEAT).await;
        };
        let fits = same(&seen, says);
        self.session.answer(fits).await?;
        if fits {
            self.report.say(format!("The dialog said \"{says}\", as it must."));
            return Ok(());
        }
        Err(Trouble::Dialog { expected: says.to_owned(), seen: self.veil.cover(&seen) })
    }

    /// Asks the page until it does what is wanted, or time is up. What the page did not do it can be
    /// asked again; what it may have done it is not.
    pub(super) async fn until(&mut self, verb: &str, about: Value) -> Result<Value, Trouble> {
        let deadline = Instant::now() + self.ground.deadline;
        let mut looks = 0;
        loop {
            let acts = matches!(verb, "press" | "fill" | "choose");
            let was = self.touched;
            self.touched |= acts && matches!(self.purpose, Purpose::Do(_));
            match self.once(verb, &about, acts).await? {
                Way::Done(answer) => return Ok(answer),
                Way::Not(why) => {
                    self.touched = was;
                    looks += 1;
                    self.rest(looks, deadline, &why).await?;
                }
            }
        }
    }

    async fn once(&mut self, verb: &str, about: &Value, acts: bool) -> Result<Way, Trouble> {
        let answer = match self.session.ask(verb, about.clone()).await {
            Ok(answer) => answer,
            Err(Lost::Passing(_) | Lost::Dialog) if acts => return Ok(Way::Done(Value::Null)),
            Err(Lost::Passing(why)) => return Ok(Way::Not(why)),
            Err(lost) => return Err(lost.into()),
        };
        let seen = answer["seen"].as_str().unwrap_or_default();
        Ok(match answer["why"].as_str() {
            None | Some("says") => Way::Done(answer),
            Some("none") => Way::Not("it is not there".to_owned()),
            Some("many") => Way::Not(format!("it is there {seen} times")),
            Some("off") => Way::Not("it is switched off".to_owned()),
            Some("covered") => Way::Not(format!("something lies over it, {seen}")),
            Some("row") => Way::Not(format!("the row is not what it was: {seen}")),
            Some("option") => Way::Not(format!("{seen} of its entries are called so")),
            Some("column") => Way::Not(format!("there is not one column called \"{seen}\"")),
            Some("origin") => {
                return Err(stuck("the page is not the app's own, so nothing is typed there"));
            }
            Some(_) => Way::Not("it is no field for text".to_owned()),
        })
    }

    /// Waits a moment; now and then looks whether something is in the way, or the session ended.
    pub(super) async fn rest(
        &mut self,
        looks: usize,
        deadline: Instant,
        why: &str,
    ) -> Result<(), Trouble> {
        if Instant::now() > deadline {
            return Err(stuck(why));
        }
        if looks % LOOK_AROUND == LOOK_AROUND - 1 {
            self.look_around().await?;
        }
        sleep(BEAT).await;
        Ok(())
    }

    /// Closes what may stand in the way at any moment.
    ///
    /// # Errors
    /// [`Trouble::SignedOut`] when the page asks to sign in, although that was done.
    pub(super) async fn look_around(&mut self) -> Result<(), Trouble> {
        let mut popups = Vec::new();
        for popup in &self.ground.app.popups {
            let (at, close) = (self.facts.element(&popup.at)?, self.facts.element(&popup.close)?);
            popups.push(json!({"at": at, "close": close}));
        }
        let screen = self.sign_in_screen()?;
        let seen =
            match self.session.ask("around", json!({"popups": popups, "screen": screen})).await {
                Ok(seen) => seen,
                Err(Lost::Passing(_) | Lost::Dialog) => return Ok(()),
                Err(lost) => return Err(lost.into()),
            };
        let closed = seen["closed"].as_array().into_iter().flatten();
        for (popup, _) in self.ground.app.popups.iter().zip(closed).filter(|(_, it)| **it == true) {
            self.report.say(format!("Closed {}, which was in the way.", popup.at));
        }
        match seen["asks"] == true {
            true => Err(Trouble::SignedOut),
            false => Ok(()),
        }
    }

    /// What is on the first screen of signing in; nothing while that is being done.
    fn sign_in_screen(&self) -> Result<Vec<Value>, Trouble> {
        if self.purpose == Purpose::SignIn {
            return Ok(Vec::new());
        }
        // One field alone may be in other forms as well.
        let steps = self.ground.app.steps(Purpose::SignIn).iter();
        let screen = steps.skip_while(|step| !matches!(step.act, Act::Fill { .. }));
        let mut is_over = false;
        let screen = screen.take_while(|step| {
            let is_part = !is_over;
            is_over |= matches!(step.act, Act::Click(_));
            is_part
        });
        let wants = screen.flat_map(Step::elements).map(|element| self.facts.element(element));
        Ok(wants.collect::<Result<_, _>>()?)
    }

    /// Takes a picture on which nobody else can be told. Without one, says why.
    pub(super) async fn picture(&mut self, shows: &str) {
        let taken = self.veil.picture(self.session, self.guard.as_ref(), shows).await;
        match taken {
            Ok(exhibit) => self.report.exhibits.push(exhibit),
            Err(why) => self.report.say(format!("No picture shows {shows}: {why}.")),
        }
    }
}

/// Trouble with the step that is being taken.
pub(super) fn stuck(why: &str) -> Trouble {
    Trouble::Stuck { step: String::new(), why: why.to_owned() }
}

/// Whether two texts read the same: white space counts as one blank.
fn same(one: &str, other: &str) -> bool {
    one.split_whitespace().eq(other.split_whitespace())
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str() + "."
}
