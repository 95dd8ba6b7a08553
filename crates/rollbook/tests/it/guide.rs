//! The catalog as people see it.

use std::process::Command;

use crate::bench::Bench;

#[test]
fn the_matrix_can_be_narrowed_to_what_can_be_done() {
    let bench = Bench::empty();
    insta::assert_snapshot!(bench.run(&["apps", "--can", "suspend", "design"]).all());
    let all = bench.run(&["apps", "--json"]);
    assert!(all.out.lines().count() >= 134, "{}", all.out);
    for line in all.out.lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect("each line is JSON");
        assert!(line["app"].is_string() && line["can"].is_array(), "{line}");
    }
}

#[test]
fn a_guide_needs_no_workspace_and_a_misspelt_app_is_answered_with_what_was_meant() {
    let bench = Bench::empty();
    let guide = bench.run(&["guide", "mindtickle"]);
    assert_eq!(guide.code, 0);
    assert!(guide.out.contains("## Traps"), "{}", guide.out);
    insta::assert_snapshot!(bench.run(&["guide", "mindtickles"]).all());
    insta::assert_snapshot!(bench.run(&["guide", "zzz"]).all());
}

#[test]
fn the_pages_of_all_apps_are_written_into_a_folder() {
    let bench = Bench::empty();
    let folder = bench.path().join("guides");
    let said = bench.run(&["guide", "--html", folder.to_str().expect("it is text")]);
    assert_eq!(said.code, 0, "{}", said.all());
    let pages = std::fs::read_dir(&folder).expect("it was made").count();
    assert!(pages >= 135, "{pages}");
}

#[test]
fn an_app_file_in_the_workspace_is_an_app_like_any_other_and_a_wrong_one_is_named() {
    let bench = Bench::empty();
    let book = bench.path().join("book");
    let at = book.to_str().expect("it is text");
    assert_eq!(bench.run(&["init", at, "--name", "Ada's"]).code, 0);
    let folder = book.join("apps");
    std::fs::create_dir(&folder).expect("it is new");
    let text = "[app]\nid = \"pigeons\"\nname = \"Pigeons\"\ncategory = \"messages\"\nwebsite = \"\"\n\
        checked_on = \"2026-11-01\"\n[[trap]]\ntext = \"They come back.\"\n";
    let file = folder.join("pigeons.toml");
    std::fs::write(&file, text).expect("the folder can be written");
    std::fs::write(folder.join("notes.txt"), "no app file").expect("the folder can be written");
    insta::assert_snapshot!(bench.run(&["apps", "pigeon", "--workspace", at]).all());
    let guide = bench.run(&["guide", "pigeons", "--workspace", at]);
    assert!(guide.out.contains("They come back."), "{}", guide.all());
    assert_ne!(bench.run(&["guide", "pigeons"]).code, 0, "elsewhere nobody knows them");
    std::fs::write(&file, text.replace("[[trap]]", "[[trip]]")).expect("it can be written");
    for command in ["apps", "accounts"] {
        let said = bench.run(&[command, "--workspace", at]).all();
        assert!(said.contains("pigeons.toml:7: unknown field `trip`"), "{said}");
    }
}

/// Each page in Chromium, as wide as a phone: none is wider than that, none complains in the console.
#[test]
fn every_page_fits_a_phone_and_complains_of_nothing() {
    let is_there = Command::new("chromium").arg("--version").output().is_ok();
    let is_needed = std::env::var_os("ROLLBOOK_TESTERS").is_some();
    assert!(is_there || !is_needed, "`make test` needs chromium to look at the pages.");
    if !is_there {
        return;
    }
    let bench = Bench::empty();
    let folder = bench.path().join("guides");
    let said = bench.run(&["guide", "--html", folder.to_str().expect("it is text")]);
    assert_eq!(said.code, 0, "{}", said.all());
    let names = std::fs::read_dir(&folder).expect("it was made");
    let names = names.map(|entry| entry.expect("a file").file_name().into_string());
    let mut names = names.collect::<Result<Vec<_>, _>>().expect("names are text");
    names.sort();
    let pages = serde_json::to_string(&names).expect("names are JSON");
    let all = include_str!("guide_pages.html")
        .replace("<script>", &format!("<script>\n  const PAGES = {pages};"));
    let all_of_them = folder.join("all-of-them.html");
    std::fs::write(&all_of_them, all).expect("the folder can be written");
    let seen = Command::new("chromium")
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"])
        .args(["--allow-file-access-from-files", "--virtual-time-budget=600000"])
        .args(["--enable-logging=stderr", "--no-first-run", "--dump-dom"])
        .arg(format!("--user-data-dir={}", bench.path().join("browser").display()))
        .arg(format!("file://{}", all_of_them.display()))
        .output()
        .expect("Chromium starts");
    let dom = String::from_utf8_lossy(&seen.stdout);
    let told = String::from_utf8_lossy(&seen.stderr);
    let expected = format!("seen {}; wide: .", names.len());
    assert!(names.len() >= 135 && dom.contains(&expected), "{dom}{told}");
    let complaints: Vec<&str> = told.lines().filter(|line| line.contains("CONSOLE")).collect();
    assert_eq!(complaints, [""; 0]);
}

#[test]
fn the_guide_of_an_instance_says_whether_it_was_probed_and_belongs_to_its_own_app() {
    let bench = Bench::small_company();
    let guide = bench.run(&["guide", "--instance", "wiki"]);
    assert_eq!(guide.code, 0, "{}", guide.all());
    let told = "No probe of the instance wiki has found out anything yet";
    assert!(guide.out.contains(told), "{}", guide.out);
    let other = bench.run(&["guide", "mindtickle", "--instance", "wiki"]);
    assert_eq!(other.code, 2, "{}", other.all());
    assert!(other.err.contains("`rollbook guide generic-file --instance wiki`"), "{}", other.err);
    assert_eq!(bench.run(&["guide", "--instance", "nowhere"]).code, 2);
}
