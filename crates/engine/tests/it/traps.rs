//! Traps that hurt, each with an app that has it and a vendor that does it: the plan marks, orders or
//! refuses as the trap demands.

use std::fmt::Write as _;
use std::fs;

use rollbook_catalog::{App, Catalog, Hurt};
use rollbook_core::account::State;
use rollbook_core::change::{Op, Stage};
use rollbook_core::explain;
use rollbook_core::id::{AccountRef, IdentityId};
use rollbook_core::plan::Wish;
use rollbook_engine::clock::Clock;
use rollbook_engine::progress::Quiet;
use rollbook_engine::{Engine, Proposal};
use rollbook_testkit::RestVendor;
use rollbook_testkit::scim_vendor::Profile;

use crate::book;
use crate::scene::{
    Scene, account, approve, findings, person, run, stands, troubles, write_private,
};

/// A workspace with one app, whose accounts are all somebody's who works here.
struct Trapped {
    dir: tempfile::TempDir,
    vendor: RestVendor,
    keys: Vec<String>,
}

fn app(id: &str) -> &'static App {
    Catalog::embedded().app(id).expect("it is in apps/")
}

/// That the app has the trap; otherwise the test would show nothing.
fn check_has(id: &str, hurt: Hurt) {
    let mut hurts = app(id).traps.iter().filter(|trap| trap.is_on("rest"));
    assert!(hurts.any(|trap| trap.hurts == Some(hurt)), "{id} does not have {hurt:?}");
}

impl Trapped {
    async fn new(id: &str, instance: &str) -> Self {
        Self::made(app(id), None, instance).await
    }

    /// A workspace whose only app is one that no build knows, told of by a file of its own.
    async fn with_own(text: &str, instance: &str) -> Self {
        let app = App::parse("fieldphones.toml", text).unwrap();
        Self::made(&app, Some(text), instance).await
    }

    async fn made(app: &App, own: Option<&str>, instance: &str) -> Self {
        let id = app.id.as_str();
        let vendor = RestVendor::start(app).await.unwrap();
        let dir = tempfile::tempdir().unwrap();
        let book = dir.path().join("book");
        book::init(&book);
        if let Some(text) = own {
            fs::create_dir(book.join("apps")).unwrap();
            fs::write(book.join(format!("apps/{id}.toml")), text).unwrap();
        }
        write_private(&book.join("token"), &vendor.secret());
        let held = vendor.accounts();
        let open = held.iter().filter(|held| held.state == State::Active && held.is_listed);
        let keys = open.map(|held| held.key.clone()).collect();
        let trapped = Self { dir, vendor, keys };
        trapped.configure(id, instance);
        let seen = trapped.workers_for(|at| (format!("Given{at}"), format!("Family{at}"))).await;
        trapped.workers_for(|at| seen.get(at).cloned().unwrap_or_default()).await;
        trapped
    }

    /// Writes who works here, one for each account, and reads everything. Gives the names that the
    /// accounts show, in the same order.
    async fn workers_for(&self, name: impl Fn(usize) -> (String, String)) -> Vec<(String, String)> {
        let held = self.vendor.accounts();
        let mut workers = "number,first,last,mail,from\n".to_owned();
        for (at, held) in held.iter().enumerate() {
            let (given, family) = name(at);
            writeln!(workers, "E{at},{given},{family},{},2020-01-01", held.email).unwrap();
        }
        fs::write(self.dir.path().join("book/workers.csv"), workers).unwrap();
        let engine = self.synced().await;
        let graph = engine.graph().unwrap();
        let shown = held.iter().map(|held| {
            let at = AccountRef { instance: "app".into(), key: held.key.as_str().into() };
            let account = graph.account(&at).map(|(account, _)| account.display_name.clone());
            let name = account.unwrap_or_default();
            let (given, family) = name.split_once(' ').unwrap_or((&name, "Nobody"));
            (given.to_owned(), family.to_owned())
        });
        shown.collect()
    }

