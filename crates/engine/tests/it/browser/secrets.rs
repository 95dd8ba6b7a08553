//! What must not be found anywhere afterwards: passwords, tokens, one-time codes, and other people in
//! what is handed on.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rollbook_engine::channel::Channel;
use rollbook_engine::channel::browser::Exhibit;
use rollbook_engine::packing::Subject;
use rollbook_testkit::console::{Brand, Console, Setup, totp};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::office::{Office, TOTP, remove_ana};
use super::scene::{channel, removal};

/// How far around now a one-time code is looked for, in seconds.
const CODES_S: u64 = 300;

/// Where the workspace of the child lies.
const WORKSPACE: &str = "ROLLBOOK_TEST_WORKSPACE";

/// What the child does: all of the job, with everything written to its error output that can be.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child() {
    let Ok(dir) = std::env::var(WORKSPACE) else { return };
    tracing::subscriber::set_global_default(Everything).expect("nobody else listens");
    tracing::trace!("{BEGUN}");
    remove_ana(Path::new(&dir)).await;
}

/// Writes all that is traced, of whatever level and by whatever crate.
struct Everything;

impl Subscriber for Everything {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut said = Said(span.metadata().name().to_owned());
        span.record(&mut said);
        eprintln!("{}", said.0);
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        let mut said = Said(String::new());
        values.record(&mut said);
        eprintln!("{}", said.0);
    }

    fn event(&self, event: &Event<'_>) {
        let mut said = Said(event.metadata().target().to_owned());
        event.record(&mut said);
        eprintln!("{}", said.0);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// A line of it.
struct Said(String);

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0 += &format!(" {field}={value:?}");
    }
}

/// What shows that the child's log is there at all.
const BEGUN: &str = "everything is told from here on";

/// Does the job in another process and keeps what this process, its driver and its browser say, in
/// files of `logs`; what they leave behind where temporary files are, in `temp`.
fn work_in_a_child(office: &Office, logs: &Path, temp: &Path) {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let real = std::env::split_paths(&path).map(|dir| dir.join("chromedriver"));
    let real = real.into_iter().find(|file| file.is_file()).expect("chromedriver is installed");
    // The same process as without it, so that whoever ends the driver ends it too.
    let listening = format!(
        "#!/bin/bash\nexec {} \"$@\" > >(tee -a {}) 2>>{}\n",
        real.display(),
        logs.join("driver.out").display(),
        logs.join("driver.err").display(),
    );
    let bin = office.dir.path().join("bin");
    fs::create_dir(&bin).expect("a folder");
    let driver = bin.join("chromedriver");
    fs::write(&driver, listening).expect("the driver is written");
    fs::set_permissions(&driver, fs::Permissions::from_mode(0o755)).expect("it can be run");
    let first = std::env::join_paths([bin].into_iter().chain(std::env::split_paths(&path)));
    let output = |name: &str| fs::File::create(logs.join(name)).expect("a file");
    let child = Command::new(std::env::current_exe().expect("this binary has a path"))
        .args(["--exact", "browser::secrets::child", "--nocapture", "--test-threads", "1"])
        .env(WORKSPACE, office.dir.path())
        .env("PATH", first.expect("they can be joined"))
        .env("TMPDIR", temp)
        .stdout(output("child.out"))
        .stderr(output("child.err"))
        .status();
    assert!(child.expect("the child starts").success());
}

