//! Who is in a group, member by member: nobody's list of all members is ever written back.

use std::collections::BTreeSet;

use rollbook_scim::ErrorMessage;
use rollbook_scim::group::Member;
use rollbook_scim::message::ScimType;
use rollbook_scim::read;
use rollbook_scim::server::{MemberChange, ResourceType};

use super::Fault;
use super::body::Body;
use super::seen::quoted;
use super::write::Desk;
use crate::store::scim::{Joined, MemberRow, ResourceRow};

/// Who came and who went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Moved {
    pub(super) joined: BTreeSet<String>,
    pub(super) left: BTreeSet<String>,
    /// Whether somebody who stays is called otherwise now.
    renamed: bool,
}

impl Moved {
    pub(super) fn is_nothing(&self) -> bool {
        self.joined.is_empty() && self.left.is_empty() && !self.renamed
    }
}

/// Takes the members out of a body; `None` where it does not speak of them.
pub(super) fn listed(body: &mut Body) -> Option<Vec<Member>> {
    let members = body.remove("members")?;
    Some(read::list(&members).iter().filter_map(Member::read).collect())
}

/// Does `changes` in their order, as part of what makes `revision` of the group.
pub(super) fn change(
    desk: &Desk<'_>,
    group: &ResourceRow,
    changes: Vec<MemberChange>,
    revision: i64,
) -> Result<Moved, Fault> {
    let mut moved = Moved::default();
    if group.kind == ResourceType::User {
        return Ok(moved);
    }
    for change in changes {
        match change {
            MemberChange::Add(members) => add(desk, group, &members, &mut moved)?,
            MemberChange::Remove(ids) => remove(desk, group, &ids, &mut moved)?,
            MemberChange::Set(members) => set(desk, group, &members, &mut moved)?,
            where_it_fits => {
                let mut members = loaded(desk, group)?;
                if where_it_fits.apply(&mut members)? {
                    set(desk, group, &members, &mut moved)?;
                }
            }
        }
    }
    if desk.is_mapped(group) {
        let aspect = format!("member:{}", group.id);
        for id in moved.joined.iter().chain(&moved.left) {
            desk.wish_for_member(id, &aspect, revision)?;
        }
    }
    Ok(moved)
}

fn add(
    desk: &Desk<'_>,
    group: &ResourceRow,
    members: &[Member],
    moved: &mut Moved,
) -> Result<(), Fault> {
    for member in members {
        let row = MemberRow {
            member: member.value.clone(),
            kind: kind_of(desk, group, &member.value)?,
            display: member.display.clone(),
        };
        match desk.book.add_member(&group.id, &row)? {
            Joined::New => came(&mut moved.left, &mut moved.joined, row.member),
            Joined::Renamed => moved.renamed = true,
            Joined::Already => {}
        }
    }
    Ok(())
}

fn remove(
    desk: &Desk<'_>,
    group: &ResourceRow,
    ids: &[String],
    moved: &mut Moved,
) -> Result<(), Fault> {
    for id in ids {
        if desk.book.remove_member(&group.id, id)? {
            came(&mut moved.joined, &mut moved.left, id.clone());
        }
    }
    Ok(())
}

/// Makes `members` all there are: whoever is not named goes, whoever is new comes.
fn set(
    desk: &Desk<'_>,
    group: &ResourceRow,
    members: &[Member],
    moved: &mut Moved,
) -> Result<(), Fault> {
    let stay: BTreeSet<&str> = members.iter().map(|member| member.value.as_str()).collect();
    let mut leave = Vec::new();
    desk.book.reading().members_of(&group.id, |row| {
        if !stay.contains(row.member.as_str()) {
            leave.push(row.member);
        }
        Ok(())
    })?;
    remove(desk, group, &leave, moved)?;
    add(desk, group, members, moved)
}

/// The members as the protocol sees them.
fn loaded(desk: &Desk<'_>, group: &ResourceRow) -> Result<Vec<Member>, Fault> {
    let mut members = Vec::new();
    desk.book.reading().members_of(&group.id, |row| {
        let kind = Some(row.kind.name().to_owned());
        members.push(Member { value: row.member, kind, display: row.display });
        Ok(())
    })?;
    Ok(members)
}

/// Somebody who went and came again in one request did not move.
fn came(gone: &mut BTreeSet<String>, here: &mut BTreeSet<String>, id: String) {
    if !gone.remove(&id) {
        here.insert(id);
    }
}

/// What the member is. It is a live resource of this endpoint, and no group that holds this one.
fn kind_of(desk: &Desk<'_>, group: &ResourceRow, id: &str) -> Result<ResourceType, Fault> {
    let refused = |why: &str| {
        let said = format!("The member {} cannot be added: {why}.", quoted(id));
        Fault::Asked(ErrorMessage::new(400, Some(ScimType::InvalidValue), &said))
    };
    let book = desk.book.reading();
    let kind = book.live_kind(&desk.caller.endpoint, id)?;
    let kind = kind.ok_or_else(|| refused("there is no such resource here"))?;
    if kind == ResourceType::Group {
        let around = book.holders_of(&group.id)?;
        if id == group.id || around.iter().any(|holder| holder.id == id) {
            return Err(refused("the group would be in itself"));
        }
    }
    Ok(kind)
}
