//! Rules of the command line: what is read is written so that it reads back the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_core::measure::{
    classify::{Rules, is_latency},
    gap::Gap,
};

fuzz_target!(|text: &str| {
    if let Ok(rules) = Rules::parse(text) {
        let again = Rules::parse(&rules.to_string()).map(|again| again.to_string());
        assert_eq!(again, Ok(rules.to_string()));
        for status in [None, Some(101), Some(200), Some(499), Some(503), Some(999)] {
            let _counted = is_latency(status, rules.class(status));
        }
    }
    if let Ok(gap) = Gap::parse(text) {
        assert_eq!(Gap::parse(&gap.text()).map(Gap::text), Ok(gap.text()));
    }
});
