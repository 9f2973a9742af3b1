//! What a worker does: reads, parses, counts.

use std::{
    io::Read,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use plimsoll_core::measure::accesslog::Format;

use crate::{
    desk::{Desk, Handed, Job, Ledger, Place, Task},
    input::{Options, Progress},
    log::Log,
    piece::{Counter, Piece},
    problem::Problem,
    splitter::{Block, Splitter},
};

/// After so many lines of a stream its piece is brought in and a new one begun.
const PIECE_LINES: u64 = 1 << 16;

/// Reads the tasks of a desk.
pub(crate) struct Worker<'a, L> {
    pub(crate) desk: &'a Desk<'a, L>,
    pub(crate) logs: &'a [(&'a Log, &'a Format)],
    pub(crate) options: &'a Options,
    pub(crate) meter: &'a Arc<AtomicU64>,
    pub(crate) total_bytes: Option<u64>,
    pub(crate) progress: &'a (dyn Fn(Progress) + Sync),
}

/// Sends everyone home when its worker panics, so that nobody waits for it.
struct Watch<'a, 'd, L: Ledger>(&'a Desk<'d, L>);

impl<L: Ledger> Drop for Watch<'_, '_, L> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.abandon();
        }
    }
}

impl<L: Ledger> Worker<'_, L> {
    /// Works until there is nothing left to do.
    pub(crate) fn run(&self) {
        let _watch = Watch(self.desk);
        while let Some(job) = self.desk.job() {
            match job {
                Job::Read(number, Task { log, section: Some((from, end)) }) => {
                    let piece = self.section(log, from, end);
                    self.desk.deliver(Place { task: number, piece: 0 }, piece, true);
                }
                Job::Read(number, Task { log, section: None }) => {
                    self.stream(number, log);
                    self.desk.close_stream();
                }
                Job::Parse(Handed { log, place, offset, lines }) => {
                    let mut counter = self.counter(log);
                    counter.lines(&lines, offset);
                    self.desk.deliver(place, counter.finish(), false);
                }
            }
        }
    }

    /// Reads a section of a plain file.
    fn section(&self, log: usize, from: u64, end: u64) -> Piece {
        let mut counter = self.counter(log);
        let mut splitter = Splitter::section(from, end, self.options.block_bytes.get());
        let mut reader = match self.logs[log].0.reader_at(splitter.offset(), self.meter) {
            Ok(reader) => reader,
            Err(problem) => return failed(counter.finish(), problem),
        };
        loop {
            match splitter.next(&mut reader) {
                Ok(Block::Lines) => counter.lines(splitter.given(), splitter.offset()),
                Ok(Block::TooLong) => counter.too_long(splitter.given()),
                Ok(Block::End) if splitter.position() < end => {
                    let problem = Problem::changed("became shorter while it was read", "");
                    return failed(counter.finish(), problem);
                }
                Ok(Block::End) => return counter.finish(),
                Err(error) => return failed(counter.finish(), Problem::reading(&error)),
            }
            self.report();
        }
    }

    /// Reads an input that can only be read from its beginning.
    fn stream(&self, task: usize, log: usize) {
        let mut counter = self.counter(log);
        let mut place = Place { task, piece: 0 };
        let problem = match self.logs[log].0.reader(self.meter) {
            Ok(mut reader) => self.pieces(&mut reader, &mut counter, log, &mut place).err(),
            Err(problem) => Some(problem),
        };
        self.desk.deliver(place, Piece { problem, ..counter.finish() }, true);
    }

    /// Counts the lines of a stream. While another worker has nothing to do it parses what this one unpacks.
    fn pieces(
        &self,
        reader: &mut dyn Read,
        counter: &mut Counter<'_>,
        log: usize,
        place: &mut Place,
    ) -> Result<(), Problem> {
        let mut splitter = Splitter::whole(self.options.block_bytes.get());
        loop {
            self.desk.pause(place.task);
            match splitter.next(reader).map_err(|error| Problem::reading(&error))? {
                Block::End => return Ok(()),
                Block::TooLong => counter.too_long(splitter.given()),
                Block::Lines => {
                    let offset = splitter.offset();
                    let next = place.next();
                    let handed = || Handed { log, place: next, offset, lines: splitter.detach() };
                    if self.desk.hand_over(handed) {
                        self.desk.deliver(*place, counter.finish(), false);
                        *place = next.next();
                    } else {
                        counter.lines(splitter.given(), offset);
                    }
                }
            }
            if counter.lines_counted() >= PIECE_LINES {
                self.desk.deliver(*place, counter.finish(), false);
                *place = place.next();
            }
            self.report();
        }
    }

    fn counter(&self, log: usize) -> Counter<'_> {
        Counter::new(self.logs[log].1, self.options)
    }

    fn report(&self) {
        let done_bytes = self.meter.load(Ordering::Relaxed);
        let total_bytes = self.total_bytes;
        // A file may have grown since its size was asked for.
        let done_bytes = total_bytes.map_or(done_bytes, |total| done_bytes.min(total));
        (self.progress)(Progress { done_bytes, total_bytes });
    }
}

/// The piece up to where its input failed.
fn failed(piece: Piece, problem: Problem) -> Piece {
    Piece { problem: Some(problem), ..piece }
}
