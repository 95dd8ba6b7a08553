//! The accounts that ten years have left in two apps.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan;
use jiff::civil::Date;
use rollbook_scim::User;
use rollbook_scim::user::Multi;
use serde_json::{Value, json};

use super::names::plain;
use super::random::Random;
use super::{DOMAIN, Person, Story};
use crate::csv_app::Row;

/// What both apps hold.
#[derive(Default)]
pub(super) struct Accounts {
    pub(super) users: Vec<Value>,
    pub(super) groups: Vec<Value>,
    pub(super) rows: Vec<Row>,
}

pub(super) fn make(random: &mut Random, today: Date, people: &mut [Person]) -> Accounts {
    let mut accounts = Accounts::default();
    let mut members: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut logins = BTreeSet::new();
    for person in people.iter_mut() {
        let must_have = matches!(person.story, Story::Leaver | Story::LivesOn | Story::TwoAccounts);
        if must_have || random.percent(88) {
            let id = format!("mt-{:04}", 1001 + accounts.users.len());
            let user = scim_user(random, today, person, &id);
            if user["active"] == json!(true) {
                members.entry(person.latest().unit.to_owned()).or_default().push(id.clone());
                // Of those who moved on, some were never taken out of the old group.
                if person.story == Story::Mover && random.percent(40) {
                    let old = person.records[0].unit.to_owned();
                    members.entry(old).or_default().push(id.clone());
                }
            }
            accounts.users.push(user);
            person.scim_ids.push(id);
        }
        if must_have || random.percent(70) {
            let row = csv_row(random, today, person, &mut logins, accounts.rows.len());
            person.csv_keys.push(row.account_id.clone());
            accounts.rows.push(row);
        }
        if person.story == Story::TwoAccounts {
            let row = csv_row(random, today, person, &mut logins, accounts.rows.len());
            person.csv_keys.push(row.account_id.clone());
            accounts.rows.push(row);
        }
    }
    accounts.groups = members.into_iter().map(|(unit, ids)| group(&unit, &ids)).collect();
    add_what_is_nobodys(&mut accounts, today);
    accounts
}

/// Whether an account is open, and whether it should not be.
fn is_open(person: &Person, today: Date) -> bool {
    person.is_here_on(today) || matches!(person.story, Story::Leaver | Story::LivesOn)
}

fn scim_user(random: &mut Random, today: Date, person: &Person, id: &str) -> Value {
    let latest = person.latest();
    let mut user = User {
        id: Some(id.to_owned()),
        user_name: Some(person.email.clone()),
        given_name: Some(person.name.called().to_owned()),
        family_name: Some(person.name.whole_family()),
        display_name: Some(person.name.shown()),
        title: Some(latest.job_title.to_owned()),
        active: Some(is_open(person, today)),
        emails: vec![Multi::new(&person.email, "work", true)],
        ..User::default()
    };
    user.enterprise.department = Some(latest.unit.to_owned());
    // Accounts from before the identity provider was connected carry no number, and contractors
    // never do.
    if person.story != Story::Contractor && random.percent(65) {
        user.enterprise.employee_number = Some(latest.number.clone());
    }
    let mut user = user.to_json();
    let day = person.records[0].start + random.days(0, 10).days();
    user["meta"] = json!({"created": format!("{day}T08:00:00Z")});
    user
}

fn csv_row(
    random: &mut Random,
    today: Date,
    person: &Person,
    logins: &mut BTreeSet<String>,
    before: usize,
) -> Row {
    let initial: String = plain(person.name.called()).chars().take(1).collect();
    let stem = format!("{initial}{}", plain(&person.name.whole_family()));
    let mut login = stem.clone();
    let mut count = 2;
    while !logins.insert(login.clone()) {
        login = format!("{stem}{count}");
        count += 1;
    }
    let latest = person.latest();
    let open = is_open(person, today);
    let last_use = latest.last_day.filter(|last| *last < today).unwrap_or(today);
    let groups = if open { latest.unit } else { "" };
    Row {
        account_id: format!("A-{:04}", before + 1),
        login,
        name: person.name.shown(),
        // The app asks for no address, and about half have one.
        email: if random.percent(55) { person.email.clone() } else { String::new() },
        state: if open { "enabled" } else { "disabled" }.to_owned(),
        title: latest.job_title.to_owned(),
        department: latest.unit.to_owned(),
        groups: groups.to_owned(),
        created: (person.records[0].start + random.days(0, 40).days()).to_string(),
        last_login: (last_use - random.days(0, 25).days()).to_string(),
    }
}

fn group(unit: &str, ids: &[String]) -> Value {
    let members: Vec<Value> = ids.iter().map(|id| json!({"value": id})).collect();
    json!({"id": format!("grp-{}", plain(unit)), "displayName": unit, "members": members})
}

/// Service and shared accounts, and one account of a person that no source knows.
fn add_what_is_nobodys(accounts: &mut Accounts, today: Date) {
    for (login, name) in [
        ("svc-hr-export", "HR export"),
        ("svc-crm-sync", "CRM sync"),
        ("training", "Training room"),
    ] {
        accounts.users.push(json!({
            "schemas": [rollbook_scim::schema::USER],
            "id": format!("mt-{:04}", 1001 + accounts.users.len()),
            "userName": format!("{login}@{DOMAIN}"),
            "displayName": name,
            "name": {"givenName": name, "familyName": "-"},
            "emails": [{"value": format!("{login}@{DOMAIN}"), "type": "work", "primary": true}],
            "active": true,
        }));
    }
    for (login, name, department) in [
        ("svc_backup", "Backup job", ""),
        ("frontdesk", "Front desk Utrecht", "Operations"),
        ("kbrandt", "Konstantin Brandt", "Sales"),
    ] {
        accounts.rows.push(Row {
            account_id: format!("A-{:04}", accounts.rows.len() + 1),
            login: login.to_owned(),
            name: name.to_owned(),
            state: "enabled".to_owned(),
            department: department.to_owned(),
            created: (today - 1400.days()).to_string(),
            last_login: (today - 3.days()).to_string(),
            ..Row::default()
        });
    }
}
