//! The service-level indicator: what is counted as good, of what.

/// An indicator that an access log can answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sli {
    /// Share of requests that were answered without a server error.
    Availability,
    /// Share of timed requests that took at most so long.
    Latency {
        /// The threshold in microseconds; a request that takes exactly this long is good.
        at_most_us: u64,
    },
}
