//! Ledgers for tests.

use super::{Batch, Ledger};
use crate::{measure::slot::Slot, time::Minute};

/// A ledger of one source whose minutes 0, 1, 2 … are these slots.
pub(crate) fn ledger(slots: &[Slot]) -> Ledger {
    let slots: Vec<_> =
        slots.iter().enumerate().map(|(m, &slot)| (Minute(m as i64), slot)).collect();
    let mut ledger = Ledger::expecting(["log"]);
    ledger.replace(Batch { source: "log", generation: 1, slots: &slots }).unwrap();
    ledger
}

/// The same, where a rule says what each of so many minutes is.
pub(crate) fn minutes(count: i64, slot: impl Fn(i64) -> Slot) -> Ledger {
    ledger(&(0..count).map(slot).collect::<Vec<_>>())
}
