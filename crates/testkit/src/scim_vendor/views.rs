//! What readers see: dressed for the answer, and for some time still as it was.

use serde_json::{Value, json};

use super::profile::MembersShown;
use super::site::{Ask, Kind, Site, id_of};

impl Site {
    /// What is shown of a resource besides what is stored, and what is left out on request.
    pub(super) fn dress(&self, kind: Kind, resource: &mut Value, ask: &Ask) {
        if kind == Kind::User && self.profile.groups_on_users {
            let groups = self.groups_of(&id_of(resource));
            if !groups.is_empty() {
                resource["groups"] = json!(groups);
            }
        }
        if kind == Kind::Group {
            self.hide_members(resource, ask.segments.len() == 1);
        }
        let Some(object) = resource.as_object_mut() else { return };
        let named = |list: &str, name: &str| {
            list.split(',').any(|one| one.trim().eq_ignore_ascii_case(name))
        };
        if let Some(wanted) = ask.parameter("attributes") {
            object.retain(|name, _| name == "id" || name == "schemas" || named(wanted, name));
        } else if let Some(unwanted) = ask.parameter("excludedAttributes") {
            object.retain(|name, _| name == "id" || name == "schemas" || !named(unwanted, name));
        }
    }

    /// Leaves out the members that this vendor does not show.
    fn hide_members(&self, group: &mut Value, in_list: bool) {
        let hidden = match self.profile.members {
            MembersShown::Everywhere => false,
            MembersShown::Alone => in_list,
            MembersShown::Nowhere => true,
        };
        let Some(group) = group.as_object_mut() else { return };
        if hidden {
            group.remove("members");
        }
        let of_list = self.profile.members_in_lists_max.filter(|_| in_list);
        let max = [of_list, self.profile.members_max].into_iter().flatten().min();
        if let (Some(max), Some(Value::Array(members))) = (max, group.get_mut("members")) {
            members.truncate(max);
        }
    }

    fn groups_of(&self, id: &str) -> Vec<Value> {
        let is_in = |group: &&Value| {
            let members = group["members"].as_array();
            members.is_some_and(|members| members.iter().any(|it| it["value"] == json!(id)))
        };
        let entry = |group: &Value| json!({"value": id_of(group), "display": group["displayName"], "type": "direct"});
        self.groups.iter().filter(is_in).map(entry).collect()
    }

    /// All resources as readers see them now; this is one read of each.
    pub(super) fn visible(&mut self, kind: Kind) -> Vec<Value> {
        let mut shown = Vec::new();
        for resource in self.all(kind).to_vec() {
            match self.read_late(kind, &id_of(&resource)) {
                None => shown.push(resource),
                Some(old) => shown.extend(old),
            }
        }
        let known = |id: &str| self.find(kind, id).is_some();
        let gone: Vec<String> = self
            .late
            .keys()
            .filter(|(of, id)| *of == kind && !known(id))
            .map(|(_, id)| id.clone())
            .collect();
        for id in gone {
            shown.extend(self.read_late(kind, &id).flatten());
        }
        shown
    }

    /// Counts a read. Gives what it sees where that is not the present state.
    pub(super) fn read_late(&mut self, kind: Kind, id: &str) -> Option<Option<Value>> {
        let key = (kind, id.to_owned());
        let late = self.late.get_mut(&key)?;
        if late.reads == 0 {
            self.late.remove(&key);
            return None;
        }
        late.reads -= 1;
        Some(late.shown.clone())
    }
}
