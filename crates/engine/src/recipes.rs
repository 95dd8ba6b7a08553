//! Whether the pages of an app are still those that the steps in its file were made for.
//!
//! The first list that is read whole is accepted as what the page is made of. From then on a page that
//! is made of something else puts the browser's way to that instance in quarantine: it leaves the
//! reach with its reason, so that plans pick people, a finding says so, and nothing is pressed. A page
//! that is again what it was, or that a named person accepts after looking at it, ends that.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rollbook_core::event::Draft;
use rollbook_core::graph::Contradiction;
use rollbook_core::id::InstanceName;
use rollbook_core::reach::Way;
use rollbook_core::snapshot::Coverage;
use serde_json::{Value, json};

use crate::channel::browser::{Exhibit, Recorder, Report, Sight};
use crate::config::InstanceConfig;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::reconcile::named;
use crate::store::{Reading, Recipe, Writing, named_in};

/// What trying a recipe came to. Nothing was pressed that changes anything.
#[derive(Clone, Debug)]
pub struct RecipeTest {
    /// The steps that were taken and what was seen, as sentences.
    pub steps: Vec<String>,
    /// Pictures of it, with everybody covered.
    pub pictures: Vec<Exhibit>,
    /// How many members were read and whether that is all, as a sentence; or why they were not.
    pub read: Result<String, String>,
    /// Whether every member was read.
    pub is_whole: bool,
    /// Why nothing is pressed there; empty: nothing is in the way.
    pub quarantined: String,
}

impl Engine {
    /// Signs in to an instance, reads its members, takes a picture, and compares the page with what it
    /// was. Nothing is pressed that changes anything. With `accept`, a named person says that the page
    /// is right as it is now.
    ///
    /// # Errors
    /// When no browser drives the instance, or the book cannot be written. What goes wrong in the
    /// page is in the answer.
    pub async fn test_recipe(
        &self,
        instance: &InstanceName,
        accept: bool,
        by: &str,
    ) -> Result<RecipeTest> {
        let by = if accept { named(by)? } else { "rollbook" };
        let config = self.driven(instance)?;
        let channel = self.open_channel(config)?;
        let observed = channel.observe().await;
        let seen = channel.picture("the list of members").await;
        let mut report = channel.report().await;
        report.exhibits.extend(seen);
        let at = self.now();
        if accept && observed.is_ok() {
            report.drift = None;
        }
        self.store.write(|book| {
            if accept && !report.shape.is_empty() {
                let recipe = Recipe { shape: report.shape.clone(), ..Recipe::default() };
                book.put_recipe(instance, &recipe)?;
                book.record(event("recipe_accepted", instance, by, at, json!({"shape": report.shape})))?;
            }
            self.note_recipe(book, instance, &report, at)?;
            let read = observed.as_ref().map(|seen| seen.accounts.len()).ok();
            let body = json!({"members": read, "steps": report.steps, "exhibits": named_in(&report.exhibits)});
            book.put_exhibits(instance.as_str(), &report.exhibits)?;
            book.record(event("recipe_tested", instance, by, at, body))
        })?;
        let quarantined = self.store.read(|book| book.recipe(instance))?.quarantined;
        let is_whole = observed.as_ref().is_ok_and(|seen| seen.coverage.is_complete());
        let read = match observed {
            Ok(seen) => Ok(match &seen.coverage {
                Coverage::Complete => format!("All {} members were read.", seen.accounts.len()),
                Coverage::Partial { why } => {
                    format!("{} members were read. {why}", seen.accounts.len())
                }
            }),
            Err(error) => Err(error.to_string()),
        };
        Ok(RecipeTest {
            steps: report.steps,
            pictures: report.exhibits,
            read,
            is_whole,
            quarantined,
        })
    }

