//! Reads compressed logs, one at a time, as far as a poll may.

use std::{
    collections::BTreeMap,
    io::{self, BufReader, Cursor as Bytes, Read},
};

use plimsoll_core::limits::FOLLOW_PRINT_BYTES;

use super::{
    book::Book,
    cursor::Cursor,
    cutter::{Cutter, roll},
    disk::{FileId, Files, open},
    print::Print,
    recognise::{Heads, is_beginning, is_plausible},
};
use crate::{container::Container, log::Reader, piece::Counter};

/// A compressed file that is being read.
pub(super) struct Unpacking {
    pub(super) id: FileId,
    /// Its first bytes, unpacked.
    head: Vec<u8>,
    reader: Reader,
    /// How far it was read.
    at: u64,
    /// What stands before that.
    last: Vec<u8>,
    /// Logs that it may hold: offset and key of each, and what stands before the offset.
    targets: BTreeMap<(u64, u64), Print>,
    /// The log that it holds: offset and key.
    found: Option<(u64, u64)>,
}

/// What was found in a compressed file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// There is more to read before that can be said.
    Nothing,
    /// A log, and nothing that was not counted.
    Known(u64),
    /// A log, and more of it.
    More(u64),
    /// Nothing that is known.
    New,
}

impl Unpacking {
    /// Opens a compressed file; `None` where the path leads to another by now.
    pub(super) fn open(
        id: FileId,
        path: &str,
        container: Container,
        book: &Book,
    ) -> io::Result<Option<Self>> {
        let Some(mut reader) = reader(id, path, container)? else { return Ok(None) };
        let mut head = Vec::new();
        (&mut reader).take(FOLLOW_PRINT_BYTES as u64).read_to_end(&mut head)?;
        let mut heads = Heads::new(&head);
        let targets = book
            .cursors()
            .filter(|cursor| cursor.is_knowable() && heads.begin_with(cursor.head))
            .filter(|cursor| is_plausible(cursor, path))
            .map(|cursor| ((cursor.offset, cursor.key), cursor.tail))
            .collect();
        let reader = Box::new(Bytes::new(head.clone()).chain(reader));
        let (at, last, found) = (0, Vec::new(), None);
        Ok(Some(Unpacking { id, head, reader, at, last, targets, found }))
    }

    /// Reads on until it is clear which log this is, or `budget` bytes were read.
    pub(super) fn skim(
        &mut self,
        path: &str,
        book: &Book,
        files: &Files,
        budget: &mut u64,
    ) -> io::Result<Found> {
        while let Some((&(offset, key), &tail)) = self.targets.first_key_value() {
            while self.at < offset && *budget > 0 {
                let read = self.read((offset - self.at).min(*budget))?;
                if read == 0 {
                    return self.ended(path, book, files);
                }
                *budget = budget.saturating_sub(read);
            }
            if self.at < offset {
                return Ok(Found::Nothing);
            }
            self.targets.pop_first();
            if tail == Print::of(&self.last) {
                self.found = Some((offset, key));
            }
        }
        let Some((offset, key)) = self.found else {
            return self.is_short_beginning(path, book, files);
        };
        // Most often nothing was read behind it yet.
        if self.at == offset {
            let mut next = [0];
            if self.reader.read(&mut next)? == 0 {
                return Ok(Found::Known(key));
            }
        }
        Ok(Found::More(key))
    }

    /// Which log it is, where it ends before what was counted of those that it may be.
    fn ended(&self, path: &str, book: &Book, files: &Files) -> io::Result<Found> {
        match self.found {
            Some((offset, key)) if self.at == offset => return Ok(Found::Known(key)),
            Some((_, key)) => return Ok(Found::More(key)),
            None => {}
        }
        // So long a beginning of a log is of that log.
        let longer =
            self.targets.keys().next_back().filter(|_| self.head.len() == FOLLOW_PRINT_BYTES);
        if let Some((_, key)) = longer {
            return Ok(Found::Known(*key));
        }
        self.is_short_beginning(path, book, files)
    }

