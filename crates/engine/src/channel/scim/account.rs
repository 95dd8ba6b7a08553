//! From what a SCIM server sends to what the product knows: accounts and groups. Pure.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rollbook_core::account::{Account, Email, Grant, Group, State};
use rollbook_core::id::{AccountKey, InstanceName};
use rollbook_core::step::{ATTRIBUTES, Attribute, Field};
use rollbook_scim::{read, schema};
use serde_json::{Map, Value};

use super::pages::id_of;
use crate::channel::membership::add_grant;

/// What a grant came through when the vendor only says that it is indirect.
const NESTED: &str = "a nested group";

/// An account as read, and what could not be read with certainty.
#[derive(Clone, Debug, PartialEq)]
pub struct Read {
    /// The account.
    pub account: Account,
    /// A sentence, when something decisive was there and could not be understood.
    pub doubt: Option<String>,
}

/// Reads a User resource. An address counts as verified when it is the primary work address, which
/// the employer's side sets over SCIM, or lies in one of `domains`, which the employer owns.
///
/// `None` when the resource carries no id.
pub fn account(
    instance: &InstanceName,
    resource: &Map<String, Value>,
    domains: &[String],
) -> Option<Read> {
    let key = AccountKey::new(id_of(resource)?);
    let (state, doubt) = state(resource, &key);
    let none = Map::new();
    let name = object(resource, "name").unwrap_or(&none);
    let enterprise = object(resource, schema::ENTERPRISE_USER).unwrap_or(&none);
    let text = |name: &str| read::text_of(resource, name).unwrap_or_default();
    let worker = |name: &str| {
        read::text_of(enterprise, name)
            .or_else(|| read::text_of(resource, name))
            .unwrap_or_default()
    };
    let formatted = read::text_of(name, "formatted").unwrap_or_default();
    let account = Account {
        instance: instance.clone(),
        login: text("userName"),
        display_name: first_told([text("displayName"), formatted]),
        given_name: read::text_of(name, "givenName").unwrap_or_default(),
        family_name: read::text_of(name, "familyName").unwrap_or_default(),
        emails: emails(resource, domains),
        worker_number: worker("employeeNumber"),
        external_id: text("externalId"),
        state,
        type_hint: text("userType"),
        created: object(resource, "meta").and_then(|m| day(&read::text_of(m, "created")?)),
        unit: worker("department"),
        roles: read::list_of(resource, "roles").iter().filter_map(role).collect(),
        grants: grants(resource),
        attributes: attributes(resource, enterprise),
        key,
        ..Account::default()
    };
    Some(Read { account, doubt })
}

/// Reads a Group resource: its id, its name and the accounts in it, groups in it left out.
pub fn group(resource: &Map<String, Value>) -> Option<Group> {
    let key = id_of(resource)?;
    let members = read::list_of(resource, "members").iter().filter(|m| !is_group(m));
    let mut members: Vec<_> = members.filter_map(item_text).map(AccountKey::new).collect();
    members.sort_unstable();
    members.dedup();
    let name = read::text_of(resource, "displayName").unwrap_or_else(|| key.clone());
    Some(Group { key, name, members })
}

/// Whether so many members look like a vendor's limit rather than like a number of people: a full
/// hundred, or a half one above it.
pub fn looks_cut(members: usize) -> bool {
    members >= 100 && members.is_multiple_of(50)
}

/// Missing means active (RFC 7643 leaves the default to the server, and an account must be feared
/// open); so does what cannot be understood, and then the snapshot says so.
fn state(resource: &Map<String, Value>, key: &AccountKey) -> (State, Option<String>) {
    match read::get(resource, "active").map(|v| (v, read::boolean(v))) {
        None | Some((_, Some(true))) => (State::Active, None),
        Some((_, Some(false))) => (State::Suspended, None),
        Some((value, None)) => {
            let doubt = format!(
                "The account {key} says `active` in a way that is not understood ({value}); it is \
                 taken for active."
            );
            (State::Active, Some(doubt))
        }
    }
}

fn emails(resource: &Map<String, Value>, domains: &[String]) -> Vec<Email> {
    let owned = |address: &str| {
        address
            .rsplit_once('@')
            .is_some_and(|(_, at)| domains.iter().any(|domain| domain.eq_ignore_ascii_case(at)))
    };
    let mut items: Vec<_> = read::list_of(resource, "emails")
        .iter()
        .filter_map(|item| {
            let of = item.as_object();
            let primary = of.and_then(|o| read::boolean_of(o, "primary")).unwrap_or(false);
            let kind = of.and_then(|o| read::text_of(o, "type")).unwrap_or_default();
            Some((primary, kind.eq_ignore_ascii_case("work"), item_text(item)?))
        })
        .collect();
    items.sort_by_key(|(primary, ..)| !primary);
    let email = |(primary, work, address): (bool, bool, String)| Email {
        verified: (primary && work) || owned(&address),
        address,
    };
    items.into_iter().map(email).collect()
}

