//! AWS application load balancer.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_fuzz::read_lines;

const ANCHORS: &[&str] = &[
    r#"https 2026-09-01T10:05:59.123456Z app/shop/50dc6c495c0c9188 192.0.2.7:2817 10.0.0.1:80 0.001 0.017 0.000 200 200 34 366 "GET https://shop.example:443/a HTTP/1.1" "curl/8.1" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/shop/7 "Root=1-2" "shop.example" "-" 0 2026-09-01T10:05:59.100000Z "forward" "-" "-" "10.0.0.1:80" "200" "-" "-""#,
    r#"http 2026-09-01T10:05:59.123456Z app/shop/50dc 192.0.2.7:2817 - -1 -1 -1 460 - 0 0 "- http://shop.example:80- -" "-" - -"#,
];

fuzz_target!(|data: &[u8]| {
    for anchor in ANCHORS {
        read_lines(anchor, data, false);
    }
});
