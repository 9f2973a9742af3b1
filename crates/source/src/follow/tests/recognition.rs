//! Copies, links and compressed files.

use super::*;

#[test]
fn compressed_copies_of_a_log_that_was_counted_hold_nothing_new() {
    for (pack, end) in [(gzip as fn(&[u8]) -> Vec<u8>, "gz"), (zstd, "zst")] {
        for count in [2, 100, 5000] {
            let mut yard = Yard::new();
            let text = lines(0..count);
            yard.append("access.log", &text);
            yard.poll();
            yard.rename("access.log", "access.log.1");
            yard.append("access.log", &lines(count..count + 3));
            yard.poll();
            yard.write(&format!("access.log.1.{end}"), &pack(&text));
            yard.poll();
            yard.remove("access.log.1");
            yard.settle();
            yard.expect(0..count + 3);
            // Neither after a restart, nor when it moves on.
            yard.restart();
            yard.rename(&format!("access.log.1.{end}"), &format!("access.log.2.{end}"));
            yard.settle();
            yard.expect(0..count + 3);
            let of = yard.name("access.log");
            let copied = |event: &&Event| matches!(event, Event::Copied { of: o, .. } if *o == of);
            assert_eq!(yard.events.iter().filter(copied).count(), 1, "{:?}", yard.events);
        }
    }
}

#[test]
fn of_a_compressed_log_only_the_rest_is_counted() {
    for (pack, end) in [(gzip as fn(&[u8]) -> Vec<u8>, "gz"), (zstd, "zst")] {
        for (counted, all) in [(2, 3), (100, 105), (100, 20_000), (20_000, 100_000)] {
            let mut yard = Yard::new();
            yard.append("access.log", &lines(0..counted));
            while yard.poll().is_more {}
            yard.remove("access.log");
            yard.write(&format!("access.log.1.{end}"), &pack(&lines(0..all)));
            yard.restart();
            yard.settle();
            yard.expect(0..all);
            yard.restart();
            yard.settle();
            yard.expect(0..all);
        }
    }
}

#[test]
fn a_compressed_log_that_was_never_seen_is_counted_whole() {
    let mut yard = Yard::new();
    let text = lines(0..100_000);
    yard.write("access.log.2.gz", &gzip(&text[..text.len() - 1]));
    yard.write("access.log.1", &lines(100_000..100_100));
    // It is larger than what a poll may read.
    yard.poll();
    assert!(yard.poll().is_more);
    yard.restart();
    yard.settle();
    yard.expect(0..100_100);
}

#[test]
fn a_compressed_file_is_not_read_before_it_is_finished() {
    let mut yard = Yard::new();
    let packed = gzip(&lines(0..1000));
    for end in (0..packed.len()).step_by(packed.len() / 7) {
        yard.write("access.log.1.gz", &packed[..end]);
        yard.poll();
        yard.poll();
    }
    yard.write("access.log.1.gz", &packed);
    yard.settle();
    yard.expect(0..1000);
    assert!(yard.follower.health().is_watching());
}

