//! The vendor's state and its answers, without a network: a request in, a reply and the effects out.

use std::collections::BTreeMap;

use rollbook_scim::filter::{Filter, Literal, Op};
use rollbook_scim::list::PageRequest;
use rollbook_scim::message::ScimType;
use rollbook_scim::patch::{Operation, Rules};
use rollbook_scim::{ErrorMessage, Patch, User, discovery, json as scim_json, read};
use serde_json::{Map, Value, json};

use super::fault::Twist;
use super::profile::{
    DeleteMeans, DuplicateBody, Filters, PatchForm, PatchSupport, Profile, PutWithoutActive,
};

/// A request that has been let in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ask {
    pub(crate) method: String,
    /// Decoded segments below the base path.
    pub(crate) segments: Vec<String>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) if_match: Option<String>,
    pub(crate) content_type: String,
    pub(crate) body: Vec<u8>,
}

impl Ask {
    fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn path(&self) -> String {
        format!("/{}", self.segments.join("/"))
    }
}

/// An answer before it is bytes.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Option<Value>,
}

impl Reply {
    pub(crate) fn json(status: u16, body: Value) -> Self {
        Self { status, headers: Vec::new(), body: Some(body) }
    }

    pub(crate) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: None }
    }

    pub(crate) fn error(status: u16, word: Option<ScimType>, detail: &str) -> Self {
        Self::json(status, ErrorMessage::new(status, word, detail).to_json())
    }
}

/// A change of state: on what, and what changed in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Done {
    pub(crate) subject: String,
    pub(crate) what: String,
}

/// The two kinds of resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    User,
    Group,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
        }
    }
}

/// What readers still see of a resource.
#[derive(Clone, Debug)]
struct Late {
    shown: Option<Value>,
    reads: usize,
}

/// Everything the vendor holds.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) profile: Profile,
    base_url: String,
    users: Vec<Value>,
    groups: Vec<Value>,
    next_id: u64,
    late: BTreeMap<(Kind, String), Late>,
}

impl Site {
    pub(crate) fn new(profile: Profile, base_url: &str) -> Self {
        Self {
            profile,
            base_url: base_url.to_owned(),
            users: Vec::new(),
            groups: Vec::new(),
            next_id: 1,
            late: BTreeMap::new(),
        }
    }

    pub(crate) fn all(&self, kind: Kind) -> &[Value] {
        match kind {
            Kind::User => &self.users,
            Kind::Group => &self.groups,
        }
    }

    fn all_mut(&mut self, kind: Kind) -> &mut Vec<Value> {
        match kind {
            Kind::User => &mut self.users,
            Kind::Group => &mut self.groups,
        }
    }

    pub(crate) fn find(&self, kind: Kind, id: &str) -> Option<&Value> {
        self.all(kind).iter().find(|one| id_of(one) == id)
    }

    /// Puts a resource in, as if it had always been there. An `id` of its own is kept.
    pub(crate) fn seed(&mut self, kind: Kind, mut resource: Value) -> String {
        if id_of(&resource).is_empty() {
            resource["id"] = self.new_id(kind);
        }
        let id = id_of(&resource);
        self.stamp(kind, &mut resource, 1);
        self.all_mut(kind).retain(|one| id_of(one) != id);
        self.all_mut(kind).push(resource);
        id
    }

    /// Takes a resource out, and a user out of its groups.
    pub(crate) fn take_out(&mut self, kind: Kind, id: &str) -> bool {
        let before = self.all(kind).len();
        self.all_mut(kind).retain(|one| id_of(one) != id);
        for group in &mut self.groups {
            if let Some(members) = group.get_mut("members").and_then(Value::as_array_mut) {
                members.retain(|member| member["value"] != json!(id));
            }
        }
        self.all(kind).len() < before
    }

    /// Answers a request. With [`Twist::VisibleAfter`] readers see the change late.
    pub(crate) fn answer(&mut self, ask: &Ask, twist: Option<&Twist>) -> (Reply, Vec<Done>) {
        let Some(Twist::VisibleAfter { reads }) = twist else {
            let mut done = Vec::new();
            let reply = self.route(ask, twist, &mut done).unwrap_or_else(|refusal| *refusal);
            return (reply, done);
        };
        let before = self.clone();
        let (reply, done) = self.answer(ask, None);
        let kind = match ask.segments.first().map(String::as_str) {
            Some("Groups") => Kind::Group,
            _ => Kind::User,
        };
        for Done { subject, .. } in &done {
            let shown = before.find(kind, subject).cloned();
            self.late.insert((kind, subject.clone()), Late { shown, reads: *reads });
        }
        (reply, done)
    }

