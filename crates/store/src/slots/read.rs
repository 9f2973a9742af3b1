//! Slots out of the store.

use std::path::Path;

use plimsoll_core::{
    measure::slot::{Slot, Sums},
    time::{Minute, Span},
};
use rusqlite::{Connection, Transaction};

use super::{
    batch::Hole,
    block::{Block, CHUNK, Key, Length, sums_of_bytes},
    table,
    work::hole,
};
use crate::error::Error;

/// Everything that can be read of the slot store.
#[derive(Debug, Clone, Copy)]
pub struct Reads<'a> {
    pub(super) conn: &'a Connection,
    pub(super) file: &'a Path,
}

/// Minutes of one SLI from one source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    /// One slot for each minute of the span, missing where none came.
    pub slots: Vec<Slot>,
    /// Damage in the span.
    pub holes: Vec<Hole>,
}

/// Some minutes of one SLI from one source, as they lie together.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// The source's number.
    pub source: u32,
    /// The SLI's number.
    pub sli: u32,
    /// The first minute.
    pub first: Minute,
    /// A slot for each minute from there; missing where none came.
    pub slots: &'a [Slot],
}

impl Reads<'_> {
    /// One SLI from one source, minute by minute.
    ///
    /// # Errors
    /// When the file cannot be read. Damaged blocks are holes, not errors.
    pub fn series(&self, source: u32, sli: u32, span: Span) -> Result<Series, Error> {
        let mut series =
            Series { slots: vec![Slot::Missing; span.minutes() as usize], holes: Vec::new() };
        let _snapshot = self.snapshot()?;
        let look = Look { conn: self.conn, source, sli, span };
        look.fill(&mut series).map_err(|e| self.failed(&e))?;
        Ok(series)
    }

    /// Every slot of a span, in rows as they lie in the file: days, then hours, then minutes. Returns the damage.
    ///
    /// # Errors
    /// When the file cannot be read. Damaged blocks are holes, not errors.
    pub fn scan(&self, span: Span, mut visit: impl FnMut(Row<'_>)) -> Result<Vec<Hole>, Error> {
        let _snapshot = self.snapshot()?;
        self.scan_now(span, &mut visit)
    }

    fn scan_now(&self, span: Span, visit: &mut impl FnMut(Row<'_>)) -> Result<Vec<Hole>, Error> {
        let mut holes = Vec::new();
        for length in [Length::Day, Length::Hour, Length::Minute] {
            let begins = Span::new(span.from.floor(length.minutes()), span.to);
            table::each(self.conn, length, begins, |key, bytes| {
                if let Err(what) = visit_rows(key, bytes, span, visit) {
                    holes.push(hole(key, what));
                }
            })
            .map_err(|e| self.failed(&e))?;
        }
        Ok(holes)
    }

    /// The sums of each SLI and source over each folded day that begins in a span: `visit` gets the day's first
    /// minute, the source, the SLI, and the sums. A sum covers the whole day, its missing minutes too. Days of
    /// which nothing came are not visited; days that are not folded yet are not either: fold first, then scan the
    /// rest. Returns the damage.
    ///
    /// # Errors
    /// When the file cannot be read. Damaged sums are holes, not errors.
    pub fn day_sums(
        &self,
        begins: Span,
        mut visit: impl FnMut(Minute, u32, u32, Sums),
    ) -> Result<Vec<Hole>, Error> {
        let mut holes = Vec::new();
        table::each_sums(self.conn, begins, |key, bytes| match sums_of_bytes(key, bytes) {
            Ok(sums) => sums.into_iter().for_each(|(sli, sums)| {
                visit(key.first, key.source, key.chunk * CHUNK + u32::from(sli), sums);
            }),
            Err(what) => holes.push(hole(key, what)),
        })
        .map_err(|e| self.failed(&e))?;
        Ok(holes)
    }

    /// From the first minute that may hold something to the last; `None` when the store is empty.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn extent(&self) -> Result<Option<Span>, Error> {
        let _snapshot = self.snapshot()?;
        let mut extent: Option<Span> = None;
        for length in [Length::Day, Length::Hour, Length::Minute] {
            if let Some(Span { from, to }) =
                reach(self.conn, length).map_err(|e| self.failed(&e))?
            {
                let known = extent.unwrap_or(Span::new(from, to));
                extent = Some(Span::new(known.from.min(from), known.to.max(to)));
            }
        }
        Ok(extent)
    }

    /// How far the inputs of a source were read, by name.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn cursors(&self, source: u32) -> Result<Vec<(String, Vec<u8>)>, Error> {
        table::cursors(self.conn, source).map_err(|e| self.failed(&e))
    }

    /// Looks at every block and every sum, and at the structure of the file. Returns the damage.
    ///
    /// # Errors
    /// When the structure of the file is damaged.
    pub fn verify(&self) -> Result<Vec<Hole>, Error> {
        let everything = Span::new(Minute(i64::MIN / 2), Minute(i64::MAX / 2));
        let _snapshot = self.snapshot()?;
        let mut holes = self.scan_now(everything, &mut |_| {})?;
        holes.append(&mut self.day_sums(everything, |_, _, _, _| {})?);
        let found: String = self
            .conn
            .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
            .map_err(|e| self.failed(&e))?;
        if found == "ok" { Ok(holes) } else { Err(Error::damaged(self.file, found)) }
    }

    /// Until it is dropped, everything is read as of one moment: folding moves slots from block to block.
    fn snapshot(&self) -> Result<Transaction<'_>, Error> {
        self.conn.unchecked_transaction().map_err(|e| self.failed(&e))
    }

    fn failed(&self, error: &rusqlite::Error) -> Error {
        Error::of_sqlite(self.file, "read the slots", error)
    }
}

