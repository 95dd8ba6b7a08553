//! Lists: every page from an index where there is one, and never more of it in memory than is
//! shown.

use std::fmt::Write as _;
use std::ops::ControlFlow;

use rollbook_scim::ErrorMessage;
use rollbook_scim::message::ScimType;
use rollbook_scim::schema::LIST_RESPONSE;
use rollbook_scim::server::{
    DELIVERY_GROUP, DELIVERY_USER, Page, Query, ResourceType, Sort, order,
};

use super::Fault;
use super::body::Body;
use super::cursor::{From, Seal};
use super::narrow::{Narrowed, narrow};
use super::seen::{Common, Seen, View, Wants, quoted};
use crate::error::{Error, Result};
use crate::store::Reading;
use crate::store::scim::{Around, Narrow, Place, ResourceRow};

/// How many resources are read at once where all must be looked at.
const CHUNK: i64 = 256;

/// More than so many that an index finds are looked at one by one instead.
const FOUND_MAX: usize = 10_000;

/// How much room the text of a resource usually needs.
const USUAL_BYTES: usize = 1024;

/// Up to this place a list is sorted; what lies behind would have to be held in memory.
const SORTED_MAX: u64 = 100_000;

/// A list that was asked for.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) endpoint: String,
    pub(super) kinds: Vec<ResourceType>,
    pub(super) query: Query,
    pub(super) base: String,
}

/// How the list is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// All of it, by position.
    Walk,
    /// Through an index.
    Found(Narrowed),
    /// By looking at every resource.
    Scan,
}

impl Way {
    /// Whether it may take longer than others should wait.
    pub(super) fn may_be_long(&self) -> bool {
        match self {
            Self::Walk => false,
            Self::Found(found) => matches!(found.narrow, Narrow::ChangedSince(..)),
            Self::Scan => true,
        }
    }
}

/// How to find what was asked for.
///
/// # Errors
/// 400 `tooMany` where so much would have to be sorted that it does not fit in memory.
pub(super) fn way(asked: &Asked) -> Result<Way, ErrorMessage> {
    let (Page::Index { count, .. } | Page::Cursor { count, .. }) = &asked.query.page;
    if asked.query.sort.is_some() && offset(&asked.query.page).saturating_add(*count) > SORTED_MAX {
        let said = format!(
            "A list is sorted up to its place {SORTED_MAX}. Narrow it with a filter, or leave \
             \"sortBy\" away."
        );
        return Err(ErrorMessage::new(400, Some(ScimType::TooMany), &said));
    }
    Ok(match (&asked.query.filter, &asked.query.sort) {
        (None, None) => Way::Walk,
        (None, Some(_)) => Way::Scan,
        (Some(filter), _) => narrow(&asked.kinds, filter).map_or(Way::Scan, Way::Found),
    })
}

fn offset(page: &Page) -> u64 {
    match page {
        Page::Index { start, .. } => start.saturating_sub(1),
        Page::Cursor { .. } => 0,
    }
}

/// The page as the text of a ListResponse.
pub(super) fn write(
    book: &Reading<'_>,
    seal: &Seal,
    asked: &Asked,
    way: &Way,
) -> Result<String, Fault> {
    let from = match &asked.query.page {
        Page::Cursor { cursor: Some(cursor), .. } => seal.open(cursor, asked)?,
        page => From::Offset(offset(page)),
    };
    let lister = Lister { book, asked, way, from };
    let found = match (&asked.query.sort, way) {
        (Some(sort), _) => lister.sorted(sort)?,
        (None, Way::Walk) => lister.walked()?,
        (None, _) => lister.filtered()?,
    };
    let mut text = format!("{{\"schemas\":[\"{LIST_RESPONSE}\"]");
    lister.write(found, seal, &mut text)?;
    Ok(text)
}

/// What is on the page.
#[derive(Debug, Default)]
struct Found {
    /// How many there are on all pages, where it is known.
    total: Option<u64>,
    rows: Vec<ResourceRow>,
    /// Where the next page begins, if there is one.
    next: Option<From>,
}

/// One page in the making.
struct Lister<'a> {
    book: &'a Reading<'a>,
    asked: &'a Asked,
    way: &'a Way,
    from: From,
}

