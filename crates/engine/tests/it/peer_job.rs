//! The whole main job, through the engine, with other people's SCIM servers as the vendor: sync,
//! plan, approval, run, second look, for every operation there is.
//!
//! `make test` starts the servers and names them in `ROLLBOOK_PEERS`; see `peers.rs`.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use rollbook_core::account::{Account, State};
use rollbook_core::change::Op;
use rollbook_core::finding::Subject;
use rollbook_core::plan::{self, Asked, Want, Wish};
use rollbook_engine::Engine;
use rollbook_engine::clock::Clock;
use rollbook_engine::progress::Quiet;

use crate::peers::{TOKEN, alone, make_group};

#[tokio::test]
async fn the_engines_whole_job_on_other_peoples_servers() {
    for peer in std::env::var("ROLLBOOK_PEERS").unwrap_or_default().split_whitespace() {
        let (name, url) = peer.split_once('=').expect("ROLLBOOK_PEERS is `name=url` with blanks");
        let _alone = alone(url);
        let book = Book::new(name, url).await;
        let ana = book.create().await;
        let group = make_group(url, &ana).await;
        // A newcomer of this run only: what earlier runs left at the peer is not touched.
        book.act("rename", |_| Op::Update {
            set: [("displayName".to_owned(), "Ana V.".to_owned())].into(),
        })
        .await;
        assert_eq!(book.ana().display_name, "Ana V.", "{name}");
        book.act("suspend", |_| Op::Suspend).await;
        assert_eq!(book.ana().state, State::Suspended, "{name}");
        book.act("reactivate", |_| Op::Reactivate).await;
        assert_eq!(book.ana().state, State::Active, "{name}");
        book.act("revoke", |_| Op::Revoke { entitlement: group.clone() }).await;
        assert!(book.ana().grants.is_empty(), "{name}");
        book.act("grant", |_| Op::Grant { entitlement: group.clone() }).await;
        assert_eq!(book.ana().grants[0].entitlement, group, "{name}");
        book.act("remove", |_| Op::Remove).await;
        book.sync().await;
        assert!(book.account().is_none(), "{name}: it is gone from the list too");
        let chain = book.engine.verify().expect("the chain is whole");
        assert_eq!(chain.covered, chain.events, "{name}");
    }
}

struct Book {
    engine: Engine,
    name: String,
    login: String,
    _dir: tempfile::TempDir,
}

impl Book {
    async fn new(name: &str, url: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let run = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
        let login = format!("ana.{run}@acme.example");
        Engine::init(dir.path(), "Acme").unwrap();
        private(&dir.path().join("token"), TOKEN);
        let workers = format!("number,first,last,mail\nE{run},Ana,Vries,{login}\n");
        std::fs::write(dir.path().join("workers.csv"), workers).unwrap();
        let config = include_str!("peer_job.toml").replace("{url}", url);
        std::fs::write(dir.path().join("rollbook.toml"), config).unwrap();
        let engine = Engine::open(dir.path(), Clock::System).unwrap();
        let book = Self { engine, name: name.to_owned(), login, _dir: dir };
        book.sync().await;
        book
    }

    async fn sync(&self) {
        let synced = self.engine.sync(&[], &Quiet).await.unwrap();
        for read in synced.instances {
            let head = read.read.unwrap();
            assert!(head.coverage.is_complete(), "{}: {:?}", self.name, head.coverage);
        }
    }

    fn account(&self) -> Option<Account> {
        let graph = self.engine.graph().unwrap();
        graph.accounts().map(|(account, _)| account).find(|a| a.login == self.login).cloned()
    }

    fn ana(&self) -> Account {
        self.account().expect("her account is there")
    }

    /// Makes Ana's account from her worker record; returns its key.
    async fn create(&self) -> String {
        let graph = self.engine.graph().unwrap();
        let identity = graph.identities()[0].id.clone();
        let policy = &self.engine.config().policy;
        let profile = plan::profile_for(&graph, &identity, &"peer".into(), policy).unwrap();
        let wish = Wish {
            subject: Subject::Assignment { identity, instance: "peer".into() },
            want: Want::Act { op: Op::Create { profile } },
            asked: Asked::Person { name: "robin".to_owned() },
            because: "She starts.".to_owned(),
            heir: None,
        };
        self.run("create", wish).await;
        self.ana().key.to_string()
    }

    async fn act(&self, what: &str, op: impl Fn(&Account) -> Op) {
        let ana = self.ana();
        let wish = Wish::by_person("robin", ana.account_ref(), op(&ana), "Robin wants it.");
        self.run(what, wish).await;
    }

    /// Plans, approves and runs one wish, and sees it confirmed by a second look.
    async fn run(&self, what: &str, wish: Wish) {
        self.sync().await;
        let proposal = self.engine.plan_wishes(&[wish], "robin").unwrap();
        let (plan, place) = (&proposal.plan, format!("{}: {what}", self.name));
        assert_eq!(plan.changes().len(), 1, "{place}: {:?}", plan.left_alone());
        assert_eq!(proposal.stops, [], "{place}");
        self.engine.approve(&plan.id(), plan.digest(), "sam", "").unwrap();
        let report = self.engine.apply(&plan.id(), "robin", &Quiet).await.unwrap();
        assert!(report.is_confirmed(), "{place}: {:?}", report.changes);
        self.sync().await;
    }
}

fn private(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
}