/// A look for the minutes of one SLI, from large blocks to small ones.
struct Look<'a> {
    conn: &'a Connection,
    source: u32,
    sli: u32,
    span: Span,
}

impl Look<'_> {
    fn fill(&self, series: &mut Series) -> rusqlite::Result<()> {
        let hours = reach(self.conn, Length::Hour)?;
        let minutes = reach(self.conn, Length::Minute)?;
        let meets = |reach: Option<Span>, key: Key| {
            reach.is_some_and(|reach| !reach.intersection(key.span()).is_empty())
        };
        for day in self.keys(Length::Day, self.span) {
            if self.take(day, series)? || !(meets(hours, day) || meets(minutes, day)) {
                continue;
            }
            for hour in self.keys(Length::Hour, day.span()) {
                if self.take(hour, series)? || !meets(minutes, hour) {
                    continue;
                }
                for minute in self.keys(Length::Minute, hour.span()) {
                    self.take(minute, series)?;
                }
            }
        }
        Ok(())
    }

    /// The blocks of a length that would hold minutes of both spans.
    fn keys(&self, length: Length, within: Span) -> impl Iterator<Item = Key> {
        let Span { from, to } = within.intersection(self.span);
        let (source, chunk) = (self.source, self.sli / CHUNK);
        (from.floor(length.minutes()).0..to.0)
            .step_by(length.minutes() as usize)
            .map(move |first| Key { length, first: Minute(first), source, chunk })
    }

    /// Takes what a block holds, if it is there.
    fn take(&self, key: Key, series: &mut Series) -> rusqlite::Result<bool> {
        let Some(bytes) = table::bytes(self.conn, key)? else { return Ok(false) };
        let number = (self.sli % CHUNK) as u8;
        match Block::of_bytes(key, &bytes).and_then(|block| block.cells(key, number)) {
            Ok(cells) => {
                for (minute, cell) in key.span().iter().zip(cells.unwrap_or_default()) {
                    if self.span.contains(minute) {
                        series.slots[(minute.0 - self.span.from.0) as usize] = cell.slot;
                    }
                }
            }
            Err(what) => series.holes.push(hole(key, what)),
        }
        Ok(true)
    }
}

/// From where to where there are blocks of a length.
fn reach(conn: &Connection, length: Length) -> rusqlite::Result<Option<Span>> {
    let edges = table::oldest(conn, length)?.zip(table::newest(conn, length)?);
    Ok(edges.map(|(oldest, newest)| Span::new(oldest, newest.plus(length.minutes()))))
}

/// Visits the part of each row of a block that lies in the span.
fn visit_rows(
    key: Key,
    bytes: &[u8],
    span: Span,
    visit: &mut impl FnMut(Row<'_>),
) -> Result<(), &'static str> {
    let block = Block::of_bytes(key, bytes)?;
    let within = key.span().intersection(span);
    let at = |minute: Minute| (minute.0 - key.first.0) as usize;
    for sli in block.slis() {
        let cells = block.cells(key, sli)?.unwrap_or_default();
        let slots: Vec<Slot> =
            cells[at(within.from)..at(within.to)].iter().map(|cell| cell.slot).collect();
        let sli = key.chunk * CHUNK + u32::from(sli);
        visit(Row { source: key.source, sli, first: within.from, slots: &slots });
    }
    Ok(())
}
