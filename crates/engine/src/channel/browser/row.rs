//! From a row of the list of members to an account. Pure.

use std::collections::BTreeMap;

use rollbook_catalog::browser::{Cell, Field, Members};
use rollbook_core::account::{Account, Email, State};
use rollbook_core::canonical::fold;
use rollbook_core::id::{AccountKey, InstanceName};
use serde_json::{Map, Value, json};

/// What a row said, word for word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Row(BTreeMap<Field, String>);

impl Row {
    /// Reads what the script in the page, or a table, says of a row.
    pub(super) fn new(said: impl Fn(Field) -> Option<String>, members: &Members) -> Self {
        let cells = members.columns.keys();
        Self(cells.filter_map(|field| Some((*field, said(*field)?))).collect())
    }

    /// What it says of `field`, or empty text.
    pub(super) fn said(&self, field: Field) -> &str {
        self.0.get(&field).map_or("", String::as_str)
    }

    /// The key of its account: what the column for it says, or the address where there is none. Empty
    /// where neither says anything.
    pub(super) fn key(&self) -> String {
        match self.0.contains_key(&Field::Key) {
            true => self.said(Field::Key).to_owned(),
            false => fold(self.said(Field::Email)),
        }
    }

    /// The account, and whether its state was understood. One whose state is not is taken for active,
    /// because it must be feared open. Addresses in `domains` belong to the employer.
    pub(super) fn account(
        &self,
        instance: &InstanceName,
        members: &Members,
        domains: &[String],
    ) -> (Account, bool) {
        let address = self.said(Field::Email).to_owned();
        let is_owned = address
            .rsplit_once('@')
            .is_some_and(|(_, at)| domains.iter().any(|domain| domain.eq_ignore_ascii_case(at)));
        let login = Some(self.said(Field::Login)).filter(|login| !login.is_empty());
        let roles: Vec<String> =
            self.said(Field::Role).split(',').map(|role| role.trim().to_owned()).collect();
        let roles: Vec<String> = roles.into_iter().filter(|role| !role.is_empty()).collect();
        let is_admin = roles.iter().any(|role| members.admin.contains(role));
        let state = members.state_of(self.said(Field::State));
        let account = Account {
            instance: instance.clone(),
            key: AccountKey::new(self.key()),
            login: login.unwrap_or(&address).to_owned(),
            display_name: self.said(Field::DisplayName).to_owned(),
            given_name: self.said(Field::GivenName).to_owned(),
            family_name: self.said(Field::FamilyName).to_owned(),
            state: state.unwrap_or(State::Active),
            type_hint: if is_admin { "admin" } else { "" }.to_owned(),
            roles,
            seat: self.said(Field::Seat).to_owned(),
            emails: vec![Email { verified: is_owned, address }],
            ..Account::default()
        };
        (account, state.is_some())
    }

    /// What the script in the page must find in the row right before it presses: the same address, and
    /// the same key where the page shows one.
    pub(super) fn guard(&self, table: &Value, members: &Members) -> Value {
        let told_by = [Field::Key, Field::Email].into_iter();
        let says =
            told_by.filter_map(|field| Some((members.columns.get(&field)?, self.said(field))));
        let says: Vec<Value> = says.map(|(cell, text)| json!([cell_value(cell), text])).collect();
        json!({"table": table, "says": says})
    }
}

/// The columns as the script in the page wants them, by our words.
pub(super) fn cells(members: &Members) -> Value {
    let cells = members.columns.iter();
    let cells: Map<String, Value> =
        cells.map(|(field, cell)| (word(*field).to_owned(), cell_value(cell))).collect();
    Value::Object(cells)
}

fn cell_value(cell: &Cell) -> Value {
    match cell {
        Cell::Column { head, line } => json!({"head": head, "line": line}),
        Cell::Attribute(name) => json!({"attribute": name}),
    }
}

/// The word for a field between us and the script in the page.
pub(super) fn word(field: Field) -> &'static str {
    match field {
        Field::Key => "key",
        Field::Login => "login",
        Field::Email => "email",
        Field::DisplayName => "display_name",
        Field::GivenName => "given_name",
        Field::FamilyName => "family_name",
        Field::Role => "role",
        Field::State => "state",
        Field::Seat => "seat",
    }
}
