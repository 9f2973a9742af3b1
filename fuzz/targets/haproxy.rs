//! HAProxy's httplog, with and without the header of syslog.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_fuzz::read_lines;

const ANCHORS: &[&str] = &[
    r#"192.0.2.7:50412 [01/Sep/2026:10:05:59.123] web~ origin/one 0/0/1/17/18 200 512 - - ---- 1/1/0/0/0 0/0 {shop.example|curl} "GET /a HTTP/1.1""#,
    r#"<134>Sep  1 10:05:59 lb haproxy[77]: 192.0.2.7:50412 [01/Sep/2026:10:05:59.123] web web/<NOSRV> -1/-1/-1/-1/+0 -1 0 - - CR-- 1/1/0/0/0 0/0 "<BADREQ>""#,
    r#"<134>1 2026-09-01T10:05:59.000+02:00 lb haproxy 77 - - 192.0.2.7:50412 [01/Sep/2026:10:05:59.123] web origin/one 0/0/0/9/9 503 0 - - SC-- 1/1/0/0/0 0/0 "GET / HTTP/1.1""#,
];

fuzz_target!(|data: &[u8]| {
    for anchor in ANCHORS {
        read_lines(anchor, data, false);
    }
});
