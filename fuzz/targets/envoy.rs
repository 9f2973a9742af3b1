//! Envoy's default text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_fuzz::read_lines;

const ANCHORS: &[&str] = &[
    r#"[2026-09-01T10:05:59.123Z] "GET /a HTTP/1.1" 200 - 0 3 17 16 "-" "curl/8.1" "4f2a" "shop.example" "192.0.2.9:80""#,
    r#"[2026-09-01T10:05:59.123Z] "- - -" 0 DC 0 0 5 - "-" "-" "-" "-" "-""#,
];

fuzz_target!(|data: &[u8]| {
    for anchor in ANCHORS {
        read_lines(anchor, data, false);
    }
});
