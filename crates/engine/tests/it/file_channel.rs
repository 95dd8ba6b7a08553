//! The `file` channel: exports become accounts or a reason why not, and requests are written once.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use jiff::tz::TimeZone;
use proptest::prelude::*;
use rollbook_core::account::{Account, State};
use rollbook_core::change::{Basis, Change, Expects, Op, Profile, Route, Stage};
use rollbook_core::id::{AccountKey, ChangeId};
use rollbook_core::snapshot::Coverage;
use rollbook_core::step::{Outcome, Seen};
use rollbook_engine::channel::file::{FileChannel, Request, stream};
use rollbook_engine::channel::{Channel, Observation};
use rollbook_engine::config::{Config, InstanceConfig};
use rollbook_engine::error::Result;
use tempfile::TempDir;

const HEADER: &str = "ID,Login,Mail,Status,Created,Last,Groups,Extra\n";

/// A folder with the export of one app.
struct Place {
    dir: TempDir,
    instance: InstanceConfig,
}

impl Place {
    /// An app whose export has these rows below [`HEADER`]; `more` goes below `[instance.file]`.
    fn new(rows: &str, more: &str) -> Self {
        let text = format!(
            "[workspace]\nname = \"x\"\ntime_zone = \"Europe/Amsterdam\"\nemployer_domains = \
             [\"ada.example\"]\n[[instance]]\nname = \"archive\"\nowner = \"Bo\"\n[instance.file]\n\
             path = \"archive.csv\"\noutbox = \"out\"\n{more}\n[instance.file.columns]\nkey = \
             \"ID\"\nlogin = \"Login\"\nemail = \"Mail\"\nstate = \"Status\"\ncreated = \
             \"Created\"\nlast_seen = \"Last\"\ngroups = \"Groups\"\n"
        );
        let mut config = Config::parse(&text, "rollbook.toml").expect("it is good");
        let dir = tempfile::tempdir().expect("a folder can be made");
        let place = Self { dir, instance: config.instances.remove(0) };
        place.export(&format!("{HEADER}{rows}"));
        place
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    /// The administrator exports this.
    fn export(&self, text: &str) {
        std::fs::write(self.path().join("archive.csv"), text).expect("the file can be written");
    }

    /// Makes a file look as if it had been written so long ago.
    fn age(&self, file: &str, age_s: u64) {
        let file = std::fs::File::options().write(true).open(self.path().join(file));
        let at = SystemTime::now() - Duration::from_secs(age_s);
        file.and_then(|file| file.set_modified(at)).expect("the file's date can be set");
    }

    fn channel(&self) -> FileChannel {
        let zone = TimeZone::get("Europe/Amsterdam").expect("the zone exists");
        FileChannel::new(&self.instance, self.path(), zone).expect("it is reached over files")
    }

    async fn observe(&self) -> Result<Observation> {
        self.channel().observe().await
    }

    /// The account with this key, in a view that must be whole.
    async fn account(&self, key: &str) -> Account {
        let observation = self.observe().await.expect("it can be read");
        assert_eq!(observation.coverage, Coverage::Complete);
        let find = |account: &Account| account.key.as_str() == key;
        observation.accounts.into_iter().find(find).expect("it is there")
    }

    /// Why the view is partial, with the accounts that were read all the same.
    async fn partial(&self) -> (String, Vec<Account>) {
        let observation = self.observe().await.expect("it can be read");
        match observation.coverage {
            Coverage::Partial { why } => (why, observation.accounts),
            Coverage::Complete => panic!("it was taken as whole"),
        }
    }

    async fn refused(&self) -> String {
        crate::said(&self.observe().await.expect_err("it must be refused"))
    }

    fn requests(&self) -> Vec<PathBuf> {
        let Ok(entries) = std::fs::read_dir(self.path().join("out")) else { return Vec::new() };
        entries.map(|entry| entry.expect("the folder can be read").path()).collect()
    }
}

const ANA: &str =
    "u-1,ana,ana@ada.example;ana@home.example,Active,2026-01-31T23:30:00Z,2026-11-20,a;b,x\n";
const BO: &str = "u-2,bo,,disabled,2026-02-01,never,,\n";

fn change(op: Op, key: Option<&str>, expects: Expects) -> Change {
    Change {
        id: ChangeId::derive(&[op.verb(), key.unwrap_or_default()]),
        instance: "archive".into(),
        account: key.map(AccountKey::from),
        identity: None,
        label: "Ana Pop (ana)".to_owned(),
        op,
        expects,
        route: Route { channel: "file".to_owned(), basis: Basis::Documented },
        stage: Stage::Cut,
        reversible: true,
        because: "Ana Pop has left: her last day was 2026-10-31.".to_owned(),
        heir: None,
        harms: std::collections::BTreeSet::new(),
    }
}

fn suspend_ana() -> Change {
    let expects = Expects { login: "ana".to_owned(), state: Some(State::Active) };
    change(Op::Suspend, Some("u-1"), expects)
}

fn create_eva() -> Change {
    let profile = Profile {
        login: "eva".to_owned(),
        email: "eva@ada.example".to_owned(),
        external_id: "per_1".to_owned(),
        ..Profile::default()
    };
    change(Op::Create { profile }, None, Expects::default())
}

#[tokio::test]
async fn an_export_becomes_accounts_with_everything_that_is_mapped() {
    let place = Place::new(&format!("{BO}{ANA}"), "attributes = \"rest\"");
    let observation = place.observe().await.expect("it can be read");
    assert_eq!(observation.coverage, Coverage::Complete);
    let keys: Vec<&str> = observation.accounts.iter().map(|a| a.key.as_str()).collect();
    assert_eq!(keys, ["u-1", "u-2"], "ordered by key");
    let ana = &observation.accounts[0];
    let emails: Vec<_> = ana.emails.iter().map(|e| (e.address.as_str(), e.verified)).collect();
    assert_eq!(emails, [("ana@ada.example", true), ("ana@home.example", false)]);
    assert_eq!((ana.login.as_str(), ana.state), ("ana", State::Active));
    // Half past eleven at night in UTC is the next day in Amsterdam.
    assert_eq!(ana.created, Some(jiff::civil::date(2026, 2, 1)));
    assert_eq!(ana.last_seen.map(|at| at.to_string()), Some("2026-11-19T23:00:00Z".to_owned()));
    assert_eq!(ana.attribute("Extra"), "x");
    let grants: Vec<&str> = ana.grants.iter().map(|g| g.entitlement.as_str()).collect();
    assert_eq!(grants, ["a", "b"]);
    let groups: Vec<_> =
        observation.groups.iter().map(|g| (&g.name[..], g.members.len())).collect();
    assert_eq!(groups, [("a", 1), ("b", 1)]);
    let bo = &observation.accounts[1];
    assert_eq!((bo.state, bo.last_seen), (State::Suspended, None));
}

#[tokio::test]
async fn a_word_that_is_not_known_makes_the_view_partial_and_never_inactive() {
    let place =
        Place::new(&format!("{ANA}u-3,cy,,Frozen,,,,\nu-4,di,,,,,,\nu-5,ed,,FROZEN,,,,\n"), "");
    let (why, accounts) = place.partial().await;
    assert!(accounts.iter().all(|account| account.state == State::Active));
    insta::assert_snapshot!(why, @"The column `Status` of archive.csv holds words that `state_words` does not know: nothing in 1 row, `frozen` in 2 rows. Those accounts are taken as active.");
}

#[tokio::test]
async fn words_are_told_apart_without_capitals_and_as_the_instance_says() {
    let words = "state_words = { active = [\"ja\"], suspended = [\"nein\", \"\"] }";
    let rows = "u-1,a,,JA,,,,\nu-2,b,,nein,,,,\nu-3,c,,,,,,\nu-4,d,,Invited,,,,\n";
    let place = Place::new(rows, words);
    for (key, state) in [
        ("u-1", State::Active),
        ("u-2", State::Suspended),
        ("u-3", State::Suspended),
        ("u-4", State::Invited),
    ] {
        assert_eq!(place.account(key).await.state, state, "{key}");
    }
}

#[tokio::test]
async fn a_key_that_stands_twice_makes_the_view_partial() {
    let place = Place::new(&format!("{ANA}{BO}u-1,other,,active,,,,\n"), "");
    let (why, accounts) = place.partial().await;
    assert_eq!(accounts.len(), 2);
    assert_eq!(accounts[0].login, "ana", "the first stays");
    insta::assert_snapshot!(why, @"The key `u-1` stands in lines 2 and 4, and 1 row in all repeat a key, so the column is not the app's own id or the export is broken.");
}

#[tokio::test]
async fn an_export_that_is_too_old_makes_the_view_partial() {
    let place = Place::new(ANA, "");
    place.age("archive.csv", 47 * 3600);
    assert_eq!(place.account("u-1").await.login, "ana");
    place.age("archive.csv", 49 * 3600);
    insta::assert_snapshot!(place.partial().await.0, @"The export archive.csv is 49 hours old, and after 48 hours it no longer says who has an account.");
}

#[tokio::test]
async fn an_export_that_is_wrong_in_itself_is_refused_as_a_whole() {
    let place = Place::new(&format!("{ANA}u-2,bo\n"), "");
    insta::assert_snapshot!(place.refused().await, @r"
    archive.csv, line 3: this row has 2 cells, but the header has 8.
      A cell that holds the separator must stand in quotes.
    ");
    place.export(&format!("{HEADER}{ANA} ,bo,,active,,,,\n"));
    insta::assert_snapshot!(place.refused().await, @"archive.csv, line 3, column `ID`: the key is empty, so nobody can say which account it is.");
    place.export(&format!("{HEADER}u-1,ana,,active,2026-01-31T25:00:00Z,,,\n"));
    insta::assert_snapshot!(place.refused().await, @r"
    archive.csv, line 2, column `Created`: `2026-01-31T25:00:00Z` is neither a day nor a moment.
      Write it as RFC 3339, for example 2027-03-05T09:30:00Z.
    ");
    place.export(&format!("{HEADER}u-1,ana,,active,,yesterday,,\n"));
    insta::assert_snapshot!(place.refused().await, @r#"
    archive.csv, line 2, column `Last`: `yesterday` is not a date of the form YYYY-MM-DD.
      If it is written in another way, add that to `date_formats`, for example "D/M/YYYY" or "YYYYMMDD".
    "#);
    place.export(HEADER);
    insta::assert_snapshot!(place.refused().await, @r"
    archive.csv holds a header and no row.
      Deliver the file again. Nothing was changed.
    ");
    place.export("Id,Login,Mail,Created,Last,Groups,Extra\nu-1,ana,,,,,\n");
    insta::assert_snapshot!(place.refused().await, @r"
    archive.csv has no column `Status`, which is mapped to `state` in rollbook.toml.
      Known here: `Id`, `Login`, `Mail`, `Created`, `Last`, `Groups`, `Extra`.
    ");
}

#[tokio::test]
async fn rights_in_a_table_of_their_own_are_added_with_their_dates() {
    let grants = "grants = { path = \"rights.csv\", columns = { account = \"ID\", entitlement = \
                  \"Right\", starts = \"From\", ends = \"To\", via = \"Via\" } }";
    let place = Place::new(&format!("{ANA}{BO}"), grants);
    let rights = |rows: &str| {
        let text = format!("ID,Right,From,To,Via\n{rows}");
        std::fs::write(place.path().join("rights.csv"), text).expect("the file can be written");
    };
    rights("u-1,edit,2026-01-01,2026-12-31,writer\nu-1,b,,,\nu-2,read,,9999-12-31,\n");
    let ana = place.account("u-1").await;
    let edit = ana.grants.iter().find(|g| g.entitlement == "edit").expect("it has the right");
    assert_eq!(edit.ends, Some(jiff::civil::date(2027, 1, 1)));
    assert_eq!(edit.via, "writer");
    assert_eq!(ana.grants.len(), 3, "the group `b` is not counted twice: {:?}", ana.grants);
    assert_eq!(place.account("u-2").await.grants[0].ends, None);

    rights("u-1,edit,,,\nu-9,edit,,,\n");
    insta::assert_snapshot!(place.partial().await.0, @"rights.csv, line 3, speaks of the account `u-9`, which archive.csv does not hold, so one of the two is not whole.");
    rights("u-1,edit,2026-31-12,,\n");
    insta::assert_snapshot!(place.partial().await.0, @"The rights could not be read. rights.csv, line 2, column `From`: there is no day `2026-31-12`. Correct it where it was written.");
    std::fs::remove_file(place.path().join("rights.csv")).expect("it is there");
    let (why, accounts) = place.partial().await;
    assert_eq!(accounts.len(), 2);
    insta::assert_snapshot!(why, @"The rights could not be read. rights.csv cannot be read: No such file or directory (os error 2). Put the file there, or change `path` in rollbook.toml.");

    let shared = Place::new(ANA, &grants.replace("columns", "shared = true, columns"));
    let text = "ID,Right,From,To,Via\nu-9,edit,,,\nu-1,edit,,,\n";
    std::fs::write(shared.path().join("rights.csv"), text).expect("the file can be written");
    assert_eq!(shared.account("u-1").await.grants.len(), 3);
}

#[tokio::test]
async fn a_request_is_written_once_and_says_what_to_do() {
    let place = Place::new(&format!("{ANA}{BO}"), "");
    let change = suspend_ana();
    let Outcome::Waiting { task } = place.channel().apply(&change).await else {
        panic!("somebody else must act")
    };
    insta::assert_snapshot!(task, @"The request lies in out/chg_64fee95152f152b2fedf.json. Please have Bo (administrator of archive) suspend the account u-1 (Ana Pop (ana)), and then export the accounts to archive.csv again; the next look compares.");
    let [path] = &place.requests()[..] else { panic!("there is one file") };
    let text = std::fs::read_to_string(path).expect("it can be read");
    insta::assert_snapshot!(text, @r#"
    {
      "format": "rollbook-request/1",
      "change": "chg_64fee95152f152b2fedf",
      "instance": "archive",
      "op": "suspend",
      "account": "u-1",
      "login": "ana",
      "label": "Ana Pop (ana)",
      "because": "Ana Pop has left: her last day was 2026-10-31."
    }
    "#);
    assert_eq!(
        serde_json::from_str::<Request>(&text).expect("it reads back"),
        Request::new(&change)
    );

    place.age(&format!("out/{}.json", change.id), 100);
    let written = std::fs::metadata(path).and_then(|about| about.modified()).expect("it is there");
    assert_eq!(place.channel().apply(&change).await, Outcome::Waiting { task: task.clone() });
    let after = std::fs::metadata(path).and_then(|about| about.modified()).expect("it is there");
    assert_eq!(written, after, "it was not written again");

    std::fs::create_dir(place.path().join("out/done")).expect("a folder can be made");
    let done = place.path().join(format!("out/done/{}.json", change.id));
    std::fs::rename(path, done).expect("the administrator moves it");
    assert_eq!(place.channel().apply(&change).await, Outcome::Waiting { task });
    assert!(!path.exists(), "what was carried out is not asked again");
}

#[tokio::test]
async fn a_request_that_was_refused_ends_with_the_administrators_words_and_is_not_written_again() {
    let place = Place::new(&format!("{ANA}{BO}"), "");
    let change = suspend_ana();
    assert!(matches!(place.channel().apply(&change).await, Outcome::Waiting { .. }));
    assert_eq!(place.channel().refused(&change).await, None, "nobody has said no yet");

    std::fs::create_dir(place.path().join("out/refused")).expect("a folder can be made");
    let name =
        |folder: &str, kind: &str| place.path().join(format!("{folder}{}.{kind}", change.id));
    std::fs::rename(name("out/", "json"), name("out/refused/", "json")).expect("it is moved");
    let Some(Outcome::Refused { why }) = place.channel().refused(&change).await else {
        panic!("they said no")
    };
    insta::assert_snapshot!(why, @"Bo (administrator of archive) refused to suspend the account u-1 (Ana Pop (ana)) and gave no reason. To ask again, take out/refused/chg_64fee95152f152b2fedf.json away and plan again.");
    std::fs::write(name("out/refused/", "txt"), "The account u-1 is\nana2,\tnot ana\n")
        .expect("the note can be written");
    let Some(outcome) = place.channel().refused(&change).await else { panic!("they said no") };
    let Outcome::Refused { why } = &outcome else { panic!("{outcome:?}") };
    insta::assert_snapshot!(why, @"Bo (administrator of archive) refused to suspend the account u-1 (Ana Pop (ana)) and says: The account u-1 is ana2, not ana. To ask again, take out/refused/chg_64fee95152f152b2fedf.json away and plan again.");
    assert_eq!(place.channel().apply(&change).await, outcome);
    assert!(!name("out/", "json").exists(), "what was refused is not asked again");

    place.age("archive.csv", 100);
    let seen = place.channel().look(&change).await;
    assert!(matches!(seen, Seen::Unobservable { .. }), "the export is older: {seen:?}");
    let text = std::fs::read_to_string(name("out/refused/", "json")).expect("it can be read");
    std::fs::write(name("out/refused/", "json"), text.replace("suspend", "remove"))
        .expect("it can be written");
    assert_eq!(place.channel().refused(&change).await, None, "that is not our request");
}

#[tokio::test]
async fn nothing_is_asked_where_it_is_so_already_or_no_longer_fits() {
    let place = Place::new(&format!("{ANA}{BO}"), "");
    let off = change(
        Op::Suspend,
        Some("u-2"),
        Expects { login: "bo".into(), state: Some(State::Active) },
    );
    let key = AccountKey::from("u-2");
    assert_eq!(place.channel().apply(&off).await, Outcome::AlreadyDone { account: key });
    let mut other = suspend_ana();
    other.expects.login = "anna".to_owned();
    let Outcome::Refused { why } = place.channel().apply(&other).await else { panic!("refused") };
    insta::assert_snapshot!(why, @"The login was anna and is now ana.");
    let mut gone = suspend_ana();
    (gone.account, gone.op) = (Some(AccountKey::from("u-9")), Op::Reactivate);
    let Outcome::Refused { why } = place.channel().apply(&gone).await else { panic!("refused") };
    insta::assert_snapshot!(why, @"The account ana is not there any more.");
    place.export("<html>Please sign in</html>\n");
    let Outcome::Failed { why, hint, .. } = place.channel().apply(&suspend_ana()).await else {
        panic!("certainly nothing happened")
    };
    insta::assert_snapshot!(format!("{why}\n{hint}"), @r"
    Nothing was asked, because the export could not be read. archive.csv has no column `ID`, which is mapped to `key` in rollbook.toml.
    Export the accounts to archive.csv again.
    ");
    assert!(place.requests().is_empty());
}

#[tokio::test]
async fn an_instance_without_outbox_is_asked_nothing() {
    let mut place = Place::new(ANA, "");
    if let Some(file) = &mut place.instance.file {
        file.outbox = None;
    }
    let Outcome::Failed { why, hint, retry_at } = place.channel().apply(&suspend_ana()).await
    else {
        panic!("certainly nothing happened")
    };
    assert_eq!(retry_at, None);
    insta::assert_snapshot!(format!("{why}\n{hint}"), @r"
    Nothing can be asked of archive: it has no outbox.
    Set `outbox` in `[instance.file]`.
    ");
}

#[tokio::test]
async fn an_export_that_is_not_newer_than_the_request_says_nothing() {
    let place = Place::new(ANA, "");
    let change = suspend_ana();
    assert!(matches!(place.channel().apply(&change).await, Outcome::Waiting { .. }));
    place.age("archive.csv", 100);
    let Seen::Unobservable { why, retry_at: None } = place.channel().look(&change).await else {
        panic!("the export is older than the request")
    };
    assert!(why.starts_with("The newest export archive.csv (of "), "{why}");
    assert!(why.contains(") is older than the request (of "), "{why}");

    place.age(&format!("out/{}.json", change.id), 50);
    place.export(&format!("{HEADER}{}", ANA.replace("Active", "disabled")));
    let Seen::Present { account } = place.channel().look(&change).await else {
        panic!("it is there")
    };
    assert_eq!(account.state, State::Suspended);
    place.export(&format!("{HEADER}{BO}"));
    assert_eq!(place.channel().look(&change).await, Seen::Absent);
    place.export(&format!("{HEADER}{BO}{BO}"));
    let Seen::Unobservable { why, .. } = place.channel().look(&change).await else {
        panic!("what a partial export does not hold is not absent")
    };
    insta::assert_snapshot!(why, @"The account is not in the export, but the export may not be whole. The key `u-2` stands in lines 2 and 3, and 1 row in all repeat a key, so the column is not the app's own id or the export is broken.");
}

#[tokio::test]
async fn a_created_account_is_found_by_our_id_or_its_login() {
    let place = Place::new(ANA, "");
    let change = create_eva();
    assert!(matches!(place.channel().apply(&change).await, Outcome::Waiting { .. }));
    place.age(&format!("out/{}.json", change.id), 50);
    place.export(&format!("{HEADER}{ANA}u-3,EVA,,active,,,,\n"));
    let Seen::Present { account } = place.channel().look(&change).await else {
        panic!("it is there")
    };
    assert_eq!(account.key.as_str(), "u-3");
    let text = std::fs::read_to_string(&place.requests()[0]).expect("it can be read");
    let request: Request = serde_json::from_str(&text).expect("it reads back");
    assert_eq!(
        (request.op.as_str(), request.account, request.login.as_str()),
        ("create", None, "eva")
    );
    assert_eq!(request.profile.map(|profile| profile.external_id), Some("per_1".to_owned()));
}

#[tokio::test]
async fn a_request_that_somebody_changed_is_not_taken_for_ours() {
    let place = Place::new(ANA, "");
    let change = suspend_ana();
    assert!(matches!(place.channel().apply(&change).await, Outcome::Waiting { .. }));
    let path = &place.requests()[0];
    let text = std::fs::read_to_string(path).expect("it can be read");
    std::fs::write(path, text.replace("suspend", "remove")).expect("it can be written");
    let Outcome::Failed { why, .. } = place.channel().apply(&change).await else {
        panic!("refused")
    };
    let shown = why.replace(&place.path().display().to_string(), "DIR");
    insta::assert_snapshot!(shown, @"DIR/out/chg_64fee95152f152b2fedf.json holds something else than the request for this change.");
}

#[tokio::test]
async fn a_million_rows_stream_without_being_kept() {
    let rows: String =
        (0..1_000_000).map(|n| format!("u-{n},l{n},,active,2026-01-01,,,\n")).collect();
    let place = Place::new(&rows, "");
    let file = place.instance.file.as_ref().expect("it is reached over files");
    let (mut count, mut open) = (0_u64, 0_u64);
    let export = stream(file, place.path(), &mut |row| {
        count += 1;
        open += u64::from(row.state().is_open() && row.login().starts_with('l'));
        Ok(())
    })
    .expect("it can be read");
    assert_eq!((count, open, export.facts.rows), (1_000_000, 1_000_000, 1_000_000));
    assert!(export.unknown_words.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn arbitrary_rows_never_panic(rows in "([a-z0-9,;\"\n]|active|2026-01-0[0-9]|12:00|é){0,80}") {
        let place = Place::new(&rows, "attributes = \"rest\"");
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("it starts");
        if let Ok(observation) = runtime.block_on(place.observe()) {
            let keys: Vec<_> = observation.accounts.iter().map(|a| a.key.clone()).collect();
            let mut sorted = keys.clone();
            sorted.sort();
            sorted.dedup();
            prop_assert_eq!(keys, sorted);
        }
    }
}
