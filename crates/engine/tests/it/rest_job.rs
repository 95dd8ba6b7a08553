//! An app that only its own file describes, from the configuration to the second look.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use rollbook_core::change::Op;
use rollbook_core::plan::Wish;
use rollbook_core::step::Ending;
use rollbook_engine::clock::Clock;
use rollbook_engine::progress::Quiet;
use rollbook_engine::{Engine, Stand};
use rollbook_testkit::scripted::{Asked, Say, Scripted};
use serde_json::{Value, json};

use crate::scene::write_private;

/// Who is in the team, by key; everybody has an account until it is deleted.
#[derive(Default)]
struct Vendor {
    gone: BTreeSet<String>,
    out_of_team: BTreeSet<String>,
}

impl Vendor {
    fn user(&self, key: &str) -> Value {
        let teams = match self.out_of_team.contains(key) {
            true => json!([]),
            false => json!([{"id": "T1", "type": "team_reference"}]),
        };
        json!({"id": key, "name": key, "email": format!("{key}@example.com"), "role": "user",
               "invitation_sent": false, "teams": teams})
    }

    fn answer(&mut self, asked: &Asked) -> Say {
        let (method, target) = asked.line.split_once(' ').unwrap();
        let path = target.split('?').next().unwrap();
        let steps: Vec<_> = path.split('/').skip(1).collect();
        let there = ["ana", "bob", "cleo"].into_iter().filter(|key| !self.gone.contains(*key));
        match (method, steps.as_slice()) {
            ("GET", ["users"]) => {
                let users: Vec<_> = there.map(|key| self.user(key)).collect();
                Say::new(200, json!({"users": users, "more": false}))
            }
            ("GET", ["teams"]) => {
                Say::new(200, json!({"teams": [{"id": "T1", "name": "Ops"}], "more": false}))
            }
            ("GET", ["users", key]) if !self.gone.contains(*key) => {
                Say::new(200, json!({"user": self.user(key)}))
            }
            ("DELETE", ["users", key]) if self.gone.insert((*key).to_owned()) => {
                Say::new(204, Value::Null)
            }
            ("DELETE", ["teams", "T1", "users", key]) => {
                self.out_of_team.insert((*key).to_owned());
                Say::new(204, Value::Null)
            }
            _ => Say::new(404, json!({"error": {"message": "Not Found"}})),
        }
    }
}

#[tokio::test]
async fn an_app_is_read_changed_and_looked_at_by_its_file_alone() {
    let vendor = Arc::new(Mutex::new(Vendor::default()));
    let state = vendor.clone();
    let fake = Scripted::start(move |asked| state.lock().unwrap().answer(asked)).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let book = dir.path().join("book");
    Engine::init(&book, "Example").unwrap();
    write_private(&book.join("token"), "canary-0123456789");
    std::fs::write(
        book.join("workers.csv"),
        "number,first,last,mail,from\nE1,Ana,Alder,ana@example.com,2020-01-01\n\
         E2,Bob,Birch,bob@example.com,2020-01-01\nE3,Cleo,Cedar,cleo@example.com,2020-01-01\n",
    )
    .unwrap();
    let config = format!(
        "[workspace]\nname = \"Example\"\ntime_zone = \"UTC\"\nemployer_domains = [\"example.com\"]\n\
         [[source]]\nname = \"hr\"\npath = \"workers.csv\"\n[source.columns]\nnumber = \"number\"\n\
         given = \"first\"\nfamily = \"last\"\nwork_email = \"mail\"\nstarts = \"from\"\n\
         [[instance]]\nname = \"pager\"\napp = \"pagerduty\"\nsettles_within_s = 0\n[instance.rest]\n\
         base_url = \"{}\"\ntoken = {{ file = \"token\" }}\nallow_private = true\n\
         requests_per_second_max = 1000\nsettings = {{ from = \"admin@example.com\" }}\n",
        fake.url
    );
    std::fs::write(book.join("rollbook.toml"), config).unwrap();

    let engine = Engine::open(&book, Clock::System).unwrap();
    let read = engine.sync(&[], &Quiet).await.unwrap();
    assert_eq!(crate::scene::troubles(&read), Vec::<String>::new());
    let asked = &fake.asked()[0];
    assert_eq!(asked.headers["authorization"], "Token token=canary-0123456789");
    assert_eq!(asked.headers["accept"], "application/vnd.pagerduty+json;version=2");
    assert_eq!(asked.headers["from"], "admin@example.com");

    let account = |login: &str| {
        let graph = engine.graph().unwrap();
        let found = graph.accounts().find(|(account, _)| account.login == login);
        found.map(|(account, _)| account.clone())
    };
    let bob = account("bob@example.com").expect("he was read");
    assert_eq!(bob.grants[0].entitlement, "T1");
    let wish = |op: Op| Wish::by_person("robin", bob.account_ref(), op, "A test asks for it.");
    for op in [Op::Revoke { entitlement: "T1".into() }, Op::Remove] {
        let plan = engine.plan_wishes(&[wish(op)], "robin").unwrap().plan;
        engine.approve(&plan.id(), plan.digest(), "sam", "").unwrap();
        let report = engine.apply(&plan.id(), "robin", &Quiet).await.unwrap();
        let ended = report.changes.into_iter().map(|change| change.stand).collect::<Vec<_>>();
        assert_eq!(ended, [Stand::Ended(Ending::Confirmed { acted: true })]);
    }
    assert_eq!(fake.writes(), ["DELETE /teams/T1/users/bob", "DELETE /users/bob"]);
    engine.sync(&[], &Quiet).await.unwrap();
    assert!(account("bob@example.com").is_none(), "he is gone");
    assert!(account("ana@example.com").is_some());
}