    /// Opens a browser in the pages of an instance, in which an administrator shows what is to be done.
    /// Nothing of it is written into the book.
    ///
    /// # Errors
    /// When no browser drives the instance, or none starts.
    pub async fn record_recipe(&self, instance: &InstanceName, sight: Sight) -> Result<Recorder> {
        let config = self.driven(instance)?;
        let browser = config.browser.as_ref().expect("it is driven by one");
        self.open_browser(config, browser)?.record(sight).await
    }

    /// The instance, if a browser drives it.
    fn driven(&self, instance: &InstanceName) -> Result<&InstanceConfig> {
        let config = self.instance(instance)?;
        match config.browser {
            Some(_) => Ok(config),
            None => Err(Error::input(format!("No browser drives {instance}."))
                .hint("Only instances with `[instance.browser]` have a recipe.")),
        }
    }

    /// Keeps what a browser saw of a page: the first shape is accepted, another one puts its way in
    /// quarantine, and the accepted one ends that.
    pub(crate) fn note_recipe(
        &self,
        book: &Writing<'_>,
        instance: &InstanceName,
        report: &Report,
        at: Timestamp,
    ) -> Result<()> {
        let mut recipe = book.reading().recipe(instance)?;
        let note =
            |kind: &str, body: Value| book.record(event(kind, instance, "rollbook", at, body));
        match &report.drift {
            Some(why) if recipe.quarantined.is_empty() => {
                recipe.quarantined.clone_from(why);
                recipe.since = Some(self.config.workspace.day_of(at));
                book.put_recipe(instance, &recipe)?;
                book.put_exhibits(instance.as_str(), &report.exhibits)?;
                note("recipe_drifted", json!({"why": why, "exhibits": named_in(&report.exhibits)}))
            }
            None if recipe.shape.is_empty() && !report.shape.is_empty() => {
                recipe.shape.clone_from(&report.shape);
                book.put_recipe(instance, &recipe)?;
                book.put_exhibits(instance.as_str(), &report.exhibits)?;
                let exhibits = named_in(&report.exhibits);
                note("recipe_accepted", json!({"shape": report.shape, "exhibits": exhibits}))
            }
            None if !recipe.quarantined.is_empty() && !report.shape.is_empty() => {
                (recipe.quarantined, recipe.since) = (String::new(), None);
                book.put_recipe(instance, &recipe)?;
                note("recipe_fits_again", json!({}))
            }
            _ => Ok(()),
        }
    }

    /// A way to an instance as it is while its page is not what it was: nothing can be done on it.
    pub(crate) fn quarantined_way(
        &self,
        book: &Reading<'_>,
        instance: &InstanceConfig,
        mut way: Way,
    ) -> Result<Way> {
        if way.channel != "browser" {
            return Ok(way);
        }
        let recipe = book.recipe(&instance.name)?;
        if !recipe.quarantined.is_empty() {
            let why = format!(
                "The browser's way to {} is in quarantine. {} Look at the page with `rollbook recipe \
                 test {}`.",
                instance.name, recipe.quarantined, instance.name
            );
            way.cannot.extend(way.can.keys().map(|verb| (*verb, why.clone())));
            way.can.clear();
        }
        Ok(way)
    }

    /// What a quarantine says against what is written about the app.
    pub(crate) fn drifted(
        &self,
        book: &Reading<'_>,
        instance: &InstanceConfig,
    ) -> Result<Option<Contradiction>> {
        let recipe = book.recipe(&instance.name)?;
        Ok(recipe.since.map(|since| Contradiction {
            fact: "browser.page".to_owned(),
            stated: "what the steps in the app file were made for".to_owned(),
            source: format!("the app file of {}", instance.app),
            seen: recipe.quarantined,
            probed_on: since,
            is_about_closing: true,
        }))
    }
}

fn event(kind: &str, instance: &InstanceName, actor: &str, at: Timestamp, body: Value) -> Draft {
    Draft {
        kind: kind.to_owned(),
        actor: actor.to_owned(),
        on_behalf_of: String::new(),
        subject: instance.to_string(),
        concerns: BTreeSet::new(),
        at,
        body,
    }
}
