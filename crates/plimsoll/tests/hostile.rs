//! Inputs that would exhaust a careless reader, or may not be read.
#![cfg(unix)]
#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

mod common;

use std::{
    fs::{self, File, Permissions},
    io::{Seek as _, SeekFrom, Write as _},
    os::unix::{fs::PermissionsExt as _, process::CommandExt as _},
    path::Path,
    process::{Command, Output, Stdio},
};

use common::{PLIMSOLL, line};
use serde_json::Value;
use tempfile::TempDir;

const GIBIBYTE: usize = 1 << 30;

/// Half of the long line: to hold all of it is to fail.
const MEMORY_KIB: usize = GIBIBYTE / 2 / 1024;

/// The command, in a process that gets so much memory and no more (where the system can limit it).
fn with_little_memory(arguments: &str) -> Command {
    let mut shell = Command::new("sh");
    let script = format!("ulimit -v {MEMORY_KIB}; exec \"$0\" {arguments}");
    shell.arg("-c").arg(script).arg(PLIMSOLL);
    shell
}

/// All lines, those that were read, those that were not.
#[track_caller]
fn counts(output: &Output) -> [u64; 3] {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    ["lines", "parsed", "malformed"].map(|name| found["input"][name].as_u64().unwrap())
}

#[test]
fn a_line_of_a_gibibyte_in_a_file_is_one_malformed_line() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("access.log");
    // The zeros between the lines take no room on the disk.
    let mut file = File::create(&path).unwrap();
    file.write_all(line(0, "/", 200).as_bytes()).unwrap();
    file.seek(SeekFrom::Current(GIBIBYTE as i64)).unwrap();
    file.write_all(format!("\n{}", line(1, "/", 200)).as_bytes()).unwrap();
    drop(file);
    let mut command = with_little_memory("assess --json access.log");
    assert_eq!(counts(&command.current_dir(folder.path()).output().unwrap()), [3, 2, 1]);
}

#[test]
fn a_line_of_a_gibibyte_through_a_pipe_is_one_malformed_line() {
    let mut command = with_little_memory("assess --json -");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    pipe.write_all(line(0, "/", 200).as_bytes()).unwrap();
    let part = vec![b'x'; 1 << 20];
    for _ in 0..GIBIBYTE / part.len() {
        pipe.write_all(&part).unwrap();
    }
    pipe.write_all(format!("\n{}", line(1, "/", 200)).as_bytes()).unwrap();
    drop(pipe);
    assert_eq!(counts(&child.wait_with_output().unwrap()), [3, 2, 1]);
}

/// The command as somebody who may not read everything; `None` where this process cannot become nobody.
fn as_nobody(folder: &Path, secret: &str, args: &[&str]) -> Option<Output> {
    const NOBODY: u32 = 65_534;
    let is_root = File::open(folder.join(secret)).is_ok();
    let program = folder.join("plimsoll");
    fs::copy(PLIMSOLL, &program).unwrap();
    let mut command = Command::new(program);
    command.current_dir(folder).args(args);
    if is_root {
        command.uid(NOBODY).gid(NOBODY);
    }
    let output = command.output().ok();
    if output.is_none() {
        println!("skipped: root may read everything, and cannot become nobody here");
    }
    output
}

#[test]
fn what_may_not_be_read_is_named_and_the_rest_is_read() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    fs::set_permissions(at, Permissions::from_mode(0o755)).unwrap();
    for (name, mode) in [("good.log", 0o644), ("secret.log", 0o000), ("secret.yaml", 0o000)] {
        fs::write(at.join(name), line(0, "/", 200)).unwrap();
        fs::set_permissions(at.join(name), Permissions::from_mode(mode)).unwrap();
    }
    let said = |args: &[&str], code: i32, words: &[&str]| {
        let Some(output) = as_nobody(at, "secret.log", args) else { return };
        let said = [output.stdout, output.stderr].map(|b| String::from_utf8_lossy(&b).into_owned());
        let said = said.concat();
        assert_eq!(output.status.code(), Some(code), "{said}");
        for word in words {
            assert!(said.contains(word), "{args:?} does not say {word:?}: {said}");
        }
    };
    let refused = "secret.log may not be read";
    said(&["assess", "secret.log"], 1, &[refused, "group adm", "sudo"]);
    said(&["assess", "good.log", "secret.log"], 1, &["1 request", refused]);
    said(&["check", "secret.yaml"], 1, &["secret.yaml", "error[unreadable]", "denied"]);
    said(&["assess", "good.log", "--slo", "secret.yaml"], 2, &["secret.yaml", "denied"]);
    said(&["assess", "good.log", "--out", "slo"], 1, &["there is nothing to write"]);
}
