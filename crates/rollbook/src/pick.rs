//! From what people type to one account, record or instance; where several fit, an error that
//! lists them.

use rollbook_core::canonical::fold;
use rollbook_core::graph::Graph;
use rollbook_core::id::{AccountRef, IdentityId, InstanceName, RecordRef};
use rollbook_core::link::{Candidate, Link, LinkState};
use rollbook_engine::{Engine, Error, Result, asking};

/// The account named as `instance/key` or `instance/login`.
///
/// # Errors
/// When there is none, or several have the login.
pub(crate) fn account(engine: &Engine, graph: &Graph, text: &str) -> Result<AccountRef> {
    if let Some((instance, _)) = text.split_once('/') {
        self::instance(engine, instance)?;
    }
    asking::account(graph, text)
}

/// The key of the entitlement of `account`'s instance that has this key or, alone, this name. An
/// instance of which no groups are known takes the word as it is.
///
/// # Errors
/// When the instance has none of that key or name, or several of that name.
pub(crate) fn entitlement(graph: &Graph, account: &AccountRef, text: &str) -> Result<String> {
    let groups = graph.views().get(&account.instance).map_or(&[][..], |view| &view.groups);
    if groups.is_empty() || groups.iter().any(|group| group.key == text) {
        return Ok(text.to_owned());
    }
    let named: Vec<_> = groups.iter().filter(|group| fold(&group.name) == fold(text)).collect();
    match named.as_slice() {
        [one] => Ok(one.key.clone()),
        [] => {
            let names: Vec<&str> = groups.iter().map(|group| group.name.as_str()).collect();
            let said = format!("{} has no role or group `{text}`.", account.instance);
            let error = Error::input(said);
            Err(match rollbook_engine::nearest(text, &names) {
                Some(hint) => error.hint(hint),
                None => error,
            })
        }
        several => {
            let keys: Vec<_> = several.iter().map(|group| format!("`{}`", group.key)).collect();
            let said =
                format!("{} groups of {} are named `{text}`.", several.len(), account.instance);
            Err(Error::input(said).hint(format!("Name one by its key: {}.", keys.join(", "))))
        }
    }
}

/// The instance of this name.
///
/// # Errors
/// When the configuration has none of this name.
pub(crate) fn instance(engine: &Engine, name: &str) -> Result<InstanceName> {
    let known = &engine.config().instances;
    if let Some(found) = known.iter().find(|i| i.name.as_str() == name) {
        return Ok(found.name.clone());
    }
    let names: Vec<&str> = known.iter().map(|i| i.name.as_str()).collect();
    let error = Error::input(format!("There is no instance `{name}` in rollbook.toml."));
    Err(match rollbook_engine::nearest(name, &names) {
        Some(hint) => error.hint(hint),
        None => error.hint("Add an `[[instance]]` to rollbook.toml."),
    })
}

/// The worker record that is meant: by `source/number` or number, or the record that fits best of
/// the person who is named.
///
/// # Errors
/// When nobody, or several people, are known by that name.
pub(crate) fn record(graph: &Graph, text: &str) -> Result<RecordRef> {
    let numbered =
        |record: &&RecordRef| record.number.as_str() == text || record.to_string() == text;
    let all = graph.identities().iter().flat_map(|identity| &identity.records);
    let mut exact: Vec<&RecordRef> = all.filter(numbered).collect();
    exact.dedup();
    if let [one] = exact.as_slice() {
        return Ok((*one).clone());
    }
    let identity = asking::person(graph, text)?;
    let records = graph.identity(&identity).map_or(&[][..], |identity| &identity.records);
    records.last().cloned().ok_or_else(|| {
        Error::input(format!("{text} has no worker record, so nothing can be tied to it."))
            .hint("Name a person who is in a source.")
    })
}

/// The candidate that owns an account, or the best one suggested.
pub(crate) fn best(link: &Link) -> Option<&Candidate> {
    match &link.state {
        LinkState::Auto { owner } | LinkState::Confirmed { owner } => Some(owner),
        LinkState::Suggested { candidates } => candidates.first(),
        LinkState::None => None,
    }
}

/// The worker number of the record that fits an account best, or the identity's newest.
pub(crate) fn worker_of(graph: &Graph, candidate: &Candidate) -> Option<String> {
    let number = candidate.record.as_ref().map(|record| record.number.to_string());
    number.or_else(|| workers(graph, &candidate.identity).pop())
}

/// The worker numbers of an identity, each once, in the order of its records.
pub(crate) fn workers(graph: &Graph, id: &IdentityId) -> Vec<String> {
    let records = graph.identity(id).map_or(&[][..], |identity| &identity.records);
    let mut numbers = Vec::new();
    for record in records {
        let number = record.number.to_string();
        if !numbers.contains(&number) {
            numbers.push(number);
        }
    }
    numbers
}

/// The name that people know an identity by, or its id.
pub(crate) fn name<'a>(graph: &'a Graph, id: &'a IdentityId) -> &'a str {
    graph.identity(id).map_or(id.as_str(), |identity| identity.name.as_str())
}

/// An account as `instance/login`, or `instance/key` where it has no login.
pub(crate) fn label(graph: &Graph, account: &AccountRef) -> String {
    let login = graph.account(account).map(|(a, _)| a.login.as_str()).filter(|l| !l.is_empty());
    format!("{}/{}", account.instance, login.unwrap_or(account.key.as_str()))
}
