//! Each format is recognised from a sample, also among garbage.

use super::writers::{Served, WRITERS, Writer};
use crate::measure::accesslog::{Format, Line, Parser, detect};

/// Lines of no format: what error logs, start-up messages and broken disks leave in an access log.
const GARBAGE: [&str; 8] = [
    r#"2026/11/23 06:45:25 [error] 7#7: *1 connect() failed, request: "GET / HTTP/1.1", host: "a", status 502"#,
    "[Thu Oct 13 12:24:49.880562 2022] [auth_basic:error] [pid 10] user sss not found: /",
    r#"{"level":"info","ts":1795416417.5,"msg":"server running"}"#,
    r#"{"broken":"#,
    "panic: runtime error: index out of range [3] with length 3",
    "\tat com.example.Main.run(Main.java:42)",
    "\u{0}\u{1}\u{2}\u{fffd}",
    r#"10.0.0.1 - - [23/Nov/2026:06:46:57 +0000] "GET /cut"#,
];

/// Requests that differ as real ones do.
fn requests() -> impl Iterator<Item = Served> {
    (0..100_u32).map(|index| Served {
        at_s: 1_795_416_000 + i64::from(index) * 7,
        ahead_min: 60,
        status: if index % 9 == 0 { 502 } else { 200 },
        host: "www.example.com".into(),
        target: format!("/items/{index}?page={}", index % 3),
        odd: String::new(),
        duration_us: 1_000 + u64::from(index * index * 7 % 900_001),
    })
}

fn lines(writer: &Writer) -> Vec<String> {
    requests().map(|request| (writer.write)(&request)).collect()
}

fn name(lines: &[String]) -> Option<String> {
    let sample: Vec<&[u8]> = lines.iter().map(String::as_bytes).collect();
    detect(&sample).map(|format| format.name())
}

#[test]
fn every_format_is_recognised() {
    for writer in &WRITERS {
        assert_eq!(name(&lines(writer)).as_deref(), Some(writer.name));
    }
}

#[test]
fn a_format_that_is_remembered_reads_the_same() {
    for writer in &WRITERS {
        let lines = lines(writer);
        let sample: Vec<&[u8]> = lines.iter().map(String::as_bytes).collect();
        let format = detect(&sample).unwrap();
        let recalled = Format::recalled(&format.remembered().unwrap()).unwrap();
        assert_eq!(recalled.name(), format.name());
        let (mut first, mut second) = (Parser::new(format), Parser::new(recalled));
        for line in sample {
            assert_eq!(first.parse(line), second.parse(line), "{}", writer.name);
        }
    }
    assert!(Format::recalled("{}").is_none());
    assert!(Format::pattern("(?<time>.*) (?<status>.*)", None).unwrap().remembered().is_none());
}

#[test]
fn every_format_is_recognised_among_garbage() {
    for writer in &WRITERS {
        let mut lines = lines(writer);
        for index in 0..43 {
            lines.insert(index * 3, GARBAGE[index % GARBAGE.len()].to_owned()); // 43 of 143 lines: 30 %
        }
        assert_eq!(name(&lines).as_deref(), Some(writer.name));
    }
}

#[test]
fn garbage_is_malformed_in_every_format() {
    for writer in &WRITERS {
        let lines = lines(writer);
        let sample: Vec<&[u8]> = lines.iter().map(String::as_bytes).collect();
        let mut parser = Parser::new(detect(&sample).unwrap());
        for line in GARBAGE {
            assert!(parser.parse(line.as_bytes()).is_err(), "{}: {line}", writer.name);
        }
    }
}

#[test]
fn garbage_has_no_format() {
    assert_eq!(name(&GARBAGE.map(str::to_owned)), None);
    assert_eq!(name(&[]), None);
    assert_eq!(name(&["# only".into(), String::new(), "# comments".into()]), None);
}

#[test]
fn the_format_of_most_lines_is_taken_and_the_others_are_read() {
    let mut mixed = lines(&WRITERS[8]);
    mixed.extend(lines(&WRITERS[9]).into_iter().take(60));
    assert_eq!(name(&mixed).as_deref(), Some("Envoy text"));
    let sample: Vec<&[u8]> = mixed.iter().map(String::as_bytes).collect();
    let mut parser = Parser::new(detect(&sample).unwrap());
    let timed = sample.iter().filter(|line| {
        matches!(parser.parse(line), Ok(Line::Request(request)) if request.duration_us.is_some())
    });
    assert_eq!(timed.count(), 160);
}

/// What a fuzzer made: most of its lines agree on a layout that none of its requests has.
#[test]
fn a_format_that_is_found_reads_a_line() {
    let text = include_bytes!("../../../../../../fuzz/seeds/detect/fits-no-request");
    let sample: Vec<&[u8]> = text.split(|&byte| byte == b'\n').collect();
    let mut parser = Parser::new(detect(&sample).unwrap());
    assert!(sample.iter().any(|line| matches!(parser.parse(line), Ok(Line::Request(_)))));
}
