//! Which attribute of SCIM is which field of ours: the one table that reading, setting and verifying
//! go by.

use crate::account::Account;

/// The enterprise extension of a user (RFC 7643 §4.3).
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// Every attribute that [`crate::change::Op::Update`] can set and a look can verify, by the name
/// that plans give it. What is not in this table is set and read under its own name in
/// [`Account::attributes`].
pub const ATTRIBUTES: [Attribute; 15] = [
    core("userName", Field::Login),
    core("displayName", Field::DisplayName),
    core("name.givenName", Field::GivenName),
    core("name.familyName", Field::FamilyName),
    core("externalId", Field::ExternalId),
    core("emails", Field::Address),
    core("userType", Field::TypeHint),
    core("title", Field::Named("job_title")),
    core("nickName", Field::Named("used_name")),
    enterprise("employeeNumber", Field::WorkerNumber),
    enterprise("department", Field::Unit),
    enterprise("costCenter", Field::Named("cost_centre")),
    enterprise("organization", Field::Named("legal_entity")),
    enterprise("division", Field::Named("division")),
    // The manager is set by the key of their account; vendors show them by name as well.
    Attribute { path: "manager.value", ..enterprise("manager", Field::Named("manager_key")) },
];

/// One row of [`ATTRIBUTES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// The name in plans, as SCIM spells it.
    pub name: &'static str,
    /// Where the value lies: `name` itself, or a sub-attribute.
    pub path: &'static str,
    /// Whether it lies in the enterprise extension (RFC 7643 §4.3) rather than in the user (§4.1).
    pub is_enterprise: bool,
    /// Where we keep it.
    pub field: Field,
}

/// Where an [`Account`] keeps an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// [`Account::login`].
    Login,
    /// [`Account::display_name`].
    DisplayName,
    /// [`Account::given_name`].
    GivenName,
    /// [`Account::family_name`].
    FamilyName,
    /// The first of [`Account::emails`], which is the primary one.
    Address,
    /// [`Account::external_id`].
    ExternalId,
    /// [`Account::worker_number`].
    WorkerNumber,
    /// [`Account::unit`].
    Unit,
    /// [`Account::type_hint`].
    TypeHint,
    /// This one of [`Account::attributes`].
    Named(&'static str),
}

const fn core(name: &'static str, field: Field) -> Attribute {
    Attribute { name, path: name, is_enterprise: false, field }
}

const fn enterprise(name: &'static str, field: Field) -> Attribute {
    Attribute { is_enterprise: true, ..core(name, field) }
}

impl Attribute {
    /// The row for a name as a plan may spell it: capitals do not count (RFC 7643 §2.1), and an
    /// attribute of the enterprise extension may carry the extension's URN.
    pub fn named(name: &str) -> Option<Self> {
        let short = name
            .get(..ENTERPRISE.len())
            .filter(|urn| urn.eq_ignore_ascii_case(ENTERPRISE))
            .and_then(|_| name[ENTERPRISE.len()..].strip_prefix(':'));
        let row = ATTRIBUTES.iter().find(|row| match short {
            Some(short) => row.is_enterprise && row.name.eq_ignore_ascii_case(short),
            None => row.name.eq_ignore_ascii_case(name),
        });
        row.copied()
    }

    /// The value that an account has, or empty text.
    pub fn of(self, account: &Account) -> &str {
        match self.field {
            Field::Login => &account.login,
            Field::DisplayName => &account.display_name,
            Field::GivenName => &account.given_name,
            Field::FamilyName => &account.family_name,
            Field::Address => account.emails.first().map_or("", |email| &email.address),
            Field::ExternalId => &account.external_id,
            Field::WorkerNumber => &account.worker_number,
            Field::Unit => &account.unit,
            Field::TypeHint => &account.type_hint,
            Field::Named(name) => account.attribute(name),
        }
    }

    /// The path as a PATCH writes it.
    pub fn scim_path(self) -> String {
        match self.is_enterprise {
            true => format!("{ENTERPRISE}:{}", self.path),
            false => self.path.to_owned(),
        }
    }
}

/// The attribute of an account under its SCIM name, or empty text. Names that are not in
/// [`ATTRIBUTES`] are looked up in [`Account::attributes`].
pub fn attribute(account: &Account, name: &str) -> String {
    match Attribute::named(name) {
        Some(row) => row.of(account).to_owned(),
        None => account.attribute(name).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_in_any_case_and_with_its_extension_in_front() {
        let named = |name: &str| Attribute::named(name).map(|row| row.name);
        assert_eq!(named("costcenter"), Some("costCenter"));
        assert_eq!(named(&format!("{ENTERPRISE}:department")), Some("department"));
        assert_eq!(named(&format!("{ENTERPRISE}:title")), None, "it is not in the extension");
        assert_eq!(named("timezone"), None);
        assert_eq!(named("é"), None);
    }

    #[test]
    fn no_two_rows_share_a_name_or_a_field() {
        for (at, row) in ATTRIBUTES.iter().enumerate() {
            for other in &ATTRIBUTES[at + 1..] {
                assert!(!row.name.eq_ignore_ascii_case(other.name), "{}", row.name);
                assert_ne!(row.field, other.field, "{} and {}", row.name, other.name);
            }
        }
    }
}
