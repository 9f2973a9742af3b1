//! Single lines: how they end, when they are, what they look like.

use plimsoll_core::limits::{LOG_EXAMPLE_CHARS_MAX, LOG_LINE_BYTES_MAX};

use super::*;

fn line() -> String {
    samples()[0].line()
}

#[test]
fn lines_may_end_in_either_way_and_the_last_not_at_all() {
    let line = line();
    let bare = line.trim_end();
    for text in [
        format!("{bare}\n{bare}\n"),
        format!("{bare}\r\n{bare}\r\n"),
        format!("{bare}\n{bare}"),
        format!("\u{feff}{bare}\n{bare}\n"),
    ] {
        let reading = read_bytes(text.as_bytes());
        assert_eq!([reading.lines, reading.parsed], [2, 2], "{text:?}");
        assert_eq!(reading.tally.hosts().entries().len(), 1, "{text:?}");
    }
}

#[test]
fn times_that_cannot_be_are_malformed_with_a_reason() {
    let line = line();
    let mut options = options();
    options.not_after_s = START_S + 10;
    let folder = Folder::new();
    let text = [
        line.clone(),
        line.replace("2026", "1970"),
        line.replace("02/Mar/2026:00:00:00", "31/Dec/1989:23:59:59"),
        line.replace("02/Mar/2026", "01/Jan/1990"),
        line.replace("00:00:00", "00:00:10"),
        line.replace("00:00:00", "00:00:11"),
        line.replace("2026", "2100"),
    ];
    let input = folder.write("access.log", text.concat().as_bytes());
    let reading = read_with(&[input], &options);
    assert_eq!([reading.parsed, reading.malformed], [3, 4]);
    let reasons: Vec<_> = reading.files[0].examples.iter().map(|e| (e.line, e.why)).collect();
    let (early, late) = ("its time is before 1990", "its time is in the future");
    assert_eq!(reasons, [(2, early), (3, early), (6, late)]);
    assert_eq!(reading.tally.first_s(), Some(631_152_000));
    assert_eq!(reading.files[0].from_s, Some(631_152_000));
    assert_eq!(reading.files[0].to_s, Some(START_S + 10));
}

#[test]
fn a_line_that_is_too_long_is_malformed_and_its_neighbours_are_not() {
    let line = line();
    for length in [LOG_LINE_BYTES_MAX + 1, LOG_LINE_BYTES_MAX + 2, 400_000, 3_000_000] {
        let long = line.replace("/v0/", &format!("/{}/", "x".repeat(length)));
        let text = [line.as_str(), &long, &line].concat();
        for threads in [1, 2] {
            let folder = Folder::new();
            let input = folder.write("access.log", text.as_bytes());
            let chunk_bytes = count(50_000);
            let reading =
                read_with(&[input], &Options { chunk_bytes, threads: count(threads), ..options() });
            assert_eq!([reading.lines, reading.parsed, reading.malformed], [3, 2, 1], "{length}");
            let example = &reading.files[0].examples[0];
            assert_eq!((example.line, example.why), (2, "longer than 64 KiB"), "{length}");
        }
    }
    let room = LOG_LINE_BYTES_MAX - line.trim_end().len();
    for end in ["\n", "\r\n"] {
        for (more, malformed) in [(0, 0), (1, 1)] {
            let path = format!("/v0{}/", "x".repeat(room + more));
            let text = line.replace("/v0/", &path).replace('\n', end);
            let reading = read_bytes([line.as_str(), &text].concat().as_bytes());
            assert_eq!([reading.lines, reading.malformed], [2, malformed], "{more} {end:?}");
        }
    }
}

#[test]
fn the_first_three_malformed_lines_are_shown_harmlessly() {
    let bad: [&[u8]; 5] = [
        b"\x1b[2J\x07 tab\tend\n",
        "turned \u{202e}around \u{200b}é\n".as_bytes(),
        b"\xff\x00 raw\n",
        b"fourth\n",
        b"fifth\n",
    ];
    let text = [line().as_bytes(), &bad.concat()].concat();
    let reading = read_bytes(&text);
    assert_eq!([reading.parsed, reading.malformed], [1, 5]);
    let shown: Vec<_> =
        reading.files[0].examples.iter().map(|e| (e.line, e.text.as_str())).collect();
    assert_eq!(
        shown,
        [
            (2, r"\u{1b}[2J\u{7} tab\tend"),
            (3, r"turned \u{202e}around \u{200b}é"),
            (4, r"\xff\u{0} raw"),
        ]
    );
    let long = [line(), "é".repeat(1000)].concat();
    let reading = read_bytes(long.as_bytes());
    let text = &reading.files[0].examples[0].text;
    assert_eq!(text.chars().count(), LOG_EXAMPLE_CHARS_MAX + 1);
    assert!(text.ends_with('…'));
}

#[test]
fn zeros_before_a_line_are_not_part_of_it() {
    let zeros = [0; 9000];
    for text in [
        [&zeros[..], &short_text()].concat(),
        [short_text(), zeros.to_vec(), short_text()].concat(),
    ] {
        let reading = read_bytes(&text);
        assert_eq!(reading.malformed, 0);
        let hosts: Vec<&str> = reading.tally.hosts().entries().map(|(name, _)| name).collect();
        assert_eq!(hosts, ["api.example", "shop.example"]);
        assert_eq!(reading.tally.hosts().rest().requests, 0);
    }
}

#[test]
fn zeros_that_a_crash_left_in_a_log_do_no_harm() {
    let text = [line().as_bytes(), &[0; 5000], line().as_bytes(), line().as_bytes()].concat();
    let reading = read_bytes(&text);
    assert_eq!(reading.lines, 3);
    assert!(reading.parsed >= 2);
}
