//! The latency thresholds that are counted.

use crate::limits::{THRESHOLD_US_MAX, THRESHOLDS_MAX};

/// Ascending thresholds, in microseconds. A request that takes exactly as long as a threshold is within it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ladder {
    /// Filled up with `u32::MAX`, which is above every threshold allowed.
    steps: [u32; THRESHOLDS_MAX],
    len: usize,
}

/// 50, 100, 200, 300 and 500 ms; 1, 2 and 5 s.
const STEPS_US: [u64; 8] =
    [50_000, 100_000, 200_000, 300_000, 500_000, 1_000_000, 2_000_000, 5_000_000];

impl Default for Ladder {
    fn default() -> Self {
        let mut steps = [u32::MAX; THRESHOLDS_MAX];
        for (step, us) in steps.iter_mut().zip(STEPS_US) {
            *step = us as u32;
        }
        Ladder { steps, len: STEPS_US.len() }
    }
}

impl Ladder {
    /// The fixed steps and the given ones, in microseconds.
    ///
    /// # Errors
    /// When one is zero or longer than an hour, or when they are too many.
    pub fn with(more_us: &[u64]) -> Result<Self, String> {
        let mut steps: Vec<u64> = STEPS_US.to_vec();
        for us in more_us {
            if *us == 0 || *us > THRESHOLD_US_MAX {
                return Err(format!(
                    "a latency threshold of {us} µs cannot be counted: it must be at least 1 µs and at most one hour"
                ));
            }
            steps.push(*us);
        }
        steps.sort_unstable();
        steps.dedup();
        if steps.len() > THRESHOLDS_MAX {
            return Err(format!(
                "{} latency thresholds are too many: besides the {} that are always counted there may be {}",
                steps.len(),
                STEPS_US.len(),
                THRESHOLDS_MAX - STEPS_US.len()
            ));
        }
        let mut ladder = Ladder { steps: [u32::MAX; THRESHOLDS_MAX], len: steps.len() };
        for (step, us) in ladder.steps.iter_mut().zip(steps) {
            *step = us as u32;
        }
        Ok(ladder)
    }

    /// The thresholds in microseconds, ascending.
    pub fn thresholds_us(&self) -> impl ExactSizeIterator<Item = u64> + '_ {
        self.steps[..self.len].iter().map(|us| u64::from(*us))
    }

    /// The place of a threshold, which is also its place in [`Cell::within`](super::Cell); `None` when it is not
    /// counted.
    pub fn position(&self, threshold_us: u64) -> Option<usize> {
        self.thresholds_us().position(|us| us == threshold_us)
    }

    /// How many thresholds the duration exceeds.
    #[inline]
    pub(super) fn exceeded(&self, duration_us: u64) -> usize {
        let duration = duration_us.min(u64::from(u32::MAX)) as u32;
        let (low, high) = self.steps.split_at(STEPS_US.len());
        match low.partition_point(|step| *step < duration) {
            // Where nobody has asked for more thresholds, there are none in the upper half.
            all if all == low.len() && self.len > low.len() => {
                all + high.partition_point(|step| *step < duration)
            }
            exceeded => exceeded,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_are_inclusive() {
        let ladder = Ladder::default();
        for (duration_us, exceeded) in [
            (0, 0),
            (50_000, 0),
            (50_001, 1),
            (100_000, 1),
            (300_000, 3),
            (300_001, 4),
            (5_000_000, 7),
            (5_000_001, 8),
            (u64::from(u32::MAX), 8),
            (u64::MAX, 8),
        ] {
            assert_eq!(ladder.exceeded(duration_us), exceeded, "{duration_us}");
        }
    }

    #[test]
    fn more_thresholds_are_sorted_in_and_counted_once() {
        let ladder = Ladder::with(&[250_000, 300_000, THRESHOLD_US_MAX, 1]).unwrap();
        let expected = [
            1, 50_000, 100_000, 200_000, 250_000, 300_000, 500_000, 1_000_000, 2_000_000, 5_000_000,
        ];
        assert_eq!(ladder.thresholds_us().take(10).collect::<Vec<_>>(), expected);
        assert_eq!(ladder.thresholds_us().last(), Some(THRESHOLD_US_MAX));
        assert_eq!(ladder.position(250_000), Some(4));
        assert_eq!(ladder.position(250_001), None);
        assert_eq!(ladder.exceeded(THRESHOLD_US_MAX), 10);
        assert_eq!(ladder.exceeded(THRESHOLD_US_MAX + 1), 11);
        assert_eq!(Ladder::with(&[]), Ok(Ladder::default()));
    }

    #[test]
    fn what_cannot_be_counted_is_refused() {
        assert!(Ladder::with(&[0]).unwrap_err().contains("at least 1 µs"));
        assert!(Ladder::with(&[THRESHOLD_US_MAX + 1]).unwrap_err().contains("one hour"));
        assert!(Ladder::with(&[u64::MAX]).is_err());
        let many: Vec<u64> = (1..=9).collect();
        assert!(Ladder::with(&many[..8]).is_ok());
        assert!(Ladder::with(&many).unwrap_err().contains("there may be 8"));
    }
}
