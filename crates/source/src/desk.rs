//! Who reads what, and in which order the results are taken in.
//!
//! Workers take tasks in order and bring back pieces in any order. Pieces are taken in strictly by task and number, so
//! the result does not depend on who was faster. Pieces that have to wait are bounded in memory: when they are too
//! much, only the task whose turn it is goes on.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
};

use plimsoll_core::limits::LOG_WAITING_BYTES_MAX;

use crate::piece::Piece;

/// Something to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Task {
    /// Which log.
    pub(crate) log: usize,
    /// Which bytes of it; `None` for all, as they come.
    pub(crate) section: Option<(u64, u64)>,
}

/// Lines that one worker unpacked and another shall parse.
pub(crate) struct Handed {
    pub(crate) log: usize,
    pub(crate) place: Place,
    /// Where the lines begin in the log, unpacked.
    pub(crate) offset: u64,
    pub(crate) lines: Vec<u8>,
}

/// Where a piece belongs: number of the task, number of the piece in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) task: usize,
    pub(crate) piece: usize,
}

impl Place {
    /// The place behind this one, in the same task.
    pub(crate) fn next(self) -> Self {
        Place { piece: self.piece + 1, ..self }
    }
}

/// What a worker does next.
pub(crate) enum Job {
    /// Reads this task, which has this number.
    Read(usize, Task),
    /// Parses what another has unpacked.
    Parse(Handed),
}

/// Takes pieces in.
pub(crate) trait Ledger {
    /// Takes in the next piece of a log.
    fn enter(&mut self, log: usize, piece: &Piece);
}

/// The desk at which workers meet.
pub(crate) struct Desk<'a, L> {
    tasks: &'a [Task],
    state: Mutex<State<L>>,
    /// Rings when anything has changed.
    bell: Condvar,
}

struct State<L> {
    ledger: L,
    /// Next task that nobody has taken.
    next_task: usize,
    /// Tasks without a section that are being read, and may hand something over.
    streams: usize,
    handed: VecDeque<Handed>,
    /// Workers that wait for a job.
    idle: usize,
    /// Whose turn it is.
    turn: Place,
    waiting: BTreeMap<Place, (Piece, bool)>,
    waiting_bytes: usize,
    /// A worker has panicked: everyone goes home.
    is_abandoned: bool,
}

impl<'a, L: Ledger> Desk<'a, L> {
    pub(crate) fn new(tasks: &'a [Task], ledger: L) -> Self {
        let state = State {
            ledger,
            next_task: 0,
            streams: 0,
            handed: VecDeque::new(),
            idle: 0,
            turn: Place { task: 0, piece: 0 },
            waiting: BTreeMap::new(),
            waiting_bytes: 0,
            is_abandoned: false,
        };
        Desk { tasks, state: Mutex::new(state), bell: Condvar::new() }
    }

    fn state(&self) -> MutexGuard<'_, State<L>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'s>(&self, state: MutexGuard<'s, State<L>>) -> MutexGuard<'s, State<L>> {
        self.bell.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    /// The next job; waits for it. `None` when there will be none.
    pub(crate) fn job(&self) -> Option<Job> {
        let mut state = self.state();
        loop {
            if state.is_abandoned {
                return None;
            }
            if let Some(handed) = state.handed.pop_front() {
                return Some(Job::Parse(handed));
            }
            let number = state.next_task;
            match self.tasks.get(number) {
                Some(task) if state.may_go_on(number) => {
                    state.next_task += 1;
                    state.streams += usize::from(task.section.is_none());
                    return Some(Job::Read(number, *task));
                }
                None if state.streams == 0 => return None,
                _ => {}
            }
            state.idle += 1;
            state = self.wait(state);
            state.idle -= 1;
        }
    }

    /// Hands lines over if a worker waits for something to do. False when nobody does.
    pub(crate) fn hand_over(&self, handed: impl FnOnce() -> Handed) -> bool {
        let mut state = self.state();
        if state.idle <= state.handed.len() {
            return false;
        }
        state.handed.push_back(handed());
        drop(state);
        self.bell.notify_all();
        true
    }

    /// Waits until this task may bring more pieces.
    pub(crate) fn pause(&self, task: usize) {
        let mut state = self.state();
        while !state.may_go_on(task) && !state.is_abandoned {
            state = self.wait(state);
        }
    }

    /// Brings a piece; `is_last` when the task has no more.
    pub(crate) fn deliver(&self, place: Place, piece: Piece, is_last: bool) {
        let mut state = self.state();
        state.waiting_bytes += piece.batch.bytes();
        state.waiting.insert(place, (piece, is_last));
        state.take_in(self.tasks);
        drop(state);
        self.bell.notify_all();
    }

    /// Says that a task without a section hands nothing over any more.
    pub(crate) fn close_stream(&self) {
        self.state().streams -= 1;
        self.bell.notify_all();
    }

    /// Sends everyone home.
    pub(crate) fn abandon(&self) {
        self.state().is_abandoned = true;
        self.bell.notify_all();
    }

    /// What was taken in.
    pub(crate) fn into_ledger(self) -> L {
        self.state.into_inner().unwrap_or_else(PoisonError::into_inner).ledger
    }
}

impl<L: Ledger> State<L> {
    fn may_go_on(&self, task: usize) -> bool {
        task == self.turn.task || self.waiting_bytes < LOG_WAITING_BYTES_MAX
    }

    fn take_in(&mut self, tasks: &[Task]) {
        while let Some((piece, is_last)) = self.waiting.remove(&self.turn) {
            self.waiting_bytes -= piece.batch.bytes();
            self.ledger.enter(tasks[self.turn.task].log, &piece);
            self.turn = if is_last {
                Place { task: self.turn.task + 1, piece: 0 }
            } else {
                self.turn.next()
            };
        }
    }
}
