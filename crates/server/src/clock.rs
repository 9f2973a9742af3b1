//! The clock of the server: the wall's, as long as it is believable.
//!
//! The journal's time never runs backwards, so one look at a wall clock that stands a year ahead would freeze it for a
//! year, and expire every token. So time goes on by the monotonic clock, and a jump of the wall clock is believed only
//! after it has stood for a while. Small corrections, as time services make them, are taken at once. At a start there is
//! no time to go on from but that of the last record; a wall clock that stands far ahead of it has jumped, too.

use std::{
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use plimsoll_core::time::rfc3339_ms;

/// A difference of the two clocks up to this is a correction, in milliseconds.
const CORRECTION_MS: i64 = 60_000;

/// Slots may be so far ahead, in milliseconds, without saying anything of this machine's clock: as far as lines of a log
/// are taken.
const SLOTS_AHEAD_MS: i64 = 86_400_000;

/// A jump is believed after it has stood for this long, in milliseconds.
const BELIEF_MS: i64 = 300_000;

/// A server that was away for longer than this is rarer than a machine that starts with a wrong clock, in milliseconds.
const AWAY_MS: i64 = 31 * 86_400_000;

/// The time by two clocks; pure, so that a simulation can drive it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SteadyClock {
    /// What is added to the monotonic clock.
    offset_ms: i64,
    /// A jump that is not believed yet: the offset after it, and when it was first seen on the monotonic clock.
    jump: Option<(i64, i64)>,
    /// The newest record, where the clock at the start did not fit it and was not set right since.
    after_ms: Option<i64>,
}

/// What the clock says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Milliseconds since 1970.
    pub ms: i64,
    /// By how much the wall clock stands ahead of that; not 0 while a jump is not believed yet.
    pub jump_ms: i64,
}

impl SteadyClock {
    /// At the start nothing but the wall clock is known.
    pub fn start(wall_ms: i64, monotonic_ms: i64) -> Self {
        SteadyClock { offset_ms: wall_ms.saturating_sub(monotonic_ms), jump: None, after_ms: None }
    }

    /// At the start of a server whose newest record is of this time, in milliseconds since 1970; 0 where there is none.
    /// A wall clock that is ahead of that by longer than a server is away is believed as one that jumped. Where it did
    /// not fit the record, it is believed at once when it does.
    pub fn start_after(record_ms: i64, wall_ms: i64, monotonic_ms: i64) -> Self {
        let start = SteadyClock::start(wall_ms, monotonic_ms);
        if record_ms == 0 || fits(wall_ms, record_ms) {
            return start;
        }
        let start = SteadyClock { after_ms: Some(record_ms), ..start };
        if wall_ms < record_ms {
            return start;
        }
        SteadyClock {
            offset_ms: record_ms.saturating_sub(monotonic_ms),
            jump: Some((start.offset_ms, monotonic_ms)),
            ..start
        }
    }

    /// The time, from a look at both clocks.
    pub fn look(&mut self, wall_ms: i64, monotonic_ms: i64) -> Now {
        let offset_ms = wall_ms.saturating_sub(monotonic_ms);
        let is_near = |other: i64| offset_ms.abs_diff(other) <= CORRECTION_MS as u64;
        let stood_ms = match self.jump {
            Some((jumped, since_ms)) if is_near(jumped) => monotonic_ms.saturating_sub(since_ms),
            _ => 0,
        };
        let is_set_right = self.after_ms.is_some_and(|record_ms| fits(wall_ms, record_ms));
        if stood_ms >= BELIEF_MS || is_set_right {
            *self = SteadyClock::start(wall_ms, monotonic_ms);
        } else if is_near(self.offset_ms) {
            (self.offset_ms, self.jump) = (offset_ms, None);
        } else if stood_ms == 0 {
            self.jump = Some((offset_ms, monotonic_ms));
        }
        Now {
            ms: monotonic_ms.saturating_add(self.offset_ms),
            jump_ms: offset_ms.saturating_sub(self.offset_ms),
        }
    }
}

