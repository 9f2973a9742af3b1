//! Two clocks, and the server's view of them.

use plimsoll_server::clock::{Now, SteadyClock};

/// The clocks of a machine, in milliseconds.
#[derive(Debug)]
pub struct Clocks {
    /// What the wall clock shows, since 1970.
    pub wall_ms: i64,
    /// What the monotonic clock shows, since the start.
    pub monotonic_ms: i64,
    steady: SteadyClock,
    /// What the newest record was of at the start, where the wall clock did not fit it and was not believed since.
    unfit_to_ms: Option<i64>,
    /// Every look since the start: the monotonic clock, and by how much the wall's was ahead of it.
    looks: Vec<(i64, i64)>,
    last: Option<Now>,
}

/// Steps of the wall clock up to this are taken at once; see the documentation of the server's clock.
const CORRECTION_MS: i64 = 60_000;
/// Larger ones are taken when they stood for this long.
const BELIEF_MS: i64 = 300_000;
/// At a start, the time of a clock that is ahead of every record by more is not taken at once.
const AWAY_MS: i64 = 31 * 86_400_000;
/// A record may be so far ahead of a clock that is right.
const AHEAD_MS: i64 = 86_400_000;

impl Clocks {
    /// Clocks that show this time, where nothing is on record.
    pub fn at(wall_ms: i64) -> Self {
        Clocks::after(0, wall_ms)
    }

    /// The machine starts again, with something of this time on record.
    ///
    /// # Errors
    /// When the server's clock begins otherwise than it may.
    pub fn restart(&mut self, record_ms: i64) -> Result<(), String> {
        *self = Clocks::after(record_ms, self.wall_ms);
        let is_far_ahead = record_ms > 0 && self.wall_ms > record_ms + AWAY_MS;
        let begin_ms = if is_far_ahead { record_ms } else { self.wall_ms };
        let now = self.look()?;
        if now.ms != begin_ms {
            return Err(format!(
                "after a record of {record_ms} a clock of {} says {now:?}",
                self.wall_ms
            ));
        }
        Ok(())
    }

    fn after(record_ms: i64, wall_ms: i64) -> Self {
        let is_unfit = record_ms > 0 && !fits(wall_ms, record_ms);
        Clocks {
            wall_ms,
            monotonic_ms: 0,
            steady: SteadyClock::start_after(record_ms, wall_ms, 0),
            unfit_to_ms: is_unfit.then_some(record_ms),
            looks: vec![(0, wall_ms)],
            last: None,
        }
    }

    /// Time passes.
    pub fn pass(&mut self, ms: i64) {
        self.wall_ms += ms;
        self.monotonic_ms += ms;
    }

    /// A look at both clocks, held against what a step of the time may be.
    ///
    /// # Errors
    /// When the server's clock went on otherwise than by the monotonic clock, without a reason.
    pub fn look(&mut self) -> Result<Now, String> {
        let now = self.steady.look(self.wall_ms, self.monotonic_ms);
        let offset = self.wall_ms - self.monotonic_ms;
        let before = self.looks.last().map_or(0, |(monotonic, _)| *monotonic);
        if let Some(last) = self.last {
            let step = (now.ms - last.ms) - (self.monotonic_ms - before);
            let wall_is_told = now.ms == self.wall_ms;
            let stood = self.stood_for(offset);
            let is_set_right = self.unfit_to_ms.is_some_and(|record| fits(self.wall_ms, record));
            let is_reason = step == 0
                || wall_is_told
                    && (step.abs() <= CORRECTION_MS || stood >= BELIEF_MS || is_set_right);
            if !is_reason {
                return Err(format!(
                    "the clock stepped by {step} ms; the jump stood for {stood} ms"
                ));
            }
            if is_set_right || step.abs() > CORRECTION_MS {
                self.unfit_to_ms = None;
            }
        }
        if now.ms + now.jump_ms != self.wall_ms {
            return Err(format!("{now:?} does not tell of the wall's {}", self.wall_ms));
        }
        self.looks.push((self.monotonic_ms, offset));
        self.last = Some(now);
        Ok(now)
    }

    /// For how long every look found the wall clock about so much ahead.
    fn stood_for(&self, offset: i64) -> i64 {
        let is_near = |other: i64| (other - offset).abs() <= 2 * CORRECTION_MS;
        let since = self.looks.iter().rev().take_while(|(_, other)| is_near(*other)).last();
        since.map_or(0, |(monotonic, _)| self.monotonic_ms - monotonic)
    }
}

/// Whether a machine may start at this time, with a record of that.
fn fits(wall_ms: i64, record_ms: i64) -> bool {
    (record_ms - AHEAD_MS..=record_ms + AWAY_MS).contains(&wall_ms)
}
