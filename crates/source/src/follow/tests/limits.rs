//! What a poll costs, at most.

use std::time::{Duration, SystemTime};

use plimsoll_core::limits::{FOLLOW_GONE_MAX, FOLLOW_OPEN_FILES_MAX, FOLLOW_POLL_BYTES_MAX};

use super::*;

#[test]
fn a_poll_reads_no_more_than_it_may() {
    let mut yard = Yard::new();
    let text = lines(0..200_000);
    assert!(text.len() as u64 > 2 * FOLLOW_POLL_BYTES_MAX);
    yard.write("access.log", &text);
    yard.write("access.log.1", &lines(200_000..200_010));
    let mut polls = 0;
    loop {
        let delta = yard.poll();
        assert!(delta.bytes <= FOLLOW_POLL_BYTES_MAX);
        polls += 1;
        if !delta.is_more {
            break;
        }
        assert!(!yard.follower.health().is_watching());
        if polls == 2 {
            yard.restart();
        }
    }
    assert!(polls > 2);
    assert!(yard.follower.health().is_watching());
    yard.expect(0..200_010);
}

#[test]
fn nothing_is_read_where_nothing_is_new() {
    let mut yard = Yard::new();
    for name in ["access.log", "access.log.1"] {
        yard.append(name, &lines(0..3));
        let file = OpenOptions::new().write(true).open(yard.path(name)).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(100)).unwrap();
    }
    yard.poll();
    let quiet = |yard: &Yard| yard.follower.seen.values().all(|seen| seen.is_quiet);
    yard.poll();
    assert!(quiet(&yard));
    assert_eq!(yard.poll(), Delta::default());
    // What was written a moment ago is compared again, because its time may not tell.
    yard.append("access.log", &lines(3..4));
    yard.poll();
    assert!(!quiet(&yard));
    yard.expect(0..4);
}

#[test]
fn thousands_of_files() {
    let mut yard = Yard::of(&["*/access.log*"]);
    for folder in 0..20 {
        fs::create_dir(yard.path(&folder.to_string())).unwrap();
    }
    let name = |number: u64| format!("{}/access.log-{number}", number % 20);
    for number in 0..3000 {
        yard.append(&name(number), &lines([number]));
    }
    while yard.poll().is_more {}
    yard.expect(0..3000);
    assert!(yard.follower.files.ids().count() <= FOLLOW_OPEN_FILES_MAX);
    for number in (0..3000).step_by(7) {
        yard.append(&name(number), &lines([number + 10_000]));
    }
    yard.restart();
    while yard.poll().is_more {}
    yard.expect((0..3000).chain((0..3000).step_by(7).map(|number| number + 10_000)));
    assert_eq!(yard.follower.health().files.len(), 3000);
}

#[test]
fn of_logs_that_are_gone_not_all_are_remembered() {
    let mut yard = Yard::of(&["*.log"]);
    let count = FOLLOW_GONE_MAX as u64 + 100;
    for number in 0..count {
        yard.append(&format!("{number}.log"), &lines([number]));
    }
    while yard.poll().is_more {}
    for number in 0..count {
        yard.remove(&format!("{number}.log"));
    }
    yard.settle();
    yard.expect(0..count);
    assert_eq!(yard.cursors.len(), FOLLOW_GONE_MAX);
}

#[test]
fn a_cursor_is_small() {
    let mut yard = Yard::new();
    yard.append("access.log", &lines(0..5000));
    yard.poll();
    let lengths: Vec<usize> = yard.cursors.values().map(String::len).collect();
    assert!(lengths.len() == 1 && lengths[0] < 1000, "{:?}", yard.cursors);
    assert!(!yard.cursors[&0].contains("192.0.2.7"), "no address of a client is kept");
}