/// Whether a server may start at this time whose newest record is of that.
fn fits(wall_ms: i64, record_ms: i64) -> bool {
    (-SLOTS_AHEAD_MS..=AWAY_MS).contains(&wall_ms.saturating_sub(record_ms))
}

/// That the clock stands behind what is on record, where it does by more than a correction. What is recorded was: so
/// the clock is wrong, or it was ahead when that was recorded. All in milliseconds since 1970.
pub fn behind(now_ms: i64, journal_ms: i64, slots_end_ms: i64) -> Option<String> {
    let (newest_ms, what) = if journal_ms >= slots_end_ms {
        (journal_ms, "the newest entry of the journal")
    } else {
        (slots_end_ms, "the end of the newest slots")
    };
    // Lines of a log may be dated by another machine, whose clock is ahead.
    let tolerance_ms = if journal_ms >= slots_end_ms { CORRECTION_MS } else { SLOTS_AHEAD_MS };
    (newest_ms.saturating_sub(now_ms) > tolerance_ms).then(|| {
        format!(
            "the clock of the machine says {}, before {what} of {}",
            rfc3339_ms(now_ms),
            rfc3339_ms(newest_ms)
        )
    })
}

/// Where the server reads the time.
pub trait Clock: fmt::Debug + Send + Sync {
    /// What the clock says.
    fn now(&self) -> Now;

    /// Hears what the newest record of a server is of that starts, in milliseconds since 1970; 0 where there is none.
    fn starts_after(&self, _record_ms: i64) {}
}

/// The clocks of the operating system.
#[derive(Debug)]
pub struct SystemClock {
    started: Instant,
    steady: Mutex<SteadyClock>,
}

impl SystemClock {
    /// Believes the wall clock for a start.
    pub fn start() -> Self {
        SystemClock {
            started: Instant::now(),
            steady: Mutex::new(SteadyClock::start(wall_ms(), 0)),
        }
    }

    fn steady(&self) -> MutexGuard<'_, SteadyClock> {
        self.steady.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn monotonic_ms(&self) -> i64 {
        i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX)
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Now {
        let monotonic_ms = self.monotonic_ms();
        self.steady().look(wall_ms(), monotonic_ms)
    }

    fn starts_after(&self, record_ms: i64) {
        let monotonic_ms = self.monotonic_ms();
        *self.steady() = SteadyClock::start_after(record_ms, wall_ms(), monotonic_ms);
    }
}

