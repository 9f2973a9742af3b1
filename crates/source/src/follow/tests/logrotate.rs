//! The real `logrotate`, against a writer in a thread of its own.

use std::{
    path::Path,
    process::Command,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
};

use super::*;

/// Where Debian and others put it.
const PROGRAMS: [&str; 3] = ["/usr/sbin/logrotate", "/usr/bin/logrotate", "/sbin/logrotate"];

/// How often a log is rotated.
const TURNS: usize = 12;

/// Lines that are written at least between two rotations.
const LINES: u64 = 300;

/// The writer's file, which it opens again when it is told to, as servers do at a signal.
struct Writer {
    file: Mutex<File>,
    written: AtomicU64,
    is_done: AtomicBool,
}

impl Writer {
    /// Writes until it is told to end, and waits for nobody.
    fn run(&self) {
        while !self.is_done.load(Ordering::SeqCst) {
            let number = self.written.load(Ordering::SeqCst);
            self.file.lock().unwrap().write_all(line(number).as_bytes()).unwrap();
            self.written.store(number + 1, Ordering::SeqCst);
            if number.is_multiple_of(16) {
                thread::yield_now();
            }
        }
    }

    fn wait_for(&self, lines: u64) {
        let until = self.written.load(Ordering::SeqCst) + lines;
        while self.written.load(Ordering::SeqCst) < until {
            thread::yield_now();
        }
    }
}

/// Rotates while the writer writes, and while the follower polls and dies. With `is_halting` the writer stands still
/// during the rotation itself: `copytruncate` loses what is written between its two steps, whoever reads.
fn rotate(directives: &str, is_halting: bool) {
    let Some(program) = PROGRAMS.iter().find(|path| Path::new(path).exists()) else {
        println!("skipped: logrotate is not installed");
        return;
    };
    let mut yard = Yard::of(&["access*.log*"]);
    let config = format!("{} {{\nrotate 100\n{directives}\n}}\n", yard.name("access.log"));
    yard.write("logrotate.conf", config.as_bytes());
    let writer = Writer {
        file: Mutex::new(yard.writer("access.log")),
        written: AtomicU64::new(0),
        is_done: AtomicBool::new(false),
    };
    thread::scope(|scope| {
        scope.spawn(|| writer.run());
        for turn in 0..TURNS {
            writer.wait_for(LINES);
            if turn % 3 != 0 {
                yard.poll();
            }
            writer.wait_for(LINES);
            let halted = is_halting.then(|| writer.file.lock().unwrap());
            let output = Command::new(program)
                .args(["--force", "--state"])
                .args([yard.path("state"), yard.path("logrotate.conf")])
                .output()
                .unwrap();
            if !output.status.success() {
                writer.is_done.store(true, Ordering::SeqCst);
            }
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            if let Some(mut file) = halted {
                *file = yard.writer("access.log");
            }
            if turn % 4 == 1 {
                yard.poll();
            }
            writer.wait_for(LINES);
            *writer.file.lock().unwrap() = yard.writer("access.log");
            if turn % 5 == 2 {
                yard.restart();
            }
        }
        writer.is_done.store(true, Ordering::SeqCst);
    });
    yard.settle();
    yard.expect(0..writer.written.load(Ordering::SeqCst));
    assert_eq!(yard.malformed, 0);
    let rotated = fs::read_dir(yard.folder.path()).unwrap().count();
    assert!(rotated > TURNS, "{rotated} files: it did rotate");
}

#[test]
fn create() {
    rotate("create", false);
}

#[test]
fn create_and_compress_the_next_time() {
    rotate("create\ncompress\ndelaycompress", false);
}

#[test]
fn create_and_compress_at_once() {
    // What is written behind what was compressed is in no file that has a name.
    rotate("create\ncompress", true);
}

#[test]
fn copytruncate() {
    rotate("copytruncate", true);
}

#[test]
fn copytruncate_and_compress() {
    rotate("copytruncate\ncompress", true);
}

#[test]
fn numbers_in_front_of_the_extension() {
    rotate("nocreate\nextension .log", false);
}
