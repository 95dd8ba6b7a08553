//! What all commands share: where the workspace is, who is asking, what day it is.

use std::env;
use std::future::Future;
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use jiff::civil::Date;
use rollbook_catalog::Catalog;
use rollbook_engine::CONFIG;
use rollbook_engine::clock::Clock;
use rollbook_engine::config::{Config, Files};
use rollbook_engine::{Engine, Error, Presence, Result};

use crate::args::Global;
use crate::bars::Bars;
use crate::screen::Screen;

/// One call of the command.
#[derive(Debug)]
pub(crate) struct Session {
    global: Global,
    screen: Rc<Screen>,
    /// The command, as it is typed.
    command: &'static str,
}

impl Session {
    /// With what was typed.
    pub(crate) fn new(global: Global, screen: Screen, command: &'static str) -> Self {
        Self { global, screen: Rc::new(screen), command }
    }

    /// Where output goes.
    pub(crate) fn screen(&self) -> &Screen {
        &self.screen
    }

    /// Whether the causes of errors are wanted.
    pub(crate) fn is_verbose(&self) -> bool {
        self.global.verbose > 0
    }

    /// Whether the book is to be looked at as of another day.
    pub(crate) fn is_elsewhen(&self) -> bool {
        self.global.today.is_some()
    }

    /// Opens the workspace, as of the day that was asked for, for a command that acts.
    ///
    /// # Errors
    /// When there is none, or it cannot be opened.
    pub(crate) fn open(&self) -> Result<Engine> {
        self.open_as(Presence::Alone)
    }

    /// Opens the workspace, as of the day that was asked for, for a command that only decides or
    /// reads, and so may work beside `rollbook serve`.
    ///
    /// # Errors
    /// As [`Session::open`].
    pub(crate) fn open_beside(&self) -> Result<Engine> {
        self.open_as(Presence::Guest)
    }

    /// Opens the workspace, as of the day that was asked for.
    ///
    /// # Errors
    /// As [`Session::open`].
    pub(crate) fn open_as(&self, presence: Presence) -> Result<Engine> {
        self.opener(presence)?()
    }

    /// What opens the workspace, as of the day that was asked for, again and again: for a command that
    /// stays for long and must not keep others out.
    ///
    /// # Errors
    /// When there is no workspace.
    pub(crate) fn opener(
        &self,
        presence: Presence,
    ) -> Result<impl Fn() -> Result<Engine> + Send + Sync + use<>> {
        let (folder, day, command) = (self.folder()?, self.global.today, self.command);
        Ok(move || {
            let engine = Engine::open_as(&folder, Clock::System, presence, command)?;
            match day {
                Some(day) => engine.as_of(day),
                None => Ok(engine),
            }
        })
    }

    /// The workspace folder, its configuration and the day that was asked for, for commands that
    /// need no book.
    ///
    /// # Errors
    /// When there is no workspace, or its configuration cannot be used.
    pub(crate) fn configuration(&self) -> Result<(PathBuf, Config, Date)> {
        let folder = self.folder()?;
        let config = Config::load(&folder)?;
        let today = self.global.today;
        let today = today.unwrap_or_else(|| config.workspace.day_of(Clock::System.now()));
        Ok((folder, config, today))
    }

    /// What is known of apps: in a workspace with its own app files, elsewhere what this build carries.
    ///
    /// # Errors
    /// When a folder was named that is no workspace, or an app file is wrong.
    pub(crate) fn catalog(&self) -> Result<Arc<Catalog>> {
        let folder = match (self.folder(), &self.global.workspace) {
            (Ok(folder), _) => folder,
            (Err(error), Some(_)) => return Err(error),
            (Err(_), None) => return Ok(Arc::clone(Catalog::embedded())),
        };
        Files::apps(&folder)?.catalog(&folder)
    }

    /// The workspace folder: the one named, or the nearest above the current folder that has one.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn folder(&self) -> Result<PathBuf> {
        if let Some(named) = &self.global.workspace {
            return Ok(named.clone());
        }
        let here = env::current_dir()
            .map_err(|e| Error::setup("The current folder cannot be read.").because(e))?;
        match here.ancestors().find(|folder| folder.join(CONFIG).is_file()) {
            Some(folder) => Ok(folder.to_owned()),
            None => Err(Error::input(format!(
                "There is no workspace in {} or in a folder above it.",
                here.display()
            ))
            .hint("Make one with `rollbook init DIR`, or name yours with `--workspace DIR`.")),
        }
    }

    /// Who is asking: `--by`, or the name of the system's user.
    ///
    /// # Errors
    /// When nobody is named.
    pub(crate) fn by(&self) -> Result<String> {
        let of_system = || env::var("USER").or_else(|_| env::var("LOGNAME")).ok();
        let name = self.global.by.clone().or_else(of_system);
        name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).ok_or_else(|| {
            Error::input("It is not known who you are, and every decision is kept under a name.")
                .hint("Say it with `--by NAME`, or set ROLLBOOK_BY.")
        })
    }

    /// Bars for long work.
    pub(crate) fn bars(&self) -> Bars {
        Bars::new(self.screen.is_json())
    }

    /// Waits for work that talks to vendors. The threads for it are started only now, so that
    /// commands that only read stay quick.
    ///
    /// # Errors
    /// What the work returns.
    pub(crate) fn wait<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|e| Error::setup("The system gave no room to wait in.").because(e))?;
        runtime.block_on(work)
    }

    /// Whether somebody can be asked.
    pub(crate) fn can_ask(&self) -> bool {
        !self.screen.is_json() && io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Asks on the terminal; the answer without the space around it. An end of input is no answer.
    ///
    /// # Errors
    /// When the terminal cannot be read.
    pub(crate) fn ask(&self, question: &str) -> Result<String> {
        self.screen.flush();
        let mut answer = String::new();
        let asked = write!(io::stderr(), "{question} ")
            .and_then(|()| io::stderr().flush())
            .and_then(|()| io::stdin().lock().read_line(&mut answer));
        match asked {
            Ok(_) => Ok(answer.trim().to_owned()),
            Err(e) => Err(Error::setup("The answer could not be read.").because(e)),
        }
    }

    /// The same session for another folder and another name, today, as the demonstration needs.
    #[must_use]
    pub(crate) fn elsewhere(&self, workspace: &Path, by: &str) -> Self {
        let workspace = Some(workspace.to_owned());
        let by = Some(by.to_owned());
        let global = Global { workspace, by, today: None, ..self.global.clone() };
        Self { global, screen: Rc::clone(&self.screen), command: self.command }
    }
}
