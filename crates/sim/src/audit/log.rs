//! A log and its reader: every line counts once, in its minute, as soon as the reader says it is past it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Found, hold, minutes::seen};
use crate::slots::SlotDisk;

/// The number of the log's source.
pub const SOURCE: u32 = 24;
/// The numbers of the SLIs of the services that the log tells of.
pub const SLIS: [u32; 2] = [25, 26];

/// A line.
#[derive(Debug, Clone, Copy)]
pub struct Line {
    /// Which of [`SLIS`].
    pub sli: u32,
    /// When.
    pub minute: i64,
    /// Whether it was bad.
    pub is_bad: bool,
}

/// What was written, and how far it was counted.
#[derive(Debug, Default)]
pub struct Log {
    /// Every line ever written.
    pub lines: Vec<Line>,
    counted: usize,
    truth: BTreeMap<(u32, i64), (u64, u64)>,
}

/// The place that the reader's cursors name: how many lines it has read.
///
/// # Errors
/// When there are several.
pub fn place(disk: &SlotDisk) -> Found<usize> {
    let of_source = disk.cursors.iter().filter(|((source, _), _)| *source == SOURCE);
    let places: Vec<usize> =
        of_source.filter_map(|(_, place)| String::from_utf8_lossy(place).parse().ok()).collect();
    hold(places.len() <= 1, || format!("the reader has {} cursors", places.len()))?;
    Ok(places.first().copied().unwrap_or(0))
}

impl Log {
    /// Lines up to the cursor are in the store once, and no others.
    ///
    /// # Errors
    /// When not.
    pub fn check(&mut self, disk: &SlotDisk, dropped_before: i64) -> Found {
        let place = place(disk)?;
        hold(place >= self.counted && place <= self.lines.len(), || {
            format!("the cursor went from {} to {place}", self.counted)
        })?;
        let mut touched = BTreeSet::new();
        for line in &self.lines[self.counted..place] {
            let (good, bad) = self.truth.entry((line.sli, line.minute)).or_default();
            *(if line.is_bad { bad } else { good }) += 1;
            touched.insert((line.sli, line.minute));
        }
        self.counted = place;
        touched.iter().try_for_each(|minute| self.check_minute(*minute, disk, dropped_before))
    }

    fn check_minute(
        &self,
        (sli, minute): (u32, i64),
        disk: &SlotDisk,
        dropped_before: i64,
    ) -> Found {
        if minute < dropped_before {
            return Ok(());
        }
        let cell = disk.cells.get(&(SOURCE, sli, minute));
        let (good, bad, _) = cell.and_then(|cell| seen(cell.slot)).unwrap_or_default();
        let truth = self.truth.get(&(sli, minute)).copied().unwrap_or_default();
        hold((good, bad) == truth, || {
            format!("minute {minute} of SLI {sli}: {truth:?} lines are counted as {good} and {bad}")
        })
    }

    /// The same for the whole log.
    ///
    /// # Errors
    /// When not.
    pub fn everything(&self, disk: &SlotDisk, dropped_before: i64) -> Found {
        let minutes = self.truth.keys().copied();
        let of_log = disk.cells.keys().filter(|(source, ..)| *source == SOURCE);
        let minutes: BTreeSet<(u32, i64)> =
            minutes.chain(of_log.map(|(_, sli, minute)| (*sli, *minute))).collect();
        minutes.into_iter().try_for_each(|minute| self.check_minute(minute, disk, dropped_before))
    }
}
