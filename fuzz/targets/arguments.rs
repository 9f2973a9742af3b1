//! Texts of the command line: rules, silence, services, patterns. What is accepted can be shown and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_core::measure::{
    accesslog::{Format, Parser},
    classify::Rules,
    gap::Gap,
    service::By,
};

fuzz_target!(|text: &str| {
    if let Ok(rules) = Rules::parse(text) {
        assert_eq!(Rules::parse(&rules.to_string()).ok(), Some(rules));
    }
    let _ = Gap::parse(text);
    let _ = By::parse(text);
    if let Ok(format) = Format::pattern(text, None) {
        let _ = Parser::new(format).parse(b"2026-11-23T06:45:19Z 200 12");
    }
});
