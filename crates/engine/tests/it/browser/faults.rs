//! Everything that can go wrong between a browser and a console: refused, said to be uncertain and
//! then looked at, or left to a person; never the wrong one, never done when it is not.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use rollbook_catalog::browser::{Act, Browser, Element, Purpose};
use rollbook_core::snapshot::Coverage;
use rollbook_core::step::{Outcome, Seen};
use rollbook_engine::channel::Channel;
use rollbook_engine::channel::browser::BrowserChannel;
use rollbook_testkit::console::{Brand, Console, Design, Robot};
use rollbook_testkit::{Fault, Twist};
use serde_json::json;

use super::scene::{Before, channel, console, recipe, removal, settings};

/// What must come of a removal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ends {
    /// It is done, whatever went wrong on the way.
    Done,
    /// Nothing was done, and that is said.
    Kept,
    /// Both are right, as long as what is said is true.
    Either,
}

#[tokio::test]
async fn whatever_goes_wrong_in_uxpin_is_told_as_it_is() {
    everything_goes_wrong(Brand::Uxpin).await;
}

#[tokio::test]
async fn whatever_goes_wrong_in_mosaic_is_told_as_it_is() {
    everything_goes_wrong(Brand::Mosaic).await;
}

#[tokio::test]
async fn whatever_goes_wrong_in_stitch_is_told_as_it_is() {
    everything_goes_wrong(Brand::Stitch).await;
}

#[tokio::test]
async fn whatever_goes_wrong_in_stonly_is_told_as_it_is() {
    everything_goes_wrong(Brand::Stonly).await;
}

async fn everything_goes_wrong(brand: Brand) {
    let console = team(brand).await;
    let channel = channel(&console);
    let mut table = Vec::new();
    for (name, fault, ends) in faults(brand) {
        fill(&console);
        let target = console.members()[6].clone();
        let change = removal(&console, &target);
        console.fault(fault);
        let before = Before::of(&console);
        let outcome = channel.apply(&change).await;
        let unfired = console.unfired();
        console.clear_faults();
        console.redesign(Design::Old);
        let seen = channel.look(&change).await;
        let when = format!("{brand:?}, {name}");
        before.judge(&console, target.id, &outcome, &seen, &when);
        assert_eq!(unfired, [""; 0], "{when}: {outcome:?}");
        let is_done = matches!(outcome, Outcome::Done { .. });
        let is_kept = matches!(outcome, Outcome::Refused { .. } | Outcome::Failed { .. });
        match ends {
            Ends::Done => assert!(is_done, "{when}: {outcome:?}"),
            Ends::Kept => assert!(is_kept, "{when}: {outcome:?}"),
            Ends::Either => {}
        }
        let settled = !matches!(seen, Seen::Unobservable { .. });
        assert!(settled, "{when}: once all is well again it is seen what came of it: {seen:?}");
        let kind = format!("{outcome:?}");
        table.push(format!("{name}: {}", kind.split(' ').next().unwrap_or_default()));
    }
    eprintln!("{brand:?}\n  {}", table.join("\n  "));
}

/// What goes wrong once during a removal.
fn faults(brand: Brand) -> Vec<(&'static str, Fault, Ends)> {
    let list = |twist| Fault::on("GET", "/members", twist).times(1);
    let ask = |twist| Fault::on("GET", "/members/ask", twist).times(1);
    let act = |twist| Fault::on("POST", "/members/act", twist).times(1);
    let says = "Delete the whole team?".to_owned();
    let oops = || Twist::Status { status: 500, retry_after: None, body: None };
    let mut all = vec![
        ("a count that is wrong once", list(Twist::TotalResults { is: json!(99) }), Ends::Done),
        ("a list that ends early once", list(Twist::EarlyEnd), Ends::Done),
        ("a list that comes late", list(Twist::Delay { ms: 900 }), Ends::Done),
        ("a row that moves after the first page", list(Twist::RowsMove), Ends::Done),
        ("a row that moves before the press", list(Twist::RowsMove).skip(3), Ends::Either),
        ("a session that ends in the list", list(Twist::SignedOut).skip(1), Ends::Done),
        ("a session that ends before the dialog", ask(Twist::SignedOut), Ends::Either),
        ("a session that ends in the act", act(Twist::SignedOut), Ends::Either),
        ("a dialog that takes others along", ask(Twist::DialogTakesMore { others: 2 }), Ends::Kept),
        (
            "a dialog that asks for something else",
            ask(Twist::DialogSays { text: says }),
            Ends::Kept,
        ),
        ("a dialog that never comes", ask(Twist::NoDialog), Ends::Either),
        ("an error in place of the dialog", ask(oops()), Ends::Either),
        ("an error in place of the list", list(oops()), Ends::Either),
        ("an error in place of the act", act(oops()), Ends::Either),
        ("an answer that is lost after the act", act(Twist::ResetAfter), Ends::Either),
        ("a connection that breaks before the act", act(Twist::ResetBefore), Ends::Either),
        ("an error that was none", act(Twist::DoneButStatus { status: 500 }), Ends::Either),
        ("an act that is only said", act(Twist::Ignored), Ends::Either),
        ("an act that takes long", act(Twist::Delay { ms: 900 }), Ends::Done),
        ("a new design in the middle", list(Twist::Redesigned).skip(2), Ends::Either),
    ];
    if brand != Brand::Stitch {
        let text = "Your trial ends soon".to_owned();
        let turn = Fault::on("GET", "/members", Twist::RowsTurn);
        all.push(("rows that turn under the pointer", turn, Ends::Either));
        all.push(("a pop-up that nobody expects", list(Twist::PopUp { text }), Ends::Either));
    }
    all
}

