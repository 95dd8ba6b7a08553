//! Members of a group, one by one: a group of fifty thousand is never rewritten to add one.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::rules::Rules;
use super::shape::{self, MEMBERS_MAX};
use crate::filter::{Filter, Literal, Op};
use crate::group::Member;
use crate::message::{ErrorMessage, ScimType};
use crate::patch::{Error, Operation, Patch, Verb, parse_path};
use crate::path::Path;
use crate::{read, schema};

/// One change to the members of a group.
#[derive(Clone, Debug, PartialEq)]
pub enum MemberChange {
    /// These and nobody else.
    Set(Vec<Member>),
    /// These as well; who is a member already stays as is.
    Add(Vec<Member>),
    /// Without those with these ids; who is no member is none afterwards either.
    Remove(Vec<String>),
    /// Without those that the filter fits; for what cannot be said by ids.
    RemoveWhere(Filter),
    /// In place of those that the filter fits; 400 `noTarget` where it fits nobody.
    ReplaceWhere(Filter, Member),
}

/// The operations of a PATCH on a group, those on its members apart from the rest. Both keep their
/// order. Where the rest is empty the PATCH is about members alone.
///
/// # Errors
/// 400 where a member has no id or a part of a member is to be changed (RFC 7643 §4.2: its parts are
/// immutable); 413 where more than [`MEMBERS_MAX`] members are named.
pub fn split(patch: &Patch, rules: &Rules) -> Result<(Patch, Vec<MemberChange>), ErrorMessage> {
    let mut rest = Patch::default();
    let mut changes = Vec::new();
    for operation in &patch.operations {
        let whole = operation.path.as_ref().is_none_or(|path| path.attr().name().is_none());
        match (&operation.path, &operation.value) {
            (Some(path), _) if is_members(path) => {
                let value = operation.value.clone();
                changes.extend(change(operation.verb, path, value, rules)?);
            }
            (_, Some(Value::Object(entries))) if whole && operation.verb != Verb::Remove => {
                let left = from_object(operation.verb, entries, rules, &mut changes)?;
                if !left.is_empty() {
                    let value = Some(Value::Object(left));
                    rest.operations.push(Operation { value, ..operation.clone() });
                }
            }
            _ => rest.operations.push(operation.clone()),
        }
    }
    let named: usize = changes.iter().map(MemberChange::len).sum();
    if named > MEMBERS_MAX {
        let sentence = format!(
            "The PATCH names {named} members; at most {MEMBERS_MAX} are taken at once. Send several."
        );
        return Err(ErrorMessage::new(413, Some(ScimType::TooMany), &sentence));
    }
    Ok((rest, changes))
}

/// Takes the entries about members out of an operation without a path.
fn from_object(
    verb: Verb,
    entries: &Map<String, Value>,
    rules: &Rules,
    changes: &mut Vec<MemberChange>,
) -> Result<Map<String, Value>, ErrorMessage> {
    let mut left = Map::new();
    for (key, value) in entries {
        match parse_path(key) {
            Ok(path) if is_members(&path) => {
                changes.extend(change(verb, &path, Some(value.clone()), rules)?);
            }
            _ => drop(left.insert(key.clone(), value.clone())),
        }
    }
    Ok(left)
}

fn is_members(path: &Path) -> bool {
    path.attr().name().is_some_and(|name| name.eq_ignore_ascii_case("members"))
        && path.attr().extension().is_none()
        && !path.attr().schema().is_some_and(|urn| urn.eq_ignore_ascii_case(schema::USER))
}

