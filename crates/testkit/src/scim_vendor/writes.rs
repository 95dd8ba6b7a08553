//! What changes the vendor's state: POST, PUT, PATCH, DELETE, and what it insists on before.

use rollbook_scim::message::ScimType;
use rollbook_scim::patch::{Operation, Rules};
use rollbook_scim::{Patch, json as scim_json, read};
use serde_json::{Map, Value, json};

use super::profile::{DeleteMeans, DuplicateBody, PatchForm, PatchSupport, PutWithoutActive};
use super::site::{Ask, Kind, Site, id_of, name_of, no_such, no_such_route, refusal};
use crate::ledger::Done;
use crate::outgoing::Reply;

impl Site {
    pub(super) fn create(
        &mut self,
        kind: Kind,
        ask: &Ask,
        done: &mut Vec<Done>,
    ) -> Result<Reply, Box<Reply>> {
        let mut resource = body_of(ask)?;
        for read_only in ["id", "meta", "groups"] {
            remove_key(&mut resource, read_only);
        }
        if !self.profile.external_ids {
            remove_key(&mut resource, "externalId");
        }
        self.check(kind, &mut resource, None)?;
        let mut resource = Value::Object(resource);
        resource["id"] = self.new_id(kind);
        if kind == Kind::User && resource.get("active").is_none() {
            resource["active"] = json!(true);
        }
        self.stamp(kind, &mut resource, 1);
        let id = id_of(&resource);
        done.push(Done { subject: id.clone(), what: format!("created {}", name_of(&resource)) });
        self.all_mut(kind).push(resource.clone());
        let location = self.location(kind, &id);
        self.dress(kind, &mut resource, ask);
        let mut reply = Reply::json(201, resource);
        reply.headers.push(("location", location));
        Ok(reply)
    }

    pub(super) fn put(
        &mut self,
        kind: Kind,
        id: &str,
        ask: &Ask,
        done: &mut Vec<Done>,
    ) -> Result<Reply, Box<Reply>> {
        let old = self.current(kind, id, ask)?;
        let mut new = body_of(ask)?;
        if read::text_of(&new, "id").is_some_and(|own| own != id) {
            return Err(refusal(400, Some(ScimType::Mutability), "The id cannot be changed."));
        }
        for read_only in ["id", "meta", "groups"] {
            remove_key(&mut new, read_only);
            if let Some(kept) = old.get(read_only) {
                new.insert(read_only.to_owned(), kept.clone());
            }
        }
        if kind == Kind::User && read::get(&new, "active").is_none() {
            let active = match self.profile.put_without_active {
                PutWithoutActive::Keeps => old.get("active").cloned().unwrap_or(json!(true)),
                PutWithoutActive::Deactivates => json!(false),
            };
            remove_key(&mut new, "active");
            new.insert("active".to_owned(), active);
        }
        self.check(kind, &mut new, Some(id))?;
        let new = self.store(kind, &old, Value::Object(new), done);
        self.answer_with(kind, new, ask)
    }

    pub(super) fn patch(
        &mut self,
        kind: Kind,
        id: &str,
        ask: &Ask,
        done: &mut Vec<Done>,
    ) -> Result<Reply, Box<Reply>> {
        let support = match kind {
            Kind::User => self.profile.patch,
            Kind::Group => PatchSupport::Full,
        };
        if support == PatchSupport::Absent {
            return Err(refusal(501, None, "PATCH is not implemented."));
        }
        let old = self.current(kind, id, ask)?;
        let body = Value::Object(body_of(ask)?);
        let mut patch = Patch::read(&body).map_err(|it| of_patch(&it))?;
        let unfit = |operation: &Operation| match self.profile.patch_form {
            PatchForm::Any => false,
            PatchForm::PathOnly => operation.path.is_none(),
            PatchForm::PathlessOnly => operation.path.is_some(),
        };
        if kind == Kind::User && patch.operations.iter().any(unfit) {
            return Err(refusal(400, Some(ScimType::InvalidPath), "Malformed operation."));
        }
        match support {
            PatchSupport::Nothing => patch.operations.clear(),
            PatchSupport::ActiveOnly => patch.operations.retain_mut(keep_active_only),
            PatchSupport::Full | PatchSupport::Absent => {}
        }
        let mut rules = Rules::strict();
        if kind == Kind::Group {
            rules.required = vec!["displayName".to_owned()];
        }
        let new = patch.apply(&old, &rules).map_err(|it| of_patch(&it))?;
        let Value::Object(mut new) = new else { return Err(no_such_route()) };
        self.check(kind, &mut new, Some(id))?;
        let new = self.store(kind, &old, Value::Object(new), done);
        if kind == Kind::Group {
            return Ok(Reply::empty(204));
        }
        self.answer_with(kind, new, ask)
    }

    pub(super) fn delete(
        &mut self,
        kind: Kind,
        id: &str,
        ask: &Ask,
        done: &mut Vec<Done>,
    ) -> Result<Reply, Box<Reply>> {
        let old = self.current(kind, id, ask)?;
        match self.profile.delete {
            DeleteMeans::Refused if kind == Kind::User => {
                return Err(refusal(405, None, "Users cannot be deleted."));
            }
            DeleteMeans::Inactive if kind == Kind::User => {
                let mut new = old.clone();
                new["active"] = json!(false);
                self.store(kind, &old, new, done);
            }
            _ => {
                self.take_out(kind, id);
                let what = format!("removed {}", name_of(&old));
                done.push(Done { subject: id.to_owned(), what });
            }
        }
        Ok(Reply::empty(204))
    }

