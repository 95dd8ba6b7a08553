//! An app without an API: somebody exports its accounts as a CSV file, and carries out requests
//! that lie in a folder.
//!
//! ```text
//! FOLDER/export.csv            the accounts, as of the last export
//! FOLDER/outbox/ID.json        a request that waits
//! FOLDER/outbox/done/ID.json   a request that was carried out, byte for byte as it came
//! FOLDER/outbox/refused/ID.json     one that was not; ID.txt beside it says why
//! ```
//! The export has the columns [`COLUMNS`]; `state` is `enabled` or `disabled`, `groups` are joined
//! by `;`. A request is one JSON object; keys that are not listed here are not read:
//! ```json
//! {
//!   "change": "chg_0123456789abcdef0123",
//!   "op": "suspend",
//!   "account": "A-0017",
//!   "login": "aruiz",
//!   "because": "Ana Ruiz has left: her last day was 2026-10-31."
//! }
//! ```
//! - `change`: its id, and the file's name. The same id is carried out once, however often it comes.
//! - `op`: `suspend`, `reactivate`, `remove`, `grant` and `revoke` (with `entitlement`: a group),
//!   `update` (with `set`: `displayName`, `userName`, `emails`, `title`, `department` to their new
//!   text), or `create` (with `profile`: `login`, `display_name`, `email`; no `account`).
//! - `account`: the key in the export. `login`: whose it is believed to be; if the account has
//!   another one, the request is refused, as a careful administrator would.
//! - `because`: for people.
//!
//! A file whose name begins with a dot is still being written.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::ledger::{Cause, Ledger};

/// The columns of the export.
pub const COLUMNS: [&str; 10] = [
    "account_id",
    "login",
    "name",
    "email",
    "state",
    "title",
    "department",
    "groups",
    "created",
    "last_login",
];

/// How often the administrator looks into the folder.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// A row of the export.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The app's key.
    pub account_id: String,
    /// The name to sign in with.
    pub login: String,
    /// The whole name as shown.
    pub name: String,
    /// Address.
    pub email: String,
    /// `enabled` or `disabled`.
    pub state: String,
    /// Job title.
    pub title: String,
    /// Department.
    pub department: String,
    /// Joined by `;`.
    pub groups: String,
    /// The day it was made.
    pub created: String,
    /// The day of the last use, or empty.
    pub last_login: String,
}

/// The app and its administrator.
#[derive(Debug)]
pub struct CsvApp {
    folder: PathBuf,
    rows: Vec<Row>,
    ledger: Ledger,
}

#[derive(Debug, Deserialize)]
struct Request {
    change: String,
    op: String,
    #[serde(default)]
    account: Option<String>,
    #[serde(default)]
    login: String,
    #[serde(default)]
    entitlement: Option<String>,
    #[serde(default)]
    set: BTreeMap<String, String>,
    #[serde(default)]
    profile: NewAccount,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct NewAccount {
    login: String,
    display_name: String,
    email: String,
}

impl CsvApp {
    /// An app in `folder` that holds `rows`. Makes the folders and the first export.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn open(folder: &Path, rows: Vec<Row>, ledger: Ledger) -> io::Result<Self> {
        let app = Self { folder: folder.to_owned(), rows, ledger };
        for inner in ["done", "refused"] {
            fs::create_dir_all(app.outbox().join(inner))?;
        }
        app.export(SystemTime::UNIX_EPOCH)?;
        Ok(app)
    }

    /// The CSV file that it exports.
    pub fn export_file(&self) -> PathBuf {
        self.folder.join("export.csv")
    }

    /// The folder in which requests wait.
    pub fn outbox(&self) -> PathBuf {
        self.folder.join("outbox")
    }

    /// The accounts as they are now.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// What changed here.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Carries out all requests that wait, in the order of their names, and exports if there were
    /// any. Gives their number.
    ///
    /// # Errors
    /// When the folder cannot be read or written.
    pub fn work(&mut self) -> io::Result<usize> {
        let mut newest = SystemTime::UNIX_EPOCH;
        let waiting = self.waiting()?;
        let mut finished = Vec::new();
        for file in &waiting {
            newest = newest.max(fs::metadata(file)?.modified()?);
            finished.push((file, self.carry_out(file)?));
        }
        if waiting.is_empty() {
            return Ok(0);
        }
        // First the export, then the move: who sees a request done finds it in the export.
        self.export(newest)?;
        for (file, verdict) in finished {
            let name = file.file_name().expect("it was listed by its name");
            let place = if verdict.is_ok() { "done" } else { "refused" };
            if let Err(why) = verdict {
                let note = self.outbox().join(place).join(name).with_extension("txt");
                fs::write(note, format!("{why}\n"))?;
            }
            fs::rename(file, self.outbox().join(place).join(name))?;
        }
        Ok(waiting.len())
    }

    /// Works whenever something waits, until the [`Watch`] is dropped.
    pub fn watch(self) -> Watch {
        let (stop, stopped) = mpsc::channel::<()>();
        let app = Arc::new(Mutex::new(self));
        let shared = app.clone();
        let thread = std::thread::spawn(move || {
            while stopped.recv_timeout(LOOK_EVERY) == Err(RecvTimeoutError::Timeout) {
                let worked = lock(&shared).work();
                // Without its folder there is no app any more.
                if worked.is_err() {
                    return;
                }
            }
        });
        Watch { app, stop: Some(stop), thread: Some(thread) }
    }

