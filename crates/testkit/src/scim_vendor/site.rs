//! The vendor's state and its answers, without a network: a request in, a reply and the effects out.

use std::collections::BTreeMap;

use rollbook_scim::filter::{Filter, Literal, Op};
use rollbook_scim::list::PageRequest;
use rollbook_scim::message::ScimType;
use rollbook_scim::{ErrorMessage, User, discovery, read};
use serde_json::{Value, json};

use super::profile::{Filters, PatchSupport, Profile};
use crate::fault::Twist;
use crate::ledger::Done;
use crate::outgoing::Reply;

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
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn path(&self) -> String {
        format!("/{}", self.segments.join("/"))
    }
}

impl Reply {
    pub(crate) fn error(status: u16, word: Option<ScimType>, detail: &str) -> Self {
        Self::json(status, ErrorMessage::new(status, word, detail).to_json())
    }
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
pub(super) struct Late {
    pub(super) shown: Option<Value>,
    pub(super) reads: usize,
}

/// Everything the vendor holds.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) profile: Profile,
    base_url: String,
    pub(super) users: Vec<Value>,
    pub(super) groups: Vec<Value>,
    next_id: u64,
    pub(super) late: BTreeMap<(Kind, String), Late>,
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

    pub(super) fn all_mut(&mut self, kind: Kind) -> &mut Vec<Value> {
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

    pub(super) fn answer_with(
        &mut self,
        kind: Kind,
        mut resource: Value,
        ask: &Ask,
    ) -> Result<Reply, Box<Reply>> {
        self.dress(kind, &mut resource, ask);
        Ok(Reply::json(200, resource))
    }

    pub(super) fn new_id(&mut self, kind: Kind) -> Value {
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

    pub(super) fn location(&self, kind: Kind, id: &str) -> String {
        format!("{}/{}/{id}", self.base_url, route_of(kind))
    }

    pub(super) fn stamp(&self, kind: Kind, resource: &mut Value, version: u64) {
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

pub(super) fn route_of(kind: Kind) -> &'static str {
    match kind {
        Kind::User => "Users",
        Kind::Group => "Groups",
    }
}

pub(crate) fn id_of(resource: &Value) -> String {
    resource.as_object().and_then(|it| read::text_of(it, "id")).unwrap_or_default()
}

pub(super) fn name_of(resource: &Value) -> String {
    let user = User::read(resource).unwrap_or_default();
    user.user_name.or(user.display_name).unwrap_or_default()
}

fn is_plain_eq(filter: &Filter, name: &str) -> bool {
    match filter {
        Filter::Compare { path, op: Op::Eq, value: Literal::Text(_) } => {
            path.filter().is_none() && path.attr().is(name)
        }
        _ => false,
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

pub(super) fn no_such(kind: Kind, id: &str) -> Box<Reply> {
    refusal(404, None, &format!("{} {id} is not here.", kind.word()))
}

pub(super) fn no_such_route() -> Box<Reply> {
    refusal(404, None, "There is nothing under this path.")
}

pub(super) fn refusal(status: u16, word: Option<ScimType>, detail: &str) -> Box<Reply> {
    Box::new(Reply::error(status, word, detail))
}
