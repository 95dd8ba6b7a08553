//! Many at once: nobody is made twice, nobody is lost.

use std::collections::BTreeSet;
use std::sync::Barrier;

use serde_json::json;

use crate::served::{Answer, Served, patch, user};

/// Does `work` for each number below `many` at the same moment.
fn at_once(many: usize, work: impl Fn(usize) -> Answer + Sync) -> Vec<Answer> {
    let start = Barrier::new(many);
    std::thread::scope(|scope| {
        let (start, work) = (&start, &work);
        let threads: Vec<_> = (0..many)
            .map(|at| {
                scope.spawn(move || {
                    start.wait();
                    work(at)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("no thread panics")).collect()
    })
}

#[test]
fn fifty_at_once_make_one_user() {
    let served = Served::start();
    let answers = at_once(50, |at| {
        let name = if at % 2 == 0 { "Ana@Example.com" } else { "ana@example.COM" };
        served.ask("POST", "/Users", Some(user(name)))
    });
    let (made, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|one| one.status == 201);
    assert_eq!(made.len(), 1, "{answers:?}");
    refused.iter().for_each(|one| one.check_error(409, Some("uniqueness")));
    assert_eq!(served.ask("GET", "/Users", None).json()["totalResults"], 1);
}

#[test]
fn a_hundred_changes_at_once_all_count() {
    let served = Served::start();
    let one = format!("/Users/{}", served.user("ana"));
    let answers = at_once(100, |at| {
        let value = json!([{ "value": format!("a{at}@example.com"), "type": "other" }]);
        let change = patch(json!([{ "op": "add", "path": "emails", "value": value }]));
        served.ask("PATCH", &one, Some(change))
    });
    assert!(answers.iter().all(|one| one.status == 200), "{answers:?}");
    let emails = served.ask("GET", &one, None).json()["emails"].as_array().map_or(0, Vec::len);
    assert_eq!(emails, 100);
}

#[test]
fn of_a_hundred_changes_to_one_version_one_is_done() {
    let served = Served::start();
    let made = served.ask("POST", "/Users", Some(user("ana")));
    let version = made.header("etag").expect("a version").to_owned();
    let one = format!("/Users/{}", made.json()["id"].as_str().expect("an id"));
    let authorization = format!("Bearer {}", served.token);
    let answers = at_once(100, |at| {
        let headers = [("Authorization", authorization.as_str()), ("If-Match", version.as_str())];
        let value = format!("title {at}");
        let change = patch(json!([{ "op": "replace", "path": "title", "value": value }]));
        served.ask_with("PATCH", &one, &headers, Some(change))
    });
    let (done, stale): (Vec<_>, Vec<_>) = answers.iter().partition(|one| one.status == 200);
    assert_eq!(done.len(), 1, "{answers:?}");
    stale.iter().for_each(|one| one.check_error(412, None));
    assert_eq!(served.ask("GET", &one, None).json()["title"], done[0].json()["title"]);
}

#[test]
fn members_who_come_and_go_at_once_are_neither_lost_nor_kept() {
    let served = Served::start();
    let group = format!("/Groups/{}", served.group("Sales"));
    let users: Vec<String> = (0..40).map(|at| served.user(&format!("user-{at}"))).collect();
    let (stay, leave) = users.split_at(20);
    let first = leave.iter().map(|id| json!({ "value": id })).collect::<Vec<_>>();
    let change = patch(json!([{ "op": "add", "path": "members", "value": first }]));
    assert_eq!(served.ask("PATCH", &group, Some(change)).status, 200);
    let answers = at_once(40, |at| {
        let operation = match at % 2 {
            0 => json!({ "op": "add", "path": "members", "value": [{ "value": stay[at / 2] }] }),
            _ => {
                let path = format!("members[value eq \"{}\"]", leave[at / 2]);
                json!({ "op": "remove", "path": path })
            }
        };
        served.ask("PATCH", &group, Some(patch(json!([operation]))))
    });
    assert!(answers.iter().all(|one| one.status == 200), "{answers:?}");
    let members = served.ask("GET", &group, None).json();
    let members = members["members"].as_array().expect("members");
    let found: BTreeSet<&str> =
        members.iter().map(|one| one["value"].as_str().expect("an id")).collect();
    assert_eq!(found, stay.iter().map(String::as_str).collect());
}

#[test]
fn a_patch_is_done_as_a_whole_or_not_at_all() {
    let served = Served::start();
    let one = format!("/Users/{}", served.user("ana"));
    let before = served.ask("GET", &one, None);
    let change = patch(json!([
        { "op": "replace", "path": "active", "value": false },
        { "op": "replace", "path": "title", "value": "Lead" },
        { "op": "replace", "path": "emails[type eq \"work\"].value", "value": "x@example.com" },
    ]));
    served.ask("PATCH", &one, Some(change)).check_error(400, Some("noTarget"));
    assert_eq!(served.ask("GET", &one, None).body, before.body);
}
