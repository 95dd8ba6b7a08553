//! A resource as it is answered: what was pushed, and what is known from elsewhere.

use std::fmt::Write as _;
use std::sync::Arc;

use jiff::Timestamp;
use rollbook_core::id::digest_hex;
use rollbook_scim::server::{DELIVERY_GROUP, DELIVERY_USER, Projection, ResourceType};

use super::body::{self, Body};
use crate::error::{Error, Result};
use crate::store::Reading;
use crate::store::scim::{Around, Holder, MemberRow, ResourceRow};

/// How an answer is to look.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The URL of the endpoint, without a slash at its end.
    pub base: &'a str,
    /// Which attributes were asked for.
    pub projection: &'a Projection,
}

/// A resource as it is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// Its id.
    pub id: String,
    /// Its version, for `ETag`: the same as `meta.version`.
    pub etag: String,
    /// Its URL, the same as `meta.location`; empty where nothing was to be shown.
    pub location: String,
    /// When it last changed.
    pub modified: Timestamp,
    /// Its JSON text; empty where nothing was to be shown.
    pub json: String,
}

/// What must be read beside the resource itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Wants {
    /// Of a User: the Groups that it is in.
    pub(super) groups: bool,
    /// Of a Group: its members.
    pub(super) members: bool,
    /// How far it is delivered: shown only to whoever asks for it.
    pub(super) delivery: bool,
}

impl Wants {
    pub(super) fn of(projection: &Projection) -> Self {
        Self {
            groups: projection.wants("groups"),
            members: projection.wants("members"),
            delivery: projection.wants(DELIVERY_USER) || projection.wants(DELIVERY_GROUP),
        }
    }
}

/// A resource with what was read beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) row: ResourceRow,
    pub(super) groups: Arc<[Holder]>,
    pub(super) members: Vec<MemberRow>,
    delivery: bool,
}

impl Seen {
    /// A resource without anything beside it.
    pub(super) fn bare(row: ResourceRow) -> Self {
        Self { row, groups: Arc::default(), members: Vec::new(), delivery: false }
    }

    /// A resource with what is wanted.
    pub(super) fn load(book: &Reading<'_>, row: ResourceRow, wants: Wants) -> Result<Self> {
        Self::load_among(&mut Around::new(book), book, row, wants)
    }

    /// A resource with what is wanted, and with what is known already of the Groups `around` it and
    /// others.
    pub(super) fn load_among(
        around: &mut Around<'_>,
        book: &Reading<'_>,
        row: ResourceRow,
        wants: Wants,
    ) -> Result<Self> {
        let mut seen = Self { delivery: wants.delivery, ..Self::bare(row) };
        match seen.row.kind {
            ResourceType::User if wants.groups => seen.groups = around.of(&seen.row.id)?,
            ResourceType::Group if wants.members => {
                book.members_of(&seen.row.id, |member| {
                    seen.members.push(member);
                    Ok(())
                })?;
            }
            _ => {}
        }
        Ok(seen)
    }

    /// The version. Behind a `-` stands what is shown and moves without the resource itself being
    /// changed, so that a cached answer never hides it.
    pub(super) fn etag(&self) -> String {
        self.etag_among(&Common::of(&self.groups))
    }

    fn etag_among(&self, common: &Common) -> String {
        let revision = self.row.revision;
        match (self.delivery, common.tag.as_str()) {
            (false, "") => format!("W/\"{revision}\""),
            (false, tag) => format!("W/\"{revision}-{tag}\""),
            (true, _) => {
                format!("W/\"{revision}-{}\"", tag(Some(&self.row.delivery), &self.groups))
            }
        }
    }

    pub(super) fn location(&self, base: &str) -> String {
        format!("{base}/{}/{}", self.row.kind.plural(), self.row.id)
    }

    /// As the caller is to see it.
    pub(super) fn render(&self, view: &View<'_>) -> Result<Rendered> {
        let mut common = Common::new(view.base);
        common.turn_to(&self.groups);
        let mut json = String::new();
        self.write(view, &mut common, &mut json)?;
        let etag = self.etag_among(&common);
        Ok(Rendered { location: self.location(view.base), json, ..self.unshown_as(etag) })
    }

    /// What is said about it where it is not shown.
    pub(super) fn unshown(&self) -> Rendered {
        self.unshown_as(self.etag())
    }

    fn unshown_as(&self, etag: String) -> Rendered {
        Rendered {
            id: self.row.id.clone(),
            etag,
            location: String::new(),
            modified: self.row.modified,
            json: String::new(),
        }
    }

    /// Writes its JSON text behind `out`.
    pub(super) fn write(
        &self,
        view: &View<'_>,
        common: &mut Common,
        out: &mut String,
    ) -> Result<()> {
        if view.projection.is_plain() {
            return self.write_whole(common, out);
        }
        let mut body = self.body(view.base)?;
        view.projection.apply(&mut body);
        let text = serde_json::to_string(&body);
        out.push_str(&text.map_err(|e| Error::bug("JSON could not be written.").because(e))?);
        Ok(())
    }

