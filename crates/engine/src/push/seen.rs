//! A resource as it is answered: what was pushed, and what is known from elsewhere.

use std::fmt::Write as _;

use jiff::Timestamp;
use rollbook_core::id::digest_hex;
use rollbook_scim::server::{DELIVERY_GROUP, DELIVERY_USER, Projection, ResourceType};

use super::body::{self, Body};
use crate::error::{Error, Result};
use crate::store::Reading;
use crate::store::scim::{Holder, MemberRow, ResourceRow};

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
    pub(super) groups: Vec<Holder>,
    pub(super) members: Vec<MemberRow>,
    delivery: bool,
}

impl Seen {
    /// A resource without anything beside it.
    pub(super) fn bare(row: ResourceRow) -> Self {
        Self { row, groups: Vec::new(), members: Vec::new(), delivery: false }
    }

    /// A resource with what is wanted.
    pub(super) fn load(book: &Reading<'_>, row: ResourceRow, wants: Wants) -> Result<Self> {
        let mut seen = Self { delivery: wants.delivery, ..Self::bare(row) };
        match seen.row.kind {
            ResourceType::User if wants.groups => seen.groups = book.holders_of(&seen.row.id)?,
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
        let delivery = self.delivery.then_some(self.row.delivery.as_str());
        let groups = self.groups.iter().flat_map(|group| [group.id.as_str(), group.name.as_str()]);
        let beside: Vec<&str> = delivery.into_iter().chain(groups).collect();
        match beside.is_empty() {
            true => format!("W/\"{}\"", self.row.revision),
            false => format!("W/\"{}-{}\"", self.row.revision, &digest_hex(&beside)[..8]),
        }
    }

    pub(super) fn location(&self, base: &str) -> String {
        format!("{base}/{}/{}", self.row.kind.plural(), self.row.id)
    }

    /// As the caller is to see it.
    pub(super) fn render(&self, view: &View<'_>) -> Result<Rendered> {
        let mut json = String::new();
        self.write(view, &mut json)?;
        Ok(Rendered { json, location: self.location(view.base), ..self.unshown() })
    }

    /// What is said about it where it is not shown.
    pub(super) fn unshown(&self) -> Rendered {
        Rendered {
            id: self.row.id.clone(),
            etag: self.etag(),
            location: String::new(),
            modified: self.row.modified,
            json: String::new(),
        }
    }

    /// Writes its JSON text behind `out`.
    pub(super) fn write(&self, view: &View<'_>, out: &mut String) -> Result<()> {
        if view.projection.is_plain() {
            return self.write_whole(view.base, out);
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
        self.write_whole(base, &mut text)?;
        body::decode(&text)
    }

    /// Puts the stored texts together; nothing is read as JSON for it.
    fn write_whole(&self, base: &str, out: &mut String) -> Result<()> {
        let row = &self.row;
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
        write!(out, "]{rest}").map_err(unwritable)?;
        self.write_members(base, out)?;
        self.write_groups(base, out)?;
        write!(
            out,
            ",\"meta\":{{\"resourceType\":\"{}\",\"created\":\"{}\",\"lastModified\":\"{}\",\
             \"location\":{},\"version\":{}}}",
            row.kind.name(),
            row.created,
            row.modified,
            quoted(&self.location(base)),
            quoted(&self.etag()),
        )
        .map_err(unwritable)?;
        if self.delivery {
            write!(out, ",\"{urn}\":{}", row.delivery).map_err(unwritable)?;
        }
        out.push('}');
        Ok(())
    }

    fn write_members(&self, base: &str, out: &mut String) -> Result<()> {
        // Ids are ours and need no escapes, so the URLs of all members begin with one text.
        let base = quoted(base);
        let base = base.trim_end_matches('"');
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

    fn write_groups(&self, base: &str, out: &mut String) -> Result<()> {
        for (at, group) in self.groups.iter().enumerate() {
            let id = &group.id;
            let begin = if at == 0 { ",\"groups\":[" } else { "," };
            write!(
                out,
                "{begin}{{\"value\":\"{id}\",\"$ref\":{},\"display\":{},\"type\":\"{}\"}}",
                quoted(&format!("{base}/Groups/{id}")),
                quoted(&group.name),
                if group.direct { "direct" } else { "indirect" }
            )
            .map_err(unwritable)?;
        }
        if !self.groups.is_empty() {
            out.push(']');
        }
        Ok(())
    }
}

/// The text as JSON.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn unwritable(cause: std::fmt::Error) -> Error {
    Error::bug("An answer could not be written.").because(cause)
}

fn damaged() -> Error {
    Error::setup("A pushed resource in the database is no JSON; it was changed by hand.")
        .hint("Restore the newest backup of the workspace folder.")
}
