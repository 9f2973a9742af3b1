//! The slot: one minute of one SLI, and sums of slots.

use std::{
    iter::Sum,
    ops::{Add, AddAssign, Sub},
};

use serde::{Deserialize, Serialize};

/// One minute of one SLI: what was seen of it, and whether that is all there was.
///
/// A minute with nothing to count is *no traffic*: it costs no budget and hides nothing. A minute that was not
/// watched is *missing*: it is never read as healthy. Where some of an SLI's sources reported and others did not,
/// the minute is missing, and the events that were seen still count: an outage that takes its own log shipper
/// down must not vanish from the budget with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Slot {
    /// Everything was seen, and there was something to see.
    Measured {
        /// Good events.
        good: u64,
        /// Bad events. Never both zero; see [`Slot::measured`].
        bad: u64,
    },
    /// Everything was seen: no event happened.
    NoTraffic,
    /// Nothing was seen.
    #[default]
    Missing,
    /// Some sources were seen, others not: missing, with the events that were seen.
    Partial {
        /// Good events seen.
        good: u64,
        /// Bad events seen.
        bad: u64,
    },
}

impl Slot {
    /// A minute that was watched from end to end.
    pub fn measured(good: u64, bad: u64) -> Self {
        if good == 0 && bad == 0 { Slot::NoTraffic } else { Slot::Measured { good, bad } }
    }

    /// Events of the minute that were seen: good, bad.
    pub fn events(self) -> (u64, u64) {
        match self {
            Slot::Measured { good, bad } | Slot::Partial { good, bad } => (good, bad),
            Slot::NoTraffic | Slot::Missing => (0, 0),
        }
    }

    /// Whether some of the minute was not seen.
    pub fn is_missing(self) -> bool {
        matches!(self, Slot::Missing | Slot::Partial { .. })
    }

    /// The same minute of one more source.
    #[must_use]
    pub fn and(self, other: Slot) -> Slot {
        let ((good_a, bad_a), (good_b, bad_b)) = (self.events(), other.events());
        let (good, bad) = (good_a + good_b, bad_a + bad_b);
        match (self.is_missing() || other.is_missing(), good == 0 && bad == 0) {
            (false, _) => Slot::measured(good, bad),
            (true, true) => Slot::Missing,
            (true, false) => Slot::Partial { good, bad },
        }
    }

    /// The same minute of the same source, of which more was seen: the events are those of both looks, and it was
    /// seen in full where one of them says so. A reader of a growing log sees parts of a minute
    /// ([`Slot::Partial`]), and says at its end that this was all ([`Slot::NoTraffic`]).
    #[must_use]
    pub fn with_more(self, more: Slot) -> Slot {
        let ((good_a, bad_a), (good_b, bad_b)) = (self.events(), more.events());
        let (good, bad) = (good_a.saturating_add(good_b), bad_a.saturating_add(bad_b));
        if !self.is_missing() || !more.is_missing() {
            Slot::measured(good, bad)
        } else if good == 0 && bad == 0 {
            Slot::Missing
        } else {
            Slot::Partial { good, bad }
        }
    }
}

/// The sum of slots, in any order: what a window needs to know of its minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Sums {
    /// Good events seen.
    pub good: u64,
    /// Bad events seen.
    pub bad: u64,
    /// Of these good and bad events, the ones in minutes that are partly missing.
    pub partial_events: u64,
    /// Minutes measured, with traffic.
    pub measured: u64,
    /// Minutes measured, without traffic.
    pub no_traffic: u64,
    /// Minutes missing, wholly or in part.
    pub missing: u64,
    /// Of these, minutes of which some sources were seen.
    pub partial: u64,
}

impl Sums {
    /// The sum of one slot.
    pub fn of(slot: Slot) -> Self {
        let mut sums = Sums::default();
        sums += slot;
        sums
    }

    /// The sum of so many minutes of which nothing was seen.
    pub fn all_missing(minutes: u64) -> Self {
        Sums { missing: minutes, ..Sums::default() }
    }

    /// Events seen.
    pub fn total(&self) -> u64 {
        self.good + self.bad
    }

    /// Minutes that were seen in full, with or without traffic.
    pub fn known(&self) -> u64 {
        self.measured + self.no_traffic
    }

    /// Events of the minutes that were seen in full.
    pub fn known_events(&self) -> u64 {
        self.total() - self.partial_events
    }

    /// All minutes.
    pub fn minutes(&self) -> u64 {
        self.known() + self.missing
    }
}

