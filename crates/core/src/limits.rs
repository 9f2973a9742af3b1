//! Every limit of the system, by name. A limit that is not here does not exist.

/// Largest count that one slot may hold for `good` and for `bad`. With at most 2^20 minutes in a window a
/// window's sum stays below 2^61, so that every comparison of section "ratio" fits in 128 bits.
pub const SLOT_COUNT_MAX: u64 = 1 << 40;

/// Longest access-log line that is parsed. Longer ones are counted as malformed, and skipped without being kept.
pub const LOG_LINE_BYTES_MAX: usize = 64 * 1024;

/// Longest window of an SLO, in minutes (400 days).
pub const WINDOW_MINUTES_MAX: u32 = 400 * 24 * 60;

/// Shortest window of an SLO, in minutes (one hour).
pub const WINDOW_MINUTES_MIN: u32 = 60;

/// Largest document file that is read, in bytes.
pub const DOCUMENT_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Deepest nesting of a document.
pub const DOCUMENT_DEPTH_MAX: usize = 64;

/// Most nodes of one document file after aliases are expanded: an alias bomb ends here.
pub const DOCUMENT_NODES_MAX: usize = 200_000;

/// Most problems reported for one document file; the rest are counted.
pub const PROBLEMS_PER_FILE_MAX: usize = 200;

/// Longest duration that a log may state for one request, in microseconds (366 days); a longer one is not believed.
pub const LOG_DURATION_US_MAX: u64 = 366 * 24 * 3600 * 1_000_000;

/// Largest compiled pattern for log lines, in bytes. A longer one would be slow, and is a mistake.
pub const LOG_PATTERN_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Most lines of a file that its format is detected from.
pub const LOG_SAMPLE_LINES_MAX: usize = 1_000;
