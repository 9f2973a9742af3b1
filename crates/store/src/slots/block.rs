//! Blocks: the slots of up to 64 SLIs of one source, for one minute, one hour or one day.
//!
//! A block is its format's number, its content, and the first eight bytes of the SHA-256 over its key and both. The
//! content of a minute is one row of 64 cells, SLI by SLI. The content of an hour or a day is, for each SLI that has
//! something there, its number in the chunk, the length of its row, and its row, so one SLI is read without the
//! others.

use std::collections::BTreeMap;

use plimsoll_core::{
    measure::slot::Sums,
    time::{DAY, HOUR, Minute, Span},
};
use sha2::{Digest, Sha256};

use super::cell::{Cell, pack, pack_sums, put, take, take_sums, unpack};

/// SLIs of one block.
pub(super) const CHUNK: u32 = 64;
const FORMAT: u8 = 1;
const CHECKSUM_BYTES: usize = 8;

/// How long a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Length {
    Minute,
    Hour,
    Day,
}

impl Length {
    pub(super) fn minutes(self) -> i64 {
        match self {
            Length::Minute => 1,
            Length::Hour => HOUR,
            Length::Day => DAY,
        }
    }
}

/// Where a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) length: Length,
    pub(super) first: Minute,
    pub(super) source: u32,
    pub(super) chunk: u32,
}

impl Key {
    /// The block of this length that would hold a minute of an SLI.
    pub(super) fn of(length: Length, minute: Minute, source: u32, chunk: u32) -> Self {
        Key { length, first: minute.floor(length.minutes()), source, chunk }
    }

    pub(super) fn span(self) -> Span {
        Span::new(self.first, self.first.plus(self.length.minutes()))
    }

    fn checksum(self, bytes: &[u8]) -> [u8; CHECKSUM_BYTES] {
        let hash: [u8; 32] = Sha256::new()
            .chain_update(self.length.minutes().to_le_bytes())
            .chain_update(self.first.0.to_le_bytes())
            .chain_update(self.source.to_le_bytes())
            .chain_update(self.chunk.to_le_bytes())
            .chain_update(bytes)
            .finalize()
            .into();
        let mut checksum = [0; CHECKSUM_BYTES];
        checksum.copy_from_slice(&hash[..CHECKSUM_BYTES]);
        checksum
    }

    /// Bytes with the format's number before and the checksum behind.
    fn seal(self, content: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(content.len() + 1 + CHECKSUM_BYTES);
        bytes.push(FORMAT);
        bytes.extend_from_slice(content);
        bytes.extend_from_slice(&self.checksum(&bytes));
        bytes
    }

    /// The content of sealed bytes, or what is wrong with them.
    fn open(self, bytes: &[u8]) -> Result<&[u8], &'static str> {
        let split = bytes.len().checked_sub(CHECKSUM_BYTES).ok_or("it is too short")?;
        let (body, checksum) = bytes.split_at(split);
        if checksum != self.checksum(body) {
            return Err("its checksum does not match its content and place");
        }
        match body.split_first() {
            Some((&FORMAT, content)) => Ok(content),
            _ => Err("its format is not known; a newer program wrote it"),
        }
    }
}

/// What a block holds, by number of the SLI in its chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Block {
    /// Cells of one minute. None of generation 0.
    Minute(BTreeMap<u8, Cell>),
    /// Packed rows of an hour or a day.
    Rows(BTreeMap<u8, Vec<u8>>),
}

const GARBLED: &str = "its content is garbled";

impl Block {
    pub(super) fn empty(length: Length) -> Self {
        match length {
            Length::Minute => Block::Minute(BTreeMap::new()),
            Length::Hour | Length::Day => Block::Rows(BTreeMap::new()),
        }
    }

    pub(super) fn to_bytes(&self, key: Key) -> Vec<u8> {
        let mut content = Vec::new();
        match self {
            Block::Minute(cells) => {
                let mut row = [Cell::default(); CHUNK as usize];
                for (sli, cell) in cells {
                    row[*sli as usize] = *cell;
                }
                pack(&row, &mut content);
            }
            Block::Rows(rows) => {
                for (sli, row) in rows {
                    content.push(*sli);
                    put(row.len() as u64, &mut content);
                    content.extend_from_slice(row);
                }
            }
        }
        key.seal(&content)
    }

    pub(super) fn of_bytes(key: Key, bytes: &[u8]) -> Result<Self, &'static str> {
        let content = key.open(bytes)?;
        match key.length {
            Length::Minute => {
                let row = unpack(content, CHUNK as usize).ok_or(GARBLED)?;
                let came = (0..).zip(row).filter(|(_, cell)| cell.generation > 0);
                Ok(Block::Minute(came.collect()))
            }
            Length::Hour | Length::Day => rows_of(content).ok_or(GARBLED).map(Block::Rows),
        }
    }

    /// The cells of one SLI, one for each minute of the block; `None` when nothing came of it.
    pub(super) fn cells(&self, key: Key, sli: u8) -> Result<Option<Vec<Cell>>, &'static str> {
        match self {
            Block::Minute(cells) => Ok(cells.get(&sli).map(|cell| vec![*cell])),
            Block::Rows(rows) => rows
                .get(&sli)
                .map(|row| unpack(row, key.length.minutes() as usize).ok_or(GARBLED))
                .transpose(),
        }
    }

    /// Puts the cells of one SLI in place of what was there.
    pub(super) fn set_cells(&mut self, sli: u8, cells: &[Cell]) {
        match self {
            Block::Minute(kept) => {
                kept.insert(sli, cells[0]);
            }
            Block::Rows(rows) => {
                let mut row = Vec::new();
                pack(cells, &mut row);
                rows.insert(sli, row);
            }
        }
    }

    /// Takes one SLI out.
    pub(super) fn remove(&mut self, sli: u8) {
        match self {
            Block::Minute(cells) => drop(cells.remove(&sli)),
            Block::Rows(rows) => drop(rows.remove(&sli)),
        }
    }

    /// The SLIs of which something came, by number in the chunk.
    pub(super) fn slis(&self) -> Vec<u8> {
        match self {
            Block::Minute(cells) => cells.keys().copied().collect(),
            Block::Rows(rows) => rows.keys().copied().collect(),
        }
    }
}

fn rows_of(mut content: &[u8]) -> Option<BTreeMap<u8, Vec<u8>>> {
    let mut rows = BTreeMap::new();
    while let Some((&sli, rest)) = content.split_first() {
        content = rest;
        let length = usize::try_from(take(&mut content)?).ok()?;
        let (row, rest) = content.split_at_checked(length)?;
        content = rest;
        let new = u32::from(sli) < CHUNK && rows.insert(sli, row.to_vec()).is_none();
        new.then_some(())?;
    }
    Some(rows)
}

/// Day sums in bytes: for each SLI its number and its sums, sealed like a block.
pub(super) fn sums_to_bytes(key: Key, sums: &[(u8, Sums)]) -> Vec<u8> {
    let mut content = Vec::new();
    for (sli, sums) in sums {
        content.push(*sli);
        pack_sums(sums, &mut content);
    }
    key.seal(&content)
}

/// Day sums of bytes.
pub(super) fn sums_of_bytes(key: Key, bytes: &[u8]) -> Result<Vec<(u8, Sums)>, &'static str> {
    let mut content = key.open(bytes)?;
    let mut all = Vec::new();
    while let Some((&sli, rest)) = content.split_first() {
        content = rest;
        all.push((sli, take_sums(&mut content).ok_or(GARBLED)?));
    }
    Ok(all)
}
