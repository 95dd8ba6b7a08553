//! A company of ten with two apps, for tests of the whole job: `wiki` speaks SCIM, `archive` is
//! exported by its administrator. Everybody works here until a test says otherwise.

use std::fs;
use std::path::Path;

use rollbook_core::account::Account;
use rollbook_core::change::{Op, Profile as NewAccount};
use rollbook_core::finding::Tracked;
use rollbook_core::id::{AccountRef, IdentityId, PlanId};
use rollbook_core::link::LinkState;
use rollbook_core::plan::Wish;
use rollbook_engine::clock::Clock;
use rollbook_engine::progress::Quiet;
use rollbook_engine::{ChangeReport, Engine, Error, Proposal, RunReport, Synced, asking};
use rollbook_testkit::csv_app::{CsvApp, Row};
use rollbook_testkit::ledger::Ledger;
use rollbook_testkit::scim_vendor::{Profile, ScimVendor};
use serde_json::json;

use crate::book;

/// Who works here: name, family name. Their numbers are E1 to E10, their logins `name@example.com`.
pub(crate) const PEOPLE: [(&str, &str); 10] = [
    ("Ana", "Alder"),
    ("Bob", "Birch"),
    ("Cleo", "Cedar"),
    ("Dan", "Dogwood"),
    ("Eve", "Elm"),
    ("Finn", "Fir"),
    ("Gail", "Gorse"),
    ("Hugo", "Hazel"),
    ("Iris", "Ivy"),
    ("Jan", "Juniper"),
];

pub(crate) struct Scene {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) vendor: ScimVendor,
    pub(crate) archive: CsvApp,
    /// The keys of everybody's account in the wiki, in their order.
    pub(crate) keys: Vec<String>,
}

impl Scene {
    /// Ten accounts in the wiki (Bob and Cleo are editors, Jan alone administrates), two in the
    /// archive (Ana and Bob).
    pub(crate) async fn new() -> Self {
        Self::with(Profile::full()).await
    }

    pub(crate) async fn with(profile: Profile) -> Self {
        Self::made(profile, book::init).await
    }

    /// A company whose book lies in this schema.
    pub(crate) async fn in_schema(address: &str, schema: &str) -> Self {
        Self::made(Profile::full(), |dir| book::init_at(dir, address, schema).unwrap()).await
    }

    async fn made(profile: Profile, init: impl FnOnce(&Path)) -> Self {
        let vendor = ScimVendor::start(profile).await.unwrap();
        let keys: Vec<_> = (0..PEOPLE.len()).map(|at| vendor.seed_user(user(at))).collect();
        for (name, members) in [("Editors", &keys[1..3]), ("Admins", &keys[9..10])] {
            let members: Vec<_> = members.iter().map(|key| json!({"value": key})).collect();
            vendor.seed_group(json!({
                "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
                "displayName": name, "members": members,
            }));
        }
        let dir = tempfile::tempdir().unwrap();
        let book = dir.path().join("book");
        init(&book);
        let archive =
            CsvApp::open(&dir.path().join("archive"), vec![row(0), row(1)], Ledger::default());
        let scene = Self { dir, vendor, archive: archive.unwrap(), keys };
        write_private(&book.join("token"), &scene.vendor.token());
        scene.workers(&[]);
        scene.configure("");
        scene
    }

    pub(crate) fn book(&self) -> std::path::PathBuf {
        self.dir.path().join("book")
    }

    /// Writes the workers' file: everybody with their last day, where `last_days` names one.
    pub(crate) fn workers(&self, last_days: &[(&str, &str)]) {
        let rows = PEOPLE.iter().enumerate().map(|(at, (given, family))| {
            let last = last_days.iter().find(|(name, _)| name == given).map_or("", |(_, day)| day);
            let login = login(at);
            format!("E{},{given},{family},{login},2020-01-01,{last}\n", at + 1)
        });
        self.deliver(&format!("number,first,last,mail,from,until\n{}", rows.collect::<String>()));
    }

    /// Writes the workers' file as given.
    pub(crate) fn deliver(&self, text: &str) {
        fs::write(self.book().join("workers.csv"), text).unwrap();
    }

    /// Writes the configuration with this policy at its end.
    pub(crate) fn configure(&self, policy: &str) {
        self.configure_with(|config| format!("{config}{policy}"));
    }

    pub(crate) fn configure_with(&self, edit: impl FnOnce(String) -> String) {
        let archive = self.dir.path().join("archive");
        let text = include_str!("scene.toml")
            .replace("WIKI", self.vendor.url())
            .replace("ARCHIVE", archive.to_str().unwrap());
        book::configure(&self.book(), &edit(text));
    }

    pub(crate) fn open(&self) -> Engine {
        self.try_open().unwrap()
    }

    pub(crate) fn try_open(&self) -> Result<Engine, Error> {
        Engine::open(&self.book(), Clock::System)
    }

    /// Opens the workspace and reads everything, which must go well.
    pub(crate) async fn synced(&self) -> Engine {
        let engine = self.open();
        let read = engine.sync(&[], &Quiet).await.unwrap();
        assert_eq!(troubles(&read), Vec::<String>::new());
        engine
    }

