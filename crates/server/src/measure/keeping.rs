//! Keeping: slots go to the disk first, then onto the board.
//!
//! It has no clock and no thread of its own, so that a simulation can drive it through every fault.

use std::{
    collections::BTreeSet,
    fmt,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard},
};

use plimsoll_core::{
    measure::{slot::Slot, window::Window},
    time::{DAY, Minute, Span},
};
use plimsoll_store::{
    Durability, Error,
    slots::{Addition, Applied, Change, Cursor, Hole, Refused, SlotBatch, SlotStore, Write},
};

use super::board::{Board, tell};

/// More than so many minutes are not walked through one by one: the board is made anew instead.
const WALKED_MINUTES: i64 = 2 * DAY;

/// Slots are kept for the longest window, and at least so long: a window that is declared later finds them.
const KEPT_MINUTES: i64 = 90 * DAY;

/// So many groups of SLIs are folded in one transaction, so that others need not wait long.
const FOLD_GROUPS: usize = 64;

/// Under this number, which no source has, and this name something is written to see whether there is room.
const NOBODY: u32 = u32::MAX;
const ROOM: &str = "room";
const ROOM_BYTES: [u8; 4096] = [0; 4096];

/// What somebody brings: all of it is kept, or nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Order {
    /// Slots that replace what was there.
    pub batches: Vec<OrderedBatch>,
    /// Slots that are added to what is there.
    pub additions: Vec<OrderedAddition>,
    /// How far inputs were read: source, input, and the place in it; without a place it is forgotten.
    pub cursors: Vec<(u32, String, Option<Vec<u8>>)>,
}

/// See [`SlotBatch`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderedBatch {
    /// The source's number.
    pub source: u32,
    /// The SLI's number.
    pub sli: u32,
    /// Grows when the source corrects itself.
    pub generation: u64,
    /// The slots.
    pub slots: Vec<(Minute, Slot)>,
}

/// See [`Addition`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderedAddition {
    /// The source's number.
    pub source: u32,
    /// The SLI's number.
    pub sli: u32,
    /// What was seen.
    pub slots: Vec<(Minute, Slot)>,
}

impl Order {
    /// How many slots it brings.
    pub fn slots(&self) -> usize {
        let batches = self.batches.iter().map(|batch| batch.slots.len());
        batches.chain(self.additions.iter().map(|addition| addition.slots.len())).sum()
    }
}

/// Why an order was not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotKept {
    /// It contradicts what is there.
    Refused(Refused),
    /// The store could not take it; nothing of it was kept. It may be sent again.
    Store(Error),
    /// Nothing is written until the store was opened anew; nothing was tried.
    Stopped(String),
    /// Too many wait already. Nothing was tried.
    Busy,
    /// It is not known whether it was kept. It may be sent again: what is there already changes nothing.
    Unknown(String),
}

impl fmt::Display for NotKept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotKept::Refused(refused) => refused.fmt(f),
            NotKept::Store(error) => write!(f, "nothing was kept: {error}; send it again later"),
            NotKept::Stopped(why) => {
                write!(f, "nothing is written for now, because {why}; send it again later")
            }
            NotKept::Busy => f.write_str("too many are waiting already; send it again later"),
            NotKept::Unknown(why) => {
                write!(f, "it is not known whether this was kept: {why}; send it again")
            }
        }
    }
}

/// What became of an order.
pub type Kept = Result<Applied, NotKept>;

/// The board as others see it.
#[derive(Debug, Clone)]
pub struct Shared {
    board: Arc<RwLock<Board>>,
    /// Held for writing while the store and the board are not at the same place.
    pair: Arc<RwLock<()>>,
}

impl Shared {
    fn of(board: Board) -> Self {
        Shared { board: Arc::new(RwLock::new(board)), pair: Arc::default() }
    }

