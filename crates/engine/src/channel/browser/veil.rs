//! What pictures must not show: other people, secrets, and anything that may be either.

use rollbook_core::account::Account;
use rollbook_core::canonical::fold;
use serde_json::{Value, json};

use super::report::Exhibit;
use super::session::{Lost, Session};

/// Words shorter than this cover half a page and tell of nobody.
const LETTERS_MIN: usize = 3;

/// What is to be covered, and what is not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Veil {
    /// Names and addresses of others, folded.
    others: Vec<String>,
    /// Those of the one that the change is about, folded.
    kept: Vec<String>,
}

impl Veil {
    /// Everybody in the list is covered but `kept`.
    pub(super) fn over(accounts: &[Account], kept: Option<&Account>) -> Self {
        let kept_words: Vec<String> = kept.map(words).unwrap_or_default();
        let others = accounts.iter().filter(|it| kept.is_none_or(|kept| kept.key != it.key));
        let others = others.flat_map(words).filter(|word| !kept_words.contains(word));
        let mut others: Vec<String> = others.collect();
        others.sort_unstable();
        others.dedup();
        Self { others, kept: kept_words }
    }

    /// The same with one more word covered, e.g. the name that the browser signs in with.
    #[must_use]
    pub(super) fn and(mut self, word: &str) -> Self {
        let word = fold(word);
        if word.chars().count() >= LETTERS_MIN && !self.kept.contains(&word) {
            self.others.push(word);
        }
        self
    }

    /// A text that a page shows, without what tells of others.
    pub(super) fn cover(&self, text: &str) -> String {
        let folded = fold(text);
        let names_others = self.others.iter().any(|word| folded.contains(word.as_str()));
        let addresses = text.split_whitespace().filter(|word| word.contains('@'));
        let is_kept = |word: &str| {
            let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
            self.kept.contains(&fold(bare))
        };
        match names_others || !addresses.into_iter().all(is_kept) {
            true => "[text that names somebody else]".to_owned(),
            false => text.chars().take(500).collect(),
        }
    }

    /// A picture of the page with everything else covered in the page itself. It is looked before and
    /// after that nothing shows; otherwise there is none.
    ///
    /// # Errors
    /// Why there is none, as a sentence without its end.
    pub(super) async fn picture(
        &self,
        session: &Session,
        guard: Option<&Value>,
        shows: &str,
    ) -> Result<Exhibit, String> {
        let words = json!({"others": self.others, "kept": self.kept});
        let taken = async {
            let masked = session.ask("mask", json!({"guard": guard, "words": words})).await?;
            let bytes = session.picture().await?;
            let after = session.ask("open", json!({"words": words})).await?;
            Ok::<_, Lost>((masked["open"].clone(), bytes, after["open"].clone()))
        };
        let taken = taken.await;
        // The next press must find the page as people see it.
        let bared = session.ask("unmask", json!({})).await;
        let (before, bytes, after) = taken.map_err(|_| "the page went away".to_owned())?;
        bared.map_err(|_| "the page went away".to_owned())?;
        match before == 0 && after == 0 {
            true => Ok(Exhibit { shows: shows.to_owned(), media_type: "image/png", bytes }),
            false => Err("not everything that tells of others could be covered".to_owned()),
        }
    }
}

fn words(account: &Account) -> Vec<String> {
    let emails = account.emails.iter().map(|email| email.address.as_str());
    let names = [account.login.as_str(), account.display_name.as_str()];
    let all = emails.chain(names).map(fold);
    all.filter(|word| word.chars().count() >= LETTERS_MIN).collect()
}

#[cfg(test)]
mod tests {
    use rollbook_core::account::Email;

    use super::*;

    fn account(name: &str, address: &str) -> Account {
        Account {
            key: rollbook_core::id::AccountKey::new(address),
            login: address.to_owned(),
            display_name: name.to_owned(),
            emails: vec![Email { address: address.to_owned(), verified: false }],
            ..Account::default()
        }
    }

    #[test]
    fn a_text_that_names_somebody_else_is_not_told() {
        let all = [account("Ana Silva", "ana@acme.example"), account("Bo", "bo@acme.example")];
        let veil = Veil::over(&all, Some(&all[0]));
        assert_eq!(
            veil.cover("Remove Ana Silva (ana@acme.example)?"),
            "Remove Ana Silva (ana@acme.example)?"
        );
        for text in
            ["Ana Silva and bo@acme.example", "Write to eve@acme.example", "xana@acme.example"]
        {
            assert_eq!(veil.cover(text), "[text that names somebody else]", "{text}");
        }
        assert_eq!(veil.cover("Bo leaves"), "Bo leaves", "two letters tell of nobody");
    }
}