fn grants(resource: &Map<String, Value>) -> Vec<Grant> {
    let mut grants = Vec::new();
    for item in read::list_of(resource, "groups") {
        let kind = item.as_object().and_then(|o| read::text_of(o, "type")).unwrap_or_default();
        let via = if kind.eq_ignore_ascii_case("indirect") { NESTED } else { "" };
        if let Some(group) = item_text(item) {
            add_grant(&mut grants, &group, via);
        }
    }
    for entitlement in read::list_of(resource, "entitlements").iter().filter_map(item_text) {
        add_grant(&mut grants, &entitlement, "");
    }
    grants
}

/// A role is text, an object, or (sent so by one IdP) an object as JSON inside text.
fn role(item: &Value) -> Option<String> {
    let text = item_text(item)
        .or_else(|| read::text_of(item.as_object()?, "display").filter(|t| !t.is_empty()))?;
    let inside = text.starts_with('{').then(|| rollbook_scim::json::read(text.as_bytes()).ok());
    let inside = inside.flatten().and_then(|v| {
        let object = v.as_object()?;
        ["value", "displayName", "id"].iter().find_map(|name| read::text_of(object, name))
    });
    Some(inside.unwrap_or(text))
}

/// The text of an attribute. Vendors without the extension put its attributes into the user itself.
fn worker_text(
    resource: &Map<String, Value>,
    enterprise: &Map<String, Value>,
    row: &Attribute,
) -> Option<String> {
    let extended = row.is_enterprise.then(|| read::text_of(enterprise, row.name)).flatten();
    extended.or_else(|| read::text_of(resource, row.name))
}

/// Copies of worker attributes, under the names that worker records use.
fn attributes(
    resource: &Map<String, Value>,
    enterprise: &Map<String, Value>,
) -> BTreeMap<String, String> {
    let manager = read::get(enterprise, "manager").or_else(|| read::get(resource, "manager"));
    let manager_key = manager.and_then(item_text);
    let manager_shown = manager
        .and_then(|manager| read::text_of(manager.as_object()?, "displayName"))
        .or_else(|| manager_key.clone());
    let locality = read::list_of(resource, "addresses")
        .iter()
        .find_map(|a| read::text_of(a.as_object()?, "locality"));
    let named = ATTRIBUTES.iter().filter_map(|row| match row.field {
        Field::Named(name) if row.path == row.name => {
            Some((name, worker_text(resource, enterprise, row)))
        }
        _ => None,
    });
    let found = [("location", locality), ("manager", manager_shown), ("manager_key", manager_key)];
    let told = named.chain(found).filter_map(|(name, text)| Some((name.to_owned(), text?)));
    told.filter(|(_, text)| !text.trim().is_empty()).collect()
}

fn object<'a>(resource: &'a Map<String, Value>, name: &str) -> Option<&'a Map<String, Value>> {
    read::get(resource, name)?.as_object()
}

/// What an item of a list stands for: itself when it is text, else its `value`.
fn item_text(item: &Value) -> Option<String> {
    let of_object = || read::text_of(item.as_object()?, "value");
    read::text(item).or_else(of_object).filter(|text| !text.trim().is_empty())
}

fn is_group(member: &Value) -> bool {
    let of = |name| member.as_object().and_then(|o| read::text_of(o, name)).unwrap_or_default();
    of("type").eq_ignore_ascii_case("Group") || of("$ref").contains("/Groups/")
}

fn first_told(texts: [String; 2]) -> String {
    texts.into_iter().find(|text| !text.trim().is_empty()).unwrap_or_default()
}