/// One operation on members; `None` where it asks for nothing.
fn change(
    verb: Verb,
    path: &Path,
    value: Option<Value>,
    rules: &Rules,
) -> Result<Option<MemberChange>, ErrorMessage> {
    if let Some(sub) = path.sub() {
        let harmless = rules.lenient && !sub.eq_ignore_ascii_case("value");
        let refused = Error::Mutability(path.to_string());
        return if harmless { Ok(None) } else { Err(refused.to_message()) };
    }
    let value = value.filter(|value| !value.is_null());
    Ok(match (verb, path.filter(), value) {
        (Verb::Remove, None, None) => Some(MemberChange::Set(Vec::new())),
        // Only those named: some clients take members out in this way, and taking all out instead
        // would be the greater harm.
        (Verb::Remove, None, Some(value)) => Some(MemberChange::Remove(
            shape::members(value, rules)?.into_iter().map(|member| member.value).collect(),
        )),
        (Verb::Remove, Some(filter), _) => Some(match ids(filter) {
            Some(ids) => MemberChange::Remove(ids),
            None => MemberChange::RemoveWhere(filter.clone()),
        }),
        (Verb::Add, _, None) => None,
        (Verb::Add, None, Some(value)) => Some(MemberChange::Add(shape::members(value, rules)?)),
        (Verb::Replace, None, value) => {
            Some(MemberChange::Set(shape::members(value.unwrap_or_default(), rules)?))
        }
        (_, Some(filter), value) => {
            let mut members = shape::members(value.unwrap_or_default(), rules)?;
            let (Some(member), true) = (members.pop(), members.is_empty()) else {
                return Err(shape::invalid(
                    "Such an operation puts one member in place of others.",
                ));
            };
            Some(MemberChange::ReplaceWhere(filter.clone(), member))
        }
    })
}

/// The ids that a filter asks for, where it asks for ids and nothing else.
fn ids(filter: &Filter) -> Option<Vec<String>> {
    match filter {
        Filter::Compare { path, op: Op::Eq, value: Literal::Text(id) }
            if path.attr().is("value") =>
        {
            Some(vec![id.clone()])
        }
        Filter::Any(terms) => {
            let each: Option<Vec<_>> = terms.iter().map(ids).collect();
            Some(each?.concat())
        }
        _ => None,
    }
}

impl MemberChange {
    /// How many members it names.
    fn len(&self) -> usize {
        match self {
            Self::Set(members) | Self::Add(members) => members.len(),
            Self::Remove(ids) => ids.len(),
            Self::RemoveWhere(_) | Self::ReplaceWhere(..) => 1,
        }
    }

    /// Whether it can be done by ids alone, without reading who is a member.
    pub fn is_by_id(&self) -> bool {
        !matches!(self, Self::RemoveWhere(_) | Self::ReplaceWhere(..))
    }

    /// Makes the change to a list of members. Gives whether anything changed.
    ///
    /// # Errors
    /// 400 `noTarget` where a filter has to fit somebody and does not.
    pub fn apply(&self, members: &mut Vec<Member>) -> Result<bool, ErrorMessage> {
        let before = members.len();
        match self {
            Self::Set(new) => {
                let ids = |list: &[Member]| -> BTreeSet<String> {
                    list.iter().map(|member| member.value.clone()).collect()
                };
                let changed = ids(members) != ids(new);
                members.clone_from(new);
                return Ok(changed);
            }
            Self::Add(new) => {
                let known: BTreeSet<&String> = members.iter().map(|it| &it.value).collect();
                let new: Vec<Member> =
                    new.iter().filter(|it| !known.contains(&it.value)).cloned().collect();
                members.extend(new);
            }
            Self::Remove(ids) => {
                let ids: BTreeSet<&String> = ids.iter().collect();
                members.retain(|member| !ids.contains(&member.value));
            }
            Self::RemoveWhere(filter) => members.retain(|member| !fits(filter, member)),
            Self::ReplaceWhere(filter, new) => {
                let Some(at) = members.iter().position(|member| fits(filter, member)) else {
                    let sentence = format!("Nothing is at \"members[{filter}]\".");
                    return Err(ErrorMessage::new(400, Some(ScimType::NoTarget), &sentence));
                };
                let changed = members[at] != *new;
                members.retain(|member| !fits(filter, member) && member.value != new.value);
                members.insert(at.min(members.len()), new.clone());
                return Ok(changed);
            }
        }
        Ok(members.len() != before)
    }
}

fn fits(filter: &Filter, member: &Member) -> bool {
    filter.matches_element(&member.to_json(), "members")
}

/// Leaves of each member what is stored: id, kind and display name. The kind may only show in the
/// URL that was sent.
pub(super) fn tidy(group: &mut Map<String, Value>) {
    if let Some(members) = group.get_mut("members") {
        let tidied = read::list(members).iter().filter_map(Member::read);
        *members = tidied.map(|member| member.to_json()).collect();
    }
}
