//! An account as the vendor holds it, apart from how any list shows it.

use std::collections::{BTreeMap, BTreeSet};

use rollbook_catalog::rest::{AccountShape, Blank, Pointer};
use rollbook_core::account::State;
use serde_json::Value;

use super::compare::Filled;
use super::writing;

const GIVEN: [&str; 6] = ["Ana", "Bob", "Cleo", "Dörte", "Eve", "Zoë"];
const FAMILY: [&str; 5] = ["Alder", "Birch", "de Vries", "Nuñez", "Elm"];

/// An account. Empty text: the vendor does not have it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Record {
    pub(super) key: String,
    pub(super) ids: BTreeMap<String, String>,
    pub(super) login: String,
    pub(super) email: String,
    pub(super) given_name: String,
    pub(super) family_name: String,
    pub(super) display_name: String,
    pub(super) external_id: String,
    pub(super) worker_number: String,
    pub(super) roles: Vec<String>,
    pub(super) groups: BTreeSet<String>,
    pub(super) state: State,
    /// Whether it owns what must be handed over before it can be removed.
    pub(super) owns: bool,
}

impl Record {
    /// What an item says; `None` without a key.
    pub(super) fn read(shape: &AccountShape, item: &Value) -> Option<Self> {
        let text =
            |at: &Option<Pointer>| at.as_ref().and_then(|at| at.text(item)).unwrap_or_default();
        let texts = |at: &Option<Pointer>| at.as_ref().map(|at| at.texts(item)).unwrap_or_default();
        let names: Vec<String> = shape.display_name.iter().filter_map(|at| at.text(item)).collect();
        let ids = shape.ids.iter().filter_map(|(name, at)| Some((name.clone(), at.text(item)?)));
        Some(Self {
            key: shape.key.text(item)?,
            ids: ids.collect(),
            login: text(&shape.login),
            email: text(&shape.email),
            given_name: text(&shape.given_name),
            family_name: text(&shape.family_name),
            display_name: names.join(" "),
            external_id: text(&shape.external_id),
            worker_number: text(&shape.worker_number),
            roles: texts(&shape.roles),
            groups: texts(&shape.groups).into_iter().collect(),
            state: shape.state_of(item).unwrap_or_default(),
            owns: false,
        })
    }

    /// Another account of the kind of this one; `n` makes it different from all others.
    pub(super) fn numbered(&self, n: usize) -> Self {
        let given = GIVEN[n % GIVEN.len()];
        let family = format!("{} {n}", FAMILY[n % FAMILY.len()]);
        let email = self.email_or_login();
        let domain = email.split_once('@').map_or("example.com", |(_, domain)| domain);
        let address = format!("person{n}@{domain}");
        let if_known = |own: &str, new: String| if own.is_empty() { String::new() } else { new };
        let varied = |own: &str| match own {
            "" => String::new(),
            own if own == email || own.contains('@') => address.clone(),
            own => variation(own, n),
        };
        let key = varied(&self.key);
        // An id that is the key under another name stays that.
        let id = |own: &String| if *own == self.key { key.clone() } else { varied(own) };
        Self {
            ids: self.ids.iter().map(|(name, own)| (name.clone(), id(own))).collect(),
            login: varied(&self.login),
            email: if_known(&self.email, address.clone()),
            given_name: if_known(&self.given_name, given.to_owned()),
            family_name: if_known(&self.family_name, family.clone()),
            display_name: if_known(&self.display_name, format!("{given} {family}")),
            external_id: String::new(),
            worker_number: varied(&self.worker_number),
            roles: self.roles.clone(),
            groups: self.groups.clone(),
            state: self.state,
            owns: false,
            key,
        }
    }

    /// The login, or the address where there is none.
    pub(super) fn login_or_email(&self) -> &str {
        if self.login.is_empty() { &self.email } else { &self.login }
    }

    fn email_or_login(&self) -> &str {
        if self.email.is_empty() { &self.login } else { &self.email }
    }

    /// Takes over what the blanks of a create or an update say.
    pub(super) fn take(&mut self, filled: &Filled) {
        let was_whole = self.display_name == self.whole_name();
        let new_address = filled.get(&Blank::Email).or_else(|| filled.get(&Blank::Login));
        if let Some(address) = new_address {
            let old = self.email_or_login().to_owned();
            let is_address = |id: &&mut String| **id == old && id.contains('@');
            self.ids.values_mut().filter(is_address).for_each(|id| id.clone_from(address));
        }
        for (blank, text) in filled {
            let text = text.clone();
            match blank {
                Blank::Login => self.login = text,
                Blank::Email => self.email = text,
                Blank::GivenName => self.given_name = text,
                Blank::FamilyName => self.family_name = text,
                Blank::ExternalId => self.external_id = text,
                Blank::WorkerNumber => self.worker_number = text,
                Blank::Role => self.roles = vec![text],
                _ => {}
            }
        }
        match filled.get(&Blank::DisplayName) {
            Some(name) => self.display_name.clone_from(name),
            None if was_whole || self.display_name.is_empty() => {
                self.display_name = self.whole_name();
            }
            None => {}
        }
    }

    fn whole_name(&self) -> String {
        format!("{} {}", self.given_name, self.family_name).trim().to_owned()
    }