/// The day of a date-time, in whatever zone the vendor writes.
fn day(text: &str) -> Option<Date> {
    text.get(..10)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::channel::membership::add_members;

    fn check(resource: Value) -> Read {
        let domains = ["acme.example".to_owned()];
        account(&"slack".into(), resource.as_object().unwrap(), &domains).unwrap()
    }

    #[test]
    fn a_whole_user_of_the_rfc() {
        let Read { account, doubt } = check(json!({
            "schemas": [schema::USER, schema::ENTERPRISE_USER],
            "id": "2819c223", "externalId": "per_1", "userName": "bjensen@acme.example",
            "name": {"formatted": "Ms. B. Jensen", "givenName": "Barbara", "familyName": "Jensen"},
            "displayName": "Babs Jensen", "nickName": "Babs", "title": "Tour Guide",
            "userType": "Employee", "active": true,
            "emails": [{"value": "babs@home.example", "type": "home"},
                       {"value": "bjensen@work.example", "type": "work", "primary": true},
                       {"value": "b@ACME.example"}],
            "addresses": [{"type": "work", "locality": "Utrecht"}],
            "groups": [{"value": "g1", "type": "direct"}, {"value": "g2", "type": "indirect"}],
            "roles": [{"value": "admin", "primary": true}],
            "meta": {"created": "2010-01-23T04:56:22Z"},
            schema::ENTERPRISE_USER: {
                "employeeNumber": 701_984, "costCenter": "4130", "organization": "Acme BV",
                "department": "Tours", "manager": {"value": "26", "displayName": "John Smith"}
            }
        }));
        assert_eq!(doubt, None);
        let Account { key, login, display_name, worker_number, external_id, unit, .. } = &account;
        assert_eq!(
            [key.as_str(), login, display_name, worker_number, external_id, unit],
            ["2819c223", "bjensen@acme.example", "Babs Jensen", "701984", "per_1", "Tours"]
        );
        assert_eq!((account.state, account.type_hint.as_str()), (State::Active, "Employee"));
        assert_eq!(account.created, Some(jiff::civil::date(2010, 1, 23)));
        assert_eq!(account.roles, ["admin"]);
        let emails: Vec<_> =
            account.emails.iter().map(|e| (e.address.as_str(), e.verified)).collect();
        assert_eq!(
            emails,
            [
                ("bjensen@work.example", true),
                ("babs@home.example", false),
                ("b@ACME.example", true)
            ]
        );
        let grants: Vec<_> =
            account.grants.iter().map(|g| (g.entitlement.as_str(), g.via.as_str())).collect();
        assert_eq!(grants, [("g1", ""), ("g2", NESTED)]);
        let attributes: Vec<_> =
            account.attributes.iter().map(|(k, v)| format!("{k}={v}")).collect();
        assert_eq!(
            attributes.join(" "),
            "cost_centre=4130 job_title=Tour Guide legal_entity=Acme BV location=Utrecht \
             manager=John Smith manager_key=26 used_name=Babs"
        );
    }

    #[test]
    fn types_that_vendors_get_wrong_are_understood() {
        let Read { account, doubt } = check(json!({
            "ID": 17, "username": "ana", "Active": "False", "emails": ["a@b.example", {"value": "c@d.example"}],
            "name": null, "roles": "admin", "groups": {"value": 5}, "externalId": null,
            schema::ENTERPRISE_USER: {"manager": "26"}
        }));
        assert_eq!(doubt, None);
        assert_eq!((account.key.as_str(), account.login.as_str()), ("17", "ana"));
        assert_eq!((account.state, account.roles), (State::Suspended, vec!["admin".to_owned()]));
        assert_eq!(account.emails.len(), 2);
        assert_eq!(account.grants[0].entitlement, "5");
        assert_eq!(account.attributes["manager"], "26");
    }

    #[test]
    fn an_account_is_open_until_the_vendor_says_otherwise_in_words_we_know() {
        assert_eq!(check(json!({"id": "1"})).account.state, State::Active);
        let read = check(json!({"id": "1", "active": "N"}));
        assert_eq!(read.account.state, State::Active);
        assert!(read.doubt.unwrap().contains("is not understood (\"N\")"));
    }

    #[test]
    fn a_role_as_json_inside_text_is_its_value() {
        let roles =
            json!([{"value": "{\"id\":\"r1\",\"displayName\":\"Admin\"}"}, {"display": "Viewer"}]);
        assert_eq!(check(json!({"id": "1", "roles": roles})).account.roles, ["Admin", "Viewer"]);
    }

    #[test]
    fn groups_hold_accounts_and_give_them_grants() {
        let read = group(
            json!({"id": 9, "displayName": "Sales", "members": [
                {"value": "b"}, {"value": "a", "display": "Ana"}, {"value": "b"}, "c",
                {"value": "g2", "type": "Group"}, {"value": "g3", "$ref": "https://x/Groups/g3"}
            ]})
            .as_object()
            .unwrap(),
        )
        .unwrap();
        let members: Vec<_> = read.members.iter().map(AccountKey::as_str).collect();
        assert_eq!((read.key.as_str(), read.name.as_str()), ("9", "Sales"));
        assert_eq!(members, ["a", "b", "c"]);

        let ana = check(json!({"id": "a", "groups": [{"value": "9", "type": "indirect"}]})).account;
        let mut accounts = BTreeMap::from([(ana.key.clone(), ana)]);
        add_members(&mut accounts, &[read]);
        let grants = &accounts[&AccountKey::new("a")].grants;
        assert_eq!(grants.len(), 1);
        assert_eq!((grants[0].entitlement.as_str(), grants[0].via.as_str()), ("9", ""));
    }
}
