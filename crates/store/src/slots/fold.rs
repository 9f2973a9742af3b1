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

/// Puts the rows of a block into those of a larger one. One that is garbled does not cost the others: the first such is
/// told.
fn unpack_into(
    rows: &mut BTreeMap<u8, Vec<Cell>>,
    to: Key,
    part: Key,
    bytes: &[u8],
) -> Result<(), &'static str> {
    let block = Block::of_bytes(part, bytes)?;
    let at = (part.first.0 - to.first.0) as usize;
    let mut outcome = Ok(());
    for sli in block.slis() {
        let cells = match block.cells(part, sli) {
            Ok(cells) => cells.unwrap_or_default(),
            Err(what) => {
                outcome = outcome.and(Err(what));
                continue;
            }
        };
        let row =
            rows.entry(sli).or_insert_with(|| vec![Cell::default(); to.length.minutes() as usize]);
        row[at..at + cells.len()].copy_from_slice(&cells);
    }
    outcome
}

#[cfg(test)]
mod tests {
    use plimsoll_core::{measure::slot::Slot, time::DAY};

    use super::*;

    #[test]
    fn a_garbled_row_does_not_cost_those_beside_it() {
        let part = Key { length: Length::Hour, first: Minute(20 * DAY), source: 7, chunk: 0 };
        let to = Key { length: Length::Day, ..part };
        let mut sound = vec![Cell::default(); 60];
        sound[0] = Cell { generation: 9, slot: Slot::Measured { good: 5, bad: 1 } };
        let mut block = Block::Rows(BTreeMap::from([(0, vec![66, 1, 60, 1]), (2, Vec::new())]));
        block.set_cells(1, &sound);
        let mut rows = BTreeMap::new();
        assert!(unpack_into(&mut rows, to, part, &block.to_bytes(part)).is_err());
        assert_eq!(rows.keys().collect::<Vec<_>>(), [&1]);
        assert_eq!(rows[&1][..60], sound);
    }
}
