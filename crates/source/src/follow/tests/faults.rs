//! Things that are not as they should be.

use super::*;

#[test]
fn a_line_counts_when_it_is_finished() {
    let mut yard = Yard::new();
    let mut writer = yard.writer("access.log");
    let text = lines(0..4);
    // Byte by byte, so also within a letter of several bytes.
    for byte in &text {
        writer.write_all(&[*byte]).unwrap();
        yard.poll();
        assert_eq!(yard.malformed, 0);
    }
    yard.expect(0..4);
}

#[test]
fn lines_may_end_in_two_bytes_and_the_break_may_come_late() {
    let mut yard = Yard::new();
    let text = String::from_utf8(lines(0..3)).unwrap().replace('\n', "\r\n");
    for part in text.split_inclusive('\r') {
        yard.append("access.log", part.as_bytes());
        yard.poll();
    }
    yard.expect(0..3);
    assert_eq!(yard.malformed, 0);
}

/// The clock may be wrong, and not the log.
#[test]
fn lines_of_more_than_a_day_ahead_wait_until_the_clock_is_right() {
    let mut yard = Yard::new();
    let right_s = yard.now_s;
    // Two days before the lines, which go on for a day and an hour: the first few can be believed, just so.
    yard.now_s = START_S - 86_400 + 3;
    let problem = |yard: &Yard| {
        let health = yard.follower.health();
        health.files.iter().find_map(|file| file.problem.as_ref().map(|it| it.what.clone()))
    };
    yard.append("access.log", &lines(0..9));
    yard.append("access.log", b"what is this\n");
    yard.append("access.log", &lines(9..12));
    for _ in 0..2 {
        yard.poll();
        assert_eq!(yard.counts().into_keys().collect::<Vec<_>>(), [0, 1, 2, 3]);
        assert_eq!(yard.malformed, 0);
        assert!(problem(&yard).is_some_and(|what| what.contains("ahead of the clock")));
        yard.restart();
    }
    yard.append("access.log", &lines(12..14));
    yard.poll();
    yard.now_s = right_s;
    yard.poll();
    yard.expect(0..14);
    assert_eq!((yard.malformed, problem(&yard)), (1, None));
}

/// What stands among lines of now is no reason to wait.
#[test]
fn a_line_of_the_future_with_a_line_of_now_behind_it_is_malformed() {
    let mut yard = Yard::new();
    yard.now_s = START_S;
    let far = line(7).replace("/Mar/2026", "/Mar/2036").into_bytes();
    yard.append("access.log", &[lines(0..2), far.clone(), far.clone()].concat());
    yard.poll();
    assert_eq!(yard.malformed, 0);
    yard.append("access.log", &lines(2..3));
    yard.poll();
    yard.expect(0..3);
    assert_eq!(yard.malformed, 2);
    // Nor is the end of a log that was rotated.
    yard.append("access.log", &far);
    yard.poll();
    yard.rename("access.log", "access.log.1");
    yard.append("access.log", &lines(3..4));
    yard.poll();
    yard.expect(0..4);
    assert_eq!(yard.malformed, 3);
}

#[test]
fn a_line_that_is_too_long_is_malformed_once() {
    for length in [65_530, 65_536, 65_537, 65_538, 300_000, 20_000_000] {
        let mut yard = Yard::new();
        yard.append("access.log", &lines(0..3));
        yard.poll();
        let long = vec![b'x'; length];
        let (begin, end) = long.split_at(length / 3);
        yard.append("access.log", begin);
        while yard.poll().is_more {}
        yard.append("access.log", end);
        while yard.poll().is_more {}
        if length % 2 == 0 {
            yard.restart();
        }
        assert_eq!(yard.malformed, 0, "{length}");
        yard.append("access.log", b"\n");
        yard.append("access.log", &lines(3..5));
        while yard.poll().is_more {}
        yard.expect(0..5);
        assert_eq!(yard.malformed, 1, "{length}");
    }
}

