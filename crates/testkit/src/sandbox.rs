//! A company with its apps in one folder: what the demo runs on, and what tests start as a process
//! of its own in order to kill the client alone.
//!
//! ```text
//! FOLDER/workers.csv     who works here (columns: company::WORKER_COLUMNS)
//! FOLDER/csv-app/        the app without an API: export.csv and outbox/ (form: csv_app)
//! ```
//! The SCIM app and the four consoles listen on 127.0.0.1.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use serde_json::{Value, json};

use crate::company::{Company, Story};
use crate::console::{Brand, Console, Setup as ConsoleSetup};
use crate::csv_app::{CsvApp, Watch};
use crate::scim_vendor::{Fault, Profile, ScimVendor, Setup};

/// What a sandbox is made of.
#[derive(Clone, Debug, PartialEq)]
pub struct Wish {
    /// Which company; the same number, the same company.
    pub seed: u64,
    /// The day on which the company is looked at.
    pub today: Date,
    /// The ways of the SCIM app.
    pub profile: Profile,
    /// The port of the SCIM app; 0 takes a free one.
    pub port: u16,
    /// The file to which both apps append their effects as JSON lines.
    pub ledger: Option<PathBuf>,
    /// What goes wrong in the SCIM app.
    pub faults: Vec<Fault>,
}

impl Wish {
    /// The demo's company on `today`, with an app like Mindtickle and nothing going wrong.
    pub fn demo(today: Date) -> Self {
        Self {
            seed: 7,
            today,
            profile: Profile::mindtickle(),
            port: 0,
            ledger: None,
            faults: Vec::new(),
        }
    }
}

/// A running sandbox; it ends with this value.
#[derive(Debug)]
pub struct Sandbox {
    /// The people.
    pub company: Company,
    /// The SCIM app.
    pub vendor: ScimVendor,
    /// The app without an API, with its administrator at work.
    pub csv: Watch,
    /// The apps that have an admin console and nothing else, in the order of [`Brand::ALL`].
    pub consoles: Vec<Console>,
    /// The workers' file.
    pub workers: PathBuf,
}

impl Sandbox {
    /// Makes the company and starts its apps in `folder`, which is made if it is not there.
    ///
    /// # Errors
    /// When the folder cannot be written or the port is taken.
    pub async fn start(folder: &Path, wish: Wish) -> io::Result<Self> {
        let company = Company::generate(wish.seed, wish.today);
        fs::create_dir_all(folder)?;
        let workers = folder.join("workers.csv");
        fs::write(&workers, company.workers_csv())?;
        let setup = Setup { port: wish.port, ledger: wish.ledger };
        let vendor = ScimVendor::start_with(wish.profile, setup).await?;
        for user in company.scim_users() {
            vendor.seed_user(user.clone());
        }
        for group in company.scim_groups() {
            vendor.seed_group(group.clone());
        }
        for fault in wish.faults {
            vendor.fault(fault);
        }
        let rows = company.csv_rows().to_vec();
        let csv = CsvApp::open(&folder.join("csv-app"), rows, vendor.ledger().clone())?.watch();
        let mut consoles = Vec::new();
        for brand in Brand::ALL {
            let setup = ConsoleSetup { ledger: vendor.ledger().clone(), ..ConsoleSetup::default() };
            let console = Console::start_with(brand, setup).await?;
            fill(&console, &company);
            consoles.push(console);
        }
        Ok(Self { company, vendor, csv, consoles, workers })
    }

    /// The console of a brand.
    pub fn console(&self, brand: Brand) -> &Console {
        let found = self.consoles.iter().find(|console| console.brand() == brand);
        found.expect("a sandbox has all of them")
    }

    /// What a client has to know, one JSON object for each part.
    pub fn lines(&self) -> Vec<Value> {
        let leaver = self.company.leaver();
        let app = self.csv.app();
        let console = |console: &Console| {
            let robot = console.robot();
            json!({
                "part": "console",
                "app": console.brand().app(),
                "url": console.url(),
                "login": robot.login,
                "password": robot.password,
            })
        };
        let consoles = self.consoles.iter().map(console);
        let rest = [
            json!({"part": "company", "workers": self.workers, "today": self.company.today}),
            json!({"part": "scim", "url": self.vendor.url(), "token": self.vendor.token()}),
            json!({"part": "csv", "export": app.export_file(), "outbox": app.outbox()}),
            json!({
                "part": "leaver",
                "worker": leaver.latest().number,
                "name": leaver.name.shown(),
                "last_day": leaver.latest().last_day,
                "scim": leaver.scim_ids,
                "csv": leaver.csv_keys,
            }),
        ];
        rest.into_iter().chain(consoles).collect()
    }
}

/// Gives two thirds of those who should be there an account, a few who should not, and the leaver.
fn fill(console: &Console, company: &Company) {
    let brand = console.brand();
    let roles = brand.roles();
    for (at, person) in company.people.iter().enumerate() {
        let is_left_over = matches!(person.story, Story::Leaver | Story::LivesOn);
        let has_one = person.is_here_on(company.today) && !(at + brand as usize).is_multiple_of(3);
        if is_left_over || has_one {
            let role = roles[if person.story == Story::Head { roles.len() - 1 } else { at % 2 }];
            console.seed(&person.name.shown(), &person.email, role);
        }
    }
}