    /// The resource as it really is, if it is there and the client's `If-Match` fits.
    fn current(&self, kind: Kind, id: &str, ask: &Ask) -> Result<Value, Box<Reply>> {
        let old = self.find(kind, id).cloned().ok_or_else(|| no_such(kind, id))?;
        let version = old["meta"]["version"].as_str();
        let stale = ask.if_match.as_deref().is_some_and(|tag| tag != "*" && Some(tag) != version);
        if self.profile.etags && stale {
            return Err(refusal(412, None, "The resource has changed since it was read."));
        }
        Ok(old)
    }

    /// Puts `new` in place of `old`, and tells what changed; the same again is no change.
    fn store(&mut self, kind: Kind, old: &Value, mut new: Value, done: &mut Vec<Done>) -> Value {
        let changed = differences(old, &new);
        if changed.is_empty() {
            return old.clone();
        }
        let id = id_of(old);
        let is_cut = old["active"] != json!(false) && new["active"] == json!(false);
        if kind == Kind::User && self.profile.inactive_deletes && is_cut {
            self.take_out(kind, &id);
            done.push(Done { subject: id, what: "changed active, which removed it".to_owned() });
            return new;
        }
        let version = old["meta"]["version"].as_str().unwrap_or_default();
        let version = version.trim_matches(|c: char| !c.is_ascii_digit()).parse().unwrap_or(1);
        self.stamp(kind, &mut new, version + 1);
        if let Some(place) = self.all_mut(kind).iter_mut().find(|one| id_of(one) == id) {
            *place = new.clone();
        }
        done.push(Done { subject: id, what: format!("changed {}", changed.join(", ")) });
        new
    }

    /// What the vendor insists on before it takes a resource.
    fn check(
        &self,
        kind: Kind,
        resource: &mut Map<String, Value>,
        own_id: Option<&str>,
    ) -> Result<(), Box<Reply>> {
        let invalid = |detail: String| refusal(400, Some(ScimType::InvalidValue), &detail);
        if kind == Kind::Group {
            if read::text_of(resource, "displayName").is_none_or(|name| name.is_empty()) {
                return Err(invalid("displayName is required.".to_owned()));
            }
            for member in read::list_of(resource, "members") {
                let id = member.as_object().and_then(|it| read::text_of(it, "value"));
                let id = id.unwrap_or_default();
                let known =
                    [Kind::User, Kind::Group].iter().any(|it| self.find(*it, &id).is_some());
                if !known {
                    return Err(invalid(format!("There is no member {id:?}.")));
                }
            }
            return Ok(());
        }
        for required in &self.profile.required {
            let path: rollbook_scim::AttrPath =
                required.parse().expect("the profile's paths are well formed");
            if path.values(resource).is_empty() {
                return Err(invalid(format!("{required} is required.")));
            }
        }
        if let Some(active) = read::get(resource, "active") {
            let active =
                read::boolean(active).ok_or_else(|| invalid("active is a boolean.".to_owned()))?;
            resource.insert("active".to_owned(), json!(active));
        }
        self.check_unique(resource, own_id)
    }

    fn check_unique(
        &self,
        user: &Map<String, Value>,
        own_id: Option<&str>,
    ) -> Result<(), Box<Reply>> {
        let key = |user: Option<String>| user.unwrap_or_default().to_lowercase();
        let wanted = key(read::text_of(user, "userName"));
        let taken = self.users.iter().any(|other| {
            let name = other.as_object().and_then(|it| read::text_of(it, "userName"));
            Some(id_of(other).as_str()) != own_id && key(name) == wanted
        });
        match (taken, self.profile.duplicate) {
            (false, _) => Ok(()),
            (true, DuplicateBody::Scim) => {
                Err(refusal(409, Some(ScimType::Uniqueness), "The userName is taken."))
            }
            (true, DuplicateBody::Odd) => Err(Box::new(Reply::json(
                409,
                json!({"errorCode": "USER_EXISTS", "errors": [{"msg": "duplicate", "field": null}]}),
            ))),
        }
    }
}

fn remove_key(object: &mut Map<String, Value>, name: &str) {
    if let Some(key) = read::key(object, name).map(str::to_owned) {
        object.remove(&key);
    }
}

/// The top-level attributes that differ; `meta` follows from the others.
fn differences(old: &Value, new: &Value) -> Vec<String> {
    let empty = Map::new();
    let (old, new) = (old.as_object().unwrap_or(&empty), new.as_object().unwrap_or(&empty));
    let mut names: Vec<&String> = old.keys().chain(new.keys()).collect();
    names.sort();
    names.dedup();
    names.retain(|name| *name != "meta" && old.get(*name) != new.get(*name));
    names.into_iter().cloned().collect()
}

/// Leaves of an operation what touches `active`; whether anything is left.
fn keep_active_only(operation: &mut Operation) -> bool {
    match (&operation.path, &mut operation.value) {
        (Some(path), _) => path.attr().is("active"),
        (None, Some(Value::Object(entries))) => {
            entries.retain(|name, _| name.eq_ignore_ascii_case("active"));
            !entries.is_empty()
        }
        _ => false,
    }
}

fn body_of(ask: &Ask) -> Result<Map<String, Value>, Box<Reply>> {
    if !ask.content_type.to_ascii_lowercase().contains("json") {
        return Err(refusal(415, None, "Send application/scim+json."));
    }
    match scim_json::read(&ask.body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(refusal(400, Some(ScimType::InvalidSyntax), "The body is no object.")),
        Err(error) => Err(refusal(400, Some(ScimType::InvalidSyntax), &error.detail())),
    }
}

fn of_patch(error: &rollbook_scim::patch::Error) -> Box<Reply> {
    Box::new(Reply::json(400, error.to_message().to_json()))
}