#[test]
fn malformed_lines_are_shown() {
    let mut yard = Yard::new();
    yard.append("access.log", &lines(0..3));
    yard.append("access.log", b"\x1b[2Jgarbage\n\n");
    let delta = yard.poll();
    assert_eq!((delta.malformed, delta.skipped, delta.lines), (1, 1, 5));
    assert_eq!(delta.examples.len(), 1);
    assert_eq!(delta.examples[0].path, yard.name("access.log"));
    assert!(!delta.examples[0].text.contains('\x1b'), "{:?}", delta.examples);
}

#[test]
fn what_is_no_log_is_a_problem_until_it_is_one() {
    let mut yard = Yard::new();
    yard.append("access.log", b"hello\n");
    yard.poll();
    let health = yard.follower.health();
    assert!(!health.is_watching());
    let problem = health.files[0].problem.as_ref().unwrap().to_string();
    assert!(problem.starts_with("is not an access log"), "{problem}");
    yard.append("access.log", &lines(0..3));
    yard.poll();
    yard.expect(0..3);
    assert_eq!(yard.malformed, 1);
    assert!(yard.follower.health().is_watching());
}

#[test]
fn a_pattern_that_matches_nothing_is_not_watching() {
    let mut yard = Yard::of(&["logs/access.log*", "other.log"]);
    yard.write("other.log", b"");
    yard.poll();
    let health = yard.follower.health();
    assert!(!health.is_watching());
    assert_eq!(health.patterns.iter().map(|pattern| pattern.files).collect::<Vec<_>>(), [0, 1]);
    fs::create_dir(yard.path("logs")).unwrap();
    yard.poll();
    assert!(!yard.follower.health().is_watching());
    yard.append("logs/access.log", &lines(0..3));
    yard.poll();
    assert!(yard.follower.health().is_watching());
    yard.expect(0..3);
    // An empty log is watched, and says that there is no traffic.
    assert_eq!(yard.follower.health().files.len(), 2);
    fs::remove_dir_all(yard.path("logs")).unwrap();
    yard.poll();
    assert!(!yard.follower.health().is_watching());
}

#[test]
fn folders_and_sockets_that_match_are_no_logs() {
    let mut yard = Yard::of(&["*"]);
    fs::create_dir(yard.path("folder")).unwrap();
    yard.append("access.log", &lines(0..3));
    yard.poll();
    assert!(yard.follower.health().is_watching());
    #[cfg(unix)]
    {
        let _socket = std::os::unix::net::UnixListener::bind(yard.path("socket")).unwrap();
        yard.poll();
        let health = yard.follower.health();
        let problem = health.files.iter().find_map(|file| file.problem.as_ref()).unwrap();
        assert_eq!(problem.to_string(), "is no file. Only files can be followed.");
    }
    yard.expect(0..3);
}

