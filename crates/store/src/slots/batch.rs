//! What is written to the slot store, and what became of it.

use std::{fmt, ops::Range};

use plimsoll_core::{
    limits::SLOT_COUNT_MAX,
    measure::slot::Slot,
    time::{Minute, Span},
};

use crate::limits::MINUTE_DISTANCE_MAX;

/// Some minutes of one SLI from one source. They replace what was there.
#[derive(Debug, Clone, Copy)]
pub struct SlotBatch<'a> {
    /// The source's number.
    pub source: u32,
    /// The SLI's number.
    pub sli: u32,
    /// Grows when the source corrects itself. At least 1.
    pub generation: u64,
    /// The slots, in any order. No minute twice.
    pub slots: &'a [(Minute, Slot)],
}

/// What more was seen of some minutes of one SLI from one source; see [`Slot::with_more`]. It is added to what is there,
/// so a repeat would count twice: the cursor behind it belongs into the same [`Write`].
#[derive(Debug, Clone, Copy)]
pub struct Addition<'a> {
    /// The source's number.
    pub source: u32,
    /// The SLI's number.
    pub sli: u32,
    /// What was seen, in any order. No minute twice.
    pub slots: &'a [(Minute, Slot)],
}

/// How far a source was read.
#[derive(Debug, Clone, Copy)]
pub struct Cursor<'a> {
    /// The source's number.
    pub source: u32,
    /// Which of its inputs, such as a file.
    pub name: &'a str,
    /// The place, in the source's own words; `None` forgets the input.
    pub position: Option<&'a [u8]>,
}

/// Batches, additions and cursors that belong together: all of them or nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Write<'a> {
    /// Slots that replace what was there.
    pub batches: &'a [SlotBatch<'a>],
    /// Slots that are added to what is there.
    pub additions: &'a [Addition<'a>],
    /// Cursors.
    pub cursors: &'a [Cursor<'a>],
}

/// What a write did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Applied {
    /// Minutes that are new, or now other than before.
    pub changed: usize,
    /// Minutes that were here already, the same.
    pub repeated: usize,
}

/// Why a write was refused. Nothing of it was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused {
    /// The batch that stands against it, by its place in the write; additions are counted behind the batches.
    pub batch: usize,
    /// The minute; none when the batch as a whole is wrong.
    pub minute: Option<Minute>,
    /// What is wrong.
    pub why: Why,
}

/// What is wrong with a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Generations start at 1.
    NoGeneration,
    /// A count is above [`SLOT_COUNT_MAX`].
    CountTooLarge,
    /// The minute is no time anybody measures.
    MinuteOutOfRange,
    /// The batch names the minute twice.
    MinuteTwice,
    /// The minute is here with this higher generation.
    OlderThanKept {
        /// The generation that is kept.
        kept: u64,
    },
    /// The minute is here with the same generation and another slot.
    SameGenerationOtherSlot,
}

/// The minute, if it is one, and what stands against it.
pub(super) type Against = (Option<Minute>, Why);

/// A slot that is now another one. A minute of which nothing had come was missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// The source's number.
    pub source: u32,
    /// The SLI's number.
    pub sli: u32,
    /// When.
    pub minute: Minute,
    /// What was there.
    pub before: Slot,
    /// What is there.
    pub after: Slot,
}

/// Minutes that were lost to damage: they count as missing until they are sent again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hole {
    /// The source's number.
    pub source: u32,
    /// The SLIs' numbers.
    pub slis: Range<u32>,
    /// The minutes.
    pub span: Span,
    /// How the damage showed.
    pub what: &'static str,
}

/// What became of some writes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Written {
    /// For each write, in order.
    pub outcomes: Vec<Result<Applied, Refused>>,
    /// Every slot that the accepted ones changed, in the order of the writes.
    pub changes: Vec<Change>,
    /// Damage that was met. What was written lies in its place now.
    pub holes: Vec<Hole>,
}

/// What one batch or addition brings.
#[derive(Debug, Clone, Copy)]
pub(super) struct Given<'a> {
    pub(super) source: u32,
    pub(super) sli: u32,
    /// The generation of a batch; `None` for an addition.
    pub(super) generation: Option<u64>,
    pub(super) slots: &'a [(Minute, Slot)],
}

impl<'a> Write<'a> {
    /// What it brings, batches first.
    pub(super) fn given(&self) -> impl Iterator<Item = Given<'a>> {
        let batches = self.batches.iter().map(|&SlotBatch { source, sli, generation, slots }| {
            Given { source, sli, generation: Some(generation), slots }
        });
        let additions = self.additions.iter().map(|&Addition { source, sli, slots }| Given {
            source,
            sli,
            generation: None,
            slots,
        });
        batches.chain(additions)
    }
}

impl Given<'_> {
    /// The slots by minute, in one form each, or why they cannot be taken wherever they go.
    pub(super) fn checked(&self) -> Result<Vec<(Minute, Slot)>, Against> {
        if self.generation == Some(0) {
            return Err((None, Why::NoGeneration));
        }
        let mut slots: Vec<(Minute, Slot)> =
            self.slots.iter().map(|&(minute, slot)| (minute, in_one_form(slot))).collect();
        slots.sort_by_key(|(minute, _)| *minute);
        for &(minute, slot) in &slots {
            let (good, bad) = slot.events();
            if good > SLOT_COUNT_MAX || bad > SLOT_COUNT_MAX {
                return Err((Some(minute), Why::CountTooLarge));
            }
            if minute.0.unsigned_abs() > MINUTE_DISTANCE_MAX.unsigned_abs() {
                return Err((Some(minute), Why::MinuteOutOfRange));
            }
        }
        match slots.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            Some(pair) => Err((Some(pair[0].0), Why::MinuteTwice)),
            None => Ok(slots),
        }
    }
}

/// A slot without events has one form.
fn in_one_form(slot: Slot) -> Slot {
    match slot {
        Slot::Measured { good: 0, bad: 0 } => Slot::NoTraffic,
        Slot::Partial { good: 0, bad: 0 } => Slot::Missing,
        other => other,
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.minute {
            // It has no date.
            Some(minute) if self.why == Why::MinuteOutOfRange => {
                write!(f, "minute {}: ", minute.0)?;
            }
            Some(minute) => write!(f, "{minute}: ")?,
            None => {}
        }
        match self.why {
            Why::NoGeneration => write!(f, "generation 0 is not allowed; generations start at 1"),
            Why::CountTooLarge => {
                write!(f, "the counts are above {SLOT_COUNT_MAX}, the most one minute may hold")
            }
            Why::MinuteOutOfRange => write!(f, "this is no time that can be measured"),
            Why::MinuteTwice => write!(f, "the minute is in the batch twice"),
            Why::OlderThanKept { kept } => write!(
                f,
                "the minute is already here with the newer generation {kept}; send a generation above it"
            ),
            Why::SameGenerationOtherSlot => write!(
                f,
                "the minute is already here with this generation and other counts; raise the generation"
            ),
        }
    }
}

impl std::error::Error for Refused {}

impl fmt::Display for Hole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "source {}, SLIs {} to {}, {} to {}: damaged, so missing: {}. Send these minutes again, or restore a \
             backup",
            self.source,
            self.slis.start,
            self.slis.end - 1,
            self.span.from,
            self.span.to,
            self.what
        )
    }
}
