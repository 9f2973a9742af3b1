//! Calls the command as a user does.
#![allow(clippy::unwrap_used, dead_code)] // Helpers of tests are tests; not every test needs all.

pub mod between;
#[cfg(unix)]
pub mod house;
#[cfg(unix)]
pub mod server;
#[cfg(unix)]
pub mod terminal;

use std::{
    path::Path,
    process::{Command, Output},
};

use serde_json::Value;

/// The program under test.
pub const PLIMSOLL: &str = env!("CARGO_BIN_EXE_plimsoll");

/// Runs the command in a folder.
pub fn plimsoll(folder: &Path, args: &[&str]) -> Output {
    Command::new(PLIMSOLL).current_dir(folder).args(args).output().unwrap()
}

/// Runs the command, which must succeed, and reads what it prints.
pub fn json(folder: &Path, args: &[&str]) -> Value {
    let output = plimsoll(folder, args);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The command fails with this code and says all of this.
pub fn fails(folder: &Path, args: &[&str], code: i32, words: &[&str]) {
    let output = plimsoll(folder, args);
    let said = String::from_utf8_lossy(&output.stderr).into_owned()
        + &String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(code), "{args:?}: {said}");
    for word in words {
        assert!(said.contains(word), "{args:?} does not say {word:?}: {said}");
    }
}

/// One line of a log, at a second of 23 November 2025.
pub fn line(second: i64, path: &str, status: u16) -> String {
    let at = jiff::Timestamp::from_second(1_763_856_000 + second).unwrap();
    let at = at.to_zoned(jiff::tz::TimeZone::UTC).strftime("%d/%b/%Y:%H:%M:%S %z");
    format!("192.0.2.1 - - [{at}] \"GET {path} HTTP/1.1\" {status} 12 \"-\" \"test\" 0.020\n")
}

/// What the command prints.
pub fn text(folder: &Path, args: &[&str]) -> String {
    String::from_utf8(plimsoll(folder, args).stdout).unwrap()
}

/// One line of a log with virtual hosts, so many seconds after 1 August 2025.
pub fn host_line(host: &str, second: i64, status: u16, millis: u64) -> String {
    let at = jiff::Timestamp::from_second(1_754_006_400 + second).unwrap();
    let at = at.to_zoned(jiff::tz::TimeZone::UTC).strftime("%d/%b/%Y:%H:%M:%S %z");
    let (s, ms) = (millis / 1000, millis % 1000);
    format!(
        "{host} 192.0.2.1 - - [{at}] \"GET / HTTP/1.1\" {status} 12 \"-\" \"test\" {s}.{ms:03}\n"
    )
}