/// Waits until nothing of the browser is left.
async fn wait_until_empty(folder: &Path) {
    let until = Instant::now() + Duration::from_secs(20);
    while fs::read_dir(folder).expect("it is there").next().is_some() {
        assert!(Instant::now() < until, "{:?} stayed behind", files(folder));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_is_in_any_file_or_log_and_nobody_else_is_in_the_pack_or_a_log() {
    let office = Office::new().await;
    let told = tempfile::tempdir().expect("a folder");
    let (logs, temp) = (told.path().join("logs"), told.path().join("temp"));
    fs::create_dir(&logs).and_then(|()| fs::create_dir(&temp)).expect("folders");
    work_in_a_child(&office, &logs, &temp);
    wait_until_empty(&temp).await;
    office.judge("once");
    let engine = office.open();
    let run = engine.runs().expect("runs are read")[0].id.clone();
    let pack = office.dir.path().join("pack");
    engine.pack(&Subject::Run(run), &pack, "robin").expect("the pack is written");
    drop(engine);
    let pictures = files(&pack).into_iter().filter(|it| it.extension().is_some_and(|e| e == "png"));
    assert!(pictures.count() >= 2, "there are pictures to look into");
    let log = fs::read(logs.join("child.err")).expect("it is there");
    assert!(holds(&log, BEGUN), "the child tells everything");
    let driver = fs::read(logs.join("driver.out")).expect("it is there");
    assert!(holds(&driver, "started successfully"), "and so does the driver");

    let robot = office.console.robot();
    let sessions = office.console.sessions_made();
    assert!(!sessions.is_empty());
    let mut secrets = vec![robot.password, TOTP.to_owned()];
    secrets.extend(sessions);
    let spelled: Vec<String> =
        secrets.iter().map(|secret| BASE64_STANDARD.encode(secret)).collect();
    secrets.extend(spelled);
    for file in files(office.dir.path()).into_iter().chain(files(&logs)) {
        let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if ["password", "totp"].contains(&name) {
            continue;
        }
        let bytes = fs::read(&file).expect("it is there");
        for secret in &secrets {
            assert!(!holds(&bytes, secret), "{} holds {secret}", file.display());
        }
        assert_eq!(code_in(&bytes), None, "{} holds a one-time code", file.display());
        // The book must know who has an account; what is handed on must not.
        if file.starts_with(&pack) || file.starts_with(&logs) {
            for other in ["bystander", "Bystander", "anabel@", "Anabel"] {
                assert!(!holds(&bytes, other), "{} tells of {other}", file.display());
            }
        }
    }
}

/// A one-time code that the robot may have typed and that stands in `bytes`.
fn code_in(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    let codes = codes();
    let mut words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| word.len() == 6);
    words.find(|word| codes.iter().any(|it| it == word)).map(str::to_owned)
}

/// Other people are covered on pictures: whoever they are, the pictures are the same to the byte.
#[tokio::test]
async fn pictures_do_not_depend_on_who_else_is_in_the_list() {
    for brand in [Brand::Stitch, Brand::Stonly] {
        let mut taken = [Vec::new(), Vec::new()];
        // Edges are not always drawn alike to the last bit. A name that shows is never gone.
        for _ in 0..ROUNDS {
            taken[0].push(pictures(brand, ["Bea Beech", "Cid Cedar"]).await);
            taken[1].push(pictures(brand, ["Cid Cedar", "Bea Beech"]).await);
            if shown_apart(&taken).is_none() {
                break;
            }
        }
        let apart = shown_apart(&taken);
        assert!(apart.is_none(), "{brand:?}: {apart:?} shows who else is there");
    }
}

/// How often pictures are taken before they count as different.
const ROUNDS: usize = 4;

/// What is seen while Ana is removed, who stands between these two.
async fn pictures(brand: Brand, others: [&str; 2]) -> Vec<Exhibit> {
    let setup = Setup { late_ms: 0, ..Setup::default() };
    let console = Console::start_with(brand, setup).await.expect("a free port");
    let [first, second] = others.map(|name| {
        let email = format!("{}@example.com", name.split(' ').next().unwrap_or_default());
        (name, email.to_lowercase())
    });
    let role = brand.roles()[0];
    console.seed(first.0, &first.1, role);
    let ana = console.seed("Ana Alder", "ana@example.com", role);
    console.seed(second.0, &second.1, role);
    let channel = channel(&console);
    let member = console.member(ana).expect("she was seeded");
    channel.apply(&removal(&console, &member)).await;
    let report = channel.report().await;
    assert!(report.exhibits.len() >= 2, "{brand:?}: {report:?}");
    report.exhibits
}

/// What the first picture shows that never was the same with the one order as with the other.
fn shown_apart([one, other]: &[Vec<Vec<Exhibit>>; 2]) -> Option<String> {
    let count = one.iter().chain(other).map(Vec::len).max().unwrap_or_default();
    let alike = |nth: usize| {
        let of = |rounds: &[Vec<Exhibit>]| -> Vec<Vec<u8>> {
            rounds.iter().filter_map(|round| round.get(nth)).map(|it| it.bytes.clone()).collect()
        };
        let other = of(other);
        of(one).iter().any(|bytes| other.contains(bytes))
    };
    let apart = (0..count).find(|nth| !alike(*nth))?;
    one.first()?.get(apart).map(|it| it.shows.clone())
}

/// Every code that the robot may have typed.
fn codes() -> Vec<String> {
    let now_s = std::time::SystemTime::UNIX_EPOCH.elapsed().expect("it is after 1970").as_secs();
    let moments = (now_s - CODES_S..=now_s).step_by(30);
    moments.map(|at_s| totp::code(TOTP, at_s).expect("it is base 32")).collect()
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("it is there") {
            let path = entry.expect("it is read").path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found
}
