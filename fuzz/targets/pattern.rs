//! Patterns of users: any text is a pattern or is refused, and a pattern breaks on no line.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_core::measure::accesslog::{Format, Parser};

/// A pattern that is known to be good, so that lines are read at all.
const PATTERN: &str =
    r#"^(?<time>\S+ \S+) (?<status>\d+) (?<millis>[\d.-]+) (?<host>\S*) "(?<request>[^"]*)"$"#;

fuzz_target!(|input: (&str, Option<&str>, &[u8])| {
    let (pattern, time_format, line) = input;
    if let Ok(format) = Format::pattern(pattern, time_format) {
        let _read = Parser::new(format).parse(line);
    }
    for time_format in [None, Some("%Y-%m-%d %H:%M:%S%z"), time_format] {
        if let Ok(format) = Format::pattern(PATTERN, time_format) {
            let _read = Parser::new(format).parse(line);
        }
    }
});