    fn route(
        &mut self,
        ask: &Ask,
        twist: Option<&Twist>,
        done: &mut Vec<Done>,
    ) -> Result<Reply, Box<Reply>> {
        let segments: Vec<&str> = ask.segments.iter().map(String::as_str).collect();
        let kind = match segments.first() {
            Some(&"Users") => Kind::User,
            Some(&"Groups") if self.profile.groups => Kind::Group,
            Some(_) if self.profile.discovery && segments.len() == 1 => return self.discover(ask),
            _ => return Err(no_such_route()),
        };
        match (ask.method.as_str(), &segments[1..]) {
            ("GET", []) => self.list(kind, ask, twist),
            ("POST", []) => self.create(kind, ask, done),
            ("GET", [id]) => self.show(kind, id, ask),
            ("PUT", [id]) if self.profile.put || kind == Kind::Group => {
                self.put(kind, id, ask, done)
            }
            ("PATCH", [id]) => self.patch(kind, id, ask, done),
            ("DELETE", [id]) => self.delete(kind, id, ask, done),
            (_, [] | [_]) => Err(refusal(405, None, "This method is not supported here.")),
            _ => Err(no_such_route()),
        }
    }

    fn discover(&self, ask: &Ask) -> Result<Reply, Box<Reply>> {
        if ask.method != "GET" {
            return Err(refusal(405, None, "Discovery can only be read."));
        }
        let listed = |items: Vec<Value>| {
            PageRequest { start_index: 1, count: None }.page(&items, items.len()).to_json()
        };
        match ask.segments[0].as_str() {
            "ServiceProviderConfig" => Ok(Reply::json(200, self.config().to_json())),
            "Schemas" => Ok(Reply::json(200, listed(discovery::schemas()))),
            "ResourceTypes" => Ok(Reply::json(200, listed(discovery::resource_types()))),
            _ => Err(no_such_route()),
        }
    }

    fn config(&self) -> discovery::ServiceProviderConfig {
        discovery::ServiceProviderConfig {
            patch: Some(self.profile.patch != PatchSupport::Absent),
            filter: Some(self.profile.filters != Filters::Ignored),
            results_max: Some(self.profile.page_max as u64),
            etag: Some(self.profile.etags),
            authentication: vec!["oauthbearertoken".to_owned()],
            ..discovery::ServiceProviderConfig::default()
        }
    }

    fn list(&mut self, kind: Kind, ask: &Ask, twist: Option<&Twist>) -> Result<Reply, Box<Reply>> {
        let filter = self.filter(kind, ask)?;
        let mut found = self.visible(kind);
        found.retain(|one| filter.as_ref().is_none_or(|filter| filter.matches(one)));
        let asked_start = number(ask, "startIndex")?.unwrap_or(1);
        let mut start_index = asked_start;
        match twist {
            Some(Twist::EmptyList) => found.clear(),
            Some(Twist::HalfList) => found.truncate(found.len() / 2),
            Some(Twist::RepeatPage | Twist::StartIndexIgnored) => start_index = 1,
            Some(Twist::Overlap { by }) if start_index > 1 => {
                start_index -= i64::try_from(*by).unwrap_or(i64::MAX);
            }
            _ => {}
        }
        let count = number(ask, "count")?
            .unwrap_or(i64::try_from(self.profile.page_default).unwrap_or(i64::MAX));
        let request = PageRequest { start_index, count: Some(count) };
        let mut page = request.page(&found, self.profile.page_max);
        if !matches!(twist, Some(Twist::StartIndexIgnored)) {
            page.start_index = Some(asked_start.max(1).unsigned_abs());
        }
        for item in page.resources.iter_mut().flatten() {
            self.dress(kind, item, ask);
        }
        Ok(Reply::json(200, page.to_json()))
    }

    fn filter(&self, kind: Kind, ask: &Ask) -> Result<Option<Filter>, Box<Reply>> {
        let Some(text) = ask.parameter("filter") else { return Ok(None) };
        let invalid = |detail: &str| refusal(400, Some(ScimType::InvalidFilter), detail);
        match self.profile.filters {
            Filters::Ignored => Ok(None),
            Filters::Full => text
                .parse()
                .map(Some)
                .map_err(|it: rollbook_scim::filter::Error| invalid(&it.to_string())),
            Filters::UserNameEq => {
                let name = if kind == Kind::User { "userName" } else { "displayName" };
                match text.parse() {
                    Ok(filter) if is_plain_eq(&filter, name) => Ok(Some(filter)),
                    _ => Err(invalid("Unsupported filter")),
                }
            }
        }
    }

    fn show(&mut self, kind: Kind, id: &str, ask: &Ask) -> Result<Reply, Box<Reply>> {
        let late = self.read_late(kind, id);
        let shown = late.unwrap_or_else(|| self.find(kind, id).cloned());
        let mut resource = shown.ok_or_else(|| no_such(kind, id))?;
        self.dress(kind, &mut resource, ask);
        Ok(Reply::json(200, resource))
    }

