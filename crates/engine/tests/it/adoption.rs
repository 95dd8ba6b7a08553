//! A create takes no account for its own that somebody else may have made.

use std::path::Path;

use rollbook_core::change::{Op, Profile as NewAccount};
use rollbook_core::finding::Subject;
use rollbook_core::plan::{Asked, Want, Wish};
use rollbook_core::step::Ending;
use rollbook_engine::clock::Clock;
use rollbook_engine::progress::Quiet;
use rollbook_engine::{Engine, Stand};
use rollbook_testkit::{Fault, Profile, ScimVendor, Twist};
use serde_json::json;
use tempfile::TempDir;

const NORA: &str = "nora@example.com";

/// Nora starts, and the wiki, where only Bob has an account, is to get one for her.
struct Scene {
    dir: TempDir,
    vendor: ScimVendor,
}

impl Scene {
    async fn new(profile: Profile) -> Self {
        let vendor = ScimVendor::start(profile).await.expect("a free port");
        vendor.seed_user(json!({"userName": "bob@example.com", "active": true}));
        let dir = tempfile::tempdir().expect("a folder");
        Engine::init(dir.path(), "Example").expect("a workspace");
        write_private(&dir.path().join("token"), &vendor.token());
        let write = |file: &str, text: &str| {
            std::fs::write(dir.path().join(file), text).expect("it is written");
        };
        write(
            "workers.csv",
            "number,first,last,mail,from\nE3,Nora,New,nora@example.com,2020-01-01\n",
        );
        write(
            "rollbook.toml",
            &format!(
                "[workspace]\nname = \"Example\"\ntime_zone = \"UTC\"\n[[source]]\nname = \"hr\"\n\
                 path = \"workers.csv\"\n[source.columns]\nnumber = \"number\"\ngiven = \"first\"\n\
                 family = \"last\"\nwork_email = \"mail\"\nstarts = \"from\"\n[[instance]]\n\
                 name = \"wiki\"\nsettles_within_s = 0\n[instance.scim]\nbase_url = \"{}\"\n\
                 token = {{ file = \"token\" }}\nallow_private = true\n\
                 requests_per_second_max = 1000\n",
                vendor.url()
            ),
        );
        Self { dir, vendor }
    }

    /// Reads, plans the create, lets `meanwhile` happen, and runs the plan to its end.
    async fn run(&self, meanwhile: impl FnOnce(&ScimVendor)) -> Ending {
        let engine = Engine::open(self.dir.path(), Clock::System).expect("the workspace opens");
        engine.sync(&[], &Quiet).await.expect("the sync ends");
        let graph = engine.graph().expect("the graph is read");
        let nora = graph.identities().first().expect("she is in HR").id.clone();
        let profile = NewAccount {
            login: NORA.to_owned(),
            display_name: "Nora New".to_owned(),
            external_id: nora.to_string(),
            ..NewAccount::default()
        };
        let wish = Wish {
            subject: Subject::Assignment { identity: nora, instance: "wiki".into() },
            want: Want::Act { op: Op::Create { profile } },
            asked: Asked::Person { name: "robin".to_owned() },
            because: "She starts.".to_owned(),
            heir: None,
        };
        let plan = engine.plan_wishes(&[wish], "robin").expect("a plan is made").plan;
        engine.approve(&plan.id(), plan.digest(), "sam", "").expect("sam may approve");
        meanwhile(&self.vendor);
        let report = engine.apply(&plan.id(), "robin", &Quiet).await.expect("the run ends");
        match report.changes.into_iter().next().map(|one| one.stand) {
            Some(Stand::Ended(ending)) => ending,
            other => panic!("{other:?}"),
        }
    }

    fn effects(&self) -> usize {
        self.vendor.ledger().effects().len()
    }
}

fn write_private(path: &Path, text: &str) {
    std::fs::write(path, text).expect("it is written");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let private = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(path, private).expect("it is private");
    }
}

#[tokio::test]
async fn an_account_that_somebody_made_meanwhile_is_named_and_left_to_a_human() {
    let scene = Scene::new(Profile::full()).await;
    let ending = scene
        .run(|vendor| {
            vendor.seed_user(json!({"id": "77", "userName": NORA, "active": true}));
        })
        .await;
    let Ending::Refused { why } = ending else { panic!("{ending:?}") };
    insta::assert_snapshot!(why, @"The login nora@example.com was to be free, and the account wiki/77 (nora@example.com) is there already, is active and carries no external id, so nothing proves whose it is. If it is this person's, link it to them by hand; if not, give one of the two another login. Then plan again.");
    assert_eq!(scene.effects(), 0);
}

#[tokio::test]
async fn a_create_is_verified_by_its_login_where_no_external_ids_are_kept() {
    let keeps_none = Profile { external_ids: false, ..Profile::full() };
    let scene = Scene::new(keeps_none.clone()).await;
    assert_eq!(scene.run(|_| {}).await, Ending::Confirmed { acted: true });
    assert_eq!(scene.effects(), 1);

    let lost = Scene::new(keeps_none).await;
    let answer_is_lost =
        |vendor: &ScimVendor| vendor.fault(Fault::on("POST", "/Users", Twist::ResetAfter).times(1));
    assert_eq!(lost.run(answer_is_lost).await, Ending::Confirmed { acted: true });
    assert_eq!((lost.effects(), lost.vendor.unfired()), (1, vec![]));
}

#[tokio::test]
async fn a_create_in_doubt_is_not_taken_for_ours_where_ours_would_carry_our_id() {
    // The vendor keeps external ids, as Cem's account shows, and lost the one of this create.
    let scene = Scene::new(Profile { external_ids: false, ..Profile::full() }).await;
    scene.vendor.seed_user(json!({"userName": "cem@example.com", "externalId": "c-1"}));
    let ending = scene
        .run(|vendor| vendor.fault(Fault::on("POST", "/Users", Twist::ResetAfter).times(1)))
        .await;
    assert!(matches!(ending, Ending::Refused { .. }), "{ending:?}");
    assert_eq!(scene.effects(), 1, "and nothing is sent a second time");
}
