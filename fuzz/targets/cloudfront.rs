//! CloudFront, whose header names the columns.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_fuzz::read_lines;

const ANCHORS: &[&str] = &[
    r#"2026-09-01	10:05:59	FRA50-C1	512	192.0.2.7	GET	d1.cloudfront.net	/a	200	-	curl	-	-	Hit	id==	shop.example	https	90	0.017	-	TLSv1.3	-	Hit	HTTP/2.0	-	-	41000	0.017	Hit	text/html	512	-	-"#,
];

fuzz_target!(|data: &[u8]| {
    for anchor in ANCHORS {
        read_lines(anchor, data, true);
    }
});
