//! Properties over random requests and random bytes.

use proptest::{collection::vec, prelude::*, sample::select};

use super::writers::{Served, WRITERS};
use crate::measure::accesslog::{Format, Line, Malformed, Parser, detect};

fn served() -> impl Strategy<Value = Served> {
    (
        // From the second day on, so that no zone leads before 1970, to where seconds could be milliseconds.
        86_400_i64..100_000_000_000,
        select(vec![0, 60, -240, 330, -210, 660, 765]),
        100_u16..=999,
        "[a-z]{1,8}(\\.[a-z0-9-]{1,5}){1,2}\\.[a-z]{2}",
        "/[A-Za-z0-9/._~%+-]{0,30}(\\?[a-z=&]{1,10})?",
        "[\"\\\\ü'{}\\[]{0,4}",
        10_u64..3_000_000_000,
    )
        .prop_map(|(at_s, ahead_min, status, host, target, odd, duration_us)| Served {
            at_s,
            ahead_min,
            status,
            host,
            target,
            odd,
            duration_us,
        })
}

/// A parser of the format that these lines are in.
fn parser(lines: &[String]) -> Parser {
    let sample: Vec<&[u8]> = lines.iter().map(String::as_bytes).collect();
    Parser::new(detect(&sample).unwrap())
}

fn pattern() -> Format {
    Format::pattern(r"(?<time>\S+) (?<status>\S+) (?<host>.*) (?<seconds>.*)", None).unwrap()
}

proptest! {
    #[test]
    fn what_is_written_is_read(requests in vec(served(), 1..20)) {
        for writer in &WRITERS {
            let lines: Vec<String> = requests.iter().map(writer.write).collect();
            let mut parser = parser(&lines);
            for (request, line) in requests.iter().zip(&lines) {
                let expected = (writer.kept)(request);
                prop_assert_eq!(parser.parse(line.as_bytes()), Ok(Line::Request(expected)), "{}: {}", writer.name, line);
            }
        }
    }

    #[test]
    fn the_order_of_lines_does_not_matter(requests in vec(served(), 2..20)) {
        for writer in &WRITERS {
            let lines: Vec<String> = requests.iter().map(writer.write).collect();
            let read = |parser: &mut Parser, line: &String| match parser.parse(line.as_bytes()) {
                Ok(Line::Request(request)) => Ok(request.into_owned()),
                Ok(Line::Comment) => Err(Malformed("comment")),
                Err(reason) => Err(reason),
            };
            let mut first = parser(&lines);
            let forwards: Vec<_> = lines.iter().map(|line| read(&mut first, line)).collect();
            let mut second = parser(&lines);
            let mut backwards: Vec<_> = lines.iter().rev().map(|line| read(&mut second, line)).collect();
            backwards.reverse();
            prop_assert_eq!(forwards, backwards);
        }
    }

    #[test]
    fn random_bytes_never_panic(lines in vec(vec(any::<u8>(), 0..200), 1..5)) {
        let sample: Vec<&[u8]> = lines.iter().map(Vec::as_slice).collect();
        let formats = detect(&sample).into_iter().chain([pattern()]);
        for mut parser in formats.map(Parser::new) {
            for line in &sample {
                let _ = parser.parse(line);
            }
        }
    }

    #[test]
    fn damaged_lines_never_panic(
        request in served(),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        for writer in &WRITERS {
            let whole = (writer.write)(&request);
            let mut parser = parser(std::slice::from_ref(&whole));
            let mut line = whole.into_bytes();
            for (at, byte) in &damage {
                let at = at.index(line.len());
                line[at] = *byte;
            }
            let _ = parser.parse(&line);
            let _ = parser.parse(&line[..cut.index(line.len())]);
            let _ = detect(&[&line]);
            let _ = Parser::new(pattern()).parse(&line);
        }
    }

    #[test]
    fn what_is_read_of_a_usual_line_is_what_a_closer_look_reads(
        requests in vec(served(), 1..4),
        damage in vec((any::<prop::sample::Index>(), prop_oneof![select(b"\n\r \"\\-/0".to_vec()), any::<u8>()]), 0..3),
    ) {
        for writer in &WRITERS {
            let lines: Vec<String> = requests.iter().map(|request| (writer.write)(request) + "\n").collect();
            let mut parser = parser(&lines);
            let mut text = lines.concat().into_bytes();
            for (at, byte) in &damage {
                let at = at.index(text.len());
                text[at] = *byte;
            }
            if let Some((request, end)) = parser.parse_usual(&text) {
                prop_assert_eq!(Some(end), text.iter().position(|byte| *byte == b'\n'));
                match parser.parse(&text[..end]) {
                    Ok(Line::Request(closer)) => prop_assert_eq!(request, closer.as_ref()),
                    other => prop_assert!(false, "{:?}", other),
                }
            }
        }
    }

    #[test]
    fn a_status_that_is_read_is_one(request in served(), text in "[0-9x-]{0,5}") {
        for writer in &WRITERS {
            let known = (writer.write)(&request);
            let line = known.replace(&format!(" {} ", request.status), &format!(" {text} "));
            if let Ok(Line::Request(read)) = parser(&[known]).parse(line.as_bytes()) {
                prop_assert!(read.status.is_none_or(|status| (100..=999).contains(&status)));
            }
        }
    }
}
