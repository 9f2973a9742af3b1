//! Access logs of any format: no bytes break detection or parsing, and what is read is within its bounds.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_core::measure::accesslog::{Line, Parser, detect};

fuzz_target!(|bytes: &[u8]| {
    let lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    let Some(format) = detect(&lines) else { return };
    assert!(!format.name().is_empty());
    let mut parser = Parser::new(format);
    for line in &lines {
        if let Ok(Line::Request(request)) = parser.parse(line) {
            assert!(request.status.is_none_or(|status| (100..=999).contains(&status)));
            assert!(request.at_s >= -24 * 3600, "no year before 1970 is read");
        }
    }
});
