//! What is known of a file from poll to poll, besides its cursor. All of it can be found out again.

use std::time::{SystemTime, UNIX_EPOCH};

use plimsoll_core::limits::FOLLOW_STILL_S;

use super::{cutter::Cutter, disk::Stat};
use crate::{container::Container, problem::Problem};

/// A file that was written less than this ago may be written again without a trace: file systems keep times in steps of
/// milliseconds, some of seconds.
const SETTLED_NS: i64 = 2_000_000_000;

/// What there is of a file that was not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unread {
    Nothing,
    /// A line that is not finished.
    Partial,
    /// Whole lines, as far as is known.
    Lines,
}

/// A file as the last poll saw it.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) stat: Stat,
    pub(super) is_inside: bool,
    /// Nothing is to be done before its stat changes.
    pub(super) is_quiet: bool,
    /// How many polls have seen it unchanged, and since when, by the clock.
    polls: u32,
    since_s: i64,
    /// How it is packed, where that was looked at.
    pub(super) container: Option<Container>,
    /// The offset of its log up to which it was compared.
    pub(super) checked: Option<u64>,
    /// Where reading stands in a line that is too long to be kept.
    pub(super) cutter: Option<Cutter>,
    pub(super) unread: Unread,
    /// The log of which it has more to give, once that is nowhere else.
    pub(super) waits_for: Option<u64>,
    pub(super) problem: Option<Problem>,
}

impl Seen {
    pub(super) fn new(stat: Stat, is_inside: bool, now_s: i64) -> Self {
        Seen {
            stat,
            is_inside,
            is_quiet: false,
            polls: 0,
            since_s: now_s,
            container: None,
            checked: None,
            cutter: None,
            unread: if stat.bytes > 0 { Unread::Lines } else { Unread::Nothing },
            waits_for: None,
            problem: None,
        }
    }

    /// Takes in what the next poll sees.
    pub(super) fn update(&mut self, stat: Stat, now_s: i64) {
        if self.stat == stat {
            self.polls = self.polls.saturating_add(1);
            // The clock may have been set back.
            self.since_s = self.since_s.min(now_s);
            return;
        }
        let (is_inside, cutter) = (self.is_inside, self.cutter.take());
        *self = Seen { cutter, ..Seen::new(stat, is_inside, now_s) };
    }

    /// Whether it has not changed since the last poll.
    pub(super) fn is_stable(&self) -> bool {
        self.polls >= 1
    }

    /// Whether it has not been written to for so long that no more is to be expected. One jump of the clock is not
    /// enough.
    pub(super) fn is_still(&self, now_s: i64) -> bool {
        self.polls >= 2 && now_s.saturating_sub(self.since_s) >= FOLLOW_STILL_S
    }

    /// Says that everything was done for the file as it is; unless it was written so lately that its stat says little.
    pub(super) fn rest(&mut self) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now_ns = now.map_or(0, |since| since.as_nanos() as i64);
        self.is_quiet = self.stat.modified_ns.saturating_add(SETTLED_NS) < now_ns;
    }
}
