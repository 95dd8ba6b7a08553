//! Which part of a filter an index can answer. The filter itself decides; an index only spares it
//! the resources that cannot fit.

use jiff::Timestamp;
use rollbook_scim::Filter;
use rollbook_scim::attribute::AttrPath;
use rollbook_scim::filter::{Literal, Op};
use rollbook_scim::server::{ResourceType, text};

use crate::store::scim::Narrow;

/// What an index can answer of a filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Narrowed {
    pub(super) narrow: Narrow,
    /// Whether whatever is found fits, without a look at it.
    pub(super) decides: bool,
}

/// What an index can answer of `filter` among resources of `kinds`; `None`: all must be looked at.
pub(super) fn narrow(kinds: &[ResourceType], filter: &Filter) -> Option<Narrowed> {
    match filter {
        Filter::All(terms) => {
            let found = terms.iter().filter_map(|term| narrow(kinds, term));
            let best = found.min_by_key(|found| cost(&found.narrow))?;
            // The other terms have their say.
            Some(Narrowed { decides: false, ..best })
        }
        Filter::Compare { path, op, value: Literal::Text(text) } => match path.filter() {
            None => compared(kinds, path.attr(), *op, text),
            Some(inner) if path.sub().is_some_and(|sub| sub.eq_ignore_ascii_case("value")) => {
                // `emails[type eq "work"].value eq "x"`
                let key = path.attr().is("emails") && *op == Op::Eq;
                key.then(|| found(Narrow::Email(text::caseless(text).into_owned())))
                    .or_else(|| element(kinds, path.attr(), inner))
            }
            Some(_) => None,
        },
        Filter::Has { attr, filter } => element(kinds, attr, filter),
        _ => None,
    }
}

/// Fewer are found by what comes first.
fn cost(narrow: &Narrow) -> u8 {
    match narrow {
        Narrow::Nothing | Narrow::Id(_) | Narrow::UserName(_) => 0,
        Narrow::ExternalId(_) | Narrow::Email(_) | Narrow::GroupName(_) => 1,
        Narrow::Holding(_) => 2,
        Narrow::ChangedSince(..) => 3,
    }
}

fn compared(kinds: &[ResourceType], attr: &AttrPath, op: Op, text: &str) -> Option<Narrowed> {
    let only = |kind: ResourceType| kinds == [kind];
    let name = attr.without_sub();
    let value = attr.sub().is_none_or(|sub| sub.eq_ignore_ascii_case("value"));
    match op {
        Op::Eq if attr.is("id") => Some(exactly(Narrow::Id(text.to_owned()))),
        Op::Eq if attr.is("externalId") => Some(exactly(Narrow::ExternalId(text.to_owned()))),
        Op::Eq if attr.is("userName") => Some(exactly(named(text))),
        Op::Eq if attr.is("displayName") && only(ResourceType::Group) => {
            Some(exactly(Narrow::GroupName(text::caseless(text).into_owned())))
        }
        Op::Eq if name.is("emails") && value => {
            Some(found(Narrow::Email(text::caseless(text).into_owned())))
        }
        Op::Eq if name.is("members") && value => Some(found(Narrow::Holding(text.to_owned()))),
        Op::Gt | Op::Ge | Op::Eq if name.is("meta") && attr.sub().is_some_and(is_changed) => {
            let [kind] = kinds else { return None };
            let at: Timestamp = text.parse().ok()?;
            Some(found(Narrow::ChangedSince(*kind, at)))
        }
        _ => None,
    }
}

/// `attr[filter]`, where one of the terms inside names the value.
fn element(kinds: &[ResourceType], attr: &AttrPath, filter: &Filter) -> Option<Narrowed> {
    match filter {
        Filter::All(terms) => terms.iter().find_map(|term| element(kinds, attr, term)),
        Filter::Compare { path, op: Op::Eq, value: Literal::Text(text) }
            if path.attr().is("value") && path.filter().is_none() =>
        {
            compared(kinds, attr, Op::Eq, text).map(|found| Narrowed { decides: false, ..found })
        }
        _ => None,
    }
}

/// A login that cannot be one is nobody's.
fn named(text: &str) -> Narrow {
    match super::body::login_key(text) {
        Ok(key) => Narrow::UserName(key),
        Err(_) => Narrow::Nothing,
    }
}

fn is_changed(sub: &str) -> bool {
    sub.eq_ignore_ascii_case("lastModified")
}

fn exactly(narrow: Narrow) -> Narrowed {
    Narrowed { narrow, decides: true }
}

fn found(narrow: Narrow) -> Narrowed {
    Narrowed { narrow, decides: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_answers_what_it_can_and_never_more() {
        let user = [ResourceType::User];
        let group = [ResourceType::Group];
        let check = |kinds: &[ResourceType], filter: &str| {
            let filter: Filter = filter.parse().expect("the filter is one");
            format!("{:?}", narrow(kinds, &filter).map(|it| (it.narrow, it.decides)))
        };
        let table = [
            check(&user, r#"userName eq "Ana@X.com""#),
            check(&user, r#"active eq true and userName eq "ana" and id eq "7""#),
            check(&user, r#"emails[type eq "work" and value eq "A@x.com"]"#),
            check(&user, r#"emails[type eq "work"].value eq "A@x.com""#),
            check(&user, r#"emails eq "A@x.com" or userName eq "a""#),
            check(&user, r#"not (userName eq "a")"#),
            check(&user, r#"userName ne "a""#),
            check(&user, r#"displayName eq "Ana""#),
            check(&group, r#"displayName eq "Editors""#),
            check(&group, r#"members[value eq "7"]"#),
            check(&group, r#"members.display eq "7""#),
            check(&user, r#"meta.lastModified gt "2026-11-21T00:00:00Z""#),
            check(&[user[0], group[0]], r#"externalId eq "00u""#),
        ];
        insta::assert_snapshot!(table.join("\n"), @r#"
        Some((UserName("ana@x.com"), true))
        Some((UserName("ana"), false))
        Some((Email("a@x.com"), false))
        Some((Email("a@x.com"), false))
        None
        None
        None
        None
        Some((GroupName("editors"), true))
        Some((Holding("7"), false))
        None
        Some((ChangedSince(User, 2026-11-21T00:00:00Z), false))
        Some((ExternalId("00u"), true))
        "#);
    }
}
