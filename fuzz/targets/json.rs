//! JSON as nginx, Caddy, Envoy and Traefik write it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_fuzz::read_lines;

const ANCHORS: &[&str] = &[
    r#"{"time":"2026-09-01T10:05:59+02:00","host":"shop.example","request":"GET /a HTTP/1.1","status":"200","request_time":0.012}"#,
    r#"{"level":"info","ts":1788257159.25,"request":{"method":"GET","host":"shop.example:80","uri":"/a"},"duration":0.0015,"size":3,"status":404}"#,
    r#"{"start_time":"2026-09-01T10:05:59.123Z","method":"GET","path":"/a","authority":"shop.example","response_code":503,"duration":17}"#,
    r#"{"StartUTC":"2026-09-01T10:05:59.5Z","Duration":1500000,"DownstreamStatus":200,"RequestHost":"shop.example","RequestPath":"/a"}"#,
];

fuzz_target!(|data: &[u8]| {
    for anchor in ANCHORS {
        read_lines(anchor, data, false);
    }
});
