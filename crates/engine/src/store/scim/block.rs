//! Totals and deep pages: how many live resources each block of positions holds.

use rollbook_scim::server::ResourceType;

use crate::error::Result;
use crate::store::db::args;
use crate::store::{Reading, Writing};

/// Positions in one block. A deep page reads one row for each block in front of it and then walks
/// through less than one block, so about the square root of twice the number of resources is best.
const BLOCK: i64 = 1024;

/// Where a page begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seat {
    /// From this position on …
    pub(crate) position: i64,
    /// … leaving out so many live resources.
    pub(crate) skip: i64,
}

impl Reading<'_> {
    /// How many live resources there are, and where the one with `offset` others before it is;
    /// `None` past the end.
    pub(crate) fn resource_seat(
        &self,
        endpoint: &str,
        kind: ResourceType,
        offset: i64,
    ) -> Result<(i64, Option<Seat>)> {
        let (mut total, mut seat) = (0, None);
        self.db.each(
            "SELECT block, live FROM scim_block WHERE endpoint = $1 AND kind = $2 ORDER BY block",
            args![endpoint, kind.name()],
            |row| {
                let (block, live) = (row.int(0)?, row.int(1)?);
                if seat.is_none() && total + live > offset {
                    seat = Some(Seat { position: block * BLOCK, skip: offset - total });
                }
                total += live;
                Ok(())
            },
        )?;
        Ok((total, seat))
    }
}

impl Writing<'_> {
    /// The next free position, which counts as taken from now on.
    pub(super) fn take_position(&self, endpoint: &str, kind: ResourceType) -> Result<i64> {
        let next = self.db.one(
            "SELECT next FROM scim_block WHERE endpoint = $1 AND kind = $2
             ORDER BY block DESC LIMIT 1",
            args![endpoint, kind.name()],
            |row| row.int(0),
        )?;
        let position = next.unwrap_or(1);
        self.db.execute(
            "INSERT INTO scim_block (endpoint, kind, block, live, next) VALUES ($1, $2, $3, 1, $4)
             ON CONFLICT (endpoint, kind, block)
             DO UPDATE SET live = scim_block.live + 1, next = excluded.next",
            args![endpoint, kind.name(), position / BLOCK, position + 1],
        )?;
        Ok(position)
    }

    /// Counts the resource at `position` no more. The position itself is never given again.
    pub(super) fn free_position(
        &self,
        endpoint: &str,
        kind: ResourceType,
        position: i64,
    ) -> Result<()> {
        self.db.execute(
            "UPDATE scim_block SET live = live - 1
             WHERE endpoint = $1 AND kind = $2 AND block = $3",
            args![endpoint, kind.name(), position / BLOCK],
        )?;
        Ok(())
    }
}
