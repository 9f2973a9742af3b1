//! Detection: a format that is found in a sample reads at least one of its lines.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_core::measure::accesslog::{Line, Parser, detect};

fuzz_target!(|data: &[u8]| {
    let sample: Vec<&[u8]> = data.split(|&byte| byte == b'\n').take(1000).collect();
    if let Some(format) = detect(&sample) {
        assert!(!format.name().is_empty());
        let mut parser = Parser::new(format);
        let read = |line: &&[u8]| matches!(parser.parse(line), Ok(Line::Request(_)));
        assert!(sample.iter().any(read), "the format that was found reads nothing");
    }
});
