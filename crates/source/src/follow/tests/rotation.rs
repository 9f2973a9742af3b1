//! What rotation does to files.

use super::*;

#[test]
fn appended_lines_are_counted_once() {
    let mut yard = Yard::new();
    let mut writer = yard.writer("access.log");
    yard.poll();
    for number in 0..50 {
        writer.write_all(line(number).as_bytes()).unwrap();
        yard.poll();
        yard.poll();
        yard.expect(0..=number);
    }
    yard.restart();
    assert_eq!(yard.poll().lines, 0);
    assert_eq!(yard.events, [Event::Found { path: yard.name("access.log") }]);
}

#[test]
fn a_renamed_log_is_read_to_its_end_and_the_new_one_from_its_beginning() {
    let mut yard = Yard::new();
    let mut old = yard.writer("access.log");
    old.write_all(&lines(0..10)).unwrap();
    yard.poll();
    old.write_all(&lines(10..12)).unwrap();
    yard.rename("access.log", "access.log.1");
    old.write_all(&lines(12..15)).unwrap();
    yard.poll();
    yard.append("access.log", &lines(15..18));
    old.write_all(&lines(18..20)).unwrap();
    yard.poll();
    yard.expect(0..20);
    let renamed =
        Event::Renamed { from: yard.name("access.log"), to: Some(yard.name("access.log.1")) };
    assert!(yard.events.contains(&renamed), "{:?}", yard.events);
}

#[test]
fn several_rotations_between_two_polls() {
    for is_restarted in [false, true] {
        let mut yard = Yard::new();
        yard.append("access.log", &lines(0..10));
        yard.poll();
        for turn in 1..=5 {
            yard.append("access.log", &lines(turn * 10..turn * 10 + 10));
            for number in (1..turn).rev() {
                yard.rename(&format!("access.log.{number}"), &format!("access.log.{}", number + 1));
            }
            yard.rename("access.log", "access.log.1");
        }
        if is_restarted {
            yard.restart();
        }
        yard.poll();
        yard.append("access.log", &lines(60..61));
        yard.poll();
        yard.expect(0..61);
    }
}

#[test]
fn a_log_is_found_under_a_name_that_no_pattern_matches() {
    for is_restarted in [false, true] {
        let mut yard = Yard::of(&["access.log"]);
        yard.append("access.log", &lines(0..10));
        yard.poll();
        let mut old = yard.writer("access.log");
        yard.rename("access.log", "old-access");
        yard.append("access.log", &lines(20..30));
        old.write_all(&lines(10..20)).unwrap();
        if is_restarted {
            yard.restart();
        }
        yard.poll();
        old.write_all(&lines(30..31)).unwrap();
        yard.poll();
        yard.expect(0..31);
        let renamed =
            Event::Renamed { from: yard.name("access.log"), to: Some(yard.name("old-access")) };
        assert!(yard.events.contains(&renamed), "{:?}", yard.events);
        // Once it has been still for long it is let go, and what somebody writes into it is not the log any more.
        yard.settle();
        old.write_all(&lines(31..32)).unwrap();
        yard.settle();
        yard.expect(0..31);
    }
}

#[test]
fn an_open_log_is_read_to_its_end_after_it_was_deleted_or_moved_away() {
    for is_deleted in [false, true] {
        let mut yard = Yard::new();
        let mut old = yard.writer("access.log");
        old.write_all(&lines(0..10)).unwrap();
        yard.poll();
        old.write_all(&lines(10..15)).unwrap();
        if is_deleted {
            yard.remove("access.log");
        } else {
            fs::create_dir(yard.path("old")).unwrap();
            yard.rename("access.log", "old/moved");
        }
        yard.append("access.log", &lines(20..25));
        yard.poll();
        old.write_all(&lines(15..20)).unwrap();
        yard.poll();
        yard.expect(0..25);
        let renamed = Event::Renamed { from: yard.name("access.log"), to: None };
        assert!(yard.events.contains(&renamed), "{:?}", yard.events);
    }
}

#[test]
fn a_new_log_that_comes_late() {
    let mut yard = Yard::new();
    yard.append("access.log", &lines(0..10));
    yard.poll();
    yard.rename("access.log", "access.log.1");
    for _ in 0..5 {
        yard.poll();
    }
    yard.append("access.log", &lines(10..20));
    yard.poll();
    yard.expect(0..20);
}

#[test]
fn copytruncate_where_the_copy_matches() {
    for is_restarted in [false, true] {
        for (first, second, third) in [(3, 5, 8), (100, 103, 110), (100, 100, 300)] {
            let mut yard = Yard::new();
            yard.append("access.log", &lines(0..first));
            yard.poll();
            yard.append("access.log", &lines(first..second));
            yard.copy("access.log", "access.log.1");
            yard.truncate("access.log");
            yard.append("access.log", &lines(second..third));
            if is_restarted {
                yard.restart();
            }
            yard.poll();
            yard.poll();
            yard.expect(0..third);
            let copy = Some(yard.name("access.log.1"));
            let truncated = Event::Truncated { path: yard.name("access.log"), copy };
            assert!(yard.events.contains(&truncated), "{:?}", yard.events);
        }
    }
}