/// Eleven members on three pages.
async fn team(brand: Brand) -> Console {
    let console = console(brand).await;
    fill(&console);
    console
}

fn fill(console: &Console) {
    console.clear();
    for number in 1..=10 {
        let name = format!("Member {number:02}");
        console.seed(&name, &format!("m{number:02}@example.com"), console.brand().roles()[0]);
    }
}

#[tokio::test]
async fn a_wrong_password_is_typed_once() {
    for brand in Brand::ALL {
        let console = team(brand).await;
        let settings = settings(&console, recipe(brand));
        console.let_in(Robot { password: "changed-by-somebody".to_owned(), ..console.robot() });
        let channel = BrowserChannel::new(settings).expect("an address");
        let target = console.members()[3].clone();
        let error = channel.observe().await.expect_err("nobody is let in");
        let before = Before::of(&console);
        let outcome = channel.apply(&removal(&console, &target)).await;
        let seen = channel.look(&removal(&console, &target)).await;
        before.judge(&console, target.id, &outcome, &seen, "a wrong password");
        assert!(matches!(outcome, Outcome::Failed { .. }), "{outcome:?}");
        assert!(crate::said(&error).contains("did not let the browser in"), "{error:?}");
        assert_eq!(console.wrong_sign_ins(), 1, "{brand:?}: a third one locks people out");
    }
}

#[tokio::test]
async fn an_old_secret_for_codes_and_a_question_that_nobody_foresaw_wait_for_a_person() {
    for brand in Brand::ALL {
        let console = team(brand).await;
        let robot = Robot { totp: Some("GEZDGNBVGY3TQOJQ".to_owned()), ..console.robot() };
        console.let_in(robot.clone());
        let old = settings(&console, recipe(brand));
        console.let_in(Robot { totp: Some("MFRGGZDFMZTWQ2LK".to_owned()), ..robot.clone() });
        let channel = BrowserChannel::new(old.clone()).expect("an address");
        channel.observe().await.expect_err("the code is of another secret");
        channel.observe().await.expect_err("nor is it tried again");
        assert_eq!(console.wrong_sign_ins(), 1, "{brand:?}");

        console.let_in(robot);
        console.fault(Fault::on("POST", "/login", Twist::AsksMore).query("").times(1));
        let channel = BrowserChannel::new(old).expect("an address");
        let asked = channel.observe().await;
        if brand != Brand::Mosaic {
            asked.expect_err("only a person can open that link");
            assert_eq!(console.unfired(), [""; 0]);
        }
        assert_eq!(console.ledger().effects(), []);
    }
}

#[tokio::test]
async fn two_rows_with_one_address_are_nobody() {
    for brand in Brand::ALL {
        let console = team(brand).await;
        let target = console.members()[2].clone();
        console.seed("Somebody Else", &target.email.to_uppercase(), brand.roles()[0]);
        let channel = channel(&console);
        let before = Before::of(&console);
        let outcome = channel.apply(&removal(&console, &target)).await;
        let seen = channel.look(&removal(&console, &target)).await;
        before.judge(&console, target.id, &outcome, &seen, "two rows");
        assert!(
            !matches!(outcome, Outcome::Done { .. } | Outcome::Uncertain { .. }),
            "{outcome:?}"
        );
        assert!(matches!(seen, Seen::Unobservable { .. }), "{brand:?}: {seen:?}");
    }
}

