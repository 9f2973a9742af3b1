use super::super::detect;
use super::*;

const COMBINED: &str =
    r#"10.0.0.1 - - [23/Nov/2026:06:46:57 +0000] "GET /a HTTP/1.1" 200 5 "-" "curl""#;
const ENVOY: &str = r#"[2026-11-23T06:46:57.676Z] "GET /a HTTP/1.1" 200 - 0 100 4 3 "-" "curl" "1c65" "example.com" "-""#;
const JSON: &str = r#"{"ts":1795416417.5,"status":200,"uri":"/a"}"#;

fn parser(sample: &str) -> Parser {
    Parser::new(detect(&[sample.as_bytes()]).unwrap())
}

fn request(parser: &mut Parser, line: &str) -> Request<'static> {
    match parser.parse(line.as_bytes()) {
        Ok(Line::Request(request)) => request.into_owned(),
        other => panic!("{line}: {other:?}"),
    }
}

#[test]
fn blank_lines_and_headers_are_comments() {
    let in_envelope = "2026-11-23T06:46:58.493035218+01:00 stdout F ";
    for line in ["", "\n", "\r\n", " \t ", "#Version: 1.0", "#Fields: date time\r\n", in_envelope] {
        assert_eq!(parser(COMBINED).parse(line.as_bytes()), Ok(Line::Comment), "{line:?}");
    }
}

#[test]
fn no_client_makes_its_requests_comments() {
    for client in ["#", "#10.0.0.1", "#, 10.0.0.1"] {
        let line = COMBINED.replace("10.0.0.1", client);
        assert_eq!(request(&mut parser(COMBINED), &line), request(&mut parser(COMBINED), COMBINED));
    }
}

#[test]
fn line_breaks_do_not_matter() {
    let mut parser = parser(COMBINED);
    let expected = request(&mut parser, COMBINED);
    assert_eq!(request(&mut parser, &format!("{COMBINED}\n")), expected);
    assert_eq!(request(&mut parser, &format!("{COMBINED}\r\n")), expected);
}

#[test]
fn envelopes_are_taken_off_for_every_format() {
    for line in [COMBINED, ENVOY, JSON] {
        let expected = request(&mut parser(line), line);
        let cri = format!("2026-11-23T06:46:58.493035218+01:00 stdout F {line}");
        let docker = serde_json::json!({"log": format!("{line}\n"), "stream": "stdout", "time": "2026-11-23T06:46:58Z"});
        for wrapped in [cri, docker.to_string()] {
            assert_eq!(request(&mut parser(&wrapped), &wrapped), expected, "{wrapped}");
        }
    }
}

#[test]
fn lines_of_other_formats_are_read_as_well() {
    let mut parser = parser(COMBINED);
    assert_eq!(request(&mut parser, ENVOY).duration_us, Some(4_000));
    assert_eq!(request(&mut parser, JSON).at_s, 1_795_416_417);
    assert_eq!(request(&mut parser, COMBINED).target, Some(b"/a".into()));
}

#[test]
fn a_line_of_no_format_is_malformed_for_the_reason_of_the_own_format() {
    assert_eq!(parser(COMBINED).parse(b"hello"), Err(Malformed("no time in […]")));
    assert_eq!(parser(JSON).parse(b"hello"), Err(Malformed("not a JSON object")));
    assert_eq!(parser(ENVOY).parse(b"hello"), Err(Malformed("does not begin with a time in […]")));
}

#[test]
fn a_pattern_stands_alone() {
    let format = Format::pattern(r"^(?<time>\d+) (?<status>\d+)$", None).unwrap();
    let mut parser = Parser::new(format);
    assert_eq!(request(&mut parser, "1795416417 503").status, Some(503));
    assert_eq!(parser.parse(COMBINED.as_bytes()), Err(Malformed("does not match the pattern")));
}

#[test]
fn a_header_in_the_middle_changes_the_columns() {
    let first = "#Fields: date time sc-status";
    let line = "2026-11-23\t06:46:57\t200";
    let format = detect(&[first.as_bytes(), line.as_bytes()]).unwrap();
    let mut parser = Parser::new(format);
    assert_eq!(request(&mut parser, line).status, Some(200));
    assert_eq!(parser.parse(b"#Fields: date time x sc-status"), Ok(Line::Comment));
    assert_eq!(request(&mut parser, "2026-11-23\t06:46:57\t200\t404").status, Some(404));
}

#[test]
fn times_without_zone_are_those_of_the_given_zone() {
    let line = r#"10.0.0.1:5 [23/Nov/2026:07:46:57.676] f b/s 0/0/0/1/2 200 5 - - ---- 1/1/1/1/0 0/0 "GET / HTTP/1.1""#;
    let format =
        detect(&[line.as_bytes()]).unwrap().with_zone(crate::time::zone("Europe/Berlin").unwrap());
    assert_eq!(request(&mut Parser::new(format), line).at_s, 1_795_416_417);
}
