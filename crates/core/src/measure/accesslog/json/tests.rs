use super::*;

/// 2026-11-23T06:46:57Z.
const AT_S: i64 = 1_795_416_417;

fn read(line: &str) -> Result<(Dialect, Request<'_>), Malformed> {
    parse(line.as_bytes(), &Zone::Fixed(0), &mut Memo::default())
}

fn request(line: &str) -> Request<'_> {
    read(line).unwrap().1
}

fn reason(line: &str) -> &'static str {
    read(line).unwrap_err().0
}

/// What a request for `/a?b` of `example.com` is read into, when it took so long.
fn served(duration_us: u64) -> Request<'static> {
    Request {
        at_s: AT_S,
        status: Some(200),
        host: Some(b"example.com".into()),
        target: Some(b"/a?b".into()),
        duration_us: Some(duration_us),
    }
}

#[test]
fn nginx_has_the_names_that_its_configuration_gives() {
    for line in [
        r#"{"time":"2026-11-23T06:46:57+00:00","status":200,"uri":"/a?b","host":"example.com","request_time":0.0015}"#,
        r#"{"time_local":"23/Nov/2026:17:46:57 +1100","status":"200","request":"GET /a?b HTTP/1.1","http_host":"example.com:80","request_time":"0.0015"}"#,
        r#"{"msec":1795416417.676,"status":200,"request_uri":"\/a?b","uri":"/index.php","server_name":"example.com","request_length":77,"request_time":1.5e-3}"#,
        r#"{"@timestamp":"2026-11-23T06:46:57.676Z","status_code":200,"path":"/a?b","vhost":"example.com","request_time_us":1500}"#,
        r#"{"ts":"1795416417676","status":200,"request":"/a?b","host":"example.com","duration_ms":1.5}"#,
        r#"app.1 nginx: {"time_iso8601":"2026-11-23T06:46:57Z","x":{"y":[{}]},"status":200,"url":"/a?b","host":"example.com","response_time_ms":1.5}"#,
    ] {
        assert_eq!(read(line), Ok((Dialect::Nginx, served(1_500))), "{line}");
    }
}