impl Lister<'_> {
    fn count(&self) -> u64 {
        let (Page::Index { count, .. } | Page::Cursor { count, .. }) = self.asked.query.page;
        count
    }

    fn by_cursor(&self) -> bool {
        matches!(self.asked.query.page, Page::Cursor { .. })
    }

    /// Without filter and sorting: totals by block, and a jump to the page.
    fn walked(&self) -> Result<Found, Fault> {
        let mut found = Found::default();
        let mut before = 0;
        // One more than is shown says whether there is a next page.
        let wanted = self.count().saturating_add(u64::from(self.by_cursor()));
        for kind in self.asked.kinds.iter().copied() {
            let missing = as_i64(wanted) - as_i64(found.rows.len() as u64);
            let at = (self.asked.endpoint.as_str(), kind);
            let offset = match self.from {
                From::Offset(offset) => as_i64(offset.saturating_sub(before)),
                From::After(_) => 0,
            };
            let (total, seat) = self.book.resource_seat(at.0, kind, offset)?;
            before += total.unsigned_abs();
            let begin = match self.from {
                From::After((last, position)) if last == kind => Some((position + 1, 0)),
                From::After((last, _)) if last > kind => None,
                From::After(_) => Some((0, 0)),
                From::Offset(_) => seat.map(|seat| (seat.position, seat.skip)),
            };
            if let Some((position, skip)) = begin.filter(|_| missing > 0) {
                found.rows.extend(self.book.resources_from(at, position, skip, missing)?);
            }
        }
        found.total = Some(before);
        self.cut(&mut found);
        Ok(found)
    }

    /// In the order in which they were made, as far as they fit.
    fn filtered(&self) -> Result<Found, Fault> {
        let mut found = Found::default();
        let (mut passed, mut matching) = (0_u64, 0_u64);
        let (skip, after) = match self.from {
            From::Offset(offset) => (offset, None),
            From::After(place) => (0, Some(place)),
        };
        let wanted = self.count().saturating_add(u64::from(self.by_cursor()));
        self.each_fitting(after, |row| {
            matching += 1;
            if passed < skip {
                passed += 1;
            } else if (found.rows.len() as u64) < wanted {
                found.rows.push(row);
            }
            // By cursor nobody is told the total, so nothing behind the page is looked at.
            let enough = self.by_cursor() && found.rows.len() as u64 >= wanted;
            Ok(if enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        found.total = (!self.by_cursor()).then_some(matching);
        self.cut(&mut found);
        Ok(found)
    }

    /// Takes the row that only says that there are more off a page by cursor.
    fn cut(&self, found: &mut Found) {
        let count = self.count();
        if self.by_cursor() && found.rows.len() as u64 > count {
            found.rows.truncate(usize::try_from(count).unwrap_or(usize::MAX));
            found.next = found.rows.last().map(|row| From::After((row.kind, row.position)));
        }
    }

    /// By an attribute. Of what is not on the page only the value is held, and never more of these
    /// than lie in front of the end of the page.
    fn sorted(&self, sort: &Sort) -> Result<Found, Fault> {
        let From::Offset(skip) = self.from else { return Err(Fault::Ours(misplaced())) };
        let keep = usize::try_from(skip.saturating_add(self.count())).unwrap_or(usize::MAX);
        let mut keys: Vec<(Body, Place)> = Vec::new();
        let mut total = 0_u64;
        let by_key = |one: &(Body, Place), other: &(Body, Place)| {
            order::compare(sort, &one.0, &other.0).then_with(|| one.1.cmp(&other.1))
        };
        let wants = self.wants_of(sort);
        self.each_fitting(None, |row| {
            total += 1;
            let place = (row.kind, row.position);
            let body = Seen::load(self.book, row, wants)?.body(&self.asked.base)?;
            keys.push((only(sort, body), place));
            if keys.len() >= keep.saturating_mul(2).max(1024) {
                keys.sort_by(by_key);
                keys.truncate(keep);
            }
            Ok(ControlFlow::Continue(()))
        })?;
        keys.sort_by(by_key);
        keys.truncate(keep);
        let mut found = Found { total: Some(total), ..Found::default() };
        for (_, place) in keys.into_iter().skip(usize::try_from(skip).unwrap_or(usize::MAX)) {
            found.rows.extend(self.row_at(place)?);
        }
        let end = skip.saturating_add(found.rows.len() as u64);
        if self.by_cursor() && end < total && end < SORTED_MAX {
            found.next = Some(From::Offset(end));
        }
        Ok(found)
    }

    /// Hands over every resource that fits, in order, behind `after`.
    fn each_fitting(
        &self,
        after: Option<Place>,
        mut take: impl FnMut(ResourceRow) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        if let Way::Found(found) = self.way
            && let Some(places) =
                self.book.places(&self.asked.endpoint, &found.narrow, FOUND_MAX)?
        {
            for place in places.into_iter().filter(|place| after.is_none_or(|at| *place > at)) {
                let row = self.row_at(place)?.filter(|row| self.asked.kinds.contains(&row.kind));
                if let Some(row) = row
                    && (found.decides || self.fits(&row)?)
                    && take(row)?.is_break()
                {
                    break;
                }
            }
            return Ok(());
        }
        for kind in self.asked.kinds.iter().copied() {
            let mut position = match after {
                Some((last, _)) if last > kind => continue,
                Some((last, at)) if last == kind => at + 1,
                _ => 0,
            };
            loop {
                let at = (self.asked.endpoint.as_str(), kind);
                let rows = self.book.resources_from(at, position, 0, CHUNK)?;
                let Some(last) = rows.last() else { break };
                position = last.position + 1;
                for row in rows {
                    if self.fits(&row)? && take(row)?.is_break() {
                        return Ok(());
                    }
                }
            }
        }
        Ok(())
    }

    fn fits(&self, row: &ResourceRow) -> Result<bool> {
        let Some(filter) = &self.asked.query.filter else { return Ok(true) };
        let compared = filter.comparisons();
        let looks_at = |name| {
            let mut attrs = compared.iter().map(|it| it.list.unwrap_or_else(|| it.path.attr()));
            attrs.any(|attr| attr.without_sub().is(name))
        };
        let delivery = compared.iter().any(|it| is_delivery(it.path.attr().extension()));
        let wants = Wants { groups: looks_at("groups"), members: looks_at("members"), delivery };
        let body = Seen::load(self.book, row.clone(), wants)?.body(&self.asked.base)?;
        Ok(filter.matches(&serde_json::Value::Object(body)))
    }

    fn row_at(&self, (kind, position): Place) -> Result<Option<ResourceRow>> {
        let at = (self.asked.endpoint.as_str(), kind);
        let rows = self.book.resources_from(at, position, 0, 1)?;
        Ok(rows.into_iter().find(|row| row.position == position))
    }

    fn wants_of(&self, sort: &Sort) -> Wants {
        let by = |name| sort.path.without_sub().is(name);
        let delivery = is_delivery(sort.path.extension());
        Wants { groups: by("groups"), members: by("members"), delivery }
    }

    fn write(&self, found: Found, seal: &Seal, out: &mut String) -> Result<()> {
        let mut said = |name: &str, number: u64| {
            // Writing to a text does not fail.
            let _ = write!(out, ",\"{name}\":{number}");
        };
        if let Some(total) = found.total {
            said("totalResults", total);
        }
        if let Page::Index { start, .. } = self.asked.query.page {
            said("startIndex", start);
        }
        said("itemsPerPage", found.rows.len() as u64);
        if let Some(next) = found.next {
            let _ = write!(out, ",\"nextCursor\":{}", quoted(&seal.close(next, self.asked)));
        }
        out.push_str(",\"Resources\":[");
        let projection = &self.asked.query.projection;
        let (wants, view) = (Wants::of(projection), View { base: &self.asked.base, projection });
        let mut around = Around::new(self.book);
        if wants.groups {
            self.learn(&mut around, &found.rows)?;
        }
        let mut common = Common::new(&self.asked.base);
        out.reserve(USUAL_BYTES * found.rows.len());
        for (at, row) in found.rows.into_iter().enumerate() {
            if at > 0 {
                out.push(',');
            }
            let seen = Seen::load_among(&mut around, self.book, row, wants)?;
            seen.write(&view, &mut common, out)?;
        }
        out.push_str("]}");
        Ok(())
    }

    /// Asks for the Groups of all Users on the page at once, where these lie side by side.
    fn learn(&self, around: &mut Around<'_>, rows: &[ResourceRow]) -> Result<()> {
        let users = || rows.iter().filter(|row| row.kind == ResourceType::User);
        let (Some(first), Some(last)) = (users().next(), users().next_back()) else {
            return Ok(());
        };
        if *self.way != Way::Walk {
            return Ok(());
        }
        let at = (self.asked.endpoint.as_str(), ResourceType::User);
        let ids = users().map(|row| row.id.as_str());
        around.learn(at, (first.position, last.position), ids)
    }
}

fn is_delivery(extension: Option<&str>) -> bool {
    let urns = [DELIVERY_USER, DELIVERY_GROUP];
    extension.is_some_and(|one| urns.iter().any(|urn| urn.eq_ignore_ascii_case(one)))
}

/// What the sorting looks at.
fn only(sort: &Sort, mut body: Body) -> Body {
    let path = &sort.path;
    let name = path.extension().or(path.name()).unwrap_or_default();
    body.retain(|key, _| key.eq_ignore_ascii_case(name));
    body
}

fn as_i64(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn misplaced() -> Error {
    Error::bug("A cursor of a sorted list leads to a place of an unsorted one.")
}