#[test]
fn a_file_with_several_names_is_counted_once() {
    let mut yard = Yard::of(&["*.log", "access.log", "link*"]);
    yard.append("access.log", &lines(0..10));
    fs::hard_link(yard.path("access.log"), yard.path("hard.log")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(yard.path("access.log"), yard.path("link.log")).unwrap();
    yard.poll();
    yard.append("access.log", &lines(10..20));
    yard.poll();
    yard.remove("access.log");
    yard.append("hard.log", &lines(20..30));
    yard.poll();
    yard.expect(0..30);
}

/// The copy holds less than what a log is known by, and the log is nowhere else any more.
#[test]
fn a_small_copy_that_was_made_before_the_last_lines_is_known_when_the_log_is_gone() {
    for copied in 1..16 {
        for (end, pack) in [("", <[u8]>::to_vec as fn(&[u8]) -> Vec<u8>), (".gz", gzip)] {
            for is_restarted in [false, true] {
                let mut yard = Yard::new();
                yard.append("access.log", &lines(0..20));
                yard.poll();
                yard.write("access.log", b"");
                if is_restarted {
                    yard.restart();
                }
                yard.write(&format!("access.log.2{end}"), &pack(&lines(0..copied)));
                yard.settle();
                yard.append("access.log", &lines(20..22));
                yard.settle();
                yard.expect(0..22);
            }
        }
    }
}

/// A log that only begins like another is one of its own, as soon as that shows.
#[test]
fn a_log_that_begins_with_the_lines_of_another_is_counted_when_it_differs() {
    let mut yard = Yard::new();
    yard.append("access.log", &lines(0..9));
    yard.poll();
    yard.remove("access.log");
    yard.append("access.log", &lines(0..2));
    yard.settle();
    yard.expect(0..9);
    yard.append("access.log", &lines(20..22));
    yard.settle();
    let counted: u64 = yard.counts().values().sum();
    assert_eq!(counted, 9 + 4);
}

#[test]
fn copies_that_are_there_at_the_beginning_are_counted_once() {
    for count in [1, 3, 50, 5000] {
        let mut yard = Yard::new();
        yard.append("access.log", &lines(0..count));
        yard.copy("access.log", "access.log.bak");
        yard.copy("access.log", "access.log.1");
        yard.write("access.log.1.gz", &gzip(&lines(0..count)));
        yard.append("access.log", &lines(count..count + 5));
        yard.settle();
        yard.expect(0..count + 5);
    }
}

#[test]
fn a_log_that_was_replaced_by_a_copy_of_itself_goes_on() {
    let mut yard = Yard::new();
    for turn in 0..10 {
        yard.append("access.log", &lines(turn * 3..turn * 3 + 2));
        yard.poll();
        if turn % 2 == 0 {
            yard.restart();
        }
        yard.copy("access.log", "new");
        yard.rename("new", "access.log");
        yard.append("access.log", &lines(turn * 3 + 2..turn * 3 + 3));
    }
    yard.poll();
    yard.expect(0..30);
}

fn cut_to(yard: &Yard, numbers: std::ops::Range<u64>) {
    let file = OpenOptions::new().write(true).open(yard.path("access.log")).unwrap();
    file.set_len(lines(numbers).len() as u64).unwrap();
}

#[test]
fn a_log_that_lost_its_end_is_not_counted_again() {
    let mut yard = Yard::new();
    yard.append("access.log", &lines(0..100));
    yard.poll();
    cut_to(&yard, 0..90);
    yard.poll();
    assert!(!yard.follower.health().is_watching());
    yard.append("access.log", &lines(100..105));
    yard.poll();
    yard.restart();
    yard.now_s += 59;
    yard.poll();
    // It may be a copy on its way: nothing is counted, and nothing is well.
    yard.expect(0..100);
    assert!(!yard.follower.health().is_watching());
    yard.append("access.log", &lines(105..110));
    yard.now_s += 1;
    yard.poll();
    yard.expect(0..110);
    assert!(yard.follower.health().is_watching());
    let bytes = lines(90..100).len() as u64;
    assert!(yard.events.contains(&Event::Cut { path: yard.name("access.log"), bytes }));
}

#[test]
fn a_log_that_lost_its_end_and_outgrows_what_it_was_is_not_counted_again() {
    let mut yard = Yard::new();
    yard.append("access.log", &lines(0..100));
    yard.poll();
    cut_to(&yard, 0..90);
    yard.poll();
    yard.append("access.log", &lines(100..200));
    yard.poll();
    yard.expect(0..200);
}

#[test]
fn a_log_that_is_copied_over_itself_counts_once_however_often_it_is_looked_at() {
    let mut yard = Yard::new();
    yard.append("access.log", &lines(0..100));
    yard.poll();
    yard.write("access.log", b"");
    for turn in 0..21 {
        yard.append("access.log", &lines(turn * 5..turn * 5 + 5));
        if turn % 3 > 0 {
            yard.now_s += 2;
            yard.poll();
        }
        if turn % 4 == 0 {
            yard.restart();
        }
    }
    yard.poll();
    yard.expect(0..105);
    assert!(yard.follower.health().is_watching());
}

#[test]
fn a_log_of_which_lines_were_taken_out_is_not_counted_again_and_goes_on() {
    let mut yard = Yard::new();
    yard.append("access.log", &lines(0..100));
    yard.poll();
    yard.write("new", &lines((0..100).filter(|number| *number != 50)));
    yard.rename("new", "access.log");
    yard.poll();
    assert!(!yard.follower.health().is_watching());
    for number in 100..200 {
        yard.append("access.log", &lines([number]));
        yard.now_s += 1;
        yard.poll();
    }
    yard.expect(0..200);
    assert!(yard.follower.health().is_watching());
}

#[test]
fn logs_that_begin_alike_are_two() {
    // Two servers, started together and asked the same: by their names they are no copies.
    let mut yard = Yard::of(&["app-*.log"]);
    yard.write("app-1.log", &lines(0..1));
    yard.write("app-2.log", &lines(0..1));
    yard.poll();
    assert_eq!(yard.counts()[&0], 2);
    // By their names these could be, until they go on differently.
    let mut yard = Yard::of(&["app.*.log"]);
    yard.write("app.1.log", &lines(0..3));
    yard.write("app.2.log", &lines(0..3));
    yard.poll();
    yard.append("app.1.log", &lines(10..20));
    yard.append("app.2.log", &lines(20..40));
    yard.poll();
    yard.poll();
    let counts = yard.counts();
    assert!((0..3).all(|number| counts[&number] == 2), "{counts:?}");
    assert!((10..40).all(|number| counts[&number] == 1), "{counts:?}");
}

#[test]
fn a_log_that_is_as_short_as_the_beginning_of_another_is_no_copy() {
    let mut yard = Yard::new();
    yard.append("access.log.1", &lines(0..3));
    yard.poll();
    let text = lines(10..20);
    for byte in &text {
        yard.append("access.log", &[*byte]);
        yard.poll();
    }
    yard.expect((0..3).chain(10..20));
}

#[test]
fn formats_are_told_and_remembered() {
    let json = |number: u64| {
        format!(
            "{{\"time\":\"2026-03-02T00:{:02}:00Z\",\"status\":503,\"host\":\"n{number}.example\",\"request\":\"GET / HTTP/1.1\"}}\n",
            number % 60
        )
    };
    let mut yard = Yard::of(&["*"]);
    yard.write("a", json(1).as_bytes());
    yard.write("b", &lines(60..70));
    yard.poll();
    yard.restart();
    yard.append("a", json(2).as_bytes());
    yard.poll();
    let health = yard.follower.health();
    let formats: Vec<_> = health.files.iter().map(|file| file.format.clone().unwrap()).collect();
    assert_eq!(formats, ["nginx JSON", "vhost + combined + request time in s"]);
    let bad: u64 = yard.cells.values().map(|cell| cell.bad).sum();
    assert_eq!((bad, yard.malformed), (2, 0));
}

#[test]
fn a_format_that_few_lines_could_not_tell_is_told_again() {
    // The time of a request cannot be told from the size of the response while both are zero.
    let plain = |number: u64| line(number).replace(" 0.012\n", "\n");
    let mut yard = Yard::new();
    yard.write("access.log", plain(0).as_bytes());
    yard.poll();
    yard.append("access.log", &lines(1..200));
    yard.poll();
    yard.append("access.log", &lines(200..300));
    yard.poll();
    yard.expect(0..300);
    let timed: u64 = yard.cells.values().map(|cell| cell.timed).sum();
    assert_eq!(timed, 100);
    // The next log begins in this format, however few its lines are.
    yard.rename("access.log", "access.log.1");
    yard.append("access.log", &lines(300..301));
    yard.poll();
    assert_eq!(yard.cells.values().map(|cell| cell.timed).sum::<u64>(), 101);
}