    fn create(&mut self, kind: Kind, ask: &Ask, done: &mut Vec<Done>) -> Result<Reply, Box<Reply>> {
        let mut resource = body_of(ask)?;
        for read_only in ["id", "meta", "groups"] {
            remove_key(&mut resource, read_only);
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

    fn put(
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

    fn patch(
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

    fn delete(
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

    fn answer_with(
        &mut self,
        kind: Kind,
        mut resource: Value,
        ask: &Ask,
    ) -> Result<Reply, Box<Reply>> {
        self.dress(kind, &mut resource, ask);
        Ok(Reply::json(200, resource))
    }

    /// What is shown of a resource besides what is stored, and what is left out on request.
    fn dress(&self, kind: Kind, resource: &mut Value, ask: &Ask) {
        if kind == Kind::User && self.profile.groups_on_users {
            let groups = self.groups_of(&id_of(resource));
            if !groups.is_empty() {
                resource["groups"] = json!(groups);
            }
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

    fn groups_of(&self, id: &str) -> Vec<Value> {
        let is_in = |group: &&Value| {
            let members = group["members"].as_array();
            members.is_some_and(|members| members.iter().any(|it| it["value"] == json!(id)))
        };
        let entry = |group: &Value| json!({"value": id_of(group), "display": group["displayName"], "type": "direct"});
        self.groups.iter().filter(is_in).map(entry).collect()
    }

    /// All resources as readers see them now; this is one read of each.
    fn visible(&mut self, kind: Kind) -> Vec<Value> {
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
    fn read_late(&mut self, kind: Kind, id: &str) -> Option<Option<Value>> {
        let key = (kind, id.to_owned());
        let late = self.late.get_mut(&key)?;
        if late.reads == 0 {
            self.late.remove(&key);
            return None;
        }
        late.reads -= 1;
        Some(late.shown.clone())
    }

    fn new_id(&mut self, kind: Kind) -> Value {
        loop {
            let number = self.next_id;
            self.next_id += 1;
            let text = match (self.profile.integer_ids, kind) {
                (true, _) => number.to_string(),
                (false, Kind::User) => format!("usr-{number:06}"),
                (false, Kind::Group) => format!("grp-{number:06}"),
            };
            let taken = [Kind::User, Kind::Group].iter().any(|it| self.find(*it, &text).is_some());
            if !taken {
                return if self.profile.integer_ids { json!(number) } else { json!(text) };
            }
        }
    }

    fn location(&self, kind: Kind, id: &str) -> String {
        format!("{}/{}/{id}", self.base_url, route_of(kind))
    }

    fn stamp(&self, kind: Kind, resource: &mut Value, version: u64) {
        let now = jiff::Timestamp::now().to_string();
        let created = resource["meta"]["created"].as_str().unwrap_or(&now).to_owned();
        let location = self.location(kind, &id_of(resource));
        let mut meta = json!({
            "resourceType": kind.word(),
            "created": created,
            "lastModified": now,
            "location": location,
        });
        if self.profile.etags {
            meta["version"] = json!(format!("W/\"{version}\""));
        }
        resource["meta"] = meta;
        if resource.get("schemas").is_none() {
            let urn = match kind {
                Kind::User => rollbook_scim::schema::USER,
                Kind::Group => rollbook_scim::schema::GROUP,
            };
            resource["schemas"] = json!([urn]);
        }
    }
}

fn route_of(kind: Kind) -> &'static str {
    match kind {
        Kind::User => "Users",
        Kind::Group => "Groups",
    }
}

pub(crate) fn id_of(resource: &Value) -> String {
    resource.as_object().and_then(|it| read::text_of(it, "id")).unwrap_or_default()
}

fn name_of(resource: &Value) -> String {
    let user = User::read(resource).unwrap_or_default();
    user.user_name.or(user.display_name).unwrap_or_default()
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

fn is_plain_eq(filter: &Filter, name: &str) -> bool {
    match filter {
        Filter::Compare { path, op: Op::Eq, value: Literal::Text(_) } => {
            path.filter().is_none() && path.attr().is(name)
        }
        _ => false,
    }
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

fn number(ask: &Ask, name: &str) -> Result<Option<i64>, Box<Reply>> {
    let parse = |text: &str| {
        text.parse().map_err(|_| {
            let detail = format!("{name} is a whole number.");
            refusal(400, Some(ScimType::InvalidValue), &detail)
        })
    };
    ask.parameter(name).map(parse).transpose()
}

fn of_patch(error: &rollbook_scim::patch::Error) -> Box<Reply> {
    Box::new(Reply::json(400, error.to_message().to_json()))
}

fn no_such(kind: Kind, id: &str) -> Box<Reply> {
    refusal(404, None, &format!("{} {id} is not here.", kind.word()))
}

fn no_such_route() -> Box<Reply> {
    refusal(404, None, "There is nothing under this path.")
}

fn refusal(status: u16, word: Option<ScimType>, detail: &str) -> Box<Reply> {
    Box::new(Reply::error(status, word, detail))
}
