//! The report as a person sees it: on terminals of several widths, with colour and without, and through a pipe.
#![cfg(unix)]
#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

mod common;

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    process::{Command, Stdio},
    thread,
};

use common::{
    PLIMSOLL, line,
    terminal::{seen, terminal},
};
use serde_json::Value;
use tempfile::TempDir;

/// The command with nothing in its environment that decides about colours.
fn assess(folder: &Path) -> Command {
    let mut command = Command::new(PLIMSOLL);
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "CI"] {
        command.env_remove(name);
    }
    command.env("TERM", "xterm-256color").current_dir(folder).args(["assess", "access.log"]);
    command
}

/// The report on a terminal, while standard error goes elsewhere.
fn on_terminal(folder: &Path, columns: u16, variables: &[(&str, &str)]) -> String {
    let (person, program) = terminal(columns);
    let reader = thread::spawn(move || seen(person));
    let mut command = assess(folder);
    command.envs(variables.iter().copied()).stdout(program).stderr(Stdio::null());
    assert!(command.status().unwrap().success());
    drop(command);
    reader.join().unwrap()
}

fn without_codes(text: &str) -> String {
    let mut parts = text.split('\x1b');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |seen, part| seen + part.split_once('m').unwrap().1)
}

/// Two days of several hosts, one of them with a long name; an outage, and lines that cannot be read.
fn write_log(folder: &Path) {
    let name = format!("{}.example", "a-name-that-fills-a-line".repeat(4));
    let request = |second: i64| {
        let failed = (40_000..41_000).contains(&second) && second % 20 == 0;
        let host = if second % 30 == 0 { name.as_str() } else { "shop.example" };
        format!("{host} {}", line(second, "/", if failed { 503 } else { 200 }))
    };
    let other = format!("a line of something else {}\n", "and more ".repeat(30));
    let log: String = (0..2 * 86_400).step_by(10).map(request).chain([other]).collect();
    fs::write(folder.join("access.log"), log).unwrap();
}

fn log() -> TempDir {
    let folder = TempDir::new().unwrap();
    write_log(folder.path());
    folder
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    let folder = log();
    for columns in [40, 60, 80, 100, 120, 300] {
        let report = on_terminal(folder.path(), columns, &[]);
        assert!(report.contains("\x1b[1m"), "no colours: {report}");
        for line in without_codes(&report).lines() {
            assert!(line.chars().count() <= usize::from(columns), "{columns}: {line}");
            assert_eq!(line, line.trim_end(), "{columns}: blanks at the end");
        }
    }
}

/// Words that are whole at any width, without what is drawn.
fn words(text: &str) -> BTreeSet<&str> {
    text.split_whitespace().filter(|word| word.is_ascii() && word.len() <= 24).collect()
}

#[test]
fn a_narrow_terminal_loses_no_word() {
    let folder = log();
    let output = assess(folder.path()).output().unwrap();
    let piped = String::from_utf8(output.stdout).unwrap();
    let narrow = without_codes(&on_terminal(folder.path(), 60, &[]));
    let lost: Vec<&str> = words(&piped).difference(&words(&narrow)).copied().collect();
    assert!(lost.is_empty(), "{lost:?}");
    assert!(words(&piped).len() > 60, "{piped}");
}

#[test]
fn codes_are_for_terminals_that_want_them() {
    let folder = log();
    let plain = on_terminal(folder.path(), 60, &[("NO_COLOR", "1")]);
    assert!(!plain.contains('\x1b'), "{plain}");
    assert!(!on_terminal(folder.path(), 60, &[("TERM", "dumb")]).contains('\x1b'));
    let piped = assess(folder.path()).output().unwrap();
    assert!(!piped.stdout.contains(&b'\x1b'));
    // A pipe has no width: a fact is a line, for grep.
    let piped = String::from_utf8(piped.stdout).unwrap();
    assert!(piped.lines().any(|line| line.chars().count() > 130), "{piped}");
}

#[test]
fn progress_is_for_a_terminal_on_standard_error_alone() {
    let folder = log();
    let (person, program) = terminal(60);
    let reader = thread::spawn(move || seen(person));
    let mut command = assess(folder.path());
    command.arg("--json").stdout(Stdio::piped()).stderr(program);
    let output = command.output().unwrap();
    drop(command);
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["input"]["malformed"], 1);
    assert!(reader.join().unwrap().contains("reading"));

    let piped = assess(folder.path()).output().unwrap();
    assert_eq!(String::from_utf8(piped.stderr).unwrap(), "");
    assert!(!String::from_utf8(piped.stdout).unwrap().contains("reading"));
}
