use super::super::{Format, Line, Parser, detect};
use super::*;

/// 2000-10-10T20:55:36Z: `date -u -d '10 Oct 2000 13:55:36 -0700' +%s`.
const AT_S: i64 = 971_211_336;

fn request(line: &str) -> Request<'_> {
    parse(line.as_bytes(), &Layout::default(), None, &mut Memo::default()).unwrap()
}

fn reason(line: &str) -> &'static str {
    parse(line.as_bytes(), &Layout::default(), None, &mut Memo::default()).unwrap_err().0
}

/// The durations that a file of these lines has, by its own detection.
fn durations(lines: &[&str]) -> (String, Vec<Option<u64>>) {
    let sample: Vec<&[u8]> = lines.iter().map(|line| line.as_bytes()).collect();
    let format: Format = detect(&sample).unwrap();
    let mut parser = Parser::new(format.clone());
    let durations = sample.iter().map(|line| match parser.parse(line) {
        Ok(Line::Request(request)) => request.duration_us,
        other => panic!("{other:?}"),
    });
    (format.name(), durations.collect())
}

/// Combined lines that end in these texts.
fn combined(ends: &[&str]) -> (String, Vec<Option<u64>>) {
    let lines: Vec<String> = ends
        .iter()
        .map(|end| format!(r#"10.0.0.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200 5 "-" "curl" {end}"#))
        .collect();
    durations(&lines.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn common_and_combined_lines_are_read() {
    let common =
        r#"127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /a.gif?x=1 HTTP/1.0" 200 2326"#;
    let expected = Request {
        at_s: AT_S,
        status: Some(200),
        host: None,
        target: Some(b"/a.gif?x=1".into()),
        duration_us: None,
    };
    assert_eq!(request(common), expected);
    assert_eq!(
        request(&format!(r#"{common} "http://a/" "Mozilla/4.08 [en] (Win98; I)""#)),
        expected
    );
    assert_eq!(request(&common.replace("frank", "-")), expected);
    assert_eq!(request(&common.replace("frank", "Jane Doe")), expected);
    assert_eq!(request(&common.replace("frank", "[odd]")), expected);
    assert_eq!(request(&common.replace("127.0.0.1", "::1")), expected);
}

/// What is read of the last line of a file: its second and its virtual host.
fn last_of(lines: &[String]) -> Result<(i64, Option<String>), &'static str> {
    let sample: Vec<&[u8]> = lines.iter().map(String::as_bytes).collect();
    let mut parser = Parser::new(detect(&sample).unwrap());
    match parser.parse(sample[sample.len() - 1]) {
        Ok(Line::Request(request)) => {
            let host = request.host.map(|host| String::from_utf8(host.into_owned()).unwrap());
            Ok((request.at_s, host))
        }
        Ok(Line::Comment) => panic!("a comment"),
        Err(reason) => Err(reason.0),
    }
}

/// A file of usual lines, and one with another beginning.
fn with_beginning(usual: &str, odd: &str) -> Result<(i64, Option<String>), &'static str> {
    let line = |beginning: &str| format!(r#"{beginning} "GET / HTTP/1.1" 200 5"#);
    last_of(&[line(usual), line(usual), line(usual), line(odd)])
}

const NOW: &str = "[10/Oct/2000:13:55:36 -0700]";
const FORGED: &str = "[24/Nov/2026:08:00:00 +0000]";

#[test]
fn a_word_more_before_the_time_is_the_virtual_host_where_most_lines_have_one() {
    let host = |usual: &str, odd: &str| {
        let odd = format!("{odd} 10.0.0.1 - - {NOW}");
        with_beginning(&format!("{usual} 10.0.0.1 - - {NOW}"), &odd).unwrap().1
    };
    let own = |host_: &str| host("a.example:80", host_);
    assert_eq!(own("www.example.com").as_deref(), Some("www.example.com"));
    assert_eq!(own("example.com:443").as_deref(), Some("example.com"));
    assert_eq!(own("[2001:db8::1]:443").as_deref(), Some("[2001:db8::1]"));
    assert_eq!(own("10.0.0.9,"), None, "a list of client addresses");
    assert_eq!(own("-"), None);
    assert_eq!(own(""), None);
    let carried = |odd: &str| host("Oct 10 13:55:36 web nginx: a.example", odd);
    assert_eq!(carried("Oct  9 13:55:36 web nginx: b.example").as_deref(), Some("b.example"));
    assert_eq!(carried("Oct 10 13:55:36 web nginx:"), None);
    assert_eq!(host("10.0.0.2", "b.example"), None, "two addresses");
    // What follows the virtual host may be any number of words.
    let usual = format!("a.example 10.0.0.1 - - {NOW}");
    for odd in
        ["b.example 1.2.3.4, 10.0.0.1 - -", "b.example 10.0.0.1 - Jane Doe", "b.example - - -"]
    {
        let read = with_beginning(&usual, &format!("{odd} {NOW}"));
        assert_eq!(read, Ok((AT_S, Some("b.example".to_owned()))), "{odd}");
    }
    assert_eq!(with_beginning(&usual, &format!("10.0.0.1 - Jane Doe {NOW}")), Ok((AT_S, None)));
}

#[test]
fn no_client_writes_the_time_or_the_virtual_host_of_its_line() {
    let usual = format!("10.0.0.1 - - {NOW}");
    for odd in [
        format!("9.9.9.9 - - {FORGED} - - {NOW}"),
        format!("{FORGED} - - {NOW}"),
        format!(r#"9.9.9.9 - - {FORGED} \"GET - - {NOW}"#),
        format!("10.0.0.1 - x {FORGED} {NOW}"),
        format!("victim.example 9.9.9.9 - - {NOW}"),
        format!("x: victim.example 9.9.9.9 - - {NOW}"),
        format!(r#""x {FORGED}" 9.9.9.9 - - {NOW}"#),
        format!("::1 - [a]b\"c {NOW}"),
    ] {
        assert_eq!(with_beginning(&usual, &odd), Ok((AT_S, None)), "{odd}");
    }
    let usual = format!("a.example 10.0.0.1 - - {NOW}");
    for odd in [
        format!("a.example victim.example 9.9.9.9 - - {NOW}"),
        format!("a.example x: victim.example 9.9.9.9 - - {NOW}"),
        format!("a.example 10.0.0.1 - x: victim.example 9.9.9.9 - - {FORGED} {NOW}"),
    ] {
        let read = with_beginning(&usual, &odd);
        assert_eq!(read, Ok((AT_S, Some("a.example".to_owned()))), "{odd}");
    }
}

#[test]
fn something_may_stand_between_the_time_and_the_request_unless_it_is_a_second_time() {
    let usual = format!("10.0.0.1 - - {NOW} a.example");
    assert_eq!(with_beginning(&usual, &usual), Ok((AT_S, None)));
    let two = Err("two times in […] before the request");
    for odd in
        [format!("{NOW} {FORGED}"), format!("{NOW} x {FORGED} y"), format!("{FORGED} {NOW} x")]
    {
        assert_eq!(with_beginning(&usual, &format!("10.0.0.1 - - {odd}")), two, "{odd}");
    }
}

#[test]
fn offsets_of_the_zone_are_honoured() {
    let at = |zone: &str, time: &str| {
        request(&format!(r#"a - - [{time} {zone}] "-" 408 -"#)).at_s - 971_136_000 // 2000-10-10T00:00:00Z
    };
    assert_eq!(at("+0000", "10/Oct/2000:00:00:00"), 0);
    assert_eq!(at("+1100", "10/Oct/2000:11:00:01"), 1);
    assert_eq!(at("+0530", "10/Oct/2000:05:30:00"), 0);
    assert_eq!(at("-0330", "09/Oct/2000:20:30:00"), 0);
    assert_eq!(at("+0000", "10/Oct/2000:23:59:60"), 86_399, "a leap second is the second before");
}

#[test]
fn the_memo_of_the_last_line_changes_no_result() {
    let mut memo = Memo::default();
    let mut at = |time: &str| memo.clf(time.as_bytes().try_into().unwrap());
    let minute = at("10/Oct/2000:13:55:36 -0700").unwrap();
    assert_eq!(minute, AT_S);
    assert_eq!(at("10/Oct/2000:13:55:37 -0700"), Ok(AT_S + 1));
    assert_eq!(at("10/Oct/2000:13:56:37 -0700"), Ok(AT_S + 61));
    assert_eq!(at("10/Oct/2000:13:56:37 +0700"), Ok(AT_S + 61 - 14 * 3600));
    assert_eq!(at("11/Oct/2000:13:55:36 -0700"), Ok(AT_S + 86_400));
    assert!(at("11/Oct/2000:13:55:61 -0700").is_err());
    assert!(at("11/Oct/2000:13:55.36 -0700").is_err());
    assert!(at("11/Oct/2000:13:55:3x -0700").is_err());
    assert_eq!(at("11/Oct/2000:13:55:36 -0700"), Ok(AT_S + 86_400));
}

#[test]
fn a_request_line_that_is_no_http_is_still_a_request() {
    for text in [r"\x16\x03\x01\x01 \x02", "-", "", "GARBAGE"] {
        let line = format!(r#"a - - [10/Oct/2000:13:55:36 -0700] "{text}" 400 226 "-" "-""#);
        let request = request(&line);
        assert_eq!((request.status, request.target), (Some(400), None), "{text}");
    }
}

#[test]
fn quotes_inside_of_the_request_do_not_end_it() {
    let target = |text: &str| {
        request(&format!(
            r#"a - - [10/Oct/2000:13:55:36 -0700] "GET {text} HTTP/1.1" 200 5 "-" "-""#
        ))
        .target
        .map(|target| String::from_utf8(target.to_vec()).unwrap())
    };
    assert_eq!(target(r#"/\"a\""#).as_deref(), Some(r#"/"a""#), "Apache");
    assert_eq!(target(r"/\x22a\x5C").as_deref(), Some(r#"/"a\"#), "nginx");
    assert_eq!(target(r#"/"a" b"#).as_deref(), Some(r#"/"a" b"#), "unescaped");
    assert_eq!(
        target(r#"/\" 404 "#).as_deref(),
        Some(r#"/" 404 "#),
        "an escaped quote before a number"
    );
}

#[test]
fn malformed_lines_say_what_is_missing() {
    let line = r#"127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.0" 200 2326"#;
    assert_eq!(reason("hello world"), "no time in […]");
    assert_eq!(reason(&line.replace('[', "(")), "no time in […]");
    assert_eq!(
        reason(&line.replace("Oct", "Okt")),
        "time in […] is not like 10/Oct/2000:13:55:36 -0700"
    );
    assert_eq!(
        reason(&line.replace("10/Oct", "31/Feb")),
        "time in […] is a date that does not exist"
    );
    assert_eq!(
        reason(&line.replace("13:55", "24:00")),
        "time in […] is a date that does not exist"
    );
    assert_eq!(
        reason(&line.replace("2000:", "1969:")),
        "time in […] is a date that does not exist"
    );
    assert_eq!(
        reason(&line.replace("-0700", "-0760")),
        "time in […] is not like 10/Oct/2000:13:55:36 -0700"
    );
    assert_eq!(reason(&line[..42]), "no quoted request behind the time");
    assert_eq!(reason(&line[..50]), "ends within the request");
    assert_eq!(reason(&line[..60]), "ends before the status");
    assert_eq!(reason(&line.replace("200 ", "2x0 ")), "status is not a number");
    assert_eq!(reason(&line.replace("200 ", "099 ")), "status is not between 100 and 999");
    assert_eq!(reason(&line.replace("200 ", "1000 ")), "status is not between 100 and 999");
    assert_eq!(request(&line.replace("200 ", "000 ")).status, None);
}

#[test]
fn seconds_behind_the_agent_are_the_duration() {
    assert_eq!(
        combined(&["0.012", "1.5"]),
        ("combined + request time in s".into(), vec![Some(12_000), Some(1_500_000)])
    );
    let (_, durations) =
        combined(&["0.012 0.011", "0.0015 -", "0.300 0.100, 0.200", "0.300 0.100 : 0.200"]);
    assert_eq!(durations, [Some(12_000), Some(1_500), Some(300_000), Some(300_000)]);
    let (_, durations) = combined(&[r#""-" 0.012 0.011 ."#, r#""10.0.0.7, 10.0.0.8" 0.250 - p"#]);
    assert_eq!(durations, [Some(12_000), Some(250_000)]);
    let (_, durations) = combined(&[r#""0.012" "0.011""#, r#""0.250" "-""#]);
    assert_eq!(durations, [Some(12_000), Some(250_000)]);
    let (_, durations) = combined(&["- 0.012", "0.251 0.250"]);
    assert_eq!(durations, [Some(12_000), Some(250_000)], "the upstream may come first");
}

#[test]
fn names_say_which_field_is_the_duration() {
    let (name, durations) = combined(&[
        r#"rt=0.012 uct="0.000" uht="0.011" urt="0.011""#,
        r#"rt=0.250 uct="-" uht="-" urt="-""#,
    ]);
    assert_eq!(name, "combined + request time in s (rt=)");
    assert_eq!(durations, [Some(12_000), Some(250_000)]);
    let (_, durations) = combined(&[r#"urt="0.011" rt="0.012""#]);
    assert_eq!(durations, [Some(12_000)]);
    let (_, durations) = combined(&["duration_ms=12"]);
    assert_eq!(durations, [Some(12_000)]);
    let (_, durations) = combined(&["took:12ms"]);
    assert_eq!(durations, [Some(12_000)]);
    let (_, durations) = combined(&["duration=12"]);
    assert_eq!(durations, [None], "of what unit?");
}

#[test]
fn a_single_integer_is_microseconds() {
    assert_eq!(
        combined(&["4991", "5204"]),
        ("combined + request time in µs".into(), vec![Some(4_991), Some(5_204)])
    );
    let common = r#"a - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200 1513 4991"#;
    assert_eq!(durations(&[common]), ("common + request time in µs".into(), vec![Some(4_991)]));
}

#[test]
fn what_may_be_something_else_is_no_duration() {
    assert_eq!(
        combined(&["512 4991", "600 5204"]),
        ("combined".into(), vec![None, None]),
        "bytes in and out"
    );
    assert_eq!(combined(&["0", "0", "1"]).1, [None; 3], "seconds of %T");
    assert_eq!(combined(&["443"; 10]).1, [None; 10], "a port");
    assert_eq!(combined(&[r#""x""#]).1, [None]);
    assert_eq!(
        combined(&[r#""2.35""#, r#""-""#, r#""3.01""#]).1,
        [None; 3],
        "the ratio of compression"
    );
}

#[test]
fn impossible_durations_are_none_and_the_line_is_still_a_request() {
    let mut ends = ["0.012"; 30];
    (ends[3], ends[7]) = ("-0.500", "99999999999.000");
    let (_, durations) = combined(&ends);
    assert_eq!((durations[3], durations[7]), (None, None));
    assert_eq!(durations.iter().flatten().count(), 28);
}

#[test]
fn the_log_of_ingress_nginx_has_its_duration_behind_the_length_of_the_request() {
    let (name, durations) = combined(&[
        "324 0.012 [default-web-80] [] 10.0.0.1:80 612 0.011 200 0a1b",
        "330 0.250 [default-web-80] [] 10.0.0.1:80, 10.0.0.2:80 0, 612 0.100, 0.150 502, 200 0a1c",
    ]);
    assert_eq!(name, "combined + request time in s");
    assert_eq!(durations, [Some(12_000), Some(250_000)]);
}

#[test]
fn traefik_writes_milliseconds_with_their_unit() {
    let (name, durations) =
        combined(&[r#"500 "web@docker" "http://10.0.0.1:80" 0ms"#, r#"501 "-" "-" 42ms"#]);
    assert_eq!(name, "Traefik CLF");
    assert_eq!(durations, [Some(0), Some(42_000)]);
}

#[test]
fn a_line_without_the_field_has_no_duration() {
    let timed = r#"a - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200 1513 "-" "-" 0.012"#;
    let common = r#"a - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200 1513"#;
    assert_eq!(durations(&[timed, timed, common]).1, [Some(12_000), Some(12_000), None]);
}

#[test]
fn a_usual_line_is_read_with_its_end_and_no_other_is() {
    let usual = format!(r#"10.0.0.1 - - {NOW} "GET /a?b HTTP/1.1" 200 5 "-" "curl" 0.012"#);
    let mut parser = Parser::new(detect(&[usual.as_bytes()]).unwrap());
    let mut read = |line: &str| {
        let text = format!("{line}\nnext");
        let (request, end) = parser.parse_usual(text.as_bytes())?;
        assert_eq!(end, line.len(), "{line}");
        let target = String::from_utf8(request.target?.to_vec()).unwrap();
        Some((request.at_s, request.status?, target, request.duration_us))
    };
    let expected = |target: &str| Some((AT_S, 200, target.to_owned(), Some(12_000)));
    assert_eq!(read(&usual), expected("/a?b"));
    for (part, other) in [
        ("10.0.0.1", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("GET", "POST"),
        ("GET", "DELETE"),
        ("HTTP/1.1", "HTTP/1.0"),
        ("HTTP/1.1", "HTTP/2.0"),
        ("0.012", "0.012\r"),
        ("0.012", "0.0120"),
        ("0.012", "0.0120\r"),
    ] {
        assert_eq!(read(&usual.replacen(part, other, 1)), expected("/a?b"), "{other}");
    }
    assert_eq!(read(&usual.replace("/a?b", "/")), expected("/"));
    for (part, other) in [
        ("10.0.0.1", "\n10.0.0.1"),
        (" - - ", " - frank "),
        ("/a?b", "/a b"),
        ("/a?b", "/a\\x22b"),
        ("/a?b", "/a\nb"),
        ("/a?b", "*"),
        ("/a?b", ""),
        (" HTTP/1.1", ""),
        ("200 5", "099 5"),
        ("200 5", "2000 5"),
        ("200 5", "200\n5"),
    ] {
        assert_eq!(read(&usual.replacen(part, other, 1)), None, "{other}");
    }
    let returns = usual.clone() + "\r\r";
    assert_eq!(read(&returns).unwrap().3, None);
    assert!(
        matches!(parser.parse(returns.as_bytes()), Ok(Line::Request(request)) if request.duration_us.is_none())
    );
    assert_eq!(parser.parse_usual(usual.as_bytes()), None, "a line that has no end yet");
}