    /// The board. Whoever holds it keeps others from writing to it: be short.
    pub fn board(&self) -> RwLockReadGuard<'_, Board> {
        self.board.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Until it is dropped, the store and the board tell of the same slots.
    pub fn paired(&self) -> RwLockReadGuard<'_, ()> {
        self.pair.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(&self, change: impl FnOnce(&mut Board) -> T) -> T {
        change(&mut self.board.write().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The one that keeps slots.
#[derive(Debug)]
pub struct Keeping<S> {
    store: S,
    shared: Shared,
    windows: Vec<Window>,
    /// SLIs whose minutes before the end were changed since that was last asked.
    touched: BTreeSet<u32>,
    /// Why it does not write any more, until it is given a store that was opened anew.
    stopped: Option<String>,
    /// Why the last write was not taken, though the store is sound: there is no room, or it may not be written to.
    refused: Option<String>,
}

impl<S: SlotStore> Keeping<S> {
    /// Begins where every minute before `end` is over, with these windows on the board.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn open(mut store: S, end: Minute, windows: Vec<Window>) -> Result<Self, Error> {
        let board = Board::load(&mut store, end, windows.iter().cloned())?;
        let (shared, touched) = (Shared::of(board), BTreeSet::new());
        Ok(Keeping { store, shared, windows, touched, stopped: None, refused: None })
    }

    /// The board, for others.
    pub fn shared(&self) -> &Shared {
        &self.shared
    }

    /// The store.
    pub fn store(&self) -> &S {
        &self.store
    }

    /// Why it does not write any more.
    pub fn stopped(&self) -> Option<&str> {
        self.stopped.as_deref()
    }

    /// Goes on with a store that was opened anew after a failure. What is durable in it comes onto the board, also
    /// what nobody was told of.
    ///
    /// # Errors
    /// When it cannot be read; nothing is written then.
    pub fn reopen(&mut self, store: S) -> Result<(), Error> {
        let pair = Arc::clone(&self.shared.pair);
        let _apart = pair.write().unwrap_or_else(PoisonError::into_inner);
        self.store = store;
        let end = self.shared.board().end();
        self.load(end)?;
        (self.stopped, self.refused) = (None, None);
        Ok(())
    }

    /// Why nothing can be written, though nothing is broken.
    pub fn refused(&self) -> Option<&str> {
        self.refused.as_deref()
    }

    /// Looks whether there is room again, where there was none, by writing something and taking it back.
    pub fn look_for_room(&mut self) {
        if self.refused.is_none() {
            return;
        }
        let note = |place: Option<&[u8]>| Order {
            cursors: vec![(NOBODY, ROOM.to_owned(), place.map(<[u8]>::to_vec))],
            ..Order::default()
        };
        self.write(&[note(Some(&ROOM_BYTES)), note(None)]);
    }

    /// Writes nothing more, and says that the board may be behind: what became of the last write is not known, or it
    /// could not be brought onto the board.
    fn stop(&mut self, error: &Error) {
        let why = error.to_string();
        self.shared.change(|board| board.fall_behind(&why));
        self.stopped = Some(why);
    }

    fn load(&mut self, end: Minute) -> Result<(), Error> {
        let board = Board::load(&mut self.store, end, self.windows.iter().cloned())?;
        self.shared.change(|old| *old = board);
        Ok(())
    }

    /// Keeps orders, all in one durable transaction; what became of each.
    pub fn write(&mut self, orders: &[Order]) -> Vec<Kept> {
        if let Some(why) = &self.stopped {
            return orders.iter().map(|_| Err(NotKept::Stopped(why.clone()))).collect();
        }
        let lent: Vec<Lent<'_>> = orders.iter().map(Lent::of).collect();
        let writes: Vec<Write<'_>> = lent.iter().map(Lent::write).collect();
        let pair = Arc::clone(&self.shared.pair);
        let _apart = pair.write().unwrap_or_else(PoisonError::into_inner);
        match self.store.write(&writes, Durability::Synced) {
            Ok(written) => {
                self.refused = None;
                self.take_in(&written.changes, &written.holes);
                let outcomes = written.outcomes.into_iter();
                outcomes.map(|outcome| outcome.map_err(NotKept::Refused)).collect()
            }
            Err(error) => {
                let not_kept = self.fail(error);
                orders.iter().map(|_| Err(not_kept.clone())).collect()
            }
        }
    }

    /// Whether the past of any SLI was changed since it was last asked of which.
    pub fn is_touched(&self) -> bool {
        !self.touched.is_empty()
    }

    /// The SLIs whose past was changed since this was last asked.
    pub fn take_touched(&mut self) -> BTreeSet<u32> {
        std::mem::take(&mut self.touched)
    }

    /// Brings what is durable onto the board. If that cannot be done the board is made anew from a fresh store.
    fn take_in(&mut self, changes: &[Change], holes: &[Hole]) {
        let end = self.shared.board().end();
        let past = changes.iter().filter(|change| change.minute < end);
        self.touched.extend(past.map(|change| change.sli));
        if !holes.is_empty() {
            // The board may hold sums of what was there before it was damaged: a change would come on top of them.
            tell(holes);
            if let Err(error) = self.load(end) {
                self.stop(&error);
            }
            return;
        }
        let store = &self.store;
        let taken = self.shared.change(|board| board.change(store, changes));
        if let Err(error) = taken {
            self.stop(&error);
        }
    }

    fn fail(&mut self, error: Error) -> NotKept {
        if error.is_certain() {
            if matches!(error, Error::Full { .. } | Error::ReadOnly { .. }) {
                self.refused = Some(error.to_string());
            }
            return NotKept::Store(error);
        }
        self.stop(&error);
        NotKept::Unknown(error.to_string())
    }

    /// Says that every minute before `end` is over. An end that lies back, or far ahead, makes the board anew.
    pub fn advance(&mut self, end: Minute) {
        if self.stopped.is_some() {
            return;
        }
        let pair = Arc::clone(&self.shared.pair);
        let _apart = pair.write().unwrap_or_else(PoisonError::into_inner);
        let minutes = end.0.saturating_sub(self.shared.board().end().0);
        let done = if (0..=WALKED_MINUTES).contains(&minutes) {
            let store = &self.store;
            (0..minutes).try_for_each(|_| self.shared.change(|board| board.advance(store)))
        } else {
            self.load(end)
        };
        if let Err(error) = done {
            self.stop(&error);
        }
    }

    /// Puts these windows onto the board, where they are others than before; once the store was opened anew, if
    /// nothing is done until then.
    pub fn set_windows(&mut self, windows: Vec<Window>) {
        if windows == self.windows {
            return;
        }
        self.windows = windows;
        if self.stopped.is_some() {
            return;
        }
        let end = self.shared.board().end();
        if let Err(error) = self.load(end) {
            self.stop(&error);
        }
    }

    /// Puts minutes that are over together on the disk, a part of them; whether that is all.
    pub fn fold(&mut self) -> bool {
        if self.stopped.is_some() {
            return true;
        }
        // Late minutes mostly come within the hour, and are cheaper where they are not folded yet.
        let until = self.shared.board().end().plus(-60);
        let folded = self.store.fold(until, FOLD_GROUPS);
        match folded {
            Ok(folded) => {
                if !folded.holes.is_empty() {
                    // The board still holds sums of what was there.
                    tell(&folded.holes);
                    let end = self.shared.board().end();
                    if let Err(error) = self.load(end) {
                        self.stop(&error);
                    }
                }
                folded.done
            }
            Err(error) => {
                self.fail(error);
                true
            }
        }
    }

    /// Drops what is older than a minute.
    pub fn drop_before(&mut self, minute: Minute) {
        if self.stopped.is_none()
            && let Err(error) = self.store.drop_before(minute)
        {
            self.fail(error);
        }
    }

    /// The minutes that are kept: from the oldest to the one that has begun at `now`.
    pub fn kept(&self, now: Minute) -> Span {
        let longest = self.shared.board().readings().spans().map(Span::minutes).max().unwrap_or(0);
        Span::new(now.plus(-longest.max(KEPT_MINUTES) - DAY).floor(DAY), now.plus(1))
    }

    /// Gives the store back.
    pub fn into_store(self) -> S {
        self.store
    }
}

/// An order as the store takes it.
struct Lent<'a> {
    batches: Vec<SlotBatch<'a>>,
    additions: Vec<Addition<'a>>,
    cursors: Vec<Cursor<'a>>,
}

impl<'a> Lent<'a> {
    fn of(order: &'a Order) -> Self {
        let batches = order.batches.iter().map(|batch| SlotBatch {
            source: batch.source,
            sli: batch.sli,
            generation: batch.generation,
            slots: &batch.slots,
        });
        let additions = order.additions.iter().map(|addition| Addition {
            source: addition.source,
            sli: addition.sli,
            slots: &addition.slots,
        });
        let cursors = order.cursors.iter().map(|(source, name, position)| Cursor {
            source: *source,
            name,
            position: position.as_deref(),
        });
        Lent {
            batches: batches.collect(),
            additions: additions.collect(),
            cursors: cursors.collect(),
        }
    }

    fn write(&'a self) -> Write<'a> {
        Write { batches: &self.batches, additions: &self.additions, cursors: &self.cursors }
    }
}
