//! Finding people and accounts by what people type.

use rollbook_core::canonical::{fold, same_login};
use rollbook_core::graph::Graph;
use rollbook_core::id::{AccountRef, IdentityId};
use rollbook_core::identity::Identity;

use crate::error::{Error, Result};

/// How many near names an error suggests at most.
const SUGGESTIONS_MAX: usize = 5;

/// The person that `text` means: an identity's id, a worker number, an address, a login or a name.
///
/// # Errors
/// When it means nobody, with near names; or several people, with the id of each.
pub fn person(graph: &Graph, text: &str) -> Result<IdentityId> {
    let wanted = fold(text);
    let found: Vec<_> =
        graph.identities().iter().filter(|one| is_called(graph, one, &wanted)).collect();
    match found.as_slice() {
        [one] => Ok(one.id.clone()),
        [] => {
            let near = graph.identities().iter().filter(|one| fold(&one.name).contains(&wanted));
            let near: Vec<_> = near.take(SUGGESTIONS_MAX).map(named).collect();
            let error = Error::input(format!("Nobody is known as `{text}`."));
            Err(match near.as_slice() {
                [] => error.hint("`rollbook identities` lists everybody."),
                near => error.hint(format!("Did you mean {}?", near.join(" or "))),
            })
        }
        several => {
            let list: Vec<_> = several.iter().map(|one| named(one)).collect();
            Err(Error::input(format!("`{text}` may be {} people.", several.len()))
                .hint(format!("Name one by id: {}.", list.join(", "))))
        }
    }
}

/// The account that `text` means: `instance/key` or `instance/login`.
///
/// # Errors
/// When there is no such account, or the login is on several.
pub fn account(graph: &Graph, text: &str) -> Result<AccountRef> {
    let Some((instance, name)) = text.split_once('/') else {
        return Err(Error::input(format!("`{text}` is no account.")).hint(
            "Write `instance/key` or `instance/login`, for example `mindtickle/ana@x.com`.",
        ));
    };
    let by_key = AccountRef { instance: instance.into(), key: name.into() };
    if graph.account(&by_key).is_some() {
        return Ok(by_key);
    }
    let mut found = graph
        .accounts()
        .filter(|(a, _)| a.instance.as_str() == instance && same_login(&a.login, name))
        .map(|(account, _)| account.account_ref());
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => Err(Error::input(format!("There is no account `{text}`."))
            .hint(format!("`rollbook accounts --instance {instance}` lists those known."))),
        (Some(one), Some(other)) => {
            Err(Error::input(format!("The login `{name}` is on several accounts of {instance}."))
                .hint(format!("Name one by key, for example {one} or {other}.")))
        }
    }
}

fn is_called(graph: &Graph, identity: &Identity, wanted: &str) -> bool {
    graph.names_of(identity).any(|name| fold(name) == wanted)
}

fn named(identity: &Identity) -> String {
    format!("{} ({})", identity.name, identity.id)
}