    /// Everything that was read, as JSON.
    pub(super) fn body(&self, base: &str) -> Result<Body> {
        let mut text = String::new();
        self.write_whole(&mut Common::new(base), &mut text)?;
        body::decode(&text)
    }

    /// Puts the stored texts together; nothing is read as JSON for it.
    fn write_whole(&self, common: &mut Common, out: &mut String) -> Result<()> {
        let row = &self.row;
        common.turn_to(&self.groups);
        // `body::encode` puts the list of schemas first, and no URN holds a bracket.
        let (schemas, rest) = row.body.split_once(']').ok_or_else(damaged)?;
        let rest = rest.strip_suffix('}').ok_or_else(damaged)?;
        out.reserve(row.body.len() + row.delivery.len() + 512 + 160 * self.members.len());
        out.push_str(schemas);
        let urn = match row.kind {
            ResourceType::User => DELIVERY_USER,
            ResourceType::Group => DELIVERY_GROUP,
        };
        if self.delivery {
            let comma = if schemas.ends_with('[') { "" } else { "," };
            write!(out, "{comma}\"{urn}\"").map_err(unwritable)?;
        }
        out.push(']');
        out.push_str(rest);
        self.write_members(&common.base, out)?;
        out.push_str(&common.groups_text);
        write!(
            out,
            ",\"meta\":{{\"resourceType\":\"{}\",\"created\":\"{}\",\"lastModified\":\"{}\",\
             \"location\":{}/{}/{}\",\"version\":{}}}",
            row.kind.name(),
            row.created,
            row.modified,
            common.base,
            row.kind.plural(),
            row.id,
            quoted(&self.etag_among(common)),
        )
        .map_err(unwritable)?;
        if self.delivery {
            write!(out, ",\"{urn}\":{}", row.delivery).map_err(unwritable)?;
        }
        out.push('}');
        Ok(())
    }

    fn write_members(&self, base: &str, out: &mut String) -> Result<()> {
        for (at, member) in self.members.iter().enumerate() {
            let (id, kind) = (&member.member, member.kind);
            let begin = if at == 0 { ",\"members\":[" } else { "," };
            write!(
                out,
                "{begin}{{\"value\":\"{id}\",\"$ref\":{base}/{}/{id}\",\"type\":\"{}\"",
                kind.plural(),
                kind.name()
            )
            .map_err(unwritable)?;
            if let Some(display) = &member.display {
                write!(out, ",\"display\":{}", quoted(display)).map_err(unwritable)?;
            }
            out.push('}');
        }
        if !self.members.is_empty() {
            out.push(']');
        }
        Ok(())
    }
}

/// What the resources of one answer have in common: written once for all of them. Ids are ours and
/// need no escapes, so all URLs begin with one text.
#[derive(Debug, Default)]
pub(super) struct Common {
    /// The endpoint's URL as JSON, without the quote at its end.
    base: String,
    /// The Groups that the last resource was in …
    groups: Arc<[Holder]>,
    /// … the part of its version that tells of them, empty where there are none …
    tag: String,
    /// … and the attribute that does.
    groups_text: String,
}

impl Common {
    /// For an answer of the endpoint with this URL.
    pub(super) fn new(base: &str) -> Self {
        let mut base = quoted(base);
        base.truncate(base.len() - 1);
        Self { base, ..Self::default() }
    }

    /// For versions alone.
    fn of(groups: &Arc<[Holder]>) -> Self {
        let mut common = Self::default();
        common.turn_to(groups);
        common
    }

    /// Speaks of `groups` from now on.
    fn turn_to(&mut self, groups: &Arc<[Holder]>) {
        if Arc::ptr_eq(&self.groups, groups) || self.groups == *groups {
            return;
        }
        self.groups = Arc::clone(groups);
        self.tag = if groups.is_empty() { String::new() } else { tag(None, groups) };
        self.groups_text.clear();
        for (at, group) in groups.iter().enumerate() {
            let begin = if at == 0 { ",\"groups\":[" } else { "," };
            self.groups_text += &format!(
                "{begin}{{\"value\":\"{}\",\"$ref\":{}/Groups/{}\",\"display\":{},\"type\":\"{}\"}}",
                group.id,
                self.base,
                group.id,
                quoted(&group.name),
                if group.direct { "direct" } else { "indirect" }
            );
        }
        if !groups.is_empty() {
            self.groups_text.push(']');
        }
    }
}

/// Stands for what is shown of delivery and groups: another one where they are others.
fn tag(delivery: Option<&str>, groups: &[Holder]) -> String {
    let groups = groups.iter().flat_map(|group| [group.id.as_str(), group.name.as_str()]);
    let mut tag = digest_hex(&delivery.into_iter().chain(groups).collect::<Vec<_>>());
    tag.truncate(8);
    tag
}

/// The text as JSON.
pub(super) fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("writing text to memory cannot fail")
}

fn unwritable(cause: std::fmt::Error) -> Error {
    Error::bug("An answer could not be written.").because(cause)
}

fn damaged() -> Error {
    Error::setup("A pushed resource in the database is no JSON; it was changed by hand.")
        .hint("Restore the newest backup of the workspace folder.")
}
