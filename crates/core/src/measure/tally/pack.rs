//! Cells in few bytes.
//!
//! A row is: minutes since the row before (varint), which columns are not zero (varint of bits), and each of those
//! (varint). Latencies are stored as what each threshold adds to the one before it. A quiet minute takes four bytes,
//! a busy one about ten. Every cell packs and unpacks to itself, also one that makes no sense (differences wrap).

use super::Cell;
use crate::{limits::THRESHOLDS_MAX, time::Minute};

/// Good, bad, excluded, what each threshold adds, and the timed requests behind the last threshold.
const COLUMNS: usize = 3 + THRESHOLDS_MAX + 1;

/// The columns of a cell; those seldom zero first, so that their bits fit one byte.
fn columns(cell: &Cell) -> [u64; COLUMNS] {
    let mut columns = [0; COLUMNS];
    columns[0] = cell.good;
    let mut before = 0;
    for (step, within) in cell.within.into_iter().chain([cell.timed]).enumerate() {
        columns[place(step)] = within.wrapping_sub(before);
        before = within;
    }
    columns[BAD] = cell.bad;
    columns[EXCLUDED] = cell.excluded;
    columns
}

/// Writes into `cell` what the columns say.
fn fill(cell: &mut Cell, columns: &[u64; COLUMNS]) {
    (cell.good, cell.bad, cell.excluded) = (columns[0], columns[BAD], columns[EXCLUDED]);
    let mut sum: u64 = 0;
    for (step, within) in cell.within.iter_mut().chain([&mut cell.timed]).enumerate() {
        sum = sum.wrapping_add(columns[place(step)]);
        *within = sum;
    }
}

const BAD: usize = 6;
const EXCLUDED: usize = COLUMNS - 1;

/// Where the requests between threshold `step - 1` and `step` stand.
fn place(step: usize) -> usize {
    if step < BAD - 1 { step + 1 } else { step + 2 }
}

/// Appends a row for a cell `after` minutes behind the row before.
pub(super) fn write(bytes: &mut Vec<u8>, after: u64, of: &Cell) {
    let columns = columns(of);
    let mut bits = 0;
    for (place, column) in columns.iter().enumerate() {
        bits |= u64::from(*column != 0) << place;
    }
    varint(bytes, after);
    varint(bytes, bits);
    while bits != 0 {
        varint(bytes, columns[bits.trailing_zeros() as usize]);
        bits &= bits - 1;
    }
}

#[inline]
fn varint(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

/// Reads rows that [`write()`] wrote.
pub(super) struct Rows<'a> {
    bytes: &'a [u8],
    minute: Minute,
}

impl<'a> Rows<'a> {
    /// The rows in `bytes`, of which the first stands `after` minutes behind `minute`.
    pub(super) fn new(bytes: &'a [u8], minute: Minute) -> Self {
        Rows { bytes, minute }
    }

    /// The minute of the next row, whose cell is written into `cell`; `None` behind the last.
    pub(super) fn read(&mut self, cell: &mut Cell) -> Option<Minute> {
        let after = self.varint()?;
        let mut bits = self.varint()?;
        let mut columns = [0; COLUMNS];
        while bits != 0 {
            *columns.get_mut(bits.trailing_zeros() as usize)? = self.varint()?;
            bits &= bits - 1;
        }
        self.minute = self.minute.plus(after as i64);
        fill(cell, &columns);
        Some(self.minute)
    }

    #[inline]
    fn varint(&mut self) -> Option<u64> {
        let (byte, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        if byte & 0x80 == 0 { Some(u64::from(*byte)) } else { self.long_varint(*byte) }
    }

    #[inline(never)]
    fn long_varint(&mut self, first: u8) -> Option<u64> {
        let mut value = u64::from(first & 0x7f);
        for shift in (7..64).step_by(7) {
            let (byte, rest) = self.bytes.split_first()?;
            self.bytes = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                break;
            }
        }
        Some(value)
    }
}

impl Iterator for Rows<'_> {
    type Item = (Minute, Cell);

    fn next(&mut self) -> Option<Self::Item> {
        let mut cell = Cell::default();
        self.read(&mut cell).map(|minute| (minute, cell))
    }
}
