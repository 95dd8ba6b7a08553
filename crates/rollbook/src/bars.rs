//! Progress on standard error: bars on a terminal, nothing where nobody looks.

use std::io::{self, IsTerminal};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use rollbook_engine::progress::Progress;

/// Shows long work as bars. Sentences are printed above them.
#[derive(Debug)]
pub(crate) struct Bars {
    all: MultiProgress,
    /// The pieces of work that began and are not over; the last one advances.
    open: Mutex<Vec<ProgressBar>>,
    visible: bool,
}

impl Bars {
    /// Bars where standard error is a terminal and `quiet` is not asked for.
    pub(crate) fn new(quiet: bool) -> Self {
        let visible = !quiet && io::stderr().is_terminal();
        Self { all: MultiProgress::new(), open: Mutex::new(Vec::new()), visible }
    }

    /// Whether anybody sees them.
    pub(crate) fn is_visible(&self) -> bool {
        self.visible
    }

    fn open(&self) -> std::sync::MutexGuard<'_, Vec<ProgressBar>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress for Bars {
    fn begin(&self, what: &str, total: Option<u64>) {
        if !self.visible {
            return;
        }
        let (bar, template) = match total {
            Some(total) => (ProgressBar::new(total), "{msg} {wide_bar} {human_pos}/{human_len}"),
            None => (ProgressBar::no_length(), "{spinner} {msg} {human_pos}"),
        };
        let style = ProgressStyle::with_template(template).expect("the template is a constant");
        let bar = self.all.add(bar.with_style(style).with_message(what.to_owned()));
        bar.enable_steady_tick(Duration::from_millis(120));
        self.open().push(bar);
    }

    fn advance(&self, by: u64) {
        if let Some(bar) = self.open().last() {
            bar.inc(by);
        }
    }

    fn say(&self, sentence: &str) {
        if self.visible {
            // A terminal that is gone cannot be told anything.
            let _ = self.all.println(sentence);
        }
    }

    fn end(&self) {
        if let Some(bar) = self.open().pop() {
            bar.finish_and_clear();
            self.all.remove(&bar);
        }
    }
}
