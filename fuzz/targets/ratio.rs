//! Numbers of documents: whatever is read as a target is written back as the same target.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_core::ratio::{Target, parse_decimal_ppb};

fuzz_target!(|text: &str| {
    if let Ok(ppb) = parse_decimal_ppb(text) {
        assert_eq!(Target::from_ppb(ppb), Target::parse_fraction(text).ok());
    }
    if let Ok(target) = Target::parse_fraction(text) {
        assert_eq!(Target::parse_fraction(&target.fraction()), Ok(target));
    }
    if let Ok(target) = Target::parse_percent(text) {
        assert_eq!(Target::parse_percent(target.to_string().trim_end_matches(" %")), Ok(target));
    }
});
