//! A workspace whose one app is a console, for what only the whole engine can show.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use rollbook_core::change::Op;
use rollbook_core::id::{AccountRef, PlanId};
use rollbook_core::plan::Wish;
use rollbook_engine::Engine;
use rollbook_engine::clock::Clock;
use rollbook_engine::progress::Quiet;
use rollbook_testkit::console::{Brand, Console, Robot, Setup};

use crate::{book, scene};

/// The members beside the robot. Ana is to be removed; the others are nobody's business.
const MEMBERS: [(&str, &str); 4] = [
    ("Ana Alder", "ana@example.com"),
    ("Anabel Alder", "anabel@example.com"),
    ("Bystander Birch", "bystander.birch@example.com"),
    ("Cleo Cedar", "cleo@example.com"),
];

/// The secret of the robot's one-time codes.
pub(crate) const TOTP: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

pub(crate) struct Office {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) console: Arc<Console>,
    /// Ana's number in the console.
    pub(crate) ana: u64,
    /// What the console had done before.
    effects: usize,
}

impl Office {
    /// A workspace with UXPin, which asks for one-time codes.
    pub(crate) async fn new() -> Self {
        let robot = Robot { totp: Some(TOTP.to_owned()), ..Setup::default().robot };
        let setup = Setup { page_size: 3, late_ms: 0, robot, ..Setup::default() };
        let console = Console::start_with(Brand::Uxpin, setup).await.expect("a free port");
        let ids = MEMBERS.map(|(name, email)| console.seed(name, email, "Viewer"));
        let dir = tempfile::tempdir().expect("a folder");
        book::init(dir.path());
        scene::write_private(&dir.path().join("password"), &console.robot().password);
        scene::write_private(&dir.path().join("totp"), TOTP);
        let workers = "number,first,last,mail,from\n\
            E1,Ana,Alder,ana@example.com,2020-01-01\n\
            E2,Cleo,Cedar,cleo@example.com,2020-01-01\n";
        fs::write(dir.path().join("workers.csv"), workers).expect("the source is written");
        book::configure(dir.path(), &config(console.url(), &console.robot().login));
        Self { dir, console: Arc::new(console), ana: ids[0], effects: 0 }
    }

    /// The same with everything read, to be begun from as often as needed; see [`Office::again`].
    pub(crate) async fn read() -> Self {
        let office = Self::new().await;
        read(&office.open()).await;
        office
    }

    /// The same workspace once more, as it is now, with everybody back in the same console.
    pub(crate) fn again(&self) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        copy(self.dir.path(), dir.path());
        self.console.clear();
        self.console.clear_faults();
        self.console.end_sessions();
        let ids = MEMBERS.map(|(name, email)| self.console.seed(name, email, "Viewer"));
        let effects = self.console.ledger().effects().len();
        Self { dir, console: Arc::clone(&self.console), ana: ids[0], effects }
    }

    pub(crate) fn open(&self) -> Engine {
        Engine::open(self.dir.path(), Clock::System).expect("the workspace opens")
    }

    /// Holds the console and the book to one removal that is done, confirmed and recorded.
    pub(crate) fn judge(&self, when: &str) {
        let effects = self.console.ledger().effects().split_off(self.effects);
        let effects: Vec<&str> = effects.iter().map(|it| it.what.as_str()).collect();
        assert_eq!(effects, ["removed ana@example.com"], "{when}");
        assert_eq!(self.console.member(self.ana), None, "{when}");
        let engine = self.open();
        let runs = engine.runs().expect("runs are read");
        assert_eq!(runs.len(), 1, "{when}");
        let report = engine.run(&runs[0].id).expect("the run is there");
        assert!(report.is_confirmed() && report.run.ended_at.is_some(), "{when}: {report:?}");
        let chain = engine.verify().expect("the chain is whole");
        assert_eq!(chain.covered, chain.events, "{when}: the head is signed");
    }
}

/// Does whatever is left to do until Ana is removed; the same before and after a crash.
pub(crate) async fn remove_ana(dir: &Path) {
    let engine = Engine::open(dir, Clock::System).expect("the workspace opens");
    engine.resume(&Quiet).await.expect("open runs go on");
    if !engine.runs().expect("runs are read").is_empty() {
        return;
    }
    let plan = approved(&engine).await;
    engine.apply(&plan, "robin", &Quiet).await.expect("the run ends");
}

/// The approved plan that removes Ana, made if there is none yet.
pub(crate) async fn approved(engine: &Engine) -> PlanId {
    let plan = match engine.plans().expect("plans are read").into_iter().next() {
        Some(plan) => plan,
        None => {
            if engine.graph().expect("it is read").accounts().next().is_none() {
                read(engine).await;
            }
            let ana = AccountRef { instance: "uxpin".into(), key: "ana@example.com".into() };
            let wish = Wish::by_person("robin", ana, Op::Remove, "She left.");
            engine.plan_wishes(&[wish], "robin").expect("a plan is made").plan
        }
    };
    let proposal = engine.proposal(&plan.id()).expect("the plan is there");
    assert_eq!(proposal.stops, [], "nothing stops it");
    if proposal.approvals.is_empty() {
        engine.approve(&plan.id(), plan.digest(), "sam", "").expect("sam may approve");
    }
    plan.id()
}

async fn read(engine: &Engine) {
    let read = engine.sync(&[], &Quiet).await.expect("the sync ends");
    assert!(read.instances.iter().all(|it| it.read.is_ok()), "{:?}", read.instances);
}

/// Copies what is in a folder, with who may read it.
fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("it is there") {
        let path = entry.expect("it is read").path();
        let copied = to.join(path.file_name().expect("it has a name"));
        if path.is_dir() {
            fs::create_dir(&copied).expect("a folder");
            copy(&path, &copied);
        } else {
            fs::copy(&path, &copied).expect("it is copied");
        }
    }
}

fn config(url: &str, user: &str) -> String {
    format!(
        r#"
[workspace]
name = "Example"
time_zone = "UTC"
employer_domains = ["example.com"]

[[source]]
name = "hr"
path = "workers.csv"
[source.columns]
number = "number"
given = "first"
family = "last"
work_email = "mail"
starts = "from"

[[instance]]
name = "uxpin"
app = "uxpin"
owner = "Design"
settles_within_s = 1
reach = {{ probed = ["remove"] }}
[instance.browser]
base_url = "{url}"
user = "{user}"
owner = "cleo@example.com"
password = {{ file = "password" }}
totp = {{ file = "totp" }}
allow_private = true
deadline_s = 5
"#
    )
}
