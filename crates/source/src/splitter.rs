//! Cuts a stream of bytes into whole lines, in blocks of constant size.

use std::io::{self, Read};

use memchr::{memchr, memrchr};
use plimsoll_core::limits::LOG_LINE_BYTES_MAX;

/// Least bytes read at once behind the end of a section, to finish its last line.
const FINISH_BYTES: usize = 4096;

/// Reads a section of an input: the lines whose first byte lies in it. The last of them may end behind it.
///
/// So neighbouring sections hold each line exactly once, wherever they are cut.
pub(crate) struct Splitter {
    buffer: Vec<u8>,
    block_bytes: usize,
    /// How much of the buffer holds data.
    filled: usize,
    /// How much of that was given out.
    given: usize,
    /// Where the buffer begins in the input.
    offset: u64,
    /// First byte behind the section.
    end: u64,
    /// Whether everything up to the next line break belongs to a line that is not wanted.
    is_skipping: bool,
    /// Whether the input has no more bytes.
    is_done: bool,
    /// What ended the input before its time.
    failure: Option<io::Error>,
}

/// What [`Splitter::given`] holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Block {
    /// One or more whole lines; the last may lack its line break where the input ends.
    Lines,
    /// The beginning of a line that is longer than [`LOG_LINE_BYTES_MAX`]. Its rest is skipped.
    TooLong,
    /// Nothing more.
    End,
}

impl Splitter {
    /// The whole of an input whose size need not be known.
    pub(crate) fn whole(block_bytes: usize) -> Self {
        Splitter::new(0, u64::MAX, block_bytes, false)
    }

    /// The section from `from` to `end` (exclusive) of an input. The reader must stand at [`Splitter::offset`].
    pub(crate) fn section(from: u64, end: u64, block_bytes: usize) -> Self {
        // The byte before tells whether a line begins here.
        Splitter::new(from.saturating_sub(1), end, block_bytes, from > 0)
    }

    fn new(offset: u64, end: u64, block_bytes: usize, is_skipping: bool) -> Self {
        let buffer = vec![0; block_bytes + LOG_LINE_BYTES_MAX + 2];
        Splitter {
            buffer,
            block_bytes,
            filled: 0,
            given: 0,
            offset,
            end,
            is_skipping,
            is_done: false,
            failure: None,
        }
    }

    /// The block that was read last.
    pub(crate) fn given(&self) -> &[u8] {
        &self.buffer[..self.given]
    }

    /// Where in the input that block begins; before the first, where the reader must stand.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// How far the input was read.
    pub(crate) fn position(&self) -> u64 {
        self.offset + self.filled as u64
    }

    /// Reads on.
    ///
    /// # Errors
    /// Those of the reader, after every whole line that came before. A line that the error cuts is dropped: what is
    /// there of it may read well and mean something else.
    pub(crate) fn next(&mut self, reader: &mut dyn Read) -> io::Result<Block> {
        loop {
            self.discard(self.given);
            if self.is_done || self.offset >= self.end {
                return self.failure.take().map_or(Ok(Block::End), Err);
            }
            let at_end = self.fill(reader);
            if self.is_skipping && !self.skip() {
                continue;
            }
            let whole = self.whole_lines(at_end);
            if whole > 0 {
                self.given = whole;
                return Ok(Block::Lines);
            }
            // One byte more may be the first of two that break the line.
            if self.filled > LOG_LINE_BYTES_MAX + 1 {
                self.given = self.filled;
                self.is_skipping = true;
                return Ok(Block::TooLong);
            }
        }
    }

    /// Gives the block away that was given out last, and goes on in a new buffer.
    pub(crate) fn detach(&mut self) -> Vec<u8> {
        let mut fresh = vec![0; self.buffer.len()];
        let rest = self.given..self.filled;
        fresh[..rest.len()].copy_from_slice(&self.buffer[rest.clone()]);
        let mut block = std::mem::replace(&mut self.buffer, fresh);
        block.truncate(self.given);
        self.offset += self.given as u64;
        self.filled = rest.len();
        self.given = 0;
        block
    }

    fn discard(&mut self, bytes: usize) {
        self.buffer.copy_within(bytes..self.filled, 0);
        self.filled -= bytes;
        self.offset += bytes as u64;
        self.given = 0;
    }

    /// Reads up to a block. True at the end of the input.
    fn fill(&mut self, reader: &mut dyn Read) -> bool {
        let ahead = self.end.saturating_sub(self.position());
        let want = usize::try_from(ahead).unwrap_or(usize::MAX).max(FINISH_BYTES);
        let until = (self.filled + want.min(self.block_bytes)).min(self.buffer.len());
        while self.filled < until {
            match reader.read(&mut self.buffer[self.filled..until]) {
                Ok(0) => self.is_done = true,
                Ok(bytes) => self.filled += bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.filled =
                        memrchr(b'\n', &self.buffer[..self.filled]).map_or(0, |at| at + 1);
                    self.failure = Some(error);
                    self.is_done = true;
                }
            }
            if self.is_done {
                return true;
            }
        }
        false
    }

    /// Skips to the next line. False where that is not in the buffer, or not in the section.
    fn skip(&mut self) -> bool {
        let Some(at) = memchr(b'\n', &self.buffer[..self.filled]) else {
            self.discard(self.filled);
            return false;
        };
        self.is_skipping = false;
        self.discard(at + 1);
        self.offset < self.end
    }

    /// The length of the whole lines in the buffer that begin before the end of the section.
    fn whole_lines(&self, at_end: bool) -> usize {
        let data = &self.buffer[..self.filled];
        let whole = if at_end { data.len() } else { memrchr(b'\n', data).map_or(0, |at| at + 1) };
        let ahead = usize::try_from(self.end - self.offset).unwrap_or(usize::MAX);
        if whole <= ahead {
            return whole;
        }
        memchr(b'\n', &data[ahead - 1..whole]).map_or(whole, |at| ahead + at)
    }
}

#[cfg(test)]
mod tests;
