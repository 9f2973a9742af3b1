//! Minutes into hours, hours into days: few large blocks, laid out by SLI, instead of many small ones.

use std::collections::BTreeMap;

use plimsoll_core::time::{Minute, Span};
use rusqlite::Transaction;

use super::{
    batch::Hole,
    block::{Block, Key, Length},
    cell::Cell,
    table,
    work::{Newest, hole, put},
};

/// How far folding came.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Folded {
    /// Whether nothing is left to fold.
    pub done: bool,
    /// Blocks that could not be read, and are gone now.
    pub holes: Vec<Hole>,
}

/// Folds one hour or day that ended by `until`, or a part of it; the oldest first, and hours before days, so that a
/// day is never folded without its minutes. Says how many bytes were written, and whether nothing was left.
pub(super) fn fold(
    tx: &Transaction<'_>,
    until: Minute,
    groups_max: usize,
    newest: &mut Newest,
) -> rusqlite::Result<(usize, Folded)> {
    for (from, to) in [(Length::Minute, Length::Hour), (Length::Hour, Length::Day)] {
        let end = until.floor(to.minutes());
        let Some(oldest) = table::oldest(tx, from)?.filter(|oldest| *oldest < end) else {
            continue;
        };
        let first = oldest.floor(to.minutes());
        let span = Span::new(first, first.plus(to.minutes()));
        let (mut written, mut holes) = (0, Vec::new());
        for (source, chunk) in table::groups(tx, from, span, groups_max)? {
            let key = Key { length: to, first, source, chunk };
            written += fold_into(tx, from, key, &mut holes)?;
            newest.note(key);
        }
        return Ok((written, Folded { done: false, holes }));
    }
    Ok((0, Folded { done: true, holes: Vec::new() }))
}

/// Puts the smaller blocks of one source and chunk into the one that spans them. That one is not there yet: once it
/// is, whatever comes is written into it.
fn fold_into(
    tx: &Transaction<'_>,
    from: Length,
    to: Key,
    holes: &mut Vec<Hole>,
) -> rusqlite::Result<usize> {
    let mut rows: BTreeMap<u8, Vec<Cell>> = BTreeMap::new();
    let parts = to.span().iter().step_by(from.minutes() as usize);
    let parts = parts.map(|first| Key { length: from, first, ..to });
    for part in parts {
        let Some(bytes) = table::bytes(tx, part)? else { continue };
        if let Err(what) = unpack_into(&mut rows, to, part, &bytes) {
            holes.push(hole(part, what));
        }
        table::remove(tx, part)?;
    }
    let mut block = Block::empty(to.length);
    for (sli, cells) in &rows {
        block.set_cells(*sli, cells);
    }
    put(tx, to, &block, holes)
}

fn unpack_into(
    rows: &mut BTreeMap<u8, Vec<Cell>>,
    to: Key,
    part: Key,
    bytes: &[u8],
) -> Result<(), &'static str> {
    let block = Block::of_bytes(part, bytes)?;
    let at = (part.first.0 - to.first.0) as usize;
    for sli in block.slis() {
        let cells = block.cells(part, sli)?.unwrap_or_default();
        let row =
            rows.entry(sli).or_insert_with(|| vec![Cell::default(); to.length.minutes() as usize]);
        row[at..at + cells.len()].copy_from_slice(&cells);
    }
    Ok(())
}
