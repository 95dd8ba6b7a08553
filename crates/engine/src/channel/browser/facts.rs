//! What fills the blanks of steps, and how an element is described to the script in the page.

use std::collections::BTreeMap;

use rollbook_catalog::browser::{By, Element, Phrase, Unknown, Word};
use rollbook_core::account::Account;
use rollbook_core::change::Profile;
use serde_json::{Value, json};

/// What fills the blanks. The password is not among it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Facts(BTreeMap<Word, String>);

impl Facts {
    /// What the instance gives.
    pub(super) fn of_instance(settings: &BTreeMap<String, String>, user: &str) -> Self {
        let settings =
            settings.iter().map(|(name, value)| (Word::Setting(name.clone()), value.clone()));
        Self(settings.chain([(Word::User, user.to_owned())]).collect())
    }

    /// And what an account says.
    #[must_use]
    pub(super) fn with_account(mut self, account: &Account) -> Self {
        let email = account.emails.first().map_or("", |email| email.address.as_str());
        self.0.extend([
            (Word::Account, account.key.to_string()),
            (Word::Login, account.login.clone()),
            (Word::Email, email.to_owned()),
            (Word::DisplayName, account.display_name.clone()),
            (Word::GivenName, account.given_name.clone()),
            (Word::FamilyName, account.family_name.clone()),
        ]);
        self
    }

    /// And what an account is to say that is yet to be made.
    #[must_use]
    pub(super) fn with_profile(mut self, profile: &Profile) -> Self {
        let email = if profile.email.is_empty() { &profile.login } else { &profile.email };
        self.0.extend([
            (Word::Login, profile.login.clone()),
            (Word::Email, email.clone()),
            (Word::DisplayName, profile.display_name.clone()),
            (Word::GivenName, profile.given_name.clone()),
            (Word::FamilyName, profile.family_name.clone()),
        ]);
        self
    }

    /// And a role.
    #[must_use]
    pub(super) fn with_role(mut self, role: &str) -> Self {
        self.0.insert(Word::Role, role.to_owned());
        self
    }

    /// A phrase with its blanks filled.
    ///
    /// # Errors
    /// The first blank that nothing fills.
    pub(super) fn fill(&self, phrase: &Phrase) -> Result<String, Unknown> {
        phrase.fill(&|word| self.0.get(word).cloned())
    }

    /// A path with its blanks filled, each as one part of an address.
    ///
    /// # Errors
    /// The first blank that nothing fills.
    pub(super) fn path(&self, phrase: &Phrase) -> Result<String, Unknown> {
        phrase.fill(&|word| self.0.get(word).map(|value| encoded(value)))
    }

    /// An element as the script in the page wants it.
    ///
    /// # Errors
    /// The first blank that nothing fills.
    pub(super) fn element(&self, element: &Element) -> Result<Value, Unknown> {
        let name = self.fill(&element.name)?;
        Ok(match element.by {
            By::Role(role) => {
                let name = (!element.name.parts().is_empty()).then_some(name);
                json!({"by": "role", "role": role, "name": name})
            }
            By::Label => json!({"by": "label", "name": name}),
            By::Text => json!({"by": "text", "name": name}),
            By::Css | By::Native => json!({"by": "css", "name": name}),
        })
    }
}

/// Everything but what every part of an address may hold is written as its bytes (RFC 3986 §2).
fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_~.".contains(&byte);
    text.bytes().fold(String::new(), |done, byte| match plain(byte) {
        true => done + char::from(byte).to_string().as_str(),
        false => done + format!("%{byte:02X}").as_str(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_into_an_address_cannot_leave_its_place() {
        let facts = Facts::default().with_role("../a?b=c#d/é");
        let path = facts.path(&Phrase::from("/r/{role}/x".to_owned()));
        assert_eq!(path.as_deref(), Ok("/r/..%2Fa%3Fb%3Dc%23d%2F%C3%A9/x"));
    }

    #[test]
    fn an_element_without_a_name_has_any() {
        let element = |text: &str| Element::try_from(text.to_owned()).expect("it is well formed");
        let facts = Facts::default().with_role("Viewer");
        assert_eq!(facts.element(&element("dialog")).unwrap()["name"], Value::Null);
        assert_eq!(facts.element(&element("option \"{role}\"")).unwrap()["name"], "Viewer");
        assert!(facts.element(&element("button \"{email}\"")).is_err());
    }
}
