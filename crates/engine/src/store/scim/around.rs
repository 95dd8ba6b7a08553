//! The Groups around resources: those that they are in, and those that hold these.

use std::collections::BTreeMap;
use std::sync::Arc;

use rollbook_scim::server::ResourceType;

use crate::error::Result;
use crate::store::Reading;
use crate::store::db::args;

/// A Group that somebody is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The id of the Group.
    pub id: String,
    /// Its `displayName`.
    pub name: String,
    /// Whether the membership is the resource's own, and not one of a Group it is in.
    pub direct: bool,
}

/// A Group that something itself is in.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Group {
    id: String,
    name: String,
}

/// What is known of the Groups around resources. Each is asked for once, however many resources
/// are in it.
#[derive(Debug)]
pub(crate) struct Around<'a> {
    book: &'a Reading<'a>,
    /// The Groups that something itself is in, in order of their ids.
    direct: BTreeMap<String, Vec<Arc<Group>>>,
    /// The last answer: neighbours are mostly in the same Groups.
    last: (Vec<Arc<Group>>, Arc<[Holder]>),
}

impl<'a> Around<'a> {
    /// Nothing is known yet.
    pub(crate) fn new(book: &'a Reading<'a>) -> Self {
        Self { book, direct: BTreeMap::new(), last: (Vec::new(), Arc::default()) }
    }

    /// Asks for all resources of a kind between two positions with one statement. `ids` are all
    /// that lie there, in Groups or not.
    pub(crate) fn learn<'b>(
        &mut self,
        at: (&str, ResourceType),
        (first, last): (i64, i64),
        ids: impl Iterator<Item = &'b str>,
    ) -> Result<()> {
        self.direct.extend(ids.map(|id| (id.to_owned(), Vec::new())));
        let mut known: BTreeMap<String, Option<Arc<Group>>> = BTreeMap::new();
        for (member, holder) in self.book.held_between(at, first, last)? {
            if !known.contains_key(&holder) {
                let name = self.book.name_of(&holder)?;
                let group = name.map(|name| Arc::new(Group { id: holder.clone(), name }));
                known.insert(holder.clone(), group);
            }
            let group = known.get(&holder).and_then(Option::as_ref);
            if let (Some(group), Some(groups)) = (group, self.direct.get_mut(&member)) {
                groups.push(Arc::clone(group));
            }
        }
        Ok(())
    }

    /// The Groups that a resource is in, its own first, then those that hold these, each once.
    pub(crate) fn of(&mut self, member: &str) -> Result<Arc<[Holder]>> {
        self.look_up(member)?;
        let own = self.direct.get(member).map_or(&[][..], Vec::as_slice);
        if self.last.0 == own {
            return Ok(Arc::clone(&self.last.1));
        }
        let own = own.to_vec();
        let mut found: Vec<(Arc<Group>, bool)> = own.iter().cloned().map(|it| (it, true)).collect();
        let mut next = 0;
        while let Some((group, _)) = found.get(next).cloned() {
            next += 1;
            self.look_up(&group.id)?;
            for holder in self.direct.get(&group.id).into_iter().flatten() {
                if found.iter().all(|(known, _)| known.id != holder.id) {
                    found.push((Arc::clone(holder), false));
                }
            }
        }
        let holder = |(group, direct): (Arc<Group>, bool)| Holder {
            id: group.id.clone(),
            name: group.name.clone(),
            direct,
        };
        self.last = (own, found.into_iter().map(holder).collect());
        Ok(Arc::clone(&self.last.1))
    }

    /// Makes known in which Groups something itself is.
    fn look_up(&mut self, member: &str) -> Result<()> {
        if !self.direct.contains_key(member) {
            self.direct.insert(member.to_owned(), self.book.direct_holders(member)?);
        }
        Ok(())
    }
}

impl Reading<'_> {
    /// The Groups that a resource is in, its own first, then those that hold these, each once.
    pub fn holders_of(&self, member: &str) -> Result<Arc<[Holder]>> {
        Around::new(self).of(member)
    }

    /// Ids and names of the Groups that a resource itself is in, in order of their ids.
    fn direct_holders(&self, member: &str) -> Result<Vec<Arc<Group>>> {
        let mut found = Vec::new();
        self.db.each(
            "SELECT r.id, r.name FROM scim_member m CROSS JOIN scim_resource r
             WHERE r.id = m.holder AND m.member = $1 ORDER BY r.id",
            args![member],
            |row| {
                let (id, name) = (row.text(0)?.to_owned(), row.text(1)?.to_owned());
                found.push(Arc::new(Group { id, name }));
                Ok(())
            },
        )?;
        Ok(found)
    }

    /// The resources of a kind between two positions that are in Groups, each with the id of one of
    /// its own, in order.
    fn held_between(
        &self,
        (endpoint, kind): (&str, ResourceType),
        first: i64,
        last: i64,
    ) -> Result<Vec<(String, String)>> {
        let mut held = Vec::new();
        self.db.each(
            "SELECT m.member, m.holder FROM scim_resource r CROSS JOIN scim_member m
             WHERE m.member = r.id AND r.endpoint = $1 AND r.kind = $2 AND r.deleted_us IS NULL
               AND r.position BETWEEN $3 AND $4",
            args![endpoint, kind.name(), first, last],
            |row| {
                held.push((row.text(0)?.to_owned(), row.text(1)?.to_owned()));
                Ok(())
            },
        )?;
        held.sort_unstable();
        Ok(held)
    }

    /// What a resource is called.
    fn name_of(&self, id: &str) -> Result<Option<String>> {
        let sql = "SELECT name FROM scim_resource WHERE id = $1";
        self.db.one(sql, args![id], |row| Ok(row.text(0)?.to_owned()))
    }
}
