//! The service-level indicator: what is counted as good, of what.

use serde::{Deserialize, Serialize};

/// An indicator that an access log can answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sli {
    /// Share of requests that were answered without a server error.
    Availability,
    /// Share of timed requests that took at most so long.
    Latency {
        /// The threshold in microseconds; a request that takes exactly this long is good.
        at_most_us: u64,
    },
}

impl Sli {
    /// Its name: `availability`, `latency-300ms`, `latency-2s`.
    pub fn name(self) -> String {
        match self {
            Sli::Availability => "availability".to_owned(),
            Sli::Latency { at_most_us } => format!("latency-{}", time_text(at_most_us)),
        }
    }
}

/// A threshold as people write it: in the largest of s, ms and us that leaves no fraction.
pub fn time_text(us: u64) -> String {
    match us {
        us if us > 0 && us.is_multiple_of(1_000_000) => format!("{}s", us / 1_000_000),
        us if us > 0 && us.is_multiple_of(1_000) => format!("{}ms", us / 1_000),
        us => format!("{us}us"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slis_are_named_by_their_threshold() {
        let latency = |at_most_us| Sli::Latency { at_most_us }.name();
        assert_eq!(Sli::Availability.name(), "availability");
        assert_eq!(latency(300_000), "latency-300ms");
        assert_eq!(latency(2_000_000), "latency-2s");
        assert_eq!(latency(2_500_000), "latency-2500ms");
        assert_eq!(latency(1), "latency-1us");
    }
}