    fn configure(&self, id: &str, instance: &str) {
        let held = self.vendor.accounts();
        let domains = held.iter().filter_map(|held| held.email.split_once('@'));
        let mut domains: Vec<_> = domains.map(|(_, domain)| format!("{domain:?}")).collect();
        domains.sort();
        domains.dedup();
        let settings: String =
            self.vendor.settings().iter().map(|(name, it)| format!("{name} = {it:?}\n")).collect();
        let text = format!(
            r#"
[workspace]
name = "Trapped"
time_zone = "UTC"
employer_domains = [{}]
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
name = "app"
app = "{id}"
settles_within_s = 0
{instance}
[instance.rest]
base_url = "{}"
token_url = "{}"
token = {{ file = "token" }}
allow_private = true
requests_per_second_max = 1000
[instance.rest.settings]
{settings}
"#,
            domains.join(", "),
            self.vendor.url(),
            self.vendor.token_url(),
        );
        book::configure(&self.dir.path().join("book"), &text);
    }

    /// Writes the configuration with this policy at its end.
    fn decree(&self, policy: &str) {
        let path = self.dir.path().join("book/rollbook.toml");
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, format!("{text}{policy}")).unwrap();
    }

    async fn synced(&self) -> Engine {
        let engine = Engine::open(&self.dir.path().join("book"), Clock::System).unwrap();
        let read = engine.sync(&[], &Quiet).await.unwrap();
        assert_eq!(troubles(&read), Vec::<String>::new());
        engine
    }

    fn at(&self, nth: usize) -> AccountRef {
        AccountRef { instance: "app".into(), key: self.keys[nth].as_str().into() }
    }

    /// What robin asks for on the account in this place.
    fn ask(&self, engine: &Engine, nth: usize, op: Op) -> Proposal {
        engine.plan_wishes(&[self.wish(nth, op)], "robin").unwrap()
    }

    fn wish(&self, nth: usize, op: Op) -> Wish {
        Wish::by_person("robin", self.at(nth), op, "A test asks for it.")
    }

    fn owner(&self, engine: &Engine, nth: usize) -> IdentityId {
        let graph = engine.graph().unwrap();
        let (_, link) = graph.account(&self.at(nth)).expect("it was read");
        link.owner().expect("its address is its owner's").clone()
    }

    fn login(&self, nth: usize) -> String {
        self.vendor.account(&self.keys[nth]).expect("it is there").login
    }

    fn effects(&self) -> Vec<String> {
        let effects = self.vendor.ledger().effects();
        effects.into_iter().map(|effect| effect.what.to_string()).collect()
    }
}

fn shown(proposal: &Proposal) -> String {
    proposal.plan.changes().iter().map(explain::change).collect::<Vec<_>>().join("\n")
}

fn stops(proposal: &Proposal) -> Vec<&'static str> {
    proposal.stops.iter().map(|stop| stop.kind.word()).collect()
}

#[tokio::test]
async fn what_would_be_destroyed_with_the_account_holds_the_removal_back() {
    check_has("google-workspace", Hurt::RemoveDestroysContent);
    let scene = Trapped::new("google-workspace", "").await;
    let engine = scene.synced().await;
    let removal = scene.ask(&engine, 0, Op::Remove);
    assert!(
        shown(&removal)
            .ends_with("This app destroys what a removed account owns and nobody took over.")
    );
    assert_eq!(stops(&removal), ["content_at_risk"]);
    let (id, digest) = (removal.plan.id(), removal.plan.digest());
    engine.approve(&id, digest, "sam", "").expect_err("an approval lifts no stop");
    assert_eq!(scene.effects(), Vec::<String>::new());
    // Closing for a leaver takes the way back that there is.
    let offboard = engine.plan_offboard(&scene.owner(&engine, 0), None, "robin").unwrap();
    assert_eq!(stops(&offboard), Vec::<&str>::new());
    assert!(run(&engine, &offboard).await.is_confirmed());
    assert_eq!(scene.vendor.account(&scene.keys[0]).map(|held| held.state), Some(State::Suspended));
}

