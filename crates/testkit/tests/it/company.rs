//! The company that is made from a seed.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use rollbook_testkit::company::{Company, Person, Story};
use serde_json::json;

const TODAY: &str = "2026-11-21";

fn companies() -> impl Iterator<Item = Company> {
    (0..40).map(|seed| Company::generate(seed, TODAY.parse().unwrap()))
}

fn by_story(company: &Company) -> BTreeMap<Story, usize> {
    let mut count = BTreeMap::new();
    company.people.iter().for_each(|it| *count.entry(it.story).or_default() += 1);
    count
}

#[test]
fn the_same_seed_is_the_same_company_and_another_is_another() {
    let day: Date = TODAY.parse().unwrap();
    let company = Company::generate(7, day);
    assert_eq!(company, Company::generate(7, day));
    assert_ne!(company.workers_csv(), Company::generate(8, day).workers_csv());
    // The demo's first rows, so that a change of the generator is seen.
    let workers = company.workers_csv();
    let head: Vec<&str> = workers.lines().take(4).collect();
    insta::assert_snapshot!(head.join("\n"), @r"
    number,kind,given_name,used_name,particle,family_name,second_surname,start,last_day,email,unit,job_title,location,manager,supplier
    10001,employment,Zoë,,,Núñez,López,2017-01-01,,zoe.nunez@haldenroos.example,Engineering,Test engineer,Porto,10006,
    10002,employment,Johanna,Hanneke,,Lefèvre,,2017-01-14,,hanneke.lefevre@haldenroos.example,Operations,Planner,Utrecht,10007,
    10003,employment,Mikkel,,,Lefèvre,,2017-01-26,,mikkel.lefevre@haldenroos.example,Product,Product owner,Hamburg,10005,
    ");
}

#[test]
fn about_120_people_with_every_kind_of_history() {
    for company in companies() {
        assert_eq!(company.people.len(), 122);
        let here = company.people.iter().filter(|it| it.is_here_on(company.today)).count();
        assert!((85..=105).contains(&here), "{here} are here");
        let stories = by_story(&company);
        assert_eq!((stories[&Story::Leaver], stories[&Story::LivesOn]), (1, 2));
        assert!(stories[&Story::Mover] >= 10 && stories[&Story::CameBack] == 3);
    }
}

#[test]
fn the_leaver_left_last_week_and_still_has_everything() {
    for company in companies() {
        let leaver = company.leaver();
        let last_day = leaver.latest().last_day.unwrap();
        let days = last_day.until(company.today).unwrap().get_days();
        assert!((1..=7).contains(&days), "{days} days ago");
        let id = &leaver.scim_ids[0];
        let user = company.scim_users().iter().find(|it| it["id"] == json!(id)).unwrap();
        assert_eq!(user["active"], true);
        let key = &leaver.csv_keys[0];
        let row = company.csv_rows().iter().find(|it| it.account_id == *key).unwrap();
        assert_eq!(row.state, "enabled");
        let in_a_group = company
            .scim_groups()
            .iter()
            .any(|group| group["members"].as_array().unwrap().contains(&json!({"value": id})));
        assert!(in_a_group);
    }
}

#[test]
fn records_of_a_person_follow_each_other_and_numbers_are_unique_but_for_movers() {
    for company in companies() {
        let mut owners = BTreeMap::new();
        for (who, person) in company.people.iter().enumerate() {
            for pair in person.records.windows(2) {
                assert!(pair[0].last_day.unwrap() < pair[1].start);
                assert_eq!(pair[0].number == pair[1].number, person.story == Story::Mover);
            }
            for record in &person.records {
                assert!(record.last_day.is_none_or(|last| record.start <= last));
                assert_eq!(*owners.entry(&record.number).or_insert(who), who);
                assert_ne!(record.manager, record.number);
            }
        }
        assert!(company.people.iter().all(|it| it.story == Story::Head || has_manager(it)));
    }
}

fn has_manager(person: &Person) -> bool {
    person.records.iter().all(|record| !record.manager.is_empty())
}

#[test]
fn open_accounts_belong_to_people_who_are_here_or_to_those_who_should_be_found() {
    for company in companies() {
        for person in &company.people {
            let found = matches!(person.story, Story::Leaver | Story::LivesOn);
            let wanted = person.is_here_on(company.today) || found;
            for id in &person.scim_ids {
                let user = company.scim_users().iter().find(|it| it["id"] == json!(id)).unwrap();
                assert_eq!(user["active"], wanted, "{}", person.name.shown());
            }
        }
        let keys: BTreeSet<&String> = company.people.iter().flat_map(|it| &it.csv_keys).collect();
        let nobodys: Vec<&str> = company
            .csv_rows()
            .iter()
            .filter(|row| !keys.contains(&row.account_id))
            .map(|row| row.login.as_str())
            .collect();
        assert_eq!(nobodys, ["svc_backup", "frontdesk", "kbrandt"]);
        let twice = company.people.iter().find(|it| it.story == Story::TwoAccounts).unwrap();
        assert_eq!(twice.csv_keys.len(), 2);
    }
}

#[test]
fn logins_and_addresses_are_unique_plain_text_also_for_namesakes() {
    for company in companies() {
        let emails: BTreeSet<&str> = company.people.iter().map(|it| it.email.as_str()).collect();
        assert_eq!(emails.len(), company.people.len());
        assert!(emails.iter().all(|it| it.is_ascii() && !it.starts_with('.')));
        let logins: BTreeSet<&str> =
            company.csv_rows().iter().map(|row| row.login.as_str()).collect();
        assert_eq!(logins.len(), company.csv_rows().len());
        let namesake = company.people.iter().find(|it| it.story == Story::Namesake).unwrap();
        let same = company.people.iter().filter(|it| it.name == namesake.name).count();
        assert_eq!(same, 2);
    }
}