#[test]
fn a_duration_of_unknown_unit_is_not_read() {
    let with =
        |field: &str| request(&format!(r#"{{"ts":1795416417,"status":200,{field}}}"#)).duration_us;
    assert_eq!(with(r#""duration":0.5"#), None);
    assert_eq!(with(r#""request_time":12"#), None, "seconds or milliseconds?");
    assert_eq!(with(r#""request_time":0"#), Some(0));
    assert_eq!(with(r#""request_time":-0.5"#), None);
    assert_eq!(with(r#""request_time":null"#), None);
    assert_eq!(with(r#""request_time":99999999999.5"#), None);
}

#[test]
fn caddy_nests_the_request() {
    let line = r#"{"level":"info","ts":1795416417.5604126,"logger":"http.log.access","request":{"method":"GET","host":"example.com:9080","uri":"/a?b","headers":{"A":["{\"}"]}},"duration":0.003298896,"size":100,"status":200}"#;
    assert_eq!(read(line), Ok((Dialect::Caddy, served(3_298))));
    let line = line.replace("1795416417.5604126", r#""2026/11/23 06:46:57.560""#);
    assert_eq!(request(&line), served(3_298));
    assert_eq!(
        request(&line.replace(r#""status":200"#, r#""status":0"#)).status,
        Some(200),
        "an empty answer"
    );
    assert_eq!(
        request(&line.replace("0.003298896", "3298896")).duration_us,
        None,
        "told to write nanoseconds"
    );
}

#[test]
fn envoy_counts_milliseconds() {
    let line = r#"{":authority":"example.com","duration":11,"method":"GET","response_code":200,"response_flags":"-","start_time":"2026-11-23T06:46:57.479Z","user-agent":null,"x-envoy-origin-path":"/a?b"}"#;
    assert_eq!(read(line), Ok((Dialect::Envoy, served(11_000))));
    let line = r#"{"code":"200","duration":"11","path":"/a?b","start":"2026-11-23T06:46:57.479Z","authority":"example.com"}"#;
    assert_eq!(read(line), Ok((Dialect::Envoy, served(11_000))));
    assert_eq!(request(&line.replace(r#""200""#, "0")).status, None, "no response was sent");
}

#[test]
fn traefik_counts_nanoseconds() {
    let line = r#"{"DownstreamStatus":200,"OriginStatus":502,"Duration":357313,"OriginDuration":1,"RequestHost":"example.com","RequestPath":"/a?b","StartLocal":"2026-11-23T07:46:57.5+01:00","StartUTC":"2026-11-23T06:46:57.587782192Z","level":"info","time":"2026-11-23T07:00:00Z"}"#;
    assert_eq!(read(line), Ok((Dialect::Traefik, served(357))));
    assert_eq!(
        request(&line.replace(r#""DownstreamStatus":200"#, r#""DownstreamStatus":0"#)).status,
        None
    );
}

#[test]
fn strings_lose_their_escapes() {
    let target = |uri: &str| {
        let line = format!(r#"{{"ts":1795416417,"status":400,"uri":"{uri}"}}"#);
        request(&line).target.map(|target| String::from_utf8(target.to_vec()).unwrap())
    };
    assert_eq!(target(r#"/\"\\\u00fc\n"#).as_deref(), Some("/\"\\ü\n"));
    assert_eq!(target(r"/\x22\x5C").as_deref(), Some(r#"/"\"#), "nginx without escape=json");
    assert_eq!(target(r"/\ud800").as_deref(), Some(r"/\ud800"), "half a character");
    assert_eq!(target(""), None);
    assert_eq!(target("-"), None);
}

#[test]
fn a_request_line_that_is_no_http_is_still_a_request() {
    for text in ["", "-", r"\u0016\u0003", "GARBAGE"] {
        let line = format!(r#"{{"ts":1795416417,"status":400,"request":"{text}","uri":"-"}}"#);
        assert_eq!((request(&line).status, request(&line).target), (Some(400), None), "{text}");
    }
}

#[test]
fn bytes_that_are_no_utf8_do_not_matter() {
    let line = b"{\"ts\":1795416417,\"status\":200,\"agent\":\"\xFF\\\\x41\",\"uri\":\"/a?b\"}";
    let (_, request) = parse(line, &Zone::Fixed(0), &mut Memo::default()).unwrap();
    assert_eq!((request.status, request.target), (Some(200), Some(b"/a?b".into())));
}

#[test]
fn names_may_repeat_and_values_may_nest() {
    let deep = "[".repeat(20_000) + &"]".repeat(20_000);
    let line = format!(
        r#"{{"status":500,"x":{deep},"ts":1795416417,"status":200,"host":{{"name":"a"}},"uri":["/"]}}"#
    );
    let expected =
        Request { at_s: AT_S, status: Some(200), host: None, target: None, duration_us: None };
    assert_eq!(request(&line), expected);
}

#[test]
fn malformed_lines_say_what_is_missing() {
    assert_eq!(reason("hello world"), "not a JSON object");
    assert_eq!(reason(r#"{"ts":1795416417,"status":200"#), "not a JSON object");
    assert_eq!(reason(r#"{"ts":1795416417,"status":200} x"#), "not a JSON object");
    assert_eq!(reason("[]"), "not a JSON object");
    assert_eq!(reason("{}"), "no time in the JSON object");
    assert_eq!(reason(r#"{"ts":1795416417}"#), "no status in the JSON object");
    assert_eq!(
        reason(r#"{"ts":"noon","status":200}"#),
        "time in the JSON object is of no known form"
    );
    assert_eq!(
        reason(r#"{"time":"2026-02-30T00:00:00Z","status":200}"#),
        "time in the JSON object is of no known form"
    );
    assert_eq!(reason(r#"{"ts":1795416417,"status":"OK"}"#), "status is not a number");
    assert_eq!(reason(r#"{"ts":1795416417,"status":{}}"#), "status is not a number");
    assert_eq!(reason(r#"{"ts":1795416417,"status":42}"#), "status is not between 100 and 999");
}