    /// Which log a file is the beginning of that is shorter than a print.
    fn is_short_beginning(&self, path: &str, book: &Book, files: &Files) -> io::Result<Found> {
        for cursor in book.cursors().filter(|cursor| cursor.offset > self.head.len() as u64) {
            if is_beginning(&self.head, cursor, path, files)? {
                return Ok(Found::Known(cursor.key));
            }
        }
        Ok(Found::New)
    }

    /// Reads at most so many bytes.
    fn read(&mut self, bytes: u64) -> io::Result<u64> {
        let mut block = vec![0; bytes.min(BLOCK_BYTES) as usize];
        let read = retry(&mut self.reader, &mut block)?;
        roll(&mut self.last, &block[..read]);
        self.at += read as u64;
        Ok(read as u64)
    }
}

const BLOCK_BYTES: u64 = 64 * 1024;

/// A compressed file whose lines are being counted.
pub(super) struct Counting {
    pub(super) id: FileId,
    pub(super) key: u64,
    head: Vec<u8>,
    reader: Reader,
    /// How much is to be skipped first.
    skip: u64,
    cutter: Cutter,
    last: Vec<u8>,
}

impl Counting {
    /// Opens a compressed file to count what was not counted of a log; `None` where the path leads to another by now.
    pub(super) fn open(
        id: FileId,
        path: &str,
        container: Container,
        cursor: &Cursor,
    ) -> io::Result<Option<Self>> {
        let Some(mut reader) = reader(id, path, container)? else { return Ok(None) };
        let mut head = Vec::new();
        (&mut reader).take(FOLLOW_PRINT_BYTES as u64).read_to_end(&mut head)?;
        Ok(Some(Counting {
            id,
            key: cursor.key,
            reader: Box::new(Bytes::new(head.clone()).chain(reader)),
            head,
            skip: cursor.offset,
            cutter: Cutter::new(0, &[]),
            last: Vec::new(),
        }))
    }

    /// Counts on, at most `budget` bytes. True at the end.
    pub(super) fn advance(
        &mut self,
        counter: &mut Counter<'_>,
        budget: &mut u64,
    ) -> io::Result<bool> {
        let mut block = vec![0; BLOCK_BYTES as usize];
        while *budget > 0 {
            let most = if self.skip > 0 { self.skip.min(BLOCK_BYTES) } else { BLOCK_BYTES };
            let read = retry(&mut self.reader, &mut block[..most as usize])?;
            if read == 0 {
                return Ok(true);
            }
            *budget = budget.saturating_sub(read as u64);
            if self.skip > 0 {
                roll(&mut self.last, &block[..read]);
                self.skip -= read as u64;
                self.cutter = Cutter::new(self.cutter.at() + read as u64, &self.last);
            } else {
                self.cutter.feed(&block[..read], counter);
            }
        }
        Ok(false)
    }

    /// Whether everything before the offset was counted, and nothing behind it.
    pub(super) fn stands_at(&self, offset: u64) -> bool {
        if self.skip > 0 {
            self.skip + self.cutter.at() == offset
        } else {
            self.cutter.offset() == offset
        }
    }

    /// Whether what was read ends within a line.
    pub(super) fn is_partial(&self) -> bool {
        self.cutter.offset() < self.cutter.at()
    }

    /// Counts the last line, which is not finished and never will be.
    pub(super) fn finish(&mut self, counter: &mut Counter<'_>) {
        self.cutter.finish(counter);
    }

    /// Enters how far it has come.
    pub(super) fn enter(&self, cursor: &mut Cursor) {
        if self.cutter.offset() <= cursor.offset {
            return;
        }
        let offset = self.cutter.offset();
        let head = self.head.len().min(offset as usize);
        cursor.advance(offset, &self.head[..head], Print::of(self.cutter.tail()));
    }
}

/// Opens a compressed file; `None` where the path leads to another by now.
pub(super) fn reader(id: FileId, path: &str, container: Container) -> io::Result<Option<Reader>> {
    Ok(open(id, path)?.map(|file| container.reader(BufReader::new(file))))
}

fn retry(reader: &mut dyn Read, block: &mut [u8]) -> io::Result<usize> {
    loop {
        match reader.read(block) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}