impl Add for Sums {
    type Output = Sums;

    fn add(self, other: Sums) -> Sums {
        Sums {
            good: self.good + other.good,
            bad: self.bad + other.bad,
            partial_events: self.partial_events + other.partial_events,
            measured: self.measured + other.measured,
            no_traffic: self.no_traffic + other.no_traffic,
            missing: self.missing + other.missing,
            partial: self.partial + other.partial,
        }
    }
}

impl AddAssign<Slot> for Sums {
    /// Takes in a minute that was not summed before.
    fn add_assign(&mut self, slot: Slot) {
        match slot {
            Slot::Measured { good, bad } => {
                self.measured += 1;
                self.good += good;
                self.bad += bad;
            }
            Slot::NoTraffic => self.no_traffic += 1,
            Slot::Missing => self.missing += 1,
            Slot::Partial { good, bad } => {
                self.missing += 1;
                self.partial += 1;
                self.partial_events += good + bad;
                self.good += good;
                self.bad += bad;
            }
        }
    }
}

impl Sum<Slot> for Sums {
    fn sum<I: Iterator<Item = Slot>>(slots: I) -> Sums {
        let mut sums = Sums::default();
        for slot in slots {
            sums += slot;
        }
        sums
    }
}

impl AddAssign for Sums {
    fn add_assign(&mut self, other: Sums) {
        *self = *self + other;
    }
}

impl Sub for Sums {
    type Output = Sums;

    /// Takes out minutes that were summed before.
    fn sub(self, other: Sums) -> Sums {
        Sums {
            good: self.good - other.good,
            bad: self.bad - other.bad,
            partial_events: self.partial_events - other.partial_events,
            measured: self.measured - other.measured,
            no_traffic: self.no_traffic - other.no_traffic,
            missing: self.missing - other.missing,
            partial: self.partial - other.partial,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watched_minute_without_events_is_no_traffic() {
        assert_eq!(Slot::measured(0, 0), Slot::NoTraffic);
        assert_eq!(Slot::measured(0, 1), Slot::Measured { good: 0, bad: 1 });
    }

    #[test]
    fn one_missing_source_makes_the_minute_missing_and_keeps_what_was_seen() {
        let seen = Slot::measured(3, 2);
        assert_eq!(seen.and(Slot::measured(1, 0)), Slot::Measured { good: 4, bad: 2 });
        assert_eq!(seen.and(Slot::NoTraffic), seen);
        assert_eq!(seen.and(Slot::Missing), Slot::Partial { good: 3, bad: 2 });
        assert_eq!(Slot::NoTraffic.and(Slot::Missing), Slot::Missing);
        assert_eq!(Slot::Partial { good: 3, bad: 2 }.and(seen), Slot::Partial { good: 6, bad: 4 });
    }

    #[test]
    fn a_minute_is_whole_once_its_reader_says_so_and_stays_whole() {
        let part = Slot::Partial { good: 2, bad: 1 };
        assert_eq!(Slot::Missing.with_more(part), part);
        assert_eq!(part.with_more(part), Slot::Partial { good: 4, bad: 2 });
        assert_eq!(part.with_more(Slot::NoTraffic), Slot::Measured { good: 2, bad: 1 });
        assert_eq!(Slot::Missing.with_more(Slot::NoTraffic), Slot::NoTraffic);
        assert_eq!(Slot::NoTraffic.with_more(part), Slot::Measured { good: 2, bad: 1 });
        assert_eq!(Slot::measured(5, 0).with_more(part), Slot::Measured { good: 7, bad: 1 });
        assert_eq!(part.with_more(Slot::Missing), part);
        assert_eq!(Slot::Missing.with_more(Slot::Missing), Slot::Missing);
    }

    #[test]
    fn sums_count_each_minute_once() {
        let slots = [
            Slot::measured(9, 1),
            Slot::NoTraffic,
            Slot::Missing,
            Slot::Partial { good: 5, bad: 1 },
        ];
        let sums = slots.into_iter().map(Sums::of).fold(Sums::default(), Add::add);
        assert_eq!((sums.good, sums.bad, sums.total()), (14, 2, 16));
        assert_eq!((sums.measured, sums.no_traffic, sums.missing, sums.partial), (1, 1, 2, 1));
        assert_eq!((sums.minutes(), sums.known(), sums.known_events()), (4, 2, 10));
        assert_eq!(sums - sums, Sums::default());
    }
}