#[tokio::test]
async fn what_the_account_owns_is_handed_over_before_it_is_removed() {
    check_has("box", Hurt::RemoveNeedsEmpty);
    let scene = Trapped::new("box", "").await;
    scene.vendor.let_own(&scene.keys[0]);
    let engine = scene.synced().await;
    let nobody = run(&engine, &scene.ask(&engine, 0, Op::Remove)).await;
    assert!(stands(&nobody).contains("failed"), "{}", stands(&nobody));
    assert_eq!(scene.effects(), Vec::<String>::new(), "without an heir nothing is sent");
    let heir = Some(scene.owner(&engine, 1));
    let wish = Wish { heir, ..scene.wish(0, Op::Remove) };
    let removal = engine.plan_wishes(&[wish], "robin").unwrap();
    let expected = format!("The account {} takes over what it owns.", scene.keys[1]);
    assert!(shown(&removal).contains(&expected), "{}", shown(&removal));
    let report = run(&engine, &removal).await;
    assert!(report.is_confirmed(), "{}", stands(&report));
    let asked = scene.vendor.asked().into_iter();
    let writes = asked.filter(|asked| !["GET", "POST"].contains(&asked.method.as_str()));
    let writes: Vec<String> = writes.map(|asked| asked.method).collect();
    assert_eq!(writes, ["PUT", "DELETE"], "first the folders, then the account");
    assert_eq!(scene.vendor.unexpected(), Vec::<String>::new());
}

#[tokio::test]
async fn a_seat_that_goes_on_being_billed_is_said() {
    check_has("zendesk", Hurt::SuspendedIsBilled);
    let scene = Trapped::new("zendesk", "").await;
    let engine = scene.synced().await;
    let offboard = engine.plan_offboard(&scene.owner(&engine, 0), None, "robin").unwrap();
    let text = shown(&offboard);
    assert!(text.ends_with("The suspended account goes on being billed here."), "{text}");
}

#[tokio::test]
async fn removing_that_only_detaches_is_said() {
    check_has("bitwarden", Hurt::RemoveOnlyDetaches);
    let scene = Trapped::new("bitwarden", "").await;
    let engine = scene.synced().await;
    let text = shown(&scene.ask(&engine, 0, Op::Remove));
    assert!(text.contains("The person keeps the account"), "{text}");
}

#[tokio::test]
async fn what_only_suspends_is_not_offered_as_removing() {
    check_has("retool", Hurt::RemoveOnlySuspends);
    let scene = Trapped::new("retool", "").await;
    let engine = scene.synced().await;
    let removal = scene.ask(&engine, 0, Op::Remove);
    assert!(removal.plan.is_empty());
    let left: Vec<_> = removal.plan.left_alone().iter().map(explain::left_alone).collect();
    assert!(left[0].contains("No channel to app can remove"), "{left:?}");
}

#[tokio::test]
async fn the_account_whose_secret_we_act_with_is_kept_and_its_end_foreseen() {
    check_has("freshdesk", Hurt::TokenIsPersonal);
    let scene = Trapped::new("freshdesk", "").await;
    let engine = scene.synced().await;
    assert!(findings(&engine).contains("nobody has said who that is"), "{}", findings(&engine));
    drop(engine);
    scene.configure("freshdesk", &format!("credential_owner = {:?}", scene.login(0)));
    let engine = scene.synced().await;
    let offboard = engine.plan_offboard(&scene.owner(&engine, 0), None, "robin").unwrap();
    assert_eq!(stops(&offboard), ["own_credential"]);
    let other = engine.plan_offboard(&scene.owner(&engine, 1), None, "robin").unwrap();
    assert_eq!(stops(&other), Vec::<&str>::new());
}

#[tokio::test]
async fn an_end_that_repeats_its_last_page_is_found() {
    check_has("adobe", Hurt::LastPageRepeats);
    let scene = Trapped::new("adobe", "").await;
    let engine = scene.synced().await;
    let graph = engine.graph().unwrap();
    let listed = scene.vendor.accounts().into_iter().filter(|held| held.is_listed).count();
    assert_eq!(graph.accounts().count(), listed, "each account once");
}

#[test]
fn no_app_that_deletes_whom_it_suspends_calls_that_reversible() {
    let deletes = |app: &&App| {
        let has = |trap: &rollbook_catalog::Trap| {
            trap.hurts == Some(Hurt::SuspendDeletes) && trap.is_on("scim")
        };
        app.traps.iter().any(has)
    };
    let mut tried = 0;
    for app in Catalog::embedded().apps().filter(deletes) {
        for way in app.reach().routes.iter().filter(|way| way.channel == "scim") {
            let Some(suspend) = way.can.get(&rollbook_core::change::Verb::Suspend) else {
                continue;
            };
            assert!(!suspend.reversible && !suspend.harms.is_empty(), "{}", app.id);
            tried += 1;
        }
    }
    assert!(tried >= 3, "{tried}");
}