#[tokio::test]
async fn a_list_that_is_never_whole_is_never_believed() {
    for twist in [Twist::TotalResults { is: json!(99) }, Twist::EarlyEnd, Twist::RepeatPage] {
        let console = team(Brand::Uxpin).await;
        console.fault(Fault::on("GET", "/members", twist.clone()));
        let channel = channel(&console);
        let read = channel.observe().await;
        let is_whole = read.as_ref().is_ok_and(|read| read.coverage == Coverage::Complete);
        assert!(!is_whole, "{twist:?}: {read:?}");
        let mut gone = console.members()[6].clone();
        gone.email = "left@example.com".to_owned();
        let seen = channel.look(&removal(&console, &gone)).await;
        assert!(matches!(seen, Seen::Unobservable { .. }), "{twist:?}: {seen:?}");
    }
}

/// Mosaic, read from the file that it exports.
fn by_download() -> Browser {
    let mut app = recipe(Brand::Mosaic);
    let members = app.steps.get_mut(&Purpose::Members).expect("it is read");
    let link = Element::try_from("link \"Export CSV\"".to_owned()).expect("it is well formed");
    members.last_mut().expect("it has steps").act = Act::Download(link);
    app
}

#[tokio::test]
async fn a_file_is_read_when_it_comes_and_nothing_is_concluded_when_it_does_not() {
    let console = team(Brand::Mosaic).await;
    let new = || BrowserChannel::new(settings(&console, by_download())).expect("an address");
    let read = new().observe().await.expect("the file comes");
    assert_eq!((read.coverage, read.accounts.len()), (Coverage::Complete, 11));
    console.fault(Fault::on("GET", "/members.csv", Twist::NoDownload));
    let channel = new();
    let read = channel.observe().await;
    assert!(read.is_err(), "{read:?}");
    let mut gone = console.members()[6].clone();
    gone.email = "left@example.com".to_owned();
    let seen = channel.look(&removal(&console, &gone)).await;
    assert!(matches!(seen, Seen::Unobservable { .. }), "{seen:?}");
    assert_eq!(console.unfired(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_that_is_killed_in_the_middle_leaves_no_doubt_behind() {
    for path in ["/members", "/members/ask", "/members/act"] {
        let console = team(Brand::Uxpin).await;
        let method = if path == "/members/act" { "POST" } else { "GET" };
        console.fault(Fault::on(method, path, Twist::Delay { ms: 1_500 }).times(1));
        let target = console.members()[6].clone();
        let change = removal(&console, &target);
        let channel = channel(&console);
        let before = Before::of(&console);
        let apply = channel.apply(&change);
        let (outcome, ()) = tokio::join!(apply, kill_browsers_after(&console, path));
        let seen = channel.look(&change).await;
        before.judge(&console, target.id, &outcome, &seen, &format!("killed at {path}"));
        assert!(
            !matches!(seen, Seen::Unobservable { .. }),
            "{path}: a new browser looks: {seen:?}"
        );
    }
}

/// Kills all browsers of this process as soon as the console was asked for `path`.
async fn kill_browsers_after(console: &Console, path: &str) {
    let until = Instant::now() + Duration::from_secs(30);
    let was_asked = || {
        let asked = console.asked();
        asked.iter().any(|it| it.target.split('?').next() == Some(path))
    };
    while !was_asked() {
        assert!(Instant::now() < until, "nobody asked for {path}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let browsers = browsers();
    assert!(!browsers.is_empty(), "there is a browser to kill");
    let mut kill = std::process::Command::new("kill");
    let killed = kill.arg("-KILL").args(browsers).status();
    assert!(killed.is_ok_and(|status| status.success()));
}

/// The main processes of the browsers that this process started, by their ids.
fn browsers() -> Vec<String> {
    let own = std::process::id().to_string();
    let mut family = vec![own];
    let mut found = Vec::new();
    while let Some(parent) = family.pop() {
        let children = fs::read_dir("/proc").into_iter().flatten().flatten();
        for (child, line) in children.filter_map(|entry| child_of(&parent, &entry.path())) {
            if line.contains("--user-data-dir=") && !line.contains("--type=") {
                found.push(child.clone());
            }
            family.push(child);
        }
    }
    found
}

/// The process of a folder of /proc with its command line, if it is a child of `parent`.
fn child_of(parent: &str, folder: &Path) -> Option<(String, String)> {
    let stat = fs::read_to_string(folder.join("stat")).ok()?;
    let (_, rest) = stat.rsplit_once(") ")?;
    let is_child = rest.split(' ').nth(1) == Some(parent);
    let line = fs::read(folder.join("cmdline")).ok()?;
    let id = folder.file_name()?.to_string_lossy().into_owned();
    is_child.then(|| (id, String::from_utf8_lossy(&line).into_owned()))
}