#[cfg(unix)]
#[test]
fn permission_that_is_lost_and_given_back() {
    use std::os::unix::fs::PermissionsExt;

    let mut yard = Yard::new();
    yard.append("access.log", &lines(0..3));
    let mode = |yard: &Yard, mode| {
        fs::set_permissions(yard.path("access.log"), fs::Permissions::from_mode(mode)).unwrap();
    };
    mode(&yard, 0o000);
    if File::open(yard.path("access.log")).is_ok() {
        println!("skipped: root may read everything");
        return;
    }
    yard.poll();
    let health = yard.follower.health();
    let problem = health.files[0].problem.as_ref().unwrap().to_string();
    assert!(problem.starts_with("may not be read"), "{problem}");
    assert!(!health.is_watching());
    mode(&yard, 0o600);
    yard.poll();
    yard.expect(0..3);
    assert!(yard.follower.health().is_watching());
    let mut writer = yard.writer("access.log");
    mode(&yard, 0o000);
    yard.restart();
    writer.write_all(&lines(3..6)).unwrap();
    yard.poll();
    assert!(!yard.follower.health().is_watching());
    mode(&yard, 0o600);
    yard.poll();
    yard.expect(0..6);
    // It has not grown, but nobody can say that it is still what it was.
    mode(&yard, 0o000);
    yard.restart();
    yard.poll();
    assert!(!yard.follower.health().is_watching());
    mode(&yard, 0o600);
    yard.poll();
    assert!(yard.follower.health().is_watching());
    yard.expect(0..6);
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_read_is_not_one_without_logs() {
    use std::os::unix::fs::PermissionsExt;

    let mut yard = Yard::of(&["logs/access.log*"]);
    fs::create_dir(yard.path("logs")).unwrap();
    yard.append("logs/access.log", &lines(0..3));
    yard.write("logs/access.log.1.gz", &gzip(&lines(10..20)));
    yard.settle();
    let mode = |yard: &Yard, mode| {
        fs::set_permissions(yard.path("logs"), fs::Permissions::from_mode(mode)).unwrap();
    };
    mode(&yard, 0o000);
    if fs::read_dir(yard.path("logs")).is_ok() {
        println!("skipped: root may read everything");
        return;
    }
    yard.restart();
    yard.settle();
    assert!(!yard.follower.health().is_watching());
    mode(&yard, 0o700);
    yard.append("logs/access.log", &lines(3..6));
    yard.settle();
    yard.expect((0..6).chain(10..20));
    assert!(yard.follower.health().is_watching());
}

#[test]
fn damaged_compressed_files_are_shown_and_what_could_be_read_counts_once() {
    let mut yard = Yard::new();
    let mut packed = gzip(&lines(0..5000));
    // In the checksum: what comes before can be read.
    let checksum = packed.len() - 8;
    packed[checksum] ^= 0x55;
    yard.write("access.log.1.gz", &packed);
    yard.settle();
    yard.expect(0..5000);
    assert!(!yard.follower.health().is_watching());
    yard.restart();
    yard.settle();
    yard.expect(0..5000);
    assert!(!yard.follower.health().is_watching());
    yard.write("access.log.1.gz", &gzip(&lines(0..5000)));
    yard.settle();
    yard.expect(0..5000);
    assert!(yard.follower.health().is_watching());
}

#[test]
fn a_poll_that_is_not_committed_comes_again() {
    let mut yard = Yard::new();
    yard.append("access.log", &lines(0..10));
    let first = yard.follower.poll(yard.now_s, yard.now_s);
    yard.append("access.log", &lines(10..20));
    let second = yard.follower.poll(yard.now_s, yard.now_s);
    assert_eq!((first.lines, second.lines), (10, 20));
    yard.follower.abandon();
    yard.append("access.log", &lines(20..30));
    yard.poll();
    yard.expect(0..30);
    // Stored, and then the process dies before it hears of it.
    yard.append("access.log", &lines(30..40));
    let delta = yard.follower.poll(yard.now_s, yard.now_s);
    yard.store(&delta);
    yard.restart();
    yard.poll();
    yard.expect(0..40);
}

#[test]
fn patterns_and_cursors_that_cannot_be_used_are_refused() {
    let refused = |patterns: &[&str], cursors| {
        let patterns = patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
        Follower::new(patterns, options(), cursors).unwrap_err().to_string()
    };
    assert!(refused(&["a[", "b"], Vec::new()).starts_with("`a[` is no pattern for files"));
    let mut yard = Yard::new();
    yard.append("access.log", &lines(0..1));
    yard.poll();
    let text = yard.cursors.values().next().unwrap().replace("\"version\":1", "\"version\":2");
    let cursor: Cursor = serde_json::from_str(&text).unwrap();
    let problem = refused(&["a"], vec![cursor]);
    assert!(problem.contains("has version 2, not 1"), "{problem}");
}

#[test]
fn no_line_is_in_the_future_while_the_clock_is_in_doubt() {
    let mut yard = Yard::new();
    yard.append("access.log", &lines(0..4));
    // A clock that was two days behind was set right, and is not believed yet.
    yard.now_s = START_S - 2 * 86_400;
    let delta = yard.follower.poll(yard.now_s, START_S);
    assert_eq!((delta.lines, delta.malformed), (4, 0));
    yard.follower.abandon();
    // Where there is no doubt they wait: there may be reason for it.
    let delta = yard.follower.poll(yard.now_s, yard.now_s);
    assert_eq!((delta.lines, delta.malformed), (0, 0));
}
