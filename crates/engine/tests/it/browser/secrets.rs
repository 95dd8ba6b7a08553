//! What must not be found anywhere afterwards: passwords, tokens, one-time codes, and other people in
//! what is handed on.

use std::fs;
use std::path::{Path, PathBuf};

use rollbook_engine::channel::Channel;
use rollbook_engine::channel::browser::Exhibit;
use rollbook_engine::packing::Subject;
use rollbook_testkit::console::{Brand, Console, Setup, totp};

use super::office::{Office, TOTP, remove_ana};
use super::scene::{channel, removal};

/// How far around now a one-time code is looked for, in seconds.
const CODES_S: u64 = 300;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_is_in_any_file_and_nobody_else_is_in_the_pack() {
    let office = Office::new().await;
    remove_ana(office.dir.path()).await;
    office.judge("once");
    let engine = office.open();
    let run = engine.runs().expect("runs are read")[0].id.clone();
    let pack = office.dir.path().join("pack");
    engine.pack(&Subject::Run(run), &pack, "robin").expect("the pack is written");
    drop(engine);
    let pictures = files(&pack).into_iter().filter(|it| it.extension().is_some_and(|e| e == "png"));
    assert!(pictures.count() >= 2, "there are pictures to look into");

    let robot = office.console.robot();
    let sessions = office.console.sessions_made();
    assert!(!sessions.is_empty());
    let mut secrets = vec![robot.password, TOTP.to_owned()];
    secrets.extend(sessions);
    for file in files(office.dir.path()) {
        let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if ["password", "totp"].contains(&name) {
            continue;
        }
        let bytes = fs::read(&file).expect("it is there");
        for secret in &secrets {
            assert!(!holds(&bytes, secret), "{} holds {secret}", file.display());
        }
        let text = String::from_utf8_lossy(&bytes);
        let words = text.split(|c: char| !c.is_ascii_alphanumeric());
        let codes = codes();
        let code =
            words.filter(|word| word.len() == 6).find(|word| codes.iter().any(|it| it == word));
        assert_eq!(code, None, "{} holds a one-time code", file.display());
        if file.starts_with(&pack) {
            for other in ["bystander", "Bystander", "anabel@", "Anabel"] {
                assert!(!holds(&bytes, other), "{} tells of {other}", file.display());
            }
        }
    }
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
