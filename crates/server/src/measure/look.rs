//! A look at one SLI: the sums on the board where they answer, and its minutes from the disk where they do not.

use std::cell::{OnceCell, RefCell};

use plimsoll_core::{
    limits::BATCH_SLOTS_MAX,
    measure::{
        ledger::{Batch, Ledger},
        slot::{Slot, Sums},
        slots::Slots,
    },
    time::{Minute, Span},
};
use plimsoll_store::{Error, slots::SlotReads};

use super::board::Board;

/// The one source of a ledger that holds minutes over all sources.
const ALL: &str = "all";

/// One SLI, for reading. The store and the board must be at the same place as long as it is used.
pub struct Look<'a, R> {
    board: &'a Board,
    reads: &'a R,
    sli: u32,
    /// As far back and ahead as it will be asked for.
    reach: Span,
    minutes: OnceCell<Ledger>,
    failed: RefCell<Option<Error>>,
}

impl<'a, R: SlotReads> Look<'a, R> {
    /// A look at minutes of a span.
    pub fn at(board: &'a Board, reads: &'a R, sli: u32, reach: Span) -> Self {
        Look { board, reads, sli, reach, minutes: OnceCell::new(), failed: RefCell::default() }
    }

    /// Whether everything could be read: otherwise what was answered is worth nothing.
    ///
    /// # Errors
    /// Why not.
    pub fn check(self) -> Result<(), Error> {
        self.failed.into_inner().map_or(Ok(()), Err)
    }

    fn minutes(&self) -> &Ledger {
        self.minutes.get_or_init(|| {
            let mut ledger = Ledger::expecting([ALL]);
            match self.board.series(self.reads, self.sli, self.reach) {
                Ok(slots) => {
                    let slots: Vec<(Minute, Slot)> = self.reach.iter().zip(slots).collect();
                    for slots in slots.chunks(BATCH_SLOTS_MAX) {
                        // Slots of the store are within every limit of a ledger; a refusal would show as missing.
                        let _ = ledger.replace(Batch { source: ALL, generation: 1, slots });
                    }
                }
                Err(error) => *self.failed.borrow_mut() = Some(error),
            }
            ledger
        })
    }
}

impl<R: SlotReads> Slots for Look<'_, R> {
    fn sums(&self, span: Span) -> Sums {
        let running = self.board.readings().sums(self.sli, span);
        running.unwrap_or_else(|| self.minutes().sums(span))
    }

    fn slots(&self, span: Span) -> impl Iterator<Item = (Minute, Slot)> {
        self.minutes().slots(span)
    }

    fn extent(&self) -> Option<Span> {
        self.minutes().extent()
    }

    fn seen_until(&self, span: Span) -> Option<Minute> {
        let told = self.board.readings().seen_until(self.sli);
        if told == Some(span.to) && span.to == self.board.end() {
            let last = self.board.slot(self.sli, span.to.plus(-1));
            if last.is_some_and(|slot| !slot.is_missing()) {
                return told;
            }
        }
        self.minutes().seen_until(span)
    }
}