    /// The words that make an item about `was` one about this account.
    pub(super) fn words_from(&self, was: &Self) -> Vec<(String, String)> {
        let pair = |was: &str, new: &str| (was.to_owned(), new.to_owned());
        let mut words = vec![pair(&was.email, &self.email), pair(&was.login, &self.login)];
        words.extend([pair(&was.key, &self.key), pair(&was.display_name, &self.display_name)]);
        let ids = was.ids.iter().filter_map(|(name, id)| Some(pair(id, self.ids.get(name)?)));
        words.extend(ids);
        words.retain(|(was, new)| !was.is_empty() && !new.is_empty() && was != new);
        words
    }

    /// Writes what this account is into an item. With `whole`, also what the item did not have.
    pub(super) fn write(&self, shape: &AccountShape, item: &mut Value, whole: bool) {
        let mut put = |at: Option<&Pointer>, text: &str| {
            let Some(at) = at else { return };
            let is_there = at.first(item).is_some();
            // Of several members only those that are there can be meant.
            if is_there && (!text.is_empty() || at.text(item).is_some())
                || whole && !text.is_empty() && !at.to_string().contains('*')
            {
                writing::put_text(item, at, text);
            }
        };
        // The address may be an id as well, and is written as the address then.
        for (name, at) in &shape.ids {
            put(Some(at), self.ids.get(name).map_or("", String::as_str));
        }
        match shape.display_name.as_slice() {
            [] => {}
            [at] => put(Some(at), &self.display_name),
            parts => {
                let (given, family) = self.halves();
                put(parts.first(), &given);
                put(parts.last(), &family);
            }
        }
        put(shape.given_name.as_ref(), &self.given_name);
        put(shape.family_name.as_ref(), &self.family_name);
        put(shape.external_id.as_ref(), &self.external_id);
        put(shape.worker_number.as_ref(), &self.worker_number);
        put(shape.email.as_ref(), &self.email);
        put(shape.login.as_ref(), self.login_or_email());
        put(Some(&shape.key), &self.key);
        let groups: Vec<String> = self.groups.iter().cloned().collect();
        for (at, texts) in [(&shape.roles, &self.roles), (&shape.groups, &groups)] {
            if let Some(at) = at
                && at.texts(item) != *texts
                && (whole || at.first(item).is_some())
            {
                writing::put_texts(item, at, texts);
            }
        }
    }

    /// The shown name as the parts that a list has it in.
    fn halves(&self) -> (String, String) {
        if self.whole_name() == self.display_name {
            return (self.given_name.clone(), self.family_name.clone());
        }
        let (given, family) = self.display_name.split_once(' ').unwrap_or((&self.display_name, ""));
        (given.to_owned(), family.to_owned())
    }
}

/// Another id of the same kind: numbers stay numbers, and what stands before and behind the last run
/// of letters and digits stays.
pub(super) fn variation(id: &str, n: usize) -> String {
    if let Ok(number) = id.parse::<u64>() {
        return (number.wrapping_add(n as u64)).to_string();
    }
    let is_word = |c: char| c.is_ascii_alphanumeric();
    let end = id.rfind(is_word).map_or(id.len(), |at| at + 1);
    let start = id[..end].rfind(|c| !is_word(c)).map_or(0, |at| at + 1);
    let number = format!("{n:04}");
    let kept = end.saturating_sub(number.len()).max(start);
    let kept = if end - start > number.len() { kept } else { end };
    format!("{}{number}{}", &id[..kept], &id[end..])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn another_id_is_of_the_same_kind() {
        for (id, other) in [
            ("7", "19"),
            ("PXPGF42", "PXP0012"),
            ("u1", "u10012"),
            ("user_01H8", "user_01H80012"),
            ("6f1c-9ab2c3", "6f1c-9a0012"),
            ("MDQ6VXNlcjE=", "MDQ6VXN0012="),
        ] {
            assert_eq!(variation(id, 12), other);
        }
    }

    #[test]
    fn an_item_about_one_becomes_an_item_about_another() {
        let shape: AccountShape = serde_json::from_value(json!({
            "key": "/id", "email": "/mail", "display_name": ["/first", "/last"],
            "roles": "/role", "groups": "/teams/*/id", "external_id": "/ext",
        }))
        .expect("a shape");
        let mut item = json!({"id": 7, "mail": "jo@x.example", "first": "Jo", "last": "Doe",
            "role": "user", "teams": [{"id": "T1", "type": "team"}], "self": "/u/jo@x.example"});
        let jo = Record::read(&shape, &item).expect("it has a key");
        let mut other = jo.numbered(3);
        other.groups = ["T1".to_owned(), "T2".to_owned()].into();
        other.external_id = "per_1".into();
        writing::exchange_words(&mut item, &other.words_from(&jo));
        other.write(&shape, &mut item, true);
        assert_eq!(
            item,
            json!({"id": 10, "mail": "person3@x.example", "first": "Dörte", "last": "Nuñez 3",
                "role": "user", "self": "/u/person3@x.example", "ext": "per_1",
                "teams": [{"id": "T1", "type": "team"}, {"id": "T2", "type": "team"}]})
        );
        assert_eq!(
            Record::read(&shape, &item),
            Some(Record { given_name: String::new(), ..other })
        );
    }
}