    fn waiting(&self) -> io::Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        for entry in fs::read_dir(self.outbox())? {
            let path = entry?.path();
            let hidden = path.file_name().is_some_and(|it| it.to_string_lossy().starts_with('.'));
            if !hidden && path.extension().is_some_and(|it| it == "json") {
                files.push(path);
            }
        }
        files.sort();
        Ok(files)
    }

    /// Does what the file asks; the inner error is the reason why not, as a sentence.
    fn carry_out(&mut self, file: &Path) -> io::Result<Result<(), String>> {
        let body = fs::read(file)?;
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let request: Request = match serde_json::from_slice(&body) {
            Ok(request) => request,
            Err(error) => return Ok(Err(format!("The request cannot be read: {error}."))),
        };
        if self.outbox().join("done").join(&name).exists() {
            return Ok(Ok(()));
        }
        if name != format!("{}.json", request.change) {
            return Ok(Err(format!("The file is not named after its change {}.", request.change)));
        }
        let before = self.rows.clone();
        let done = self.change(&request);
        if let Ok(subject) = &done
            && before != self.rows
        {
            let op_id = Some(request.change.clone());
            let cause = Cause { method: "file", path: &name, body: &body, op_id };
            self.ledger.enter(&cause, subject, request.op.clone());
        }
        Ok(done.map(drop))
    }

    /// Changes the accounts; gives the key of the one concerned.
    fn change(&mut self, request: &Request) -> Result<String, String> {
        if request.op == "create" {
            return self.create(&request.profile);
        }
        let key = request.account.clone().ok_or("The request names no account.")?;
        let at = self.rows.iter().position(|row| row.account_id == key);
        let Some(at) = at else {
            // What is to be gone and is not here needs nothing.
            return if request.op == "remove" {
                Ok(key)
            } else {
                Err(format!("No account {key}."))
            };
        };
        let row = &mut self.rows[at];
        if !request.login.is_empty() && !row.login.eq_ignore_ascii_case(&request.login) {
            return Err(format!("The account {key} is {}, not {}.", row.login, request.login));
        }
        let entitlement = || request.entitlement.clone().ok_or("The request names no right.");
        match request.op.as_str() {
            "suspend" => row.state = "disabled".to_owned(),
            "reactivate" => row.state = "enabled".to_owned(),
            "remove" => drop(self.rows.remove(at)),
            "grant" => row.set_group(&entitlement()?, true),
            "revoke" => row.set_group(&entitlement()?, false),
            "update" => {
                for (attribute, text) in &request.set {
                    row.set(attribute, text)?;
                }
            }
            other => return Err(format!("{other:?} cannot be done here.")),
        }
        Ok(key)
    }

    fn create(&mut self, profile: &NewAccount) -> Result<String, String> {
        let taken = self.rows.iter().any(|row| row.login.eq_ignore_ascii_case(&profile.login));
        if profile.login.is_empty() || taken {
            return Err(format!("The login {:?} cannot be given.", profile.login));
        }
        let number = |row: &Row| row.account_id.trim_start_matches("A-").parse().unwrap_or(0);
        let next: u32 = self.rows.iter().map(number).max().unwrap_or(0) + 1;
        let account_id = format!("A-{next:04}");
        self.rows.push(Row {
            account_id: account_id.clone(),
            login: profile.login.clone(),
            name: profile.display_name.clone(),
            email: profile.email.clone(),
            state: "enabled".to_owned(),
            ..Row::default()
        });
        Ok(account_id)
    }

    /// Writes the export, whole or not at all, with a time after `requests`: file systems count
    /// time coarsely, and an export must never look as old as the request that it answers.
    fn export(&self, requests: SystemTime) -> io::Result<()> {
        let draft = self.folder.join(".export.csv");
        let mut writer = csv::Writer::from_path(&draft)?;
        writer.write_record(COLUMNS)?;
        for row in &self.rows {
            writer.write_record(row.cells())?;
        }
        let file = writer.into_inner().map_err(|error| error.into_error())?;
        file.set_modified(SystemTime::now().max(requests + Duration::from_millis(1)))?;
        file.sync_all()?;
        fs::rename(draft, self.export_file())
    }
}

impl Row {
    fn cells(&self) -> [&str; 10] {
        [
            &self.account_id,
            &self.login,
            &self.name,
            &self.email,
            &self.state,
            &self.title,
            &self.department,
            &self.groups,
            &self.created,
            &self.last_login,
        ]
    }

    fn set_group(&mut self, group: &str, is_in: bool) {
        let mut groups: Vec<&str> =
            self.groups.split(';').filter(|it| !it.is_empty() && *it != group).collect();
        if is_in {
            groups.push(group);
        }
        self.groups = groups.join(";");
    }

    fn set(&mut self, attribute: &str, text: &str) -> Result<(), String> {
        let cell = match attribute {
            "displayName" => &mut self.name,
            "userName" => &mut self.login,
            "emails" => &mut self.email,
            "title" => &mut self.title,
            "department" => &mut self.department,
            other => return Err(format!("{other:?} is nothing that an account has here.")),
        };
        text.clone_into(cell);
        Ok(())
    }
}

/// An app whose administrator is at work on a thread of its own; dropping it ends that.
#[derive(Debug)]
pub struct Watch {
    app: Arc<Mutex<CsvApp>>,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// The app, kept still meanwhile.
    pub fn app(&self) -> MutexGuard<'_, CsvApp> {
        lock(&self.app)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic there has been printed already.
            drop(thread.join());
        }
    }
}

fn lock(app: &Mutex<CsvApp>) -> MutexGuard<'_, CsvApp> {
    app.lock().unwrap_or_else(PoisonError::into_inner)
}
