//! A process that dies at any named point of a run leaves nothing lost and nothing done twice.
//!
//! The child is this test binary itself, told by an environment variable which workspace to work in
//! and by another where to die. The vendor lives in the parent, so its ledger survives the child.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, ExitStatus};

use rollbook_core::account::State;
use rollbook_core::change::{Op, Profile as NewAccount};
use rollbook_core::finding::Subject;
use rollbook_core::id::AccountRef;
use rollbook_core::plan::{Asked, Want, Wish};
use rollbook_engine::clock::Clock;
use rollbook_engine::progress::Quiet;
use rollbook_engine::{Engine, Stand, crash};
use rollbook_testkit::scim_vendor::{Profile, ScimVendor};
use serde_json::json;

use crate::book::{self, also_on_postgres};

const WORKSPACE: &str = "ROLLBOOK_TEST_WORKSPACE";
const DIE_AT: &str = "ROLLBOOK_CRASH_AT";

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_point_a_run_ends_with_one_effect_for_each_change() {
    let mut table = Vec::new();
    for point in crash::POINTS {
        let scene = Scene::new().await;
        let died = scene.child(Some(point));
        assert!(!died.success(), "{point} was never passed");
        let ended = scene.child(None);
        assert!(ended.success(), "after {point} the second process did not end well");
        table.push(format!("{point}: {}", scene.judge(point)));
    }
    eprintln!("{}", table.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_the_effect_and_its_record_of_every_single_change() {
    for nth in 1..=3 {
        let scene = Scene::new().await;
        let point = format!("effect_done:{nth}");
        assert!(!scene.child(Some(&point)).success(), "{point} was never passed");
        assert!(scene.child(None).success());
        scene.judge(&point);
    }
}

also_on_postgres!(
    killed_at_any_point_a_run_ends_with_one_effect_for_each_change,
    killed_between_the_effect_and_its_record_of_every_single_change,
);

/// What the child does: whatever is left to do. It is the same before and after a crash.
#[tokio::test(flavor = "multi_thread")]
async fn child() {
    let Ok(dir) = std::env::var(WORKSPACE) else { return };
    let engine = Engine::open(Path::new(&dir), Clock::System).expect("the workspace opens");
    engine.resume(&Quiet).await.expect("open runs go on");
    if !engine.runs().expect("runs are read").is_empty() {
        return;
    }
    let read = engine.sync(&[], &Quiet).await.expect("the sync ends");
    assert!(read.instances.iter().all(|i| i.read.is_ok()), "{:?}", read.instances);
    let plan = match engine.plans().expect("plans are read").into_iter().next() {
        Some(plan) => plan,
        None => engine.plan_wishes(&wishes(&engine), "robin").expect("a plan is made").plan,
    };
    let proposal = engine.proposal(&plan.id()).expect("the plan is there");
    assert_eq!(proposal.stops, [], "nothing stops it");
    if proposal.approvals.is_empty() {
        engine.approve(&plan.id(), plan.digest(), "sam", "").expect("sam may approve");
    }
    engine.apply(&plan.id(), "robin", &Quiet).await.expect("the run ends");
}

/// Suspend one account, remove one from a group, make one.
fn wishes(engine: &Engine) -> Vec<Wish> {
    let graph = engine.graph().expect("the graph is read");
    let account = |login: &str| -> AccountRef {
        let found = graph.accounts().find(|(a, _)| a.login == login).expect("it was seeded");
        found.0.account_ref()
    };
    let group = graph.views()[&"wiki".into()].groups[0].key.clone();
    let newcomer =
        graph.identities().iter().find(|i| i.name.contains("Nora")).expect("she is in HR");
    let profile = NewAccount {
        login: "nora@example.com".to_owned(),
        display_name: "Nora New".to_owned(),
        given_name: "Nora".to_owned(),
        family_name: "New".to_owned(),
        email: "nora@example.com".to_owned(),
        external_id: newcomer.id.to_string(),
        worker_number: "E3".to_owned(),
    };
    vec![
        Wish::by_person("robin", account("ana@example.com"), Op::Suspend, "She left."),
        Wish::by_person(
            "robin",
            account("bob@example.com"),
            Op::Revoke { entitlement: group },
            "He moved.",
        ),
        Wish {
            subject: Subject::Assignment { identity: newcomer.id.clone(), instance: "wiki".into() },
            want: Want::Act { op: Op::Create { profile } },
            asked: Asked::Person { name: "robin".to_owned() },
            because: "She starts.".to_owned(),
            heir: None,
        },
    ]
}

struct Scene {
    dir: tempfile::TempDir,
    vendor: ScimVendor,
}

impl Scene {
    async fn new() -> Self {
        let vendor = ScimVendor::start(Profile::full()).await.expect("a free port");
        let user = |login: &str, number: &str| {
            vendor.seed_user(json!({
                "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User",
                    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
                "userName": login, "active": true, "emails": [{"value": login, "primary": true}],
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":
                    {"employeeNumber": number},
            }))
        };
        let (_ana, bob) = (user("ana@example.com", "E1"), user("bob@example.com", "E2"));
        vendor.seed_group(json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
            "displayName": "Editors", "members": [{"value": bob}],
        }));
        let dir = tempfile::tempdir().expect("a folder");
        book::init(dir.path());
        let token = dir.path().join("token");
        std::fs::write(&token, vendor.token()).expect("the token is written");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let private = std::fs::Permissions::from_mode(0o600);
            std::fs::set_permissions(&token, private).expect("the token is private");
        }
        let workers = "number,first,last,mail,from\n\
            E1,Ana,Alder,ana@example.com,2020-01-01\n\
            E2,Bob,Birch,bob@example.com,2020-01-01\n\
            E3,Nora,New,nora@example.com,2020-01-01\n";
        std::fs::write(dir.path().join("workers.csv"), workers).expect("the source is written");
        book::configure(dir.path(), &config(vendor.url()));
        Self { dir, vendor }
    }

    /// Runs the child to its end or its death.
    fn child(&self, die_at: Option<&str>) -> ExitStatus {
        let mut child = Command::new(std::env::current_exe().expect("this binary has a path"));
        child.args(["--exact", "kill::child", "--nocapture", "--test-threads", "1"]);
        child.env(WORKSPACE, self.dir.path()).env_remove(DIE_AT);
        if let Some(point) = die_at {
            child.env(DIE_AT, point);
        }
        child.output().expect("the child starts").status
    }

    /// One effect for each change, the world as wished, the book and its chain whole.
    fn judge(&self, point: &str) -> String {
        let mut effects = BTreeMap::<String, Vec<String>>::new();
        for effect in self.vendor.ledger().effects() {
            effects.entry(effect.subject).or_default().push(effect.what);
        }
        assert_eq!(effects.len(), 3, "after {point}: {effects:?}");
        assert!(effects.values().all(|on| on.len() == 1), "after {point}: {effects:?}");
        let engine = Engine::open(self.dir.path(), Clock::System).expect("the workspace opens");
        let runs = engine.runs().expect("runs are read");
        assert_eq!(runs.len(), 1, "after {point}");
        let report = engine.run(&runs[0].id).expect("the run is there");
        assert!(
            report.is_confirmed() && report.run.ended_at.is_some(),
            "after {point}: {report:?}"
        );
        assert!(report.changes.iter().all(|c| matches!(c.stand, Stand::Ended(_))));
        let graph = engine.graph().expect("the graph is read");
        let state = |login: &str| {
            graph.accounts().find(|(a, _)| a.login == login).map(|(account, _)| account.state)
        };
        assert_eq!(state("ana@example.com"), Some(State::Suspended), "after {point}");
        assert_eq!(state("nora@example.com"), Some(State::Active), "after {point}");
        let chain = engine.verify().expect("the chain is whole");
        assert_eq!(chain.covered, chain.events, "after {point} the head is signed");
        format!("{} effects, {} events", effects.len(), chain.events)
    }
}

fn config(url: &str) -> String {
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
name = "wiki"
settles_within_s = 1
[instance.scim]
base_url = "{url}"
token = {{ file = "token" }}
allow_private = true
requests_per_second_max = 1000
"#
    )
}