#[test]
fn copytruncate_that_is_seen_between_its_steps() {
    let mut yard = Yard::new();
    yard.append("access.log", &lines(0..100));
    yard.poll();
    yard.append("access.log", &lines(100..105));
    // Half of the copy, then all of it.
    let whole = fs::read(yard.path("access.log")).unwrap();
    yard.write("access.log.1", &whole[..5000]);
    yard.poll();
    yard.write("access.log.1", &whole);
    yard.poll();
    yard.append("access.log", &lines(105..106));
    yard.poll();
    yard.truncate("access.log");
    yard.poll();
    yard.append("access.log", &lines(106..300));
    yard.poll();
    yard.expect(0..300);
}

#[test]
fn copytruncate_where_the_copy_does_not_match_loses_what_was_written_since_the_last_poll() {
    let mut yard = Yard::of(&["access.log"]);
    yard.append("access.log", &lines(0..10));
    yard.poll();
    yard.append("access.log", &lines(10..12));
    yard.copy("access.log", "saved");
    yard.truncate("access.log");
    yard.append("access.log", &lines(12..40));
    yard.poll();
    yard.expect((0..10).chain(12..40));
    let truncated = Event::Truncated { path: yard.name("access.log"), copy: None };
    assert!(yard.events.contains(&truncated), "{:?}", yard.events);
}

#[test]
fn a_log_that_was_emptied_and_grew_beyond_where_it_was() {
    for (before, after) in [(1, 1), (2, 9), (100, 100), (100, 101), (100, 400)] {
        let mut yard = Yard::new();
        yard.append("access.log", &lines(1000..1000 + before));
        yard.poll();
        yard.truncate("access.log");
        yard.append("access.log", &lines(2000..2000 + after));
        yard.poll();
        yard.expect((1000..1000 + before).chain(2000..2000 + after));
    }
}

#[test]
fn a_writer_that_does_not_append_leaves_a_hole() {
    for hole in [100, 70_000, 3_000_000] {
        let mut yard = Yard::new();
        let mut writer = File::create(yard.path("access.log")).unwrap();
        let text = lines(0..hole / 100);
        writer.write_all(&text).unwrap();
        while yard.poll().is_more {}
        yard.truncate("access.log");
        writer.write_all(&lines(100_000..100_010)).unwrap();
        assert!(fs::metadata(yard.path("access.log")).unwrap().len() > text.len() as u64);
        while yard.poll().is_more {}
        yard.expect((0..hole / 100).chain(100_000..100_010));
        assert_eq!(yard.malformed, 0);
    }
}

#[test]
fn a_log_that_was_deleted_and_made_anew() {
    for is_restarted in [false, true] {
        let mut yard = Yard::new();
        for turn in 0..20 {
            yard.append("access.log", &lines(turn * 10..turn * 10 + 10));
            yard.poll();
            // Without an open file the next log gets the same number on most file systems.
            if is_restarted {
                yard.restart();
            }
            yard.remove("access.log");
        }
        yard.expect(0..200);
    }
}

#[test]
fn a_file_number_that_is_given_again() {
    let mut yard = Yard::new();
    yard.append("access.log", &lines(0..10));
    yard.poll();
    // As if another file had been given the number: the same file holds other lines.
    yard.restart();
    yard.write("access.log", &lines(10..30));
    yard.poll();
    yard.expect(0..30);
}

#[test]
fn the_last_line_of_a_rotated_log_counts_without_a_line_break() {
    let mut yard = Yard::new();
    let text = lines(0..3);
    yard.append("access.log", &text[..text.len() - 1]);
    yard.settle();
    yard.expect(0..2);
    yard.rename("access.log", "access.log.1");
    yard.append("access.log", &lines(3..4));
    yard.poll();
    yard.poll();
    yard.poll();
    yard.expect([0, 1, 3]);
    yard.settle();
    yard.expect(0..4);
    yard.restart();
    yard.settle();
    yard.expect(0..4);
}

#[test]
fn a_jump_of_the_clock_does_not_end_a_line() {
    let mut yard = Yard::new();
    let mut writer = yard.writer("access.log");
    let text = lines(0..2);
    let (begin, end) = text.split_at(text.len() - 20);
    writer.write_all(begin).unwrap();
    yard.poll();
    yard.rename("access.log", "access.log.1");
    yard.poll();
    yard.now_s += 1_000_000_000;
    yard.poll();
    writer.write_all(end).unwrap();
    yard.poll();
    yard.expect(0..2);
    assert_eq!(yard.malformed, 0);
}

#[test]
fn a_clock_that_goes_backwards_changes_nothing() {
    let mut yard = Yard::new();
    yard.append("access.log", &lines(0..10));
    yard.poll();
    for jump in [-10_000_000_000, 20_000_000_000, -15_000_000_000] {
        yard.now_s += jump;
        let number = yard.counts().len() as u64;
        yard.append("access.log", &lines(number..number + 5));
        yard.poll();
        yard.restart();
    }
    yard.expect(0..25);
    assert_eq!(yard.malformed, 0);
}
