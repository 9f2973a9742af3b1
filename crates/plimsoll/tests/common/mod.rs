//! What several tests of the command need.
#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

/// The program under test.
pub const PLIMSOLL: &str = env!("CARGO_BIN_EXE_plimsoll");

/// One line of a log, at a second of 23 November 2025.
pub fn line(second: i64, path: &str, status: u16) -> String {
    let at = jiff::Timestamp::from_second(1_763_856_000 + second).unwrap();
    let at = at.to_zoned(jiff::tz::TimeZone::UTC).strftime("%d/%b/%Y:%H:%M:%S %z");
    format!("192.0.2.1 - - [{at}] \"GET {path} HTTP/1.1\" {status} 12 \"-\" \"test\" 0.020\n")
}