    /// Sends the database a statement as somebody would who can write the file.
    pub(crate) fn sql(&self, sql: &str) -> usize {
        book::sql(&self.book(), sql)
    }

    /// What changed at the wiki: `what` and on whom, in order.
    pub(crate) fn effects(&self) -> Vec<String> {
        let named = |subject: &str| {
            let at = self.keys.iter().position(|key| key == subject);
            at.map_or_else(|| "other".to_owned(), |at| PEOPLE[at].0.to_owned())
        };
        let effects = self.vendor.ledger().effects();
        effects.iter().map(|e| format!("{}: {}", named(&e.subject), e.what)).collect()
    }
}

/// What could not be read, as people read it.
pub(crate) fn troubles(read: &Synced) -> Vec<String> {
    let sources = read.sources.iter().filter_map(|s| s.read.as_ref().err());
    let instances = read.instances.iter().filter_map(|i| i.read.as_ref().err());
    sources.chain(instances).map(crate::said).collect()
}

pub(crate) fn login(at: usize) -> String {
    format!("{}@example.com", PEOPLE[at].0.to_lowercase())
}

fn user(at: usize) -> serde_json::Value {
    let (login, (given, family)) = (login(at), PEOPLE[at]);
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
        "userName": login, "active": true, "displayName": format!("{given} {family}"),
        "name": {"givenName": given, "familyName": family},
        "emails": [{"value": login, "primary": true}],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":
            {"employeeNumber": format!("E{}", at + 1)},
    })
}

fn row(at: usize) -> Row {
    Row {
        account_id: format!("A{}", at + 1),
        login: login(at),
        name: format!("{} {}", PEOPLE[at].0, PEOPLE[at].1),
        email: login(at),
        state: "enabled".to_owned(),
        ..Row::default()
    }
}

pub(crate) fn write_private(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    }
}

/// The account in the wiki of the person with this given name, as the book knows it.
pub(crate) fn account(engine: &Engine, name: &str) -> Option<Account> {
    let graph = engine.graph().unwrap();
    let login = format!("{}@example.com", name.to_lowercase());
    let found = graph.accounts().find(|(a, _)| a.login == login && a.instance.as_str() == "wiki");
    found.map(|(account, _)| account.clone())
}

pub(crate) fn at(engine: &Engine, name: &str) -> AccountRef {
    account(engine, name).expect("it is known").account_ref()
}

/// The state of the link of somebody's wiki account, and whose it is.
pub(crate) fn link(engine: &Engine, name: &str) -> (LinkState, Option<IdentityId>) {
    let graph = engine.graph().unwrap();
    let (_, link) = graph.account(&at(engine, name)).unwrap();
    (link.state.clone(), link.owner().cloned())
}

pub(crate) fn person(engine: &Engine, text: &str) -> IdentityId {
    asking::person(&engine.graph().unwrap(), text).unwrap()
}

/// What somebody who starts gets.
pub(crate) fn newcomer(identity: &IdentityId, login: &str, number: &str) -> Op {
    Op::Create {
        profile: NewAccount {
            login: login.to_owned(),
            display_name: "Nora New".to_owned(),
            given_name: "Nora".to_owned(),
            family_name: "New".to_owned(),
            email: login.to_owned(),
            external_id: identity.to_string(),
            worker_number: number.to_owned(),
        },
    }
}

pub(crate) fn wish(engine: &Engine, name: &str, op: Op) -> Wish {
    Wish::by_person("robin", at(engine, name), op, "A test asks for it.")
}

/// Has sam agree, as the plan is now.
pub(crate) fn approve(engine: &Engine, proposal: &Proposal) -> PlanId {
    let id = proposal.plan.id();
    engine.approve(&id, proposal.plan.digest(), "sam", "").unwrap();
    id
}

/// Has sam agree and robin run it.
pub(crate) async fn run(engine: &Engine, proposal: &Proposal) -> RunReport {
    engine.apply(&approve(engine, proposal), "robin", &Quiet).await.unwrap()
}

/// How each change of a run stands: a line each.
pub(crate) fn stands(report: &RunReport) -> String {
    let line = |one: &ChangeReport| {
        let (op, at) = (one.change.op.verb(), &one.change.instance);
        format!("{op} {} in {at}: {}\n", one.change.label, one.stand.word())
    };
    report.changes.iter().map(line).collect()
}

/// The findings that need somebody, a line each.
pub(crate) fn findings(engine: &Engine) -> String {
    let today = engine.today();
    let line = |t: &Tracked| {
        let (kind, since) = (t.finding.kind, t.standing.change.word());
        format!("{kind} ({since}): {}\n", t.finding.because)
    };
    let all = engine.findings().unwrap();
    all.iter().filter(|t| t.standing.is_open(today)).map(line).collect()
}

/// The kinds of everything in the audit chain.
pub(crate) fn kinds(engine: &Engine) -> Vec<String> {
    let events = engine.store().read(|book| book.events()).unwrap();
    events.into_iter().map(|event| event.kind).collect()
}