fn wall_ms() -> i64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |ms| -ms),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const YEAR_MS: i64 = 365 * 86_400_000;
    const START_MS: i64 = 1_800_000_000_000;

    /// Looks at both clocks once a second: the time, and by how much the wall is ahead, after so many seconds.
    fn after(clock: &mut SteadyClock, from_s: i64, seconds: i64, ahead_ms: i64) -> Now {
        let looks = (from_s..=from_s + seconds).map(|s| (START_MS + s * 1000 + ahead_ms, s * 1000));
        looks.map(|(wall, monotonic)| clock.look(wall, monotonic)).last().unwrap()
    }

    #[test]
    fn small_corrections_are_taken_at_once() {
        let mut clock = SteadyClock::start(START_MS, 0);
        assert_eq!(after(&mut clock, 0, 5, 0), Now { ms: START_MS + 5_000, jump_ms: 0 });
        assert_eq!(after(&mut clock, 6, 0, -2_000), Now { ms: START_MS + 4_000, jump_ms: 0 });
    }

    #[test]
    fn a_jump_that_is_taken_back_was_never_there() {
        for jump in [YEAR_MS, -YEAR_MS, 3_600_000] {
            let mut clock = SteadyClock::start(START_MS, 0);
            let during = after(&mut clock, 1, 298, jump);
            assert_eq!(during, Now { ms: START_MS + 299_000, jump_ms: jump });
            assert_eq!(after(&mut clock, 300, 0, 0), Now { ms: START_MS + 300_000, jump_ms: 0 });
        }
    }

    #[test]
    fn a_jump_that_stands_is_believed() {
        let mut clock = SteadyClock::start(START_MS, 0);
        assert_eq!(after(&mut clock, 1, 299, YEAR_MS).jump_ms, YEAR_MS);
        let later = after(&mut clock, 301, 0, YEAR_MS);
        assert_eq!(later, Now { ms: START_MS + YEAR_MS + 301_000, jump_ms: 0 });
    }

    #[test]
    fn a_start_far_ahead_of_the_newest_record_is_a_jump() {
        let start = |ahead_ms| SteadyClock::start_after(START_MS, START_MS + ahead_ms, 0);
        for away in [-YEAR_MS, -86_400_000, 0, 31 * 86_400_000] {
            let wall_ms = START_MS + away;
            assert_eq!(start(away).look(wall_ms, 0), Now { ms: wall_ms, jump_ms: 0 });
        }
        let mut clock = start(YEAR_MS);
        let during = after(&mut clock, 0, 299, YEAR_MS);
        assert_eq!(during, Now { ms: START_MS + 299_000, jump_ms: YEAR_MS });
        // Set right before it was believed, three days after the record.
        let days = 3 * 86_400_000;
        let right = after(&mut clock, 300, 0, days);
        assert_eq!(right, Now { ms: START_MS + days + 300_000, jump_ms: 0 });
        // Then it is a clock as any other.
        assert_eq!(after(&mut clock, 301, 0, 2 * days).jump_ms, days);
        // Or it stands, for the server was away for so long.
        assert_eq!(after(&mut start(YEAR_MS), 0, 300, YEAR_MS).ms, START_MS + YEAR_MS + 300_000);
        // Behind the record it is taken as it stands, and so is its correction.
        let mut clock = start(-YEAR_MS);
        assert_eq!(after(&mut clock, 1, 9, -YEAR_MS).ms, START_MS - YEAR_MS + 10_000);
        assert_eq!(after(&mut clock, 11, 0, 0), Now { ms: START_MS + 11_000, jump_ms: 0 });
        // Slots may be a day ahead of a clock that is right: from there a jump is a jump, however well it would fit.
        let mut clock = start(-86_400_000);
        assert_eq!(after(&mut clock, 1, 9, days).jump_ms, days + 86_400_000);
        let empty = SteadyClock::start_after(0, START_MS, 0).look(START_MS, 0);
        assert_eq!(empty, Now { ms: START_MS, jump_ms: 0 });
    }

    #[test]
    fn a_clock_that_jumps_about_is_not_believed() {
        let mut clock = SteadyClock::start(START_MS, 0);
        for s in 1..2_000 {
            let now = clock.look(START_MS + s * 1000 + (s % 4) * YEAR_MS, s * 1000);
            assert_eq!(now.ms, START_MS + s * 1000);
        }
    }

    #[test]
    fn a_clock_behind_what_is_on_record_is_named_with_both_times() {
        assert_eq!(behind(START_MS, START_MS + 60_000, START_MS + 86_400_000), None);
        assert_eq!(behind(START_MS, 0, 0), None);
        let journal = behind(START_MS, START_MS + 60_001, 0).unwrap();
        let slots = behind(START_MS, START_MS, START_MS + 2 * 86_400_000).unwrap();
        let clock = "the clock of the machine says 2027-01-15T08:00:00";
        assert!(
            journal.starts_with(clock) && journal.contains("the journal of 2027-01-15T08:01:00"),
            "{journal}"
        );
        assert!(
            slots.starts_with(clock) && slots.contains("newest slots of 2027-01-17T08:00:00"),
            "{slots}"
        );
        assert!(behind(i64::MIN, i64::MAX, 0).is_some());
    }

    #[test]
    fn absurd_clocks_do_not_overflow() {
        SteadyClock::start_after(i64::MIN, i64::MAX, i64::MIN).look(i64::MAX, i64::MAX);
        let mut clock = SteadyClock::start(i64::MIN, i64::MAX);
        clock.look(i64::MAX, 0);
        clock.look(i64::MIN, i64::MAX);
    }
}
