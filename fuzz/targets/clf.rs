//! Common and combined logs and their extensions, Traefik's among them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_fuzz::read_lines;

const ANCHORS: &[&str] = &[
    r#"192.0.2.7 - jane [01/Sep/2026:10:05:59 +0930] "GET /a?b=c HTTP/1.1" 200 512"#,
    r#"shop.example:443 192.0.2.7 - - [01/Sep/2026:10:05:59 +0000] "POST /cart HTTP/2.0" 503 0 "-" "agent \x22x\x22" 0.120"#,
    r#"192.0.2.7 - - [01/Sep/2026:10:05:59 -0500] "GET /q\"uote HTTP/1.1" 304 - "https://shop.example/" "Mozilla/5.0 (X11)" 120045"#,
    r#"192.0.2.7 - - [01/Sep/2026:10:05:59 +0000] "\x16\x03" 400 150 "-" "-" rt=0.012 uct="0.000" urt="0.011, 0.002 : -""#,
    r#"192.0.2.7 - - [01/Sep/2026:10:05:59 +0000] "GET / HTTP/1.1" 200 4 "-" "curl" 31 "web@docker" "http://192.0.2.9:80" 12ms"#,
];

fuzz_target!(|data: &[u8]| {
    for anchor in ANCHORS {
        read_lines(anchor, data, false);
    }
});
