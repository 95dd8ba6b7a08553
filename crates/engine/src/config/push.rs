//! What identity providers push to an instance, and the standing approvals of the policy.

use std::collections::BTreeSet;

use rollbook_core::approval;
use rollbook_core::canonical::fold;
use rollbook_core::plan::push::{OnDelete, SETTABLE};
use rollbook_core::policy::{Policy, StandingApproval};
use serde::Deserialize;

use super::read::{Document, Step};
use super::{Config, InstanceConfig};
use crate::error::Result;
use crate::nearest::nearest;

/// The endpoint that is for all instances at once; no instance may be called so.
pub const ALL: &str = "all";

/// `[instance.push]`: how the wishes of identity providers are carried out there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PushConfig {
    /// What becomes of an account when its resource is deleted.
    pub on_delete: OnDelete,
    /// The attributes that pushes set; not said: all that the channel can set.
    pub attributes: Option<Vec<String>>,
}

/// `[[instance.group]]`: a pushed group gives an entitlement. Groups are told apart by id, never by
/// name: whoever can rename a group must not be able to give rights by that.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupRule {
    /// The group's id here or its `externalId`, exactly as pushed.
    pub id: String,
    /// The entitlement's key in the instance.
    pub entitlement: String,
}

impl InstanceConfig {
    /// The entitlement that membership in a pushed group gives here, if a rule says one.
    pub fn entitlement_of(&self, group: &str, external_id: Option<&str>) -> Option<&str> {
        let is_it = |rule: &&GroupRule| rule.id == group || Some(rule.id.as_str()) == external_id;
        self.groups.iter().find(is_it).map(|rule| rule.entitlement.as_str())
    }

    /// The SCIM names of the attributes that pushes set here: what the policy of the instance lets
    /// them set and its channel can both set and show.
    pub fn settable(&self) -> BTreeSet<&'static str> {
        let wanted = |name: &&&'static str| {
            let named = |list: &Vec<String>| list.iter().any(|n| n.eq_ignore_ascii_case(name));
            self.push.attributes.as_ref().is_none_or(named)
        };
        let shown = |name: &&&'static str| match &self.file {
            None => true,
            Some(file) => {
                let columns = &file.columns;
                let column = match **name {
                    "userName" => &columns.login,
                    "displayName" => &columns.display_name,
                    "name.givenName" => &columns.given_name,
                    "name.familyName" => &columns.family_name,
                    "emails" => &columns.email,
                    "employeeNumber" => &columns.worker_number,
                    "department" => &columns.unit,
                    _ => return false,
                };
                column.is_some()
            }
        };
        SETTABLE.iter().filter(wanted).filter(shown).copied().collect()
    }

    pub(super) fn check_push(&self, document: &Document<'_>, at: usize) -> Result<()> {
        let here = [Step::from("instance"), Step::from(at)];
        if self.name.as_str() == ALL {
            let path = [here[0], here[1], "name".into()];
            let said = "`all` is the endpoint for all instances at once.";
            return Err(document.wrong(&path, said, Some("Choose another name.".to_owned())));
        }
        for (nth, name) in self.push.attributes.iter().flatten().enumerate() {
            if !SETTABLE.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                let path = [here[0], here[1], "push".into(), "attributes".into(), nth.into()];
                let said = format!("`{name}` is no attribute that a push can set.");
                return Err(document.wrong(&path, &said, nearest(name, &SETTABLE)));
            }
        }
        let mut seen = BTreeSet::new();
        for (nth, rule) in self.groups.iter().enumerate() {
            let path =
                |key: &'static str| [here[0], here[1], "group".into(), nth.into(), key.into()];
            for (key, value) in [("id", &rule.id), ("entitlement", &rule.entitlement)] {
                if value.trim().is_empty() {
                    let hint = "Write the id exactly as it is pushed, and the key of the right.";
                    return Err(document.wrong(&path(key), "it is empty.", Some(hint.to_owned())));
                }
            }
            if !seen.insert(&rule.id) {
                let said = format!("the group `{}` has two rules.", rule.id);
                let hint = "A group gives one entitlement; make a second group for the other one.";
                return Err(document.wrong(&path("id"), &said, Some(hint.to_owned())));
            }
        }
        Ok(())
    }
}

impl Config {
    /// Whether a rule says which entitlement a pushed group gives, in the instance of the endpoint
    /// or, where the endpoint is [`ALL`], in any.
    pub fn maps_group(&self, endpoint: &str, group: &str, external_id: Option<&str>) -> bool {
        let meant = |one: &&InstanceConfig| endpoint == ALL || one.name.as_str() == endpoint;
        let mut instances = self.instances.iter().filter(meant);
        instances.any(|one| one.entitlement_of(group, external_id).is_some())
    }
}

/// What the types of `[[policy.standing]]` cannot say.
pub(super) fn check_standing(
    document: &Document<'_>,
    policy: &Policy,
    instances: &BTreeSet<&str>,
) -> Result<()> {
    let mut names = BTreeSet::new();
    for (at, standing) in policy.standing.iter().enumerate() {
        let here = [Step::from("policy"), "standing".into(), at.into()];
        document.check_name(
            &[here[0], here[1], here[2], "name".into()],
            &standing.name,
            &mut names,
        )?;
        if let Some((key, said, hint)) = fault(standing, policy) {
            let path = [here[0], here[1], here[2], key.into()];
            return Err(document.wrong(&path, &said, Some(hint.to_owned())));
        }
        let known = |name: &str| name == StandingApproval::ANY_INSTANCE || instances.contains(name);
        let unknown = |(_, name): &(usize, &str)| !known(name);
        let named = standing.instances.iter().map(|instance| instance.as_str()).enumerate();
        if let Some((nth, name)) = named.into_iter().find(unknown) {
            let path = [here[0], here[1], here[2], "instances".into(), nth.into()];
            let known: Vec<&str> = instances.iter().copied().collect();
            let said = format!("no instance is named `{name}`.");
            return Err(document.wrong(&path, &said, nearest(name, &known)));
        }
    }
    Ok(())
}

/// The key that cannot be meant, why, and what to do.
fn fault(
    standing: &StandingApproval,
    policy: &Policy,
) -> Option<(&'static str, String, &'static str)> {
    let by = fold(&standing.approved_by);
    let is_program =
        approval::pushed_by(&by).is_some() || standing.from.iter().any(|from| fold(from) == by);
    if by.is_empty() || is_program {
        let hint = "Name the person who agrees to this, as they sign when they approve a plan.";
        return Some(("approved_by", format!("`{}` is no person.", standing.approved_by), hint));
    }
    let approvers = &policy.approval.approvers;
    if !approvers.is_empty() && !approvers.iter().any(|approver| fold(approver) == by) {
        let said = format!("{} is not among the approvers.", standing.approved_by);
        let hint = "Add the person to `approvers` in [policy.approval], or name one of those.";
        return Some(("approved_by", said, hint));
    }
    let empty = [
        ("from", standing.from.is_empty(), "it names no identity provider."),
        ("instances", standing.instances.is_empty(), "it is for no instance."),
        ("verbs", standing.verbs.is_empty(), "it is for no operation."),
        ("per_day_max", standing.per_day_max == 0, "it would cover nothing."),
    ];
    let (key, _, said) = empty.into_iter().find(|(_, is_so, _)| *is_so)?;
    let hint = "Say what it is for, or take the standing approval out.";
    Some((key, said.to_owned(), hint))
}
