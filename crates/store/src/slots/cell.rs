//! Slots in few bytes.
//!
//! A row of cells is packed as three columns: generations and kinds as runs, then the counts of those kinds that have
//! some. Numbers are LEB128 varints. A quiet day of one SLI is six bytes, a busy one about three bytes a minute.

use plimsoll_core::measure::slot::{Slot, Sums};

/// A slot and the generation of the batch it came with; generation 0 means that none came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Cell {
    pub(super) generation: u64,
    pub(super) slot: Slot,
}

const MISSING: u64 = 0;
const NO_TRAFFIC: u64 = 1;
const ALL_GOOD: u64 = 2;
const MEASURED: u64 = 3;
const PARTIAL: u64 = 4;

fn kind(slot: Slot) -> u64 {
    match slot {
        Slot::Missing => MISSING,
        Slot::NoTraffic => NO_TRAFFIC,
        Slot::Measured { bad: 0, .. } => ALL_GOOD,
        Slot::Measured { .. } => MEASURED,
        Slot::Partial { .. } => PARTIAL,
    }
}

/// Packs a row of cells.
pub(super) fn pack(cells: &[Cell], out: &mut Vec<u8>) {
    put_runs(cells.iter().map(|cell| cell.generation), out);
    put_runs(cells.iter().map(|cell| kind(cell.slot)), out);
    for cell in cells {
        match cell.slot {
            Slot::Measured { good, bad: 0 } => put(good, out),
            Slot::Measured { good, bad } | Slot::Partial { good, bad } => {
                put(good, out);
                put(bad, out);
            }
            Slot::NoTraffic | Slot::Missing => {}
        }
    }
}

/// Unpacks a row of so many cells; `None` when these bytes are no such row.
pub(super) fn unpack(mut bytes: &[u8], length: usize) -> Option<Vec<Cell>> {
    let bytes = &mut bytes;
    let mut cells = vec![Cell::default(); length];
    take_runs(bytes, length, |at, generation| cells[at].generation = generation)?;
    let mut kinds = vec![MISSING; length];
    take_runs(bytes, length, |at, kind| kinds[at] = kind)?;
    for (cell, kind) in cells.iter_mut().zip(kinds) {
        cell.slot = match kind {
            MISSING => Slot::Missing,
            NO_TRAFFIC => Slot::NoTraffic,
            ALL_GOOD => Slot::Measured { good: take(bytes)?, bad: 0 },
            MEASURED => Slot::Measured { good: take(bytes)?, bad: take(bytes)? },
            PARTIAL => Slot::Partial { good: take(bytes)?, bad: take(bytes)? },
            _ => return None,
        };
    }
    bytes.is_empty().then_some(cells)
}

/// Packs sums.
pub(super) fn pack_sums(sums: &Sums, out: &mut Vec<u8>) {
    let Sums { good, bad, partial_events, measured, no_traffic, missing, partial } = *sums;
    for number in [good, bad, partial_events, measured, no_traffic, missing, partial] {
        put(number, out);
    }
}

/// Takes sums from the front of the bytes.
pub(super) fn take_sums(bytes: &mut &[u8]) -> Option<Sums> {
    Some(Sums {
        good: take(bytes)?,
        bad: take(bytes)?,
        partial_events: take(bytes)?,
        measured: take(bytes)?,
        no_traffic: take(bytes)?,
        missing: take(bytes)?,
        partial: take(bytes)?,
    })
}

/// Each run as its length and its value.
fn put_runs(values: impl Iterator<Item = u64>, out: &mut Vec<u8>) {
    let mut run: Option<(u64, u64)> = None;
    for value in values {
        match &mut run {
            Some((length, same)) if *same == value => *length += 1,
            _ => {
                if let Some((length, value)) = run.replace((1, value)) {
                    put(length, out);
                    put(value, out);
                }
            }
        }
    }
    if let Some((length, value)) = run {
        put(length, out);
        put(value, out);
    }
}

fn take_runs(bytes: &mut &[u8], length: usize, mut set: impl FnMut(usize, u64)) -> Option<()> {
    let mut at = 0;
    while at < length {
        let run = usize::try_from(take(bytes)?).ok()?;
        let value = take(bytes)?;
        if run == 0 || run > length - at {
            return None;
        }
        (at..at + run).for_each(|at| set(at, value));
        at += run;
    }
    Some(())
}

/// Puts a number.
pub(super) fn put(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Takes a number from the front of the bytes.
pub(super) fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let part = u64::from(byte & 0x7f);
        if part << shift >> shift != part {
            return None;
        }
        number |= part << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn slot() -> impl Strategy<Value = Slot> {
        prop_oneof![
            Just(Slot::Missing),
            Just(Slot::NoTraffic),
            (any::<u64>(), any::<u64>()).prop_map(|(good, bad)| Slot::Measured { good, bad }),
            (0_u64..300).prop_map(|good| Slot::Measured { good, bad: 0 }),
            (any::<u64>(), any::<u64>()).prop_map(|(good, bad)| Slot::Partial { good, bad }),
        ]
    }

    fn cells() -> impl Strategy<Value = Vec<Cell>> {
        let cell = (prop_oneof![0..3_u64, any::<u64>()], slot());
        let cell = cell.prop_map(|(generation, slot)| Cell { generation, slot });
        prop::collection::vec(cell, 0..100)
    }

    proptest! {
        #[test]
        fn what_is_packed_is_unpacked(cells in cells()) {
            let mut bytes = Vec::new();
            pack(&cells, &mut bytes);
            prop_assert_eq!(unpack(&bytes, cells.len()), Some(cells));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..60), n in 0..70_usize) {
            if let Some(cells) = unpack(&bytes, n) {
                prop_assert_eq!(cells.len(), n);
            }
        }
    }

    /// By hand from the format: LEB128 of 300 is ac 02.
    #[test]
    fn a_row_looks_as_it_is_written_down() {
        let cell = |generation, slot| Cell { generation, slot };
        let cells = [
            cell(1, Slot::NoTraffic),
            cell(1, Slot::Measured { good: 300, bad: 0 }),
            cell(1, Slot::Measured { good: 5, bad: 1 }),
            Cell::default(),
        ];
        let mut bytes = Vec::new();
        pack(&cells, &mut bytes);
        let generations = [3, 1, 1, 0];
        let kinds = [1, 1, 1, 2, 1, 3, 1, 0];
        let counts = [0xac, 0x02, 5, 1];
        assert_eq!(bytes, [&generations[..], &kinds, &counts].concat());
    }
}
