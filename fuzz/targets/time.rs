//! Minutes, spans and zone names: any second lies in its minute, and no text breaks them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_core::time::{Minute, Span, rfc3339, zone};

fuzz_target!(|input: (i64, i64, &str)| {
    let (a, b, name) = input;
    let (from, to) = (Minute::of_second(a), Minute::of_second(b));
    // The very first minute of 64 bits begins before the first second that fits.
    if a > i64::MIN + 60 {
        assert!((0..60).contains(&(a - from.second())));
    }
    let _shown = (rfc3339(a), zone(name).is_some());
    let span = Span::new(from, to);
    assert_eq!(span.is_empty(), span.minutes() == 0);
    assert_eq!(span.intersection(span), span);
});