/// The policy under which what is for good needs two people.
const TWO_FOR_GOOD: &str = "\n[policy.approval]\nneeded_irreversible = 2\n";

#[tokio::test]
async fn where_suspending_deletes_two_agree_and_what_is_gone_is_not_looked_for_again() {
    let vendor = Profile { inactive_deletes: true, ..Profile::full() };
    let scene = Scene::with(vendor).await;
    scene.configure_with(|config| {
        let config = config.replace("name = \"wiki\"\n", "name = \"wiki\"\napp = \"pagerduty\"\n");
        format!("{config}{TWO_FOR_GOOD}")
    });
    let engine = scene.synced().await;
    let ana = person(&engine, "Ana Alder");
    let offboard = engine.plan_offboard(&ana, None, "robin").unwrap();
    let wiki = offboard.plan.changes().iter().find(|change| change.instance.as_str() == "wiki");
    let wiki = wiki.expect("she has an account there");
    assert_eq!((wiki.stage, wiki.reversible), (Stage::Remove, false));
    assert!(explain::change(wiki).ends_with("This app deletes an account that is suspended."));
    let id = approve(&engine, &offboard);
    let refused = engine.apply(&id, "robin", &Quiet).await.expect_err("one approval is not enough");
    assert!(refused.to_string().contains("approve"), "{refused}");
    assert_eq!(scene.effects(), Vec::<String>::new());
    engine.approve(&id, offboard.plan.digest(), "kim", "").unwrap();
    let report = engine.apply(&id, "robin", &Quiet).await.unwrap();
    assert!(stands(&report).contains("in wiki: confirmed"), "{}", stands(&report));
    assert_eq!(scene.effects(), ["Ana: changed active, which removed it"]);
    let state = account(&engine, "Ana").map(|account| account.state);
    assert!(state.is_none_or(|state| state == State::Gone), "{state:?}");
}

#[tokio::test]
async fn where_suspending_wipes_it_comes_last_and_two_agree() {
    let scene = Trapped::with_own(include_str!("traps/fieldphones.toml"), "").await;
    scene.decree(TWO_FOR_GOOD);
    scene.vendor.let_own(&scene.keys[0]);
    let engine = scene.synced().await;
    let offboard = engine.plan_offboard(&scene.owner(&engine, 0), None, "robin").unwrap();
    let change = offboard.plan.changes().first().expect("there is an account to close");
    assert_eq!((change.stage, change.reversible), (Stage::Remove, false));
    let text = shown(&offboard);
    assert!(text.contains("wipes devices or data of a person"), "{text}");
    let id = approve(&engine, &offboard);
    let refused = engine.apply(&id, "robin", &Quiet).await.expect_err("one approval is not enough");
    assert!(refused.to_string().contains("approve"), "{refused}");
    assert_eq!(scene.effects(), Vec::<String>::new());
    engine.approve(&id, offboard.plan.digest(), "kim", "").unwrap();
    let report = engine.apply(&id, "robin", &Quiet).await.unwrap();
    assert!(report.is_confirmed(), "{}", stands(&report));
    assert_eq!(scene.effects(), ["suspended, which wiped what it owned"]);
    assert_eq!(scene.vendor.unexpected(), Vec::<String>::new());
}

#[tokio::test]
async fn an_account_that_the_list_leaves_out_once_suspended_is_not_taken_for_gone() {
    check_has("zoom", Hurt::ListLeavesOut);
    let scene = Trapped::new("zoom", "").await;
    let engine = scene.synced().await;
    let offboard = engine.plan_offboard(&scene.owner(&engine, 0), None, "robin").unwrap();
    let report = run(&engine, &offboard).await;
    assert!(report.is_confirmed(), "{}", stands(&report));
    drop(engine);
    let engine = scene.synced().await;
    let graph = engine.graph().unwrap();
    let state = graph.account(&scene.at(0)).map(|(account, _)| account.state);
    assert_eq!(state, Some(State::Suspended));
    assert_eq!(scene.vendor.unexpected(), Vec::<String>::new());
}
