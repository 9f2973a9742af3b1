//! Cuts what comes of a log into lines that are finished.

use memchr::{memchr, memrchr};
use plimsoll_core::limits::{FOLLOW_PRINT_BYTES, LOG_LINE_BYTES_MAX};

use crate::piece::Counter;

/// How much of a line that is too long is kept to be shown.
const SHOWN_BYTES: usize = 1024;

/// Counts the lines of a log whose bytes come in blocks. Only a finished line moves the offset.
#[derive(Debug, Default)]
pub(super) struct Cutter {
    /// Behind the last finished line.
    offset: u64,
    /// How far the log was read.
    at: u64,
    /// What was read behind the offset; not all of it where the line is too long or begins with zeros.
    carry: Vec<u8>,
    /// The beginning of a line that is too long.
    long: Option<Vec<u8>>,
    /// What stands before `carry`, as much as is needed for a print.
    last: Vec<u8>,
    /// What stands before the offset, as much as is needed for a print.
    tail: Vec<u8>,
}

impl Cutter {
    /// Goes on at an offset, before which these bytes stand.
    pub(super) fn new(offset: u64, tail: &[u8]) -> Self {
        Cutter { offset, at: offset, last: tail.to_vec(), tail: tail.to_vec(), ..Cutter::default() }
    }

    /// Behind the last finished line.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// How far the log was read.
    pub(super) fn at(&self) -> u64 {
        self.at
    }

    /// The last bytes before the offset.
    pub(super) fn tail(&self) -> &[u8] {
        &self.tail
    }

    /// Whether it can go on without what it has read of the unfinished line.
    pub(super) fn is_within_long(&self) -> bool {
        self.carry.is_empty() && self.offset < self.at
    }

    /// Takes in the next bytes of the log.
    pub(super) fn feed(&mut self, block: &[u8], counter: &mut Counter<'_>) {
        self.at += block.len() as u64;
        let mut block = block;
        if let Some(beginning) = &self.long {
            let Some(end) = memchr(b'\n', block) else { return roll(&mut self.last, block) };
            counter.too_long(beginning);
            self.long = None;
            roll(&mut self.last, &block[..=end]);
            block = &block[end + 1..];
            self.settle(block.len());
        }
        self.carry.extend_from_slice(block);
        // A writer that goes on where it was in an emptied file leaves a hole before its next line.
        let zeros = self.carry.iter().take_while(|byte| **byte == 0).count();
        self.shift(zeros);
        if let Some(end) = memrchr(b'\n', &self.carry) {
            counter.lines(&self.carry[..=end], self.at - self.carry.len() as u64);
            self.shift(end + 1);
            self.settle(self.carry.len());
        }
        // One byte more may be the first of two that break the line.
        if self.carry.len() > LOG_LINE_BYTES_MAX + 1 {
            self.long = Some(self.carry[..SHOWN_BYTES].to_vec());
            self.shift(self.carry.len());
        }
    }

    /// Counts what was read of the last line: no more of it will come.
    pub(super) fn finish(&mut self, counter: &mut Counter<'_>) {
        match self.long.take() {
            Some(beginning) => counter.too_long(&beginning),
            None if self.carry.is_empty() => {}
            None => counter.lines(&self.carry, self.at - self.carry.len() as u64),
        }
        self.shift(self.carry.len());
        self.settle(0);
    }

    /// Lets go of the first bytes that are carried.
    fn shift(&mut self, bytes: usize) {
        roll(&mut self.last, &self.carry[..bytes]);
        self.carry.drain(..bytes);
    }

    /// Moves the offset so that `rest` bytes stay behind it.
    fn settle(&mut self, rest: usize) {
        self.offset = self.at - rest as u64;
        self.tail.clone_from(&self.last);
    }
}

/// Puts bytes behind the last ones, and keeps as many as a print is taken of.
pub(super) fn roll(last: &mut Vec<u8>, bytes: &[u8]) {
    let bytes = &bytes[bytes.len().saturating_sub(FOLLOW_PRINT_BYTES)..];
    let excess = (last.len() + bytes.len()).saturating_sub(FOLLOW_PRINT_BYTES);
    last.drain(..excess);
    last.extend_from_slice(bytes);
}
